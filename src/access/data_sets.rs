//! Data sets of QuickSight: the role behind each, the columns that it asks for, and the copies that others see.

use super::catalog::Catalog;
use super::evaluate::{by_principal, who};
use super::expressions::Expressions;
use super::facts::{DataSetFact, Facts, RoleFact};
use super::model::{Copy, CopyKind, Principal};
use super::sight::{Sight, Sighting, Who};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What data sets refer to.
struct Behind<'a> {
    /// Roles by data source.
    roles: BTreeMap<&'a str, &'a str>,
    /// Catalog and database by the account and the name of a link.
    targets: BTreeMap<(&'a str, &'a str), (&'a str, &'a str)>,
}

impl<'a> Behind<'a> {
    fn of(facts: &'a Facts) -> Self {
        let roles = facts.data_sources.iter().filter_map(|source| Some((source.arn.as_str(), source.role.as_deref()?)));
        let targets = facts.databases.iter().filter_map(|link| {
            let (catalog, database) = link.target.as_ref()?;
            Some(((link.catalog.as_str(), link.name.as_str()), (catalog.as_str(), database.as_str())))
        });
        Self { roles: roles.collect(), targets: targets.collect() }
    }

    /// Role, catalog and database of a data set.
    fn data_set(&self, data_set: &'a DataSetFact) -> Option<(&'a str, &'a str, &'a str)> {
        let here = (data_set.account.as_str(), data_set.database.as_str());
        let (catalog, database) = self.targets.get(&here).copied().unwrap_or(here);
        Some((self.roles.get(data_set.source.as_str())?, catalog, database))
    }
}

/// The data sets that ask for columns which the role behind them does not see, and these columns.
///
/// A data source without a role of its own, or with one that no template makes, is not looked at.
#[must_use]
pub fn beyond_sight(facts: &Facts) -> Vec<(&DataSetFact, Vec<&str>)> {
    if facts.data_sets.is_empty() {
        return Vec::new();
    }
    let (behind, catalog, grants) = (Behind::of(facts), Catalog::of(facts), by_principal(facts));
    let expressions = Expressions::of(facts, &catalog);
    let sighting = Sighting::new(facts, &catalog, &expressions, &grants);
    let mut sights: HashMap<&str, Sight> = HashMap::new();
    let roles: BTreeMap<&str, &RoleFact> = facts.roles.iter().map(|role| (role.arn.as_str(), role)).collect();
    let mut beyond = Vec::new();
    for data_set in &facts.data_sets {
        let Some((role, account, database)) = behind.data_set(data_set) else { continue };
        let Some(role) = roles.get(role) else { continue };
        let sight = sights.entry(&role.arn).or_insert_with(|| sighting.of(Who { is_made: false, ..who(role) }));
        let seen = sight.tables.iter().find(|table| {
            (table.catalog.as_str(), table.database.as_str()) == (account, database) && table.table == data_set.table
        });
        let columns = seen.iter().flat_map(|table| &table.columns).filter(|column| column.visible);
        let columns: BTreeSet<&str> = columns.map(|column| column.name.as_str()).collect();
        let wanted = data_set.columns.iter().map(String::as_str);
        let hidden: Vec<&str> = wanted.filter(|column| !columns.contains(column)).collect();
        if !hidden.is_empty() {
            beyond.push((data_set, hidden));
        }
    }
    beyond
}

/// Tells each copy at the table that the role behind it reads. Lake Formation decided when the copy was made; it is not
/// asked when somebody looks.
pub(super) fn tell_copies(facts: &Facts, principals: &mut [Principal]) {
    let behind = Behind::of(facts);
    let mut numbers: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, principal) in principals.iter().enumerate() {
        numbers.entry(principal.principal.clone()).or_default().push(number);
    }
    for data_set in facts.data_sets.iter().filter(|data_set| data_set.copied) {
        let Some((role, catalog, database)) = behind.data_set(data_set) else { continue };
        for number in numbers.get(role).into_iter().flatten() {
            let Some(principal) = principals.get_mut(*number) else { continue };
            let of_set = principal.tables.iter_mut().filter(|table| {
                table.catalog == catalog && table.database == database && table.table == data_set.table
            });
            for table in of_set {
                table.copies.push(Copy {
                    kind: CopyKind::Spice,
                    place: data_set.id.clone(),
                    columns: data_set.columns.clone(),
                    readers: data_set.readers.iter().cloned().collect(),
                    stack: data_set.spot.stack.to_string(),
                    resource: data_set.spot.resource.clone(),
                });
            }
        }
    }
    principals.iter_mut().flat_map(|principal| &mut principal.tables).for_each(|table| table.copies.sort());
}
