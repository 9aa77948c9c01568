//! What to do about a difference: a short list, the most urgent first.

use super::group::{Folded, sights};
use super::phrase::Phrase;
use super::told::{job_of, remedy_for};
use super::words::{advice_of, counted, data, is_at_stake, is_sensitive, label, wanted};
use crate::plan::diff::{Affected, Bump, ContractChange, ContractChangeKind, Diff, Impact, ResourceChange};
use std::collections::{BTreeMap, BTreeSet};

/// Most products, changes or names in one task.
const MOST: usize = 5;

/// One thing to do.
#[derive(Debug, Clone)]
pub(super) struct Advice {
    /// Who does it, and what, in a word or two.
    pub(super) head: Phrase,
    /// The rest.
    pub(super) body: Phrase,
}

/// What somebody has to do at one time.
#[derive(Debug, Clone)]
pub(super) struct Tasks {
    /// When: a heading.
    pub(super) title: &'static str,
    /// What, the most urgent first.
    pub(super) advice: Vec<Advice>,
}

/// Everything that somebody has to do, by when.
pub(super) fn advice(diff: &Diff) -> [Tasks; 2] {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    decide(diff, &mut before);
    save(diff, &mut before);
    mend(diff, &mut before);
    raise(diff, &mut before);
    tell(diff, &mut before);
    fill(diff, &mut after);
    keep(diff, &mut after);
    [Tasks { title: "Before you merge", advice: before }, Tasks { title: "After it is deployed", advice: after }]
}

/// Gains that somebody has to agree to.
fn decide(diff: &Diff, all: &mut Vec<Advice>) {
    let folded = Folded::of(diff);
    for sight in sights(&folded.changes).iter().filter(|sight| sight.is_sensitive()) {
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

/// Data that goes, the stores of one stack together.
fn save(diff: &Diff, all: &mut Vec<Advice>) {
    for stack in &diff.stacks {
        let lost: Vec<&ResourceChange> = stack.resources.iter().filter(|found| is_at_stake(found)).collect();
        if !lost.is_empty() {
            let names = lost.iter().map(|found| label(found));
            let body = Phrase::of(format!("what {} of ", counted(lost.iter().copied())))
                .name(stack.id.as_str())
                .words(" hold, or let it go: ")
                .names(names, 4)
                .words(format!(" ({})", data(lost[0])));
            all.push(Advice { head: Phrase::of("Save"), body });
        }
    }
}

/// Data that nobody manages any more.
fn keep(diff: &Diff, all: &mut Vec<Advice>) {
    for stack in &diff.stacks {
        let kept = stack.resources.iter().filter(|found| found.data_store && found.impact == Impact::Retained);
        let kept: Vec<&ResourceChange> = kept.collect();
        if !kept.is_empty() {
            let names = kept.iter().map(|found| label(found));
            let body = Phrase::of("that ").names(names, 4).words(" of ").name(stack.id.as_str());
            let body =
                body.words(" stay in the account with all that they hold; delete them by hand when nobody needs them");
            all.push(Advice { head: Phrase::of("Keep in mind"), body });
        }
    }
}

/// Rules that are broken.
fn mend(diff: &Diff, all: &mut Vec<Advice>) {
    let mut alike: Vec<(&str, &str, &str, usize)> = Vec::new();
    for finding in diff.findings.iter().filter(|finding| finding.refuses()) {
        let (advice, _) = advice_of(finding);
        match alike.iter_mut().find(|(code, file, _, _)| (*code, *file) == (&finding.code, &finding.file)) {
            Some((_, _, _, number)) => *number += 1,
            None => alike.push((&finding.code, &finding.file, advice, 1)),
        }
    }
    for (code, file, advice, number) in alike {
        let times = if number == 1 { String::new() } else { format!(", {number} times") };
        let body = Phrase::new().name(code).words(format!("{times} in ")).name(file).words(": ").prose(advice);
        all.push(Advice { head: Phrase::of("Mend or accept"), body });
    }
}

/// Products that begin anew under another name.
fn fill(diff: &Diff, all: &mut Vec<Advice>) {
    for change in diff.contracts.iter().filter(|change| change.change == ContractChangeKind::ProductRenamed) {
        let Some(after) = &change.after else { continue };
        let body = Phrase::new().name(after);
        let body = match job_of(diff, after) {
            Some(job) => body.words(": run the job ").name(job),
            None => body.words(": write its files"),
        };
        let body = body.words("; its database and tables are new and empty until then. The files of ");
        let body = body.name(&change.product).words(" stay in S3, and ").name(after);
        let body = body.words(" does not read them: it has a prefix of its own");
        all.push(Advice { head: Phrase::of("Fill"), body });
    }
}

/// Versions that are too low.
fn raise(diff: &Diff, all: &mut Vec<Advice>) {
    for (needed, why) in [
        (Bump::Major, "subscribers break"),
        (Bump::Minor, "something is new for subscribers"),
        (Bump::Patch, "words change"),
    ] {
        let bumps: Vec<_> = diff.versions.iter().filter(|bump| bump.needed == needed).collect();
        let bumps: Vec<_> = bumps.into_iter().filter_map(|bump| Some((bump, wanted(bump)?))).collect();
        let mut body = Phrase::new();
        for (index, (bump, wanted)) in bumps.iter().enumerate().take(MOST) {
            body = if index == 0 { body } else { body.words(", ") };
            body = body.words("of ").name(&bump.product).words(" to ").name(wanted);
        }
        let more = bumps.len().saturating_sub(MOST);
        let body = if more > 0 { body.words(format!(" and of {more} more")) } else { body };
        if !bumps.is_empty() {
            all.push(Advice { head: Phrase::of("Raise the version"), body: body.words(format!(": {why}")) });
        }
    }
}

/// What subscribers have to do: those who have to do the same together, and apart from them those who read what is made from it.
fn tell(diff: &Diff, all: &mut Vec<Advice>) {
    let folded = Folded::of(diff);
    let mut of: BTreeMap<&str, Vec<(&ContractChange, &Affected)>> = BTreeMap::new();
    let mut beyond: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for change in diff.contracts.iter().filter(|change| change.breaking) {
        for affected in &change.affected {
            match affected.through.last() {
                None => of.entry(&affected.subscriber).or_default().push((change, affected)),
                Some(through) => drop(beyond.entry(&affected.subscriber).or_default().insert(through)),
            }
        }
    }
    let mut told: Vec<(Phrase, Vec<&str>)> = Vec::new();
    for (subscriber, changes) in of {
        let mut body = Phrase::new();
        for (index, (change, affected)) in changes.iter().take(MOST).enumerate() {
            body = if index == 0 { body } else { body.words("; ") };
            body = body
                .then(remedy_for(diff, &folded, change, affected))
                .words(" (")
                .name(super::words::place(change))
                .words(")");
        }
        let more = changes.len().saturating_sub(MOST);
        let body = if more > 0 { body.words(format!("; and {more} more")) } else { body };
        match told.iter_mut().find(|(other, _)| *other == body) {
            Some((_, subscribers)) => subscribers.push(subscriber),
            None => told.push((body, vec![subscriber])),
        }
    }
    for (body, subscribers) in told {
        all.push(Advice { head: Phrase::of("Tell ").names(subscribers, MOST).words(" to"), body });
    }
    let mut warned: BTreeMap<BTreeSet<&str>, Vec<&str>> = BTreeMap::new();
    for (subscriber, through) in beyond {
        warned.entry(through).or_default().push(subscriber);
    }
    for (through, subscribers) in warned {
        let verb = if through.len() == 1 { " is made from what breaks" } else { " are made from what breaks" };
        let body = Phrase::of("that ").names(through, MOST).words(verb);
        all.push(Advice { head: Phrase::of("Warn ").names(subscribers, MOST), body });
    }
}
