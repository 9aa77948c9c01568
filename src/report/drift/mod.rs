//! Drift, for people at a terminal, for a page and for programs. Who can see more or less comes first.

mod markdown;
#[cfg(test)]
mod tests;
mod text;

use super::Colour;
use crate::plan::diff::AccessChange;
use crate::plan::drift::{Check, Direction, Drift, Reason, Subject};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A person at a terminal.
    Text {
        /// Whether it may be coloured.
        colour: Colour,
    },
    /// A page or a comment.
    Markdown,
    /// A program; the shape is [`Drift`].
    Json,
}

/// Writes a drift.
///
/// # Errors
/// When the writer refuses.
pub fn write(out: &mut dyn Write, drift: &Drift, form: Form) -> io::Result<()> {
    match form {
        Form::Text { colour } => text::write(out, drift, colour),
        Form::Markdown => markdown::write(out, drift),
        Form::Json => write!(out, "{}", crate::assembly::pretty(drift)),
    }
}

/// How many parts came to each answer, in words.
fn verdict(drift: &Drift) -> String {
    let count = |parts: fn(&Check) -> usize| -> usize { drift.checks.iter().map(parts).sum() };
    let (same, different) = (count(|check| check.same), count(|check| check.differences.len()));
    format!("{same} same, {different} different, {} not checkable", count(|check| check.unchecked.len()))
}

/// What was looked at, in words.
fn subject(check: &Check) -> String {
    let (account, target) = (&check.account, &check.target);
    match check.subject {
        Subject::Expiry => format!("access that was to end, of {target}"),
        Subject::Grants => format!("grants made by account {account}"),
        Subject::Tagging => format!("tags on database {target} of account {account}"),
        Subject::Columns => format!("tables of database {target} of account {account}"),
        Subject::Tags => format!("tag {target} in the catalog of account {account}"),
        Subject::Settings => format!("Lake Formation settings of account {account}"),
        Subject::Stack => format!("stack {target} in account {account}"),
    }
}

const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::More => "more",
        Direction::Less => "less",
        Direction::Other => "other",
    }
}

const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NotAllowed => "not allowed",
        Reason::NotSupported => "type not supported",
        Reason::NotAsked => "not asked",
        Reason::NotReady => "not there to be looked at",
        Reason::Failed => "failed",
    }
}

/// What one principal sees more and less of a table: `more`, the columns with their classes, and the resources that make it so.
struct Sight<'a> {
    change: &'a AccessChange,
    more: Vec<String>,
    less: Vec<String>,
}

impl<'a> Sight<'a> {
    fn of(change: &'a AccessChange) -> Self {
        let column = |column: &crate::plan::diff::ColumnSight| {
            format!("{} ({})", column.name, column.classification.as_deref().unwrap_or("no class"))
        };
        let mut more: Vec<String> = change.gained.iter().map(column).collect();
        let mut less: Vec<String> = change.lost.iter().map(column).collect();
        for row in &change.rows {
            let rows = format!("other rows of {}", row.column);
            if row.after.is_empty() || row.after.iter().any(|filter| !row.before.contains(filter)) {
                more.push(rows);
            } else {
                less.push(rows);
            }
        }
        more.extend(change.permissions_gained.iter().map(|right| format!("the right {right}")));
        less.extend(change.permissions_lost.iter().map(|right| format!("the right {right}")));
        // a copy follows the template of the tool that keeps it: what is new of it here is a reader by a new tag
        more.extend(change.copies_gained.iter().map(|copy| format!("the copy in {}", copy.place)));
        less.extend(change.copies_lost.iter().map(|copy| format!("the copy in {}", copy.place)));
        Self { change, more, less }
    }

    /// Columns that are seen on both sides and carry another class, in words.
    fn reclassified(&self) -> Vec<String> {
        let class = |class: &Option<String>| class.clone().unwrap_or_else(|| "no class".to_owned());
        let told = self.change.reclassified.iter();
        told.map(|it| format!("{} is {} instead of {}", it.column, class(&it.after), class(&it.before))).collect()
    }
}

/// What could not be looked at for one reason.
#[derive(Default)]
struct Unread {
    /// How many parts.
    parts: usize,
    /// What it concerns: names of looks with what of them, or types of resources with their number.
    places: Vec<String>,
}

/// Names that are told of one look; the others are counted.
const MOST_NAMES: usize = 6;

/// What could not be looked at, each reason once, by the word and what was told. Of types that drift detection does not know it
/// matters which and how many they are, not where each stands.
fn unchecked(drift: &Drift) -> BTreeMap<(Reason, &str), Unread> {
    let mut told: BTreeMap<(Reason, &str), Unread> = BTreeMap::new();
    let mut types: BTreeMap<(Reason, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for check in &drift.checks {
        let mut whats: BTreeMap<(Reason, &str), Vec<&str>> = BTreeMap::new();
        for unchecked in &check.unchecked {
            let why = (unchecked.reason, unchecked.message.as_str());
            told.entry(why).or_default().parts += 1;
            let kind = unchecked.what.rsplit_once(" (").and_then(|(_, kind)| kind.strip_suffix(')'));
            match kind.filter(|_| unchecked.reason == Reason::NotSupported) {
                Some(kind) => *types.entry(why).or_default().entry(kind).or_default() += 1,
                None => whats.entry(why).or_default().push(&unchecked.what),
            }
        }
        for (why, whats) in whats {
            let names: Vec<&str> = whats.into_iter().filter(|what| !what.is_empty()).collect();
            let place = match names.len() {
                0 => subject(check),
                1..=MOST_NAMES => format!("{}: {}", subject(check), names.join(", ")),
                many => {
                    let rest = many - MOST_NAMES;
                    format!("{}: {} and {rest} more", subject(check), names[..MOST_NAMES].join(", "))
                }
            };
            told.entry(why).or_default().places.push(place);
        }
    }
    for (why, types) in types {
        let places = types.into_iter().map(|(kind, count)| format!("{kind}: {count}"));
        told.entry(why).or_default().places.extend(places);
    }
    told
}
