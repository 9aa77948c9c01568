//! The templates for CI: they parse, their scripts are scripts, and the comment is written once and then updated.

use crate::demo::repository;
use std::fs;
use std::process::Command;

/// Runs Python's tests of the templates: a fake API server on this machine, the scripts of the jobs by `bash -n`.
#[test]
fn the_templates_for_ci_work() {
    let venv = repository(".local/venv/bin/python");
    let python = if venv.is_file() { venv } else { "python3".into() };
    let output = Command::new(python)
        .args(["-W", "error", "tests/ci/test_templates.py"])
        .current_dir(repository(""))
        .output()
        .expect("python is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("\nOK"), "{said}");
}

#[test]
fn no_name_of_a_branch_becomes_a_script() {
    let workflow = fs::read_to_string(repository("templates/ci/github/meshform.yml")).expect("it is text");
    assert!(!workflow.lines().any(|line| line.trim_start().starts_with("pull_request_target")));
    let mut runs = 0;
    let mut indent = None;
    for line in workflow.lines() {
        let depth = line.len() - line.trim_start().len();
        if indent.is_some_and(|own| depth <= own && !line.trim().is_empty()) {
            indent = None;
        }
        if line.trim_start().starts_with("run:") {
            indent = Some(depth);
            runs += 1;
        }
        assert!(indent.is_none() || !line.contains("${{"), "an expression inside of a script: {line}");
    }
    assert!(runs > 8, "the scripts are found: {runs}");
    for line in workflow.lines().filter(|line| line.contains("uses:")) {
        let pin = line.split_once('@').map_or("", |(_, pin)| pin.split(' ').next().unwrap_or(""));
        assert!(pin.len() == 40 && pin.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    }
}
