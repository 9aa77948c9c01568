//! `meshform doctor --probe`: behaviours of AWS that no document settles, shown in accounts to be thrown away, and recorded in
//! `environments/<env>/probes.json`.

#![expect(clippy::disallowed_methods, reason = "a door to the disk: the record is read and replaced")]

use super::arguments::DoctorFormat;
use super::drift::today;
use super::environment::Chosen;
use super::failure::{Exit, Failure};
use super::journal::run_id;
use super::planning::reach;
use super::ui::Ui;
use crate::deploy::Settings;
use crate::deploy::probing::{Probed, ProbingError, Throwaway, Told, probe};
use crate::mesh::{AccountId, Mesh};
use crate::plan::behaviour::{BEHAVIOURS, Circumstance, LONGEST_RECORD, Outcome, Record, Verdict};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

pub(super) fn run(
    typed: &[String],
    format: DoctorFormat,
    mesh: &Mesh,
    chosen: &Chosen,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let accounts = accounts(typed, mesh)?;
    // what cannot be recorded is not begun
    let path = chosen.directory.join("probes.json");
    let mut record = standing(&path, mesh.name.as_str())?;
    let run = run_id();
    let reach = reach(mesh, &run, ui)?;
    ui.say("probing: it takes about an hour; Ctrl-C begins no further probe and cleans up")?;
    let mut lost = None;
    let mut tell = |told: &Told| {
        // a reader that went away must not keep anything from being removed
        if lost.is_none() {
            lost = say(ui, told).err();
        }
    };
    let probed = probe(&accounts, &reach, &Settings::of(&run, &mesh.deployment.limits), &mut tell).map_err(refused)?;
    let Probed { outcomes, left, interrupted } = probed;
    let date = today()?;
    let named: Vec<String> = [Some(&accounts.catalog), accounts.subscriber.as_ref()]
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect();
    let circumstance = Circumstance { date: date.as_str(), run: &run, region: mesh.region.as_str(), accounts: &named };
    let new: Vec<Outcome> = outcomes
        .into_iter()
        .filter_map(|(number, judged)| {
            let behaviour = BEHAVIOURS.iter().find(|behaviour| behaviour.number == number)?;
            Some(Outcome::of(behaviour, judged, &circumstance))
        })
        .collect();
    record.take(new, left);
    let text = crate::assembly::pretty(&record);
    replace(&path, &text).map_err(|error| {
        Failure::new(error).hint(format!("{} was not written; what the probes showed is told above", path.display()))
    })?;
    match format {
        DoctorFormat::Text => crate::report::probes::write(&mut ui.out, &record, ui.out_colour)?,
        DoctorFormat::Json => write!(ui.out, "{text}")?,
    }
    ui.out.flush()?;
    let differs = record.probes.iter().any(|outcome| outcome.run == run && outcome.verdict == Verdict::Otherwise);
    Ok(if interrupted {
        Exit::Interrupted
    } else if differs {
        Exit::Error
    } else {
        Exit::Done
    })
}

/// The accounts that were typed out. One that any file of the mesh names is refused before any call.
fn accounts(typed: &[String], mesh: &Mesh) -> Result<Throwaway, Failure> {
    let wrong = |message: String, hint: &str| Failure::new(message).hint(hint).exit(Exit::Usage);
    let deployment = &mesh.deployment;
    let owners = mesh.domains.values().map(|domain| &domain.account);
    let owners = owners.chain(mesh.consumers.values().map(|consumer| &consumer.account));
    let of_mesh: Vec<&AccountId> =
        owners.chain([&mesh.governance, &deployment.from]).chain(&deployment.management).collect();
    let mut named: Vec<AccountId> = Vec::new();
    for text in typed {
        let account = AccountId::parse(text)
            .map_err(|_| wrong(format!("`{text}` is no account"), "type the twelve digits of a throw-away account"))?;
        if of_mesh.contains(&&account) {
            let message = format!("account {account} is one of the mesh, and is not probed in");
            return Err(wrong(message, "probes change the account's settings: name one that can be thrown away"));
        }
        if named.contains(&account) {
            return Err(wrong(format!("account {account} is named twice"), "name two different accounts, or one"));
        }
        named.push(account);
    }
    let mut named = named.into_iter();
    match (named.next(), named.next(), named.next()) {
        (Some(catalog), subscriber, None) => {
            Ok(Throwaway { catalog, subscriber, region: mesh.region.clone(), mesh: mesh.name.to_string() })
        }
        _ => Err(wrong(format!("{} accounts were named", typed.len()), "name one throw-away account, or two")),
    }
}

/// The record that stands; an empty one where there is none.
fn standing(path: &Path, mesh: &str) -> Result<Record, Failure> {
    let shown = || format!("{} is where the result is recorded: mend it, or move it away", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Record::empty(mesh.to_owned())),
        Err(error) => return Err(Failure::new(error).hint(shown())),
    };
    let mut text = String::new();
    let read = file.take(LONGEST_RECORD).read_to_string(&mut text);
    read.map_err(|error| Failure::new(error).hint(shown()))?;
    Record::read(&text, mesh).map_err(|error| Failure::new(error).hint(shown()).exit(Exit::Findings))
}

/// Writes the record: under another name first, so that an interrupted run leaves the old one or the new one.
fn replace(path: &PathBuf, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    // an environment leaves names with a dot alone
    let mut builder = tempfile::Builder::new();
    builder.prefix(".probes.json.").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

fn say(ui: &mut Ui, told: &Told) -> io::Result<()> {
    match told {
        Told::Leftover { account, stack } => ui.say(&format!("account {account}: removing {stack} of an earlier run")),
        Told::Preparing { account } => ui.say(&format!("account {account}: preparing")),
        Told::Begun { number, name } => ui.say(&format!("probe {number} of {}: {name}", BEHAVIOURS.len())),
        Told::Over { number, judged } => ui.say(&format!("probe {number}: {}: {}", judged.verdict, judged.seen)),
        Told::CleaningUp => ui.say("removing what all probes stood on"),
    }
}

fn refused(error: ProbingError) -> Failure {
    let hint = match &error {
        ProbingError::Runtime(_) => None,
        ProbingError::Look { .. } => Some(
            "probes are run as `deployment.administratorRole`, which must stand in the account and trust this identity",
        ),
        ProbingError::Occupied { .. } => Some("nothing was made; name an account that holds no stack of a mesh"),
        ProbingError::Leftovers { .. } => {
            Some("nothing new was made; remove these stacks, then run the same command again")
        }
        ProbingError::Abandoned => Some("run the same command again: it removes what was left first"),
    };
    let exit = if matches!(error, ProbingError::Abandoned) { Exit::Interrupted } else { Exit::Error };
    let failure = Failure::new(error).exit(exit);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
