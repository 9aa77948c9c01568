//! `meshform diff`

mod sides;

use super::arguments::{DiffArguments, DiffFormat};
use super::environment::Chosen;
use super::failure::{Exit, Failure};
use super::git::Repository;
use super::ui::Ui;
use super::validate::day;
use crate::finding::Finding;
use crate::plan::diff::{Diff, compare};
use crate::report::diff::{self, Form};
use crate::report::findings::{self, Format, Look};
use sides::{Origin, Sides, Told};
use std::io::Write as _;

pub(super) fn run(arguments: &DiffArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let as_of = arguments.as_of.as_deref().map(day).transpose()?;
    let (base, head, environment) = origins(arguments, ui)?;
    let Sides { both, found: told } = Sides::read(base, head)?;
    let Some((base, head)) = both else {
        return refuse(&told, arguments.format, ui);
    };
    let base = base?;
    for limit in &base.side.limits {
        ui.say(&format!("{}: {limit}", base.side.name))?;
    }
    let (diff, found) = compare(&base, &head, as_of.as_ref());
    print(&diff, &told, &found, &environment, arguments.format, ui)?;
    ui.out.flush()?;
    // the process ends here: to take two large meshes apart leaf by leaf would be a twentieth of the run
    std::mem::forget((base, head));
    Ok(if diff.refuses() {
        Exit::Findings
    } else if arguments.exit_code && !diff.is_empty() {
        Exit::Changes
    } else {
        Exit::Done
    })
}

/// Which sides are meant, and the name of the environment.
fn origins(arguments: &DiffArguments, ui: &mut Ui) -> Result<(Origin, Origin, String), Failure> {
    let (head, environment) = match &arguments.templates {
        Some(directory) => (Origin::of(directory)?, None),
        None => {
            let chosen = Chosen::find(&arguments.environment)?;
            let name = match &arguments.against {
                Some(_) => chosen.directory.display().to_string(),
                None => "the working tree".to_owned(),
            };
            (Origin::Environment { name, chosen: chosen.clone() }, Some(chosen))
        }
    };
    if let Some(directory) = &arguments.against {
        let name = environment.map_or_else(|| "templates".to_owned(), |chosen| chosen.name);
        return Ok((Origin::of(directory)?, head, name));
    }
    let Some(chosen) = environment else {
        let failure = Failure::new("--templates has no history that could be compared with").exit(Exit::Usage);
        return Err(failure.hint("name the other side with --against DIR"));
    };
    #[cfg(feature = "aws")]
    if arguments.deployed {
        let accounts = crate::cli::planning::accounts(&arguments.environment, ui)?;
        return Ok((Origin::Accounts(Box::new(accounts)), head, chosen.name));
    }
    let repository = Repository::of(&chosen.directory)?;
    let commit = match &arguments.base {
        Some(reference) => repository.commit(reference)?,
        None => repository.default_base()?,
    };
    ui.say(&format!("comparing with {}, commit {}", commit.name, commit.short()))?;
    let base = Origin::Commit { repository, commit, environment: chosen.name.clone() };
    Ok((base, head, chosen.name))
}

/// What is wrong with the side that is looked at, in the form that was asked for where that form is one of findings.
fn refuse(told: &Told, format: DiffFormat, ui: &mut Ui) -> Result<Exit, Failure> {
    let machine = match format {
        DiffFormat::Github => Some(Format::Github),
        DiffFormat::Sarif => Some(Format::Sarif),
        DiffFormat::Text | DiffFormat::Markdown | DiffFormat::Json => None,
    };
    let colour = if machine.is_some() { ui.out_colour } else { ui.err_colour };
    let look = Look { root: &told.root, width: ui.width, colour };
    let out = if machine.is_some() { &mut ui.out } else { &mut ui.err };
    findings::write(out, &told.source, &told.findings, machine.unwrap_or(Format::Text), &look)?;
    ui.out.flush()?;
    Ok(Exit::Findings)
}

fn print(
    diff: &Diff,
    told: &Told,
    found: &[Finding],
    environment: &str,
    format: DiffFormat,
    ui: &mut Ui,
) -> Result<(), Failure> {
    let look = Look { root: &told.root, width: ui.width, colour: ui.out_colour };
    let form = match format {
        DiffFormat::Text => Form::Text { width: ui.width, colour: ui.out_colour },
        DiffFormat::Markdown => Form::Markdown,
        DiffFormat::Json => Form::Json,
        DiffFormat::Github => return Ok(findings::write(&mut ui.out, &told.source, found, Format::Github, &look)?),
        DiffFormat::Sarif => return Ok(findings::write(&mut ui.out, &told.source, found, Format::Sarif, &look)?),
    };
    Ok(diff::write(&mut ui.out, diff, environment, form)?)
}
