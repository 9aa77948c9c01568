//! How CloudFormation is asked to work on a mesh's stacks: options of `deployment` in mesh.yaml.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// How CloudFormation is asked to work on the stacks. It stands in the manifest where it is not the default, so that it is reviewed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Operation {
    /// Which stacks nobody deletes by mistake.
    pub termination_protection: Protected,
    /// ARNs of topics that hear of every event of every stack.
    pub notification_topics: BTreeSet<String>,
    /// Whether CloudFormation looks at a change set before it is executed.
    pub early_validation: EarlyValidation,
    /// Whether CloudFormation waits until resources have settled.
    pub mode: OperationMode,
    /// What a change set does about what was changed by hand.
    pub drift: OnDrift,
    /// Which stacks have a stack policy.
    pub stack_policy: StackPolicies,
}

/// Which stacks have termination protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protected {
    /// Those that hold data: a bucket or a key that is retained.
    #[default]
    Data,
    /// All.
    All,
    /// None; what has it keeps it.
    None,
}

/// Early validation of CloudFormation (`DisableValidation` of `CreateChangeSet`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EarlyValidation {
    /// As CloudFormation does by itself.
    #[default]
    On,
    /// Switched off.
    Off,
}

/// Modes of `DeploymentConfig` of `CreateChangeSet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OperationMode {
    /// A stack is complete when its resources have settled.
    #[default]
    Standard,
    /// A stack is complete when its resources are configured; they may still be settling. Rollback stays on.
    Express,
}

/// What a change set does about drift (`DeploymentMode` of `CreateChangeSet`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnDrift {
    /// Nothing.
    #[default]
    Keep,
    /// It takes it back where the stack changes.
    Revert,
}

/// Which stacks have a stack policy of ours (`SetStackPolicy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StackPolicies {
    /// None; what stands stays, for CloudFormation lets nobody remove one.
    #[default]
    None,
    /// Those that hold data: what holds it is neither replaced nor removed by a change of the stack.
    Data,
}

impl Operation {
    /// Whether it is what is done where nothing was asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a stack is to have termination protection.
    #[must_use]
    pub fn protects(&self, template: &Value) -> bool {
        match self.termination_protection {
            Protected::All => true,
            Protected::None => false,
            Protected::Data => {
                let holds = |resource: &Value| {
                    ["AWS::S3::Bucket", "AWS::KMS::Key"].iter().any(|kind| resource["Type"] == *kind)
                        && resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain"))
                };
                template["Resources"].as_object().into_iter().flatten().any(|(_, resource)| holds(resource))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_holds_data_is_protected_unless_said_otherwise() {
        let bucket =
            |policy: &str| json!({"Resources": {"Data": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy}}});
        let of = |termination_protection| Operation { termination_protection, ..Operation::default() };
        let topic = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"}}});
        assert!(Operation::default().protects(&bucket("Retain")));
        assert!(Operation::default().protects(&bucket("RetainExceptOnCreate")));
        assert!(!Operation::default().protects(&bucket("Delete")) && !Operation::default().protects(&topic));
        assert!(of(Protected::All).protects(&topic) && !of(Protected::None).protects(&bucket("Retain")));
        assert!(Operation::default().is_default() && !of(Protected::All).is_default());
    }
}
