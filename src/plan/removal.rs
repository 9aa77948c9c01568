//! The order of taking away. Additions run forward, from the catalog to the roles; removals run backward, so that a role's grant
//! goes before the account's, without which it cannot be revoked any more (hazard 6, terraform#36639).
//!
//! An edge for an effect is turned round between two stacks that both only remove. Where one of them adds as well, the forward
//! order stays: doing such a change in two passes is still to come, and a grant that survives meanwhile fails the deploy.

use super::Step;
use super::decision::Decision;
use super::deployed::{Deployed, Observed};
use super::graph::is_acyclic;
use crate::assembly::{Manifest, StackId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Turns the edges of a plan's steps round where both stacks only remove.
pub(super) fn turn_round(
    steps: &mut BTreeMap<StackId, Step>,
    manifest: &Manifest,
    deployed: &Deployed,
    templates: &BTreeMap<&StackId, Value>,
) {
    let removing: BTreeSet<StackId> = steps
        .values()
        .filter(|step| step.decision == Decision::Update)
        .filter(|step| match (deployed.stacks.get(&step.id), templates.get(&step.id)) {
            (Some(Observed::Present(standing)), Some(wanted)) => {
                standing.template.as_ref().is_some_and(|found| only_removes(found, wanted))
            }
            (Some(Observed::Present(_) | Observed::Absent) | None, _) => false,
        })
        .map(|step| step.id.clone())
        .collect();
    let mut needs: BTreeMap<StackId, BTreeSet<StackId>> =
        steps.iter().map(|(id, step)| (id.clone(), step.needs.clone())).collect();
    for stack in manifest.stacks.iter().filter(|stack| removing.contains(&stack.id)) {
        for after in stack.after.iter().filter(|after| removing.contains(&after.stack)) {
            // a value still has to be there before it is used, whatever else the stacks do
            let is_wired =
                stack.parameters.values().any(|value| value.wire().is_some_and(|wire| wire.stack == after.stack));
            if !is_wired {
                needs.entry(stack.id.clone()).or_default().remove(&after.stack);
                needs.entry(after.stack.clone()).or_default().insert(stack.id.clone());
            }
        }
    }
    if is_acyclic(&needs) {
        for (id, needs) in needs {
            if let Some(step) = steps.get_mut(&id) {
                step.needs = needs;
            }
        }
    }
}

/// Whether a template is another with resources or tag values left out, and with nothing added or changed.
fn only_removes(found: &Value, wanted: &Value) -> bool {
    let (Some(found), Some(wanted)) = (found["Resources"].as_object(), wanted["Resources"].as_object()) else {
        return false;
    };
    let kept = wanted.iter().all(|(id, wanted)| found.get(id).is_some_and(|found| same_or_fewer_values(found, wanted)));
    kept && found != wanted
}

/// Equal but for the order of creation; of a tag, values may be gone.
fn same_or_fewer_values(found: &Value, wanted: &Value) -> bool {
    let essence = |entry: &Value| {
        let mut entry = entry.clone();
        if let Some(fields) = entry.as_object_mut() {
            fields.remove("DependsOn");
        }
        entry
    };
    let (mut found, mut wanted) = (essence(found), essence(wanted));
    if wanted["Type"] == "AWS::LakeFormation::Tag" && found["Type"] == wanted["Type"] {
        let values = |entry: &mut Value| entry["Properties"]["TagValues"].take();
        let (before, after) = (values(&mut found), values(&mut wanted));
        let subset = after.as_array().is_some_and(|after| {
            before.as_array().is_some_and(|before| after.iter().all(|value| before.contains(value)))
        });
        return subset && found == wanted;
    }
    found == wanted
}

#[cfg(test)]
mod tests {
    use super::only_removes;
    use serde_json::json;

    #[test]
    fn a_template_that_only_removes_adds_and_changes_nothing() {
        let full = json!({"Resources": {
            "A": {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {"X": 1}},
            "B": {"Type": "AWS::LakeFormation::PrincipalPermissions", "DependsOn": ["A"], "Properties": {"X": 2}},
            "T": {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "t", "TagValues": ["a", "b"]}}
        }});
        let mut fewer = full.clone();
        fewer["Resources"].as_object_mut().unwrap().remove("A");
        fewer["Resources"]["B"].as_object_mut().unwrap().remove("DependsOn");
        assert!(only_removes(&full, &fewer));
        assert!(!only_removes(&fewer, &full));
        assert!(!only_removes(&full, &full), "nothing is removed");
        let mut tag = full.clone();
        tag["Resources"]["T"]["Properties"]["TagValues"] = json!(["a"]);
        assert!(only_removes(&full, &tag));
        tag["Resources"]["T"]["Properties"]["TagValues"] = json!(["a", "c"]);
        assert!(!only_removes(&full, &tag));
        let mut mixed = fewer.clone();
        mixed["Resources"]["C"] = json!({"Type": "AWS::LakeFormation::PrincipalPermissions"});
        assert!(!only_removes(&full, &mixed));
        let mut changed = fewer;
        changed["Resources"]["B"]["Properties"]["X"] = json!(3);
        assert!(!only_removes(&full, &changed));
    }
}
