//! `meshform drift`

#![expect(clippy::disallowed_methods, reason = "the day is read from the clock here, never in the core")]

use super::arguments::{DriftArguments, DriftFormat};
use super::environment::synthesized;
use super::failure::{Exit, Failure};
use super::journal::run_id;
use super::planning::reach;
use super::ui::Ui;
use super::validate::day;
use crate::assembly::Document;
use crate::mesh::Day;
use crate::plan::Pattern;
use crate::plan::drift::{Input, compare};
use crate::report::drift::{Form, write};
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn run(arguments: &DriftArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let as_of = match &arguments.as_of {
        Some(text) => day(text)?,
        None => today()?,
    };
    let (mesh, assembly, _) = match synthesized(&arguments.environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(exit),
    };
    let wanted = Document::all(&assembly);
    let select = arguments.select.as_deref().map(Pattern::new);
    if let Some(pattern) = &select
        && !wanted.iter().any(|document| pattern.matches(&document.id))
    {
        return Err(Failure::new(format!("no stack fits `{pattern}`"))
            .hint("a pattern stands for a whole id, such as 'sales/*'")
            .exit(Exit::Usage));
    }
    ui.say("looking at the accounts; a drift detection takes some minutes")?;
    let look = crate::deploy::drift::look_at_drift(&wanted, select.as_ref(), &reach(&mesh, &run_id(), ui)?)
        .map_err(|error| Failure::new(error).hint("the asynchronous runtime could not be started"))?;
    let drift = compare(&Input {
        mesh: &mesh,
        wanted: &wanted,
        standing: &look.standing,
        facts: &look.facts,
        stacks: &look.stacks,
        accounts: &look.accounts,
        as_of: &as_of,
    });
    let form = match arguments.format {
        DriftFormat::Text => Form::Text { colour: ui.out_colour },
        DriftFormat::Markdown => Form::Markdown,
        DriftFormat::Json => Form::Json,
    };
    write(&mut ui.out, &drift, form)?;
    ui.out.flush()?;
    if drift.failed() {
        writeln!(
            ui.err,
            "error: some looks came to no answer, since they were not allowed or failed\n  hint: the report names each; `meshform bootstrap` brings the plan role up to date"
        )?;
    }
    Ok(if arguments.exit_code && drift.differs() {
        Exit::Changes
    } else if drift.failed() {
        Exit::Error
    } else {
        Exit::Done
    })
}

/// The day by this machine's clock, UTC.
pub(super) fn today() -> Result<Day, Failure> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    day(&date(seconds / 86_400))
}

/// The date of a day since 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> String {
    // a year that begins in March ends with its leap day
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let (month, day) = ((from_march + 2) % 12 + 1, of_year - (153 * from_march + 2) / 5 + 1);
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_have_dates() {
        let cases = [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (10_957, "2000-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_779, "2026-11-22"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ];
        for (days, expected) in cases {
            assert_eq!(date(days), expected);
        }
    }
}
