//! Synthesis through the binary: equal input gives equal bytes, and `synth --check` notices whatever is stale.

use crate::demo::{self, repository};
use assert_cmd::Command;
use meshform::assembly::{self, Directory};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The binary, as it is run anywhere: nothing of this process's environment but what is set here.
fn meshform() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meshform"));
    command.env_clear();
    command
}

/// Every file below a folder with its content.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("the file is below the folder").to_path_buf();
                files.insert(name, fs::read(&path).expect("the file can be read"));
            }
        }
    }
    files
}

/// Writes files in the order of an iterator, which some file systems keep.
fn plant(files: impl Iterator<Item = (PathBuf, Vec<u8>)>, folder: &Path) {
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(path, bytes).expect("the file can be written");
    }
}

/// A copy of the demo and a fresh synthesis of it: environment, stacks.
fn planted(folder: &Path) -> (PathBuf, PathBuf) {
    let (environment, stacks) = (folder.join("demo"), folder.join("stacks"));
    plant(tree(&repository("environments/demo")).into_iter(), &environment);
    // the binary takes a second over it, most of it for the checks
    let rendered = crate::demo::synthesize(&environment).render();
    assembly::write(&rendered, &stacks).expect("the directory can be written");
    (environment, stacks)
}

fn synth(environment: &Path, stacks: &Path) {
    meshform().args(["synth", "-e"]).arg(environment).arg("--out").arg(stacks).assert().code(0);
}

/// Exit code and stdout of `synth --check`.
fn check(environment: &Path, stacks: &Path) -> (Option<i32>, String) {
    let output = meshform().args(["synth", "--check", "-e"]).arg(environment).arg("--out").arg(stacks).output();
    let output = output.expect("the binary runs");
    (output.status.code(), String::from_utf8(output.stdout).expect("stdout is text"))
}

/// The first words of the lines that name files, with paths below the directory.
fn named(stdout: &str, stacks: &Path) -> Vec<(String, String)> {
    let lines = stdout.lines().filter(|line| !line.starts_with(' '));
    lines
        .map(|line| {
            let (kind, path) = line.split_once(' ').expect("a line has a kind and a path");
            let path = Path::new(path.trim()).strip_prefix(stacks).expect("the path is below the directory");
            (kind.to_owned(), path.to_string_lossy().into_owned())
        })
        .collect()
}

fn temporary() -> tempfile::TempDir {
    tempfile::tempdir().expect("there is a place for temporary files")
}

#[test]
fn what_is_committed_is_fresh() {
    let (code, stdout) = check(&repository("environments/demo"), &repository("stacks/demo"));
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "run `meshform synth`");
    let stacks = temporary();
    synth(&repository("environments/demo"), stacks.path());
    assert_eq!(tree(stacks.path()), tree(&repository("stacks/demo")));
}

#[test]
fn equal_input_gives_equal_bytes_wherever_and_however_it_is_made() {
    let folder = temporary();
    let (_, stacks) = planted(folder.path());
    let expected = tree(&stacks);
    let files = tree(&repository("environments/demo"));
    // other names of files are another order: nothing of what is made may hang on it
    let renamed = files.iter().rev().map(|(path, bytes)| {
        let name = path.file_stem().expect("a file has a name").to_string_lossy();
        let reversed: String = name.chars().rev().collect();
        let is_named_by_its_owner = name == "mesh" || path.extension().is_some_and(|extension| extension == "py");
        let renamed =
            if is_named_by_its_owner { path.clone() } else { path.with_file_name(format!("{reversed}.yaml")) };
        (renamed, bytes.clone())
    });
    let elsewhere = folder.path().join("another/place/demo");
    plant(renamed, &elsewhere);
    let other = folder.path().join("other");
    let runs =
        [("C", "UTC", "40", elsewhere.as_path()), ("tr_TR.UTF-8", "Pacific/Kiritimati", "400", Path::new("demo"))];
    for (locale, zone, columns, environment) in runs {
        meshform()
            .current_dir(elsewhere.parent().expect("the environment has a folder"))
            .env("LC_ALL", locale)
            .env("LANG", locale)
            .env("TZ", zone)
            .env("COLUMNS", columns)
            .env("HOME", folder.path())
            .args(["synth", "-e"])
            .arg(environment)
            .arg("--out")
            .arg(&other)
            .assert()
            .code(0);
        assert_eq!(tree(&other), expected, "{locale}, {zone}, {}", environment.display());
        fs::remove_dir_all(&other).expect("the directory can be removed");
    }
}

#[test]
fn a_template_ends_its_last_line_and_names_no_place_of_this_machine() {
    let folder = temporary();
    let (_, stacks) = planted(folder.path());
    for (path, bytes) in tree(&stacks) {
        let text = String::from_utf8(bytes).expect("templates are text");
        let end = if path.starts_with("assets") { ")\n" } else { "}\n" };
        assert!(text.ends_with(end) && !text.ends_with("\n\n"), "{}", path.display());
        assert!(!text.contains(&*folder.path().to_string_lossy()) && !text.contains('\r'), "{}", path.display());
    }
}

#[test]
fn check_names_every_stale_file() {
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    assert_eq!(check(&environment, &stacks), (Some(0), String::new()));

    let edited = stacks.join("sales/demo-storage-sales.template.json");
    let text = fs::read_to_string(&edited).expect("the template is there");
    fs::write(&edited, text.replacen("Enabled", "Suspended", 1)).expect("the template can be written");
    let different = ("different".to_owned(), "sales/demo-storage-sales.template.json".to_owned());
    let (code, stdout) = check(&environment, &stacks);
    assert_eq!((code, named(&stdout, &stacks)), (Some(4), vec![different.clone()]));
    assert!(stdout.contains("-") && stdout.contains("Suspended") && stdout.contains("Enabled"), "{stdout}");

    fs::remove_file(stacks.join("governance/demo-foundation.template.json")).expect("the template can be removed");
    let missing = ("missing".to_owned(), "governance/demo-foundation.template.json".to_owned());
    let (code, stdout) = check(&environment, &stacks);
    assert_eq!((code, named(&stdout, &stacks)), (Some(4), vec![missing.clone(), different.clone()]));

    plant([(PathBuf::from("sales/left/notes.txt"), b"notes".to_vec())].into_iter(), &stacks);
    let stray = ("stray".to_owned(), "sales/left/notes.txt".to_owned());
    let (code, stdout) = check(&environment, &stacks);
    assert_eq!((code, named(&stdout, &stacks)), (Some(4), vec![missing, different, stray]));

    let asset = fs::read_dir(stacks.join("assets")).expect("there are assets").next().expect("there is one");
    let asset = asset.expect("it can be listed").path();
    fs::write(&asset, "print('not reviewed')\n").expect("the asset can be written");
    let (code, stdout) = check(&environment, &stacks);
    let name = asset.strip_prefix(&stacks).expect("it is below the directory").to_string_lossy().into_owned();
    assert!(code == Some(4) && named(&stdout, &stacks).contains(&("different".to_owned(), name)), "{stdout}");

    // a check repairs nothing; a synth repairs everything
    synth(&environment, &stacks);
    assert_eq!(check(&environment, &stacks), (Some(0), String::new()));
    assert!(!stacks.join("sales/left").exists());
}

#[test]
fn an_assembly_that_is_read_back_is_the_one_that_was_written_or_refused() {
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    let rendered = crate::demo::synthesize(&environment).render();
    assert!(!rendered.assets.is_empty());
    assert_eq!(assembly::load(&stacks).expect("the directory can be read"), rendered);

    let asset = rendered.assets.values().next().expect("there is one");
    let path = stacks.join(asset.path());
    fs::write(&path, format!("{}#", asset.content())).expect("the asset can be written");
    let error = assembly::load(&stacks).expect_err("its hash is another").to_string();
    assert!(error.contains("is not the file that manifest.json names"), "{error}");
    fs::write(&path, asset.content()).expect("the asset can be written");

    let manifest = fs::read_to_string(stacks.join("manifest.json")).expect("the manifest is there");
    let elsewhere = manifest.replace(asset.path(), "assets/../../secret");
    fs::write(stacks.join("manifest.json"), elsewhere).expect("the manifest can be written");
    let error = assembly::load(&stacks).expect_err("no such path is read").to_string();
    assert!(error.contains("assets/<sha256>-<name>"), "{error}");
}

#[test]
fn each_single_kind_of_staleness_is_enough() {
    type Spoil = fn(&Path);
    let manifest: Spoil = |stacks| {
        let path = stacks.join("manifest.json");
        let text = fs::read_to_string(&path).expect("the manifest is there");
        fs::write(&path, text + "\n").expect("the manifest can be written");
    };
    let deletion: Spoil = |stacks| {
        fs::remove_file(stacks.join("manifest.json")).expect("the manifest can be removed");
    };
    let stray: Spoil = |stacks| fs::write(stacks.join(".hidden"), "").expect("a file can be written");
    let directory: Spoil = |stacks| fs::remove_dir_all(stacks).expect("the directory can be removed");
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    let fresh = tree(&stacks);
    for (what, spoil) in [("edit", manifest), ("deletion", deletion), ("stray", stray), ("no directory", directory)] {
        spoil(&stacks);
        assert_eq!(check(&environment, &stacks).0, Some(4), "{what}");
        synth(&environment, &stacks);
        assert_eq!(tree(&stacks), fresh, "{what}");
    }
}

#[test]
fn an_edit_of_the_environment_is_stale_too() {
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    let path = environment.join("consumers/data-science.yaml");
    let text = fs::read_to_string(&path).expect("the file is there");
    fs::write(&path, text.replace("[public, internal, confidential]", "[public, internal]"))
        .expect("the file can be written");
    let (code, stdout) = check(&environment, &stacks);
    let files: Vec<String> = named(&stdout, &stacks).into_iter().map(|(_, file)| file).collect();
    let expected = [
        "data-science/demo-access-data-science.template.json",
        "governance/demo-sharing-data-science.template.json",
        "manifest.json",
    ];
    assert_eq!((code, files.as_slice()), (Some(4), expected.map(str::to_owned).as_slice()));
}

#[cfg(unix)]
#[test]
fn a_second_synth_touches_nothing() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    let marks = || -> BTreeMap<PathBuf, (u64, i64, i64)> {
        let files = tree(&stacks).into_keys();
        files
            .map(|name| {
                let metadata = fs::metadata(stacks.join(&name)).expect("the file is there");
                (name, (metadata.ino(), metadata.mtime(), metadata.mtime_nsec()))
            })
            .collect()
    };
    let before = marks();
    synth(&environment, &stacks);
    assert_eq!(marks(), before);
    // and after an edit of one file, only that one is new
    let spoiled = PathBuf::from("sales/demo-storage-sales.template.json");
    fs::write(stacks.join(&spoiled), "{}").expect("the template can be written");
    synth(&environment, &stacks);
    let after = marks();
    let changed: Vec<&PathBuf> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert_eq!(changed, [&spoiled]);
}

#[test]
fn an_owner_that_left_leaves_nothing_behind() {
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    assert!(stacks.join("ecommerce").is_dir());
    fs::remove_file(environment.join("consumers/ecommerce.yaml")).expect("the file can be removed");
    let (code, stdout) = check(&environment, &stacks);
    assert_eq!(code, Some(4));
    assert!(stdout.contains("ecommerce/demo-workspace-ecommerce.template.json"), "{stdout}");
    synth(&environment, &stacks);
    assert!(!stacks.join("ecommerce").exists());
    let left = tree(&stacks).into_iter().find(|(_, bytes)| String::from_utf8_lossy(bytes).contains("888888888888"));
    assert_eq!(left.map(|(name, _)| name), None, "the account is named nowhere any more");
}

/// The directory belongs to the tool, strays in it are removed; but a directory that was never its own is left alone.
#[test]
fn a_directory_with_other_peoples_files_is_refused() {
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    plant([(PathBuf::from("README.md"), b"stray".to_vec())].into_iter(), &stacks);
    synth(&environment, &stacks);
    assert!(!stacks.join("README.md").exists());

    let home = folder.path().join("home");
    let theirs =
        [("thesis.txt", "years of work"), ("extension/manifest.json", "{}"), ("manifest.json", "{\"name\": \"x\"}")];
    for (name, text) in theirs {
        plant([(PathBuf::from(name), text.as_bytes().to_vec())].into_iter(), &home);
        let before = tree(&home);
        let output = meshform().args(["synth", "-e"]).arg(&environment).arg("--out").arg(&home).assert().code(1);
        let stderr = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(stderr.contains("name an empty directory"), "{stderr}");
        assert_eq!(tree(&home), before);
        fs::remove_dir_all(&home).expect("the directory can be removed");
    }

    // what an interrupted first synth leaves is no foreign directory
    fs::remove_file(stacks.join("manifest.json")).expect("the manifest can be removed");
    synth(&environment, &stacks);
    // nor is one whose manifest has a merge conflict in it
    let manifest = fs::read_to_string(stacks.join("manifest.json")).expect("the manifest is there");
    fs::write(stacks.join("manifest.json"), format!("<<<<<<< ours\n{manifest}")).expect("the manifest can be written");
    synth(&environment, &stacks);
    assert_eq!(check(&environment, &stacks), (Some(0), String::new()));
}

/// What is staged and not settled, as when the checks refuse or the disk is full, was never there.
#[test]
fn a_directory_that_is_not_settled_is_as_it_was() {
    let folder = temporary();
    let above = folder.path().join("stacks");
    let place = above.join("demo");
    {
        let directory = Directory::open(&place).expect("nobody else's");
        directory.stage("sales/demo-storage-sales.template.json", "{}").expect("there is a disk");
        assert!(place.join("sales/demo-storage-sales.template.json.tmp").is_file());
    }
    assert!(!above.exists(), "folders that were made for it are gone with it");

    let (_, stacks) = planted(folder.path());
    let before = tree(&stacks);
    {
        let directory = Directory::open(&stacks).expect("ours");
        directory.stage("manifest.json", "{}").expect("there is a disk");
        directory.stage("new/demo-storage-new.template.json", "{}").expect("there is a disk");
        // a folder stands where the last file would be written
        fs::create_dir_all(stacks.join("sales/held.template.json.tmp/inside")).expect("the folder can be made");
        let refused = directory.stage("sales/held.template.json", "{}").expect_err("a folder is in the way");
        assert!(refused.to_string().starts_with("failed to write"), "{refused}");
    }
    fs::remove_dir_all(stacks.join("sales/held.template.json.tmp")).expect("the folder can be removed");
    assert_eq!(tree(&stacks), before);
    assert!(!stacks.join("new").exists());
}

/// A part of the mesh is put into the whole: afterwards only that part is as its files say.
#[test]
fn select_writes_the_chosen_stacks_alone() {
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    let whole = tree(&stacks);
    let file = environment.join("domains/sales.yaml");
    let text = fs::read_to_string(&file).expect("the domain is there");
    // the one is written into the domain's account, the other into the catalog's
    let edited = text.replace("name: sales-data", "name: sales-people").replace("Orders, payments", "Payments, orders");
    fs::write(&file, edited).expect("the file can be written");
    let selected = |arguments: &[&str]| {
        let mut command = meshform();
        command.args(["synth", "-e"]).arg(&environment).arg("--out").arg(&stacks).args(arguments);
        let output = command.output().expect("meshform runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, _) = selected(&["--select", "sales/*", "--check"]);
    assert_eq!((code, tree(&stacks) == whole), (Some(4), true), "a check writes nothing");
    let (code, said) = selected(&["--select", "sales/*"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("of `sales/*` alone: rules about all stacks together were not asked"), "{said}");
    let part = tree(&stacks);
    let changed: Vec<&PathBuf> =
        whole.keys().chain(part.keys()).filter(|name| whole.get(*name) != part.get(*name)).collect();
    assert!(changed.iter().all(|name| name.starts_with("sales") || *name == Path::new("manifest.json")), "{changed:?}");
    assert!(changed.iter().any(|name| name.starts_with("sales")), "{changed:?}");
    assert_eq!(selected(&["--select", "sales/*", "--check"]).0, Some(0));
    assembly::load(&stacks).expect("the manifest names the files that are there");
    // governance still says the old purpose
    assert_eq!(check(&environment, &stacks).0, Some(4));
    synth(&environment, &stacks);
    assert_eq!(check(&environment, &stacks), (Some(0), String::new()));
    // what stands is what a synth of everything writes, whatever was selected in between
    assert_eq!(selected(&["--select", "*"]).0, Some(0));
    assert_eq!(check(&environment, &stacks), (Some(0), String::new()));
}

#[test]
fn select_of_nothing_and_into_nothing_is_refused() {
    let folder = temporary();
    let (environment, stacks) = planted(folder.path());
    let before = tree(&stacks);
    let run = |out: &Path, pattern: &str| {
        let mut command = meshform();
        command.args(["synth", "-e"]).arg(&environment).arg("--out").arg(out).args(["--select", pattern]);
        let output = command.output().expect("meshform runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&stacks, "sale/*");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no stack fits `sale/*`"), "{said}");
    assert_eq!(tree(&stacks), before);
    let empty = folder.path().join("empty");
    let (code, said) = run(&empty, "sales/*");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("run `meshform synth` without --select first"), "{said}");
    assert!(!empty.exists());
}

#[test]
fn everything_that_takes_tags_says_whose_it_is() {
    let mut tagged = 0;
    for document in demo::documents() {
        for (id, type_name, entry) in document.resources() {
            let Some(property) = meshform::cfn::schema::of(type_name).and_then(|schema| schema.tag_property()) else {
                continue;
            };
            // a list, or with Glue a map
            let tags = &entry["Properties"][property];
            let list = tags.as_array().into_iter().flatten().filter_map(|tag| tag["Key"].as_str());
            let map = tags.as_object().into_iter().flat_map(|tags| tags.keys().map(String::as_str));
            let keys: Vec<&str> = list.chain(map).collect();
            for key in ["layer", "mesh", "owner"] {
                assert!(keys.contains(&key), "{id} in {} has the tags {keys:?}", document.id);
            }
            tagged += 1;
        }
    }
    assert!(tagged > 50, "only {tagged} resources take tags");
}
