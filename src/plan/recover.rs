//! What can be done for a stack that is stuck: a pure table, matched exhaustively. A delete is never an answer.
//!
//! Sources: CloudFormation API reference, `ContinueUpdateRollback` and `RollbackStack`; user guide, "Stack status codes".

use super::deployed::{Deployed, Observed, StackStatus, Standing};
use super::destroy::bare;
use super::digest::digest;
use super::whose::is_of_mesh;
use super::{Decision, Pass, Plan, Turn};
use crate::assembly::{Manifest, StackId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How a rollback is to be continued. Each is a person's explicit choice; a later one gives up more than the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "way", rename_all = "kebab-case")]
pub enum Way {
    /// All of it, after what blocked it was mended.
    Plain,
    /// Without these resources, which stay as they are.
    Skip {
        /// Their logical ids.
        resources: BTreeSet<String>,
    },
    /// Without any resource whose rollback failed; they stay as they are.
    Force,
}

/// What can be done for a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// It needs none: `deploy` goes on from where it stands.
    Needless,
    /// Somebody is working on it.
    Busy,
    /// Continue the rollback, in the ways that may be chosen.
    Continue,
    /// Roll a failed change back: there is a state before it, which holds.
    RollBack,
    /// Nothing that would not delete something.
    Not {
        /// Why, in one sentence that follows "stack X ".
        reason: &'static str,
        /// What to do.
        advice: &'static str,
    },
}

/// What can be done for a stack that bears a name of the mesh's: nothing, where it is somebody else's.
#[must_use]
pub fn recovery_of(standing: &Standing, mesh: &str) -> Recovery {
    match recovery(&standing.status) {
        Recovery::Needless => Recovery::Needless,
        recovery if is_of_mesh(standing, mesh) => recovery,
        Recovery::Busy | Recovery::Continue | Recovery::RollBack | Recovery::Not { .. } => Recovery::Not {
            reason: "is somebody else's of the same name: its description does not name the mesh",
            advice: "tell its owner; give the mesh another name if the stack is to stay",
        },
    }
}

/// What can be done for a stack in a status.
#[must_use]
pub fn recovery(status: &StackStatus) -> Recovery {
    match status {
        StackStatus::UpdateRollbackFailed => Recovery::Continue,
        StackStatus::UpdateFailed => Recovery::RollBack,
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::ImportComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportRollbackComplete
        // `deploy` tells what failed, removes what holds nothing, and makes the stack
        | StackStatus::RollbackComplete
        | StackStatus::ReviewInProgress
        | StackStatus::DeleteComplete => Recovery::Needless,
        StackStatus::CreateInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress => Recovery::Busy,
        // RollbackStack deletes a stack without a last stable state (API reference)
        StackStatus::CreateFailed => Recovery::Not {
            reason: "is in CREATE_FAILED: there is no state before it, so a rollback would delete it",
            advice: "save what it holds, delete the stack yourself, and deploy again",
        },
        StackStatus::RollbackFailed => Recovery::Not {
            reason: "is in ROLLBACK_FAILED: its first creation could not be taken back, and nothing continues that",
            advice: "see which resources remain, remove what blocks them, delete the stack yourself, and deploy again",
        },
        StackStatus::DeleteFailed => Recovery::Not {
            reason: "is in DELETE_FAILED: somebody tried to delete it and some resources would not go",
            advice: "mend what blocks them and delete it again; where the whole mesh is to go, `meshform destroy --retain` leaves them behind",
        },
        StackStatus::ImportRollbackFailed => Recovery::Not {
            reason: "is in IMPORT_ROLLBACK_FAILED: an import could not be taken back",
            advice: "settle the import in the console",
        },
        StackStatus::Unknown(status) if status.ends_with("_IN_PROGRESS") => Recovery::Busy,
        StackStatus::Unknown(_) => Recovery::Not {
            reason: "is in a status that this version of meshform does not know",
            advice: "look at the stack in the console; a newer meshform may know the status",
        },
    }
}

/// Why a way cannot be gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongWay {
    /// Nothing was named.
    #[error("no resource is named that is to be skipped")]
    Nothing,
    /// CloudFormation skips only what failed while it was rolled back (API reference, `ResourcesToSkip`).
    #[error("{} cannot be skipped: only what failed in the rollback can, which is {}", .named.join(", "), if .failed.is_empty() { "nothing".to_owned() } else { .failed.join(", ") })]
    NotFailed {
        /// What was named and did not fail.
        named: Vec<String>,
        /// What failed.
        failed: Vec<String>,
    },
    /// There is nothing that failed.
    #[error("nothing can be left out by force: no resource failed in the rollback")]
    NothingFailed,
}

/// The plan that brings stacks back as a person chose for each. Stacks that do not stand, or were not looked at, are left out.
#[must_use]
pub fn recover(manifest: &Manifest, deployed: &Deployed, chosen: &BTreeMap<StackId, Decision>) -> Plan {
    let mut steps = BTreeMap::new();
    for stack in &manifest.stacks {
        if let (Some(decision), Some(Observed::Present(standing))) =
            (chosen.get(&stack.id), deployed.stacks.get(&stack.id))
        {
            let step = bare(stack, standing, Turn::Add, decision.clone());
            steps.insert(step.id.clone(), step);
        }
    }
    let digest = digest(manifest, &steps, deployed);
    Plan { mesh: manifest.mesh.clone(), pass: Pass::Mesh, steps, digest }
}

/// Whether a way fits the resources that failed in the rollback, by logical id.
///
/// # Errors
/// Why it does not.
pub fn fits(way: &Way, failed: &BTreeSet<String>) -> Result<(), WrongWay> {
    match way {
        Way::Plain => Ok(()),
        Way::Skip { resources } if resources.is_empty() => Err(WrongWay::Nothing),
        Way::Skip { resources } => {
            let named: Vec<String> = resources.difference(failed).cloned().collect();
            let failed = || failed.iter().cloned().collect();
            if named.is_empty() { Ok(()) } else { Err(WrongWay::NotFailed { named, failed: failed() }) }
        }
        Way::Force if failed.is_empty() => Err(WrongWay::NothingFailed),
        Way::Force => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples;
    use serde_json::json;

    #[test]
    fn the_table_cell_by_cell() {
        let table = [
            ("REVIEW_IN_PROGRESS", "needless"),
            ("CREATE_IN_PROGRESS", "busy"),
            ("CREATE_FAILED", "not"),
            ("CREATE_COMPLETE", "needless"),
            ("ROLLBACK_IN_PROGRESS", "busy"),
            ("ROLLBACK_FAILED", "not"),
            ("ROLLBACK_COMPLETE", "needless"),
            ("DELETE_IN_PROGRESS", "busy"),
            ("DELETE_FAILED", "not"),
            ("DELETE_COMPLETE", "needless"),
            ("UPDATE_IN_PROGRESS", "busy"),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "busy"),
            ("UPDATE_COMPLETE", "needless"),
            ("UPDATE_FAILED", "roll back"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "busy"),
            ("UPDATE_ROLLBACK_FAILED", "continue"),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "busy"),
            ("UPDATE_ROLLBACK_COMPLETE", "needless"),
            ("IMPORT_IN_PROGRESS", "busy"),
            ("IMPORT_COMPLETE", "needless"),
            ("IMPORT_ROLLBACK_IN_PROGRESS", "busy"),
            ("IMPORT_ROLLBACK_FAILED", "not"),
            ("IMPORT_ROLLBACK_COMPLETE", "needless"),
            ("PAINT_IN_PROGRESS", "busy"),
            ("PAINT_COMPLETE", "not"),
        ];
        assert_eq!(table.len(), StackStatus::KNOWN.len() + 2);
        for (status, wanted) in table {
            let word = match recovery(&StackStatus::from(status)) {
                Recovery::Needless => "needless",
                Recovery::Busy => "busy",
                Recovery::Continue => "continue",
                Recovery::RollBack => "roll back",
                Recovery::Not { reason, advice } => {
                    assert!(!reason.is_empty() && !advice.is_empty());
                    "not"
                }
            };
            assert_eq!(word, wanted, "{status}");
        }
    }

    #[test]
    fn a_stack_of_somebody_else_is_not_recovered_whatever_it_needs() {
        let standing = |status: &str, description: &str| Standing {
            template: Some(json!({"Description": description, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})),
            ..samples::standing(status)
        };
        let ours = "Storage of the data mesh demo";
        assert_eq!(recovery_of(&standing("UPDATE_ROLLBACK_FAILED", ours), "demo"), Recovery::Continue);
        assert_eq!(recovery_of(&standing("UPDATE_FAILED", ours), "demo"), Recovery::RollBack);
        for status in ["UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "UPDATE_IN_PROGRESS", "DELETE_FAILED"] {
            let recovery = recovery_of(&standing(status, "Our website"), "demo");
            assert!(matches!(recovery, Recovery::Not { reason, .. } if reason.contains("somebody else's")), "{status}");
        }
        assert_eq!(recovery_of(&standing("UPDATE_COMPLETE", "Our website"), "demo"), Recovery::Needless);
    }

    #[test]
    fn only_what_failed_in_the_rollback_is_skipped() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
        let skip = |names: &[&str]| Way::Skip { resources: set(names) };
        let failed = set(&["Key", "Topic"]);
        assert_eq!(fits(&Way::Plain, &failed), Ok(()));
        assert_eq!(fits(&Way::Plain, &set(&[])), Ok(()));
        assert_eq!(fits(&skip(&["Key"]), &failed), Ok(()));
        assert_eq!(fits(&skip(&[]), &failed), Err(WrongWay::Nothing));
        let wrong = fits(&skip(&["Key", "Bucket"]), &failed).unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "Bucket cannot be skipped: only what failed in the rollback can, which is Key, Topic"
        );
        assert_eq!(fits(&Way::Force, &failed), Ok(()));
        assert_eq!(fits(&Way::Force, &set(&[])), Err(WrongWay::NothingFailed));
    }
}
