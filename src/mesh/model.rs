//! The mesh as data. Every text in it has been parsed, every reference points to something.

use super::{
    Acceptance, AccountId, BatchModel, CatalogName, Classification, Day, Frequency, GlueType, Limits, MeshName,
    Network, OrganizationId, OwnerName, PermissionSetName, ProductId, QualityRule, Quicksight, Region, RoleArn,
    RoleName, Tenant, Version,
};
use crate::assembly::Operation;
use crate::environment::files::{
    CrawlFile, DefaultDatabase, EnrichmentFile, PortKind, ProcessingKind, SlaPropertyFile, SourceFile, TableFormat,
    Tool,
};
use crate::finding::Place;
use std::collections::{BTreeMap, BTreeSet};

/// A data mesh.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// Its name.
    pub name: MeshName,
    /// The organization's short name.
    pub tenant: Tenant,
    /// The Region of every account.
    pub region: Region,
    /// The AWS Organization.
    pub organization: OrganizationId,
    /// The account with the catalog.
    pub governance: AccountId,
    /// The governance team.
    pub team: Team,
    /// Values of the classification tag; `unclassified` is always among them.
    pub classifications: BTreeSet<Classification>,
    /// Classification of a declared column that names none.
    pub default_classification: Classification,
    /// Version of Lake Formation's cross-account sharing.
    pub cross_account_version: u8,
    /// Whether settings of accounts that already have databases are taken over.
    pub adopt_settings: bool,
    /// How the accounts are reached.
    pub deployment: Deployment,
    /// The producers, by name.
    pub domains: BTreeMap<OwnerName, Domain>,
    /// The consumers, by name.
    pub consumers: BTreeMap<OwnerName, Consumer>,
    /// Findings taken on knowingly, by file.
    pub accept: Vec<Acceptance>,
    /// Where the mesh stands.
    pub origin: Place,
}

/// Who answers for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// The team's name.
    pub name: String,
    /// Where alarms go.
    pub email: String,
    /// Where costs go.
    pub cost_centre: Option<String>,
}

/// How the accounts are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// The account whose principals may assume the mesh's roles.
    pub from: AccountId,
    /// The read-only role.
    pub plan_role: RoleName,
    /// The role that makes change sets.
    pub deploy_role: RoleName,
    /// The role that CloudFormation works as.
    pub execution_role: RoleName,
    /// The role that bootstrap assumes.
    pub administrator_role: RoleName,
    /// External id of the trust.
    pub external_id: String,
    /// The Organization's management account, where bootstrap runs from.
    pub management: Option<AccountId>,
    /// Organizational units that are bootstrapped by StackSets.
    pub organization: Option<Units>,
    /// A role in between.
    pub hub: Option<RoleArn>,
    /// The MFA device to ask for.
    pub mfa_serial: Option<String>,
    /// Name of the staging buckets, before the account; `None` for the computed one.
    pub staging: Option<String>,
    /// How CloudFormation is asked to work on the stacks.
    pub operation: Operation,
    /// How much goes on at once, and how long is waited.
    pub limits: Limits,
}

/// Organizational units that are bootstrapped by StackSets, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    /// The account in which the StackSets are managed.
    pub administrator: AccountId,
    /// As what it manages them.
    pub acting: Acting,
    /// Units whose accounts produce.
    pub producers: BTreeSet<String>,
    /// Units whose accounts consume.
    pub consumers: BTreeSet<String>,
}

/// As what an account manages StackSets of its Organization (CloudFormation API reference, `CallAs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// As the management account: `SELF`.
    Management,
    /// As a delegated administrator: `DELEGATED_ADMIN`.
    Delegated,
}

/// A producer.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its name.
    pub name: OwnerName,
    /// Its account.
    pub account: AccountId,
    /// Its team.
    pub team: Team,
    /// Who may assume its owner role; empty for whom the account's own IAM allows.
    pub principals: Vec<Principal>,
    /// Athena in its account.
    pub athena: Athena,
    /// Its products, by id.
    pub products: BTreeMap<ProductId, Product>,
    /// Where it stands.
    pub origin: Place,
}

/// Athena in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Athena {
    /// Most bytes that one query may scan.
    pub scan_limit: u64,
    /// Whether the account has the database `default` already.
    pub default_database: DefaultDatabase,
}

/// Who may assume a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    /// A role of the same account.
    Role(RoleArn),
    /// A permission set of IAM Identity Center.
    PermissionSet(PermissionSetName),
}

/// A data product.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its domain.
    pub domain: OwnerName,
    /// What it is for.
    pub purpose: String,
    /// Version of its contract.
    pub version: Version,
    /// Where raw data comes from.
    pub sources: Vec<SourceFile>,
    /// What it is made from.
    pub input_ports: Vec<Subscription>,
    /// Ways out of it.
    pub output_ports: BTreeSet<PortKind>,
    /// Format of its tables.
    pub format: TableFormat,
    /// The job that makes it.
    pub processing: Option<ProcessingKind>,
    /// Its own logic in Python, `jobs/<product>.py` of the environment.
    pub transform: Option<String>,
    /// Insight drawn from text.
    pub enrichment: Option<EnrichmentFile>,
    /// Columns by which records of one person are found.
    pub match_on: Vec<CatalogName>,
    /// Promises.
    pub sla: Vec<SlaPropertyFile>,
    /// How often it is promised to be renewed; `None` without a promise.
    pub promise: Option<Frequency>,
    /// When its crawlers run.
    pub crawl: CrawlFile,
    /// Which of the domain's stacks holds it, from 1.
    pub stack: u8,
    /// Its tables, by name.
    pub tables: BTreeMap<CatalogName, Table>,
    /// Where it stands.
    pub origin: Place,
}

impl Product {
    /// Whether a Glue job makes its tables: where that is written, and for composite products where nothing else is. The
    /// job writes Parquet, so Iceberg tables are left to the team.
    #[must_use]
    pub fn runs_glue_job(&self) -> bool {
        let glue = match self.processing {
            Some(ProcessingKind::Glue) => true,
            Some(ProcessingKind::EmrServerless) => false,
            None => self.is_composite(),
        };
        glue && self.format == TableFormat::Parquet
    }

    /// Its input ports of type tables: the others are read in the producer's account.
    pub fn tables_ports(&self) -> impl Iterator<Item = &Subscription> {
        self.input_ports.iter().filter(|port| port.port == PortKind::Tables)
    }

    /// Whether it is made from other products.
    #[must_use]
    pub fn is_composite(&self) -> bool {
        !self.input_ports.is_empty()
    }
}

/// A table of a product.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name.
    pub name: CatalogName,
    /// What a row is.
    pub description: Option<String>,
    /// Its columns, in the order of the file.
    pub columns: Vec<Column>,
    /// Columns that part its files, in the order of the file.
    pub partition_keys: Vec<Column>,
    /// Rules on its quality.
    pub quality: Vec<QualityRule>,
    /// Where it stands.
    pub origin: Place,
}

impl Table {
    /// Columns and partition keys.
    pub fn all_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().chain(&self.partition_keys)
    }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: CatalogName,
    /// Its type in the catalog.
    pub kind: GlueType,
    /// Who may see it.
    pub classification: Classification,
    /// What it holds.
    pub description: Option<String>,
    /// Part of the primary key.
    pub primary_key: bool,
    /// Never empty.
    pub required: bool,
    /// Where it stands.
    pub origin: Place,
}

/// A subscription to a port of a product.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// The product's domain.
    pub domain: OwnerName,
    /// The product.
    pub product: ProductId,
    /// The port.
    pub port: PortKind,
    /// What the data is for.
    pub purpose: String,
    /// Which columns.
    pub classifications: BTreeSet<Classification>,
    /// Last day of access. Synthesis does not read it: the grant stays until the line goes.
    pub end_date: Option<Day>,
    /// Where it stands.
    pub origin: Place,
}

/// A consumer.
#[derive(Debug, Clone)]
pub struct Consumer {
    /// Its name.
    pub name: OwnerName,
    /// Its account.
    pub account: AccountId,
    /// Its team.
    pub team: Team,
    /// What it works with.
    pub tools: BTreeSet<Tool>,
    /// Who may assume its roles; empty for whom the account's own IAM allows.
    pub principals: Vec<Principal>,
    /// What it sees.
    pub subscriptions: Vec<Subscription>,
    /// Athena in its account.
    pub athena: Athena,
    /// Who reads in QuickSight, where that is among the tools.
    pub quicksight: Quicksight,
    /// The network that it works in, where a tool, a model or the file asks for one.
    pub network: Option<Network>,
    /// Models that predict in batches.
    pub batch_models: Vec<BatchModel>,
    /// Where it stands.
    pub origin: Place,
}

/// A reader: the role in the producer's account for one subscription to a port other than `tables`.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Who subscribes.
    pub subscriber: Subscriber<'a>,
    /// To what.
    pub subscription: &'a Subscription,
}

/// Who subscribes: a consumer, or a domain for one of its composite products.
#[derive(Debug, Clone, Copy)]
pub enum Subscriber<'a> {
    /// A consumer.
    Consumer(&'a Consumer),
    /// A composite product of a domain.
    Product(&'a Domain, &'a Product),
}

impl Subscriber<'_> {
    /// The owner's name.
    #[must_use]
    pub const fn owner(&self) -> &OwnerName {
        match self {
            Self::Consumer(consumer) => &consumer.name,
            Self::Product(domain, _) => &domain.name,
        }
    }

    /// The owner's account.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
        match self {
            Self::Consumer(consumer) => &consumer.account,
            Self::Product(domain, _) => &domain.account,
        }
    }
}

impl Mesh {
    /// A product and its domain.
    #[must_use]
    pub fn product(&self, domain: &OwnerName, product: &ProductId) -> Option<&Product> {
        self.domains.get(domain)?.products.get(product)
    }

    /// Every subscription with who has it, by owner; consumers first.
    pub fn subscriptions(&self) -> impl Iterator<Item = Reader<'_>> {
        let consumers = self.consumers.values().flat_map(|consumer| {
            let subscriber = Subscriber::Consumer(consumer);
            consumer.subscriptions.iter().map(move |subscription| Reader { subscriber, subscription })
        });
        let domains = self.domains.values().flat_map(|domain| {
            domain.products.values().flat_map(move |product| {
                let subscriber = Subscriber::Product(domain, product);
                product.input_ports.iter().map(move |subscription| Reader { subscriber, subscription })
            })
        });
        consumers.chain(domains)
    }

    /// The readers of a domain's products, by domain: subscriptions to ports other than `tables`.
    #[must_use]
    pub fn readers(&self) -> BTreeMap<&OwnerName, Vec<Reader<'_>>> {
        let mut readers: BTreeMap<&OwnerName, Vec<Reader<'_>>> = BTreeMap::new();
        for reader in self.subscriptions().filter(|reader| reader.subscription.port != PortKind::Tables) {
            readers.entry(&reader.subscription.domain).or_default().push(reader);
        }
        readers
    }
}
