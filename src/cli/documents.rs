//! `meshform schema` and `meshform completions`

use super::arguments::{Arguments, CompletionsArguments, SchemaArguments, SchemaName};
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::environment::{Kind, json_schema};
use crate::report::schemas;
use clap::CommandFactory as _;
use std::io::Write as _;

pub(super) fn schema(arguments: &SchemaArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let schema = match arguments.name {
        SchemaName::Mesh => json_schema(Kind::Mesh),
        SchemaName::Domain => json_schema(Kind::Domain),
        SchemaName::Consumer => json_schema(Kind::Consumer),
        SchemaName::Findings => schemas::findings(),
        SchemaName::Access => schemas::access(),
        SchemaName::Manifest => schemas::manifest(),
        SchemaName::Plan => schemas::plan(),
        SchemaName::Diff => schemas::diff(),
        SchemaName::Doctor => schemas::doctor(),
        SchemaName::Probes => schemas::probes(),
        SchemaName::Drift => schemas::drift(),
        #[cfg(feature = "aws")]
        SchemaName::Events => schemas::events(),
        #[cfg(feature = "aws")]
        SchemaName::Journal => schemas::journal(),
        #[cfg(feature = "aws")]
        SchemaName::Status => schemas::status(),
    };
    write!(ui.out, "{}", crate::assembly::pretty(&schema))?;
    ui.out.flush()?;
    Ok(Exit::Done)
}

pub(super) fn completions(arguments: &CompletionsArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "meshform", &mut script);
    ui.out.write_all(&script)?;
    ui.out.flush()?;
    Ok(Exit::Done)
}
