//! From the ends of steps to the ends of stacks.

use super::outcome::{Failure, SkipReason, Skipped, Summary};
use super::step::How;
use crate::assembly::StackId;
use crate::plan::StepId;
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::Instant;

/// In whole milliseconds: nobody reads more digits.
pub(super) fn seconds_since(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
}

/// How a step ended.
pub(super) enum End {
    Well(How),
    Badly(Box<Failure>),
    Skipped(SkipReason),
}

/// Each stack once, by the worst of its turns.
pub(super) fn summed(ended: BTreeMap<StepId, End>, running: BTreeSet<StepId>) -> Summary {
    let mut summary = Summary::default();
    let mut stacks: BTreeMap<StackId, Vec<(StepId, End)>> = BTreeMap::new();
    for (id, end) in ended {
        stacks.entry(id.stack.clone()).or_default().push((id, end));
    }
    summary.running = running.into_iter().map(|id| id.stack).collect();
    summary.running.dedup();
    for (stack, ends) in stacks {
        let (mut failure, mut skipped, mut how) = (None, None, How::Unchanged);
        for (id, end) in ends {
            match end {
                End::Badly(found) => failure = Some(*found),
                End::Skipped(reason) => {
                    skipped.get_or_insert(Skipped { stack: stack.clone(), turn: id.turn, reason });
                }
                End::Well(How::Created) => how = How::Created,
                End::Well(found @ (How::Updated | How::RolledBack | How::Deleted)) if how == How::Unchanged => {
                    how = found
                }
                End::Well(How::Updated | How::RolledBack | How::Deleted | How::Unchanged) => {}
            }
        }
        match (failure, skipped, how) {
            _ if summary.running.contains(&stack) => {}
            (Some(failure), _, _) => summary.failed.push(failure),
            (None, Some(skipped), _) => summary.skipped.push(skipped),
            (None, None, How::Created) => summary.created.push(stack),
            (None, None, How::Updated) => summary.updated.push(stack),
            (None, None, How::RolledBack) => summary.rolled_back.push(stack),
            (None, None, How::Deleted) => summary.deleted.push(stack),
            (None, None, How::Unchanged) => summary.unchanged.push(stack),
        }
    }
    summary
}
