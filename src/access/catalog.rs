//! Databases, tables and links with the tags that hold on them: a column's over its table's over its database's.

use super::evaluate::Grants;
use super::facts::{DatabaseFact, Facts, GrantFact, RoleFact, Spot, TableFact};
use super::model::{Missing, Principal, PrincipalKind, Table};
use super::reach::Reach;
use std::collections::{BTreeMap, BTreeSet};

/// Values by key.
pub(super) type Tags<'a> = BTreeMap<&'a str, &'a BTreeSet<String>>;

/// The effective tags of a table: its own over its database's, and of each column over that.
pub(super) struct Tagged<'a> {
    pub(super) table: &'a TableFact,
    pub(super) tags: Tags<'a>,
    pub(super) columns: Vec<(&'a str, Tags<'a>)>,
}

/// Databases, tables and links of all accounts, with effective tags.
pub(super) struct Catalog<'a> {
    databases: BTreeMap<(&'a str, &'a str), (Tags<'a>, Option<&'a Spot>)>,
    tables: BTreeMap<(&'a str, &'a str), Vec<Tagged<'a>>>,
    /// By account and target: the links, whatever their names.
    links: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a DatabaseFact>>,
}

impl<'a> Catalog<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let mut on_database: BTreeMap<(&str, &str), (Tags<'a>, Option<&'a Spot>)> = BTreeMap::new();
        let mut on_table: BTreeMap<(&str, &str, &str), Tags<'a>> = BTreeMap::new();
        let mut on_column: BTreeMap<(&str, &str, &str, &str), Tags<'a>> = BTreeMap::new();
        for association in &facts.associations {
            let target = &association.target;
            let (catalog, database) = (target.catalog.as_str(), target.database.as_str());
            let tags = association.tags.iter().map(|(key, values)| (key.as_str(), values));
            match &target.table {
                None => {
                    let entry = on_database.entry((catalog, database)).or_default();
                    entry.0.extend(tags);
                    entry.1 = Some(&association.spot);
                }
                Some(table) if target.columns.is_empty() => {
                    on_table.entry((catalog, database, table)).or_default().extend(tags);
                }
                Some(table) => {
                    for column in &target.columns {
                        on_column.entry((catalog, database, table, column)).or_default().extend(tags.clone());
                    }
                }
            }
        }
        let databases = facts
            .databases
            .iter()
            .filter(|database| database.target.is_none())
            .map(|database| {
                let key = (database.catalog.as_str(), database.name.as_str());
                (key, on_database.get(&key).cloned().unwrap_or_default())
            })
            .collect::<BTreeMap<_, _>>();
        let mut tables: BTreeMap<(&str, &str), Vec<Tagged<'a>>> = BTreeMap::new();
        for table in &facts.tables {
            let (catalog, database, name) = (table.catalog.as_str(), table.database.as_str(), table.name.as_str());
            let mut tags = databases.get(&(catalog, database)).map(|entry| entry.0.clone()).unwrap_or_default();
            tags.extend(on_table.get(&(catalog, database, name)).into_iter().flatten());
            let columns = table.columns.iter().map(|column| {
                let mut own = tags.clone();
                own.extend(on_column.get(&(catalog, database, name, column.as_str())).into_iter().flatten());
                (column.as_str(), own)
            });
            let columns = columns.collect();
            tables.entry((catalog, database)).or_default().push(Tagged { table, tags, columns });
        }
        let mut links: BTreeMap<(&str, &str, &str), Vec<&DatabaseFact>> = BTreeMap::new();
        for link in &facts.databases {
            if let Some((catalog, database)) = &link.target {
                links.entry((&link.catalog, catalog, database)).or_default().push(link);
            }
        }
        Self { databases, tables, links }
    }

    pub(super) fn principal(&self, role: &RoleFact, grants: &Grants<'_>) -> Principal {
        let mut tables = Vec::new();
        let mut missing = BTreeSet::new();
        for key in self.databases.keys() {
            for (table, legs) in self.reached(role, grants, *key, |_| true) {
                tables.extend(table);
                missing.extend(legs);
            }
        }
        let owner = role.spot.stack.owner().to_owned();
        Principal {
            principal: role.arn.clone(),
            kind: PrincipalKind::Role,
            owner,
            account: role.account.clone(),
            assumed_by: Vec::new(),
            tables,
            missing: missing.into_iter().collect(),
        }
    }

    /// One table as a role sees it; `None` where it sees nothing of it.
    pub(super) fn table(
        &self,
        role: &RoleFact,
        grants: &Grants<'_>,
        database: (&str, &str),
        name: &str,
    ) -> Option<Table> {
        let (database, _) = self.databases.get_key_value(&database)?;
        let found = self.reached(role, grants, *database, |table| table.name == name);
        found.into_iter().find_map(|(table, _)| table)
    }

    /// Tables of one database as a role sees them, and the legs that are missing.
    fn reached(
        &self,
        role: &RoleFact,
        grants: &Grants<'_>,
        key @ (catalog, database): (&'a str, &'a str),
        wanted: impl Fn(&TableFact) -> bool,
    ) -> Vec<(Option<Table>, Vec<Missing>)> {
        let Some((tags, tag_spot)) = self.databases.get(&key) else { return Vec::new() };
        let of = |principal: &str| grants.get(principal).map_or(&[][..], Vec::as_slice);
        // a receiving account may grant only to its own principals (Lake Formation guide, cross-account notes)
        let counts = |grant: &&&GrantFact| grant.account == role.account || grant.account == catalog;
        let local: Vec<&GrantFact> = of(&role.arn).iter().filter(counts).copied().collect();
        let links = self.links.get(&(role.account.as_str(), catalog, database)).map_or(&[][..], Vec::as_slice);
        let shared = of(&role.account);
        let reach = Reach { role, local: &local, shared, catalog, database, tags, tag_spot: *tag_spot, links };
        let tables = self.tables.get(&key).into_iter().flatten().filter(|tagged| wanted(tagged.table));
        tables.map(|tagged| reach.table(tagged)).collect()
    }
}
