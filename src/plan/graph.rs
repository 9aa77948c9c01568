//! Which stack needs which: edges come from wires and from effects, never from a list kept by hand.

use crate::assembly::{Manifest, ParameterValue, StackId};
use std::collections::{BTreeMap, BTreeSet};

/// The stacks that each stack needs, and an order in which every stack comes after its needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// By stack: the stacks that must be complete before it starts.
    pub needs: BTreeMap<StackId, BTreeSet<StackId>>,
    /// All stacks, needs first; of several that could come next, the first by name.
    pub order: Vec<StackId>,
}

/// Why a manifest has no order of deployment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// An edge leads to a stack that the manifest does not have.
    #[error("stack {stack} needs {needed}, which the manifest does not have")]
    UnknownStack {
        /// The stack with the edge.
        stack: StackId,
        /// Where it leads.
        needed: StackId,
    },
    /// Two stacks have one id.
    #[error("stack {stack} stands twice in the manifest")]
    Twice {
        /// The id.
        stack: StackId,
    },
    /// Stacks need one another in a circle.
    #[error("stacks need one another in a circle: {}", circle(.path))]
    Cycle {
        /// Each stack needs the next; the last one needs the first.
        path: Vec<StackId>,
    },
}

fn circle(path: &[StackId]) -> String {
    path.iter().chain(path.first()).map(ToString::to_string).collect::<Vec<_>>().join(" needs ")
}

/// The graph of a manifest.
///
/// # Errors
/// An edge that leads nowhere, an id that stands twice, a circle.
pub fn graph(manifest: &Manifest) -> Result<Graph, GraphError> {
    let mut needs: BTreeMap<StackId, BTreeSet<StackId>> = BTreeMap::new();
    for stack in &manifest.stacks {
        let wires = stack.parameters.values().filter_map(|value| match value {
            ParameterValue::Literal(_) => None,
            ParameterValue::Wire(wire) => Some(wire.stack.clone()),
        });
        let edges = wires.chain(stack.after.iter().map(|after| after.stack.clone())).collect();
        if needs.insert(stack.id.clone(), edges).is_some() {
            return Err(GraphError::Twice { stack: stack.id.clone() });
        }
    }
    for (stack, edges) in &needs {
        if let Some(needed) = edges.iter().find(|needed| !needs.contains_key(*needed)) {
            return Err(GraphError::UnknownStack { stack: stack.clone(), needed: needed.clone() });
        }
    }
    let order = ordered(&needs).map_err(|path| GraphError::Cycle { path })?;
    Ok(Graph { needs, order })
}

/// Kahn's algorithm over sorted sets, so that the order depends on names alone; the error is one circle.
fn ordered(needs: &BTreeMap<StackId, BTreeSet<StackId>>) -> Result<Vec<StackId>, Vec<StackId>> {
    let mut open: BTreeMap<&StackId, usize> = needs.iter().map(|(stack, edges)| (stack, edges.len())).collect();
    let mut dependents: BTreeMap<&StackId, Vec<&StackId>> = BTreeMap::new();
    for (stack, edges) in needs {
        for needed in edges {
            dependents.entry(needed).or_default().push(stack);
        }
    }
    let mut ready: BTreeSet<&StackId> =
        open.iter().filter(|(_, count)| **count == 0).map(|(stack, _)| *stack).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(stack) = ready.pop_first() {
        order.push(stack.clone());
        open.remove(stack);
        for dependent in dependents.get(stack).into_iter().flatten() {
            if let Some(count) = open.get_mut(dependent) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(dependent);
                }
            }
        }
    }
    // what is left needs something that is left: follow the first such need until a stack comes again
    let Some(start) = open.keys().next().copied() else { return Ok(order) };
    let mut path = vec![start];
    loop {
        let last = path[path.len() - 1];
        let next = needs.get(last).and_then(|edges| edges.iter().find(|needed| open.contains_key(needed)));
        let next = next.unwrap_or_else(|| crate::defect("a stack of a circle needs nothing that is left"));
        if let Some(from) = path.iter().position(|seen| *seen == next) {
            return Err(path[from..].iter().map(|stack| (*stack).clone()).collect());
        }
        path.push(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::Effect;
    use crate::plan::samples::{id, manifest, stack};

    #[test]
    fn needs_come_first_and_names_decide_the_rest() {
        let manifest = manifest(vec![
            stack("sales/access").wire("Key", "sales/storage", "KeyArn").after("governance/sharing", Effect::Share),
            stack("governance/sharing").after("governance/publication", Effect::Catalog),
            stack("governance/publication").wire("Key", "sales/storage", "KeyArn"),
            stack("sales/storage"),
            stack("apples/storage"),
        ]);
        let graph = graph(&manifest).unwrap();
        let order: Vec<String> = graph.order.iter().map(ToString::to_string).collect();
        assert_eq!(
            order,
            ["apples/storage", "sales/storage", "governance/publication", "governance/sharing", "sales/access"]
        );
        assert_eq!(graph.needs[&id("sales/access")], [id("governance/sharing"), id("sales/storage")].into());
    }

    #[test]
    fn a_circle_is_named() {
        let manifest = manifest(vec![
            stack("a/one").after("b/two", Effect::Roles),
            stack("b/two").wire("X", "c/three", "Y"),
            stack("c/three").after("a/one", Effect::Roles),
            stack("d/four").after("a/one", Effect::Roles),
        ]);
        let error = graph(&manifest).unwrap_err();
        assert_eq!(
            error.to_string(),
            "stacks need one another in a circle: a/one needs b/two needs c/three needs a/one"
        );
    }

    #[test]
    fn a_stack_that_needs_itself_is_a_circle() {
        let error = graph(&manifest(vec![stack("a/one").wire("X", "a/one", "Y")])).unwrap_err();
        assert_eq!(error.to_string(), "stacks need one another in a circle: a/one needs a/one");
    }

    #[test]
    fn an_edge_to_nowhere_and_an_id_twice_are_errors() {
        let error = graph(&manifest(vec![stack("a/one").wire("X", "z/gone", "Y")])).unwrap_err();
        assert_eq!(error.to_string(), "stack a/one needs z/gone, which the manifest does not have");
        let error = graph(&manifest(vec![stack("a/one"), stack("a/one")])).unwrap_err();
        assert_eq!(error.to_string(), "stack a/one stands twice in the manifest");
    }
}
