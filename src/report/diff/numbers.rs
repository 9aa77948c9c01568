//! The answer in a few numbers. Columns are counted once, whoever sees them; the summary for programs counts them once for
//! each principal.

use super::group::Folded;
use super::phrase::{Phrase, count};
use super::words::{is_at_stake, is_personal, is_sensitive};
use crate::access::PrincipalKind;
use crate::plan::diff::{AccessChange, ColumnSight, Diff, Impact};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most owners, or columns, that are named.
const MOST: usize = 4;

/// A column, by product, table and name.
type Place<'a> = (&'a str, &'a str, &'a str);

/// The numbers, by question: heading and answer.
pub(super) fn numbers(diff: &Diff) -> Vec<(&'static str, Phrase)> {
    let summary = &diff.summary;
    let sure = diff.stacks.iter().flat_map(|stack| &stack.resources).filter(|found| is_at_stake(found));
    let verb = match sure.into_iter().all(|found| found.impact != Impact::MayBeReplaced) {
        true => "lost",
        false => "perhaps lost",
    };
    let data = match summary.data_at_stake {
        0 => "no data lost".to_owned(),
        number => format!("data of {} {verb}", count(number, "store")),
    };
    let resources = format!(
        "{data} · resources: {} replaced, {} removed, {} made, {} changed in place",
        summary.replaced, summary.removed, summary.added, summary.changed,
    );
    let contracts = format!(
        "{} · {} broken",
        count(summary.breaking, "breaking change"),
        count(summary.broken_subscribers, "subscriber"),
    );
    let accepted = diff.findings.iter().filter(|finding| finding.accepted.is_some()).count();
    let rules =
        format!("{} · {} · {accepted} accepted", count(summary.errors, "error"), count(summary.warnings, "warning"));
    vec![
        ("Who sees what", sight(&Folded::of(diff).changes)),
        ("Data and resources", Phrase::of(resources)),
        ("Contracts", Phrase::of(contracts)),
        ("Rules", Phrase::of(rules)),
    ]
}

fn sight(changes: &[AccessChange]) -> Phrase {
    let gains = changes.iter().filter(|change| !change.gained.is_empty()).collect::<Vec<_>>();
    let phrase = match gains.is_empty() {
        true => Phrase::of("nobody gains a column"),
        false => gained(&gains),
    };
    lost(changes, phrase.words(" · "))
}

/// "2 roles of analysts gain 7 columns, 3 of them personal".
fn gained(gains: &[&AccessChange]) -> Phrase {
    let principals: BTreeSet<&str> = gains.iter().map(|change| change.principal.as_str()).collect();
    let owners: BTreeSet<&str> = gains
        .iter()
        .map(|change| if change.owner.is_empty() { &change.account } else { &change.owner })
        .map(String::as_str)
        .collect();
    let noun = if gains.iter().all(|change| change.kind == PrincipalKind::Role) { "role" } else { "principal" };
    let verb = if principals.len() == 1 { "gains" } else { "gain" };
    let of = |wanted: fn(&ColumnSight) -> bool| {
        let columns = gains.iter().flat_map(|change| {
            change.gained.iter().filter(|column| wanted(column)).map(|column| place(change, column))
        });
        columns.collect::<BTreeSet<Place<'_>>>().len()
    };
    let (all, personal, sensitive) = (of(|_| true), of(is_personal), of(is_sensitive));
    let of_them = match (personal, sensitive) {
        (0, 0) => String::new(),
        (0, sensitive) => format!(", {sensitive} of them sensitive"),
        (personal, _) => format!(", {personal} of them personal"),
    };
    let phrase = Phrase::of(format!("{} of ", count(principals.len(), noun))).names(owners, MOST);
    phrase.words(format!(" {verb} {}{of_them}", count(all, "column")))
}

/// "2 columns lost: spend (6 roles), amount (3 roles)".
fn lost(changes: &[AccessChange], mut phrase: Phrase) -> Phrase {
    let mut losers: BTreeMap<Place<'_>, BTreeSet<&str>> = BTreeMap::new();
    for change in changes {
        for column in &change.lost {
            losers.entry(place(change, column)).or_default().insert(&change.principal);
        }
    }
    if losers.is_empty() {
        return phrase.words("nobody loses a column");
    }
    let is_role =
        changes.iter().filter(|change| !change.lost.is_empty()).all(|change| change.kind == PrincipalKind::Role);
    let mut losers: Vec<_> = losers.into_iter().collect();
    losers.sort_by_key(|(_, principals)| Reverse(principals.len()));
    phrase = phrase.words(format!("{} lost: ", count(losers.len(), "column")));
    for (index, ((_, _, column), principals)) in losers.iter().take(MOST).enumerate() {
        let noun = if is_role { "role" } else { "principal" };
        phrase = if index == 0 { phrase } else { phrase.words(", ") };
        phrase = phrase.name(*column).words(format!(" ({})", count(principals.len(), noun)));
    }
    match losers.len().saturating_sub(MOST) {
        0 => phrase,
        more => phrase.words(format!(" and {more} more")),
    }
}

fn place<'a>(change: &'a AccessChange, column: &'a ColumnSight) -> Place<'a> {
    (&change.product, &change.table, &column.name)
}
