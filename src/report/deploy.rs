//! A deploy as it happens, and how it ended: plain lines, blocks for the log of CI, JSON lines, or a live board.
//!
//! Meaning never hangs on colour: every state has its own word.

mod blocks;
mod board;
mod words;

pub use super::Colour;
pub use blocks::{Blocks, Fold};
pub use board::Board;
pub(crate) use words::{elapsed, failure_line, skip as skip_words};
pub use words::{plural, summary};

use crate::deploy::{Cause, Event, LockStep, PlannedStep, StepOutcome, Stop, Upload};
use crate::plan::Decision;
use std::io::{self, Write};
use words::{Tone, decision_word, duration, failure, finished, organization, retried, skip};

/// Something that shows events as they come.
pub trait Show {
    /// Shows one event.
    ///
    /// # Errors
    /// When the text cannot be written; a closed pipe among them.
    fn show(&mut self, event: &Event) -> io::Result<()>;
}

/// One JSON object a line, for programs.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
}

impl<W: Write> JsonLines<W> {
    /// Writes events to `out`.
    pub const fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write> Show for JsonLines<W> {
    fn show(&mut self, event: &Event) -> io::Result<()> {
        writeln!(self.out, "{}", event.to_line())?;
        self.out.flush()
    }
}

/// One line for each change of a stack's state, for logs; a failure as one block. Stacks that stay as they are give no line.
#[derive(Debug)]
pub struct PlainLines<W> {
    out: W,
    colour: Colour,
    steps: Vec<PlannedStep>,
}

impl<W: Write> PlainLines<W> {
    /// Writes events to `out`.
    pub const fn new(out: W, colour: Colour) -> Self {
        Self { out, colour, steps: Vec::new() }
    }
}

impl<W: Write> Show for PlainLines<W> {
    fn show(&mut self, event: &Event) -> io::Result<()> {
        if let Event::RunStarted { steps, .. } = event {
            self.steps.clone_from(steps);
        }
        for line in lines(event, self.colour) {
            writeln!(self.out, "{line}")?;
        }
        if let Event::RunFinished { summary: ended } = event {
            write!(self.out, "{}", summary(&self.steps, ended, self.colour))?;
        }
        self.out.flush()
    }
}

/// Failures alone, each as one block: what `--quiet` leaves.
#[derive(Debug)]
pub struct Failures<W> {
    out: W,
    colour: Colour,
}

impl<W: Write> Failures<W> {
    /// Writes failures to `out`.
    pub const fn new(out: W, colour: Colour) -> Self {
        Self { out, colour }
    }
}

impl<W: Write> Show for Failures<W> {
    fn show(&mut self, event: &Event) -> io::Result<()> {
        let told = match event {
            Event::StepFinished { outcome: StepOutcome::Failed { failure: failed }, .. } => {
                failure(failed, self.colour)
            }
            Event::StackSetFinished { organized } if !organized.is_whole() => organization(organized, self.colour),
            _ => Vec::new(),
        };
        for line in told {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

/// The lines of an event that stay on the screen. The closing summary is apart, see [`summary`].
fn lines(event: &Event, colour: Colour) -> Vec<String> {
    match event {
        // a bootstrap of organizational units has no stacks of its own to count
        Event::RunStarted { steps, .. } if steps.is_empty() => Vec::new(),
        Event::RunStarted { mesh, steps, .. } => vec![opening(mesh, steps)],
        Event::StackSetStarted { name, step, .. } => vec![format!("StackSet {name}: {step}")],
        Event::StackSetFinished { organized } => organization(organized, colour),
        Event::StepWaiting { step, waiting_for } => vec![format!("{step}: waiting for {waiting_for}")],
        Event::StepStarted { decision: Decision::Keep, .. } => Vec::new(),
        Event::StepStarted { step, decision } => vec![format!("{step}: {}", decision_word(decision))],
        Event::EarlierFailure { step, status, cause } => {
            let mut lines =
                vec![format!("{step}: is in {status}; its earlier creation failed, so it is deleted first")];
            if let Some(cause) = cause {
                let Cause { logical_id, resource_type, status, reason, origin } = cause;
                lines.push(format!("    {logical_id} ({resource_type}) {status}: {reason}"));
                lines.extend(origin.iter().map(|origin| format!("        written at {origin}")));
            }
            lines
        }
        Event::StepAttached { step, status } => vec![format!("{step}: is in {status}, waiting for that to end")],
        Event::AssetStored { step, key, upload: Upload::Stored } => vec![format!("{step}: stored {key}")],
        Event::AssetStored { upload: Upload::Stood, .. }
        | Event::ResourceProgress { .. }
        | Event::RunFinished { .. } => Vec::new(),
        Event::StepFinished { outcome: StepOutcome::Unchanged, seconds, .. } if *seconds == 0.0 => Vec::new(),
        Event::StepFinished { step, outcome, seconds } => match outcome {
            StepOutcome::Failed { failure: failed } => failure(failed, colour),
            StepOutcome::Created
            | StepOutcome::Updated
            | StepOutcome::RolledBack
            | StepOutcome::Deleted
            | StepOutcome::Unchanged => {
                let word = colour.paint(Tone::Good, finished(outcome));
                vec![format!("{step}: {word} in {}", duration(*seconds))]
            }
        },
        Event::StepRetried { .. } => retried(event, colour),
        Event::StepSkipped { step, reason } => {
            vec![format!("{step}: {}, {}", colour.paint(Tone::Doubtful, "skipped"), skip(reason))]
        }
        Event::Lock { how, from } => {
            let whose = from.as_ref().map_or_else(String::new, |from| format!("of run {} of {}", from.run, from.owner));
            match how {
                LockStep::Taken => Vec::new(),
                LockStep::TakenOver => vec![format!("took over the lock {whose}, which ended without giving it back")],
                LockStep::Broken => vec![format!("broke the lock {whose}")],
                LockStep::Lost => vec![
                    "lost the lock: another run may be deploying; nothing new starts, and what runs is finished"
                        .to_owned(),
                ],
                LockStep::Left => vec!["could not give the lock back: it is held until its lease ends".to_owned()],
            }
        }
        Event::Stopping { running, how } => {
            let names: Vec<String> = running.iter().map(ToString::to_string).collect();
            let names = if names.is_empty() { "nothing is running".to_owned() } else { names.join(", ") };
            vec![match how {
                Stop::Finishing => {
                    format!("stopping: nothing new starts; being finished: {names} (interrupt again to leave at once)")
                }
                Stop::Now => format!("stopped: CloudFormation goes on by itself with: {names}"),
            }]
        }
    }
}

fn opening(mesh: &str, steps: &[PlannedStep]) -> String {
    let accounts: std::collections::BTreeSet<_> = steps.iter().map(|step| &step.account).collect();
    let stacks: std::collections::BTreeSet<_> = steps.iter().map(|planned| &planned.step.stack).collect();
    let changing: std::collections::BTreeSet<_> =
        steps.iter().filter(|planned| planned.decision != Decision::Keep).map(|planned| &planned.step.stack).collect();
    let changing = changing.len();
    format!("{mesh}: {} in {}, {changing} to change", plural(stacks.len(), "stack"), plural(accounts.len(), "account"))
}

#[cfg(test)]
#[path = "deploy/tests.rs"]
mod tests;
