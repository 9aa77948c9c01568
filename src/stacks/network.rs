//! The network of a consumer: subnets without a way to the internet. What leaves it leaves through endpoints.

use super::ownership::Owner;
use super::policies;
use crate::assembly::Layer;
use crate::cfn::ec2::{FlowLog, RouteTable, Rule, SecurityGroup, Subnet, SubnetRouteTableAssociation, Vpc};
use crate::cfn::iam::{InlinePolicy, PolicyDocument, Role, Statement};
use crate::cfn::logs::LogGroup;
use crate::cfn::sagemaker::Standing;
use crate::cfn::{Handle, LogicalId, Name, ResourceTag, Template, Val};
use crate::mesh::{Consumer, Mesh, Network};

/// HTTPS, which all endpoints speak.
pub(super) const HTTPS: u16 = 443;

/// A network that stands in a template.
pub(super) struct Ground<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) consumer: &'a Consumer,
    pub(super) range: String,
    pub(super) vpc: Handle<Vpc>,
    pub(super) subnets: Vec<Handle<Subnet>>,
    pub(super) routes: Handle<RouteTable>,
}

/// Adds the network: neither an internet gateway nor a NAT gateway is among it.
pub(super) fn add<'a>(
    template: &mut Template,
    mesh: &'a Mesh,
    consumer: &'a Consumer,
    network: &Network,
) -> Ground<'a> {
    let owner = Owner::consumer(consumer);
    let tags = || owner.tags(mesh, Layer::Workspace, None);
    let range = network.range.to_string();
    let vpc = template.add(LogicalId::new("Vpc"), Vpc::new(range.clone(), tags()), owner.origin);
    let table = RouteTable { vpc_id: vpc.name(), tags: tags() };
    let routes = template.add(LogicalId::new("Routes"), table, owner.origin);
    let mut subnets = Vec::new();
    for (zone, range) in (0..).zip(network.subnets()) {
        let number = zone + 1;
        let subnet = Subnet::private(vpc.name(), range.to_string(), zone, tags());
        let subnet = template.add(LogicalId::new(&format!("Subnet{number}")), subnet, owner.origin);
        let association = SubnetRouteTableAssociation { route_table_id: routes.name(), subnet_id: subnet.name() };
        template.add(LogicalId::new(&format!("Routes{number}")), association, owner.origin);
        subnets.push(subnet);
    }
    let ground = Ground { mesh, consumer, range, vpc, subnets, routes };
    add_flow_log(template, &ground);
    ground
}

/// Adds the record of who spoke to whom, kept as long as all logs.
fn add_flow_log(template: &mut Template, ground: &Ground<'_>) {
    let Ground { mesh, consumer, .. } = ground;
    let name = mesh.log_group(consumer.name.as_str(), "network");
    let streams =
        format!("arn:{}:logs:{}:{}:log-group:{name}:*", mesh.region.partition(), mesh.region, consumer.account);
    let group = template.add(LogicalId::new("NetworkLog"), LogGroup::kept(name, ground.tags()), &consumer.origin);
    // the actions that the Amazon VPC user guide asks for, "Publish flow logs to CloudWatch Logs", without making groups
    let work = PolicyDocument::new([
        Statement::allow("WriteLogs", ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"])
            .on([streams]),
        Statement::allow("ListLogGroups", ["logs:DescribeLogGroups"]).on(["*"]),
    ]);
    let role = Role {
        role_name: mesh.flow_role(&consumer.name),
        path: mesh.role_path(),
        description: format!("Writes the network's log of the consumer {}", consumer.name),
        assume_role_policy_document: PolicyDocument::new([policies::trust_service("vpc-flow-logs", &consumer.account)]),
        permissions_boundary: Some(Val::literal(mesh.boundary_arn(&consumer.account))),
        managed_policy_arns: Vec::new(),
        policies: vec![InlinePolicy { policy_name: "work".to_owned(), policy_document: work }],
        tags: ground.tags(),
    };
    let role = template.add(LogicalId::new("NetworkLogRole"), role, &consumer.origin);
    let log = FlowLog::of_vpc(ground.vpc.name(), group.name(), role.arn(), ground.tags());
    template.add(LogicalId::new("NetworkFlow"), log, &consumer.origin);
}

impl Ground<'_> {
    pub(super) fn tags(&self) -> Vec<ResourceTag> {
        Owner::consumer(self.consumer).tags(self.mesh, Layer::Workspace, None)
    }

    pub(super) fn subnet_ids(&self) -> Vec<Val<Name<Subnet>>> {
        self.subnets.iter().map(Handle::name).collect()
    }

    /// Where things of one group stand.
    pub(super) fn standing(&self, group: &Handle<SecurityGroup>) -> Standing {
        Standing { vpc: self.vpc.name(), subnets: self.subnet_ids(), group: group.group_id() }
    }

    /// Adds a security group.
    pub(super) fn group(
        &self,
        template: &mut Template,
        word: &str,
        description: String,
        rules: (Vec<Rule>, Vec<Rule>),
    ) -> Handle<SecurityGroup> {
        let (security_group_ingress, security_group_egress) = rules;
        let group = SecurityGroup {
            group_description: description,
            security_group_egress,
            security_group_ingress,
            vpc_id: self.vpc.name(),
            tags: self.tags(),
        };
        template.add(LogicalId::new(&format!("{word}Group")), group, &self.consumer.origin)
    }
}

/// HTTPS to anywhere, which in a network without a gateway is the endpoints and S3.
///
/// S3's addresses are a list of prefixes that AWS keeps; its id is neither an attribute of the endpoint nor documented, so
/// a group cannot name it. The route table decides: it holds the local route and S3's alone.
pub(super) fn https_out() -> Rule {
    Rule::to_range("endpoints and S3: the network has no other way out", HTTPS, "0.0.0.0/0".to_owned())
}
