//! What jobs, stages and quality runs do as their roles.

use super::crawlers::account_arn;
use super::policy::resolved;
use super::{Need, Use};
use crate::assembly::Document;
use serde_json::Value;

/// What writing files with multipart uploads takes (Amazon S3 user guide, "Multipart upload API and permissions").
const WRITE: [&str; 4] = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"];

/// What a quality run does as its role (AWS Glue developer guide, "Authorization for AWS Glue Data Quality").
const EVALUATE: [&str; 4] = [
    "glue:GetDataQualityResult",
    "glue:GetDataQualityRuleset",
    "glue:GetDataQualityRulesetEvaluationRun",
    "glue:PublishDataQuality",
];

fn partition(document: &Document) -> &'static str {
    crate::mesh::Region::parse(&document.region).map_or("aws", |region| region.partition())
}

/// The ARN of something at an `s3://` place.
fn object(document: &Document, uri: &str) -> Option<String> {
    Some(format!("arn:{}:s3:::{}", partition(document), uri.strip_prefix("s3://")?))
}

/// What a Glue job needs beyond its data: its script, its logs, its metrics.
pub(super) fn job(document: &Document, user: &Use<'_>, properties: &Value) -> Vec<Need> {
    let mut needs = Vec::new();
    let arguments = &properties["DefaultArguments"];
    if let Some(script) = properties["Command"]["ScriptLocation"].as_str().and_then(|uri| object(document, uri)) {
        needs.extend(user.all(&script, &["s3:GetObject"]));
    }
    if let Some(prefix) = arguments["--custom-logGroup-prefix"].as_str() {
        for group in ["error", "output"] {
            let stream = account_arn(document, "logs", &format!("log-group:{prefix}/{group}:log-stream:one"));
            let write = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
            needs.extend(user.all(&stream, &write));
        }
    }
    if arguments["--enable-metrics"] == "true" {
        needs.extend(user.all("*", &["cloudwatch:PutMetricData"]));
    }
    needs
}

/// What a query that unloads needs at the place where it writes, and of the catalog that it goes through.
pub(super) fn unload(document: &Document, user: &Use<'_>, parameters: &Value) -> Vec<Need> {
    let mut needs: Vec<Need> =
        user.all(&account_arn(document, "athena", "datacatalog/AwsDataCatalog"), &["athena:GetDataCatalog"]).collect();
    let query = parameters["QueryString.$"].as_str().or_else(|| parameters["QueryString"].as_str()).unwrap_or_default();
    // inside `States.Format` a quote is written `\'`
    let Some((_, place)) = query.split_once("TO \\'").or_else(|| query.split_once("TO '")) else { return needs };
    let place = place.split(['\\', '\'', '{']).next().unwrap_or_default();
    if let Some(prefix) = object(document, place) {
        let bucket = prefix.split('/').next().unwrap_or_default();
        needs.extend(user.all(&format!("{prefix}run/object"), &WRITE));
        needs.extend(user.all(bucket, &["s3:GetBucketLocation", "s3:ListBucket"]));
    }
    needs
}

/// What the machine and the role of a quality run need for the rulesets it names.
pub(super) fn quality(document: &Document, user: &Use<'_>, parameters: &Value) -> Vec<Need> {
    let mut needs = Vec::new();
    let names = parameters["RulesetNames"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for name in names {
        let ruleset = account_arn(document, "glue", &format!("dataQualityRuleset/{name}"));
        // it starts the run, looks at it until it ends, and reads the result
        let start = [
            "glue:GetDataQualityResult",
            "glue:GetDataQualityRuleset",
            "glue:GetDataQualityRulesetEvaluationRun",
            "glue:StartDataQualityRulesetEvaluationRun",
        ];
        needs.extend(user.all(&ruleset, &start));
        if let Some(role) = resolved(document, &parameters["Role"]) {
            let run = Use { role, stack: user.stack, id: user.id };
            needs.extend(run.all(&ruleset, &EVALUATE));
            let libraries =
                format!("arn:{}:s3:::aws-glue-ml-data-quality-assets-{}/library", partition(document), document.region);
            needs.extend(run.all(&libraries, &["s3:GetObject"]));
        }
    }
    needs
}

/// What a role tagged with a product writes: the files of its tables. `location` begins the product's database.
pub(super) fn product(document: &Document, user: &Use<'_>, location: &str) -> Vec<Need> {
    let Some(prefix) = object(document, location) else { return Vec::new() };
    let bucket = prefix.split('/').next().unwrap_or_default();
    let files = format!("{prefix}table/object");
    user.all(&files, &WRITE)
        .chain(user.all(&files, &["s3:DeleteObject"]))
        .chain(user.all(bucket, &["s3:ListBucket"]))
        .collect()
}

/// What it reads: the raw files of its sources, which a crawler of the product crawls.
pub(super) fn raw(document: &Document, user: &Use<'_>, path: &str) -> Vec<Need> {
    let Some(prefix) = object(document, path) else { return Vec::new() };
    let bucket = prefix.split('/').next().unwrap_or_default();
    user.all(&format!("{prefix}object"), &["s3:GetObject"]).chain(user.all(bucket, &["s3:ListBucket"])).collect()
}
