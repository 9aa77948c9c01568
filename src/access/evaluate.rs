//! From facts to sight.

use super::facts::{DatabaseFact, Facts, GrantFact, GrantedFact, RoleFact, Spot, TableFact};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Who can see what. The format is versioned and documented by `docs/schemas/access.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Access {
    /// Version of the format, 1.
    pub version: u32,
    /// Every role that could query, by ARN.
    pub principals: Vec<Principal>,
    /// Who stands outside all grants: Lake Formation admins can grant themselves anything.
    pub administrators: Vec<Administrator>,
    /// What this version does not evaluate: grants on other resources, and the planes besides Lake Formation.
    pub unknown: Vec<String>,
}

/// A role and what it sees.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Principal {
    /// ARN of the role.
    pub principal: String,
    /// Always `role` for now.
    pub kind: &'static str,
    /// Owner of its account.
    pub owner: String,
    /// Its account.
    pub account: String,
    /// The tables of which it sees a column.
    pub tables: Vec<Table>,
    /// What keeps it from tables that some grant of its own speaks of.
    pub missing: Vec<Missing>,
}

/// A table and its visible columns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Table {
    /// The account whose catalog holds it.
    pub catalog: String,
    /// Its database.
    pub database: String,
    /// Its name.
    pub table: String,
    /// Its product, by the database's tag.
    pub product: String,
    /// The role's rights on it.
    pub permissions: Vec<String>,
    /// All its columns.
    pub columns: Vec<Column>,
    /// The chain: one entry for each leg and resource.
    pub through: Vec<Through>,
    /// Copies of the data outside the table; not evaluated yet.
    pub copies: Vec<String>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The effective value of the classification tag.
    pub classification: Option<String>,
    /// Whether the role sees it.
    pub visible: bool,
}

/// A leg of the chain from a role to a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// The database's tag says which product it is.
    DatabaseTag,
    /// The grant on the tables to the subscriber's account, with grant option.
    AccountGrant,
    /// The grant on the database to the subscriber's account, with grant option.
    AccountDatabaseGrant,
    /// The grant on the tables to the role.
    LocalGrant,
    /// The grant on the database to the role.
    LocalDatabaseGrant,
    /// The link to the database.
    Link,
    /// DESCRIBE on the link for the role.
    LinkGrant,
}

/// A resource by which a role reaches a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Through {
    /// Which leg.
    pub leg: Leg,
    /// The stack.
    pub stack: String,
    /// The resource's logical id.
    pub resource: String,
}

/// A leg that is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Missing {
    /// Which leg.
    pub leg: Leg,
    /// For which table, and why.
    pub reason: String,
}

/// A Lake Formation admin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Administrator {
    /// Its ARN.
    pub principal: String,
    /// The account it administers.
    pub account: String,
}

/// Evaluates who can see what. Pure; sorted by ARN, database and table.
#[must_use]
pub fn evaluate(facts: &Facts) -> Access {
    let catalog = Catalog::of(facts);
    let grants = by_principal(facts);
    let mut principals: Vec<Principal> = facts
        .roles
        .iter()
        .filter(|role| queries(role) || grants.contains_key(role.arn.as_str()))
        .map(|role| catalog.principal(role, &grants))
        .collect();
    principals.sort_by(|left, right| left.principal.cmp(&right.principal));
    let administrators: BTreeSet<Administrator> = facts
        .settings
        .iter()
        .flat_map(|settings| {
            let account = &settings.account;
            settings
                .admins
                .iter()
                .map(move |admin| Administrator { principal: admin.clone(), account: account.clone() })
        })
        .collect();
    let mut unknown: Vec<String> = vec![
        "IAM, key policies, bucket policies and who may assume a role are not evaluated yet".to_owned(),
        "templates were read, not a live account: rights granted outside them are not seen".to_owned(),
    ];
    unknown.extend(facts.grants.iter().filter_map(|grant| match &grant.granted {
        GrantedFact::Other(kind) => Some(format!(
            "grant {} of {} is on {kind}, which is not evaluated yet",
            grant.spot.resource, grant.spot.stack
        )),
        GrantedFact::Database { .. } | GrantedFact::Expression { .. } => None,
    }));
    Access { version: 1, principals, administrators: administrators.into_iter().collect(), unknown }
}

/// A role that may fetch data from Lake Formation may see something, now or after a grant.
fn queries(role: &RoleFact) -> bool {
    role.statements.iter().any(|statement| {
        let action = &statement["Action"];
        let named = |value: &serde_json::Value| value == "lakeformation:GetDataAccess";
        named(action) || action.as_array().is_some_and(|actions| actions.iter().any(named))
    })
}

type Grants<'a> = BTreeMap<&'a str, Vec<&'a GrantFact>>;

fn by_principal(facts: &Facts) -> Grants<'_> {
    let mut grants: Grants<'_> = BTreeMap::new();
    for grant in &facts.grants {
        if let Some(principal) = &grant.principal {
            grants.entry(principal).or_default().push(grant);
        }
    }
    grants
}

/// The effective tags of a table: its own over its database's, and of each column over that.
struct Tagged<'a> {
    table: &'a TableFact,
    tags: BTreeMap<&'a str, &'a BTreeSet<String>>,
    columns: Vec<(&'a str, BTreeMap<&'a str, &'a BTreeSet<String>>)>,
}

/// Databases, tables and links of all accounts, with effective tags.
struct Catalog<'a> {
    databases: BTreeMap<(&'a str, &'a str), (BTreeMap<&'a str, &'a BTreeSet<String>>, Option<&'a Spot>)>,
    tables: BTreeMap<(&'a str, &'a str), Vec<Tagged<'a>>>,
    /// By account and target: the link.
    links: BTreeMap<(&'a str, &'a str, &'a str), &'a DatabaseFact>,
}

impl<'a> Catalog<'a> {
    fn of(facts: &'a Facts) -> Self {
        type Tags<'a> = BTreeMap<&'a str, &'a BTreeSet<String>>;
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
        let links = facts.databases.iter().filter_map(|link| {
            let (catalog, database) = link.target.as_ref()?;
            Some(((link.catalog.as_str(), catalog.as_str(), database.as_str()), link))
        });
        Self { links: links.collect(), databases, tables }
    }

    fn principal(&self, role: &RoleFact, grants: &Grants<'_>) -> Principal {
        let none = Vec::new();
        let local = grants.get(role.arn.as_str()).unwrap_or(&none);
        let shared = grants.get(role.account.as_str()).unwrap_or(&none);
        let mut tables = Vec::new();
        let mut missing = BTreeSet::new();
        for (key @ (catalog, database), (tags, spot)) in &self.databases {
            let reach = Reach {
                role,
                local,
                shared,
                catalog,
                database,
                tags,
                link: self.links.get(&(role.account.as_str(), catalog, database)),
            };
            for tagged in self.tables.get(key).into_iter().flatten() {
                match reach.table(tagged, *spot) {
                    Some(Ok(table)) => tables.push(table),
                    Some(Err(legs)) => missing.extend(legs),
                    None => {}
                }
            }
        }
        let owner = role.spot.stack.owner().to_owned();
        Principal {
            principal: role.arn.clone(),
            kind: "role",
            owner,
            account: role.account.clone(),
            tables,
            missing: missing.into_iter().collect(),
        }
    }
}

/// One role before one database.
struct Reach<'a> {
    role: &'a RoleFact,
    local: &'a [&'a GrantFact],
    shared: &'a [&'a GrantFact],
    catalog: &'a str,
    database: &'a str,
    tags: &'a BTreeMap<&'a str, &'a BTreeSet<String>>,
    link: Option<&'a &'a DatabaseFact>,
}

impl Reach<'_> {
    /// The table as the role sees it; the legs that are missing; or nothing, where no grant of the role speaks of it.
    fn table(&self, tagged: &Tagged<'_>, tag_spot: Option<&Spot>) -> Option<Result<Table, Vec<Missing>>> {
        // each TABLE grant of the role, with the columns it opens
        let grants: Vec<(&GrantFact, Vec<bool>)> = self
            .local
            .iter()
            .filter(|grant| grant.permissions.contains("SELECT"))
            .filter_map(|grant| {
                let conditions = self.expression(grant, true)?;
                let opened: Vec<bool> = tagged.columns.iter().map(|(_, tags)| matches(conditions, tags)).collect();
                opened.contains(&true).then_some((*grant, opened))
            })
            .collect();
        if grants.is_empty() {
            return None;
        }
        let mut through = BTreeSet::new();
        let mut missing = Vec::new();
        let mut leg = |leg: Leg, found: Option<&Spot>, reason: &str| match found {
            Some(spot) => {
                through.insert(Through { leg, stack: spot.stack.to_string(), resource: spot.resource.clone() });
            }
            None => missing.push(Missing { leg, reason: format!("{}.{}: {reason}", self.database, tagged.table.name) }),
        };
        leg(Leg::DatabaseTag, tag_spot, "the database carries no tag");
        let foreign = self.role.account != self.catalog;
        if foreign {
            leg(Leg::Link, self.link.map(|link| &link.spot), "the account has no link to the database");
            let on_link = self.link.and_then(|link| self.local.iter().find(|grant| self.describes_link(grant, link)));
            leg(Leg::LinkGrant, on_link.map(|grant| &grant.spot), "the role has no DESCRIBE on the link");
        }
        let on_database = |grant: &&&GrantFact| {
            grant.permissions.contains("DESCRIBE")
                && self.expression(grant, false).is_some_and(|conditions| matches(conditions, self.tags))
        };
        let database = self.local.iter().find(on_database);
        leg(Leg::LocalDatabaseGrant, database.map(|grant| &grant.spot), "the role has no DESCRIBE on the database");
        if foreign {
            let passed_on = database.and_then(|grant| self.received(grant));
            leg(
                Leg::AccountDatabaseGrant,
                passed_on.map(|grant| &grant.spot),
                "the account may not pass on DESCRIBE on the database",
            );
        }
        let mut visible = vec![false; tagged.columns.len()];
        let mut permissions = BTreeSet::new();
        let mut held = false;
        for (grant, opened) in &grants {
            let received = if foreign { self.received(grant) } else { Some(*grant) };
            let Some(received) = received else { continue };
            held = true;
            if foreign {
                leg(Leg::AccountGrant, Some(&received.spot), "");
            }
            leg(Leg::LocalGrant, Some(&grant.spot), "");
            permissions.extend(grant.permissions.iter().cloned());
            visible.iter_mut().zip(opened).for_each(|(visible, opened)| *visible |= opened);
        }
        if !held {
            leg(Leg::AccountGrant, None, "the account does not hold the role's expression with grant option");
        }
        if !missing.is_empty() {
            return Some(Err(missing));
        }
        let columns = tagged.columns.iter().zip(&visible).map(|((name, tags), visible)| Column {
            name: (*name).to_owned(),
            classification: classification(tags),
            visible: *visible,
        });
        Some(Ok(Table {
            catalog: self.catalog.to_owned(),
            database: self.database.to_owned(),
            table: tagged.table.name.clone(),
            product: product(&tagged.tags),
            permissions: permissions.into_iter().collect(),
            columns: columns.collect(),
            through: through.into_iter().collect(),
            copies: Vec::new(),
        }))
    }

    /// The conditions of a grant on tables (or databases) of this catalog.
    fn expression<'g>(&self, grant: &'g GrantFact, of_tables: bool) -> Option<&'g [(String, BTreeSet<String>)]> {
        match &grant.granted {
            GrantedFact::Expression { catalog, tables, conditions }
                if *tables == of_tables && catalog == self.catalog =>
            {
                Some(conditions)
            }
            GrantedFact::Expression { .. } | GrantedFact::Database { .. } | GrantedFact::Other(_) => None,
        }
    }

    fn describes_link(&self, grant: &GrantFact, link: &DatabaseFact) -> bool {
        let on_link = GrantedFact::Database { catalog: self.role.account.clone(), name: link.name.clone() };
        grant.granted == on_link && grant.permissions.contains("DESCRIBE")
    }

    /// The account's grant that allows a local one: the identical expression, with grant option (cascade rule 1).
    fn received(&self, local: &GrantFact) -> Option<&GrantFact> {
        let allows = |shared: &&&GrantFact| {
            shared.account == self.catalog
                && shared.granted == local.granted
                && shared.grantable.is_superset(&local.permissions)
        };
        self.shared.iter().find(allows).copied()
    }
}

/// All conditions must hold; of each, one value.
fn matches(conditions: &[(String, BTreeSet<String>)], tags: &BTreeMap<&str, &BTreeSet<String>>) -> bool {
    !conditions.is_empty()
        && conditions.iter().all(|(key, values)| {
            tags.get(key.as_str()).is_some_and(|carried| carried.iter().any(|value| values.contains(value)))
        })
}

/// The value of the tag whose key ends in `/classification`.
fn classification(tags: &BTreeMap<&str, &BTreeSet<String>>) -> Option<String> {
    let (_, values) = tags.iter().find(|(key, _)| key.ends_with("/classification"))?;
    values.iter().next().cloned()
}

/// The value of the other tag: a domain's tag has its products as values.
fn product(tags: &BTreeMap<&str, &BTreeSet<String>>) -> String {
    let of_domain = tags.iter().find(|(key, _)| !key.ends_with("/classification"));
    of_domain.and_then(|(_, values)| values.iter().next().cloned()).unwrap_or_default()
}
