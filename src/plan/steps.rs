//! The plan and its steps.

use super::probe::{self, Probe, Source, Unreadable};
use super::{Decision, Deployed, Graph, GraphError, Intent, MASKED, Observed, Pattern, decide, graph};
use crate::assembly::{Layer, Manifest, ManifestStack, ParameterValue, Rendered, StackId, Wire};
use crate::mesh::{AccountId, Region, fingerprint};
use serde::Serialize;
use serde_json::Value;
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

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The manifest's edges make no order.
    #[error("the stacks of the manifest cannot be put in order")]
    Graph(#[source] GraphError),
    /// No stack fits `--select`.
    #[error("no stack fits `{pattern}`")]
    NoneSelected {
        /// The pattern.
        pattern: Pattern,
    },
    /// A stack that is needed is neither in the plan nor deployed.
    #[error("stack {stack} needs {needed}, which is not part of this plan and does not stand{}", in_state(.state.as_deref()))]
    NotStanding {
        /// The stack that needs it.
        stack: StackId,
        /// What it needs.
        needed: StackId,
        /// Its status, where there is a stack that is of no use.
        state: Option<String>,
    },
    /// A deployed stack lacks an output that another needs.
    #[error("stack {stack} needs the output {output} of {needed}, which stands without it", output = .wire.output, needed = .wire.stack)]
    MissingOutput {
        /// The stack that needs it.
        stack: StackId,
        /// The output.
        wire: Wire,
    },
    /// Nobody looked whether a stack stands.
    #[error("stack {stack} was not looked at")]
    NotObserved {
        /// The stack.
        stack: StackId,
    },
    /// The manifest names a stack without a template.
    #[error("stack {stack} has no template")]
    NoTemplate {
        /// The stack.
        stack: StackId,
    },
    /// A template is not JSON.
    #[error("the template of stack {stack} is not JSON")]
    Template {
        /// The stack.
        stack: StackId,
        /// Where it fails.
        source: serde_json::Error,
    },
    /// An effect cannot be probed since the template hides what it is about.
    #[error(
        "{property} of resource {resource} in stack {stack} is known only after a deployment, so its effect cannot be looked for"
    )]
    Unreadable {
        /// The stack.
        stack: StackId,
        /// The resource.
        resource: String,
        /// The property.
        property: &'static str,
    },
    /// The manifest lists an asset of a stack, but not the file.
    #[error("stack {stack} names the asset {sha256}, which the manifest does not list")]
    UnknownAsset {
        /// The stack.
        stack: StackId,
        /// The asset.
        sha256: String,
    },
}

fn in_state(state: Option<&str>) -> String {
    state.map(|status| format!(" (its status is {status})")).unwrap_or_default()
}

impl PlanError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Graph(_)
            | Self::NoTemplate { .. }
            | Self::Template { .. }
            | Self::UnknownAsset { .. }
            | Self::Unreadable { .. } => vec!["run `meshform synth` to write the assembly anew".to_owned()],
            Self::NoneSelected { .. } => {
                vec![
                    "a pattern is about ids such as `sales/demo-storage-sales`; `sales/*` takes all stacks of sales"
                        .to_owned(),
                ]
            }
            Self::NotStanding { needed, .. } => {
                vec![format!("deploy {needed} first, or take it into the selection")]
            }
            Self::MissingOutput { wire, .. } => {
                vec![format!("deploy {} again, or take it into the selection", wire.stack)]
            }
            Self::NotObserved { .. } => Vec::new(),
        }
    }
}

/// The stacks that have to be looked at before a plan can be made: those of the plan, and what they need outside of it.
///
/// # Errors
/// When the manifest's edges make no order, or nothing fits the selection.
pub fn to_observe(manifest: &Manifest, options: &Options) -> Result<BTreeSet<StackId>, PlanError> {
    let graph = graph(manifest).map_err(PlanError::Graph)?;
    let chosen = chosen(manifest, options)?;
    let needs = chosen.iter().flat_map(|stack| graph.needs.get(*stack).into_iter().flatten());
    Ok(needs.chain(chosen.iter().copied()).cloned().collect())
}

fn chosen<'a>(manifest: &'a Manifest, options: &Options) -> Result<BTreeSet<&'a StackId>, PlanError> {
    let stacks: BTreeSet<&StackId> = manifest
        .stacks
        .iter()
        .filter(|stack| options.pass.takes(stack.layer))
        .map(|stack| &stack.id)
        .filter(|id| options.select.as_ref().is_none_or(|pattern| pattern.matches(id)))
        .collect();
    match &options.select {
        Some(pattern) if stacks.is_empty() => Err(PlanError::NoneSelected { pattern: pattern.clone() }),
        Some(_) | None => Ok(stacks),
    }
}

/// Compares an assembly with what stands and writes down every step.
///
/// # Errors
/// When the assembly does not hold together, or a stack outside the plan that is needed does not stand.
pub fn plan(rendered: &Rendered, deployed: &Deployed, options: &Options) -> Result<Plan, PlanError> {
    let manifest = &rendered.manifest;
    let Graph { needs, order } = graph(manifest).map_err(PlanError::Graph)?;
    let chosen = chosen(manifest, options)?;
    let stacks: BTreeMap<&StackId, &ManifestStack> = manifest.stacks.iter().map(|stack| (&stack.id, stack)).collect();
    let mut templates: BTreeMap<&StackId, Value> = BTreeMap::new();
    let mut steps: BTreeMap<StackId, Step> = BTreeMap::new();
    for id in order.iter().filter(|id| chosen.contains(*id)) {
        let needs = &needs[id];
        for needed in needs.iter().filter(|needed| !chosen.contains(*needed)) {
            stands(deployed, id, needed)?;
        }
        for read in needs.iter().chain([id]) {
            let stack = stacks[read];
            if !templates.contains_key(read) {
                templates.insert(&stack.id, parsed(rendered, read)?);
            }
        }
        let context =
            Context { rendered, deployed, stacks: &stacks, templates: &templates, chosen: &chosen, steps: &steps };
        let step = context.step(stacks[id], needs)?;
        steps.insert(id.clone(), step);
    }
    super::removal::turn_round(&mut steps, manifest, deployed, &templates);
    let digest = digest(manifest, &steps, deployed);
    Ok(Plan { mesh: manifest.mesh.clone(), pass: options.pass, steps, digest })
}

/// What is to be done with a stack after somebody else's operation on it has ended: the same table, with what stands now.
#[must_use]
pub fn redecide(step: &Step, parameters: &BTreeMap<String, String>, observed: &Observed) -> Decision {
    let wanted = serde_json::from_str(&step.template).unwrap_or(Value::Null);
    decide(observed, intent(&wanted, Some(parameters), observed))
}

fn parsed(rendered: &Rendered, id: &StackId) -> Result<Value, PlanError> {
    let text = rendered.templates.get(id).ok_or_else(|| PlanError::NoTemplate { stack: id.clone() })?;
    serde_json::from_str(text).map_err(|source| PlanError::Template { stack: id.clone(), source })
}

/// A stack outside the plan is of use when it stands in a state that AWS would update.
fn stands(deployed: &Deployed, stack: &StackId, needed: &StackId) -> Result<(), PlanError> {
    let missing = |state| PlanError::NotStanding { stack: stack.clone(), needed: needed.clone(), state };
    match deployed.stacks.get(needed) {
        None => Err(PlanError::NotObserved { stack: needed.clone() }),
        Some(Observed::Absent) => Err(missing(None)),
        Some(observed @ Observed::Present(standing)) => match decide(observed, Intent::Same) {
            Decision::Keep => Ok(()),
            Decision::Create
            | Decision::Update
            | Decision::Wait
            | Decision::DeleteShellThenCreate
            | Decision::DeleteThenCreate
            | Decision::Refuse { .. } => Err(missing(Some(standing.status.to_string()))),
        },
    }
}

/// Equal when the parsed template and every parameter equal what stands. `None` for parameters that are not known yet, and a
/// masked value, count as changed: the change set then tells.
fn intent(template: &Value, parameters: Option<&BTreeMap<String, String>>, observed: &Observed) -> Intent {
    let (Observed::Present(standing), Some(parameters)) = (observed, parameters) else { return Intent::Change };
    let same_template = standing.template.as_ref() == Some(template);
    let masked = standing.parameters.values().any(|value| value == MASKED);
    // a parameter that is not given has its default, which CloudFormation answers as if it had been given
    let same_parameters = parameters.iter().all(|(name, value)| standing.parameters.get(name) == Some(value))
        && standing.parameters.iter().all(|(name, value)| {
            parameters.contains_key(name) || template["Parameters"][name]["Default"].as_str() == Some(value)
        });
    if same_template && same_parameters && !masked { Intent::Same } else { Intent::Change }
}

struct Context<'a> {
    rendered: &'a Rendered,
    deployed: &'a Deployed,
    stacks: &'a BTreeMap<&'a StackId, &'a ManifestStack>,
    templates: &'a BTreeMap<&'a StackId, Value>,
    chosen: &'a BTreeSet<&'a StackId>,
    steps: &'a BTreeMap<StackId, Step>,
}

impl Context<'_> {
    fn step(&self, stack: &ManifestStack, needs: &BTreeSet<StackId>) -> Result<Step, PlanError> {
        let id = &stack.id;
        let observed = self.deployed.stacks.get(id).ok_or_else(|| PlanError::NotObserved { stack: id.clone() })?;
        let template = &self.templates[id];
        let mut parameters = BTreeMap::new();
        for (name, value) in &stack.parameters {
            let parameter = match value {
                ParameterValue::Literal(value) => Parameter::Known(value.clone()),
                ParameterValue::Wire(wire) => self.wired(id, wire)?,
            };
            parameters.insert(name.clone(), parameter);
        }
        let known: Option<BTreeMap<String, String>> = parameters
            .iter()
            .map(|(name, parameter)| match parameter {
                Parameter::Known(value) => Some((name.clone(), value.clone())),
                Parameter::AfterStep(_) => None,
            })
            .collect();
        let decision = decide(observed, intent(template, known.as_ref(), observed));
        let (standing, outputs) = match observed {
            Observed::Absent => (None, BTreeMap::new()),
            Observed::Present(standing) => (Some(standing.stack_arn.clone()), standing.outputs.clone()),
        };
        Ok(Step {
            id: id.clone(),
            account: stack.account.clone(),
            region: stack.region.clone(),
            layer: stack.layer,
            decision,
            template: Arc::from(self.rendered.templates[id].as_str()),
            sha256: stack.sha256.clone(),
            resources: probe::resource_count(template),
            parameters,
            capabilities: stack.capabilities.clone(),
            assets: self.assets(stack)?,
            needs: needs.iter().filter(|needed| self.chosen.contains(*needed)).cloned().collect(),
            probes: self.probes(stack)?,
            checks_after: probe::read_back(&self.source(id)).map_err(|error| unreadable(id, error))?,
            lake_formation: probe::touches_lake_formation(template),
            standing,
            outputs,
        })
    }

    fn source(&self, id: &StackId) -> Source<'_> {
        Source { stack: self.stacks[id], template: &self.templates[id] }
    }

    fn probes(&self, stack: &ManifestStack) -> Result<Vec<Probe>, PlanError> {
        let mut probes = BTreeSet::new();
        let waiting = self.source(&stack.id);
        for after in &stack.after {
            let done = self.source(&after.stack);
            let found = probe::of_effect(after.effect, &done, &waiting);
            probes.extend(found.map_err(|error| unreadable(&after.stack, error))?);
        }
        Ok(probes.into_iter().collect())
    }

    fn wired(&self, stack: &StackId, wire: &Wire) -> Result<Parameter, PlanError> {
        let outputs = match self.steps.get(&wire.stack) {
            Some(step) if step.decision != Decision::Keep => return Ok(Parameter::AfterStep(wire.clone())),
            Some(step) => Some(&step.outputs),
            None => match self.deployed.stacks.get(&wire.stack) {
                Some(Observed::Present(standing)) => Some(&standing.outputs),
                Some(Observed::Absent) | None => None,
            },
        };
        let value = outputs.and_then(|outputs| outputs.get(&wire.output));
        let value = value.ok_or_else(|| PlanError::MissingOutput { stack: stack.clone(), wire: wire.clone() })?;
        Ok(Parameter::Known(value.clone()))
    }

    fn assets(&self, stack: &ManifestStack) -> Result<Vec<Asset>, PlanError> {
        let listed = &self.rendered.manifest.assets;
        let found = stack.assets.iter().map(|sha256| {
            let entry = listed.iter().find(|entry| &entry.sha256 == sha256);
            let entry =
                entry.ok_or_else(|| PlanError::UnknownAsset { stack: stack.id.clone(), sha256: sha256.clone() })?;
            Ok(Asset { sha256: entry.sha256.clone(), key: entry.path.clone() })
        });
        found.collect()
    }
}

fn unreadable(stack: &StackId, error: Unreadable) -> PlanError {
    PlanError::Unreadable { stack: stack.clone(), resource: error.resource, property: error.property }
}

/// Over everything that a change of would make this another plan.
fn digest(manifest: &Manifest, steps: &BTreeMap<StackId, Step>, deployed: &Deployed) -> String {
    let mut text = format!("meshform plan 1\n{}\n", manifest.mesh);
    for step in steps.values() {
        text.push_str(&crate::sure(serde_json::to_string(step), "a step has text keys only"));
        text.push('\n');
        if let Some(Observed::Present(standing)) = deployed.stacks.get(&step.id) {
            let template = standing.template.as_ref().map(|template| fingerprint(&template.to_string()));
            text.push_str(&format!(
                "{} {} {template:?} {:?}\n",
                standing.stack_arn, standing.status, standing.parameters
            ));
        }
    }
    fingerprint(&text)
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
