//! From the bytes of the files to typed content, with everything that is wrong in them. Pure.

use super::files::{ConsumerFile, DomainFile, MeshFile};
use super::load::MOST_BYTES;
use super::schema::Kind;
use super::{shape, yaml};
use crate::finding::{Code, Finding, Place};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The folder of the products' own logic.
pub(super) const JOBS: &str = "jobs/";

/// Most bytes of a product's own logic: it becomes part of a script, and what is larger belongs into a package.
const MOST_BYTES_OF_LOGIC: usize = 256 * 1024;

/// Some editors begin UTF-8 with it; it says nothing.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// A file as the disk gave it.
#[derive(Debug, Clone)]
pub enum RawFile {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// It cannot be read as a file: what it is instead, as in "a link to nothing".
    Unreadable(&'static str),
    /// It was not read, since it has this many bytes.
    Oversized(u64),
}

/// An environment, and everything that is wrong with its files.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What could be read.
    pub source: Source,
    /// What is wrong, in the order of the files.
    pub findings: Vec<Finding>,
}

/// The files of an environment.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Name of the environment: the last component of its directory.
    pub name: String,
    /// Every YAML file by its path below the environment's directory, with forward slashes.
    pub files: BTreeMap<String, SourceFile>,
    /// The products' own logic in Python, by path: `jobs/<product>.py`.
    pub jobs: BTreeMap<String, String>,
}

impl Source {
    /// True when something that others may refer to could not be read: an unknown name may then be somebody else's fault.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.files.values().any(|file| file.partial || file.content.is_none())
    }
}

/// One file: its text, for the snippets of findings, and what it says.
#[derive(Debug, Clone, Default)]
pub struct SourceFile {
    /// The text, without a byte order mark; empty when the file is no text.
    pub text: String,
    /// What it says; nothing when a part that every such file needs is missing or wrong.
    pub content: Option<Content>,
    /// True when a product was left out of the content because a part that it needs is missing or wrong.
    pub partial: bool,
}

/// What a file says.
#[derive(Debug, Clone)]
pub enum Content {
    /// `mesh.yaml`.
    Mesh(Box<MeshFile>),
    /// A file of `domains/`.
    Domain(Box<DomainFile>),
    /// A file of `consumers/`.
    Consumer(Box<ConsumerFile>),
}

/// Reads the files of an environment, by their path below its directory.
#[must_use]
pub fn read(name: &str, files: BTreeMap<String, RawFile>) -> Loaded {
    read_beside(name, files, &Loaded::default())
}

/// Reads as [`read`] does; a file that stands just so in another reading, and in which nothing was wrong there, is taken from
/// it.
#[must_use]
pub fn read_beside(name: &str, files: BTreeMap<String, RawFile>, beside: &Loaded) -> Loaded {
    let faulty: BTreeSet<&str> = beside.findings.iter().map(|finding| &*finding.place.file).collect();
    let known = |path: &str, raw: &RawFile| {
        let RawFile::Bytes(bytes) = raw else { return None };
        let file = beside.source.files.get(path).filter(|_| !faulty.contains(path))?;
        (file.text.as_bytes() == bytes.as_slice()).then(|| file.clone())
    };
    let mut findings = Vec::new();
    // a mesh.yml is reported as such; that mesh.yaml is missing would be the same news again
    if !files.contains_key("mesh.yaml") && !files.contains_key("mesh.yml") {
        let finding = Finding::new(Code::MisplacedFile, Place::file("mesh.yaml"), "the environment has no mesh.yaml");
        findings
            .push(finding.help("every environment has one file of kind Mesh, mesh.yaml; `meshform init` writes one"));
    }
    let (jobs, files): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files.into_iter().partition(|(path, _)| path.starts_with(JOBS) && path.ends_with(".py"));
    let jobs = jobs.into_iter().filter_map(|(path, raw)| logic(&path, raw, &mut findings).map(|text| (path, text)));
    let jobs = jobs.collect();
    let files: Vec<(String, (SourceFile, Vec<Finding>))> = files
        .into_par_iter()
        .map(|(path, raw)| {
            let file = known(&path, &raw).map_or_else(|| read_file(&path, raw), |file| (file, Vec::new()));
            (path, file)
        })
        .collect();
    let files = files
        .into_iter()
        .map(|(path, (file, found))| {
            findings.extend(found);
            (path, file)
        })
        .collect();
    Loaded { source: Source { name: name.to_owned(), files, jobs }, findings }
}

fn read_file(path: &str, raw: RawFile) -> (SourceFile, Vec<Finding>) {
    let (text, refused) = decode(path, raw);
    let unread = |text, findings| (SourceFile { text, ..SourceFile::default() }, findings);
    if let Some(refused) = refused {
        return unread(text, vec![refused]);
    }
    let Some(kind) = Kind::of_path(path) else { return unread(text, vec![misplaced(path)]) };
    let parsed = yaml::parse(path, &text);
    let mut findings = parsed.findings;
    let Some(value) = parsed.value else { return unread(text, findings) };
    let checked = shape::check(path, &text, kind, value);
    findings.extend(checked.findings);
    (SourceFile { text, content: checked.content, partial: checked.partial }, findings)
}

/// What one file says, at its path below an environment's directory; none where no file belongs, or what it says is no such
/// file. What is wrong in it is not told: [`read`] tells.
#[must_use]
pub fn read_one(path: &str, text: &str) -> Option<Content> {
    read_file(path, RawFile::Bytes(text.as_bytes().to_vec())).0.content
}

/// The plain value of a text, as the files of an environment are read; none when it is no YAML, or says nothing.
#[must_use]
pub fn plain(text: &str) -> Option<Value> {
    let parsed = yaml::parse("", text);
    parsed.value.filter(|_| parsed.findings.is_empty())
}

/// The text of a product's own logic.
fn logic(path: &str, raw: RawFile, findings: &mut Vec<Finding>) -> Option<String> {
    let (text, refused) = decode(path, raw);
    if let Some(finding) = refused {
        findings.push(finding);
        return None;
    }
    if text.len() > MOST_BYTES_OF_LOGIC {
        let message = format!("the file has {} bytes; at most {MOST_BYTES_OF_LOGIC} become part of a job", text.len());
        findings.push(Finding::new(Code::OversizedFile, Place::file(path), message));
        return None;
    }
    Some(text)
}

/// The text of a file; and why it is none, then with what can be shown of it.
fn decode(path: &str, raw: RawFile) -> (String, Option<Finding>) {
    let refuse = |code, message: String| (String::new(), Some(Finding::new(code, Place::file(path), message)));
    let bytes = match raw {
        RawFile::Bytes(bytes) if bytes.len() as u64 <= MOST_BYTES => bytes,
        RawFile::Bytes(bytes) => return refuse(Code::OversizedFile, oversized(bytes.len() as u64)),
        RawFile::Oversized(length) => return refuse(Code::OversizedFile, oversized(length)),
        RawFile::Unreadable(what) => {
            return refuse(Code::UnreadableFile, format!("this is {what}"));
        }
    };
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return refuse(Code::InvalidEncoding, "the file is UTF-16".to_owned());
    }
    let invalid = |start: usize, length: usize, message: String| {
        Some(Finding::new(Code::InvalidEncoding, Place::bytes(path, start, start + length), message))
    };
    let mut text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let (bytes, start) = (error.as_bytes(), error.utf8_error().valid_up_to());
            let message = format!("the byte 0x{:02X} is not UTF-8", bytes[start]);
            let shown = String::from_utf8_lossy(bytes).into_owned();
            return (shown, invalid(start, char::REPLACEMENT_CHARACTER.len_utf8(), message));
        }
    };
    if text.starts_with(BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len_utf8());
    }
    let nul = text.find('\0').and_then(|start| invalid(start, 1, "the file holds a NUL character".to_owned()));
    (text, nul)
}

fn oversized(length: u64) -> String {
    format!("the file has {length} bytes; at most {MOST_BYTES} (8 MiB) are read")
}

/// A YAML file that nothing would read: said, since its author thinks otherwise.
fn misplaced(path: &str) -> Finding {
    let finding = Finding::new(Code::MisplacedFile, Place::file(path), "nothing reads a file at this place");
    match path {
        "mesh.yml" => finding.help("call it mesh.yaml"),
        _ => finding.help("move it to domains/ or consumers/, without a folder in between, or remove it"),
    }
}
