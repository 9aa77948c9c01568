//! Names that AWS lets us choose, computed from the mesh, so that no stack waits for another to learn them.

use super::{AccountId, CatalogName, Consumer, Mesh, OwnerName, ProductId, Quicksight, Reader, fingerprint};
use crate::assembly::{Layer, StackId};
use crate::environment::files::{PortKind, Tool};

/// Cuts a name to a limit: its start, a hyphen, and six hexadecimal digits of SHA-256 of the whole.
#[must_use]
pub fn fit(name: String, limit: usize) -> String {
    if name.len() <= limit {
        return name;
    }
    let start = name[..limit - 7].trim_end_matches('-');
    format!("{start}-{}", &fingerprint(&name)[..6])
}

/// Owner of the governance account's stacks.
pub const GOVERNANCE: &str = "governance";

/// What a bucket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketUse {
    /// Published tables.
    Data,
    /// What sources bring.
    Raw,
    /// Server access logs.
    Logs,
    /// A composite product's inputs.
    Staging,
    /// Results of queries.
    Results,
}

impl BucketUse {
    /// The word in the bucket's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Raw => "raw",
            Self::Logs => "logs",
            Self::Staging => "staging",
            Self::Results => "results",
        }
    }
}

/// The word of a port in a reader's name.
const fn port_name(port: PortKind) -> &'static str {
    match port {
        PortKind::Tables => "tables",
        PortKind::Api => "api",
        PortKind::Sql => "sql",
        PortKind::Graph => "graph",
    }
}

impl Mesh {
    /// Name of a bucket: `<tenant>-<mesh>-<owner>-<use>-<account>`, at most 63 characters.
    #[must_use]
    pub fn bucket(&self, owner: &OwnerName, bucket_use: BucketUse, account: &AccountId) -> String {
        fit(format!("{}-{}-{owner}-{}-{account}", self.tenant, self.name, bucket_use.name()), 63)
    }

    /// Name of an account's bucket for templates and assets.
    #[must_use]
    pub fn staging_bucket(&self, account: &AccountId) -> String {
        match &self.deployment.staging {
            Some(name) => fit(format!("{name}-{account}"), 63),
            None => fit(format!("{}-{}-deploy-{account}", self.tenant, self.name), 63),
        }
    }

    /// Name of a product's database, and of every link to it.
    #[must_use]
    pub fn database(&self, domain: &OwnerName, product: &ProductId) -> String {
        format!("{}_{domain}_{product}", self.name).replace('-', "_")
    }

    /// Name of the database in the producer's account with what its crawler finds in raw files; no published database has
    /// that form, since no owner may be called `local`.
    #[must_use]
    pub fn local_database(&self, domain: &OwnerName, product: &ProductId) -> String {
        format!("{}_local_{domain}_{product}", self.name).replace('-', "_")
    }

    /// Key of the classification tag.
    #[must_use]
    pub fn classification_tag(&self) -> String {
        format!("{}/classification", self.name)
    }

    /// Key of a domain's tag, whose values are its products.
    #[must_use]
    pub fn domain_tag(&self, domain: &OwnerName) -> String {
        format!("{}/{domain}", self.name)
    }

    /// A role's name: `<mesh>-<use>-<owner>...`, at most 64 characters.
    fn role(&self, parts: &[&str]) -> String {
        fit(format!("{}-{}", self.name, parts.join("-")), 64)
    }

    /// The role of a domain's owner.
    #[must_use]
    pub fn owner_role(&self, domain: &OwnerName) -> String {
        self.role(&["owner", domain.as_str()])
    }

    /// The role of a product's job.
    #[must_use]
    pub fn job_role(&self, domain: &OwnerName, product: &ProductId) -> String {
        self.role(&["job", domain.as_str(), product.as_str()])
    }

    /// The role in the producer's account for a subscription to a port other than `tables`.
    #[must_use]
    pub fn reader_role(&self, reader: &Reader<'_>) -> String {
        let subscription = reader.subscription;
        let subscriber = reader.subscriber.owner().as_str();
        let port = port_name(subscription.port);
        self.role(&["read", subscription.domain.as_str(), subscription.product.as_str(), subscriber, port])
    }

    /// The role of a consumer's tool; `api` and `sql` have theirs in the producer's account.
    #[must_use]
    pub fn tool_role(&self, consumer: &Consumer, tool: Tool) -> Option<String> {
        let word = match tool {
            Tool::Athena => "athena",
            Tool::Quicksight => "quicksight",
            Tool::Sagemaker => "sagemaker",
            Tool::Api | Tool::Sql => return None,
        };
        Some(self.role(&[word, consumer.name.as_str()]))
    }

    /// ARN of the QuickSight group that reads a consumer's data sets; groups lie in their identity Region (QuickSight API,
    /// `CreateGroup`).
    #[must_use]
    pub fn quicksight_group_arn(&self, consumer: &Consumer) -> String {
        let Quicksight { group, identity_region, mode: _ } = &consumer.quicksight;
        let region = identity_region.as_ref().unwrap_or(&self.region);
        let group = group.as_ref().map_or_else(|| format!("{}-{}", self.name, consumer.name), ToString::to_string);
        format!("arn:{}:quicksight:{region}:{}:group/default/{group}", self.region.partition(), consumer.account)
    }

    /// Id of a consumer's QuickSight data source; one for each stack of links and grants.
    #[must_use]
    pub fn data_source(&self, consumer: &OwnerName, number: u8) -> String {
        if number > 1 { format!("{}-{consumer}-{number}", self.name) } else { format!("{}-{consumer}", self.name) }
    }

    /// Id of a consumer's QuickSight data set on a table. Tables have no hyphen, so its last one stands before the table.
    #[must_use]
    pub fn data_set(&self, consumer: &OwnerName, product: &ProductId, table: &CatalogName) -> String {
        fit(format!("{}-{consumer}-{product}-{table}", self.name), 128)
    }

    /// The role in the governance account that reads a domain's registered location.
    #[must_use]
    pub fn register_role(&self, domain: &OwnerName) -> String {
        self.role(&["register", domain.as_str()])
    }

    /// The role that crawls: in governance a domain's published tables, in the producer's account its raw files.
    #[must_use]
    pub fn crawl_role(&self, domain: &OwnerName) -> String {
        self.role(&["crawl", domain.as_str()])
    }

    /// The role in the governance account that sends events on to a domain's bus.
    #[must_use]
    pub fn forward_role(&self, domain: &OwnerName) -> String {
        self.role(&["forward", domain.as_str()])
    }

    /// The role that a consumer's models and their state machines work as.
    #[must_use]
    pub fn model_role(&self, consumer: &OwnerName) -> String {
        self.role(&["model", consumer.as_str()])
    }

    /// The state machine of a model, and its schedule: cut to the 64 characters of the latter.
    #[must_use]
    pub fn model_machine(&self, consumer: &OwnerName, model: &ProductId) -> String {
        self.role(&["model", consumer.as_str(), model.as_str()])
    }

    /// What begins the names of a model's transform jobs: with a hyphen and a UUID they have at most 63 characters.
    #[must_use]
    pub fn transform_prefix(&self, model: &ProductId) -> String {
        fit(format!("{}-{model}", self.name), 26)
    }

    /// The role that writes down who speaks to whom in a consumer's network.
    #[must_use]
    pub fn flow_role(&self, consumer: &OwnerName) -> String {
        self.role(&["flow", consumer.as_str()])
    }

    /// Name of a log group: `/aws/<mesh>/<owner>/<what>`.
    #[must_use]
    pub fn log_group(&self, owner: &str, what: &str) -> String {
        format!("/aws/{}/{owner}/{what}", self.name)
    }

    /// The role that judges the products of a domain which no job of ours makes.
    #[must_use]
    pub fn quality_role(&self, domain: &OwnerName) -> String {
        self.role(&["quality", domain.as_str()])
    }

    /// The state machine that judges a product which no job of ours makes.
    #[must_use]
    pub fn quality_machine(&self, domain: &OwnerName, product: &ProductId) -> String {
        self.role(&["quality", domain.as_str(), product.as_str()])
    }

    /// The role in a domain's account that sends events on to the buses of the mesh.
    #[must_use]
    pub fn tell_role(&self, domain: &OwnerName) -> String {
        self.role(&["tell", domain.as_str()])
    }

    /// The role in the governance account by which a state machine starts the crawlers of a product.
    #[must_use]
    pub fn crawling_role(&self, domain: &OwnerName, product: &ProductId) -> String {
        self.role(&["crawling", domain.as_str(), product.as_str()])
    }

    /// The state machine in the governance account that starts the crawlers of a product.
    #[must_use]
    pub fn crawl_machine(&self, domain: &OwnerName, product: &ProductId) -> String {
        fit(format!("{}-crawl-{domain}-{product}", self.name), 80)
    }

    /// ARN of a state machine.
    #[must_use]
    pub fn machine_arn(&self, account: &AccountId, machine: &str) -> String {
        format!("arn:{}:states:{}:{account}:stateMachine:{machine}", self.region.partition(), self.region)
    }

    /// ARN of something of AWS Glue: `catalog`, `crawler/<name>`, `database/<name>`, `table/<database>/*`.
    #[must_use]
    pub fn glue_arn(&self, account: &AccountId, rest: &str) -> String {
        format!("arn:{}:glue:{}:{account}:{rest}", self.region.partition(), self.region)
    }

    /// Name of an EventBridge rule about a domain, at most 64 characters.
    #[must_use]
    pub fn rule(&self, word: &str, domain: &OwnerName, product: Option<&ProductId>) -> String {
        let product = product.map(|product| format!("-{product}")).unwrap_or_default();
        fit(format!("{}-{word}-{domain}{product}", self.name), 64)
    }

    /// The role that starts an owner's state machines.
    #[must_use]
    pub fn start_role(&self, owner: &str) -> String {
        self.role(&["start", owner])
    }

    /// Name of an owner's topic and of its group of schedules.
    #[must_use]
    pub fn topic(&self, owner: &str) -> String {
        format!("{}-{owner}", self.name)
    }

    /// ARN of an owner's topic.
    #[must_use]
    pub fn topic_arn(&self, owner: &str, account: &AccountId) -> String {
        format!("arn:{}:sns:{}:{account}:{}", self.region.partition(), self.region, self.topic(owner))
    }

    /// Name of an owner's group of schedules.
    #[must_use]
    pub fn schedule_group(&self, owner: &str) -> String {
        self.topic(owner)
    }

    /// ARN of the mesh's event bus in an account; every such bus bears the mesh's name.
    #[must_use]
    pub fn bus_arn(&self, account: &AccountId) -> String {
        format!("arn:{}:events:{}:{account}:event-bus/{}", self.region.partition(), self.region, self.name)
    }

    /// Source of the events that the mesh itself puts on its buses.
    #[must_use]
    pub fn event_source(&self) -> String {
        format!("meshform.{}", self.name)
    }

    /// Name of the crawler and of the ruleset of a published table: dots, so that the names of one domain share a prefix
    /// that no other domain's have.
    #[must_use]
    pub fn dotted(&self, domain: &OwnerName, product: &ProductId, table: &str) -> String {
        format!("{}.{domain}.{product}.{table}", self.name)
    }

    /// The path of every role that the execution role makes; the bootstrap roles lie outside it.
    #[must_use]
    pub fn role_path(&self) -> String {
        format!("/{}/", self.name)
    }

    /// ARN of a role that the execution role makes.
    #[must_use]
    pub fn role_arn(&self, account: &AccountId, role: &str) -> String {
        format!("arn:{}:iam::{account}:role/{}/{role}", self.region.partition(), self.name)
    }

    /// ARN of a role that bootstrap makes.
    #[must_use]
    pub fn bootstrap_role_arn(&self, account: &AccountId, role: &super::RoleName) -> String {
        format!("arn:{}:iam::{account}:role/{role}", self.region.partition())
    }

    /// Name of the permissions boundary in every account; it lies outside the mesh's path.
    #[must_use]
    pub fn boundary(&self) -> String {
        format!("{}-boundary", self.name)
    }

    /// ARN of the permissions boundary.
    #[must_use]
    pub fn boundary_arn(&self, account: &AccountId) -> String {
        format!("arn:{}:iam::{account}:policy/{}", self.region.partition(), self.boundary())
    }

    /// ARN of an account's root: the only AWS principal that our policies name.
    #[must_use]
    pub fn root_arn(&self, account: &AccountId) -> String {
        format!("arn:{}:iam::{account}:root", self.region.partition())
    }

    /// Id of a stack: `<owner>/<mesh>-<layer>[-<subject>][-<number>]`; the number is left out for the first.
    ///
    /// `owner` owns the account, `subject` is whom the stack is about: `governance/demo-sharing-sales`.
    #[must_use]
    pub fn stack(&self, owner: &str, layer: Layer, subject: Option<&OwnerName>, number: u8) -> StackId {
        let mut name = format!("{}-{}", self.name, layer.name());
        if let Some(subject) = subject {
            name.push('-');
            name.push_str(subject.as_str());
        }
        if number > 1 {
            name.push_str(&format!("-{number}"));
        }
        StackId::new(owner, &name)
    }
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn a_cut_name_keeps_its_start_and_stays_different() {
        assert_eq!(fit("short".to_owned(), 63), "short");
        let long = fit("a".repeat(70), 63);
        assert_eq!(long.len(), 63);
        assert_ne!(long, fit("a".repeat(71), 63));
        assert_eq!(fit("abcdefgh--klmnopqr".to_owned(), 16).find("--"), None);
    }
}
