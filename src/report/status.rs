//! How far the last deploy came, and in which state the stacks are.

use super::deploy::{elapsed, failure_line, plural};
use crate::deploy::{Holder, RunRecord, StepOutcome, StepState, Work};
use crate::plan::{Deployed, Observed, StepId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Version of the format of a status.
pub const VERSION: u32 = 1;

/// A status, as `status --format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Version of the format.
    pub version: u32,
    /// The run; none when there is no journal.
    pub run: Option<RunStatus>,
    /// The status of each stack in its account, or `absent`; none when the accounts were not looked at.
    pub stacks: Option<BTreeMap<String, String>>,
}

/// How far a run came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunStatus {
    /// Who deploys or deployed, under which id.
    #[serde(flatten)]
    pub holder: Holder,
    /// The mesh.
    pub mesh: String,
    /// How it is with the run.
    pub state: RunState,
    /// Seconds since it began.
    pub began_seconds_ago: u64,
    /// Seconds since it last wrote.
    pub wrote_seconds_ago: u64,
    /// Length of an unfinished last line of its journal, in bytes.
    pub torn: Option<usize>,
    /// Its steps, save those that stood already.
    pub steps: Vec<StepStatus>,
    /// Calls whose answers are not known, as `<operation> <target>`.
    pub open: Vec<String>,
}

/// How it is with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// It goes on.
    Running,
    /// It came to its end, and everything was done.
    Complete,
    /// It came to its end, and something was not done.
    Partial,
    /// Its process is gone, and it did not come to its end.
    Killed,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// The stack, and the turn.
    #[serde(flatten)]
    pub step: StepId,
    /// How far, in one word.
    pub state: String,
    /// What it waits for, why it was skipped, or how it failed.
    pub detail: Option<String>,
    /// How long it took, or has been running, in seconds.
    pub seconds: Option<f64>,
    /// How long it usually takes, in seconds.
    pub usual: Option<f64>,
    /// Resources that are done.
    pub done: usize,
    /// Resources there are to do.
    pub total: usize,
}

/// What is known of a run besides its journal.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The run.
    pub record: &'a RunRecord,
    /// Whether its process lives.
    pub alive: Alive,
    /// Length of an unfinished last line, in bytes.
    pub torn: Option<usize>,
    /// The time, in milliseconds since 1970 UTC.
    pub now: u64,
}

/// Whether the process of a run lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alive {
    /// It does.
    Yes,
    /// It does not.
    No,
}

impl Status {
    /// The status of a run and of what stands.
    #[must_use]
    pub fn of(seen: Option<&Seen<'_>>, usual: &BTreeMap<(StepId, Work), f64>, deployed: Option<&Deployed>) -> Self {
        let stacks = deployed.map(|deployed| {
            let status = |observed: &Observed| match observed {
                Observed::Absent => "absent".to_owned(),
                Observed::Present(standing) => standing.status.to_string(),
            };
            deployed.stacks.iter().map(|(id, observed)| (id.to_string(), status(observed))).collect()
        });
        Self { version: VERSION, run: seen.map(|seen| run(seen, usual)), stacks }
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// When the text cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.run {
            None => writeln!(out, "no run has a journal here")?,
            Some(run) => run.write(out)?,
        }
        let Some(stacks) = &self.stacks else { return Ok(()) };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for status in stacks.values() {
            *counts.entry(status).or_default() += 1;
        }
        writeln!(out, "in the accounts: {}", plural(stacks.len(), "stack"))?;
        for (status, count) in counts {
            writeln!(out, "  {count:>5} {status}")?;
        }
        // what is as it should be needs no line
        let good = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "absent"];
        for (stack, status) in stacks.iter().filter(|(_, status)| !good.contains(&status.as_str())) {
            writeln!(out, "  {stack}: {status}")?;
        }
        Ok(())
    }
}

impl RunStatus {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let began = elapsed(self.began_seconds_ago);
        let Holder { run, owner } = &self.holder;
        let state = match self.state {
            RunState::Running => format!("is running since {began}"),
            RunState::Complete => format!("began {began} ago and is complete"),
            RunState::Partial => format!("began {began} ago and was done in part: run the same command again"),
            RunState::Killed => format!(
                "began {began} ago and did not come to its end, {} ago: run the same command again, it goes on from what stands",
                elapsed(self.wrote_seconds_ago)
            ),
        };
        writeln!(out, "{}: run {run} of {owner} {state}", self.mesh)?;
        if let Some(torn) = self.torn.filter(|_| self.state != RunState::Running) {
            writeln!(out, "  the last line of its journal is unfinished ({torn} bytes) and left out")?;
        }
        for step in &self.steps {
            write!(out, "  {}: {}", step.step, step.state)?;
            if step.total > 0 && step.state == "running" {
                write!(out, " {}/{}", step.done, step.total)?;
            }
            if let Some(seconds) = step.seconds {
                write!(out, " {}", elapsed(seconds.round().max(0.0) as u64))?;
            }
            if let Some(usual) = step.usual {
                write!(out, ", usually {}", elapsed(usual.round().max(0.0) as u64))?;
            }
            match &step.detail {
                Some(detail) => writeln!(out, ": {detail}")?,
                None => writeln!(out)?,
            }
        }
        for open in self.open.iter().filter(|_| self.state != RunState::Running) {
            writeln!(out, "  not known whether it was done: {open}")?;
        }
        Ok(())
    }
}

fn run(seen: &Seen<'_>, usual: &BTreeMap<(StepId, Work), f64>) -> RunStatus {
    let Seen { record, alive, torn, now } = seen;
    let ago = |at: u64| now.saturating_sub(at) / 1000;
    let state = match (&record.summary, alive) {
        (Some(summary), _) if summary.is_whole() => RunState::Complete,
        (Some(_), _) => RunState::Partial,
        (None, Alive::Yes) => RunState::Running,
        (None, Alive::No) => RunState::Killed,
    };
    let steps = record.steps.iter().filter_map(|(id, step)| {
        let usual = Work::of(&step.planned.decision).and_then(|work| usual.get(&(id.clone(), work)).copied());
        let (word, detail, seconds) = match &step.state {
            StepState::Kept => return None,
            StepState::Waiting => ("waiting", None, None),
            StepState::Probing(what) => ("waiting", Some(what.clone()), None),
            StepState::Running { since, attached } => {
                // of a run that is gone it is only known that it had begun
                let word = if *alive == Alive::Yes { "running" } else { "not finished" };
                let seconds = (*alive == Alive::Yes).then(|| now.saturating_sub(*since) as f64 / 1000.0);
                (word, attached.clone(), seconds)
            }
            StepState::Done { outcome, seconds } => {
                let word = match outcome {
                    StepOutcome::Created => "created",
                    StepOutcome::Updated => "updated",
                    StepOutcome::RolledBack => "rolled back",
                    StepOutcome::Deleted => "deleted",
                    StepOutcome::Unchanged | StepOutcome::Failed { .. } => "nothing to change",
                };
                (word, None, Some(*seconds))
            }
            StepState::Failed(failure) => ("FAILED", Some(failure_line(failure)), None),
            StepState::Skipped(reason) => ("skipped", Some(super::deploy::skip_words(reason)), None),
        };
        let (done, total) = step.resources;
        Some(StepStatus { step: id.clone(), state: word.to_owned(), detail, seconds, usual, done, total })
    });
    RunStatus {
        holder: record.holder.clone(),
        mesh: record.mesh.clone(),
        state,
        began_seconds_ago: ago(record.began),
        wrote_seconds_ago: ago(record.wrote),
        torn: *torn,
        steps: steps.collect(),
        open: record.open.iter().map(|intent| format!("{} {}", intent.operation, intent.target)).collect(),
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
