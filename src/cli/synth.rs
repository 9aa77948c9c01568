//! `meshform synth`

use super::arguments::SynthArguments;
use super::environment::synthesized;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::assembly::{self, Stale, StaleKind};
use std::io::Write as _;
use std::path::Path;

/// Most lines of differences that `--check` shows.
const SHOWN_LINES: usize = 40;

pub(super) fn run(arguments: &SynthArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let (_, assembly, chosen) = match synthesized(&arguments.environment, None)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(exit),
    };
    let directory = arguments.out.clone().unwrap_or_else(|| chosen.stacks());
    let rendered = assembly.render();
    let accounts: std::collections::BTreeSet<_> = assembly.stacks.values().map(|stack| &stack.account).collect();
    let resources: usize = assembly.stacks.values().map(|stack| stack.template.resources.len()).sum();
    let size = format!("{} stacks, {resources} resources, {} accounts", assembly.stacks.len(), accounts.len());
    if arguments.check {
        let stale = assembly::compare(&rendered, &directory).map_err(Failure::new)?;
        return check(&stale, &directory, &size, ui);
    }
    let (written, removed) = assembly::write(&rendered, &directory).map_err(Failure::new)?;
    let change = match (written, removed) {
        (0, 0) => "nothing changed".to_owned(),
        (written, 0) => format!("{written} files written"),
        (written, removed) => format!("{written} files written, {removed} removed"),
    };
    ui.say(&format!("{}: {size}; {change}", directory.display()))?;
    Ok(Exit::Done)
}

fn check(stale: &[Stale], directory: &Path, size: &str, ui: &mut Ui) -> Result<Exit, Failure> {
    if stale.is_empty() {
        ui.say(&format!("{}: fresh; {size}", directory.display()))?;
        return Ok(Exit::Done);
    }
    let mut left = SHOWN_LINES;
    for file in stale {
        let path = directory.join(&file.path);
        match &file.kind {
            StaleKind::Missing => writeln!(ui.out, "missing    {}", path.display())?,
            StaleKind::Stray => writeln!(ui.out, "stray      {}", path.display())?,
            StaleKind::Different { found, expected } => {
                writeln!(ui.out, "different  {}", path.display())?;
                let diff = similar::TextDiff::from_lines(found.as_str(), expected.as_str());
                let changes = diff.unified_diff().context_radius(1).to_string();
                for line in changes.lines().take(left) {
                    writeln!(ui.out, "    {line}")?;
                }
                left = left.saturating_sub(changes.lines().count());
            }
        }
    }
    ui.out.flush()?;
    let noun = if stale.len() == 1 { "file is" } else { "files are" };
    ui.say(&format!("{} {noun} stale in {}; run `meshform synth`", stale.len(), directory.display()))?;
    Ok(Exit::Changes)
}
