//! The format of journals.

use super::*;
use crate::assembly::StackId;
use crate::plan::{StepId, Turn};

fn lines() -> Vec<Line> {
    let holder = Holder { run: "run1".to_owned(), owner: "somebody@build-7".to_owned() };
    let entries = [
        Entry::Opened { holder, mesh: "demo".to_owned(), pass: Pass::Mesh, meshform: "0.1.0".to_owned() },
        Entry::Intent(Intent {
            call: 1,
            operation: "DeleteStack".to_owned(),
            account: AccountId::parse("222222222222").unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            access: Access::Deploy,
            target: "arn".to_owned(),
            token: Some("delete-1".to_owned()),
        }),
        Entry::Answer { call: 1, answer: Answer::Failed { kind: ErrorKind::Denied, message: "no".to_owned() } },
        Entry::Happened {
            happened: Event::StepWaiting {
                step: StepId::new(&StackId::new("sales", "demo-storage-sales"), Turn::Add),
                waiting_for: "an effect".to_owned(),
            },
        },
    ];
    (0..).zip(entries).map(|(at, entry)| Line { version: JOURNAL_VERSION, at, entry }).collect()
}

fn text() -> String {
    lines().iter().map(Line::to_text).collect()
}

#[test]
fn lines_are_read_as_they_are_written() {
    let journal = Journal::read(text().as_bytes()).unwrap();
    assert_eq!(journal, Journal { lines: lines(), torn: None });
    assert_eq!(
        lines()[1].to_text(),
        "{\"version\":1,\"at\":1,\"entry\":\"intent\",\"call\":1,\"operation\":\"DeleteStack\",\"account\":\"222222222222\",\"region\":\"eu-west-1\",\"as\":\"deploy\",\"target\":\"arn\",\"token\":\"delete-1\"}\n"
    );
    assert_eq!(
        lines()[2].to_text(),
        "{\"version\":1,\"at\":2,\"entry\":\"answer\",\"call\":1,\"answer\":\"failed\",\"kind\":\"denied\",\"message\":\"no\"}\n"
    );
}

#[test]
fn a_journal_that_was_cut_anywhere_is_read_up_to_there() {
    let text = text();
    let whole: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    for cut in 0..text.len() {
        let journal = Journal::read(&text.as_bytes()[..cut]).unwrap();
        let complete = whole.iter().filter(|end| **end <= cut).count();
        assert_eq!(journal.lines, lines()[..complete], "cut at {cut}");
        let rest = cut - whole.iter().copied().filter(|end| *end <= cut).max().unwrap_or(0);
        assert_eq!(journal.torn, (rest > 0).then_some(rest), "cut at {cut}");
    }
}

#[test]
fn a_damaged_or_newer_journal_is_refused_with_the_line() {
    let damaged = text().replacen("\"entry\":\"answer\"", "\"entry\":\"anwser\"", 1);
    assert!(matches!(Journal::read(damaged.as_bytes()), Err(JournalError::Shape { line: 3, .. })));
    let newer = text().replacen("\"version\":1,\"at\":2", "\"version\":7,\"at\":2", 1);
    assert!(matches!(Journal::read(newer.as_bytes()), Err(JournalError::Version { line: 3, found: 7 })));
    let beheaded = text().split_once('\n').unwrap().1.to_owned();
    assert!(matches!(Journal::read(beheaded.as_bytes()), Err(JournalError::Start)));
    for bytes in [&b"\xff\xfe\n"[..], b"[]\n", b"{\"version\":1}\n", b"{}\n"] {
        assert!(Journal::read(bytes).is_err(), "{bytes:?}");
    }
}
