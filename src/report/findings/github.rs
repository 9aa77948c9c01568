//! Findings as workflow commands of GitHub Actions, which shows them in the pull request beside the line.

use super::{Located, Look};
use crate::finding::Severity;
use std::io::{self, Write};

pub(super) fn write(out: &mut dyn Write, located: &[Located<'_>], look: &Look<'_>) -> io::Result<()> {
    for located in located {
        let command = match located.finding.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let span = located.span;
        // GitHub takes columns only where a range stays on one line
        let columns = if span.start_line == span.end_line && span.end_column > span.start_column {
            format!(",col={},endColumn={}", span.start_column, span.end_column)
        } else {
            String::new()
        };
        writeln!(
            out,
            "::{command} file={},line={},endLine={}{columns},title={}::{}",
            property(&look.path(&located.finding.place.file)),
            span.start_line,
            span.end_line,
            property(located.finding.code.name()),
            data(&format!("{}\n{}", located.finding.message, located.help())),
        )?;
    }
    Ok(())
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
