//! What is wrong in a user's file: data, collected by every pure stage, printed by `report`.
//!
//! A [`Finding`] speaks of a place by file and JSON pointer; line and column are computed once, at the end, by
//! [`crate::environment::Source::locate`], so that the stages need no positions.

mod acceptable;
mod codes;
mod suggest;

pub use codes::Code;
pub use suggest::nearest;

use serde::Serialize;
use std::sync::Arc;

/// How bad a finding is. An error refuses the mesh; a warning and a note do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is written or deployed while it stands.
    Error,
    /// Accepted, and said.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word that is printed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Which half of a mapping entry a place means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The key itself, as for an unknown field.
    Key,
    /// The value below the key.
    Value,
}

/// A place in a file of the environment, before line and column are known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Path below the environment's directory, with forward slashes: `domains/sales.yaml`.
    pub file: Arc<str>,
    /// JSON pointer (RFC 6901) into the file; empty for the whole file.
    pub pointer: Arc<str>,
    /// Key or value.
    pub part: Part,
    /// Byte range in the file, where the reader knew it (syntax errors have no pointer).
    pub bytes: Option<(usize, usize)>,
}

impl Place {
    /// The whole file.
    #[must_use]
    pub fn file(file: impl AsRef<str>) -> Self {
        Self { file: file.as_ref().into(), pointer: Arc::default(), part: Part::Value, bytes: None }
    }

    /// The value at a JSON pointer of a file.
    #[must_use]
    pub fn at(file: impl AsRef<str>, pointer: impl AsRef<str>) -> Self {
        Self { file: file.as_ref().into(), pointer: pointer.as_ref().into(), part: Part::Value, bytes: None }
    }

    /// A byte range of a file, for what has no pointer.
    #[must_use]
    pub fn bytes(file: impl AsRef<str>, start: usize, end: usize) -> Self {
        Self { file: file.as_ref().into(), pointer: Arc::default(), part: Part::Value, bytes: Some((start, end)) }
    }

    /// One level down: a field name or an index, escaped for the pointer.
    #[must_use]
    pub fn child(&self, segment: impl std::fmt::Display) -> Self {
        let mut pointer = format!("{}/{segment}", self.pointer);
        let start = self.pointer.len() + 1;
        if pointer[start..].contains(['~', '/']) {
            let escaped = pointer[start..].replace('~', "~0").replace('/', "~1");
            pointer.replace_range(start.., &escaped);
        }
        Self { file: self.file.clone(), pointer: pointer.into(), part: Part::Value, bytes: None }
    }

    /// The same entry, but its key.
    #[must_use]
    pub fn key(mut self) -> Self {
        self.part = Part::Key;
        self
    }
}

/// A second place that explains a finding: where the first of two equal names stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What stands there, lower-case, without a full stop.
    pub message: String,
}

/// Something wrong, or worth saying, in a file of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The kind of finding; it decides the severity.
    pub code: Code,
    /// What is wrong, with the wrong value; lower-case, no full stop.
    pub message: String,
    /// What to do next; empty when the message says it.
    pub help: String,
    /// Where.
    pub place: Place,
    /// Further places.
    pub related: Vec<Related>,
    /// What `accept` may name to take it on: whatever the message is about, the narrowest first.
    pub targets: Vec<String>,
    /// The reason and the last day by which somebody took it on.
    pub accepted: Option<String>,
}

impl Finding {
    /// A finding at a place.
    #[must_use]
    pub fn new(code: Code, place: Place, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, help: String::new(), place, related: Vec::new(), targets: Vec::new(), accepted: None }
    }

    /// Adds something that `accept` may name.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.targets.push(target.into());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Self {
        self.related.push(Related { place, message: message.into() });
        self
    }

    /// The severity of its code; one that somebody accepted is a note.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        if self.accepted.is_some() { Severity::Note } else { self.code.severity() }
    }
}

/// True when at least one finding refuses the mesh.
#[must_use]
pub fn refuses(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity() == Severity::Error)
}
