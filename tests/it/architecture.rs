//! The rules of the house that no compiler keeps: who may name what, how long a file may be, under which licences we stand.

use crate::demo::repository;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Lines that a file under `src/` may have without a reason.
const LONGEST: usize = 400;

/// Longer files, with the reason. A file that is no longer one goes from here.
const WAIVERS: &[(&str, &str)] = &[
    ("src/assembly/check/wildcards.rs", "a table: every exception with its reason"),
    ("src/environment/files.rs", "the fields of the format, one after another: nothing but types and their docs"),
    ("src/plan/diff/model.rs", "the shape of an output: nothing but types and their docs"),
];

/// The folders and files that may touch the disk and the process's environment.
const DOORS: &[&str] = &["src/environment/load.rs", "src/assembly/directory.rs", "src/assembly/foreign.rs", "src/cli/"];

/// A file under `src/` that is shipped.
struct Source {
    path: String,
    /// Its code: without its unit tests, which stand last, and without comments.
    code: String,
    /// Lines up to its unit tests.
    lines: usize,
}

/// Every Rust file under `src/`, save those that are compiled for tests alone.
fn sources() -> Vec<Source> {
    let mut texts = BTreeMap::new();
    let mut folders = vec!["src".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repository(&folder)).expect("the folder can be read") {
            let entry = entry.expect("the folder can be read");
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.ends_with(".rs") {
                texts.insert(path, fs::read_to_string(entry.path()).expect("sources are text"));
            }
        }
    }
    let tests: BTreeSet<String> = texts.iter().flat_map(|(path, text)| files_of_tests(path, text)).collect();
    // a module of tests may be a folder
    let of_tests =
        |path: &str| tests.iter().any(|test| path.starts_with(&format!("{}/", test.trim_end_matches(".rs"))));
    texts.retain(|path, _| !tests.contains(path) && !of_tests(path));
    assert!(texts.len() > 50 && tests.len() > 1, "the sources are found");
    texts
        .into_iter()
        .map(|(path, text)| {
            let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
            Source { code: code.collect::<Vec<_>>().join("\n"), lines: shipped.lines().count(), path }
        })
        .collect()
}

/// The files of the modules that a file declares for tests alone.
fn files_of_tests(path: &str, text: &str) -> Vec<String> {
    let (folder, file) = path.rsplit_once('/').expect("a source is below src");
    let own = match file {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    };
    let declared = text.split("#[cfg(test)]\n").skip(1).filter_map(|after| {
        if let Some(named) = after.strip_prefix("#[path = \"") {
            return Some(format!("{folder}/{}", named.split('"').next()?));
        }
        let line = after.lines().next()?;
        let module = line.strip_suffix(';')?.rsplit_once("mod ")?.1;
        Some(format!("{own}/{module}.rs"))
    });
    declared.collect()
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Whether a code names something: the words, not as a part of longer words.
fn names(code: &str, words: &str) -> bool {
    code.match_indices(words).any(|(start, found)| {
        let before = code[..start].chars().next_back().is_some_and(is_name);
        let after = words.ends_with(is_name) && code[start + found.len()..].chars().next().is_some_and(is_name);
        !before && !after
    })
}

/// Files outside some places that name one of some words; each with the word.
fn offenders(words: &[&str], places: &[&str]) -> Vec<String> {
    let outside = sources().into_iter().filter(|source| !places.iter().any(|place| source.path.starts_with(place)));
    let of = |source: &Source| {
        let found = words.iter().filter(|word| names(&source.code, word));
        found.map(|word| format!("{}: {word}", source.path)).collect::<Vec<_>>()
    };
    outside.flat_map(|source| of(&source)).collect()
}

#[test]
fn only_deploy_names_the_sdk_and_its_runtime() {
    // a crate's name goes on after these: `aws_sdk_s3`
    let crates = ["aws_sdk", "aws_config", "aws_smithy", "aws_credential", "tokio"];
    let outside = sources().into_iter().filter(|source| !source.path.starts_with("src/deploy/"));
    let found = outside.flat_map(|source| {
        let lines = source.code.lines().map(str::to_owned).collect::<Vec<_>>();
        let path = source.path;
        lines
            .into_iter()
            .filter(|line| crates.iter().any(|name| line.contains(name)))
            .map(move |line| format!("{path}: {line}"))
    });
    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn only_the_doors_touch_the_disk_and_the_environment() {
    let words = ["std::fs", "fs::", "{fs", "std::env", "env::", "current_dir", "File::open", "SystemTime"];
    assert_eq!(offenders(&words, DOORS), [""; 0]);
    // the executor measures how long stacks take, by the runtime's clock, which tests can stop
    let clock = [DOORS, &["src/deploy/"]].concat();
    assert_eq!(offenders(&["Instant"], &clock), [""; 0]);
}

#[test]
fn only_the_command_line_names_stdout_and_stderr() {
    assert_eq!(
        offenders(&["stdout", "stderr", "process::exit", "std::process"], &["src/cli/", "src/main.rs"]),
        [""; 0]
    );
}

#[test]
fn nothing_is_printed_past_the_writers() {
    assert_eq!(offenders(&["println!", "eprintln!", "print!", "eprint!", "dbg!"], &[]), [""; 0]);
}

#[test]
fn no_lint_is_silenced_and_nothing_is_unwrapped() {
    // `#[expect(.., reason = "..")]` is the way: it goes stale by itself
    let found = sources().into_iter().flat_map(|source| {
        let bad = ["#[allow(", "#![allow(", ".unwrap()", "todo!(", "unimplemented!("];
        let found: Vec<String> =
            bad.iter().filter(|bad| source.code.contains(*bad)).map(|bad| format!("{}: {bad}", source.path)).collect();
        found
    });
    assert_eq!(found.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn handlebars_renders_no_cloudformation() {
    let folders = ["src/cfn/", "src/stacks/", "src/assembly/"];
    let found = sources().into_iter().filter(|source| folders.iter().any(|folder| source.path.starts_with(folder)));
    let found = found.filter(|source| source.code.contains("handlebars") || source.code.contains(".hbs"));
    assert_eq!(found.map(|source| source.path).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_file_is_one_idea_of_a_readable_length() {
    let long: BTreeSet<String> =
        sources().into_iter().filter(|source| source.lines > LONGEST).map(|source| source.path).collect();
    let waived: BTreeSet<String> = WAIVERS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(long, waived, "a file has more than {LONGEST} lines, or a waiver is no longer needed");
}

#[test]
fn every_source_file_says_what_it_is_for() {
    let silent = sources().into_iter().filter(|source| {
        let text = fs::read_to_string(repository(&source.path)).expect("sources are text");
        !text.starts_with("//! ")
    });
    assert_eq!(silent.map(|source| source.path).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn nothing_that_is_shipped_names_a_place_of_one_machine() {
    // put together here, or this file would name them itself
    let places = ["work/", "home/", "root/", "Users/"].map(|place| format!("\"/{place}"));
    let found = sources().into_iter().filter(|source| places.iter().any(|place| source.code.contains(place.as_str())));
    assert_eq!(found.map(|source| source.path).collect::<Vec<_>>(), [""; 0]);
}

/// Licences that we may ship under (SPDX).
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Licences of single crates that are not in the list, with the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// Whether an SPDX expression can be met by some licences. `None` when it cannot be read.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    // before SPDX expressions, crates separated alternatives by a slash
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let met = either(&mut rest, allowed)?;
    rest.is_empty().then_some(met)
}

/// `A OR B`, which binds weakest.
fn either(words: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut met = both(words, allowed)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        met |= both(words, allowed)?;
    }
    Some(met)
}

/// `A AND B`.
fn both(words: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut met = one(words, allowed)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        met &= one(words, allowed)?;
    }
    Some(met)
}

/// A licence, with its exception, or something in parentheses.
fn one(words: &mut &[&str], allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let met = either(words, allowed)?;
            let [")", rest @ ..] = *words else { return None };
            *words = rest;
            Some(met)
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            Some(allowed(&format!("{licence} WITH {exception}")))
        }
        [")" | "OR" | "AND" | "WITH", ..] | [] => None,
        [licence, rest @ ..] => {
            *words = rest;
            Some(allowed(licence))
        }
    }
}

#[test]
fn expressions_of_licences_are_read_as_spdx_says() {
    let allowed = |licence: &str| ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].contains(&licence);
    let cases = [
        ("MIT", Some(true)),
        ("GPL-3.0-only", Some(false)),
        ("MIT OR GPL-3.0-only", Some(true)),
        ("GPL-3.0-only/MIT", Some(true)),
        ("MIT AND GPL-3.0-only", Some(false)),
        ("GPL-3.0-only AND MIT OR Zlib", Some(true)),
        ("(GPL-3.0-only OR MIT) AND Zlib", Some(true)),
        ("(GPL-3.0-only OR MIT) AND ISC", Some(false)),
        ("Apache-2.0", Some(false)),
        ("Apache-2.0 WITH LLVM-exception", Some(true)),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0-only", Some(true)),
        ("", None),
        ("MIT OR", None),
        ("(MIT", None),
        ("MIT Zlib", None),
    ];
    for (expression, met) in cases {
        assert_eq!(satisfied(expression, &allowed), met, "{expression}");
    }
}

/// What is shipped: name, version and licence of every crate that meshform is built from, with all features, on any platform.
fn dependencies() -> Vec<(String, String, Option<String>)> {
    let output = Command::new(env!("CARGO"))
        // not offline: a build fetches no crate of another platform, and their licences count too
        .args(["metadata", "--format-version", "1", "--locked", "--all-features", "--manifest-path"])
        .arg(repository("Cargo.toml"))
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the metadata are JSON");
    let items = |value: &serde_json::Value| value.as_array().expect("it is a list").clone();
    let nodes: BTreeMap<String, Vec<serde_json::Value>> = items(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (node["id"].as_str().expect("a node has an id").to_owned(), items(&node["deps"])))
        .collect();
    let root = metadata["resolve"]["root"].as_str().expect("there is one package").to_owned();
    let mut reached = BTreeSet::new();
    let mut waiting = vec![root.clone()];
    while let Some(id) = waiting.pop() {
        for dependency in &nodes[&id] {
            // null is a normal dependency; tests alone need the rest
            let shipped = items(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
            let next = dependency["pkg"].as_str().expect("a dependency has an id").to_owned();
            if shipped && reached.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let packages = items(&metadata["packages"]);
    let shipped = packages.iter().filter(|package| package["id"].as_str().is_some_and(|id| reached.contains(id)));
    shipped
        .map(|package| {
            let name = text(&package["name"]).expect("a package has a name");
            (name, text(&package["version"]).expect("a package has a version"), text(&package["license"]))
        })
        .collect()
}

#[test]
fn every_dependency_has_a_licence_that_we_may_ship_under() {
    let dependencies = dependencies();
    assert!(dependencies.len() > 100, "the dependencies are found");
    let mut excepted = BTreeSet::new();
    let mut refused = Vec::new();
    for (name, version, licence) in &dependencies {
        let allowed = |licence: &str| ALLOWED.contains(&licence);
        if satisfied(licence.as_deref().unwrap_or_default(), &allowed) == Some(true) {
            continue;
        }
        match EXCEPTIONS.iter().find(|(of, exact, _)| of == name && Some(*exact) == licence.as_deref()) {
            Some((of, _, _)) => drop(excepted.insert(*of)),
            None => refused.push(format!("{name} {version}: {}", licence.as_deref().unwrap_or("none"))),
        }
    }
    assert_eq!(refused, [""; 0]);
    let unused: Vec<_> = EXCEPTIONS.iter().filter(|(name, _, _)| !excepted.contains(name)).collect();
    assert!(unused.is_empty(), "an exception is no longer needed: {unused:?}");
}

#[test]
fn the_repository_carries_its_own_licence() {
    let manifest = fs::read_to_string(repository("Cargo.toml")).expect("the manifest is there");
    assert!(manifest.contains("license = \"Apache-2.0\""));
    let licence = fs::read_to_string(Path::new(&repository("LICENSE"))).expect("the licence is there");
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0"));
}
