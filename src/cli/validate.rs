//! `meshform validate`

use super::arguments::{FindingsFormat, ValidateArguments};
use super::environment::{Chosen, sifted};
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::finding::refuses;
use crate::mesh::Day;
use crate::report::findings::{self, Format, Look};
use std::io::Write as _;

pub(super) fn run(arguments: &ValidateArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let as_of = arguments.as_of.as_deref().map(day).transpose()?;
    let outcome = sifted(Chosen::find(&arguments.environment)?, as_of.as_ref(), None, |_, _| ())?;
    let format = match arguments.format {
        FindingsFormat::Text => Format::Text,
        FindingsFormat::Json => Format::Json,
        FindingsFormat::Github => Format::Github,
        FindingsFormat::Sarif => Format::Sarif,
    };
    let root = outcome.chosen.directory.display().to_string();
    let look = Look { root: &root, width: ui.width, colour: ui.out_colour };
    findings::write(&mut ui.out, &outcome.source, &outcome.findings, format, &look)?;
    ui.out.flush()?;
    Ok(if refuses(&outcome.findings) { Exit::Findings } else { Exit::Done })
}

/// The day of an `--as-of`.
pub(super) fn day(text: &str) -> Result<Day, Failure> {
    Day::parse(text).map_err(|error| Failure::new(format!("--as-of `{text}` {}", error.message)).exit(Exit::Usage))
}
