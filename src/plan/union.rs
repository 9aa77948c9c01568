//! The template of a first turn: what is wanted, and what stands and leaves, with everything that it refers to.

use super::identity::identity;
use super::references::References;
use super::turns::{Gone, leaving, values_gone};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Most resources of a template (CloudFormation quotas).
const RESOURCES: usize = 500;

/// Longest template in a bucket, in bytes (CloudFormation quotas: 1 MB).
const BYTES: usize = 1_000_000;

/// Most values of a tag (Lake Formation guide, "Creating LF-Tags").
const TAG_VALUES: usize = 1_000;

/// A template that holds both.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Union {
    pub(super) template: Value,
    /// Parameters that only what leaves refers to.
    pub(super) previous: BTreeSet<String>,
    /// What could not be kept, and why.
    pub(super) notes: Vec<String>,
}

/// Puts what leaves beside what is wanted. Nothing that is wanted can refer to what leaves, so the order of creation holds.
///
/// # Errors
/// Why there is no such template; to follow "since".
pub(super) fn union(standing: &Value, wanted: &Value) -> Result<Union, String> {
    if !standing["Transform"].is_null() {
        return Err("the template that stands has a transform".to_owned());
    }
    let mut notes = Vec::new();
    let mut staying = leaving(standing, wanted);
    for (id, taken) in taken(standing, wanted, &staying) {
        staying.remove(&id);
        notes.push(format!(
            "{id} leaves in the same step in which {taken} comes: both are one and the same in the service"
        ));
    }
    settle(standing, wanted, &mut staying, &mut notes);
    let mut template = wanted.clone();
    for id in &staying {
        let mut entry = standing["Resources"][id].clone();
        keep_dependencies(&mut entry, |name| staying.contains(name) || wanted["Resources"].get(name).is_some());
        section(&mut template, "Resources").insert(id.clone(), entry);
    }
    add_values(&mut template, &values_gone(standing, wanted));
    let known = |name: &String| template["Resources"].get(name).is_some() || template["Parameters"].get(name).is_some();
    let outputs = standing["Outputs"].as_object().into_iter().flatten();
    let kept: Vec<(String, Value)> = outputs
        .filter(|(name, output)| {
            let names = References::of(output).names;
            wanted["Outputs"].get(*name).is_none() && names.iter().all(|name| known(name) || name.starts_with("AWS::"))
        })
        .map(|(name, output)| (name.clone(), output.clone()))
        .collect();
    for (name, output) in kept {
        section(&mut template, "Outputs").insert(name, output);
    }
    let previous = fetch(standing, &mut template);
    fits(&template)?;
    Ok(Union { template, previous, notes })
}

/// Resources that leave and whose identity something wanted has: both cannot stand at once.
fn taken(standing: &Value, wanted: &Value, leaving: &BTreeSet<String>) -> BTreeMap<String, String> {
    let resources = wanted["Resources"].as_object().into_iter().flatten();
    let wanted: Vec<_> = resources.filter_map(|(id, entry)| Some((id, identity(entry)?))).collect();
    let of = |id: &String| {
        let own = identity(&standing["Resources"][id])?;
        wanted.iter().find(|(_, other)| *other == own).map(|(other, _)| (id.clone(), (*other).clone()))
    };
    leaving.iter().filter_map(of).collect()
}

/// Takes out what refers to something that is neither wanted nor left standing, until nothing does.
fn settle(standing: &Value, wanted: &Value, staying: &mut BTreeSet<String>, notes: &mut Vec<String>) {
    let clashes = |part: &str, name: &String| {
        let (found, wanted) = (&standing[part][name], &wanted[part][name]);
        !found.is_null() && !wanted.is_null() && found != wanted
    };
    loop {
        let lost = staying.iter().find_map(|id| {
            let entry = &standing["Resources"][id];
            let mut essence = entry.clone();
            if let Some(fields) = essence.as_object_mut() {
                fields.remove("DependsOn");
            }
            let References { names, conditions, mappings } = References::of(&essence);
            let gone = |name: &&String| {
                standing["Resources"].get(name.as_str()).is_some()
                    && !staying.contains(*name)
                    && wanted["Resources"].get(name.as_str()).is_none()
            };
            let reason = names.iter().find(gone).or_else(|| {
                let condition = conditions.iter().find(|name| clashes("Conditions", name));
                condition.or_else(|| mappings.iter().find(|name| clashes("Mappings", name)))
            })?;
            Some((id.clone(), reason.clone()))
        });
        let Some((id, reason)) = lost else { return };
        staying.remove(&id);
        notes.push(format!(
            "{id} leaves in the first step already: it refers to {reason}, which leaves or changes there"
        ));
    }
}

/// Leaves only those names in `DependsOn` that stand.
fn keep_dependencies(entry: &mut Value, stands: impl Fn(&str) -> bool) {
    let Some(fields) = entry.as_object_mut() else { return };
    let Some(depends) = fields.remove("DependsOn") else { return };
    let names = match depends {
        Value::String(name) => vec![Value::String(name)],
        Value::Array(names) => names,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    let kept: Vec<Value> = names.into_iter().filter(|name| name.as_str().is_some_and(&stands)).collect();
    if !kept.is_empty() {
        fields.insert("DependsOn".to_owned(), Value::Array(kept));
    }
}

/// Brings the parameters, conditions and mappings that are referred to and missing; the parameters are returned.
fn fetch(standing: &Value, template: &mut Value) -> BTreeSet<String> {
    let mut previous = BTreeSet::new();
    loop {
        let mut all = References::default();
        for part in ["Resources", "Outputs", "Conditions"] {
            for (_, entry) in template[part].as_object().into_iter().flatten() {
                let found = References::of(entry);
                all.names.extend(found.names);
                all.conditions.extend(found.conditions);
                all.mappings.extend(found.mappings);
            }
        }
        let wanted = [("Parameters", all.names), ("Conditions", all.conditions), ("Mappings", all.mappings)];
        let mut grown = false;
        for (part, names) in wanted {
            for name in names {
                let Some(entry) = standing[part].get(&name) else { continue };
                if template[part].get(&name).is_some()
                    || template["Resources"].get(&name).is_some() && part == "Parameters"
                {
                    continue;
                }
                section(template, part).insert(name.clone(), entry.clone());
                grown = true;
                if part == "Parameters" {
                    previous.insert(name);
                }
            }
        }
        if !grown {
            return previous;
        }
    }
}

/// Adds values to tags of a template.
pub(super) fn add_values(template: &mut Value, gone: &BTreeMap<String, Gone>) {
    for (id, gone) in gone {
        if let Some(values) = template["Resources"][id]["Properties"]["TagValues"].as_array_mut() {
            values.extend(gone.values.iter().cloned());
        }
    }
}

fn fits(template: &Value) -> Result<(), String> {
    let resources = template["Resources"].as_object().map_or(0, Map::len);
    if resources > RESOURCES {
        return Err(format!("both together are {resources} resources, of {RESOURCES} that a stack may have"));
    }
    let bytes = crate::assembly::pretty(template).len();
    if bytes > BYTES {
        return Err(format!("both together are {bytes} bytes, of {BYTES} that a template may have"));
    }
    let tags = template["Resources"].as_object().into_iter().flatten();
    let most = tags.filter_map(|(_, entry)| entry["Properties"]["TagValues"].as_array()).map(Vec::len).max();
    match most {
        Some(most) if most > TAG_VALUES => {
            Err(format!("both together are {most} values of a tag, of {TAG_VALUES} that it may have"))
        }
        Some(_) | None => Ok(()),
    }
}

fn section<'a>(template: &'a mut Value, name: &str) -> &'a mut Map<String, Value> {
    if !template[name].is_object() {
        template[name] = Value::Object(Map::new());
    }
    match &mut template[name] {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            crate::defect("a section that was just made is no object")
        }
    }
}
