//! `workspace`, in a consumer's account: catalog settings, and for each tool a role with its workgroup.

use super::grants::add_settings;
use super::network::{self, Ground};
use super::ownership::Owner;
use super::policies;
use super::roles::{Account, Draft, Querying};
use super::{buckets, default_database, endpoints, models, studio};
use crate::assembly::{Layer, Stack, StackId};
use crate::cfn::s3::{Bucket, Encryption};
use crate::cfn::{LogicalId, Template, kms};
use crate::environment::files::{PortKind, Tool};
use crate::mesh::{BucketUse, Consumer, Mesh, NetworkUse, OwnerName};
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
    let settings = add_settings(&mut template, mesh, owner, Layer::Workspace);
    let tools: Vec<(Tool, String)> =
        consumer.tools.iter().filter_map(|tool| Some((*tool, mesh.tool_role(consumer, *tool)?))).collect();
    let ground = consumer.network.as_ref().map(|network| network::add(&mut template, mesh, consumer, network));
    let workers =
        ground.as_ref().filter(|_| works_inside(consumer)).map(|ground| studio::add_group(&mut template, ground));
    if let Some(ground) = &ground {
        endpoints::add(&mut template, ground, workers.as_ref());
    }
    if !tools.is_empty() || !consumer.batch_models.is_empty() {
        let account = add_results(&mut template, mesh, consumer);
        let subscribed = consumer.subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables);
        let databases: BTreeSet<String> =
            subscribed.map(|subscription| mesh.database(&subscription.domain, &subscription.product)).collect();
        let mut querying: Vec<Querying> = Vec::new();
        for (tool, name) in &tools {
            let made = add_tool(&mut template, &account, ground.as_ref(), (*tool, name), &databases, consumer);
            if let (Tool::Sagemaker, Some(made), Some(ground), Some(workers)) = (tool, &made, &ground, &workers) {
                studio::add(&mut template, ground, &account, workers, &made.role);
            }
            querying.extend(made);
        }
        if let Some(ground) = ground.as_ref().filter(|_| !consumer.batch_models.is_empty()) {
            querying.push(models::add_role(&mut template, &account, ground));
        }
        default_database::add(&mut template, owner, &settings, consumer.athena.default_database, &querying);
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

/// Whether people work in the consumer's network.
fn works_inside(consumer: &Consumer) -> bool {
    consumer.network.as_ref().is_some_and(|network| network.used_by == NetworkUse::Tools)
}

fn add_tool(
    template: &mut Template,
    account: &Account<'_>,
    ground: Option<&Ground<'_>>,
    (tool, name): (Tool, &str),
    databases: &BTreeSet<String>,
    consumer: &Consumer,
) -> Option<Querying> {
    let people = policies::trust(account.mesh, &consumer.account, &consumer.principals);
    let mut statements = account.reading(name, databases);
    let (word, trusts) = match tool {
        Tool::Athena => ("Athena", vec![people]),
        Tool::Quicksight => {
            statements.extend(policies::browse(account.mesh, &consumer.account, name));
            ("Quicksight", vec![people, policies::trust_quicksight()])
        }
        Tool::Sagemaker => {
            statements.extend(ground.map(studio::only_inside));
            ("Sagemaker", vec![people, policies::trust_sagemaker(account.mesh, &consumer.account)])
        }
        // their role is the reader role in the producer's account
        Tool::Api | Tool::Sql => return None,
    };
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
