//! What the steps of a state machine do as its role, by service integration.

use super::policy::resolved;
use super::{Need, Use, jobs};
use crate::assembly::Document;
use serde_json::Value;

/// What each step of a machine needs.
pub(super) fn needs(document: &Document, user: &Use<'_>, definition: &Value) -> Vec<Need> {
    let mut needs = Vec::new();
    for state in definition["States"].as_object().into_iter().flat_map(serde_json::Map::values) {
        if let Some(integration) = state["Resource"].as_str().and_then(|arn| arn.split_once(":states:::")) {
            needs.extend(step(document, user, integration.1, &state["Parameters"]));
        }
        for branch in state["Branches"].as_array().into_iter().flatten() {
            needs.extend(self::needs(document, user, branch));
        }
        for inner in ["Iterator", "ItemProcessor"] {
            needs.extend(self::needs(document, user, &state[inner]));
        }
    }
    needs
}

/// What one step needs (Step Functions developer guide, the page of each integrated service; a `.sync` step also polls and
/// stops what it started).
fn step(document: &Document, user: &Use<'_>, integration: &str, parameters: &Value) -> Vec<Need> {
    let partition = crate::mesh::Region::parse(&document.region).map_or("aws", |region| region.partition());
    let arn = |service: &str, kind: &str, name: &str| {
        format!("arn:{partition}:{service}:{}:{}:{kind}{name}", document.region, document.account)
    };
    let text = |name: &str| parameters[name].as_str().unwrap_or_default().to_owned();
    let own = |service: &str, kind: &str, name: &str, actions: &[&str]| -> Vec<Need> {
        user.all(&arn(service, kind, &text(name)), actions).collect()
    };
    let mut needs = match integration {
        "athena:startQueryExecution.sync" => {
            let query = ["athena:GetQueryExecution", "athena:StartQueryExecution", "athena:StopQueryExecution"];
            let mut needs = own("athena", "workgroup/", "WorkGroup", &query);
            needs.extend(jobs::unload(document, user, parameters));
            needs
        }
        "aws-sdk:glue:startDataQualityRulesetEvaluationRun" => jobs::quality(document, user, parameters),
        "glue:startJobRun.sync" => own(
            "glue",
            "job/",
            "JobName",
            &["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"],
        ),
        "sagemaker:createTransformJob.sync" => transform(user, &arn, parameters),
        "aws-sdk:glue:startCrawler" => own("glue", "crawler/", "Name", &["glue:StartCrawler"]),
        "aws-sdk:glue:getCrawler" => own("glue", "crawler/", "Name", &["glue:GetCrawler"]),
        "events:putEvents" => parameters["Entries"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entry| resolved(document, &entry["EventBusName"]))
            .flat_map(|bus| user.all(&bus, &["events:PutEvents"]).collect::<Vec<_>>())
            .collect(),
        "sns:publish" => resolved(document, &parameters["TopicArn"])
            .map(|topic| user.all(&topic, &["sns:Publish"]).collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    // a role that a step hands on is passed
    for property in ["Role", "RoleArn"] {
        if let Some(role) = parameters[property].as_str() {
            needs.extend(user.all(role, &["iam:PassRole"]));
        }
    }
    needs
}

/// What a transform job needs: the job itself, whose name is computed when the step runs; a tag that Step Functions puts on it
/// (aws-cdk#26012); and the rule by which Step Functions hears of its end (Step Functions developer guide, "IAM policies for
/// Amazon SageMaker").
fn transform(user: &Use<'_>, arn: &dyn Fn(&str, &str, &str) -> String, parameters: &Value) -> Vec<Need> {
    let computed = || {
        let format = parameters["TransformJobName.$"].as_str()?.strip_prefix("States.Format('")?;
        Some(format.split('\'').next()?.replace("{}", "run"))
    };
    let name = parameters["TransformJobName"].as_str().map(str::to_owned).or_else(computed).unwrap_or_default();
    let job = arn("sagemaker", "transform-job/", &name);
    let rule = arn("events", "rule/", "StepFunctionsGetEventsForSageMakerTransformJobsRule");
    let jobs = [
        "sagemaker:AddTags",
        "sagemaker:CreateTransformJob",
        "sagemaker:DescribeTransformJob",
        "sagemaker:StopTransformJob",
    ];
    let rules = ["events:DescribeRule", "events:PutRule", "events:PutTargets"];
    user.all(&job, &jobs).chain(user.all(&rule, &rules)).collect()
}
