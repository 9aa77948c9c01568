//! Every edge is needed: without any one of them a finding says so. An edge that nothing misses would be an order list
//! kept by hand.

use crate::demo::{repository, resources_mut, synthesize};
use meshform::assembly::{Document, StackId, check};
use meshform::finding::{Code, Finding};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::slice::from_ref;
use std::sync::LazyLock;

/// The codes by which a missing edge is noticed.
const NOTICED: [Code; 6] = [
    Code::CrawlerWithoutGrant,
    Code::GrantsUnordered,
    Code::GrantBeforeTarget,
    Code::SettingsTwice,
    Code::UnknownReference,
    Code::UsedBeforeMade,
];

fn told(findings: &[Finding]) -> BTreeSet<(Code, String)> {
    let noticed = findings.iter().filter(|finding| NOTICED.contains(&finding.code));
    noticed.map(|finding| (finding.code, finding.message.clone())).collect()
}

/// A mesh of the generator for measurements: three domains of two products, two consumers.
fn generated(directory: &Path) {
    let status = Command::new("python3")
        .arg(repository("benches/gen_mesh.py"))
        .args(["3", "2", "2"])
        .arg(directory)
        .stdout(std::process::Stdio::null())
        .status()
        .expect("python3 can be started");
    assert!(status.success(), "the generator writes a mesh");
}

/// The demo, where one domain's accounts are full of edges; data sets that are copies; a generated mesh; that mesh with a
/// product that has moved to a second stack; and one with every way to crawl.
static MESHES: LazyLock<Vec<(&str, Vec<Document>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let bench = folder.path().join("bench");
    generated(&bench);
    let plain = Document::all(&synthesize(&bench));
    let file = bench.join("domains/crm-0000.yaml");
    let text = fs::read_to_string(&file).expect("the generator wrote the domain");
    let split = text.replacen("    sources:", "    stack: 2\n    sources:", 1);
    assert_ne!(text, split, "a product has moved");
    fs::write(&file, split).expect("the domain can be written");
    let split = Document::all(&synthesize(&bench));
    let copies = Document::all(&synthesize(&crate::common::fixture("valid/quicksight")));
    let crawled = Document::all(&synthesize(&crate::common::fixture("valid/crawled")));
    vec![
        ("demo", crate::demo::documents()),
        ("copies", copies),
        ("generated", plain),
        ("split", split),
        ("crawled", crawled),
    ]
});

#[test]
fn the_meshes_are_in_order() {
    for (name, documents) in MESHES.iter() {
        let findings = check::check_documents(documents);
        assert_eq!(told(&findings), BTreeSet::new(), "{name}");
        assert_eq!(told(&check::check_order(documents)), BTreeSet::new(), "{name}");
    }
}

/// The entries of a resource's DependsOn.
fn depends_on(entry: &Value) -> Vec<String> {
    match &entry["DependsOn"] {
        Value::String(on) => vec![on.clone()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

#[test]
fn each_depends_on_is_missed() {
    let mut removed = 0;
    for (name, documents) in MESHES.iter() {
        for document in documents {
            // a template alone: values from other stacks are missing, before and after
            let before = told(&check::check_order(from_ref(document)));
            let entries: Vec<(String, Vec<String>)> =
                document.resources().map(|(id, _, entry)| (id.to_owned(), depends_on(entry))).collect();
            let mut mutated = document.clone();
            for (id, on) in entries {
                for gone in &on {
                    let rest: Vec<&String> = on.iter().filter(|kept| *kept != gone).collect();
                    resources_mut(&mut mutated)[&id]["DependsOn"] = serde_json::json!(rest);
                    let after = told(&check::check_order(from_ref(&mutated)));
                    assert!(
                        after.difference(&before).next().is_some(),
                        "{name}: nothing misses DependsOn {gone} of {id} in {}",
                        document.id
                    );
                    removed += 1;
                }
                if !on.is_empty() {
                    resources_mut(&mut mutated)[&id]["DependsOn"] = serde_json::json!(on);
                }
            }
        }
    }
    assert!(removed > 300, "{removed} edges are too few: the meshes have lost theirs");
}

#[test]
fn each_edge_between_stacks_is_missed() {
    let mut removed = 0;
    for (name, documents) in MESHES.iter() {
        let mut documents = documents.clone();
        for index in 0..documents.len() {
            let whole = documents[index].clone();
            for need in &whole.needs {
                documents[index].needs.remove(need);
                documents[index].wires.retain(|(_, stack, _)| stack != need);
                let findings = told(&check::check_order(&documents));
                assert!(!findings.is_empty(), "{name}: nothing misses that {} waits for {need}", whole.id);
                documents[index] = whole.clone();
                removed += 1;
            }
        }
    }
    assert!(removed > 60, "{removed} edges are too few: the meshes have lost theirs");
}

/// The rules must see an edge that leads nowhere, too.
#[test]
fn a_wire_from_nowhere_is_told() {
    let documents = crate::demo::documents();
    let wired = |document: &&Document| !document.wires.is_empty();
    let index = documents.iter().position(|document| wired(&document)).expect("a stack of the demo has a wire");
    let told_with = |change: &dyn Fn(&mut (String, StackId, String))| {
        let mut documents = documents.clone();
        let mut wires: Vec<_> = documents[index].wires.iter().cloned().collect();
        wires.iter_mut().for_each(change);
        documents[index].wires = wires.into_iter().collect();
        told(&check::check_order(&documents)).into_iter().map(|(code, _)| code).collect::<BTreeSet<Code>>()
    };
    assert_eq!(told_with(&|_| {}), BTreeSet::new());
    let unknown = BTreeSet::from([Code::UnknownReference]);
    assert_eq!(told_with(&|wire| wire.0 = "NoParameter".to_owned()), unknown);
    assert_eq!(told_with(&|wire| wire.1 = StackId::new("nobody", "demo-nothing")), unknown);
    assert_eq!(told_with(&|wire| wire.2 = "NoOutput".to_owned()), unknown);
}
