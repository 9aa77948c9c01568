//! What becomes of each resource of the demo: the prediction over whole templates, and its list of disagreements with
//! cloudformation-diff.

use crate::demo::repository;
use meshform::assembly::{self, Document};
use meshform::plan::diff::{ChangeKind, Impact, StackChange, stacks};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn demo() -> Vec<Document> {
    let rendered = assembly::load(Path::new(&repository("stacks/demo"))).expect("the demo can be read");
    Document::read(&rendered).expect("its templates are JSON")
}

fn told(change: impl FnOnce(&mut Vec<Document>)) -> Vec<StackChange> {
    let (base, mut head) = (demo(), demo());
    change(&mut head);
    stacks(&base, &head)
}

#[test]
fn equal_sides_differ_in_nothing() {
    assert_eq!(told(|_| {}), []);
}

#[test]
fn metadata_of_every_resource_is_told_and_does_nothing() {
    let stacks = told(|head| {
        for document in head {
            let resources = document.template_mut()["Resources"].as_object_mut().expect("it has resources");
            resources.values_mut().for_each(|entry| entry["Metadata"] = json!({"seen": true}));
        }
    });
    let changes: Vec<_> = stacks.iter().flat_map(|stack| &stack.resources).collect();
    assert!(changes.len() > 500, "{}", changes.len());
    for change in changes {
        assert_eq!((change.change, change.predicted), (ChangeKind::Changed, Impact::None), "{}", change.logical_id);
        assert!(!change.label.is_empty() && change.label.chars().count() <= 200, "{}", change.label);
    }
}

#[test]
fn a_reclassified_column_of_the_demo_is_a_gap_and_nothing_else() {
    let stacks = told(|head| {
        let tags = head.iter_mut().filter_map(|document| document.template_mut()["Resources"].as_object_mut());
        let mut tags = tags.flat_map(serde_json::Map::values_mut);
        let tag = tags
            .find(|entry| entry["Properties"]["Resource"]["TableWithColumns"]["ColumnNames"] == json!(["churn_risk"]))
            .expect("the demo tags churn_risk");
        tag["Properties"]["LFTags"][0]["TagValues"] = json!(["internal"]);
    });
    let changes: Vec<_> = stacks.iter().flat_map(|stack| &stack.resources).collect();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].predicted, Impact::Replaced);
    assert_eq!(changes[0].label, "tag demo/classification=internal on customer_profile.churn_risk");
    assert!(changes[0].notes[0].starts_with("gap: customer_profile.churn_risk does not carry its own value"));
}

#[test]
fn a_replaced_network_of_the_demo_takes_what_stands_in_it_along() {
    let stacks = told(|head| {
        let networks = head.iter_mut().filter_map(|document| document.template_mut()["Resources"].get_mut("Vpc"));
        networks.for_each(|vpc| vpc["Properties"]["CidrBlock"] = json!("10.9.0.0/20"));
    });
    let replaced: BTreeSet<&str> = stacks
        .iter()
        .flat_map(|stack| &stack.resources)
        .filter(|change| change.predicted == Impact::Replaced)
        .map(|change| change.resource_type.as_str())
        .collect();
    for resource_type in ["AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup"] {
        assert!(replaced.contains(resource_type), "{resource_type}: {replaced:?}");
    }
}

#[test]
fn each_stack_of_the_demo_comes_and_goes_whole() {
    let demo = demo();
    let (added, removed) = (stacks(&[], &demo), stacks(&demo, &[]));
    assert_eq!((added.len(), removed.len()), (demo.len(), demo.len()));
    for (stack, gone) in added.iter().zip(&removed) {
        assert_eq!((stack.change, gone.change), (ChangeKind::Added, ChangeKind::Removed));
        assert_eq!(stack.resources.len(), gone.resources.len());
        assert!(stack.resources.iter().all(|change| change.predicted == Impact::Created), "{}", stack.id);
        for change in &gone.resources {
            // buckets and keys are kept, as their type says; nothing else of the demo holds data that a person would miss
            let kept = change.predicted == Impact::Retained;
            assert!(
                kept || !matches!(change.resource_type.as_str(), "AWS::S3::Bucket" | "AWS::KMS::Key"),
                "{}",
                change.label
            );
        }
    }
}

#[test]
fn every_disagreement_has_its_reason() {
    let text = fs::read_to_string(repository("tests/impact/disagreements.json")).expect("the table is there");
    let table: Vec<Value> = serde_json::from_str(&text).expect("it is JSON");
    let mut keys = Vec::new();
    for entry in &table {
        let part = |name: &str| entry[name].as_str().unwrap_or_else(|| panic!("{name} is missing: {entry}")).to_owned();
        assert!(part("reason").len() > 20, "{entry}");
        for side in ["meshform", "cloudformationDiff"] {
            assert!(["no", "may", "will"].contains(&part(side).as_str()), "{entry}");
        }
        assert_ne!(part("meshform"), part("cloudformationDiff"), "they agree: {entry}");
        keys.push((part("type"), part("property"), part("meshform"), part("cloudformationDiff")));
    }
    assert!(keys.is_sorted_by(|one, other| one < other), "sorted, each once");
    assert!(!keys.is_empty());
}
