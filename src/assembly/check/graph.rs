//! What must stand before what inside one template.

use crate::assembly::Document;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The resources of a template and what each waits for: by `DependsOn`, `Ref`, `Fn::GetAtt` and `Fn::Sub`.
pub(super) struct Graph {
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    pub(super) fn of(document: &Document) -> Self {
        let ids: BTreeSet<&str> = document.resources().map(|(id, _, _)| id).collect();
        let needs = document.resources().map(|(id, _, entry)| {
            let mut references = Vec::new();
            references_of(&entry["Properties"], &mut references);
            match &entry["DependsOn"] {
                Value::String(on) => references.push((on.clone(), None)),
                Value::Array(many) => {
                    references.extend(many.iter().filter_map(|on| Some((on.as_str()?.to_owned(), None))))
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
            }
            let needs = references.into_iter().map(|(on, _)| on).filter(|on| ids.contains(on.as_str()));
            (id.to_owned(), needs.collect())
        });
        Self { needs: needs.collect() }
    }

    /// Whether one resource always stands before another.
    pub(super) fn before(&self, first: &str, then: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![then];
        while let Some(id) = waiting.pop() {
            for need in self.needs.get(id).into_iter().flatten() {
                if need == first {
                    return true;
                }
                if seen.insert(need.as_str()) {
                    waiting.push(need);
                }
            }
        }
        false
    }

    /// Ids in an order in which each stands after what it needs; what lies on a cycle comes last.
    pub(super) fn order<'g>(&'g self, among: &BTreeSet<&'g str>) -> Vec<&'g str> {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        let mut order = Vec::new();
        for start in self.needs.keys() {
            let mut path = vec![(start.as_str(), false)];
            while let Some((id, expanded)) = path.pop() {
                if expanded {
                    if among.contains(id) {
                        order.push(id);
                    }
                } else if done.insert(id) {
                    path.push((id, true));
                    path.extend(self.needs.get(id).into_iter().flatten().map(|need| (need.as_str(), false)));
                }
            }
        }
        order
    }
}

/// Every reference in a value: the id, and the attribute of `Fn::GetAtt`.
pub(super) fn references_of(value: &Value, references: &mut Vec<(String, Option<String>)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references_of(item, references)),
        Value::Object(object) => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("Ref", Value::String(id)) => references.push((id.clone(), None)),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        let mut parts = parts.iter().filter_map(Value::as_str);
                        if let Some(id) = parts.next() {
                            references.push((id.to_owned(), Some(parts.collect::<Vec<_>>().join("."))));
                        }
                    }
                    ("Fn::Sub", Value::String(text)) => substitutions(text, references),
                    _ => references_of(value, references),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `${Id}` and `${Id.Attribute}` of a `Fn::Sub`; `${!Literal}` is none.
fn substitutions(text: &str, references: &mut Vec<(String, Option<String>)>) {
    for part in text.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        if name.starts_with('!') {
            continue;
        }
        match name.split_once('.') {
            Some((id, attribute)) => references.push((id.to_owned(), Some(attribute.to_owned()))),
            None => references.push((name.to_owned(), None)),
        }
    }
}
