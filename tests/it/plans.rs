//! `plan`, plan files, and `deploy plan.json`, against the local AWS.

use crate::local_aws::harness::{self, Identity, LocalAws};
use crate::local_aws::mutating;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A copy of the demo in a directory that goes away, and where its plan goes.
struct Copy {
    directory: tempfile::TempDir,
}

impl Copy {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        harness::copy_environment("environments/demo", &directory.path().join("environments/demo"));
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn environment(&self) -> String {
        self.path("environments/demo").display().to_string()
    }

    fn plan(&self) -> String {
        self.path("plan.json").display().to_string()
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.path("environments/demo").join(file);
        let text = fs::read_to_string(&path).expect("the copy has the file");
        assert!(text.contains(from), "{from} is not in {file}");
        fs::write(path, text.replace(from, to)).expect("the copy can be written");
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("the plan is there")).expect("a plan is JSON")
}

#[test]
fn a_plan_looks_alone_and_deploy_does_exactly_it() {
    let local = LocalAws::start();
    local.prepare(21);
    let copy = Copy::new();
    let (environment, plan) = (copy.environment(), copy.plan());
    let make = ["plan", "-e", environment.as_str(), "--out", plan.as_str()];
    let carry_out = ["deploy", plan.as_str(), "-e", environment.as_str(), "--yes"];
    local.call("DELETE", "log", &Value::Null);
    let first = local.meshform(Identity::Deployer, &make);
    assert_eq!(first.code, 0, "{}", first.text());
    assert!(first.stdout.contains("create governance/demo-foundation"), "{}", first.stdout);
    let log = local.call("GET", "log", &Value::Null);
    assert_eq!(mutating(&log), Vec::<String>::new());
    let text = log.to_string();
    assert!(text.contains("demo-plan") && !text.contains("demo-deploy"), "only the plan role looks: {text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&plan).expect("the plan is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(
        fs::read_dir(copy.directory.path()).expect("it can be read").count() == 2,
        "nothing is left beside the plan"
    );
    let deployed = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    // the same file again: what it was made from is no more
    let again = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(again.code, 7, "{}", again.text());
    assert!(again.text().contains("the stack that stands was `none`"), "{}", again.text());

    // a change in two passes, with its meaning
    copy.replace("consumers/data-science.yaml", "[public, internal, confidential]", "[public, internal]");
    let changed = local.meshform(Identity::Deployer, &make);
    assert_eq!(changed.code, 0, "{}", changed.text());
    let file = json(Path::new(&plan));
    let turns: Vec<String> = file["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|step| step["stack"] == "governance/demo-sharing-data-science")
        .map(|step| step["turn"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(turns, ["add", "remove"], "{}", changed.stdout);
    assert!(file["diff"]["access"].as_array().is_some_and(|access| !access.is_empty()), "{file}");
    // a file that says something else is no plan
    let honest = fs::read_to_string(&plan).expect("the plan is there");
    for (from, to, told) in [
        ("\"do\": \"update\"", "\"do\": \"keep\"", "what the turn"),
        ("\"mesh\": \"demo\"", "\"mesh\": \"other\"", "the mesh was"),
        ("\"turn\": \"remove\"", "\"turn\": \"values\"", "is no longer needed"),
    ] {
        fs::write(&plan, honest.replacen(from, to, 1)).expect("the plan can be written");
        let spoiled = local.meshform(Identity::Deployer, &carry_out);
        assert_eq!(spoiled.code, 7, "{from}:\n{}", spoiled.text());
        assert!(spoiled.text().contains(told), "{told} in\n{}", spoiled.text());
    }
    for broken in [&honest[..honest.len() / 2], "", "null", "[[["] {
        fs::write(&plan, broken).expect("the plan can be written");
        let refused = local.meshform(Identity::Deployer, &carry_out);
        assert_eq!(refused.code, 3, "{}", refused.text());
    }
    fs::write(&plan, honest.replacen("\"version\": 1", "\"version\": 9", 1)).expect("the plan can be written");
    let foreign = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(foreign.code, 7, "{}", foreign.text());
    // the environment moved after the plan
    fs::write(&plan, &honest).expect("the plan can be written");
    copy.replace("consumers/data-science.yaml", "[public, internal]", "[public]");
    local.call("DELETE", "log", &Value::Null);
    let moved = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(moved.code, 7, "{}", moved.text());
    assert!(moved.text().contains("demo-sharing-data-science: the template of the turn"), "{}", moved.text());
    assert!(moved.text().contains("meshform plan --out"), "{}", moved.text());
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());
    // and back: the plan fits again
    copy.replace("consumers/data-science.yaml", "[public]", "[public, internal]");
    let done = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(done.code, 0, "{}", done.text());
    let nothing = local.meshform(Identity::Deployer, &["plan", "-e", environment.as_str(), "--format", "markdown"]);
    let same = ["diff", "-e", environment.as_str(), "--deployed", "--exit-code"];
    let same = local.meshform(Identity::Deployer, &same);
    assert_eq!(same.code, 0, "{}", same.text());
    assert!(nothing.stdout.contains("Nothing to do: 28 stacks are as they should be."), "{}", nothing.text());
}

/// A call of CloudFormation, as the log has it.
fn call(action: &str) -> String {
    format!("cloudformation:{action}")
}

/// ARNs of the change sets in a plan file.
fn change_sets(plan: &str) -> Vec<String> {
    let file = json(Path::new(plan));
    let steps = file["steps"].as_array().cloned().unwrap_or_default();
    let arns = steps.iter().filter(|step| step["changeSet"]["is"] == "made");
    arns.map(|step| step["changeSet"]["arn"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn change_sets_are_made_when_asked_for_and_executed_by_their_ids() {
    let local = LocalAws::start();
    local.prepare(22);
    let copy = Copy::new();
    let (environment, plan) = (copy.environment(), copy.plan());
    let make = ["plan", "-e", environment.as_str(), "--change-sets", "--out", plan.as_str()];
    let carry_out = ["deploy", plan.as_str(), "-e", environment.as_str(), "--yes"];
    // of stacks that do not stand none is made
    local.call("DELETE", "log", &Value::Null);
    let empty = local.meshform(Identity::Deployer, &make);
    assert_eq!(empty.code, 0, "{}", empty.text());
    assert!(empty.stdout.contains("note: no change set: the stack does not stand yet"), "{}", empty.stdout);
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());
    let deployed = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(deployed.code, 0, "{}", deployed.text());

    copy.replace("consumers/data-science.yaml", "[public, internal, confidential]", "[public, internal]");
    local.call("DELETE", "log", &Value::Null);
    let planned = local.meshform(Identity::Deployer, &make);
    assert_eq!(planned.code, 0, "{}", planned.text());
    let made = change_sets(&plan);
    assert!(!made.is_empty(), "{}", planned.stdout);
    assert!(planned.stdout.contains("replaces the prediction for"), "{}", planned.stdout);
    assert!(planned.stdout.contains("note: no change set: an earlier turn"), "{}", planned.stdout);
    let calls = mutating(&local.call("GET", "log", &Value::Null));
    assert_eq!(calls, vec![call("CreateChangeSet"); made.len()]);
    // another plan of the same state finds them
    local.call("DELETE", "log", &Value::Null);
    let again = local.meshform(Identity::Deployer, &make);
    assert_eq!(again.code, 0, "{}", again.text());
    assert_eq!(change_sets(&plan), made);
    assert_eq!(again.stdout, planned.stdout);
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());

    // a file that names another one is no plan
    let honest = fs::read_to_string(&plan).expect("the plan is there");
    for (from, to, told) in [
        ("changeSet/meshform-plan-", "changeSet/meshform-evil-", "is no change set of this plan and stack"),
        ("\"is\": \"made\"", "\"is\": \"nothing-to-change\"", "what the change means was"),
    ] {
        assert!(honest.contains(from), "{from}");
        let spoiled = honest.replacen(from, to, 1);
        fs::write(&plan, &spoiled).expect("the plan can be written");
        let refused = local.meshform(Identity::Deployer, &carry_out);
        assert_eq!(refused.code, 7, "{from}:\n{}", refused.text());
        assert!(refused.text().contains(told), "{told} in\n{}", refused.text());
    }
    fs::write(&plan, &honest).expect("the plan can be written");
    local.call("DELETE", "log", &Value::Null);
    let done = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(done.code, 0, "{}", done.text());
    let calls = mutating(&local.call("GET", "log", &Value::Null));
    let of = |action: &str| calls.iter().filter(|made| **made == call(action)).count();
    assert_eq!(of("ExecuteChangeSet"), of("CreateChangeSet") + made.len(), "{calls:?}");
    // the same file again names change sets that were executed
    let spent = local.meshform(Identity::Deployer, &carry_out);
    assert_eq!(spent.code, 7, "{}", spent.text());
    assert!(spent.text().contains("meshform plan --change-sets --out"), "{}", spent.text());
}
