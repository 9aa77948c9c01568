//! What each turn waits for. Additions run forward over the graph, removals backward: what depends on a stack has come and
//! gone before the stack loses anything (hazard 6, terraform#36639: without the account's grant a role's cannot be revoked).

use super::model::{StepId, Turn};
use crate::assembly::StackId;
use std::collections::{BTreeMap, BTreeSet};

/// What a stack does in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moves {
    /// Nothing.
    Still,
    /// Something.
    Moving,
}

/// The steps that each step waits for.
pub(super) fn needs(
    edges: &BTreeMap<StackId, BTreeSet<StackId>>,
    turns: &BTreeMap<StackId, (BTreeSet<Turn>, Moves)>,
) -> BTreeMap<StepId, BTreeSet<StepId>> {
    let mut dependents: BTreeMap<&StackId, BTreeSet<&StackId>> = BTreeMap::new();
    for (stack, needed) in edges {
        for needed in needed {
            dependents.entry(needed).or_default().insert(stack);
        }
    }
    let order = Order { edges, dependents, turns };
    let steps = turns.iter().flat_map(|(stack, (turns, _))| turns.iter().map(|turn| StepId::new(stack, *turn)));
    steps.map(|step| (step.clone(), order.of(&step))).collect()
}

struct Order<'a> {
    edges: &'a BTreeMap<StackId, BTreeSet<StackId>>,
    dependents: BTreeMap<&'a StackId, BTreeSet<&'a StackId>>,
    turns: &'a BTreeMap<StackId, (BTreeSet<Turn>, Moves)>,
}

impl Order<'_> {
    fn has(&self, stack: &StackId, turn: Turn) -> bool {
        self.turns.get(stack).is_some_and(|(turns, _)| turns.contains(&turn))
    }

    fn of(&self, step: &StepId) -> BTreeSet<StepId> {
        match step.turn {
            Turn::Add => self.additions_before(&step.stack),
            Turn::Remove => self.dependents_before(&step.stack),
            Turn::Values if self.has(&step.stack, Turn::Remove) => [StepId::new(&step.stack, Turn::Remove)].into(),
            Turn::Values | Turn::Delete => self.dependents_before(&step.stack),
        }
    }

    /// The nearest additions among the stacks that it needs: one that only removes passes its own needs on.
    fn additions_before(&self, stack: &StackId) -> BTreeSet<StepId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&StackId> = self.edges.get(stack).into_iter().flatten().collect();
        while let Some(needed) = open.pop() {
            if !seen.insert(needed) || !self.turns.contains_key(needed) {
                continue;
            }
            if self.has(needed, Turn::Add) {
                found.insert(StepId::new(needed, Turn::Add));
            } else {
                open.extend(self.edges.get(needed).into_iter().flatten());
            }
        }
        found
    }

    /// Its own addition, and the nearest changes among the stacks that need it, at whatever distance.
    fn dependents_before(&self, stack: &StackId) -> BTreeSet<StepId> {
        let own = self.has(stack, Turn::Add).then(|| StepId::new(stack, Turn::Add));
        let mut found: BTreeSet<StepId> = own.into_iter().collect();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&StackId> = self.dependents.get(stack).into_iter().flatten().copied().collect();
        while let Some(dependent) = open.pop() {
            if !seen.insert(dependent) {
                continue;
            }
            if self.has(dependent, Turn::Remove) {
                // it waits itself for those that need it
                found.insert(StepId::new(dependent, Turn::Remove));
                continue;
            }
            if self
                .turns
                .get(dependent)
                .is_some_and(|(turns, moves)| turns.contains(&Turn::Add) && *moves == Moves::Moving)
            {
                found.insert(StepId::new(dependent, Turn::Add));
            }
            open.extend(self.dependents.get(dependent).into_iter().flatten());
        }
        found
    }
}
