//! What was found: data that a look brings home, without a word about how it was fetched.

use super::model::{Reason, Unchecked};
use crate::access::GrantedFact;
use crate::plan::Observed;
use std::collections::{BTreeMap, BTreeSet};

/// What was found, or why it could not be looked at.
pub type Looked<T> = Result<T, Unread>;

/// Why something could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// In one word.
    pub reason: Reason,
    /// As it was told.
    pub message: String,
}

impl Unread {
    /// Of a part of a check; empty for all of it.
    #[must_use]
    pub fn of(&self, what: impl Into<String>) -> Unchecked {
        Unchecked { what: what.into(), reason: self.reason, message: self.message.clone() }
    }
}

/// A stack as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct StackLive {
    /// As CloudFormation describes it.
    pub observed: Looked<Observed>,
    /// What its drift detection said.
    pub detection: Looked<Detection>,
}

/// What a drift detection said of a stack's resources. Resources that it did not check are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detection {
    /// By logical id.
    pub resources: BTreeMap<String, LiveResource>,
    /// Why the detection as a whole is not complete, where it says so.
    pub incomplete: Option<String>,
}

/// What became of a resource (CloudFormation API reference, `StackResourceDrift`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceDrift {
    /// It is as its template says.
    InSync,
    /// Properties differ.
    Modified,
    /// It is gone.
    Deleted,
    /// Its type does not support drift detection.
    NotChecked,
    /// Drift detection failed on it.
    Unknown,
}

/// What a drift detection said of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveResource {
    /// Its type.
    pub resource_type: String,
    /// Its id in its service.
    pub physical_id: String,
    /// What became of it.
    pub drift: ResourceDrift,
    /// Why, where it says so.
    pub reason: Option<String>,
    /// Properties that differ: JSON pointer, what the template says, what stands.
    pub properties: Vec<(String, String, String)>,
}

/// An account as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountLive {
    /// Its Lake Formation settings.
    pub settings: Looked<LiveSettings>,
    /// Values by the key of each LF-Tag that was asked for; none where there is no such tag.
    pub tags: BTreeMap<String, Looked<Option<BTreeSet<String>>>>,
    /// The grants that the account made.
    pub grants: Looked<Vec<LiveGrant>>,
    /// Grants that the list did not show and that were asked for by their resource in vain: what was asked, and why.
    pub unseen: BTreeMap<GrantedFact, Unread>,
    /// The databases that were asked for, by name.
    pub databases: BTreeMap<String, LiveDatabase>,
}

/// Lake Formation settings as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveSettings {
    /// Who may grant anything.
    pub administrators: BTreeSet<String>,
    /// Who may read every grant.
    pub readers: BTreeSet<String>,
    /// Whom a new database is opened for, with the rights: empty when for nobody.
    pub database_defaults: Vec<String>,
    /// Whom a new table is opened for, with the rights: empty when for nobody.
    pub table_defaults: Vec<String>,
    /// Parameters, such as `CROSS_ACCOUNT_VERSION`.
    pub parameters: BTreeMap<String, String>,
    /// Who outside may filter data by itself, and whether all tables are open to such engines, where that is switched on.
    pub external: Vec<String>,
}

/// A grant as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveGrant {
    /// For whom.
    pub principal: String,
    /// On what.
    pub granted: GrantedFact,
    /// The rights.
    pub permissions: BTreeSet<String>,
    /// Those that may be passed on.
    pub grantable: BTreeSet<String>,
    /// A condition on it.
    pub condition: Option<String>,
    /// Who changed it last, and when.
    pub by: Option<String>,
}

/// A database as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveDatabase {
    /// Its tags by key; none when there is no such database.
    pub tags: Looked<Option<BTreeMap<String, BTreeSet<String>>>>,
    /// Its tables by name; none when there is no such database.
    pub tables: Looked<Option<BTreeMap<String, LiveTable>>>,
}

/// A table as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveTable {
    /// Its columns, then its partition keys.
    pub columns: Vec<LiveColumn>,
    /// The crawler that changed it last, where it says so.
    pub crawler: Option<String>,
    /// The tags on it and on its columns; none when the table is gone.
    pub tags: Looked<Option<Tagging>>,
}

/// A column as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the catalog writes it.
    pub type_name: String,
    /// Whether its values are in the files or in their paths.
    pub kind: ColumnKind,
}

/// Whether a column's values are in the files or in their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// In the files.
    Data,
    /// In the paths: a partition key.
    Partition,
}

/// Tags on a table and its columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tagging {
    /// On the table: values by key.
    pub table: BTreeMap<String, BTreeSet<String>>,
    /// On each column: values by key.
    pub columns: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}
