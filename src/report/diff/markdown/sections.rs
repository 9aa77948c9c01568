//! The sections of the comment, in the order of its four questions.

use super::budget::{Piece, Risk, Section};
use super::details::details;
use super::escape::{code, phrase, prose};
use crate::plan::diff::{ChangeKind, ContractChange, Diff, Impact, ResourceChange, StackChange};
use crate::report::diff::advice::{Tasks, advice};
use crate::report::diff::group::Folded;
use crate::report::diff::phrase::{Phrase, count};
use crate::report::diff::told::remedy_for;
use crate::report::diff::words::{
    becomes, contract, counted, data, is_at_stake, is_replaced_or_gone, label, place, remedy, resource, short,
};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most names in a cell.
pub(super) const MOST_NAMES: usize = 10;

/// Every section, full.
pub(super) fn sections(diff: &Diff) -> Vec<Section> {
    let [before, after] = advice(diff);
    vec![
        to_do(before),
        to_do(after),
        super::sight::section(diff),
        super::moments::section(diff),
        replaced(diff),
        breaks(diff),
        super::rules::versions(diff),
        super::rules::rules(diff),
        super::rules::acceptances(diff),
        rest(diff),
        stacks(diff),
        details(diff),
        unknown(diff),
    ]
}

pub(super) fn section(
    title: &'static str,
    header: Option<&'static str>,
    noun: &'static str,
    pieces: Vec<Piece>,
) -> Section {
    Section { title, folded: false, intro: None, header, pieces, noun }
}

fn to_do(tasks: Tasks) -> Section {
    let pieces = tasks.advice.into_iter().map(|advice| Piece {
        risk: Risk::Advice,
        text: format!("1. **{}** {}", phrase(&advice.head), phrase(&advice.body)),
    });
    section(tasks.title, None, "task", pieces.collect())
}

pub(super) fn row(cells: &[String]) -> String {
    let cells: Vec<&str> = cells.iter().map(|cell| if cell.is_empty() { "–" } else { cell.as_str() }).collect();
    format!("| {} |", cells.join(" | "))
}

/// Names with what stands behind each, and how many more there are.
pub(super) fn listed(items: Vec<String>) -> String {
    let more = items.len().saturating_sub(MOST_NAMES);
    let shown: Vec<String> = items.into_iter().take(MOST_NAMES).collect();
    let text = shown.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

/// The resources of all stacks, the worst impact first.
fn resources(diff: &Diff) -> Vec<(&StackChange, &ResourceChange)> {
    let mut all: Vec<_> =
        diff.stacks.iter().flat_map(|stack| stack.resources.iter().map(move |found| (stack, found))).collect();
    all.sort_by_key(|(_, found)| std::cmp::Reverse((is_at_stake(found), found.data_store, found.impact)));
    all
}

/// Stacks that are named in a row.
const MOST_STACKS: usize = 3;

/// A note without the names in it: what it says of all that are alike.
fn without_names(note: &str) -> String {
    let pieces = note.split('`').enumerate().map(|(index, piece)| if index % 2 == 0 { piece } else { "another" });
    pieces.collect()
}

/// Resources of which the same is to be said, in one row.
fn together(impact: Impact, notes: &[String], all: &[(&StackChange, &ResourceChange)]) -> Piece {
    let stacks: BTreeSet<&str> = all.iter().map(|(stack, _)| stack.id.as_str()).collect();
    let stacks = match stacks.len() {
        1..=MOST_STACKS => listed(stacks.into_iter().map(code).collect()),
        more => count(more, "stack"),
    };
    let names: BTreeSet<&str> = all.iter().map(|(_, found)| label(found)).collect();
    let what = counted(all.iter().map(|(_, found)| *found));
    let what = match names.len() {
        1..=2 => format!("{what}: {}", listed(names.into_iter().map(code).collect())),
        _ => what,
    };
    let verb = becomes(impact).strip_prefix("is ").map(|rest| format!("**are {rest}**"));
    let mut becomes = verb.unwrap_or_else(|| format!("each {}", becomes(impact)));
    for note in notes.iter().take(3) {
        becomes = format!("{becomes}<br>⚠️ {}", prose(note));
    }
    Piece { risk: Risk::Notable, text: row(&[what, stacks, becomes, String::new()]) }
}

/// A resource, and the stack that it is in.
type Found<'a> = (&'a StackChange, &'a ResourceChange);

fn replaced(diff: &Diff) -> Section {
    let found: Vec<_> = resources(diff).into_iter().filter(|(_, found)| is_replaced_or_gone(found)).collect();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut alike: BTreeMap<(Reverse<Impact>, Vec<String>), Vec<Found<'_>>> = BTreeMap::new();
    for (stack, found) in &found {
        if found.data_store || found.change_set.is_some_and(|said| said != found.predicted) {
            pieces.push(alone(stack, found));
            continue;
        }
        let notes = found.notes.iter().map(|note| without_names(note)).collect();
        alike.entry((Reverse(found.impact), notes)).or_default().push((stack, found));
    }
    for ((Reverse(impact), notes), all) in alike {
        pieces.push(match all.as_slice() {
            [(stack, found)] => alone(stack, found),
            several => together(impact, &notes, several),
        });
    }
    let header = "| resource | stack | what becomes of it | its data |\n| :-- | :-- | :-- | :-- |";
    let mut section = section("What is replaced or deleted, and whether data is lost", Some(header), "row", pieces);
    let stores = found.iter().filter(|(_, found)| is_at_stake(found)).map(|(_, found)| *found);
    let sure = found.iter().all(|(_, found)| !is_at_stake(found) || found.impact != Impact::MayBeReplaced);
    let lost = match counted(stores).as_str() {
        "" => "No store of data is replaced or deleted.".to_owned(),
        all => {
            let verb = if sure { "is lost" } else { "may be lost" };
            format!("**The data of {all} {verb}.** No other store of data is replaced or deleted.")
        }
    };
    section.intro = Some(format!("{lost} Predicted from AWS's schemas of these resources; a change set knows better."));
    section
}

/// A resource that is replaced or goes, in a row of its own.
fn alone(stack: &StackChange, found: &ResourceChange) -> Piece {
    let mut impact = becomes(found.impact).to_owned();
    if matches!(found.impact, Impact::Replaced | Impact::MayBeReplaced | Impact::Destroyed) {
        impact = format!("**{impact}**");
    }
    if found.change_set.is_some_and(|said| said != found.predicted) {
        impact = format!("{impact}<br>predicted was: it {}; the change set wins", becomes(found.predicted));
    }
    for note in found.notes.iter().take(3) {
        impact = format!("{impact}<br>⚠️ {}", prose(note));
    }
    let lost = match (is_at_stake(found), found.data_store) {
        (true, _) => format!("🔴 **{}**", data(found)),
        (false, true) => data(found).to_owned(),
        (false, false) => String::new(),
    };
    let risk = if is_at_stake(found) { Risk::Stake } else { Risk::Notable };
    Piece { risk, text: row(&[phrase(&resource(found)), code(&stack.id), impact, lost]) }
}

fn breaks(diff: &Diff) -> Section {
    let folded = Folded::of(diff);
    let pieces = diff.contracts.iter().filter(|change| change.breaking).map(|change| {
        let affected = change.affected.iter().map(|affected| match affected.through.as_slice() {
            [] => code(&affected.subscriber),
            through => format!(
                "{} (through {})",
                code(&affected.subscriber),
                listed(through.iter().map(|product| code(product)).collect())
            ),
        });
        let cells = [
            code(&place(change)),
            phrase(&contract(change)),
            listed(affected.collect()),
            what_to_do(diff, &folded, change),
        ];
        Piece { risk: Risk::Grave, text: row(&cells) }
    });
    let header = "| where | what changes | whom it breaks | what they should do |\n| :-- | :-- | :-- | :-- |";
    section("What breaks, and for whom", Some(header), "row", pieces.collect())
}

/// What those should do whom a change breaks, where not all have to do the same: each with the name.
fn what_to_do(diff: &Diff, folded: &Folded, change: &ContractChange) -> String {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for affected in change.affected.iter().filter(|affected| affected.through.is_empty()) {
        let remedy = phrase(&remedy_for(diff, folded, change, affected));
        match told.iter_mut().find(|(other, _)| *other == remedy) {
            Some((_, names)) => names.push(code(&affected.subscriber)),
            None => told.push((remedy, vec![code(&affected.subscriber)])),
        }
    }
    match told.as_slice() {
        [] => phrase(&remedy(change)),
        [(remedy, _)] => remedy.clone(),
        several => {
            let several = several.iter().map(|(remedy, names)| format!("{}: {remedy}", listed(names.clone())));
            several.collect::<Vec<_>>().join("<br>")
        }
    }
}

fn rest(diff: &Diff) -> Section {
    let item = |text: String| Piece { risk: Risk::Other, text: format!("- {text}") };
    let mut pieces = Vec::new();
    for expired in &diff.expired {
        let text =
            Phrase::of("the subscription of ").name(&expired.subscriber).words(" to ").name(&expired.product).words(
                format!(
                    " ended on {}",
                    expired.end_date.replace(|letter: char| !letter.is_ascii_digit() && letter != '-', "")
                ),
            );
        pieces.push(Piece { risk: Risk::Notable, text: format!("- ⏰ {}", phrase(&text)) });
    }
    let told = |change: &ContractChange| format!("{}: {}", code(&place(change)), phrase(&contract(change)));
    pieces.extend(diff.contracts.iter().filter(|change| !change.breaking).map(|change| item(told(change))));
    let owners = |principals: &[String]| listed(principals.iter().map(|principal| code(short(principal))).collect());
    for found in &diff.discovered {
        let owners = owners(&found.principals);
        let text = format!("a column that a crawler discovers in {} would be seen by {owners}", code(&found.table));
        pieces.push(item(match found.principals.is_empty() {
            true => format!("a column that a crawler discovers in {} would be seen by nobody", code(&found.table)),
            false => text,
        }));
    }
    section("What else changes", None, "change", pieces)
}

fn stacks(diff: &Diff) -> Section {
    let pieces = diff.stacks.iter().map(|stack| {
        let number = |kind: ChangeKind, replaced: bool| {
            let is_replaced = |found: &ResourceChange| matches!(found.impact, Impact::Replaced | Impact::MayBeReplaced);
            let of_kind = stack.resources.iter().filter(|found| found.change == kind);
            let of_kind = of_kind.filter(|found| match kind {
                ChangeKind::Changed => found.impact != Impact::None && is_replaced(found) == replaced,
                ChangeKind::Added | ChangeKind::Removed => true,
            });
            match of_kind.count() {
                0 => String::new(),
                number => number.to_string(),
            }
        };
        let state = match stack.change {
            ChangeKind::Added => "new",
            ChangeKind::Changed => "changes",
            ChangeKind::Removed => "**goes**",
        };
        let cells = [
            code(&stack.id),
            code(&stack.account),
            state.to_owned(),
            number(ChangeKind::Added, false),
            number(ChangeKind::Changed, false),
            number(ChangeKind::Changed, true),
            number(ChangeKind::Removed, false),
        ];
        let risk = if stack.change == ChangeKind::Removed { Risk::Notable } else { Risk::Other };
        Piece { risk, text: row(&cells) }
    });
    let header = "| stack | account | | made | changed in place | replaced | removed |\n| :-- | :-- | :-- | --: | --: | --: | --: |";
    section("Stacks", Some(header), "stack", pieces.collect())
}

fn unknown(diff: &Diff) -> Section {
    let pieces = diff.unknown.iter().map(|text| Piece { risk: Risk::Detail, text: format!("- {}", prose(text)) });
    Section { folded: true, ..section("What could not be evaluated", None, "line", pieces.collect()) }
}
