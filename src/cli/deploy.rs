//! `meshform bootstrap` and `meshform deploy`

#![expect(clippy::disallowed_methods, reason = "a door to the disk: a plan is read from a file")]

use super::arguments::{BootstrapArguments, DeployArguments, MeshDeployArguments, ProgressFormat};
use super::change_sets::checked;
use super::environment::Chosen;
use super::failure::{Exit, Failure};
use super::guard::{failed, owner, wished};
use super::journal::Journals;
use super::planning::{Looked, Planned, Unreviewed, planned};
use super::ui::{Ui, is_unheard};
use crate::assembly::{Operation, StackId};
use crate::deploy::{
    Event, Guard, Holder, OnFailure, Origins, Outcome, Reach, RunRecord, Settings, Unrecorded, Work, unsettled, usual,
};
use crate::mesh::{AccountId, Limits};
use crate::plan::file::{LONGEST, Moved, PlanFile, PlanFileError, moved};
use crate::plan::{Options, Pass, Pattern, Plan, Step, StepId};
use crate::report::deploy::{Failures, JsonLines, Show, plural};
use crate::report::plan::words;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

pub(super) fn bootstrap(arguments: &BootstrapArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    if arguments.organization {
        return super::organization::run(arguments, ui);
    }
    run(&arguments.deploy, None, ui, Pass::Bootstrap)
}

pub(super) fn deploy(arguments: &MeshDeployArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    match &arguments.plan {
        Some(path) => carry_out_file(path, arguments, ui),
        None => run(&arguments.deploy, arguments.break_lock.as_deref(), ui, Pass::Mesh),
    }
}

/// `deploy plan.json`: exactly that plan, or nothing.
fn carry_out_file(path: &Path, arguments: &MeshDeployArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let file = read(path)?;
    let options = Options { pass: file.pass, select: file.select.as_deref().map(Pattern::new) };
    if options.pass != Pass::Mesh {
        let failure = Failure::new("this is a plan of `bootstrap`, which `deploy` does not carry out");
        return Err(failure.exit(Exit::Usage));
    }
    let mut planned = match planned(&arguments.deploy.environment, options, Unreviewed::Refused, ui)? {
        Ok(planned) => planned,
        Err(exit) => return Ok(exit),
    };
    if file.has_change_sets() {
        let now = planned.file(&planned.diff());
        fits(path, &file, moved(&file.without_change_sets(), &now.without_change_sets()))?;
        let checked = checked(&planned, &file)?;
        let moved = checked.moved.into_iter().map(|(step, what)| Moved { stack: Some(step.stack), what });
        fits(path, &file, moved.collect())?;
        planned.lay(checked.fit);
    }
    fits(path, &file, moved(&file, &planned.file(&planned.diff())))?;
    finish(planned, &arguments.deploy, arguments.break_lock.as_deref(), ui)
}

fn fits(path: &Path, file: &PlanFile, moved: Vec<Moved>) -> Result<(), Failure> {
    if moved.is_empty() {
        return Ok(());
    }
    let make = if file.has_change_sets() { "plan --change-sets" } else { "plan" };
    Err(stale(path, make, moved.iter().map(ToString::to_string).collect()))
}

/// Why a plan is not carried out: what moved, a line each.
fn stale(path: &Path, make: &str, moved: Vec<String>) -> Failure {
    let mut failure = Failure::new(format!(
        "the plan no longer fits: {} moved, and nothing was changed",
        plural(moved.len(), "thing")
    ));
    failure.details = moved;
    let again = format!(
        "look at what moved, run `meshform {make} --out {}` again, and have the new plan approved",
        path.display()
    );
    failure.hint(again).exit(Exit::Stale)
}

/// Reads a plan file, which may be anything.
fn read(path: &Path) -> Result<PlanFile, Failure> {
    let open = |error: io::Error| Failure::new(error).hint(format!("{} cannot be read", path.display()));
    let mut bytes = Vec::new();
    File::open(path).map_err(open)?.take(LONGEST + 1).read_to_end(&mut bytes).map_err(open)?;
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| {
        Failure::new(error).hint("write the plan anew with `meshform plan --out`").exit(Exit::Findings)
    };
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(broken(format!("{} is longer than {LONGEST} bytes, and no plan is", path.display()).into()));
    }
    let text = String::from_utf8(bytes).map_err(|error| broken(error.into()))?;
    PlanFile::read(&text).map_err(|error| match error {
        PlanFileError::Version { .. } => {
            Failure::new(error).hint("make the plan again with this meshform").exit(Exit::Stale)
        }
        PlanFileError::Shape(_) => broken(error.into()),
    })
}

fn run(arguments: &DeployArguments, broken: Option<&str>, ui: &mut Ui, pass: Pass) -> Result<Exit, Failure> {
    let select = arguments.select.as_deref().map(Pattern::new);
    match planned(&arguments.environment, Options { pass, select }, Unreviewed::Refused, ui)? {
        Ok(planned) => finish(planned, arguments, broken, ui),
        Err(exit) => Ok(exit),
    }
}

/// Asks, and carries a plan out.
fn finish(
    mut planned: Planned,
    arguments: &DeployArguments,
    broken: Option<&str>,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    if let Some(exit) = refused(&planned.plan, ui)? {
        return Ok(exit);
    }
    let Planned { mesh, plan, rendered, chosen, reach, run, lock, origins, .. } = &mut planned;
    let contents = rendered.assets.iter().map(|(sha256, asset)| (sha256.clone(), asset.content().as_bytes().to_vec()));
    let job = Job {
        plan,
        chosen,
        reach,
        run,
        lock: lock.take(),
        operation: rendered.manifest.operation.clone(),
        limits: mesh.deployment.limits,
        assets: contents.collect(),
        origins: origins.clone(),
    };
    let how = How {
        on_failure: if arguments.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
        format: arguments.format,
        broken,
        lifted: lifted(&arguments.lift_stack_policy, job.plan)?,
    };
    let yes = arguments.yes;
    carried(job, &how, ui, |plan, ui| {
        let asked = plan.changes().next().is_some() && !yes;
        if asked { ask(plan, ui) } else { Ok(None) }
    })
}

/// The stacks of a plan whose stack policy is to be lifted; a name that is none of them is refused, for it would lift nothing.
fn lifted(named: &[String], plan: &Plan) -> Result<BTreeSet<StackId>, Failure> {
    let of = |name: &String| {
        let found = plan.steps.keys().map(|step| &step.stack).find(|stack| stack.to_string() == *name);
        found.cloned().ok_or_else(|| {
            Failure::new(format!("`--lift-stack-policy {name}` names no stack of this plan"))
                .hint("write OWNER/STACK, as `meshform plan` lists them")
                .exit(Exit::Usage)
        })
    };
    named.iter().map(of).collect()
}

/// What is carried out, and where.
pub(super) struct Job<'a> {
    pub(super) plan: &'a Plan,
    pub(super) chosen: &'a Chosen,
    pub(super) reach: &'a Reach,
    pub(super) run: &'a str,
    /// The lock as it was before the accounts were looked at.
    pub(super) lock: Looked,
    /// How CloudFormation is asked to work on the stacks.
    pub(super) operation: Operation,
    /// How much goes on at once, and how long is waited.
    pub(super) limits: Limits,
    /// Contents of assets, by SHA-256.
    pub(super) assets: BTreeMap<String, Vec<u8>>,
    /// Where in the environment's files the resources are written.
    pub(super) origins: Origins,
}

/// How it is carried out.
pub(super) struct How<'a> {
    pub(super) on_failure: OnFailure,
    pub(super) format: ProgressFormat,
    /// The run whose lock is to be broken.
    pub(super) broken: Option<&'a str>,
    /// Stacks whose stack policy is lifted for their change.
    pub(super) lifted: BTreeSet<StackId>,
}

/// Takes what keeps a run from harm, asks, and carries the plan out.
pub(super) fn carried(
    job: Job<'_>,
    how: &How<'_>,
    ui: &mut Ui,
    agreed: impl FnOnce(&Plan, &mut Ui) -> Result<Option<Exit>, Failure>,
) -> Result<Exit, Failure> {
    let Job { plan, chosen, reach, run, lock, operation, limits, assets, origins } = job;
    let journals = Journals::of(chosen);
    let holder = Holder { run: run.to_owned(), owner: owner() };
    let wish = wished(plan, lock, &holder, how.broken, &journals)?;
    if let Some(exit) = agreed(plan, ui)? {
        return Ok(exit);
    }
    let records = journals.records();
    let mut settings = Settings::of(run, &limits);
    settings.assets = assets;
    settings.origins = origins;
    settings.operation = operation;
    settings.on_failure = how.on_failure;
    settings.lifted = how.lifted.clone();
    settings.unsettled = unsettled(records.iter().filter(|record| record.pass == plan.pass));
    // nothing is locked and nothing written for a run that changes nothing
    let guard = match wish {
        None if plan.changes().next().is_none() && settings.unsettled.is_empty() => {
            Guard { holder, recorder: Arc::new(Unrecorded), lock: None }
        }
        lock => Guard { holder, recorder: Arc::new(journals.begin(run)?), lock },
    };
    let outcome = carry_out(how.format, ui, plan, reach, &settings, &guard, expected(plan, &records))?;
    Ok(match outcome {
        Outcome::Complete { .. } | Outcome::Nothing { .. } => Exit::Done,
        Outcome::Partial { summary } if summary.stopped.is_some() && summary.failed.is_empty() => Exit::Interrupted,
        Outcome::Partial { .. } => Exit::Partial,
    })
}

/// Stacks that only a person can help; nothing is started while there is one.
pub(super) fn refused(plan: &Plan, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    let mut any = false;
    for (step, reason, advice) in plan.refusals() {
        any = true;
        writeln!(ui.err, "stack {} in account {} {reason}\n  hint: {advice}", step.id.stack, step.account)?;
    }
    Ok(any.then_some(Exit::Partial))
}

/// Says what would be done, and asks.
fn ask(plan: &Plan, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    let mut accounts: Vec<&AccountId> = plan.changes().map(|step| &step.account).collect();
    accounts.sort();
    accounts.dedup();
    words(&mut ui.err, plan)?;
    let stacks = plural(plan.changes().map(|step| &step.id.stack).collect::<BTreeSet<_>>().len(), "stack");
    let question = format!("change {stacks} in {} of {}?", plural(accounts.len(), "account"), plan.mesh);
    confirmed(&question, "look at the plan above, then pass --yes", ui)
}

/// Asks a question at the terminal; nothing where the answer is yes. `hint` says what to do where there is no terminal.
pub(super) fn confirmed(question: &str, hint: &str, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    if !io::stdin().is_terminal() {
        let failure =
            Failure::new("nobody can be asked: there is no terminal").hint(hint.to_owned()).exit(Exit::Declined);
        return Ok(Some(ui.failure(&failure)));
    }
    write!(ui.err, "{question} [y/N] ")?;
    ui.err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(None);
    }
    ui.say("declined; nothing was changed")?;
    Ok(Some(Exit::Declined))
}

/// How long each step of a plan usually takes, in seconds.
fn expected(plan: &Plan, records: &[RunRecord]) -> BTreeMap<StepId, f64> {
    let usual = usual(records);
    let of = |step: &Step| Some((step.id.clone(), *usual.get(&(step.id.clone(), Work::of(&step.decision)?))?));
    plan.steps.values().filter_map(of).collect()
}

fn carry_out(
    format: ProgressFormat,
    ui: &mut Ui,
    plan: &Plan,
    reach: &Reach,
    settings: &Settings,
    guard: &Guard,
    usual: BTreeMap<StepId, f64>,
) -> Result<Outcome, Failure> {
    let (colour, quiet) = (ui.err_colour, ui.is_quiet());
    let mut show: Box<dyn Show + '_> = match format {
        ProgressFormat::Json => Box::new(JsonLines::new(&mut ui.out)),
        ProgressFormat::Text if quiet => Box::new(Failures::new(&mut ui.err, colour)),
        ProgressFormat::Text => ui.show(usual),
    };
    // a reader that went away must not stop a deployment half way
    let mut lost = None;
    let mut receive = |event: Event| {
        if lost.is_none() {
            lost = show.show(&event).err();
        }
    };
    let carry_out = match plan.pass {
        Pass::Bootstrap => crate::deploy::bootstrap,
        Pass::Mesh => crate::deploy::deploy,
    };
    let outcome = carry_out(plan, reach, settings, guard, &mut receive).map_err(failed)?;
    drop(show);
    if let Some(error) = lost.filter(|error| !is_unheard(error)) {
        return Err(Failure::new(error));
    }
    Ok(outcome)
}
