//! What journals tell: how far a run came, what it left open, and how long stacks usually take.

use super::events::{Event, PlannedStep, StepOutcome};
use super::journal::{Entry, Intent, Journal};
use super::lock::Holder;
use super::outcome::{Failure, SkipReason, Summary};
use super::settings::Unsettled;
use crate::plan::{Decision, Pass, StepId};
use std::collections::BTreeMap;

/// A run, as its journal tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Who deployed, under which id.
    pub holder: Holder,
    /// The mesh.
    pub mesh: String,
    /// Which stacks.
    pub pass: Pass,
    /// When it began, in milliseconds since 1970 UTC.
    pub began: u64,
    /// When it last wrote, likewise.
    pub wrote: u64,
    /// Its steps.
    pub steps: BTreeMap<StepId, StepRecord>,
    /// Calls whose answers are not known: each may have been done or not.
    pub open: Vec<Intent>,
    /// What came of it; none when it did not get to its end.
    pub summary: Option<Summary>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// What was planned.
    pub planned: PlannedStep,
    /// How far it is.
    pub state: StepState,
    /// Resources that are done, and how many there are to do.
    pub resources: (usize, usize),
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq)]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// It waits for an effect of others.
    Probing(String),
    /// It is being worked on.
    Running {
        /// Since when, in milliseconds since 1970 UTC.
        since: u64,
        /// Whether somebody else's operation is waited for.
        attached: Option<String>,
    },
    /// It stood, and nothing was done.
    Kept,
    /// It ended well.
    Done {
        /// How: in one word.
        outcome: StepOutcome,
        /// How long it took.
        seconds: f64,
    },
    /// It failed.
    Failed(Box<Failure>),
    /// It was not started.
    Skipped(SkipReason),
}

impl RunRecord {
    /// What a journal tells; none when nothing was written yet.
    #[must_use]
    pub fn of(journal: &Journal) -> Option<Self> {
        let first = journal.lines.first()?;
        let Entry::Opened { holder, mesh, pass, .. } = &first.entry else { return None };
        let mut record = Self {
            holder: holder.clone(),
            mesh: mesh.clone(),
            pass: *pass,
            began: first.at,
            wrote: first.at,
            steps: BTreeMap::new(),
            open: Vec::new(),
            summary: None,
        };
        let mut ordered = Vec::new();
        for line in &journal.lines {
            record.wrote = line.at;
            match &line.entry {
                Entry::Opened { .. } => {}
                Entry::Intent(intent) => {
                    ordered.push((line.at, intent));
                    record.open.push(intent.clone());
                }
                Entry::Answer { call, .. } => record.open.retain(|intent| intent.call != *call),
                Entry::Happened { happened } => record.take(line.at, happened),
            }
        }
        for (at, intent) in ordered {
            record.began_by(at, intent);
        }
        Some(record)
    }

    /// An intent is on the disk before its call, an event only soon after: a run that was killed in between had begun the step.
    fn began_by(&mut self, at: u64, intent: &Intent) {
        if !["CreateChangeSet", "ExecuteChangeSet"].contains(&intent.operation.as_str()) {
            return;
        }
        let name = intent.target.split(' ').next().unwrap_or_default();
        let mut steps: Vec<&mut StepRecord> = (self.steps.iter_mut())
            .filter(|(id, step)| id.stack.name() == name && step.planned.account == intent.account)
            .map(|(_, step)| step)
            .collect();
        let idle = |step: &StepRecord| matches!(step.state, StepState::Waiting | StepState::Probing(_));
        if steps.iter().all(|step| idle(step))
            && let Some(first) = steps.first_mut()
        {
            first.state = StepState::Running { since: at, attached: None };
        }
    }

    fn take(&mut self, at: u64, event: &Event) {
        let mut becomes = |step: &StepId, state: StepState| {
            if let Some(record) = self.steps.get_mut(step) {
                record.state = state;
            }
        };
        match event {
            Event::RunStarted { steps, .. } => {
                let record = |planned: &PlannedStep| StepRecord {
                    planned: planned.clone(),
                    state: StepState::Waiting,
                    resources: (0, 0),
                };
                self.steps = steps.iter().map(|planned| (planned.step.clone(), record(planned))).collect();
            }
            Event::StepWaiting { step, waiting_for } => becomes(step, StepState::Probing(waiting_for.clone())),
            Event::StepStarted { step, .. } => becomes(step, StepState::Running { since: at, attached: None }),
            Event::StepAttached { step, status } => {
                becomes(step, StepState::Running { since: at, attached: Some(status.clone()) });
            }
            Event::ResourceProgress { step, done, total, .. } => {
                if let Some(record) = self.steps.get_mut(step) {
                    record.resources = (*done, *total);
                }
            }
            Event::StepFinished { step, outcome, seconds } => {
                let begun =
                    self.steps.get(step).is_some_and(|record| matches!(record.state, StepState::Running { .. }));
                let state = match outcome {
                    StepOutcome::Failed { failure } => StepState::Failed(failure.clone()),
                    StepOutcome::Unchanged if !begun => StepState::Kept,
                    StepOutcome::Created
                    | StepOutcome::Updated
                    | StepOutcome::RolledBack
                    | StepOutcome::Deleted
                    | StepOutcome::Unchanged => StepState::Done { outcome: outcome.clone(), seconds: *seconds },
                };
                if let Some(record) = self.steps.get_mut(step) {
                    record.state = state;
                }
            }
            // it counts as being worked on: should the run be killed now, its end was not seen
            Event::StepRetried { .. } => {}
            Event::StepSkipped { step, reason } => becomes(step, StepState::Skipped(reason.clone())),
            Event::RunFinished { summary } => self.summary = Some(summary.clone()),
            Event::EarlierFailure { .. }
            | Event::AssetStored { .. }
            | Event::StackSetStarted { .. }
            | Event::StackSetFinished { .. }
            | Event::Lock { .. }
            | Event::Stopping { .. } => {}
        }
    }
}

/// Steps that were begun and did not end well, by what the newest run that worked on them says. Runs are given newest first.
pub fn unsettled<'a>(runs: impl IntoIterator<Item = &'a RunRecord>) -> BTreeMap<StepId, Unsettled> {
    let mut known: BTreeMap<StepId, Option<Unsettled>> = BTreeMap::new();
    for run in runs {
        for (id, step) in &run.steps {
            let found = match &step.state {
                StepState::Running { .. } => Some(Some(Unsettled::Unfinished)),
                StepState::Failed(_) => Some(Some(Unsettled::Failed)),
                StepState::Done { .. } => Some(None),
                StepState::Waiting | StepState::Probing(_) | StepState::Kept | StepState::Skipped(_) => None,
            };
            if let Some(found) = found {
                known.entry(id.clone()).or_insert(found);
            }
        }
    }
    known.into_iter().filter_map(|(id, found)| Some((id, found?))).collect()
}

/// How long a step usually takes, in seconds: the median of what some runs took for the same kind of work.
pub fn usual<'a>(runs: impl IntoIterator<Item = &'a RunRecord>) -> BTreeMap<(StepId, Work), f64> {
    let mut all: BTreeMap<(StepId, Work), Vec<f64>> = BTreeMap::new();
    for run in runs {
        for (id, step) in &run.steps {
            let StepState::Done { outcome, seconds } = &step.state else { continue };
            let work = match outcome {
                StepOutcome::Created => Work::Create,
                StepOutcome::Updated => Work::Update,
                StepOutcome::RolledBack
                | StepOutcome::Deleted
                | StepOutcome::Unchanged
                | StepOutcome::Failed { .. } => continue,
            };
            all.entry((id.clone(), work)).or_default().push(*seconds);
        }
    }
    let median = |mut seconds: Vec<f64>| {
        seconds.sort_by(f64::total_cmp);
        seconds[seconds.len() / 2]
    };
    all.into_iter().map(|(key, seconds)| (key, median(seconds))).collect()
}

/// What is done with a stack, as far as it says how long that takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// It is made.
    Create,
    /// It is changed.
    Update,
}

impl Work {
    /// What a decision comes to; none where it says nothing.
    #[must_use]
    pub const fn of(decision: &Decision) -> Option<Self> {
        match decision {
            Decision::Create | Decision::DeleteShellThenCreate | Decision::DeleteThenCreate => Some(Self::Create),
            Decision::Update => Some(Self::Update),
            Decision::Keep
            | Decision::Wait
            | Decision::ContinueRollback { .. }
            | Decision::RollBack
            | Decision::Delete
            | Decision::Refuse { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::{Layer, StackId};
    use crate::deploy::journal::{JOURNAL_VERSION, Line};
    use crate::mesh::{AccountId, Region};
    use crate::plan::Turn;

    fn step(name: &str) -> StepId {
        StepId::new(&StackId::new("sales", name), Turn::Add)
    }

    fn record(events: Vec<Event>) -> RunRecord {
        let planned = |name: &str| PlannedStep {
            step: step(name),
            account: AccountId::parse("222222222222").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            layer: Layer::Storage,
            decision: Decision::Create,
        };
        let started = Event::RunStarted {
            run: "run".to_owned(),
            mesh: "demo".to_owned(),
            pass: Pass::Mesh,
            digest: String::new(),
            steps: ["a", "b", "c"].map(planned).to_vec(),
        };
        let opened = Entry::Opened {
            holder: Holder { run: "run".to_owned(), owner: "x".to_owned() },
            mesh: "demo".to_owned(),
            pass: Pass::Mesh,
            meshform: "0".to_owned(),
        };
        let happened = [started].into_iter().chain(events).map(|happened| Entry::Happened { happened });
        let lines = (0..).zip([opened].into_iter().chain(happened));
        let lines = lines.map(|(at, entry)| Line { version: JOURNAL_VERSION, at, entry }).collect();
        RunRecord::of(&Journal { lines, torn: None }).unwrap()
    }

    fn began(name: &str) -> Event {
        Event::StepStarted { step: step(name), decision: Decision::Create }
    }

    fn ended(name: &str, outcome: StepOutcome, seconds: f64) -> Event {
        Event::StepFinished { step: step(name), outcome, seconds }
    }

    #[test]
    fn a_step_is_unsettled_until_a_run_that_works_on_it_ends_it_well() {
        let killed = record(vec![began("a"), ended("a", StepOutcome::Created, 3.0), began("b")]);
        let id = step("b");
        assert_eq!(unsettled([&killed]), BTreeMap::from([(id.clone(), Unsettled::Unfinished)]));
        // kept without being worked on: nobody looked
        let idle = record(vec![ended("b", StepOutcome::Unchanged, 0.0)]);
        assert_eq!(idle.steps[&id].state, StepState::Kept);
        assert_eq!(unsettled([&idle, &killed]).len(), 1);
        let mended = record(vec![began("b"), ended("b", StepOutcome::Unchanged, 1.0)]);
        assert_eq!(unsettled([&mended, &killed]), BTreeMap::new());
    }

    #[test]
    fn the_usual_time_is_the_median_of_the_same_work() {
        let runs = [3.0, 90.0, 5.0].map(|seconds| record(vec![began("a"), ended("a", StepOutcome::Updated, seconds)]));
        let made = record(vec![began("a"), ended("a", StepOutcome::Created, 40.0)]);
        let usual = usual(runs.iter().chain([&made]));
        assert_eq!(usual[&(step("a"), Work::Update)], 5.0);
        assert_eq!(usual[&(step("a"), Work::Create)], 40.0);
    }
}
