//! In how many turns a stack is deployed: additions go forward through the mesh, removals backward, so a stack that both adds
//! and removes is deployed twice, and its first turn has the union.
//!
//! Within one update CloudFormation first changes what stays and deletes what left in its cleanup. A tag value is a change of
//! its tag: it would go before the associations and grants that use it. Where these leave the same stack, the value gets a
//! third turn of its own. (Lake Formation guide, "Updating LF-Tags": no check is made, and who was granted the value loses it;
//! API reference, `UpdateLFTag`: "Update not allowed" while the value is attached.)

use super::model::Turn;
use super::union::{self, Union};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What one turn of a stack deploys.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) turn: Turn,
    /// The template, unless it is the assembly's own.
    pub(super) template: Option<Value>,
    /// Parameters of what is left standing, which the assembly does not know: they keep their values.
    pub(super) previous: BTreeSet<String>,
    /// What a reader of the plan should know about it.
    pub(super) notes: Vec<String>,
}

impl Part {
    fn wanted(turn: Turn) -> Self {
        Self { turn, template: None, previous: BTreeSet::new(), notes: Vec::new() }
    }
}

/// Whether the values of a stack's parameters are those that stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// They are.
    Same,
    /// They are not, or nobody knows yet.
    Other,
}

/// The turns of a stack that stands and differs.
pub(super) fn turns(standing: &Value, wanted: &Value, values: Values) -> Vec<Part> {
    let leaving = leaving(standing, wanted);
    let gone = values_gone(standing, wanted);
    if leaving.is_empty() && gone.is_empty() {
        return vec![Part::wanted(Turn::Add)];
    }
    let mut parts = Vec::new();
    let mut remove = Part::wanted(Turn::Remove);
    let adds = values == Values::Other || adds(standing, wanted);
    if adds {
        match union::union(standing, wanted) {
            Ok(Union { template, previous, notes }) => {
                parts.push(Part { turn: Turn::Add, template: Some(template), previous, notes });
            }
            Err(too_large) => {
                remove.turn = Turn::Add;
                remove.notes.push(format!(
                    "what leaves goes in the same step as what comes: {too_large}; a grant may be refused its revoke"
                ));
            }
        }
    }
    let used = leaving.iter().any(|id| uses(&standing["Resources"][id], &gone));
    if used {
        let mut keeping = wanted.clone();
        union::add_values(&mut keeping, &gone);
        remove.template = Some(keeping);
    }
    parts.push(remove);
    if used {
        let mut last = Part::wanted(Turn::Values);
        last.notes.push("tag values go when nothing carries them any more".to_owned());
        parts.push(last);
    }
    parts
}

/// Logical ids that stand and are not wanted.
pub(super) fn leaving(standing: &Value, wanted: &Value) -> BTreeSet<String> {
    let wanted = &wanted["Resources"];
    standing["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(id, _)| id.clone())
        .filter(|id| wanted.get(id).is_none())
        .collect()
}

/// Tag values that stand and are not wanted, by the logical id of their tag, which stays.
pub(super) fn values_gone(standing: &Value, wanted: &Value) -> BTreeMap<String, Gone> {
    let mut gone = BTreeMap::new();
    for (id, wanted) in wanted["Resources"].as_object().into_iter().flatten() {
        let found = &standing["Resources"][id];
        if wanted["Type"] != TAG || found["Type"] != TAG {
            continue;
        }
        let (Some(before), Some(after)) =
            (found["Properties"]["TagValues"].as_array(), wanted["Properties"]["TagValues"].as_array())
        else {
            continue;
        };
        let values: Vec<Value> = before.iter().filter(|value| !after.contains(value)).cloned().collect();
        if !values.is_empty() {
            gone.insert(id.clone(), Gone { key: found["Properties"]["TagKey"].clone(), values });
        }
    }
    gone
}

/// Values that leave a tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gone {
    pub(super) key: Value,
    pub(super) values: Vec<Value>,
}

const TAG: &str = "AWS::LakeFormation::Tag";

/// Whether a resource is an association or a grant with one of some values. A key that is written in another way than the
/// tag's counts as this key: a turn too many does no harm.
fn uses(resource: &Value, gone: &BTreeMap<String, Gone>) -> bool {
    let policy = &resource["Properties"]["Resource"];
    let pairs = match resource["Type"].as_str() {
        Some("AWS::LakeFormation::TagAssociation") => &resource["Properties"]["LFTags"],
        Some("AWS::LakeFormation::PrincipalPermissions") => match policy.get("LFTagPolicy") {
            Some(policy) => &policy["Expression"],
            None => return policy.get("LFTag").is_some() && !gone.is_empty(),
        },
        Some(_) | None => return false,
    };
    pairs.as_array().into_iter().flatten().any(|pair| {
        gone.values().any(|gone| {
            let same_key = pair["TagKey"] == gone.key || !pair["TagKey"].is_string() || !gone.key.is_string();
            let values = pair["TagValues"].as_array().map(Vec::as_slice).unwrap_or_default();
            same_key && values.iter().any(|value| gone.values.contains(value))
        })
    })
}

/// Whether a template has anything that stands otherwise or not at all. What is only left out, the order of creation and
/// texts for people do not count.
fn adds(standing: &Value, wanted: &Value) -> bool {
    let parts = ["Parameters", "Mappings", "Conditions", "Outputs", "Rules", "Transform"];
    let more = |part: &str| match (&standing[part], &wanted[part]) {
        (_, Value::Null) => false,
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().any(|(name, wanted)| found.get(name) != Some(wanted))
        }
        (found, wanted) => found != wanted,
    };
    let resources = wanted["Resources"].as_object().into_iter().flatten();
    let mut other = resources.filter(|(id, wanted)| !same_or_fewer_values(&standing["Resources"][*id], wanted));
    parts.iter().any(|part| more(part)) || other.next().is_some()
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
    if wanted["Type"] == TAG && found["Type"] == TAG {
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
#[path = "turns_tests.rs"]
mod tests;
