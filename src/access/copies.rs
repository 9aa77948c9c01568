//! Copies of what a role reads, which others may see: the data sets that QuickSight keeps in SPICE.

use super::facts::Facts;
use super::model::Principal;
use std::collections::BTreeMap;

/// Tells each copy at the table that the role behind it reads. Lake Formation decided when the copy was made; it is not
/// asked when somebody looks.
pub(super) fn tell(facts: &Facts, principals: &mut [Principal]) {
    let roles: BTreeMap<&str, &str> =
        facts.data_sources.iter().filter_map(|source| Some((source.arn.as_str(), source.role.as_deref()?))).collect();
    let targets: BTreeMap<(&str, &str), (&str, &str)> = facts
        .databases
        .iter()
        .filter_map(|link| {
            let (catalog, database) = link.target.as_ref()?;
            Some(((link.catalog.as_str(), link.name.as_str()), (catalog.as_str(), database.as_str())))
        })
        .collect();
    for data_set in facts.data_sets.iter().filter(|data_set| data_set.copied) {
        let here = (data_set.account.as_str(), data_set.database.as_str());
        let (catalog, database) = targets.get(&here).copied().unwrap_or(here);
        let Some(role) = roles.get(data_set.source.as_str()) else { continue };
        let tables =
            principals.iter_mut().filter(|principal| principal.principal == *role).flat_map(|one| &mut one.tables);
        for table in tables {
            if table.catalog == catalog && table.database == database && table.table == data_set.table {
                let readers: Vec<&str> = data_set.readers.iter().map(String::as_str).collect();
                table.copies.push(format!(
                    "SPICE data set {} of {}; {} sees all of it",
                    data_set.id,
                    data_set.columns.join(", "),
                    readers.join(", ")
                ));
            }
        }
    }
    principals.iter_mut().flat_map(|principal| &mut principal.tables).for_each(|table| table.copies.sort());
}
