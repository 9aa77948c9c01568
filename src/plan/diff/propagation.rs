//! What a replaced resource does to those that refer to it, in its own stack and over wires in others.
//!
//! "If the resource is recreated, it will have a new physical ID, so all references to that resource will also be updated"
//! (CloudFormation API reference, `ResourceChangeDetail`: `Evaluation`). Whether a changed attribute has another value is
//! known only when the stack is updated, unless the attribute is the resource's identity.

use super::names::Names;
use super::properties::{Leaf, escaped};
use super::references::{self, Reading, is_intrinsic};
use super::resources::{blank, type_of};
use super::stacks::{Pair, entries};
use super::{ChangeKind, Impact, PropertyChange, documents, impact};
use crate::assembly::StackId;
use crate::cfn::schema;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether what is read has another value afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moves {
    /// It may have.
    Perhaps,
    /// It has.
    Surely,
}

/// What of a template has, or may have, another value: its resources, parameters, conditions and mappings by name.
#[derive(Debug, Default, Clone)]
struct News<'a> {
    resources: BTreeMap<&'a str, (Moves, &'a str)>,
    parameters: BTreeMap<&'a str, Moves>,
    conditions: BTreeSet<&'a str>,
    mappings: BTreeSet<&'a str>,
}

impl<'a> News<'a> {
    fn is_empty(&self) -> bool {
        self.resources.is_empty()
            && self.parameters.is_empty()
            && self.conditions.is_empty()
            && self.mappings.is_empty()
    }

    /// Whether a value that is read moves, and by what.
    fn of(&self, reading: Reading<'a>) -> Option<(Moves, &'a str)> {
        match reading {
            Reading::Name(name) => {
                let resource = self.resources.get(name).map(|(moves, _)| *moves);
                Some((resource.or_else(|| self.parameters.get(name).copied())?, name))
            }
            Reading::Attribute(name, attribute) => {
                let (moves, resource_type) = *self.resources.get(name)?;
                Some((if is_identity(resource_type, attribute) { moves } else { Moves::Perhaps }, name))
            }
            Reading::Condition(name) => self.conditions.contains(name).then_some((Moves::Perhaps, name)),
            Reading::Mapping(name) => self.mappings.contains(name).then_some((Moves::Perhaps, name)),
        }
    }

    /// The surest of all that a value reads.
    fn within(&self, value: &'a Value) -> Option<(Moves, &'a str)> {
        let mut surest = None;
        references::each(value, &mut |reading| {
            if let Some(found) = self.of(reading) {
                surest = surest.max(Some(found));
            }
        });
        surest
    }
}

/// Whether an attribute tells which resource it is: a replacement has another one.
fn is_identity(resource_type: &str, attribute: &str) -> bool {
    let identifier = schema::of(resource_type).map_or(&[][..], schema::ResourceSchema::primary_identifier);
    attribute.ends_with("Arn")
        || attribute.ends_with("Id")
        || identifier.iter().any(|part| part.strip_prefix('/') == Some(attribute))
}

/// Carries every replacement on to what refers to the replaced, until nothing more is moved.
pub(super) fn propagate(pairs: &mut [Pair<'_>]) {
    let mut waiting: Vec<usize> = (0..pairs.len()).rev().collect();
    let mut moved_outputs: BTreeSet<(&StackId, &str)> = BTreeSet::new();
    let mut fed: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    while let Some(index) = waiting.pop() {
        let pair = &mut pairs[index];
        if pair.is_untouched() && !fed.contains_key(&index) {
            continue;
        }
        let (Some(base), Some(head)) = (pair.base, pair.head) else { continue };
        let mut news = first_news(pair);
        for parameter in fed.get(&index).into_iter().flatten() {
            news.parameters.entry(parameter).or_insert(Moves::Perhaps);
        }
        if !news.is_empty() {
            within_stack(pair, &mut news);
        }
        let section = |template: &'_ Value| template.get("Outputs").and_then(Value::as_object).cloned();
        let old = section(&base.template).unwrap_or_default();
        let outputs = head.template.get("Outputs").and_then(Value::as_object).into_iter().flatten();
        let moved = outputs.filter(|(name, output)| {
            // an output that is new is no change for whoever reads it first
            old.get(*name).is_some_and(|before| before["Value"] != output["Value"]) || news.within(output).is_some()
        });
        let fresh: Vec<_> =
            moved.map(|(name, _)| (&head.id, name.as_str())).filter(|output| moved_outputs.insert(*output)).collect();
        if fresh.is_empty() {
            continue;
        }
        for (other, pair) in pairs.iter().enumerate() {
            let Some(document) = pair.head else { continue };
            let reads = document.wires.iter().filter(|(_, stack, output)| fresh.contains(&(stack, output.as_str())));
            let names: Vec<&str> = reads.map(|(parameter, _, _)| parameter.as_str()).collect();
            if !names.is_empty() {
                fed.entry(other).or_default().extend(names);
                if !waiting.contains(&other) {
                    waiting.push(other);
                }
            }
        }
    }
}

/// What moves in a stack by its own differences.
fn first_news<'a>(pair: &Pair<'a>) -> News<'a> {
    let mut news = News::default();
    let (Some(base), Some(head)) = (pair.base, pair.head) else { return news };
    for (id, change) in &pair.resources {
        if change.change == ChangeKind::Changed {
            let entry = &head.template["Resources"][*id];
            match change.predicted {
                Impact::Replaced => drop(news.resources.insert(id, (Moves::Surely, type_of(entry)))),
                Impact::MayBeReplaced => drop(news.resources.insert(id, (Moves::Perhaps, type_of(entry)))),
                Impact::None
                | Impact::Created
                | Impact::InPlace
                | Impact::SomeInterruption
                | Impact::Retained
                | Impact::Destroyed => {}
            }
        }
    }
    let changed = |section: &str| -> Vec<&'a str> {
        let (old, new) = (base.template.get(section), head.template.get(section));
        if old == new {
            return Vec::new();
        }
        let entries = new.and_then(Value::as_object).into_iter().flatten();
        let differs = entries.filter(|(name, entry)| old.and_then(|old| old.get(name.as_str())) != Some(*entry));
        differs.map(|(name, _)| name.as_str()).collect()
    };
    let wire = |document: &'a crate::assembly::Document, name: &str| {
        document.wires.iter().find(|(parameter, _, _)| parameter == name).map(|(_, stack, output)| (stack, output))
    };
    for name in changed("Parameters") {
        let default = |template: &'a Value| template["Parameters"][name].get("Default");
        if default(&base.template) != default(&head.template) && wire(head, name).is_none() {
            news.parameters.insert(name, Moves::Surely);
        }
    }
    for (name, _, _) in &head.wires {
        if base.wires != head.wires && wire(base, name) != wire(head, name) {
            news.parameters.insert(name, Moves::Perhaps);
        }
    }
    news.conditions.extend(changed("Conditions"));
    news.mappings.extend(changed("Mappings"));
    news
}

/// Carries news on from resource to resource of one stack.
fn within_stack<'a>(pair: &mut Pair<'a>, news: &mut News<'a>) {
    let Some(document) = pair.head else { return };
    if let Some(conditions) = document.template.get("Conditions").and_then(Value::as_object) {
        // conditions may stand on one another: as many rounds as there are conditions are enough
        for _ in 0..conditions.len() {
            let moved = conditions.iter().filter(|(_, value)| news.within(value).is_some());
            let moved: Vec<&str> = moved.map(|(name, _)| name.as_str()).collect();
            let before = news.conditions.len();
            news.conditions.extend(moved);
            if news.conditions.len() == before {
                break;
            }
        }
    }
    let before = entries(pair.base);
    let resources: Vec<(&str, &Value)> =
        entries(pair.head).into_iter().filter(|(id, _)| before.contains_key(id)).collect();
    loop {
        let mut moved = false;
        for (id, entry) in &resources {
            let Some(raised) = feed(pair, id, entry, news) else { continue };
            let moves = match raised {
                Impact::Replaced => Moves::Surely,
                Impact::MayBeReplaced => Moves::Perhaps,
                Impact::None
                | Impact::Created
                | Impact::InPlace
                | Impact::SomeInterruption
                | Impact::Retained
                | Impact::Destroyed => continue,
            };
            let known = news.resources.insert(id, (moves, type_of(entry)));
            moved |= known.is_none_or(|(known, _)| known < moves);
        }
        if !moved {
            return;
        }
    }
}

/// Lays what moves on one resource; the impact when it is worse than before.
fn feed<'a>(pair: &mut Pair<'a>, id: &'a str, entry: &'a Value, news: &News<'a>) -> Option<Impact> {
    let schema = schema::of(type_of(entry));
    let mut fed = Vec::new();
    reading_leaves("/Properties", entry.get("Properties")?, news, &mut fed);
    let mut worst = None;
    for (pointer, value, moves, source) in fed {
        if source == id {
            continue;
        }
        let leaf = Leaf { pointer, before: Some(value), after: Some(value), reordered: moves == Moves::Perhaps };
        let impact = impact::of_leaf(schema, &leaf);
        let names = Names::of(&pair.head?.template);
        let change = pair.resources.entry(id).or_insert_with(|| blank(id, entry, &names, ChangeKind::Changed));
        match change.properties.iter_mut().find(|property| property.path == leaf.pointer) {
            Some(property) if property.impact >= impact => continue,
            Some(property) => property.impact = impact,
            None => {
                let value = Some(value.clone());
                let path = leaf.pointer.clone();
                let at = change.properties.partition_point(|property| property.path < path);
                let fed = PropertyChange { path, before: value.clone(), after: value, impact, lines: None };
                change.properties.insert(at, fed);
            }
        }
        let what = if moves == Moves::Surely { "has another value" } else { "may have another value" };
        change.notes.push(format!("{} reads {source}, which {what} afterwards", leaf.pointer));
        if impact > change.predicted {
            change.predicted = impact;
            change.impact = impact;
            worst = worst.max(Some(impact));
        }
    }
    worst
}

/// The leaves of a value that read something that moves.
fn reading_leaves<'a>(
    pointer: &str,
    value: &'a Value,
    news: &News<'a>,
    found: &mut Vec<(String, &'a Value, Moves, &'a str)>,
) {
    match value {
        Value::Object(object) if !is_intrinsic(value) && !documents::is_document(pointer) => {
            for (key, inner) in object {
                reading_leaves(&format!("{pointer}/{}", escaped(key)), inner, news, found);
            }
        }
        Value::Array(items) if !documents::is_document(pointer) => {
            for (index, inner) in items.iter().enumerate() {
                reading_leaves(&format!("{pointer}/{index}"), inner, news, found);
            }
        }
        Value::Object(_) | Value::Array(_) => {
            found.extend(news.within(value).map(|(moves, source)| (pointer.to_owned(), value, moves, source)));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
