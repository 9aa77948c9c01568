//! How a deploy ended, in total and for each stack.

use super::cloud::{CloudError, StackEvent};
use super::events::Stop;
use super::nature::{self, Nature};
use super::organization::Organized;
use crate::assembly::StackId;
use crate::mesh::AccountId;
use crate::plan::{StepId, Turn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Everything that had to be done was done.
    Complete {
        /// What came of it.
        summary: Summary,
    },
    /// Something was not done.
    Partial {
        /// What came of it: see its failed, skipped and running stacks.
        summary: Summary,
    },
    /// Every stack stood as it should: no call that changes anything was made.
    Nothing {
        /// What came of it.
        summary: Summary,
    },
}

impl Outcome {
    /// What came of the run.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        match self {
            Self::Complete { summary } | Self::Partial { summary } | Self::Nothing { summary } => summary,
        }
    }
}

/// What came of a run: each stack of the plan is in exactly one list, by the worst of its
/// turns; each list is sorted by id.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Stacks that were made.
    pub created: Vec<StackId>,
    /// Stacks that were changed.
    pub updated: Vec<StackId>,
    /// Stacks whose rollback came to its end.
    #[serde(default)]
    pub rolled_back: Vec<StackId>,
    /// Stacks that were deleted.
    #[serde(default)]
    pub deleted: Vec<StackId>,
    /// Stacks in which there was nothing to change.
    pub unchanged: Vec<StackId>,
    /// Stacks that failed.
    pub failed: Vec<Failure>,
    /// Stacks that were not started.
    pub skipped: Vec<Skipped>,
    /// Stacks that were left to CloudFormation when the run was stopped at once.
    pub running: Vec<StackId>,
    /// StackSets that were worked on, in a bootstrap of organizational units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack_sets: Vec<Organized>,
    /// Whether and how the run was stopped by the user.
    pub stopped: Option<Stop>,
    /// How long it took, in seconds.
    pub seconds: f64,
}

impl Summary {
    /// Whether everything that had to be done was done.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty()
            && self.skipped.is_empty()
            && self.running.is_empty()
            && self.stack_sets.iter().all(Organized::is_whole)
    }
}

/// A stack that was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// The stack.
    pub stack: StackId,
    /// The first of its turns that was not started.
    pub turn: Turn,
    /// Why.
    pub reason: SkipReason,
}

/// Why a stack was not started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum SkipReason {
    /// A stack that it needs failed or was skipped itself.
    Needs {
        /// The step it needs.
        #[serde(flatten)]
        step: StepId,
    },
    /// Another stack failed, and the run was not to keep going.
    Stopped {
        /// The step that failed.
        #[serde(flatten)]
        step: StepId,
    },
    /// Nobody is signed in any more.
    SignedOut {
        /// The step that found out.
        #[serde(flatten)]
        step: StepId,
    },
    /// The user asked to stop.
    Interrupted,
}

/// A stack that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The stack.
    pub stack: StackId,
    /// Its account.
    #[schemars(with = "String")]
    pub account: AccountId,
    /// What went wrong, in one sentence that follows "stack X ".
    pub message: String,
    /// The status in which the stack was left, where it is known.
    pub status: Option<String>,
    /// The root cause: the oldest failure of a resource that is not the mere consequence of another.
    pub cause: Option<Cause>,
    /// Failures of other resources that are no mere consequences either.
    pub also: Vec<Cause>,
    /// What to do.
    pub hints: Vec<String>,
    /// Whether going again may help.
    #[serde(default)]
    pub nature: Nature,
}

/// A failure of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// Logical id of the resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Its status.
    pub status: String,
    /// The reason, as CloudFormation tells it.
    pub reason: String,
    /// Where in the environment's files the resource is written: `environments/demo/domains/sales.yaml:12:3`.
    #[serde(default)]
    pub origin: Option<String>,
}

impl Cause {
    /// Whether a stack policy forbade it. CloudFormation says `Action denied by stack policy: ..` or `Action not allowed by stack
    /// policy` (seen in events of AWS by LocalStack's tests, localstack#7159).
    #[must_use]
    pub fn is_of_a_stack_policy(&self) -> bool {
        self.reason.contains("by stack policy")
    }

    /// What to do, where the failure of a resource has one answer.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let exists = self.reason.to_lowercase().contains("exist");
        if self.logical_id == "SettingsLock" && exists {
            return Some(
                "another mesh holds the Lake Formation settings of this account: the parameter \
                 /meshform/lake-formation-settings names it; give this owner an account of its own",
            );
        }
        if self.logical_id == "DefaultDatabase" && exists {
            return Some(
                "the account has a database `default` already: write `athena: {defaultDatabase: exists}` into its owner's file, \
                 synthesize and deploy again",
            );
        }
        self.reason.to_lowercase().contains("already exist").then_some(
            "something of its name stands already: in another stack of this mesh (a product that moved), of somebody else, or data that \
             a mesh that was destroyed left behind; find out whose it is before you touch it, then rename, import or remove it",
        )
    }
}

/// The failures of resources in a stack's events, root cause first: in order of time, without those that CloudFormation caused
/// itself by cancelling, and without the stack's own (its reason only repeats theirs).
#[must_use]
pub fn causes(events: &[StackEvent], stack_arn: &str) -> Vec<Cause> {
    events
        .iter()
        .filter(|event| event.status.ends_with("_FAILED") && event.physical_id.as_deref() != Some(stack_arn))
        .filter(|event| !is_cancellation(event.reason.as_deref().unwrap_or_default()))
        .map(cause)
        .collect()
}

fn cause(event: &StackEvent) -> Cause {
    Cause {
        logical_id: event.logical_id.clone(),
        resource_type: event.resource_type.clone(),
        status: event.status.clone(),
        reason: event.reason.clone().unwrap_or_else(|| "CloudFormation gave no reason".to_owned()),
        origin: None,
    }
}

/// What left the template and still stands: resources whose deletion failed in the cleanup and never succeeded. CloudFormation
/// tries three times, skips the resource, and calls the stack complete (AWS re:Post, "stack cleanup stuck").
#[must_use]
pub fn survivors(events: &[StackEvent], stack_arn: &str) -> Vec<Cause> {
    let mut last: BTreeMap<(&str, Option<&str>), &StackEvent> = BTreeMap::new();
    for event in events.iter().filter(|event| event.physical_id.as_deref() != Some(stack_arn)) {
        last.insert((&event.logical_id, event.physical_id.as_deref()), event);
    }
    last.into_values().filter(|event| event.status == "DELETE_FAILED").map(cause).collect()
}

/// The events of the last operation on a stack: from the stack's own event that began it.
pub(super) fn last_operation<'a>(events: &'a [StackEvent], stack_arn: &str) -> &'a [StackEvent] {
    let began = |event: &StackEvent| {
        event.physical_id.as_deref() == Some(stack_arn)
            && ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"].contains(&event.status.as_str())
    };
    let start = events.iter().rposition(began).unwrap_or(0);
    &events[start..]
}

/// The reason that the stack itself first gave for a failure.
pub(super) fn own_reason(events: &[StackEvent], stack_arn: &str) -> Option<String> {
    let own = |event: &&StackEvent| event.physical_id.as_deref() == Some(stack_arn);
    let failed =
        |event: &&StackEvent| event.status.ends_with("_FAILED") || event.status.ends_with("ROLLBACK_IN_PROGRESS");
    let mut reasons = events.iter().filter(own).filter(failed).filter_map(|event| event.reason.clone());
    reasons.find(|reason| !reason.is_empty())
}

/// Whether a reason says that a check failed before any resource was touched: of a stack `Validation failed with 2 error(s). Call
/// DescribeEvents ..`, of a change set `.. [AWS::EarlyValidation::..]` or `.. hook(s) failed: ..` (aws-cdk reads the former; none
/// names a resource).
pub(super) fn is_of_a_check(reason: &str) -> bool {
    ["DescribeEvents", "AWS::EarlyValidation", "hook(s)"].iter().any(|word| reason.contains(word))
}

/// "Resource creation cancelled", "Resource update cancelled": the other resources' failure stopped this one.
fn is_cancellation(reason: &str) -> bool {
    reason.starts_with("Resource creation cancelled")
        || reason.starts_with("Resource update cancelled")
        || reason.starts_with("Resource deletion cancelled")
}

impl Failure {
    /// A failure whose reason is a call that failed.
    pub(super) fn of_call(stack: &StackId, account: &AccountId, doing: &str, error: &CloudError) -> Self {
        let plain = Self::plain(stack, account, format!("could not {doing}: {error}"));
        Self { hints: error.hints(), nature: nature::of_call(error), ..plain }
    }

    /// A failure without anything known beyond a sentence.
    pub(super) fn plain(stack: &StackId, account: &AccountId, message: String) -> Self {
        Self {
            stack: stack.clone(),
            account: account.clone(),
            message,
            status: None,
            cause: None,
            also: Vec::new(),
            hints: Vec::new(),
            nature: Nature::Lasting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(logical_id: &str, status: &str, reason: Option<&str>) -> StackEvent {
        StackEvent {
            id: format!("{logical_id}-{status}"),
            logical_id: logical_id.to_owned(),
            physical_id: (logical_id == "demo").then(|| "arn:demo".to_owned()),
            resource_type: "AWS::Glue::Table".to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            token: None,
        }
    }

    #[test]
    fn what_the_cleanup_could_not_delete_survives_unless_a_later_try_succeeded() {
        let events = [
            event("GrantA", "DELETE_FAILED", Some("ConcurrentModificationException")),
            event("GrantB", "DELETE_FAILED", Some("No permissions revoked")),
            event("GrantA", "DELETE_COMPLETE", None),
            event("demo", "UPDATE_COMPLETE", None),
        ];
        let left = survivors(&events, "arn:demo");
        assert_eq!(left.iter().map(|cause| cause.logical_id.as_str()).collect::<Vec<_>>(), ["GrantB"]);
        assert_eq!(left[0].reason, "No permissions revoked");
    }

    #[test]
    fn the_root_cause_is_the_oldest_failure_that_is_no_cancellation() {
        let events = [
            event("demo", "CREATE_IN_PROGRESS", Some("User Initiated")),
            event("Other", "CREATE_FAILED", Some("Resource creation cancelled")),
            event("Orders", "CREATE_FAILED", Some("Insufficient Lake Formation permission(s)")),
            event("Later", "CREATE_FAILED", None),
            event("demo", "ROLLBACK_IN_PROGRESS", Some("The following resource(s) failed to create: [Orders]")),
            event("demo", "CREATE_FAILED", Some("The following resource(s) failed to create: [Orders]")),
        ];
        let causes = causes(&events, "arn:demo");
        let names: Vec<&str> = causes.iter().map(|cause| cause.logical_id.as_str()).collect();
        assert_eq!(names, ["Orders", "Later"]);
        assert_eq!(causes[1].reason, "CloudFormation gave no reason");
        let own = own_reason(&events, "arn:demo");
        assert_eq!(own.as_deref(), Some("The following resource(s) failed to create: [Orders]"));
    }

    #[test]
    fn a_default_database_that_stands_already_has_one_answer() {
        let event = event("DefaultDatabase", "CREATE_FAILED", Some("Database already exists. (Service: Glue)"));
        assert!(cause(&event).hint().is_some_and(|hint| hint.contains("defaultDatabase: exists")));
        let other = cause(&StackEvent { logical_id: "Link".to_owned(), ..event.clone() });
        assert!(other.hint().is_some_and(|hint| hint.contains("a mesh that was destroyed")));
        let denied = StackEvent { reason: Some("the role does not exist".to_owned()), ..event };
        assert_eq!(cause(&StackEvent { logical_id: "Link".to_owned(), ..denied }).hint(), None);
    }
}
