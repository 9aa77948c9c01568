//! What the role of a consumer's models may do, and the part of the boundary that lets it.
//!
//! Sources: SageMaker developer guide, "How to use SageMaker execution roles" (CreateModel: logs, metrics, images, and in a
//! network its interfaces); Step Functions developer guide, "IAM policies for Amazon SageMaker" (the job and the rule by which
//! Step Functions hears of its end; no role is passed, since the model has it); aws-cdk#26012 (`sagemaker:AddTags`).

use crate::cfn::ec2::SecurityGroup;
use crate::cfn::iam::Statement;
use crate::cfn::{Arn, Handle, Val, kms};
use crate::mesh::{AccountId, Consumer, Mesh, image_registry};
use crate::stacks::network::Ground;
use crate::stacks::ownership::Owner;
use crate::stacks::policies::use_key;
use crate::stacks::roles::Account;
use std::collections::BTreeSet;

/// Where SageMaker writes the logs and the metrics of transform jobs (SageMaker developer guide, "Log groups and streams",
/// "Metrics for monitoring").
const TRANSFORM_JOBS: &str = "/aws/sagemaker/TransformJobs";

const JOBS: [&str; 4] = [
    "sagemaker:AddTags",
    "sagemaker:CreateTransformJob",
    "sagemaker:DescribeTransformJob",
    "sagemaker:StopTransformJob",
];

/// Statements of the role: reading as every role that queries, and what a transform takes.
pub(super) fn of_role(
    account: &Account<'_>,
    ground: &Ground<'_>,
    group: &Handle<SecurityGroup>,
    topic_key: &Val<Arn<kms::Key>>,
) -> Vec<Statement> {
    let Ground { mesh, consumer, .. } = ground;
    let read = consumer.batch_models.iter().filter_map(|model| consumer.subscription_of(model));
    let databases: BTreeSet<String> =
        read.map(|subscription| mesh.database(&subscription.domain, &subscription.product)).collect();
    let jobs =
        consumer.batch_models.iter().map(|model| format!("transform-job/{}-*", mesh.transform_prefix(&model.name)));
    let ec2 = format!("arn:{}:ec2:{}:{}", mesh.region.partition(), mesh.region, consumer.account);
    let mut join = join_network(&[format!("{ec2}:network-interface/*")]);
    for subnet in &ground.subnets {
        join = join.on_value(&subnet.within(&format!("{ec2}:subnet/"), ""));
    }
    let group = group.within(&format!("{ec2}:security-group/"), "");
    let mut statements = account.reading(&mesh.model_role(&consumer.name), &databases);
    statements
        .push(Statement::allow("Predict", JOBS).on(jobs.map(|job| arn(mesh, &consumer.account, "sagemaker", &job))));
    statements.push(join.on_value(&group));
    statements.extend(work(mesh, &consumer.account, consumer.name.as_str()));
    statements.extend(images(mesh, &consumer.account));
    statements.extend(artifacts(mesh, consumer));
    statements.extend([
        Statement::allow("QueryCatalog", ["athena:GetDataCatalog"]).on([arn(
            mesh,
            &consumer.account,
            "athena",
            "datacatalog/AwsDataCatalog",
        )]),
        use_key("TopicKey", topic_key),
        // disks of the job are encrypted by grants that EBS holds (SageMaker developer guide, "Protect data at rest")
        Statement::allow("EncryptDisks", ["kms:CreateGrant"]).on_value(&account.key).when(
            "Bool",
            "kms:GrantIsForAWSResource",
            ["true"],
        ),
    ]);
    statements
}

/// The ceiling of such a role. Its key, its queries and its buckets are those of every role.
pub(in crate::stacks) fn boundary(mesh: &Mesh, owner: Owner<'_>) -> Vec<Statement> {
    let kinds = ["network-interface/*", "security-group/*", "subnet/*"];
    let mut statements = vec![
        Statement::allow("PredictInMesh", JOBS).on([arn(mesh, owner.account, "sagemaker", "transform-job/*")]),
        join_network(&kinds.map(|kind| arn(mesh, owner.account, "ec2", kind))),
    ];
    statements.extend(work(mesh, owner.account, owner.name));
    let consumer = mesh.consumers.values().find(|consumer| consumer.name.as_str() == owner.name);
    statements.extend(consumer.and_then(|consumer| artifacts(mesh, consumer)));
    statements
}

/// What role and boundary say in the same words.
fn work(mesh: &Mesh, account: &AccountId, owner: &str) -> Vec<Statement> {
    let logs = arn(mesh, account, "logs", &format!("log-group:{TRANSFORM_JOBS}"));
    let rule = "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule";
    vec![
        Statement::allow("HearOfTheEnd", ["events:DescribeRule", "events:PutRule", "events:PutTargets"])
            .on([arn(mesh, account, "events", rule)]),
        Statement::allow("TellOwner", ["sns:Publish"]).on([mesh.topic_arn(owner, account)]),
        Statement::allow(
            "TransformLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        )
        .on([logs.clone(), format!("{logs}:*")]),
        Statement::allow("MeasureTransforms", ["cloudwatch:PutMetricData"]).on(["*"]).when(
            "StringEquals",
            "cloudwatch:namespace",
            [TRANSFORM_JOBS],
        ),
        Statement::allow(
            "LookAtNetwork",
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
        )
        .on(["*"]),
    ]
}

/// Pulling the images of AWS and of the own account; Studio's part of the boundary holds the same.
fn images(mesh: &Mesh, account: &AccountId) -> [Statement; 2] {
    let registries = image_registry(&mesh.region).into_iter().chain([account.as_str()]);
    let start = format!("arn:{}:ecr:{}", mesh.region.partition(), mesh.region);
    [
        Statement::allow("SignInForImages", ["ecr:GetAuthorizationToken"]).on(["*"]),
        Statement::allow(
            "PullImages",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        )
        .on(registries.map(|registry| format!("{start}:{registry}:repository/*"))),
    ]
}

/// Making and deleting interfaces of one's own in the network.
fn join_network(resources: &[String]) -> Statement {
    Statement::allow(
        "JoinNetwork",
        [
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
        ],
    )
    .on(resources.iter().map(String::as_str))
}

/// Reading the packages' artifacts, as far as the file says where they lie.
fn artifacts(mesh: &Mesh, consumer: &Consumer) -> Option<Statement> {
    let all = consumer.artifacts();
    let objects = all.iter().map(|artifacts| artifacts.objects_arn(mesh.region.partition()));
    (!all.is_empty()).then(|| Statement::allow("ReadArtifacts", ["s3:GetObject"]).on(objects))
}

fn arn(mesh: &Mesh, account: &AccountId, service: &str, rest: &str) -> String {
    format!("arn:{}:{service}:{}:{account}:{rest}", mesh.region.partition(), mesh.region)
}
