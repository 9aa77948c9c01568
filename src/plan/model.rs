//! The plan and its steps: plain data.

use super::probe::Probe;
use super::{Decision, Pattern};
use crate::assembly::{Layer, StackId, Wire};
use crate::mesh::{AccountId, Region};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Which stacks a plan is about. Bootstrap stacks are deployed by an administrator, before and apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    /// One step for each stack, also for those that stay as they are.
    pub steps: BTreeMap<StackId, Step>,
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
            | Decision::DeleteThenCreate => None,
        })
    }
}

/// What is to be done with one stack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The stack.
    pub id: StackId,
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
    pub needs: BTreeSet<StackId>,
    /// What must be seen before it starts.
    pub probes: Vec<Probe>,
    /// What is read back after it.
    pub checks_after: Vec<Probe>,
    /// Whether it grants or tags; few of these may run in one account at once.
    pub lake_formation: bool,
    /// The ARN of the stack that stands.
    pub standing: Option<String>,
    /// The outputs of the stack that stands.
    pub outputs: BTreeMap<String, String>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameter {
    /// Known now.
    Known(String),
    /// An output of a step of this plan that may change; known when that step is complete.
    AfterStep(Wire),
}

/// A file for the staging bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asset {
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Its key in the bucket, which is its path below the assembly's directory.
    pub key: String,
}
