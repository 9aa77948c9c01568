//! What to do about a difference: a short list, the most urgent first.

use super::group::sights;
use super::phrase::Phrase;
use super::words::{data, is_at_stake, is_sensitive, remedy, resource, wanted};
use crate::plan::diff::{Bump, ContractChange, Diff, Impact};
use std::collections::BTreeMap;

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) struct Advice {
    /// Who does it, and what, in a word or two.
    pub(super) head: Phrase,
    /// The rest.
    pub(super) body: Phrase,
}

/// Everything that somebody has to do before the change may go in.
pub(super) fn advice(diff: &Diff) -> Vec<Advice> {
    let mut all = Vec::new();
    decide(diff, &mut all);
    save(diff, &mut all);
    mend(diff, &mut all);
    raise(diff, &mut all);
    tell(diff, &mut all);
    all
}

/// Gains that somebody has to agree to.
fn decide(diff: &Diff, all: &mut Vec<Advice>) {
    for sight in sights(&diff.access).iter().filter(|sight| sight.is_sensitive()) {
        let columns = sight.gained();
        let sensitive: Vec<&str> =
            columns.iter().filter(|column| is_sensitive(column)).map(|column| column.name.as_str()).collect();
        let data = if sight.is_personal() { "personal data" } else { "sensitive data" };
        let body = Phrase::of("whether ").name(&sight.first.owner).words(" may see ");
        let body = match sensitive.is_empty() {
            true => body.words("a copy of ").name(&sight.first.product),
            false => body.names(sensitive, 6).words(" of ").name(&sight.first.product),
        };
        let body = match &sight.first.purpose {
            Some(purpose) => body.words(format!(" ({data}); its purpose is: ")).prose(purpose),
            None => body.words(format!(" ({data}); no purpose is written")),
        };
        all.push(Advice { head: Phrase::of("Decide"), body });
    }
}

/// Data that goes.
fn save(diff: &Diff, all: &mut Vec<Advice>) {
    for stack in &diff.stacks {
        for found in &stack.resources {
            let body = resource(found).words(" of ").name(&stack.id);
            if is_at_stake(found) {
                let body = body.words(format!(": what it holds is {}; copy it first, or do not merge", data(found)));
                all.push(Advice { head: Phrase::of("Save the data of"), body });
            } else if found.data_store && found.impact == Impact::Retained {
                let body = body
                    .words(": it stays in the account with all that it holds; delete it by hand when nobody needs it");
                all.push(Advice { head: Phrase::of("Keep in mind"), body });
            }
        }
    }
}

/// Rules that are broken.
fn mend(diff: &Diff, all: &mut Vec<Advice>) {
    for finding in diff.findings.iter().filter(|finding| finding.refuses()) {
        let place = format!("{}:{}", finding.file, finding.line);
        let body = Phrase::new().name(&finding.code).words(" in ").name(place).words(": ").prose(&finding.help);
        all.push(Advice { head: Phrase::of("Mend"), body });
    }
}

/// Versions that are too low.
fn raise(diff: &Diff, all: &mut Vec<Advice>) {
    for bump in &diff.versions {
        let Some(wanted) = wanted(bump) else { continue };
        let why = match bump.needed {
            Bump::Major => "this change breaks those who read it",
            Bump::Minor => "this change adds to it",
            Bump::Patch | Bump::None => "its words change",
        };
        let body = Phrase::new()
            .name(&bump.product)
            .words(" from ")
            .name(&bump.after)
            .words(" to ")
            .name(wanted)
            .words(format!(": {why}"));
        all.push(Advice { head: Phrase::of("Raise the version of"), body });
    }
}

/// What each subscriber has to do, all changes of one together.
fn tell(diff: &Diff, all: &mut Vec<Advice>) {
    let mut of: BTreeMap<&str, Vec<&ContractChange>> = BTreeMap::new();
    for change in diff.contracts.iter().filter(|change| change.breaking) {
        for affected in &change.affected {
            of.entry(&affected.subscriber).or_default().push(change);
        }
    }
    for (subscriber, changes) in of {
        let mut body = Phrase::new();
        for (index, change) in changes.iter().take(4).enumerate() {
            body = if index == 0 { body } else { body.words("; ") };
            body = body.then(remedy(change)).words(" (").name(super::words::place(change)).words(")");
        }
        if changes.len() > 4 {
            body = body.words(format!("; and {} more", changes.len() - 4));
        }
        all.push(Advice { head: Phrase::of("Tell ").name(subscriber).words(" to"), body });
    }
}
