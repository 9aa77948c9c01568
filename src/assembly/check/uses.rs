//! What resources name: roles, topics, buses, workgroups and groups of schedules that another resource makes.
//!
//! Computed names save wires, and so nothing but these rules would notice that what a name speaks of does not stand yet: a
//! rule's role, an alarm's topic, a schedule's group. Whoever works as a role on its own, a job or a state machine, also
//! waits for the grants of that role.

use super::Checker;
use super::edges::Order;
use super::graph::Graph;
use crate::access::{GrantFact, Spot};
use crate::assembly::{Document, Layer};
use crate::finding::Code;
use serde_json::Value;
use std::collections::BTreeMap;

/// Types that work as their role as soon as they stand, and the property that names it. Crawlers of several stacks share a
/// role; which of its grants each of them waits for stands with the rules on crawlers.
const WORKERS: [(&str, &str); 2] = [("AWS::Glue::Job", "Role"), ("AWS::StepFunctions::StateMachine", "RoleArn")];

/// What stands, by ARN; what names it; and what works as which role.
#[derive(Default)]
pub(super) struct Uses {
    made: BTreeMap<String, Spot>,
    uses: Vec<Use>,
    workers: Vec<Use>,
}

struct Use {
    spot: Spot,
    what: String,
}

impl Uses {
    /// Reads a template, and checks the order inside it.
    pub(super) fn read(&mut self, checker: &mut Checker<'_>, document: &Document, graph: &Graph) {
        // what bootstrap makes stands before everything, and its roles are named by all settings
        if document.layer == Some(Layer::Bootstrap) {
            return;
        }
        let mut here = BTreeMap::new();
        for (id, type_name, entry) in document.resources() {
            if let Some(what) = made(document, type_name, &entry["Properties"]) {
                let spot = Spot { stack: document.id.clone(), resource: id.to_owned() };
                here.insert(what.clone(), id.to_owned());
                self.made.insert(what, spot);
            }
        }
        for (id, type_name, entry) in document.resources() {
            // grants have rules of their own, which know the way of a share
            if type_name == "AWS::LakeFormation::PrincipalPermissions" {
                continue;
            }
            let spot = || Spot { stack: document.id.clone(), resource: id.to_owned() };
            let mut named = Vec::new();
            names(document, type_name, &entry["Properties"], &mut named);
            named.sort_unstable();
            named.dedup();
            for what in named {
                match here.get(&what) {
                    Some(first) if first != id && !graph.before(first, id) => {
                        let message = format!("it does not wait for {first} (it names `{}`)", short(&what));
                        checker.find_at(Code::UsedBeforeMade, &spot(), message);
                    }
                    Some(_) => {}
                    None => self.uses.push(Use { spot: spot(), what }),
                }
            }
            for (_, property) in WORKERS.iter().filter(|(worker, _)| *worker == type_name) {
                if let Some(role) = role_of(document, &entry["Properties"][*property]) {
                    self.workers.push(Use { spot: spot(), what: role });
                }
            }
        }
    }

    /// Adds what was read of other templates.
    pub(super) fn append(&mut self, other: Self) {
        let Self { made, uses, workers } = other;
        self.made.extend(made);
        self.uses.extend(uses);
        self.workers.extend(workers);
    }

    /// Checks the order of stacks.
    pub(super) fn check<'a>(&'a self, checker: &mut Checker<'_>, order: &Order<'a>, grants: &'a [GrantFact]) {
        for used in &self.uses {
            match self.made.get(&used.what) {
                Some(made) => order.waits(checker, Code::UsedBeforeMade, &used.spot, made, short(&used.what)),
                None => {
                    let message = format!("no template makes `{}`, which it names", short(&used.what));
                    checker.find_at(Code::UnknownReference, &used.spot, message);
                }
            }
        }
        let mut held: BTreeMap<&str, Vec<&Spot>> = BTreeMap::new();
        for grant in grants {
            if let Some(principal) = &grant.principal {
                held.entry(principal).or_default().push(&grant.spot);
            }
        }
        for worker in &self.workers {
            for grant in held.get(worker.what.as_str()).into_iter().flatten() {
                order.waits(checker, Code::UsedBeforeMade, &worker.spot, grant, "a grant of the role that it works as");
            }
        }
    }
}

/// The last part of an ARN.
fn short(what: &str) -> &str {
    what.rsplit(':').next().unwrap_or(what)
}

/// What a resource makes that others name.
pub(super) fn made(document: &Document, type_name: &str, properties: &Value) -> Option<String> {
    let text = |name: &str| properties[name].as_str();
    match type_name {
        "AWS::IAM::Role" => {
            let path = text("Path").unwrap_or("/");
            Some(arn(document, "iam", &format!("role{path}{}", text("RoleName")?)))
        }
        "AWS::Glue::Database" => {
            let name = properties["DatabaseInput"]["Name"].as_str()?;
            Some(arn(document, "glue", &format!("database/{name}")))
        }
        "AWS::Logs::LogGroup" => Some(arn(document, "logs", &format!("log-group:{}", text("LogGroupName")?))),
        "AWS::SNS::Topic" => Some(arn(document, "sns", text("TopicName")?)),
        "AWS::Events::EventBus" => Some(arn(document, "events", &format!("event-bus/{}", text("Name")?))),
        "AWS::StepFunctions::StateMachine" => {
            Some(arn(document, "states", &format!("stateMachine:{}", text("StateMachineName")?)))
        }
        "AWS::Athena::WorkGroup" => Some(arn(document, "athena", &format!("workgroup/{}", text("Name")?))),
        "AWS::Scheduler::ScheduleGroup" => {
            Some(arn(document, "scheduler", &format!("schedule-group/{}", text("Name")?)))
        }
        _ => None,
    }
}

/// An ARN of the template's account; IAM's have no Region.
fn arn(document: &Document, service: &str, rest: &str) -> String {
    let partition = crate::mesh::Region::parse(&document.region).map_or("aws", |region| region.partition());
    let region = if service == "iam" { "" } else { document.region.as_str() };
    format!("arn:{partition}:{service}:{region}:{}:{rest}", document.account)
}

/// Everything that some properties name, as [`made`] writes it. Policies may speak of what does not stand.
fn names(document: &Document, type_name: &str, value: &Value, named: &mut Vec<String>) {
    match value {
        Value::Object(object) if object.contains_key("Statement") || object.contains_key("Action") => {}
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    // a job's logs go to two groups (AWS Glue guide, "Logging for AWS Glue jobs")
                    Value::String(text) if key == "--custom-logGroup-prefix" => {
                        let groups = ["error", "output"].map(|word| format!("log-group:{text}/{word}"));
                        named.extend(groups.map(|group| arn(document, "logs", &group)));
                    }
                    Value::String(text) => named.extend(name(document, type_name, key, text)),
                    Value::Array(_) | Value::Object(_) => names_below(document, type_name, key, value, named),
                    Value::Null | Value::Bool(_) | Value::Number(_) => {}
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(document, type_name, item, named)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// As [`names`]; the texts of a list stand under the list's name.
fn names_below(document: &Document, type_name: &str, key: &str, value: &Value, named: &mut Vec<String>) {
    for item in value.as_array().into_iter().flatten() {
        if let Value::String(text) = item {
            named.extend(name(document, type_name, key, text));
        }
    }
    names(document, type_name, value, named);
}

/// What one text names.
fn name(document: &Document, type_name: &str, key: &str, text: &str) -> Option<String> {
    match key {
        "Role"
        | "RoleArn"
        | "ExecutionRole"
        | "ExecutionRoleArn"
        | "DeliverLogsPermissionArn"
        | "TopicArn"
        | "AlarmActions"
        | "OKActions"
        | "Arn"
        | "StateMachineArn" => {
            let service = text.split(':').nth(2).unwrap_or_default();
            let known = ["athena", "events", "iam", "scheduler", "sns", "states"].contains(&service);
            // AWS's own bus stands in every account
            (text.starts_with("arn:") && known && !text.ends_with(":event-bus/default")).then(|| text.to_owned())
        }
        "EventBusName" if text.starts_with("arn:") => Some(text.to_owned()),
        "EventBusName" => Some(arn(document, "events", &format!("event-bus/{text}"))),
        // tables name their database by reference, and crawlers write into whatever stands
        "DatabaseName" if type_name == "AWS::Glue::DataQualityRuleset" => {
            Some(arn(document, "glue", &format!("database/{text}")))
        }
        "WorkGroup" => Some(arn(document, "athena", &format!("workgroup/{text}"))),
        // security groups have a name of this kind too; it is their own
        "GroupName" if type_name == "AWS::Scheduler::Schedule" => {
            Some(arn(document, "scheduler", &format!("schedule-group/{text}")))
        }
        _ => None,
    }
}

/// The ARN of a role, given as text or as `Fn::GetAtt` of a role of the template.
fn role_of(document: &Document, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(_) => {
            let id = value["Fn::GetAtt"][0].as_str()?;
            made(document, "AWS::IAM::Role", &document.template["Resources"][id]["Properties"])
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}
