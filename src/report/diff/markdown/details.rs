//! Property by property: what is folded away until somebody opens it.

use super::budget::{Piece, Risk, Section, units};
use super::escape::{fence, html_code, phrase, prose};
use crate::plan::diff::{ChangeKind, Diff, Impact, PropertyChange, ResourceChange, StackChange};
use crate::report::diff::phrase::{Phrase, count};
use crate::report::diff::renamed::{lines as renames, renamed};
use crate::report::diff::words::{becomes, is_replaced_or_gone, resource};
use serde_json::Value;

/// UTF-16 units that one block may have.
const MOST_OF_A_BLOCK: usize = 6_000;

/// Lines of one document that are shown.
const MOST_LINES: usize = 60;

/// Characters of one value that are shown.
const MOST_OF_A_VALUE: usize = 300;

/// The blocks: for each stack what is replaced or goes, then for each stack the rest.
pub(super) fn details(diff: &Diff) -> Section {
    let grave = diff.stacks.iter().filter_map(|stack| block(diff, stack, Risk::GraveDetail));
    let other = diff.stacks.iter().filter_map(|stack| block(diff, stack, Risk::Detail));
    Section {
        title: "Property by property",
        folded: false,
        intro: None,
        header: None,
        pieces: names(diff).into_iter().chain(grave).chain(other).collect(),
        noun: "block",
    }
}

/// What comes and goes with a product's name, in one block.
fn names(diff: &Diff) -> Option<Piece> {
    let mut lines: Vec<String> = renames(diff).iter().map(|line| format!("- {}", phrase(line))).collect();
    let summary = match lines.is_empty() {
        true => "🔁 only created in another order",
        false => "🔁 made under a product's new name and removed under its old one, or only created in another order",
    };
    for stack in &diff.stacks {
        let idle = stack.resources.iter().filter(|found| found.impact == Impact::None).count();
        if idle > 0 {
            lines.push(format!("- {}: {}", html_code(&stack.id), ordered(idle)));
        }
    }
    let text = format!("<details><summary>{summary}</summary>\n\n{}\n\n</details>\n", lines.join("\n"));
    (!lines.is_empty()).then_some(Piece { risk: Risk::GraveDetail, text })
}

/// Resources of which nothing but their place in the order changes.
fn ordered(number: usize) -> String {
    let whose = if number == 1 { "its" } else { "their" };
    format!("{}: only {whose} order of creation changes", count(number, "resource"))
}

/// What of a stack is of one risk.
fn block(diff: &Diff, stack: &StackChange, risk: Risk) -> Option<Piece> {
    let folded = renamed(diff, stack);
    let is_grave = risk == Risk::GraveDetail;
    let resources: Vec<&ResourceChange> = stack
        .resources
        .iter()
        .filter(|found| found.impact != Impact::None && is_replaced_or_gone(found) == is_grave)
        .filter(|found| !folded.contains(found.logical_id.as_str()))
        .collect();
    let of_stack = if is_grave { &[][..] } else { stack.properties.as_slice() };
    if resources.is_empty() && of_stack.is_empty() {
        return None;
    }
    let what = match is_grave {
        true => format!("🔴 {} replaced or removed", count(resources.len(), "resource")),
        false => format!("🟢 {} made or changed in place", count(resources.len(), "resource")),
    };
    let mut text = format!("<details><summary>{what} in {}</summary>\n", html_code(&stack.id));
    let mut left_out = 0;
    let (plain, rich): (Vec<&ResourceChange>, Vec<&ResourceChange>) =
        resources.iter().partition(|found| found.properties.is_empty() && found.notes.is_empty());
    let mut parts: Vec<String> = plain.iter().map(|found| one(found)).collect();
    if !parts.is_empty() && !rich.is_empty() {
        parts.push(String::new());
    }
    let first_rich = parts.len();
    parts.extend(rich.iter().map(|found| one(found)));
    if !of_stack.is_empty() {
        parts.push(format!("of the template itself:\n\n{}", properties(of_stack)));
    }
    text.push('\n');
    for (index, part) in parts.into_iter().enumerate() {
        let part = if index >= first_rich { format!("{part}\n") } else { part };
        if units(&text) + units(&part) > MOST_OF_A_BLOCK {
            left_out += 1;
            continue;
        }
        text = format!("{text}{part}\n");
    }
    if left_out > 0 {
        text = format!("{text}\n_{} more: this block is full._\n", count(left_out, "resource"));
    }
    Some(Piece { risk, text: format!("{text}\n</details>\n") })
}

/// One resource.
fn one(found: &ResourceChange) -> String {
    let symbol = match (found.change, found.impact) {
        (_, Impact::Replaced | Impact::MayBeReplaced) => "±",
        (ChangeKind::Added, _) => "+",
        (ChangeKind::Changed, _) => "~",
        (ChangeKind::Removed, _) => "−",
    };
    let mut text = format!("- {symbol} {}: {}", phrase(&resource(found)), becomes(found.impact));
    for note in &found.notes {
        text = format!("{text}<br>⚠️ {}", prose(note));
    }
    match found.properties.as_slice() {
        [] => text,
        // a fence inside of an item of a list would have to be indented: the item ends before it
        all => format!("{}\n\n{}", text.trim_start_matches("- "), properties(all)),
    }
}

/// Values in one fence, each document in a fence of its own.
fn properties(all: &[PropertyChange]) -> String {
    let mut values = String::new();
    let mut documents = Vec::new();
    for property in all {
        let why = match property.impact {
            Impact::Replaced => "   (forces replacement)",
            Impact::MayBeReplaced => "   (may force replacement)",
            Impact::SomeInterruption => "   (some interruption)",
            Impact::None | Impact::Created | Impact::InPlace | Impact::Retained | Impact::Destroyed => "",
        };
        if let Some(lines) = &property.lines {
            let all = lines.lines().count();
            let mut shown = lines.lines().take(MOST_LINES).collect::<Vec<_>>().join("\n");
            if all > MOST_LINES {
                shown = format!("{shown}\n  … {} more lines", all - MOST_LINES);
            }
            let title = phrase(&Phrase::new().name(&property.path).words(why));
            documents.push(format!("{title}\n\n{}", fence("diff", &shown)));
            continue;
        }
        for (sign, value) in [('-', &property.before), ('+', &property.after)] {
            if let Some(value) = value {
                values =
                    format!("{values}{sign} {}: {}{why}\n", property.path.replace(['\n', '\t'], " "), short(value));
            }
        }
    }
    let mut blocks = Vec::new();
    if !values.is_empty() {
        blocks.push(fence("diff", &values));
    }
    blocks.extend(documents);
    blocks.join("\n\n")
}

/// A value on one line.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MOST_OF_A_VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
