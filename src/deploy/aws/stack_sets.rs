//! [`StackSets`] by AWS's own API.

use super::Aws;
use crate::deploy::cloud::{Cloud as _, CloudError, ErrorKind, Scope, StackView};
use crate::deploy::failure::{At, failed};
use crate::deploy::organization::{Manager, OperationState, SetRequest, StackSets, Targets};
use crate::mesh::Acting;
use crate::plan::StackStatus;
use crate::plan::organization::{Instance, InstanceState, Options, Permissions, StandingSet};
use aws_sdk_cloudformation::types::{
    AccountFilterType, AutoDeployment, CallAs, Capability, ConcurrencyMode, DeploymentTargets, ManagedExecution,
    PermissionModels, StackInstanceDetailedStatus, StackInstanceStatus, StackInstanceSummary, StackSet,
    StackSetOperationPreferences, StackSetOperationResultStatus, StackSetOperationStatus,
};
use std::collections::BTreeMap;

const SERVICE: &str = "CloudFormation";

fn call_as(manager: &Manager) -> CallAs {
    match manager.acting {
        Acting::Management => CallAs::SelfValue,
        Acting::Delegated => CallAs::DelegatedAdmin,
    }
}

/// Accounts that join a unit get a stack; those that leave keep it, since its roles and bucket serve what stands there.
fn auto_deployment() -> AutoDeployment {
    AutoDeployment::builder().enabled(true).retain_stacks_on_account_removal(true).build()
}

/// Operations that do not conflict run at once, the others are queued (API reference, `ManagedExecution`).
fn managed() -> ManagedExecution {
    ManagedExecution::builder().active(true).build()
}

/// A quarter of the accounts at once, whatever fails; the operation stops when a tenth has failed, since the template is then likely
/// to be wrong everywhere.
fn preferences() -> StackSetOperationPreferences {
    StackSetOperationPreferences::builder()
        .max_concurrent_percentage(25)
        .failure_tolerance_percentage(10)
        .concurrency_mode(ConcurrencyMode::SoftFailureTolerance)
        .build()
}

/// All accounts of the units, save those that are left out: `DIFFERENCE` "excludes certain accounts within an OU", and must be said where
/// both are given (API reference, `DeploymentTargets`).
fn deployment_targets(targets: &Targets<'_>) -> DeploymentTargets {
    let units = Some(targets.units.iter().cloned().collect());
    let targeted = DeploymentTargets::builder().set_organizational_unit_ids(units);
    if targets.without.is_empty() {
        return targeted.build();
    }
    let without = Some(targets.without.iter().cloned().collect());
    targeted.set_accounts(without).account_filter_type(AccountFilterType::Difference).build()
}

fn standing(set: &StackSet) -> StandingSet {
    let automatic = set
        .auto_deployment()
        .is_some_and(|auto| auto.enabled() == Some(true) && auto.retain_stacks_on_account_removal() == Some(true));
    let queued = set.managed_execution().and_then(ManagedExecution::active) == Some(true);
    StandingSet {
        template: set.template_body().and_then(|text| serde_json::from_str(text).ok()),
        permissions: match set.permission_model() {
            Some(PermissionModels::ServiceManaged) => Permissions::ServiceManaged,
            _ => Permissions::SelfManaged,
        },
        units: set.organizational_unit_ids().iter().cloned().collect(),
        options: if automatic && queued { Options::Wanted } else { Options::Others },
    }
}

fn instance(summary: &StackInstanceSummary) -> Option<Instance> {
    let detailed = summary.stack_instance_status().and_then(|status| status.detailed_status());
    let state = match (detailed, summary.status()) {
        (Some(StackInstanceDetailedStatus::SkippedSuspendedAccount), _) => InstanceState::Suspended,
        (Some(StackInstanceDetailedStatus::Pending | StackInstanceDetailedStatus::Running), _) => InstanceState::Going,
        (_, Some(StackInstanceStatus::Current)) => InstanceState::Current,
        (_, Some(StackInstanceStatus::Inoperable)) => InstanceState::Inoperable,
        // the SDK's enum is open; what is not current is tried again
        (_, Some(_) | None) => InstanceState::Outdated,
    };
    Some(Instance { account: summary.account()?.to_owned(), state, reason: summary.status_reason().map(str::to_owned) })
}

impl StackSets for Aws {
    async fn stack_set(&self, manager: &Manager, name: &str) -> Result<Option<StandingSet>, CloudError> {
        let session = self.sessions.session(&manager.scope).await?;
        let at = At::new(SERVICE, "DescribeStackSet", &manager.scope);
        let call = session.cloudformation.describe_stack_set().stack_set_name(name).call_as(call_as(manager));
        match call.send().await.map_err(|error| failed(&at, error)) {
            Ok(answer) => {
                let set = answer.stack_set().ok_or_else(|| at.incomplete("StackSet"))?;
                Ok(Some(standing(set)))
            }
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn instances(&self, manager: &Manager, name: &str) -> Result<Vec<Instance>, CloudError> {
        let session = self.sessions.session(&manager.scope).await?;
        let at = At::new(SERVICE, "ListStackInstances", &manager.scope);
        let (mut instances, mut token) = (Vec::new(), None);
        loop {
            let call = session.cloudformation.list_stack_instances().stack_set_name(name).call_as(call_as(manager));
            let answer = call.set_next_token(token).send().await.map_err(|error| failed(&at, error))?;
            instances.extend(answer.summaries().iter().filter_map(instance));
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(instances);
            }
        }
    }

    async fn single(&self, scope: &Scope, stack: &str) -> Result<Option<String>, CloudError> {
        // a creation that never came to its end made no roles
        let holds = |view: &StackView| {
            let ended = [StackStatus::ReviewInProgress, StackStatus::RollbackComplete, StackStatus::DeleteComplete];
            !ended.contains(&view.status)
        };
        Ok(self.describe_stack(scope, stack).await?.filter(holds).map(|view| view.arn))
    }

    async fn create_set(&self, manager: &Manager, request: &SetRequest<'_>) -> Result<(), CloudError> {
        let session = self.sessions.session(&manager.scope).await?;
        let at = At::new(SERVICE, "CreateStackSet", &manager.scope);
        let call = session
            .cloudformation
            .create_stack_set()
            .stack_set_name(request.name)
            .description(description())
            .template_body(request.template)
            .capabilities(Capability::CapabilityNamedIam)
            .permission_model(PermissionModels::ServiceManaged)
            .auto_deployment(auto_deployment())
            .managed_execution(managed())
            .call_as(call_as(manager))
            .client_request_token(request.token);
        call.send().await.map(|_| ()).map_err(|error| failed(&at, error))
    }

    async fn update_set(&self, manager: &Manager, request: &SetRequest<'_>) -> Result<(), CloudError> {
        let session = self.sessions.session(&manager.scope).await?;
        let at = At::new(SERVICE, "UpdateStackSet", &manager.scope);
        let call = session
            .cloudformation
            .update_stack_set()
            .stack_set_name(request.name)
            .description(description())
            .template_body(request.template)
            .capabilities(Capability::CapabilityNamedIam)
            .permission_model(PermissionModels::ServiceManaged)
            .auto_deployment(auto_deployment())
            .managed_execution(managed())
            .operation_preferences(preferences())
            .call_as(call_as(manager))
            .operation_id(request.token);
        call.send().await.map(|_| ()).map_err(|error| failed(&at, error))
    }

    async fn create_instances(
        &self,
        manager: &Manager,
        name: &str,
        targets: &Targets<'_>,
        operation: &str,
    ) -> Result<(), CloudError> {
        let session = self.sessions.session(&manager.scope).await?;
        let at = At::new(SERVICE, "CreateStackInstances", &manager.scope);
        let call = session
            .cloudformation
            .create_stack_instances()
            .stack_set_name(name)
            .deployment_targets(deployment_targets(targets))
            .regions(manager.scope.region.as_str())
            .operation_preferences(preferences())
            .call_as(call_as(manager))
            .operation_id(operation);
        call.send().await.map(|_| ()).map_err(|error| failed(&at, error))
    }

    async fn set_operation(
        &self,
        manager: &Manager,
        name: &str,
        operation: &str,
    ) -> Result<Option<OperationState>, CloudError> {
        let session = self.sessions.session(&manager.scope).await?;
        let at = At::new(SERVICE, "DescribeStackSetOperation", &manager.scope);
        let call = session.cloudformation.describe_stack_set_operation().stack_set_name(name);
        let call = call.operation_id(operation).call_as(call_as(manager));
        let answer = match call.send().await.map_err(|error| failed(&at, error)) {
            Ok(answer) => answer,
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let operation = answer.stack_set_operation().ok_or_else(|| at.incomplete("StackSetOperation"))?;
        let reason = || operation.status_reason().map(str::to_owned);
        match operation.status().ok_or_else(|| at.incomplete("Status"))? {
            StackSetOperationStatus::Queued | StackSetOperationStatus::Running | StackSetOperationStatus::Stopping => {
                Ok(Some(OperationState::Going))
            }
            StackSetOperationStatus::Succeeded => Ok(Some(OperationState::Succeeded)),
            StackSetOperationStatus::Failed => Ok(Some(OperationState::Failed(reason()))),
            StackSetOperationStatus::Stopped => {
                Ok(Some(OperationState::Failed(reason().or_else(|| Some("somebody stopped it".to_owned())))))
            }
            // the SDK's enum is open
            other => Err(at.error(ErrorKind::Other, format!("the operation is {}", other.as_str()))),
        }
    }

    async fn failed_results(
        &self,
        manager: &Manager,
        name: &str,
        operation: &str,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let session = self.sessions.session(&manager.scope).await?;
        let at = At::new(SERVICE, "ListStackSetOperationResults", &manager.scope);
        let (mut found, mut token) = (BTreeMap::new(), None);
        loop {
            let call = session.cloudformation.list_stack_set_operation_results().stack_set_name(name);
            let call = call.operation_id(operation).call_as(call_as(manager)).set_next_token(token);
            let answer = call.send().await.map_err(|error| failed(&at, error))?;
            for result in answer.summaries() {
                let bad = match result.status() {
                    Some(StackSetOperationResultStatus::Failed) => "failed",
                    Some(StackSetOperationResultStatus::Cancelled) => "cancelled",
                    Some(_) | None => continue,
                };
                let account = result.account().unwrap_or_default().to_owned();
                let reason = result.status_reason().unwrap_or("CloudFormation gave no reason");
                found.insert(account, format!("{bad}: {reason}"));
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}

/// Says by which version it was written last.
fn description() -> String {
    format!("Bootstrap of a data mesh, written by meshform {}", env!("CARGO_PKG_VERSION"))
}
