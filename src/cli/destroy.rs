//! `meshform destroy`

use super::arguments::DestroyArguments;
use super::deploy::{How, Job, carried, refused};
use super::failure::{Exit, Failure};
use super::planning::{Standing, looked, not_observed};
use super::ui::Ui;
use crate::assembly::StackId;
use crate::deploy::OnFailure;
use crate::plan::{Destruction, Protection, destroy};
use crate::report::deploy::plural;
use crate::report::destroy::told;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

pub(super) fn run(arguments: &DestroyArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let Standing { manifest, chosen, run, reach, deployed, lock, limits, origins } =
        match looked(&arguments.environment, ui)? {
            Ok(standing) => standing,
            Err(exit) => return Ok(exit),
        };
    let mesh = manifest.mesh.clone();
    if let Some(named) = arguments.yes.as_ref().filter(|named| **named != mesh) {
        let failure = Failure::new(format!("`--yes {named}` names another mesh: this one is {mesh}"));
        return Err(failure.hint("nothing was changed").exit(Exit::Declined));
    }
    let strays = crate::deploy::strays(&manifest, &deployed, &reach).map_err(not_observed)?;
    let wanted = if arguments.unprotect { Protection::Off } else { Protection::On };
    let retain = retained(&arguments.retain)?;
    let planned = destroy(&manifest, &deployed, &strays, wanted, &retain).map_err(|error| {
        let hints = error.hints();
        hints.into_iter().fold(Failure::new(error), Failure::hint)
    })?;
    let Destruction { plan, .. } = &planned;
    if let Some(stack) = retain.keys().find(|stack| !plan.steps.keys().any(|step| step.stack == **stack)) {
        return Err(unretained(format!(
            "`--retain {stack}:..` names a stack that does not stand, or is none of {mesh}"
        )));
    }
    if plan.steps.is_empty() {
        ui.say(&format!("nothing of {mesh} stands but what bootstrap made"))?;
        return Ok(Exit::Done);
    }
    told(&mut ui.err, &planned)?;
    if let Some(exit) = refused(plan, ui)? {
        return Ok(exit);
    }
    let job = Job {
        plan,
        chosen: &chosen,
        reach: &reach,
        run: &run,
        lock,
        operation: manifest.operation.clone(),
        limits,
        assets: BTreeMap::new(),
        origins,
    };
    let how = How {
        on_failure: if arguments.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
        format: arguments.format,
        broken: arguments.break_lock.as_deref(),
        lifted: BTreeSet::new(),
    };
    carried(job, &how, ui, |plan, ui| if arguments.yes.is_some() { Ok(None) } else { ask(&mesh, plan.steps.len(), ui) })
}

/// What is to be left behind, by stack.
fn retained(named: &[String]) -> Result<BTreeMap<StackId, BTreeSet<String>>, Failure> {
    let mut retained: BTreeMap<StackId, BTreeSet<String>> = BTreeMap::new();
    for text in named {
        let parts = text.split_once(':').filter(|(_, resource)| !resource.is_empty());
        let parts = parts.and_then(|(stack, resource)| Some((StackId::try_from(stack.to_owned()).ok()?, resource)));
        let Some((stack, resource)) = parts else {
            return Err(unretained(format!("`--retain {text}` should read OWNER/STACK:LOGICAL-ID")));
        };
        retained.entry(stack).or_default().insert(resource.to_owned());
    }
    Ok(retained)
}

fn unretained(message: String) -> Failure {
    let hint = "without `--retain` the list says what would not go with which stack; nothing was changed";
    Failure::new(message).hint(hint).exit(Exit::Usage)
}

/// Asks for the name of the mesh.
fn ask(mesh: &str, stacks: usize, ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    if !io::stdin().is_terminal() {
        let failure = Failure::new("nobody can be asked: there is no terminal")
            .hint(format!("read the list above, then pass `--yes {mesh}`"))
            .exit(Exit::Declined);
        return Ok(Some(ui.failure(&failure)));
    }
    write!(ui.err, "to delete {}, type the name of the mesh: ", plural(stacks, "stack"))?;
    ui.err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim() == mesh {
        return Ok(None);
    }
    ui.say("declined; nothing was changed")?;
    Ok(Some(Exit::Declined))
}
