//! A difference as one comment of a pull request. The words around it are in `templates/reports/comment.md.hbs`.
//!
//! Whatever the template is given is Markdown already: texts of users pass through [`escape`] alone.

mod budget;
mod details;
mod escape;
mod moments;
mod rules;
mod sections;
mod sight;

use super::numbers::numbers;
use super::verdict::{Level, blocked, verdict};
use crate::plan::diff::Diff;
use budget::{Filled, fill};
pub(in crate::report) use escape::{code, prose};

use escape::phrase;
use handlebars::Handlebars;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write};

const COMMENT: &str = include_str!("../../../../templates/reports/comment.md.hbs");

/// What the template is given.
#[derive(Serialize)]
struct Comment {
    marker: String,
    title: String,
    alert: &'static str,
    verdict: Vec<String>,
    numbers: Vec<Number>,
    sections: Vec<Told>,
    footer: String,
}

#[derive(Serialize)]
struct Number {
    question: &'static str,
    answer: String,
}

#[derive(Serialize)]
struct Told {
    title: &'static str,
    folded: bool,
    intro: Option<String>,
    header: Option<&'static str>,
    pieces: Vec<String>,
    more: Option<String>,
}

/// Writes the comment.
pub(super) fn write(out: &mut dyn Write, diff: &Diff, environment: &str) -> io::Result<()> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    // no HTML is made here, and every text is Markdown already
    handlebars.register_escape_fn(handlebars::no_escape);
    let text = handlebars.render_template(COMMENT, &comment(diff, environment)).map_err(io::Error::other)?;
    // the template leaves a line for each part that is not there
    let mut empty = false;
    for line in text.trim_end().lines() {
        if line.is_empty() && empty {
            continue;
        }
        empty = line.is_empty();
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn comment(diff: &Diff, environment: &str) -> Comment {
    let (level, clauses) = verdict(diff);
    let alert = match level {
        Level::Grave => "CAUTION",
        Level::Notable => "IMPORTANT",
        Level::Harmless => "NOTE",
    };
    let mut verdict = vec![sentence(&clauses.iter().map(phrase).collect::<Vec<_>>())];
    if !diff.is_empty() {
        verdict.push(sentence(&[phrase(&blocked(diff))]));
    }
    for side in [&diff.base, &diff.head] {
        for limit in side.limits.iter().take(3) {
            verdict.push(format!("{}: {}.", code(&side.name), escape::prose(limit)));
        }
    }
    let numbers = match diff.is_empty() {
        true => Vec::new(),
        false => {
            numbers(diff).into_iter().map(|(question, answer)| Number { question, answer: phrase(&answer) }).collect()
        }
    };
    let filled = fill(sections::sections(diff));
    let left_out: usize = filled.iter().map(|filled| filled.left_out).sum();
    let mut footer = format!("{} compared with {}.", code(&diff.head.name), code(&diff.base.name));
    if left_out > 0 {
        let all = "What this comment has no room for is in the artifact of the job, and in";
        write!(footer, " {all} {}.", code(&format!("meshform diff -e {environment} --format json")))
            .unwrap_or_default();
    }
    Comment {
        marker: marker(environment),
        title: format!("What this change means for {}", code(environment)),
        alert,
        verdict,
        numbers,
        sections: filled.into_iter().filter_map(told).collect(),
        footer,
    }
}

/// Clauses as one sentence, the worst first.
fn sentence(clauses: &[String]) -> String {
    let text = clauses.join("; ");
    let mut letters = text.chars();
    match letters.next() {
        // a name in code stays as it is
        Some(first) if first.is_ascii_lowercase() => format!("{}{}.", first.to_ascii_uppercase(), letters.as_str()),
        Some(_) | None => format!("{text}."),
    }
}

fn told(filled: Filled) -> Option<Told> {
    let Filled { section, left_out } = filled;
    if section.pieces.is_empty() && left_out == 0 {
        return None;
    }
    let more = (left_out > 0).then(|| {
        let what = super::phrase::count(left_out, section.noun);
        let more = if section.pieces.is_empty() { "" } else { " more" };
        let verb = if left_out == 1 { "is" } else { "are" };
        format!("_{} {verb} left out: this comment is full._", what.replacen(' ', &format!("{more} "), 1))
    });
    let header = section.header.filter(|_| !section.pieces.is_empty());
    let pieces = section.pieces.into_iter().map(|piece| piece.text).collect();
    Some(Told { title: section.title, folded: section.folded, intro: section.intro, header, pieces, more })
}

/// The line by which the comment is found again. Nothing but letters, digits and a few signs: it must not end early.
fn marker(environment: &str) -> String {
    let mut name = String::new();
    for byte in environment.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"._".contains(&byte) => name.push(char::from(byte)),
            b'-' if !name.ends_with('-') => name.push('-'),
            byte => write!(name, "%{byte:02X}").unwrap_or_default(),
        }
    }
    format!("<!-- meshform-diff {name} -->")
}

#[cfg(test)]
mod tests {
    use super::marker;

    #[test]
    fn the_marker_ends_where_it_ends() {
        assert_eq!(marker("demo"), "<!-- meshform-diff demo -->");
        assert_eq!(marker("eu-west_1.x"), "<!-- meshform-diff eu-west_1.x -->");
        assert_eq!(marker("a-->b"), "<!-- meshform-diff a-%2D%3Eb -->");
        assert_eq!(marker("a b\n"), "<!-- meshform-diff a%20b%0A -->");
    }
}
