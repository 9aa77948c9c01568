//! Models of a consumer that predict in batches: their role and group in `workspace`, models and state machines in the
//! consumer's `pipeline`.

mod machine;
mod rights;

pub(super) use rights::boundary;

use super::network::{Ground, https_out};
use super::ownership::Owner;
use super::roles::{Account, Draft, Querying};
use super::{notifications, pipeline, policies, workspace};
use crate::assembly::{After, Effect, Layer, Stack, Wire};
use crate::cfn::ec2::{SecurityGroup, Subnet};
use crate::cfn::sagemaker::Model;
use crate::cfn::{Arn, LogicalId, Name, Template, Val, kms};
use crate::mesh::{Consumer, Mesh, Network};
use std::collections::{BTreeMap, BTreeSet};

/// Output with the ARN of the key that encrypts results.
const KEY_OUTPUT: &str = "ResultsKeyArn";

/// Output with the id of the models' group.
const GROUP_OUTPUT: &str = "ModelsGroupId";

/// Output with the id of a subnet, from 1.
fn subnet_output(number: usize) -> String {
    format!("Subnet{number}Id")
}

/// Adds what stands in `workspace`: topic and start role, the group of the containers, the role, and the outputs that
/// `pipeline` takes up.
///
/// The role is none of the tools': Step Functions calls from outside the network, which Studio's role may not.
pub(super) fn add_role(template: &mut Template, account: &Account<'_>, ground: &Ground<'_>) -> Querying {
    let Ground { mesh, consumer, .. } = ground;
    let topic_key = notifications::add(template, mesh, account.owner, account.layer, None);
    let description = format!("Models in the network of the consumer {}", consumer.name);
    let group = ground.group(template, "Models", description, (Vec::new(), vec![https_out()]));
    template.output(KEY_OUTPUT, "Key of results", &account.key);
    template.output(GROUP_OUTPUT, "Group of the models", &group.group_id());
    for (index, subnet) in ground.subnets.iter().enumerate() {
        template.output(&subnet_output(index + 1), "Subnet of the network", &subnet.name());
    }
    let name = mesh.model_role(&consumer.name);
    let draft = Draft {
        word: "Model",
        product: None,
        name: &name,
        description: format!("Models of the consumer {} and their state machines", consumer.name),
        trusts: vec![policies::trust_machines(&consumer.account), policies::trust_sagemaker(mesh, &consumer.account)],
        statements: rights::of_role(account, ground, &group, &topic_key),
        origin: &consumer.origin,
    };
    account.add_querying_role(template, draft)
}

/// What the models of a consumer have in common.
struct Predicting<'a> {
    mesh: &'a Mesh,
    consumer: &'a Consumer,
    key: Val<Arn<kms::Key>>,
    subnets: Vec<Val<Name<Subnet>>>,
    group: Val<Name<SecurityGroup>>,
}

/// The stack with the models and their state machines; none without a model.
pub(super) fn stack(mesh: &Mesh, consumer: &Consumer) -> Option<Stack> {
    let network = consumer.network.as_ref().filter(|_| !consumer.batch_models.is_empty())?;
    let mut template =
        Template::new(format!("Models of the consumer {} in the data mesh {}", consumer.name, mesh.name));
    let mut wires = BTreeMap::new();
    let predicting = Predicting::wired(mesh, consumer, network, &mut template, &mut wires);
    let owner = Owner::consumer(consumer);
    for model in &consumer.batch_models {
        let machine = mesh.model_machine(&consumer.name, &model.name);
        let role = Val::literal(mesh.role_arn(&consumer.account, &mesh.model_role(&consumer.name)));
        let place = (predicting.subnets.clone(), predicting.group.clone());
        let tags = owner.tags(mesh, Layer::Pipeline, Some(&model.product));
        let made = Model::isolated(model.package.clone(), role, place, tags);
        let made = template.add(LogicalId::of("Model", model.name.as_str(), &machine), made, &model.origin);
        machine::add(&mut template, &predicting, model, &made);
    }
    let workspace = workspace::id(mesh, &consumer.name);
    let effects = [Effect::Notifications, Effect::Roles].map(|effect| After { stack: workspace.clone(), effect });
    Some(Stack {
        id: pipeline::id(mesh, &consumer.name, 1),
        account: consumer.account.clone(),
        region: mesh.region.clone(),
        layer: Layer::Pipeline,
        template,
        wires,
        after: grants(mesh, consumer).into_iter().chain(effects).collect(),
    })
}

/// The access stacks with what the models' role is granted.
fn grants(mesh: &Mesh, consumer: &Consumer) -> BTreeSet<After> {
    let subscriptions = consumer.batch_models.iter().filter_map(|model| consumer.subscription_of(model));
    let products = subscriptions.filter_map(|subscription| mesh.product(&subscription.domain, &subscription.product));
    let numbers: BTreeSet<u8> = products.map(|product| product.stack).collect();
    let access = |number| mesh.stack(consumer.name.as_str(), Layer::Access, Some(&consumer.name), number);
    numbers.into_iter().map(|number| After { stack: access(number), effect: Effect::Grants }).collect()
}

impl<'a> Predicting<'a> {
    /// Takes up what `workspace` made.
    fn wired(
        mesh: &'a Mesh,
        consumer: &'a Consumer,
        network: &Network,
        template: &mut Template,
        wires: &mut BTreeMap<String, Wire>,
    ) -> Self {
        let stack = workspace::id(mesh, &consumer.name);
        let mut names = vec![KEY_OUTPUT.to_owned(), GROUP_OUTPUT.to_owned()];
        let subnets: Vec<String> = (1..=usize::from(network.zones)).map(subnet_output).collect();
        names.extend(subnets.iter().cloned());
        for name in names {
            wires.insert(name.clone(), Wire { stack: stack.clone(), output: name });
        }
        let subnets = subnets.iter().map(|name| template.parameter(name, "Subnet of the models")).collect();
        Self {
            mesh,
            consumer,
            key: template.parameter(KEY_OUTPUT, "Key of results"),
            subnets,
            group: template.parameter(GROUP_OUTPUT, "Group of the models"),
        }
    }
}
