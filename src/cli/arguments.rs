//! What can be typed. The doc comments are the help.

#[cfg(feature = "aws")]
mod deploying;
#[cfg(feature = "aws")]
mod looking;
mod onboarding;

#[cfg(feature = "aws")]
pub(super) use deploying::{
    BootstrapArguments, DeployArguments, DestroyArguments, MeshDeployArguments, PlanArguments, PlanFormat,
    ProgressFormat, RecoverArguments, StatusArguments, StatusFormat,
};

#[cfg(feature = "aws")]
pub(super) use looking::{
    AdoptArguments, AdoptColumnsArguments, Adopted, DoctorArguments, DoctorFormat, DriftArguments, DriftFormat,
};
pub(super) use onboarding::{AccountArguments, InitArguments, New, NewArguments, NewOwnerArguments};

use super::ui::When;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Turn short YAML files into CloudFormation for every account of a data mesh
#[derive(Debug, Parser)]
#[command(
    name = "meshform",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 error, 2 wrong usage, 3 findings refuse, 4 changes or stale files, 5 deploy failed or partly done, 6 declined, 7 stale plan, 101 a defect, 130 interrupted."
)]
pub(super) struct Arguments {
    /// Print data and errors only
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Colour the output
    #[arg(
        long = "color",
        visible_alias = "colour",
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub(super) colour: When,
    /// Code of the MFA device that mesh.yaml names, or - to read it from stdin; without it a terminal is asked. A code serves once and opens one session for the whole run
    #[cfg(feature = "aws")]
    #[arg(long, global = true, value_name = "CODE")]
    pub(super) mfa_code: Option<String>,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Write the first file of a new mesh, and the JSON Schemas that editors read beside it; nothing is overwritten
    #[command(
        after_help = "Example: meshform init --mesh first --tenant acme --region eu-west-1 --organization o-a1b2c3d4e5 --account 111111111111 --team governance --email governance@acme.example"
    )]
    Init(InitArguments),
    /// Write the first form of a file: of a domain, or of a consumer; nothing is overwritten
    #[command(
        after_help = "Example: meshform new domain payments -e demo --account 999999999999 --team payments-data --email payments@acme.example"
    )]
    New(NewArguments),
    /// Report everything that is wrong in the files of an environment
    #[command(after_help = "Example: meshform validate -e demo --as-of 2026-12-31")]
    Validate(ValidateArguments),
    /// Write the CloudFormation of every account to stacks/<env>
    #[command(after_help = "Example: meshform synth -e demo --check")]
    Synth(SynthArguments),
    /// Show who can see which columns; --why shows through which chain
    #[command(after_help = "Example: meshform access -e demo --product customer-360 --why")]
    Access(AccessArguments),
    /// Show what a change means: who sees what, what is replaced or lost, what breaks for whom
    #[command(after_help = "Example: meshform diff -e demo --base origin/main --format markdown")]
    Diff(DiffArguments),
    /// Make the roles and the staging bucket by which an account is deployed
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform bootstrap -e demo --yes")]
    Bootstrap(BootstrapArguments),
    /// Look at the accounts, and show what a deploy would do to each stack, in which order, and what it means
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform plan -e demo --out plan.json")]
    Plan(PlanArguments),
    /// Deploy the mesh to its accounts
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform deploy plan.json -e demo --yes")]
    Deploy(MeshDeployArguments),
    /// Say how far the last deploy came, and in which state the stacks are
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform status -e demo --attach")]
    Status(StatusArguments),
    /// Look whether the accounts have what the mesh needs: roles, bootstrap, settings, sharing, QuickSight, quotas
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform doctor -e demo")]
    Doctor(DoctorArguments),
    /// Compare what stands with what the deployed templates say: stacks, grants, tags, settings, columns, ends of access
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform drift -e demo --exit-code")]
    Drift(DriftArguments),
    /// Take what was found in the accounts into the environment's files
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform adopt columns -e demo sales-analytics --classification coupon=internal")]
    Adopt(AdoptArguments),
    /// Bring stacks back whose rollback failed: continue it, skip what cannot be rolled back, or force it; never by a delete
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform recover -e demo --continue --select 'sales/*'")]
    Recover(RecoverArguments),
    /// Delete every stack of the mesh but those of bootstrap, in reverse order; data and keys stay
    #[cfg(feature = "aws")]
    #[command(after_help = "Example: meshform destroy -e demo --yes demo")]
    Destroy(DestroyArguments),
    /// Explain a finding
    #[command(after_help = "Example: meshform explain no-join-key")]
    Explain(ExplainArguments),
    /// Print a JSON Schema: of a kind of file, or of an output
    #[command(after_help = "Example: meshform schema domain")]
    Schema(SchemaArguments),
    /// Print the completions of a shell
    #[command(after_help = "Example: meshform completions bash > /etc/bash_completion.d/meshform")]
    Completions(CompletionsArguments),
}

/// Which environment.
#[derive(Debug, Args)]
pub(super) struct EnvironmentArguments {
    /// Name under environments/, or a directory; may be left out when there is one
    #[arg(long = "env", short, value_name = "ENV")]
    pub(super) environment: Option<PathBuf>,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FindingsFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Annotations of GitHub Actions.
    Github,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
}

#[derive(Debug, Args)]
pub(super) struct ValidateArguments {
    #[command(flatten)]
    pub(super) environment: EnvironmentArguments,
    /// Day on which access is looked at, YYYY-MM-DD; without it no endDate has passed
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: FindingsFormat,
}

#[derive(Debug, Args)]
pub(super) struct SynthArguments {
    #[command(flatten)]
    pub(super) environment: EnvironmentArguments,
    /// Where to write; the default is stacks/<env> beside environments/. The directory is meshform's: other files in it are removed
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Write nothing; exit with 4 when what stands is stale
    #[arg(long)]
    pub(super) check: bool,
    /// Only stacks whose id fits, such as 'sales/*': they are checked by themselves, and the files of all others stay as they are
    #[arg(long, value_name = "PATTERN")]
    pub(super) select: Option<String>,
}

/// How sight is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AccessFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Tables for a page or a comment.
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct AccessArguments {
    #[command(flatten)]
    pub(super) environment: EnvironmentArguments,
    /// Read CloudFormation templates below a directory; folders of 12 digits name accounts
    #[arg(long, value_name = "DIR", conflicts_with = "environment")]
    pub(super) templates: Option<PathBuf>,
    /// Only principals whose ARN or owner contains this
    #[arg(long, value_name = "P")]
    pub(super) principal: Option<String>,
    /// Only this product, or <domain>/<product>; with --templates also <database>.<table>
    #[arg(long, value_name = "P")]
    pub(super) product: Option<String>,
    /// Show the chain of resources, and for a "no" the missing leg
    #[arg(long)]
    pub(super) why: bool,
    /// How sight is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: AccessFormat,
}

/// How a difference is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For people at a terminal.
    Text,
    /// A comment of a pull request, below GitHub's limit of 65,536 characters.
    Markdown,
    /// For programs: all of it.
    Json,
    /// What must not merge, as annotations of GitHub Actions.
    Github,
    /// What must not merge, as SARIF 2.1.0 for code scanning.
    Sarif,
}

#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    #[command(flatten)]
    pub(super) environment: EnvironmentArguments,
    /// Compare with a commit; `main...` is where this branch left main. Without a side to compare with: where this branch left the remote's default branch
    #[arg(long, value_name = "GIT-REF", group = "side", allow_hyphen_values = true)]
    pub(super) base: Option<String>,
    /// Compare with a directory: an environment, or what `synth` wrote
    #[arg(long, value_name = "DIR", group = "side")]
    pub(super) against: Option<PathBuf>,
    /// Compare with what stands in the accounts, which the plan role looks at
    #[cfg(feature = "aws")]
    #[arg(long, group = "side", conflicts_with = "templates")]
    pub(super) deployed: bool,
    /// Look at the templates in a directory instead of an environment
    #[arg(long, value_name = "DIR", requires = "against", conflicts_with = "environment")]
    pub(super) templates: Option<PathBuf>,
    /// Day on which access is looked at, YYYY-MM-DD; without it no endDate has passed
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// How the difference is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: DiffFormat,
    /// Exit with 4 when there are changes
    #[arg(long)]
    pub(super) exit_code: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Code of a finding; without it, all of them are listed
    pub(super) code: Option<String>,
}

/// What has a JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaName {
    /// mesh.yaml
    Mesh,
    /// domains/<domain>.yaml
    Domain,
    /// consumers/<consumer>.yaml
    Consumer,
    /// Findings, as `validate --format json` prints them.
    Findings,
    /// Sight, as `access --format json` prints it.
    Access,
    /// stacks/<env>/manifest.json
    Manifest,
    /// A plan, as `plan --out` writes it.
    Plan,
    /// A difference, as `diff --format json` prints it.
    Diff,
    /// Drift, as `drift --format json` prints it.
    Drift,
    /// Preconditions, as `doctor --format json` prints them.
    Doctor,
    /// What probes showed, as `doctor --probe` writes it.
    Probes,
    /// An event, as `deploy --format json` prints it, without its version.
    #[cfg(feature = "aws")]
    Events,
    /// A line of a run's journal.
    #[cfg(feature = "aws")]
    Journal,
    /// A status, as `status --format json` prints it.
    #[cfg(feature = "aws")]
    Status,
}

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Of what
    #[arg(value_enum)]
    pub(super) name: SchemaName,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}
