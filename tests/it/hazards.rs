//! The seventeen hazards of `docs/hazards.md`: for each a test that fails when its answer goes away. They read
//! templates, as they are deployed, never the mesh; and the page itself is held to what it names.

mod first;
mod second;

use crate::common::fixture;
use crate::demo::{documents, repository, resources_mut, synthesize};
use meshform::assembly::{Assembly, Document, StackId, check};
use meshform::finding::Code;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// Every template of the demo.
static DEMO: LazyLock<Vec<Document>> = LazyLock::new(documents);

const GOVERNANCE: &str = "111111111111";

/// Stack, logical id and properties of every resource of a type.
fn all<'a>(documents: &'a [Document], wanted: &str) -> Vec<(&'a Document, &'a str, &'a Value)> {
    let resources = documents.iter().flat_map(|document| document.resources().map(move |found| (document, found)));
    let wanted: Vec<_> = resources
        .filter(|(_, (_, type_name, _))| *type_name == wanted)
        .map(|(document, (id, _, entry))| (document, id, &entry["Properties"]))
        .collect();
    assert!(!wanted.is_empty(), "there is something to look at");
    wanted
}

/// Every text in a value, at any depth.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn to_whom(grant: &Value) -> &str {
    text(&grant["Principal"]["DataLakePrincipalIdentifier"])
}

/// The statements of a role's own policies that allow something.
fn allowed(role: &Value) -> impl Iterator<Item = &Value> {
    let statements = list(&role["Policies"]).flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]));
    statements.filter(|statement| statement["Effect"] == "Allow")
}

/// An environment with one text of one file changed.
fn edited(environment: &Path, file: &str, from: &str, to: &str) -> Assembly {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    for part in ["", "domains", "consumers"] {
        let target = folder.path().join(part);
        fs::create_dir_all(&target).expect("the folder can be made");
        for entry in fs::read_dir(environment.join(part)).expect("the environment can be read") {
            let path = entry.expect("the environment can be read").path();
            if path.is_file() {
                let name = path.file_name().expect("a file has a name");
                fs::copy(&path, target.join(name)).expect("the file can be copied");
            }
        }
    }
    let path = folder.path().join(file);
    let before = fs::read_to_string(&path).expect("the file is there");
    let after = before.replacen(from, to, 1);
    assert_ne!(before, after, "{file} has `{from}`");
    fs::write(&path, after).expect("the file can be written");
    synthesize(folder.path())
}

/// The documents of a fixture.
fn of(name: &str) -> Vec<Document> {
    Document::all(&synthesize(&fixture(name)))
}

/// What the rules say of a fixture's assembly when the properties of its resources of a type are spoilt.
fn spoilt(name: &str, wanted: &str, spoil: impl Fn(&mut Value)) -> BTreeSet<Code> {
    let mut documents = of(name);
    for document in &mut documents {
        for entry in resources_mut(document).values_mut().filter(|entry| entry["Type"] == wanted) {
            spoil(entry);
        }
    }
    check::check_documents(&documents).iter().map(|finding| finding.code).collect()
}

/// The template of a stack.
fn stack<'a>(documents: &'a [Document], owner: &str, name: &str) -> &'a Document {
    let id = StackId::new(owner, name);
    documents.iter().find(|document| document.id == id).unwrap_or_else(|| panic!("there is no stack {id}"))
}

/// Text of every Rust file below a folder.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            text.push_str(&fs::read_to_string(path).expect("sources are text"));
        }
    }
    text
}

/// The page's rows by number: hazard, answer, tests, what is open.
fn rows() -> BTreeMap<usize, Vec<String>> {
    let page = fs::read_to_string(repository("docs/hazards.md")).expect("the page is there");
    let lines = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let mut rows = BTreeMap::new();
    for line in lines {
        let cells: Vec<String> = line.split(" | ").map(str::to_owned).collect();
        let Ok(number) = cells[0].parse() else { continue };
        assert!(rows.insert(number, cells).is_none(), "{number} stands twice");
    }
    rows
}

#[test]
fn the_page_of_hazards_names_what_there_is() {
    let code = sources(&repository("tests/it")) + &sources(&repository("src"));
    let rows = rows();
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), (1..=17).collect::<Vec<_>>());
    let is_test = |name: &str| {
        let before = code.split_once(&format!("fn {name}()")).map(|(before, _)| before);
        before.and_then(|before| before.rsplit("\n\n").next()).is_some_and(|attributes| attributes.contains("test"))
    };
    for (number, cells) in rows {
        let [_, hazard, answer, held, open] = cells.as_slice() else {
            panic!("row {number} has {} cells", cells.len())
        };
        assert!([hazard, answer, open].iter().all(|cell| !cell.is_empty()), "row {number} has an empty cell");
        let tests: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
        let own = format!("hazard_{number:02}_");
        assert_eq!(tests.iter().filter(|test| test.starts_with(&own)).count(), 1, "row {number} has a test of its own");
        for test in tests {
            assert!(is_test(test), "row {number} names the test {test}, which is not there");
        }
        let links = answer.split("](findings.md#").skip(1).filter_map(|rest| rest.split_once(')'));
        for (anchor, _) in links {
            assert!(Code::ALL.iter().any(|code| code.name() == anchor), "row {number}: there is no finding {anchor}");
            assert!(
                answer.contains(&format!("[`{anchor}`](findings.md#{anchor})")),
                "row {number}: a link says its code"
            );
        }
    }
}
