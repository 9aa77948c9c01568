//! The words of a status.

use super::*;
use crate::assembly::{Layer, StackId};
use crate::deploy::{Entry, Event, JOURNAL_VERSION, Journal, Line, PlannedStep};
use crate::mesh::{AccountId, Region};
use crate::plan::{Decision, Pass, Turn};

fn step(name: &str) -> StepId {
    StepId::new(&StackId::new("sales", name), Turn::Add)
}

fn record() -> RunRecord {
    let holder = Holder { run: "6a-1".to_owned(), owner: "somebody@build-7".to_owned() };
    let planned = |name: &str| PlannedStep {
        step: step(name),
        account: AccountId::parse("222222222222").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        layer: Layer::Storage,
        decision: Decision::Create,
    };
    let happened = |happened| Entry::Happened { happened };
    let entries = [
        Entry::Opened { holder, mesh: "demo".to_owned(), pass: Pass::Mesh, meshform: "0".to_owned() },
        happened(Event::RunStarted {
            run: "6a-1".to_owned(),
            mesh: "demo".to_owned(),
            pass: Pass::Mesh,
            digest: String::new(),
            steps: ["a", "b", "c"].map(planned).to_vec(),
        }),
        happened(Event::StepStarted { step: step("a"), decision: Decision::Create }),
        happened(Event::StepStarted { step: step("b"), decision: Decision::Create }),
        happened(Event::StepFinished { step: step("a"), outcome: StepOutcome::Created, seconds: 61.0 }),
    ];
    let lines = (0..).zip(entries).map(|(second, entry)| Line { version: JOURNAL_VERSION, at: second * 1000, entry });
    RunRecord::of(&Journal { lines: lines.collect(), torn: None }).unwrap()
}

fn told(alive: Alive, torn: Option<usize>) -> String {
    let (record, usual) = (record(), BTreeMap::from([((step("b"), Work::Create), 130.0)]));
    let seen = Seen { record: &record, alive, torn, now: 94_000 };
    let mut text = Vec::new();
    Status::of(Some(&seen), &usual, None).write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_run_that_goes_on_says_what_it_does_and_how_long_that_usually_takes() {
    assert_eq!(
        told(Alive::Yes, Some(7)),
        "demo: run 6a-1 of somebody@build-7 is running since 1 min 34 s\n  sales/a: created 1 min 01 s\n  sales/b: running 1 min 31 s, usually 2 min 10 s\n  sales/c: waiting\n"
    );
}

#[test]
fn a_run_that_was_killed_says_what_it_left() {
    let text = told(Alive::No, Some(7));
    assert!(text.contains("did not come to its end, 1 min 30 s ago"), "{text}");
    assert!(text.contains("unfinished (7 bytes)") && text.contains("sales/b: not finished, usually"), "{text}");
}

#[test]
fn without_a_journal_it_says_so() {
    let mut text = Vec::new();
    Status::of(None, &BTreeMap::new(), None).write(&mut text).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), "no run has a journal here\n");
}
