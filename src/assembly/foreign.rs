//! The door to a directory of templates that somebody else wrote: every template below it, with the account that its folder
//! names.
//!
//! A folder with a `manifest.json` of meshform is read by that manifest. Of all others, what has `Resources` is a template.
//! Whatever cannot be read is told by its path, and the rest goes on.

#![expect(clippy::disallowed_methods, reason = "the door to other people's templates")]

use super::{Document, ParameterValue, StackId, load};
use crate::environment::read_template;
use crate::mesh::Region;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Bytes that a file may have: eight times what CloudFormation takes of a template.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// The owner of templates whose folder names no account.
const UNKNOWN: &str = "unknown";

/// The Region of templates whose folder names none.
const REGION: &str = "us-east-1";

/// Templates of a directory.
#[derive(Debug, Default)]
pub struct Foreign {
    /// The templates, in the order of their paths.
    pub documents: Vec<Document>,
    /// Values of their parameters: of files beside them, and of manifests.
    pub parameters: BTreeMap<StackId, BTreeMap<String, String>>,
    /// Files that could not be read.
    pub problems: Vec<Problem>,
    /// Templates of which no folder says in which account they stand, by their paths.
    pub without_account: Vec<String>,
    /// Files of parameters that are not read, since one by the template's whole name stands beside them, by their paths.
    pub passed_over: Vec<String>,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its path below the directory.
    pub path: String,
    /// Why.
    pub message: String,
}

/// Where a folder stands: the account that it or a folder above it names.
#[derive(Debug, Clone)]
struct Place {
    account: Option<String>,
    region: String,
    /// Path below the folder that names the account; it ends in a slash.
    below: String,
}

/// Reads every template below a directory. Links to directories are not followed.
///
/// # Errors
/// When the directory itself cannot be read.
pub fn gather(directory: &Path) -> io::Result<Foreign> {
    let mut foreign = Foreign::default();
    let root = fs::canonicalize(directory)?;
    fs::read_dir(&root)?;
    let nowhere = Place { account: None, region: REGION.to_owned(), below: String::new() };
    let place = root.file_name().map_or(nowhere.clone(), |name| nowhere.enter(&name.to_string_lossy(), true));
    let mut folders = vec![(root, String::new(), place)];
    while let Some((folder, path, place)) = folders.pop() {
        if is_assembly(&folder) {
            foreign.assembly(&folder, &path);
            continue;
        }
        let (files, inner) = match entries(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                foreign.problem(&path, error.to_string());
                continue;
            }
        };
        for name in files {
            foreign.file(&folder.join(&name), &format!("{path}{name}"), &name, &place);
        }
        for name in inner {
            folders.push((folder.join(&name), format!("{path}{name}/"), place.enter(&name, false)));
        }
    }
    foreign.documents.sort_by(|left, right| left.id.cmp(&right.id));
    foreign.problems.sort_by(|left, right| left.path.cmp(&right.path));
    foreign.without_account.sort();
    foreign.passed_over.sort();
    // two templates may share the shorter name
    foreign.passed_over.dedup();
    Ok(foreign)
}

impl Place {
    /// The place one folder further down.
    fn enter(&self, name: &str, is_root: bool) -> Self {
        let digits = name.get(..12).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let region = match digits.map(|_| &name[12..]) {
            Some("") => Some(REGION.to_owned()),
            Some(rest) => rest.strip_prefix('-').filter(|region| Region::parse(region).is_ok()).map(str::to_owned),
            None => None,
        };
        match (digits, region) {
            (Some(account), Some(region)) => Self { account: Some(account.to_owned()), region, below: String::new() },
            _ if is_root => self.clone(),
            _ => Self { below: format!("{}{name}/", self.below), ..self.clone() },
        }
    }
}

impl Foreign {
    fn problem(&mut self, path: &str, message: String) {
        let path = if path.is_empty() { "." } else { path };
        self.problems.push(Problem { path: path.to_owned(), message });
    }

    /// A folder that meshform wrote.
    fn assembly(&mut self, folder: &Path, path: &str) {
        let rendered = match load(folder) {
            Ok(rendered) => rendered,
            Err(error) => return self.problem(&format!("{path}manifest.json"), with_causes(&error)),
        };
        let documents = match Document::read(&rendered) {
            Ok(documents) => documents,
            Err((id, error)) => return self.problem(&format!("{path}{id}.template.json"), error.to_string()),
        };
        for stack in &rendered.manifest.stacks {
            let literal = stack.parameters.iter().filter_map(|(name, value)| match value {
                ParameterValue::Literal(text) => Some((name.clone(), text.clone())),
                ParameterValue::Wire(_) => None,
            });
            self.parameters.entry(stack.id.clone()).or_default().extend(literal);
        }
        for document in documents {
            if self.documents.iter().any(|other| other.id == document.id) {
                self.problem(&format!("{path}manifest.json"), format!("the stack {} is here twice", document.id));
            } else {
                self.documents.push(document);
            }
        }
    }

    /// A file that may be a template.
    fn file(&mut self, file: &Path, path: &str, name: &str, place: &Place) {
        let is_json = name.ends_with(".json");
        let is_template = is_json || [".yaml", ".yml", ".template"].iter().any(|end| name.ends_with(end));
        if !is_template || name.ends_with(".parameters.json") {
            return;
        }
        let text = match read(file) {
            Ok(text) => text,
            Err(message) => return self.problem(path, message),
        };
        let template = match parse(&text) {
            Ok(template) => template,
            // a file that is neither JSON nor YAML may be anything; without the word it is no template
            Err(message) if text.contains("Resources") => return self.problem(path, message),
            Err(_) => return,
        };
        if !template["Resources"].is_object() {
            return;
        }
        let owner = place.account.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        let mut id = StackId::new(&owner, &format!("{}{name}", place.below));
        if self.documents.iter().any(|document| document.id == id) {
            id = StackId::new(&owner, path);
        }
        if place.account.is_none() {
            self.without_account.push(path.to_owned());
        }
        self.beside(file, path, &id);
        self.documents.push(Document {
            id,
            account: owner,
            region: place.region.clone(),
            layer: None,
            template: template.into(),
            needs: BTreeSet::new(),
            wires: BTreeSet::new(),
        });
    }

    /// The values of a template's parameters, of the file beside it: `base.json.parameters.json` of `base.json`, else
    /// `base.parameters.json`.
    fn beside(&mut self, template: &Path, path: &str, id: &StackId) {
        let whole = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(".parameters.json");
            PathBuf::from(name)
        };
        let short = |path: &Path| path.with_extension("parameters.json");
        let told = |path: PathBuf| path.to_string_lossy().into_owned();
        let (file, at) = match (whole(template).is_file(), short(template).is_file()) {
            (true, is_passed_over) => {
                self.passed_over.extend(is_passed_over.then(|| told(short(Path::new(path)))));
                (whole(template), told(whole(Path::new(path))))
            }
            (false, true) => (short(template), told(short(Path::new(path)))),
            (false, false) => return,
        };
        match parameters(&file) {
            Ok(values) => drop(self.parameters.insert(id.clone(), values)),
            Err(message) => self.problem(&at, message),
        }
    }
}

/// Whether meshform wrote a folder.
fn is_assembly(folder: &Path) -> bool {
    let manifest = read(&folder.join("manifest.json")).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    manifest.is_some_and(|manifest| manifest["mesh"].is_string() && manifest["stacks"].is_array())
}

/// Names of the files and of the folders of a folder, sorted. Hidden ones and other people's packages are left out.
fn entries(folder: &Path) -> io::Result<(Vec<String>, Vec<String>)> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        if name.starts_with('.') || name == "node_modules" {
            continue;
        }
        if kind.is_dir() {
            folders.push(name);
        } else if kind.is_file() || (kind.is_symlink() && entry.path().is_file()) {
            files.push(name);
        }
    }
    files.sort();
    // the last one is taken up first
    folders.sort_by(|left, right| right.cmp(left));
    Ok((files, folders))
}

fn read(path: &Path) -> Result<String, String> {
    let file = fs::File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it is larger than {MOST_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())
}

/// JSON where it looks like it, else YAML.
fn parse(text: &str) -> Result<Value, String> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        let json = serde_json::from_str(text);
        return json.or_else(|error| read_template(text).map_err(|_| error.to_string()));
    }
    read_template(text)
}

/// Parameters as the AWS CLI takes them: `[{"ParameterKey": .., "ParameterValue": ..}]`.
fn parameters(file: &Path) -> Result<BTreeMap<String, String>, String> {
    let form = "it is not of the form [{\"ParameterKey\": \"..\", \"ParameterValue\": \"..\"}]";
    let value: Value = serde_json::from_str(&read(file)?).map_err(|error| error.to_string())?;
    let entries = value.as_array().ok_or(form)?;
    let pair = |entry: &Value| {
        Some((entry["ParameterKey"].as_str()?.to_owned(), entry["ParameterValue"].as_str()?.to_owned()))
    };
    entries.iter().map(|entry| pair(entry).ok_or_else(|| form.to_owned())).collect()
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
