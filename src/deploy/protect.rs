//! What keeps a stack from harm: termination protection and the stack policy. A change set has a word for neither (API reference,
//! `CreateChangeSet`), so both are set when the stack stands.

use super::cloud::{ChangeSetView, Cloud};
use super::outcome::Failure;
use super::step::Work;
use crate::plan::{LIFTED, Phase, Protection, StackPolicy, StepChangeSet, forbids, guards, policy};

impl<C: Cloud> Work<C> {
    /// Switches termination protection on and sets the stack policy, where they are wanted and not there.
    pub(super) async fn protected(&self) -> Result<(), Box<Failure>> {
        if self.step.protection == Protection::Off && self.step.stack_policy.is_open() {
            return Ok(());
        }
        let view = self.cloud.describe_stack(&self.reading(), self.step.id.stack.name()).await;
        let Some(view) = view.map_err(|error| self.call("look at its termination protection", &error))? else {
            return Ok(());
        };
        if (self.step.protection, view.termination_protection) == (Protection::On, Protection::Off) {
            let on = self.cloud.protect(&self.changing(), &view.arn, Protection::On).await;
            on.map_err(|error| self.call("switch its termination protection on", &error))?;
        }
        match self.step.stack_policy {
            StackPolicy::Open => Ok(()),
            StackPolicy::Stores => self.closed(&view.arn).await,
        }
    }

    /// Before a change: sets the stack policy where it is wanted and another stands. A run that lifted it may have been killed, and whatever
    /// refuses this change would leave it lifted once more.
    pub(super) async fn closed_before(&self) -> Result<(), Box<Failure>> {
        match (&self.step.standing, self.step.stack_policy) {
            (Some(arn), StackPolicy::Stores) => self.closed(arn).await,
            (_, StackPolicy::Stores | StackPolicy::Open) => Ok(()),
        }
    }

    async fn closed(&self, arn: &str) -> Result<(), Box<Failure>> {
        if self.policy_of(arn).await?.as_deref().is_some_and(guards) {
            return Ok(());
        }
        let set = self.cloud.set_stack_policy(&self.changing(), arn, &policy()).await;
        set.map_err(|error| self.call("set its stack policy", &error))
    }

    /// Before a change: lifts the stack policy where a person chose so; else refuses what it would refuse, while nothing is touched
    /// yet.
    pub(super) async fn policed(&self, change_set: &ChangeSetView) -> Result<(), Box<Failure>> {
        if self.lifts() {
            let arn = &change_set.handle.stack_arn;
            if self.policy_of(arn).await?.is_some_and(|stands| stands != LIFTED) {
                let lifted = self.cloud.set_stack_policy(&self.changing(), arn, LIFTED).await;
                lifted.map_err(|error| self.call("lift its stack policy", &error))?;
            }
            return Ok(());
        }
        if self.step.stack_policy.is_open() {
            return Ok(());
        }
        let forbidden: Vec<String> = change_set
            .resources
            .iter()
            .filter(|change| forbids(change))
            .map(|change| format!("{} ({})", change.logical_id, change.resource_type))
            .collect();
        if forbidden.is_empty() {
            return Ok(());
        }
        // one that somebody approved is theirs
        if !matches!(self.step.change_set, Some(StepChangeSet::Made { .. })) {
            self.discard(&change_set.handle).await;
        }
        let message = format!(
            "would replace or remove {}, which its stack policy forbids; it was left as it is",
            forbidden.join(", ")
        );
        Err(Box::new(Failure { hints: vec![self.how_to_lift()], ..self.failure(message) }))
    }

    /// After a change that failed with its policy lifted: the policy is set again where the stack is at rest.
    pub(super) async fn protected_after(&self, mut failure: Box<Failure>) -> Box<Failure> {
        let wanted = self.lifts() && !self.step.stack_policy.is_open();
        if wanted && (!self.rests().await || self.protected().await.is_err()) {
            failure.hints.push("its stack policy may still be lifted: the next deploy sets it again".to_owned());
        }
        failure
    }

    /// Whether nothing works on the stack; not where that cannot be seen.
    async fn rests(&self) -> bool {
        let view = self.cloud.describe_stack(&self.reading(), self.step.id.stack.name()).await;
        matches!(view, Ok(Some(view)) if view.status.phase() != Phase::Going)
    }

    /// How a change is made that a stack policy forbids.
    pub(super) fn how_to_lift(&self) -> String {
        format!(
            "where the data is saved, or wanted no more: `--lift-stack-policy {}` puts a policy that allows all in its place for the \
             change, and sets it again; a stack policy can be replaced and never removed",
            self.step.id.stack
        )
    }

    fn lifts(&self) -> bool {
        self.settings.lifted.contains(&self.step.id.stack)
    }

    async fn policy_of(&self, arn: &str) -> Result<Option<String>, Box<Failure>> {
        let stands = self.cloud.stack_policy(&self.reading(), arn).await;
        stands.map_err(|error| self.call("look at its stack policy", &error))
    }
}
