//! SageMaker Studio inside the network: the Domain, its user profile, and what its role may do there and nowhere else.

use super::network::{Ground, https_out};
use super::roles::Account;
use crate::cfn::ec2::{Rule, SecurityGroup, SecurityGroupEgress, SecurityGroupIngress};
use crate::cfn::iam::{PolicyDocument, Role, RolePolicy, Statement};
use crate::cfn::logs::LogGroup;
use crate::cfn::sagemaker::{Domain, Limits, UserProfile};
use crate::cfn::{Handle, LogicalId, Template};
use crate::environment::files::Tool;
use crate::mesh::{Consumer, Mesh, image_registry};

/// An application that nobody works in for an hour is shut down, which is the shortest that SageMaker allows; people may
/// set eight. A new space has the smallest disk.
const LIMITS: Limits = Limits { idle_minutes: 60, most_idle_minutes: 480, gigabytes: 5, most_gigabytes: 100 };

/// NFS, by which Studio reaches people's home directories.
const NFS: u16 = 2049;

/// Ports by which Studio's applications reach their kernels (SageMaker developer guide, "Connect Studio notebooks in a VPC
/// to external resources").
const KERNELS: (u16, u16) = (8192, 65535);

/// Adds the group of what people work with: to the endpoints, and for Studio to itself.
pub(super) fn add_group(template: &mut Template, ground: &Ground<'_>) -> Handle<SecurityGroup> {
    let consumer = ground.consumer;
    let has_studio = consumer.tools.contains(&Tool::Sagemaker);
    let mut egress = vec![https_out()];
    if has_studio {
        // the volume's own group is SageMaker's, made with the Domain
        egress.push(Rule::to_range("home directories", NFS, ground.range.clone()));
    }
    let description = format!("Tools in the network of the consumer {}", consumer.name);
    let group = ground.group(template, "Tools", description, (Vec::new(), egress));
    if has_studio {
        for (word, description, ports) in [("Kernels", "kernels", KERNELS), ("Homes", "home directories", (NFS, NFS))] {
            let ingress = SecurityGroupIngress::from_itself(description, ports, &group);
            template.add(LogicalId::new(&format!("{word}In")), ingress, &consumer.origin);
        }
        let egress = SecurityGroupEgress::to_group("kernels", KERNELS, &group, &group);
        template.add(LogicalId::new("KernelsOut"), egress, &consumer.origin);
    }
    group
}

/// Where Studio's applications write their logs; SageMaker chose the name (SageMaker developer guide, "Log groups and
/// streams"). Made here, so that they are not kept for ever.
const LOGS: &str = "/aws/sagemaker/studio";

/// Adds Studio, and what its role may do in it.
pub(super) fn add(
    template: &mut Template,
    ground: &Ground<'_>,
    account: &Account<'_>,
    group: &Handle<SecurityGroup>,
    role: &Handle<Role>,
) {
    let Ground { mesh, consumer, .. } = ground;
    let name = format!("{}-{}", mesh.name, consumer.name);
    let domain = Domain::inside(name, role.arn(), account.key.clone(), ground.standing(group), LIMITS, ground.tags());
    let domain = template.add(LogicalId::new("Studio"), domain, &consumer.origin);
    let profile =
        UserProfile { domain_id: domain.name(), user_profile_name: consumer.name.to_string(), tags: ground.tags() };
    template.add(LogicalId::new("StudioProfile"), profile, &consumer.origin);
    template.add(LogicalId::new("StudioLog"), LogGroup::kept(LOGS.to_owned(), ground.tags()), &consumer.origin);
    let policy = RolePolicy {
        policy_name: "studio".to_owned(),
        role_name: role.name(),
        policy_document: PolicyDocument::new(work(mesh, consumer, account, &domain)),
    };
    template.add(LogicalId::new("StudioPolicy"), policy, &consumer.origin);
}

/// What an execution role needs in its own Domain, from AWS's policy AmazonSageMakerFullAccess, whose statements on
/// Studio are for every Domain of every account.
fn work(mesh: &Mesh, consumer: &Consumer, account: &Account<'_>, domain: &Handle<Domain>) -> Vec<Statement> {
    let (partition, region, owner) = (mesh.region.partition(), &mesh.region, &consumer.account);
    let start = format!("arn:{partition}:sagemaker:{region}:{owner}");
    let of = |kind: &str| domain.within(&format!("{start}:{kind}/"), "/*");
    let itself = domain.within(&format!("{start}:domain/"), "");
    let mut statements = vec![
        Statement::allow(
            "OpenStudio",
            [
                "sagemaker:CreatePresignedDomainUrl",
                "sagemaker:DescribeApp",
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeSpace",
                "sagemaker:DescribeUserProfile",
                "sagemaker:ListTags",
            ],
        )
        .on_value(&itself)
        .on_value(&of("app"))
        .on_value(&of("space"))
        .on_value(&of("user-profile")),
        Statement::allow(
            "ListStudio",
            ["sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"],
        )
        .on(["*"]),
        Statement::allow(
            "WorkInStudio",
            [
                "sagemaker:CreateApp",
                "sagemaker:CreateSpace",
                "sagemaker:DeleteApp",
                "sagemaker:DeleteSpace",
                "sagemaker:UpdateSpace",
            ],
        )
        .on_value(&of("app"))
        .on_value(&of("space")),
        Statement::allow("TagAtCreation", ["sagemaker:AddTags"]).on_value(&of("app")).on_value(&of("space")).when(
            "StringEquals",
            "sagemaker:TaggingAction",
            ["CreateApp", "CreateSpace"],
        ),
        Statement::allow("WriteLogs", ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"])
            .on([format!("arn:{partition}:logs:{region}:{owner}:log-group:/aws/sagemaker/studio:*")]),
        // disks of spaces are encrypted by grants that EBS holds (SageMaker developer guide, "Protect data at rest")
        Statement::allow("EncryptDisks", ["kms:CreateGrant"]).on_value(&account.key).when(
            "Bool",
            "kms:GrantIsForAWSResource",
            ["true"],
        ),
        Statement::allow("EncryptDisksKey", ["kms:GenerateDataKeyWithoutPlaintext"]).on_value(&account.key),
    ];
    if let Some(registry) = image_registry(region) {
        statements.push(Statement::allow("SignInForImages", ["ecr:GetAuthorizationToken"]).on(["*"]));
        statements.push(
            Statement::allow(
                "PullImages",
                ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            )
            .on([format!("arn:{partition}:ecr:{region}:{registry}:repository/*")]),
        );
    }
    statements
}

/// What a role may do inside the network alone: everything by which data is reached.
///
/// Each clause is needed: a call from outside any endpoint carries no network, so the test must hold where the key is
/// absent (`IfExists` on a negated operator); what Athena does in the role's name comes from Athena's side, and would be cut
/// off by the first clause alone, so calls by way of a service are let through (IAM user guide, `aws:ViaAWSService`:
/// forward access sessions).
pub(super) fn only_inside(ground: &Ground<'_>) -> Statement {
    Statement::deny(
        "OnlyInsideTheNetwork",
        [
            "athena:GetQueryResults",
            "athena:StartQueryExecution",
            "glue:BatchGet*",
            "glue:Get*",
            "lakeformation:GetDataAccess",
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject",
        ],
    )
    .on(["*"])
    .when_value("StringNotEqualsIfExists", "aws:SourceVpc", &ground.vpc.name())
    .when("BoolIfExists", "aws:ViaAWSService", ["false"])
}
