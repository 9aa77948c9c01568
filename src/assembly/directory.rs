//! The door to `stacks/<env>/`: writing an assembly, reading it back, and telling whether it is stale.

#![expect(clippy::disallowed_methods, reason = "the assembly's door to the disk")]

use super::{Asset, Manifest, Rendered, pretty};
use crate::mesh::fingerprint;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// Name of the manifest in its directory.
const MANIFEST: &str = "manifest.json";

/// An assembly's directory, to which files are offered one by one in any order: none of them need be held.
///
/// The directory belongs to meshform, so that what is reviewed there is what will be deployed and nothing else. One that holds
/// other people's files and no manifest is left alone.
#[derive(Debug)]
pub struct Directory<'a> {
    path: &'a Path,
    /// The first folder on the way to it that is not there.
    missing: Option<PathBuf>,
    /// Files that were written under their temporary names and not moved yet.
    staged: Mutex<BTreeSet<String>>,
}

/// How many files of a directory were replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// New, or with another content.
    pub written: usize,
    /// Not part of the assembly.
    pub removed: usize,
}

impl<'a> Directory<'a> {
    /// A directory that may be written or compared.
    ///
    /// # Errors
    /// When it is somebody else's, or cannot be read.
    pub fn open(path: &'a Path) -> Result<Self, DirectoryError> {
        if !is_ours(path)? {
            return Err(DirectoryError::Foreign { path: path.to_path_buf() });
        }
        let missing = path.ancestors().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()).last();
        Ok(Self { path, missing: missing.map(Path::to_path_buf), staged: Mutex::default() })
    }

    /// Writes what a file should hold beside it, unless it does hold that; [`Self::settle`] moves it to its place.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn stage(&self, name: &str, text: &str) -> Result<(), DirectoryError> {
        let path = self.path.join(name);
        if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
            return Ok(());
        }
        let disk = |source| DirectoryError::Disk { verb: "write", path: path.clone(), source };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(disk)?;
        }
        // known before it is there, so that whatever happens to it is cleared away
        lock(&self.staged).insert(name.to_owned());
        fs::write(temporary(&path), text).map_err(disk)
    }

    /// Moves every file that was staged to its place, the manifest last, and removes those among `ours` that are no longer
    /// `wanted`. A reader sees the old content of a file or the new, never half of it.
    ///
    /// # Errors
    /// The first path that the disk refuses.
    pub fn settle(&self, wanted: &BTreeSet<String>, ours: impl Fn(&str) -> bool) -> Result<Replaced, DirectoryError> {
        let staged = lock(&self.staged).clone();
        let (manifest, files): (Vec<_>, Vec<_>) = staged.iter().partition(|name| *name == MANIFEST);
        for name in files.into_iter().chain(manifest) {
            let path = self.path.join(name);
            fs::rename(temporary(&path), &path).map_err(|source| DirectoryError::Disk {
                verb: "write",
                path,
                source,
            })?;
            lock(&self.staged).remove(name);
        }
        let strays: Vec<String> = self.strays(wanted)?.into_iter().filter(|name| ours(name)).collect();
        for name in &strays {
            let path = self.path.join(name);
            fs::remove_file(&path).map_err(|source| DirectoryError::Disk {
                verb: "remove",
                path: path.clone(),
                source,
            })?;
            if let Some(parent) = path.parent().filter(|parent| *parent != self.path) {
                // an owner that left the mesh leaves an empty folder behind; a folder that is not empty stays
                let _ = fs::remove_dir(parent);
            }
        }
        Ok(Replaced { written: staged.len(), removed: strays.len() })
    }

    /// How a file differs from what it should hold.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn compare(&self, name: &str, text: &str) -> Result<Option<Stale>, DirectoryError> {
        let path = self.path.join(name);
        let kind = match fs::read(&path) {
            Ok(bytes) if bytes == text.as_bytes() => return Ok(None),
            Ok(bytes) => {
                StaleKind::Different { found: String::from_utf8_lossy(&bytes).into_owned(), expected: text.to_owned() }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => StaleKind::Missing,
            Err(source) => return Err(DirectoryError::Disk { verb: "read", path, source }),
        };
        Ok(Some(Stale { path: name.to_owned(), kind }))
    }

    /// Files that are there and not wanted.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn strays(&self, wanted: &BTreeSet<String>) -> Result<Vec<String>, DirectoryError> {
        Ok(listing(self.path)?.into_iter().filter(|name| !wanted.contains(name)).collect())
    }

    /// The manifest that stands there; none where there is no file of that name.
    ///
    /// # Errors
    /// When it cannot be read or is none.
    pub fn manifest(&self) -> Result<Option<Manifest>, DirectoryError> {
        let path = self.path.join(MANIFEST);
        match fs::read_to_string(&path) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(manifest) => Ok(Some(manifest)),
                Err(source) => Err(DirectoryError::Manifest { path, source }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DirectoryError::Disk { verb: "read", path, source }),
        }
    }
}

impl Drop for Directory<'_> {
    /// What was staged and not settled is cleared away, with the folders that were made for it: nothing was written.
    fn drop(&mut self) {
        let staged = std::mem::take(&mut *lock(&self.staged));
        if staged.is_empty() {
            return;
        }
        for name in staged {
            let path = self.path.join(name);
            let _ = fs::remove_file(temporary(&path));
            let made = self.missing.as_deref();
            let upwards = path.ancestors().skip(1).take_while(|folder| folder.starts_with(made.unwrap_or(self.path)));
            for folder in upwards.filter(|folder| made.is_some() || *folder != self.path) {
                // a folder that is not empty stays
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// What threads share is locked for single statements that do not panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a file is written before it is moved to its place: beside it, under a name that no template and no asset has.
fn temporary(path: &Path) -> PathBuf {
    path.with_extension("json.tmp")
}

/// The files of an assembly, by name; the manifest's text is made for it.
fn files_of<'a>(rendered: &'a Rendered, manifest: &'a str) -> BTreeMap<&'a str, &'a str> {
    let stacks = rendered.manifest.stacks.iter();
    let templates =
        stacks.filter_map(|stack| Some((stack.template.as_str(), rendered.templates.get(&stack.id)?.as_str())));
    let assets = rendered.assets.values().map(|asset| (asset.path(), asset.content()));
    templates.chain(assets).chain([(MANIFEST, manifest)]).collect()
}

/// Writes an assembly: only files whose content changed, and removes what it does not have.
///
/// # Errors
/// When the directory is somebody else's; the first path that the disk refuses.
pub fn write(rendered: &Rendered, path: &Path) -> Result<Replaced, DirectoryError> {
    let directory = Directory::open(path)?;
    let manifest = pretty(&rendered.manifest);
    let files = files_of(rendered, &manifest);
    let staged: Vec<_> = files.par_iter().map(|(name, text)| directory.stage(name, text)).collect();
    // the first that fails, whichever thread finds it first
    staged.into_iter().collect::<Result<(), _>>()?;
    directory.settle(&files.into_keys().map(str::to_owned).collect(), |_| true)
}

/// What differs between an assembly and its directory, sorted by path; empty when it is fresh.
///
/// # Errors
/// When the directory is somebody else's or cannot be read.
pub fn compare(rendered: &Rendered, path: &Path) -> Result<Vec<Stale>, DirectoryError> {
    let directory = Directory::open(path)?;
    let manifest = pretty(&rendered.manifest);
    let files = files_of(rendered, &manifest);
    let mut stale = Vec::new();
    for (name, text) in &files {
        stale.extend(directory.compare(name, text)?);
    }
    let strays = directory.strays(&files.into_keys().map(str::to_owned).collect())?;
    stale.extend(strays.into_iter().map(|path| Stale { path, kind: StaleKind::Stray }));
    stale.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(stale)
}

/// Whether a directory is an assembly's: empty, with a manifest, or with nothing but templates and assets, as an interrupted synth leaves
/// it. The manifest need not be whole: after a merge with conflicts, synth is what mends it.
fn is_ours(directory: &Path) -> Result<bool, DirectoryError> {
    let has_manifest = fs::read_to_string(directory.join(MANIFEST))
        .is_ok_and(|text| ["\"mesh\":", "\"stacks\":"].iter().all(|key| text.contains(key)));
    let ours = |name: &String| {
        name.starts_with("assets/") || [".template.json", ".json.tmp"].iter().any(|end| name.ends_with(end))
    };
    Ok(has_manifest || listing(directory)?.iter().all(ours))
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
    let path = directory.join(MANIFEST);
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
            let path = directory.join(MANIFEST);
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
