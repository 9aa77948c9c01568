//! The answer in one sentence and in a few numbers: the worst first.

use super::group::{Folded, Sight, broken, sights};
use super::phrase::{Phrase, count};
use super::words::{counted, is_at_stake, is_personal, is_replaced_or_gone, is_sensitive, short};
use crate::plan::diff::{ChangeKind, ColumnSight, Diff, Impact, Renaming, ResourceChange};
use crate::plan::safety::Wrong;
use std::collections::BTreeSet;

/// How bad the worst of it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Nothing to decide.
    Harmless,
    /// Somebody has to know.
    Notable,
    /// Somebody has to decide.
    Grave,
}

/// Clauses of the sentence; what comes after them is told below.
const MOST_CLAUSES: usize = 5;

/// Names in a clause: "and 2 more" says less than two names.
const MOST_NAMES: usize = 5;

/// Columns in a clause.
const MOST_COLUMNS: usize = 4;

/// The sentence, and how bad it is.
pub(super) fn verdict(diff: &Diff) -> (Level, Vec<Phrase>) {
    let folded = Folded::of(diff);
    let sights = sights(&folded.changes);
    let mut clauses: Vec<(Level, Phrase)> = Vec::new();
    clauses.extend(gains(&sights));
    clauses.extend(on_the_way(diff));
    clauses.extend(stakes(diff));
    clauses.extend(breaks(diff));
    clauses.extend(rules(diff));
    clauses.extend(other_sight(&sights));
    clauses.extend(renames(&folded));
    let replaced = resources(diff).filter(|found| found.change == ChangeKind::Changed);
    let replaced = replaced.filter(|found| is_replaced_or_gone(found) && !is_at_stake(found)).count();
    if replaced > 0 {
        let verb = if replaced == 1 { "is" } else { "are" };
        clauses.push((Level::Notable, Phrase::of(format!("{} {verb} replaced", count(replaced, "resource")))));
    }
    let level = clauses.iter().map(|(level, _)| *level).max().unwrap_or(Level::Harmless);
    let mut phrases: Vec<Phrase> = clauses.into_iter().map(|(_, phrase)| phrase).take(MOST_CLAUSES).collect();
    if phrases.is_empty() {
        phrases.push(Phrase::of(harmless(diff)));
    }
    (level, phrases)
}

fn resources(diff: &Diff) -> impl Iterator<Item = &ResourceChange> {
    diff.stacks.iter().flat_map(|stack| &stack.resources)
}

fn harmless(diff: &Diff) -> &'static str {
    match (diff.is_empty(), diff.stacks.is_empty()) {
        (true, _) => "nothing changes",
        (false, true) => "no stack changes",
        (false, false) => "nobody sees more or less, nothing is replaced, nothing breaks",
    }
}

/// Who gains sight of what is sensitive.
fn gains(sights: &[Sight<'_>]) -> Vec<(Level, Phrase)> {
    let owners = |personal: bool| -> BTreeSet<&str> {
        let sights = sights.iter().filter(|sight| sight.is_sensitive() && sight.is_personal() == personal);
        sights.flat_map(Sight::owners).collect()
    };
    let clause = |owners: BTreeSet<&str>, data: &str, wanted: fn(&ColumnSight) -> bool| {
        let verb = if owners.len() == 1 { "gains" } else { "gain" };
        let sights =
            sights.iter().filter(|sight| sight.is_sensitive() && sight.owners().any(|owner| owners.contains(owner)));
        let columns: BTreeSet<&str> =
            sights.flat_map(Sight::gained).filter(|column| wanted(column)).map(|column| column.name.as_str()).collect();
        let phrase = Phrase::new().names(owners, MOST_NAMES).words(" ").strong(format!("{verb} sight of {data}"));
        let phrase = match columns.is_empty() {
            true => phrase,
            false => phrase.words(" (").names(columns, MOST_COLUMNS).words(")"),
        };
        (Level::Grave, phrase)
    };
    let personal = owners(true);
    let other: BTreeSet<&str> = owners(false).difference(&personal).copied().collect();
    let mut clauses = Vec::new();
    if !personal.is_empty() {
        clauses.push(clause(personal, "personal data", is_personal));
    }
    if !other.is_empty() {
        clauses.push(clause(other, "sensitive data", is_sensitive));
    }
    clauses
}

/// Who sees too much, or too little, only while the change is deployed.
fn on_the_way(diff: &Diff) -> Vec<(Level, Phrase)> {
    let of = |wrong: Wrong| -> BTreeSet<&str> {
        let moments = diff.moments.iter().filter(|moment| moment.wrong == wrong);
        moments.map(|moment| short(&moment.principal)).collect()
    };
    let (leaks, gaps) = (of(Wrong::Leak), of(Wrong::Gap));
    let mut clauses = Vec::new();
    if !leaks.is_empty() {
        let verb = if leaks.len() == 1 { "sees too much" } else { "see too much" };
        let phrase = Phrase::new().names(leaks, MOST_NAMES).words(" ").strong(verb).words(" while it is deployed");
        clauses.push((Level::Grave, phrase));
    }
    if !gaps.is_empty() {
        let verb = if gaps.len() == 1 { "sees too little" } else { "see too little" };
        let phrase = Phrase::new().names(gaps, MOST_NAMES).words(" ").strong(verb).words(" while it is deployed");
        clauses.push((Level::Notable, phrase));
    }
    clauses
}

/// Data stores that lose what they hold, or may.
fn stakes(diff: &Diff) -> Option<(Level, Phrase)> {
    let stores: Vec<&ResourceChange> = resources(diff).filter(|found| is_at_stake(found)).collect();
    let sure = stores.iter().all(|store| store.impact != Impact::MayBeReplaced);
    let told = counted(stores.iter().copied());
    let verb = if sure { "is lost" } else { "may be lost" };
    (!stores.is_empty()).then(|| (Level::Grave, Phrase::of("the data of ").words(told).words(" ").strong(verb)))
}

/// Whom breaking changes break.
fn breaks(diff: &Diff) -> Option<(Level, Phrase)> {
    let changes = diff.contracts.iter().filter(|change| change.breaking).count();
    let noun = if changes == 1 { "one change of a contract " } else { "changes of contracts " };
    let number = if changes == 1 { String::new() } else { format!("{changes} ") };
    let verb = if changes == 1 { "breaks" } else { "break" };
    let phrase = Phrase::of(format!("{number}{noun}")).strong(verb).words(" ");
    (changes > 0).then(|| (Level::Grave, phrase.names(broken(&diff.contracts), MOST_NAMES)))
}

/// Products with new names.
fn renames(folded: &Folded) -> Vec<(Level, Phrase)> {
    let told = |renaming: &Renaming| {
        (Level::Notable, Phrase::new().name(&renaming.before).words(" is renamed to ").name(&renaming.after))
    };
    folded.renamings.iter().take(2).map(told).collect()
}

/// Rules of what must not merge that are broken.
fn rules(diff: &Diff) -> Vec<(Level, Phrase)> {
    let mut clauses = Vec::new();
    if diff.summary.errors > 0 {
        let verb = if diff.summary.errors == 1 { "refuses" } else { "refuse" };
        clauses.push((Level::Grave, Phrase::new().strong(format!("{} {verb} it", count(diff.summary.errors, "rule")))));
    }
    if !diff.base.limits.is_empty() || !diff.head.limits.is_empty() {
        clauses.push((Level::Grave, Phrase::new().strong("only a part could be compared")));
    }
    clauses
}

/// Who gains or loses sight of what is not sensitive.
fn other_sight(sights: &[Sight<'_>]) -> Vec<(Level, Phrase)> {
    let mut clauses = Vec::new();
    let losers: BTreeSet<&str> =
        sights.iter().filter(|sight| !sight.lost().is_empty()).flat_map(Sight::owners).collect();
    if !losers.is_empty() {
        let verb = if losers.len() == 1 { "loses" } else { "lose" };
        let phrase = Phrase::new().names(losers, MOST_NAMES).words(format!(" {verb} sight of columns"));
        clauses.push((Level::Notable, phrase));
    }
    if !sights.iter().any(Sight::is_sensitive) {
        let gainers: BTreeSet<&str> =
            sights.iter().filter(|sight| !sight.gained().is_empty()).flat_map(Sight::owners).collect();
        if !gainers.is_empty() {
            let verb = if gainers.len() == 1 { "gains" } else { "gain" };
            let phrase = Phrase::new()
                .names(gainers, MOST_NAMES)
                .words(format!(" {verb} sight of columns, none of them sensitive"));
            clauses.push((Level::Notable, phrase));
        }
    }
    clauses
}

/// Whether it may go in, in one sentence.
pub(super) fn blocked(diff: &Diff) -> Phrase {
    let (errors, warnings) = (count(diff.summary.errors, "error"), count(diff.summary.warnings, "warning"));
    match (diff.refuses(), diff.summary.errors, diff.summary.warnings) {
        (true, 0, _) => Phrase::new().strong("blocked").words(": a part of it could not be compared"),
        (true, _, _) => Phrase::new().strong(format!("blocked by {errors}")).words(": errors block, warnings do not"),
        (false, _, 0) => Phrase::of("not blocked: no rule has anything against it"),
        (false, _, _) => Phrase::of(format!("not blocked: errors block, warnings do not ({errors}, {warnings})")),
    }
}
