//! What can be typed of the verbs that look at the accounts. The doc comments are the help.

use super::EnvironmentArguments;
use clap::{Args, Subcommand, ValueEnum};

/// How drift is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DriftFormat {
    /// For people at a terminal.
    Text,
    /// For a page or a comment.
    Markdown,
    /// For programs: all of it.
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DriftArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// Only stacks whose id fits, such as 'sales/*', and what else stands in their accounts
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) select: Option<String>,
    /// Day on which access is looked at, YYYY-MM-DD; the default is today, UTC
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) as_of: Option<String>,
    /// How drift is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: DriftFormat,
    /// Exit with 4 when anything differs
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AdoptArguments {
    #[command(subcommand)]
    pub(in crate::cli) what: Adopted,
}

/// What is adopted.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Adopted {
    /// Write columns that stand in the catalog and in no file into the domain's file; nothing is deployed
    #[command(after_help = "Example: meshform adopt columns -e demo sales-analytics --classification coupon=internal")]
    Columns(AdoptColumnsArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AdoptColumnsArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// A product, <domain>/<product>, <product>.<table>, or the name of a table
    #[arg(value_name = "PRODUCT|TABLE")]
    pub(in crate::cli) target: String,
    /// Classification of a found column, <column>=<classification>. A column without one is asked for at a terminal; else it is written as a comment, to be filled
    #[arg(long = "classification", value_name = "COLUMN=CLASS")]
    pub(in crate::cli) classifications: Vec<String>,
    /// Do not ask
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
}

/// How preconditions are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DoctorFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// Instead, run the nine probes of behaviours that no document settles, in this throw-away account, which is typed out as consent; the first holds the catalog, a second is shared with. It costs little money, takes an hour, and writes environments/<env>/probes.json
    #[arg(long, value_name = "ACCOUNT")]
    pub(in crate::cli) probe: Vec<String>,
    /// How preconditions are printed
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: DoctorFormat,
}
