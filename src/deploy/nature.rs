//! Whether going again may help a stack that failed: told by the words of its causes, never by chance.

use super::cloud::{CloudError, ErrorKind};
use super::outcome::Cause;
use crate::plan::StackStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether going again may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// Nobody knows that it would: a person has to look.
    #[default]
    Lasting,
    /// It may: a service was busy or broken, or the network was.
    Passing,
    /// It may, with fewer grants at once: Lake Formation refused what overlapped with another change.
    Overlapping,
    /// Not before somebody has signed in again, whatever the stack is: nothing new starts.
    SignedOut,
}

/// What Lake Formation says of grants that overlap (coverage-roadmap #2432, aws-cdk #36215).
const OVERLAP: &str = "ConcurrentModificationException";

/// The retriable error codes of handlers, as they stand in the reason of a failed resource (CloudFormation CLI user guide, "Resource
/// type handler error codes"; `ServiceLimitExceeded` is terminal there).
const RETRIABLE: [&str; 4] = ["Throttling", "ServiceInternalError", "NetworkFailure", "ResourceConflict"];

/// The nature of a stack's failure. It has passed only when the rollback is complete, so that the stack can be tried again, and when
/// every one of its causes is of that kind: of two failures one lasting is enough.
pub(super) fn of_causes<'a>(status: &StackStatus, causes: impl IntoIterator<Item = &'a Cause>) -> Nature {
    if ![StackStatus::RollbackComplete, StackStatus::UpdateRollbackComplete].contains(status) {
        return Nature::Lasting;
    }
    let mut found = Nature::Lasting;
    for cause in causes {
        match (of_reason(&cause.reason), found) {
            (Nature::Lasting | Nature::SignedOut, _) => return Nature::Lasting,
            (Nature::Overlapping, _) => found = Nature::Overlapping,
            (Nature::Passing, Nature::Overlapping) => {}
            (Nature::Passing, _) => found = Nature::Passing,
        }
    }
    found
}

fn of_reason(reason: &str) -> Nature {
    if reason.contains(OVERLAP) {
        return Nature::Overlapping;
    }
    let code = reason.rsplit_once("HandlerErrorCode: ").map(|(_, rest)| rest);
    let code = code.map(|rest| rest.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default());
    if code.is_some_and(|code| RETRIABLE.contains(&code)) { Nature::Passing } else { Nature::Lasting }
}

/// The nature of a call that failed, after all that the SDK tries again by itself.
pub(super) const fn of_call(error: &CloudError) -> Nature {
    match error.kind {
        ErrorKind::Throttled | ErrorKind::Network => Nature::Passing,
        ErrorKind::Expired | ErrorKind::NoCredentials => Nature::SignedOut,
        ErrorKind::Denied
        | ErrorKind::WrongAccount
        | ErrorKind::NotFound
        | ErrorKind::NoChanges
        | ErrorKind::AlreadyExists
        | ErrorKind::InProgress
        | ErrorKind::Quota
        | ErrorKind::Skewed
        | ErrorKind::Unrecorded
        | ErrorKind::Other => Nature::Lasting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nature(status: StackStatus, reasons: &[&str]) -> Nature {
        let cause = |reason: &&str| Cause {
            origin: None,
            logical_id: "Grant".to_owned(),
            resource_type: "AWS::LakeFormation::PrincipalPermissions".to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: (*reason).to_owned(),
        };
        let causes: Vec<Cause> = reasons.iter().map(cause).collect();
        of_causes(&status, &causes)
    }

    const OVERLAPPED: &str = "Resource handler returned message: \"Concurrent modification (Service: LakeFormation, Status Code: 400, \
        Request ID: 1) ConcurrentModificationException\" (RequestToken: 2, HandlerErrorCode: InternalFailure)";
    const BUSY: &str =
        "Resource handler returned message: \"Rate exceeded\" (RequestToken: 1, HandlerErrorCode: Throttling)";

    #[test]
    fn only_whole_words_and_complete_rollbacks_pass() {
        let rolled = || StackStatus::UpdateRollbackComplete;
        assert_eq!(nature(rolled(), &[OVERLAPPED]), Nature::Overlapping);
        assert_eq!(nature(rolled(), &[BUSY]), Nature::Passing);
        assert_eq!(nature(rolled(), &[BUSY, OVERLAPPED]), Nature::Overlapping);
        assert_eq!(nature(StackStatus::RollbackComplete, &[BUSY]), Nature::Passing);
        assert_eq!(nature(rolled(), &[BUSY, "Bucket exists"]), Nature::Lasting, "one lasting cause is enough");
        assert_eq!(nature(rolled(), &[]), Nature::Lasting, "nobody knows why");
        assert_eq!(nature(StackStatus::UpdateRollbackFailed, &[BUSY]), Nature::Lasting, "nothing can be tried there");
        for lasting in [
            "the topic Throttling exists",
            "x (HandlerErrorCode: ServiceLimitExceeded)",
            "x (HandlerErrorCode: ThrottlingOfAnotherKind)",
            "HandlerErrorCode: ",
            "",
        ] {
            assert_eq!(nature(rolled(), &[lasting]), Nature::Lasting, "{lasting}");
        }
    }
}
