//! The stack policy of stacks that hold data: what holds it is neither replaced nor removed.
//!
//! A policy is asked at updates only, never at a delete of the stack. It cannot be removed once it was set; another may take its
//! place, and one that allows all is as good as none. An update by a change set cannot be given another for its own time, as
//! `UpdateStack` can (CloudFormation user guide, "Prevent updates to stack resources"; API reference, `SetStackPolicy`,
//! `CreateChangeSet`, `ExecuteChangeSet`).

use super::diff::stores::STORES;
use super::diff::{ChangeSetAction, ChangeSetReplacement, ChangeSetResource};
use crate::assembly::StackPolicies;
use serde::Serialize;
use serde_json::{Value, json};

/// The stack policy that a stack is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StackPolicy {
    /// None of ours; what stands stays.
    #[default]
    Open,
    /// What holds data is neither replaced nor removed ([`policy`]).
    Stores,
}

impl StackPolicy {
    /// What a stack with this template is to have.
    #[must_use]
    pub fn wanted(asked: StackPolicies, template: &Value) -> Self {
        match asked {
            StackPolicies::Data if holds_data(template) => Self::Stores,
            StackPolicies::Data | StackPolicies::None => Self::Open,
        }
    }

    /// Whether none is wanted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// A policy that allows everything, which is as good as none.
pub const LIFTED: &str = r#"{"Statement":[{"Effect":"Allow","Action":"Update:*","Principal":"*","Resource":"*"}]}"#;

/// The types that a policy guards: the stores of data, without logs, which go with what wrote them. Catalog entries are none of
/// them: the files stay, and a product that leaves the mesh takes its tables with it.
fn guarded() -> impl Iterator<Item = &'static str> {
    STORES.iter().map(|(name, _)| *name).filter(|name| *name != "AWS::Logs::LogGroup")
}

/// Whether a stack with this template holds data that a policy guards.
#[must_use]
pub fn holds_data(template: &Value) -> bool {
    let of = |entry: &Value| entry["Type"].as_str().is_some_and(|kind| guarded().any(|guarded| guarded == kind));
    template["Resources"].as_object().into_iter().flatten().any(|(_, entry)| of(entry))
}

/// The text of the policy, the same for every stack. A statement that denies is stronger than one that allows; without the one that
/// allows, everything would be forbidden (user guide, as above).
#[must_use]
pub fn policy() -> String {
    let types: Vec<&str> = guarded().collect();
    json!({"Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": types}}},
    ]})
    .to_string()
}

/// Whether a policy that stands is ours, however it is written.
#[must_use]
pub fn guards(standing: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    parsed(standing).is_some_and(|standing| Some(standing) == parsed(&policy()))
}

/// Whether the policy forbids what a change set would certainly do to a resource. What only the update can tell is left to
/// CloudFormation, which asks the policy itself.
#[must_use]
pub fn forbids(change: &ChangeSetResource) -> bool {
    let goes = match (change.action, change.replacement) {
        (ChangeSetAction::Remove, _) | (ChangeSetAction::Modify, Some(ChangeSetReplacement::True)) => true,
        (ChangeSetAction::Modify, Some(ChangeSetReplacement::False | ChangeSetReplacement::Conditional) | None)
        | (ChangeSetAction::Add | ChangeSetAction::Import | ChangeSetAction::Dynamic, _) => false,
    };
    goes && guarded().any(|guarded| guarded == change.resource_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: &str, action: ChangeSetAction, replacement: Option<ChangeSetReplacement>) -> ChangeSetResource {
        ChangeSetResource {
            logical_id: "Data".to_owned(),
            resource_type: kind.to_owned(),
            action,
            replacement,
            scope: Vec::new(),
            details: Vec::new(),
            policy_action: Some("Retain".to_owned()),
        }
    }

    #[test]
    fn what_holds_data_is_neither_replaced_nor_removed_and_the_rest_is_free() {
        use ChangeSetAction::{Add, Dynamic, Import, Modify, Remove};
        use ChangeSetReplacement::{Conditional, False, True};
        let bucket = "AWS::S3::Bucket";
        //   kind, what is done, and whether it is forbidden
        let table = [
            (bucket, Add, None, false),
            (bucket, Import, None, false),
            (bucket, Dynamic, None, false),
            (bucket, Modify, None, false),
            (bucket, Modify, Some(False), false),
            (bucket, Modify, Some(Conditional), false),
            (bucket, Modify, Some(True), true),
            (bucket, Remove, None, true),
            ("AWS::KMS::Key", Remove, None, true),
            ("AWS::KMS::Key", Modify, Some(True), true),
            ("AWS::Logs::LogGroup", Remove, None, false),
            ("AWS::Glue::Table", Remove, None, false),
            ("AWS::Glue::Database", Modify, Some(True), false),
            ("AWS::SNS::Topic", Remove, None, false),
        ];
        for (kind, action, replacement, forbidden) in table {
            assert_eq!(forbids(&change(kind, action, replacement)), forbidden, "{kind} {action:?} {replacement:?}");
        }
    }

    #[test]
    fn the_policy_is_small_enough_denies_by_type_and_is_known_again() {
        let text = policy();
        // API reference, SetStackPolicy: at most 16,384 characters
        assert!(text.len() < 16_384, "{}", text.len());
        let parsed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(parsed["Statement"][1]["Action"], json!(["Update:Replace", "Update:Delete"]));
        let types = parsed["Statement"][1]["Condition"]["StringEquals"]["ResourceType"].as_array().unwrap();
        assert!(types.contains(&json!("AWS::S3::Bucket")) && types.contains(&json!("AWS::KMS::Key")));
        assert!(guards(&text) && guards(&serde_json::to_string_pretty(&parsed).unwrap()));
        for other in [LIFTED, "", "{}", "no JSON"] {
            assert!(!guards(other), "{other}");
        }
    }

    #[test]
    fn only_stacks_that_hold_data_have_one_and_only_where_it_was_asked_for() {
        let of = |kind: &str| json!({"Resources": {"One": {"Type": kind}}});
        assert_eq!(StackPolicy::wanted(StackPolicies::Data, &of("AWS::S3::Bucket")), StackPolicy::Stores);
        assert_eq!(StackPolicy::wanted(StackPolicies::None, &of("AWS::S3::Bucket")), StackPolicy::Open);
        for open in [of("AWS::SNS::Topic"), of("AWS::Glue::Table"), of("AWS::Logs::LogGroup"), Value::Null] {
            assert_eq!(StackPolicy::wanted(StackPolicies::Data, &open), StackPolicy::Open, "{open}");
        }
    }
}
