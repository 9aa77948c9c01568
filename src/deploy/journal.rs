//! The journal of a run: what was meant to be done, before it was done, and what came of it. One JSON object a line.
//!
//! The executor writes through a [`Recorder`], which the shell gives it: only the shell touches the disk. An intent is on the disk
//! before its call is made; when it cannot be written, the call is not made. No value of a parameter is in it.

use super::cloud::{Access, CloudError, ErrorKind};
use super::events::Event;
use super::lock::Holder;
use crate::mesh::{AccountId, Region};
use crate::plan::Pass;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io;

/// Version of the format of journals.
pub const JOURNAL_VERSION: u32 = 1;

/// The longest journal that is read, in bytes: a run of thousands of stacks stays far below.
pub const LONGEST_JOURNAL: u64 = 256 * 1024 * 1024;

/// A line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Version of the format.
    pub version: u32,
    /// When, in milliseconds since 1970 UTC, by the clock of the machine that deployed.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a line says. Fields may be added; those that are here keep their meaning within a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "entry", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Entry {
    /// The first line.
    Opened {
        /// Who deploys, under which id.
        #[serde(flatten)]
        holder: Holder,
        /// The mesh.
        mesh: String,
        /// Which stacks.
        pass: Pass,
        /// Version of meshform.
        meshform: String,
    },
    /// A call that may change something is about to be made.
    Intent(Intent),
    /// It was answered. An intent without an answer may have been done or not.
    Answer {
        /// Number of the intent.
        call: u64,
        /// What was answered.
        #[serde(flatten)]
        answer: Answer,
    },
    /// Something happened, as `deploy --format json` tells it.
    Happened {
        /// What.
        happened: Event,
    },
}

/// A call that may change something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// Its number in the run, from 1.
    pub call: u64,
    /// The operation, such as `ExecuteChangeSet`.
    pub operation: String,
    /// The account.
    #[schemars(with = "String")]
    pub account: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: Region,
    /// As whom.
    #[serde(rename = "as")]
    pub access: Access,
    /// On what: a stack by ARN, a change set by the name of its stack and its name or ARN, an object by bucket and key.
    pub target: String,
    /// What makes a repetition the same request, where the call takes such a token.
    pub token: Option<String>,
}

/// What a call was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// It was done.
    Done {
        /// What it made, where it made something with an id.
        made: Option<String>,
    },
    /// It was not done, or the answer was lost.
    Failed {
        /// What kind of failure.
        kind: ErrorKind,
        /// What the service said.
        message: String,
    },
}

/// Where a journal is written to. An entry that is answered with success is on the disk.
pub trait Recorder: Send + Sync + 'static {
    /// Writes an entry.
    ///
    /// # Errors
    /// When it cannot be written; then the run makes no further call that changes anything.
    fn record(&self, entry: &Entry) -> io::Result<()>;
}

/// Writes nowhere.
#[derive(Debug, Clone, Copy)]
pub struct Unrecorded;

impl Recorder for Unrecorded {
    fn record(&self, _: &Entry) -> io::Result<()> {
        Ok(())
    }
}

/// A journal that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Length of an unfinished last line, in bytes: the run was killed, or the machine stopped, while it wrote.
    pub torn: Option<usize>,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It was written by another version.
    #[error("line {line} has the version {found}, and this meshform reads version {JOURNAL_VERSION}")]
    Version {
        /// The line, from 1.
        line: usize,
        /// The version.
        found: u32,
    },
    /// A line before the last one is damaged.
    #[error("line {line} is no line of a journal")]
    Shape {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        error: serde_json::Error,
    },
    /// It does not begin as a journal does.
    #[error("it does not begin with who deployed")]
    Start,
}

impl Journal {
    /// Reads a journal, which may be of a run that still goes on. An unfinished last line is left out and told.
    ///
    /// # Errors
    /// When a line is damaged or of another version.
    pub fn read(bytes: &[u8]) -> Result<Self, JournalError> {
        let journal = Self::read_on(bytes)?;
        match journal.lines.first() {
            None | Some(Line { entry: Entry::Opened { .. }, .. }) => Ok(journal),
            Some(_) => Err(JournalError::Start),
        }
    }

    /// Reads lines from anywhere in a journal.
    ///
    /// # Errors
    /// As [`Self::read`]; lines are counted from the first one given.
    pub fn read_on(bytes: &[u8]) -> Result<Self, JournalError> {
        let mut journal = Self { lines: Vec::new(), torn: None };
        for (number, text) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let Some(text) = text.strip_suffix(b"\n") else {
                journal.torn = Some(text.len());
                break;
            };
            if text.is_empty() {
                continue;
            }
            let shape = |error| JournalError::Shape { line: number, error };
            let versioned: Versioned = serde_json::from_slice(text).map_err(shape)?;
            if versioned.version != JOURNAL_VERSION {
                return Err(JournalError::Version { line: number, found: versioned.version });
            }
            journal.lines.push(serde_json::from_slice(text).map_err(shape)?);
        }
        Ok(journal)
    }
}

/// What every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl Line {
    /// The line, with its newline.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = crate::sure(serde_json::to_string(self), "a journal's line has text keys only");
        text.push('\n');
        text
    }
}

impl Answer {
    pub(super) fn failed(error: &CloudError) -> Self {
        Self::Failed { kind: error.kind, message: error.message.clone() }
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
