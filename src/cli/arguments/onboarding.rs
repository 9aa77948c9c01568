//! What can be typed after the verbs that begin a mesh and bring an owner into it.

use super::EnvironmentArguments;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct InitArguments {
    /// Directory of the environment; the default is environments/<mesh>
    #[arg(value_name = "DIR")]
    pub(in crate::cli) directory: Option<PathBuf>,
    /// Name of the mesh: words of lower-case letters and digits joined by hyphens, at most 20 characters
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) mesh: String,
    /// Short name of your organization; it makes bucket names unique in the world
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) tenant: String,
    /// AWS Region of every account
    #[arg(long, value_name = "REGION")]
    pub(in crate::cli) region: String,
    /// Id of the AWS Organization
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) organization: String,
    #[command(flatten)]
    pub(in crate::cli) account: AccountArguments,
}

/// An account and who owns it.
#[derive(Debug, Args)]
pub(in crate::cli) struct AccountArguments {
    /// The account: twelve digits
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) account: String,
    /// Name of the team that owns it
    #[arg(long, value_name = "TEAM")]
    pub(in crate::cli) team: String,
    /// Mailbox of the team: alarms go there
    #[arg(long, value_name = "MAIL")]
    pub(in crate::cli) email: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewArguments {
    #[command(subcommand)]
    pub(in crate::cli) what: New,
}

/// What can be new.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum New {
    /// A domain: a producer's account, domains/<name>.yaml
    #[command(
        after_help = "Example: meshform new domain payments -e demo --account 999999999999 --team payments-data --email payments@acme.example"
    )]
    Domain(NewDomainArguments),
    /// A consumer: an account that sees products, consumers/<name>.yaml
    #[command(
        after_help = "Example: meshform new consumer finance -e demo --account 999999999999 --team finance --email finance@acme.example"
    )]
    Consumer(NewOwnerArguments),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewOwnerArguments {
    /// Name: words of lower-case letters and digits joined by hyphens, at most 24 characters
    pub(in crate::cli) name: String,
    #[command(flatten)]
    pub(in crate::cli) account: AccountArguments,
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct NewDomainArguments {
    #[command(flatten)]
    pub(in crate::cli) owner: NewOwnerArguments,
    /// Without the example product
    #[arg(long)]
    pub(in crate::cli) empty: bool,
}
