//! What can be typed after the verbs that deploy, and those that plan it, follow it and undo it.

use super::EnvironmentArguments;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How the progress of a deployment is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ProgressFormat {
    /// For people.
    Text,
    /// One event a line on stdout, for programs.
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DeployArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// Only stacks whose id fits, such as 'sales/*'; what they need must stand
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) select: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub(in crate::cli) yes: bool,
    /// After a failure, go on with what does not depend on it
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
    /// Let a change of this stack replace or remove what holds data, though its stack policy forbids it: a policy that allows all stands in its place until the change is done. OWNER/STACK, may be given several times
    #[arg(long, value_name = "STACK")]
    pub(in crate::cli) lift_stack_policy: Vec<String>,
    /// How progress is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: ProgressFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BootstrapArguments {
    #[command(flatten)]
    pub(in crate::cli) deploy: DeployArguments,
    /// Instead, bootstrap the organizational units of `deployment.organization` by StackSets, those that join them later too
    #[arg(long, conflicts_with_all = ["select", "keep_going"])]
    pub(in crate::cli) organization: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MeshDeployArguments {
    /// Do exactly what a plan file says (`plan --out`), or nothing: exit with 7 when a template, a parameter or a stack moved
    #[arg(value_name = "PLAN.JSON", conflicts_with = "select")]
    pub(in crate::cli) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) deploy: DeployArguments,
    /// Take the lock of this run, which you know not to be running any more; the refusal of a deploy says whose lock it is, and how old
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) break_lock: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecoverArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// Only stacks whose id fits, such as 'sales/*'
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) select: Option<String>,
    /// Continue the rollback of every stack that is chosen, after what blocked it was mended; a change that was left as it failed is rolled back
    #[arg(long = "continue", group = "way")]
    pub(in crate::cli) plain: bool,
    /// Continue without a resource that cannot be rolled back: it stays as it is, and no longer is what the stack says. OWNER/STACK:LOGICAL-ID, may be given several times
    #[arg(long, group = "way", value_name = "RESOURCE")]
    pub(in crate::cli) skip: Vec<String>,
    /// Continue without every resource whose rollback failed, in this one stack
    #[arg(long, group = "way", value_name = "STACK")]
    pub(in crate::cli) force: Option<String>,
    /// Take the lock of this run, which you know not to be running any more
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) break_lock: Option<String>,
    /// How progress is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: ProgressFormat,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DestroyArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// Do not ask: the name of the mesh that is to go, which nobody types by habit
    #[arg(long, value_name = "MESH")]
    pub(in crate::cli) yes: Option<String>,
    /// Leave a resource behind that would not go with its stack, which must be in DELETE_FAILED: it stays and belongs to no stack any more. OWNER/STACK:LOGICAL-ID, may be given several times
    #[arg(long, value_name = "RESOURCE")]
    pub(in crate::cli) retain: Vec<String>,
    /// Switch termination protection off where it is on
    #[arg(long)]
    pub(in crate::cli) unprotect: bool,
    /// After a failure, go on with what nothing that failed depends on
    #[arg(long)]
    pub(in crate::cli) keep_going: bool,
    /// Take the lock of this run, which you know not to be running any more
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) break_lock: Option<String>,
    /// How progress is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: ProgressFormat,
}

/// How a status is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum StatusFormat {
    /// For people.
    Text,
    /// For programs; with --attach one event a line.
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// Of this run instead of the last one
    #[arg(long, value_name = "RUN")]
    pub(in crate::cli) run: Option<String>,
    /// Follow a deploy that runs, until it ends
    #[arg(long)]
    pub(in crate::cli) attach: bool,
    /// Read the journal alone: do not look at the accounts
    #[arg(long)]
    pub(in crate::cli) offline: bool,
    /// How the status is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: StatusFormat,
}

/// How a plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PlanFormat {
    /// For people at a terminal.
    Text,
    /// The plan file itself.
    Json,
    /// For a comment or a page.
    Markdown,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PlanArguments {
    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArguments,
    /// Make a change set of each stack that is updated, as the deploy role, and believe it rather than the prediction; they stay in the accounts until executed, and `deploy PLAN.JSON` executes them. Without this nothing is made
    #[arg(long)]
    pub(in crate::cli) change_sets: bool,
    /// Write the plan to a file, for `deploy PLAN.JSON`
    #[arg(long, value_name = "PLAN.JSON")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Only stacks whose id fits, such as 'sales/*'; what they need must stand
    #[arg(long, value_name = "PATTERN")]
    pub(in crate::cli) select: Option<String>,
    /// How the plan is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(in crate::cli) format: PlanFormat,
}
