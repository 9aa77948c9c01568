//! The two sides of a comparison: where each comes from, and what is left of one that is not whole.

#![expect(clippy::disallowed_methods, reason = "a door to the disk: a side may be a directory")]

use crate::access::{Facts, evaluate, settle};
use crate::assembly::check::{Checked, check_beside};
use crate::assembly::{Document, Foreign, Stack, StackId, committed, gather};
use crate::cli::environment::{Chosen, Made};
use crate::cli::failure::{Exit, Failure};
use crate::cli::git::{Commit, Repository};
use crate::environment::{Loaded, RawFile, Source, load, read_beside};
use crate::finding::{Finding, Place, Severity, refuses};
use crate::mesh::{Mesh, resolve};
use crate::plan::diff::{Prepared, Side};
use crate::report::findings;
use crate::stacks::each;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The texts of files, by their path below a directory.
type Texts = BTreeMap<String, String>;

/// Where a side comes from. Reading one needs nothing of the other.
pub(super) enum Origin {
    /// An environment as it stood in a commit.
    Commit {
        /// The repository, opened at the environment's directory.
        repository: Repository,
        /// The commit.
        commit: Commit,
        /// The environment's name.
        environment: String,
    },
    /// An environment on disk.
    Environment {
        /// What it is called.
        name: String,
        /// Where it is.
        chosen: Chosen,
    },
    /// A directory that `meshform synth` wrote.
    Assembly(PathBuf),
    /// What stands in the accounts, already read.
    #[cfg(feature = "aws")]
    Accounts(Box<Prepared>),
    /// A directory of templates that somebody else wrote.
    Templates(PathBuf),
}

impl Origin {
    /// What stands in a directory that somebody named: an environment, or what `synth` wrote, or templates of others.
    pub(super) fn of(directory: &Path) -> Result<Self, Failure> {
        let name = directory.display().to_string();
        if directory.join("mesh.yaml").is_file() {
            return Ok(Self::Environment { name, chosen: Chosen::at(directory.to_owned())? });
        }
        if directory.join("manifest.json").is_file() {
            return Ok(Self::Assembly(directory.to_owned()));
        }
        match directory.is_dir() {
            true => Ok(Self::Templates(directory.to_owned())),
            false => Err(Failure::new(format!("there is no directory {name}")).exit(Exit::Usage)),
        }
    }

    /// Reads a side. Its files may be at hand, read beside those of the other.
    fn found(self, files: Option<Loaded>) -> Result<Found, Failure> {
        match self {
            Self::Commit { repository, commit, environment } => {
                let name = commit.name.clone();
                let Some(loaded) = files else {
                    // an environment that is new: everything in it is
                    return Ok(whole(Prepared::new(Side { name, limits: Vec::new() }, Vec::new(), None)));
                };
                let stacks = stacks_of(repository.prefix(), &environment);
                let texts = || Ok((stacks.clone(), repository.texts(&commit, &stacks)?.unwrap_or_default()));
                of_files(name, loaded, texts)
            }
            Self::Environment { name, chosen } => {
                let loaded = files.map_or_else(|| load(&chosen.directory), Ok).map_err(Failure::new)?;
                let stacks = chosen.stacks();
                of_files(name, loaded, || Ok((stacks.display().to_string(), texts(&stacks)?)))
            }
            #[cfg(feature = "aws")]
            Self::Accounts(prepared) => Ok(Found::Whole(prepared)),
            Self::Assembly(directory) => {
                let name = directory.display().to_string();
                Ok(whole(of_texts(Side { name, limits: Vec::new() }, &texts(&directory)?)?))
            }
            Self::Templates(directory) => Ok(whole(of_templates(&directory)?)),
        }
    }

    /// The files of a side that git keeps, as bytes; none where the environment is new, and none of another side.
    fn bytes(&self) -> Result<Option<BTreeMap<String, RawFile>>, Failure> {
        match self {
            Self::Commit { repository, commit, .. } => repository.environment(commit),
            #[cfg(feature = "aws")]
            Self::Accounts(_) => Ok(None),
            Self::Environment { .. } | Self::Assembly(_) | Self::Templates(_) => Ok(None),
        }
    }
}

/// A side as far as it can be read without the other.
enum Found {
    /// Files, and what they mean.
    Meant { side: Side, source: Source, mesh: Box<Mesh> },
    /// Templates, and who sees what by them.
    Whole(Box<Prepared>),
}

fn whole(prepared: Prepared) -> Found {
    Found::Whole(Box::new(prepared))
}

impl Found {
    /// Its templates, as texts where they are its own to make: what the other side has too is never taken apart.
    fn documents(&self) -> Vec<Document> {
        match self {
            Self::Meant { mesh, .. } => each(mesh, |stack| Document::written(&stack)).into_values().collect(),
            Self::Whole(prepared) => prepared.documents.clone(),
        }
    }

    /// The side by itself.
    fn alone(self) -> Prepared {
        match self {
            Self::Meant { side, source, mesh } => {
                let documents = each(&mesh, |stack| Document::of(&stack)).into_values().collect();
                Prepared::new(side, documents, Some((source, *mesh)))
            }
            Self::Whole(prepared) => *prepared,
        }
    }

    /// The side, whose templates stand beside those of the other; `shared` is what those that both have say of access.
    fn beside(self, documents: Vec<Document>, made: &BTreeMap<StackId, Beside>, shared: &mut Facts) -> Prepared {
        let Self::Meant { side, source, mesh } = self else { return self.alone() };
        let is_shared =
            |document: &Document| made.get(&document.id).is_some_and(|beside| beside.is_shared_with(document));
        let own = documents.par_iter().filter(|document| !is_shared(document)).map(Facts::one);
        let access = shared.with(own.collect(), evaluate);
        Prepared { side, documents, access, environment: Some((source, *mesh)) }
    }
}

/// A template of the side that is looked at, made beside those of the other.
struct Beside {
    document: Document,
    checked: Checked,
    /// What it says of access.
    facts: Facts,
    /// Whether the other side has it too.
    is_shared: bool,
}

impl Beside {
    /// A template that stands just so on the other side is that side's, and was found right before.
    fn of(stack: &Stack, standing: &BTreeMap<&StackId, &Document>) -> Self {
        let document = Document::of(stack);
        let old = standing.get(&stack.id).filter(|old| old.is_of(stack, &document));
        let mut checked = old.map_or_else(|| Checked::of(stack, &document), |_| Checked::standing(&document));
        let facts = checked.take_facts();
        Self { checked, facts, is_shared: old.is_some(), document: old.map_or(document, |old| (*old).clone()) }
    }

    fn is_shared_with(&self, old: &Document) -> bool {
        self.document.template.is_shared_with(&old.template)
    }
}

/// Both sides of a comparison.
pub(super) struct Sides {
    /// What is compared with, and what is looked at; none where findings of the latter refuse: they are for `validate` to tell,
    /// and to be mended first. What of the former does not validate is compared by its committed templates.
    pub(super) both: Option<(Result<Prepared, Failure>, Prepared)>,
    /// What was found in the side that is looked at.
    pub(super) found: Told,
}

/// What was found in the side that is looked at, and its files.
#[derive(Default)]
pub(super) struct Told {
    pub(super) source: Source,
    pub(super) findings: Vec<Finding>,
    /// The directory that the paths of findings are below.
    pub(super) root: String,
}

impl Sides {
    /// Reads both sides, at once where the one needs nothing of the other. What is the same on both is parsed once, kept once
    /// and checked on neither: that the base was right is what its own review said.
    pub(super) fn read(base: Origin, head: Origin) -> Result<Self, Failure> {
        let Origin::Environment { name, chosen } = head else {
            let (base, head) = rayon::join(|| base.found(None), || head.found(None));
            return Ok(Self { both: Some((base.map(Found::alone), head?.alone())), found: Told::default() });
        };
        let root = chosen.directory.display().to_string();
        // git gives the one while the other is parsed
        let (bytes, loaded) = rayon::join(|| base.bytes(), || load(&chosen.directory).map_err(Failure::new));
        let loaded = loaded?;
        let files = bytes.map(|bytes| bytes.map(|bytes| read_beside(&chosen.name, bytes, &loaded)));
        let (base, made) = rayon::join(|| files.and_then(|files| base.found(files)), || Made::nothing(chosen, loaded));
        let outcome = made.checked(|mesh, origin| {
            let standing = base.as_ref().map(Found::documents).unwrap_or_default();
            let at_hand = standing.iter().map(|document| (&document.id, document)).collect();
            let mut made = each(mesh, |stack| Beside::of(&stack, &at_hand));
            let (shared, own): (Vec<_>, Vec<_>) = made.values_mut().partition(|made| made.is_shared);
            let facts = |of: Vec<&mut Beside>| of.into_iter().map(|made| std::mem::take(&mut made.facts)).collect();
            let (mut facts, own) = (Facts::together(facts(shared)), Facts::together(facts(own)));
            // one after the other, each on all cores: the memory of the one serves the other
            let base = base.map(|base| base.beside(standing, &made, &mut facts));
            facts.append(own);
            let (documents, parts) = made.into_values().map(|made| (made.document, made.checked)).unzip();
            let (findings, access) = check_beside(parts, facts, origin, evaluate);
            (findings, (base, documents, access))
        });
        let both = outcome.result.map(|(mesh, (base, documents, access))| {
            let side = Side { name, limits: Vec::new() };
            (base, Prepared { side, documents, access, environment: Some((outcome.source.clone(), mesh)) })
        });
        Ok(Self { both, found: Told { source: outcome.source, findings: outcome.findings, root } })
    }
}

/// A side from the files of an environment. They need not pass the checks of their templates: those say what should not be
/// deployed, not what cannot be compared.
fn of_files(
    name: String,
    loaded: Loaded,
    stacks: impl FnOnce() -> Result<(String, Texts), Failure>,
) -> Result<Found, Failure> {
    let resolved = resolve(&loaded.source, None);
    let findings = [loaded.findings, resolved.findings].concat();
    if let Some(mesh) = resolved.mesh.filter(|_| !refuses(&findings)) {
        let side = Side { name, limits: Vec::new() };
        return Ok(Found::Meant { side, source: loaded.source, mesh: Box::new(mesh) });
    }
    let (folder, texts) = stacks()?;
    let limits = vec![
        format!("the environment does not validate there: {}", told(&loaded.source, &findings)),
        format!(
            "compared is what {folder} held: keys, ports and versions of products are not known, nor are the reasons"
        ),
    ];
    Ok(whole(of_texts(Side { name, limits }, &texts)?))
}

/// A side from templates that somebody else wrote: as far as they can be read.
fn of_templates(directory: &Path) -> Result<Prepared, Failure> {
    let name = directory.display().to_string();
    let refused = |error: String| Failure::new(error).exit(Exit::Usage);
    let found =
        gather(directory).map_err(|error| refused(format!("failed to read the templates below {name}: {error}")))?;
    let Foreign { mut documents, parameters, problems, without_account, passed_over } = found;
    if documents.is_empty() {
        let failure = refused(format!("no CloudFormation template is below {name}"));
        return Err(failure.hint("a template is a file *.json, *.yaml, *.yml or *.template with `Resources`"));
    }
    let unknown = settle(&mut documents, &parameters);
    let limits = problems.iter().map(|problem| format!("left out: {}: {}", problem.path, problem.message)).collect();
    let mut prepared = Prepared::new(Side { name, limits }, documents, None);
    prepared.access.unknown.extend(unknown);
    prepared.access.unknown.extend(without_account.iter().map(|path| {
        format!("{path}: no folder above it names an account, so it is taken to stand in one account `unknown`")
    }));
    prepared.access.unknown.extend(passed_over.iter().map(|path| {
        format!("{path}: it is not read, since a file of parameters by the template's whole name stands beside it")
    }));
    Ok(prepared)
}

/// A side from the files that a `synth` wrote.
fn of_texts(mut side: Side, texts: &Texts) -> Result<Prepared, Failure> {
    match committed(texts) {
        Ok((documents, left_out)) => {
            side.limits.extend(left_out.into_iter().map(|reason| format!("left out: {reason}")));
            Ok(Prepared::new(side, documents, None))
        }
        Err(reason) => {
            let mut failure = Failure::new(format!("there is nothing to compare with in {}", side.name));
            failure.details = side.limits.into_iter().take(1).collect();
            failure.details.push(format!("and no stacks are committed beside it: {reason}"));
            Err(failure.hint("choose another side with --base or --against").exit(Exit::Findings))
        }
    }
}

/// "2 errors; the first is in domains/sales.yaml, line 3: …"
fn told(source: &Source, findings: &[Finding]) -> String {
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.severity() == Severity::Error).collect();
    let places: Vec<&Place> = errors.iter().map(|finding| &finding.place).collect();
    let spans = source.locate_all(places.iter().copied());
    let first = errors.iter().zip(spans).min_by_key(|(finding, span)| (&finding.place.file, *span));
    let all = findings::summary(findings);
    first.map_or(all.clone(), |(finding, span)| {
        let (file, line) = (&finding.place.file, span.start_line);
        format!("{all}; the first error is in {file}, line {line}: {}", finding.message)
    })
}

/// Where the stacks of an environment lie in a repository, by the environment's own path in it.
fn stacks_of(prefix: &str, environment: &str) -> String {
    let parent = prefix.rsplit_once('/').map_or("", |(parent, _)| parent);
    let top = match parent.rsplit_once('/') {
        Some((top, "environments")) => format!("{top}/"),
        _ => String::new(),
    };
    format!("{top}stacks/{environment}")
}

/// Every text below a directory; none when there is no such directory.
fn texts(directory: &Path) -> Result<Texts, Failure> {
    let mut texts = Texts::new();
    let mut folders = vec![(directory.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let entry = entry.map_err(Failure::new)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(Failure::new)?;
            if kind.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else if kind.is_file()
                && name.ends_with(".json")
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                texts.insert(name, text);
            }
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::stacks_of;

    #[test]
    fn stacks_stand_beside_the_environments() {
        assert_eq!(stacks_of("environments/demo", "demo"), "stacks/demo");
        assert_eq!(stacks_of("mesh/of/environments/demo", "demo"), "mesh/of/stacks/demo");
        assert_eq!(stacks_of("elsewhere/demo", "demo"), "stacks/demo");
        assert_eq!(stacks_of("", "demo"), "stacks/demo");
    }
}
