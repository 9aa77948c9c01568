//! The worked example: a branch of the demo, and the comment that it gives, byte for byte.

use crate::demo::repository;
use crate::git::{Repository, out};
use std::fs;

/// The demo with the change of the worked example in its work tree.
fn example() -> Repository {
    let demo = Repository::of(&repository("environments/demo"), "demo");
    let patch = repository("docs/example/change.patch");
    demo.git(&["apply", patch.to_str().expect("it is text")]);
    demo
}

/// Compares a file of the example; `MESHFORM_BLESS=1` writes it.
fn golden(path: &str, text: &str) {
    let file = repository(path);
    if std::env::var_os("MESHFORM_BLESS").is_some() {
        fs::write(&file, text).expect("it can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "{path} is stale: run the tests with MESHFORM_BLESS=1, and read what changed");
}

#[test]
fn the_comment_of_the_worked_example_is_fresh() {
    let demo = example();
    let output = demo.diff(&["--base", "main", "--format", "markdown"]);
    assert_eq!(output.status.code(), Some(0), "no rule refuses it: {}", String::from_utf8_lossy(&output.stderr));
    let comment = out(&output);
    golden("docs/example/comment.md", &comment);
    let again = out(&demo.diff(&["--base", "main", "--format", "markdown"]));
    assert!(comment == again, "an unchanged diff is the same comment");
    assert!(comment.encode_utf16().count() < 60_000);
}

#[test]
fn the_comment_answers_the_five_questions() {
    let comment = out(&example().diff(&["--base", "main", "--format", "markdown"]));
    let verdict =
        comment.lines().find(|line| line.starts_with("> ") && !line.contains("[!")).expect("there is a verdict");
    for part in [
        "`business-analysts` **gains sight of personal data** (`customer_id`, `phone` and `transcript`)",
        "2 log groups **is lost**",
        "**break**",
    ] {
        assert!(verdict.contains(part), "{part}: {verdict}");
    }
    let row = |of: &str, start: &str| {
        let section = comment.split("\n### ").find(|section| section.starts_with(of)).expect("there is the section");
        section
            .lines()
            .find(|line| line.starts_with(start))
            .map(str::to_owned)
            .unwrap_or_else(|| panic!("{start}: {section}"))
    };
    // who gains personal data
    let gain = row("Who gains", "| **`business-analysts`**");
    for part in ["`agent-performance.interactions`", "`phone` pii", "`transcript` pii", "why customers call twice"] {
        assert!(gain.contains(part), "{part}: {gain}");
    }
    // what is lost
    assert!(row("What is replaced", "| log group").contains("🔴 **lost**"));
    // who breaks, and what to do
    let dropped = row("What breaks", "| `campaign-performance.campaign_results.spend`");
    assert!(
        dropped.contains("`business-analysts`, `customer/customer-360`") && dropped.contains("stop reading `spend`")
    );
    assert!(dropped.contains("the platform already leaves it out of the input"), "{dropped}");
    // the subscription is moved by the change itself
    let renamed = row("What breaks", "| `customer-journey`");
    assert!(!renamed.contains("subscribe to") && renamed.contains("moves with this change"), "{renamed}");
    assert!(renamed.contains("`demo_customer_customer_journey` → `demo_customer_customer_touchpoints`"), "{renamed}");
    assert!(row("What breaks", "| `sales-analytics.orders.amount`").contains("ask for `confidential`"));
    assert!(row("Before you merge", "1. **Raise the version**").contains("of `sales-analytics` to `2.0.0`"));
    let fill = row("After it is deployed", "1. **Fill**");
    assert!(fill.contains("run the job `demo-job-customer-customer-touchpoints`"), "{fill}");
    assert!(fill.contains("does not read them"), "{fill}");
    assert!(row("Versions to raise", "| `sales-analytics`").contains("`domains/sales.yaml:7`"));
    // the same column of several roles is one column
    let sees = comment.lines().find(|line| line.starts_with("| **Who sees what**")).expect("there is the line");
    for part in
        ["2 roles of `business-analysts` gain 7 columns, 3 of them personal", "2 columns lost: `spend` (6 roles)"]
    {
        assert!(sees.contains(part), "{part}: {sees}");
    }
    assert!(comment.contains("> Not blocked: errors block"), "whether it may go in is one sentence");
    // a column that is lost has nothing to do with a copy that moves with the product's name
    let lost = row("Who gains", "| **`business-analysts`** (2 roles), **`customer`** (2 roles)");
    assert!(lost.contains("`spend` internal") && !lost.contains("customer-touchpoints/*"), "{lost}");
    assert!(
        row("Who gains", "| **`governance`**, **`sales`**")
            .contains("| – | – | keeps `amount`, now confidential (was internal)<br>")
    );
    assert!(row("What happens on the way", "- 🟠 between").contains("**neither name may answer**"));
}

#[test]
fn the_page_shows_the_patch_that_is_tested() {
    let page = fs::read_to_string(repository("docs/diff.md")).expect("there is the page");
    for file in ["example/change.patch", "example/comment.md"] {
        assert!(page.contains(file), "{file}");
        assert!(repository(&format!("docs/{file}")).is_file(), "{file}");
    }
}
