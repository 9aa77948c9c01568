//! What must not merge: rules over the two sides of a change, each with a code, and what somebody took on knowingly.
//!
//! A rule looks at what differs; what was so before is no finding of this change. One file, one rule.

mod administrators;
mod dates;
mod desk;
mod encryption;
mod exposure;
mod expressions;
mod left;
mod purpose;
mod retain;
mod retention;
mod rights;
mod roles;
mod stores;
mod tags;
mod trust;
mod versions;

use super::diff::Diff;
use crate::finding::Finding;
use crate::mesh::{Acceptance, Day, Mesh, unused};
pub use desk::Desk;
use rayon::prelude::*;

/// A finding about a change, and by whom it was taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The finding; one that is accepted is a note.
    pub finding: Finding,
    /// The acceptance on the head's side that counts on its day.
    pub accepted: Option<Acceptance>,
}

/// Everything that the rules find in a change, by file, place and code. The acceptances of the head's mesh lower them; one that
/// the change itself brings and that fits nothing is a finding too.
#[must_use]
pub fn judge(diff: &Diff, desk: &Desk<'_>) -> Vec<Judged> {
    let Desk { base, head, .. } = *desk;
    let rules: [&(dyn Fn() -> Vec<Finding> + Sync); 14] = [
        &|| purpose::check(diff, desk),
        &|| expressions::check(desk),
        &|| tags::check(desk),
        &|| stores::check(diff, desk),
        &|| retention::check(desk),
        &|| retain::check(desk),
        &|| encryption::check(desk),
        &|| exposure::check(desk),
        &|| roles::check(desk),
        &|| trust::check(desk),
        &|| administrators::check(desk),
        &|| left::check(desk),
        &|| dates::check(diff, desk),
        &|| versions::check(diff, desk),
    ];
    let mut findings: Vec<Finding> = rules.par_iter().flat_map_iter(|rule| rule()).collect();
    findings.sort_by(|left, right| {
        (&left.place, left.code, &left.message).cmp(&(&right.place, right.code, &right.message))
    });
    findings.dedup();
    let accepted = head.mesh.map_or(&[] as &[Acceptance], |mesh| mesh.accept.as_slice());
    let mut judged: Vec<Judged> =
        findings.into_iter().map(|finding| with(finding, accepted, head.as_of.as_ref())).collect();
    let idle = accepted.iter().filter(|acceptance| {
        acceptance.code.is_policy()
            && acceptance.holds(head.as_of.as_ref())
            && !stood(base.mesh, acceptance)
            && !judged.iter().any(|judged| acceptance.fits(&judged.finding))
    });
    let idle: Vec<Judged> = idle.map(|acceptance| Judged { finding: unused(acceptance), accepted: None }).collect();
    judged.extend(idle);
    judged
}

/// A finding with the acceptance that counts for it; one that ended is told in its help.
fn with(mut finding: Finding, accepted: &[Acceptance], as_of: Option<&Day>) -> Judged {
    let mut fitting = accepted.iter().filter(|acceptance| acceptance.fits(&finding)).peekable();
    let ended = fitting.peek().copied();
    let counts = fitting.find(|acceptance| acceptance.holds(as_of)).filter(|_| finding.code.can_be_accepted());
    if let Some(acceptance) = counts {
        acceptance.lower(&mut finding);
    } else if let Some(ended) = ended {
        finding.help = format!("{}; its acceptance ended on {}", finding.help, ended.until);
    }
    Judged { finding, accepted: counts.cloned() }
}

/// Whether an acceptance was there before: the change that it was written for is then merged.
fn stood(base: Option<&Mesh>, acceptance: &Acceptance) -> bool {
    let before = base.map_or(&[] as &[Acceptance], |mesh| mesh.accept.as_slice());
    before.iter().any(|before| before.code == acceptance.code && before.target == acceptance.target)
}
