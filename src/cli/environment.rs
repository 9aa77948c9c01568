//! Which environment is meant, and what becomes of it: loaded, resolved, synthesized and checked.

#![expect(clippy::disallowed_methods, reason = "a door to the disk: environments are looked for")]

use super::arguments::EnvironmentArguments;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::assembly::{self, Assembly};
use crate::environment::{Source, load};
use crate::finding::{Code, Finding, Severity};
use crate::mesh::{Day, Mesh, accept, resolve, unused};
use crate::report::findings::{self, Format, Look};
use crate::stacks::synthesize;
use std::fs;
use std::path::{Path, PathBuf};

/// An environment on disk.
#[derive(Clone)]
pub(super) struct Chosen {
    /// Its directory.
    pub(super) directory: PathBuf,
    /// Its name: the directory's last component.
    pub(super) name: String,
}

/// Folder of the environments.
const ENVIRONMENTS: &str = "environments";

/// A folder beside the environments that is none: the generated JSON Schemas.
const SCHEMA: &str = "schema";

impl Chosen {
    /// Finds the environment that the arguments mean.
    pub(super) fn find(arguments: &EnvironmentArguments) -> Result<Self, Failure> {
        let Some(given) = &arguments.environment else {
            return Self::only();
        };
        let is_name = given.components().count() == 1 && !given.is_absolute() && given.file_name().is_some();
        let below = Path::new(ENVIRONMENTS).join(given);
        let directory = if is_name && below.is_dir() { below } else { given.clone() };
        if !directory.is_dir() {
            let error = format!("there is no environment `{}`", given.display());
            let known = names();
            let failure = Failure::new(error).exit(Exit::Usage);
            return Err(match crate::finding::nearest(&given.to_string_lossy(), known.iter().map(String::as_str)) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None if known.is_empty() => {
                    failure.hint("run this in the folder that holds `environments/`, or give a directory")
                }
                None => failure.hint(format!("there are: {}", known.join(", "))),
            });
        }
        Self::at(directory)
    }

    fn only() -> Result<Self, Failure> {
        let known = names();
        match known.as_slice() {
            [name] => Self::at(Path::new(ENVIRONMENTS).join(name)),
            [] => Err(Failure::new("there is no environment here")
                .hint("run this in the folder that holds `environments/`, or give a directory with -e")
                .exit(Exit::Usage)),
            several => Err(Failure::new(format!("there are {} environments: {}", several.len(), several.join(", ")))
                .hint("choose one with -e")
                .exit(Exit::Usage)),
        }
    }

    /// The environment in a directory.
    pub(super) fn at(directory: PathBuf) -> Result<Self, Failure> {
        let canonical = fs::canonicalize(&directory).map_err(Failure::new)?;
        let name = canonical.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { directory, name })
    }

    /// Where the environment's stacks are written: `stacks/<env>` beside `environments/`, or below the working directory.
    pub(super) fn stacks(&self) -> PathBuf {
        self.beside("stacks").join(&self.name)
    }

    /// A folder beside `environments/`, or below the working directory.
    pub(super) fn beside(&self, folder: &str) -> PathBuf {
        let parent =
            self.directory.parent().filter(|parent| parent.file_name().is_some_and(|name| name == ENVIRONMENTS));
        parent.and_then(Path::parent).unwrap_or_else(|| Path::new("")).join(folder)
    }
}

/// Names of the environments below the working directory, sorted.
fn names() -> Vec<String> {
    let Ok(entries) = fs::read_dir(ENVIRONMENTS) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != SCHEMA && !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// Everything that an environment came to.
pub(super) struct Synthesized {
    pub(super) chosen: Chosen,
    pub(super) source: Source,
    /// Of every stage.
    pub(super) findings: Vec<Finding>,
    /// The mesh and its assembly, unless findings refuse.
    pub(super) result: Option<(Mesh, Assembly)>,
}

/// Runs the pure stages over an environment.
pub(super) fn synthesized(arguments: &EnvironmentArguments, as_of: Option<&Day>) -> Result<Synthesized, Failure> {
    synthesized_of(Chosen::find(arguments)?, as_of)
}

/// Runs the pure stages over an environment that was found.
pub(super) fn synthesized_of(chosen: Chosen, as_of: Option<&Day>) -> Result<Synthesized, Failure> {
    let loaded = load(&chosen.directory).map_err(Failure::new)?;
    let mut findings = loaded.findings;
    let resolved = resolve(&loaded.source, as_of);
    findings.extend(resolved.findings);
    let mut result = None;
    if let Some(mesh) = resolved.mesh.filter(|_| !crate::finding::refuses(&findings)) {
        let assembly = synthesize(&mesh);
        findings.extend(assembly::check::check(&assembly));
        // what reading and resolving found is lowered already; these two are found before and after them
        let left = accept(&mut findings, &mesh.accept, as_of);
        let late = [Code::StackNearLimit, Code::TextCutAtComma];
        let idle = left.into_iter().filter(|idle| late.contains(&idle.code) && idle.holds(as_of));
        findings.extend(idle.map(unused));
        if !crate::finding::refuses(&findings) {
            result = Some((mesh, assembly));
        }
    }
    Ok(Synthesized { chosen, source: loaded.source, findings, result })
}

impl Synthesized {
    /// The mesh and its assembly. What was found is talked of on stderr: all of it when it refuses, else only its number.
    pub(super) fn or_refuse(self, ui: &mut Ui) -> Result<Result<(Mesh, Assembly, Chosen), Exit>, Failure> {
        match self.result {
            Some((mesh, assembly)) => {
                let warnings = self.findings.iter().filter(|finding| finding.severity() == Severity::Warning).count();
                if warnings > 0 {
                    let noun = if warnings == 1 { "warning" } else { "warnings" };
                    ui.say(&format!("{warnings} {noun}; `meshform validate` shows them"))?;
                }
                Ok(Ok((mesh, assembly, self.chosen)))
            }
            None => {
                let root = self.chosen.directory.display().to_string();
                let look = Look { root: &root, width: ui.width, colour: ui.err_colour };
                findings::write(&mut ui.err, &self.source, &self.findings, Format::Text, &look)?;
                Ok(Err(Exit::Findings))
            }
        }
    }
}
