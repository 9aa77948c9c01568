//! What goes wrong outside of CloudFormation: interrupts, a closed terminal, files that were edited or cut, names that are taken, a
//! clock that is off. docs/journal.md says which test proves which item.

use super::harness::{Identity, LocalAws, Ran};
use super::mesh::{Mesh, count_of, standing};
use super::mutating;
use super::proxy::FaultProxy;
use super::runs::killed_at;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A mesh whose accounts are bootstrapped, and an empty log.
fn prepared(local: &LocalAws) -> Mesh {
    let mesh = Mesh::new();
    mesh.prepare(local);
    local.call("DELETE", "log", &Value::Null);
    mesh
}

fn started(local: &LocalAws, mesh: &Mesh) -> Child {
    let path = mesh.environment.display().to_string();
    local.spawn_heard(Identity::Deployer, &["deploy", "-e", &path, "--yes"])
}

/// Waits until so many change sets were executed.
fn wait_for_executions(local: &LocalAws, wanted: usize) {
    let limit = Instant::now() + Duration::from_secs(60);
    while count_of(local, "ExecuteChangeSet") < wanted {
        assert!(Instant::now() < limit, "nothing is executed");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill starts");
    assert!(sent.success());
}

/// What a started program said, its exit code, and how long it took from now.
fn ended(child: Child) -> (i32, String, Duration) {
    let began = Instant::now();
    let output = child.wait_with_output().expect("the program ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap_or(-1), text, began.elapsed())
}

/// What a mesh comes to without disturbance, and how often a change set is executed for it.
fn undisturbed(local: &LocalAws) -> (Vec<String>, usize) {
    let mesh = prepared(local);
    let ran = mesh.run(local, "deploy", &["--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    (standing(local, &mesh), count_of(local, "ExecuteChangeSet"))
}

/// The next deploy needs no manual step, and comes to the same.
fn converges(local: &LocalAws, mesh: &Mesh, wanted: &(Vec<String>, usize)) -> Ran {
    let again = mesh.run(local, "deploy", &["--yes"]);
    assert_eq!(again.code, 0, "{}", again.text());
    assert_eq!(standing(local, mesh), wanted.0);
    assert_eq!(count_of(local, "ExecuteChangeSet"), wanted.1, "done twice, or not at all");
    again
}

#[test]
fn ctrl_c_once_finishes_what_runs_and_twice_says_what_is_left_running() {
    let local = LocalAws::start();
    let wanted = undisturbed(&local);

    let mesh = prepared(&local);
    local.call("POST", "control", &json!({"delayMs": 100}));
    let deploy = started(&local, &mesh);
    wait_for_executions(&local, 1);
    signal(&deploy, "-INT");
    let (code, text, _) = ended(deploy);
    assert_eq!(code, 130, "{text}");
    let executed = count_of(&local, "ExecuteChangeSet");
    assert!(executed < wanted.1, "{executed} of {} were started: nothing was left to interrupt", wanted.1);
    let stands = standing(&local, &mesh).join("\n");
    assert!(!stands.contains("IN_PROGRESS"), "what ran was not finished:\n{stands}");
    assert!(text.contains("created in"), "{text}");
    converges(&local, &mesh, &wanted);

    let mesh = prepared(&local);
    local.call("POST", "control", &json!({"delayMs": 1000}));
    let deploy = started(&local, &mesh);
    wait_for_executions(&local, 1);
    signal(&deploy, "-INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&deploy, "-INT");
    let (code, text, took) = ended(deploy);
    assert_eq!(code, 130, "{text}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    let stands = standing(&local, &mesh).join("\n");
    let running: Vec<&str> = stands.lines().filter(|line| line.contains("IN_PROGRESS")).collect();
    let name = running.first().and_then(|line| line.split_whitespace().next()).expect("something still runs");
    assert!(text.lines().any(|line| line.contains(name) && line.contains("goes on by itself")), "{name} in\n{text}");
    // the next one waits for what runs
    let again = converges(&local, &mesh, &wanted);
    assert!(again.text().contains(name), "{}", again.text());
}

#[test]
fn a_terminal_that_is_closed_stops_no_deploy_half_way() {
    let local = LocalAws::start();
    let wanted = undisturbed(&local);
    // whoever listened is gone: the deploy goes on to its end
    let mesh = prepared(&local);
    let mut deploy = started(&local, &mesh);
    drop((deploy.stdout.take(), deploy.stderr.take()));
    let (code, ..) = ended(deploy);
    assert_eq!(code, 0);
    assert_eq!((standing(&local, &mesh), count_of(&local, "ExecuteChangeSet")), wanted);
    // the terminal takes its programs with it: that is a kill, and the next deploy comes to the same
    let mesh = prepared(&local);
    local.call("POST", "control", &json!({"delayMs": 100}));
    let deploy = started(&local, &mesh);
    wait_for_executions(&local, 2);
    signal(&deploy, "-HUP");
    let (code, text, took) = ended(deploy);
    if ignores_hang_ups() {
        assert_eq!(code, 0, "under nohup it goes on: {text}");
    } else {
        assert!(took < Duration::from_secs(5), "{took:?}: {text}");
    }
    converges(&local, &mesh, &wanted);
}

/// Whether these tests, and what they start, were started by `nohup` (proc(5), SigIgn: the first bit is SIGHUP).
fn ignores_hang_ups() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

fn journal(mesh: &Mesh) -> PathBuf {
    let folder = mesh.environment.join("../../.meshform/journal/small");
    let entries = fs::read_dir(&folder).expect("there are journals");
    let newest = entries.map(|entry| entry.expect("an entry can be read").path()).max();
    newest.expect("there is a journal")
}

#[test]
fn a_journal_that_was_cut_or_spoiled_does_not_keep_a_deploy_from_its_end() {
    let local = LocalAws::start();
    let wanted = undisturbed(&local);
    for spoiled in [false, true] {
        let mesh = prepared(&local);
        assert!(killed_at(&local, &mesh, 9));
        let path = journal(&mesh);
        let text = fs::read_to_string(&path).expect("the journal is there");
        let text = if spoiled {
            text.replacen("\"entry\":\"answer\"", "\"entry\":\"anwser\"", 1)
        } else {
            text[..text.len() - 20].to_owned()
        };
        fs::write(&path, text).expect("the journal can be written");
        let told = mesh.run(&local, "status", &[]);
        let word = if spoiled { "line" } else { "is unfinished" };
        assert!(told.text().contains(word), "{word} in\n{}", told.text());
        assert_eq!(told.code, if spoiled { 3 } else { 0 }, "{}", told.text());
        let again = mesh.run(&local, "deploy", &["--yes"]);
        assert_eq!(again.code, 0, "{}", again.text());
        assert_eq!(standing(&local, &mesh), wanted.0);
        assert_eq!(count_of(&local, "ExecuteChangeSet"), wanted.1);
    }
}

#[test]
fn what_was_edited_or_swapped_after_it_was_approved_is_refused() {
    let local = LocalAws::start();
    let mesh = prepared(&local);
    let top = mesh.environment.join("../..");
    let plan = top.join("plan.json").display().to_string();
    let ran = mesh.run(&local, "synth", &[]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    let ran = mesh.run(&local, "plan", &["--out", &plan]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    local.call("DELETE", "log", &Value::Null);
    let stacks = top.join("stacks/small");
    for (file, from, to) in [
        ("manifest.json", "222222222222", "444444444444"),
        ("sales/small-storage-sales.template.json", "\"Retain\"", "\"Delete\""),
        ("governance/small-sharing-analysts.template.json", "333333333333", "444444444444"),
    ] {
        let path = stacks.join(file);
        let honest = fs::read_to_string(&path).expect("it is there");
        assert!(honest.contains(from), "{from} is not in {file}");
        fs::write(&path, honest.replacen(from, to, 1)).expect("it can be written");
        for more in [&["--yes"][..], &[&plan, "--yes"]] {
            let refused = mesh.run(&local, "deploy", more);
            assert_eq!(refused.code, 4, "{file}: {}", refused.text());
            assert!(refused.text().contains("meshform synth"), "{}", refused.text());
        }
        fs::write(&path, honest).expect("it can be written");
    }
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());
    let done = mesh.run(&local, "deploy", &[&plan, "--yes"]);
    assert_eq!(done.code, 0, "{}", done.text());
}

#[test]
fn names_that_data_left_behind_still_holds_are_told_with_what_holds_them() {
    let local = LocalAws::start();
    let mesh = prepared(&local);
    let deployed = mesh.run(&local, "deploy", &["--yes"]);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    let gone = mesh.run(&local, "destroy", &["--yes", "small", "--unprotect"]);
    assert_eq!(gone.code, 0, "{}", gone.text());
    // the buckets were retained, and their names are fixed
    let refused = mesh.run(&local, "deploy", &["--yes"]);
    assert_eq!(refused.code, 5, "{}", refused.text());
    for word in ["AWS::S3::Bucket", "acme-small-sales-data-222222222222", "already exists", "a mesh that was destroyed"]
    {
        assert!(refused.text().contains(word), "{word} in\n{}", refused.text());
    }
    // nothing is taken by force: again it is refused, and the data still stands
    let again = mesh.run(&local, "deploy", &["--yes"]);
    assert_eq!(again.code, 5, "{}", again.text());
    assert!(again.text().contains("its earlier creation failed"), "{}", again.text());
    let code =
        format!("{FOREIGN}\nclient('s3').head_bucket(Bucket='acme-small-sales-data-222222222222'); print('stands')");
    let ran = local.python(&["-c", &code, &local.endpoint, &local.keys()]);
    assert!(ran.text().contains("stands"), "{}", ran.text());
}

/// A client in the producer's account, as its administrator.
const FOREIGN: &str = "
import json, sys
sys.path.insert(0, 'tests/local-aws')
from machine_cases import Local
local = Local(sys.argv[1], json.loads(sys.argv[2]))
def client(service):
    return local.client(service, '222222222222')
";

#[test]
fn a_stack_of_the_same_name_that_somebody_else_owns_is_left_alone() {
    let local = LocalAws::start();
    let mesh = prepared(&local);
    let make = "
made = client('cloudformation').create_stack(StackName='small-storage-sales', TemplateBody='''
Resources:
  Site: {Type: AWS::SNS::Topic}
''')
client('cloudformation').get_waiter('stack_create_complete').wait(StackName='small-storage-sales', WaiterConfig={'Delay': 1})
print('made')
";
    let ran = local.python(&["-c", &format!("{FOREIGN}{make}"), &local.endpoint, &local.keys()]);
    assert!(ran.text().contains("made"), "{}", ran.text());
    local.call("DELETE", "log", &Value::Null);
    let refused = mesh.run(&local, "deploy", &["--yes"]);
    assert_eq!(refused.code, 5, "{}", refused.text());
    for word in ["sales/small-storage-sales", "somebody else's", "give the mesh another name"] {
        assert!(refused.text().contains(word), "{word} in\n{}", refused.text());
    }
    let refused = mesh.run(&local, "destroy", &["--yes", "small", "--unprotect"]);
    assert_eq!(refused.code, 5, "{}", refused.text());
    for word in ["sales/small-storage-sales", "somebody else's"] {
        assert!(refused.text().contains(word), "{word} in\n{}", refused.text());
    }
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());
}

#[test]
fn a_clock_that_is_off_is_told_as_such() {
    let local = LocalAws::start();
    let proxy = FaultProxy::start(&local.endpoint);
    let mesh = prepared(&local);
    let early = "Signature expired: 20261122T000000Z is now earlier than 20261122T235000Z";
    let skewed = "The difference between the request time and the current time is too large.";
    for (kind, code, message) in [
        (("sts", "AssumeRole"), "SignatureDoesNotMatch", early),
        (("s3", "GetObject"), "RequestTimeTooSkewed", skewed),
        (("cloudformation", "DescribeStacks"), "SignatureDoesNotMatch", early),
    ] {
        proxy.answer(kind, code, 403, message);
        let refused = mesh.run_through(&local, proxy.endpoint(), "deploy", &["--yes"]);
        assert_eq!(refused.code, 1, "{}", refused.text());
        for word in [kind.1, message, "set the clock of this machine"] {
            assert!(refused.text().contains(word), "{word} in\n{}", refused.text());
        }
    }
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());
}
