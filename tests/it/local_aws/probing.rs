//! `doctor --probe` over the wire, as far as the local AWS can: it has no function that would make the calls of a probe, so every probe
//! ends as one that could not be told. What is shown is what is refused, what is cleaned up, and how the record is written.

use super::harness::{Identity, LocalAws, Ran, copy_environment};
use super::mutating;
use crate::demo::repository;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const THROWAWAY: &str = "888888888888";
const SECOND: &str = "777777777777";

struct Mesh {
    _folder: tempfile::TempDir,
    environment: PathBuf,
}

impl Mesh {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a directory can be made");
        let environment = folder.path().join("environments/small");
        copy_environment("tests/fixtures/valid/small", &environment);
        let file = environment.join("mesh.yaml");
        let text = fs::read_to_string(&file).expect("the mesh has a file");
        let deployment = "deployment: {from: \"666666666666\", management: \"999999999990\"}\n";
        fs::write(file, text + deployment).expect("the file can be written");
        Self { _folder: folder, environment }
    }

    fn record(&self) -> PathBuf {
        self.environment.join("probes.json")
    }

    fn probe(&self, local: &LocalAws, accounts: &[&str], more: &[&str]) -> Ran {
        let path = self.environment.display().to_string();
        let mut arguments = vec!["doctor", "-e", &path];
        arguments.extend(accounts.iter().flat_map(|account| ["--probe", account]));
        arguments.extend(more);
        local.meshform(Identity::Administrator, &arguments)
    }

    /// Names in the environment's folder, those that begin with a dot too.
    fn files(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(&self.environment).expect("the folder is there");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("the record is there")).expect("the record is JSON")
}

#[test]
fn an_account_that_is_not_to_be_thrown_away_is_refused_before_anything_is_made() {
    let local = LocalAws::start();
    local.setup(1);
    let mesh = Mesh::new();
    // no call at all: the mesh's own accounts, and what is no account
    local.call("DELETE", "log", &Value::Null);
    let own = ["111111111111", "222222222222", "333333333333", "444444444444", "666666666666", "999999999990"];
    for account in own {
        let ran = mesh.probe(&local, &[account], &[]);
        assert_eq!(ran.code, 2, "{}", ran.text());
        let told = format!("account {account} is one of the mesh, and is not probed in");
        assert!(ran.text().contains(&told), "{}", ran.text());
        let second = mesh.probe(&local, &[THROWAWAY, account], &[]);
        assert_eq!(second.code, 2, "{}", second.text());
    }
    for (typed, told) in [
        (&["88888888888"][..], "`88888888888` is no account"),
        (&["*"], "`*` is no account"),
        (&["arn:aws:iam::888888888888:root"], "is no account"),
        (&[THROWAWAY, THROWAWAY], "account 888888888888 is named twice"),
        (&[THROWAWAY, SECOND, "555555555555"], "3 accounts were named"),
    ] {
        let ran = mesh.probe(&local, typed, &[]);
        assert_eq!(ran.code, 2, "{}", ran.text());
        assert!(ran.text().contains(told), "{told} in\n{}", ran.text());
    }
    // a record that would be overwritten without having been understood
    for (record, told) in [
        ("{", "it is no record of probes"),
        ("{\"version\": 9}", "it is a record of version 9"),
        ("{\"version\":1,\"mesh\":\"another\",\"probes\":[],\"left\":[]}", "it is the record of the mesh `another`"),
    ] {
        fs::write(mesh.record(), record).expect("the record can be written");
        let ran = mesh.probe(&local, &[THROWAWAY], &[]);
        assert_eq!(ran.code, 3, "{}", ran.text());
        assert!(ran.text().contains(told) && ran.text().contains("probes.json"), "{}", ran.text());
        assert_eq!(fs::read_to_string(mesh.record()).expect("it is there"), record, "it is as it was");
    }
    fs::remove_file(mesh.record()).expect("the record can be removed");
    let log = local.call("GET", "log", &Value::Null);
    assert_eq!(log, json!([]), "not even a session is opened");
    // the account has a stack of the mesh that no file names any more
    let shop = mesh.environment.join("consumers/shop.yaml");
    local.bootstrap_of(&mesh.environment.display().to_string());
    fs::remove_file(shop).expect("the copy has the consumer");
    local.call("DELETE", "log", &Value::Null);
    let ran = mesh.probe(&local, &["444444444444"], &[]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(ran.text().contains("small-bootstrap"), "{}", ran.text());
    // the second account is looked at before anything is made in the first
    let ran = mesh.probe(&local, &[THROWAWAY, "444444444444"], &[]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    // an account in which the administrator's role does not answer
    let ran = mesh.probe(&local, &["123456789012"], &[]);
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(ran.text().contains("deployment.administratorRole"), "{}", ran.text());
    assert_eq!(mutating(&local.call("GET", "log", &Value::Null)), Vec::<String>::new());
    assert!(!mesh.record().exists());
}

#[test]
fn what_was_shown_is_recorded_whole_with_its_day_and_what_cannot_be_told_takes_nothing_away() {
    let local = LocalAws::start();
    local.setup(2);
    let mesh = Mesh::new();
    let before = mesh.files();
    let first = mesh.probe(&local, &[THROWAWAY], &["--format", "json"]);
    assert_eq!(first.code, 0, "{}", first.text());
    let record = read(&mesh.record());
    assert_eq!(
        first.stdout,
        fs::read_to_string(mesh.record()).expect("it is there"),
        "what is printed is what is kept"
    );
    let schema = read(&repository("docs/schemas/probes.schema.json"));
    assert!(jsonschema::is_valid(&schema, &record), "{record}");
    let probes = record["probes"].as_array().expect("a list");
    let numbers: Vec<u64> = probes.iter().filter_map(|probe| probe["number"].as_u64()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let run = probes[0]["run"].clone();
    for probe in probes {
        let date = probe["date"].as_str().expect("a day");
        assert!(date.len() == 10 && date.starts_with("20") && meshform::mesh::Day::parse(date).is_ok(), "{date}");
        assert_eq!(probe["verdict"], "not-told");
        assert_eq!(probe["run"], run);
        assert_eq!(probe["accounts"], json!([THROWAWAY]));
        assert_eq!(probe["region"], "eu-west-1");
        assert!(probe["seen"].as_str().is_some_and(|seen| !seen.is_empty()), "{probe}");
    }
    assert!(record["left"].to_string().contains("Lake Formation's settings"), "{record}");
    let with_record: BTreeSet<String> = before.iter().cloned().chain(["probes.json".to_owned()]).collect();
    assert_eq!(mesh.files(), with_record, "nothing lies beside it");
    // what was made is gone, as the administrator of that account alone
    let log = local.call("GET", "log", &Value::Null);
    assert!(log.as_array().into_iter().flatten().any(|call| call["action"] == "DeleteStack"), "{log}");
    for call in log.as_array().into_iter().flatten().filter(|call| call["mutating"] == true) {
        assert_eq!(call["account"], THROWAWAY, "{call}");
    }
    // a result of an earlier day, by hand: a run that cannot tell leaves it, and takes the place of what could not be told either
    let mut told = record.clone();
    let old = [("date", json!("2026-01-02")), ("verdict", json!("otherwise")), ("seen", json!("both columns"))];
    for (field, value) in old {
        told["probes"][2][field] = value;
    }
    told["left"] = json!(["account 888888888888: stack meshform-probe-old: it stays"]);
    fs::write(mesh.record(), told.to_string()).expect("the record can be written");
    let second = mesh.probe(&local, &[THROWAWAY, SECOND], &[]);
    assert_eq!(second.code, 0, "what an earlier run showed is no failure of this one: {}", second.text());
    let record = read(&mesh.record());
    assert_eq!(record["probes"][2], told["probes"][2]);
    assert_eq!(record["probes"][3]["accounts"], json!([THROWAWAY, SECOND]));
    assert_ne!(record["probes"][3]["run"], run);
    assert!(!record["left"].to_string().contains("meshform-probe-old"), "what is left is of the last run: {record}");
    assert!(record["left"].to_string().contains("AWS RAM"), "{record}");
    assert_eq!(mesh.files(), with_record);
}

/// A record that cannot be replaced is told, with what was shown; the old one stays whole.
#[cfg(unix)]
#[test]
fn a_record_that_cannot_be_written_stays_as_it_was_and_is_told() {
    let local = LocalAws::start();
    local.setup(3);
    let mesh = Mesh::new();
    // a folder stands where the record should: nothing can be renamed over it
    fs::create_dir_all(mesh.record().join("inner")).expect("a directory can be made");
    let ran = mesh.probe(&local, &[THROWAWAY], &[]);
    assert_ne!(ran.code, 0, "{}", ran.text());
    assert!(ran.text().contains("probes.json is where the result is recorded"), "{}", ran.text());
    let log = local.call("GET", "log", &Value::Null);
    assert_eq!(mutating(&log), Vec::<String>::new(), "what cannot be recorded is not begun");
    assert!(mesh.record().join("inner").is_dir());
}
