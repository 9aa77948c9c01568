//! How an owner hears of things: an event bus, a topic with the team's address, and what starts its state machines.
//!
//! They stand in an owner's first stack, so that later stacks can name them by computed names.

use super::ownership::Owner;
use super::policies;
use crate::assembly::Layer;
use crate::cfn::events::{EventBus, EventBusPolicy};
use crate::cfn::iam::{InlinePolicy, PolicyDocument, Principal, Role, Statement};
use crate::cfn::scheduler::ScheduleGroup;
use crate::cfn::sns::{Subscription, Topic, TopicPolicy};
use crate::cfn::{Arn, LogicalId, Template, Val, kms};
use crate::mesh::Mesh;

/// Services that publish to an owner's topic: alarms, and rules on the owner's bus.
const PUBLISHERS: [&str; 2] = ["cloudwatch.amazonaws.com", "events.amazonaws.com"];

/// Adds the mesh's bus of governance, on which everyone's jobs and crawlers tell what they did.
pub(super) fn add_mesh_bus(template: &mut Template, mesh: &Mesh) {
    // one statement for each account would pass the size of a bus's policy at some thirty domains
    let statement = Statement::allow("Organization", ["events:PutEvents"])
        .by(Principal::Everyone("*"))
        .on([mesh.bus_arn(&mesh.governance)])
        .when("StringEquals", "aws:PrincipalOrgID", [mesh.organization.as_str()])
        .when(
            "ArnLike",
            "aws:PrincipalArn",
            [format!("arn:{}:iam::*:role{}*", mesh.region.partition(), mesh.role_path())],
        );
    add_bus(template, mesh, Owner::governance(mesh), Layer::Foundation, "Organization", statement);
}

/// Adds an owner's bus, topic, and the role and group by which its state machines are started. Answers the topic's key, which
/// a role that publishes uses.
pub(super) fn add(
    template: &mut Template,
    mesh: &Mesh,
    owner: Owner<'_>,
    layer: Layer,
    forward: Option<String>,
) -> Val<Arn<kms::Key>> {
    if let Some(forward) = forward {
        let statement = Statement::allow("Governance", ["events:PutEvents"]).on([mesh.bus_arn(owner.account)]);
        let statement = policies::by_role(statement, mesh, &mesh.governance, &forward);
        add_bus(template, mesh, owner, layer, "Governance", statement);
    }
    let key = add_topic(template, mesh, owner, layer);
    let machines = format!(
        "arn:{}:states:{}:{}:stateMachine:{}-*",
        mesh.region.partition(),
        mesh.region,
        owner.account,
        mesh.name
    );
    let role = Role {
        role_name: mesh.start_role(owner.name),
        path: mesh.role_path(),
        description: format!("Starts the state machines of {}", owner.name),
        assume_role_policy_document: PolicyDocument::new([policies::trust_service("scheduler", owner.account)]),
        permissions_boundary: Some(Val::literal(mesh.boundary_arn(owner.account))),
        managed_policy_arns: Vec::new(),
        policies: vec![InlinePolicy {
            policy_name: "work".to_owned(),
            policy_document: PolicyDocument::new([
                Statement::allow("StartMachines", ["states:StartExecution"]).on([machines])
            ]),
        }],
        tags: owner.tags(mesh, layer, None),
    };
    template.add(LogicalId::new("StartRole"), role, owner.origin);
    let group = ScheduleGroup { name: mesh.schedule_group(owner.name), tags: owner.tags(mesh, layer, None) };
    template.add(LogicalId::new("ScheduleGroup"), group, owner.origin);
    key
}

fn add_bus(template: &mut Template, mesh: &Mesh, owner: Owner<'_>, layer: Layer, sid: &str, statement: Statement) {
    let bus = EventBus {
        name: mesh.name.to_string(),
        description: format!("What jobs and crawlers of the data mesh {} did", mesh.name),
        tags: owner.tags(mesh, layer, None),
    };
    let bus = template.add(LogicalId::new("EventBus"), bus, owner.origin);
    let policy = EventBusPolicy { event_bus_name: bus.name(), statement_id: sid.to_owned(), statement };
    template.add(LogicalId::new("EventBusPolicy"), policy, owner.origin);
}

/// Adds the topic with a key of its own: the services that publish must be let into the key, and the data's key is not theirs.
fn add_topic(template: &mut Template, mesh: &Mesh, owner: Owner<'_>, layer: Layer) -> Val<Arn<kms::Key>> {
    let services = || Principal::Service(PUBLISHERS.iter().map(|service| (*service).to_owned()).collect());
    // CloudWatch user guide, "Amazon SNS encryption": an encrypted topic needs a customer managed key that lets the service in
    let publishing = Statement::allow("Publishers", ["kms:Decrypt", "kms:GenerateDataKey"]).by(services()).on(["*"]);
    let policy = policies::key_policy(mesh, owner.account, [publishing]);
    let description = format!("Notifications to {} in the data mesh {}", owner.name, mesh.name);
    let key = kms::Key::new(description, policy, owner.tags(mesh, layer, None));
    let key = template.add(LogicalId::new("NotificationKey"), key, owner.origin);
    let topic = Topic {
        topic_name: mesh.topic(owner.name),
        kms_master_key_id: key.name(),
        tags: owner.tags(mesh, layer, None),
    };
    let topic = template.add(LogicalId::new("Topic"), topic, owner.origin);
    let publish = Statement::allow("Publishers", ["sns:Publish"]).by(services()).on_value(&topic.reference()).when(
        "StringEquals",
        "aws:SourceAccount",
        [owner.account.as_str()],
    );
    let policy = TopicPolicy { topics: [topic.reference()], policy_document: PolicyDocument::new([publish]) };
    template.add(LogicalId::new("TopicPolicy"), policy, owner.origin);
    let subscription = Subscription::email(topic.reference(), &owner.team.email);
    template.add(LogicalId::new("TopicSubscription"), subscription, owner.origin);
    key.arn()
}
