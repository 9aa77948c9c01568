//! `meshform explain`

use super::arguments::ExplainArguments;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::finding::{Code, nearest};
use crate::report::codes;
use std::io::Write as _;

pub(super) fn run(arguments: &ExplainArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    match &arguments.code {
        None => codes::list(&mut ui.out)?,
        Some(name) => match name.parse::<Code>() {
            Ok(code) => codes::page(&mut ui.out, code)?,
            Err(()) => {
                let failure = Failure::new(format!("no finding has the code `{name}`")).exit(Exit::Usage);
                return Err(match nearest(name, Code::ALL.iter().map(|code| code.name())) {
                    Some(near) => failure.hint(format!("did you mean `{near}`?")),
                    None => failure.hint("`meshform explain` without a code lists them"),
                });
            }
        },
    }
    ui.out.flush()?;
    Ok(Exit::Done)
}
