//! A role that anybody in the world may try to assume.

use super::desk::{Desk, items};
use super::exposure::is_everybody;
use crate::finding::{Code, Finding};
use serde_json::Value;

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let roles = desk.changed.iter().filter(|changed| changed.kind == "AWS::IAM::Role");
    roles
        .filter(|changed| is_open(changed.head) && !changed.base.is_some_and(is_open))
        .map(|changed| {
            let message = "its trust policy lets everybody assume it, without a condition".to_owned();
            desk.about(Code::TrustOpened, changed, message)
        })
        .collect()
}

fn is_open(entry: &Value) -> bool {
    items(&entry["Properties"]["AssumeRolePolicyDocument"]["Statement"]).any(|statement| {
        statement["Effect"] == "Allow" && is_everybody(&statement["Principal"]) && statement["Condition"].is_null()
    })
}
