//! Plan files: what is in them, what is not, and what moved.

use super::*;
use crate::assembly::{Effect, Rendered};
use crate::plan::samples::{everything, id, nothing, rendered, stack};
use crate::plan::{Deployed, MASKED, Observed, Options, Pass, Pattern, StackStatus, Standing, StepChangeSet, plan};
use proptest::prelude::*;
use serde_json::{Value, json};

const MESH: Options = Options { pass: Pass::Mesh, select: None };

fn file(rendered: &Rendered, deployed: &Deployed) -> PlanFile {
    let plan = plan(rendered, deployed, &MESH).unwrap();
    PlanFile::of("demo", &MESH, &rendered.manifest, deployed, &plan, Value::Null)
}

fn mesh(tier: &str, topics: &[&str]) -> Rendered {
    let resources: serde_json::Map<String, Value> =
        topics.iter().map(|name| ((*name).to_owned(), json!({"Type": "AWS::SNS::Topic"}))).collect();
    rendered(vec![
        stack("sales/demo-storage-sales").literal("Tier", tier),
        stack("governance/demo-publication-sales")
            .wire("Key", "sales/demo-storage-sales", "KeyArn")
            .after("sales/demo-storage-sales", Effect::Roles)
            .template(json!({ "Resources": resources })),
    ])
}

fn standing<'a>(deployed: &'a mut Deployed, stack: &str) -> &'a mut Standing {
    match deployed.stacks.get_mut(&id(stack)) {
        Some(Observed::Present(standing)) => standing,
        Some(Observed::Absent) | None => panic!("{stack} does not stand"),
    }
}

fn told(file: &PlanFile, now: &PlanFile) -> Vec<String> {
    moved(file, now).iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_is_read_back_as_it_was_written_and_nothing_has_moved() {
    let rendered = mesh("gold", &["A", "B"]);
    let deployed = everything(&mesh("gold", &["A", "C"]));
    let written = file(&rendered, &deployed);
    assert_eq!(written.steps.len(), 3, "the publication takes two turns");
    let read = PlanFile::read(&crate::assembly::pretty(&written)).unwrap();
    assert_eq!(read, written);
    assert_eq!(told(&read, &file(&rendered, &deployed)), [""; 0]);
}

#[test]
fn whatever_moves_is_told_with_the_stack_and_both_values() {
    let rendered = mesh("gold", &["A"]);
    let deployed = everything(&mesh("silver", &["A"]));
    let written = file(&rendered, &deployed);
    let mut moves: Vec<(&str, PlanFile)> = Vec::new();
    let mut now = deployed.clone();
    standing(&mut now, "sales/demo-storage-sales").status = StackStatus::UpdateRollbackComplete;
    moves.push((
        "sales/demo-storage-sales: its status was `CREATE_COMPLETE` and is `UPDATE_ROLLBACK_COMPLETE`",
        file(&rendered, &now),
    ));
    let mut now = deployed.clone();
    standing(&mut now, "sales/demo-storage-sales").parameters.insert("Tier".to_owned(), "bronze".to_owned());
    moves.push(("the standing parameter `Tier` was `silver` and is `bronze`", file(&rendered, &now)));
    moves.push(("the parameter `Tier` was `gold` and is `iron`", file(&mesh("iron", &["A"]), &deployed)));
    moves.push(("the template of the turn `add` was", file(&mesh("gold", &["A", "B"]), &deployed)));
    let mut now = deployed.clone();
    standing(&mut now, "governance/demo-publication-sales").template = Some(json!({"Resources": {}}));
    moves.push(("governance/demo-publication-sales: the template that stands was", file(&rendered, &now)));
    let mut now = deployed.clone();
    now.stacks.insert(id("sales/demo-storage-sales"), Observed::Absent);
    moves.push(("sales/demo-storage-sales: the stack that stands was", file(&rendered, &now)));
    let mut now = deployed.clone();
    let output = "sales/demo-storage-sales";
    standing(&mut now, output).outputs.insert("KeyArn".to_owned(), "another-key".to_owned());
    moves.push(("the output `KeyArn` was `demo-storage-sales-key` and is `another-key`", file(&rendered, &now)));
    moves.push((
        "the environment was `demo` and is `live`",
        PlanFile { environment: "live".to_owned(), ..written.clone() },
    ));
    moves.push(("the tool's version was", PlanFile { tool: "9.9.9".to_owned(), ..written.clone() }));
    moves.push(("the digest was", PlanFile { digest: "0".repeat(64), ..written.clone() }));
    moves.push(("what the change means was", PlanFile { diff: json!({"a": 1}), ..written.clone() }));
    for (expected, now) in moves {
        let told = told(&written, &now);
        assert!(told.iter().any(|line| line.contains(expected)), "{expected} is not in {told:#?}");
    }
}

#[test]
fn another_change_set_is_another_plan() {
    let rendered = mesh("gold", &["A"]);
    let deployed = everything(&mesh("silver", &["A"]));
    let now = file(&rendered, &deployed);
    assert!(!now.has_change_sets());
    let mut asked = now.clone();
    asked.steps[0].change_set = Some(StepChangeSet::Made { arn: "arn:one\u{1b}".to_owned() });
    assert!(asked.has_change_sets());
    let told = told(&asked, &now);
    assert!(told[0].contains("was `arn:one\\u{1b}` and is `none was asked for`"), "{told:?}");
    assert_eq!(moved(&asked.without_change_sets(), &now.without_change_sets()), []);
    assert_eq!(PlanFile::read(&crate::assembly::pretty(&asked)).unwrap(), asked);
}

#[test]
fn another_selection_is_another_plan() {
    let rendered = mesh("gold", &["A"]);
    let deployed = nothing(&rendered);
    let written = file(&rendered, &deployed);
    let options = Options { select: Some(Pattern::new("sales/*")), ..MESH };
    let plan = plan(&rendered, &deployed, &options).unwrap();
    let now = PlanFile::of("demo", &options, &rendered.manifest, &deployed, &plan, Value::Null);
    let told = told(&written, &now);
    assert!(told[0].contains("the selection was `all stacks` and is `sales/*`"), "{told:?}");
    assert!(told.iter().any(|line| line.contains("the turn `add` is no longer needed")), "{told:?}");
}

#[test]
fn a_stack_twice_is_no_plan_of_ours() {
    let rendered = mesh("gold", &["A"]);
    let deployed = nothing(&rendered);
    let now = file(&rendered, &deployed);
    let mut twice = now.clone();
    twice.steps.push(twice.steps[0].clone());
    assert_eq!(told(&twice, &now), ["the plan was `a stack twice` and is `each once`"]);
}

#[test]
fn a_secret_is_nowhere_in_a_file_and_no_hash_of_it_either() {
    let secret = "hunter2-of-the-database";
    let template = json!({
        "Parameters": {"Password": {"Type": "String", "NoEcho": "true"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Password"}}}},
    });
    let rendered = rendered(vec![
        stack("sales/demo-storage-sales"),
        stack("sales/demo-pipeline-sales").literal("Password", secret).template(template.clone()),
        stack("sales/demo-workspace-sales").wire("Password", "sales/demo-storage-sales", "KeyArn").template(template),
    ]);
    let mut deployed = everything(&rendered);
    // an account that answers the value all the same
    assert_eq!(standing(&mut deployed, "sales/demo-pipeline-sales").parameters["Password"], secret);
    standing(&mut deployed, "sales/demo-storage-sales").outputs.insert("KeyArn".to_owned(), secret.to_owned());
    standing(&mut deployed, "sales/demo-workspace-sales").parameters.insert("Password".to_owned(), secret.to_owned());
    let text = crate::assembly::pretty(&file(&rendered, &deployed));
    assert!(!text.contains(secret), "{text}");
    assert!(!text.contains(&crate::mesh::fingerprint(secret)), "{text}");
    assert!(text.matches(MASKED).count() >= 3, "{text}");
}

#[test]
fn a_foreign_version_and_a_broken_file_are_told() {
    let error = PlanFile::read(r#"{"version": 2}"#).unwrap_err();
    assert_eq!(error.to_string(), "it is a plan of version 2, and this meshform reads version 1");
    for text in ["", "{", "[]", "{}", r#"{"version": 1}"#, "\u{0}", r#"{"version": 1, "steps": 7}"#] {
        let error = PlanFile::read(text).unwrap_err();
        assert_eq!(error.to_string(), "it is no plan file", "{text}");
    }
    let deep = "[".repeat(100_000);
    assert!(PlanFile::read(&deep).is_err());
}

proptest! {
    #[test]
    fn no_file_panics(text in "\\PC{0,200}") {
        let _ = PlanFile::read(&text);
    }

    #[test]
    fn no_change_of_a_character_goes_unnoticed(at in any::<prop::sample::Index>(), letter in "[a-z0-9\"{}]") {
        let rendered = mesh("gold", &["A"]);
        let deployed = everything(&mesh("silver", &["A", "B"]));
        let now = file(&rendered, &deployed);
        let text = crate::assembly::pretty(&now);
        let at = at.index(text.len());
        prop_assume!(text.is_char_boundary(at) && text.is_char_boundary(at + 1));
        let spoiled = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
        let same = serde_json::from_str::<Value>(&spoiled).ok() == serde_json::from_str::<Value>(&text).ok();
        if let Ok(read) = PlanFile::read(&spoiled) {
            prop_assert!(same || !moved(&read, &now).is_empty(), "{spoiled}");
        }
    }
}
