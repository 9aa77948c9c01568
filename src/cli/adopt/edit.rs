//! Edits of an environment's files: shown, checked with the whole mesh, and written by a new file that takes the old one's name.

#![expect(clippy::disallowed_methods, reason = "a door to the disk: a domain's file is replaced")]

use super::Found;
use crate::access::{Access, Facts, evaluate};
use crate::assembly::{Assembly, Document};
use crate::cli::environment::Synthesized;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ui::Ui;
use crate::environment::{AdoptError, FoundColumn, RawFile, Source, read, with_columns};
use crate::finding::{Finding, refuses};
use crate::mesh::resolve;
use crate::report::findings::{self, Format, Look};
use crate::stacks::synthesize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Some editors begin UTF-8 with it; it says nothing, and stays.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// One file, before and after.
pub(super) struct Edit {
    /// Its path below the environment's directory.
    name: String,
    path: PathBuf,
    old: String,
    new: String,
    /// Table by table, what was found.
    columns: Vec<(String, Vec<FoundColumn>)>,
}

/// The edits that bring columns into the files of their domains, one for each file.
pub(super) fn edits(before: &Synthesized, found: &[Found<'_>]) -> Result<Vec<Edit>, Failure> {
    let mut edits: BTreeMap<&str, Edit> = BTreeMap::new();
    for Found { product, table, columns } in found {
        let place = &table.origin;
        let file = before.source.files.get(&*place.file).map(|file| file.text.clone()).unwrap_or_default();
        let edit = edits.entry(&place.file).or_insert_with(|| Edit {
            name: place.file.to_string(),
            path: before.chosen.directory.join(&*place.file),
            old: file.clone(),
            new: file,
            columns: Vec::new(),
        });
        let (new, _) =
            with_columns(&edit.new, &place.pointer, columns).map_err(|error| refused(error, place, columns))?;
        edit.new = new;
        edit.columns.push((format!("{}.{}", product.id, table.name), columns.clone()));
    }
    Ok(edits.into_values().collect())
}

fn refused(error: AdoptError, place: &crate::finding::Place, columns: &[FoundColumn]) -> Failure {
    let hint = match &error {
        AdoptError::Form | AdoptError::Unproven => {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            format!("add {} by hand below {}{}/properties", names.join(", "), place.file, place.pointer)
        }
        AdoptError::Name { .. } | AdoptError::Type { .. } => {
            "it cannot be declared as it stands: mend it where the files are made, or drop the column".to_owned()
        }
    };
    Failure::new(error).hint(hint).exit(Exit::Findings)
}

impl Edit {
    /// Whether everything stands in the file already.
    pub(super) fn is_empty(&self) -> bool {
        self.old == self.new
    }

    /// Prints the lines that come and go, with their numbers.
    pub(super) fn show(&self, ui: &mut Ui) -> io::Result<()> {
        writeln!(ui.out, "{}", self.name)?;
        let (old, new): (Vec<&str>, Vec<&str>) = (self.old.lines().collect(), self.new.lines().collect());
        let (mut from, mut to) = (0, 0);
        while from < old.len() || to < new.len() {
            if old.get(from) == new.get(to) {
                (from, to) = (from + 1, to + 1);
            } else if new.get(to).is_some_and(|line| !old[from..].contains(line)) {
                writeln!(ui.out, "+{:>5} {}", to + 1, new[to])?;
                to += 1;
            } else if let Some(line) = old.get(from) {
                writeln!(ui.out, "-{:>5} {line}", from + 1)?;
                from += 1;
            } else {
                to += 1;
            }
        }
        ui.out.flush()
    }

    /// Writes the file: another one beside it first, which then takes its name, so that an interrupted run leaves the old file or
    /// the new one. Refused where the file is no longer what was read.
    pub(super) fn write(&self) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let failed = |error: io::Error| Failure::new(error).hint(format!("{} was not written", self.path.display()));
        // a link stays a link
        let path = fs::canonicalize(&self.path).map_err(failed)?;
        let stands = fs::read_to_string(&path).map_err(failed)?;
        let (mark, text) = match stands.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => (BYTE_ORDER_MARK, text),
            None => ("", stands.as_str()),
        };
        if text != self.old {
            return Err(Failure::new(format!(
                "{} was changed in the meantime, and was not written",
                self.path.display()
            ))
            .hint("run the same command again"));
        }
        replace(&path, &format!("{mark}{}", self.new)).map_err(failed)
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // an environment leaves names with a dot alone
    let other = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = File::create_new(&other).and_then(|mut file| {
        file.set_permissions(fs::metadata(path)?.permissions())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let done = written.and_then(|()| fs::rename(&other, path));
    if done.is_err() {
        // what could not take the name is of no use; that it cannot be removed changes nothing
        fs::remove_file(&other).unwrap_or_default();
    }
    done
}

/// Checks the mesh with the edits as `validate` does, and says who will see the columns. An exit code where it refuses: nothing is
/// written then.
pub(super) fn validate(before: &Synthesized, edits: &[Edit], ui: &mut Ui) -> Result<Option<Exit>, Failure> {
    let bytes = |text: &str| RawFile::Bytes(text.as_bytes().to_vec());
    let mut files: BTreeMap<String, RawFile> =
        before.source.files.iter().map(|(name, file)| (name.clone(), bytes(&file.text))).collect();
    files.extend(before.source.jobs.iter().map(|(name, text)| (name.clone(), bytes(text))));
    files.extend(edits.iter().map(|edit| (edit.name.clone(), bytes(&edit.new))));
    let loaded = read(&before.source.name, files);
    let resolved = resolve(&loaded.source, None);
    let mut findings: Vec<Finding> = [loaded.findings, resolved.findings].concat();
    let Some(assembly) = resolved.mesh.filter(|_| !refuses(&findings)).map(|mesh| synthesize(&mesh)) else {
        return refuse(before, &loaded.source, &findings, ui).map(Some);
    };
    findings.extend(crate::assembly::check::check(&assembly));
    if refuses(&findings) {
        return refuse(before, &loaded.source, &findings, ui).map(Some);
    }
    let old = before.result.as_ref().map(|(_, assembly)| seen(assembly));
    let (old, new) = (old.unwrap_or_default(), seen(&assembly));
    for (table, columns) in edits.iter().flat_map(|edit| &edit.columns) {
        for column in columns.iter().filter(|column| column.classification.is_some()) {
            let key = (table.clone(), column.name.clone());
            let none = BTreeSet::new();
            let (before, after) = (old.get(&key).unwrap_or(&none), new.get(&key).unwrap_or(&none));
            let who: Vec<&str> = after.difference(before).map(String::as_str).collect();
            writeln!(ui.out, "after the next deploy {table}.{} is seen by: {}", column.name, who.join(", "))?;
        }
    }
    ui.out.flush()?;
    Ok(None)
}

/// Who sees which column, by `<product>.<table>` and column: names of roles.
fn seen(assembly: &Assembly) -> BTreeMap<(String, String), BTreeSet<String>> {
    let Access { principals, .. } = evaluate(&Facts::of(&Document::all(assembly)));
    let mut seen: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for principal in &principals {
        let name = principal.principal.rsplit('/').next().unwrap_or_default();
        for table in &principal.tables {
            for column in table.columns.iter().filter(|column| column.visible) {
                let key = (format!("{}.{}", table.product, table.table), column.name.clone());
                seen.entry(key).or_default().insert(name.to_owned());
            }
        }
    }
    seen
}

fn refuse(before: &Synthesized, source: &Source, findings: &[Finding], ui: &mut Ui) -> Result<Exit, Failure> {
    let root = before.chosen.directory.display().to_string();
    let look = Look { root: &root, width: ui.width, colour: ui.err_colour };
    findings::write(&mut ui.err, source, findings, Format::Text, &look)?;
    ui.say("the mesh with the edit does not validate; nothing was written")?;
    Ok(Exit::Findings)
}
