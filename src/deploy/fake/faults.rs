//! Faults between the executor and a cloud: one planned fault on one planned call, and a count of both.

use crate::deploy::cloud::*;
use crate::plan::{Probe, Protection, Way};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// What happens to a call, after all that the SDK tries again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::deploy) enum Fault {
    /// Refused, since there were too many calls.
    Throttle,
    /// The service failed, or the connection broke, before it did anything: past the SDK these two are one.
    InternalOrReset,
    /// The service did it, and the answer never came.
    TimeOutAfterEffect,
    /// Sent twice: the first answer was lost, and the SDK sent the same request again.
    Repeated,
    /// The process is killed when the service has done it.
    Killed,
    /// Not allowed.
    Denied,
    /// The credentials have expired.
    Expired,
}

impl Fault {
    pub(in crate::deploy) const ALL: [Self; 7] = [
        Self::Throttle,
        Self::InternalOrReset,
        Self::TimeOutAfterEffect,
        Self::Repeated,
        Self::Killed,
        Self::Denied,
        Self::Expired,
    ];

    const fn kind(self) -> ErrorKind {
        match self {
            Self::Throttle => ErrorKind::Throttled,
            Self::InternalOrReset | Self::TimeOutAfterEffect | Self::Repeated | Self::Killed => ErrorKind::Network,
            Self::Denied => ErrorKind::Denied,
            Self::Expired => ErrorKind::Expired,
        }
    }
}

/// A cloud, one of whose calls meets a fault.
pub(in crate::deploy) struct Faulty<C> {
    cloud: Arc<C>,
    /// Which call, counted from zero.
    planned: Option<(usize, Fault)>,
    seen: Mutex<Seen>,
    killed: Notify,
}

#[derive(Default)]
struct Seen {
    calls: Vec<String>,
    injected: usize,
}

impl<C> Faulty<C> {
    pub(in crate::deploy) fn new(cloud: &Arc<C>, planned: Option<(usize, Fault)>) -> Self {
        Self { cloud: Arc::clone(cloud), planned, seen: Mutex::default(), killed: Notify::new() }
    }

    /// All calls so far, in order.
    pub(in crate::deploy) fn calls(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).calls.clone()
    }

    /// How many faults were injected.
    pub(in crate::deploy) fn injected(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).injected
    }

    /// Ends when the process is to be killed: whoever waits for it drops the run.
    pub(in crate::deploy) async fn killed(&self) {
        self.killed.notified().await;
    }

    async fn call<T, F: Future<Output = Result<T, CloudError>>>(
        &self,
        scope: &Scope,
        operation: &'static str,
        what: &str,
        make: impl Fn() -> F,
    ) -> Result<T, CloudError> {
        let fault = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let number = seen.calls.len();
            seen.calls.push(format!("{operation} {what}"));
            let fault = self.planned.filter(|(planned, _)| *planned == number).map(|(_, fault)| fault);
            seen.injected += usize::from(fault.is_some());
            fault
        };
        let failed = |fault: Fault| CloudError {
            kind: fault.kind(),
            message: format!("injected: {fault:?}"),
            service: "CloudFormation",
            operation,
            account: scope.account.to_string(),
            region: scope.region.to_string(),
        };
        match fault {
            None => make().await,
            Some(fault @ Fault::TimeOutAfterEffect) => {
                make().await?;
                Err(failed(fault))
            }
            Some(Fault::Repeated) => {
                make().await?;
                make().await
            }
            Some(Fault::Killed) => {
                make().await?;
                self.killed.notify_one();
                std::future::pending().await
            }
            Some(fault) => Err(failed(fault)),
        }
    }
}

impl<C: Cloud> Cloud for Faulty<C> {
    async fn who_am_i(&self, scope: &Scope) -> Result<Identity, CloudError> {
        self.call(scope, "GetCallerIdentity", "", || self.cloud.who_am_i(scope)).await
    }

    async fn describe_stack(&self, scope: &Scope, stack: &str) -> Result<Option<StackView>, CloudError> {
        self.call(scope, "DescribeStacks", stack, || self.cloud.describe_stack(scope, stack)).await
    }

    async fn get_template(&self, scope: &Scope, stack: &str, change_set: Option<&str>) -> Result<String, CloudError> {
        self.call(scope, "GetTemplate", stack, || self.cloud.get_template(scope, stack, change_set)).await
    }

    async fn create_change_set(
        &self,
        scope: &Scope,
        request: &ChangeSetRequest,
    ) -> Result<ChangeSetHandle, CloudError> {
        let make = || self.cloud.create_change_set(scope, request);
        self.call(scope, "CreateChangeSet", &request.stack, make).await
    }

    async fn describe_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
    ) -> Result<ChangeSetView, CloudError> {
        let make = || self.cloud.describe_change_set(scope, change_set);
        self.call(scope, "DescribeChangeSet", &change_set.arn, make).await
    }

    async fn list_stacks(&self, scope: &Scope, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.call(scope, "ListStacks", prefix, || self.cloud.list_stacks(scope, prefix)).await
    }

    async fn list_change_sets(&self, scope: &Scope, stack: &str) -> Result<Vec<String>, CloudError> {
        self.call(scope, "ListChangeSets", stack, || self.cloud.list_change_sets(scope, stack)).await
    }

    async fn execute_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
        token: &str,
    ) -> Result<(), CloudError> {
        let make = || self.cloud.execute_change_set(scope, change_set, token);
        self.call(scope, "ExecuteChangeSet", &change_set.arn, make).await
    }

    async fn delete_change_set(&self, scope: &Scope, change_set: &ChangeSetHandle) -> Result<(), CloudError> {
        let make = || self.cloud.delete_change_set(scope, change_set);
        self.call(scope, "DeleteChangeSet", &change_set.arn, make).await
    }

    async fn delete_stack(
        &self,
        scope: &Scope,
        stack_arn: &str,
        retain: &BTreeSet<String>,
        token: &str,
    ) -> Result<(), CloudError> {
        let make = || self.cloud.delete_stack(scope, stack_arn, retain, token);
        self.call(scope, "DeleteStack", stack_arn, make).await
    }

    async fn continue_rollback(
        &self,
        scope: &Scope,
        stack_arn: &str,
        way: &Way,
        token: &str,
    ) -> Result<(), CloudError> {
        let make = || self.cloud.continue_rollback(scope, stack_arn, way, token);
        self.call(scope, "ContinueUpdateRollback", stack_arn, make).await
    }

    async fn roll_back(&self, scope: &Scope, stack_arn: &str, token: &str) -> Result<(), CloudError> {
        self.call(scope, "RollbackStack", stack_arn, || self.cloud.roll_back(scope, stack_arn, token)).await
    }

    async fn protect(&self, scope: &Scope, stack_arn: &str, protection: Protection) -> Result<(), CloudError> {
        let make = || self.cloud.protect(scope, stack_arn, protection);
        self.call(scope, "UpdateTerminationProtection", stack_arn, make).await
    }

    async fn stack_policy(&self, scope: &Scope, stack_arn: &str) -> Result<Option<String>, CloudError> {
        self.call(scope, "GetStackPolicy", stack_arn, || self.cloud.stack_policy(scope, stack_arn)).await
    }

    async fn set_stack_policy(&self, scope: &Scope, stack_arn: &str, policy: &str) -> Result<(), CloudError> {
        let make = || self.cloud.set_stack_policy(scope, stack_arn, policy);
        self.call(scope, "SetStackPolicy", stack_arn, make).await
    }

    async fn stack_resources(&self, scope: &Scope, stack_arn: &str) -> Result<Vec<StackResource>, CloudError> {
        self.call(scope, "ListStackResources", stack_arn, || self.cloud.stack_resources(scope, stack_arn)).await
    }

    async fn stack_events(
        &self,
        scope: &Scope,
        stack_arn: &str,
        from: &EventsFrom,
    ) -> Result<Vec<StackEvent>, CloudError> {
        let make = || self.cloud.stack_events(scope, stack_arn, from);
        self.call(scope, "DescribeStackEvents", stack_arn, make).await
    }

    async fn failed_checks(
        &self,
        scope: &Scope,
        stack_arn: &str,
        change_set: Option<&str>,
    ) -> Result<Vec<StackEvent>, CloudError> {
        let make = || self.cloud.failed_checks(scope, stack_arn, change_set);
        self.call(scope, "DescribeEvents", stack_arn, make).await
    }

    async fn upload(&self, scope: &Scope, bucket: &str, key: &str, content: &[u8]) -> Result<Upload, CloudError> {
        self.call(scope, "PutObject", key, || self.cloud.upload(scope, bucket, key, content)).await
    }

    async fn read_object(&self, scope: &Scope, bucket: &str, key: &str) -> Result<Option<Object>, CloudError> {
        self.call(scope, "GetObject", key, || self.cloud.read_object(scope, bucket, key)).await
    }

    async fn write_object(
        &self,
        scope: &Scope,
        bucket: &str,
        key: &str,
        content: &[u8],
        expected: &Expected,
    ) -> Result<Written, CloudError> {
        let make = || self.cloud.write_object(scope, bucket, key, content, expected);
        self.call(scope, "PutObject", key, make).await
    }

    async fn probe(&self, probe: &Probe, access: Access) -> Result<ProbeAnswer, CloudError> {
        let scope = probe_scope(probe, access);
        self.call(&scope, "Probe", &probe.to_string(), || self.cloud.probe(probe, access)).await
    }
}
