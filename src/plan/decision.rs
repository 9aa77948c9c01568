//! What to do with a stack in a given state: a pure table, matched exhaustively.
//!
//! Source of the table: CloudFormation user guide, "Stack status codes", and what other deployers do and regret. Nothing is
//! deleted but our own empty shell and a stack whose first creation was rolled back, which AWS lets nobody update.

use super::deployed::{Observed, StackStatus, Standing};
use super::recover::Way;
use serde::{Deserialize, Serialize};

/// How the names of our change sets start, so that ours are told from other people's.
pub const CHANGE_SET_PREFIX: &str = "meshform-";

/// What the assembly wants of a stack, compared with what stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// The template or a parameter differs, or may differ.
    Change,
    /// Template and parameters are equal to what stands.
    Same,
}

/// What is to be done with a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Decision {
    /// Make it.
    Create,
    /// Change it.
    Update,
    /// It is as it should be.
    Keep,
    /// Somebody is working on it: wait for the end, then decide again by the same table.
    Wait,
    /// An empty shell that a change set of ours left: remove the shell, then make the stack.
    DeleteShellThenCreate,
    /// Its first creation failed and was rolled back: tell what failed, delete it, then make it.
    DeleteThenCreate,
    /// Continue its rollback, in the way that a person chose.
    ContinueRollback {
        /// How.
        #[serde(flatten)]
        way: Way,
    },
    /// Roll a change back that failed and was left as it is, as a person chose.
    RollBack,
    /// Delete it as a whole, as a person chose; what its types retain stays.
    Delete,
    /// Not without a person.
    Refuse {
        /// Why, in one sentence that follows "stack X ".
        reason: String,
        /// What to do.
        advice: String,
    },
}

impl Decision {
    /// Whether carrying it out may change something in an account.
    #[must_use]
    pub const fn mutates(&self) -> bool {
        match self {
            Self::Create
            | Self::Update
            | Self::Wait
            | Self::DeleteShellThenCreate
            | Self::DeleteThenCreate
            | Self::ContinueRollback { .. }
            | Self::RollBack
            | Self::Delete => true,
            Self::Keep | Self::Refuse { .. } => false,
        }
    }
}

/// Decides what to do with one stack.
#[must_use]
pub fn decide(observed: &Observed, intent: Intent) -> Decision {
    match observed {
        Observed::Absent => Decision::Create,
        Observed::Present(standing) => decide_standing(standing, intent),
    }
}

fn decide_standing(standing: &Standing, intent: Intent) -> Decision {
    match &standing.status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::ImportComplete
        // the state before the failed operation holds, and AWS accepts updates
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportRollbackComplete => match intent {
            Intent::Change => Decision::Update,
            Intent::Same => Decision::Keep,
        },
        StackStatus::CreateInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress => Decision::Wait,
        StackStatus::DeleteComplete => Decision::Create,
        StackStatus::RollbackComplete => Decision::DeleteThenCreate,
        StackStatus::ReviewInProgress => shell(standing),
        StackStatus::CreateFailed => refuse(
            "is in CREATE_FAILED: its first creation failed and was left as it is",
            "look at its events, then delete the stack, or roll it back in the console; deploy again afterwards",
        ),
        StackStatus::RollbackFailed => refuse(
            "is in ROLLBACK_FAILED: its first creation failed, and so did taking it back, so resources remain",
            "see which resources remain, remove what blocks them, delete the stack, and deploy again",
        ),
        StackStatus::DeleteFailed => refuse(
            "is in DELETE_FAILED: somebody tried to delete it and some resources would not go",
            "delete it again, retaining the resources named in its events, and deploy again",
        ),
        StackStatus::UpdateFailed => refuse(
            "is in UPDATE_FAILED: a change failed with rollback switched off",
            "roll it back with `meshform recover`, and deploy again",
        ),
        // never answered by a delete: the stack holds live resources
        StackStatus::UpdateRollbackFailed => refuse(
            "is in UPDATE_ROLLBACK_FAILED: neither the old state nor the new one holds",
            "mend what blocks the rollback, continue it with `meshform recover`, and deploy again; do not delete it",
        ),
        StackStatus::ImportRollbackFailed => refuse(
            "is in IMPORT_ROLLBACK_FAILED: an import could not be taken back",
            "settle the import in the console, and deploy again",
        ),
        StackStatus::Unknown(status) if status.ends_with("_IN_PROGRESS") => Decision::Wait,
        StackStatus::Unknown(status) => refuse(
            &format!("is in {status}, which this version of meshform does not know"),
            "look at the stack in the console; a newer meshform may know the status",
        ),
    }
}

/// A shell has no resources. It is ours when every change set in it is ours; with none left nobody can be using it.
fn shell(standing: &Standing) -> Decision {
    match standing.change_sets.iter().find(|name| !name.starts_with(CHANGE_SET_PREFIX)) {
        None => Decision::DeleteShellThenCreate,
        Some(foreign) => refuse(
            &format!("is an empty shell that holds the change set `{foreign}` of somebody else"),
            "execute or delete that change set, and deploy again",
        ),
    }
}

fn refuse(reason: &str, advice: &str) -> Decision {
    Decision::Refuse { reason: reason.to_owned(), advice: advice.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples;

    fn standing(status: &StackStatus, change_sets: &[&str]) -> Observed {
        Observed::Present(Box::new(Standing {
            change_sets: change_sets.iter().map(|name| (*name).to_owned()).collect(),
            ..samples::standing(status.clone())
        }))
    }

    /// One word for each cell.
    fn word(decision: &Decision) -> &'static str {
        match decision {
            Decision::Create => "create",
            Decision::Update => "update",
            Decision::Keep => "keep",
            Decision::Wait => "wait",
            Decision::DeleteShellThenCreate => "delete-shell",
            Decision::DeleteThenCreate => "delete-first",
            Decision::ContinueRollback { .. } | Decision::RollBack | Decision::Delete => "never here",
            Decision::Refuse { .. } => "refuse",
        }
    }

    #[test]
    fn the_table_cell_by_cell() {
        //   status                                        change          same
        let table = [
            ("REVIEW_IN_PROGRESS", "delete-shell", "delete-shell"),
            ("CREATE_IN_PROGRESS", "wait", "wait"),
            ("CREATE_FAILED", "refuse", "refuse"),
            ("CREATE_COMPLETE", "update", "keep"),
            ("ROLLBACK_IN_PROGRESS", "wait", "wait"),
            ("ROLLBACK_FAILED", "refuse", "refuse"),
            ("ROLLBACK_COMPLETE", "delete-first", "delete-first"),
            ("DELETE_IN_PROGRESS", "wait", "wait"),
            ("DELETE_FAILED", "refuse", "refuse"),
            ("DELETE_COMPLETE", "create", "create"),
            ("UPDATE_IN_PROGRESS", "wait", "wait"),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait", "wait"),
            ("UPDATE_COMPLETE", "update", "keep"),
            ("UPDATE_FAILED", "refuse", "refuse"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "wait", "wait"),
            ("UPDATE_ROLLBACK_FAILED", "refuse", "refuse"),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "wait", "wait"),
            ("UPDATE_ROLLBACK_COMPLETE", "update", "keep"),
            ("IMPORT_IN_PROGRESS", "wait", "wait"),
            ("IMPORT_COMPLETE", "update", "keep"),
            ("IMPORT_ROLLBACK_IN_PROGRESS", "wait", "wait"),
            ("IMPORT_ROLLBACK_FAILED", "refuse", "refuse"),
            ("IMPORT_ROLLBACK_COMPLETE", "update", "keep"),
            ("PAINT_IN_PROGRESS", "wait", "wait"),
            ("PAINT_COMPLETE", "refuse", "refuse"),
        ];
        assert_eq!(table.len(), StackStatus::KNOWN.len() + 2);
        for (status, change, same) in table {
            let observed = standing(&StackStatus::from(status), &[]);
            assert_eq!(word(&decide(&observed, Intent::Change)), change, "{status}, change");
            assert_eq!(word(&decide(&observed, Intent::Same)), same, "{status}, same");
        }
        assert_eq!(decide(&Observed::Absent, Intent::Change), Decision::Create);
        assert_eq!(decide(&Observed::Absent, Intent::Same), Decision::Create);
    }

    #[test]
    fn only_our_own_shell_is_removed() {
        let review = StackStatus::ReviewInProgress;
        assert_eq!(
            decide(&standing(&review, &["meshform-1", "meshform-2"]), Intent::Change),
            Decision::DeleteShellThenCreate
        );
        let Decision::Refuse { reason, .. } = decide(&standing(&review, &["meshform-1", "release-7"]), Intent::Change)
        else {
            panic!("a foreign change set must be refused")
        };
        assert!(reason.contains("release-7"), "{reason}");
    }

    #[test]
    fn a_stack_that_failed_to_roll_back_is_never_deleted() {
        let Decision::Refuse { advice, .. } =
            decide(&standing(&StackStatus::UpdateRollbackFailed, &[]), Intent::Change)
        else {
            panic!("must be refused")
        };
        assert!(advice.contains("do not delete"), "{advice}");
    }
}
