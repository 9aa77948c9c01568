//! Steps that are tried again: how often, after which rest, and with how many grants at once from then on.

use super::nature::Nature;
use super::outcome::Failure;
use super::settings::{Limits, Retries};
use crate::mesh::AccountId;
use crate::plan::{Decision, Step, StepId};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is remembered of steps that failed in passing.
pub(super) struct Again {
    retries: Retries,
    /// How many stacks with grants may run at once in an account.
    grants: usize,
    /// Accounts in which it is fewer by now.
    lowered: BTreeMap<AccountId, usize>,
    /// Which attempt comes next, and how the one before it failed.
    earlier: BTreeMap<StepId, (usize, Box<Failure>)>,
}

/// A rest before another attempt.
pub(super) struct Rest {
    /// Which attempt comes after it, counted from 1.
    pub(super) attempt: usize,
    /// How many there are in all.
    pub(super) attempts: usize,
    /// How long it is.
    pub(super) takes: Duration,
    /// How many stacks with grants run at once in the account from here on, where that was lowered.
    pub(super) grants_at_once: Option<usize>,
}

impl Again {
    pub(super) fn new(retries: Retries, limits: Limits) -> Self {
        // a limit of none would be a run that never ends
        let grants = limits.lake_formation_per_account.max(1);
        Self { retries, grants, lowered: BTreeMap::new(), earlier: BTreeMap::new() }
    }

    /// How many stacks with grants may run at once in an account.
    pub(super) fn grants_at_once(&self, account: &AccountId) -> usize {
        self.lowered.get(account).copied().unwrap_or(self.grants)
    }

    /// Which attempt of a step comes next, counted from 1.
    pub(super) fn attempt(&self, step: &StepId) -> usize {
        self.earlier.get(step).map_or(1, |(attempt, _)| *attempt)
    }

    /// Whether a step has failed before and is to be tried again.
    pub(super) fn awaits(&self, step: &StepId) -> bool {
        self.earlier.contains_key(step)
    }

    /// How a step failed that will not be tried again after all.
    pub(super) fn take(&mut self, step: &StepId) -> Option<Box<Failure>> {
        self.earlier.remove(step).map(|(_, failure)| failure)
    }

    /// Whether a step that failed is tried again: what passes, and not for ever. What a person approved or chose is not done in another
    /// way unasked: the change set of a plan file, the way in which a stack is brought back.
    pub(super) fn rest(&mut self, step: &Step, failure: &Failure) -> Option<Rest> {
        let chosen = matches!(step.decision, Decision::ContinueRollback { .. } | Decision::RollBack);
        let attempt = self.attempt(&step.id);
        let passes = match failure.nature {
            Nature::Passing | Nature::Overlapping => true,
            Nature::Lasting | Nature::SignedOut => false,
        };
        if !passes || chosen || step.change_set.is_some() || attempt >= self.retries.attempts {
            return None;
        }
        let limit = self.grants_at_once(&step.account);
        let grants_at_once = (failure.nature == Nature::Overlapping && limit > 1).then(|| limit - 1);
        if let Some(fewer) = grants_at_once {
            self.lowered.insert(step.account.clone(), fewer);
        }
        self.earlier.insert(step.id.clone(), (attempt + 1, Box::new(failure.clone())));
        let takes = self.retries.rest * u32::try_from(attempt).unwrap_or(u32::MAX);
        Some(Rest { attempt: attempt + 1, attempts: self.retries.attempts, takes, grants_at_once })
    }
}
