//! The door to `stacks/<env>/`: writing an assembly, reading it back, and telling whether it is stale.

#![expect(clippy::disallowed_methods, reason = "the assembly's door to the disk")]

use super::{Asset, Manifest, Rendered, pretty};
use crate::mesh::fingerprint;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Why an assembly's directory could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The disk refused.
    #[error("failed to {verb} {path}", path = path.display())]
    Disk {
        /// What was tried: `read`, `write`, `remove`.
        verb: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest is not one.
    #[error("{path} is no manifest of this version of meshform", path = path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Where it fails.
        source: serde_json::Error,
    },
    /// A directory that somebody else filled; writing there would remove their files.
    #[error("{path} holds files but no manifest.json of meshform, and synth removes from its directory whatever it did not write; name an empty directory", path = path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
    },
    /// A template or an asset is not the one that the manifest names.
    #[error("{path} is not the file that manifest.json names: its SHA-256 is {found}, not {expected}", path = path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// The hash in the manifest.
        expected: String,
        /// The hash of the file.
        found: String,
    },
    /// The manifest names an asset at a place where none can be.
    #[error("{path} names the asset `{asset}`, which is not of the form assets/<sha256>-<name>", path = path.display())]
    AssetPath {
        /// The manifest.
        path: PathBuf,
        /// The path in it.
        asset: String,
    },
}

/// A file of an assembly's directory that is not what a fresh synth writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// Path below the directory.
    pub path: String,
    /// How it differs.
    pub kind: StaleKind,
}

/// How a file of an assembly's directory differs from a fresh synth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaleKind {
    /// It should be there.
    Missing,
    /// It should not be there.
    Stray,
    /// Its content differs; the text that stands and the text of the fresh synth.
    Different {
        /// What stands.
        found: String,
        /// What should.
        expected: String,
    },
}

fn files_of(rendered: &Rendered) -> BTreeMap<String, Cow<'_, str>> {
    let stacks = rendered.manifest.stacks.iter();
    let mut files: BTreeMap<String, Cow<'_, str>> = stacks
        .filter_map(|stack| Some((stack.template.clone(), Cow::Borrowed(rendered.templates.get(&stack.id)?.as_str()))))
        .collect();
    files.extend(rendered.assets.values().map(|asset| (asset.path().to_owned(), Cow::Borrowed(asset.content()))));
    files.insert("manifest.json".to_owned(), Cow::Owned(pretty(&rendered.manifest)));
    files
}

/// Writes an assembly: only files whose content changed, each to a temporary name first, and removes what it does not have.
///
/// The directory belongs to meshform, so that what is reviewed there is what will be deployed and nothing else. One that
/// holds other people's files and no manifest is left alone.
///
/// Returns how many files were written and removed.
///
/// # Errors
/// When the directory is somebody else's; the first path that the disk refuses.
pub fn write(rendered: &Rendered, directory: &Path) -> Result<(usize, usize), DirectoryError> {
    let files = files_of(rendered);
    if !is_ours(directory)? {
        return Err(DirectoryError::Foreign { path: directory.to_path_buf() });
    }
    let outcomes: Vec<Result<bool, DirectoryError>> = files
        .par_iter()
        .map(|(name, text)| {
            let path = directory.join(&**name);
            if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
                return Ok(false);
            }
            replace(&path, text).map(|()| true)
        })
        .collect();
    let mut written = 0;
    for outcome in outcomes {
        written += usize::from(outcome?);
    }
    let mut removed = 0;
    for name in listing(directory)?.difference(&files.keys().cloned().collect()) {
        let path = directory.join(name);
        fs::remove_file(&path).map_err(|source| DirectoryError::Disk { verb: "remove", path: path.clone(), source })?;
        removed += 1;
        if let Some(parent) = path.parent().filter(|parent| *parent != directory) {
            // an owner that left the mesh leaves an empty folder behind; a folder that is not empty stays
            let _ = fs::remove_dir(parent);
        }
    }
    Ok((written, removed))
}

/// Whether a directory is an assembly's: empty, with a manifest, or with nothing but templates and assets, as an interrupted synth leaves
/// it. The manifest need not be whole: after a merge with conflicts, synth is what mends it.
fn is_ours(directory: &Path) -> Result<bool, DirectoryError> {
    let has_manifest = fs::read_to_string(directory.join("manifest.json"))
        .is_ok_and(|text| ["\"mesh\":", "\"stacks\":"].iter().all(|key| text.contains(key)));
    let ours = |name: &String| {
        name.starts_with("assets/") || [".template.json", ".json.tmp"].iter().any(|end| name.ends_with(end))
    };
    Ok(has_manifest || listing(directory)?.iter().all(ours))
}

/// Replaces a file so that a reader sees the old content or the new, never half of it.
fn replace(path: &Path, text: &str) -> Result<(), DirectoryError> {
    let disk = |source| DirectoryError::Disk { verb: "write", path: path.to_path_buf(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(disk)?;
    }
    // beside the file, under a name that no template and no asset has
    let temporary = path.with_extension("json.tmp");
    fs::write(&temporary, text).map_err(disk)?;
    fs::rename(&temporary, path).map_err(disk)
}

/// What differs between an assembly and its directory, sorted by path; empty when it is fresh.
///
/// # Errors
/// When the directory cannot be read.
pub fn compare(rendered: &Rendered, directory: &Path) -> Result<Vec<Stale>, DirectoryError> {
    let files = files_of(rendered);
    let found = listing(directory)?;
    let names: BTreeSet<&String> = files.keys().chain(&found).collect();
    let mut stale = Vec::new();
    for name in names {
        let kind = match (files.get(name), found.contains(name)) {
            (Some(_), false) => StaleKind::Missing,
            (None, _) => StaleKind::Stray,
            (Some(expected), true) => {
                let path = directory.join(name);
                let bytes = fs::read(&path).map_err(|source| DirectoryError::Disk { verb: "read", path, source })?;
                if bytes == expected.as_bytes() {
                    continue;
                }
                StaleKind::Different {
                    found: String::from_utf8_lossy(&bytes).into_owned(),
                    expected: expected.to_string(),
                }
            }
        };
        stale.push(Stale { path: name.clone(), kind });
    }
    Ok(stale)
}

/// Reads an assembly's directory back.
///
/// # Errors
/// When a file cannot be read, the manifest is not one, or a template or an asset is not the one that the manifest names.
pub fn load(directory: &Path) -> Result<Rendered, DirectoryError> {
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|source| DirectoryError::Disk {
            verb: "read",
            path: path.to_path_buf(),
            source,
        })
    };
    let path = directory.join("manifest.json");
    let manifest: Manifest =
        serde_json::from_str(&read(&path)?).map_err(|source| DirectoryError::Manifest { path, source })?;
    let templates = manifest.stacks.par_iter().map(|stack| {
        let path = directory.join(format!("{}.template.json", stack.id));
        let text = read(&path)?;
        let found = fingerprint(&text);
        match found == stack.sha256 {
            true => Ok((stack.id.clone(), text)),
            false => Err(DirectoryError::Hash { path, expected: stack.sha256.clone(), found }),
        }
    });
    // the first that fails, whichever thread finds it first
    let templates = templates.collect::<Vec<_>>().into_iter().collect::<Result<BTreeMap<_, _>, _>>()?;
    let mut assets = BTreeMap::new();
    for entry in &manifest.assets {
        if !entry.is_ours() {
            let path = directory.join("manifest.json");
            return Err(DirectoryError::AssetPath { path, asset: entry.path.clone() });
        }
        let path = directory.join(&entry.path);
        let name = entry.path.split_once('-').map_or("", |(_, name)| name);
        let asset = Asset::new(name, read(&path)?);
        if asset.sha256() != entry.sha256 {
            let found = asset.sha256().to_owned();
            return Err(DirectoryError::Hash { path, expected: entry.sha256.clone(), found });
        }
        assets.insert(entry.sha256.clone(), asset);
    }
    Ok(Rendered { manifest, templates, assets })
}

/// Every file below a directory, with forward slashes; empty when there is no directory.
fn listing(directory: &Path) -> Result<BTreeSet<String>, DirectoryError> {
    let mut names = BTreeSet::new();
    let mut folders = vec![(directory.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && prefix.is_empty() => return Ok(names),
            Err(source) => return Err(DirectoryError::Disk { verb: "read", path: folder, source }),
        };
        for entry in entries {
            let disk = |source| DirectoryError::Disk { verb: "read", path: folder.clone(), source };
            let entry = entry.map_err(disk)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(disk)?.is_dir() {
                folders.push((entry.path(), format!("{name}/")));
            } else {
                names.insert(name);
            }
        }
    }
    Ok(names)
}
