//! Amazon EC2: what a private network is made of.

use super::iam::PolicyDocument;
use super::{Arn, Handle, Name, ResourceTag, Text, Val, iam, logs};
use serde::Serialize;

/// `AWS::EC2::VPC` that resolves names, as private DNS names of endpoints ask for (AWS PrivateLink guide).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Vpc {
    cidr_block: String,
    enable_dns_hostnames: bool,
    enable_dns_support: bool,
    tags: Vec<ResourceTag>,
}

impl Vpc {
    /// A network of a range of addresses.
    #[must_use]
    pub fn new(cidr_block: String, tags: Vec<ResourceTag>) -> Self {
        Self { cidr_block, enable_dns_hostnames: true, enable_dns_support: true, tags }
    }
}

/// `AWS::EC2::Subnet` whose things get no public address.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subnet {
    vpc_id: Val<Name<Vpc>>,
    cidr_block: String,
    availability_zone: Val<Text>,
    map_public_ip_on_launch: bool,
    tags: Vec<ResourceTag>,
}

impl Subnet {
    /// A subnet in the Availability Zone of an index.
    #[must_use]
    pub fn private(vpc_id: Val<Name<Vpc>>, cidr_block: String, zone: u8, tags: Vec<ResourceTag>) -> Self {
        Self { vpc_id, cidr_block, availability_zone: Val::zone(zone), map_public_ip_on_launch: false, tags }
    }
}

/// `AWS::EC2::RouteTable`. It has the local route alone, and those that gateway endpoints add.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RouteTable {
    /// The network.
    pub vpc_id: Val<Name<Vpc>>,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// `AWS::EC2::SubnetRouteTableAssociation`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubnetRouteTableAssociation {
    /// The table.
    pub route_table_id: Val<Name<RouteTable>>,
    /// The subnet.
    pub subnet_id: Val<Name<Subnet>>,
}

/// `AWS::EC2::SecurityGroup`.
///
/// A group without a rule of its own on what leaves it lets everything out; with one it lets out only that (CloudFormation
/// user guide, `AWS::EC2::SecurityGroup`, "Remove default egress rule").
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroup {
    /// What it is for.
    pub group_description: String,
    /// What may leave.
    pub security_group_egress: Vec<Rule>,
    /// What may enter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_group_ingress: Vec<Rule>,
    /// The network.
    pub vpc_id: Val<Name<Vpc>>,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// A rule inside a group.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    description: String,
    ip_protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cidr_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_security_group_id: Option<Val<Name<SecurityGroup>>>,
}

impl Rule {
    /// TCP to one port of a range of addresses.
    #[must_use]
    pub fn to_range(description: &str, port: u16, range: String) -> Self {
        Self {
            description: description.to_owned(),
            ip_protocol: "tcp",
            from_port: Some(port),
            to_port: Some(port),
            cidr_ip: Some(range),
            source_security_group_id: None,
        }
    }

    /// TCP from a group to one port.
    #[must_use]
    pub fn from_group(description: &str, port: u16, group: Val<Name<SecurityGroup>>) -> Self {
        Self {
            description: description.to_owned(),
            ip_protocol: "tcp",
            from_port: Some(port),
            to_port: Some(port),
            cidr_ip: None,
            source_security_group_id: Some(group),
        }
    }

    /// Nothing: a rule on an address that no packet leaves for, in the place of the one that lets everything out.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            description: "nothing".to_owned(),
            ip_protocol: "-1",
            from_port: None,
            to_port: None,
            cidr_ip: Some("127.0.0.1/32".to_owned()),
            source_security_group_id: None,
        }
    }
}

impl Handle<SecurityGroup> {
    /// The id of the group.
    #[must_use]
    pub fn group_id(&self) -> Val<Name<SecurityGroup>> {
        Val::attribute(self.id(), "GroupId")
    }
}

/// `AWS::EC2::SecurityGroupIngress`: a rule that a group has on itself, which it cannot name while it is made.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupIngress {
    description: String,
    group_id: Val<Name<SecurityGroup>>,
    ip_protocol: &'static str,
    from_port: u16,
    to_port: u16,
    source_security_group_id: Val<Name<SecurityGroup>>,
}

impl SecurityGroupIngress {
    /// TCP from the group to itself.
    #[must_use]
    pub fn from_itself(description: &str, ports: (u16, u16), group: &Handle<SecurityGroup>) -> Self {
        Self {
            description: description.to_owned(),
            group_id: group.group_id(),
            ip_protocol: "tcp",
            from_port: ports.0,
            to_port: ports.1,
            source_security_group_id: group.group_id(),
        }
    }
}

/// `AWS::EC2::SecurityGroupEgress`: a rule that a group has on itself or on a group that names it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecurityGroupEgress {
    description: String,
    group_id: Val<Name<SecurityGroup>>,
    ip_protocol: &'static str,
    from_port: u16,
    to_port: u16,
    destination_security_group_id: Val<Name<SecurityGroup>>,
}

impl SecurityGroupEgress {
    /// TCP from one group to another, or to itself.
    #[must_use]
    pub fn to_group(
        description: &str,
        ports: (u16, u16),
        group: &Handle<SecurityGroup>,
        destination: &Handle<SecurityGroup>,
    ) -> Self {
        Self {
            description: description.to_owned(),
            group_id: group.group_id(),
            ip_protocol: "tcp",
            from_port: ports.0,
            to_port: ports.1,
            destination_security_group_id: destination.group_id(),
        }
    }
}

/// `AWS::EC2::FlowLog` of a network into a log group: who spoke to whom, and who was turned away.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FlowLog {
    deliver_logs_permission_arn: Val<Arn<iam::Role>>,
    log_destination_type: &'static str,
    log_group_name: Val<Name<logs::LogGroup>>,
    resource_id: Val<Name<Vpc>>,
    resource_type: &'static str,
    tags: Vec<ResourceTag>,
    traffic_type: &'static str,
}

impl FlowLog {
    /// All traffic of a network.
    #[must_use]
    pub fn of_vpc(
        resource_id: Val<Name<Vpc>>,
        log_group_name: Val<Name<logs::LogGroup>>,
        role: Val<Arn<iam::Role>>,
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self {
            deliver_logs_permission_arn: role,
            log_destination_type: "cloud-watch-logs",
            log_group_name,
            resource_id,
            resource_type: "VPC",
            tags,
            traffic_type: "ALL",
        }
    }
}

/// `AWS::EC2::VPCEndpoint`, always with a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VpcEndpoint {
    vpc_id: Val<Name<Vpc>>,
    service_name: String,
    vpc_endpoint_type: &'static str,
    policy_document: PolicyDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_dns_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    route_table_ids: Vec<Val<Name<RouteTable>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    security_group_ids: Vec<Val<Name<SecurityGroup>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subnet_ids: Vec<Val<Name<Subnet>>>,
    tags: Vec<ResourceTag>,
}

impl VpcEndpoint {
    /// A gateway: a route in tables.
    #[must_use]
    pub fn gateway(
        vpc_id: Val<Name<Vpc>>,
        service_name: String,
        policy_document: PolicyDocument,
        route_table_ids: Vec<Val<Name<RouteTable>>>,
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self {
            vpc_id,
            service_name,
            vpc_endpoint_type: "Gateway",
            policy_document,
            private_dns_enabled: None,
            route_table_ids,
            security_group_ids: Vec::new(),
            subnet_ids: Vec::new(),
            tags,
        }
    }

    /// An interface: an address in subnets, under the service's usual name.
    #[must_use]
    pub fn interface(
        vpc_id: Val<Name<Vpc>>,
        service_name: String,
        policy_document: PolicyDocument,
        doors: (Vec<Val<Name<Subnet>>>, Val<Name<SecurityGroup>>),
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self {
            vpc_id,
            service_name,
            vpc_endpoint_type: "Interface",
            policy_document,
            private_dns_enabled: Some(true),
            route_table_ids: Vec::new(),
            security_group_ids: vec![doors.1],
            subnet_ids: doors.0,
            tags,
        }
    }
}
