//! What CloudFormation tells of an operation: the events of its resources, and the checks and hooks that stopped it.

use crate::deploy::cloud::{CloudError, EventsFrom, Scope, StackEvent};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use aws_sdk_cloudformation::types::{
    self, EventFilter, EventType, HookFailureMode, HookStatus, OperationEvent, ResourceStatus,
};

const SERVICE: &str = "CloudFormation";

/// An event of a resource, or of a hook that stopped it: then the resource's own event tells no more than the hook's name. A hook that
/// warns stops nothing (API reference, `StackEvent`, HookStatus and HookFailureMode).
fn read_event(event: &types::StackEvent) -> StackEvent {
    let stops = event.hook_failure_mode() != Some(&HookFailureMode::Warn)
        && matches!(event.hook_status(), Some(HookStatus::HookCompleteFailed | HookStatus::HookFailed));
    let (status, reason) = if stops {
        let name = event.hook_type().unwrap_or("of no name");
        let why = event.hook_status_reason().unwrap_or("it gave no reason");
        (event.hook_status().map(HookStatus::as_str), Some(format!("hook {name}: {why}")))
    } else {
        (event.resource_status().map(ResourceStatus::as_str), event.resource_status_reason().map(str::to_owned))
    };
    StackEvent {
        id: event.event_id().unwrap_or_default().to_owned(),
        logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
        physical_id: event.physical_resource_id().map(str::to_owned),
        resource_type: event.resource_type().unwrap_or_default().to_owned(),
        status: status.unwrap_or_default().to_owned(),
        reason,
        token: event.client_request_token().map(str::to_owned),
    }
}

/// AWS answers the newest first, so pages are read until the event that is known already.
pub(super) async fn stack_events(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
    from: &EventsFrom,
) -> Result<Vec<StackEvent>, CloudError> {
    let at = At::new(SERVICE, "DescribeStackEvents", scope);
    let mut events = Vec::new();
    let mut token = None;
    loop {
        let request = session.cloudformation.describe_stack_events().stack_name(stack_arn).set_next_token(token);
        let answer = request.send().await.map_err(|error| failed(&at, error))?;
        let mut known = false;
        for event in answer.stack_events() {
            let id = event.event_id().unwrap_or_default();
            known = matches!(from, EventsFrom::After(Some(last)) if last == id);
            if known {
                break;
            }
            events.push(read_event(event));
            if *from == EventsFrom::Newest {
                return Ok(events);
            }
        }
        token = answer.next_token().map(str::to_owned);
        if known || token.is_none() {
            events.reverse();
            return Ok(events);
        }
    }
}

/// Status and reason of a check or hook that stopped something; one that only warns stopped nothing.
fn check_of(event: &OperationEvent) -> Option<(&'static str, String)> {
    let told = |reason: Option<&str>| reason.unwrap_or("CloudFormation gave no reason").to_owned();
    match event.event_type()? {
        EventType::ValidationError if event.validation_failure_mode() != Some(&HookFailureMode::Warn) => {
            let path = event.validation_path().map(|path| format!(" at {path}")).unwrap_or_default();
            let name = event.validation_name().unwrap_or("check");
            Some(("VALIDATION_FAILED", format!("{} ({name}{path})", told(event.validation_status_reason()))))
        }
        EventType::HookInvocationError if event.hook_failure_mode() != Some(&HookFailureMode::Warn) => {
            let name = event.hook_type().unwrap_or("of no name");
            Some(("HOOK_FAILED", format!("hook {name}: {}", told(event.hook_status_reason()))))
        }
        _ => None,
    }
}

/// The checks and hooks that failed, of the newest operation that has such: events of the types `VALIDATION_ERROR` and
/// `HOOK_INVOCATION_ERROR` (API reference, `OperationEvent`).
pub(super) async fn failed_checks(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
    change_set: Option<&str>,
) -> Result<Vec<StackEvent>, CloudError> {
    let at = At::new(SERVICE, "DescribeEvents", scope);
    let mut operation: Option<String> = None;
    let mut checks = Vec::new();
    let mut token = None;
    loop {
        let request = session
            .cloudformation
            .describe_events()
            .set_stack_name(change_set.is_none().then(|| stack_arn.to_owned()))
            .set_change_set_name(change_set.map(str::to_owned))
            .filters(EventFilter::builder().failed_events(true).build())
            .set_next_token(token);
        let answer = request.send().await.map_err(|error| failed(&at, error))?;
        for event in answer.operation_events() {
            let Some((status, reason)) = check_of(event) else { continue };
            let of = event.operation_id().unwrap_or_default();
            if operation.get_or_insert_with(|| of.to_owned()) != of {
                continue;
            }
            checks.push(StackEvent {
                id: event.event_id().unwrap_or_default().to_owned(),
                logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
                physical_id: event.physical_resource_id().map(str::to_owned),
                resource_type: event.resource_type().unwrap_or_default().to_owned(),
                status: status.to_owned(),
                reason: Some(reason),
                token: event.client_request_token().map(str::to_owned),
            });
        }
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            // causes are told from the oldest on
            checks.reverse();
            return Ok(checks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_hook(mode: HookFailureMode) -> types::StackEvent {
        types::StackEvent::builder()
            .event_id("1")
            .stack_id("arn")
            .stack_name("demo-storage-sales")
            .timestamp(aws_sdk_cloudformation::primitives::DateTime::from_secs(0))
            .logical_resource_id("DataBucket")
            .resource_type("AWS::S3::Bucket")
            .resource_status(ResourceStatus::CreateInProgress)
            .hook_type("Acme::Security::Encryption")
            .hook_status(HookStatus::HookCompleteFailed)
            .hook_status_reason("the bucket has no key")
            .hook_failure_mode(mode)
            .build()
    }

    #[test]
    fn a_hook_that_stops_a_resource_is_a_failure_of_it_with_the_hooks_words() {
        let event = read_event(&of_hook(HookFailureMode::Fail));
        assert_eq!((event.logical_id.as_str(), event.status.as_str()), ("DataBucket", "HOOK_COMPLETE_FAILED"));
        assert_eq!(event.reason.as_deref(), Some("hook Acme::Security::Encryption: the bucket has no key"));
        let warned = read_event(&of_hook(HookFailureMode::Warn));
        assert_eq!((warned.status.as_str(), warned.reason), ("CREATE_IN_PROGRESS", None), "a warning stops nothing");
    }

    #[test]
    fn checks_and_hooks_that_stop_an_operation_are_told_and_those_that_warn_are_not() {
        let validation = |mode| {
            OperationEvent::builder()
                .event_type(EventType::ValidationError)
                .validation_name("NAME_CONFLICT_VALIDATION")
                .validation_path("/Resources/DataBucket/Properties/BucketName")
                .validation_status_reason("the name is taken")
                .validation_failure_mode(mode)
                .build()
        };
        let hook = |mode| {
            OperationEvent::builder()
                .event_type(EventType::HookInvocationError)
                .hook_type("Acme::Security::Encryption")
                .hook_status_reason("the bucket has no key")
                .hook_failure_mode(mode)
                .build()
        };
        let path = "/Resources/DataBucket/Properties/BucketName";
        let told = format!("the name is taken (NAME_CONFLICT_VALIDATION at {path})");
        assert_eq!(check_of(&validation(HookFailureMode::Fail)), Some(("VALIDATION_FAILED", told)));
        let told = "hook Acme::Security::Encryption: the bucket has no key".to_owned();
        assert_eq!(check_of(&hook(HookFailureMode::Fail)), Some(("HOOK_FAILED", told)));
        assert_eq!(check_of(&validation(HookFailureMode::Warn)), None);
        assert_eq!(check_of(&hook(HookFailureMode::Warn)), None);
        assert_eq!(check_of(&OperationEvent::builder().event_type(EventType::StackEvent).build()), None);
        assert_eq!(check_of(&OperationEvent::builder().build()), None);
    }
}
