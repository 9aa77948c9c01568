//! Calls that failed: what kind of failure, and what to do about it.

/// What kind of refusal or failure an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// Too many calls; the SDK has already tried again.
    Throttled,
    /// The credentials have expired. Never tried again.
    Expired,
    /// The clock of this machine is off, so that no signature holds.
    Skewed,
    /// Not allowed.
    Denied,
    /// There are no credentials to begin with, or AWS does not know them.
    NoCredentials,
    /// The session is one of another account than it should be.
    WrongAccount,
    /// There is no such thing.
    NotFound,
    /// There is nothing to change.
    NoChanges,
    /// There is such a thing already.
    AlreadyExists,
    /// Somebody is working on it.
    InProgress,
    /// A quota is used up; waiting does not help.
    Quota,
    /// No answer.
    Network,
    /// The journal could not be written, so the call was not made.
    Unrecorded,
    /// Anything else; the message tells.
    Other,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service} {operation} in account {account} ({region}) failed: {message}")]
pub struct CloudError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// What the service said.
    pub message: String,
    /// The service, such as `CloudFormation`.
    pub service: &'static str,
    /// The operation, such as `DescribeStacks`.
    pub operation: &'static str,
    /// The account it was meant for.
    pub account: String,
    /// The Region.
    pub region: String,
}

impl CloudError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self.kind {
            ErrorKind::Denied if self.operation == "AssumeRole" => format!(
                "the role is missing in account {}, or does not trust this identity: run `meshform bootstrap`, or compare `deployment` in mesh.yaml with the account",
                self.account
            ),
            ErrorKind::Denied if self.operation == "GetSessionToken" => {
                "each MFA code serves once: take the device's next one; only access keys of the IAM user whose device it is can open \
                 a session by a code, no role and no IAM Identity Center sign-in"
                    .to_owned()
            }
            ErrorKind::Denied => {
                format!(
                    "the role of this session lacks the permission: run `meshform bootstrap` to bring account {} up to date",
                    self.account
                )
            }
            ErrorKind::Expired => "sign in again, and run the same command: it goes on where it stopped".to_owned(),
            ErrorKind::Skewed => "set the clock of this machine: a signature holds for minutes only".to_owned(),
            ErrorKind::NoCredentials => {
                "sign in, or set AWS_PROFILE to a profile that can assume the mesh's roles".to_owned()
            }
            ErrorKind::WrongAccount => "compare the account ids in the environment files with the accounts".to_owned(),
            ErrorKind::Throttled => "run the same command again, with fewer stacks at once".to_owned(),
            ErrorKind::InProgress => "wait for the other operation to end, and run the same command again".to_owned(),
            ErrorKind::Quota => "ask for a higher quota in Service Quotas, or remove what is not needed".to_owned(),
            ErrorKind::Network => {
                "look at the network, and run the same command again: it goes on where it stopped".to_owned()
            }
            ErrorKind::Unrecorded => {
                "make room for the journal, and run the same command again: it goes on where it stopped".to_owned()
            }
            ErrorKind::NotFound | ErrorKind::NoChanges | ErrorKind::AlreadyExists | ErrorKind::Other => {
                return Vec::new();
            }
        };
        vec![hint]
    }

    /// Whether asking again later may help: such an error of a poll never decides the result of a deploy.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self.kind, ErrorKind::Throttled | ErrorKind::Network)
    }
}

/// Tells the kind of an error by the code and the message on the wire. CloudFormation says `ValidationError` for many things, so
/// there the message must tell; only whole phrases are compared. So it is with a clock that is off: S3 has a code of its own (S3 API,
/// "Error responses"), the others say `Signature expired: ..` or `Signature not yet current: ..` (IAM user guide, "Troubleshoot
/// Signature Version 4 signing").
#[must_use]
pub fn classify(code: &str, message: &str) -> ErrorKind {
    match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown"
        | "PriorRequestNotComplete" => ErrorKind::Throttled,
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => ErrorKind::Expired,
        "RequestTimeTooSkewed" | "RequestInTheFuture" => ErrorKind::Skewed,
        "SignatureDoesNotMatch" | "InvalidSignatureException"
            if message.starts_with("Signature expired") || message.starts_with("Signature not yet current") =>
        {
            ErrorKind::Skewed
        }
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken" => ErrorKind::NoCredentials,
        "AccessDenied" | "AccessDeniedException" | "OptInRequired" | "Forbidden" => ErrorKind::Denied,
        "EntityNotFoundException"
        | "ChangeSetNotFound"
        | "ChangeSetNotFoundException"
        | "OperationNotFoundException"
        | "StackSetNotFoundException"
        | "NoSuchBucket"
        | "NoSuchKey"
        | "NotFound" => ErrorKind::NotFound,
        "AlreadyExistsException"
        | "NameAlreadyExistsException"
        | "OperationIdAlreadyExistsException"
        | "TokenAlreadyExistsException" => ErrorKind::AlreadyExists,
        "LimitExceededException" => ErrorKind::Quota,
        "InvalidChangeSetStatus" | "InvalidChangeSetStatusException" | "OperationInProgressException" => {
            ErrorKind::InProgress
        }
        "RequestTimeout" | "RequestTimeoutException" | "InternalFailure" | "ServiceUnavailable" | "InternalError" => {
            ErrorKind::Network
        }
        "ValidationError" if message.ends_with("does not exist") => ErrorKind::NotFound,
        "ValidationError" if message.starts_with("No updates are to be performed.") => ErrorKind::NoChanges,
        "ValidationError" if message.contains("_IN_PROGRESS state and can not be updated") => ErrorKind::InProgress,
        _ => ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_messages_tell_the_kind() {
        let table = [
            ("Throttling", "Rate exceeded", ErrorKind::Throttled),
            ("ExpiredToken", "The security token included in the request is expired", ErrorKind::Expired),
            ("AccessDenied", "User: x is not authorized to perform: sts:AssumeRole", ErrorKind::Denied),
            ("ValidationError", "Stack with id demo-storage does not exist", ErrorKind::NotFound),
            ("ValidationError", "No updates are to be performed.", ErrorKind::NoChanges),
            (
                "ValidationError",
                "Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.",
                ErrorKind::InProgress,
            ),
            ("ValidationError", "Stack:arn is in ROLLBACK_COMPLETE state and can not be updated.", ErrorKind::Other),
            (
                "ValidationError",
                "Template format error: a bucket does not exist in section Resources",
                ErrorKind::Other,
            ),
            ("LimitExceededException", "stack count", ErrorKind::Quota),
            ("RequestTimeTooSkewed", "The difference between the request time and", ErrorKind::Skewed),
            ("SignatureDoesNotMatch", "Signature expired: 20150830T123600Z is now earlier than", ErrorKind::Skewed),
            ("InvalidSignatureException", "Signature not yet current: 20350830T123600Z is", ErrorKind::Skewed),
            ("SignatureDoesNotMatch", "The request signature we calculated does not", ErrorKind::NoCredentials),
            ("Novelty", "?", ErrorKind::Other),
        ];
        for (code, message, kind) in table {
            assert_eq!(classify(code, message), kind, "{code}: {message}");
        }
    }

    #[test]
    fn an_account_without_bootstrap_is_told_so() {
        let error = CloudError {
            kind: ErrorKind::Denied,
            message: "not authorized".to_owned(),
            service: "STS",
            operation: "AssumeRole",
            account: "222222222222".to_owned(),
            region: "eu-west-1".to_owned(),
        };
        assert_eq!(error.to_string(), "STS AssumeRole in account 222222222222 (eu-west-1) failed: not authorized");
        assert!(error.hints()[0].contains("meshform bootstrap"), "{:?}", error.hints());
    }
}
