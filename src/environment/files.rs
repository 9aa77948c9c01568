//! The files of an environment as people write them: plain structs, strings still strings.
//!
//! Field names follow ODCS 3.1 and ODPS 1.0. The doc comments become the descriptions of the JSON Schemas that editors
//! show, so they speak to the author of a file; the titles are what a finding calls the thing ("no field of a column").
//! [`crate::mesh::resolve`] turns these into types that cannot be wrong.

use crate::assembly::{EarlyValidation, OnDrift, OperationMode, Protected, StackPolicies};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The mesh itself, owned by the governance team: `mesh.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "mesh")]
pub struct MeshFile {
    /// Always `Mesh`.
    pub kind: MeshKind,
    /// Name of the mesh, at most 20 characters. It starts the name of everything that is made.
    #[schemars(example = &"demo")]
    pub name: String,
    /// Your organization's short name, at most 24 characters. It makes bucket names unique in the world.
    #[schemars(example = &"acme")]
    pub tenant: String,
    /// The AWS Region of every account, such as `eu-west-1`.
    #[schemars(example = &"eu-west-1")]
    pub region: String,
    /// The id of the AWS Organization; only its principals are ever trusted.
    #[schemars(example = &"o-a1b2c3d4e5")]
    pub organization: String,
    /// The account that holds the catalog, the tags and the grants.
    pub governance: Governance,
    /// Values of the LF-Tag `<mesh>/classification`. Default: public, internal, confidential, pii, unclassified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = ["public", "internal", "confidential", "pii", "unclassified"]))]
    pub classifications: Option<Vec<String>>,
    /// What holds where a file says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
    /// Take over the Lake Formation settings of accounts that already have databases. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub adopt_settings: Option<bool>,
    /// How the accounts are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentFile>,
    /// Findings taken on knowingly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<AcceptFile>,
}

/// The kind of `mesh.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MeshKind {
    /// The mesh.
    Mesh,
}

/// The governance account and its team.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "governance account")]
pub struct Governance {
    /// Twelve digits, in quotes.
    #[schemars(example = &"111111111111")]
    pub account: String,
    /// Who answers for the mesh.
    pub team: TeamFile,
}

/// A team that owns a file.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "team")]
pub struct TeamFile {
    /// The team's name.
    #[schemars(example = &"sales-data")]
    pub name: String,
    /// Where alarms go.
    #[schemars(example = &"sales-data@acme.example")]
    pub email: String,
    /// Cost centre, put on everything the team owns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"4711")]
    pub cost_centre: Option<String>,
}

/// Mesh-wide defaults.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "set of defaults")]
pub struct Defaults {
    /// Classification of a declared column that names none. Default: internal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "internal"))]
    pub classification: Option<String>,
    /// Classification of a column that a crawler finds. Only `unclassified` is possible: the mesh fails closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "unclassified"))]
    pub discovered: Option<String>,
    /// Version of Lake Formation's cross-account sharing: 3, 4 or 5. Default: 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 3, max = 5))]
    #[schemars(extend("default" = 4))]
    pub cross_account_version: Option<u8>,
}

/// Which organizational units are bootstrapped by StackSets. Accounts that join them later are bootstrapped too.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "organization")]
pub struct OrganizationFile {
    /// The account in which the StackSets are managed: the management account, or one that is registered as delegated administrator of
    /// CloudFormation StackSets. Default: `management`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"999999999990")]
    pub administrator: Option<String>,
    /// Organizational units whose accounts produce. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = vec!["ou-a1b2-1a2b3c4d"])]
    pub producers: Vec<String>,
    /// Organizational units whose accounts consume. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = vec!["ou-a1b2-5e6f7a8b"])]
    pub consumers: Vec<String>,
}

/// How the accounts are reached. Everything has a default.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "deployment")]
pub struct DeploymentFile {
    /// The account whose principals may assume the mesh's roles. Default: the governance account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"111111111111")]
    pub from: Option<String>,
    /// Names of the three roles that bootstrap makes in every account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<RolesFile>,
    /// External id of the trust. Default: `<tenant>-<mesh>`; it is no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"acme-demo")]
    pub external_id: Option<String>,
    /// Role that bootstrap itself assumes. Default: OrganizationAccountAccessRole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "OrganizationAccountAccessRole"))]
    pub administrator_role: Option<String>,
    /// The Organization's management account, where bootstrap runs from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"999999999990")]
    pub management: Option<String>,
    /// Bootstrap of whole organizational units by StackSets, for `bootstrap --organization`. Default: each account by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationFile>,
    /// ARN of a role in between, assumed before the role of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"arn:aws:iam::111111111111:role/deployment-hub")]
    pub hub: Option<String>,
    /// ARN or serial number of the MFA device to ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"arn:aws:iam::111111111111:mfa/deployer")]
    pub mfa_serial: Option<String>,
    /// Which stacks have termination protection: `data` (those with buckets or keys), `all` or `none`. Default: `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub termination_protection: Option<Protected>,
    /// ARNs of SNS topics that hear of every event of every stack, at most five, in the mesh's Region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notification_topics: Vec<String>,
    /// `off` keeps CloudFormation from looking at a change set before it is executed. Default: `on`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_validation: Option<EarlyValidation>,
    /// `express` calls a stack complete when its resources are configured, though they may still be settling: what comes next may
    /// come too early. Default: `standard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<OperationMode>,
    /// `revert` takes back what was changed by hand, where a stack is changed. Default: `keep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<OnDrift>,
    /// `data` gives stacks that hold data (buckets, keys, file systems) a stack policy: no change of the stack replaces or removes
    /// what holds it, unless a deploy lifts the policy. Default: `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack_policy: Option<StackPolicies>,
    /// How much goes on at once, how often CloudFormation is read, and how long is waited. Everything has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<LimitsFile>,
    /// Name of the bucket for templates and assets in every account. Default: `<tenant>-<mesh>-deploy-<account>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"acme-demo-deploy-111111111111")]
    pub staging: Option<String>,
}

/// How much of a deployment goes on at once, how often CloudFormation is read, and how long is waited.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "set of limits")]
pub struct LimitsFile {
    /// How many stacks are worked on at once, in all accounts together. Default: 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    #[schemars(extend("default" = 64))]
    pub stacks: Option<u16>,
    /// How many stacks are worked on at once in one account. Default: 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    #[schemars(extend("default" = 4))]
    pub stacks_per_account: Option<u16>,
    /// How many stacks with grants or tags of Lake Formation are worked on at once in one account. Grants that overlap may fail with
    /// ConcurrentModificationException; such a stack is tried again, with one fewer at once. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    #[schemars(extend("default" = 1))]
    pub grant_stacks_per_account: Option<u16>,
    /// How often CloudFormation is read in one account, each second, after a burst of 20. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    #[schemars(extend("default" = 2))]
    pub reads_per_second: Option<u16>,
    /// How many minutes a stack waits for what others must have brought about, such as a share that must have arrived. Default: 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 120))]
    #[schemars(extend("default" = 5))]
    pub effect_minutes: Option<u16>,
    /// How many minutes one operation of CloudFormation on one stack is followed. CloudFormation goes on by itself after it. Default: 120.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1440))]
    #[schemars(extend("default" = 120))]
    pub operation_minutes: Option<u16>,
}

/// Names of the roles that bootstrap makes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "set of roles")]
pub struct RolesFile {
    /// Read-only role of `plan` and `diff --deployed`. Default: `<mesh>-plan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"demo-plan")]
    pub plan: Option<String>,
    /// Role that makes change sets. Default: `<mesh>-deploy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"demo-deploy")]
    pub deploy: Option<String>,
    /// Role that CloudFormation works as. Default: `<mesh>-execution`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"demo-execution")]
    pub execution: Option<String>,
}

/// A finding taken on knowingly.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "accepted finding")]
pub struct AcceptFile {
    /// Code of the finding, such as `no-join-key`.
    #[schemars(example = &"no-join-key")]
    pub code: String,
    /// What it is accepted for: a product, a column, a consumer.
    #[schemars(example = &"sales-analytics")]
    pub target: String,
    /// Why.
    #[schemars(example = &"the key comes with the next release")]
    pub reason: String,
    /// Last day on which it is accepted, `YYYY-MM-DD`.
    #[schemars(example = &"2027-06-30")]
    pub until: String,
}

/// A domain: a producer's account and its data products, `domains/<domain>.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "domain")]
pub struct DomainFile {
    /// Always `Domain`.
    pub kind: DomainKind,
    /// Name of the domain, at most 24 characters.
    #[schemars(example = &"sales")]
    pub name: String,
    /// Twelve digits, in quotes.
    #[schemars(example = &"444444444444")]
    pub account: String,
    /// Who owns the domain.
    pub team: TeamFile,
    /// Who may assume the domain's owner role. Default: whom the account's own IAM allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub principals: Vec<PrincipalFile>,
    /// Athena in the domain's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub athena: Option<AthenaFile>,
    /// The data products. A domain may have none yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductFile>,
    /// Findings taken on knowingly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<AcceptFile>,
}

/// The kind of a domain's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DomainKind {
    /// A domain.
    Domain,
}

/// Who may assume a role: an IAM role of the same account, or a permission set of IAM Identity Center.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "principal")]
pub struct PrincipalFile {
    /// ARN of a role in the same account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"arn:aws:iam::444444444444:role/data-steward")]
    pub role: Option<String>,
    /// Name of a permission set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"DataSteward")]
    pub permission_set: Option<String>,
}

/// A data product (ODPS 1.0).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "product")]
pub struct ProductFile {
    /// Id of the product, at most 40 characters, unique in the mesh.
    #[schemars(example = &"sales-analytics")]
    pub id: String,
    /// Version of the contract, `MAJOR.MINOR.PATCH`: major for what breaks a subscriber, minor for what is new, patch for
    /// words. `meshform diff` tells what a change calls for. Default: 1.0.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "1.0.0"))]
    pub version: Option<String>,
    /// What the product is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<DescriptionFile>,
    /// Where raw data comes from. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceFile>,
    /// Products that this one is made from; each is a subscription: granted, reviewed and diffed like any other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_ports: Vec<SubscriptionFile>,
    /// Ways out of the product. Default: tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = [{"type": "tables"}]))]
    pub output_ports: Option<Vec<OutputPortFile>>,
    /// The job that makes the tables. Default: the team's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing: Option<ProcessingFile>,
    /// Insight drawn from text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrichment: Option<EnrichmentFile>,
    /// Records of one person found in several inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_resolution: Option<EntityResolutionFile>,
    /// Promises, such as how often the data is renewed (ODCS `slaProperties`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sla_properties: Vec<SlaPropertyFile>,
    /// When the crawler of the published tables runs: `schedule`, `event` or `never`. Default: schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "schedule"))]
    pub crawl: Option<CrawlFile>,
    /// Which of the domain's stacks holds the product, from 1. Only where a finding asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 99))]
    #[schemars(extend("default" = 1))]
    pub stack: Option<u8>,
    /// The tables: the contract (ODCS 3.1 `schema`).
    pub schema: Vec<TableFile>,
}

/// Free text about a product (ODPS).
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "description")]
pub struct DescriptionFile {
    /// What the product is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Orders, payments and revenue per customer.")]
    pub purpose: Option<String>,
    /// What it is not fit for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"No orders of before 2020.")]
    pub limitations: Option<String>,
    /// How to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Join on customer_key.")]
    pub usage: Option<String>,
}

/// A way for raw data to come in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "source")]
pub struct SourceFile {
    /// Which service brings it.
    #[serde(rename = "type")]
    pub kind: SourceKind,
    /// AppFlow: the connector, such as Salesforce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Salesforce")]
    pub connector: Option<String>,
    /// AppFlow: name of the connection, which exists already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"salesforce-marketing")]
    pub connection: Option<String>,
    /// AppFlow: the object to fetch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Campaign")]
    pub object: Option<String>,
    /// AppFlow: how often, such as `rate(1hours)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"rate(1hours)")]
    pub schedule: Option<String>,
    /// EventBridge: the detail types to take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["OrderPlaced", "PaymentTaken"])]
    pub detail_types: Vec<String>,
}

/// Services that bring raw data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// Files dropped into the raw bucket.
    S3,
    /// Amazon AppFlow.
    Appflow,
    /// Amazon Kinesis.
    Kinesis,
    /// Amazon EventBridge.
    Eventbridge,
}

/// A way out of a product.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "output port")]
pub struct OutputPortFile {
    /// The kind of port.
    #[serde(rename = "type")]
    pub kind: PortKind,
    /// Table format of the `tables` port. Default: parquet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<TableFormat>,
}

/// Kinds of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PortKind {
    /// Tables in the catalog, over S3.
    Tables,
    /// An HTTP API.
    Api,
    /// Redshift.
    Sql,
    /// Neptune.
    Graph,
}

/// Formats of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TableFormat {
    /// Parquet in Hive layout.
    Parquet,
    /// Apache Iceberg.
    Iceberg,
}

/// The job that makes a product's tables.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "job")]
pub struct ProcessingFile {
    /// The service that runs it.
    #[serde(rename = "type")]
    pub kind: ProcessingKind,
}

/// Services that run a product's job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProcessingKind {
    /// AWS Glue ETL.
    Glue,
    /// EMR Serverless (Spark).
    EmrServerless,
}

/// Insight drawn from text.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "enrichment")]
pub struct EnrichmentFile {
    /// The service.
    #[serde(rename = "type")]
    pub kind: EnrichmentKind,
    /// The column with the text.
    #[schemars(example = &"transcript")]
    pub column: String,
    /// What to look for.
    #[schemars(example = ["sentiment"])]
    pub detect: Vec<Detection>,
}

/// Services that read text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EnrichmentKind {
    /// Amazon Comprehend.
    Comprehend,
}

/// What text is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Detection {
    /// Positive, negative, neutral, mixed.
    Sentiment,
    /// People, places, dates.
    Entities,
    /// The language of the text.
    Language,
    /// Personal data in the text.
    Pii,
}

/// Records of one person found in several inputs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "entity resolution")]
pub struct EntityResolutionFile {
    /// Columns that at least one input shows to the product.
    #[schemars(example = ["email", "phone"])]
    pub match_on: Vec<String>,
}

/// A promise (ODCS `slaProperties`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "promise")]
pub struct SlaPropertyFile {
    /// Which promise; `frequency` sets the schedules.
    #[schemars(example = &"frequency")]
    pub property: String,
    /// How much.
    #[schemars(example = 1)]
    pub value: f64,
    /// Of what: `d`, `h`, `m` (minutes).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"d")]
    pub unit: Option<String>,
}

/// When a crawler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CrawlFile {
    /// As often as the data is promised.
    Schedule,
    /// When files arrive.
    Event,
    /// Never.
    Never,
}

/// A table of a product (ODCS 3.1 schema object).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "table")]
pub struct TableFile {
    /// Name of the table: lower-case letters, digits and underscores.
    #[schemars(example = &"orders")]
    pub name: String,
    /// What a row is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"One row for each order.")]
    pub description: Option<String>,
    /// Rules on the quality of the data (ODCS library metrics).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quality: Vec<QualityFile>,
    /// Columns that part the table's files; they are columns like any other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition_keys: Vec<PropertyFile>,
    /// The columns.
    pub properties: Vec<PropertyFile>,
}

/// A column (ODCS 3.1 property).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "column")]
pub struct PropertyFile {
    /// Name of the column: lower-case letters, digits and underscores.
    #[schemars(example = &"order_id")]
    pub name: String,
    /// The logical type.
    pub logical_type: LogicalType,
    /// The type in the catalog, such as `decimal(18,2)`. Default: follows from the logical type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"decimal(18,2)")]
    pub physical_type: Option<String>,
    /// What the column holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"Amount in euro, without taxes.")]
    pub description: Option<String>,
    /// Who may see it. Default: internal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "internal"))]
    pub classification: Option<String>,
    /// Part of the primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub primary_key: Option<bool>,
    /// Never empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub required: Option<bool>,
    /// Never twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = false))]
    pub unique: Option<bool>,
}

/// Logical types of ODCS 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogicalType {
    /// Text.
    String,
    /// A day.
    Date,
    /// A moment.
    Timestamp,
    /// A time of day.
    Time,
    /// A number with a fraction.
    Number,
    /// A whole number.
    Integer,
    /// A structure; give its `physicalType`.
    Object,
    /// A list; give its `physicalType`.
    Array,
    /// True or false.
    Boolean,
}

/// A rule on the quality of a table (ODCS 3.1 library metric).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "quality rule")]
pub struct QualityFile {
    /// The metric, such as `rowCount` or `nullValues`.
    #[schemars(example = &"nullValues")]
    pub metric: String,
    /// The column it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"order_id")]
    pub property: Option<String>,
    /// The metric's arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, serde_json::Value>,
    /// `rows` or `percent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"percent")]
    pub unit: Option<String>,
    /// Equal to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be: Option<f64>,
    /// Not equal to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_not_be: Option<f64>,
    /// Greater than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_greater_than: Option<f64>,
    /// At least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_greater_or_equal_to: Option<f64>,
    /// Less than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_less_than: Option<f64>,
    /// At most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_less_or_equal_to: Option<f64>,
    /// Between two values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_between: Option<[f64; 2]>,
}

/// A consumer: an account and what it subscribes to, `consumers/<consumer>.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "consumer")]
pub struct ConsumerFile {
    /// Always `Consumer`.
    pub kind: ConsumerKind,
    /// Name of the consumer, at most 24 characters.
    #[schemars(example = &"data-science")]
    pub name: String,
    /// Twelve digits, in quotes.
    #[schemars(example = &"666666666666")]
    pub account: String,
    /// Who owns the consumer.
    pub team: TeamFile,
    /// What the consumer works with.
    #[schemars(example = ["athena"])]
    pub tools: Vec<Tool>,
    /// Who may assume the consumer's roles. Default: whom the account's own IAM allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub principals: Vec<PrincipalFile>,
    /// What the consumer sees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<SubscriptionFile>,
    /// The network that SageMaker Studio and models stand in. Without both it is made for people who work in it by other ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkFile>,
    /// Athena in the consumer's account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub athena: Option<AthenaFile>,
    /// Who reads in QuickSight, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quicksight: Option<QuicksightFile>,
    /// Models that predict in batches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelFile>,
    /// Findings taken on knowingly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<AcceptFile>,
}

/// The kind of a consumer's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConsumerKind {
    /// A consumer.
    Consumer,
}

/// What a consumer works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// Amazon Athena.
    Athena,
    /// Amazon QuickSight.
    Quicksight,
    /// Amazon SageMaker.
    Sagemaker,
    /// The products' APIs.
    Api,
    /// The products' SQL ports.
    Sql,
}

/// A wish to see a product.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "subscription")]
pub struct SubscriptionFile {
    /// Id of the product.
    #[schemars(example = &"customer-360")]
    pub product: String,
    /// Through which port. Default: tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "tables"))]
    pub port: Option<PortKind>,
    /// What the data is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"churn models")]
    pub purpose: Option<String>,
    /// Which columns. Default: public, internal; above that it is written out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = ["public", "internal"]))]
    pub classifications: Option<Vec<String>>,
    /// Last day of access, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"2027-06-30")]
    pub end_date: Option<String>,
}

/// The network of a consumer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "network")]
pub struct NetworkFile {
    /// Private address range, from /16 to /24, that the zones share. Default: 10.0.0.0/20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "10.0.0.0/20"))]
    pub cidr: Option<String>,
    /// Number of Availability Zones. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 6))]
    #[schemars(extend("default" = 2))]
    pub zones: Option<u8>,
}

/// Athena in an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Athena")]
pub struct AthenaFile {
    /// Most that one query may scan, such as `100GB` (the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "100GB"))]
    pub scan_limit: Option<String>,
    /// The database `default`, which Athena asks every role to be able to describe: `make` it (the default), or `exists`
    /// where the account has one already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "make"))]
    pub default_database: Option<DefaultDatabase>,
}

/// Whether the account has the database `default` already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DefaultDatabase {
    /// The account's first stack makes it, and leaves it there.
    #[default]
    Make,
    /// It is there.
    Exists,
}

/// Who reads in QuickSight, and how.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "readers of QuickSight")]
pub struct QuicksightFile {
    /// The group that may read; it exists already, in the namespace `default`. Default: `<mesh>-<consumer>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"demo-business-analysts")]
    pub group: Option<String>,
    /// Region in which QuickSight keeps the account's users and groups. Default: the mesh's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"eu-west-1")]
    pub identity_region: Option<String>,
    /// Whether each look is a query, or a look at a copy. Default: direct-query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "direct-query"))]
    pub mode: Option<QuicksightMode>,
}

/// What a look at a data set of QuickSight reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QuicksightMode {
    /// The table, by a query of the consumer's role.
    #[default]
    DirectQuery,
    /// A copy in QuickSight's memory, which every reader of the data set sees whole; it is renewed as often as the product
    /// promises, daily where it promises nothing.
    Spice,
}

/// A model that predicts in batches.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "model")]
pub struct ModelFile {
    /// Name of the model.
    #[schemars(example = &"churn")]
    pub name: String,
    /// ARN of a version of a model package, in the mesh's Region.
    #[schemars(example = &"arn:aws:sagemaker:eu-west-1:666666666666:model-package/churn/1")]
    pub package: String,
    /// What it reads: the id of a product that the consumer subscribes to by its tables, where it has one table, or
    /// `product.table`.
    #[schemars(example = &"customer-360")]
    pub input: String,
    /// When it runs, in UTC: `rate(1 day)` or `cron(15 4 * * ? *)`.
    #[schemars(example = &"rate(1 day)")]
    pub schedule: String,
    /// Where the package's `model.tar.gz` lies, as `s3://bucket/prefix/`: the models' role may read below it. Left out, the
    /// role may read no artifacts; that is right only for packages whose artifacts AWS keeps, such as those of AWS Marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"s3://acme-models/churn/")]
    pub artifacts: Option<String>,
}
