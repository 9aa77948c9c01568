//! The work on one stack, from its decision to the values read back after it.

use super::cloud::{
    Access, ChangeKind, ChangeSetHandle, ChangeSetRequest, ChangeSetState, ChangeSetView, Cloud, CloudError, ErrorKind,
    EventsFrom, Scope, StackEvent, StackView,
};
use super::effects::{Unanswered, answered};
use super::events::Event;
use super::observe::observed;
use super::outcome::{Cause, Failure, causes, is_of_a_check, last_operation};
use super::settings::{Settings, Unsettled};
use crate::mesh::fingerprint;
use crate::plan::{
    CHANGE_SET_PREFIX, Decision, Observed, Parameter, Pass, Phase, StackStatus, Step, StepChangeSet, Turn, redecide,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;

/// How often a decision may be taken again after waiting for others: an account where operations never end is for people.
const ROUNDS: usize = 4;

/// How often something small is tried, or looked at, before it is taken as it is.
pub(super) const LOOKS: usize = 4;

/// What the work on one stack needs.
pub(super) struct Work<C> {
    pub(super) cloud: Arc<C>,
    pub(super) settings: Arc<Settings>,
    pub(super) events: UnboundedSender<Event>,
    pub(super) pass: Pass,
    pub(super) step: Step,
    /// All values, also those that other steps made.
    pub(super) parameters: BTreeMap<String, String>,
    /// Which attempt it is, counted from 1.
    pub(super) attempt: usize,
}

/// How the work on a stack ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Created,
    Updated,
    RolledBack,
    Deleted,
    Unchanged,
}

/// What a stack leaves to those that need it.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) how: How,
    pub(super) outputs: BTreeMap<String, String>,
}

impl<C: Cloud> Work<C> {
    /// Carries the step out. A failure says where its resources are written.
    pub(super) async fn run(self) -> Result<Done, Box<Failure>> {
        let origins = self.settings.origins.clone();
        self.carried_out().await.map_err(|mut failure| {
            origins.mark_all(&mut failure);
            failure
        })
    }

    /// Waits until what somebody else, or an earlier run, does to the stack has ended. What is to be done is decided afterwards.
    pub(super) async fn freed(self) -> Result<(), Box<Failure>> {
        self.send(Event::StepStarted { step: self.step.id.clone(), decision: Decision::Wait });
        self.wait_for_others().await
    }

    async fn carried_out(mut self) -> Result<Done, Box<Failure>> {
        let mut decision = self.step.decision.clone();
        if self.attempt > 1 || decision == Decision::Wait {
            let stands = self.looked_again().await?;
            decision = redecide(&self.step, &self.parameters, &stands);
            // an attempt of ours left it under another ARN perhaps; what others left is not ours to delete
            if self.attempt > 1 {
                self.step.standing = match stands {
                    Observed::Absent => None,
                    Observed::Present(standing) => Some(standing.stack_arn),
                };
            }
        }
        for _ in 0..ROUNDS {
            self.send(Event::StepStarted { step: self.step.id.clone(), decision: decision.clone() });
            match decision {
                Decision::Create => return self.change(ChangeKind::Create).await,
                Decision::Update => return self.change(ChangeKind::Update).await,
                // what was to go has gone meanwhile
                Decision::Keep if self.step.id.turn == Turn::Delete => {
                    self.read_back().await?;
                    return Ok(Done { how: How::Deleted, outputs: BTreeMap::new() });
                }
                Decision::Keep => {
                    let done = self.kept().await?;
                    self.settle().await?;
                    return Ok(done);
                }
                Decision::ContinueRollback { way } => return self.continue_rollback(&way).await,
                Decision::RollBack => return self.roll_back().await,
                Decision::Delete => return self.delete_whole().await,
                Decision::Refuse { reason, advice } => {
                    return Err(Box::new(Failure { hints: vec![advice], ..self.failure(reason) }));
                }
                Decision::DeleteShellThenCreate => {
                    self.remove().await?;
                    return self.change(ChangeKind::Create).await;
                }
                Decision::DeleteThenCreate => {
                    self.tell_earlier_failure().await?;
                    self.remove().await?;
                    return self.change(ChangeKind::Create).await;
                }
                Decision::Wait => {
                    self.wait_for_others().await?;
                    let stands = self.looked_again().await?;
                    decision = redecide(&self.step, &self.parameters, &stands);
                }
            }
        }
        Err(Box::new(self.failure("was busy with other operations again and again".to_owned())))
    }

    async fn looked_again(&self) -> Result<Observed, Box<Failure>> {
        let (name, policies) = (self.step.id.stack.name(), self.settings.operation.stack_policy);
        let stands = observed(&*self.cloud, &self.reading(), name, policies).await;
        stands.map_err(|error| self.call("look at it again", &error))
    }

    /// Reads go as the plan role, changes as the deploy role; a bootstrap does both as the administrator.
    pub(super) fn scope(&self, access: Access) -> Scope {
        let access = match self.pass {
            Pass::Mesh => access,
            Pass::Bootstrap => Access::Administrator,
        };
        Scope { account: self.step.account.clone(), region: self.step.region.clone(), access }
    }

    pub(super) fn reading(&self) -> Scope {
        self.scope(Access::Plan)
    }

    pub(super) fn changing(&self) -> Scope {
        self.scope(Access::Deploy)
    }

    pub(super) fn send(&self, event: Event) {
        // nobody listens any more only when the run is being left
        let _ = self.events.send(event);
    }

    pub(super) fn failure(&self, message: String) -> Failure {
        Failure::plain(&self.step.id.stack, &self.step.account, message)
    }

    pub(super) fn call(&self, doing: &str, error: &CloudError) -> Box<Failure> {
        Box::new(Failure::of_call(&self.step.id.stack, &self.step.account, doing, error))
    }

    /// One token for one call of one run: a repeated request is the same request, and no other call has it.
    pub(super) fn token(&self, call: &str) -> String {
        format!("{call}-{}", fingerprint(&format!("{} {} {call}{}", self.settings.run, self.step.id, self.again())))
    }

    /// What tells a later attempt from the first.
    fn again(&self) -> String {
        if self.attempt > 1 { format!("-{}", self.attempt) } else { String::new() }
    }

    /// A stack keeps its change sets, also those that were executed: that of each turn and attempt has its own name.
    fn change_set_name(&self) -> String {
        let (run, again) = (&self.settings.run, self.again());
        match self.step.id.turn {
            Turn::Add => format!("{CHANGE_SET_PREFIX}{run}{again}"),
            Turn::Remove | Turn::Values | Turn::Delete => {
                format!("{CHANGE_SET_PREFIX}{run}-{}{again}", self.step.id.turn.name())
            }
        }
    }

    fn previous(&self) -> BTreeSet<String> {
        let kept = self.step.parameters.iter().filter(|(_, value)| **value == Parameter::Previous);
        kept.map(|(name, _)| name.clone()).collect()
    }

    /// What comes after a stack, for one that an earlier run began and whose end nobody saw: it may have been killed before it got
    /// that far. A failure that was told is not told again by the events, which stay: only what can be read back is asked anew.
    async fn settle(&self) -> Result<(), Box<Failure>> {
        self.sweep().await;
        if let Some(arn) = &self.step.standing
            && self.settings.unsettled_of(&self.step.id.stack) != Some(Unsettled::Failed)
        {
            let events = self.cloud.stack_events(&self.reading(), arn, &EventsFrom::After(None)).await;
            let events = events.map_err(|error| self.call("read its events", &error))?;
            self.nothing_survives(last_operation(&events, arn), arn)?;
        }
        self.read_back().await
    }

    async fn kept(&self) -> Result<Done, Box<Failure>> {
        let view = self.cloud.describe_stack(&self.reading(), self.step.id.stack.name()).await;
        let view = view.map_err(|error| self.call("read its outputs", &error))?;
        let view = view.ok_or_else(|| Box::new(self.failure("has vanished while it was looked at".to_owned())))?;
        Ok(Done { how: How::Unchanged, outputs: view.outputs })
    }

    async fn change(&self, kind: ChangeKind) -> Result<Done, Box<Failure>> {
        if kind == ChangeKind::Update {
            self.closed_before().await?;
        }
        let made = match (&self.step.change_set, kind) {
            (Some(StepChangeSet::Made { arn }), ChangeKind::Update) => Some(self.approved(arn).await?),
            (Some(StepChangeSet::NothingToChange), ChangeKind::Update) => self.still_nothing().await?,
            (Some(StepChangeSet::Not { .. }) | None, _) | (_, ChangeKind::Create) => self.made(kind).await?,
        };
        let Some(change_set) = made else {
            let done = self.kept().await?;
            self.protected().await?;
            return Ok(done);
        };
        if kind == ChangeKind::Update
            && let Err(failure) = self.policed(&change_set).await
        {
            return Err(self.protected_after(failure).await);
        }
        let (view, events) = match self.executed(&change_set).await {
            Ok(done) => done,
            Err(failure) => return Err(self.protected_after(failure).await),
        };
        self.protected().await?;
        self.nothing_survives(&events, &view.arn)?;
        self.read_back().await?;
        let how = match kind {
            ChangeKind::Create => How::Created,
            ChangeKind::Update => How::Updated,
        };
        Ok(Done { how, outputs: view.outputs })
    }

    /// Executes a change set and follows it to its good end.
    async fn executed(
        &self,
        ChangeSetView { handle: change_set, resources, .. }: &ChangeSetView,
    ) -> Result<(StackView, Vec<StackEvent>), Box<Failure>> {
        let arn = &change_set.stack_arn;
        let (mark, token) = (self.mark(arn).await?, self.token("execute"));
        if let Err(error) = self.cloud.execute_change_set(&self.changing(), change_set, &token).await {
            self.taken(change_set, mark.as_ref(), &token, &error).await?;
        }
        let (view, events) = self.settled(arn, mark, &token, resources.len()).await?;
        match view.status.phase() {
            Phase::Succeeded => Ok((view, events)),
            Phase::Failed | Phase::Going | Phase::Gone => {
                let events = self.explained(events, arn).await;
                Err(Box::new(self.ended_badly(&view, &events, arn)))
            }
        }
    }

    /// Makes a change set that can be executed; none when there is nothing to change.
    pub(super) async fn made(&self, kind: ChangeKind) -> Result<Option<ChangeSetView>, Box<Failure>> {
        self.store_assets().await?;
        let change_set = self.create(self.change_set_name(), kind).await?;
        let change_set = change_set.map_err(|error| self.call("make a change set", &error))?;
        let view = self.computed(&change_set).await?;
        match view.state {
            ChangeSetState::Ready => Ok(Some(ChangeSetView { handle: change_set, ..view })),
            ChangeSetState::Failed if view.is_without_changes() => {
                self.discard(&change_set).await;
                self.sweep().await;
                Ok(None)
            }
            ChangeSetState::Failed | ChangeSetState::Pending => {
                let checked = view.reason.as_deref().is_some_and(is_of_a_check);
                let arns = (&change_set.stack_arn, Some(change_set.arn.as_str()));
                let checks = if checked { self.failed_checks(arns.0, arns.1).await } else { Vec::new() };
                self.discard(&change_set).await;
                if kind == ChangeKind::Create {
                    // a failed change set leaves an empty shell of ours, which counts against the quota of stacks
                    let token = self.token("shell");
                    let _ = self
                        .cloud
                        .delete_stack(&self.changing(), &change_set.stack_arn, &BTreeSet::new(), &token)
                        .await;
                }
                let mut checks = causes(&checks, &change_set.stack_arn).into_iter();
                let cause = checks.next();
                let hints = cause.iter().filter_map(Cause::hint).map(str::to_owned).collect();
                Err(Box::new(Failure { cause, hints, also: checks.collect(), ..*self.refused(view) }))
            }
            ChangeSetState::Spent => Err(Box::new(Failure {
                hints: vec!["run the same command again: it plans anew".to_owned()],
                ..self.failure("was changed by somebody else meanwhile".to_owned())
            })),
        }
    }

    pub(super) fn refused(&self, view: ChangeSetView) -> Box<Failure> {
        let reason = view.reason.unwrap_or_else(|| "CloudFormation gave no reason".to_owned());
        Box::new(self.failure(format!("cannot be changed as planned: {reason}")))
    }

    /// Orders a change set from CloudFormation.
    pub(super) async fn create(
        &self,
        name: String,
        kind: ChangeKind,
    ) -> Result<Result<ChangeSetHandle, CloudError>, Box<Failure>> {
        let request = ChangeSetRequest {
            stack: self.step.id.stack.name().to_owned(),
            kind,
            name,
            template: self.template().await?,
            parameters: self.parameters.clone(),
            previous: self.previous(),
            capabilities: self.step.capabilities.clone(),
            operation: self.settings.operation.clone(),
            tags: self.settings.tags.clone(),
            token: self.token("change"),
        };
        let made = self.cloud.create_change_set(&self.changing(), &request).await;
        let Err(error) = made else { return Ok(made) };
        // the answer may have been lost, or a repetition refused: the name is this run's alone, so what bears it is ours
        if error.is_passing() || error.kind == ErrorKind::AlreadyExists {
            let by_name = ChangeSetHandle { arn: request.name, stack_arn: request.stack };
            if let Ok(view) = self.cloud.describe_change_set(&self.reading(), &by_name).await {
                return Ok(Ok(view.handle));
            }
        }
        Ok(Err(error))
    }

    /// Removes change sets without changes that earlier runs of ours left behind when they were killed: whatever is executed takes the
    /// others with it, but where there is nothing to change nothing is executed. Those of `plan --change-sets` are awaited by
    /// somebody and stay. That one stays too is no reason to fail.
    async fn sweep(&self) {
        let stack = self.step.id.stack.name();
        let Ok(names) = self.cloud.list_change_sets(&self.reading(), stack).await else { return };
        let run_names =
            |name: &&String| name.strip_prefix(CHANGE_SET_PREFIX).is_some_and(|rest| !rest.starts_with("plan-"));
        for name in names.iter().filter(run_names) {
            let handle = ChangeSetHandle { arn: name.clone(), stack_arn: stack.to_owned() };
            // one that is being computed yet is waited for
            match self.computed(&handle).await {
                Ok(view) if view.is_without_changes() => self.discard(&view.handle).await,
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// Tells why the first creation failed: deleting the stack takes the events with it.
    async fn tell_earlier_failure(&self) -> Result<(), Box<Failure>> {
        let Some(arn) = &self.step.standing else { return Ok(()) };
        let events = self.cloud.stack_events(&self.reading(), arn, &EventsFrom::After(None)).await;
        let events = events.map_err(|error| self.call("read why its creation failed", &error))?;
        let mut cause = causes(&events, arn).into_iter().next();
        if let Some(cause) = &mut cause {
            self.settings.origins.mark(&self.step.id.stack, cause);
        }
        let status = StackStatus::RollbackComplete.to_string();
        self.send(Event::EarlierFailure { step: self.step.id.clone(), status, cause });
        Ok(())
    }

    pub(super) async fn read_back(&self) -> Result<(), Box<Failure>> {
        let access = self.reading().access;
        for probe in &self.step.checks_after {
            match answered(&*self.cloud, probe, access, &self.settings, self.settings.patience.read_back, || {}).await {
                Ok(()) => {}
                Err(Unanswered::Call(error)) => return Err(self.call(&format!("read back {probe}"), &error)),
                Err(Unanswered::No(lines)) => {
                    let done = if self.step.id.turn == Turn::Delete { "deleted" } else { "deployed" };
                    let message = format!("is {done}, but {probe} read back differently: {}", lines.join("; "));
                    return Err(Box::new(self.failure(message)));
                }
            }
        }
        Ok(())
    }
}
