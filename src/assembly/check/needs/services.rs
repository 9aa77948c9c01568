//! What services do as a role, by the type of the resource that names it.

use super::policy::resolved;
use super::{KEY_OF, Need, Use, crawlers, jobs, steps, tools};
use crate::assembly::Document;
use serde_json::Value;

/// What a query needs in its workgroup.
const QUERY: [&str; 5] = [
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetWorkGroup",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
];

/// What Athena does with results as the role that queries (Athena user guide, "Control access to Amazon S3 from Athena").
const RESULTS: [&str; 4] = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"];

/// What Lake Formation does as the role of a location (Lake Formation developer guide, "Requirements for roles used to
/// register locations").
const LOCATION: [&str; 3] = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"];

/// What it does with the key of the location's bucket (the same page).
const LOCATION_KEY: [&str; 4] = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"];

/// What the roles that a resource names need for it.
pub(super) fn needs(document: &Document, id: &str, type_name: &str, properties: &Value) -> Vec<Need> {
    let used_by = |role: &Value| resolved(document, role).map(|role| Use { role, stack: &document.id, id });
    match type_name {
        "AWS::Athena::WorkGroup" => workgroup(document, id, properties),
        "AWS::LakeFormation::Resource" => {
            let Some(user) = used_by(&properties["RoleArn"]) else { return Vec::new() };
            let Some(location) = properties["ResourceArn"].as_str() else { return Vec::new() };
            let bucket = location.split('/').next().unwrap_or_default();
            let object = format!("{location}/object");
            let key = format!("{KEY_OF}{}", bucket.rsplit(':').next().unwrap_or_default());
            let objects = user.all(&object, &LOCATION).chain(user.all(bucket, &["s3:ListBucket"]));
            objects.chain(user.all(&key, &LOCATION_KEY)).collect()
        }
        "AWS::Glue::Job" => {
            used_by(&properties["Role"]).map(|user| jobs::job(document, &user, properties)).unwrap_or_default()
        }
        "AWS::Glue::Crawler" => {
            used_by(&properties["Role"]).map(|user| crawlers::crawler(document, &user, properties)).unwrap_or_default()
        }
        "AWS::LakeFormation::PrincipalPermissions" => crawlers::reader(document, id, properties),
        "AWS::EC2::FlowLog" => used_by(&properties["DeliverLogsPermissionArn"])
            .map(|user| tools::flow_log(document, &user, properties))
            .unwrap_or_default(),
        "AWS::QuickSight::DataSource" => {
            let role = &properties["DataSourceParameters"]["AthenaParameters"]["RoleArn"];
            spread(used_by(role), tools::data_source(document, properties))
        }
        "AWS::SageMaker::Domain" => {
            let role = &properties["DefaultUserSettings"]["ExecutionRole"];
            spread(used_by(role), tools::domain(document, id, properties))
        }
        "AWS::SageMaker::Model" => spread(used_by(&properties["ExecutionRoleArn"]), tools::model(document, properties)),
        "AWS::Scheduler::Schedule" => {
            let target = &properties["Target"];
            let (Some(user), Some(arn)) = (used_by(&target["RoleArn"]), resolved(document, &target["Arn"])) else {
                return Vec::new();
            };
            user.all(&arn, started_by(&arn)).collect()
        }
        "AWS::Events::Rule" => properties["Targets"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|target| {
                let (user, arn) = (used_by(&target["RoleArn"])?, resolved(document, &target["Arn"])?);
                Some(user.all(&arn, started_by(&arn)).collect::<Vec<_>>())
            })
            .flatten()
            .collect(),
        "AWS::StepFunctions::StateMachine" => {
            let Some(user) = used_by(&properties["RoleArn"]) else { return Vec::new() };
            steps::needs(document, &user, &properties["Definition"])
        }
        _ => Vec::new(),
    }
}

/// Needs of one role on several resources.
fn spread(user: Option<Use<'_>>, needs: Vec<(String, Vec<&'static str>)>) -> Vec<Need> {
    let Some(user) = user else { return Vec::new() };
    needs.iter().flat_map(|(resource, actions)| user.all(resource, actions).collect::<Vec<_>>()).collect()
}

/// What sending to a target takes.
fn started_by(arn: &str) -> &'static [&'static str] {
    match arn.split(':').nth(2) {
        Some("events") => &["events:PutEvents"],
        Some("states") => &["states:StartExecution"],
        _ => &[],
    }
}

/// A workgroup is its role's, whose name it bears: the role queries in it and keeps its results under its own prefix.
fn workgroup(document: &Document, id: &str, properties: &Value) -> Vec<Need> {
    let Some(name) = properties["Name"].as_str() else { return Vec::new() };
    let is_role =
        |type_name: &str, entry: &Value| type_name == "AWS::IAM::Role" && entry["Properties"]["RoleName"] == name;
    let role = document.resources().find(|(_, type_name, entry)| is_role(type_name, entry));
    let role =
        role.and_then(|(_, type_name, entry)| super::super::uses::made(document, type_name, &entry["Properties"]));
    let (Some(role), Some(arn)) = (role, super::super::uses::made(document, "AWS::Athena::WorkGroup", properties))
    else {
        return Vec::new();
    };
    let user = Use { role, stack: &document.id, id };
    let mut needs: Vec<Need> = user.all(&arn, &QUERY).collect();
    let configuration = &properties["WorkGroupConfiguration"]["ResultConfiguration"];
    if let Some(path) = configuration["OutputLocation"].as_str().and_then(|uri| uri.strip_prefix("s3://")) {
        let partition = arn.split(':').nth(1).unwrap_or("aws");
        let bucket = format!("arn:{partition}:s3:::{}", path.split('/').next().unwrap_or_default());
        needs.extend(user.all(&format!("arn:{partition}:s3:::{path}object"), &RESULTS));
        needs.extend(user.all(&bucket, &["s3:GetBucketLocation", "s3:ListBucket"]));
    }
    if let Some(key) = resolved(document, &configuration["EncryptionConfiguration"]["KmsKey"]) {
        needs.extend(user.all(&key, &["kms:Decrypt", "kms:GenerateDataKey"]));
    }
    needs
}
