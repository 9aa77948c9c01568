//! What CloudFormation's role may make of networks and of SageMaker, in a consumer's account.

use super::Scope;
use crate::cfn::iam::Statement;
use std::collections::BTreeSet;

/// Types of the network and of SageMaker.
pub(super) const TYPES: &[&str] = &[
    "AWS::EC2::FlowLog",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::IAM::RolePolicy",
    "AWS::SageMaker::Domain",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::UserProfile",
];

/// Starts of actions that handlers list for properties that we never set, or for what must outlive a stack: the volume
/// with people's home directories is not among what a deployment may delete.
const WITHHELD: [&str; 13] = [
    "autoscaling:",
    "ec2:AssociateSubnetCidrBlock",
    "ec2:CreateVpcEncryptionControl",
    "ec2:DisassociateSubnetCidrBlock",
    "ec2:ModifyVpcTenancy",
    "efs:",
    "identitystore:",
    "logs:DeleteLogDelivery",
    "sagemaker:CreateApp",
    "sagemaker:DeleteApp",
    "sso:",
    "vpc-lattice:",
    "vpce:",
];

/// Whether an action that a handler lists is left out.
pub(super) fn withheld(action: &str) -> bool {
    WITHHELD.iter().any(|start| action.starts_with(start))
}

/// Kinds of what EC2 makes for a network. AWS makes their ids, so that no name limits them.
const KINDS: [&str; 7] =
    ["route-table", "security-group", "security-group-rule", "subnet", "vpc", "vpc-endpoint", "vpc-flow-log"];

impl Scope<'_> {
    /// Networks and their endpoints.
    pub(super) fn network(&self) -> Vec<Statement> {
        let (reads, changes): (BTreeSet<String>, BTreeSet<String>) =
            self.of("ec2").into_iter().partition(|action| action.starts_with("ec2:Describe"));
        vec![
            Statement::allow("NetworkParts", changes)
                .on(KINDS.into_iter().map(|kind| self.arn("ec2", &format!("{kind}/*")))),
            Statement::allow("ReadNetworks", reads).on(["*"]),
            // private names of endpoints; a dependent action of CreateVpcEndpoint (service authorization reference), on
            // zones that AWS owns
            Statement::allow("PrivateNames", ["route53:AssociateVPCWithHostedZone"])
                .on([format!("arn:{}:route53:::hostedzone/*", self.mesh.region.partition())]),
        ]
    }

    /// Studio and models; the keys and the service-linked role that a Domain needs.
    pub(super) fn studio(&self) -> Vec<Statement> {
        let partition = self.mesh.region.partition();
        let kinds = ["domain/*", "model/*", "user-profile/*"];
        let linked = format!(
            "arn:{partition}:iam::{}:role/aws-service-role/sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks",
            self.owner.account
        );
        let named = self.of("sagemaker").into_iter().chain(["sagemaker:DescribeModelPackage".to_owned()]);
        let mut statements = vec![
            Statement::allow("Studio", named)
                .on(kinds.into_iter().chain(["app/*", "model-package/*"]).map(|kind| self.arn("sagemaker", kind))),
            // the one log group whose name SageMaker chose
            Statement::allow(
                "StudioLog",
                self.of("logs").into_iter().filter(|action| action != "logs:DescribeLogGroups"),
            )
            .on(["", ":*"].map(|end| self.arn("logs", &format!("log-group:/aws/sagemaker/studio{end}")))),
            // the volume of home directories is encrypted by grants that its service holds
            Statement::allow("GrantKeysToServices", ["kms:CreateGrant"]).on([self.arn("kms", "key/*")]).when(
                "Bool",
                "kms:GrantIsForAWSResource",
                ["true"],
            ),
            // SageMaker makes it with the first Domain of an account (SageMaker developer guide, "Service-linked roles")
            Statement::allow("LinkedRole", ["iam:CreateServiceLinkedRole"]).on([linked]).when(
                "StringEquals",
                "iam:AWSServiceName",
                ["sagemaker.amazonaws.com"],
            ),
        ];
        statements.extend(self.packages_of_others());
        statements
    }

    /// The model packages of other accounts that the consumer's models are made of: as the resource policies of their groups
    /// must say too (SageMaker developer guide, "Deploy a Model Version from a Different Account").
    fn packages_of_others(&self) -> Option<Statement> {
        let consumer = self.mesh.consumers.values().find(|consumer| consumer.name.as_str() == self.owner.name)?;
        let packages = consumer.batch_models.iter().map(|model| model.package.as_str());
        let others: BTreeSet<&str> =
            packages.filter(|package| package.split(':').nth(4) != Some(self.owner.account.as_str())).collect();
        let actions = ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"];
        (!others.is_empty()).then(|| Statement::allow("ModelPackages", actions).on(others))
    }
}
