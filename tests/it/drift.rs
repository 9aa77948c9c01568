//! `meshform drift` against the local AWS: as deployed, and after somebody changed things behind its back. What the cloud in
//! memory is asked for, and every call that fails, stands in `src/deploy/drift/tests.rs`.

use crate::local_aws::harness::{self, Identity, LocalAws};
use crate::local_aws::mutating;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

/// The subjects and targets of the checks that differ.
fn differing(report: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().into_iter().flatten();
    let different = checks.filter(|check| check["answer"] == "different");
    different.map(|check| (text(&check["subject"]), text(&check["target"]))).collect()
}

#[test]
fn what_somebody_changed_is_told_and_nothing_is_touched() {
    let local = LocalAws::start();
    local.prepare(3);
    let deployed = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo", "--yes"]);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    local.call("DELETE", "log", &Value::Null);
    let drift = ["drift", "-e", "environments/demo", "--exit-code", "--format", "json"];
    let same = local.meshform(Identity::Deployer, &drift);
    let report: Value = serde_json::from_str(&same.stdout).expect("drift prints JSON");
    assert_eq!(same.code, 0, "{:?}\n{}", differing(&report), same.text());
    assert!(report["access"].as_array().is_some_and(Vec::is_empty), "{}", report["access"]);
    assert_eq!(differing(&report), BTreeSet::new());
    let log = local.call("GET", "log", &Value::Null);
    assert_eq!(mutating(&log), Vec::<String>::new(), "a look changes nothing");
    let roles = log.as_array().into_iter().flatten().filter_map(|call| call["principal"].as_str());
    let others: BTreeSet<&str> =
        roles.filter(|role| role.contains("assumed-role") && !role.contains("demo-plan")).collect();
    assert_eq!(others, BTreeSet::new(), "only the plan role looks");

    let ran = local.python(&["tests/local-aws/drift_changes.py", &local.endpoint, &local.keys()]);
    assert!(ran.text().contains("changed"), "{}", ran.text());
    let other = local.meshform(Identity::Deployer, &drift);
    assert_eq!(other.code, 4, "{}", other.text());
    let report: Value = serde_json::from_str(&other.stdout).expect("drift prints JSON");
    let expected = [
        ("columns", "demo_sales_sales_analytics"),
        ("grants", "111111111111"),
        ("grants", "777777777777"),
        ("settings", "111111111111"),
        ("settings", "777777777777"),
        ("stack", "sales/demo-storage-sales"),
    ];
    let expected = expected.map(|(subject, target)| (subject.to_owned(), target.to_owned()));
    assert_eq!(differing(&report), expected.into(), "{}", other.text());
    let losers: BTreeSet<&str> = report["access"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|change| change["lost"].as_array().is_some_and(|lost| !lost.is_empty()))
        .filter_map(|change| change["principal"].as_str())
        .collect();
    assert_eq!(losers, ["arn:aws:iam::777777777777:role/demo/demo-athena-business-analysts"].into());
    let gainers: BTreeSet<&str> = report["access"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|change| change["gained"].as_array().is_some_and(|gained| !gained.is_empty()))
        .filter_map(|change| change["principal"].as_str())
        .collect();
    let expected = [
        "arn:aws:iam::111111111111:role/demo/demo-crawl-sales",
        "arn:aws:iam::444444444444:role/demo/demo-owner-sales",
    ];
    assert_eq!(gainers, expected.into(), "what nobody has classified is its owner's and its crawler's alone");
    let text = local.meshform(Identity::Deployer, &["drift", "-e", "environments/demo"]);
    assert_eq!(text.code, 0, "without --exit-code it tells: {}", text.text());
    for words in [
        "more: column orders.coupon: string",
        "less: the grant on tables with",
        "revoke-permissions",
        "/VersioningConfiguration/Status: Suspended instead of Enabled",
        "OrganizationAccountAccessRole is an administrator",
    ] {
        assert!(text.stdout.contains(words), "{words} in\n{}", text.stdout);
    }
    let selected = ["drift", "-e", "environments/demo", "--select", "marketing/*", "--exit-code"];
    let selected = local.meshform(Identity::Deployer, &selected);
    assert_eq!(selected.code, 0, "{}", selected.text());
    let nobody = local.meshform(Identity::Outsider, &["drift", "-e", "environments/demo"]);
    assert_eq!(nobody.code, 1, "what may not be looked at is no answer: {}", nobody.text());
    assert!(nobody.stdout.contains("not allowed"), "{}", nobody.text());
}

#[test]
fn found_columns_go_into_the_file_and_are_deployed_from_there() {
    let local = LocalAws::start();
    local.prepare(2);
    let copy = tempfile::tempdir().expect("a directory can be made");
    let environment = copy.path().join("environments/demo");
    harness::copy_environment("environments/demo", &environment);
    let path = environment.display().to_string();
    let deploy = ["deploy", "-e", path.as_str(), "--yes"];
    let deployed = local.meshform(Identity::Deployer, &deploy);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    let adopt = |more: &[&str]| {
        let arguments = [&["adopt", "columns", "-e", path.as_str()], more].concat();
        local.meshform(Identity::Deployer, &arguments)
    };
    let none = adopt(&["sales-analytics", "--yes"]);
    assert!(none.code == 0 && none.text().contains("every column in the catalog is declared"), "{}", none.text());
    let ran = local.python(&["tests/local-aws/drift_changes.py", &local.endpoint, &local.keys()]);
    assert!(ran.text().contains("changed"), "{}", ran.text());
    let file = environment.join("domains/sales.yaml");
    let text = || fs::read_to_string(&file).expect("the copy has the domain");
    let before = text();

    // nobody to ask, a word that means nothing, a column that was not found, no classification of a declared column
    let unattended = adopt(&["sales-analytics", "--classification", "coupon=internal"]);
    assert_eq!((unattended.code, text()), (6, before.clone()), "{}", unattended.text());
    assert!(unattended.text().contains("--yes"), "{}", unattended.text());
    for (arguments, words) in [
        (&["sales-analytic", "--yes"][..], "did you mean `sales-analytics`?"),
        (&["orders", "--yes", "--classification", "copon=internal"], "found were: coupon"),
        (&["orders", "--yes", "--classification", "coupon=unclassified"], "there are: confidential"),
        (&["orders", "--yes", "--classification", "coupon"], "is not <column>=<classification>"),
    ] {
        let refused = adopt(arguments);
        assert_eq!((refused.code, text()), (2, before.clone()), "{arguments:?}: {}", refused.text());
        assert!(refused.text().contains(words), "{words} in {}", refused.text());
    }

    // without a classification it is a comment: nothing changes for anybody
    let open = adopt(&["sales/sales-analytics", "--yes"]);
    assert_eq!(open.code, 0, "{}", open.text());
    let line = "          # - {name: coupon, logicalType: string, classification: }";
    assert!(text().contains(line) && text().starts_with(before.trim_end()), "{}", text());
    let untouched = copy.path().join("untouched");
    harness::copy_environment("environments/demo", &untouched);
    let untouched = untouched.display().to_string();
    let arguments = ["diff", "-e", path.as_str(), "--against", untouched.as_str(), "--exit-code"];
    let same = local.meshform(Identity::Deployer, &arguments);
    assert_eq!(same.code, 0, "{}", same.text());
    let again = adopt(&["orders", "--yes"]);
    assert!(again.text().contains("stands in the files already"), "{}", again.text());

    // with one it takes the comment's place, and the edit says who will see it
    let filled = adopt(&["sales-analytics.orders", "--classification", "coupon=internal", "--yes"]);
    assert_eq!(filled.code, 0, "{}", filled.text());
    let line = "          - {name: coupon, logicalType: string, classification: internal}";
    assert!(text().contains(line) && !text().contains("# - {name: coupon"), "{}", text());
    assert!(filled.stdout.contains(&format!("{line}\n")), "{}", filled.stdout);
    let seen = "after the next deploy sales-analytics.orders.coupon is seen by: demo-";
    assert!(
        filled.stdout.contains(seen) && filled.stdout.contains("demo-athena-business-analysts"),
        "{}",
        filled.stdout
    );
    let left: Vec<_> = fs::read_dir(environment.join("domains")).expect("the folder is there").flatten().collect();
    let hidden = left.iter().filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).count();
    assert_eq!(hidden, 0, "no other file is left behind");

    // deployed, it is no drift any more
    let deployed = local.meshform(Identity::Deployer, &deploy);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    let drift = local.meshform(Identity::Deployer, &["drift", "-e", &path, "--format", "json"]);
    let report: Value = serde_json::from_str(&drift.stdout).expect("drift prints JSON");
    let subjects: BTreeSet<String> = differing(&report).into_iter().map(|(subject, _)| subject).collect();
    assert!(!subjects.contains("columns") && !subjects.contains("tagging"), "{:?}", differing(&report));
}

#[test]
fn the_doctor_tells_what_is_missing_before_and_after_a_deploy() {
    let local = LocalAws::start();
    local.setup(7);
    let doctor = |more: &[&str]| {
        let arguments = [&["doctor", "-e", "environments/demo"], more].concat();
        local.meshform(Identity::Deployer, &arguments)
    };
    let bare = doctor(&[]);
    assert_eq!(bare.code, 1, "{}", bare.text());
    assert!(bare.stdout.contains("plan role of account 777777777777"), "{}", bare.stdout);
    assert!(
        bare.stdout.contains("bad: ") && bare.stdout.contains("hint: meshform bootstrap -e demo"),
        "{}",
        bare.stdout
    );
    local.bootstrap();
    local.call("DELETE", "log", &Value::Null);
    let fresh = doctor(&[]);
    assert_eq!(fresh.code, 0, "{}", fresh.text());
    for words in ["0 bad", "cannot tell: QuickSight subscription", "enable-sharing-with-aws-organization"] {
        assert!(fresh.stdout.contains(words), "{words} in\n{}", fresh.stdout);
    }
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new(), "it changes nothing");
    let deployed = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo", "--yes"]);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    let well = doctor(&["--format", "json"]);
    let report: Value = serde_json::from_str(&well.stdout).expect("doctor prints JSON");
    let told = |verdict: &str| -> BTreeSet<String> {
        let findings = report["findings"].as_array().into_iter().flatten();
        let of = findings.filter(|finding| finding["verdict"] == verdict);
        of.filter_map(|finding| finding["precondition"].as_str()).map(str::to_owned).collect()
    };
    assert_eq!((well.code, told("bad")), (0, BTreeSet::new()), "{}", well.text());
    for precondition in ["plan-role", "deploy-role", "bootstrap", "settings", "sharing", "quicksight"] {
        assert!(told("good").contains(precondition) && !told("cannot-tell").contains(precondition), "{precondition}");
    }
}
