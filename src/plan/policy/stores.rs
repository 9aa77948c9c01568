//! A store of data is replaced, may be, or is destroyed.

use super::desk::Desk;
use crate::assembly::StackId;
use crate::finding::{Code, Finding};
use crate::plan::diff::{ChangeKind, Diff, Impact, ResourceChange};

pub(super) fn check(diff: &Diff, desk: &Desk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stack in &diff.stacks {
        for resource in stack.resources.iter().filter(|resource| resource.data_store && !is_log(resource)) {
            let Some(what) = at_stake(resource) else { continue };
            let (owner, name) = stack.id.split_once('/').unwrap_or((&stack.id, ""));
            let place = desk.place_of_stack(&StackId::new(owner, name));
            let ResourceChange { logical_id, label, resource_type, .. } = resource;
            let causes: Vec<&str> = resource
                .properties
                .iter()
                .filter(|property| property.impact == resource.impact)
                .map(|property| property.path.as_str())
                .collect();
            let because = if causes.is_empty() { String::new() } else { format!(", because of {}", causes.join(", ")) };
            let message = format!("{logical_id} of {}: the {resource_type} `{label}` {what}{because}", stack.id);
            let targets = [logical_id.as_str(), stack.id.as_str(), owner];
            findings.push(desk.finding(Code::DataStoreReplaced, place, message, &targets));
        }
    }
    findings
}

/// Logs go with what wrote them; the difference tells them, but a product may be removed without asking twice for its logs.
fn is_log(resource: &ResourceChange) -> bool {
    resource.resource_type == "AWS::Logs::LogGroup" && resource.change == ChangeKind::Removed
}

const fn at_stake(resource: &ResourceChange) -> Option<&'static str> {
    match resource.impact {
        Impact::Replaced => Some("is replaced by an empty one"),
        Impact::MayBeReplaced => Some("may be replaced by an empty one"),
        Impact::Destroyed => Some("is destroyed"),
        Impact::None | Impact::Created | Impact::InPlace | Impact::SomeInterruption | Impact::Retained => None,
    }
}
