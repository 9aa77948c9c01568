//! A cloud whose calls are written into the journal: an intent before each call that may change something, its answer after it. Reads
//! of CloudFormation take turns (see [`Pace`]).
//!
//! What services say in words is cleaned of secrets here, once for the journal, the events and the failures: a message may repeat the
//! value of a parameter that the template declares with `NoEcho`.

use super::cloud::*;
use super::journal::{Answer, Entry, Intent, Recorder};
use super::organization::{Manager, OperationState, SetRequest, StackSets, Targets};
use super::pace::{Pace, Rate};
use crate::plan::organization::{Instance, StandingSet};
use crate::plan::{MASKED, Parameter, Plan, Probe, Protection, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A cloud with a journal.
pub(super) struct Recorded<C> {
    cloud: Arc<C>,
    recorder: Arc<dyn Recorder>,
    secrets: Vec<String>,
    calls: AtomicU64,
    pace: Pace,
}

impl<C> Recorded<C> {
    pub(super) fn new(cloud: Arc<C>, recorder: Arc<dyn Recorder>, plan: &Plan, rate: Rate) -> Self {
        let values = plan.steps.values().flat_map(|step| step.parameters.values());
        let secrets = values.filter_map(|value| match value {
            Parameter::Secret(secret) if !secret.reveal().is_empty() => Some(secret.reveal().to_owned()),
            Parameter::Secret(_) | Parameter::Known(_) | Parameter::Previous | Parameter::AfterStep(_) => None,
        });
        let mut secrets: Vec<String> = secrets.collect();
        // the longest first: one may be a part of another
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { cloud, recorder, secrets, calls: AtomicU64::new(0), pace: Pace::new(rate) }
    }

    /// For what has no parameters, and so no secrets.
    pub(super) fn without_secrets(cloud: Arc<C>, recorder: Arc<dyn Recorder>, rate: Rate) -> Self {
        Self { cloud, recorder, secrets: Vec::new(), calls: AtomicU64::new(0), pace: Pace::new(rate) }
    }

    fn clean(&self, text: String) -> String {
        self.secrets.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), MASKED) } else { text }
        })
    }

    fn cleaned<T>(&self, answer: Result<T, CloudError>) -> Result<T, CloudError> {
        answer.map_err(|error| CloudError { message: self.clean(error.message), ..error })
    }

    /// A read of CloudFormation, in its turn.
    async fn reading<T>(
        &self,
        scope: &Scope,
        call: impl Future<Output = Result<T, CloudError>>,
    ) -> Result<T, CloudError> {
        self.pace.turn(scope).await;
        let answer = call.await;
        self.pace.heard(scope, &answer);
        self.cleaned(answer)
    }

    async fn changing<T>(
        &self,
        scope: &Scope,
        operation: &'static str,
        target: String,
        token: Option<&str>,
        call: impl Future<Output = Result<T, CloudError>>,
        made: impl FnOnce(&T) -> Option<String>,
    ) -> Result<T, CloudError> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let intent = Intent {
            call: number,
            operation: operation.to_owned(),
            account: scope.account.clone(),
            region: scope.region.clone(),
            access: scope.access,
            target,
            token: token.map(str::to_owned),
        };
        self.recorder.record(&Entry::Intent(intent)).map_err(|error| CloudError {
            kind: ErrorKind::Unrecorded,
            message: format!("the journal cannot be written, so the call was not made: {error}"),
            service: service(operation),
            operation,
            account: scope.account.to_string(),
            region: scope.region.to_string(),
        })?;
        let answer = self.cleaned(call.await);
        let told = match &answer {
            Ok(done) => Answer::Done { made: made(done) },
            Err(error) => Answer::failed(error),
        };
        // what was done is done; should this be lost, the next intent is refused
        let _ = self.recorder.record(&Entry::Answer { call: number, answer: told });
        answer
    }
}

/// A change set, after the name of its stack: an ARN of a change set does not tell the stack.
fn target(change_set: &ChangeSetHandle) -> String {
    let stack = change_set.stack_arn.split_once(":stack/").map_or(change_set.stack_arn.as_str(), |(_, rest)| rest);
    format!("{} {}", stack.split('/').next().unwrap_or_default(), change_set.arn)
}

fn service(operation: &str) -> &'static str {
    if operation == "PutObject" { "S3" } else { "CloudFormation" }
}

impl<C: Cloud> Cloud for Recorded<C> {
    async fn who_am_i(&self, scope: &Scope) -> Result<Identity, CloudError> {
        self.cleaned(self.cloud.who_am_i(scope).await)
    }

    async fn describe_stack(&self, scope: &Scope, stack: &str) -> Result<Option<StackView>, CloudError> {
        let view = self.reading(scope, self.cloud.describe_stack(scope, stack)).await?;
        Ok(view.map(|view| StackView { reason: view.reason.map(|reason| self.clean(reason)), ..view }))
    }

    async fn get_template(&self, scope: &Scope, stack: &str, change_set: Option<&str>) -> Result<String, CloudError> {
        self.reading(scope, self.cloud.get_template(scope, stack, change_set)).await
    }

    async fn create_change_set(
        &self,
        scope: &Scope,
        request: &ChangeSetRequest,
    ) -> Result<ChangeSetHandle, CloudError> {
        let (target, token) = (format!("{} {}", request.stack, request.name), Some(request.token.as_str()));
        let call = self.cloud.create_change_set(scope, request);
        self.changing(scope, "CreateChangeSet", target, token, call, |handle| Some(handle.arn.clone())).await
    }

    async fn describe_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
    ) -> Result<ChangeSetView, CloudError> {
        let view = self.reading(scope, self.cloud.describe_change_set(scope, change_set)).await?;
        Ok(ChangeSetView { reason: view.reason.map(|reason| self.clean(reason)), ..view })
    }

    async fn list_stacks(&self, scope: &Scope, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.reading(scope, self.cloud.list_stacks(scope, prefix)).await
    }

    async fn list_change_sets(&self, scope: &Scope, stack: &str) -> Result<Vec<String>, CloudError> {
        self.reading(scope, self.cloud.list_change_sets(scope, stack)).await
    }

    async fn execute_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
        token: &str,
    ) -> Result<(), CloudError> {
        let call = self.cloud.execute_change_set(scope, change_set, token);
        self.changing(scope, "ExecuteChangeSet", target(change_set), Some(token), call, |()| None).await
    }

    async fn delete_change_set(&self, scope: &Scope, change_set: &ChangeSetHandle) -> Result<(), CloudError> {
        let call = self.cloud.delete_change_set(scope, change_set);
        self.changing(scope, "DeleteChangeSet", target(change_set), None, call, |()| None).await
    }

    async fn delete_stack(
        &self,
        scope: &Scope,
        stack_arn: &str,
        retain: &BTreeSet<String>,
        token: &str,
    ) -> Result<(), CloudError> {
        let call = self.cloud.delete_stack(scope, stack_arn, retain, token);
        let kept = retain.iter().map(|name| format!(" without {name}"));
        let target = std::iter::once(stack_arn.to_owned()).chain(kept).collect();
        self.changing(scope, "DeleteStack", target, Some(token), call, |()| None).await
    }

    async fn continue_rollback(
        &self,
        scope: &Scope,
        stack_arn: &str,
        way: &Way,
        token: &str,
    ) -> Result<(), CloudError> {
        let call = self.cloud.continue_rollback(scope, stack_arn, way, token);
        self.changing(scope, "ContinueUpdateRollback", stack_arn.to_owned(), Some(token), call, |()| None).await
    }

    async fn roll_back(&self, scope: &Scope, stack_arn: &str, token: &str) -> Result<(), CloudError> {
        let call = self.cloud.roll_back(scope, stack_arn, token);
        self.changing(scope, "RollbackStack", stack_arn.to_owned(), Some(token), call, |()| None).await
    }

    async fn protect(&self, scope: &Scope, stack_arn: &str, protection: Protection) -> Result<(), CloudError> {
        let call = self.cloud.protect(scope, stack_arn, protection);
        self.changing(scope, "UpdateTerminationProtection", stack_arn.to_owned(), None, call, |()| None).await
    }

    async fn stack_policy(&self, scope: &Scope, stack_arn: &str) -> Result<Option<String>, CloudError> {
        self.reading(scope, self.cloud.stack_policy(scope, stack_arn)).await
    }

    async fn set_stack_policy(&self, scope: &Scope, stack_arn: &str, policy: &str) -> Result<(), CloudError> {
        let call = self.cloud.set_stack_policy(scope, stack_arn, policy);
        self.changing(scope, "SetStackPolicy", stack_arn.to_owned(), None, call, |()| None).await
    }

    async fn stack_resources(&self, scope: &Scope, stack_arn: &str) -> Result<Vec<StackResource>, CloudError> {
        let found = self.reading(scope, self.cloud.stack_resources(scope, stack_arn)).await?;
        let clean = |one: StackResource| StackResource { reason: one.reason.map(|reason| self.clean(reason)), ..one };
        Ok(found.into_iter().map(clean).collect())
    }

    async fn stack_events(
        &self,
        scope: &Scope,
        stack_arn: &str,
        from: &EventsFrom,
    ) -> Result<Vec<StackEvent>, CloudError> {
        let events = self.reading(scope, self.cloud.stack_events(scope, stack_arn, from)).await?;
        let clean = |event: StackEvent| StackEvent { reason: event.reason.map(|reason| self.clean(reason)), ..event };
        Ok(events.into_iter().map(clean).collect())
    }

    async fn failed_checks(
        &self,
        scope: &Scope,
        stack_arn: &str,
        change_set: Option<&str>,
    ) -> Result<Vec<StackEvent>, CloudError> {
        let mut checks = self.reading(scope, self.cloud.failed_checks(scope, stack_arn, change_set)).await?;
        for check in &mut checks {
            check.reason = check.reason.take().map(|reason| self.clean(reason));
        }
        Ok(checks)
    }

    async fn upload(&self, scope: &Scope, bucket: &str, key: &str, content: &[u8]) -> Result<Upload, CloudError> {
        let call = self.cloud.upload(scope, bucket, key, content);
        self.changing(scope, "PutObject", format!("{bucket}/{key}"), None, call, |_| None).await
    }

    async fn read_object(&self, scope: &Scope, bucket: &str, key: &str) -> Result<Option<Object>, CloudError> {
        self.cleaned(self.cloud.read_object(scope, bucket, key).await)
    }

    async fn write_object(
        &self,
        scope: &Scope,
        bucket: &str,
        key: &str,
        content: &[u8],
        expected: &Expected,
    ) -> Result<Written, CloudError> {
        let call = self.cloud.write_object(scope, bucket, key, content, expected);
        let made = |written: &Written| match written {
            Written::Stored { etag } => Some(etag.clone()),
            Written::Moved => None,
        };
        self.changing(scope, "PutObject", format!("{bucket}/{key}"), None, call, made).await
    }

    async fn probe(&self, probe: &Probe, access: Access) -> Result<ProbeAnswer, CloudError> {
        self.cleaned(self.cloud.probe(probe, access).await)
    }
}

impl<C: StackSets> StackSets for Recorded<C> {
    async fn stack_set(&self, manager: &Manager, name: &str) -> Result<Option<StandingSet>, CloudError> {
        self.reading(&manager.scope, self.cloud.stack_set(manager, name)).await
    }

    async fn instances(&self, manager: &Manager, name: &str) -> Result<Vec<Instance>, CloudError> {
        self.reading(&manager.scope, self.cloud.instances(manager, name)).await
    }

    async fn single(&self, scope: &Scope, stack: &str) -> Result<Option<String>, CloudError> {
        self.reading(scope, self.cloud.single(scope, stack)).await
    }

    async fn create_set(&self, manager: &Manager, request: &SetRequest<'_>) -> Result<(), CloudError> {
        let (target, call) = (request.name.to_owned(), self.cloud.create_set(manager, request));
        self.changing(&manager.scope, "CreateStackSet", target, Some(request.token), call, |()| None).await
    }

    async fn update_set(&self, manager: &Manager, request: &SetRequest<'_>) -> Result<(), CloudError> {
        let (target, call) = (request.name.to_owned(), self.cloud.update_set(manager, request));
        self.changing(&manager.scope, "UpdateStackSet", target, Some(request.token), call, |()| None).await
    }

    async fn create_instances(
        &self,
        manager: &Manager,
        name: &str,
        targets: &Targets<'_>,
        operation: &str,
    ) -> Result<(), CloudError> {
        let call = self.cloud.create_instances(manager, name, targets, operation);
        let scope = &manager.scope;
        self.changing(scope, "CreateStackInstances", name.to_owned(), Some(operation), call, |()| None).await
    }

    async fn set_operation(
        &self,
        manager: &Manager,
        name: &str,
        operation: &str,
    ) -> Result<Option<OperationState>, CloudError> {
        self.reading(&manager.scope, self.cloud.set_operation(manager, name, operation)).await
    }

    async fn failed_results(
        &self,
        manager: &Manager,
        name: &str,
        operation: &str,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        self.reading(&manager.scope, self.cloud.failed_results(manager, name, operation)).await
    }
}
