//! `workspace`, in a consumer's account: catalog settings, and for each tool a role with its workgroup.

use super::buckets;
use super::default_database;
use super::grants::settings;
use super::ownership::Owner;
use super::policies;
use super::roles::{Account, Draft, Querying};
use crate::assembly::{Layer, Stack, StackId};
use crate::cfn::s3::{Bucket, Encryption};
use crate::cfn::{LogicalId, Template, kms};
use crate::environment::files::{PortKind, Tool};
use crate::mesh::{BucketUse, Consumer, Mesh, OwnerName};
use std::collections::{BTreeMap, BTreeSet};

/// Days that results of queries are kept.
const RESULTS_DAYS: u32 = 30;

pub(super) fn id(mesh: &Mesh, consumer: &OwnerName) -> StackId {
    mesh.stack(consumer.as_str(), Layer::Workspace, Some(consumer), 1)
}

pub(super) fn stack(mesh: &Mesh, consumer: &Consumer) -> Stack {
    let owner = Owner::consumer(consumer);
    let mut template =
        Template::new(format!("Workspace of the consumer {} in the data mesh {}", consumer.name, mesh.name));
    let settings = template.add(LogicalId::new("Settings"), settings(mesh, owner.account), owner.origin);
    let tools: Vec<(Tool, String)> =
        consumer.tools.iter().filter_map(|tool| Some((*tool, mesh.tool_role(consumer, *tool)?))).collect();
    if !tools.is_empty() {
        let account = add_results(&mut template, mesh, consumer);
        let subscribed = consumer.subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables);
        let databases: BTreeSet<String> =
            subscribed.map(|subscription| mesh.database(&subscription.domain, &subscription.product)).collect();
        let querying: Vec<Querying> = tools
            .iter()
            .filter_map(|(tool, name)| add_tool(&mut template, &account, consumer, *tool, name, &databases))
            .collect();
        default_database::add(&mut template, owner, settings.id(), consumer.athena.default_database, &querying);
    }
    Stack {
        id: id(mesh, &consumer.name),
        account: consumer.account.clone(),
        region: mesh.region.clone(),
        layer: Layer::Workspace,
        template,
        wires: BTreeMap::new(),
        after: BTreeSet::new(),
    }
}

/// Adds the key and the bucket of query results, which are copies of what was queried.
fn add_results<'a>(template: &mut Template, mesh: &'a Mesh, consumer: &'a Consumer) -> Account<'a> {
    let owner = Owner::consumer(consumer);
    let tags = || owner.tags(mesh, Layer::Workspace, None);
    let name = |bucket_use| mesh.bucket(&consumer.name, bucket_use, &consumer.account);
    let description = format!("Query results of the consumer {} in the data mesh {}", consumer.name, mesh.name);
    let policy = policies::key_policy(mesh, &consumer.account, []);
    let key = template.add(LogicalId::new("ResultsKey"), kms::Key::new(description, policy, tags()), owner.origin);
    let alias = kms::Alias { alias_name: format!("alias/{}/{}", mesh.name, consumer.name), target_key_id: key.name() };
    template.add(LogicalId::new("ResultsKeyAlias"), alias, owner.origin);
    let logs = buckets::add_logs(template, mesh, owner, Layer::Workspace, name(BucketUse::Logs));
    let results = Bucket::private(name(BucketUse::Results), &Encryption::Key(key.arn()), tags())
        .expiring(RESULTS_DAYS)
        .logged_to(logs.name(), BucketUse::Results.name());
    buckets::add(template, mesh, owner, "Results", &name(BucketUse::Results), results, []);
    let (results, scan_limit) = (name(BucketUse::Results), consumer.athena.scan_limit);
    Account { mesh, owner, layer: Layer::Workspace, results, key: key.arn(), scan_limit }
}

fn add_tool(
    template: &mut Template,
    account: &Account<'_>,
    consumer: &Consumer,
    tool: Tool,
    name: &str,
    databases: &BTreeSet<String>,
) -> Option<Querying> {
    let people = policies::trust(account.mesh, &consumer.account, &consumer.principals);
    let (word, trusts) = match tool {
        Tool::Athena => ("Athena", vec![people]),
        Tool::Quicksight => ("Quicksight", vec![people, policies::trust_quicksight()]),
        Tool::Sagemaker => ("Sagemaker", vec![people, policies::trust_service("sagemaker", &consumer.account)]),
        // their role is the reader role in the producer's account
        Tool::Api | Tool::Sql => return None,
    };
    let mut statements = account.reading(name, databases);
    if tool == Tool::Quicksight {
        statements.extend(policies::browse(account.mesh, &consumer.account, name));
    }
    let draft = Draft {
        word,
        product: None,
        name,
        description: format!("{word} of the consumer {}", consumer.name),
        trusts,
        statements,
        origin: &consumer.origin,
    };
    Some(account.add_querying_role(template, draft))
}
