//! `meshform recover`

use super::arguments::RecoverArguments;
use super::deploy::{How, Job, carried};
use super::failure::{Exit, Failure};
use super::planning::{Standing, looked, not_observed};
use super::ui::Ui;
use crate::assembly::StackId;
use crate::deploy::{OnFailure, Stuck};
use crate::plan::{Decision, Pattern, Recovery, Way, WrongWay, fits, recover};
use crate::report::recover::told;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// What is done with each stack.
type Choices = BTreeMap<StackId, Decision>;

pub(super) fn run(arguments: &RecoverArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let Standing { manifest, chosen, run, reach, deployed, lock, limits, origins } =
        match looked(&arguments.environment, ui)? {
            Ok(standing) => standing,
            Err(exit) => return Ok(exit),
        };
    let select = arguments.select.as_deref().map(Pattern::new);
    let mut stuck = crate::deploy::stuck(&manifest, &deployed, &reach).map_err(not_observed)?;
    stuck.retain(|stack, _| select.as_ref().is_none_or(|pattern| pattern.matches(stack)));
    if stuck.is_empty() {
        ui.say("no stack is stuck")?;
        return Ok(Exit::Done);
    }
    let choices = match flags(arguments, &stuck)? {
        Some(choices) => choices,
        None => {
            told(&mut ui.err, &stuck)?;
            if !io::stdin().is_terminal() {
                let failure = Failure::new("nobody can be asked: there is no terminal")
                    .hint("choose one of the commands above")
                    .exit(Exit::Declined);
                return Ok(ui.failure(&failure));
            }
            asked(&stuck, ui)?
        }
    };
    if choices.is_empty() {
        ui.say("nothing was chosen; nothing was changed")?;
        return Ok(Exit::Declined);
    }
    let plan = recover(&manifest, &deployed, &choices);
    let job = Job {
        plan: &plan,
        chosen: &chosen,
        reach: &reach,
        run: &run,
        lock,
        operation: manifest.operation.clone(),
        limits,
        assets: BTreeMap::new(),
        origins,
    };
    // each stack was decided about by itself
    let how = How {
        on_failure: OnFailure::KeepGoing,
        format: arguments.format,
        broken: arguments.break_lock.as_deref(),
        lifted: BTreeSet::new(),
    };
    carried(job, &how, ui, |_, _| Ok(None))
}

fn wrong(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::new(error).hint("`meshform recover` without a choice lists what can be chosen").exit(Exit::Usage)
}

/// What the flags choose; none where they choose nothing.
fn flags(arguments: &RecoverArguments, stuck: &BTreeMap<StackId, Stuck>) -> Result<Option<Choices>, Failure> {
    if arguments.plain {
        let plain = |(stack, stuck): (&StackId, &Stuck)| Some((stack.clone(), plain(&stuck.recovery)?));
        return Ok(Some(stuck.iter().filter_map(plain).collect()));
    }
    if let Some(named) = &arguments.force {
        let stack = known(named, stuck)?;
        return Ok(Some(BTreeMap::from([way(stack, Way::Force, stuck)?])));
    }
    if arguments.skip.is_empty() {
        return Ok(None);
    }
    let mut skipped: BTreeMap<&StackId, BTreeSet<String>> = BTreeMap::new();
    for named in &arguments.skip {
        let (stack, resource) = named
            .split_once(':')
            .ok_or_else(|| wrong(format!("`{named}` names no resource: it should read OWNER/STACK:LOGICAL-ID")))?;
        skipped.entry(known(stack, stuck)?).or_default().insert(resource.to_owned());
    }
    let choices = skipped.into_iter().map(|(stack, resources)| way(stack, Way::Skip { resources }, stuck));
    choices.collect::<Result<Choices, Failure>>().map(Some)
}

fn plain(recovery: &Recovery) -> Option<Decision> {
    match recovery {
        Recovery::Continue => Some(Decision::ContinueRollback { way: Way::Plain }),
        Recovery::RollBack => Some(Decision::RollBack),
        Recovery::Needless | Recovery::Busy | Recovery::Not { .. } => None,
    }
}

fn known<'a>(named: &str, stuck: &'a BTreeMap<StackId, Stuck>) -> Result<&'a StackId, Failure> {
    let found = stuck.keys().find(|stack| stack.to_string() == named);
    found.ok_or_else(|| {
        let names: Vec<String> = stuck.keys().map(ToString::to_string).collect();
        wrong(format!("`{named}` is not stuck; these are: {}", names.join(", ")))
    })
}

/// A way for one stack, if it fits what failed there.
fn way(stack: &StackId, way: Way, stuck: &BTreeMap<StackId, Stuck>) -> Result<(StackId, Decision), Failure> {
    let found = &stuck[stack];
    if let Recovery::Not { reason, advice } = found.recovery {
        return Err(Failure::new(format!("stack {stack} {reason}")).hint(advice).exit(Exit::Usage));
    }
    if found.recovery != Recovery::Continue {
        return Err(wrong(format!("{stack} is in {}: it has no rollback to continue", found.standing.status)));
    }
    let failed = found.failed.iter().map(|one| one.logical_id.clone()).collect();
    fits(&way, &failed).map_err(|error: WrongWay| wrong(format!("{stack}: {error}")))?;
    Ok((stack.clone(), Decision::ContinueRollback { way }))
}

/// Asks about each stack for which something can be done.
fn asked(stuck: &BTreeMap<StackId, Stuck>, ui: &mut Ui) -> Result<Choices, Failure> {
    let mut choices = Choices::new();
    for (stack, found) in stuck {
        let ways = match found.recovery {
            Recovery::Continue => "c: continue, s NAME..: skip these, f: force, anything else: nothing",
            Recovery::RollBack => "c: roll back, anything else: nothing",
            Recovery::Needless | Recovery::Busy | Recovery::Not { .. } => continue,
        };
        write!(ui.err, "{stack} [{ways}] ")?;
        ui.err.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        let mut words = answer.split_whitespace();
        let choice = match (words.next(), &found.recovery) {
            (Some("c"), recovery) => plain(recovery).map(|decision| (stack.clone(), decision)),
            (Some("s"), Recovery::Continue) => {
                let resources = words.map(|word| word.trim_matches(',').to_owned()).collect();
                Some(way(stack, Way::Skip { resources }, stuck)?)
            }
            (Some("f"), Recovery::Continue) => Some(way(stack, Way::Force, stuck)?),
            _ => None,
        };
        choices.extend(choice);
    }
    Ok(choices)
}
