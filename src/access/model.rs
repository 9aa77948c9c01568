//! Who can see what, as it is told.

use crate::assembly::pretty;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

/// Who can see what. The format is versioned and documented by `docs/schemas/access.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Access {
    /// Version of the format, 1.
    pub version: u32,
    /// Every principal that could query, by ARN.
    pub principals: Vec<Principal>,
    /// Who stands outside all grants: Lake Formation admins can grant themselves anything.
    pub administrators: Vec<Administrator>,
    /// What could not be evaluated, and why: values that only AWS knows, principals that no template makes, types without a rule.
    pub unknown: Vec<String>,
}

impl Access {
    /// The answer as indented JSON with a final newline. Of a large mesh it is megabytes: principals are written side by side.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { version, principals, administrators, unknown } = self;
        let rest = Self {
            version: *version,
            principals: Vec::new(),
            administrators: administrators.clone(),
            unknown: unknown.clone(),
        };
        let rest = pretty(&rest);
        // no text of JSON holds a line break, so only the field itself begins a line so
        let Some((before, after)) = rest.split_once("\n  \"principals\": []") else { return pretty(self) };
        if principals.is_empty() {
            return rest;
        }
        let item = |principal: &Principal| format!("\n    {}", pretty(principal).trim_end().replace('\n', "\n    "));
        let items: Vec<String> = principals.par_iter().map(item).collect();
        format!("{before}\n  \"principals\": [{}\n  ]{after}", items.join(","))
    }
}

/// What a principal of Lake Formation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrincipalKind {
    /// An IAM role.
    Role,
    /// An IAM user.
    User,
    /// A whole account of which no template is here: its administrators may pass on what it holds with grant option.
    Account,
    /// An organization or an organizational unit.
    Organization,
    /// A group or a user of QuickSight, of Identity Center, or of a SAML provider.
    Group,
    /// `IAM_ALLOWED_PRINCIPALS`: everybody whom IAM lets read the table.
    Everyone,
}

/// A principal and what it sees.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// Its ARN, or the account's id.
    pub principal: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// Owner of its account, by the folder of the stack that makes it; empty where no template makes it.
    pub owner: String,
    /// Its account.
    pub account: String,
    /// Who may become it, as its trust policy says: ARNs, patterns, accounts, services. Empty where no template makes it.
    pub assumed_by: Vec<String>,
    /// The tables of which it sees a column.
    pub tables: Vec<Table>,
    /// What keeps it from tables that some grant of its own speaks of.
    pub missing: Vec<Missing>,
}

/// A table and its visible columns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    /// The account whose catalog holds it.
    pub catalog: String,
    /// Its database.
    pub database: String,
    /// Its name.
    pub table: String,
    /// Its product, by the database's tag.
    pub product: String,
    /// The principal's effective rights on it, sorted: after the reduction of a partial match, the union over all grants.
    pub permissions: Vec<String>,
    /// All its columns.
    pub columns: Vec<Column>,
    /// Whether a column that a crawler discovers, without a tag of its own, would be visible too.
    pub discovered: bool,
    /// The chain: one entry for each leg and resource.
    pub through: Vec<Through>,
    /// Copies of its data outside the table, of which Lake Formation is not asked again.
    pub copies: Vec<Copy>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The effective value of the classification tag.
    pub classification: Option<String>,
    /// Whether the principal sees it.
    pub visible: bool,
    /// The row filters under which it is seen, sorted: a row is seen when one of them matches it. Empty for all rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
}

/// A leg of the chain from a principal to a column. What is missing is told by the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// The database's tag says which product it is.
    DatabaseTag,
    /// The grant on the tables to the subscriber's account, with grant option.
    AccountGrant,
    /// The grant on the database to the subscriber's account, with grant option.
    AccountDatabaseGrant,
    /// The grant on the tables to the principal.
    LocalGrant,
    /// The grant on the database to the principal.
    LocalDatabaseGrant,
    /// The data cells filter that a grant is on.
    DataCellsFilter,
    /// The link to the database.
    Link,
    /// DESCRIBE on the link for the principal.
    LinkGrant,
    /// The table's files lie in a location that is registered with Lake Formation.
    Location,
    /// The role by which Lake Formation reads that location: its own trust and its own rights.
    RegistrationRole,
    /// The bucket's policy lets the registration role read.
    BucketPolicy,
    /// The key's policy lets the registration role decrypt.
    KeyPolicy,
    /// The role's own right to fetch data from Lake Formation (`lakeformation:GetDataAccess`).
    DataAccess,
    /// The role's own IAM rights on the link in its account's catalog.
    IdentityOnLink,
    /// The role's own IAM rights on the database and the table in the governance catalog.
    IdentityOnTarget,
    /// The endpoints and their policies, where the role works inside a VPC.
    Endpoint,
    /// Somebody may assume the role.
    Trust,
}

/// A resource by which a principal reaches a table.
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

/// Of what kind a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CopyKind {
    /// A data set that QuickSight keeps in SPICE.
    Spice,
    /// What a composite product's job unloads of its inputs.
    Staging,
    /// Results of queries, kept below a workgroup's prefix.
    Results,
}

/// A copy of a table's data, and who reads it past Lake Formation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Copy {
    /// Of what kind.
    pub kind: CopyKind,
    /// Where it lies: the data set's id, or `s3://bucket/prefix`.
    pub place: String,
    /// Its columns, where they can be told; empty for whatever the principal queries.
    pub columns: Vec<String>,
    /// Who reads it: ARNs, sorted.
    pub readers: Vec<String>,
    /// The stack of the resource that keeps it.
    pub stack: String,
    /// That resource's logical id.
    pub resource: String,
}

/// A Lake Formation admin.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Administrator {
    /// Its ARN.
    pub principal: String,
    /// The account it administers.
    pub account: String,
}
