//! Two sets of templates, stack by stack.

use super::names::Names;
use super::properties::leaves;
use super::{ChangeKind, Impact, PropertyChange, ResourceChange, StackChange, notes, propagation, resources, secrets};
use crate::assembly::Document;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What of a stack is not its own: the same id in another account or Region is another stack.
type Place<'a> = (String, &'a str, &'a str);

/// A stack on both sides.
pub(super) struct Pair<'a> {
    pub(super) base: Option<&'a Document>,
    pub(super) head: Option<&'a Document>,
    /// What was found so far, by logical id.
    pub(super) resources: BTreeMap<&'a str, ResourceChange>,
    pub(super) properties: Vec<PropertyChange>,
}

impl Pair<'_> {
    /// Whether nothing differs, as far as is known.
    pub(super) fn is_untouched(&self) -> bool {
        self.resources.is_empty() && self.properties.is_empty()
    }
}

/// Compares two sets of templates: every stack that differs, by id, with its resources, the worst first.
///
/// What it says becomes of a resource is a prediction from AWS's schemas; a change set knows better. Added and removed
/// resources are told without their properties.
#[must_use]
pub fn stacks(base: &[Document], head: &[Document]) -> Vec<StackChange> {
    let mut pairs: BTreeMap<Place<'_>, Pair<'_>> = BTreeMap::new();
    for document in base {
        let pair = Pair { base: Some(document), head: None, resources: BTreeMap::new(), properties: Vec::new() };
        pairs.insert(place(document), pair);
    }
    for document in head {
        let empty = Pair { base: None, head: None, resources: BTreeMap::new(), properties: Vec::new() };
        pairs.entry(place(document)).or_insert(empty).head = Some(document);
    }
    let mut pairs: Vec<Pair<'_>> = pairs.into_values().collect();
    pairs.par_iter_mut().for_each(compare);
    propagation::propagate(&mut pairs);
    notes::write(&mut pairs);
    pairs.into_iter().filter_map(told).collect()
}

fn place(document: &Document) -> Place<'_> {
    (document.id.to_string(), &document.account, &document.region)
}

fn compare(pair: &mut Pair<'_>) {
    if let (Some(base), Some(head)) = (pair.base, pair.head) {
        let is_same = base.template == head.template;
        if !is_same {
            pair.properties = template_properties(&base.template, &head.template);
        }
        pair.properties.extend(wires(base, head));
        if is_same || base.template.get("Resources") == head.template.get("Resources") {
            return;
        }
    }
    let (before, after) = (entries(pair.base), entries(pair.head));
    let old = pair.base.map(|document| Names::of(&document.template));
    let new = pair.head.map(|document| Names::of(&document.template));
    let ids: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    for id in ids {
        let change = match (before.get(id).zip(old.as_ref()), after.get(id).zip(new.as_ref())) {
            (Some((base, _)), Some((head, _))) if base == head => continue,
            (Some((base, _)), Some((head, names))) => resources::changed(id, base, head, names),
            (None, Some((head, names))) => resources::added(id, head, names),
            (Some((base, names)), None) => resources::removed(id, base, names),
            (None, None) => continue,
        };
        // a difference of form alone, such as one name in a list
        if change.change != ChangeKind::Changed || !change.properties.is_empty() {
            pair.resources.insert(id, change);
        }
    }
}

/// The resources of a side, by logical id.
pub(super) fn entries(document: Option<&Document>) -> BTreeMap<&str, &Value> {
    let resources = document.and_then(|document| document.template.get("Resources")).and_then(Value::as_object);
    resources.into_iter().flatten().map(|(id, entry)| (id.as_str(), entry)).collect()
}

/// Differences of a template outside of its resources.
fn template_properties(base: &Value, head: &Value) -> Vec<PropertyChange> {
    let (Some(old), Some(new)) = (base.as_object(), head.as_object()) else { return Vec::new() };
    let sections: BTreeSet<&String> = old.keys().chain(new.keys()).filter(|section| *section != "Resources").collect();
    let mut found = Vec::new();
    for section in sections {
        let impact = match section.as_str() {
            "Description" | "Metadata" | "AWSTemplateFormatVersion" => Impact::None,
            _ => Impact::InPlace,
        };
        for leaf in leaves(&format!("/{section}"), old.get(section), new.get(section), &|_| false) {
            let (before, after) = (leaf.before.cloned(), leaf.after.cloned());
            let mut change = PropertyChange { path: leaf.pointer, before, after, impact, lines: None };
            secrets::mask(&mut change, base, head);
            found.push(change);
        }
    }
    found
}

/// Parameters that another output fills than before. They stand under `/Wires`, which no template has.
fn wires(base: &Document, head: &Document) -> Vec<PropertyChange> {
    if base.wires == head.wires {
        return Vec::new();
    }
    let by_name = |document: &Document| -> BTreeMap<String, Value> {
        let wires = document.wires.iter();
        wires.map(|(name, stack, output)| (name.clone(), json!({"stack": stack, "output": output}))).collect()
    };
    let (old, new) = (by_name(base), by_name(head));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let of = |name: &String| PropertyChange {
        path: format!("/Wires/{name}"),
        before: old.get(name).cloned(),
        after: new.get(name).cloned(),
        impact: Impact::InPlace,
        lines: None,
    };
    changed.map(of).collect()
}

/// A pair as it is told; none when nothing differs.
fn told(pair: Pair<'_>) -> Option<StackChange> {
    let document = pair.head.or(pair.base)?;
    let change = match (pair.base, pair.head) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ if pair.is_untouched() => return None,
        _ => ChangeKind::Changed,
    };
    let mut resources: Vec<ResourceChange> = pair.resources.into_values().collect();
    sort(&mut resources);
    Some(StackChange {
        id: document.id.to_string(),
        account: document.account.clone(),
        region: document.region.clone(),
        layer: document.layer,
        change,
        resources,
        properties: pair.properties,
    })
}

/// The worst first: by impact, then what holds data, then by logical id.
pub(super) fn sort(resources: &mut [ResourceChange]) {
    resources.sort_by(|one, other| {
        let key = |change: &ResourceChange| (Reverse(change.impact), !change.data_store);
        key(one).cmp(&key(other)).then_with(|| one.logical_id.cmp(&other.logical_id))
    });
}
