//! How a deploy is carried out: limits and patience, never what is done.

use super::origins::Origins;
use super::pace::Rate;
use crate::assembly::{Operation, StackId};
use crate::mesh::{self, AccountId};
use crate::plan::StepId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How a deploy is carried out.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Id of the run, given by the caller: letters, digits and hyphens. It names sessions and change sets.
    pub run: String,
    /// What happens to independent stacks after a failure.
    pub on_failure: OnFailure,
    /// How many stacks are worked on at once.
    pub limits: Limits,
    /// How long something is waited for.
    pub patience: Patience,
    /// How often something is looked at while it is waited for.
    pub polling: Polling,
    /// How often CloudFormation is read in one account and Region, by all stacks together.
    pub rate: Rate,
    /// How often a stack is tried that failed for a passing reason.
    pub retries: Retries,
    /// The staging bucket of each account.
    pub staging: BTreeMap<AccountId, String>,
    /// Content of the assembly's assets, by SHA-256 in hexadecimal.
    pub assets: BTreeMap<String, Vec<u8>>,
    /// Where in the environment's files the resources are written.
    pub origins: Origins,
    /// How CloudFormation is asked to work on the stacks.
    pub operation: Operation,
    /// Stacks whose stack policy is lifted for their next change, by a person's explicit choice.
    pub lifted: BTreeSet<StackId>,
    /// Tags of the stacks themselves; those of a mesh have none, since their resources are tagged one by one.
    pub tags: BTreeMap<String, String>,
    /// Steps that an earlier run began and did not end well: should they be kept, what comes after a stack is done all the same.
    pub unsettled: BTreeMap<StepId, Unsettled>,
}

/// How an earlier run left a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsettled {
    /// It was begun, and the run did not see its end.
    Unfinished,
    /// It failed.
    Failed,
}

impl Settings {
    /// Default settings for a run.
    #[must_use]
    pub fn new(run: &str) -> Self {
        Self::of(run, &mesh::Limits::default())
    }

    /// Settings for a run of a mesh with these limits.
    #[must_use]
    pub fn of(run: &str, limits: &mesh::Limits) -> Self {
        Self {
            run: run.to_owned(),
            on_failure: OnFailure::default(),
            limits: Limits::of(limits),
            patience: Patience::of(limits),
            polling: Polling::default(),
            rate: Rate::of(limits),
            retries: Retries::default(),
            staging: BTreeMap::new(),
            assets: BTreeMap::new(),
            origins: Origins::default(),
            operation: Operation::default(),
            lifted: BTreeSet::new(),
            tags: BTreeMap::new(),
            unsettled: BTreeMap::new(),
        }
    }

    /// How an earlier run left a stack, by the worst of its turns: a turn that was killed may not be one of this plan.
    pub(super) fn unsettled_of(&self, stack: &StackId) -> Option<Unsettled> {
        let mut turns = self.unsettled.iter().filter(|(step, _)| step.stack == *stack).map(|(_, how)| *how);
        let first = turns.next()?;
        Some(if turns.chain([first]).any(|how| how == Unsettled::Unfinished) { Unsettled::Unfinished } else { first })
    }
}

/// What happens to stacks that do not depend on one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// Nothing new starts; what runs is finished.
    #[default]
    Stop,
    /// They go on.
    KeepGoing,
}

/// How many stacks are worked on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// In one account.
    pub per_account: usize,
    /// Stacks with grants or tags in one account.
    pub lake_formation_per_account: usize,
}

impl Limits {
    /// What the mesh's file says of it.
    #[must_use]
    pub fn of(limits: &mesh::Limits) -> Self {
        Self {
            total: limits.stacks.into(),
            per_account: limits.stacks_per_account.into(),
            lake_formation_per_account: limits.grant_stacks_per_account.into(),
        }
    }
}

/// How often a stack is tried that failed for a passing reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// How often in all, the first time among them.
    pub attempts: usize,
    /// How long it rests before the second attempt; twice as long before the third.
    pub rest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 3, rest: Duration::from_secs(20) }
    }
}

/// How long something is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For an effect of other stacks, from the moment at which they are complete.
    pub probe: Duration,
    /// For what is read back after a stack; Lake Formation may answer the old state for some seconds.
    pub read_back: Duration,
    /// For one operation on one stack.
    pub operation: Duration,
}

impl Patience {
    /// What the mesh's file says of it.
    #[must_use]
    pub fn of(limits: &mesh::Limits) -> Self {
        let minutes = |count: u16| Duration::from_secs(60 * u64::from(count));
        Self {
            probe: minutes(limits.effect_minutes),
            read_back: Duration::from_secs(30),
            operation: minutes(limits.operation_minutes),
        }
    }
}

/// How often something is looked at: first quickly, then by half as long again each time, without chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Polling {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Default for Polling {
    fn default() -> Self {
        Self { first: Duration::from_millis(50), longest: Duration::from_secs(5) }
    }
}

impl Polling {
    /// The pauses, one after the other, for ever.
    pub(super) fn pauses(self) -> impl Iterator<Item = Duration> + Send {
        std::iter::successors(Some(self.first), move |pause| Some((*pause * 3 / 2).min(self.longest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_by_half_and_stop_growing() {
        let pauses: Vec<u128> = Polling::default().pauses().take(14).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses[..4], [50, 75, 112, 168]);
        assert_eq!(pauses[13], 5000);
    }
}
