//! What QuickSight, SageMaker Studio, models and flow logs do as their roles.

use super::crawlers::account_arn;
use super::policy::resolved;
use super::{Need, Use};
use crate::assembly::Document;
use serde_json::Value;

/// What QuickSight browses the catalog with (AWS managed policy AWSQuicksightAthenaAccess).
const BROWSE: [&str; 5] = [
    "athena:GetDataCatalog",
    "athena:GetDatabase",
    "athena:GetTableMetadata",
    "athena:ListDatabases",
    "athena:ListTableMetadata",
];

/// What people do with a Domain and their own profile in it (AWS managed policy AmazonSageMakerFullAccess, AllowStudioActions).
const DOMAIN: [&str; 6] = [
    "sagemaker:CreatePresignedDomainUrl",
    "sagemaker:DescribeApp",
    "sagemaker:DescribeDomain",
    "sagemaker:DescribeSpace",
    "sagemaker:DescribeUserProfile",
    "sagemaker:ListTags",
];

/// What people make and end in it (the same policy).
const SPACES: [&str; 6] = [
    "sagemaker:AddTags",
    "sagemaker:CreateApp",
    "sagemaker:CreateSpace",
    "sagemaker:DeleteApp",
    "sagemaker:DeleteSpace",
    "sagemaker:UpdateSpace",
];

/// What the console lists (the same policy).
const LISTS: [&str; 4] =
    ["sagemaker:ListApps", "sagemaker:ListDomains", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"];

/// Pulling AWS's images (Amazon ECR user guide, "Private repository policies").
const PULL: [&str; 3] = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// Writing into streams of a log group.
const STREAMS: [&str; 3] = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];

/// What the role of a QuickSight data source needs.
pub(super) fn data_source(document: &Document, properties: &Value) -> Vec<(String, Vec<&'static str>)> {
    let workgroup = &properties["DataSourceParameters"]["AthenaParameters"]["WorkGroup"];
    let mut needs = vec![
        (account_arn(document, "athena", "datacatalog/AwsDataCatalog"), BROWSE.to_vec()),
        ("*".to_owned(), vec!["athena:ListDataCatalogs"]),
    ];
    if let Some(name) = workgroup.as_str() {
        let arn = account_arn(document, "athena", &format!("workgroup/{name}"));
        needs.push((arn, vec!["athena:GetQueryResultsStream"]));
    }
    needs
}

/// What the role of a Studio Domain needs.
pub(super) fn domain(document: &Document, id: &str, properties: &Value) -> Vec<(String, Vec<&'static str>)> {
    let sagemaker = |kind: &str| account_arn(document, "sagemaker", &format!("{kind}/{id}"));
    let stream = account_arn(document, "logs", "log-group:/aws/sagemaker/studio:log-stream:one");
    let mut needs = vec![
        (sagemaker("domain"), DOMAIN.to_vec()),
        (format!("{}/profile", sagemaker("space")), SPACES.to_vec()),
        ("*".to_owned(), LISTS.to_vec()),
        (stream, STREAMS.to_vec()),
        ("*".to_owned(), vec!["ecr:GetAuthorizationToken"]),
    ];
    let region = crate::mesh::Region::parse(&document.region).ok();
    if let Some(registry) = region.as_ref().and_then(crate::mesh::image_registry) {
        let partition = region.as_ref().map_or("aws", |region| region.partition());
        let images = format!("arn:{partition}:ecr:{}:{registry}:repository/any", document.region);
        needs.push((images, PULL.to_vec()));
    }
    if let Some(key) = resolved(document, &properties["KmsKeyId"]) {
        needs.push((key, vec!["kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext"]));
    }
    needs
}

/// What the role of a model needs to be run in a network (SageMaker developer guide, "How to use SageMaker execution roles",
/// CreateModel): images of the own account, logs and metrics of transform jobs, interfaces.
pub(super) fn model(document: &Document, properties: &Value) -> Vec<(String, Vec<&'static str>)> {
    let stream = account_arn(document, "logs", "log-group:/aws/sagemaker/TransformJobs:log-stream:one");
    let mut needs = vec![
        (account_arn(document, "ecr", "repository/any"), PULL.to_vec()),
        ("*".to_owned(), vec!["ecr:GetAuthorizationToken", "cloudwatch:PutMetricData"]),
        (stream, [STREAMS.as_slice(), &["logs:CreateLogGroup"]].concat()),
    ];
    if properties["VpcConfig"].is_object() {
        let join = vec![
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
        ];
        let look = vec![
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
        ];
        needs.push((account_arn(document, "ec2", "network-interface/one"), join));
        needs.push(("*".to_owned(), look));
    }
    needs
}

/// What the role of flow logs needs (Amazon VPC user guide, "IAM role for publishing flow logs to CloudWatch Logs").
pub(super) fn flow_log(document: &Document, user: &Use<'_>, properties: &Value) -> Vec<Need> {
    let group = match properties["LogGroupName"].as_str() {
        Some(name) => Some(name.to_owned()),
        None => properties["LogGroupName"]["Ref"].as_str().and_then(|id| {
            document.template["Resources"][id]["Properties"]["LogGroupName"].as_str().map(str::to_owned)
        }),
    };
    let Some(group) = group else { return Vec::new() };
    let stream = account_arn(document, "logs", &format!("log-group:{group}:log-stream:one"));
    user.all(&stream, &STREAMS).chain(user.all("*", &["logs:DescribeLogGroups"])).collect()
}
