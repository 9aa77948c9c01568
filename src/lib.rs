//! meshform turns a description of a data mesh into CloudFormation for every account of it.
//!
//! The stages and their order are in `ARCHITECTURE.md`: load, resolve, synthesize, check, write, evaluate, plan, deploy,
//! report. Only `deploy` speaks to the network, and only `cli` to the terminal.

pub mod access;
pub mod assembly;
pub mod cfn;
pub mod cli;
#[cfg(feature = "aws")]
pub mod deploy;
pub mod environment;
pub mod finding;
pub mod mesh;
pub mod onboarding;
pub mod plan;
pub mod report;
pub mod scripts;
pub mod stacks;

/// Stops with a reason where something holds that cannot: a defect of meshform, never of the user's files.
#[expect(clippy::panic, reason = "the one place where a broken invariant of our own becomes a panic")]
pub(crate) fn defect(reason: &str) -> ! {
    panic!("defect of meshform: {reason}; please report it")
}

/// Checks an invariant of our own.
pub(crate) fn invariant(holds: bool, reason: impl FnOnce() -> String) {
    if !holds {
        defect(&reason());
    }
}

/// The value of a result that cannot be an error.
pub(crate) fn sure<T, E: std::fmt::Display>(result: Result<T, E>, reason: &str) -> T {
    result.unwrap_or_else(|error| defect(&format!("{reason}: {error}")))
}
