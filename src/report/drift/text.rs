//! Drift at a terminal. A line never carries a control character of a name; commands stand on lines of their own.

use super::{Sight, reason, subject, unchecked, verdict, word};
use crate::plan::drift::{Answer, Check, Direction, Drift};
use crate::report::Colour;
use crate::report::diff::visible::visible;
use std::io::{self, Write};

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";

pub(super) fn write(out: &mut dyn Write, drift: &Drift, colour: Colour) -> io::Result<()> {
    let paper = Paper { colour };
    writeln!(out, "{}: {}, as of {}", visible(&drift.mesh), verdict(drift), drift.as_of)?;
    writeln!(out, "\n{}", paper.paint(BOLD, "Who can see more or less than the deployed templates say"))?;
    if drift.access.is_empty() {
        writeln!(out, "  nobody, as far as it could be looked at")?;
    }
    for change in &drift.access {
        sight(out, &Sight::of(change), &paper)?;
    }
    let different: Vec<&Check> = drift.checks.iter().filter(|check| check.answer == Answer::Different).collect();
    if !different.is_empty() {
        writeln!(out, "\n{}", paper.paint(BOLD, "What differs"))?;
    }
    for check in different {
        writeln!(out, "  {}, {} the same", visible(&subject(check)), check.same)?;
        differences(out, check, &paper)?;
    }
    not_checked(out, drift, &paper)?;
    if !drift.notes.is_empty() {
        writeln!(out)?;
    }
    for note in &drift.notes {
        writeln!(out, "note: {}", visible(note))?;
    }
    Ok(())
}

fn sight(out: &mut dyn Write, sight: &Sight<'_>, paper: &Paper) -> io::Result<()> {
    let change = sight.change;
    let table = format!("{}.{}", change.database, change.table);
    let product = if change.product.is_empty() { String::new() } else { format!(" of {}", change.product) };
    writeln!(out, "  {} on {}{}", visible(&change.principal), visible(&table), visible(&product))?;
    let alarm = if change.sensitive { ", sensitive" } else { "" };
    if !sight.more.is_empty() {
        let sign = paper.paint(RED, "+");
        writeln!(out, "    {sign} sees more{alarm}: {}", visible(&sight.more.join(", ")))?;
    }
    if !sight.less.is_empty() {
        let sign = paper.paint(GREEN, "-");
        writeln!(out, "    {sign} sees less: {}", visible(&sight.less.join(", ")))?;
    }
    for line in sight.reclassified() {
        writeln!(out, "    {} {}", paper.paint(YELLOW, "~"), visible(&line))?;
    }
    if !change.through.is_empty() {
        writeln!(out, "      by {}", visible(&change.through.join(", ")))?;
    }
    Ok(())
}

fn differences(out: &mut dyn Write, check: &Check, paper: &Paper) -> io::Result<()> {
    for difference in &check.differences {
        let sign = match difference.direction {
            Direction::More => paper.paint(RED, "+"),
            Direction::Less => paper.paint(GREEN, "-"),
            Direction::Other => paper.paint(YELLOW, "~"),
        };
        let what = visible(&difference.what);
        let values = match (&difference.expected, &difference.actual) {
            (Some(expected), Some(actual)) => format!(": {} instead of {}", visible(actual), visible(expected)),
            (Some(expected), None) => format!(": {} by the template", visible(expected)),
            (None, Some(actual)) => format!(": {}", visible(actual)),
            (None, None) => String::new(),
        };
        writeln!(out, "    {sign} {}: {what}{values}", word(difference.direction))?;
        if let Some(by) = &difference.by {
            writeln!(out, "      changed last: {}", visible(by))?;
        }
        for line in difference.mend.iter().flat_map(|mend| mend.lines()) {
            writeln!(out, "      hint: {}", visible(line))?;
        }
    }
    Ok(())
}

fn not_checked(out: &mut dyn Write, drift: &Drift, paper: &Paper) -> io::Result<()> {
    let told = unchecked(drift);
    if !told.is_empty() {
        writeln!(out, "\n{}", paper.paint(BOLD, "What could not be checked"))?;
    }
    for ((why, message), unread) in told {
        writeln!(out, "  {}, {} times: {}", reason(why), unread.parts, visible(message))?;
        for place in unread.places {
            writeln!(out, "    {}", visible(&place))?;
        }
    }
    Ok(())
}

struct Paper {
    colour: Colour,
}

impl Paper {
    fn paint(&self, style: &str, text: &str) -> String {
        match self.colour {
            Colour::Ansi => format!("\x1b[{style}m{text}\x1b[0m"),
            Colour::Plain => text.to_owned(),
        }
    }
}
