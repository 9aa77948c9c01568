//! A resource that was kept, or guarded, no longer is.

use super::desk::{Desk, text};
use crate::finding::{Code, Finding};
use serde_json::Value;

/// What becomes of a resource that its stack lets go of: `Delete` by default (AWS CloudFormation, "DeletionPolicy
/// attribute" and "UpdateReplacePolicy attribute").
const POLICIES: [&str; 2] = ["DeletionPolicy", "UpdateReplacePolicy"];

/// Properties that guard a resource against deletion, by the CloudFormation template reference of their types.
const GUARDS: [&str; 3] = ["DeletionProtection", "DeletionProtectionEnabled", "TerminationProtection"];

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (changed, base) in desk.altered() {
        for policy in POLICIES {
            let pointer = format!("/{policy}");
            let (before, after) = (text(base, &pointer), text(changed.head, &pointer));
            if rank(after) < rank(before) {
                let now = if after.is_empty() { "nothing" } else { after };
                let message = format!("{policy} was {before} and is {now}: the resource goes with its stack");
                findings.push(desk.about(Code::RetainRemoved, changed, message));
            }
        }
        for guard in GUARDS {
            let holds = |entry: &Value| is_true(&entry["Properties"][guard]);
            if holds(base) && !holds(changed.head) {
                let message = format!("{guard} was true and no longer is");
                findings.push(desk.about(Code::RetainRemoved, changed, message));
            }
        }
    }
    findings
}

fn rank(policy: &str) -> u8 {
    match policy {
        "Retain" | "RetainExceptOnCreate" => 2,
        "Snapshot" => 1,
        _ => 0,
    }
}

/// CloudFormation takes truth as a text too.
pub(super) fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"))
}
