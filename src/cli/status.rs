//! `meshform status`

#![expect(clippy::disallowed_methods, reason = "a door to the disk: the journal of a run is followed")]

use super::arguments::{StatusArguments, StatusFormat};
use super::environment::Chosen;
use super::failure::{Exit, Failure};
use super::journal::{Journals, now};
use super::planning::standing;
use super::ui::Ui;
use crate::assembly::pretty;
use crate::deploy::{Entry, Event, Journal, RunRecord, usual};
use crate::report::deploy::{JsonLines, Show};
use crate::report::status::{Alive, Seen, Status};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::thread::sleep;
use std::time::Duration;

/// How often a journal is looked at while it is followed.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn run(arguments: &StatusArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let chosen = Chosen::find(&arguments.environment)?;
    let journals = Journals::of(&chosen);
    let runs = journals.runs();
    let run = match &arguments.run {
        None => runs.first().cloned(),
        Some(run) if runs.contains(run) => Some(run.clone()),
        Some(run) => {
            let known: Vec<&str> = runs.iter().take(5).map(String::as_str).collect();
            let hint = if known.is_empty() { "no run has a journal here".to_owned() } else { known.join(", ") };
            let failure = Failure::new(format!("there is no journal of a run `{run}`")).exit(Exit::Usage);
            return Err(failure.hint(format!("the newest are: {hint}")));
        }
    };
    if arguments.attach {
        let running = run.filter(|run| journals.is_running(run));
        let Some(run) = running else {
            return Err(Failure::new("no deploy of this environment runs on this machine")
                .hint("`meshform status` without --attach tells how the last one ended"));
        };
        return attach(&journals, &run, arguments.format, ui);
    }
    // before the file: a run that ends in between is then told as ended
    let alive = run.as_ref().is_some_and(|run| journals.is_running(run));
    let journal = run.map(|run| journals.read(&run)).transpose()?;
    let record = journal.as_ref().and_then(RunRecord::of);
    let torn = journal.as_ref().and_then(|journal| journal.torn);
    let alive = if alive { Alive::Yes } else { Alive::No };
    let seen = record.as_ref().map(|record| Seen { record, alive, torn, now: now() });
    let deployed = if arguments.offline { None } else { standing(&arguments.environment, ui)? };
    let status = Status::of(seen.as_ref(), &usual(&journals.records()), deployed.as_ref());
    match arguments.format {
        StatusFormat::Text => status.write(&mut ui.out)?,
        StatusFormat::Json => write!(ui.out, "{}", pretty(&status))?,
    }
    ui.out.flush()?;
    Ok(Exit::Done)
}

/// Shows a run that goes on in another process, from its first event to its last.
fn attach(journals: &Journals, run: &str, format: StatusFormat, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut show: Box<dyn Show + '_> = match format {
        StatusFormat::Json => Box::new(JsonLines::new(&mut ui.out)),
        StatusFormat::Text => ui.show(BTreeMap::new()),
    };
    let mut file = File::open(journals.path(run)).map_err(Failure::new)?;
    let mut unread = Vec::new();
    let mut first = true;
    loop {
        // before the file: what a run writes last is then read after it is gone
        let running = journals.is_running(run);
        file.read_to_end(&mut unread).map_err(Failure::new)?;
        let whole = unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let lines: Vec<u8> = unread.drain(..whole).collect();
        let journal = if first { Journal::read(&lines) } else { Journal::read_on(&lines) };
        first &= whole == 0;
        for line in journal.map_err(|error| Failure::new(error).exit(Exit::Findings))?.lines {
            let Entry::Happened { happened } = line.entry else { continue };
            show.show(&happened)?;
            if let Event::RunFinished { summary } = happened {
                return Ok(if summary.is_whole() { Exit::Done } else { Exit::Partial });
            }
        }
        if !running {
            drop(show);
            let error = io::Error::other(format!("run {run} ended without saying how: its process is gone"));
            return Err(Failure::new(error).hint("run the same deploy again: it goes on from what stands"));
        }
        sleep(PAUSE);
    }
}
