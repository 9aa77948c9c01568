//! What is found of one table: the legs to it, and the union of what all grants open.

use super::catalog::{Base, Tagged, classification, product};
use super::facts::Spot;
use super::model::{Column, Leg, Table, Through};
use super::openings::Opening;
use std::collections::BTreeSet;

/// The legs to one table, with those that are missing.
#[derive(Default)]
pub(super) struct Legs {
    pub(super) through: BTreeSet<Through>,
    pub(super) missing: Vec<(Leg, String)>,
}

impl Legs {
    pub(super) fn found(&mut self, leg: Leg, spot: &Spot) {
        self.through.insert(Through { leg, stack: spot.stack.to_string(), resource: spot.resource.clone() });
    }

    pub(super) fn lacks(&mut self, leg: Leg, reason: &str) {
        self.missing.push((leg, reason.to_owned()));
    }
}

/// What is seen of a table so far: the union over all grants.
pub(super) struct Shown<'a> {
    columns: Vec<(&'a str, Option<String>)>,
    pub(super) visible: Vec<bool>,
    /// For each column the row filters, or `None` as soon as all rows are seen.
    rows: Vec<Option<BTreeSet<&'a str>>>,
    permissions: BTreeSet<&'a str>,
    discovered: bool,
}

impl<'a> Shown<'a> {
    pub(super) fn of(tagged: &Tagged<'a>) -> Self {
        let columns: Vec<_> = tagged.columns.iter().map(|(name, tags)| (*name, classification(tags))).collect();
        let count = columns.len();
        Self {
            columns,
            visible: vec![false; count],
            rows: vec![Some(BTreeSet::new()); count],
            permissions: BTreeSet::new(),
            discovered: false,
        }
    }

    pub(super) fn add(&mut self, opening: &Opening<'a>, legs: &mut Legs) {
        self.discovered |= opening.discovered && opening.reads();
        if !opening.columns.contains(&true) {
            return;
        }
        self.permissions.extend(&opening.permissions);
        if !opening.reads() {
            return;
        }
        for (column, _) in opening.columns.iter().enumerate().filter(|(_, is_open)| **is_open) {
            self.visible[column] = true;
            match opening.rows {
                Some(filter) => drop(self.rows[column].as_mut().map(|rows| rows.insert(filter))),
                None => self.rows[column] = None,
            }
        }
        legs.found(Leg::LocalGrant, &opening.grant.spot);
        opening.sources.iter().for_each(|spot| legs.found(Leg::AccountGrant, spot));
        opening.filter.into_iter().for_each(|spot| legs.found(Leg::DataCellsFilter, spot));
    }

    pub(super) fn table(
        self,
        base: &Base<'_>,
        tagged: &Tagged<'_>,
        through: BTreeSet<Through>,
        copies: Vec<super::model::Copy>,
    ) -> Table {
        let columns = self.columns.into_iter().zip(self.visible).zip(self.rows);
        Table {
            catalog: base.catalog.to_owned(),
            database: base.name.to_owned(),
            table: tagged.table.name.clone(),
            product: product(&tagged.tags),
            permissions: self.permissions.into_iter().map(str::to_owned).collect(),
            columns: columns
                .map(|(((name, classification), visible), rows)| Column {
                    name: name.to_owned(),
                    classification,
                    visible,
                    rows: rows.into_iter().flatten().map(str::to_owned).collect(),
                })
                .collect(),
            discovered: self.discovered,
            through: through.into_iter().collect(),
            copies,
        }
    }
}
