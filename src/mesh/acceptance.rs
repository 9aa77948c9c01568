//! A finding taken on knowingly, with a reason and a last day.

use super::Day;
use crate::finding::{Code, Finding, Place};
use std::fmt;

/// A finding taken on knowingly. It silences nothing: the finding is told, with the reason, and does not refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// Code of the finding.
    pub code: Code,
    /// What it is accepted for: a product, `<product>.<table>.<column>`, a consumer, a stack, a logical id, a file.
    pub target: String,
    /// Why.
    pub reason: String,
    /// Last day on which it counts.
    pub until: Day,
    /// Where it stands.
    pub origin: Place,
}

impl Acceptance {
    /// Whether its last day has not passed. Without a day to look at none has.
    #[must_use]
    pub fn holds(&self, as_of: Option<&Day>) -> bool {
        as_of.is_none_or(|as_of| *as_of <= self.until)
    }

    /// Whether it is about a finding.
    #[must_use]
    pub fn fits(&self, finding: &Finding) -> bool {
        self.code == finding.code && (finding.targets.contains(&self.target) || *finding.place.file == *self.target)
    }

    /// Marks a finding as accepted.
    pub fn lower(&self, finding: &mut Finding) {
        finding.accepted = Some(self.to_string());
        finding.help = format!("accepted: {self}");
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (until {})", self.reason, self.until)
    }
}

/// Lowers the findings that are accepted, and returns the acceptances that fit none of them.
#[must_use]
pub fn accept<'a>(findings: &mut [Finding], accepted: &'a [Acceptance], as_of: Option<&Day>) -> Vec<&'a Acceptance> {
    let mut unused: Vec<&Acceptance> = accepted.iter().collect();
    for finding in findings.iter_mut().filter(|finding| finding.code.can_be_accepted()) {
        unused.retain(|acceptance| !acceptance.fits(finding));
        let mut holding = accepted.iter().filter(|acceptance| acceptance.holds(as_of) && acceptance.fits(finding));
        if let Some(acceptance) = holding.next() {
            acceptance.lower(finding);
        }
    }
    unused
}

/// The warning about an acceptance that fits nothing.
#[must_use]
pub fn unused(acceptance: &Acceptance) -> Finding {
    let Acceptance { code, target, origin, .. } = acceptance;
    let message = format!("there is no finding `{code}` about `{target}` to accept");
    Finding::new(Code::AcceptanceUnused, origin.child("target"), message)
}
