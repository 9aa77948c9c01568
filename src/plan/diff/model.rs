//! What a change means, as it is told. The format is versioned and documented by `docs/schemas/diff.schema.json`.

use crate::access::{CopyKind, PrincipalKind};
use crate::assembly::Layer;
use crate::plan::safety::UnsafeMoment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything that differs between two sides, the worst first in each list.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// Version of the format, 1.
    pub version: u32,
    /// The side that is compared with.
    pub base: Side,
    /// The side that is looked at.
    pub head: Side,
    /// The answer in numbers.
    pub summary: Summary,
    /// Who gains or loses sight of what; sensitive gains first.
    pub access: Vec<AccessChange>,
    /// For each table that is new or changed: who would see a column that a crawler discovers.
    pub discovered: Vec<Discovered>,
    /// Subscriptions whose last day has passed on the day that is looked at (`--as-of`).
    pub expired: Vec<Expired>,
    /// Changes of data contracts, breaking ones first.
    pub contracts: Vec<ContractChange>,
    /// The version that each changed product calls for.
    pub versions: Vec<VersionBump>,
    /// Stacks that differ, by id.
    pub stacks: Vec<StackChange>,
    /// Moments of a deployment at which somebody sees more, or less, than before and after.
    pub moments: Vec<UnsafeMoment>,
    /// Policy findings that are new on this side.
    pub findings: Vec<PolicyFinding>,
    /// What could not be compared or evaluated, and why.
    pub unknown: Vec<String>,
}

/// One of the two sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// What it is, for people: `origin/main`, `the working tree`, a directory, `the accounts`.
    pub name: String,
    /// Why only a part of it could be compared; empty when it is whole.
    pub limits: Vec<String>,
}

/// The answer in numbers. Columns are counted once for each principal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Principals that gain sight of a sensitive column.
    pub sensitive_gains: usize,
    /// Columns gained.
    pub gained: usize,
    /// Columns lost.
    pub lost: usize,
    /// Data stores that are replaced or destroyed: data is at stake.
    pub data_at_stake: usize,
    /// Resources that are replaced, or may be.
    pub replaced: usize,
    /// Resources that are deleted, or left behind.
    pub removed: usize,
    /// Resources that are made.
    pub added: usize,
    /// Resources that change in place.
    pub changed: usize,
    /// Breaking changes of contracts.
    pub breaking: usize,
    /// Subscribers that they break.
    pub broken_subscribers: usize,
    /// Findings that refuse.
    pub errors: usize,
    /// Other findings.
    pub warnings: usize,
}

/// A change in what one principal sees of one table.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccessChange {
    /// The principal.
    pub principal: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// Owner of its account.
    pub owner: String,
    /// Its account.
    pub account: String,
    /// The table's product.
    pub product: String,
    /// The account whose catalog holds the table.
    pub catalog: String,
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Columns that it sees now and did not see before.
    pub gained: Vec<ColumnSight>,
    /// Columns that it no longer sees.
    pub lost: Vec<ColumnSight>,
    /// Columns that it sees on both sides, whose classification changed.
    pub reclassified: Vec<Reclassified>,
    /// Columns of which it sees other rows than before.
    pub rows: Vec<RowChange>,
    /// Rights on the table gained.
    pub permissions_gained: Vec<String>,
    /// Rights on the table lost.
    pub permissions_lost: Vec<String>,
    /// Copies of the table's data that are new, with who reads them.
    pub copies_gained: Vec<CopySight>,
    /// Copies that are gone.
    pub copies_lost: Vec<CopySight>,
    /// Whether a gained column, or a copy, is sensitive: classified above `internal`, or not classified at all.
    pub sensitive: bool,
    /// Why, as far as the files tell: "new subscription of ecommerce to sales-analytics", "wider classifications".
    pub reasons: Vec<String>,
    /// The stated purpose of the subscription, where there is one.
    pub purpose: Option<String>,
    /// The resources that make the difference, as `<stack>/<logical id>`.
    pub through: Vec<String>,
}

/// A column that comes into sight or goes out of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ColumnSight {
    /// Its name.
    pub name: String,
    /// Its classification, on the side on which it is seen.
    pub classification: Option<String>,
}

/// A column that carries another classification.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reclassified {
    /// The column.
    pub column: String,
    /// Before.
    pub before: Option<String>,
    /// After.
    pub after: Option<String>,
}

/// A column of which other rows are seen. An empty list stands for all rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct RowChange {
    /// The column.
    pub column: String,
    /// The row filters before.
    pub before: Vec<String>,
    /// The row filters after.
    pub after: Vec<String>,
}

/// A copy and its readers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct CopySight {
    /// Of what kind.
    pub kind: CopyKind,
    /// Where it lies.
    pub place: String,
    /// Who reads it.
    pub readers: Vec<String>,
}

/// Who would see a column that a crawler discovers in a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Discovered {
    /// The product.
    pub product: String,
    /// The table, as `<database>.<table>`.
    pub table: String,
    /// Owner of the product.
    pub owner: String,
    /// The principals that would see it: its owner's role alone, where all is well.
    pub principals: Vec<String>,
}

/// A subscription whose last day has passed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Expired {
    /// The subscriber.
    pub subscriber: String,
    /// The product.
    pub product: String,
    /// The last day, `YYYY-MM-DD`.
    pub end_date: String,
}

/// What changed in a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContractChangeKind {
    /// The product is gone.
    ProductRemoved,
    /// The product has another name: all its tables and columns are those of one that is gone.
    ProductRenamed,
    /// The product is new.
    ProductAdded,
    /// A table is gone.
    TableRemoved,
    /// A table is new.
    TableAdded,
    /// A column is gone.
    ColumnRemoved,
    /// A column has another name: a column of the same type and classification is gone, and stood in its place.
    ColumnRenamed,
    /// A column is new.
    ColumnAdded,
    /// A type holds less, or something else, than before.
    TypeNarrowed,
    /// A type holds all that it held, and more.
    TypeWidened,
    /// A column that was always filled may be empty.
    MadeNullable,
    /// A column that could be empty is always filled.
    MadeRequired,
    /// A column carries another classification.
    Reclassified,
    /// Other columns are the primary key.
    PrimaryKeyChanged,
    /// A column became a partition key, or is none any more.
    PartitionKeysChanged,
    /// A port by which the product could be had is gone.
    PortRemoved,
    /// The product can be had by a further port.
    PortAdded,
}

/// A change of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContractChange {
    /// What kind of change.
    pub change: ContractChangeKind,
    /// The domain.
    pub domain: String,
    /// The product, by its name on the base's side where it had one.
    pub product: String,
    /// The table; none for the product as a whole.
    pub table: Option<String>,
    /// The column; none for the table as a whole.
    pub column: Option<String>,
    /// What it was: a type, a classification, a name.
    pub before: Option<String>,
    /// What it is.
    pub after: Option<String>,
    /// Whether it breaks a subscriber that may see the column. A change that nobody sees breaks nobody.
    pub breaking: bool,
    /// Who is affected, through composite products too.
    pub affected: Vec<Affected>,
}

/// A subscriber that a change of a contract reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Affected {
    /// The subscriber: a consumer, or `<domain>/<product>` of a composite product.
    pub subscriber: String,
    /// The products between: empty for the change's own subscribers.
    pub through: Vec<String>,
    /// Whether it may see the column itself; beyond a composite product only that product's own columns are seen.
    pub sees: bool,
}

/// Which part of a version a change calls to be raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bump {
    /// Nothing that a subscriber could notice.
    None,
    /// Descriptions.
    Patch,
    /// Something new that breaks nobody.
    Minor,
    /// Something that breaks those who see it.
    Major,
}

/// The version that a product's changes call for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionBump {
    /// The product.
    pub product: String,
    /// Its version before.
    pub before: String,
    /// Its version now.
    pub after: String,
    /// What the changes call for.
    pub needed: Bump,
    /// Whether the version was raised by as much.
    pub enough: bool,
}

/// Whether something comes, stays with a difference, or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It differs.
    Changed,
    /// It is gone.
    Removed,
}

/// What becomes of a resource, the worst last. From the schemas it is a prediction; a change set knows better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Nothing that CloudFormation would do anything about, such as metadata.
    None,
    /// It is made.
    Created,
    /// It changes and stays.
    InPlace,
    /// It changes and stays, but is not available for a while.
    SomeInterruption,
    /// It leaves the template and stays in the account.
    Retained,
    /// It changes, and depending on what only AWS knows it is replaced.
    MayBeReplaced,
    /// Another takes its place.
    Replaced,
    /// It is deleted.
    Destroyed,
}

/// A stack that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StackChange {
    /// Its id, `<owner>/<stack>`.
    pub id: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Its layer; none for a stack that is not ours.
    pub layer: Option<Layer>,
    /// Whether the stack itself is new, changed or gone.
    pub change: ChangeKind,
    /// Its resources that differ, the worst first.
    pub resources: Vec<ResourceChange>,
    /// Other differences of the template: parameters, outputs, conditions, as JSON pointers.
    pub properties: Vec<PropertyChange>,
}

/// A resource that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// What it is, for people: its name, or the table and column that a tag is on.
    pub label: String,
    /// Whether it is new, changed or gone.
    pub change: ChangeKind,
    /// What becomes of it: the change set's word where there is one, else the prediction.
    pub impact: Impact,
    /// What the schemas predict.
    pub predicted: Impact,
    /// What a change set says, where one was made.
    pub change_set: Option<Impact>,
    /// Whether it holds data that would be lost with it.
    pub data_store: bool,
    /// What its replacement does to somebody's access, or what else is to be known; empty for most.
    pub notes: Vec<String>,
    /// Its properties that differ.
    pub properties: Vec<PropertyChange>,
}

/// A property that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PropertyChange {
    /// JSON pointer into the resource's entry, such as `/Properties/Name` or `/DeletionPolicy`.
    pub path: String,
    /// What it was; none where there was nothing. A secret is `****`.
    pub before: Option<Value>,
    /// What it is.
    pub after: Option<Value>,
    /// What this property alone does to the resource.
    pub impact: Impact,
    /// For documents (policies, SQL, definitions): a unified diff of their lines.
    pub lines: Option<String>,
}

/// A finding about the change itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyFinding {
    /// `error`, `warning` or `note`.
    pub severity: String,
    /// Its code.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The file it stands in, with its line and column.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The reason by which somebody accepted it, with the last day.
    pub accepted: Option<String>,
}
