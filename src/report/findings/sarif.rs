//! Findings as SARIF 2.1.0, for code scanning.

use super::{Located, Look};
use crate::environment::Span;
use crate::finding::{Code, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) fn write(out: &mut dyn Write, located: &[Located<'_>], look: &Look<'_>) -> io::Result<()> {
    let codes: BTreeSet<Code> = located.iter().map(|located| located.finding.code).collect();
    let rules: Vec<_> = codes.iter().copied().map(rule).collect();
    let results: Vec<_> = located.iter().map(|located| result(located, &codes, look)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "meshform",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "shortDescription": {"text": code.meaning().trim()},
        "help": {"text": code.advice()},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(located: &Located<'_>, codes: &BTreeSet<Code>, look: &Look<'_>) -> Value {
    let finding = located.finding;
    let related: Vec<_> = located
        .related
        .iter()
        .map(|(related, span)| {
            let mut place = location(look, &related.place.file, *span);
            place["message"] = json!({"text": related.message});
            place
        })
        .collect();
    json!({
        "ruleId": finding.code.name(),
        "ruleIndex": codes.range(..finding.code).count(),
        "level": level(finding.severity()),
        "message": {"text": format!("{}; {}", finding.message, located.help())},
        "locations": [location(look, &finding.place.file, located.span)],
        "relatedLocations": related,
    })
}

fn location(look: &Look<'_>, file: &str, span: Span) -> Value {
    json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&look.path(file))},
        "region": {
            "startLine": span.start_line,
            "startColumn": span.start_column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        },
    }})
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a relative URI (RFC 3986): everything but unreserved characters and slashes is percent-encoded.
fn uri(path: &str) -> String {
    path.bytes().fold(String::new(), |mut uri, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => drop(write!(uri, "%{byte:02X}")),
        }
        uri
    })
}
