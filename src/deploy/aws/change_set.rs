//! Looking at a change set, whole: every page, and without the values of properties, since CloudFormation leaves a resource out
//! whose values it cannot show (aws-cdk-cli #1780).

use crate::deploy::change_set::{ChangeSetHandle, ChangeSetState, ChangeSetView};
use crate::deploy::cloud::{CloudError, Scope};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use crate::plan::diff::{ChangeSetAction, ChangeSetReplacement, ChangeSetResource, RequiresRecreation};
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    ChangeAction, ChangeSetStatus, ExecutionStatus, Parameter, Replacement, RequiresRecreation as Recreation,
    ResourceChange,
};

/// Describes a change set. The stack is named beside the change set, since policies allow these calls on stacks (service
/// authorization reference, AWS CloudFormation).
pub(super) async fn describe_change_set(
    session: &Session,
    scope: &Scope,
    change_set: &ChangeSetHandle,
) -> Result<ChangeSetView, CloudError> {
    let at = At::new("CloudFormation", "DescribeChangeSet", scope);
    let call = session.cloudformation.describe_change_set();
    let call = call.stack_name(&change_set.stack_arn).change_set_name(&change_set.arn);
    let page = |token: Option<String>| {
        let (call, at) = (call.clone().set_next_token(token), &at);
        async move { call.send().await.map_err(|error| failed(at, error)) }
    };
    followed(&at, page).await
}

/// A change set by all of its pages.
async fn followed<F: Future<Output = Result<DescribeChangeSetOutput, CloudError>>>(
    at: &At<'_>,
    page: impl Fn(Option<String>) -> F,
) -> Result<ChangeSetView, CloudError> {
    let mut resources = Vec::new();
    let mut token = None;
    loop {
        let answer = page(token).await?;
        resources.extend(answer.changes().iter().filter_map(|change| change.resource_change()).map(resource));
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(ChangeSetView {
                handle: ChangeSetHandle {
                    arn: answer.change_set_id().ok_or_else(|| at.incomplete("ChangeSetId"))?.to_owned(),
                    stack_arn: answer.stack_id().ok_or_else(|| at.incomplete("StackId"))?.to_owned(),
                },
                name: answer.change_set_name().unwrap_or_default().to_owned(),
                state: state(answer.status(), answer.execution_status()),
                reason: answer.status_reason().map(str::to_owned),
                parameters: answer.parameters().iter().filter_map(parameter).collect(),
                resources,
            });
        }
    }
}

fn parameter(parameter: &Parameter) -> Option<(String, Option<String>)> {
    let name = parameter.parameter_key()?.to_owned();
    match parameter.parameter_value() {
        None if parameter.use_previous_value() == Some(true) => Some((name, None)),
        value => Some((name, Some(value.unwrap_or_default().to_owned()))),
    }
}

fn resource(change: &ResourceChange) -> ChangeSetResource {
    let mut scope: Vec<String> = change.scope().iter().map(|scope| scope.as_str().to_owned()).collect();
    scope.sort();
    let details = change.details().iter().filter_map(|detail| detail.target()).filter_map(|target| {
        let recreation = match target.requires_recreation() {
            Some(Recreation::Always) => RequiresRecreation::Always,
            Some(Recreation::Never) | None => RequiresRecreation::Never,
            // a word that the SDK does not know may be any
            Some(_) => RequiresRecreation::Conditionally,
        };
        Some((target.name()?.to_owned(), recreation))
    });
    let mut details: Vec<_> = details.collect();
    details.sort_by(|(one, _), (other, _)| one.cmp(other));
    details.dedup();
    ChangeSetResource {
        logical_id: change.logical_resource_id().unwrap_or_default().to_owned(),
        resource_type: change.resource_type().unwrap_or_default().to_owned(),
        action: match change.action() {
            Some(ChangeAction::Add) => ChangeSetAction::Add,
            Some(ChangeAction::Modify) => ChangeSetAction::Modify,
            Some(ChangeAction::Remove) => ChangeSetAction::Remove,
            Some(ChangeAction::Import) => ChangeSetAction::Import,
            // what this version does not know cannot be told to be harmless
            Some(_) | None => ChangeSetAction::Dynamic,
        },
        replacement: change.replacement().map(|replacement| match replacement {
            Replacement::True => ChangeSetReplacement::True,
            Replacement::False => ChangeSetReplacement::False,
            _ => ChangeSetReplacement::Conditional,
        }),
        scope,
        details,
        policy_action: change.policy_action().map(|action| action.as_str().to_owned()),
    }
}

/// Executable only when it is complete *and* available.
fn state(status: Option<&ChangeSetStatus>, execution: Option<&ExecutionStatus>) -> ChangeSetState {
    match (status, execution) {
        (Some(ChangeSetStatus::Failed), _) => ChangeSetState::Failed,
        (Some(ChangeSetStatus::CreateComplete), Some(ExecutionStatus::Available)) => ChangeSetState::Ready,
        (
            Some(ChangeSetStatus::CreateComplete),
            Some(
                ExecutionStatus::ExecuteComplete
                | ExecutionStatus::ExecuteInProgress
                | ExecutionStatus::ExecuteFailed
                | ExecutionStatus::Obsolete,
            ),
        )
        | (
            Some(
                ChangeSetStatus::DeleteComplete
                | ChangeSetStatus::DeleteFailed
                | ChangeSetStatus::DeleteInProgress
                | ChangeSetStatus::DeletePending,
            ),
            _,
        ) => ChangeSetState::Spent,
        // pending, in progress, or a word that the SDK does not know: looked at again
        _ => ChangeSetState::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::cloud::Access;
    use crate::mesh::{AccountId, Region};
    use aws_sdk_cloudformation::types::{Change, ResourceChangeDetail, ResourceTargetDefinition};

    fn change(id: &str) -> Change {
        let target = ResourceTargetDefinition::builder().name("Name").requires_recreation(Recreation::Always).build();
        let change = ResourceChange::builder()
            .logical_resource_id(id)
            .resource_type("AWS::SNS::Topic")
            .action(ChangeAction::Modify)
            .replacement(Replacement::True)
            .details(ResourceChangeDetail::builder().target(target).build());
        Change::builder().resource_change(change.build()).build()
    }

    #[tokio::test]
    async fn every_page_is_followed() {
        let scope = Scope {
            account: AccountId::parse("222222222222").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            access: Access::Plan,
        };
        let page = async |token: Option<String>| {
            let answer = DescribeChangeSetOutput::builder()
                .change_set_id("arn:change-set")
                .stack_id("arn:stack")
                .status(ChangeSetStatus::CreateComplete)
                .execution_status(ExecutionStatus::Available);
            Ok(match token.as_deref() {
                None => answer.changes(change("First")).next_token("more").build(),
                Some("more") => answer.changes(change("Second")).build(),
                Some(other) => panic!("{other}"),
            })
        };
        let view = followed(&At::new("CloudFormation", "DescribeChangeSet", &scope), page).await.unwrap();
        let names: Vec<_> = view.resources.iter().map(|resource| resource.logical_id.as_str()).collect();
        assert_eq!(names, ["First", "Second"]);
        assert_eq!(view.state, ChangeSetState::Ready);
        assert_eq!(view.resources[1].replacement, Some(ChangeSetReplacement::True));
        assert_eq!(view.resources[1].details, [("Name".to_owned(), RequiresRecreation::Always)]);
    }

    #[test]
    fn a_change_set_is_ready_only_when_complete_and_available() {
        let ready = state(Some(&ChangeSetStatus::CreateComplete), Some(&ExecutionStatus::Available));
        assert_eq!(ready, ChangeSetState::Ready);
        let table = [
            ("CREATE_PENDING", "UNAVAILABLE", ChangeSetState::Pending),
            ("CREATE_IN_PROGRESS", "UNAVAILABLE", ChangeSetState::Pending),
            ("CREATE_COMPLETE", "UNAVAILABLE", ChangeSetState::Pending),
            ("CREATE_COMPLETE", "OBSOLETE", ChangeSetState::Spent),
            ("CREATE_COMPLETE", "EXECUTE_COMPLETE", ChangeSetState::Spent),
            ("FAILED", "UNAVAILABLE", ChangeSetState::Failed),
            ("DELETE_COMPLETE", "UNAVAILABLE", ChangeSetState::Spent),
        ];
        for (status, execution, expected) in table {
            let found = state(Some(&ChangeSetStatus::from(status)), Some(&ExecutionStatus::from(execution)));
            assert_eq!(found, expected, "{status} {execution}");
        }
    }
}
