//! Findings for programs.

use super::{Located, Look};
use crate::environment::Span;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Serialize;
use std::io::{self, Write};

/// All findings of a run.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of this shape.
    #[schemars(range(min = 1, max = 1))]
    version: u8,
    /// The findings, in the order of the files and of the places in them.
    findings: Vec<Entry>,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Entry {
    /// The kind of finding; `meshform explain` tells more about it.
    code: String,
    /// How bad it is; an error refuses the mesh.
    severity: Severity,
    /// What is wrong.
    message: String,
    /// What to do.
    help: String,
    #[serde(flatten)]
    place: Location,
    /// Further places that explain the finding.
    related: Vec<RelatedEntry>,
}

/// A second place.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RelatedEntry {
    /// What stands there.
    message: String,
    #[serde(flatten)]
    place: Location,
}

/// A range of a file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Location {
    /// Path of the file.
    file: String,
    /// Line of the first character, from 1.
    line: usize,
    /// Column of the first character, from 1, in characters.
    column: usize,
    /// Line of the end.
    end_line: usize,
    /// Column behind the last character.
    end_column: usize,
}

impl Location {
    fn new(look: &Look<'_>, file: &str, span: Span) -> Self {
        Self {
            file: look.path(file),
            line: span.start_line,
            column: span.start_column,
            end_line: span.end_line,
            end_column: span.end_column,
        }
    }
}

pub(super) fn write(out: &mut dyn Write, located: &[Located<'_>], look: &Look<'_>) -> io::Result<()> {
    let entry = |located: &Located<'_>| Entry {
        code: located.finding.code.name().to_owned(),
        severity: located.finding.severity(),
        message: located.finding.message.clone(),
        help: located.help().to_owned(),
        place: Location::new(look, &located.finding.place.file, located.span),
        related: located
            .related
            .iter()
            .map(|(related, span)| RelatedEntry {
                message: related.message.clone(),
                place: Location::new(look, &related.place.file, *span),
            })
            .collect(),
    };
    let report = Report { version: 1, findings: located.iter().map(entry).collect() };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)
}
