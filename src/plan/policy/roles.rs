//! A role by which stacks are deployed may do more than before, or be assumed by more.
//!
//! These are the roles of the bootstrap stacks, the managed policies that they or their boundary carry, and in anybody's
//! templates the roles of the names that the mesh gives them. What follows from a further account is new, and no finding.

use super::desk::{Changed, Desk, items, text};
use super::rights::Rights;
use crate::assembly::Layer;
use crate::finding::{Code, Finding};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (changed, base) in desk.altered().filter(|(changed, _)| is_of_deployment(changed, desk)) {
        let (before, after) = (&base["Properties"], &changed.head["Properties"]);
        let mut find = |message: String| findings.push(desk.about(Code::DeployRoleWidened, changed, message));
        let (old, new) = (rights(before), rights(after));
        let more: Vec<String> = new.allowed_beyond(&old).into_iter().map(|right| right.told()).collect();
        if !more.is_empty() {
            find(format!("it may do more: {}", few(&more)));
        }
        let freed: Vec<String> = new.no_longer_denied(&old).into_iter().map(|right| right.told()).collect();
        if !freed.is_empty() {
            find(format!("it is no longer denied: {}", few(&freed)));
        }
        let came: Vec<String> = trusted(after).difference(&trusted(before)).cloned().collect();
        if !came.is_empty() {
            find(format!("more may assume it: {}", few(&came)));
        }
        let attached = |properties: &Value| -> BTreeSet<String> {
            items(&properties["ManagedPolicyArns"]).map(ToString::to_string).collect()
        };
        let came: Vec<String> = attached(after).difference(&attached(before)).cloned().collect();
        if !came.is_empty() {
            find(format!("it carries further policies: {}", few(&came)));
        }
        if !before["PermissionsBoundary"].is_null() && before["PermissionsBoundary"] != after["PermissionsBoundary"] {
            find("it has another permissions boundary, or none".to_owned());
        }
    }
    findings
}

fn is_of_deployment(changed: &Changed<'_>, desk: &Desk<'_>) -> bool {
    let policies = ["AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"];
    let name = text(changed.head, "/Properties/RoleName");
    let is_named = desk.head.mesh.is_some_and(|mesh| {
        let deployment = &mesh.deployment;
        [&deployment.plan_role, &deployment.deploy_role, &deployment.execution_role]
            .iter()
            .any(|role| role.as_str() == name)
    });
    let is_bootstrap = changed.document.layer == Some(Layer::Bootstrap);
    match changed.kind {
        "AWS::IAM::Role" => is_bootstrap || is_named,
        kind => is_bootstrap && policies.contains(&kind),
    }
}

fn rights(properties: &Value) -> Rights {
    let mut rights = Rights::default();
    for policy in items(&properties["Policies"]) {
        rights.read(&policy["PolicyDocument"]);
    }
    rights.read(&properties["PolicyDocument"]);
    rights
}

/// Who may assume a role, each with the actions and conditions.
fn trusted(properties: &Value) -> BTreeSet<String> {
    let statements = items(&properties["AssumeRolePolicyDocument"]["Statement"]);
    let mut trusted = BTreeSet::new();
    for statement in statements.filter(|statement| statement["Effect"] == "Allow") {
        let condition = match &statement["Condition"] {
            Value::Null => String::new(),
            condition => format!(" on the condition {condition}"),
        };
        match &statement["Principal"] {
            Value::Object(kinds) => {
                for name in kinds.values().flat_map(items) {
                    let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
                    trusted.insert(format!("{name}{condition}"));
                }
            }
            other => drop(trusted.insert(format!("{other}{condition}"))),
        }
    }
    trusted
}

/// The first few, and how many more.
fn few(texts: &[String]) -> String {
    let first = texts.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    match texts.len().saturating_sub(3) {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}
