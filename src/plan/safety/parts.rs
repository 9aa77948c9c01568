//! The parts of a mesh that a change touches, apart from one another, so that a small change of a large mesh is a small
//! question.
//!
//! What a principal sees of a table hangs on the stacks of one chain: the table's, those that it builds on, and those that
//! build on it. Stacks of two chains that share no changed stack cannot make a moment together.

use super::{Change, concerns_access};
use crate::assembly::{Document, Layer, StackId};
use std::collections::{BTreeMap, BTreeSet};

/// For each part: what stands of it, and its steps. Steps that no sight depends on are in none.
pub(super) fn parts<'a>(before: &[Document], steps: &[Change<'a>]) -> Vec<(Vec<Document>, Vec<Change<'a>>)> {
    let standing: BTreeMap<&StackId, &Document> = before.iter().map(|document| (&document.id, document)).collect();
    let mut last: BTreeMap<&StackId, &Document> = standing.clone();
    let mut changed: BTreeSet<&StackId> = BTreeSet::new();
    for step in steps {
        let old = last.get(step.stack).copied();
        if concerns_access(old, step.to) {
            changed.insert(step.stack);
        }
        match step.to {
            Some(document) => last.insert(step.stack, document),
            None => last.remove(step.stack),
        };
    }
    let all = || standing.values().copied().chain(steps.iter().filter_map(|step| step.to));
    let take = |ids: &BTreeSet<&StackId>| {
        let documents = before.iter().filter(|document| ids.contains(&document.id)).cloned().collect();
        (documents, steps.iter().filter(|step| ids.contains(step.stack)).copied().collect::<Vec<_>>())
    };
    // somebody else's templates do not say what builds on what
    if all().any(|document| document.layer.is_none()) {
        let ids = all().map(|document| &document.id).collect();
        return if changed.is_empty() { Vec::new() } else { vec![take(&ids)] };
    }
    let mut needs: BTreeMap<&StackId, BTreeSet<&StackId>> = BTreeMap::new();
    let mut needed_by: BTreeMap<&StackId, BTreeSet<&StackId>> = BTreeMap::new();
    for document in all() {
        for needed in &document.needs {
            needs.entry(&document.id).or_default().insert(needed);
            needed_by.entry(needed).or_default().insert(&document.id);
        }
    }
    let published: BTreeSet<&StackId> =
        all().filter(|document| document.layer == Some(Layer::Publication)).map(|document| &document.id).collect();
    let mut groups: Vec<BTreeSet<&StackId>> = Vec::new();
    for stack in &changed {
        let chain = reach([*stack], &needed_by, |_| true);
        // a publication changes the tags of its own tables alone: what its subscribers read beside them stays as it is
        let is_asked = |needed: &StackId| {
            !published.contains(stack) || !published.contains(needed) || changed.contains(needed) || needed == *stack
        };
        let chain = reach(chain, &needs, is_asked);
        // chains that share a changed stack are one part
        let (shared, apart): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|group| group.intersection(&chain).any(|both| changed.contains(both)));
        groups = apart;
        groups.push(shared.into_iter().flatten().chain(chain).collect());
    }
    groups.iter().map(take).collect()
}

/// Some stacks and all that can be reached from them by way of those that are asked for.
fn reach<'a>(
    from: impl IntoIterator<Item = &'a StackId>,
    edges: &BTreeMap<&'a StackId, BTreeSet<&'a StackId>>,
    is_asked: impl Fn(&StackId) -> bool,
) -> BTreeSet<&'a StackId> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&StackId> = from.into_iter().collect();
    while let Some(stack) = open.pop() {
        if seen.insert(stack) {
            open.extend(edges.get(stack).into_iter().flatten().filter(|next| is_asked(next)));
        }
    }
    seen
}
