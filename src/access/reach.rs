//! One role before one database: which legs there are, which are missing, which columns they open.

use super::catalog::{Tagged, Tags};
use super::facts::{DatabaseFact, GrantFact, GrantedFact, RoleFact, Spot};
use super::model::{Column, Leg, Missing, Table, Through};
use std::collections::BTreeSet;

/// One role before one database.
pub(super) struct Reach<'a> {
    pub(super) role: &'a RoleFact,
    /// Grants to the role, by its own account or by the catalog's.
    pub(super) local: &'a [&'a GrantFact],
    /// Grants to the role's account.
    pub(super) shared: &'a [&'a GrantFact],
    pub(super) catalog: &'a str,
    pub(super) database: &'a str,
    pub(super) tags: &'a Tags<'a>,
    pub(super) tag_spot: Option<&'a Spot>,
    pub(super) links: &'a [&'a DatabaseFact],
}

/// The legs to one database, with those that are missing.
#[derive(Default)]
struct Legs {
    through: BTreeSet<Through>,
    missing: Vec<(Leg, &'static str)>,
}

impl Legs {
    fn add(&mut self, leg: Leg, found: Option<&Spot>, reason: &'static str) {
        match found {
            Some(spot) => self.found(leg, spot),
            None => self.missing.push((leg, reason)),
        }
    }

    fn found(&mut self, leg: Leg, spot: &Spot) {
        self.through.insert(Through { leg, stack: spot.stack.to_string(), resource: spot.resource.clone() });
    }
}

impl Reach<'_> {
    /// The table as the role sees it, and the legs that are missing although some grant of the role speaks of the table.
    pub(super) fn table(&self, tagged: &Tagged<'_>) -> (Option<Table>, Vec<Missing>) {
        // each TABLE grant of the role, with the columns it opens
        let grants: Vec<(&GrantFact, Vec<bool>)> = self
            .local
            .iter()
            .filter(|grant| allows(&grant.permissions, "SELECT"))
            .filter_map(|grant| {
                let opened = self.opened(grant, tagged);
                opened.contains(&true).then_some((*grant, opened))
            })
            .collect();
        // a grant by name holds whatever tags there are
        let by_tag = grants.iter().any(|(grant, _)| self.expression(grant, true).is_some());
        let mut legs = if grants.is_empty() { self.without_tables() } else { self.legs(by_tag) };
        let mut visible = vec![false; tagged.columns.len()];
        let mut permissions = BTreeSet::new();
        for (grant, opened) in &grants {
            let Some(source) = self.source(grant) else {
                legs.add(Leg::AccountGrant, None, "the account does not hold the role's expression with grant option");
                continue;
            };
            if source.spot != grant.spot {
                legs.found(Leg::AccountGrant, &source.spot);
            }
            legs.found(Leg::LocalGrant, &grant.spot);
            permissions.extend(grant.permissions.iter().cloned());
            visible.iter_mut().zip(opened).for_each(|(visible, opened)| *visible |= opened);
        }
        let Legs { through, missing } = legs;
        // one expression that the account does not hold closes only what it alone opens
        let reached = visible.contains(&true) && missing.iter().all(|(leg, _)| *leg == Leg::AccountGrant);
        let name = &tagged.table.name;
        let missing = missing
            .into_iter()
            .map(|(leg, reason)| Missing { leg, reason: format!("{}.{name}: {reason}", self.database) })
            .collect();
        let columns = tagged.columns.iter().zip(&visible).map(|((name, tags), visible)| Column {
            name: (*name).to_owned(),
            classification: classification(tags),
            visible: *visible,
            rows: Vec::new(),
        });
        let table = reached.then(|| Table {
            catalog: self.catalog.to_owned(),
            database: self.database.to_owned(),
            table: name.clone(),
            product: product(&tagged.tags),
            permissions: permissions.into_iter().collect(),
            columns: columns.collect(),
            discovered: false,
            through: through.into_iter().collect(),
            copies: Vec::new(),
        });
        (table, missing)
    }

    /// The legs that all tables of the database share.
    fn legs(&self, by_tag: bool) -> Legs {
        let mut legs = Legs::default();
        // an expression without a condition on it would match without it
        if let Some(spot) = self.tag_spot.filter(|_| by_tag) {
            legs.found(Leg::DatabaseTag, spot);
        }
        if self.role.account != self.catalog {
            legs.add(Leg::Link, self.links.first().map(|link| &link.spot), "the account has no link to the database");
            let on_link = self.on_link();
            legs.add(Leg::LinkGrant, on_link.map(|grant| &grant.spot), "the role has no DESCRIBE on the link");
        }
        let on_database: Vec<&GrantFact> = self.on_database().collect();
        let passed_on = on_database.iter().find_map(|grant| Some((*grant, self.source(grant)?)));
        match (passed_on, on_database.first()) {
            (Some((grant, source)), _) => {
                legs.found(Leg::LocalDatabaseGrant, &grant.spot);
                if source.spot != grant.spot {
                    legs.found(Leg::AccountDatabaseGrant, &source.spot);
                }
            }
            (None, Some(_)) => {
                legs.add(Leg::AccountDatabaseGrant, None, "the account may not pass on DESCRIBE on the database")
            }
            (None, None) => legs.add(Leg::LocalDatabaseGrant, None, "the role has no DESCRIBE on the database"),
        }
        legs
    }

    /// What is missing where no grant opens a column, though the role may describe the database or the link to it.
    fn without_tables(&self) -> Legs {
        let mut legs = Legs::default();
        let spoken_of = self.on_link().is_some() || self.on_database().next().is_some();
        if spoken_of && self.tag_spot.is_none() {
            legs.add(Leg::DatabaseTag, None, "the database carries no tag, so no expression matches it");
        } else if spoken_of && !self.local.iter().any(|grant| self.speaks_of_tables(grant)) {
            legs.add(Leg::LocalGrant, None, "the role has no SELECT on the tables of the database");
        }
        legs
    }

    /// Whether a grant is on tables of this database, whatever classifications it asks for: a table of which it opens no
    /// column is no missing leg.
    fn speaks_of_tables(&self, grant: &GrantFact) -> bool {
        allows(&grant.permissions, "SELECT")
            && match &grant.granted {
                GrantedFact::Table { catalog, database, name: _ } => {
                    catalog == self.catalog && database == self.database
                }
                GrantedFact::Expression { .. }
                | GrantedFact::Database { .. }
                | GrantedFact::Location { .. }
                | GrantedFact::Other(_) => self.expression(grant, true).is_some_and(|conditions| {
                    let mut carried =
                        conditions.iter().filter(|(key, _)| self.tags.contains_key(key.as_str())).peekable();
                    carried.peek().is_some()
                        && carried.all(|condition| matches(std::slice::from_ref(condition), self.tags))
                }),
            }
    }

    /// Which columns of a table a grant opens: by their tags, or all of them where the table is named.
    fn opened(&self, grant: &GrantFact, tagged: &Tagged<'_>) -> Vec<bool> {
        let by_name = match &grant.granted {
            GrantedFact::Table { catalog, database, name } => {
                let named = name.as_ref().is_none_or(|name| *name == tagged.table.name);
                named && catalog == self.catalog && database == self.database
            }
            GrantedFact::Expression { .. }
            | GrantedFact::Database { .. }
            | GrantedFact::Location { .. }
            | GrantedFact::Other(_) => false,
        };
        let conditions = self.expression(grant, true).unwrap_or_default();
        tagged.columns.iter().map(|(_, tags)| by_name || matches(conditions, tags)).collect()
    }

    /// The conditions of a grant on tables (or databases) of this catalog.
    fn expression<'g>(&self, grant: &'g GrantFact, of_tables: bool) -> Option<&'g [(String, BTreeSet<String>)]> {
        match &grant.granted {
            GrantedFact::Expression { catalog, tables, conditions }
                if *tables == of_tables && catalog == self.catalog =>
            {
                Some(conditions)
            }
            GrantedFact::Expression { .. }
            | GrantedFact::Database { .. }
            | GrantedFact::Table { .. }
            | GrantedFact::Location { .. }
            | GrantedFact::Other(_) => None,
        }
    }

    /// The role's grants that let it describe the database itself, by its tags or by its name.
    fn on_database(&self) -> impl Iterator<Item = &GrantFact> {
        let named = GrantedFact::Database { catalog: self.catalog.to_owned(), name: self.database.to_owned() };
        self.local.iter().copied().filter(move |grant| {
            allows(&grant.permissions, "DESCRIBE")
                && (grant.granted == named
                    || self.expression(grant, false).is_some_and(|conditions| matches(conditions, self.tags)))
        })
    }

    /// The role's grant that lets it describe a link of its account to the database.
    fn on_link(&self) -> Option<&GrantFact> {
        self.links.iter().find_map(|link| {
            let on_link = GrantedFact::Database { catalog: self.role.account.clone(), name: link.name.clone() };
            let describes = |grant: &&&GrantFact| grant.granted == on_link && allows(&grant.permissions, "DESCRIBE");
            self.local.iter().find(describes).copied()
        })
    }

    /// The grant of the catalog's own account that stands behind a role's grant: that grant itself, or the one by which the
    /// role's account received the same with grant option (cascade rule 1).
    fn source<'g>(&'g self, grant: &'g GrantFact) -> Option<&'g GrantFact> {
        if grant.account == self.catalog {
            return Some(grant);
        }
        let passed_on = |shared: &&&GrantFact| {
            shared.account == self.catalog
                && same(&shared.granted, &grant.granted)
                && grant.permissions.iter().all(|permission| allows(&shared.grantable, permission))
        };
        self.shared.iter().find(passed_on).copied()
    }
}

/// Whether some permissions include one; `ALL` is every permission that the resource has.
fn allows(permissions: &BTreeSet<String>, permission: &str) -> bool {
    permissions.contains(permission) || permissions.contains("ALL")
}

/// Whether two grants are on the same. The order of conditions means nothing here, since AWS does not say that it does
/// for "exactly the same" policy; the check `expression-mismatch` insists on the same order all the same.
fn same(left: &GrantedFact, right: &GrantedFact) -> bool {
    match (left, right) {
        (
            GrantedFact::Expression { catalog, tables, conditions },
            GrantedFact::Expression { catalog: other_catalog, tables: other_tables, conditions: other_conditions },
        ) => {
            let sorted = |conditions: &[(String, BTreeSet<String>)]| {
                let mut conditions = conditions.to_vec();
                conditions.sort();
                conditions
            };
            catalog == other_catalog && tables == other_tables && sorted(conditions) == sorted(other_conditions)
        }
        (
            GrantedFact::Expression { .. }
            | GrantedFact::Database { .. }
            | GrantedFact::Table { .. }
            | GrantedFact::Location { .. }
            | GrantedFact::Other(_),
            _,
        ) => left == right,
    }
}

/// All conditions must hold; of each, one value. No condition is no match.
fn matches(conditions: &[(String, BTreeSet<String>)], tags: &Tags<'_>) -> bool {
    !conditions.is_empty()
        && conditions
            .iter()
            .all(|(key, values)| tags.get(key.as_str()).is_some_and(|carried| !carried.is_disjoint(values)))
}

/// The value of the tag whose key ends in `/classification`.
fn classification(tags: &Tags<'_>) -> Option<String> {
    let (_, values) = tags.iter().find(|(key, _)| key.ends_with("/classification"))?;
    values.iter().next().cloned()
}

/// The value of the other tag: a domain's tag has its products as values.
fn product(tags: &Tags<'_>) -> String {
    let of_domain = tags.iter().find(|(key, _)| !key.ends_with("/classification"));
    of_domain.and_then(|(_, values)| values.iter().next().cloned()).unwrap_or_default()
}
