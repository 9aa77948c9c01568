//! The only place that reads an environment from disk. What is wrong *with a file* is passed on as data.

#![expect(clippy::disallowed_methods, reason = "the environment's door to the disk")]

use super::read::{JOBS, Loaded, RawFile, read};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Environment files are written by people; more than this is something pasted in.
pub const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// The disk refused; no file of the user's is to blame.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such directory.
    #[error("there is no environment at {}", path.display())]
    Missing {
        /// The directory that was asked for.
        path: PathBuf,
    },
    /// The path is a file.
    #[error("the environment {} is not a directory", path.display())]
    NotADirectory {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// The directory cannot be listed, or a file in it not be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl LoadError {
    fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

/// Loads the environment in a directory; the directory's last component is its name.
///
/// Everything wrong in the files is among the findings, all of it at once. Names that begin with a dot are left alone, as
/// editors and version control own them; links to directories are not followed.
///
/// # Errors
/// When the directory cannot be listed, or the disk fails.
pub fn load(directory: &Path) -> Result<Loaded, LoadError> {
    let (name, files) = gather(directory)?;
    Ok(read(&name, files))
}

/// The name of the environment in a directory and its files, unread: what [`load`] gives to [`read`].
///
/// # Errors
/// When the directory cannot be listed, or the disk fails.
pub fn gather(directory: &Path) -> Result<(String, BTreeMap<String, RawFile>), LoadError> {
    match fs::metadata(directory) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(_) => {
            return Err(LoadError::NotADirectory { path: directory.to_owned() });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(LoadError::Missing { path: directory.to_owned() });
        }
        Err(error) => return Err(LoadError::read(directory)(error)),
    }
    let entries = fs::read_dir(directory).map_err(LoadError::read(directory))?;
    let mut files = BTreeMap::new();
    collect(directory, entries, "", &mut files)?;
    Ok((name(directory)?, files))
}

/// The last component; of `.` and `..` the one that they stand for.
fn name(directory: &Path) -> Result<String, LoadError> {
    let resolved;
    let name = match directory.file_name() {
        Some(name) => Some(name),
        None => {
            resolved = fs::canonicalize(directory).map_err(LoadError::read(directory))?;
            resolved.file_name()
        }
    };
    Ok(name.map_or_else(|| "environment".to_owned(), |name| name.to_string_lossy().into_owned()))
}

/// Gathers the YAML files below a directory, and the Python files of `jobs/`, under their path from the environment's root.
fn collect(
    directory: &Path,
    entries: fs::ReadDir,
    prefix: &str,
    files: &mut BTreeMap<String, RawFile>,
) -> Result<(), LoadError> {
    for entry in entries {
        let entry = entry.map_err(LoadError::read(directory))?;
        let name = entry.file_name();
        let (path, shown) = (entry.path(), format!("{prefix}{}", name.to_string_lossy()));
        if shown[prefix.len()..].starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(LoadError::read(&path))?;
        let is_yaml = is_yaml(&path);
        if kind.is_dir() && !is_yaml {
            match fs::read_dir(&path) {
                Ok(entries) => collect(&path, entries, &format!("{shown}/"), files)?,
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    files.insert(shown, RawFile::Unreadable("a directory that may not be listed"));
                }
                Err(error) => return Err(LoadError::read(&path)(error)),
            }
        } else if is_yaml && name.to_str().is_none() {
            files.insert(shown, RawFile::Unreadable("a file whose name is not UTF-8"));
        } else if is_yaml || (prefix == JOBS && path.extension().is_some_and(|extension| extension == "py")) {
            files.insert(shown, raw(&path)?);
        } else if kind.is_symlink() && path.is_dir() {
            files.insert(shown, RawFile::Unreadable("a link to a directory; such links are not followed"));
        }
    }
    Ok(())
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml"))
}

/// Reads one file, through a link if it is one. What is no regular file is never opened: opening a pipe would wait for ever.
fn raw(path: &Path) -> Result<RawFile, LoadError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return unreadable(path, error),
    };
    if metadata.is_dir() {
        return Ok(RawFile::Unreadable("a directory, not a file"));
    }
    if !metadata.is_file() {
        return Ok(RawFile::Unreadable("a pipe, a socket or a device, not a file"));
    }
    if metadata.len() > MOST_BYTES {
        return Ok(RawFile::Oversized(metadata.len()));
    }
    let mut bytes = Vec::new();
    // the file may grow between the look and the reading
    match File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)) {
        Ok(_) => Ok(RawFile::Bytes(bytes)),
        Err(error) => unreadable(path, error),
    }
}

/// Tells a file that is wrong from a disk that fails.
fn unreadable(path: &Path, error: io::Error) -> Result<RawFile, LoadError> {
    if error.kind() == ErrorKind::PermissionDenied {
        Ok(RawFile::Unreadable("a file that may not be read"))
    } else if path.is_symlink() && error.kind() == ErrorKind::NotFound {
        Ok(RawFile::Unreadable("a link to nothing"))
    } else if path.is_symlink() && !path.exists() {
        Ok(RawFile::Unreadable("a link that leads to itself"))
    } else {
        Err(LoadError::read(path)(error))
    }
}
