//! Which environment is meant, and what becomes of it: loaded, resolved, synthesized and checked.

#![expect(clippy::disallowed_methods, reason = "a door to the disk: environments are looked for")]

use super::arguments::EnvironmentArguments;
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::assembly::check::{Checked, check_together};
use crate::assembly::{Assembly, Document, Stack, StackId};
use crate::environment::{Loaded, Source, load};
use crate::finding::{Code, Finding, Place, Severity};
use crate::mesh::{Day, Mesh, accept, resolve, unused};
use crate::plan::Pattern;
use crate::report::findings::{self, Format, Look};
use crate::stacks::{each, synthesize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// An environment on disk.
#[derive(Clone)]
pub(super) struct Chosen {
    /// Its directory.
    pub(super) directory: PathBuf,
    /// Its name: the directory's last component.
    pub(super) name: String,
}

/// Folder of the environments.
pub(super) const ENVIRONMENTS: &str = "environments";

/// A folder beside the environments that is none: the generated JSON Schemas.
pub(super) const SCHEMA: &str = "schema";

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

    /// What follows `-e` where somebody is to type it: the name where that is enough, else the directory, quoted for a shell
    /// where it needs that.
    pub(super) fn typed(&self) -> String {
        if self.directory == Path::new(ENVIRONMENTS).join(&self.name) {
            return quoted(&self.name);
        }
        quoted(&self.directory.display().to_string())
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

/// A word of a shell's command line.
fn quoted(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
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

/// Everything that an environment came to: its assembly, or what somebody made of its mesh.
pub(super) struct Synthesized<T = Assembly> {
    pub(super) chosen: Chosen,
    pub(super) source: Source,
    /// Of every stage.
    pub(super) findings: Vec<Finding>,
    /// The mesh and what was made of it, unless findings refuse.
    pub(super) result: Option<(Mesh, T)>,
}

/// An environment before its templates are checked.
pub(super) struct Made<T = Assembly>(Synthesized<T>);

/// Runs the pure stages over an environment, and keeps every stack for what is to be done with it.
#[cfg(feature = "aws")]
pub(super) fn synthesized(arguments: &EnvironmentArguments, as_of: Option<&Day>) -> Result<Synthesized, Failure> {
    let chosen = Chosen::find(arguments)?;
    let loaded = load(&chosen.directory).map_err(Failure::new)?;
    Ok(Made::of(chosen, loaded, as_of).checked(as_of, crate::assembly::check::check))
}

/// What is kept of a stack that was made and checked by itself: whatever somebody made of it and its document.
type Kept<T> = BTreeMap<StackId, T>;

/// Runs the pure stages over an environment, one stack after another: of each no more is held than its part in the checks and
/// what `keep` makes of it, so that a large mesh need not be held as a whole. Of stacks that are not selected nothing is kept,
/// and then the rules about all stacks together are not asked.
pub(super) fn sifted<T: Send>(
    chosen: Chosen,
    as_of: Option<&Day>,
    select: Option<&Pattern>,
    keep: impl Fn(&Stack, &Document) -> T + Sync,
) -> Result<Synthesized<Kept<T>>, Failure> {
    let loaded = load(&chosen.directory).map_err(Failure::new)?;
    let one = |stack: Stack| {
        let is_wanted = select.is_none_or(|pattern| pattern.matches(&stack.id));
        is_wanted.then(|| {
            let document = Document::of(&stack);
            (Checked::of(&stack, &document), keep(&stack, &document))
        })
    };
    let made = made(chosen, loaded, as_of, |mesh| each(mesh, one));
    Ok(made.checked(as_of, select.is_none(), |mesh, made| {
        let (mut parts, mut kept) = (Vec::new(), Kept::new());
        for (id, one) in made {
            let Some((part, of_stack)) = one else { continue };
            parts.push(part);
            kept.insert(id, of_stack);
        }
        let findings = match select {
            Some(_) => parts.into_iter().flat_map(Checked::findings).collect(),
            None => check_together(parts, &origins(mesh)),
        };
        (findings, kept)
    }))
}

/// Where in the environment a resource of a stack was written. That is asked of what is wrong alone: most meshes are made once.
fn origins(mesh: &Mesh) -> impl Fn(&StackId, &str) -> Option<Place> + Sync {
    let places = LazyLock::new(move || {
        each(mesh, |stack| {
            let resources = stack.template.resources.into_iter();
            resources.map(|(id, entry)| (id.to_string(), entry.origin)).collect::<BTreeMap<_, _>>()
        })
    });
    move |stack, resource| places.get(stack)?.get(resource).cloned()
}

/// Runs the pure stages without the checks of templates, and makes something of the mesh.
pub(super) fn unchecked<T>(
    arguments: &EnvironmentArguments,
    make: impl FnOnce(&Mesh) -> T,
) -> Result<Synthesized<T>, Failure> {
    let chosen = Chosen::find(arguments)?;
    let loaded = load(&chosen.directory).map_err(Failure::new)?;
    Ok(made(chosen, loaded, None, make))
}

/// Resolves an environment that was read, and makes something of its mesh.
fn made<T>(chosen: Chosen, loaded: Loaded, as_of: Option<&Day>, make: impl FnOnce(&Mesh) -> T) -> Synthesized<T> {
    let Loaded { source, mut findings } = loaded;
    let resolved = resolve(&source, as_of);
    findings.extend(resolved.findings);
    let mesh = resolved.mesh.filter(|_| !crate::finding::refuses(&findings));
    let result = mesh.map(|mesh| {
        let made = make(&mesh);
        (mesh, made)
    });
    Synthesized { chosen, source, findings, result }
}

impl Made {
    /// Makes the templates of an environment that was read.
    pub(super) fn of(chosen: Chosen, loaded: Loaded, as_of: Option<&Day>) -> Self {
        Self(made(chosen, loaded, as_of, synthesize))
    }

    /// Checks the templates.
    pub(super) fn checked(self, as_of: Option<&Day>, check: impl FnOnce(&Assembly) -> Vec<Finding>) -> Synthesized {
        self.0.checked(as_of, true, |_, assembly| (check(&assembly), assembly))
    }
}

impl Made<()> {
    /// What the files of an environment mean, and nothing made of it yet.
    pub(super) fn nothing(chosen: Chosen, loaded: Loaded) -> Self {
        Self(made(chosen, loaded, None, |_| ()))
    }

    /// Makes and checks what is asked for; the check gets where in the environment a resource was written.
    pub(super) fn checked<T>(
        self,
        check: impl FnOnce(&Mesh, &(dyn Fn(&StackId, &str) -> Option<Place> + Sync)) -> (Vec<Finding>, T),
    ) -> Synthesized<T> {
        self.0.checked(None, true, |mesh, ()| check(mesh, &origins(mesh)))
    }
}

impl<T> Synthesized<T> {
    /// Adds what checking what was made finds. `all` tells whether everything was made: what is accepted and not found is then
    /// accepted for nothing.
    fn checked<U>(
        self,
        as_of: Option<&Day>,
        all: bool,
        check: impl FnOnce(&Mesh, T) -> (Vec<Finding>, U),
    ) -> Synthesized<U> {
        let Self { chosen, source, mut findings, result } = self;
        let Some((mesh, made)) = result else {
            return Synthesized { chosen, source, findings, result: None };
        };
        let (found, made) = check(&mesh, made);
        findings.extend(found);
        // what reading and resolving found is lowered already; these two are found before and after them
        let left = accept(&mut findings, &mesh.accept, as_of);
        let late = [Code::StackNearLimit, Code::TextCutAtComma];
        let idle = left.into_iter().filter(|idle| all && late.contains(&idle.code) && idle.holds(as_of));
        findings.extend(idle.map(unused));
        let result = (!crate::finding::refuses(&findings)).then_some((mesh, made));
        Synthesized { chosen, source, findings, result }
    }

    /// The mesh and what was made of it. What was found is talked of on stderr: all of it when it refuses, else only its number.
    pub(super) fn or_refuse(self, ui: &mut Ui) -> Result<Result<(Mesh, T, Chosen), Exit>, Failure> {
        match self.result {
            Some((mesh, made)) => {
                let warnings = self.findings.iter().filter(|finding| finding.severity() == Severity::Warning).count();
                if warnings > 0 {
                    let noun = if warnings == 1 { "warning" } else { "warnings" };
                    ui.say(&format!("{warnings} {noun}; `meshform validate` shows them"))?;
                }
                Ok(Ok((mesh, made, self.chosen)))
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
