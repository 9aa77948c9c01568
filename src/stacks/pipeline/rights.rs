//! What the roles in `storage` may do for the pipeline: exactly the calls of its steps.

use super::{job, quality};
use crate::cfn::iam::Statement;
use crate::mesh::{Domain, Mesh, Product};

/// What the role of a product's Glue job may do beyond reading and writing: be the machine that runs it, and be the job.
pub(in crate::stacks) fn of_job(mesh: &Mesh, domain: &Domain, product: &Product) -> Vec<Statement> {
    let account = |service: &str, rest: &str| arn(mesh, domain, service, rest);
    let name = mesh.job_role(&domain.name, &product.id);
    let logs = job::logs(mesh, product);
    let streams = ["error", "output"].map(|word| account("logs", &format!("log-group:{logs}/{word}:*")));
    let script = format!("arn:{}:s3:::{}/assets/*", mesh.region.partition(), mesh.staging_bucket(&domain.account));
    let mut statements = vec![
        // Step Functions guide, "Run AWS Glue jobs with Step Functions": the actions of startJobRun.sync
        Statement::allow("RunJob", ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"])
            .on([account("glue", &format!("job/{name}"))]),
        Statement::allow("ReadScript", ["s3:GetObject"]).on([script]),
        // the groups stand, with a retention; Glue asks for them all the same
        Statement::allow("WriteLogs", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]).on(streams),
        // metrics have no ARN (service authorization reference, Amazon CloudWatch)
        Statement::allow("Measure", ["cloudwatch:PutMetricData"]).on(["*"]).when(
            "StringEquals",
            "cloudwatch:namespace",
            ["Glue"],
        ),
        tell(mesh),
    ];
    if product.is_composite() {
        // Step Functions guide, "Run Athena queries with Step Functions": startQueryExecution.sync asks for the catalog too
        statements.push(
            Statement::allow("QueryCatalog", ["athena:GetDataCatalog"])
                .on([account("athena", "datacatalog/AwsDataCatalog")]),
        );
    }
    let rulesets: Vec<String> = quality::judged(product)
        .map(|(table, _)| mesh.dotted(&domain.name, &product.id, table.name.as_str()))
        .map(|name| account("glue", &format!("dataQualityRuleset/{name}")))
        .collect();
    if !rulesets.is_empty() {
        statements.extend(judge(mesh, domain, rulesets));
    }
    statements
}

/// What the role that judges the products of a domain may do: start evaluations, as the owner, and tell.
pub(in crate::stacks) fn of_quality(mesh: &Mesh, domain: &Domain) -> Vec<Statement> {
    let mut statements = vec![tell(mesh)];
    statements.extend(judge(mesh, domain, vec![rulesets(mesh, domain)]));
    statements
}

/// What an evaluation does as the owner (AWS Glue guide, "Configure IAM permissions for AWS Glue Data Quality", and
/// "Troubleshooting": its libraries lie in a bucket of AWS).
pub(in crate::stacks) fn of_owner(mesh: &Mesh, domain: &Domain) -> Vec<Statement> {
    let libraries = format!("arn:{}:s3:::aws-glue-ml-data-quality-assets-{}/*", mesh.region.partition(), mesh.region);
    vec![
        Statement::allow(
            "EvaluateRules",
            [
                "glue:GetDataQualityResult",
                "glue:GetDataQualityRuleset",
                "glue:GetDataQualityRulesetEvaluationRun",
                "glue:PublishDataQuality",
            ],
        )
        .on([rulesets(mesh, domain)]),
        Statement::allow("ReadLibraries", ["s3:GetObject"]).on([libraries]),
    ]
}

/// Every ruleset of a domain.
fn rulesets(mesh: &Mesh, domain: &Domain) -> String {
    arn(mesh, domain, "glue", &format!("dataQualityRuleset/{}.{}.*", mesh.name, domain.name))
}

/// Starting evaluations, and reading how they ended.
fn judge(mesh: &Mesh, domain: &Domain, rulesets: Vec<String>) -> [Statement; 2] {
    let owner = mesh.role_arn(&domain.account, &mesh.owner_role(&domain.name));
    [
        Statement::allow(
            "Judge",
            [
                "glue:GetDataQualityResult",
                "glue:GetDataQualityRuleset",
                "glue:GetDataQualityRulesetEvaluationRun",
                "glue:StartDataQualityRulesetEvaluationRun",
            ],
        )
        .on(rulesets),
        Statement::allow("PassOwner", ["iam:PassRole"]).on([owner]).when(
            "StringEquals",
            "iam:PassedToService",
            ["glue.amazonaws.com"],
        ),
    ]
}

fn tell(mesh: &Mesh) -> Statement {
    Statement::allow("Tell", ["events:PutEvents"]).on([mesh.bus_arn(&mesh.governance)])
}

/// The ARN of something in a domain's account.
fn arn(mesh: &Mesh, domain: &Domain, service: &str, rest: &str) -> String {
    format!("arn:{}:{service}:{}:{}:{rest}", mesh.region.partition(), mesh.region, domain.account)
}
