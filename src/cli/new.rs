//! `meshform new`

use super::arguments::{AccountArguments, New, NewOwnerArguments};
use super::environment::{Chosen, Made, Synthesized};
use super::failure::{Exit, Failure};
use super::new_file;
use super::ui::Ui;
use crate::assembly::check::check;
use crate::environment::{RawFile, read};
use crate::finding::{Finding, Severity};
use crate::mesh::{AccountId, NameError, OwnerName};
use crate::onboarding::{Account, Draft, DraftError, Products, Wanted, draft, embedded};
use crate::report::findings::{self, Format, Look};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

/// Characters of a wrong value that a message shows.
const MOST_SHOWN: usize = 60;

pub(super) fn run(what: &New, ui: &mut Ui) -> Result<Exit, Failure> {
    let (wanted, environment) = match what {
        New::Domain(arguments) => {
            let products = if arguments.empty { Products::None } else { Products::Example };
            let (name, account) = owner(&arguments.owner)?;
            (Wanted::Domain(name, account, products), &arguments.owner.environment)
        }
        New::Consumer(arguments) => {
            let (name, account) = owner(arguments)?;
            (Wanted::Consumer(name, account), &arguments.environment)
        }
    };
    let chosen = Chosen::find(environment)?;
    let (environment, stacks) = (chosen.typed(), chosen.stacks());
    let exit = add(chosen, &wanted, ui)?;
    if exit == Exit::Done {
        next(&environment, &stacks, wanted.name(), ui)?;
    }
    Ok(exit)
}

/// Adds a file to an environment, if the whole mesh is right with it.
pub(super) fn add(chosen: Chosen, wanted: &Wanted, ui: &mut Ui) -> Result<Exit, Failure> {
    let path = chosen.directory.join(wanted.path());
    new_file::is_free(&path)?;
    let own = new_file::own_template(wanted.kind());
    let template = new_file::read_template(&own)?;
    let text = template.as_deref().unwrap_or_else(|| embedded(wanted.kind()));
    let made = draft(wanted, text).map_err(|error| refusal(&error, &own))?;
    let mut files = new_file::gather_if_there(&chosen.directory)?;
    files.insert(made.path.clone(), RawFile::Bytes(made.text.clone().into_bytes()));
    let loaded = read(&chosen.name, files);
    let outcome = Made::of(chosen, loaded, None).checked(None, check);
    let Some((mesh, assembly)) = &outcome.result else {
        refuse(&outcome, &made, template.is_some().then_some(own.as_path()), ui)?;
        return Ok(Exit::Findings);
    };
    new_file::write(&path, &made.text)?;
    writeln!(ui.out, "{}", path.display())?;
    ui.out.flush()?;
    let accounts: BTreeSet<_> = assembly.stacks.values().map(|stack| &stack.account).collect();
    let of_account = assembly.stacks.values().filter(|stack| stack.account == wanted.account().id).count();
    let (stacks, noun) = (assembly.stacks.len(), if accounts.len() == 1 { "account" } else { "accounts" });
    let where_they_are = format!("{} {noun}, {of_account} of them in {}", accounts.len(), wanted.account().id);
    ui.say(&format!("with it {} has {stacks} stacks in {where_they_are}", mesh.name))?;
    Ok(Exit::Done)
}

/// An owner's name and account, parsed before any of it becomes a part of a path.
fn owner(arguments: &NewOwnerArguments) -> Result<(OwnerName, Account), Failure> {
    Ok((parsed("name", &arguments.name, OwnerName::parse)?, account(&arguments.account)?))
}

/// The account that is asked for.
pub(super) fn account(arguments: &AccountArguments) -> Result<Account, Failure> {
    let id = parsed("account", &arguments.account, AccountId::parse)?;
    Ok(Account { id, team: arguments.team.clone(), email: arguments.email.clone() })
}

/// A name of the command line.
pub(super) fn parsed<T>(what: &str, text: &str, parse: fn(&str) -> Result<T, NameError>) -> Result<T, Failure> {
    parse(text)
        .map_err(|error| Failure::new(format!("the {what} `{}` {}", shown(text), error.message)).exit(Exit::Usage))
}

/// A wrong value as a message shows it: short, and without what a terminal would obey.
fn shown(text: &str) -> String {
    let start: String = text.chars().take(MOST_SHOWN).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{}{more}", start.escape_debug())
}

fn refusal(error: &DraftError, own: &Path) -> Failure {
    let separator = if matches!(error, DraftError::Template(_)) { ":" } else { ": " };
    let failure = Failure::new(format!("{}{separator}{error}", own.display())).exit(Exit::Findings);
    error.hints().into_iter().fold(failure, Failure::hint)
}

/// Says why nothing is written.
fn refuse(outcome: &Synthesized, made: &Draft, own: Option<&Path>, ui: &mut Ui) -> Result<(), Failure> {
    let root = outcome.chosen.directory.display().to_string();
    let look = Look { root: &root, width: ui.width, colour: ui.err_colour };
    // what else the mesh is warned of is not this verb's news
    let told = |finding: &&Finding| finding.severity() == Severity::Error || *finding.place.file == *made.path;
    let told: Vec<_> = outcome.findings.iter().filter(told).cloned().collect();
    findings::write(&mut ui.err, &outcome.source, &told, Format::Text, &look)?;
    if let Some(own) = own {
        ui.say(&format!("{root}/{} would be made by {}", made.path, own.display()))?;
    }
    ui.say("nothing was written")?;
    Ok(())
}

/// Says what comes next.
fn next(environment: &str, stacks: &Path, owner: &str, ui: &mut Ui) -> Result<(), Failure> {
    let steps = [
        (format!("meshform validate -e {environment}"), "after each change of the file".to_owned()),
        (format!("meshform synth -e {environment}"), format!("then commit the file and {}", stacks.display())),
        (format!("meshform diff -e {environment}"), "what it means, for the review".to_owned()),
        (
            format!("meshform bootstrap -e {environment} --select '{owner}/*'"),
            "once, by an administrator of the account".to_owned(),
        ),
        (format!("meshform deploy -e {environment}"), "after the merge".to_owned()),
    ];
    let width = steps.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    ui.say("next:")?;
    for (command, why) in steps {
        ui.say(&format!("  {command:width$}   # {why}"))?;
    }
    Ok(())
}
