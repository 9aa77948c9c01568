//! Drift as GitHub-flavoured Markdown. Every name is data: it stands in code, so that it cannot end a cell, make a link, or
//! mention anybody.

use super::{Sight, reason, subject, unchecked, verdict, word};
use crate::plan::drift::{Answer, Check, Drift};
use crate::report::diff::{code, prose};
use std::fmt::Write as _;
use std::io::{self, Write};

/// UTF-16 units that a comment may have: GitHub takes 65,536, the rest is for what a workflow adds.
const BUDGET: usize = 60_000;

pub(super) fn write(out: &mut dyn Write, drift: &Drift) -> io::Result<()> {
    let mut page = Page::default();
    page.line(format!("<!-- meshform-drift {} -->", drift.mesh.replace("--", "")));
    page.line(format!("## Drift of {}: {}\n", code(&drift.mesh), verdict(drift)));
    page.line(format!("As of {}. Compared with the templates that are deployed.\n", drift.as_of));
    page.line("### Who can see more or less than the deployed templates say\n".to_owned());
    if drift.access.is_empty() {
        page.line("Nobody, as far as it could be looked at.\n".to_owned());
    } else {
        page.line("| principal | table | more | less | by |\n|---|---|---|---|---|".to_owned());
    }
    for change in &drift.access {
        page.line(row(&Sight::of(change)));
    }
    let different: Vec<&Check> = drift.checks.iter().filter(|check| check.answer == Answer::Different).collect();
    if !different.is_empty() {
        page.line("\n### What differs\n".to_owned());
    }
    for check in different {
        page.line(format!("\n**{}**, {} the same\n", prose(&subject(check)), check.same));
        for difference in &check.differences {
            page.line(differing(difference));
        }
    }
    let unread = unchecked(drift);
    let open = !unread.is_empty();
    if open {
        page.line("\n<details><summary>What could not be checked</summary>\n".to_owned());
    }
    for ((why, message), unread) in unread {
        page.line(format!("- {}, {} times: {}", reason(why), unread.parts, prose(message)));
        for place in unread.places {
            page.line(format!("  - {}", prose(&place)));
        }
    }
    page.text.push_str(if open { "\n</details>\n" } else { "" });
    for note in &drift.notes {
        page.line(format!("\n{}", prose(note)));
    }
    if page.left_out > 0 {
        write!(page.text, "\n{} lines are left out; `--format json` has all of it.\n", page.left_out)
            .unwrap_or_default();
    }
    write!(out, "{}", page.text)
}

/// Lines as long as there is room; what matters most was written first.
#[derive(Default)]
struct Page {
    text: String,
    used: usize,
    left_out: usize,
}

impl Page {
    fn line(&mut self, line: String) {
        let units = line.encode_utf16().count() + 1;
        if self.left_out > 0 || self.used + units > BUDGET {
            self.left_out += 1;
            return;
        }
        self.used += units;
        self.text.push_str(&line);
        self.text.push('\n');
    }
}

fn row(sight: &Sight<'_>) -> String {
    let change = sight.change;
    let list = |names: &[String]| names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ");
    let alarm = if change.sensitive { "**sensitive** " } else { "" };
    let more = if sight.more.is_empty() { String::new() } else { format!("{alarm}{}", list(&sight.more)) };
    let other = sight.reclassified();
    let less = [sight.less.as_slice(), other.as_slice()].concat();
    format!(
        "| {} | {} | {more} | {} | {} |",
        code(&change.principal),
        code(&format!("{}.{}", change.database, change.table)),
        list(&less),
        list(&change.through)
    )
}

fn differing(difference: &crate::plan::drift::Difference) -> String {
    let value = |value: &Option<String>| value.as_deref().map(code);
    let values = match (value(&difference.expected), value(&difference.actual)) {
        (Some(expected), Some(actual)) => format!(": {actual} instead of {expected}"),
        (Some(expected), None) => format!(": {expected} by the template"),
        (None, Some(actual)) => format!(": {actual}"),
        (None, None) => String::new(),
    };
    let by = difference.by.as_deref().map(|by| format!(", changed last {}", code(by))).unwrap_or_default();
    format!("- {}: {}{values}{by}", word(difference.direction), code(&difference.what))
}
