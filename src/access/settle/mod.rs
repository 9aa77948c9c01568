//! Names in the place of intrinsics, over several templates: what a template says once its parameters are filled in.
//!
//! Semantics: CloudFormation user guide, "Intrinsic function reference" and "Condition functions". What only AWS knows
//! stays as it stands, so that whoever reads it can say so.

mod conditions;
mod functions;
mod resources;
mod scope;
#[cfg(test)]
mod tests;

pub(super) use resources::mark;
pub(super) use scope::Scope;

use crate::assembly::{Document, StackId};
use serde_json::Value;
use std::collections::BTreeMap;

/// Values of parameters, by stack and name.
pub type Parameters = BTreeMap<StackId, BTreeMap<String, String>>;

/// What templates say to one another: exports within an account and Region, outputs that wires read.
#[derive(Debug, Default, PartialEq)]
struct Shared {
    exports: BTreeMap<(String, String, String), String>,
    outputs: BTreeMap<(StackId, String), String>,
}

/// Rounds in which an output may rest on another stack's output; a longer chain stays unknown.
const MOST_ROUNDS: usize = 8;

/// Settles the resources of some templates: conditions are decided, resources that are not made go, intrinsics become the
/// values they stand for. Returns what stays unknown about whole templates: `<stack> <part>: why`.
pub fn settle(documents: &mut [Document], given: &Parameters) -> Vec<String> {
    let mut shared = Shared::default();
    for _ in 0..MOST_ROUNDS {
        let next = shared_by(documents, given, &shared);
        if next == shared {
            break;
        }
        shared = next;
    }
    let mut unknown = Vec::new();
    let settled: Vec<serde_json::Map<String, Value>> = documents
        .iter()
        .map(|document| {
            let scope = Scope { document, given: given.get(&document.id), shared: Some(&shared) };
            unknown.extend(rewritten(document));
            scope.resources(&mut unknown)
        })
        .collect();
    for (document, resources) in documents.iter_mut().zip(settled) {
        document.template_mut()["Resources"] = Value::Object(resources);
    }
    unknown
}

fn shared_by(documents: &[Document], given: &Parameters, known: &Shared) -> Shared {
    let mut shared = Shared::default();
    for document in documents {
        let scope = Scope { document, given: given.get(&document.id), shared: Some(known) };
        let outputs = document.template["Outputs"].as_object().into_iter().flatten();
        for (name, output) in outputs {
            if output["Condition"].as_str().is_some_and(|condition| scope.condition(condition) == Ok(false)) {
                continue;
            }
            let Ok(value) = scope.text(&output["Value"]) else { continue };
            if let Ok(export) = scope.text(&output["Export"]["Name"]) {
                let key = (document.account.clone(), document.region.clone(), export);
                shared.exports.insert(key, value.clone());
            }
            shared.outputs.insert((document.id.clone(), name.clone()), value);
        }
    }
    shared
}

/// Macros: they make of a template what no reading of it tells.
fn rewritten(document: &Document) -> Option<String> {
    let transform = document.template.get("Transform")?;
    let names: Vec<String> = match transform {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => {
            names.iter().map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec![transform.to_string()],
    };
    Some(format!("{} Transform: `{}` rewrites the template when it is deployed", document.id, names.join("`, `")))
}
