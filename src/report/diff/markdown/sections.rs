//! The sections of the comment, in the order of its four questions.

use super::budget::{Piece, Risk, Section};
use super::details::details;
use super::escape::{code, fence, phrase, prose};
use crate::plan::diff::{
    AccessChange, ChangeKind, ColumnSight, ContractChange, Diff, Impact, ResourceChange, StackChange,
};
use crate::report::diff::advice::advice;
use crate::report::diff::group::{Folded, Sight, sights};
use crate::report::diff::phrase::{Phrase, count};
use crate::report::diff::words::{
    advice_of, becomes, classification, contract, counted, data, is_at_stake, is_personal, is_replaced_or_gone,
    is_sensitive, label, place, remedy, resource, rights, short, wanted,
};

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most names in a cell.
const MOST_NAMES: usize = 10;

/// Every section, full.
pub(super) fn sections(diff: &Diff) -> Vec<Section> {
    vec![
        to_do(diff),
        sight(diff),
        super::moments::section(diff),
        replaced(diff),
        breaks(diff),
        versions(diff),
        rules(diff),
        acceptances(diff),
        rest(diff),
        stacks(diff),
        details(diff),
        unknown(diff),
    ]
}

fn section(title: &'static str, header: Option<&'static str>, noun: &'static str, pieces: Vec<Piece>) -> Section {
    Section { title, folded: false, intro: None, header, pieces, noun }
}

fn to_do(diff: &Diff) -> Section {
    let pieces = advice(diff).into_iter().map(|advice| Piece {
        risk: Risk::Advice,
        text: format!("1. **{}** {}", phrase(&advice.head), phrase(&advice.body)),
    });
    section("What to do", None, "task", pieces.collect())
}

fn sight(diff: &Diff) -> Section {
    let folded = Folded::of(diff);
    let sights = sights(&folded.changes);
    let mut pieces: Vec<Piece> = sights
        .iter()
        .map(|sight| {
            let risk = match (sight.is_sensitive(), sight.gained().is_empty()) {
                (true, _) => Risk::Sensitive,
                (false, false) => Risk::Gain,
                (false, true) => Risk::Notable,
            };
            let cells = [who(sight), what(sight), gains(sight), loses(sight), why(sight)];
            Piece { risk, text: row(&cells) }
        })
        .collect();
    pieces.extend(folded.renamings.iter().map(|renaming| {
        let same = "_the same columns under the new name_".to_owned();
        let owners = listed(renaming.owners.iter().map(|owner| format!("**{}**", code(owner))).collect());
        let cells = [
            owners,
            format!("{} → {}", code(&renaming.before), code(&renaming.after)),
            same.clone(),
            same,
            "the product is renamed".to_owned(),
        ];
        Piece { risk: Risk::Notable, text: row(&cells) }
    }));
    let header = "| who | product and table | gains sight of | loses sight of | why |\n| :-- | :-- | :-- | :-- | :-- |";
    section("Who gains or loses sight of which columns", Some(header), "row", pieces)
}

fn row(cells: &[String]) -> String {
    let cells: Vec<&str> = cells.iter().map(|cell| if cell.is_empty() { "–" } else { cell.as_str() }).collect();
    format!("| {} |", cells.join(" | "))
}

/// Names with what stands behind each, and how many more there are.
fn listed(items: Vec<String>) -> String {
    let more = items.len().saturating_sub(MOST_NAMES);
    let shown: Vec<String> = items.into_iter().take(MOST_NAMES).collect();
    let text = shown.join(", ");
    if more > 0 { format!("{text} and {more} more") } else { text }
}

/// The owners; the names of their roles only where somebody has to decide on them.
fn who(sight: &Sight<'_>) -> String {
    let owners = sight.principals.iter().map(|(owner, names)| {
        let names = match (sight.is_sensitive(), names.len()) {
            (true, _) => format!("<br>{}", listed(names.iter().map(|name| code(name)).collect())),
            (false, 1) => String::new(),
            (false, more) => format!(" ({})", count(more, "role")),
        };
        format!("**{}**{names}", code(owner))
    });
    listed(owners.collect())
}

fn what(sight: &Sight<'_>) -> String {
    match sight.tables.as_slice() {
        [only] => code(&format!("{}.{}", only.product, only.table)),
        tables => format!("{}: {}", code(&sight.first.product), count(tables.len(), "table")),
    }
}

fn gains(sight: &Sight<'_>) -> String {
    let columns = sight.gained().into_iter().map(|column| {
        let told = with_classification(column);
        match (is_personal(column), is_sensitive(column)) {
            (true, _) => format!("🔴 **{told}**"),
            (false, true) => format!("🟠 **{told}**"),
            (false, false) => told,
        }
    });
    let mut parts = vec![listed(columns.collect())];
    for table in &sight.tables {
        parts.push(listed(table.copies_gained.iter().map(|copy| copied(&copy.place, &copy.readers)).collect()));
        parts.push(listed(reclassified(table)));
        parts.push(listed(rows(table)));
    }
    joined(parts)
}

fn loses(sight: &Sight<'_>) -> String {
    let mut parts = vec![listed(sight.lost().into_iter().map(with_classification).collect())];
    for table in &sight.tables {
        parts.push(listed(table.copies_lost.iter().map(|copy| copied(&copy.place, &copy.readers)).collect()));
    }
    joined(parts)
}

fn joined(parts: Vec<String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).take(MOST_NAMES).collect();
    parts.join("<br>")
}

fn with_classification(column: &ColumnSight) -> String {
    format!("{} {}", code(&column.name), prose(classification(column.classification.as_deref())))
}

fn copied(place: &str, readers: &[String]) -> String {
    let readers: Vec<String> = readers.iter().map(|reader| code(short(reader))).collect();
    format!("a copy in {}, read by {}", code(place), listed(readers))
}

fn reclassified(table: &AccessChange) -> Vec<String> {
    let told = |side: &Option<String>| prose(classification(side.as_deref()));
    let changes = table.reclassified.iter();
    changes.map(|found| format!("{}: {} → {}", code(&found.column), told(&found.before), told(&found.after))).collect()
}

fn rows(table: &AccessChange) -> Vec<String> {
    let told = |filters: &[String]| match filters {
        [] => "all rows".to_owned(),
        filters => format!("rows with {}", listed(filters.iter().map(|filter| code(filter)).collect())),
    };
    let changes = table.rows.iter();
    changes.map(|found| format!("{}: {} → {}", code(&found.column), told(&found.before), told(&found.after))).collect()
}

fn why(sight: &Sight<'_>) -> String {
    let change = sight.first;
    let mut parts: Vec<String> = change.reasons.iter().map(|reason| prose(reason)).collect();
    if let Some(rights) = rights(change) {
        parts.push(prose(&rights));
    }
    // whoever loses something knows what it was for
    if let Some(purpose) = change.purpose.as_ref().filter(|_| !sight.gained().is_empty()) {
        parts.push(format!("purpose: _{}_", prose(purpose)));
    }
    joined(parts)
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
        _ => format!("{what}, named below"),
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
    let mut section = section("What is replaced or deleted, and whether data is at stake", Some(header), "row", pieces);
    let stores = found.iter().filter(|(_, found)| is_at_stake(found)).map(|(_, found)| *found);
    let lost = match counted(stores).as_str() {
        "" => "No store of data is replaced or deleted.".to_owned(),
        lost => format!("**Data is at stake in {lost}.** No other store of data is replaced or deleted."),
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
    let pieces = diff.contracts.iter().filter(|change| change.breaking).map(|change| {
        let affected = change.affected.iter().map(|affected| match affected.through.as_slice() {
            [] => code(&affected.subscriber),
            through => format!(
                "{} (through {})",
                code(&affected.subscriber),
                listed(through.iter().map(|product| code(product)).collect())
            ),
        });
        let cells =
            [code(&place(change)), phrase(&contract(change)), listed(affected.collect()), phrase(&remedy(change))];
        Piece { risk: Risk::Grave, text: row(&cells) }
    });
    let header = "| where | what changes | whom it breaks | what they should do |\n| :-- | :-- | :-- | :-- |";
    section("What breaks, and for whom", Some(header), "row", pieces.collect())
}

fn versions(diff: &Diff) -> Section {
    let pieces = diff.versions.iter().filter_map(|bump| {
        let wanted = wanted(bump)?;
        let (before, after) = (code(&bump.before), code(&bump.after));
        let text = row(&[code(&bump.product), before, after, format!("**{}**", code(&wanted))]);
        Some(Piece { risk: Risk::Grave, text })
    });
    let header = "| product | version before | version now | called for |\n| :-- | :-- | :-- | :-- |";
    section("Versions that must be raised", Some(header), "row", pieces.collect())
}

fn rules(diff: &Diff) -> Section {
    let pieces = diff.findings.iter().map(|finding| {
        let refuses = finding.refuses();
        let severity = match (refuses, &finding.accepted) {
            (true, _) => "🔴 **refuses**".to_owned(),
            (false, Some(reason)) => format!("accepted: _{}_", prose(reason)),
            (false, None) => prose(&finding.severity),
        };
        let place = format!("{}:{}", finding.file, finding.line);
        let help = if finding.accepted.is_some() { String::new() } else { prose(advice_of(finding).0) };
        let text = row(&[severity, code(&finding.code), code(&place), prose(&finding.message), help]);
        Piece { risk: if refuses { Risk::Grave } else { Risk::Notable }, text }
    });
    let header = "| | rule | where | what is wrong | what to do |\n| :-- | :-- | :-- | :-- | :-- |";
    section("Rules of what must not merge", Some(header), "row", pieces.collect())
}

/// The lines that accept a finding, to be copied.
fn acceptances(diff: &Diff) -> Section {
    let open = diff.findings.iter().filter(|finding| finding.accepted.is_none());
    let pieces = open.filter_map(|finding| {
        let (file, line) = advice_of(finding).1?;
        let risk = if finding.refuses() { Risk::Other } else { Risk::Detail };
        Some(Piece { risk, text: format!("{}:\n\n{}\n", code(file), fence("yaml", line)) })
    });
    let title = "Lines that accept a finding knowingly, with a reason and a last day";
    Section { folded: true, ..section(title, None, "line", pieces.collect()) }
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
        let number = |kind: ChangeKind| {
            let of_kind = stack.resources.iter().filter(|found| found.change == kind && found.impact != Impact::None);
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
            number(ChangeKind::Added),
            number(ChangeKind::Changed),
            number(ChangeKind::Removed),
        ];
        let risk = if stack.change == ChangeKind::Removed { Risk::Notable } else { Risk::Other };
        Piece { risk, text: row(&cells) }
    });
    let header = "| stack | account | | made | changed | removed |\n| :-- | :-- | :-- | --: | --: | --: |";
    section("Stacks", Some(header), "stack", pieces.collect())
}

fn unknown(diff: &Diff) -> Section {
    let pieces = diff.unknown.iter().map(|text| Piece { risk: Risk::Detail, text: format!("- {}", prose(text)) });
    Section { folded: true, ..section("What could not be evaluated", None, "line", pieces.collect()) }
}
