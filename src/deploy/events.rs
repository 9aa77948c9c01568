//! What happens during a deploy, as data: the executor sends it, reports render it, programs read it a line at a time.

use super::cloud::Upload;
use super::lock::Holder;
use super::organization::Organized;
use super::outcome::{Cause, Failure, SkipReason, Summary};
use crate::assembly::Layer;
use crate::mesh::{AccountId, Region};
use crate::plan::organization::SetStep;
use crate::plan::{Decision, Pass, Step, StepId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the format of events.
pub const VERSION: u32 = 1;

/// One thing that happened. Fields may be added; those that are here keep their meaning within a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A run begins.
    RunStarted {
        /// Its id.
        run: String,
        /// The mesh.
        mesh: String,
        /// Which stacks.
        pass: Pass,
        /// The plan's digest.
        digest: String,
        /// Every step of the plan, sorted by id.
        steps: Vec<PlannedStep>,
    },
    /// A stack waits for an effect of others.
    StepWaiting {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// What it waits for, to follow "waiting for ".
        waiting_for: String,
    },
    /// Work on a stack begins.
    StepStarted {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// What is being done: after waiting for somebody else's operation it is told again.
        decision: Decision,
    },
    /// Why an earlier creation of the stack failed; told before the remains are deleted, as deleting takes the events with it.
    EarlierFailure {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// Its status.
        status: String,
        /// The root cause, where the events tell it.
        cause: Option<Cause>,
    },
    /// Somebody else's operation on the stack is waited for.
    StepAttached {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// Its status.
        status: String,
    },
    /// A file that the stack's template names lies in the account's bucket.
    AssetStored {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// Its key in the bucket.
        key: String,
        /// Whether it was stored or stood there.
        upload: Upload,
    },
    /// A resource changed its status.
    ResourceProgress {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// The resource.
        logical_id: String,
        /// Its type.
        resource_type: String,
        /// Its status.
        status: String,
        /// How many resources are done.
        done: usize,
        /// How many there are to do.
        total: usize,
    },
    /// A stack is done with, for better or worse.
    StepFinished {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// How it ended.
        outcome: StepOutcome,
        /// How long it took from its start, in seconds; waiting for others does not count.
        seconds: f64,
    },
    /// A stack failed for a reason that may pass, and is tried again after a rest.
    StepRetried {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// How it failed.
        failure: Box<Failure>,
        /// Which attempt comes next, counted from 1.
        attempt: usize,
        /// How many there are in all.
        attempts: usize,
        /// How long it rests, in seconds.
        rest: u64,
        /// How many stacks with grants run at once in its account from here on, where that was lowered.
        grants_at_once: Option<usize>,
    },
    /// A stack was not started.
    StepSkipped {
        /// The stack, and the turn.
        #[serde(flatten)]
        step: StepId,
        /// Why.
        reason: SkipReason,
    },
    /// A step on a StackSet begins.
    StackSetStarted {
        /// The StackSet.
        name: String,
        /// What is being done.
        step: SetStep,
        /// Id of CloudFormation's operation; of a StackSet that is made there is none.
        operation: Option<String>,
    },
    /// A StackSet is done with, for better or worse.
    StackSetFinished {
        /// What came of it.
        #[serde(flatten)]
        organized: Organized,
    },
    /// The lock of the mesh's deployments was taken, lost or left.
    Lock {
        /// What became of it.
        how: LockStep,
        /// Whose it was.
        from: Option<Holder>,
    },
    /// The user asked to stop.
    Stopping {
        /// The steps that are being worked on.
        running: Vec<StepId>,
        /// Whether they are being finished, or left as they are.
        how: Stop,
    },
    /// A run ends.
    RunFinished {
        /// What came of it.
        summary: Summary,
    },
}

/// A stack of the plan, as a run announces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// The stack, and the turn.
    #[serde(flatten)]
    pub step: StepId,
    /// Its account.
    #[schemars(with = "String")]
    pub account: AccountId,
    /// Its Region.
    #[schemars(with = "String")]
    pub region: Region,
    /// Its layer.
    pub layer: Layer,
    /// What is to be done.
    pub decision: Decision,
}

impl PlannedStep {
    /// A step of a plan.
    #[must_use]
    pub fn of(step: &Step) -> Self {
        Self {
            step: step.id.clone(),
            account: step.account.clone(),
            region: step.region.clone(),
            layer: step.layer,
            decision: step.decision.clone(),
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum StepOutcome {
    /// The stack was made.
    Created,
    /// The stack was changed.
    Updated,
    /// Its rollback came to its end: the state before the failed change holds.
    RolledBack,
    /// The stack was deleted.
    Deleted,
    /// There was nothing to change.
    Unchanged,
    /// It failed.
    Failed {
        /// How and why.
        failure: Box<Failure>,
    },
}

/// What became of the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LockStep {
    /// It was free, and is ours.
    Taken,
    /// It was that of a run that ended without giving it back.
    TakenOver,
    /// It was another run's, and a person chose to break it.
    Broken,
    /// It could not be renewed, or somebody else took it: nothing new starts.
    Lost,
    /// It could not be given back: it is held until its lease ends.
    Left,
}

/// How a run is being stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// Start nothing new, finish what runs.
    Finishing,
    /// Leave what runs to CloudFormation, and stop.
    Now,
}

#[derive(Serialize)]
struct Line<'a> {
    version: u32,
    #[serde(flatten)]
    event: &'a Event,
}

impl Event {
    /// The event as one line of JSON, without a newline.
    #[must_use]
    pub fn to_line(&self) -> String {
        crate::sure(serde_json::to_string(&Line { version: VERSION, event: self }), "an event has text keys only")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::StackId;
    use crate::plan::Turn;

    #[test]
    fn an_event_is_one_line_with_its_version() {
        let event = Event::ResourceProgress {
            step: StepId::new(&StackId::new("sales", "demo-storage-sales"), Turn::Add),
            logical_id: "DataBucket".to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            done: 1,
            total: 3,
        };
        assert_eq!(
            event.to_line(),
            r#"{"version":1,"event":"resource-progress","stack":"sales/demo-storage-sales","turn":"add","logicalId":"DataBucket","resourceType":"AWS::S3::Bucket","status":"CREATE_COMPLETE","done":1,"total":3}"#
        );
    }

    #[test]
    fn an_outcome_is_told_by_its_result() {
        let event = Event::StepFinished {
            step: StepId::new(&StackId::new("sales", "demo"), Turn::Remove),
            outcome: StepOutcome::Created,
            seconds: 1.5,
        };
        assert_eq!(
            event.to_line(),
            r#"{"version":1,"event":"step-finished","stack":"sales/demo","turn":"remove","outcome":{"result":"created"},"seconds":1.5}"#
        );
    }
}
