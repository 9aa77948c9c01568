//! What differs between the tables of one product, before anybody asks whom it breaks.

use super::contracts::{Audience, Found};
use super::model::ContractChangeKind as Kind;
use super::reasons::port_word;
use super::shapes::{self, ColumnShape, ProductShape, TableShape};
use super::types::{self, TypeChange};
use std::collections::BTreeMap;

pub(super) fn compare(base: &ProductShape, head: &ProductShape, found: &mut Vec<Found>) {
    let renamed = shapes::renamed_tables(base, head);
    for (name, table) in &base.tables {
        match (head.tables.get(name), renamed.get(name.as_str())) {
            (Some(other), _) => columns(name, table, other, found),
            (None, now) => {
                let removed = Found::new(Kind::TableRemoved, Audience::Table).of(name, None).from(name);
                // where it stands under another name, that is said
                found.push(match now {
                    Some(now) => removed.to(*now),
                    None => removed,
                });
            }
        }
    }
    for name in head.tables.keys().filter(|name| !base.tables.contains_key(*name)) {
        let added = Found::new(Kind::TableAdded, Audience::Nobody).of(name, None).to(name);
        found.push(match renamed.iter().find(|(_, now)| **now == name.as_str()) {
            Some((old, _)) => added.from(*old),
            None => added,
        });
    }
    for port in base.ports.difference(&head.ports) {
        found.push(Found::new(Kind::PortRemoved, Audience::Port(*port)).from(port_word(*port)));
    }
    for port in head.ports.difference(&base.ports) {
        found.push(Found::new(Kind::PortAdded, Audience::Nobody).to(port_word(*port)));
    }
}

fn columns(table: &str, base: &TableShape, head: &TableShape, found: &mut Vec<Found>) {
    let renamed = shapes::renamed_columns(base, head);
    for column in &base.columns {
        let name = column.name.as_str();
        let own = || Audience::Columns(vec![column.name.clone()]);
        match (head.column(name), renamed.get(name)) {
            (Some(now), _) => changed(table, column, now, found),
            (None, Some(now)) => {
                found.push(Found::new(Kind::ColumnRenamed, own()).of(table, Some(name)).from(name).to(*now));
                if let Some(now) = head.column(now) {
                    nullability(table, column, now, found);
                }
            }
            (None, None) => {
                found.push(Found::new(Kind::ColumnRemoved, own()).of(table, Some(name)).from(&column.kind));
            }
        }
    }
    let is_new =
        |column: &&ColumnShape| base.column(&column.name).is_none() && !renamed.values().any(|now| *now == column.name);
    for column in head.columns.iter().filter(is_new) {
        let added = Found::new(Kind::ColumnAdded, Audience::Nobody);
        found.push(added.of(table, Some(&column.name)).to(&column.kind));
    }
    keys(table, base, head, &renamed, found);
}

fn changed(table: &str, base: &ColumnShape, head: &ColumnShape, found: &mut Vec<Found>) {
    let name = base.name.as_str();
    let own = || Audience::Columns(vec![base.name.clone()]);
    let change = match types::compare(&base.kind, &head.kind) {
        TypeChange::Same => None,
        TypeChange::Widened => Some(Found::new(Kind::TypeWidened, Audience::Nobody)),
        TypeChange::Narrowed => Some(Found::new(Kind::TypeNarrowed, own())),
    };
    found.extend(change.map(|change| change.of(table, Some(name)).from(&base.kind).to(&head.kind)));
    nullability(table, base, head, found);
    if base.classification != head.classification {
        let word = |column: &ColumnShape| column.classification.clone().unwrap_or_else(|| "none".to_owned());
        let reclassified = Found::new(Kind::Reclassified, Audience::Losers(base.name.clone()));
        found.push(reclassified.of(table, Some(name)).from(word(base)).to(word(head)));
    }
}

fn nullability(table: &str, base: &ColumnShape, head: &ColumnShape, found: &mut Vec<Found>) {
    let change = match (base.required, head.required) {
        (true, false) => Found::new(Kind::MadeNullable, Audience::Columns(vec![base.name.clone()])),
        (false, true) => Found::new(Kind::MadeRequired, Audience::Nobody),
        (true, true) | (false, false) => return,
    };
    let word = |column: &ColumnShape| if column.required { "never empty" } else { "may be empty" };
    found.push(change.of(table, Some(&base.name)).from(word(base)).to(word(head)));
}

/// Primary key and partition keys, each as a whole. Whoever sees a column of the old key or the new one joins, or prunes, by
/// it; a further partition key breaks nobody, since queries that do not name it read what they read before.
fn keys(table: &str, base: &TableShape, head: &TableShape, renamed: &BTreeMap<&str, &str>, found: &mut Vec<Found>) {
    type Holds = fn(&ColumnShape) -> bool;
    let kinds: [(Kind, Holds); 2] =
        [(Kind::PrimaryKeyChanged, |column| column.key), (Kind::PartitionKeysChanged, |column| column.partition)];
    for (kind, holds) in kinds {
        let of = |shape: &TableShape| -> Vec<String> {
            shape.columns.iter().filter(|column| holds(column)).map(|column| column.name.clone()).collect()
        };
        let (before, after) = (of(base), of(head));
        let now: Vec<&str> =
            before.iter().map(|name| renamed.get(name.as_str()).copied().unwrap_or(name.as_str())).collect();
        if now == after {
            continue;
        }
        // a further partition key: all of the old ones are still there
        let is_more = kind == Kind::PartitionKeysChanged && now.iter().all(|name| after.iter().any(|new| new == name));
        let audience = if is_more {
            Audience::Nobody
        } else {
            Audience::Columns(before.iter().chain(after.iter()).cloned().collect())
        };
        found.push(Found::new(kind, audience).of(table, None).from(before.join(", ")).to(after.join(", ")));
    }
}
