//! The way from one state to another: the turns and the order that a plan between them has.

use super::parts::parts;
use super::{Change, UnsafeMoment, unsafe_moments};
use crate::assembly::{Document, StackId};
use crate::plan::order::{self, Moves};
use crate::plan::turns::{Values, turns};
use crate::plan::{StepId, Turn};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The unsafe moments between two sets of templates, by the turns and the order that a plan has. The executor may take another
/// order among steps that do not wait for one another; this one is the order of names. A stack that is gone on the second side
/// goes last, those that others need after those that need them.
#[must_use]
pub fn between(base: &[Document], head: &[Document]) -> Vec<UnsafeMoment> {
    let standing: BTreeMap<&StackId, &Document> = base.iter().map(|document| (&document.id, document)).collect();
    let edges: BTreeMap<StackId, BTreeSet<StackId>> =
        head.iter().map(|document| (document.id.clone(), document.needs.clone())).collect();
    let mut parts = BTreeMap::new();
    let mut kept = BTreeMap::new();
    for document in head {
        let found: Vec<(Turn, Document)> = match standing.get(&document.id) {
            Some(old) if old.template == document.template => Vec::new(),
            Some(old) => turns(&old.template, &document.template, Values::Same)
                .into_iter()
                .map(|part| {
                    let template = part.template.map_or_else(|| document.template.clone(), Into::into);
                    let mut reached = Document { template, ..document.clone() };
                    keep_wires(&mut reached, base);
                    (part.turn, reached)
                })
                .collect(),
            None => vec![(Turn::Add, document.clone())],
        };
        let moves = if found.is_empty() { Moves::Still } else { Moves::Moving };
        let named = found.iter().map(|(turn, _)| *turn).chain(found.is_empty().then_some(Turn::Add)).collect();
        kept.insert(document.id.clone(), (named, moves));
        parts.extend(found.into_iter().map(|(turn, reached)| (StepId::new(&document.id, turn), reached)));
    }
    let mut reached = Vec::new();
    for id in in_order(&order::needs(&edges, &kept)) {
        reached.extend(parts.remove(&id).map(|document| (id.stack, Some(document))));
    }
    reached.extend(gone(base, &edges).into_iter().map(|stack| (stack, None)));
    moments(base, &reached)
}

/// A parameter of what is left standing is filled as it was.
fn keep_wires(document: &mut Document, standing: &[Document]) {
    let old = standing.iter().find(|old| old.id == document.id);
    let known: BTreeSet<String> = document.wires.iter().map(|(name, _, _)| name.clone()).collect();
    let left = old.into_iter().flat_map(|old| &old.wires).filter(|(name, _, _)| !known.contains(name));
    document.wires.extend(left.cloned().collect::<Vec<_>>());
}

/// Stacks that the second side does not have, dependents first.
pub(super) fn gone(base: &[Document], head: &BTreeMap<StackId, BTreeSet<StackId>>) -> Vec<StackId> {
    let gone = base.iter().filter(|document| !head.contains_key(&document.id));
    let needs = gone.map(|document| {
        let needs = document.needs.iter().map(|needed| StepId::new(needed, Turn::Remove)).collect();
        (StepId::new(&document.id, Turn::Remove), needs)
    });
    let mut order: Vec<StackId> = in_order(&needs.collect()).into_iter().map(|step| step.stack).collect();
    order.reverse();
    order
}

/// Steps in an order in which each comes after those that it waits for, by name where there is a choice. What is left of a
/// circle comes last, so that nothing is forgotten.
fn in_order(needs: &BTreeMap<StepId, BTreeSet<StepId>>) -> Vec<StepId> {
    let mut order = Vec::new();
    let mut needed_by: BTreeMap<&StepId, Vec<&StepId>> = BTreeMap::new();
    let mut open: BTreeMap<&StepId, usize> = BTreeMap::new();
    for (step, needs_of) in needs {
        let waits = needs_of.iter().filter(|needed| needs.contains_key(*needed));
        open.insert(step, waits.clone().count());
        waits.for_each(|needed| needed_by.entry(needed).or_default().push(step));
    }
    let mut ready: BTreeSet<&StepId> = open.iter().filter(|(_, waits)| **waits == 0).map(|(step, _)| *step).collect();
    while let Some(step) = ready.pop_first().or_else(|| open.keys().next().copied()) {
        open.remove(step);
        for waiting in needed_by.get(step).into_iter().flatten() {
            if let Some(waits) = open.get_mut(waiting) {
                *waits -= 1;
                if *waits == 0 {
                    ready.insert(waiting);
                }
            }
        }
        order.push(step.clone());
    }
    order
}

/// The moments of each part of the mesh that changes by itself, together.
fn moments(before: &[Document], reached: &[(StackId, Option<Document>)]) -> Vec<UnsafeMoment> {
    let changes = reached.iter().enumerate().map(|(at, (stack, to))| Change { number: at + 1, stack, to: to.as_ref() });
    let changes: Vec<Change<'_>> = changes.collect();
    let mut found: Vec<UnsafeMoment> = parts(before, &changes)
        .par_iter()
        .flat_map_iter(|(documents, steps)| unsafe_moments(documents, steps))
        .collect();
    found.sort();
    found
}
