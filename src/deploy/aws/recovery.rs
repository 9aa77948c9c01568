//! CloudFormation's operations for stacks that are stuck, are to go, or are to be kept from harm.

use crate::deploy::cloud::{CloudError, Scope, StackResource};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use crate::plan::{Protection, Way};

const SERVICE: &str = "CloudFormation";

/// Continues a rollback. `ForceRollback` and `ResourcesToSkip` exclude one another (API reference, `ContinueUpdateRollback`).
pub(super) async fn continue_rollback(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
    way: &Way,
    token: &str,
    role_arn: Option<String>,
) -> Result<(), CloudError> {
    let at = At::new(SERVICE, "ContinueUpdateRollback", scope);
    let request = session
        .cloudformation
        .continue_update_rollback()
        .stack_name(stack_arn)
        .client_request_token(token)
        .set_role_arn(role_arn);
    let request = match way {
        Way::Plain => request,
        Way::Skip { resources } => request.set_resources_to_skip(Some(resources.iter().cloned().collect())),
        Way::Force => request.force_rollback(true),
    };
    request.send().await.map(|_| ()).map_err(|error| failed(&at, error))
}

/// Rolls a failed change back to the last stable state. What the change made and its template retains goes with it, as with
/// every failed change of ours.
pub(super) async fn roll_back(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
    token: &str,
    role_arn: Option<String>,
) -> Result<(), CloudError> {
    let at = At::new(SERVICE, "RollbackStack", scope);
    let request = session.cloudformation.rollback_stack().stack_name(stack_arn).client_request_token(token);
    let request = request.retain_except_on_create(true).set_role_arn(role_arn);
    request.send().await.map(|_| ()).map_err(|error| failed(&at, error))
}

pub(super) async fn protect(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
    protection: Protection,
) -> Result<(), CloudError> {
    let at = At::new(SERVICE, "UpdateTerminationProtection", scope);
    let request = session.cloudformation.update_termination_protection().stack_name(stack_arn);
    let request = request.enable_termination_protection(protection == Protection::On);
    request.send().await.map(|_| ()).map_err(|error| failed(&at, error))
}

/// A stack without a policy is answered without one (API reference, `GetStackPolicy`).
pub(super) async fn stack_policy(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
) -> Result<Option<String>, CloudError> {
    let at = At::new(SERVICE, "GetStackPolicy", scope);
    let answer = session.cloudformation.get_stack_policy().stack_name(stack_arn).send().await;
    let answer = answer.map_err(|error| failed(&at, error))?;
    Ok(answer.stack_policy_body().filter(|text| !text.is_empty()).map(str::to_owned))
}

pub(super) async fn set_stack_policy(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
    policy: &str,
) -> Result<(), CloudError> {
    let at = At::new(SERVICE, "SetStackPolicy", scope);
    let request = session.cloudformation.set_stack_policy().stack_name(stack_arn).stack_policy_body(policy);
    request.send().await.map(|_| ()).map_err(|error| failed(&at, error))
}

pub(super) async fn stack_resources(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
) -> Result<Vec<StackResource>, CloudError> {
    let at = At::new(SERVICE, "ListStackResources", scope);
    let mut resources = Vec::new();
    let mut token = None;
    loop {
        let request = session.cloudformation.list_stack_resources().stack_name(stack_arn).set_next_token(token);
        let answer = request.send().await.map_err(|error| failed(&at, error))?;
        resources.extend(answer.stack_resource_summaries().iter().map(|summary| StackResource {
            logical_id: summary.logical_resource_id().unwrap_or_default().to_owned(),
            resource_type: summary.resource_type().unwrap_or_default().to_owned(),
            status: summary.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: summary.resource_status_reason().map(str::to_owned),
        }));
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(resources);
        }
    }
}
