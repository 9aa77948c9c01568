//! The shape of a plan file, documented by `docs/schemas/plan.schema.json`.

use super::VERSION;
use crate::assembly::{Layer, Manifest, ParameterValue, StackId};
use crate::mesh::fingerprint;
use crate::plan::deployed::is_secret;
use crate::plan::diff::Diff;
use crate::plan::{
    Decision, Deployed, MASKED, Observed, Options, Parameter, Pass, Plan, Standing, Step, StepChangeSet, StepId, Turn,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A plan: what was looked at, what will be done in which order, and what it means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanFile {
    /// Version of the format, 1.
    pub version: u32,
    /// The meshform that made it.
    pub tool: String,
    /// The mesh.
    pub mesh: String,
    /// The environment.
    pub environment: String,
    /// Which stacks it is about.
    pub pass: Pass,
    /// Only stacks whose ids fit.
    pub select: Option<String>,
    /// SHA-256 over everything that would make it another plan; no secret is part of it.
    pub digest: String,
    /// What stood, by stack.
    pub observed: Vec<ObservedStack>,
    /// Stacks of the mesh that nothing asks for any more, by account.
    pub strays: BTreeMap<String, BTreeSet<String>>,
    /// What will be done, by stack and turn.
    pub steps: Vec<RecordedStep>,
    /// What it means, as `meshform diff` tells it; the base is what stands.
    #[schemars(with = "Option<Diff>")]
    pub diff: Value,
}

/// A stack as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservedStack {
    /// The stack.
    pub stack: StackId,
    /// Its ARN; none where there is no such stack.
    pub arn: Option<String>,
    /// Its status.
    pub status: Option<String>,
    /// SHA-256 of its template, keys in order.
    pub template_sha256: Option<String>,
    /// Its parameters; what is declared with NoEcho is `****`.
    pub parameters: BTreeMap<String, String>,
    /// Those of its outputs that other stacks are given; `****` where one goes into a parameter with NoEcho.
    pub outputs: BTreeMap<String, String>,
}

/// One turn of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordedStep {
    /// The stack.
    pub stack: StackId,
    /// The turn: additions go forward, removals backward.
    pub turn: Turn,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Its layer.
    pub layer: Layer,
    /// What is done.
    pub decision: Decision,
    /// SHA-256 of the template's text.
    pub template_sha256: String,
    /// How many resources the template has.
    pub resources: usize,
    /// The values of its parameters, or where they come from.
    pub parameters: BTreeMap<String, RecordedValue>,
    /// The steps that must be complete before it starts.
    pub needs: Vec<StepId>,
    /// What is to be known about it.
    pub notes: Vec<String>,
    /// What became of its change set; none where change sets were not asked for, or there is nothing to do.
    pub change_set: Option<StepChangeSet>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum RecordedValue {
    /// Known.
    Known {
        /// The value.
        value: String,
    },
    /// Declared with NoEcho: known to nobody who reads this.
    Hidden,
    /// What it is now.
    Previous,
    /// An output of a step of this plan.
    AfterStep {
        /// The stack that makes it.
        stack: StackId,
        /// The output.
        output: String,
    },
}

impl PlanFile {
    /// The record of a plan.
    #[must_use]
    pub fn of(
        environment: &str,
        options: &Options,
        manifest: &Manifest,
        deployed: &Deployed,
        plan: &Plan,
        diff: Value,
    ) -> Self {
        let observed = deployed.stacks.iter().map(|(stack, found)| observed(stack, found, manifest, plan));
        let strays = deployed.strays.iter().map(|(account, stacks)| (account.to_string(), stacks.clone()));
        Self {
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            mesh: plan.mesh.clone(),
            environment: environment.to_owned(),
            pass: plan.pass,
            select: options.select.as_ref().map(ToString::to_string),
            digest: plan.digest.clone(),
            observed: observed.collect(),
            strays: strays.collect(),
            steps: plan.steps.values().map(recorded).collect(),
            diff,
        }
    }

    /// Whether change sets were asked for.
    #[must_use]
    pub fn has_change_sets(&self) -> bool {
        self.steps.iter().any(|step| step.change_set.is_some())
    }

    /// What became of the change set of each step, as the file says.
    #[must_use]
    pub fn change_sets(&self) -> BTreeMap<StepId, StepChangeSet> {
        let told = |step: &RecordedStep| {
            step.change_set.clone().map(|change_set| (StepId::new(&step.stack, step.turn), change_set))
        };
        self.steps.iter().filter_map(told).collect()
    }

    /// The plan as it would be had nobody asked for change sets: what can be compared before they are looked at.
    #[must_use]
    pub fn without_change_sets(&self) -> Self {
        let mut bare = self.clone();
        for step in &mut bare.steps {
            step.change_set = None;
        }
        bare.diff = Value::Null;
        bare
    }
}

fn observed(stack: &StackId, found: &Observed, manifest: &Manifest, plan: &Plan) -> ObservedStack {
    match found {
        Observed::Absent => ObservedStack {
            stack: stack.clone(),
            arn: None,
            status: None,
            template_sha256: None,
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
        },
        Observed::Present(standing) => ObservedStack {
            stack: stack.clone(),
            arn: Some(standing.stack_arn.clone()),
            status: Some(standing.status.to_string()),
            template_sha256: standing.template.as_ref().map(|template| fingerprint(&template.to_string())),
            parameters: standing.shown_parameters(),
            outputs: used(stack, standing, manifest, plan),
        },
    }
}

/// The outputs that wires lead out of a stack.
fn used(stack: &StackId, standing: &Standing, manifest: &Manifest, plan: &Plan) -> BTreeMap<String, String> {
    let mut outputs: BTreeMap<String, String> = BTreeMap::new();
    for other in &manifest.stacks {
        for (parameter, value) in &other.parameters {
            let ParameterValue::Wire(wire) = value else { continue };
            let Some(value) = standing.outputs.get(&wire.output).filter(|_| wire.stack == *stack) else { continue };
            let step = plan.steps.values().find(|step| step.id.stack == other.id);
            let template: Option<Value> = step.and_then(|step| serde_json::from_str(&step.template).ok());
            let hidden = template.is_some_and(|template| is_secret(&template, parameter));
            if hidden {
                outputs.insert(wire.output.clone(), MASKED.to_owned());
            } else {
                outputs.entry(wire.output.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    outputs
}

fn recorded(step: &Step) -> RecordedStep {
    let value = |parameter: &Parameter| match parameter {
        Parameter::Known(value) => RecordedValue::Known { value: value.clone() },
        Parameter::Secret(_) => RecordedValue::Hidden,
        Parameter::Previous => RecordedValue::Previous,
        Parameter::AfterStep(wire) => {
            RecordedValue::AfterStep { stack: wire.stack.clone(), output: wire.output.clone() }
        }
    };
    RecordedStep {
        stack: step.id.stack.clone(),
        turn: step.id.turn,
        account: step.account.to_string(),
        region: step.region.to_string(),
        layer: step.layer,
        decision: step.decision.clone(),
        template_sha256: step.sha256.clone(),
        resources: step.resources,
        parameters: step.parameters.iter().map(|(name, parameter)| (name.clone(), value(parameter))).collect(),
        needs: step.needs.iter().cloned().collect(),
        notes: step.notes.clone(),
        change_set: step.change_set.clone(),
    }
}
