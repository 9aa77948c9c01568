//! Findings for people and for machines, each at its line and column.

mod github;
mod json;
mod sarif;
mod text;

pub use super::Colour;
pub use json::Report;

use crate::environment::{Source, Span};
use crate::finding::{Finding, Related, Severity};
use std::io::{self, Write};

/// Who reads the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A person.
    Text,
    /// A program; the shape is [`Report`].
    Json,
    /// GitHub Actions, as workflow commands that become annotations.
    Github,
    /// Code scanning, as SARIF 2.1.0.
    Sarif,
}

/// How the findings are to look.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Written before the path of each file, such as `environments/demo`; empty for the paths below the environment.
    pub root: &'a str,
    /// Columns of the terminal; longer lines of a file are cut around the place.
    pub width: usize,
    /// Colours of the text form.
    pub colour: Colour,
}

impl Default for Look<'_> {
    fn default() -> Self {
        Self { root: "", width: 120, colour: Colour::Plain }
    }
}

impl Look<'_> {
    fn path(&self, file: &str) -> String {
        match self.root.trim_end_matches('/') {
            "" => file.to_owned(),
            root => format!("{root}/{file}"),
        }
    }
}

/// Writes findings in the order of the files and of the places in them, errors and warnings together.
///
/// # Errors
/// When the writer refuses.
pub fn write(
    out: &mut dyn Write,
    source: &Source,
    findings: &[Finding],
    format: Format,
    look: &Look<'_>,
) -> io::Result<()> {
    let located = locate(source, findings);
    match format {
        Format::Text => {
            text::write(out, source, &located, look)?;
            writeln!(out, "{}", summary(findings))
        }
        Format::Json => json::write(out, &located, look),
        Format::Github => github::write(out, &located, look),
        Format::Sarif => sarif::write(out, &located, look),
    }
}

/// "3 errors, 1 warning"; "no findings" when there are none.
#[must_use]
pub fn summary(findings: &[Finding]) -> String {
    let count = |severity: Severity| match findings.iter().filter(|finding| finding.severity() == severity).count() {
        0 => None,
        1 => Some(format!("1 {}", severity.word())),
        count => Some(format!("{count} {}s", severity.word())),
    };
    let parts: Vec<_> = [Severity::Error, Severity::Warning, Severity::Note].into_iter().filter_map(count).collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

/// A finding and where it stands.
struct Located<'a> {
    finding: &'a Finding,
    span: Span,
    related: Vec<(&'a Related, Span)>,
}

impl Located<'_> {
    /// What to do: the finding's own words, or else those of its code.
    fn help(&self) -> &str {
        if self.finding.help.is_empty() { self.finding.code.advice() } else { &self.finding.help }
    }
}

fn locate<'a>(source: &Source, findings: &'a [Finding]) -> Vec<Located<'a>> {
    let related = findings.iter().flat_map(|finding| finding.related.iter().map(|related| &related.place));
    let spans = source.locate_all(findings.iter().map(|finding| &finding.place).chain(related));
    let (own, mut rest) = spans.split_at(findings.len());
    let mut located: Vec<_> = findings
        .iter()
        .zip(own)
        .map(|(finding, span)| {
            let (spans, others) = rest.split_at(finding.related.len());
            rest = others;
            Located { finding, span: *span, related: finding.related.iter().zip(spans.iter().copied()).collect() }
        })
        .collect();
    located.sort_by_key(|located| {
        (&located.finding.place.file, located.span, located.finding.code, &located.finding.message)
    });
    located
}
