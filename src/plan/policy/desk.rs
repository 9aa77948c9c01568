//! What all rules ask for: the resources that differ, where a finding stands, and the line that accepts it.

use crate::assembly::{Document, StackId};
use crate::finding::{Code, Finding, Place};
use crate::mesh::{Domain, Mesh, Product};
use crate::plan::diff::Input;
use crate::plan::diff::holders::Holders;
use serde_json::Value;
use std::collections::BTreeMap;

/// Both sides, with what is looked up often.
pub struct Desk<'a> {
    pub(super) base: &'a Input<'a>,
    pub(super) head: &'a Input<'a>,
    /// Templates of the base's side that the head does not have, or has otherwise.
    pub(super) before: Vec<&'a Document>,
    /// Templates of the head's side that the base did not have, or had otherwise.
    pub(super) after: Vec<&'a Document>,
    /// Resources of the head's side that are new or differ.
    pub(super) changed: Vec<Changed<'a>>,
    /// Resources that are gone.
    pub(super) gone: Vec<Gone<'a>>,
    /// The roles of the head's mesh.
    pub(super) holders: Option<Holders<'a>>,
}

/// A resource that is new or differs.
#[derive(Clone, Copy)]
pub(super) struct Changed<'a> {
    pub(super) document: &'a Document,
    pub(super) id: &'a str,
    pub(super) kind: &'a str,
    /// Its entry before, of the same type; none where it is new.
    pub(super) base: Option<&'a Value>,
    /// Its entry.
    pub(super) head: &'a Value,
}

/// A resource that is gone from a stack that stays.
#[derive(Clone, Copy)]
pub(super) struct Gone<'a> {
    pub(super) document: &'a Document,
    pub(super) kind: &'a str,
    pub(super) base: &'a Value,
}

impl<'a> Desk<'a> {
    /// Looks at what differs between two sides.
    #[must_use]
    pub fn of(base: &'a Input<'a>, head: &'a Input<'a>) -> Self {
        let mut before: BTreeMap<&StackId, &Document> =
            base.documents.iter().map(|document| (&document.id, document)).collect();
        let mut after = Vec::new();
        let mut changed = Vec::new();
        let mut gone = Vec::new();
        for document in head.documents {
            let old = before.get(&document.id).copied();
            if old.is_some_and(|old| old.template == document.template) {
                before.remove(&document.id);
                continue;
            }
            after.push(document);
            let entry = |id: &str| old.and_then(|old| old.template["Resources"].get(id));
            for (id, kind, head) in document.resources() {
                let base = entry(id).filter(|entry| entry["Type"] == kind);
                if base != Some(head) {
                    changed.push(Changed { document, id, kind, base, head });
                }
            }
            let stays = |id: &str, kind: &str| document.template["Resources"][id]["Type"] == kind;
            let old = old.into_iter().flat_map(|old| old.resources());
            gone.extend(old.filter(|(id, kind, _)| !stays(id, kind)).map(|(_, kind, base)| Gone {
                document,
                kind,
                base,
            }));
        }
        let before = before.into_values().collect();
        Self { base, head, before, after, changed, gone, holders: head.mesh.map(Holders::of) }
    }

    /// Resources of a type that differ, with both entries.
    pub(super) fn altered(&self) -> impl Iterator<Item = (&Changed<'a>, &'a Value)> {
        self.changed.iter().filter_map(|changed| Some((changed, changed.base?)))
    }

    /// A finding with its advice and, where the side has files to write it into, the line that accepts it. The first target
    /// is the one that is proposed.
    pub(super) fn finding(&self, code: Code, place: Place, message: String, targets: &[&str]) -> Finding {
        let advice = code.advice().trim_end_matches('.');
        let mut help = lowered(advice);
        if let (Some(target), true, true) = (targets.first(), self.head.mesh.is_some(), code.can_be_accepted()) {
            let target = serde_json::Value::from(*target);
            let line =
                format!("accept: [{{code: {code}, target: {target}, reason: \"<why>\", until: \"<YYYY-MM-DD>\"}}]");
            help = format!("{help}; or take it on knowingly, in {}: {line}", place.file);
        }
        targets.iter().fold(Finding::new(code, place, message).help(help), |finding, target| finding.target(*target))
    }

    /// A finding about a resource; it may be accepted by logical id, stack or owner.
    pub(super) fn about(&self, code: Code, changed: &Changed<'_>, message: String) -> Finding {
        let stack = changed.document.id.to_string();
        let targets = [changed.id, stack.as_str(), changed.document.id.owner()];
        let message = format!("{} of {stack}: {message}", changed.id);
        self.finding(code, self.place_of_stack(&changed.document.id), message, &targets)
    }

    /// The file of the owner of a stack; where no mesh tells, the template.
    pub(super) fn place_of_stack(&self, stack: &StackId) -> Place {
        let Some(mesh) = self.head.mesh else { return Place::file(format!("{stack}.template.json")) };
        let named = |name: &str| name == stack.owner();
        let domain = mesh.domains.values().find(|domain| named(domain.name.as_str()));
        let consumer = mesh.consumers.values().find(|consumer| named(consumer.name.as_str()));
        let origin = domain.map(|domain| &domain.origin).or(consumer.map(|consumer| &consumer.origin));
        Place::file(origin.unwrap_or(&mesh.origin).file.clone())
    }

    /// A product of a side and its domain.
    pub(super) fn product(mesh: Option<&'a Mesh>, id: &str) -> Option<(&'a Domain, &'a Product)> {
        mesh?.domains.values().find_map(|domain| {
            let product = domain.products.values().find(|product| product.id.as_str() == id)?;
            Some((domain, product))
        })
    }
}

/// Advice begins a sentence in the docs, and goes on after a colon in a finding.
fn lowered(advice: &str) -> String {
    let mut letters = advice.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The text at a pointer; empty for what is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The items of a list; a single value counts as a list of one, as in policies.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    let (list, single) = match value {
        Value::Array(items) => (items.as_slice(), None),
        Value::Null => (&[] as &[Value], None),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => (&[] as &[Value], Some(value)),
    };
    list.iter().chain(single)
}
