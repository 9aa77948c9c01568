//! Following what CloudFormation does to one stack, to its end.

use super::cloud::{
    ChangeSetHandle, ChangeSetState, ChangeSetView, Cloud, CloudError, ErrorKind, EventsFrom, StackEvent, StackView,
};
use super::events::Event;
use super::nature::of_causes;
use super::outcome::{Cause, Failure, causes, is_of_a_check, own_reason, survivors};
use super::step::{LOOKS, Work};
use crate::plan::{Phase, StackStatus};
use std::collections::BTreeSet;
use tokio::time::{Instant, sleep};

/// After that many looks at a stack, a final status counts although no event of it was seen, and a shell that does not leave
/// `REVIEW_IN_PROGRESS` counts as never started. Reads right after an execution may be stale (aws-cdk #19623).
pub(super) const STALE_LOOKS: usize = 20;

/// Every so many looks the status is asked for although no event announced an end.
const STATUS_EVERY: usize = 5;

/// What a stack's events have told so far.
pub(super) struct Seen {
    pub(super) from: Option<String>,
    total: usize,
    done: BTreeSet<String>,
    pub(super) events: Vec<StackEvent>,
}

impl Seen {
    /// Whether an event of the stack itself says that something came to an end.
    fn announces_an_end(&self, arn: &str) -> bool {
        let own = |event: &&StackEvent| event.physical_id.as_deref() == Some(arn);
        let last = self.events.iter().rfind(own);
        last.is_some_and(|event| StackStatus::from(event.status.as_str()).phase() != Phase::Going)
    }

    /// Whether an event of the operation with a token says what a look at the stack says, which may be stale.
    pub(super) fn bears_out(&self, view: &StackView, arn: &str, token: &str) -> bool {
        self.events.iter().any(|event| {
            event.physical_id.as_deref() == Some(arn)
                && event.status == view.status.as_str()
                && event.token.as_deref().is_none_or(|found| found == token)
        })
    }
}

impl<C: Cloud> Work<C> {
    /// Waits until a change set is computed.
    pub(super) async fn computed(&self, change_set: &ChangeSetHandle) -> Result<ChangeSetView, Box<Failure>> {
        let started = Instant::now();
        for pause in self.settings.polling.pauses() {
            match self.cloud.describe_change_set(&self.reading(), change_set).await {
                Ok(view) if view.state != ChangeSetState::Pending => return Ok(view),
                Ok(_) => {}
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(self.call("read its change set", &error)),
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
            sleep(pause).await;
        }
        Err(Box::new(self.failure("has a change set that is never computed".to_owned())))
    }

    /// Removes a change set that is of no use; that it cannot be removed is no reason to fail.
    pub(super) async fn discard(&self, change_set: &ChangeSetHandle) {
        for pause in self.settings.polling.pauses().take(LOOKS) {
            match self.cloud.delete_change_set(&self.changing(), change_set).await {
                Err(error) if error.is_passing() => sleep(pause).await,
                Ok(()) | Err(_) => return,
            }
        }
    }

    /// The newest event before an operation, from which on its own events are read.
    pub(super) async fn mark(&self, arn: &str) -> Result<Option<String>, Box<Failure>> {
        let started = Instant::now();
        for pause in self.settings.polling.pauses() {
            match self.cloud.stack_events(&self.reading(), arn, &EventsFrom::Newest).await {
                Ok(mut events) => return Ok(events.pop().map(|event| event.id)),
                Err(error) if error.is_passing() && started.elapsed() < self.settings.patience.read_back => {
                    sleep(pause).await
                }
                Err(error) => return Err(self.call("read its events", &error)),
            }
        }
        Ok(None)
    }

    /// After an execution that was answered with an error: whether the order was taken all the same, since the answer may have been
    /// lost and a repetition refused. The change set says that some order was taken, the token of the events whose.
    pub(super) async fn taken(
        &self,
        change_set: &ChangeSetHandle,
        mark: Option<&String>,
        token: &str,
        error: &CloudError,
    ) -> Result<(), Box<Failure>> {
        let refused = || self.call("execute the change set", error);
        if !error.is_passing() && ![ErrorKind::InProgress, ErrorKind::AlreadyExists].contains(&error.kind) {
            return Err(refused());
        }
        for pause in self.settings.polling.pauses().take(LOOKS) {
            match self.cloud.describe_change_set(&self.reading(), change_set).await {
                Ok(view) if view.state == ChangeSetState::Spent => {
                    let from = EventsFrom::After(mark.cloned());
                    let events = self.cloud.stack_events(&self.reading(), &change_set.stack_arn, &from).await;
                    let tokens: Vec<String> =
                        events.unwrap_or_default().into_iter().filter_map(|event| event.token).collect();
                    if tokens.is_empty() || tokens.iter().any(|found| found == token) {
                        return Ok(());
                    }
                    return Err(Box::new(Failure {
                        hints: vec!["run the same command again: it plans anew".to_owned()],
                        ..self.failure("was changed by somebody else meanwhile".to_owned())
                    }));
                }
                Ok(_) => return Err(refused()),
                Err(error) if error.is_passing() => sleep(pause).await,
                Err(_) => return Err(refused()),
            }
        }
        Err(refused())
    }

    /// Waits for the end of our own operation, telling what its resources do. Only the stack's status ends it, never a call
    /// that failed in passing; and only a status that an event of this operation bears out, since reads may be stale.
    pub(super) async fn settled(
        &self,
        arn: &str,
        mark: Option<String>,
        token: &str,
        changes: usize,
    ) -> Result<(StackView, Vec<StackEvent>), Box<Failure>> {
        let started = Instant::now();
        let mut seen = self.watching(mark, changes);
        for (look, pause) in self.settings.polling.pauses().enumerate() {
            sleep(pause).await;
            let from = EventsFrom::After(seen.from.clone());
            let told = match self.cloud.stack_events(&self.reading(), arn, &from).await {
                Ok(events) => {
                    self.tell(&mut seen, events, arn);
                    true
                }
                Err(error) if error.is_passing() => false,
                Err(error) => return Err(self.lost(&error)),
            };
            // the stack's own last event announces the end, and is the last of all: until then the status is asked for now and then
            if told && !seen.announces_an_end(arn) && look % STATUS_EVERY != STATUS_EVERY - 1 {
                if started.elapsed() > self.settings.patience.operation {
                    break;
                }
                continue;
            }
            let view = match self.cloud.describe_stack(&self.reading(), arn).await {
                Ok(Some(view)) => Some(view),
                Ok(None) => return Err(Box::new(self.failure("vanished: somebody deleted it meanwhile".to_owned()))),
                Err(error) if error.is_passing() => None,
                Err(error) => return Err(self.lost(&error)),
            };
            if let Some(view) = view {
                let borne_out = seen.bears_out(&view, arn, token);
                if view.status.phase() != Phase::Going && (borne_out || look >= STALE_LOOKS) {
                    return Ok((view, seen.events));
                }
                if view.status == StackStatus::ReviewInProgress && look >= STALE_LOOKS {
                    return Err(Box::new(
                        self.failure("was never started by CloudFormation, though it took the order".to_owned()),
                    ));
                }
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
        }
        Err(Box::new(Failure {
            hints: vec!["CloudFormation goes on by itself; run the same command again to wait for it".to_owned()],
            ..self.failure(format!("is still being worked on after {} s", started.elapsed().as_secs()))
        }))
    }

    /// Nothing seen yet, from an event on.
    pub(super) fn watching(&self, from: Option<String>, total: usize) -> Seen {
        Seen { from, total, done: BTreeSet::new(), events: Vec::new() }
    }

    pub(super) fn tell(&self, seen: &mut Seen, events: Vec<StackEvent>, arn: &str) {
        for event in events {
            if event.physical_id.as_deref() != Some(arn) {
                if event.status.ends_with("_COMPLETE") {
                    // a replaced resource is done once, though its predecessor's cleanup ends in COMPLETE again
                    seen.done.insert(event.logical_id.clone());
                }
                self.send(Event::ResourceProgress {
                    step: self.step.id.clone(),
                    logical_id: event.logical_id.clone(),
                    resource_type: event.resource_type.clone(),
                    status: event.status.clone(),
                    done: seen.done.len().min(seen.total),
                    total: seen.total,
                });
            }
            seen.from = Some(event.id.clone());
            seen.events.push(event);
        }
    }

    pub(super) fn lost(&self, error: &CloudError) -> Box<Failure> {
        let mut failure = self.call("follow its operation, which CloudFormation carries on by itself", error);
        failure.hints.push("run the same command again: it waits for what is still running".to_owned());
        failure
    }

    /// The events of an operation, with those that only another call tells: checks that failed before any resource was touched.
    pub(super) async fn explained(&self, mut events: Vec<StackEvent>, arn: &str) -> Vec<StackEvent> {
        if causes(&events, arn).is_empty() && own_reason(&events, arn).as_deref().is_some_and(is_of_a_check) {
            events.extend(self.failed_checks(arn, None).await);
        }
        events
    }

    /// Checks that failed; none when it is not told: they only explain what is known to have failed.
    pub(super) async fn failed_checks(&self, stack_arn: &str, change_set: Option<&str>) -> Vec<StackEvent> {
        for pause in self.settings.polling.pauses().take(LOOKS) {
            match self.cloud.failed_checks(&self.reading(), stack_arn, change_set).await {
                Ok(checks) => return checks,
                Err(error) if error.is_passing() => sleep(pause).await,
                Err(_) => break,
            }
        }
        Vec::new()
    }

    pub(super) fn ended_badly(&self, view: &StackView, events: &[StackEvent], arn: &str) -> Failure {
        let mut causes = causes(events, arn).into_iter();
        let cause = causes.next();
        // without a resource to blame the stack's own events tell it, as a refused template does
        let own = || view.reason.clone().filter(|reason| !reason.is_empty()).or_else(|| own_reason(events, arn));
        let reason = match &cause {
            Some(_) => String::new(),
            None => own().map_or_else(String::new, |reason| format!(": {reason}")),
        };
        let also: Vec<Cause> = causes.collect();
        let mut hints: Vec<String> = cause.iter().filter_map(Cause::hint).map(str::to_owned).collect();
        if cause.iter().chain(&also).any(Cause::is_of_a_stack_policy) {
            hints.push(self.how_to_lift());
        }
        Failure {
            status: Some(view.status.to_string()),
            hints,
            nature: of_causes(&view.status, cause.iter().chain(&also)),
            cause,
            also,
            ..self.failure(format!("ended in {}{reason}", view.status))
        }
    }

    /// A grant that left the template must be gone: a stack that calls itself complete over a survivor has failed.
    pub(super) fn nothing_survives(&self, events: &[StackEvent], arn: &str) -> Result<(), Box<Failure>> {
        let mut left = survivors(events, arn).into_iter();
        let Some(cause) = left.next() else { return Ok(()) };
        let account = &self.step.account;
        Err(Box::new(Failure {
            cause: Some(cause),
            also: left.collect(),
            hints: vec![
                format!(
                    "it left the template and belongs to no stack any more: list what stands in account {account} with `aws lakeformation list-permissions`, and revoke it with `aws lakeformation revoke-permissions`"
                ),
                "docs/deployment.md, \"Taking access away\", tells the order in which nothing is left over".to_owned(),
            ],
            ..self.failure("is complete, but CloudFormation could not delete what left its template".to_owned())
        }))
    }

    /// Deletes what stands in the way, by ARN: never another stack that bears the name by now.
    pub(super) async fn remove(&self) -> Result<(), Box<Failure>> {
        let name = self.step.id.stack.name();
        let view = self.cloud.describe_stack(&self.reading(), name).await;
        let Some(view) = view.map_err(|error| self.call("look at it again", &error))? else { return Ok(()) };
        let deletable = [StackStatus::RollbackComplete, StackStatus::ReviewInProgress].contains(&view.status);
        // the table allowed this delete for the stack that was observed, in the state in which it was
        if !deletable || self.step.standing.as_ref().is_some_and(|standing| *standing != view.arn) {
            return Err(Box::new(Failure {
                hints: vec!["run the same command again: it plans anew".to_owned()],
                ..self.failure(format!("is no longer what the plan meant to delete: its status is {}", view.status))
            }));
        }
        let token = self.token("delete");
        self.order_delete(&view.arn, &BTreeSet::new(), &token).await?;
        self.deleted(&view.arn, self.mark(&view.arn).await?, &token).await
    }

    /// Waits for the end of an operation that somebody else, or an earlier run, has started.
    pub(super) async fn wait_for_others(&self) -> Result<(), Box<Failure>> {
        let name = self.step.standing.as_deref().unwrap_or_else(|| self.step.id.stack.name());
        let started = Instant::now();
        let mut told: Option<StackStatus> = None;
        for pause in self.settings.polling.pauses() {
            match self.cloud.describe_stack(&self.reading(), name).await {
                Ok(None) => return Ok(()),
                Ok(Some(view)) if view.status.phase() != Phase::Going => return Ok(()),
                Ok(Some(view)) => {
                    if told.as_ref() != Some(&view.status) {
                        self.send(Event::StepAttached { step: self.step.id.clone(), status: view.status.to_string() });
                        told = Some(view.status);
                    }
                }
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(self.call("wait for another operation on it", &error)),
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
            sleep(pause).await;
        }
        let status = told.map_or_else(String::new, |status| format!(", in {status}"));
        Err(Box::new(
            self.failure(format!(
                "is still busy with another operation after {} s{status}",
                started.elapsed().as_secs()
            )),
        ))
    }
}
