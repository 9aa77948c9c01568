//! `meshform bootstrap --organization`: organizational units by StackSets.

use super::arguments::{BootstrapArguments, ProgressFormat};
use super::deploy::confirmed;
use super::environment::synthesized;
use super::failure::{Exit, Failure};
use super::planning::{reach, run_id};
use super::ui::Ui;
use crate::deploy::organization::{Manager, OrganizationError, Organized, Planned, look, organize};
use crate::deploy::{INLINE_LIMIT, Settings};
use crate::report::deploy::plural;
use crate::stacks::stack_sets;
use std::io::{self, Write as _};

pub(super) fn run(arguments: &BootstrapArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    if arguments.deploy.format == ProgressFormat::Json {
        return Err(Failure::new("StackSets have no events: `--format json` is not there with `--organization`")
            .hint("leave `--format` out")
            .exit(Exit::Usage));
    }
    let (mesh, _, _) = match synthesized(&arguments.deploy.environment, None)?.or_refuse(ui)? {
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
    let planned = look(sets, &manager, &reach).map_err(|error| not_looked_at(error, &manager))?;
    say(&planned, ui)?;
    let steps: usize = planned.iter().map(|planned| planned.steps.len()).sum();
    if steps == 0 {
        let whole = planned.iter().all(|planned| planned.without.is_empty() && planned.inoperable.is_empty());
        return Ok(if whole { Exit::Done } else { Exit::Partial });
    }
    if !arguments.deploy.yes
        && let Some(exit) = ask(steps, ui)?
    {
        return Ok(exit);
    }
    let mut lost = None;
    let mut tell = |name: &str, step: &crate::plan::organization::SetStep| {
        if lost.is_none() {
            lost = ui.say(&format!("StackSet {name}: {step}")).err();
        }
    };
    let organized = organize(&planned, &manager, &reach, &Settings::of(&run, &mesh.deployment.limits), &mut tell)
        .map_err(|error| not_looked_at(error, &manager))?;
    for organized in &organized {
        outcome(organized, ui)?;
    }
    Ok(if organized.iter().all(Organized::is_whole) { Exit::Done } else { Exit::Partial })
}

/// What is to be done, and what is not touched.
fn say(planned: &[Planned], ui: &mut Ui) -> io::Result<()> {
    for Planned { set, steps, kept, without, inoperable } in planned {
        let name = &set.name;
        if steps.is_empty() {
            ui.say(&format!("StackSet {name}: as it should be"))?;
        }
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
        if steps.is_empty() {
            missing(name, without.iter(), ui)?;
        }
    }
    Ok(())
}

fn missing<'a>(name: &str, accounts: impl Iterator<Item = &'a String>, ui: &mut Ui) -> io::Result<()> {
    for account in accounts {
        writeln!(
            ui.err,
            "warning: account {account} of the environment has no stack of {name}\n  hint: move it into one of its units, or bootstrap it singly; StackSets leave the management account out"
        )?;
    }
    Ok(())
}

fn outcome(organized: &Organized, ui: &mut Ui) -> io::Result<()> {
    let Organized { name, stopped, failed, without } = organized;
    for (account, reason) in failed {
        writeln!(ui.err, "error: StackSet {name} in account {account} {reason}")?;
    }
    if let Some(why) = stopped {
        writeln!(
            ui.err,
            "error: StackSet {name}: {why}\n  hint: run the same command again: it looks again, and goes on from what stands"
        )?;
    }
    missing(name, without.iter().filter(|account| !failed.contains_key(*account)), ui)?;
    if organized.is_whole() {
        ui.say(&format!("StackSet {name}: done"))?;
    }
    Ok(())
}

fn ask(steps: usize, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    let steps = plural(steps, "step");
    let question = format!("take {steps} in every account of these units, and of those that join later?");
    confirmed(&question, "look at the steps above, then pass --yes", ui)
}

fn not_looked_at(error: OrganizationError, manager: &Manager) -> Failure {
    let hint = match &error {
        OrganizationError::Runtime(_) => return Failure::new(error),
        OrganizationError::Look { .. } => format!(
            "account {} must be the management account or a delegated administrator of CloudFormation StackSets, with trusted access, and hold the role `deployment.administratorRole`: docs/bootstrap.md",
            manager.scope.account
        ),
        OrganizationError::NotOurs { .. } => "nothing was changed; rename the mesh, or remove that StackSet".to_owned(),
    };
    Failure::new(error).hint(hint)
}
