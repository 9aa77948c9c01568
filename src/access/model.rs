//! Who can see what, as it is told.

use schemars::JsonSchema;
use serde::Serialize;

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
    /// Copies of the data outside the table: the data sets that QuickSight keeps in SPICE. Others are not evaluated yet.
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
