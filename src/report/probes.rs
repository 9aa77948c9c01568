//! What probes showed, for people; for programs the record itself is written.

use super::Colour;
use super::diff::visible::visible;
use crate::plan::behaviour::{Record, Verdict};
use std::io::{self, Write};

/// Writes a record: what is otherwise first, what could not be told next.
///
/// # Errors
/// When the writer refuses.
pub fn write(out: &mut dyn Write, record: &Record, colour: Colour) -> io::Result<()> {
    let of = |verdict: Verdict| record.probes.iter().filter(move |outcome| outcome.verdict == verdict);
    let count = |verdict| of(verdict).count();
    writeln!(
        out,
        "{}: {} as expected, {} otherwise, {} could not be told, {} never run",
        visible(&record.mesh),
        count(Verdict::AsExpected),
        count(Verdict::Otherwise),
        count(Verdict::NotTold),
        record.missing().len()
    )?;
    for (verdict, style) in [(Verdict::Otherwise, "31"), (Verdict::NotTold, "33"), (Verdict::AsExpected, "32")] {
        for outcome in of(verdict) {
            let word = match colour {
                Colour::Ansi => format!("\x1b[{style}m{verdict}\x1b[0m"),
                Colour::Plain => verdict.to_string(),
            };
            let (number, name, date) = (outcome.number, visible(&outcome.name), visible(&outcome.date));
            writeln!(out, "{word}: probe {number}, {name}, {date}: {}", visible(&outcome.seen))?;
            if verdict == Verdict::Otherwise {
                writeln!(out, "  expected: {}", visible(&outcome.expected))?;
                writeln!(out, "  hint: decide anew what rests on it: {}", visible(&outcome.rests))?;
            }
        }
    }
    for left in &record.left {
        writeln!(out, "left: {}", visible(left))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::behaviour::{BEHAVIOURS, Circumstance, Judged, Outcome};

    #[test]
    fn what_is_otherwise_comes_first_with_what_rests_on_it() {
        let accounts = ["999999999999".to_owned()];
        let circumstance = Circumstance { date: "2026-11-22", run: "run", region: "eu-west-1", accounts: &accounts };
        let outcome = |at: usize, verdict, seen: &str| {
            Outcome::of(&BEHAVIOURS[at], Judged { verdict, seen: seen.to_owned() }, &circumstance)
        };
        let mut record = Record::empty("demo".to_owned());
        let told = vec![
            outcome(0, Verdict::AsExpected, "fine"),
            outcome(2, Verdict::Otherwise, "it came back\u{1b}[2J"),
            outcome(3, Verdict::NotTold, "no second account"),
        ];
        record.take(told, vec!["account 999999999999: a bucket".to_owned()]);
        let mut text = Vec::new();
        write(&mut text, &record, Colour::Plain).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "demo: 1 as expected, 1 otherwise, 1 could not be told, 6 never run");
        assert!(lines[1].starts_with("otherwise: probe 3, tag-removed-by-another-value, 2026-11-22: it came back"));
        assert!(!text.contains('\u{1b}'));
        assert!(lines[3].contains("decide anew what rests on it: an association covers one column"));
        assert_eq!(
            lines[4],
            "could not be told: probe 4, identical-expression-granted-on, 2026-11-22: no second account"
        );
        assert_eq!(lines[6], "left: account 999999999999: a bucket");
    }
}
