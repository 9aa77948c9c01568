//! Runs that are killed, that meet another, and that take everything away again, over the wire.

use super::harness::{Identity, LocalAws};
use super::mesh::{Mesh, count_of, lanes, standing};
use super::mutating;
use serde_json::{Value, json};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Kills a deploy at its n-th mutating call, when that is done and not answered; false when there were fewer.
pub(super) fn killed_at(local: &LocalAws, mesh: &Mesh, call: usize) -> bool {
    killed_when(local, mesh, &[], &json!({"holdAfter": call, "holdStack": null}))
}

/// Kills a deploy at its n-th mutating call about one stack.
pub(super) fn killed_at_call_about(local: &LocalAws, mesh: &Mesh, more: &[&str], stack: &str, call: usize) -> bool {
    killed_when(local, mesh, more, &json!({"holdAfter": call, "holdStack": stack}))
}

fn killed_when(local: &LocalAws, mesh: &Mesh, more: &[&str], held: &Value) -> bool {
    local.call("POST", "control", held);
    let path = mesh.environment.display().to_string();
    let mut deploy = local.spawn(Identity::Deployer, &[&["deploy", "-e", &path, "--yes"], more].concat());
    let limit = Instant::now() + Duration::from_secs(180);
    let held = loop {
        if local.call("GET", "control", &Value::Null)["held"] == true {
            break true;
        }
        if deploy.try_wait().expect("the program can be asked").is_some() {
            break false;
        }
        assert!(Instant::now() < limit, "no call is held and the deploy does not end: {held}");
        std::thread::sleep(Duration::from_millis(10));
    };
    // SIGKILL: no handler runs
    deploy.kill().expect("the program can be killed");
    deploy.wait().expect("the program ends");
    local.call("POST", "control", &json!({"holdAfter": null, "holdStack": null}));
    held
}

#[test]
fn killed_at_every_call_that_changes_something_the_next_deploy_comes_to_the_same() {
    let local = LocalAws::start();
    let undisturbed = Mesh::to_torture();
    undisturbed.prepare(&local);
    local.call("DELETE", "log", &Value::Null);
    let deployed = undisturbed.run(&local, "deploy", &["--yes"]);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    let calls = mutating(&local.call("GET", "log", &Value::Null));
    let executions = count_of(&local, "ExecuteChangeSet");
    assert!(calls.len() > 15 && executions > 5, "the story is hollow: {calls:?}");
    let wanted = standing(&local, &undisturbed);
    let (killed, next, began) = (AtomicUsize::new(0), AtomicUsize::new(1), Instant::now());
    let work = |local: LocalAws| {
        loop {
            let call = next.fetch_add(1, Ordering::Relaxed);
            if call > calls.len() {
                return;
            }
            let mesh = Mesh::to_torture();
            mesh.prepare(&local);
            local.call("DELETE", "log", &Value::Null);
            killed.fetch_add(usize::from(killed_at(&local, &mesh, call)), Ordering::Relaxed);
            let case = format!("killed at call {call} of {}", calls.len());
            let again = mesh.run(&local, "deploy", &["--yes"]);
            assert_eq!(again.code, 0, "{case}: {}", again.text());
            assert_eq!(standing(&local, &mesh), wanted, "{case}");
            assert_eq!(count_of(&local, "ExecuteChangeSet"), executions, "{case}: done twice, or not at all");
            local.call("DELETE", "log", &Value::Null);
            let third = mesh.run(&local, "deploy", &["--yes"]);
            assert_eq!(third.code, 0, "{case}: {}", third.text());
            assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new(), "{case}");
            println!("{case}: the same; {} s", began.elapsed().as_secs());
        }
    };
    std::thread::scope(|scope| {
        let work = &work;
        for _ in 1..lanes() {
            scope.spawn(move || work(LocalAws::start()));
        }
        work(local);
    });
    let killed = killed.into_inner();
    println!(
        "killed at every call: {} calls that change something, {killed} killed, {executions} executions each time, {} s",
        calls.len(),
        began.elapsed().as_secs()
    );
    // how often the lock is renewed hangs on the time that a run takes
    let locks = calls.iter().filter(|call| *call == "s3:PutObject").count();
    assert!(locks >= 2, "taken and released: {calls:?}");
    assert!(killed + locks >= calls.len(), "{killed} of {} calls were killed", calls.len());
}

#[test]
fn a_lock_is_told_broken_by_name_and_a_journal_tells_the_run() {
    let local = LocalAws::start();
    let (mesh, elsewhere) = (Mesh::new(), Mesh::new());
    mesh.prepare(&local);
    assert!(killed_at(&local, &mesh, 6));
    let status = mesh.run(&local, "status", &[]);
    // not the bootstrap's, which ended well perhaps in the same second
    assert!(status.text().contains("did not come to its end"), "{}", status.text());
    // another machine knows nothing of that process
    let refused = elsewhere.run(&local, "deploy", &["--yes"]);
    assert_eq!(refused.code, 1, "{}", refused.text());
    let text = refused.text();
    let run =
        text.split("--break-lock ").nth(1).and_then(|rest| rest.split('`').next()).expect("the hint names the run");
    let wrong = elsewhere.run(&local, "deploy", &["--yes", "--break-lock", "another"]);
    assert_eq!(wrong.code, 1, "{}", wrong.text());
    let broken = elsewhere.run(&local, "deploy", &["--yes", "--break-lock", run]);
    assert_eq!(broken.code, 0, "{}", broken.text());
    assert!(broken.text().contains("broke the lock of run"), "{}", broken.text());
    let folder = mesh.environment.join("../../.meshform/journal/small");
    let text = fs::read_to_string(folder.join(format!("{run}.jsonl"))).expect("the run has a journal");
    assert!(text.contains("\"entry\":\"intent\"") && text.contains(run), "{text}");
}

#[test]
fn a_mesh_is_destroyed_backward_and_what_stays_is_told_before() {
    let local = LocalAws::start();
    let mesh = Mesh::new();
    mesh.prepare(&local);
    let deployed = mesh.run(&local, "deploy", &["--yes"]);
    assert_eq!(deployed.code, 0, "{}", deployed.text());
    local.call("DELETE", "log", &Value::Null);
    let protected = mesh.run(&local, "destroy", &["--yes", "small"]);
    assert_eq!(protected.code, 5, "{}", protected.text());
    assert!(protected.text().contains("has termination protection"), "{}", protected.text());
    let listed = mesh.run(&local, "destroy", &["--unprotect"]);
    assert_eq!(listed.code, 6, "{}", listed.text());
    for word in ["what stays", "AWS::S3::Bucket", "acme-small-sales-data-222222222222", "--yes small"] {
        assert!(listed.text().contains(word), "{word} in\n{}", listed.text());
    }
    let another = mesh.run(&local, "destroy", &["--yes", "large"]);
    assert_eq!(another.code, 6, "{}", another.text());
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());
    let gone = mesh.run(&local, "destroy", &["--yes", "small", "--unprotect"]);
    assert_eq!(gone.code, 0, "{}", gone.text());
    let log = local.call("GET", "log", &Value::Null);
    let deletes: Vec<&str> = (log.as_array().into_iter().flatten())
        .filter(|call| call["action"] == "DeleteStack")
        .filter_map(|call| call["stack"].as_str())
        .collect();
    let at =
        |name: &str| deletes.iter().position(|stack| *stack == name).unwrap_or_else(|| panic!("{name} in {deletes:?}"));
    assert!(at("small-access-analysts") < at("small-sharing-analysts"), "{deletes:?}");
    assert!(at("small-sharing-analysts") < at("small-publication-sales"), "{deletes:?}");
    assert!(at("small-publication-sales") < at("small-storage-sales"), "{deletes:?}");
    assert!(
        log.as_array().into_iter().flatten().any(|call| call["action"] == "ListPermissions"),
        "grants are read back"
    );
    let lakes = local.call("GET", "lakeformation", &Value::Null);
    for lake in lakes.as_array().into_iter().flatten() {
        assert_eq!(lake["grants"], json!([]), "{lake}");
    }
    let again = mesh.run(&local, "destroy", &["--yes", "small"]);
    assert_eq!(again.code, 0, "{}", again.text());
    assert!(again.text().contains("nothing of small stands"), "{}", again.text());
}
