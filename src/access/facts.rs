//! What a template says about the catalog, in names instead of intrinsics.

use super::granted::{FilterFact, GrantFact};
use super::legs::Surroundings;
use crate::assembly::StackId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where a fact stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The stack.
    pub stack: StackId,
    /// The resource's logical id.
    pub resource: String,
}

/// A tag with its possible values.
#[derive(Debug, Clone)]
pub struct TagFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// Its key.
    pub key: String,
    /// Its values.
    pub values: BTreeSet<String>,
}

/// What a tag is put on: a database, a table of it, a column of that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The catalog's account.
    pub catalog: String,
    /// The database.
    pub database: String,
    /// The table; `None` for the database.
    pub table: Option<String>,
    /// The columns; empty for the database or the table.
    pub columns: BTreeSet<String>,
}

/// Tags on a database, a table or columns.
#[derive(Debug, Clone)]
pub struct AssociationFact {
    /// Where it stands.
    pub spot: Spot,
    /// On what.
    pub target: Target,
    /// Key and values.
    pub tags: BTreeMap<String, BTreeSet<String>>,
}

/// A database, or a link to one.
#[derive(Debug, Clone)]
pub struct DatabaseFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// Its name.
    pub name: String,
    /// For a link: account and name of the database it points to.
    pub target: Option<(String, String)>,
}

/// A link to one table.
#[derive(Debug, Clone)]
pub struct TableLinkFact {
    /// Where it stands.
    pub spot: Spot,
    /// The account whose catalog holds the link.
    pub catalog: String,
    /// The database that holds it.
    pub database: String,
    /// Its name.
    pub name: String,
    /// Account, database and name of the table it points to.
    pub target: (String, String, String),
}

/// A table.
#[derive(Debug, Clone)]
pub struct TableFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// Its columns, then its partition keys.
    pub columns: Vec<String>,
    /// Where its files are.
    pub location: Option<String>,
}

/// A role.
#[derive(Debug, Clone)]
pub struct RoleFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its account.
    pub account: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The statements of its inline policies; a copy of the fact shares them.
    pub statements: Arc<[Value]>,
    /// ARNs of the managed policies that it names.
    pub managed: BTreeSet<String>,
    /// Services that may assume it; `None` where somebody else may too, or where no statement says who.
    pub services: Option<BTreeSet<String>>,
}

/// A user of IAM.
#[derive(Debug, Clone)]
pub struct UserFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its ARN.
    pub arn: String,
}

/// A policy that stands beside the roles it is attached to.
#[derive(Debug, Clone)]
pub struct PolicyFact {
    /// Where it stands.
    pub spot: Spot,
    /// The account of the roles.
    pub account: String,
    /// Names of roles that it names.
    pub roles: BTreeSet<String>,
    /// Its own ARN, by which roles name it; `None` for an inline policy.
    pub arn: Option<String>,
    /// Whether a statement names the right to fetch data from Lake Formation.
    pub queries: bool,
}

/// A crawler.
#[derive(Debug, Clone)]
pub struct CrawlerFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its account.
    pub account: String,
    /// ARN of the role that it works as; `None` when it cannot be told from the template.
    pub role: Option<String>,
    /// The tables of the catalog that it looks at: for each target the database, and tables of it.
    pub tables: Vec<(String, Vec<String>)>,
    /// The paths in S3 that it looks at.
    pub paths: Vec<String>,
    /// Kinds of other targets.
    pub others: Vec<String>,
    /// Where it makes tables.
    pub database: Option<String>,
    /// What it does with tables whose files are gone.
    pub delete_behavior: Option<String>,
    /// Whether Lake Formation gives it its credentials.
    pub by_lake_formation: bool,
}

/// Settings of a catalog.
#[derive(Debug, Clone)]
pub struct SettingsFact {
    /// Where they stand.
    pub spot: Spot,
    /// The account.
    pub account: String,
    /// Who may grant anything.
    pub admins: BTreeSet<String>,
}

/// A registered location.
#[derive(Debug, Clone)]
pub struct LocationFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// `arn:…:s3:::bucket/prefix`.
    pub arn: String,
}

/// A data source of QuickSight.
#[derive(Debug, Clone)]
pub struct DataSourceFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its ARN.
    pub arn: String,
    /// The role that its queries run as; `None` for the account-wide one.
    pub role: Option<String>,
}

/// A data set of QuickSight on a table.
#[derive(Debug, Clone)]
pub struct DataSetFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its account.
    pub account: String,
    /// Its id.
    pub id: String,
    /// ARN of its data source.
    pub source: String,
    /// The database, or the link to it, by name.
    pub database: String,
    /// The table.
    pub table: String,
    /// The columns that it reads.
    pub columns: Vec<String>,
    /// Whether it keeps a copy (SPICE).
    pub copied: bool,
    /// Who may look at it.
    pub readers: BTreeSet<String>,
}

/// A schedule by which a copy is renewed.
#[derive(Debug, Clone)]
pub struct ScheduleFact {
    /// Where it stands.
    pub spot: Spot,
    /// The account.
    pub account: String,
    /// Id of the data set.
    pub data_set: String,
}

/// Everything that some templates say about catalogs.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Settings.
    pub settings: Vec<SettingsFact>,
    /// Tags.
    pub tags: Vec<TagFact>,
    /// Tags on things.
    pub associations: Vec<AssociationFact>,
    /// Grants.
    pub grants: Vec<GrantFact>,
    /// Filters that grants are on.
    pub filters: Vec<FilterFact>,
    /// Databases and links.
    pub databases: Vec<DatabaseFact>,
    /// Links to single tables.
    pub table_links: Vec<TableLinkFact>,
    /// Tables.
    pub tables: Vec<TableFact>,
    /// Registered locations.
    pub locations: Vec<LocationFact>,
    /// Roles.
    pub roles: Vec<RoleFact>,
    /// Users.
    pub users: Vec<UserFact>,
    /// Policies beside roles.
    pub policies: Vec<PolicyFact>,
    /// Crawlers.
    pub crawlers: Vec<CrawlerFact>,
    /// Data sources of QuickSight.
    pub data_sources: Vec<DataSourceFact>,
    /// Data sets of QuickSight.
    pub data_sets: Vec<DataSetFact>,
    /// Schedules of QuickSight.
    pub schedules: Vec<ScheduleFact>,
    /// What stands around the grants: policies, trust, copies.
    pub surroundings: Surroundings,
    /// The accounts of which a template was read.
    pub accounts: BTreeSet<String>,
    /// What the templates do not tell: `<stack>/<resource> <property>: why`.
    pub unknown: Vec<String>,
}
