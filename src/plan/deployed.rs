//! What stands in the accounts: data that an observation brings home, without a word about how it was fetched.

use crate::assembly::StackId;
use crate::mesh::AccountId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What stands, by stack. A stack that was not looked at is not in the map; one that was looked for and is not there is
/// [`Observed::Absent`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deployed {
    /// Each stack that was looked at.
    pub stacks: BTreeMap<StackId, Observed>,
    /// Stacks of the mesh that stand in an account and that the assembly does not have: what they grant stays.
    pub strays: BTreeMap<AccountId, BTreeSet<String>>,
}

/// One stack as it was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// The account answered, and there is no such stack. Never used for "not allowed to look".
    Absent,
    /// There is one.
    Present(Box<Standing>),
}

/// A stack that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its ARN, which names this very stack even after it was deleted and made anew under the same name.
    pub stack_arn: String,
    /// Its status.
    pub status: StackStatus,
    /// The template as it was given, parsed; `None` when it has none (a shell) or it could not be read as JSON.
    pub template: Option<serde_json::Value>,
    /// Its parameters. CloudFormation answers `****` for one with NoEcho.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// The role that CloudFormation works as on this stack.
    pub role_arn: Option<String>,
    /// Whether a delete is refused.
    pub termination_protection: Protection,
    /// Its stack policy as it was given; looked up only where stacks are to have one and this one holds data.
    pub stack_policy: Option<String>,
    /// The resources that would not go with it, the root cause first; looked up only while the status is `DELETE_FAILED`.
    pub stubborn: Vec<Stubborn>,
    /// Names of its change sets; looked up only while the status is `REVIEW_IN_PROGRESS`.
    pub change_sets: Vec<String>,
}

impl Standing {
    /// The parameters as they may be shown and hashed: what any template declares with NoEcho is masked, whoever answered it.
    #[must_use]
    pub fn shown_parameters(&self) -> BTreeMap<String, String> {
        let hidden = |name: &str| self.template.as_ref().is_some_and(|template| is_secret(template, name));
        let shown = |(name, value): (&String, &String)| {
            (name.clone(), if hidden(name) { MASKED.to_owned() } else { value.clone() })
        };
        self.parameters.iter().map(shown).collect()
    }
}

/// Whether a template declares a parameter with NoEcho, as a boolean or as text.
pub(super) fn is_secret(template: &serde_json::Value, parameter: &str) -> bool {
    let declared = &template["Parameters"][parameter]["NoEcho"];
    declared.as_bool() == Some(true) || declared.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

/// A resource that would not go with its stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stubborn {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Why, as CloudFormation tells it.
    pub reason: String,
}

/// Termination protection of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protection {
    /// A delete is accepted.
    #[default]
    Off,
    /// A delete is refused until it is switched off.
    On,
}

/// What CloudFormation answers for the value of a parameter with NoEcho (CloudFormation user guide, Parameters).
pub const MASKED: &str = "****";

macro_rules! statuses {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        /// Every stack status that CloudFormation has (API reference, `Stack`), and a place for one that it may get.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum StackStatus {
            $($(#[doc = $doc])+ $name,)+
            /// A status that this version does not know, as CloudFormation wrote it.
            Unknown(String),
        }

        impl StackStatus {
            /// Every known status.
            pub const KNOWN: &[Self] = &[$(Self::$name),+];

            /// The status as CloudFormation writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for StackStatus {
            /// Never fails: what is not known is kept as [`StackStatus::Unknown`].
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$name,)+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }
    };
}

statuses! {
    /// Only a change set exists, no resource.
    ReviewInProgress = "REVIEW_IN_PROGRESS";
    /// Being made.
    CreateInProgress = "CREATE_IN_PROGRESS";
    /// The first creation failed and was not rolled back.
    CreateFailed = "CREATE_FAILED";
    /// Made.
    CreateComplete = "CREATE_COMPLETE";
    /// The first creation failed and is being taken back.
    RollbackInProgress = "ROLLBACK_IN_PROGRESS";
    /// Taking back a first creation failed; resources remain.
    RollbackFailed = "ROLLBACK_FAILED";
    /// The first creation failed and was taken back; such a stack can only be deleted.
    RollbackComplete = "ROLLBACK_COMPLETE";
    /// Being deleted.
    DeleteInProgress = "DELETE_IN_PROGRESS";
    /// A delete stopped half-way.
    DeleteFailed = "DELETE_FAILED";
    /// Deleted; seen only by ARN.
    DeleteComplete = "DELETE_COMPLETE";
    /// Being changed.
    UpdateInProgress = "UPDATE_IN_PROGRESS";
    /// Changed; what was replaced is being removed.
    UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS";
    /// Changed.
    UpdateComplete = "UPDATE_COMPLETE";
    /// A change failed and was not rolled back.
    UpdateFailed = "UPDATE_FAILED";
    /// A change failed and is being taken back.
    UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS";
    /// Taking a change back failed: neither the old state nor the new.
    UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED";
    /// A change was taken back; what it had made is being removed.
    UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS";
    /// A change was taken back; the old state holds.
    UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE";
    /// Resources are being imported.
    ImportInProgress = "IMPORT_IN_PROGRESS";
    /// Resources were imported.
    ImportComplete = "IMPORT_COMPLETE";
    /// An import is being taken back.
    ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS";
    /// Taking an import back failed.
    ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED";
    /// An import was taken back; the state before it holds.
    ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE";
}

/// What a status says about an operation on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Something is going on; another status will follow.
    Going,
    /// Nothing is going on, and the last operation did what was asked.
    Succeeded,
    /// Nothing is going on, and the last operation did not do what was asked.
    Failed,
    /// The stack is gone.
    Gone,
}

impl StackStatus {
    /// What the status says about the operation that was started last. An exact table: `UPDATE_ROLLBACK_COMPLETE` ends in
    /// `COMPLETE` and is a failure.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::ReviewInProgress
            | Self::CreateInProgress
            | Self::RollbackInProgress
            | Self::DeleteInProgress
            | Self::UpdateInProgress
            | Self::UpdateCompleteCleanupInProgress
            | Self::UpdateRollbackInProgress
            | Self::UpdateRollbackCompleteCleanupInProgress
            | Self::ImportInProgress
            | Self::ImportRollbackInProgress => Phase::Going,
            Self::CreateComplete | Self::UpdateComplete | Self::ImportComplete => Phase::Succeeded,
            Self::CreateFailed
            | Self::RollbackFailed
            | Self::RollbackComplete
            | Self::DeleteFailed
            | Self::UpdateFailed
            | Self::UpdateRollbackFailed
            | Self::UpdateRollbackComplete
            | Self::ImportRollbackFailed
            | Self::ImportRollbackComplete => Phase::Failed,
            Self::DeleteComplete => Phase::Gone,
            Self::Unknown(text) if text.ends_with("_IN_PROGRESS") => Phase::Going,
            Self::Unknown(_) => Phase::Failed,
        }
    }
}

impl fmt::Display for StackStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl From<String> for StackStatus {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<StackStatus> for String {
    fn from(status: StackStatus) -> Self {
        status.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_read_back_as_it_is_written() {
        assert_eq!(StackStatus::KNOWN.len(), 23);
        for status in StackStatus::KNOWN {
            assert_eq!(&StackStatus::from(status.as_str()), status);
        }
        assert_eq!(StackStatus::from("PAINT_COMPLETE"), StackStatus::Unknown("PAINT_COMPLETE".to_owned()));
    }

    #[test]
    fn only_three_statuses_are_a_success() {
        let succeeded: Vec<_> = StackStatus::KNOWN.iter().filter(|status| status.phase() == Phase::Succeeded).collect();
        assert_eq!(
            succeeded,
            [&StackStatus::CreateComplete, &StackStatus::UpdateComplete, &StackStatus::ImportComplete]
        );
        for status in StackStatus::KNOWN {
            assert_eq!(status.phase() == Phase::Going, status.as_str().ends_with("_IN_PROGRESS"), "{status}");
        }
        assert_eq!(StackStatus::from("PAINT_IN_PROGRESS").phase(), Phase::Going);
        assert_eq!(StackStatus::from("PAINT_COMPLETE").phase(), Phase::Failed);
    }
}
