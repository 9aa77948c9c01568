//! A run as its renderers show it.

use super::*;
use crate::assembly::{Layer, StackId};
use crate::deploy::{Cause, Failure, SkipReason, Skipped, Summary};
use crate::mesh::{AccountId, Region};
use crate::plan::{Pass, StepId, Turn};

fn id(name: &str) -> StackId {
    StackId::new("sales", name)
}

fn step(name: &str) -> StepId {
    StepId::new(&id(name), Turn::Add)
}

fn planned(name: &str, account: &str, decision: Decision) -> PlannedStep {
    PlannedStep {
        step: step(name),
        account: AccountId::parse(account).unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        layer: Layer::Storage,
        decision,
    }
}

fn failed() -> Failure {
    Failure {
        stack: id("b"),
        account: AccountId::parse("222222222222").unwrap(),
        message: "ended in ROLLBACK_COMPLETE".to_owned(),
        status: Some("ROLLBACK_COMPLETE".to_owned()),
        cause: Some(Cause {
            logical_id: "DataBucket".to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            status: "CREATE_FAILED".to_owned(),
            reason: "acme-demo already exists".to_owned(),
            origin: Some("environments/demo/domains/sales.yaml:4:3".to_owned()),
        }),
        also: Vec::new(),
        hints: vec!["look at it".to_owned()],
        nature: crate::deploy::Nature::Lasting,
    }
}

pub(super) fn run() -> Vec<Event> {
    let summary = Summary {
        created: vec![id("a")],
        failed: vec![failed()],
        skipped: vec![Skipped { stack: id("c"), turn: Turn::Add, reason: SkipReason::Needs { step: step("b") } }],
        seconds: 65.4,
        ..Summary::default()
    };
    vec![
        Event::RunStarted {
            run: "r".to_owned(),
            mesh: "demo".to_owned(),
            pass: Pass::Mesh,
            digest: "d".to_owned(),
            steps: vec![
                planned("a", "111111111111", Decision::Create),
                planned("b", "222222222222", Decision::Create),
                planned("c", "222222222222", Decision::Update),
            ],
        },
        Event::StepStarted { step: step("a"), decision: Decision::Create },
        Event::StepWaiting {
            step: step("b"),
            waiting_for: "the tags of demo_sales_orders in account 111111111111".to_owned(),
        },
        Event::StepStarted { step: step("b"), decision: Decision::Create },
        Event::ResourceProgress {
            step: step("a"),
            logical_id: "DataKey".to_owned(),
            resource_type: "AWS::KMS::Key".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            done: 1,
            total: 2,
        },
        Event::StepFinished { step: step("a"), outcome: StepOutcome::Created, seconds: 4.25 },
        Event::StepFinished {
            step: step("b"),
            outcome: StepOutcome::Failed { failure: Box::new(failed()) },
            seconds: 61.0,
        },
        Event::StepSkipped { step: step("c"), reason: SkipReason::Needs { step: step("b") } },
        Event::RunFinished { summary },
    ]
}

fn shown(events: &[Event], colour: Colour) -> String {
    let mut out = Vec::new();
    let mut plain = PlainLines::new(&mut out, colour);
    for event in events {
        plain.show(event).unwrap();
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn plain_lines_tell_each_change_of_state_once() {
    insta::assert_snapshot!(shown(&run(), Colour::Plain), @"
    demo: 3 stacks in 2 accounts, 3 to change
    sales/a: creating
    sales/b: waiting for the tags of demo_sales_orders in account 111111111111
    sales/b: creating
    sales/a: created in 4.2 s
    sales/b: FAILED: ended in ROLLBACK_COMPLETE
        cause: DataBucket (AWS::S3::Bucket) CREATE_FAILED: acme-demo already exists
            written at environments/demo/domains/sales.yaml:4:3
        account: 222222222222
        hint: look at it
    sales/c: skipped, since it needs sales/b

    account               created     failed    skipped
    111111111111 sales          1          0          0
    222222222222 sales          0          1          1
    all                         1          1          1

    1 stack failed, in 1 min 05 s
    failed: sales/b
    ");
}

#[test]
fn colour_adds_nothing_to_the_words() {
    let coloured = shown(&run(), Colour::Ansi);
    assert!(coloured.contains("\u{1b}[31mFAILED\u{1b}[0m"));
    let mut bare = coloured;
    for code in ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"] {
        bare = bare.replace(code, "");
    }
    assert_eq!(bare, shown(&run(), Colour::Plain));
}

#[test]
fn a_run_without_changes_is_two_lines() {
    let summary = Summary { unchanged: vec![id("a")], seconds: 0.01, ..Summary::default() };
    let events = [
        Event::RunStarted {
            run: "r".to_owned(),
            mesh: "demo".to_owned(),
            pass: Pass::Mesh,
            digest: "d".to_owned(),
            steps: vec![planned("a", "111111111111", Decision::Keep)],
        },
        Event::StepFinished { step: step("a"), outcome: StepOutcome::Unchanged, seconds: 0.0 },
        Event::RunFinished { summary },
    ];
    assert_eq!(
        shown(&events, Colour::Plain),
        "demo: 1 stack in 1 account, 0 to change\nnothing to do: 1 stack as they should be, in 0.0 s\n"
    );
}

#[test]
fn json_lines_are_one_object_each() {
    let mut out = Vec::new();
    let mut json = JsonLines::new(&mut out);
    for event in run() {
        json.show(&event).unwrap();
    }
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), run().len());
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["version"], 1);
        assert!(value["event"].is_string());
    }
}
