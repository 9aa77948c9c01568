//! The grants of an account: more, less, or with other rights than the templates say.
//!
//! Lake Formation lists a grant on a table in two entries, SELECT as one on all columns (terraform-provider-aws #17047), and all
//! tables of a database under the name `ALL_TABLES` (#46245). Both sides are brought into one form before they are compared.

use super::live::{AccountLive, LiveGrant};
use super::model::{Check, Difference, Direction, Subject};
use super::places::granted_in_words;
use super::revoke::{grant_command, revoke_command};
use crate::access::{ColumnList, Facts, GrantFact, GrantedFact, Spot};
use crate::assembly::StackId;
use std::collections::{BTreeMap, BTreeSet};

/// Principal and resource: what makes two grants one.
pub type GrantKey = (String, GrantedFact);

/// What is known of the rights of one principal on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// The rights.
    pub permissions: BTreeSet<String>,
    /// Those that may be passed on.
    pub grantable: BTreeSet<String>,
    /// Conditions on them.
    pub conditions: BTreeSet<String>,
    /// Who changed them last, and when.
    pub by: Option<String>,
}

/// What a grant is on, in one form, however it is written: all columns are the table, `ALL_TABLES` all tables, conditions are
/// sorted by key, keys and values in lower case.
#[must_use]
pub fn normal(granted: &GrantedFact) -> GrantedFact {
    match granted {
        GrantedFact::Columns { catalog, database, table, columns: ColumnList::AllBut(none) } if none.is_empty() => {
            normal(&GrantedFact::Table {
                catalog: catalog.clone(),
                database: database.clone(),
                name: Some(table.clone()),
            })
        }
        GrantedFact::Table { catalog, database, name } => GrantedFact::Table {
            catalog: catalog.clone(),
            database: database.clone(),
            name: name.clone().filter(|name| name != "ALL_TABLES"),
        },
        GrantedFact::Expression { catalog, tables, conditions } => {
            let mut conditions: Vec<(String, BTreeSet<String>)> = conditions
                .iter()
                .map(|(key, values)| (key.to_lowercase(), values.iter().map(|value| value.to_lowercase()).collect()))
                .collect();
            conditions.sort();
            GrantedFact::Expression { catalog: catalog.clone(), tables: *tables, conditions }
        }
        GrantedFact::Tag { catalog, key, values } => GrantedFact::Tag {
            catalog: catalog.clone(),
            key: key.to_lowercase(),
            values: values.iter().map(|value| value.to_lowercase()).collect(),
        },
        GrantedFact::Columns { .. }
        | GrantedFact::Database { .. }
        | GrantedFact::Filter { .. }
        | GrantedFact::Location { .. }
        | GrantedFact::Other(_) => granted.clone(),
    }
}

/// Grants as they are listed, one for each principal and resource.
#[must_use]
pub fn merged(live: &[LiveGrant]) -> BTreeMap<GrantKey, Rights> {
    let mut merged: BTreeMap<GrantKey, Rights> = BTreeMap::new();
    for grant in live {
        let rights = merged.entry((grant.principal.clone(), normal(&grant.granted))).or_default();
        rights.permissions.extend(grant.permissions.iter().cloned());
        rights.grantable.extend(grant.grantable.iter().cloned());
        rights.conditions.extend(grant.condition.clone());
        rights.by = rights.by.take().max(grant.by.clone());
    }
    merged
}

/// What of a live account is the mesh's: what grants are compared on.
pub(super) struct Ours {
    databases: BTreeSet<(String, String)>,
    keys: BTreeSet<(String, String)>,
    locations: BTreeSet<(String, String)>,
    /// Administrators by account: they stand outside of all grants.
    administrators: BTreeSet<(String, String)>,
}

impl Ours {
    /// From the templates, and from the tags that were found on what they make: an expression over a foreign tag that somebody
    /// put on a table of the mesh opens it too.
    pub(super) fn of(facts: &Facts, accounts: &BTreeMap<String, AccountLive>) -> Self {
        let named = facts.databases.iter().map(|it| (it.catalog.clone(), it.name.clone()));
        let of_tables = facts.tables.iter().map(|it| (it.catalog.clone(), it.database.clone()));
        let mut keys: BTreeSet<(String, String)> =
            facts.tags.iter().map(|tag| (tag.catalog.clone(), tag.key.clone())).collect();
        for tagged in &facts.associations {
            keys.extend(tagged.tags.keys().map(|key| (tagged.target.catalog.clone(), key.clone())));
        }
        for (account, live) in accounts {
            for database in live.databases.values() {
                let of_database = database.tags.iter().flatten().flat_map(BTreeMap::keys);
                let tables = database.tables.iter().flatten().flat_map(BTreeMap::values);
                let tables = tables.filter_map(|table| table.tags.as_ref().ok()?.as_ref());
                let of_tables = tables
                    .flat_map(|tagging| tagging.table.keys().chain(tagging.columns.values().flat_map(BTreeMap::keys)));
                keys.extend(of_database.chain(of_tables).map(|key| (account.clone(), key.to_lowercase())));
            }
        }
        let administrators = facts.settings.iter();
        let administrators = administrators
            .flat_map(|settings| settings.admins.iter().map(|admin| (settings.account.clone(), admin.clone())));
        Self {
            databases: named.chain(of_tables).collect(),
            keys,
            locations: facts.locations.iter().map(|it| (it.catalog.clone(), it.arn.clone())).collect(),
            administrators: administrators.collect(),
        }
    }

    fn has(&self, granted: &GrantedFact) -> bool {
        let database = |catalog: &String, name: &String| self.databases.contains(&(catalog.clone(), name.clone()));
        match granted {
            GrantedFact::Database { catalog, name } => database(catalog, name),
            GrantedFact::Table { catalog, database: name, .. }
            | GrantedFact::Columns { catalog, database: name, .. }
            | GrantedFact::Filter { catalog, database: name, .. } => database(catalog, name),
            GrantedFact::Expression { catalog, conditions, .. } => {
                // an expression matches only what carries all of its keys
                conditions.iter().all(|(key, _)| self.keys.contains(&(catalog.clone(), key.clone())))
            }
            GrantedFact::Tag { catalog, key, .. } => self.keys.contains(&(catalog.clone(), key.clone())),
            GrantedFact::Location { catalog, arn } => self.locations.contains(&(catalog.clone(), arn.clone())),
            GrantedFact::Other(_) => false,
        }
    }
}

/// The outcome for one account: the check, the grants as facts for the evaluation, and how many were left out.
pub(super) struct Compared {
    pub(super) check: Check,
    pub(super) facts: Vec<GrantFact>,
    /// Grants of administrators, which stand outside of all grants.
    pub(super) administrators: usize,
    /// Grants on what is not the mesh's.
    pub(super) others: usize,
}

/// Compares the grants that an account made. `expected` are those of its templates.
pub(super) fn compare(account: &str, expected: &[&GrantFact], live: &AccountLive, ours: &Ours) -> Compared {
    let listed = match &live.grants {
        Ok(listed) => listed,
        Err(unread) => {
            let check = Check::not_checked(Subject::Grants, account, account, unread.of(""));
            let facts = expected.iter().map(|grant| (*grant).clone()).collect();
            return Compared { check, facts, administrators: 0, others: 0 };
        }
    };
    let found = merged(listed);
    let mut wanted: BTreeMap<GrantKey, &GrantFact> = BTreeMap::new();
    let mut unchecked = Vec::new();
    let mut facts = Vec::new();
    for grant in expected {
        let known = grant.principal.as_ref().filter(|_| !grant.granted.catalog().is_some_and(str::is_empty));
        match known {
            Some(principal) => drop(wanted.insert((principal.clone(), normal(&grant.granted)), grant)),
            // only AWS knows whom it is for
            None => facts.push((*grant).clone()),
        }
    }
    let (mut same, mut administrators, mut others) = (0, 0, 0);
    let mut differences = Vec::new();
    for (key, grant) in &wanted {
        let (principal, granted) = key;
        match found.get(key) {
            Some(rights) => {
                facts.push(fact(account, key, rights, grant.spot.clone()));
                match differs(grant, rights) {
                    None => same += 1,
                    Some(difference) => differences.push(difference_of(difference, grant, key, rights)),
                }
            }
            None => match live.unseen.get(granted).or_else(|| live.unseen.get(&grant.granted)) {
                Some(unread) => {
                    unchecked.push(unread.of(format!("{} to {principal}", granted_in_words(granted))));
                    facts.push((*grant).clone());
                }
                None => differences.push(Difference {
                    direction: Direction::Less,
                    what: format!("the grant on {} to {principal}", granted_in_words(granted)),
                    expected: Some(rights_in_words(&grant.permissions, &grant.grantable)),
                    actual: None,
                    by: None,
                    mend: grant_command(principal, granted, &grant.permissions, &grant.grantable),
                }),
            },
        }
    }
    for (key, rights) in found.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
        let (principal, granted) = key;
        if ours.administrators.contains(&(account.to_owned(), principal.clone())) {
            administrators += 1;
        } else if !ours.has(granted) {
            others += 1;
        } else {
            let spot = Spot {
                stack: StackId::new("outside", account),
                resource: format!("{principal} on {}", granted_in_words(granted)),
            };
            facts.push(fact(account, key, rights, spot));
            differences.push(Difference {
                direction: Direction::More,
                what: format!("a grant on {} to {principal}", granted_in_words(granted)),
                expected: None,
                actual: Some(actual(rights)),
                by: rights.by.clone(),
                mend: revoke_command(principal, granted, &rights.permissions, &rights.grantable),
            });
        }
    }
    let check = Check::new(Subject::Grants, account, account, same, differences, unchecked);
    Compared { check, facts, administrators, others }
}

/// Whether rights differ, and in which direction.
fn differs(grant: &GrantFact, rights: &Rights) -> Option<Direction> {
    let more = !rights.permissions.is_subset(&grant.permissions) || !rights.grantable.is_subset(&grant.grantable);
    let less = !grant.permissions.is_subset(&rights.permissions)
        || !grant.grantable.is_subset(&rights.grantable)
        || !rights.conditions.is_empty();
    match (more, less) {
        (false, false) => None,
        (true, false) => Some(Direction::More),
        (false, true) => Some(Direction::Less),
        (true, true) => Some(Direction::Other),
    }
}

fn difference_of(direction: Direction, grant: &GrantFact, key: &GrantKey, rights: &Rights) -> Difference {
    let (principal, granted) = key;
    let without = |from: &BTreeSet<String>, those: &BTreeSet<String>| from.difference(those).cloned().collect();
    let (extra, extra_grantable) =
        (without(&rights.permissions, &grant.permissions), without(&rights.grantable, &grant.grantable));
    let (missing, missing_grantable) =
        (without(&grant.permissions, &rights.permissions), without(&grant.grantable, &rights.grantable));
    let is_empty = |rights: &BTreeSet<String>| rights.is_empty();
    let revoke = (!is_empty(&extra) || !is_empty(&extra_grantable))
        .then(|| revoke_command(principal, granted, &extra, &extra_grantable))
        .flatten();
    let give = (!is_empty(&missing) || !is_empty(&missing_grantable))
        .then(|| grant_command(principal, granted, &missing, &missing_grantable))
        .flatten();
    let mend: Vec<String> = give.into_iter().chain(revoke).collect();
    Difference {
        direction,
        what: format!("the grant on {} to {principal}", granted_in_words(granted)),
        expected: Some(rights_in_words(&grant.permissions, &grant.grantable)),
        actual: Some(actual(rights)),
        by: rights.by.clone(),
        mend: (!mend.is_empty()).then(|| mend.join("\n")),
    }
}

fn fact(account: &str, key: &GrantKey, rights: &Rights, spot: Spot) -> GrantFact {
    let (principal, granted) = key;
    GrantFact {
        spot,
        account: account.to_owned(),
        principal: Some(principal.clone()),
        granted: granted.clone(),
        permissions: rights.permissions.clone(),
        grantable: rights.grantable.clone(),
    }
}

fn actual(rights: &Rights) -> String {
    let words = rights_in_words(&rights.permissions, &rights.grantable);
    match rights.conditions.is_empty() {
        true => words,
        false => {
            let conditions: Vec<&str> = rights.conditions.iter().map(String::as_str).collect();
            format!("{words}, only where {}", conditions.join(" and "))
        }
    }
}

fn rights_in_words(permissions: &BTreeSet<String>, grantable: &BTreeSet<String>) -> String {
    let list = |rights: &BTreeSet<String>| rights.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    match grantable.is_empty() {
        true => list(permissions),
        false => format!("{}, to be passed on: {}", list(permissions), list(grantable)),
    }
}
