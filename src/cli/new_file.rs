//! The door by which a new file comes into an environment: whole or not at all, and never in the place of another. And the
//! templates of the user's own, which come from beside it.

#![expect(clippy::disallowed_methods, reason = "a door to the disk: templates are read and new files written")]

use super::failure::{Exit, Failure};
use crate::environment::{Kind, LoadError, RawFile, gather};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Bytes of a template that are read; what is longer is refused by whoever renders it.
const MOST_BYTES: u64 = 1024 * 1024;

/// Refuses when something stands at a path, be it a link to nothing.
pub(super) fn is_free(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(taken(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::new(error).hint(format!("{} cannot be looked at", path.display()))),
    }
}

fn taken(path: &Path) -> Failure {
    Failure::new(format!("{} exists, and nothing is overwritten", path.display()))
        .hint("edit it, or choose another name")
}

/// Writes a new file: under another name beside it first, so that an interrupted run leaves nothing half-written, and then
/// given its own name, unless somebody else was quicker. An environment leaves the other name alone, since it begins with a dot.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let failed = |error: io::Error| Failure::new(error).hint(format!("{} was not written", path.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(taken(path)),
        Err(error) => Err(failed(error.error)),
    }
}

/// Writes a file unless something stands in its place already.
pub(super) fn write_if_missing(path: &Path, text: &str) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(()),
        Err(_) => write(path, text),
    }
}

/// The files of an environment that may not be there yet.
pub(super) fn gather_if_there(directory: &Path) -> Result<BTreeMap<String, RawFile>, Failure> {
    match gather(directory) {
        Ok((_, files)) => Ok(files),
        Err(LoadError::Missing { .. }) => Ok(BTreeMap::new()),
        Err(error) => Err(Failure::new(error)),
    }
}

/// Where the user's own template of a kind is looked for, from the working directory.
pub(super) fn own_template(kind: Kind) -> PathBuf {
    Path::new("templates/onboarding").join(format!("{}.yaml.hbs", kind.name().to_lowercase()))
}

/// Reads the user's own template, if there is one.
pub(super) fn read_template(path: &Path) -> Result<Option<String>, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => {}
        // where a parent is a file there is no template either
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    }
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    // opening a pipe would wait for ever
    if !metadata.is_file() {
        return Err(Failure::new(format!("{} is no file", path.display())).hint(INSTEAD).exit(Exit::Findings));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, error))?;
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..place].iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::new(format!("{}:{line}:1: this line is not UTF-8", path.display())).hint(INSTEAD).exit(Exit::Findings)
    })
}

const INSTEAD: &str = "mend the template, or remove the file: the one that comes with meshform is taken then";

fn unreadable(path: &Path, error: io::Error) -> Failure {
    Failure::new(error).hint(format!("the template {} cannot be read; mend or remove it", path.display()))
}
