//! `meshform bootstrap --organization`: organizational units by StackSets.

use super::arguments::{BootstrapArguments, ProgressFormat};
use super::deploy::confirmed;
use super::environment::synthesized;
use super::failure::{Exit, Failure};
use super::guard::{failed, owner, taken};
use super::journal::{Journals, run_id};
use super::planning::{lock_of_bootstrap, reach};
use super::ui::{Ui, is_unheard};
use crate::deploy::organization::{Manager, OrganizationError, Organizing, Planned, look, organize};
use crate::deploy::{DeployError, Event, Guard, Holder, INLINE_LIMIT, Settings, Unrecorded};
use crate::mesh::Acting;
use crate::report::deploy::{Failures, JsonLines, PlainLines, Show, plural};
use crate::stacks::stack_sets;
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::sync::Arc;

pub(super) fn run(arguments: &BootstrapArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (mesh, _, chosen) = match synthesized(&arguments.deploy.environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(exit),
    };
    let sets = stack_sets(&mesh)
        .map_err(|error| Failure::new(error).hint("choose a shorter `deployment.staging`").exit(Exit::Findings))?;
    let units = mesh.deployment.organization.as_ref().filter(|_| !sets.is_empty());
    let Some(units) = units else {
        return Err(Failure::new("the environment names no organizational units")
            .hint("name them in mesh.yaml: deployment: {organization: {producers: [ou-..], consumers: [ou-..]}}")
            .exit(Exit::Usage));
    };
    for set in &sets {
        let length = set.template.to_string().len();
        if length > INLINE_LIMIT {
            let message =
                format!("the template of {} has {length} bytes, and a request takes {INLINE_LIMIT}", set.name);
            return Err(Failure::new(message).hint("bootstrap these accounts one by one: leave `--organization` out"));
        }
    }
    let manager = Manager::of(units, &mesh.region);
    let run = run_id();
    let reach = reach(&mesh, &run, ui)?;
    // before the StackSets are looked at, so that a deploy in between is noticed
    let lock = lock_of_bootstrap(&mesh, &reach);
    let planned = look(sets, &manager, &reach).map_err(|error| not_organized(error, &manager))?;
    say(&planned, &manager, ui)?;
    let steps: usize = planned.iter().map(|planned| planned.steps.len()).sum();
    let journals = Journals::of(&chosen);
    let holder = Holder { run: run.clone(), owner: owner() };
    let guard = if steps == 0 {
        // nothing is locked and nothing written for a run that changes nothing
        Guard { holder, recorder: Arc::new(Unrecorded), lock: None }
    } else {
        if lock.is_none() {
            ui.say("no lock is taken: it lies in governance's staging bucket, which does not stand yet (docs/bootstrap.md)")?;
        }
        let lock = taken(lock, &holder, None, &journals)?;
        if !arguments.deploy.yes
            && let Some(exit) = ask(steps, ui)?
        {
            return Ok(exit);
        }
        Guard { holder, recorder: Arc::new(journals.begin(&run)?), lock }
    };
    let settings = Settings::of(&run, &mesh.deployment.limits);
    let organizing = Organizing { mesh: mesh.name.as_str(), planned: &planned, manager: &manager };
    let colour = ui.err_colour;
    let mut show: Box<dyn Show + '_> = match arguments.deploy.format {
        ProgressFormat::Json => Box::new(JsonLines::new(&mut ui.out)),
        ProgressFormat::Text if ui.is_quiet() => Box::new(Failures::new(&mut ui.err, colour)),
        ProgressFormat::Text => Box::new(PlainLines::new(&mut ui.err, colour)),
    };
    // a reader that went away must not stop an operation half way
    let mut lost = None;
    let mut receive = |event: Event| {
        if lost.is_none() {
            lost = show.show(&event).err();
        }
    };
    let summary = organize(&organizing, &reach, &settings, &guard, &mut receive)
        .map_err(|error| not_organized(error, &manager))?;
    drop(show);
    if let Some(error) = lost.filter(|error| !is_unheard(error)) {
        return Err(Failure::new(error));
    }
    let failed = summary.stack_sets.iter().any(|organized| !organized.failed.is_empty());
    Ok(match (summary.is_whole(), summary.stopped) {
        (true, _) => Exit::Done,
        (false, Some(_)) if !failed => Exit::Interrupted,
        (false, _) => Exit::Partial,
    })
}

/// What is to be done, and what is not touched.
fn say(planned: &[Planned], manager: &Manager, ui: &mut Ui) -> io::Result<()> {
    for Planned { set, steps, kept, single, unseen, inoperable, .. } in planned {
        let name = &set.name;
        for step in steps {
            ui.say(&format!("StackSet {name}: {step}"))?;
        }
        for unit in kept {
            writeln!(ui.err, "warning: StackSet {name} deploys to {unit} too, which nobody names: its stacks stay")?;
        }
        for (account, reason) in inoperable {
            writeln!(
                ui.err,
                "warning: StackSet {name} in account {account} takes no update until it is mended: {reason}"
            )?;
        }
        for (account, arn) in single {
            writeln!(
                ui.err,
                "warning: account {account} is bootstrapped by itself: StackSet {name} leaves it out\n  hint: to move it there, when the StackSet stands: {}; then run the same command again",
                import(name, arn, &set.units, manager)
            )?;
        }
        for (account, why) in unseen {
            writeln!(ui.err, "warning: whether account {account} is bootstrapped by itself could not be seen: {why}")?;
        }
    }
    Ok(())
}

/// The command that takes a stack into a StackSet: "Stack IDs presented in the input will map to the nearest OU in OU ID list"
/// (CloudFormation user guide, "Service-managed stack import").
fn import(name: &str, arn: &str, units: &BTreeSet<String>, manager: &Manager) -> String {
    let units: Vec<&str> = units.iter().map(String::as_str).collect();
    let acting = match manager.acting {
        Acting::Management => "",
        Acting::Delegated => " --call-as DELEGATED_ADMIN",
    };
    format!(
        "aws cloudformation import-stacks-to-stack-set --region {} --stack-set-name {name} --stack-ids {arn} --organizational-unit-ids {}{acting}",
        manager.scope.region,
        units.join(" ")
    )
}

fn ask(steps: usize, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    let steps = plural(steps, "step");
    let question = format!("take {steps} in every account of these units, and of those that join later?");
    confirmed(&question, "look at the steps above, then pass --yes", ui)
}

fn not_organized(error: OrganizationError, manager: &Manager) -> Failure {
    let hint = match error {
        OrganizationError::Runtime(_) => return Failure::new(error),
        OrganizationError::Guard(guard) => return failed(DeployError::Guard(guard)),
        OrganizationError::Look { .. } => format!(
            "account {} must be the management account or a delegated administrator of CloudFormation StackSets, with trusted access, and hold the role `deployment.administratorRole`: docs/bootstrap.md",
            manager.scope.account
        ),
        OrganizationError::NotOurs { .. } => "nothing was changed; rename the mesh, or remove that StackSet".to_owned(),
    };
    Failure::new(error).hint(hint)
}
