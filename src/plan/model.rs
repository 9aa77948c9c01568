//! The plan and its steps: plain data.

use super::probe::Probe;
use super::{Decision, MASKED, Pattern, Protection, StackPolicy, StepChangeSet};
use crate::assembly::{Layer, StackId, Wire};
use crate::mesh::{AccountId, Region};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Which stacks a plan is about. Bootstrap stacks are deployed by an administrator, before and apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// Only the layer `bootstrap`.
    Bootstrap,
    /// Every layer but `bootstrap`.
    Mesh,
}

impl Pass {
    /// Whether stacks of a layer belong to the pass.
    #[must_use]
    pub fn takes(self, layer: Layer) -> bool {
        match self {
            Self::Bootstrap => layer == Layer::Bootstrap,
            Self::Mesh => layer != Layer::Bootstrap,
        }
    }
}

/// What a plan is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Which stacks there are to choose from.
    pub pass: Pass,
    /// Only the stacks whose ids fit; what they need beyond that must stand already.
    pub select: Option<Pattern>,
}

/// What is to be done, in full: the executor adds nothing to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// Name of the mesh.
    pub mesh: String,
    /// Which stacks it is about.
    pub pass: Pass,
    /// One step for each turn of each stack, also for those that stay as they are.
    pub steps: BTreeMap<StepId, Step>,
    /// SHA-256 over the templates, the parameters and what stood when it was made, in hexadecimal. Two plans with one digest
    /// do the same.
    pub digest: String,
}

impl Plan {
    /// The steps that may change something.
    pub fn changes(&self) -> impl Iterator<Item = &Step> {
        self.steps.values().filter(|step| step.decision.mutates())
    }

    /// The steps that are refused, with reason and advice.
    pub fn refusals(&self) -> impl Iterator<Item = (&Step, &str, &str)> {
        self.steps.values().filter_map(|step| match &step.decision {
            Decision::Refuse { reason, advice } => Some((step, reason.as_str(), advice.as_str())),
            Decision::Create
            | Decision::Update
            | Decision::Keep
            | Decision::Wait
            | Decision::DeleteShellThenCreate
            | Decision::DeleteThenCreate
            | Decision::ContinueRollback { .. }
            | Decision::RollBack
            | Decision::Delete => None,
        })
    }
}

/// In which turn of the plan a stack is deployed. A stack that both adds and removes has two, the first with the union.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    /// What comes or changes; forward over the graph: what a stack needs is there before it. Also what stays as it is.
    Add,
    /// What leaves; backward: what depends on a stack has left before it.
    Remove,
    /// Values that leave a tag, where what carried them left the same stack the turn before.
    Values,
    /// The stack as a whole goes, when the mesh is destroyed.
    Delete,
}

impl Turn {
    /// Every turn, in their order.
    pub const ALL: [Self; 4] = [Self::Add, Self::Remove, Self::Values, Self::Delete];

    /// Its name in plans and events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Values => "values",
            Self::Delete => "delete",
        }
    }
}

/// One turn of one stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct StepId {
    /// The stack.
    pub stack: StackId,
    /// The turn.
    pub turn: Turn,
}

impl StepId {
    /// The id of a turn of a stack.
    #[must_use]
    pub fn new(stack: &StackId, turn: Turn) -> Self {
        Self { stack: stack.clone(), turn }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.turn {
            Turn::Add | Turn::Delete => write!(formatter, "{}", self.stack),
            Turn::Remove => write!(formatter, "{} (removals)", self.stack),
            Turn::Values => write!(formatter, "{} (tag values)", self.stack),
        }
    }
}

/// What is to be done with one stack in one turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The stack, and the turn.
    pub id: StepId,
    /// Its account.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// Its layer.
    pub layer: Layer,
    /// What to do.
    pub decision: Decision,
    /// The template's text.
    #[serde(skip)]
    pub template: Arc<str>,
    /// SHA-256 of the text, in hexadecimal.
    pub sha256: String,
    /// How many resources the template has.
    pub resources: usize,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, Parameter>,
    /// What CloudFormation asks to be told, such as `CAPABILITY_NAMED_IAM`.
    pub capabilities: Vec<String>,
    /// Files that must lie in the staging bucket before it starts.
    pub assets: Vec<Asset>,
    /// Steps of this plan that must be complete before it starts.
    pub needs: BTreeSet<StepId>,
    /// What must be seen before it starts.
    pub probes: Vec<Probe>,
    /// What is read back after it.
    pub checks_after: Vec<Probe>,
    /// Whether it grants or tags; few of these may run in one account at once.
    pub lake_formation: bool,
    /// The ARN of the stack that stands.
    pub standing: Option<String>,
    /// The outputs of the stack that stands.
    #[serde(skip)]
    pub outputs: BTreeMap<String, String>,
    /// What a reader of the plan should know about it.
    pub notes: Vec<String>,
    /// What became of its change set, where change sets were asked for ahead; what the executor makes itself is none.
    pub change_set: Option<StepChangeSet>,
    /// The termination protection that it is to have; of a stack that is to go, whether it may be switched off.
    #[serde(skip_serializing_if = "is_off")]
    pub protection: Protection,
    /// Of a stack that is to go: the resources that are left behind, which would not go with it.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub retain: BTreeSet<String>,
    /// The stack policy that it is to have.
    #[serde(skip_serializing_if = "StackPolicy::is_open")]
    pub stack_policy: StackPolicy,
}

/// What is off is not told: most steps say nothing about protection.
fn is_off(protection: &Protection) -> bool {
    *protection == Protection::Off
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameter {
    /// Known now.
    Known(String),
    /// Known now, and never shown: the template declares it with NoEcho.
    Secret(Secret),
    /// The value that stands: only what leaves in a later turn refers to it.
    Previous,
    /// An output of a step of this plan that may change; known when that step is complete.
    AfterStep(Wire),
}

impl Parameter {
    /// The value, where it is known.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(value) => Some(value),
            Self::Secret(secret) => Some(secret.reveal()),
            Self::Previous | Self::AfterStep(_) => None,
        }
    }
}

/// A text that nobody is shown: neither written out, nor in a digest, nor in a debug print.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for CloudFormation alone.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(MASKED)
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASKED)
    }
}

/// A file for the staging bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asset {
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Its key in the bucket, which is its path below the assembly's directory.
    pub key: String,
}
