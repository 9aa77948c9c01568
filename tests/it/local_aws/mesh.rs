//! A mesh in a place of its own, and what stands of it.

use super::harness::{Identity, LocalAws, Ran, copy_environment};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A small mesh in a place of its own, so that its journals are its own too: governance, one producer, one consumer.
pub(super) struct Mesh {
    folder: tempfile::TempDir,
    pub(super) environment: PathBuf,
}

impl Mesh {
    pub(super) fn new() -> Self {
        let mesh = Self::copy("tests/fixtures/valid/small");
        fs::remove_file(mesh.environment.join("consumers/shop.yaml")).expect("the copy has the consumer");
        mesh
    }

    /// The small mesh, or that of `make torture`.
    pub(super) fn to_torture() -> Self {
        std::env::var("MESHFORM_TORTURE").map_or_else(|_| Self::new(), |from| Self::copy(&from))
    }

    fn copy(from: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let name = Path::new(from).file_name().expect("an environment has a name");
        let environment = folder.path().join("environments").join(name);
        copy_environment(from, &environment);
        Self { folder, environment }
    }

    pub(super) fn run(&self, local: &LocalAws, verb: &str, more: &[&str]) -> Ran {
        let path = self.environment.display().to_string();
        local.meshform(Identity::Deployer, &[&[verb, "-e", &path], more].concat())
    }

    /// Runs a verb through another endpoint.
    pub(super) fn run_through(&self, local: &LocalAws, endpoint: &str, verb: &str, more: &[&str]) -> Ran {
        let path = self.environment.display().to_string();
        local.meshform_through(endpoint, Identity::Deployer, &[&[verb, "-e", &path], more].concat())
    }

    /// The text of all its journals.
    pub(super) fn journals(&self) -> String {
        let Some(name) = self.environment.file_name() else { return String::new() };
        let folder = self.folder.path().join(".meshform/journal").join(name);
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok()).collect()
    }

    pub(super) fn prepare(&self, local: &LocalAws) {
        local.setup(3);
        local.bootstrap_of(&self.environment.display().to_string());
    }
}

/// What stands, as far as it can be compared between two histories: in order, since which of two stacks comes first hangs on the time.
pub(super) fn standing(local: &LocalAws, mesh: &Mesh) -> Vec<String> {
    let status = mesh.run(local, "status", &["--format", "json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("the status is JSON");
    let stacks = status["stacks"].as_object().expect("the status has stacks");
    let mut all: Vec<String> = stacks.iter().map(|(stack, status)| format!("{stack} {status}")).collect();
    let lakes = local.call("GET", "lakeformation", &Value::Null);
    for lake in lakes.as_array().into_iter().flatten() {
        for part in ["settings", "tags", "associations"] {
            all.push(format!("{} {part} {}", lake["account"], lake[part]));
        }
        // each registration has an id that the service draws
        let locations = lake["locations"].as_array().into_iter().flatten();
        all.extend(
            locations
                .map(|location| format!("{} {} {}", lake["account"], location["ResourceArn"], location["RoleArn"])),
        );
        let grant = |grant: &Value| {
            format!("{} {} {} {}", lake["account"], grant["principal"], grant["resource"], grant["permissions"])
        };
        all.extend(lake["grants"].as_array().into_iter().flatten().map(grant));
    }
    all.sort();
    all
}

/// How many runs go on at once, each against a local AWS of its own: a deploy mostly waits.
pub(super) fn lanes() -> usize {
    if std::env::var_os("MESHFORM_TORTURE").is_some() { 6 } else { 3 }
}

pub(super) fn count_of(local: &LocalAws, verb: &str) -> usize {
    let log = local.call("GET", "log", &Value::Null);
    let calls = log.as_array().expect("the log is a list");
    calls.iter().filter(|call| call["action"] == verb && call["status"] == 200).count()
}
