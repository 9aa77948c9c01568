//! Stack policies over the wire: set, lifted for one change, and set again, also when the run that lifted them was killed.

use super::harness::{LocalAws, Ran};
use super::mesh::Mesh;
use super::mutating;
use super::runs::killed_at_call_about;
use meshform::plan::{LIFTED, guards};
use serde_json::Value;
use std::fs;

const STORAGE: &str = "222222222222/small-storage-sales";
const WORKSPACE: &str = "333333333333/small-workspace-analysts";
const LIFT: [&str; 2] = ["--lift-stack-policy", "sales/small-storage-sales"];

/// The small mesh with stack policies for what holds data, deployed.
fn deployed(local: &LocalAws) -> Mesh {
    let mesh = Mesh::new();
    edit(&mesh, "mesh.yaml", |text| text + "deployment: {stackPolicy: data}\n");
    mesh.prepare(local);
    let ran = deploy(&mesh, local, &[]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    mesh
}

fn edit(mesh: &Mesh, file: &str, change: impl FnOnce(String) -> String) {
    let path = mesh.environment.join(file);
    let text = fs::read_to_string(&path).expect("the file is there");
    fs::write(&path, change(text)).expect("the file can be written");
}

fn deploy(mesh: &Mesh, local: &LocalAws, more: &[&str]) -> Ran {
    mesh.run(local, "deploy", &[&["--yes"], more].concat())
}

/// The domain no longer makes the product whose job has a bucket of its own: the bucket leaves the template.
fn without_the_job(mesh: &Mesh) {
    edit(mesh, "domains/sales.yaml", |text| {
        let (orders, _) = text.split_once("  - id: revenue").expect("the domain makes it");
        orders.to_owned()
    });
}

/// The policies that stand, as the plan role reads them.
fn policies(local: &LocalAws) -> Value {
    let arguments = ["tests/local-aws/stack_policies.py", &local.endpoint, &local.keys(), "small"];
    let accounts = ["111111111111", "222222222222", "333333333333"];
    let ran = local.python(&[&arguments[..], &accounts[..]].concat());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.text()))
}

fn guarded(policies: &Value, stack: &str) -> bool {
    guards(&policies[stack].to_string())
}

#[test]
fn what_holds_data_has_a_policy_and_a_change_that_it_forbids_is_made_when_it_is_lifted() {
    let local = LocalAws::start();
    let mesh = deployed(&local);
    let set = policies(&local);
    let stacks: Vec<&String> = set.as_object().expect("an object").keys().collect();
    assert_eq!(stacks, [STORAGE, WORKSPACE], "no other stack holds data");
    assert!(guarded(&set, STORAGE) && guarded(&set, WORKSPACE), "{set}");
    local.call("DELETE", "log", &Value::Null);
    let again = deploy(&mesh, &local, &[]);
    assert_eq!((again.code, mutating(&local.call("GET", "log", &Value::Null))), (0, Vec::new()), "{}", again.text());
    without_the_job(&mesh);
    let refused = deploy(&mesh, &local, &["--keep-going"]);
    assert_eq!(refused.code, 5, "{}", refused.text());
    for word in
        ["StagingBucket (AWS::S3::Bucket)", "stack policy forbids", "--lift-stack-policy sales/small-storage-sales"]
    {
        assert!(refused.text().contains(word), "{word} in\n{}", refused.text());
    }
    assert!(guarded(&policies(&local), STORAGE));
    let lifted = deploy(&mesh, &local, &LIFT);
    assert_eq!(lifted.code, 0, "{}", lifted.text());
    assert_eq!(policies(&local), set, "it is set again");
    let unknown = deploy(&mesh, &local, &["--lift-stack-policy", "sales/small-storage"]);
    assert_eq!(unknown.code, 2, "{}", unknown.text());
}

/// The mutating calls about the storage stack. Those about other stacks, and the lock's, come when they come.
fn calls_about_storage(local: &LocalAws) -> Vec<String> {
    let log = local.call("GET", "log", &Value::Null);
    let about = |call: &&Value| call["mutating"] == true && call["stack"] == "small-storage-sales";
    let calls = log.as_array().expect("the log is a list").iter().filter(about);
    calls.filter_map(|call| call["action"].as_str().map(str::to_owned)).collect()
}

/// The next deploy does not lift the policy: it is refused where the change was not made, and the policy stands in either case.
#[test]
fn a_policy_that_a_killed_run_lifted_is_set_again_by_the_next_deploy() {
    let local = LocalAws::start();
    let mesh = deployed(&local);
    without_the_job(&mesh);
    local.call("DELETE", "log", &Value::Null);
    let ran = deploy(&mesh, &local, &LIFT);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let calls = calls_about_storage(&local);
    let sets: Vec<usize> = (1..).zip(&calls).filter(|(_, call)| *call == "SetStackPolicy").map(|(at, _)| at).collect();
    // in each turn it is lifted and set again; the last one removes the bucket
    let [.., lifts, sets_again] = *sets.as_slice() else { panic!("it is lifted and set: {calls:?}") };
    let execution = (lifts..=sets_again).find(|at| calls[at - 1] == "ExecuteChangeSet").expect("the change is made");
    let lifted: Value = serde_json::from_str(LIFTED).expect("a policy is JSON");
    for call in [lifts, execution] {
        let mesh = deployed(&local);
        without_the_job(&mesh);
        let case = format!("killed at call {call} of {calls:?}");
        assert!(killed_at_call_about(&local, &mesh, &LIFT, "small-storage-sales", call), "{case}");
        assert_eq!(policies(&local)[STORAGE], lifted, "{case}");
        let next = deploy(&mesh, &local, &["--keep-going"]);
        assert!(guarded(&policies(&local), STORAGE), "{case}: {}", next.text());
        if call == execution {
            assert_eq!(next.code, 0, "{case}: {}", next.text());
        } else {
            assert_eq!(next.code, 5, "{case}: {}", next.text());
            assert!(next.text().contains("stack policy forbids"), "{case}: {}", next.text());
            let again = deploy(&mesh, &local, &LIFT);
            assert_eq!(again.code, 0, "{case}: {}", again.text());
            assert!(guarded(&policies(&local), STORAGE), "{case}");
        }
    }
}
