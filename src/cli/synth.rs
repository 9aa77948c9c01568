//! `meshform synth`

use super::arguments::SynthArguments;
use super::environment::{Chosen, sifted};
use super::failure::{Exit, Failure};
use super::ui::Ui;
use crate::assembly::{
    Asset, AssetEntry, Directory, DirectoryError, Document, Manifest, ManifestStack, Stack, StackId, Stale, StaleKind,
    pretty,
};
use crate::mesh::Mesh;
use crate::plan::Pattern;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

/// Most lines of differences that `--check` shows.
const SHOWN_LINES: usize = 40;

/// What is kept of a stack after its template was written or compared.
struct Made {
    entry: ManifestStack,
    assets: Vec<Asset>,
    resources: usize,
    file: Result<Option<Stale>, DirectoryError>,
}

/// Everything that is not a template.
struct Rest {
    assets: BTreeMap<String, Asset>,
    manifest: String,
    /// Names of all files, the templates among them.
    wanted: BTreeSet<String>,
}

pub(super) fn run(arguments: &SynthArguments, ui: &mut Ui) -> Result<Exit, Failure> {
    let chosen = Chosen::find(&arguments.environment)?;
    let path = arguments.out.clone().unwrap_or_else(|| chosen.stacks());
    let directory = Directory::open(&path).map_err(Failure::new)?;
    let select = arguments.select.as_deref().map(Pattern::new);
    // compared or written while it is at hand: the text of all templates is more than all the rest of a large mesh
    let one = |stack: &Stack, _: &Document| {
        let text = stack.template.to_json();
        let entry = ManifestStack::of(stack, &text);
        let file = match arguments.check {
            true => directory.compare(&entry.template, &text),
            false => directory.stage(&entry.template, &text).map(|()| None),
        };
        let assets = stack.template.assets.values().cloned().collect();
        Made { entry, assets, resources: stack.template.resources.len(), file }
    };
    let (mesh, made, _) = match sifted(chosen, None, select.as_ref(), one)?.or_refuse(ui)? {
        Ok(result) => result,
        Err(exit) => return Ok(exit),
    };
    if let (Some(pattern), true) = (&select, made.is_empty()) {
        return Err(Failure::new(format!("no stack fits `{pattern}`"))
            .hint("a pattern stands for a whole id, such as 'sales/*'")
            .exit(Exit::Usage));
    }
    let resources: usize = made.values().map(|made| made.resources).sum();
    let accounts: BTreeSet<_> = made.values().map(|made| &made.entry.account).collect();
    let mut size = format!("{} stacks, {resources} resources, {} accounts", made.len(), accounts.len());
    if let Some(pattern) = &select {
        size += &format!(", of `{pattern}` alone: rules about all stacks together were not asked");
    }
    let mut stale = Vec::new();
    let mut entries = BTreeMap::new();
    let mut assets = BTreeMap::new();
    for (id, made) in made {
        stale.extend(made.file.map_err(Failure::new)?);
        entries.insert(id, made.entry);
        assets.extend(made.assets.into_iter().map(|asset| (asset.sha256().to_owned(), asset)));
    }
    let rest = rest(&mesh, entries, assets, select.as_ref(), &directory)?;
    let is_ours = |name: &str| select.as_ref().is_none_or(|pattern| is_of(pattern, name));
    if arguments.check {
        stale.extend(rest.compared(&directory, is_ours).map_err(Failure::new)?);
        stale.sort_by(|one, other| one.path.cmp(&other.path));
        return check(&stale, &path, &size, ui);
    }
    for (name, text) in rest.files() {
        directory.stage(name, text).map_err(Failure::new)?;
    }
    let replaced = directory.settle(&rest.wanted, is_ours).map_err(Failure::new)?;
    let change = match (replaced.written, replaced.removed) {
        (0, 0) => "nothing changed".to_owned(),
        (written, 0) => format!("{written} files written"),
        (written, removed) => format!("{written} files written, {removed} removed"),
    };
    ui.say(&format!("{}: {size}; {change}", path.display()))?;
    Ok(Exit::Done)
}

/// The manifest and the assets. Of a part of the mesh, the manifest is the one that stands there with the entries of that part.
fn rest(
    mesh: &Mesh,
    mut entries: BTreeMap<StackId, ManifestStack>,
    assets: BTreeMap<String, Asset>,
    select: Option<&Pattern>,
    directory: &Directory<'_>,
) -> Result<Rest, Failure> {
    let mut listed: BTreeMap<String, AssetEntry> =
        assets.iter().map(|(hash, asset)| (hash.clone(), asset.entry())).collect();
    if let Some(pattern) = select {
        let whole = "run `meshform synth` without --select first: a part is put into the whole";
        let standing = directory.manifest().map_err(|error| Failure::new(error).hint(whole))?;
        let standing = standing.ok_or_else(|| Failure::new("there is no manifest.json yet").hint(whole))?;
        let others = standing.stacks.into_iter().filter(|stack| !pattern.matches(&stack.id));
        entries.extend(others.map(|stack| (stack.id.clone(), stack)));
        let named: BTreeSet<&String> = entries.values().flat_map(|stack| &stack.assets).collect();
        let others = standing.assets.into_iter().filter(|asset| named.contains(&asset.sha256));
        listed.extend(others.map(|asset| (asset.sha256.clone(), asset)));
    }
    let files = listed.values().map(|asset| asset.path.clone());
    let templates = entries.values().map(|stack| stack.template.clone());
    let wanted = files.chain(templates).chain(["manifest.json".to_owned()]).collect();
    let operation = &mesh.deployment.operation;
    let stacks = entries.into_values().collect();
    let manifest = Manifest::new(mesh.name.as_str(), operation, stacks, listed.into_values().collect());
    Ok(Rest { assets, manifest: pretty(&manifest), wanted })
}

impl Rest {
    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        let assets = self.assets.values().map(|asset| (asset.path(), asset.content()));
        assets.chain([("manifest.json", self.manifest.as_str())])
    }

    /// What of it is stale, and what is there and should not be.
    fn compared(
        &self,
        directory: &Directory<'_>,
        is_ours: impl Fn(&str) -> bool,
    ) -> Result<Vec<Stale>, DirectoryError> {
        let mut stale = Vec::new();
        for (name, text) in self.files() {
            stale.extend(directory.compare(name, text)?);
        }
        let strays = directory.strays(&self.wanted)?.into_iter().filter(|name| is_ours(name));
        stale.extend(strays.map(|path| Stale { path, kind: StaleKind::Stray }));
        Ok(stale)
    }
}

/// Whether a file is the template of a stack that fits.
fn is_of(pattern: &Pattern, name: &str) -> bool {
    let id = name.strip_suffix(".template.json").and_then(|id| StackId::try_from(id.to_owned()).ok());
    id.is_some_and(|id| pattern.matches(&id))
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
