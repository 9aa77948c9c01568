//! Every resource against AWS's own schema, every reference against what it points to.

use super::Checker;
use super::graph::{Graph, references_of};
use crate::assembly::Document;
use crate::cfn::schema;
use crate::finding::Code;
use serde_json::Value;
use std::collections::BTreeMap;

/// What `Ref` knows without a declaration (CloudFormation user guide, "Pseudo parameters reference").
const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NotificationARNs",
    "AWS::NoValue",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

pub(super) fn check(checker: &mut Checker<'_>, document: &Document, graph: &Graph) {
    if let [first, others @ ..] = graph.stuck().as_slice() {
        let message = match others {
            [] => "it waits for itself".to_owned(),
            others => format!("it and {} more resources wait for one another", others.len()),
        };
        checker.find(Code::CircularDependency, &document.id, first, message);
    }
    let types: BTreeMap<&str, &str> = document.resources().map(|(id, type_name, _)| (id, type_name)).collect();
    for (id, type_name, entry) in document.resources() {
        match schema::of(type_name) {
            None => {
                let message = format!("type `{type_name}` is not among the vendored schemas, so it was not checked");
                checker.find(Code::SchemaViolation, &document.id, id, message);
            }
            Some(schema) => {
                for violation in schema.check(&entry["Properties"]) {
                    let message = format!("{type_name}{}: {}", violation.pointer, violation.message);
                    checker.find(Code::SchemaViolation, &document.id, id, message);
                }
                if !schema.available_in(&document.region) {
                    let message = format!("{} has no {type_name}", document.region);
                    checker.find(Code::TypeNotInRegion, &document.id, id, message);
                }
            }
        }
        let mut references = Vec::new();
        references_of(&entry["Properties"], &mut references);
        let depends_on = match &entry["DependsOn"] {
            Value::String(on) => vec![on.as_str()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
        };
        for on in depends_on.into_iter().filter(|on| !types.contains_key(on)) {
            let message = format!("DependsOn names `{on}`, which the template does not have");
            checker.find(Code::UnknownReference, &document.id, id, message);
        }
        for (target, attribute) in references {
            if let Some(problem) = problem(document, &types, &target, attribute.as_deref()) {
                checker.find(Code::UnknownReference, &document.id, id, problem);
            }
        }
    }
    for (name, output) in document.template["Outputs"].as_object().into_iter().flatten() {
        let mut references = Vec::new();
        references_of(&output["Value"], &mut references);
        for (target, attribute) in references {
            if let Some(problem) = problem(document, &types, &target, attribute.as_deref()) {
                checker.find(Code::UnknownReference, &document.id, name, problem);
            }
        }
    }
}

/// What is wrong with a reference.
fn problem(document: &Document, types: &BTreeMap<&str, &str>, target: &str, attribute: Option<&str>) -> Option<String> {
    let Some(type_name) = types.get(target) else {
        let known = PSEUDO_PARAMETERS.contains(&target) || document.template["Parameters"].get(target).is_some();
        return (attribute.is_some() || !known)
            .then(|| format!("`{target}` is neither a resource nor a parameter of the template"));
    };
    let attribute = attribute?;
    let known = schema::of(type_name).is_none_or(|schema| schema.attributes().iter().any(|known| known == attribute));
    (!known).then(|| format!("{type_name} has no attribute `{attribute}`"))
}
