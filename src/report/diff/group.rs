//! Changes of sight, as few rows as say the same: roles of one owner that see the same, tables of one product.

use super::words::short;
use crate::plan::diff::{AccessChange, ColumnSight, CopySight, Diff, Renaming, without_renames};
use std::collections::{BTreeMap, BTreeSet};

/// Tables of one product that are told one by one.
const MOST_TABLES: usize = 4;

/// What some principals of one owner gain and lose.
#[derive(Debug, Clone)]
pub(super) struct Sight<'a> {
    /// The first of the changes: all are alike in what is not a list here.
    pub(super) first: &'a AccessChange,
    /// Short names of the principals, by owner.
    pub(super) principals: BTreeMap<&'a str, Vec<&'a str>>,
    /// The changes of each table; one for each table, whatever the number of principals.
    pub(super) tables: Vec<&'a AccessChange>,
    /// Copies that are new, of any of the principals.
    pub(super) copies_gained: BTreeSet<&'a CopySight>,
    /// Copies that are gone.
    pub(super) copies_lost: BTreeSet<&'a CopySight>,
}

impl<'a> Sight<'a> {
    /// Columns gained in all of its tables, the sensitive ones first.
    pub(super) fn gained(&self) -> Vec<&'a ColumnSight> {
        sorted(self.tables.iter().flat_map(|table| &table.gained))
    }

    /// Columns lost in all of its tables.
    pub(super) fn lost(&self) -> Vec<&'a ColumnSight> {
        sorted(self.tables.iter().flat_map(|table| &table.lost))
    }

    /// Owners of the principals.
    pub(super) fn owners(&self) -> impl Iterator<Item = &'a str> {
        self.principals.keys().copied()
    }

    /// Whether a column that is gained, or a copy, is sensitive.
    pub(super) fn is_sensitive(&self) -> bool {
        self.tables.iter().any(|table| table.sensitive)
    }

    /// Whether a column that is gained holds personal data.
    pub(super) fn is_personal(&self) -> bool {
        self.gained().into_iter().any(super::words::is_personal)
    }
}

fn sorted<'a>(columns: impl Iterator<Item = &'a ColumnSight>) -> Vec<&'a ColumnSight> {
    let mut columns: Vec<&ColumnSight> = columns.collect();
    columns.sort_by_key(|column| {
        (!super::words::is_personal(column), !super::words::is_sensitive(column), column.name.as_str())
    });
    columns
}

/// Puts together what says the same, in the order of the changes. Whoever gains sight of something sensitive stands alone: each
/// such gain is to be decided for itself.
pub(super) fn sights(changes: &[AccessChange]) -> Vec<Sight<'_>> {
    let mut places = BTreeMap::new();
    let mut groups: Vec<Sight<'_>> = Vec::new();
    for change in changes {
        let alone = change.sensitive.then_some((&change.owner, &change.purpose));
        let place = (alone, change.kind, &change.catalog, &change.database, &change.table);
        let columns = (&change.gained, &change.lost, &change.reclassified, &change.rows);
        let rights = (&change.permissions_gained, &change.permissions_lost);
        let index = *places.entry((place, columns, rights, &change.reasons)).or_insert(groups.len());
        if groups.get(index).is_none() {
            groups.push(Sight {
                first: change,
                principals: BTreeMap::new(),
                tables: vec![change],
                copies_gained: BTreeSet::new(),
                copies_lost: BTreeSet::new(),
            });
        }
        if let Some(group) = groups.get_mut(index) {
            let owner = if change.owner.is_empty() { &change.account } else { &change.owner };
            group.principals.entry(owner.as_str()).or_default().push(short(&change.principal));
            group.copies_gained.extend(&change.copies_gained);
            group.copies_lost.extend(&change.copies_lost);
        }
    }
    by_product(groups)
}

/// Puts the tables of a product together where they are many.
fn by_product(groups: Vec<Sight<'_>>) -> Vec<Sight<'_>> {
    let mut products: BTreeMap<_, Vec<(usize, Sight<'_>)>> = BTreeMap::new();
    for (index, group) in groups.into_iter().enumerate() {
        let first = group.first;
        let sides = (first.gained.is_empty(), first.lost.is_empty());
        let key = (&first.product, group.principals.clone(), &first.purpose, &first.reasons, sides);
        products.entry(key).or_default().push((index, group));
    }
    let mut out = Vec::new();
    for groups in products.into_values() {
        if groups.len() <= MOST_TABLES {
            out.extend(groups);
            continue;
        }
        let mut groups = groups.into_iter();
        let Some((index, mut whole)) = groups.next() else { continue };
        for (_, group) in groups {
            whole.tables.extend(group.tables);
            whole.copies_gained.extend(group.copies_gained);
            whole.copies_lost.extend(group.copies_lost);
        }
        out.push((index, whole));
    }
    out.sort_by_key(|(index, _)| *index);
    out.into_iter().map(|(_, group)| group).collect()
}

/// What is said of the sight of those who see the same under a product's new name.
pub(super) struct Folded {
    pub(super) changes: Vec<AccessChange>,
    pub(super) renamings: Vec<Renaming>,
}

impl Folded {
    pub(super) fn of(diff: &Diff) -> Self {
        let (changes, renamings) = without_renames(&diff.access, &diff.contracts);
        Self { changes, renamings }
    }
}

/// The subscribers that breaking changes reach, each with these changes, by name.
pub(super) fn broken(contracts: &[crate::plan::diff::ContractChange]) -> Vec<&str> {
    let affected = contracts.iter().filter(|change| change.breaking).flat_map(|change| &change.affected);
    affected.map(|affected| affected.subscriber.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
}
