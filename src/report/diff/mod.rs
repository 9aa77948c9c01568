//! What a change means, for people at a terminal, for a pull request and for programs.

mod advice;
mod group;
mod markdown;
mod moments;
mod numbers;
mod paper;
pub(super) mod phrase;
mod renamed;
mod text;
mod told;
mod verdict;
pub(in crate::report) mod visible;
mod words;

pub(in crate::report) use markdown::{code, prose};

use super::Colour;
use crate::plan::diff::Diff;
use std::io::{self, Write};

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A person at a terminal.
    Text {
        /// Its columns.
        width: usize,
        /// Whether it may be coloured.
        colour: Colour,
    },
    /// A comment of a pull request.
    Markdown,
    /// A program; the shape is [`Diff`].
    Json,
}

/// Writes a difference.
///
/// # Errors
/// When the writer refuses.
pub fn write(out: &mut dyn Write, diff: &Diff, environment: &str, form: Form) -> io::Result<()> {
    match form {
        Form::Text { width, colour } => text::write(out, diff, environment, width, colour),
        Form::Markdown => markdown::write(out, diff, environment),
        Form::Json => write!(out, "{}", crate::assembly::pretty(diff)),
    }
}
