//! From an assembly and what stands to the steps.

use super::deployed::is_secret;
use super::digest::digest;
use super::grants::{gone, grants};
use super::intent::{decided, intent, values};
use super::order::{self, Moves};
use super::probe::{self, Probe, Source, Unreadable};
use super::turns::{Part, Values, leaving, turns};
use super::{
    Asset, Decision, Deployed, Graph, Intent, Observed, Options, Parameter, Plan, PlanError, Protection, Secret,
    StackPolicy, Standing, Step, StepId, Turn, decide, graph,
};
use crate::assembly::{Manifest, ManifestStack, ParameterValue, Rendered, StackId, Wire};
use crate::mesh::fingerprint;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    let mut steps: BTreeMap<StepId, Step> = BTreeMap::new();
    let mut turns = BTreeMap::new();
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
        let context = Context { rendered, deployed, stacks: &stacks, templates: &templates, steps: &steps };
        let found = context.steps(stacks[id])?;
        let still = found.iter().all(|step| step.decision == Decision::Keep);
        let moves = if still { Moves::Still } else { Moves::Moving };
        turns.insert(id.clone(), (found.iter().map(|step| step.id.turn).collect(), moves));
        steps.extend(found.into_iter().map(|step| (step.id.clone(), step)));
    }
    for (id, needs) in order::needs(&needs, &turns) {
        if let Some(step) = steps.get_mut(&id) {
            step.needs = needs;
        }
    }
    let digest = digest(manifest, &steps, deployed);
    Ok(Plan { mesh: manifest.mesh.clone(), pass: options.pass, steps, digest })
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
            | Decision::ContinueRollback { .. }
            | Decision::RollBack
            | Decision::Delete
            | Decision::Refuse { .. } => Err(missing(Some(standing.status.to_string()))),
        },
    }
}
struct Context<'a> {
    rendered: &'a Rendered,
    deployed: &'a Deployed,
    stacks: &'a BTreeMap<&'a StackId, &'a ManifestStack>,
    templates: &'a BTreeMap<&'a StackId, Value>,
    steps: &'a BTreeMap<StepId, Step>,
}

impl Context<'_> {
    /// The steps of one stack, one for each of its turns; their needs are not known yet.
    fn steps(&self, stack: &ManifestStack) -> Result<Vec<Step>, PlanError> {
        let id = &stack.id;
        let observed = self.deployed.stacks.get(id).ok_or_else(|| PlanError::NotObserved { stack: id.clone() })?;
        let template = &self.templates[id];
        let mut parameters = BTreeMap::new();
        for (name, value) in &stack.parameters {
            let parameter = match value {
                ParameterValue::Literal(value) => Parameter::Known(value.clone()),
                ParameterValue::Wire(wire) => self.wired(id, wire)?,
            };
            let parameter = match parameter {
                Parameter::Known(value) if is_secret(template, name) => Parameter::Secret(Secret::new(value)),
                other
                @ (Parameter::Known(_) | Parameter::Secret(_) | Parameter::Previous | Parameter::AfterStep(_)) => other,
            };
            parameters.insert(name.clone(), parameter);
        }
        let known: Option<BTreeMap<String, String>> = parameters
            .iter()
            .map(|(name, parameter)| parameter.known().map(|value| (name.clone(), value.to_owned())))
            .collect();
        let operation = &self.rendered.manifest.operation;
        let protection = if operation.protects(template) { Protection::On } else { Protection::Off };
        let stack_policy = StackPolicy::wanted(operation.stack_policy, template);
        let decision =
            decided(template, observed, intent(template, known.as_ref(), observed, (protection, stack_policy)));
        let (standing, outputs) = match observed {
            Observed::Absent => (None, BTreeMap::new()),
            Observed::Present(standing) => (Some(standing.stack_arn.clone()), standing.outputs.clone()),
        };
        let first = Step {
            id: StepId::new(id, Turn::Add),
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
            needs: BTreeSet::new(),
            probes: self.probes(stack)?,
            checks_after: probe::read_back(&self.source(id)).map_err(|error| unreadable(id, error))?,
            lake_formation: probe::touches_lake_formation(template),
            standing,
            outputs,
            notes: Vec::new(),
            change_set: None,
            protection,
            retain: BTreeSet::new(),
            stack_policy,
        };
        Ok(match (&first.decision, observed) {
            (Decision::Update, Observed::Present(standing)) => {
                several(&first, template, known.as_ref(), standing, stack)
            }
            (_, Observed::Present(_) | Observed::Absent) => vec![first],
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
        let outputs = match self.steps.get(&StepId::new(&wire.stack, Turn::Add)) {
            Some(step) if step.decision != Decision::Keep => return Ok(Parameter::AfterStep(wire.clone())),
            Some(step) => Some(&step.outputs),
            // not in this plan, or it only removes: then what it makes is what stands
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

/// One step for each turn that a stack takes.
fn several(
    first: &Step,
    wanted: &Value,
    known: Option<&BTreeMap<String, String>>,
    standing: &Standing,
    stack: &ManifestStack,
) -> Vec<Step> {
    let Some(found) = &standing.template else { return vec![first.clone()] };
    let unknown =
        || wanted["Outputs"].as_object().into_iter().flatten().any(|(name, _)| !standing.outputs.contains_key(name));
    let declared = standing.parameters.iter().filter(|(name, _)| wanted["Parameters"].get(name.as_str()).is_some());
    let declared = declared.map(|(name, value)| (name.clone(), value.clone())).collect();
    let given = match values(wanted, known, &declared) {
        Values::Same if !unknown() => Values::Same,
        Values::Same | Values::Other => Values::Other,
    };
    let step = |part: Part| {
        let mut step = first.clone();
        step.id.turn = part.turn;
        step.notes = part.notes;
        step.parameters.extend(part.previous.into_iter().map(|name| (name, Parameter::Previous)));
        if let Some(template) = &part.template {
            let text = crate::assembly::pretty(template);
            step.sha256 = fingerprint(&text);
            step.template = Arc::from(text);
            step.resources = probe::resource_count(template);
            step.lake_formation = step.lake_formation || probe::touches_lake_formation(template);
            if names_roles(template) && !step.capabilities.iter().any(|name| name == NAMED_IAM) {
                step.capabilities.push(NAMED_IAM.to_owned());
            }
        }
        // what leaves is read back too: a grant that survives its revoke belongs to no stack any more
        let leaving = leaving(found, part.template.as_ref().unwrap_or(wanted));
        let left = grants(found).filter(|(id, _)| leaving.contains(*id));
        step.checks_after.extend(gone(&Source { stack, template: found }, left).0);
        if part.turn != Turn::Add {
            // what it builds on was seen when it came
            step.probes = Vec::new();
            step.lake_formation = step.lake_formation || probe::touches_lake_formation(found);
        }
        step
    };
    turns(found, wanted, given).into_iter().map(step).collect()
}

/// What CloudFormation asks to be told of a template that names roles (CreateChangeSet, Capabilities).
const NAMED_IAM: &str = "CAPABILITY_NAMED_IAM";

fn names_roles(template: &Value) -> bool {
    let entries = template["Resources"].as_object().into_iter().flatten();
    entries.into_iter().any(|(_, entry)| entry["Type"].as_str().is_some_and(|kind| kind.starts_with("AWS::IAM::")))
}

fn unreadable(stack: &StackId, error: Unreadable) -> PlanError {
    PlanError::Unreadable { stack: stack.clone(), resource: error.resource, property: error.property }
}
#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
