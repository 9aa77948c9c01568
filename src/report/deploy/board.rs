//! A live board for a terminal: what is being worked on, one line for each stack, and a line that counts.
//!
//! What is done scrolls away above the board as ordinary lines, so the board is never longer than what runs at once.

use super::super::Colour;
use super::words::{decision_word, duration, elapsed, plural, summary};
use super::{Show, lines};
use crate::deploy::{Event, PlannedStep, StepOutcome};
use crate::plan::{Decision, StepId};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// The live board.
#[derive(Debug)]
pub struct Board {
    screen: MultiProgress,
    /// Width of the terminal in columns.
    width: usize,
    /// Columns for the names of steps.
    names: usize,
    colour: Colour,
    steps: Vec<PlannedStep>,
    rows: BTreeMap<StepId, Row>,
    /// How long steps usually take, in seconds.
    usual: BTreeMap<StepId, f64>,
    footer: Option<ProgressBar>,
    done: usize,
}

#[derive(Debug)]
struct Row {
    bar: ProgressBar,
    what: String,
    done: usize,
    total: usize,
}

impl Board {
    /// A board on a terminal of this width (columns); the caller chooses the terminal, and knows how long steps usually take, in
    /// seconds.
    #[must_use]
    pub fn new(target: ProgressDrawTarget, width: u16, colour: Colour, usual: BTreeMap<StepId, f64>) -> Self {
        Self {
            screen: MultiProgress::with_draw_target(target),
            width: usize::from(width).clamp(20, 200),
            names: 0,
            colour,
            steps: Vec::new(),
            rows: BTreeMap::new(),
            usual,
            footer: None,
            done: 0,
        }
    }

    fn row(&mut self, step: &StepId, what: String) {
        let row = self.rows.entry(step.clone()).or_insert_with(|| {
            let bar = ProgressBar::no_length().with_style(plain());
            let bar = match &self.footer {
                Some(footer) => self.screen.insert_before(footer, bar),
                None => self.screen.add(bar),
            };
            bar.enable_steady_tick(Duration::from_millis(200));
            Row { bar, what: String::new(), done: 0, total: 0 }
        });
        row.what = what;
        row.bar.set_message(line(step, row.done, row.total, &row.what, (self.names, self.width)));
    }

    fn progress(&mut self, step: &StepId, resource: String, now: usize, of: usize) {
        if let Some(row) = self.rows.get_mut(step) {
            (row.done, row.total) = (now, of);
        }
        self.row(step, resource);
    }

    fn remove(&mut self, step: &StepId) {
        if let Some(row) = self.rows.remove(step) {
            row.bar.finish_and_clear();
            self.screen.remove(&row.bar);
        }
        self.done += 1;
        self.count();
    }

    fn count(&self) {
        if let Some(footer) = &self.footer {
            footer.set_message(fit(&format!("{} of {} done", self.done, plural(self.steps.len(), "step")), self.width));
        }
    }
}

impl Show for Board {
    fn show(&mut self, event: &Event) -> io::Result<()> {
        let mut kept = Vec::new();
        match event {
            Event::RunStarted { steps, .. } => {
                self.steps.clone_from(steps);
                let working = steps.iter().filter(|planned| planned.decision != Decision::Keep);
                let longest = working.map(|planned| planned.step.to_string().chars().count()).max();
                self.names = longest.unwrap_or(0).min(self.width / 2);
                self.footer = Some(self.screen.add(ProgressBar::no_length().with_style(plain())));
                self.count();
                kept = lines(event, self.colour);
            }
            Event::StepWaiting { step, waiting_for } => self.row(step, format!("waiting for {waiting_for}")),
            Event::StepStarted { decision: Decision::Keep, .. } => {}
            Event::StepStarted { step, decision } => {
                let usual = self.usual.get(step).map(|seconds| format!(", usually {}", duration(*seconds)));
                self.row(step, format!("{}{}", decision_word(decision), usual.unwrap_or_default()));
            }
            Event::StepAttached { step, status } => self.row(step, format!("busy: {status}")),
            Event::AssetStored { step, key, .. } => self.row(step, key.clone()),
            Event::ResourceProgress { step, logical_id, status, done, total, .. } => {
                self.progress(step, told(logical_id, status), *done, *total);
            }
            Event::StepFinished { step, outcome, .. } => {
                self.remove(step);
                kept = match outcome {
                    StepOutcome::Unchanged => Vec::new(),
                    StepOutcome::Created
                    | StepOutcome::Updated
                    | StepOutcome::RolledBack
                    | StepOutcome::Deleted
                    | StepOutcome::Failed { .. } => lines(event, self.colour),
                };
            }
            Event::StepRetried { step, rest, .. } => {
                self.row(step, format!("tried again in {}", elapsed(*rest)));
                kept = lines(event, self.colour);
            }
            Event::StepSkipped { step, .. } => {
                self.remove(step);
                kept = lines(event, self.colour);
            }
            Event::EarlierFailure { .. }
            | Event::StackSetStarted { .. }
            | Event::StackSetFinished { .. }
            | Event::Lock { .. }
            | Event::Stopping { .. } => kept = lines(event, self.colour),
            Event::RunFinished { summary: ended } => {
                for row in std::mem::take(&mut self.rows).into_values() {
                    row.bar.finish_and_clear();
                }
                if let Some(footer) = self.footer.take() {
                    footer.finish_and_clear();
                }
                kept = summary(&self.steps, ended, self.colour).lines().map(str::to_owned).collect();
            }
        }
        for line in kept {
            self.screen.println(line)?;
        }
        Ok(())
    }
}

/// All of a line is its message: what it says is made, and tested, here.
fn plain() -> ProgressStyle {
    crate::sure(ProgressStyle::with_template("{msg}"), "the template of the board")
}

/// One stack's line: name, bar, count, what it does; as wide as the names, and never wider than the terminal.
fn line(step: &StepId, done: usize, total: usize, what: &str, (names, width): (usize, usize)) -> String {
    const CELLS: usize = 10;
    let name = shortened(&step.to_string(), names);
    // without a count, what it does may take the bar's room
    let bar = (done * CELLS).checked_div(total).map_or_else(String::new, |full| {
        let full = full.min(CELLS);
        format!("{}{} {:>7} ", "█".repeat(full), "·".repeat(CELLS - full), format!("{done}/{total}"))
    });
    fit(&format!("{name:<names$} {bar}{what}"), width)
}

/// A name that is too long keeps its start, which tells the owner, and its end, which tells the stack.
fn shortened(name: &str, width: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= width || width == 0 {
        return name.to_owned();
    }
    let start = (width - 1) / 3;
    let end = width - 1 - start;
    letters[..start].iter().chain(&['…']).chain(&letters[letters.len() - end..]).collect()
}

/// What becomes of a resource, the verb first: a narrow terminal cuts the end.
fn told(logical_id: &str, status: &str) -> String {
    let verb = match status {
        "CREATE_IN_PROGRESS" => "creating",
        "CREATE_COMPLETE" => "created",
        "UPDATE_IN_PROGRESS" => "changing",
        "UPDATE_COMPLETE" => "changed",
        "DELETE_IN_PROGRESS" => "deleting",
        "DELETE_COMPLETE" => "deleted",
        other => return format!("{logical_id} {other}"),
    };
    format!("{verb} {logical_id}")
}

/// Cuts a line so that it never wraps: one column is left free, where some terminals put the cursor.
fn fit(text: &str, width: usize) -> String {
    let room = width.saturating_sub(1);
    match text.chars().nth(room) {
        None => text.to_owned(),
        Some(_) => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::StackId;
    use crate::plan::Turn;

    fn step(owner: &str, name: &str) -> StepId {
        StepId::new(&StackId::new(owner, name), Turn::Add)
    }

    #[test]
    fn a_line_fits_into_eighty_columns() {
        let long = step("customer-journey-of-all", "demo-publication-customer-journey-of-all-2");
        for width in [20, 40, 80, 120] {
            let line =
                line(&long, 12, 345, "TableOrders1f0c22ab CREATE_IN_PROGRESS and a long reason", (width / 2, width));
            assert!(line.chars().count() < width, "{width}: {line}");
        }
        assert_eq!(
            line(&step("sales", "demo-storage-sales"), 3, 6, &told("DataBucketPolicy", "CREATE_IN_PROGRESS"), (40, 80)),
            "sales/demo-storage-sales                 █████·····     3/6 creating DataBucke…"
        );
        assert_eq!(
            line(&step("sales", "demo-storage-sales"), 3, 6, &told("Key", "UPDATE_FAILED"), (40, 80)),
            "sales/demo-storage-sales                 █████·····     3/6 Key UPDATE_FAILED"
        );
    }

    #[test]
    fn what_is_waited_for_takes_the_room_of_the_bar() {
        assert_eq!(
            line(&step("shop", "demo-access-shop"), 0, 0, "waiting for database demo_sales_orders", (40, 80)),
            "shop/demo-access-shop                    waiting for database demo_sales_orders"
        );
    }

    #[test]
    fn a_board_shows_a_run_without_a_terminal() {
        let mut board = Board::new(ProgressDrawTarget::hidden(), 80, Colour::Plain, BTreeMap::new());
        for event in super::super::tests::run() {
            board.show(&event).unwrap();
        }
        assert!(board.rows.is_empty());
        assert_eq!(board.done, 3);
    }
}
