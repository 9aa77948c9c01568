//! What crawlers, and readers of what they found, do as their roles.

use super::policy::resolved;
use super::{Need, Use};
use crate::assembly::Document;
use serde_json::Value;

/// What a crawler does with the tables it keeps (AWS Glue developer guide, "Crawler prerequisites").
const KEEP: [&str; 11] = [
    "glue:BatchCreatePartition",
    "glue:BatchGetPartition",
    "glue:BatchUpdatePartition",
    "glue:CreatePartition",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "glue:UpdatePartition",
    "glue:UpdateTable",
];

/// What engines call to read a table of the own catalog.
const READ: [&str; 7] = [
    "glue:BatchGetPartition",
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
];

/// What a crawler writes its log with.
const LOG: [&str; 3] = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];

/// What a crawler's role needs.
pub(super) fn crawler(document: &Document, user: &Use<'_>, properties: &Value) -> Vec<Need> {
    let arn = |service: &str, rest: &str| account_arn(document, service, rest);
    let mut needs: Vec<Need> = user.all(&arn("logs", "log-group:/aws-glue/crawlers:log-stream:one"), &LOG).collect();
    let tables = |database: &str| arn("glue", &format!("table/{database}/any"));
    for target in list(&properties["Targets"]["CatalogTargets"]) {
        let Some(database) = name_of(document, &target["DatabaseName"]) else { continue };
        needs.extend(user.all(&tables(&database), &KEEP));
    }
    if properties["LakeFormationConfiguration"]["UseLakeFormationCredentials"] == true {
        needs.extend(user.all("*", &["lakeformation:GetDataAccess"]));
    }
    for target in list(&properties["Targets"]["S3Targets"]) {
        if let Some(database) = name_of(document, &properties["DatabaseName"]) {
            needs.extend(user.all(&tables(&database), &KEEP));
            needs.extend(user.all(&tables(&database), &["glue:CreateTable"]));
        }
        needs.extend(files(document, user, &target["Path"], &["s3:ListBucket"]));
    }
    needs
}

/// What a role with SELECT on every table of a local database needs: the catalog, and the files, which no location covers and
/// so are read with the role's own rights.
pub(super) fn reader(document: &Document, id: &str, properties: &Value) -> Vec<Need> {
    let granted = &properties["Resource"]["Table"];
    let selects = list(&properties["Permissions"]).any(|permission| permission == "SELECT");
    let Some(role) = properties["Principal"]["DataLakePrincipalIdentifier"].as_str() else { return Vec::new() };
    if !selects || granted["TableWildcard"].is_null() {
        return Vec::new();
    }
    let Some(database) = name_of(document, &granted["DatabaseName"]) else { return Vec::new() };
    let user = Use { role: role.to_owned(), stack: &document.id, id };
    let tables = account_arn(document, "glue", &format!("table/{database}/any"));
    let mut needs: Vec<Need> = user.all(&tables, &READ).collect();
    for (_, _, entry) in document.resources().filter(|(_, type_name, _)| *type_name == "AWS::Glue::Crawler") {
        let crawler = &entry["Properties"];
        if name_of(document, &crawler["DatabaseName"]).as_ref() != Some(&database) {
            continue;
        }
        for target in list(&crawler["Targets"]["S3Targets"]) {
            needs.extend(files(document, &user, &target["Path"], &["s3:GetBucketLocation", "s3:ListBucket"]));
        }
    }
    needs
}

/// Reading the files below a path.
fn files(document: &Document, user: &Use<'_>, path: &Value, on_bucket: &[&str]) -> Vec<Need> {
    let Some(path) = path.as_str().and_then(|uri| uri.strip_prefix("s3://")) else { return Vec::new() };
    let partition = crate::mesh::Region::parse(&document.region).map_or("aws", |region| region.partition());
    let bucket = format!("arn:{partition}:s3:::{}", path.split('/').next().unwrap_or_default());
    let object = format!("arn:{partition}:s3:::{path}object");
    user.all(&object, &["s3:GetObject"]).chain(user.all(&bucket, on_bucket)).collect()
}

/// The name of a database, given as text or by `Ref`.
fn name_of(document: &Document, value: &Value) -> Option<String> {
    match value["Ref"].as_str() {
        Some(id) => {
            let name = &document.template["Resources"][id]["Properties"]["DatabaseInput"]["Name"];
            name.as_str().map(str::to_owned)
        }
        None => resolved(document, value),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// An ARN of the template's account and Region.
pub(super) fn account_arn(document: &Document, service: &str, rest: &str) -> String {
    let partition = crate::mesh::Region::parse(&document.region).map_or("aws", |region| region.partition());
    format!("arn:{partition}:{service}:{}:{}:{rest}", document.region, document.account)
}
