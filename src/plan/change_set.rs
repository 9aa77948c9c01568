//! What a change set made ahead of the deployment has to do with a step.

use super::model::{Parameter, Plan, Step};
use super::{CHANGE_SET_PREFIX, Decision};
use crate::mesh::fingerprint;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the change set of a step, where change sets were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum StepChangeSet {
    /// It was made and looked at; the deployment executes this very one.
    Made {
        /// Its ARN.
        arn: String,
    },
    /// CloudFormation found nothing to change; the change set was deleted.
    NothingToChange,
    /// None can be made ahead.
    Not {
        /// Why.
        why: NoChangeSet,
    },
}

/// Why no change set can be made for a step ahead of its deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoChangeSet {
    /// The stack does not stand.
    Absent,
    /// Somebody is working on the stack.
    Busy,
    /// Another turn of the same stack comes first.
    Later,
    /// A value comes from another step of the plan.
    Unknown,
    /// A value is declared with NoEcho.
    Secret,
}

impl NoChangeSet {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Absent => "the stack does not stand yet, and one would leave an empty shell of it",
            Self::Busy => "somebody is working on the stack",
            Self::Later => "an earlier turn of the same stack comes first, and would make it obsolete",
            Self::Unknown => "a parameter is the output of an earlier step",
            Self::Secret => {
                "a parameter is declared with NoEcho, and nobody could tell whether one still has its value"
            }
        }
    }
}

/// Whether a change set can be made for a step ahead of its deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prospect {
    /// The step changes nothing.
    Idle,
    /// It can.
    Possible,
    /// It cannot.
    Not(NoChangeSet),
}

impl Plan {
    /// Whether a change set can be made for a step ahead of its deployment.
    #[must_use]
    pub fn prospect(&self, step: &Step) -> Prospect {
        match step.decision {
            Decision::Keep
            | Decision::ContinueRollback { .. }
            | Decision::RollBack
            | Decision::Delete
            | Decision::Refuse { .. } => return Prospect::Idle,
            Decision::Create | Decision::DeleteShellThenCreate | Decision::DeleteThenCreate => {
                return Prospect::Not(NoChangeSet::Absent);
            }
            Decision::Wait => return Prospect::Not(NoChangeSet::Busy),
            Decision::Update => {}
        }
        let earlier =
            |other: &Step| other.id.stack == step.id.stack && other.id.turn < step.id.turn && other.decision.mutates();
        if self.steps.values().any(earlier) {
            return Prospect::Not(NoChangeSet::Later);
        }
        if step.parameters.values().any(|value| matches!(value, Parameter::AfterStep(_))) {
            return Prospect::Not(NoChangeSet::Unknown);
        }
        if step.parameters.values().any(|value| matches!(value, Parameter::Secret(_))) {
            return Prospect::Not(NoChangeSet::Secret);
        }
        Prospect::Possible
    }

    /// Whether another turn of the same stack follows a step.
    #[must_use]
    pub fn is_followed(&self, step: &Step) -> bool {
        self.steps.keys().any(|other| other.stack == step.id.stack && other.turn > step.id.turn)
    }

    /// The name of a step's change set: the same for the same plan, so that two plans of one state share it.
    #[must_use]
    pub fn change_set_name(&self, step: &Step) -> String {
        let of = fingerprint(&format!("{} {}", self.digest, step.id));
        let short: String = of.chars().take(32).collect();
        format!("{CHANGE_SET_PREFIX}plan-{short}")
    }
}
