//! The real binary against the local AWS, over HTTP. What this proves is that meshform keeps *our* rules of AWS, which
//! stand in `tests/local-aws/README.md`; it proves nothing about AWS itself.

mod bad_input;
mod faults;
pub(crate) mod harness;
mod mesh;
mod probing;
mod proxy;
mod runs;
mod stack_policies;

use harness::{Identity, LocalAws};
use serde_json::{Value, json};
use std::fs;

/// Every stack of the demo that `deploy` works on.
const STACKS: usize = 28;

pub(crate) fn mutating(log: &Value) -> Vec<String> {
    let calls = log.as_array().expect("the log is a list");
    let changing = calls.iter().filter(|call| call["mutating"] == true);
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    changing.map(|call| format!("{}:{}", word(&call["service"]), word(&call["action"]))).collect()
}

#[test]
fn the_demo_deploys_in_any_legal_order_and_the_second_deploy_changes_nothing() {
    let local = LocalAws::start();
    for seed in [1, 2, 3] {
        local.prepare(seed);
        let deployed = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo", "--yes"]);
        assert_eq!(deployed.code, 0, "seed {seed}:\n{}", deployed.text());
        assert!(deployed.text().contains(&format!("{STACKS} stacks created")), "{}", deployed.text());
        local.call("DELETE", "log", &Value::Null);
        let again = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo", "--yes"]);
        assert_eq!(again.code, 0, "seed {seed}:\n{}", again.text());
        let log = local.call("GET", "log", &Value::Null);
        assert!(log.as_array().is_some_and(|calls| calls.len() > STACKS), "the log is hollow: {log}");
        assert_eq!(mutating(&log), Vec::<String>::new(), "seed {seed}");
    }
    let bodies = local.call("GET", "lakeformation", &Value::Null);
    let ecommerce = bodies.as_array().into_iter().flatten().find(|body| body["account"] == "888888888888");
    assert_eq!(ecommerce.map(|body| body["grants"].clone()), Some(json!([])), "account 888 asked for the API alone");
    let checks = local.python(&["tests/local-aws/checks.py", &local.endpoint, &local.keys(), "demo", "444444444444"]);
    assert!(checks.text().contains(" passed, 0 failed"), "{}", checks.text());
    let machines = local.python(&["tests/local-aws/machine_cases.py", &local.endpoint, &local.keys()]);
    assert!(machines.text().contains("7 passed, 0 failed"), "{}", machines.text());
}

/// Meshes with what the demo does not have: models, copies of QuickSight, crawls on an event, a network alone.
#[test]
fn other_meshes_deploy_in_any_legal_order_too() {
    let local = LocalAws::start();
    for (seed, name) in (11..).zip(["crawled", "network", "quicksight", "models"]) {
        let environment = format!("tests/fixtures/valid/{name}");
        let deploy = ["deploy", "-e", environment.as_str(), "--yes"];
        local.setup(seed);
        local.bootstrap_of(&environment);
        let deployed = local.meshform(Identity::Deployer, &deploy);
        assert_eq!(deployed.code, 0, "{name}:\n{}", deployed.text());
        local.call("DELETE", "log", &Value::Null);
        let again = local.meshform(Identity::Deployer, &deploy);
        assert_eq!(again.code, 0, "{name}:\n{}", again.text());
        assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new(), "{name}");
        for (mesh, cases, passed) in [("crawled", "crawl_cases", 4), ("models", "model_cases", 3)] {
            if mesh == name {
                let cases = format!("tests/local-aws/{cases}.py");
                let ran = local.python(&[&cases, &local.endpoint, &local.keys()]);
                assert!(ran.text().contains(&format!("{passed} passed, 0 failed")), "{}", ran.text());
            }
        }
    }
}

#[test]
fn a_failed_resource_is_named_and_the_next_deploy_mends_it() {
    let local = LocalAws::start();
    local.prepare(4);
    local.call("POST", "control", &json!({
        "late": "OwnerRole",
        "fail": {"create": {"RegisterRole": "the quota of roles is used up", "OwnerRole": "the quota of roles is used up"}}
    }));
    let failed = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo", "--yes", "--keep-going"]);
    assert_eq!(failed.code, 5, "{}", failed.text());
    let written = "written at environments/demo/domains/";
    for word in ["OwnerRole", "AWS::IAM::Role", "the quota of roles is used up", written, "skipped, since it needs"] {
        assert!(failed.text().contains(word), "{word} in\n{}", failed.text());
    }
    local.call("POST", "control", &json!({"late": null, "fail": {"create": {}}, "shareDelayMs": 1500}));
    let mended = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo", "--yes"]);
    assert_eq!(mended.code, 0, "{}", mended.text());
    // the buckets that the failed creations made are gone, or their names would be taken now
    assert!(mended.text().contains("its earlier creation failed"), "{}", mended.text());
    // shares arrive late here: the stacks with the links waited for them
    assert!(mended.text().contains("waiting for"), "{}", mended.text());
}

#[test]
fn accounts_that_cannot_be_entered_are_told_with_what_to_do() {
    let local = LocalAws::start();
    local.setup(5);
    let bare = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo", "--yes"]);
    assert_eq!(bare.code, 1, "{}", bare.text());
    assert!(bare.text().contains("meshform bootstrap"), "{}", bare.text());
    local.bootstrap();
    let outsider = local.meshform(Identity::Outsider, &["deploy", "-e", "environments/demo", "--yes"]);
    assert_eq!(outsider.code, 1, "{}", outsider.text());
    let copy = tempfile::tempdir().expect("a directory can be made");
    let environment = copy.path().join("environments/demo");
    harness::copy_environment("environments/demo", &environment);
    let mesh = environment.join("mesh.yaml");
    let text = fs::read_to_string(&mesh).expect("the copy is there") + "deployment: {externalId: another-one}\n";
    fs::write(&mesh, text).expect("the copy can be written");
    let path = environment.display().to_string();
    let wrong = local.meshform(Identity::Deployer, &["deploy", "-e", &path, "--yes"]);
    assert_eq!(wrong.code, 1, "{}", wrong.text());
    assert!(wrong.text().contains("AccessDenied") || wrong.text().contains("not authorized"), "{}", wrong.text());
    let unattended = local.meshform(Identity::Deployer, &["deploy", "-e", "environments/demo"]);
    assert_eq!(unattended.code, 6, "{}", unattended.text());
    assert!(unattended.text().contains("--yes"), "{}", unattended.text());
}

#[test]
fn what_was_taken_away_and_still_stands_is_told() {
    let local = LocalAws::start();
    local.prepare(8);
    let copy = tempfile::tempdir().expect("a directory can be made");
    let environment = copy.path().join("environments/demo");
    harness::copy_environment("environments/demo", &environment);
    let path = environment.display().to_string();
    let deploy = ["deploy", "-e", path.as_str(), "--yes"];
    let deployed = local.meshform(Identity::Deployer, &deploy);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    assert!(!deployed.text().contains("no longer asks for"), "{}", deployed.text());
    // one of several subscriptions goes: backward, so that the roles' grants are revoked while the account's still stands
    let analysts = environment.join("consumers/business-analysts.yaml");
    let text = fs::read_to_string(&analysts).expect("the copy has the consumer");
    let fewer: Vec<&str> = text.lines().filter(|line| !line.contains("product: sales-analytics")).collect();
    fs::write(&analysts, fewer.join("\n") + "\n").expect("the copy can be written");
    let taken = local.meshform(Identity::Deployer, &deploy);
    assert_eq!(taken.code, 0, "{}", taken.text());
    let bodies = local.call("GET", "lakeformation", &Value::Null);
    let body = |account: &str| bodies.as_array().into_iter().flatten().find(|body| body["account"] == account).cloned();
    let analysts_body = body("777777777777").expect("the account has a catalog").to_string();
    assert!(!analysts_body.contains("sales-analytics"), "{analysts_body}");
    assert!(analysts_body.contains("campaign-performance"), "{analysts_body}");
    // a change that adds and takes away: new grants forward, old ones backward
    let scientists = environment.join("consumers/data-science.yaml");
    let text = fs::read_to_string(&scientists).expect("the copy has the consumer");
    fs::write(&scientists, text.replace("[public, internal, confidential]", "[public, internal]"))
        .expect("the copy can be written");
    let narrowed = local.meshform(Identity::Deployer, &deploy);
    assert_eq!(narrowed.code, 0, "{}", narrowed.text());
    let forward =
        narrowed.text().find("governance/demo-sharing-data-science: updated").expect("the account's grant comes");
    let backward = narrowed.text().find("governance/demo-sharing-data-science (removals): updated");
    let roles = narrowed.text().find("data-science/demo-access-data-science (removals): updated");
    assert!(roles.is_some_and(|roles| forward < roles) && roles < backward, "{}", narrowed.text());
    let bodies = local.call("GET", "lakeformation", &Value::Null).to_string();
    assert!(bodies.contains("campaign-performance"), "{bodies}");
    fs::remove_file(environment.join("consumers/data-science.yaml")).expect("the copy has the consumer");
    let left = local.meshform(Identity::Deployer, &deploy);
    assert!(
        left.text().contains("demo-sharing-data-science, which the environment no longer asks for"),
        "{}",
        left.text()
    );
}

#[test]
fn what_is_deployed_is_what_was_reviewed() {
    let local = LocalAws::start();
    local.prepare(6);
    let copy = tempfile::tempdir().expect("a directory can be made");
    harness::copy_environment("environments/demo", &copy.path().join("environments/demo"));
    let environment = copy.path().join("environments/demo").display().to_string();
    let synth = local.meshform(Identity::Deployer, &["synth", "-e", &environment]);
    assert_eq!(synth.code, 0, "{}", synth.text());
    let stale = copy.path().join("stacks/demo/governance/demo-foundation.template.json");
    let text = fs::read_to_string(&stale).expect("the template is there").replace("Foundation", "foundation");
    fs::write(&stale, text).expect("the template can be written");
    let refused = local.meshform(Identity::Deployer, &["deploy", "-e", &environment, "--yes"]);
    assert_eq!(refused.code, 4, "{}", refused.text());
    assert!(refused.text().contains("meshform synth"), "{}", refused.text());
}

#[test]
fn events_are_one_json_object_a_line() {
    let local = LocalAws::start();
    local.prepare(7);
    let arguments =
        ["deploy", "-e", "environments/demo", "--yes", "--format", "json", "--select", "governance/demo-foundation"];
    let deployed = local.meshform(Identity::Deployer, &arguments);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    let events: Vec<Value> =
        deployed.stdout.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect();
    let names: Vec<&str> = events.iter().take(2).filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["lock", "run-started"], "nothing starts before the lock is taken");
    assert_eq!(events.last().map(|event| event["event"].clone()), Some(json!("run-finished")));
    assert!(events.iter().all(|event| event["version"] == 1));
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let demo = harness::Demo::start();
    demo.interrupt();
    assert!(!demo.is_reachable(), "the local AWS still answers at {}", demo.endpoint);
}

#[test]
fn cfn_lint_and_cloudformation_validate_find_nothing_on_the_demo() {
    let ran = harness::python(&["tests/local-aws/validate.py", "--region", "eu-west-1", "stacks/demo"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.text().contains("36 templates, 0 findings"), "{}", ran.text());
}
