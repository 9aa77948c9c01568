//! A deploy in the log of CI: what came of a stack's resources as one block, written when the stack ends, so that stacks that run at
//! once do not mix (aws-cdk#27015, #1973).

use super::words::summary;
use super::{Colour, Show, lines};
use crate::deploy::{Event, PlannedStep, StepOutcome};
use crate::plan::StepId;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What folds a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Nothing: its lines are indented.
    None,
    /// GitHub Actions (its documentation, "Workflow commands for GitHub Actions", Grouping log lines).
    GitHub,
}

/// One line for each change of a stack's state, and its resources when it ends.
#[derive(Debug)]
pub struct Blocks<W> {
    out: W,
    colour: Colour,
    fold: Fold,
    steps: Vec<PlannedStep>,
    /// What came of the resources of each stack that is worked on.
    resources: BTreeMap<StepId, Vec<String>>,
}

impl<W: Write> Blocks<W> {
    /// Writes events to `out`.
    pub const fn new(out: W, colour: Colour, fold: Fold) -> Self {
        Self { out, colour, fold, steps: Vec::new(), resources: BTreeMap::new() }
    }

    /// A text of AWS may have several lines, and one of them may look like a command to the log.
    fn line(&mut self, text: &str) -> io::Result<()> {
        let text: Vec<&str> = text.split(['\r', '\n']).filter(|part| !part.is_empty()).collect();
        writeln!(self.out, "{}", text.join(" "))
    }

    /// What is folded away can be looked at; why a stack failed is not folded.
    fn block(&mut self, told: &[String], resources: &[String], failed: bool) -> io::Result<()> {
        let Some((head, rest)) = told.split_first() else { return Ok(()) };
        if self.fold == Fold::None || resources.is_empty() {
            self.line(head)?;
            for line in rest {
                self.line(line)?;
            }
            for resource in resources {
                self.line(&format!("    {resource}"))?;
            }
            return Ok(());
        }
        if failed {
            for line in told {
                self.line(line)?;
            }
            self.line("::group::what came of its resources")?;
        } else {
            self.line(&format!("::group::{head}"))?;
        }
        for resource in resources {
            self.line(resource)?;
        }
        self.line("::endgroup::")
    }
}

impl<W: Write> Show for Blocks<W> {
    fn show(&mut self, event: &Event) -> io::Result<()> {
        let told = lines(event, self.colour);
        match event {
            Event::RunStarted { steps, .. } => self.steps.clone_from(steps),
            Event::ResourceProgress { step, logical_id, resource_type, status, .. } => {
                if !status.ends_with("_IN_PROGRESS") {
                    let line = format!("{logical_id} ({resource_type}) {status}");
                    self.resources.entry(step.clone()).or_default().push(line);
                }
            }
            Event::StepFinished { step, outcome, .. } => {
                let resources = self.resources.remove(step).unwrap_or_default();
                self.block(&told, &resources, matches!(outcome, StepOutcome::Failed { .. }))?;
                return self.out.flush();
            }
            Event::StepWaiting { .. }
            | Event::StepStarted { .. }
            | Event::StepAttached { .. }
            | Event::StepRetried { .. }
            | Event::StepSkipped { .. }
            | Event::AssetStored { .. }
            | Event::EarlierFailure { .. }
            | Event::StackSetStarted { .. }
            | Event::StackSetFinished { .. }
            | Event::Lock { .. }
            | Event::Stopping { .. }
            | Event::RunFinished { .. } => {}
        }
        for line in told {
            self.line(&line)?;
        }
        if let Event::RunFinished { summary: ended } = event {
            write!(self.out, "{}", summary(&self.steps, ended, self.colour))?;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{Cause, Failure};

    fn shown(events: &[Event], fold: Fold) -> String {
        let mut out = Vec::new();
        let mut blocks = Blocks::new(&mut out, Colour::Plain, fold);
        for event in events {
            blocks.show(event).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    /// The run of the other renderers, with a resource that failed.
    fn run() -> Vec<Event> {
        let mut events = super::super::tests::run();
        let failed = events
            .iter()
            .position(|event| matches!(event, Event::StepFinished { outcome: StepOutcome::Failed { .. }, .. }));
        let Some(Event::StepFinished { step, .. }) = failed.map(|at| events[at].clone()) else { panic!("{events:#?}") };
        let progress = |status: &str| Event::ResourceProgress {
            step: step.clone(),
            logical_id: "DataBucket".to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            status: status.to_owned(),
            done: 0,
            total: 1,
        };
        events.splice(5..5, [progress("CREATE_IN_PROGRESS"), progress("CREATE_FAILED")]);
        events
    }

    #[test]
    fn a_stack_is_one_block_when_it_ends() {
        let text = shown(&run(), Fold::None);
        let (_, blocks) = text.split_once("sales/b: creating\n").unwrap();
        let (blocks, _) = blocks.split_once("\n\n").unwrap();
        insta::assert_snapshot!(blocks, @r"
        sales/a: created in 4.2 s
            DataKey (AWS::KMS::Key) CREATE_COMPLETE
        sales/b: FAILED: ended in ROLLBACK_COMPLETE
            cause: DataBucket (AWS::S3::Bucket) CREATE_FAILED: acme-demo already exists
                written at environments/demo/domains/sales.yaml:4:3
            account: 222222222222
            hint: look at it
            DataBucket (AWS::S3::Bucket) CREATE_FAILED
        sales/c: skipped, since it needs sales/b
        ");
    }

    #[test]
    fn github_folds_what_came_of_the_resources_and_not_why_a_stack_failed() {
        let text = shown(&run(), Fold::GitHub);
        let (_, blocks) = text.split_once("sales/b: creating\n").unwrap();
        let (blocks, _) = blocks.split_once("\n\n").unwrap();
        insta::assert_snapshot!(blocks, @r"
        ::group::sales/a: created in 4.2 s
        DataKey (AWS::KMS::Key) CREATE_COMPLETE
        ::endgroup::
        sales/b: FAILED: ended in ROLLBACK_COMPLETE
            cause: DataBucket (AWS::S3::Bucket) CREATE_FAILED: acme-demo already exists
                written at environments/demo/domains/sales.yaml:4:3
            account: 222222222222
            hint: look at it
        ::group::what came of its resources
        DataBucket (AWS::S3::Bucket) CREATE_FAILED
        ::endgroup::
        sales/c: skipped, since it needs sales/b
        ");
    }

    #[test]
    fn what_aws_says_is_no_command_to_the_log() {
        let mut events = run();
        for event in &mut events {
            if let Event::StepFinished { outcome: StepOutcome::Failed { failure }, .. } = event {
                let cause = Cause { reason: "no\n::add-mask::a\r::stop-commands::x".to_owned(), ..cause_of(failure) };
                failure.cause = Some(cause);
            }
        }
        let text = shown(&events, Fold::GitHub);
        assert!(text.contains("CREATE_FAILED: no ::add-mask::a ::stop-commands::x\n"), "{text}");
        let commands = text.lines().map(str::trim_start).filter(|line| line.starts_with("::"));
        assert!(commands.clone().count() > 3 && commands.into_iter().all(|line| line.contains("group::")), "{text}");
    }

    fn cause_of(failure: &Failure) -> Cause {
        failure.cause.clone().unwrap()
    }
}
