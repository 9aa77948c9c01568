//! Who gains and who loses sight of what: two evaluations compared, column by column.

use super::holders::called;
use super::model::{AccessChange, ColumnSight, CopySight, Discovered, Expired, Reclassified, RowChange};
use super::reasons::{Reasons, Side};
use super::sensitive::is_sensitive;
use crate::access::{Access, Column, Copy, Principal, Table, Through};
use crate::mesh::{Day, Mesh};
use std::collections::{BTreeMap, BTreeSet};

/// A table by catalog, database and name.
type Key<'a> = (&'a str, &'a str, &'a str);

/// Each principal's gains and losses. The changes by which a principal gains sight of something sensitive come first, then
/// other gains, then losses, then what is seen on both sides but differs.
///
/// The evaluations alone decide; the meshes give reasons and purposes. Where a product or a table only changed its name,
/// both sides of that are told, and it counts as sensitive only where a column comes into sight that was not seen under
/// the old name.
#[must_use]
pub fn sight(base: &Access, head: &Access, base_mesh: Option<&Mesh>, head_mesh: Option<&Mesh>) -> Vec<AccessChange> {
    let reasons = Reasons::of(base_mesh, head_mesh);
    let (before, after) = (principals(base), principals(head));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let mut changes = Vec::new();
    for name in names {
        let (old, new) = (before.get(name).copied(), after.get(name).copied());
        let (Some(principal), false) = (new.or(old), old == new) else { continue };
        let (old, new) = (tables(old), tables(new));
        let keys: BTreeSet<&Key<'_>> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let pair = Pair { base: old.get(key).copied(), head: new.get(key).copied() };
            if let Some(change) = pair.change(principal, &old, &reasons) {
                changes.push(change);
            }
        }
    }
    changes.sort_by(|left, right| order(left).cmp(&order(right)));
    changes
}

fn principals(access: &Access) -> BTreeMap<&str, &Principal> {
    access.principals.iter().map(|principal| (principal.principal.as_str(), principal)).collect()
}

fn tables(principal: Option<&Principal>) -> BTreeMap<Key<'_>, &Table> {
    let tables = principal.into_iter().flat_map(|principal| &principal.tables);
    tables.map(|table| (key(table), table)).collect()
}

fn key(table: &Table) -> Key<'_> {
    (&table.catalog, &table.database, &table.table)
}

fn order(change: &AccessChange) -> (u8, &str, &str, &str, &str, &str) {
    let rank = if change.sensitive {
        0
    } else if !(change.gained.is_empty() && change.copies_gained.is_empty() && change.permissions_gained.is_empty()) {
        1
    } else if !(change.lost.is_empty() && change.copies_lost.is_empty() && change.permissions_lost.is_empty()) {
        2
    } else {
        3
    };
    (rank, &change.principal, &change.product, &change.catalog, &change.database, &change.table)
}

fn visible(table: Option<&Table>) -> BTreeMap<&str, &Column> {
    let columns = table.into_iter().flat_map(|table| &table.columns).filter(|column| column.visible);
    columns.map(|column| (column.name.as_str(), column)).collect()
}

fn sights<'a>(from: &BTreeMap<&'a str, &'a Column>, without: &BTreeMap<&'a str, &'a Column>) -> Vec<ColumnSight> {
    from.values()
        .filter(|column| !without.contains_key(column.name.as_str()))
        .map(|column| ColumnSight { name: column.name.clone(), classification: column.classification.clone() })
        .collect()
}

/// One table of one principal on both sides.
#[derive(Clone, Copy)]
struct Pair<'a> {
    base: Option<&'a Table>,
    head: Option<&'a Table>,
}

impl Pair<'_> {
    fn change(
        &self,
        principal: &Principal,
        old: &BTreeMap<Key<'_>, &Table>,
        reasons: &Reasons<'_>,
    ) -> Option<AccessChange> {
        let table = self.head.or(self.base)?;
        if self.base == self.head {
            return None;
        }
        let (before, after) = (visible(self.base), visible(self.head));
        let (gained, lost) = (sights(&after, &before), sights(&before, &after));
        let both = before.iter().filter_map(|(name, old)| Some((*old, *after.get(name)?)));
        let mut reclassified = Vec::new();
        let mut rows = Vec::new();
        for (old, new) in both {
            if old.classification != new.classification {
                let (before, after) = (old.classification.clone(), new.classification.clone());
                reclassified.push(Reclassified { column: new.name.clone(), before, after });
            }
            if old.rows != new.rows {
                let (before, after) = (old.rows.clone(), new.rows.clone());
                rows.push(RowChange { column: new.name.clone(), before, after });
            }
        }
        let permissions = |of: Option<&Table>| -> BTreeSet<String> {
            of.into_iter().flat_map(|table| table.permissions.iter().cloned()).collect()
        };
        let (rights_before, rights_after) = (permissions(self.base), permissions(self.head));
        let copies = |from: Option<&Table>, without: Option<&Table>| -> Vec<CopySight> {
            let others = without.map_or(&[] as &[Copy], |table| table.copies.as_slice());
            from.into_iter().flat_map(|table| &table.copies).filter_map(|copy| more(copy, others)).collect()
        };
        let copies_gained = copies(self.head, self.base);
        let mut change = AccessChange {
            principal: principal.principal.clone(),
            kind: principal.kind,
            owner: principal.owner.clone(),
            account: principal.account.clone(),
            product: table.product.clone(),
            catalog: table.catalog.clone(),
            database: table.database.clone(),
            table: table.table.clone(),
            sensitive: self.is_sensitive(&gained, &rows, &copies_gained, old, reasons),
            gained,
            lost,
            reclassified,
            rows,
            permissions_gained: rights_after.difference(&rights_before).cloned().collect(),
            permissions_lost: rights_before.difference(&rights_after).cloned().collect(),
            copies_gained,
            copies_lost: copies(self.base, self.head),
            reasons: Vec::new(),
            purpose: None,
            through: Vec::new(),
        };
        if says_nothing(&change) {
            return None;
        }
        change.through = self.through(&change);
        (change.reasons, change.purpose) = reasons.of_change(&change, self.base.is_some(), self.head.is_some());
        Some(change)
    }

    /// Whether a column above what everybody may ask for comes into sight: itself, more of its rows, or a copy of it.
    fn is_sensitive(
        &self,
        gained: &[ColumnSight],
        rows: &[RowChange],
        copies: &[CopySight],
        old: &BTreeMap<Key<'_>, &Table>,
        reasons: &Reasons<'_>,
    ) -> bool {
        let Some(table) = self.head else { return false };
        // what was seen under the name that the table had before
        let former = reasons
            .former_name(table)
            .and_then(|(database, name)| old.get(&(table.catalog.as_str(), database.as_str(), name.as_str())).copied());
        let known = visible(former);
        let is_new = |column: &&ColumnSight| {
            known.get(column.name.as_str()).is_none_or(|known| known.classification != column.classification)
        };
        let classified = |name: &str| {
            let column = table.columns.iter().find(|column| column.name == name);
            is_sensitive(column.and_then(|column| column.classification.as_deref()))
        };
        let more_rows = |change: &&RowChange| {
            !change.before.is_empty()
                && (change.after.is_empty() || change.after.iter().any(|filter| !change.before.contains(filter)))
        };
        let copied = |sight: &CopySight| {
            let known_before = former.is_some_and(|former| {
                former.copies.iter().any(|copy| {
                    copy.kind == sight.kind && sight.readers.iter().all(|reader| copy.readers.contains(reader))
                })
            });
            let copy = table.copies.iter().find(|copy| copy.kind == sight.kind && copy.place == sight.place);
            let columns = copy.map_or(&[] as &[String], |copy| copy.columns.as_slice());
            let open = visible(Some(table));
            let all = columns.is_empty();
            !known_before
                && (columns.iter().any(|column| classified(column)) || all && open.keys().any(|name| classified(name)))
        };
        gained.iter().filter(is_new).any(|column| is_sensitive(column.classification.as_deref()))
            || rows.iter().filter(more_rows).any(|change| classified(&change.column))
            || copies.iter().any(copied)
    }

    /// The resources that one side has and the other has not: those of the head where something is gained, those of the
    /// base where something is lost.
    fn through(&self, change: &AccessChange) -> Vec<String> {
        let of = |table: Option<&Table>| -> BTreeSet<Through> {
            table.into_iter().flat_map(|table| table.through.iter().cloned()).collect()
        };
        let (before, after) = (of(self.base), of(self.head));
        let gains = !(change.gained.is_empty() && change.permissions_gained.is_empty() && change.rows.is_empty());
        let losses = !(change.lost.is_empty() && change.permissions_lost.is_empty() && change.rows.is_empty());
        let gained = after.difference(&before).filter(|_| gains);
        let lost = before.difference(&after).filter(|_| losses);
        let places: BTreeSet<String> =
            gained.chain(lost).map(|through| format!("{}/{}", through.stack, through.resource)).collect();
        let mut places: Vec<String> = places.into_iter().collect();
        for copy in self.head.into_iter().flat_map(|table| &table.copies) {
            let place = format!("{}/{}", copy.stack, copy.resource);
            let is_new = change.copies_gained.iter().any(|sight| sight.kind == copy.kind && sight.place == copy.place);
            if is_new && !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

/// What a copy gives that none of the others does: all of it where the place is new or holds more, else its new readers.
fn more(copy: &Copy, others: &[Copy]) -> Option<CopySight> {
    let other = others.iter().find(|other| other.kind == copy.kind && other.place == copy.place);
    let holds_more = other.is_none_or(|other| {
        let subset = copy.columns.iter().all(|column| other.columns.contains(column));
        !(other.columns.is_empty() || subset && !copy.columns.is_empty())
    });
    let readers: Vec<String> = copy
        .readers
        .iter()
        .filter(|reader| holds_more || other.is_none_or(|other| !other.readers.contains(reader)))
        .cloned()
        .collect();
    (other.is_none() || !readers.is_empty()).then(|| CopySight { kind: copy.kind, place: copy.place.clone(), readers })
}

const fn says_nothing(change: &AccessChange) -> bool {
    change.gained.is_empty()
        && change.lost.is_empty()
        && change.reclassified.is_empty()
        && change.rows.is_empty()
        && change.permissions_gained.is_empty()
        && change.permissions_lost.is_empty()
        && change.copies_gained.is_empty()
        && change.copies_lost.is_empty()
}

/// For each table that is new or differs: who would see a column that a crawler discovers in it.
#[must_use]
pub fn discovered(base: &Access, head: &Access, head_mesh: Option<&Mesh>) -> Vec<Discovered> {
    let (before, after) = (by_table(base), by_table(head));
    let mut told = Vec::new();
    for (key, (table, principals)) in &after {
        let same = before.get(key).is_some_and(|(other, others)| looks(other) == looks(table) && others == principals);
        if !same {
            told.push(Discovered {
                product: table.product.clone(),
                table: format!("{}.{}", table.database, table.table),
                owner: Side::owner_of(head_mesh, &table.product),
                principals: principals.iter().map(|principal| (*principal).to_owned()).collect(),
            });
        }
    }
    told.sort();
    told
}

/// Each table that somebody sees, and who would see a new column of it.
fn by_table(access: &Access) -> BTreeMap<Key<'_>, (&Table, BTreeSet<&str>)> {
    let mut tables: BTreeMap<Key<'_>, (&Table, BTreeSet<&str>)> = BTreeMap::new();
    for principal in &access.principals {
        for table in &principal.tables {
            let (_, principals) = tables.entry(key(table)).or_insert_with(|| (table, BTreeSet::new()));
            if table.discovered {
                principals.insert(&principal.principal);
            }
        }
    }
    tables
}

/// A table's columns without what a single principal sees of them.
fn looks(table: &Table) -> Vec<(&str, Option<&str>)> {
    table.columns.iter().map(|column| (column.name.as_str(), column.classification.as_deref())).collect()
}

/// The subscriptions of the head whose last day has passed; none without a day to look at.
#[must_use]
pub fn expired(head_mesh: Option<&Mesh>, as_of: Option<&Day>) -> Vec<Expired> {
    let (Some(mesh), Some(as_of)) = (head_mesh, as_of) else { return Vec::new() };
    let mut expired: Vec<Expired> = mesh
        .subscriptions()
        .filter_map(|reader| {
            let end_date = reader.subscription.end_date.as_ref().filter(|end_date| *end_date < as_of)?;
            Some(Expired {
                subscriber: called(&reader.subscriber),
                product: reader.subscription.product.to_string(),
                end_date: end_date.to_string(),
            })
        })
        .collect();
    expired.sort();
    expired
}
