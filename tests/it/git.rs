//! `meshform diff --base`: git is asked for what stood in a commit, whatever the repository, and nothing is touched.

use crate::common::fixture;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A repository with one environment, committed once.
pub(crate) struct Repository {
    directory: tempfile::TempDir,
}

impl Repository {
    pub(crate) fn of(environment: &Path, name: &str) -> Self {
        let repository = Self { directory: tempfile::tempdir().expect("there is room") };
        copy(environment, &repository.path("environments").join(name));
        repository.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repository.commit("base");
        repository
    }

    fn small() -> Self {
        Self::of(&fixture("valid/small"), "small")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=tester",
            "-c",
            "user.email=tester@acme.example",
            "-c",
            "protocol.file.allow=always",
        ]);
        let output = command.arg("-C").arg(self.directory.path()).args(arguments).output().expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    pub(crate) fn replace(&self, file: &str, before: &str, after: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(before), "{file} holds {before}");
        fs::write(path, text.replace(before, after)).expect("it can be written");
    }

    pub(crate) fn diff(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it can be started")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_meshform"));
        command.arg("diff").args(arguments).current_dir(self.directory.path()).env_remove("GIT_DIR");
        command
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be read");
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).expect("it can be copied")),
        }
    }
}

pub(crate) fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const NOTHING: &str = "nothing changes";

#[test]
fn nothing_of_the_repository_is_touched() {
    let repository = Repository::small();
    let state = |repository: &Repository| {
        let index = fs::read(repository.path(".git/index")).expect("there is an index");
        (index, repository.git(&["for-each-ref"]), repository.git(&["reflog"]))
    };
    repository.replace("environments/small/domains/sales.yaml", "sales", "sales");
    let before = state(&repository);
    let output = repository.diff(&["--base", "HEAD"]);
    assert_eq!((output.status.code(), state(&repository)), (Some(0), before), "{}", err(&output));
    assert!(out(&output).contains(NOTHING), "{}", out(&output));
    assert!(err(&output).contains("comparing with HEAD, commit "), "{}", err(&output));
}

#[test]
fn a_reference_is_a_commit_or_is_refused_with_the_reason() {
    let repository = Repository::small();
    repository.git(&["tag", "v 1".replace(' ', "-").as_str()]);
    repository.commit("second");
    let cases: &[(&str, i32, &str)] = &[
        ("HEAD", 0, "comparing with HEAD, commit"),
        ("main", 0, "comparing with main, commit"),
        ("v-1", 0, "comparing with v-1, commit"),
        ("HEAD~1", 0, "comparing with HEAD~1, commit"),
        ("main...", 0, "comparing with main (where this branch left it), commit"),
        ("main...HEAD", 0, "comparing with main (where this branch left it), commit"),
        ("main...v-1", 2, "names two sides"),
        ("HEAD~1..HEAD", 2, "is a range"),
        ("nobody", 2, "this repository has no commit `nobody`"),
        ("a b", 2, "this repository has no commit `a b`"),
        ("main:environments", 2, "this repository has no commit"),
        ("--output=here", 2, "is not the name of a commit"),
        ("-x", 2, "is not the name of a commit"),
        ("", 2, "is not the name of a commit"),
        ("line\nbreak", 2, "no commit `line\\nbreak`"),
    ];
    for (reference, code, said) in cases {
        let output = repository.diff(&["--base", reference]);
        assert_eq!(output.status.code(), Some(*code), "{reference}: {}", err(&output));
        assert!(err(&output).contains(said), "{reference}: {}", err(&output));
    }
    assert!(!repository.path("here").exists());
}

#[test]
fn without_a_side_it_is_where_this_branch_left_the_default_branch() {
    let upstream = Repository::small();
    let clone = tempfile::tempdir().expect("there is room");
    upstream.git(&["clone", "--quiet", ".", clone.path().to_str().expect("it is text")]);
    let clone = Repository { directory: clone };
    clone.git(&["checkout", "--quiet", "-b", "mine"]);
    // what the others did since then is not this branch's
    upstream.replace("environments/small/mesh.yaml", "name: small", "name: other");
    upstream.commit("of others");
    clone.git(&["fetch", "--quiet"]);
    let output = clone.diff(&["--exit-code"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("comparing with origin/main (where this branch left it)"), "{}", err(&output));
    let output = clone.diff(&["--base", "origin/main", "--format", "json"]);
    assert!(out(&output).contains("\"stacks\": [\n"), "{}{}", out(&output), err(&output));
}

#[test]
fn a_shallow_clone_is_told_how_to_get_its_history() {
    let upstream = Repository::small();
    upstream.commit("second");
    let clone = tempfile::tempdir().expect("there is room");
    let address = format!("file://{}", upstream.path("").display());
    upstream.git(&["clone", "--quiet", "--depth=1", &address, clone.path().to_str().expect("it is text")]);
    let clone = Repository { directory: clone };
    let output = clone.diff(&["--base", "HEAD~1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("fetch-depth: 0"), "{}", err(&output));
}

#[test]
fn without_git_or_a_repository_there_is_another_way() {
    let repository = Repository::small();
    let output = repository.command(&["--base", "HEAD"]).env("PATH", "").output().expect("it can be started");
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("install git") && err(&output).contains("--against"), "{}", err(&output));
    fs::remove_dir_all(repository.path(".git")).expect("it can be removed");
    let output = repository
        .command(&["--base", "HEAD"])
        .env("GIT_CEILING_DIRECTORIES", repository.path("").parent().expect("it has one"))
        .output()
        .expect("it can be started");
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("is not in the work tree of a git repository"), "{}", err(&output));
    let output = repository.diff(&["--against", "environments/small", "--exit-code"]);
    assert_eq!((output.status.code(), out(&output).contains(NOTHING)), (Some(0), true), "{}", err(&output));
}

#[test]
fn an_environment_that_is_new_is_added_as_a_whole() {
    let repository = Repository::small();
    copy(&repository.path("environments/small"), &repository.path("environments/second"));
    let output = repository.diff(&["-e", "second", "--base", "HEAD", "--format", "json", "--exit-code"]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let diff: serde_json::Value = serde_json::from_str(&out(&output)).expect("it is JSON");
    let stacks = diff["stacks"].as_array().expect("it is a list");
    assert!(!stacks.is_empty() && stacks.iter().all(|stack| stack["change"] == "added"), "{}", out(&output));
    assert_eq!(diff["summary"]["removed"], 0);
}

#[test]
fn what_a_hook_leaves_in_the_environment_leads_nowhere_else() {
    let (repository, other) = (Repository::small(), Repository::small());
    other.replace("environments/small/mesh.yaml", "name: small", "name: other");
    other.commit("another mesh");
    let output = repository
        .command(&["--base", "HEAD", "--exit-code"])
        .env("GIT_DIR", other.path(".git"))
        .env("GIT_INDEX_FILE", other.path(".git/index"))
        .env("GIT_WORK_TREE", other.path(""))
        .output()
        .expect("it can be started");
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
}

#[test]
fn nothing_that_the_configuration_names_is_started() {
    let repository = Repository::small();
    let (script, trace) = (repository.path("evil.sh"), repository.path("started"));
    fs::write(&script, format!("#!/bin/sh\ntouch '{}'\n", trace.display())).expect("it can be written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it can be changed");
    let script = script.to_str().expect("it is text");
    for key in ["core.fsmonitor", "diff.external", "core.pager", "core.editor", "core.sshCommand", "core.askPass"] {
        repository.git(&["config", key, script]);
    }
    repository.git(&["config", "core.hooksPath", repository.path("").to_str().expect("it is text")]);
    repository.git(&["config", "core.quotepath", "true"]);
    repository.git(&["config", "alias.cat-file", &format!("!{script}")]);
    let output = repository.diff(&["--base", "HEAD"]);
    assert!(output.status.success() && !trace.exists(), "{}", err(&output));
}

#[test]
fn names_beyond_ascii_are_read_as_they_are() {
    let repository = Repository::of(&fixture("valid/small"), "größe-ü");
    repository.git(&["config", "core.quotepath", "true"]);
    let output = repository.diff(&["--base", "HEAD"]);
    assert!(output.status.success() && out(&output).contains(NOTHING), "{}{}", out(&output), err(&output));
}

#[test]
fn a_link_is_followed_inside_of_the_commit() {
    let repository = Repository::small();
    let file = repository.path("environments/small/consumers/shop.yaml");
    fs::rename(&file, repository.path("shop.yaml")).expect("it can be moved");
    symlink("../../../shop.yaml", &file).expect("it can be made");
    repository.commit("a link");
    let output = repository.diff(&["--base", "HEAD"]);
    assert!(out(&output).contains(NOTHING), "{}{}", out(&output), err(&output));
    // the base's link is answered by the commit, not by the disk
    repository.replace("shop.yaml", "kind: Consumer", "kind:  Consumer");
    let output = repository.diff(&["--base", "HEAD"]);
    assert!(out(&output).contains(NOTHING), "{}{}", out(&output), err(&output));
}

/// What a base is that cannot be read as a file: spoils the last commit, and mends the work tree again.
fn refused(spoil: impl FnOnce(&Repository), said: &str) {
    let repository = Repository::small();
    spoil(&repository);
    let output = repository.diff(&["--base", "HEAD"]);
    assert_eq!(output.status.code(), Some(3), "{said}: {}{}", out(&output), err(&output));
    let told = err(&output);
    assert!(told.contains("there is nothing to compare with in HEAD") && told.contains(said), "{said}: {told}");
}

#[test]
fn what_is_no_file_in_the_commit_is_told() {
    let extra = "environments/small/domains/extra.yaml";
    let linked = |target: &'static str| {
        move |repository: &Repository| {
            symlink(target, repository.path(extra)).expect("it can be made");
            repository.commit("spoilt");
            fs::remove_file(repository.path(extra)).expect("it can be removed");
        }
    };
    refused(linked("/etc/hostname"), "a link that leads out of the repository");
    refused(linked("extra.yaml"), "a link that leads to itself");
    refused(linked("nowhere.yaml"), "a link to nothing");
    refused(linked("../consumers"), "a directory, not a file");
    refused(
        |repository| {
            let commit = repository.git(&["rev-parse", "HEAD"]);
            repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{extra}")]);
            repository.git(&["commit", "--quiet", "--message", "a submodule"]);
        },
        "a submodule, whose files are in another repository",
    );
    refused(
        |repository| {
            fs::write(repository.path(extra), vec![b'#'; 8 * 1024 * 1024 + 1]).expect("there is room");
            repository.commit("large");
            fs::remove_file(repository.path(extra)).expect("it can be removed");
        },
        "8 MiB",
    );
    refused(
        |repository| {
            let path = repository.path("environments/small/domains").join(OsStr::from_bytes(b"\xff.yaml"));
            fs::write(&path, "kind: Domain\n").expect("it can be written");
            repository.commit("a name of bytes");
            fs::remove_file(&path).expect("it can be removed");
        },
        "a file whose name is not UTF-8",
    );
}

#[test]
fn a_base_that_does_not_validate_is_compared_by_its_committed_stacks() {
    let repository = Repository::small();
    let written = Command::new(env!("CARGO_BIN_EXE_meshform"))
        .args(["synth", "-e", "small"])
        .current_dir(repository.path(""))
        .output()
        .expect("it can be started");
    assert!(written.status.success(), "{}", err(&written));
    let mesh = fs::read_to_string(repository.path("environments/small/mesh.yaml")).expect("it is text");
    fs::write(repository.path("environments/small/mesh.yaml"), format!("{mesh}colour: blue\n")).expect("there is room");
    repository.commit("a base that is wrong");
    fs::write(repository.path("environments/small/mesh.yaml"), &mesh).expect("there is room");
    let output = repository.diff(&["--base", "HEAD", "--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let diff: serde_json::Value = serde_json::from_str(&out(&output)).expect("it is JSON");
    assert_eq!(
        (&diff["stacks"], &diff["access"]),
        (&serde_json::json!([]), &serde_json::json!([])),
        "{}",
        out(&output)
    );
    let limits = diff["base"]["limits"].to_string();
    assert!(limits.contains("does not validate") && limits.contains("mesh.yaml, line"), "{limits}");
    let comment = out(&repository.diff(&["--base", "HEAD", "--format", "markdown"]));
    assert!(comment.contains("only a part could be compared") && comment.contains("does not validate"), "{comment}");
}

#[test]
fn a_head_that_does_not_validate_is_refused_as_in_other_verbs() {
    let repository = Repository::small();
    repository.replace("environments/small/mesh.yaml", "name: small", "name: small\ncolour: blue");
    let output = repository.diff(&["--base", "HEAD", "--format", "markdown"]);
    assert_eq!((output.status.code(), out(&output)), (Some(3), String::new()));
    assert!(err(&output).contains("colour"), "{}", err(&output));
    let output = repository.diff(&["--base", "HEAD", "--format", "github"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(out(&output).contains("::error file=environments/small/mesh.yaml,"), "{}", out(&output));
}
