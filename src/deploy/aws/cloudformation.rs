//! CloudFormation's operations. Every list is followed to its last page.

use crate::assembly::{EarlyValidation, OnDrift, Operation, OperationMode};
use crate::deploy::cloud::{
    ChangeKind, ChangeSetHandle, ChangeSetRequest, CloudError, ErrorKind, Scope, StackView, TemplateSource,
};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use crate::plan::{Protection, StackStatus};
use aws_sdk_cloudformation::operation::create_change_set::builders::CreateChangeSetFluentBuilder;
use aws_sdk_cloudformation::types::{
    Capability, ChangeSetType, DeploymentConfig, DeploymentConfigMode, DeploymentMode, Parameter, Tag, TemplateStage,
};
use std::collections::BTreeSet;

const SERVICE: &str = "CloudFormation";

pub(super) async fn describe_stack(
    session: &Session,
    scope: &Scope,
    name: &str,
) -> Result<Option<StackView>, CloudError> {
    let at = At::new(SERVICE, "DescribeStacks", scope);
    let answer = match session.cloudformation.describe_stacks().stack_name(name).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let error = failed(&at, error);
            return if error.kind == ErrorKind::NotFound { Ok(None) } else { Err(error) };
        }
    };
    let Some(stack) = answer.stacks().first() else { return Ok(None) };
    let parameters = stack.parameters().iter().filter_map(|parameter| {
        // a parameter that names an SSM parameter is compared by that name, not by what it resolves to
        Some((parameter.parameter_key()?.to_owned(), parameter.parameter_value().unwrap_or_default().to_owned()))
    });
    let outputs = stack.outputs().iter().filter_map(|output| {
        Some((output.output_key()?.to_owned(), output.output_value().unwrap_or_default().to_owned()))
    });
    Ok(Some(StackView {
        arn: stack.stack_id().ok_or_else(|| at.incomplete("StackId"))?.to_owned(),
        status: StackStatus::from(stack.stack_status().ok_or_else(|| at.incomplete("StackStatus"))?.as_str()),
        reason: stack.stack_status_reason().map(str::to_owned),
        parameters: parameters.collect(),
        outputs: outputs.collect(),
        role_arn: stack.role_arn().map(str::to_owned),
        termination_protection: match stack.enable_termination_protection() {
            Some(true) => Protection::On,
            Some(false) | None => Protection::Off,
        },
    }))
}

/// The template of a stack, or of a change set of it: then that of the change set (API reference, `GetTemplate`).
pub(super) async fn get_template(
    session: &Session,
    scope: &Scope,
    name: &str,
    change_set: Option<&str>,
) -> Result<String, CloudError> {
    let at = At::new(SERVICE, "GetTemplate", scope);
    let request = session
        .cloudformation
        .get_template()
        .stack_name(name)
        .set_change_set_name(change_set.map(str::to_owned))
        .template_stage(TemplateStage::Original);
    let answer = request.send().await.map_err(|error| failed(&at, error))?;
    answer.template_body().map(str::to_owned).ok_or_else(|| at.incomplete("TemplateBody"))
}

pub(super) async fn create_change_set(
    session: &Session,
    scope: &Scope,
    request: &ChangeSetRequest,
    role_arn: Option<String>,
) -> Result<ChangeSetHandle, CloudError> {
    let at = At::new(SERVICE, "CreateChangeSet", scope);
    let parameters = request
        .parameters
        .iter()
        .map(|(name, value)| Parameter::builder().parameter_key(name).parameter_value(value).build());
    let previous = request.previous.iter();
    let previous = previous.map(|name| Parameter::builder().parameter_key(name).use_previous_value(true).build());
    let call = session
        .cloudformation
        .create_change_set()
        .stack_name(&request.stack)
        .change_set_name(&request.name)
        .change_set_type(match request.kind {
            ChangeKind::Create => ChangeSetType::Create,
            ChangeKind::Update => ChangeSetType::Update,
        })
        .set_parameters(Some(parameters.chain(previous).collect()))
        .set_capabilities(Some(request.capabilities.iter().map(|name| Capability::from(name.as_str())).collect()))
        .set_role_arn(role_arn)
        .client_token(&request.token);
    let tags = request.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
    let call = call.set_tags((!request.tags.is_empty()).then(|| tags.collect()));
    let call = operated(call, request);
    let call = match &request.template {
        TemplateSource::Inline(text) => call.template_body(&**text),
        TemplateSource::Staged { bucket, key } => call.template_url(template_url(session, scope, bucket, key)),
    };
    let answer = call.send().await.map_err(|error| failed(&at, error))?;
    Ok(ChangeSetHandle {
        arn: answer.id().ok_or_else(|| at.incomplete("Id"))?.to_owned(),
        stack_arn: answer.stack_id().ok_or_else(|| at.incomplete("StackId"))?.to_owned(),
    })
}

/// What the mesh's file asks of CloudFormation, where it asks for anything but its defaults.
fn operated(call: CreateChangeSetFluentBuilder, request: &ChangeSetRequest) -> CreateChangeSetFluentBuilder {
    let Operation { notification_topics, early_validation, mode, drift, .. } = &request.operation;
    let topics: Vec<String> = notification_topics.iter().cloned().collect();
    let call = call.set_notification_arns((!topics.is_empty()).then_some(topics));
    let call = match early_validation {
        EarlyValidation::On => call,
        EarlyValidation::Off => call.disable_validation(true),
    };
    let call = match mode {
        OperationMode::Standard => call,
        // rollback is off by default there (API reference, DeploymentConfig), and every table here counts on it
        OperationMode::Express => call.deployment_config(
            DeploymentConfig::builder().mode(DeploymentConfigMode::Express).disable_rollback(false).build(),
        ),
    };
    match (drift, request.kind) {
        (OnDrift::Revert, ChangeKind::Update) => call.deployment_mode(DeploymentMode::RevertDrift),
        (OnDrift::Keep, _) | (OnDrift::Revert, ChangeKind::Create) => call,
    }
}

/// Path style: CloudFormation takes it, and it needs no certificate for a bucket's own name.
fn template_url(session: &Session, scope: &Scope, bucket: &str, key: &str) -> String {
    match &session.endpoint {
        Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
        None => format!("https://s3.{}.{}/{bucket}/{key}", scope.region, dns_suffix(scope.region.partition())),
    }
}

/// Where a partition's endpoints end (AWS General Reference, service endpoints).
fn dns_suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    }
}

pub(super) async fn list_stacks(session: &Session, scope: &Scope, prefix: &str) -> Result<Vec<String>, CloudError> {
    let at = At::new(SERVICE, "ListStacks", scope);
    let mut names = Vec::new();
    let mut token = None;
    loop {
        let request = session.cloudformation.list_stacks().set_next_token(token);
        let answer = request.send().await.map_err(|error| failed(&at, error))?;
        // deleted stacks are listed for ninety days (ListStacks)
        let standing = answer
            .stack_summaries()
            .iter()
            .filter(|summary| summary.stack_status().map(AsRef::as_ref) != Some("DELETE_COMPLETE"))
            .filter_map(|summary| summary.stack_name());
        names.extend(standing.filter(|name| name.starts_with(prefix)).map(str::to_owned));
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(names);
        }
    }
}

pub(super) async fn list_change_sets(session: &Session, scope: &Scope, name: &str) -> Result<Vec<String>, CloudError> {
    let at = At::new(SERVICE, "ListChangeSets", scope);
    let mut names = Vec::new();
    let mut token = None;
    loop {
        let request = session.cloudformation.list_change_sets().stack_name(name).set_next_token(token);
        let answer = request.send().await.map_err(|error| failed(&at, error))?;
        names.extend(answer.summaries().iter().filter_map(|summary| summary.change_set_name().map(str::to_owned)));
        token = answer.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(names);
        }
    }
}

/// Executes a change set. The stack is named beside its ARN, since policies allow these calls on stacks (service authorization
/// reference, AWS CloudFormation).
pub(super) async fn execute_change_set(
    session: &Session,
    scope: &Scope,
    change_set: &ChangeSetHandle,
    token: &str,
) -> Result<(), CloudError> {
    let at = At::new(SERVICE, "ExecuteChangeSet", scope);
    let request = session
        .cloudformation
        .execute_change_set()
        // what a failed first creation made holds nothing yet; kept, its fixed names would block every later creation
        .retain_except_on_create(true)
        .stack_name(&change_set.stack_arn)
        .change_set_name(&change_set.arn)
        .client_request_token(token);
    request.send().await.map(|_| ()).map_err(|error| failed(&at, error))
}

pub(super) async fn delete_change_set(
    session: &Session,
    scope: &Scope,
    change_set: &ChangeSetHandle,
) -> Result<(), CloudError> {
    let at = At::new(SERVICE, "DeleteChangeSet", scope);
    match session
        .cloudformation
        .delete_change_set()
        .stack_name(&change_set.stack_arn)
        .change_set_name(&change_set.arn)
        .send()
        .await
    {
        Ok(_) => Ok(()),
        Err(error) => {
            let error = failed(&at, error);
            if error.kind == ErrorKind::NotFound { Ok(()) } else { Err(error) }
        }
    }
}

pub(super) async fn delete_stack(
    session: &Session,
    scope: &Scope,
    stack_arn: &str,
    retain: &BTreeSet<String>,
    token: &str,
    role_arn: Option<String>,
) -> Result<(), CloudError> {
    let at = At::new(SERVICE, "DeleteStack", scope);
    let request =
        session.cloudformation.delete_stack().stack_name(stack_arn).client_request_token(token).set_role_arn(role_arn);
    let retained = (!retain.is_empty()).then(|| retain.iter().cloned().collect());
    let request = request.set_retain_resources(retained);
    request.send().await.map(|_| ()).map_err(|error| failed(&at, error))
}
