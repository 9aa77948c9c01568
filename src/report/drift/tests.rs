//! Names of others stay text, and what matters most stands first.

use super::*;
use crate::plan::drift::{Answer, Difference, Unchecked};

fn drift(name: &str, count: usize) -> Drift {
    let difference = Difference {
        direction: Direction::More,
        what: format!("a grant on database {name} to role"),
        expected: None,
        actual: Some("DESCRIBE".to_owned()),
        by: Some(name.to_owned()),
        mend: Some("aws lakeformation revoke-permissions".to_owned()),
    };
    let check = Check {
        subject: Subject::Grants,
        account: "111111111111".to_owned(),
        target: "111111111111".to_owned(),
        answer: Answer::Different,
        same: 3,
        differences: vec![difference; count],
        unchecked: vec![Unchecked { what: name.to_owned(), reason: Reason::NotAllowed, message: name.to_owned() }],
    };
    Drift {
        version: 1,
        mesh: "demo".to_owned(),
        as_of: "2026-01-01".to_owned(),
        access: Vec::new(),
        checks: vec![check],
        notes: vec![name.to_owned()],
    }
}

fn text(drift: &Drift, form: Form) -> String {
    let mut out = Vec::new();
    write(&mut out, drift, form).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn nothing_breaks_out_of_a_line_or_a_page() {
    let nasty = "x`|<img src=x>@somebody #1\n\u{1b}[31m\u{202e}</details>";
    let plain = text(&drift(nasty, 1), Form::Text { colour: Colour::Plain });
    assert!(!plain.contains('\u{1b}') && !plain.contains('\u{202e}'), "{plain}");
    assert!(plain.lines().all(|line| !line.starts_with("\u{1b}")));
    let page = text(&drift(nasty, 1), Form::Markdown);
    assert!(!page.contains("<img") && !page.contains("\n\u{1b}"), "{page}");
    assert_eq!(page.matches("</details>").count(), 1, "{page}");
    let json: serde_json::Value = serde_json::from_str(&text(&drift(nasty, 1), Form::Json)).unwrap();
    assert_eq!(json["checks"][0]["differences"][0]["by"], nasty);
}

#[test]
fn a_page_has_room_in_a_comment() {
    let page = text(&drift("a-database-with-quite-a-long-name", 2_000), Form::Markdown);
    assert!(page.encode_utf16().count() < 65_536);
    assert!(page.contains("lines are left out; `--format json` has all of it"), "{}", &page[page.len() - 200..]);
}

#[test]
fn the_answer_stands_first() {
    let plain = text(&drift("sales", 1), Form::Text { colour: Colour::Plain });
    let expected = "\
demo: 3 same, 1 different, 1 not checkable, as of 2026-01-01

Who can see more or less than the deployed templates say
  nobody, as far as it could be looked at

What differs
  grants made by account 111111111111, 3 the same
    + more: a grant on database sales to role: DESCRIBE
      changed last: sales
      hint: aws lakeformation revoke-permissions

What could not be checked
  not allowed, 1 times: sales
    grants made by account 111111111111: sales

note: sales
";
    assert_eq!(plain, expected);
}
