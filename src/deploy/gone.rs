//! Stacks that go, and stacks that are brought back: what `destroy` and `recover` do with one stack.

use super::cloud::{Cloud, CloudError, ErrorKind, EventsFrom, StackEvent, StackView};
use super::outcome::Failure;
use super::step::{Done, How, LOOKS, Work};
use crate::cfn::LEFTOVERS;
use crate::plan::{Phase, Protection, StackStatus, Turn, Way};
use std::collections::{BTreeMap, BTreeSet};
use tokio::time::{Instant, sleep};

impl<C: Cloud> Work<C> {
    /// Deletes the stack that the plan saw, by ARN: never another that bears its name by now.
    pub(super) async fn delete_whole(&self) -> Result<Done, Box<Failure>> {
        let done = Done { how: How::Deleted, outputs: BTreeMap::new() };
        let arn = self.step.standing.as_deref().unwrap_or_else(|| self.step.id.stack.name());
        let view = self.cloud.describe_stack(&self.reading(), arn).await;
        let view = view.map_err(|error| self.call("look at it again", &error))?;
        let Some(view) = view.filter(|view| view.status.phase() != Phase::Gone) else {
            self.read_back().await?;
            return Ok(done);
        };
        if !self.step.retain.is_empty() && view.status != StackStatus::DeleteFailed {
            let message =
                format!("is in {}: only a stack in DELETE_FAILED goes without some of its resources", view.status);
            let hints = vec!["run the same command again: it looks at the stack anew".to_owned()];
            return Err(Box::new(Failure { hints, ..self.failure(message) }));
        }
        if view.termination_protection == Protection::On && self.step.protection == Protection::Off {
            let off = self.cloud.protect(&self.changing(), &view.arn, Protection::Off).await;
            off.map_err(|error| self.call("switch its termination protection off", &error))?;
        }
        let mark = self.mark(&view.arn).await?;
        let token = self.token("destroy");
        self.order_delete(&view.arn, &self.step.retain, &token).await?;
        self.deleted(&view.arn, mark, &token).await?;
        self.read_back().await?;
        Ok(done)
    }

    /// Orders a delete; the answer may have been lost after the order was taken.
    pub(super) async fn order_delete(
        &self,
        arn: &str,
        retain: &BTreeSet<String>,
        token: &str,
    ) -> Result<(), Box<Failure>> {
        let Err(error) = self.cloud.delete_stack(&self.changing(), arn, retain, token).await else { return Ok(()) };
        let now = self.cloud.describe_stack(&self.reading(), arn).await;
        let going = |now: &StackView| now.status == StackStatus::DeleteInProgress || now.status.phase() == Phase::Gone;
        if error.is_passing() && now.is_ok_and(|now| now.as_ref().is_none_or(going)) {
            return Ok(());
        }
        Err(self.call("delete it", &error))
    }

    /// Waits until a stack is gone, and tells what its resources do.
    pub(super) async fn deleted(&self, arn: &str, mark: Option<String>, token: &str) -> Result<(), Box<Failure>> {
        let started = Instant::now();
        let mut seen = self.watching(mark, self.step.resources);
        for (look, pause) in self.settings.polling.pauses().enumerate() {
            sleep(pause).await;
            let view = match self.cloud.describe_stack(&self.reading(), arn).await {
                Ok(None) => return Ok(()),
                Ok(Some(view)) if view.status.phase() == Phase::Gone => return Ok(()),
                Ok(Some(view)) => Some(view),
                Err(error) if error.is_passing() => None,
                Err(error) => return Err(self.lost(&error)),
            };
            // the events of a stack that went meanwhile are of no use any more
            if let Ok(events) =
                self.cloud.stack_events(&self.reading(), arn, &EventsFrom::After(seen.from.clone())).await
            {
                self.tell(&mut seen, events, arn);
            }
            if let Some(view) = view.filter(|view| view.status == StackStatus::DeleteFailed)
                && (seen.bears_out(&view, arn, token) || look >= super::follow::STALE_LOOKS)
            {
                return Err(Box::new(self.would_not_go(&view, &seen.events, arn)));
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
        }
        Err(Box::new(self.failure("is never deleted".to_owned())))
    }

    /// A stack whose delete failed, with what is known of the types that would not go.
    fn would_not_go(&self, view: &StackView, events: &[StackEvent], arn: &str) -> Failure {
        let mut failure = self.ended_badly(view, events, arn);
        let types: BTreeSet<&str> =
            failure.cause.iter().chain(&failure.also).map(|cause| cause.resource_type.as_str()).collect();
        let known = LEFTOVERS.iter().filter(|left| types.contains(left.type_name));
        let mut hints: Vec<String> = known.map(|left| format!("{}: {}", left.type_name, left.remove)).collect();
        hints.push("mend what would not go, and run the same command again: it deletes what is left".to_owned());
        if self.step.id.turn == Turn::Delete {
            let stack = &self.step.id.stack;
            let failed: BTreeSet<&str> =
                failure.cause.iter().chain(&failure.also).map(|cause| cause.logical_id.as_str()).collect();
            let flags: Vec<String> = failed.into_iter().map(|name| format!("--retain {stack}:{name}")).collect();
            if !flags.is_empty() {
                hints.push(format!("or leave it behind, where it belongs to no stack any more: `{}`", flags.join(" ")));
            }
        }
        failure.hints = hints;
        failure
    }

    /// Continues a rollback in the way that a person chose, to its end.
    pub(super) async fn continue_rollback(&self, way: &Way) -> Result<Done, Box<Failure>> {
        let arn = self.stuck(&StackStatus::UpdateRollbackFailed).await?;
        let (mark, token) = (self.mark(&arn).await?, self.token("continue"));
        let ordered = self.cloud.continue_rollback(&self.changing(), &arn, way, &token).await;
        self.brought_back(&arn, mark, &token, ordered, "continue its rollback").await
    }

    /// Rolls a failed change back, to its end.
    pub(super) async fn roll_back(&self) -> Result<Done, Box<Failure>> {
        let arn = self.stuck(&StackStatus::UpdateFailed).await?;
        let (mark, token) = (self.mark(&arn).await?, self.token("rollback"));
        let ordered = self.cloud.roll_back(&self.changing(), &arn, &token).await;
        self.brought_back(&arn, mark, &token, ordered, "roll it back").await
    }

    /// The stack that a person decided about, if it is still in that state.
    async fn stuck(&self, status: &StackStatus) -> Result<String, Box<Failure>> {
        let view = self.cloud.describe_stack(&self.reading(), self.step.id.stack.name()).await;
        let view = view.map_err(|error| self.call("look at it again", &error))?;
        match view {
            Some(view) if view.status == *status && self.step.standing.as_ref() == Some(&view.arn) => Ok(view.arn),
            view => {
                let now = view.map_or_else(|| "gone".to_owned(), |view| format!("in {}", view.status));
                Err(Box::new(Failure {
                    hints: vec!["look at it again with `meshform recover`".to_owned()],
                    ..self.failure(format!("is no longer what was decided about: it is {now}"))
                }))
            }
        }
    }

    async fn brought_back(
        &self,
        arn: &str,
        mark: Option<String>,
        token: &str,
        ordered: Result<(), CloudError>,
        doing: &str,
    ) -> Result<Done, Box<Failure>> {
        if let Err(error) = ordered {
            // the answer may have been lost, or its repetition refused: the token of the events tells whose order was taken
            let may_be_taken =
                error.is_passing() || [ErrorKind::AlreadyExists, ErrorKind::InProgress].contains(&error.kind);
            if !may_be_taken || !self.was_taken(arn, mark.as_ref(), token).await {
                return Err(self.call(doing, &error));
            }
        }
        let (view, events) = self.settled(arn, mark, token, 0).await?;
        if view.status == StackStatus::UpdateRollbackComplete {
            return Ok(Done { how: How::RolledBack, outputs: view.outputs });
        }
        let mut failure = self.ended_badly(&view, &events, arn);
        failure.hints.push(
            "mend what blocks it and run `meshform recover` again, or choose what is to be left as it is".to_owned(),
        );
        Err(Box::new(failure))
    }

    async fn was_taken(&self, arn: &str, mark: Option<&String>, token: &str) -> bool {
        for pause in self.settings.polling.pauses().take(LOOKS) {
            let from = EventsFrom::After(mark.cloned());
            if let Ok(events) = self.cloud.stack_events(&self.reading(), arn, &from).await
                && events.iter().any(|event| event.token.as_deref() == Some(token))
            {
                return true;
            }
            sleep(pause).await;
        }
        false
    }
}

#[cfg(test)]
#[path = "gone_tests.rs"]
mod tests;
