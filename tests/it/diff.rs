//! Reports of a difference: whatever the names, the comment stays one comment, below the limit, and says what it leaves out.

use crate::common::fixture;
use meshform::access::PrincipalKind;
use meshform::plan::diff::{
    AccessChange, Affected, Bump, ChangeKind, ColumnSight, ContractChange, ContractChangeKind, Diff, Discovered,
    Expired, Impact, PolicyFinding, PropertyChange, ResourceChange, Side, StackChange, Summary, VersionBump,
};
use meshform::report::Colour;
use meshform::report::diff::{Form, write};
use proptest::prelude::*;
use serde_json::json;

/// GitHub's limit of a comment, in characters as JavaScript counts them.
const LIMIT: usize = 65_536;

fn report(diff: &Diff, environment: &str, form: Form) -> String {
    let mut out = Vec::new();
    write(&mut out, diff, environment, form).expect("a vector takes everything");
    String::from_utf8(out).expect("reports are text")
}

fn side(name: &str) -> Side {
    Side { name: name.to_owned(), limits: Vec::new() }
}

fn empty() -> Diff {
    Diff {
        moments: Vec::new(),
        version: 1,
        base: side("origin/main"),
        head: side("the working tree"),
        summary: Summary::default(),
        access: Vec::new(),
        discovered: Vec::new(),
        expired: Vec::new(),
        contracts: Vec::new(),
        versions: Vec::new(),
        stacks: Vec::new(),
        findings: Vec::new(),
        unknown: Vec::new(),
    }
}

fn gain(owner: &str, principal: &str, table: &str, column: &str, classification: &str) -> AccessChange {
    let column = ColumnSight { name: column.to_owned(), classification: Some(classification.to_owned()) };
    AccessChange {
        principal: format!("arn:aws:iam::111111111111:role/demo/{principal}"),
        kind: PrincipalKind::Role,
        owner: owner.to_owned(),
        account: "111111111111".to_owned(),
        product: "orders".to_owned(),
        catalog: "222222222222".to_owned(),
        database: "demo_sales_orders".to_owned(),
        table: table.to_owned(),
        gained: vec![column],
        lost: Vec::new(),
        reclassified: Vec::new(),
        rows: Vec::new(),
        permissions_gained: vec!["SELECT".to_owned()],
        permissions_lost: Vec::new(),
        copies_gained: Vec::new(),
        copies_lost: Vec::new(),
        sensitive: classification == "pii",
        reasons: Vec::new(),
        purpose: None,
        through: Vec::new(),
    }
}

fn resource(id: &str, impact: Impact, change: ChangeKind) -> ResourceChange {
    ResourceChange {
        logical_id: id.to_owned(),
        resource_type: "AWS::S3::Bucket".to_owned(),
        label: id.to_owned(),
        change,
        impact,
        predicted: impact,
        change_set: None,
        data_store: true,
        notes: Vec::new(),
        properties: Vec::new(),
    }
}

fn stack(id: &str, resources: Vec<ResourceChange>) -> StackChange {
    StackChange {
        id: id.to_owned(),
        account: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        layer: None,
        change: ChangeKind::Changed,
        resources,
        properties: Vec::new(),
    }
}

/// A difference with one text in every place where a user's text can be.
fn with_everywhere(text: &str) -> Diff {
    let own = || text.to_owned();
    let mut diff = empty();
    diff.base = Side { name: own(), limits: vec![own()] };
    let mut change = gain(text, text, text, text, "pii");
    change.product = own();
    change.reasons = vec![own()];
    change.purpose = Some(own());
    change.gained[0].classification = Some(own());
    diff.access = vec![change, gain("analysts", "analyst", text, text, "internal")];
    let contract = |change| ContractChange {
        change,
        domain: own(),
        product: own(),
        table: Some(own()),
        column: Some(own()),
        before: Some(own()),
        after: Some(own()),
        breaking: change != ContractChangeKind::ColumnAdded,
        affected: vec![Affected { subscriber: own(), through: vec![own()], sees: true }],
    };
    diff.contracts =
        [ContractChangeKind::Reclassified, ContractChangeKind::ProductRenamed, ContractChangeKind::ColumnAdded]
            .map(contract)
            .to_vec();
    diff.versions =
        vec![VersionBump { product: own(), before: own(), after: own(), needed: Bump::Major, enough: false }];
    diff.discovered = vec![Discovered { product: own(), table: own(), owner: own(), principals: vec![own()] }];
    diff.expired = vec![Expired { subscriber: own(), product: own(), end_date: own() }];
    let mut replaced = resource(text, Impact::Replaced, ChangeKind::Changed);
    replaced.notes = vec![own()];
    replaced.properties = vec![
        PropertyChange { path: own(), before: Some(json!(text)), after: None, impact: Impact::Replaced, lines: None },
        PropertyChange { path: own(), before: None, after: None, impact: Impact::InPlace, lines: Some(own()) },
    ];
    let mut odd = resource(text, Impact::Destroyed, ChangeKind::Removed);
    odd.resource_type = own();
    odd.data_store = false;
    diff.stacks = vec![stack(text, vec![replaced, odd])];
    diff.findings = vec![PolicyFinding {
        severity: "error".to_owned(),
        code: own(),
        message: own(),
        help: format!("{text}; or take it on knowingly, in {text}: accept: {text}"),
        file: own(),
        line: 1,
        column: 1,
        accepted: None,
    }];
    diff.unknown = vec![own()];
    diff
}

/// What of a comment is neither in a fence nor in code: lines as GitHub would look for mentions, links and tags in them.
fn outside_of_code(comment: &str) -> Vec<String> {
    let mut fence = 0;
    let mut outside = Vec::new();
    for line in comment.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        if fence > 0 {
            if ticks >= fence && line.len() == ticks {
                fence = 0;
            }
            continue;
        }
        if ticks >= 3 {
            fence = ticks;
            continue;
        }
        let mut rest = String::new();
        let mut text = line;
        loop {
            let (tick, tag) = (text.find('`'), text.find("<code>"));
            let (start, open, close) = match (tick, tag) {
                (Some(tick), Some(tag)) if tick < tag => (tick, 1, "`"),
                (Some(tick), None) => (tick, 1, "`"),
                (_, Some(tag)) => (tag, 6, "</code>"),
                (None, None) => break,
            };
            rest.push_str(&text[..start]);
            rest.push('C');
            let after = &text[start + open..];
            let end = after.find(close).unwrap_or_else(|| panic!("code ends on its line: {line}"));
            text = &after[end + close.len()..];
        }
        rest.push_str(text);
        outside.push(rest);
    }
    assert_eq!(fence, 0, "every fence ends");
    outside
}

/// Fails when a text of somebody else became more than text.
fn assert_harmless(comment: &str) {
    assert!(comment.encode_utf16().count() < LIMIT);
    assert!(comment.chars().all(|letter| letter == '\n' || letter == '\t' || !letter.is_control()));
    assert!(!comment.contains('\u{202e}') && !comment.contains('\u{200b}'));
    let lines = outside_of_code(comment);
    assert!(lines[0].starts_with("<!-- meshform-diff ") && lines[0].ends_with(" -->"));
    let (mut open, mut cells) = (0_i32, 0);
    for line in &lines[1..] {
        for tag in line.split('<').skip(1) {
            let name: String = tag.chars().take_while(|letter| *letter != '>').collect();
            let known = ["br", "details", "/details", "summary", "/summary", "sub", "/sub"];
            assert!(known.contains(&name.as_str()), "<{name}> in {line}");
        }
        open += line.matches("<details>").count() as i32 - line.matches("</details>").count() as i32;
        assert!((0..=1).contains(&open), "details are balanced: {line}");
        let lower = line.to_lowercase();
        for link in ["http:", "https:", "www.", "](", "javascript:"] {
            assert!(!lower.contains(link), "{link} in {line}");
        }
        let letters: Vec<char> = line.chars().collect();
        for pair in letters.windows(2) {
            assert!(!(pair[0] == '@' && pair[1].is_alphanumeric()), "a mention in {line}");
            assert!(!(pair[0] == '#' && pair[1].is_alphanumeric()) || line.contains("&#"), "an issue in {line}");
        }
        let now = if line.starts_with('|') { line.matches('|').count() } else { 0 };
        assert!(cells == 0 || now == 0 || now == cells, "a row has as many cells as its table: {line}");
        cells = now;
    }
    assert_eq!(open, 0, "details are balanced");
}

const NASTY: &[&str] = &[
    "@everyone",
    "#123",
    "GH-7",
    "deadbeefcafe",
    "https://evil.example/x",
    "www.evil.example",
    "a|b",
    "\\|",
    "`",
    "```",
    "````diff",
    "</details>",
    "<details>",
    "<script>alert(1)</script>",
    "<!--",
    "-->",
    "\n",
    "\r\n",
    "\n\n# heading\n",
    "\u{202e}",
    "\u{200b}",
    "\u{1b}[31m",
    "\0",
    "[link](javascript:x)",
    "![x](y)",
    "**",
    "__",
    "~~",
    "{{code}}",
    "{{{this}}}",
    "&amp;",
    "&#64;x",
    "$x$",
    "\n```\n",
    "| --- |",
    "<code>",
    "</code>",
    "'",
    "\"",
    " ",
    "顧客",
    "😀",
    "a",
    "orders",
];

#[test]
fn each_nasty_text_alone_stays_text() {
    for text in NASTY {
        let diff = with_everywhere(text);
        assert_harmless(&report(&diff, text, Form::Markdown));
        let plain = report(&diff, text, Form::Text { width: 80, colour: Colour::Plain });
        assert!(plain.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}: {plain}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_breaks_out_of_the_comment(pieces in prop::collection::vec(prop::sample::select(NASTY), 1..8), free in ".{0,40}") {
        let text = pieces.concat() + &free;
        assert_harmless(&report(&with_everywhere(&text), &text, Form::Markdown));
    }
}

#[test]
fn thousands_of_changes_fit_and_the_gravest_are_told() {
    let mut diff = empty();
    for number in 0..5_000 {
        let classification = if number == 4_321 { "pii" } else { "internal" };
        let (owner, role) = (format!("owner-{number}"), format!("role-{number}"));
        diff.access.push(gain(&owner, &role, "orders", &format!("column_{number}"), classification));
    }
    let resources = (0..5_000).map(|number| {
        let mut found = resource(&format!("Resource{number}"), Impact::InPlace, ChangeKind::Changed);
        found.properties = vec![PropertyChange {
            path: "/Properties/Name".to_owned(),
            before: Some(json!("x".repeat(200))),
            after: Some(json!("y".repeat(200))),
            impact: Impact::InPlace,
            lines: None,
        }];
        if number == 4_999 {
            found = resource("TheBucket", Impact::Destroyed, ChangeKind::Removed);
        }
        found
    });
    let resources: Vec<_> = resources.collect();
    diff.stacks = resources
        .chunks(50)
        .enumerate()
        .map(|(number, part)| stack(&format!("sales/stack-{number}"), part.to_vec()))
        .collect();
    diff.access.sort_by_key(|change| !change.sensitive);
    diff.summary = Summary::of(&diff);
    let comment = report(&diff, "demo", Form::Markdown);
    assert_harmless(&comment);
    let length = comment.encode_utf16().count();
    assert!((50_000..=60_000).contains(&length), "the room is used: {length}");
    assert!(comment.contains("`owner-4321` **gains sight of personal data**"), "{}", &comment[..2_000]);
    assert!(comment.contains("| bucket `TheBucket` |"), "the bucket is told");
    let left_out: Vec<&str> = comment.lines().filter(|line| line.contains("left out")).collect();
    assert!(left_out.iter().any(|line| line.contains(" more rows are left out")), "{left_out:?}");
    assert!(comment.contains("meshform diff -e demo --format json"), "where the whole is");
}

#[test]
fn nothing_is_told_as_nothing() {
    let comment = report(&empty(), "demo", Form::Markdown);
    let expected = "<!-- meshform-diff demo -->\n## What this change means for `demo`\n\n> [!NOTE]\n> Nothing changes.\n\n\
                    <sub>`the working tree` compared with `origin/main`.</sub>\n";
    assert_eq!(comment, expected);
    let text = report(&empty(), "demo", Form::Text { width: 80, colour: Colour::Plain });
    assert_eq!(text, "demo: the working tree compared with origin/main\n  · nothing changes\n");
}

#[test]
fn roles_that_gain_the_same_are_one_row_and_many_tables_too() {
    let mut diff = empty();
    for table in 0..8 {
        for role in ["athena", "sagemaker", "quicksight"] {
            diff.access.push(gain("science", role, &format!("table_{table}"), "name", "internal"));
        }
    }
    let comment = report(&diff, "demo", Form::Markdown);
    let rows: Vec<&str> = comment.lines().filter(|line| line.starts_with("| **`science`**")).collect();
    assert_eq!(rows.len(), 1, "{comment}");
    assert!(rows[0].contains("(3 roles)") && rows[0].contains("`orders`: 8 tables"), "{}", rows[0]);
    // a gain of personal data is told for each owner by itself
    diff.access = vec![gain("a", "x", "t", "email", "pii"), gain("b", "y", "t", "email", "pii")];
    let comment = report(&diff, "demo", Form::Markdown);
    assert_eq!(comment.lines().filter(|line| line.contains("🔴 **`email` pii**")).count(), 2, "{comment}");
}

#[test]
fn a_change_set_that_knows_better_is_shown_with_what_was_predicted() {
    let mut diff = empty();
    let mut found = resource("TheBucket", Impact::Replaced, ChangeKind::Changed);
    found.predicted = Impact::InPlace;
    found.change_set = Some(Impact::Replaced);
    diff.stacks = vec![stack("sales/storage", vec![found])];
    for form in [Form::Markdown, Form::Text { width: 100, colour: Colour::Plain }] {
        let told = report(&diff, "demo", form);
        assert!(told.contains("it changes in place; the change set wins"), "{told}");
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let diff = with_everywhere("orders");
    let of = |colour| report(&diff, "demo", Form::Text { width: 400, colour });
    let coloured = of(Colour::Ansi);
    assert!(coloured.contains("\x1b[1;31m"));
    let mut bare = String::new();
    let mut letters = coloured.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' => drop(letters.by_ref().find(|letter| *letter == 'm')),
            other => bare.push(other),
        }
    }
    assert_eq!(bare, of(Colour::Plain));
}

#[test]
fn templates_of_others_are_compared_too() {
    let base = tempfile::tempdir().expect("there is room");
    let head = tempfile::tempdir().expect("there is room");
    let template = |name: &str| json!({"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}}});
    for (directory, name) in [(&base, "before"), (&head, "after")] {
        let folder = directory.path().join("111111111111");
        std::fs::create_dir_all(&folder).expect("it can be made");
        std::fs::write(folder.join("logs.json"), template(name).to_string()).expect("it can be written");
    }
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_meshform"))
        .args(["diff", "--exit-code", "--format", "json", "--against"])
        .arg(base.path())
        .arg("--templates")
        .arg(head.path())
        .output()
        .expect("it can be started");
    let diff: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(diff["summary"]["replaced"], 1, "{diff:#}");
    // the environment of the repository is no part of it
    assert!(fixture("valid/small").is_dir() && diff["contracts"] == json!([]));
}
