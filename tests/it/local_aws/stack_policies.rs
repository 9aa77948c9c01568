//! Stack policies over the wire: set, lifted for one change, and set again, also when the run that lifted them was killed.

use super::harness::{Identity, LocalAws, Ran, copy_environment};
use super::mutating;
use meshform::plan::{LIFTED, guards};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const STORAGE: &str = "222222222222/small-storage-sales";
const WORKSPACE: &str = "333333333333/small-workspace-analysts";
const LIFT: [&str; 2] = ["--lift-stack-policy", "sales/small-storage-sales"];

/// The small mesh without its second consumer, with stack policies for what holds data; its journals are its own.
struct Mesh {
    _folder: tempfile::TempDir,
    environment: PathBuf,
}

impl Mesh {
    fn deployed(local: &LocalAws) -> Self {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let environment = folder.path().join("environments/small");
        copy_environment("tests/fixtures/valid/small", &environment);
        fs::remove_file(environment.join("consumers/shop.yaml")).expect("the copy has the consumer");
        let mesh = Self { _folder: folder, environment };
        let text = mesh.read("mesh.yaml") + "deployment: {stackPolicy: data}\n";
        mesh.write("mesh.yaml", &text);
        local.setup(3);
        local.bootstrap_of(&mesh.path());
        let deployed = mesh.deploy(local, &[]);
        assert_eq!(deployed.code, 0, "{}", deployed.text());
        mesh
    }

    fn path(&self) -> String {
        self.environment.display().to_string()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.environment.join(file)).expect("the file is there")
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.environment.join(file), text).expect("the file can be written");
    }

    fn deploy(&self, local: &LocalAws, more: &[&str]) -> Ran {
        local.meshform(Identity::Deployer, &[&["deploy", "-e", &self.path(), "--yes"], more].concat())
    }

    /// The domain no longer makes the product whose job has a bucket of its own: the bucket leaves the template.
    fn without_the_job(&self) {
        let text = self.read("domains/sales.yaml");
        let (orders, _) = text.split_once("  - id: revenue").expect("the domain makes it");
        self.write("domains/sales.yaml", orders);
    }
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
    let mesh = Mesh::deployed(&local);
    let set = policies(&local);
    let stacks: Vec<&String> = set.as_object().expect("an object").keys().collect();
    assert_eq!(stacks, [STORAGE, WORKSPACE], "no other stack holds data");
    assert!(guarded(&set, STORAGE) && guarded(&set, WORKSPACE), "{set}");
    local.call("DELETE", "log", &Value::Null);
    let again = mesh.deploy(&local, &[]);
    assert_eq!((again.code, mutating(&local.call("GET", "log", &Value::Null))), (0, Vec::new()), "{}", again.text());
    mesh.without_the_job();
    let refused = mesh.deploy(&local, &["--keep-going"]);
    assert_eq!(refused.code, 5, "{}", refused.text());
    for word in
        ["StagingBucket (AWS::S3::Bucket)", "stack policy forbids", "--lift-stack-policy sales/small-storage-sales"]
    {
        assert!(refused.text().contains(word), "{word} in\n{}", refused.text());
    }
    assert!(guarded(&policies(&local), STORAGE));
    let lifted = mesh.deploy(&local, &LIFT);
    assert_eq!(lifted.code, 0, "{}", lifted.text());
    assert_eq!(policies(&local), set, "it is set again");
    let unknown = mesh.deploy(&local, &["--lift-stack-policy", "sales/small-storage"]);
    assert_eq!(unknown.code, 2, "{}", unknown.text());
}

/// Kills a deploy that lifts the policy at its n-th mutating call, when that is done and not answered; false when there were fewer.
fn killed_at(local: &LocalAws, mesh: &Mesh, call: usize) -> bool {
    local.call("POST", "control", &json!({"holdAfter": call}));
    let path = mesh.path();
    let mut deploy = local.spawn(Identity::Deployer, &[&["deploy", "-e", &path, "--yes"], &LIFT[..]].concat());
    let limit = Instant::now() + Duration::from_secs(60);
    let held = loop {
        if local.call("GET", "control", &Value::Null)["held"] == true {
            break true;
        }
        if deploy.try_wait().expect("the program can be asked").is_some() {
            break false;
        }
        assert!(Instant::now() < limit, "call {call} is neither held nor does the deploy end");
        std::thread::sleep(Duration::from_millis(10));
    };
    // SIGKILL: no handler runs
    deploy.kill().expect("the program can be killed");
    deploy.wait().expect("the program ends");
    local.call("POST", "control", &json!({"holdAfter": null}));
    held
}

/// The next deploy does not lift the policy: it is refused where the change was not made, and the policy stands in either case.
#[test]
fn a_policy_that_a_killed_run_lifted_is_set_again_by_the_next_deploy() {
    let local = LocalAws::start();
    let mesh = Mesh::deployed(&local);
    mesh.without_the_job();
    local.call("DELETE", "log", &Value::Null);
    let ran = mesh.deploy(&local, &LIFT);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let calls = mutating(&local.call("GET", "log", &Value::Null));
    let is_set = |call: &str| call.contains("SetStackPolicy");
    let sets: Vec<usize> = (1..).zip(&calls).filter(|(_, call)| is_set(call)).map(|(at, _)| at).collect();
    // in each turn it is lifted and set again; the last one removes the bucket
    let [.., lifts, sets_again] = sets.as_slice() else { panic!("it is lifted and set: {calls:?}") };
    let lifted: Value = serde_json::from_str(LIFTED).expect("a policy is JSON");
    let (mut made, mut refused) = (false, false);
    // when it is lifted, and when the change is ordered; how often the lock is renewed hangs on the time, so a moment may come later
    for call in *lifts..sets_again + 4 {
        if made && refused {
            break;
        }
        let mesh = Mesh::deployed(&local);
        mesh.without_the_job();
        assert!(killed_at(&local, &mesh, call), "there is a call {call} of {calls:?}");
        let left_open = policies(&local)[STORAGE] == lifted;
        let case = format!("killed at call {call} of {calls:?}");
        let next = mesh.deploy(&local, &["--keep-going"]);
        assert!(guarded(&policies(&local), STORAGE), "{case}: {}", next.text());
        match next.code {
            0 => made |= left_open,
            5 => {
                refused |= left_open;
                assert!(next.text().contains("stack policy forbids"), "{case}: {}", next.text());
                let again = mesh.deploy(&local, &LIFT);
                assert_eq!(again.code, 0, "{case}: {}", again.text());
                assert!(guarded(&policies(&local), STORAGE), "{case}");
            }
            code => panic!("{case}: {code}: {}", next.text()),
        }
    }
    assert!(made && refused, "left open before the change was made: {refused}, and after it: {made}");
}
