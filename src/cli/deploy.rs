//! `meshform bootstrap` and `meshform deploy`

#![expect(clippy::disallowed_methods, reason = "the run gets its id from the clock here, never in the core")]

use super::arguments::{DeployArguments, ProgressFormat};
use super::environment::{Chosen, synthesized};
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::assembly::{self, Rendered};
use crate::deploy::{DeployError, Event, ObserveError, OnFailure, Outcome, Reach, Settings};
use crate::mesh::{AccountId, Mesh};
use crate::plan::{Decision, Deployed, Options, Pass, Pattern, Plan, plan};
use crate::report::deploy::{Board, Failures, JsonLines, PlainLines, Show, plural};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

pub(super) fn bootstrap(arguments: &DeployArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    run(arguments, ui, Pass::Bootstrap)
}

pub(super) fn deploy(arguments: &DeployArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    run(arguments, ui, Pass::Mesh)
}

fn run(arguments: &DeployArguments, ui: &mut Ui, pass: Pass) -> Result<Exit, Failure> {
    let (mesh, assembly, chosen) = match synthesized(&arguments.environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(exit),
    };
    let rendered = assembly.render();
    if let Some(exit) = refuse_unreviewed(&rendered, &chosen, ui)? {
        return Ok(exit);
    }
    let select = arguments.select.as_deref().map(Pattern::new);
    let options = Options { pass, select };
    let run_id = run_id();
    let reach = reach(&mesh, &run_id);
    let deployed = crate::deploy::observe(&rendered.manifest, &options, &reach).map_err(not_observed)?;
    warn_of_strays(&deployed, ui)?;
    let plan = plan(&rendered, &deployed, &options).map_err(|error| {
        let hints = error.hints();
        hints.into_iter().fold(Failure::new(error), Failure::hint)
    })?;
    if let Some(exit) = refused(&plan, ui)? {
        return Ok(exit);
    }
    if plan.changes().next().is_some()
        && !arguments.yes
        && let Some(exit) = ask(&plan, ui)?
    {
        return Ok(exit);
    }
    let mut settings = Settings::new(&run_id);
    let contents = rendered.assets.iter().map(|(sha256, asset)| (sha256.clone(), asset.content().as_bytes().to_vec()));
    settings.assets = contents.collect();
    settings.on_failure = if arguments.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop };
    let outcome = carry_out(arguments, ui, pass, &plan, &reach, &settings)?;
    Ok(match outcome {
        Outcome::Complete { .. } | Outcome::Nothing { .. } => Exit::Done,
        Outcome::Partial { summary } if summary.stopped.is_some() && summary.failed.is_empty() => Exit::Interrupted,
        Outcome::Partial { .. } => Exit::Partial,
    })
}

/// What is deployed is what was reviewed: where `stacks/<env>` stands, it must be fresh.
fn refuse_unreviewed(rendered: &Rendered, chosen: &Chosen, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    let directory = chosen.stacks();
    if !directory.is_dir() {
        ui.say(&format!("{} does not exist: what is deployed was not reviewed as templates", directory.display()))?;
        return Ok(None);
    }
    let stale = assembly::compare(rendered, &directory).map_err(Failure::new)?;
    if stale.is_empty() {
        return Ok(None);
    }
    let failure = Failure::new(format!(
        "{} of {} files in {} are not what the environment says",
        stale.len(),
        rendered.templates.len() + rendered.assets.len() + 1,
        directory.display()
    ))
    .hint("run `meshform synth`, have the change reviewed, then deploy")
    .exit(Exit::Changes);
    Ok(Some(ui.failure(&failure)))
}

/// Time and chance: sortable, and no two runs alike.
fn run_id() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let mut chance = RandomState::new().build_hasher();
    chance.write_u64(seconds);
    format!("{seconds:x}-{:08x}", chance.finish() & 0xffff_ffff)
}

fn reach(mesh: &Mesh, run: &str) -> Reach {
    let domains = mesh.domains.values().map(|domain| &domain.account);
    let consumers = mesh.consumers.values().map(|consumer| &consumer.account);
    let staging: BTreeMap<AccountId, String> = domains
        .chain(consumers)
        .chain([&mesh.governance])
        .map(|account| (account.clone(), mesh.staging_bucket(account)))
        .collect();
    let deployment = &mesh.deployment;
    Reach {
        partition: mesh.region.partition().to_owned(),
        region: mesh.region.clone(),
        plan_role: deployment.plan_role.clone(),
        deploy_role: deployment.deploy_role.clone(),
        execution_role: deployment.execution_role.clone(),
        administrator_role: deployment.administrator_role.clone(),
        external_id: deployment.external_id.clone(),
        hub: deployment.hub.clone(),
        mfa: None,
        run: run.to_owned(),
        staging,
    }
}

/// Each distinct reason once: an account that cannot be entered tells the same for all of its stacks.
fn not_observed(error: ObserveError) -> Failure {
    let error = match error {
        // no call was made: what was asked for is not there
        ObserveError::Plan(error) => {
            let hints = error.hints();
            return hints.into_iter().fold(Failure::new(error).exit(Exit::Usage), Failure::hint);
        }
        error @ (ObserveError::Calls { .. } | ObserveError::Runtime(_)) => error,
    };
    let reasons = error
        .distinct()
        .into_iter()
        .map(|(reason, stacks)| format!("{reason} ({})", plural(stacks, "stack")))
        .collect();
    let hints = error.hints();
    let mut failure = Failure::new(error);
    failure.details = reasons;
    hints.into_iter().fold(failure, Failure::hint)
}

/// What the environment no longer asks for still grants what it granted; removing it is a person's decision for now.
fn warn_of_strays(deployed: &Deployed, ui: &mut Ui) -> Result<(), Failure> {
    for (account, stacks) in &deployed.strays {
        let names: Vec<&str> = stacks.iter().map(String::as_str).collect();
        let verb = if names.len() == 1 { "stands" } else { "stand" };
        writeln!(
            ui.err,
            "warning: in account {account} {verb} {}, which the environment no longer asks for: what they grant stays\n  hint: delete stacks of the layer access before those of sharing, and these before publication",
            names.join(", ")
        )?;
    }
    Ok(())
}

/// Stacks that only a person can help; nothing is started while there is one.
fn refused(plan: &Plan, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
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
    for step in plan.changes() {
        let word = match step.decision {
            Decision::Create => "create",
            Decision::Update => "update",
            Decision::DeleteShellThenCreate | Decision::DeleteThenCreate => "create anew",
            Decision::Wait => "wait for, then decide on",
            Decision::Keep | Decision::Refuse { .. } => continue,
        };
        let resources = plural(step.resources, "resource");
        writeln!(ui.err, "  {word:8} {} ({resources}, account {})", step.id, step.account)?;
    }
    if !io::stdin().is_terminal() {
        let failure = Failure::new("nobody can be asked: there is no terminal")
            .hint("look at the plan above, then pass --yes")
            .exit(Exit::Declined);
        return Ok(Some(ui.failure(&failure)));
    }
    write!(
        ui.err,
        "change {} in {} of {}? [y/N] ",
        plural(plan.changes().map(|step| &step.id.stack).collect::<BTreeSet<_>>().len(), "stack"),
        plural(accounts.len(), "account"),
        plan.mesh
    )?;
    ui.err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(None);
    }
    ui.say("declined; nothing was changed")?;
    Ok(Some(Exit::Declined))
}

fn carry_out(
    arguments: &DeployArguments,
    ui: &mut Ui,
    pass: Pass,
    plan: &Plan,
    reach: &Reach,
    settings: &Settings,
) -> Result<Outcome, Failure> {
    let (width, colour, live, quiet) = (ui.width, ui.err_colour, ui.live, ui.is_quiet());
    let mut show: Box<dyn Show + '_> = match arguments.format {
        ProgressFormat::Json => Box::new(JsonLines::new(&mut ui.out)),
        ProgressFormat::Text if quiet => Box::new(Failures::new(&mut ui.err, colour)),
        ProgressFormat::Text if live => {
            let columns = u16::try_from(width).unwrap_or(u16::MAX);
            Box::new(Board::new(indicatif::ProgressDrawTarget::stderr(), columns, colour))
        }
        ProgressFormat::Text => Box::new(PlainLines::new(&mut ui.err, colour)),
    };
    // a reader that went away must not stop a deployment half way
    let mut lost = None;
    let mut receive = |event: Event| {
        if lost.is_none() {
            lost = show.show(&event).err();
        }
    };
    let carry_out = match pass {
        Pass::Bootstrap => crate::deploy::bootstrap,
        Pass::Mesh => crate::deploy::deploy,
    };
    let outcome = carry_out(plan, reach, settings, &mut receive).map_err(|error: DeployError| Failure::new(error))?;
    drop(show);
    if let Some(error) = lost.filter(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        return Err(Failure::new(error));
    }
    Ok(outcome)
}
