//! What a grant opens: which columns of which tables, with which rights, through which grant to the account.
//!
//! A grant that the catalog's account made counts as it is. One that a receiving account made to a principal of its own
//! counts only as far as the account may pass on what it received (Lake Formation guide, "Permission cascading rules"):
//!
//! 1. The account holds the identical LF-Tag policy, or the same named resource, with grant option; permission by permission.
//! 2. The account holds DESCRIBE on every tag value of the policy, and the policy is not identical to one that it holds
//!    ("Cascading cross-account permissions": the grant fails where it is). Then it opens at most what the account holds: what the policy
//!    gives after the reduction of a partial match, each right as far as the account holds it, ALL as far as it holds any.
//!
//! Nobody passes on what another account passed on ("Cross-account data sharing best practices and considerations").

use super::catalog::Catalog;
use super::expressions::{Expressions, Match};
use super::facts::Spot;
use super::granted::{GrantFact, GrantedFact};
use super::model::PrincipalKind;
use super::principal::identify;
use std::collections::{BTreeMap, BTreeSet};

/// Columns of a table that a grant opens.
#[derive(Debug, Clone)]
pub(super) struct Opening<'a> {
    /// The table's number.
    pub(super) table: usize,
    pub(super) columns: Vec<bool>,
    /// Whether a column that nobody has thought of would be open.
    pub(super) discovered: bool,
    /// The rights, after the reduction of a partial match.
    pub(super) permissions: BTreeSet<&'a str>,
    /// Only the rows that this expression lets through.
    pub(super) rows: Option<&'a str>,
    pub(super) grant: &'a GrantFact,
    /// The grants to the account that stand behind it.
    pub(super) sources: Vec<&'a Spot>,
    /// The filter that it is on.
    pub(super) filter: Option<&'a Spot>,
}

impl Opening<'_> {
    /// Whether it lets read.
    pub(super) fn reads(&self) -> bool {
        self.permissions.contains("SELECT") || self.permissions.contains("ALL")
    }

    /// Whether it lets read a column that there is.
    pub(super) fn shows(&self) -> bool {
        self.reads() && self.columns.contains(&true)
    }

    fn gives(&self, permission: &str) -> bool {
        self.permissions.contains(permission) || self.permissions.contains("ALL")
    }
}

/// Grants by principal.
pub(super) type Grants<'a> = BTreeMap<&'a str, Vec<&'a GrantFact>>;

/// What is known of all grants.
pub(super) struct Granting<'c, 'a> {
    pub(super) catalog: &'c Catalog<'a>,
    pub(super) expressions: &'c Expressions,
    pub(super) grants: &'c Grants<'a>,
}

/// Whether some permissions include one; `ALL` is every permission that the resource has.
pub(super) fn allows(permissions: &BTreeSet<String>, permission: &str) -> bool {
    permissions.contains(permission) || permissions.contains("ALL")
}

impl<'a> Granting<'_, 'a> {
    /// The grants that an account received from the owner of a catalog.
    pub(super) fn received(&self, account: &str, catalog: &str) -> impl Iterator<Item = &'a GrantFact> {
        let held = self.grants.get(account).map_or(&[][..], Vec::as_slice);
        held.iter().copied().filter(move |grant| grant.account == catalog)
    }

    /// What a grant opens.
    pub(super) fn openings(&self, grant: &'a GrantFact) -> Vec<Opening<'a>> {
        let Some(catalog) = grant.granted.catalog() else { return Vec::new() };
        let mut openings = Vec::new();
        for (mut matched, rows, filter) in self.matched(&grant.granted) {
            if grant.account == catalog {
                let permissions = grant.permissions.iter().map(String::as_str);
                openings.push(opening(grant, &matched, rows, filter, permissions, Vec::new()));
                continue;
            }
            let passed = self.passed_on(grant, matched.table);
            if !passed.is_empty() {
                matched.discovered = matched.discovered && self.passes_on_unheard_of(grant, matched.table);
                let sources: BTreeSet<&Spot> = passed.values().copied().collect();
                let sources = sources.into_iter().collect();
                openings.push(opening(grant, &matched, rows, filter, passed.into_keys(), sources));
            }
        }
        if grant.account != catalog {
            openings.extend(self.cascaded(grant));
        }
        openings
    }

    /// What a grant speaks of, whoever made it: the columns, the rows, the filter.
    pub(super) fn matched(&self, granted: &'a GrantedFact) -> Vec<(Match, Option<&'a str>, Option<&'a Spot>)> {
        let listed = |table: usize, has: &dyn Fn(&str) -> bool, discovered: bool| {
            let columns: Vec<bool> = self.catalog.tables[table].columns.iter().map(|(name, _)| has(name)).collect();
            let whole = !columns.contains(&false);
            Match { table, columns, discovered, whole }
        };
        match granted {
            GrantedFact::Expression { .. } => {
                let number = self.expressions.number(granted);
                let matches = number.map_or(&[][..], |number| self.expressions.tables(number));
                let copied = |found: &Match| Match { columns: found.columns.clone(), ..*found };
                matches.iter().map(|found| (copied(found), None, None)).collect()
            }
            GrantedFact::Table { catalog, database, name } => {
                let tables = match name {
                    Some(name) => self.catalog.named(catalog, database, name),
                    None => {
                        let base = self.catalog.database(catalog, database);
                        base.map_or(&[][..], |base| &self.catalog.bases[base].tables)
                    }
                };
                tables.iter().map(|table| (listed(*table, &|_| true, true), None, None)).collect()
            }
            GrantedFact::Columns { catalog, database, table, columns } => {
                let tables = self.catalog.named(catalog, database, table).iter();
                let has = |column: &str| columns.has(column);
                tables.map(|table| (listed(*table, &has, columns.has_unheard_of()), None, None)).collect()
            }
            GrantedFact::Filter { catalog, database, table, name } => {
                let Some(filter) = self.catalog.filter(catalog, database, table, name) else { return Vec::new() };
                let has = |column: &str| filter.columns.has(column);
                let tables = self.catalog.named(catalog, database, table).iter();
                tables
                    .map(|table| {
                        let found = listed(*table, &has, filter.columns.has_unheard_of());
                        (found, filter.rows.as_deref(), Some(&filter.spot))
                    })
                    .collect()
            }
            GrantedFact::Database { .. }
            | GrantedFact::Tag { .. }
            | GrantedFact::Location { .. }
            | GrantedFact::Other(_) => Vec::new(),
        }
    }

    /// The permissions of a grant that its account may pass on by rule 1, each with the grant to the account behind it.
    /// `table` is the table of which columns are asked for.
    pub(super) fn passed_on(&self, grant: &'a GrantFact, table: usize) -> BTreeMap<&'a str, &'a Spot> {
        let catalog = grant.granted.catalog().unwrap_or_default();
        let mut passed = BTreeMap::new();
        for source in self.received(&grant.account, catalog).filter(|source| self.covers(source, grant, table)) {
            for permission in &grant.permissions {
                if allows(&source.grantable, permission) && source.granted.takes(permission) {
                    passed.entry(permission.as_str()).or_insert(&source.spot);
                }
            }
        }
        passed
    }

    /// Whether the account may pass on a column that nobody has thought of, where the grant is on such: a list of columns
    /// that it received holds none ("will have visibility only on the columns granted to the external account", Lake
    /// Formation guide, "Notes and restrictions for column-level filtering").
    fn passes_on_unheard_of(&self, grant: &GrantFact, table: usize) -> bool {
        let catalog = grant.granted.catalog().unwrap_or_default();
        let mut sources = self.received(&grant.account, catalog).filter(|source| self.covers(source, grant, table));
        sources.any(|source| allows(&source.grantable, "SELECT") && source.granted.has_unheard_of())
    }

    /// Whether what an account received is what it grants further.
    fn covers(&self, received: &GrantFact, grant: &GrantFact, table: usize) -> bool {
        match (&grant.granted, &received.granted) {
            (GrantedFact::Expression { .. }, GrantedFact::Expression { .. }) => {
                self.expressions.number(&grant.granted) == self.expressions.number(&received.granted)
            }
            (GrantedFact::Database { .. }, GrantedFact::Database { .. }) => grant.granted == received.granted,
            (
                GrantedFact::Table { database, name: table, .. },
                GrantedFact::Table { database: held_database, name: held, .. },
            ) => database == held_database && (held.is_none() || held == table),
            (
                GrantedFact::Columns { database, table: name, .. } | GrantedFact::Filter { database, table: name, .. },
                GrantedFact::Table { database: held_database, name: held, .. },
            ) => database == held_database && held.as_ref().is_none_or(|held| held == name),
            (
                GrantedFact::Columns { database, table: name, columns, .. },
                GrantedFact::Columns { database: held_database, table: held_name, columns: held, .. },
            ) => {
                let asked = self.catalog.tables[table].columns.iter().filter(|(column, _)| columns.has(column));
                database == held_database && name == held_name && asked.into_iter().all(|(column, _)| held.has(column))
            }
            (GrantedFact::Filter { .. }, GrantedFact::Filter { .. }) => grant.granted == received.granted,
            (
                GrantedFact::Expression { .. }
                | GrantedFact::Database { .. }
                | GrantedFact::Table { .. }
                | GrantedFact::Columns { .. }
                | GrantedFact::Filter { .. }
                | GrantedFact::Tag { .. }
                | GrantedFact::Location { .. }
                | GrantedFact::Other(_),
                _,
            ) => false,
        }
    }

    /// The grants by which an account may describe every tag value of an expression, where rule 2 applies.
    pub(super) fn described(&self, grant: &'a GrantFact) -> Option<Vec<&'a Spot>> {
        let GrantedFact::Expression { catalog, conditions, .. } = &grant.granted else { return None };
        let received: Vec<&'a GrantFact> = self.received(&grant.account, catalog).collect();
        let number = self.expressions.number(&grant.granted);
        if conditions.is_empty() || received.iter().any(|held| self.expressions.number(&held.granted) == number) {
            return None;
        }
        let mut spots = BTreeSet::new();
        for (key, value) in conditions.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value))) {
            let tag = received.iter().find(|held| match &held.granted {
                GrantedFact::Tag { key: held_key, values, .. } => {
                    key == held_key
                        && (values.contains(value) || values.contains("*"))
                        && allows(&held.permissions, "DESCRIBE")
                }
                GrantedFact::Expression { .. }
                | GrantedFact::Database { .. }
                | GrantedFact::Table { .. }
                | GrantedFact::Columns { .. }
                | GrantedFact::Filter { .. }
                | GrantedFact::Location { .. }
                | GrantedFact::Other(_) => false,
            });
            spots.insert(&tag?.spot);
        }
        Some(spots.into_iter().collect())
    }

    /// What a grant opens by rule 2: of what it matches, what the account itself holds with the same permission.
    fn cascaded(&self, grant: &'a GrantFact) -> Vec<Opening<'a>> {
        let Some(tags) = self.described(grant) else { return Vec::new() };
        let catalog = grant.granted.catalog().unwrap_or_default();
        let matched = self.matched(&grant.granted);
        if matched.is_empty() {
            return Vec::new();
        }
        let held: Vec<Opening<'a>> =
            self.received(&grant.account, catalog).flat_map(|received| self.openings(received)).collect();
        let mut openings = Vec::new();
        for (found, _, _) in &matched {
            let asked = effective(grant, found.whole, grant.permissions.iter().map(String::as_str));
            let of_table: Vec<&Opening<'a>> = held.iter().filter(|held| held.table == found.table).collect();
            // who holds ALL holds it on every column
            let holds_all = of_table.iter().any(|held| held.permissions.contains("ALL"));
            for (held, permission) in of_table.iter().flat_map(|held| asked.iter().map(move |asked| (held, *asked))) {
                let both = found.columns.iter().zip(&held.columns).map(|(left, right)| *left && *right);
                let mut columns: Vec<bool> = both.collect();
                let permissions = if held.gives(permission) {
                    BTreeSet::from([permission])
                } else if permission == "ALL" {
                    // ALL is what the account holds, where that is less; elsewhere only a column to come is left to it
                    columns.iter_mut().for_each(|column| *column &= !holds_all);
                    held.permissions.clone()
                } else {
                    continue;
                };
                openings.push(Opening {
                    table: found.table,
                    columns,
                    discovered: found.discovered && held.discovered,
                    permissions,
                    rows: held.rows,
                    grant,
                    sources: tags.iter().copied().chain([&held.grant.spot]).collect(),
                    filter: held.filter,
                });
            }
        }
        openings
    }

    /// Whether a grant is on a database, by its name or by its tags, and would let describe it; or is on all its tables, which
    /// implies DESCRIBE for roles and users of the catalog's own account, whatever the rights (Lake Formation guide, "Granting
    /// permissions on Data Catalog resources").
    pub(super) fn is_on_database(&self, grant: &GrantFact, base: usize) -> bool {
        let database = &self.catalog.bases[base];
        let describes = allows(&grant.permissions, "DESCRIBE");
        match &grant.granted {
            GrantedFact::Database { catalog, name } => {
                describes && catalog == database.catalog && name == database.name
            }
            GrantedFact::Expression { tables: false, .. } => {
                let number = self.expressions.number(&grant.granted).filter(|_| describes);
                number.is_some_and(|number| self.expressions.bases(number).contains(&base))
            }
            GrantedFact::Table { catalog, database: name, name: None } => {
                let identifier = grant.principal.as_deref().map(identify);
                let at_home = identifier.filter(|found| found.account == Some(database.catalog));
                let kind = at_home.map(|identifier| identifier.kind);
                catalog == database.catalog
                    && name == database.name
                    && grant.account == *catalog
                    && matches!(kind, Some(PrincipalKind::Role | PrincipalKind::User))
            }
            GrantedFact::Expression { .. }
            | GrantedFact::Table { .. }
            | GrantedFact::Columns { .. }
            | GrantedFact::Filter { .. }
            | GrantedFact::Tag { .. }
            | GrantedFact::Location { .. }
            | GrantedFact::Other(_) => false,
        }
    }

    /// The grants to the account by which a grant on a database is valid; `None` where it is not.
    pub(super) fn behind_database(&self, grant: &'a GrantFact, base: usize) -> Option<Vec<&'a Spot>> {
        let catalog = self.catalog.bases[base].catalog;
        if grant.account == catalog {
            return Some(Vec::new());
        }
        let passed = self.passed_on(grant, 0);
        if let Some(source) = passed.get("DESCRIBE").or_else(|| passed.get("ALL")) {
            return Some(vec![*source]);
        }
        let tags = self.described(grant)?;
        let mut received = self.received(&grant.account, catalog);
        let held = received.find(|held| self.is_on_database(held, base))?;
        Some(tags.into_iter().chain([&held.spot]).collect())
    }
}

fn opening<'a>(
    grant: &'a GrantFact,
    matched: &Match,
    rows: Option<&'a str>,
    filter: Option<&'a Spot>,
    permissions: impl Iterator<Item = &'a str>,
    sources: Vec<&'a Spot>,
) -> Opening<'a> {
    let permissions = effective(grant, matched.whole, permissions);
    let (table, columns, discovered) = (matched.table, matched.columns.clone(), matched.discovered);
    Opening { table, columns, discovered, permissions, rows, grant, sources, filter }
}

/// The permissions that count on what is granted, after the reduction of a partial match.
fn effective<'a>(grant: &GrantFact, whole: bool, permissions: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let permissions = permissions.filter(|permission| grant.granted.takes(permission));
    let by_tags = matches!(grant.granted, GrantedFact::Expression { .. });
    match by_tags && !whole {
        true => permissions.flat_map(reduced).copied().collect(),
        false => permissions.collect(),
    }
}

/// What is left of a permission where an expression matches some of a table's columns only (Lake Formation guide,
/// "Lake Formation tag-based access control notes and restrictions").
fn reduced(permission: &str) -> &'static [&'static str] {
    match permission {
        "SELECT" => &["SELECT"],
        "ALL" => &["DESCRIBE", "SELECT"],
        "DESCRIBE" | "ALTER" | "DROP" | "INSERT" | "DELETE" => &["DESCRIBE"],
        _ => &[],
    }
}
