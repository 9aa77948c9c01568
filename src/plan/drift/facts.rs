//! What was found, as facts that the evaluator reads: the templates' facts with what could be read in place of what they say.
//!
//! Roles, policies, links, filters, crawlers and copies stay as the templates say; of these CloudFormation's drift detection tells.

use super::live::{AccountLive, LiveTable};
use crate::access::{AssociationFact, Facts, GrantFact, Spot, Target};
use crate::assembly::StackId;
use std::collections::{BTreeMap, BTreeSet};

/// The facts of what stands. `grants` are those of the accounts whose grants were compared.
pub(super) fn live_facts(
    facts: &Facts,
    accounts: &BTreeMap<String, AccountLive>,
    grants: BTreeMap<String, Vec<GrantFact>>,
) -> Facts {
    let mut live = facts.clone();
    live.grants.retain(|grant| !grants.contains_key(&grant.account));
    live.grants.extend(grants.into_values().flatten());
    for settings in &mut live.settings {
        if let Some(Ok(found)) = accounts.get(&settings.account).map(|account| &account.settings) {
            settings.admins.clone_from(&found.administrators);
        }
    }
    for tag in &mut live.tags {
        // a value that no template has is some grant's or nobody's; a value that is gone opens nothing any more
        if let Some(Ok(found)) = accounts.get(&tag.catalog).and_then(|account| account.tags.get(&tag.key)) {
            tag.values = found.iter().flatten().map(|value| value.to_lowercase()).collect();
        }
    }
    for (account, found) in accounts {
        for (name, database) in &found.databases {
            if let Ok(Some(tags)) = &database.tags {
                let target =
                    Target { catalog: account.clone(), database: name.clone(), table: None, columns: BTreeSet::new() };
                replace(&mut live, &target, tags);
            }
            for (table, found) in database.tables.iter().flatten().flatten() {
                tables(&mut live, account, name, table, found);
            }
            if let Ok(Some(found)) = &database.tables {
                let is_here = |catalog: &String, database: &String| catalog == account && database == name;
                live.tables
                    .retain(|table| !is_here(&table.catalog, &table.database) || found.contains_key(&table.name));
            }
        }
    }
    live
}

fn tables(live: &mut Facts, account: &str, database: &str, table: &str, found: &LiveTable) {
    let columns: Vec<String> = found.columns.iter().map(|column| column.name.clone()).collect();
    let known =
        live.tables.iter_mut().find(|fact| fact.catalog == account && fact.database == database && fact.name == table);
    // a table that no template has is told by its columns' check; where its files are is not known, so nobody is said to see it
    let Some(known) = known else { return };
    known.columns = columns;
    let Ok(Some(tagging)) = &found.tags else { return };
    let target = |columns: BTreeSet<String>| Target {
        catalog: account.to_owned(),
        database: database.to_owned(),
        table: Some(table.to_owned()),
        columns,
    };
    let of_table = |fact: &AssociationFact| {
        fact.target.catalog == account
            && fact.target.database == database
            && fact.target.table.as_deref() == Some(table)
    };
    let mut spots: BTreeMap<BTreeSet<String>, Spot> = BTreeMap::new();
    for fact in live.associations.iter().filter(|fact| of_table(fact)) {
        spots.insert(fact.target.columns.clone(), fact.spot.clone());
    }
    live.associations.retain(|fact| !of_table(fact));
    let whole = std::iter::once((BTreeSet::new(), &tagging.table));
    let columns = tagging.columns.iter().map(|(column, tags)| (BTreeSet::from([column.clone()]), tags));
    for (columns, tags) in whole.chain(columns) {
        let target = target(columns);
        let spot = spots.get(&target.columns).cloned().unwrap_or_else(|| outside(&target));
        live.associations.push(AssociationFact { spot, target, tags: lower(tags) });
    }
}

/// Puts what was found on a database in the place of what the templates put there.
fn replace(live: &mut Facts, target: &Target, tags: &BTreeMap<String, BTreeSet<String>>) {
    let spot = live.associations.iter().find(|fact| fact.target == *target).map(|fact| fact.spot.clone());
    live.associations.retain(|fact| fact.target != *target);
    let spot = spot.unwrap_or_else(|| outside(target));
    live.associations.push(AssociationFact { spot, target: target.clone(), tags: lower(tags) });
}

fn outside(target: &Target) -> Spot {
    let place = [Some(&target.database), target.table.as_ref(), target.columns.first()];
    let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
    Spot { stack: StackId::new("outside", &target.catalog), resource: format!("tags of {}", place.join(".")) }
}

fn lower(tags: &BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    let values = |values: &BTreeSet<String>| values.iter().map(|value| value.to_lowercase()).collect();
    tags.iter().map(|(key, found)| (key.to_lowercase(), values(found))).collect()
}
