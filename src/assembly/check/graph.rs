//! What must stand before what inside one template.

use crate::assembly::Document;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The resources of a template and what each waits for: by `DependsOn`, `Ref`, `Fn::GetAtt` and `Fn::Sub`.
#[derive(Default)]
pub(super) struct Graph {
    needs: BTreeMap<String, BTreeSet<String>>,
    /// What always stands before a resource, by the resource; filled as it is asked for, which is many times of each.
    earlier: RefCell<BTreeMap<String, BTreeSet<String>>>,
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
        Self { needs: needs.collect(), earlier: RefCell::default() }
    }

    /// Whether one resource always stands before another.
    pub(super) fn before(&self, first: &str, then: &str) -> bool {
        // most wait for it themselves
        if self.needs.get(then).is_some_and(|needs| needs.contains(first)) {
            return true;
        }
        let mut earlier = self.earlier.borrow_mut();
        if let Some(earlier) = earlier.get(then) {
            return earlier.contains(first);
        }
        let mut seen = BTreeSet::new();
        let mut waiting = vec![then];
        while let Some(id) = waiting.pop() {
            for need in self.needs.get(id).into_iter().flatten() {
                if seen.insert(need.clone()) {
                    waiting.push(need);
                }
            }
        }
        let found = seen.contains(first);
        earlier.insert(then.to_owned(), seen);
        found
    }

    /// Resources that wait for one another or for what does.
    pub(super) fn stuck(&self) -> Vec<&String> {
        stuck(&self.needs)
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

/// What can never be made, since what it needs waits for it.
pub(super) fn stuck<K: Ord>(needs: &BTreeMap<K, BTreeSet<K>>) -> Vec<&K> {
    let mut needed_by: BTreeMap<&K, Vec<&K>> = BTreeMap::new();
    // what a template does not make, or no template is, waits for nothing
    let mut open: BTreeMap<&K, usize> = BTreeMap::new();
    for (id, needs_of_id) in needs {
        let inside = needs_of_id.iter().filter(|need| needs.contains_key(*need));
        open.insert(id, inside.clone().count());
        inside.for_each(|need| needed_by.entry(need).or_default().push(id));
    }
    let mut ready: Vec<&K> = open.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
    while let Some(id) = ready.pop() {
        for waiting in needed_by.get(id).into_iter().flatten() {
            if let Some(count) = open.get_mut(waiting) {
                *count -= 1;
                if *count == 0 {
                    ready.push(waiting);
                }
            }
        }
    }
    open.into_iter().filter(|(_, count)| *count > 0).map(|(id, _)| id).collect()
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
                    ("Fn::GetAtt", Value::String(text)) => references.push(dotted(text)),
                    ("Fn::Sub", Value::String(text)) => substitutions(text, &[], references),
                    ("Fn::Sub", Value::Array(parts)) => {
                        let own = parts.get(1).and_then(Value::as_object);
                        let own: Vec<&str> = own.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                        let text = parts.first().and_then(Value::as_str).unwrap_or_default();
                        substitutions(text, &own, references);
                        references_of(value, references);
                    }
                    _ => references_of(value, references),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `Id` or `Id.Attribute`.
fn dotted(text: &str) -> (String, Option<String>) {
    match text.split_once('.') {
        Some((id, attribute)) => (id.to_owned(), Some(attribute.to_owned())),
        None => (text.to_owned(), None),
    }
}

/// `${Id}` and `${Id.Attribute}` of a `Fn::Sub`, save its own variables; `${!Literal}` is none.
fn substitutions(text: &str, own: &[&str], references: &mut Vec<(String, Option<String>)>) {
    for part in text.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        if !name.starts_with('!') && !own.contains(&name) {
            references.push(dotted(name));
        }
    }
}
