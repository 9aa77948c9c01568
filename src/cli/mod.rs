//! The command line: one file for each verb. Only here are stdout, stderr, the process environment and exit codes known.
//!
//! Stdout is data, stderr is talk.

mod access;
#[cfg(feature = "aws")]
mod adopt;
mod arguments;
#[cfg(feature = "aws")]
mod change_sets;
#[cfg(feature = "aws")]
mod deploy;
#[cfg(feature = "aws")]
mod destroy;
mod diff;
#[cfg(feature = "aws")]
mod doctor;
mod documents;
#[cfg(feature = "aws")]
mod drift;
mod environment;
mod explain;
mod failure;
mod git;
#[cfg(feature = "aws")]
mod guard;
mod init;
#[cfg(feature = "aws")]
mod journal;
#[cfg(feature = "aws")]
mod mfa;
mod new;
mod new_file;
#[cfg(feature = "aws")]
mod organization;
#[cfg(feature = "aws")]
mod plan;
#[cfg(feature = "aws")]
mod planning;
#[cfg(feature = "aws")]
mod probe;
#[cfg(feature = "aws")]
mod recover;
#[cfg(feature = "aws")]
mod status;
mod synth;
#[cfg(feature = "aws")]
mod terminal;
mod ui;
mod validate;

pub use failure::Exit;

use arguments::{Arguments, Verb};
use clap::{CommandFactory as _, Parser as _};
use failure::Failure;
use std::process::ExitCode;
use ui::Ui;

/// Runs the command line of this process and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut ui = Ui::of_process(arguments.quiet, arguments.colour);
    #[cfg(feature = "aws")]
    ui.mfa.give(arguments.mfa_code.as_deref());
    let exit = match run(&arguments, &mut ui) {
        Ok(exit) => exit,
        Err(failure) => ui.failure(&failure),
    };
    ExitCode::from(exit.code())
}

/// The command line as clap sees it, for generated docs and their tests.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

fn run(arguments: &Arguments, ui: &mut Ui) -> Result<Exit, Failure> {
    match &arguments.verb {
        Verb::Init(arguments) => init::run(arguments, ui),
        Verb::New(arguments) => new::run(&arguments.what, ui),
        Verb::Validate(arguments) => validate::run(arguments, ui),
        Verb::Synth(arguments) => synth::run(arguments, ui),
        Verb::Access(arguments) => access::run(arguments, ui),
        Verb::Diff(arguments) => diff::run(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Bootstrap(arguments) => deploy::bootstrap(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Plan(arguments) => plan::run(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Deploy(arguments) => deploy::deploy(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Recover(arguments) => recover::run(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Destroy(arguments) => destroy::run(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Status(arguments) => status::run(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Doctor(arguments) => doctor::run(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Drift(arguments) => drift::run(arguments, ui),
        #[cfg(feature = "aws")]
        Verb::Adopt(arguments) => adopt::run(arguments, ui),
        Verb::Explain(arguments) => explain::run(arguments, ui),
        Verb::Schema(arguments) => documents::schema(arguments, ui),
        Verb::Completions(arguments) => documents::completions(arguments, ui),
    }
}
