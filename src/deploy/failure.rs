//! From the SDK's errors to ours.

use super::cloud::{CloudError, ErrorKind, Scope, classify};
use super::mfa::Refusal;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_cloudformation::config::interceptors::InterceptorContext;
use aws_sdk_cloudformation::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_cloudformation::operation::create_change_set::CreateChangeSetError;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use std::error::Error;
use std::fmt::Debug;

/// Which call, and where.
pub(super) struct At<'a> {
    service: &'static str,
    operation: &'static str,
    scope: &'a Scope,
}

impl<'a> At<'a> {
    pub(super) const fn new(service: &'static str, operation: &'static str, scope: &'a Scope) -> Self {
        Self { service, operation, scope }
    }

    pub(super) fn error(&self, kind: ErrorKind, message: String) -> CloudError {
        CloudError {
            kind,
            message,
            service: self.service,
            operation: self.operation,
            account: self.scope.account.to_string(),
            region: self.scope.region.to_string(),
        }
    }

    /// An answer that lacks what it must have.
    pub(super) fn incomplete(&self, what: &str) -> CloudError {
        self.error(ErrorKind::Other, format!("the answer has no {what}"))
    }
}

/// What an error of the SDK means.
pub(super) fn failed<E, R>(at: &At<'_>, error: SdkError<E, R>) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    if let Some(service) = error.as_service_error() {
        return answered(at, service.code(), service.message(), &error);
    }
    // a role that cannot be assumed arrives inside the call that wanted its credentials; the innermost is the cause
    let mut assumed: Option<CloudError> = None;
    let mut missing = false;
    let mut refused: Option<&Refusal> = None;
    for source in sources(&error) {
        if let Some(role) = source.downcast_ref::<AssumeRoleError>() {
            assumed = Some(answered(&At::new("STS", "AssumeRole", at.scope), role.code(), role.message(), &error));
        }
        refused = refused.or(source.downcast_ref::<Refusal>());
        missing |= matches!(source.downcast_ref::<CredentialsError>(), Some(CredentialsError::CredentialsNotLoaded(_)));
    }
    if let Some(Refusal { code, message }) = refused {
        return At::new("STS", "GetSessionToken", at.scope).error(classify(code, message), message.clone());
    }
    if let Some(assumed) = assumed {
        return assumed;
    }
    let kind = match &error {
        _ if missing => ErrorKind::NoCredentials,
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => ErrorKind::Network,
        SdkError::ConstructionFailure(_) | SdkError::ServiceError(_) => ErrorKind::Other,
        // the SDK's enum is open
        _ => ErrorKind::Other,
    };
    at.error(kind, chain(&error))
}

fn answered(at: &At<'_>, code: Option<&str>, message: Option<&str>, error: &(dyn Error + 'static)) -> CloudError {
    let code = code.unwrap_or_default();
    let text = message.unwrap_or_default();
    let shown = match (code, text) {
        ("", "") => chain(error),
        ("", text) => text.to_owned(),
        (code, "") => code.to_owned(),
        (code, text) => format!("{text} ({code})"),
    };
    at.error(classify(code, text), shown)
}

/// An error and all its causes, outermost first.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut all = vec![error];
    let mut last = error;
    while let Some(source) = last.source() {
        all.push(source);
        last = source;
    }
    all
}

/// An error and all its causes in one line, each once.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut lines: Vec<String> = Vec::new();
    for cause in sources(error) {
        let line = cause.to_string();
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    lines.join(": ")
}

/// `LimitExceededException` of CreateChangeSet is a quota, which no waiting cures; the SDK takes the name for throttling and
/// would try again (aws-runtime, THROTTLING_ERRORS).
#[derive(Debug)]
pub(super) struct QuotaIsNoThrottling;

impl ClassifyRetry for QuotaIsNoThrottling {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let error = context.output_or_error().and_then(Result::err);
        let error = error.and_then(|error| error.as_operation_error());
        match error.and_then(|error| error.downcast_ref::<CreateChangeSetError>()) {
            Some(error) if error.is_limit_exceeded_exception() => RetryAction::RetryForbidden,
            Some(_) | None => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "quota is no throttling"
    }
}
