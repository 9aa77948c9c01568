//! `meshform plan`

#![expect(clippy::disallowed_methods, reason = "a door to the disk: the plan is written to a file")]

use super::arguments::{PlanArguments, PlanFormat};
use super::change_sets::made;
use super::failure::{Exit, Failure};
use super::planning::{Unreviewed, planned};
use super::ui::Ui;
use crate::assembly::pretty;
use crate::plan::{Options, Pass, Pattern};
use crate::report::plan::{Reader, write};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

pub(super) fn run(arguments: &PlanArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let options = Options { pass: Pass::Mesh, select: arguments.select.as_deref().map(Pattern::new) };
    let mut planned = match planned(&arguments.environment, options, Unreviewed::Allowed, ui)? {
        Ok(planned) => planned,
        Err(exit) => return Ok(exit),
    };
    if arguments.change_sets {
        let predicted = made(&planned)?;
        planned.lay(predicted);
    }
    let diff = planned.diff();
    let text = pretty(&planned.file(&diff));
    let environment = &planned.chosen.name;
    match arguments.format {
        PlanFormat::Text => {
            let reader = Reader::Terminal { width: ui.width, colour: ui.out_colour };
            write(&mut ui.out, &planned.plan, &diff, environment, reader)?;
        }
        PlanFormat::Markdown => write(&mut ui.out, &planned.plan, &diff, environment, Reader::Markdown)?,
        PlanFormat::Json => write!(ui.out, "{text}")?,
    }
    ui.out.flush()?;
    if let Some(path) = &arguments.out {
        save(path, &text, &planned.run)
            .map_err(|error| Failure::new(error).hint(format!("{} cannot be written", path.display())))?;
        ui.say(&format!("{0}: written; `meshform deploy {0} -e {environment}` does exactly this", path.display()))?;
    }
    Ok(Exit::Done)
}

/// Writes beside the file and renames, so that nobody reads half a plan; nobody but the owner may read it: it names accounts
/// and values.
fn save(path: &Path, text: &str, run: &str) -> io::Result<()> {
    let mut name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?.to_owned();
    name.push(format!(".{run}.tmp"));
    let beside = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&beside, path));
    if renamed.is_err() {
        // the reason is what is told, not what is left
        let _ = fs::remove_file(&beside);
    }
    renamed
}
