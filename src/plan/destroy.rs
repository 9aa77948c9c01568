//! From what stands to nothing: every stack of a mesh but those of bootstrap, in reverse order of effect.
//!
//! What depends on a stack goes before it: grants before what they are on, a role's grant before the account's, without which it could
//! not be revoked (hazard 6, terraform#36639).

use super::decision::CHANGE_SET_PREFIX;
use super::deployed::{Deployed, Observed, Protection, StackStatus, Standing, Stubborn};
use super::digest::digest;
use super::grants::{gone, grants};
use super::probe::{self, Source};
use super::whose::{is_of_mesh, left_alone};
use super::{Decision, Graph, Pass, Plan, PlanError, StackPolicy, Step, StepId, Turn, graph};
use crate::assembly::{Layer, Manifest, ManifestStack, ParameterValue, StackId};
use crate::cfn::LEFTOVERS;
use crate::mesh::{AccountId, Region};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A stack of the mesh that stands and that the environment does not ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Stray {
    /// Its account.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// Its layer, which its name tells.
    pub layer: Layer,
    /// What was found under its name.
    pub observed: Observed,
}

/// Something that stays when its stack is gone, or that keeps it from going.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// The stack.
    pub stack: StackId,
    /// Its account.
    pub account: AccountId,
    /// The resource's type.
    pub resource_type: String,
    /// Its logical id.
    pub logical_id: String,
    /// Its name, where the template gives it one.
    pub name: Option<String>,
    /// Whether its stack can go before somebody has emptied it.
    pub stays: Stays,
}

/// What stays of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    /// All of it, by its `DeletionPolicy`.
    Retained,
    /// It goes, and something of it stays or has to be emptied first: see the type's leftovers.
    InPart,
}

/// What is to be destroyed.
#[derive(Debug, Clone, PartialEq)]
pub struct Destruction {
    /// One step for each stack that stands.
    pub plan: Plan,
    /// What stays, sorted.
    pub left: Vec<Left>,
}

/// What to do with a stack that is to go: a pure table, matched exhaustively. `wanted` says whether a termination protection that is
/// found may be switched off (`Off`), and `retain` what is to be left behind: both a person's choice. Only a stack in `DELETE_FAILED`
/// goes without some of its resources, and only without those that would not go.
///
/// Source: CloudFormation user guide, "Stack status codes"; API reference, `DeleteStack`, RetainResources.
#[must_use]
pub fn removal(observed: &Observed, wanted: Protection, retain: &BTreeSet<String>) -> Decision {
    let Observed::Present(standing) = observed else { return Decision::Keep };
    let refuse = |reason: String, advice: &str| Decision::Refuse { reason, advice: advice.to_owned() };
    if !retain.is_empty()
        && let Some(reason) = not_retained(standing, retain)
    {
        return refuse(reason, "leave `--retain` out: without it the list says what would not go with which stack");
    }
    match &standing.status {
        StackStatus::DeleteComplete => Decision::Keep,
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::ImportComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportRollbackComplete
        | StackStatus::RollbackComplete
        | StackStatus::CreateFailed
        | StackStatus::RollbackFailed
        | StackStatus::UpdateFailed
        | StackStatus::DeleteFailed => match (standing.termination_protection, wanted) {
            (Protection::On, Protection::On) => refuse(
                "has termination protection".to_owned(),
                "pass --unprotect, which switches it off for what is destroyed",
            ),
            (Protection::On | Protection::Off, _) => Decision::Delete,
        },
        StackStatus::ReviewInProgress => {
            match standing.change_sets.iter().find(|name| !name.starts_with(CHANGE_SET_PREFIX)) {
                None => Decision::Delete,
                Some(foreign) => refuse(
                    format!("is an empty shell that holds the change set `{foreign}` of somebody else"),
                    "execute or delete that change set first",
                ),
            }
        }
        StackStatus::CreateInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress => Decision::Wait,
        // never answered by a delete: nobody knows what it holds
        StackStatus::UpdateRollbackFailed => refuse(
            "is in UPDATE_ROLLBACK_FAILED: neither the old state nor the new one holds".to_owned(),
            "bring it back with `meshform recover` first",
        ),
        StackStatus::ImportRollbackFailed => refuse(
            "is in IMPORT_ROLLBACK_FAILED: an import could not be taken back".to_owned(),
            "settle the import in the console first",
        ),
        StackStatus::Unknown(status) if status.ends_with("_IN_PROGRESS") => Decision::Wait,
        StackStatus::Unknown(status) => refuse(
            format!("is in {status}, which this version of meshform does not know"),
            "look at the stack in the console; a newer meshform may know the status",
        ),
    }
}

/// Why resources cannot be left behind; none where they can, or where the end of a delete tells.
fn not_retained(standing: &Standing, retain: &BTreeSet<String>) -> Option<String> {
    match &standing.status {
        StackStatus::DeleteComplete | StackStatus::DeleteInProgress => None,
        StackStatus::DeleteFailed => {
            let failed = |name: &String| standing.stubborn.iter().any(|one| one.logical_id == *name);
            let others: Vec<&str> = retain.iter().filter(|name| !failed(name)).map(String::as_str).collect();
            let known: Vec<&str> = standing.stubborn.iter().map(|one| one.logical_id.as_str()).collect();
            let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            (!others.is_empty()).then(|| {
                format!("cannot leave {} behind: only what would not go can stay, which is {known}", others.join(", "))
            })
        }
        other => Some(format!("is in {other}: only a stack in DELETE_FAILED goes without some of its resources")),
    }
}

/// The plan by which everything goes that stands. `retain` names what is left behind, by stack.
///
/// # Errors
/// When the manifest's edges make no order, or a stack was not looked at.
pub fn destroy(
    manifest: &Manifest,
    deployed: &Deployed,
    strays: &BTreeMap<StackId, Stray>,
    wanted: Protection,
    retain: &BTreeMap<StackId, BTreeSet<String>>,
) -> Result<Destruction, PlanError> {
    let Graph { needs, order } = graph(manifest).map_err(PlanError::Graph)?;
    let mut steps: BTreeMap<StepId, Step> = BTreeMap::new();
    let mut left = Vec::new();
    let none = BTreeSet::new();
    let mut layers: BTreeMap<StackId, Layer> = BTreeMap::new();
    let of_mesh = manifest.stacks.iter().filter(|stack| Pass::Mesh.takes(stack.layer));
    let mut all: Vec<(ManifestStack, &Observed)> = Vec::new();
    for stack in of_mesh {
        let observed = deployed.stacks.get(&stack.id);
        all.push((stack.clone(), observed.ok_or_else(|| PlanError::NotObserved { stack: stack.id.clone() })?));
    }
    all.extend(strays.iter().map(|(id, stray)| (unasked(id, stray), &stray.observed)));
    for (stack, observed) in &all {
        let retain = retain.get(&stack.id).unwrap_or(&none);
        let decision = removal(observed, wanted, retain);
        let Observed::Present(standing) = observed else { continue };
        if decision == Decision::Keep {
            continue;
        }
        let decision = match is_of_mesh(standing, &manifest.mesh) {
            true => decision,
            false => left_alone(&manifest.mesh),
        };
        layers.insert(stack.id.clone(), stack.layer);
        left.extend(leftovers(stack, standing, retain));
        let step = Step { retain: retain.clone(), ..step(stack, standing, decision, wanted) };
        steps.insert(step.id.clone(), step);
    }
    let edges = Edges { needs: &needs, steps: &layers };
    let ids: Vec<StackId> = layers.keys().cloned().collect();
    for id in &ids {
        let before = if strays.contains_key(id) { BTreeSet::new() } else { edges.dependents(id) };
        // of a stack that nothing asks for only the layer is known: all above it goes first, and all below it later
        let above = ids
            .iter()
            .filter(|other| (strays.contains_key(id) || strays.contains_key(*other)) && layers[*other] > layers[id]);
        let before = before.into_iter().chain(above.cloned()).map(|stack| StepId::new(&stack, Turn::Delete)).collect();
        if let Some(step) = steps.get_mut(&StepId::new(id, Turn::Delete)) {
            step.needs = before;
        }
    }
    // a grant that several stacks hold is gone when the last of them is
    let ranks: BTreeMap<&StackId, usize> = order.iter().enumerate().map(|(rank, id)| (id, rank)).collect();
    let mut last_first: Vec<StepId> = steps.keys().cloned().collect();
    last_first.sort_by_key(|step| ranks.get(&step.stack).copied().unwrap_or(usize::MAX));
    let mut told = BTreeSet::new();
    for id in last_first {
        if let Some(step) = steps.get_mut(&id) {
            step.checks_after.retain_mut(|probe| probe.only_new(&mut told));
        }
    }
    left.sort();
    let digest = digest(manifest, &steps, deployed);
    Ok(Destruction { plan: Plan { mesh: manifest.mesh.clone(), pass: Pass::Mesh, steps, digest }, left })
}

/// A stray as a stack of the manifest, as far as it is known.
fn unasked(id: &StackId, stray: &Stray) -> ManifestStack {
    ManifestStack {
        id: id.clone(),
        account: stray.account.clone(),
        region: stray.region.clone(),
        owner: id.owner().to_owned(),
        layer: stray.layer,
        template: String::new(),
        sha256: String::new(),
        capabilities: Vec::new(),
        parameters: BTreeMap::new(),
        after: BTreeSet::new(),
        assets: Vec::new(),
    }
}

fn step(stack: &ManifestStack, standing: &Standing, decision: Decision, wanted: Protection) -> Step {
    let empty = Value::Null;
    let template = standing.template.as_ref().unwrap_or(&empty);
    let given = standing.parameters.iter().map(|(name, value)| (name.clone(), ParameterValue::Literal(value.clone())));
    let read = ManifestStack { parameters: given.collect(), ..stack.clone() };
    let source = Source { stack: &read, template };
    let (gone, unreadable) = gone(&source, grants(template));
    let note =
        |id: &String| format!("whether {id} was revoked is not read back: the template does not name it in full");
    let stubborn = |one: &Stubborn| {
        let Stubborn { logical_id, resource_type, reason } = one;
        format!(
            "{logical_id} ({resource_type}) would not go: {reason}; mend it, or leave it behind by `--retain {}:{logical_id}`",
            stack.id
        )
    };
    Step {
        checks_after: gone.into_iter().collect(),
        lake_formation: probe::touches_lake_formation(template),
        notes: standing.stubborn.iter().map(stubborn).chain(unreadable.iter().map(note)).collect(),
        protection: wanted,
        ..bare(stack, standing, Turn::Delete, decision)
    }
}

/// A step that changes a stack by what it is, not by a template.
pub(super) fn bare(stack: &ManifestStack, standing: &Standing, turn: Turn, decision: Decision) -> Step {
    Step {
        id: StepId::new(&stack.id, turn),
        account: stack.account.clone(),
        region: stack.region.clone(),
        layer: stack.layer,
        decision,
        template: Arc::from(""),
        sha256: String::new(),
        resources: standing.template.as_ref().map_or(0, probe::resource_count),
        parameters: BTreeMap::new(),
        capabilities: Vec::new(),
        assets: Vec::new(),
        needs: BTreeSet::new(),
        probes: Vec::new(),
        checks_after: Vec::new(),
        lake_formation: false,
        standing: Some(standing.stack_arn.clone()),
        outputs: BTreeMap::new(),
        notes: Vec::new(),
        change_set: None,
        protection: Protection::Off,
        retain: BTreeSet::new(),
        stack_policy: StackPolicy::Open,
    }
}

/// What stays of a stack's resources, or keeps them from going.
fn leftovers(stack: &ManifestStack, standing: &Standing, retain: &BTreeSet<String>) -> Vec<Left> {
    let resources = standing.template.as_ref().and_then(|template| template["Resources"].as_object());
    let of = |(logical_id, resource): (&String, &Value)| {
        let resource_type = resource["Type"].as_str()?;
        // RetainExceptOnCreate keeps what a complete creation made, as Retain does (user guide, DeletionPolicy)
        let retained = retain.contains(logical_id)
            || resource["DeletionPolicy"].as_str().is_some_and(|policy| policy.starts_with("Retain"));
        let stays = match (retained, LEFTOVERS.iter().find(|left| left.type_name == resource_type)) {
            (true, _) => Stays::Retained,
            (false, Some(_)) => Stays::InPart,
            (false, None) => return None,
        };
        let properties = &resource["Properties"];
        let name =
            ["BucketName", "Name", "DomainName", "UserProfileName"].iter().find_map(|key| properties[*key].as_str());
        Some(Left {
            stack: stack.id.clone(),
            account: stack.account.clone(),
            resource_type: resource_type.to_owned(),
            logical_id: logical_id.clone(),
            name: name.map(str::to_owned),
            stays,
        })
    };
    // a database goes with its stack, save the one that is retained
    let whole = |left: &Left| left.stays == Stays::Retained || left.resource_type != "AWS::Glue::Database";
    resources.into_iter().flatten().filter_map(of).filter(whole).collect()
}

struct Edges<'a> {
    needs: &'a BTreeMap<StackId, BTreeSet<StackId>>,
    steps: &'a BTreeMap<StackId, Layer>,
}

impl Edges<'_> {
    /// The nearest stacks that stand and need a stack, through those that do not stand.
    fn dependents(&self, stack: &StackId) -> BTreeSet<StackId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![stack];
        while let Some(needed) = open.pop() {
            for (dependent, needs) in self.needs {
                if needs.contains(needed) && seen.insert(dependent) {
                    if self.steps.contains_key(dependent) {
                        found.insert(dependent.clone());
                    } else {
                        open.push(dependent);
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
#[path = "destroy_tests.rs"]
mod tests;
