//! `meshform new`: one file, whole and right, or nothing.

use crate::common::{errors, fixture, load};
use crate::demo::repository;
use assert_cmd::Command;
use meshform::environment::{self, Content, Kind, Loaded, RawFile};
use meshform::mesh::{AccountId, OwnerName, resolve};
use meshform::onboarding::{Account, Draft, Products, Wanted, draft, embedded};
use meshform::{assembly, finding, stacks};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

/// A working directory with a copy of the demo's files.
fn copy_of_demo() -> TempDir {
    let directory = tempfile::tempdir().expect("there is room");
    copy(&repository("environments/demo"), &directory.path().join("environments/demo"));
    directory
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("there is room");
    for entry in fs::read_dir(from).expect("it is a folder") {
        let entry = entry.expect("it can be listed");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("there is room")),
        }
    }
}

/// Every file below a directory with its content; of a link its target.
fn state(directory: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("it is a folder") {
        let entry = entry.expect("it can be listed");
        let (path, kind) = (entry.path(), entry.file_type().expect("it has a kind"));
        let shown = path.display().to_string();
        if kind.is_symlink() {
            files.insert(shown, format!("-> {}", fs::read_link(&path).expect("it is a link").display()));
        } else if kind.is_dir() {
            files.extend(state(&path));
        } else {
            files.insert(shown, String::from_utf8_lossy(&fs::read(&path).expect("it can be read")).into_owned());
        }
    }
    files
}

/// Runs `meshform new`: exit code, stdout, stderr.
fn new(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("meshform").expect("it is built");
    let output = command.current_dir(directory).arg("new").args(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

fn payments<'a>(name: &'a str, account: &'a str) -> Vec<&'a str> {
    vec!["domain", name, "--account", account, "--team", "payments-data", "--email", "payments@acme.example"]
}

#[test]
fn a_new_domain_is_one_file_that_validates_and_the_next_commands_are_said() {
    let directory = copy_of_demo();
    let before = state(directory.path());
    let (code, out, err) = new(directory.path(), &payments("payments", "999999999999"));
    assert_eq!((code, out.as_str()), (0, "environments/demo/domains/payments.yaml\n"), "{err}");
    for words in
        ["9 accounts", "validate -e demo", "diff -e demo", "bootstrap -e demo --select 'payments/*'", "deploy -e demo"]
    {
        assert!(err.contains(words), "{words}: {err}");
    }
    let after = state(directory.path());
    let more: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(matches!(more[..], [only] if only.ends_with("environments/demo/domains/payments.yaml")), "{more:?}");
    assert!(before.iter().all(|(path, text)| after.get(path) == Some(text)));
    let loaded = load(&directory.path().join("environments/demo"));
    let own = |findings: &[finding::Finding]| {
        findings.iter().filter(|found| *found.place.file == *"domains/payments.yaml").count()
    };
    let resolved = resolve(&loaded.source, None);
    assert_eq!((own(&loaded.findings), own(&resolved.findings)), (0, 0), "not even a warning");
    let domain = &resolved.mesh.expect("it is right").domains[&OwnerName::parse("payments").expect("it is a name")];
    assert_eq!(domain.products.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_new_file_is_as_readable_as_any_other() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = copy_of_demo();
    assert_eq!(new(directory.path(), &payments("payments", "999999999999")).0, 0);
    let usual = directory.path().join("usual");
    fs::write(&usual, "").expect("there is room");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode();
    assert_eq!(mode(&directory.path().join("environments/demo/domains/payments.yaml")), mode(&usual));
}

#[test]
fn a_new_consumer_and_an_empty_domain() {
    let directory = copy_of_demo();
    let rest = ["--account", "999999999999", "--team", "finance", "--email", "finance@acme.example", "-e", "demo"];
    let (code, out, err) = new(directory.path(), &[&["consumer", "finance"][..], &rest].concat());
    assert_eq!((code, out.as_str()), (0, "environments/demo/consumers/finance.yaml\n"), "{err}");
    let (code, out, err) = new(directory.path(), &[&payments("payments", "999999999991")[..], &["--empty"]].concat());
    assert_eq!((code, out.as_str()), (0, "environments/demo/domains/payments.yaml\n"), "{err}");
    let loaded = load(&directory.path().join("environments/demo"));
    assert!(errors(&resolve(&loaded.source, None).findings).is_empty());
    let Some(Content::Domain(domain)) = &loaded.source.files["domains/payments.yaml"].content else {
        panic!("no domain")
    };
    assert!(domain.products.is_empty());
}

/// Each refusal with its exit code and what is said; nothing on the disk changes.
#[test]
fn what_is_refused_leaves_no_trace() {
    let directory = copy_of_demo();
    let before = state(directory.path());
    let with = |team: &'static str, email: &'static str| {
        vec!["domain", "payments", "--account", "999999999999", "--team", team, "--email", email]
    };
    let cases: Vec<(Vec<&str>, i32, &str)> = vec![
        (payments("../../../tmp/x", "999999999999"), 2, "the name `../../../tmp/x` is not made of"),
        (payments("a/b", "999999999999"), 2, "the name `a/b` is not made of"),
        (payments("", "999999999999"), 2, "the name `` is not made of"),
        (payments("x\u{1b}[2J", "999999999999"), 2, "the name `x\\u{1b}[2J` is"),
        (payments("governance", "999999999999"), 2, "is reserved"),
        (payments("payments", "99999999999"), 2, "the account `99999999999` is no account id"),
        (payments("payments", "４４４４４４４４４４４４"), 2, "is no account id"),
        (payments("payments", "444444444444"), 3, "duplicate-account"),
        (payments("payments", "111111111111"), 3, "duplicate-account"),
        (payments("ecommerce", "999999999999"), 3, "duplicate-owner"),
        (payments("sales", "999999999999"), 1, "domains/sales.yaml exists, and nothing is overwritten"),
        (with("a\nb", "payments@acme.example"), 3, "cannot be the value of a resource tag"),
        // a vowel sign of Bhaiksuki: alphabetic in Unicode, and in no category that AWS's pattern of tag values names
        (with("a\u{11c38}", "payments@acme.example"), 3, "cannot be the value of a resource tag"),
        (with("payments", "no mailbox"), 3, "is no e-mail address"),
        (with("payments", "p@acme.example\nproducts: []"), 3, "is no e-mail address"),
        ([&payments("payments", "999999999999")[..], &["-e", "dmo"]].concat(), 2, "did you mean `demo`?"),
    ];
    for (arguments, expected, words) in cases {
        let (code, out, err) = new(directory.path(), &arguments);
        assert_eq!((code, out.as_str()), (expected, ""), "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
        assert!(!err.contains("not-rendered-yet"), "what others are warned of is no news here: {err}");
        assert_eq!(state(directory.path()), before, "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_file_is_never_written_through() {
    use std::os::unix::fs::symlink;
    let directory = copy_of_demo();
    let domains = directory.path().join("environments/demo/domains");
    let outside = directory.path().join("outside.yaml");
    for target in ["../../../outside.yaml", "nowhere/at/all", "payments.yaml"] {
        let link = domains.join("payments.yaml");
        symlink(target, &link).expect("links can be made");
        let (code, _, err) = new(directory.path(), &payments("payments", "999999999999"));
        assert_eq!(code, 1, "{target}: {err}");
        assert!(err.contains("exists, and nothing is overwritten"), "{err}");
        assert!(!outside.exists());
        fs::remove_file(&link).expect("it is ours");
    }
    // a folder that leads elsewhere is not followed when the environment is read, so nothing is written through it either
    let elsewhere = directory.path().join("elsewhere");
    fs::rename(&domains, &elsewhere).expect("it is ours");
    symlink(&elsewhere, &domains).expect("links can be made");
    let before = state(directory.path());
    let (code, _, err) = new(directory.path(), &payments("payments", "999999999999"));
    assert_eq!(code, 3, "{err}");
    assert_eq!(state(directory.path()), before);
}

/// Whoever comes second finds the place taken, whole, and leaves no other file behind.
#[test]
fn of_many_at_once_one_writes_the_file() {
    let directory = copy_of_demo();
    let codes: Vec<_> = std::thread::scope(|scope| {
        let run = |_| scope.spawn(|| new(directory.path(), &payments("payments", "999999999999")).0);
        let all: Vec<_> = (0..4).map(run).collect();
        all.into_iter().map(|thread| thread.join().expect("it ends")).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 1].contains(code)), "{codes:?}");
    let files = state(&directory.path().join("environments/demo/domains"));
    assert_eq!(files.len(), 5, "{:?}", files.keys());
    assert!(
        files.iter().any(|(path, text)| path.ends_with("payments.yaml") && text.ends_with("logicalType: timestamp}\n"))
    );
}

/// Killed at any moment, it has written all of the file or none of it; what else it leaves, the environment does not read.
#[test]
fn a_run_that_is_killed_leaves_nothing_half_written() {
    let directory = copy_of_demo();
    let path = directory.path().join("environments/demo/domains/payments.yaml");
    let mut whole = 0;
    for delay in 0..24_u64 {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("meshform"));
        command.current_dir(directory.path()).arg("new").args(payments("payments", "999999999999"));
        let quiet = std::process::Stdio::null;
        let mut child = command.stdout(quiet()).stderr(quiet()).spawn().expect("it starts");
        std::thread::sleep(std::time::Duration::from_millis(delay * 12));
        child.kill().expect("it can be killed, or has ended");
        child.wait().expect("it ends");
        if let Ok(text) = fs::read_to_string(&path) {
            assert!(
                text.starts_with("# yaml-language-server") && text.ends_with("logicalType: timestamp}\n"),
                "{text}"
            );
            whole += 1;
            fs::remove_file(&path).expect("it is ours");
        }
        assert!(load(&directory.path().join("environments/demo")).findings.is_empty());
    }
    let (code, _, err) = new(directory.path(), &payments("payments", "999999999999"));
    assert_eq!(code, 0, "after {whole} whole files: {err}");
}

#[test]
fn a_disk_that_refuses_is_an_error_of_the_disk() {
    let directory = copy_of_demo();
    let domains = directory.path().join("environments/demo/consumers");
    fs::remove_dir_all(&domains).expect("it is ours");
    fs::write(&domains, "no folder").expect("there is room");
    let before = state(directory.path());
    let arguments = [&["consumer"][..], &payments("payments", "999999999999")[1..]].concat();
    let (code, out, err) = new(directory.path(), &arguments);
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert_eq!(state(directory.path()), before);
}

#[test]
fn a_template_of_ones_own_is_taken_and_a_broken_one_is_told_with_its_place() {
    let directory = copy_of_demo();
    let folder = directory.path().join("templates/onboarding");
    fs::create_dir_all(&folder).expect("there is room");
    let template = folder.join("domain.yaml.hbs");
    let head = "kind: Domain\nname: {{name}}\naccount: {{account}}\n";
    let team = "team: {name: {{team}}, email: {{email}}}\n";
    let before = state(&directory.path().join("environments"));
    let broken = [
        ("name: {{name}\n".to_owned(), "templates/onboarding/domain.yaml.hbs:1:"),
        (format!("{head}x: {{{{colour}}}}\n"), "templates/onboarding/domain.yaml.hbs:4:"),
        (format!("{head}team: {{name: {{{{team}}}}, email: x@acme.example}}\n"), "for `team.email`"),
        (format!("{head}{team}colour: red\n"), "`colour` is no field of a domain"),
        (format!("{head}{team}- x\n"), "yaml-syntax"),
        (format!("kind: Consumer\n{team}"), "does not belong here"),
        (String::new(), "empty-file"),
        ("a".repeat(70_000), "at most 65536"),
    ];
    for (text, words) in broken {
        fs::write(&template, &text).expect("there is room");
        let (code, out, err) = new(directory.path(), &payments("payments", "999999999999"));
        assert_eq!((code, out.as_str()), (3, ""), "{text}: {err}");
        assert!(err.contains(words) && err.contains("templates/onboarding/domain.yaml.hbs"), "{text}: {err}");
        assert_eq!(state(&directory.path().join("environments")), before, "{text}");
    }
    fs::write(&template, b"\xff").expect("there is room");
    assert!(new(directory.path(), &payments("payments", "999999999999")).2.contains("hbs:1:1: this line is not UTF-8"));
    fs::write(&template, format!("# ours\n{head}{team}accept: []\n")).expect("there is room");
    let (code, _, err) = new(directory.path(), &payments("payments", "999999999999"));
    assert_eq!(code, 0, "{err}");
    let text =
        fs::read_to_string(directory.path().join("environments/demo/domains/payments.yaml")).expect("it is written");
    assert!(text.starts_with("# ours\nkind: Domain\nname: \"payments\"\n"), "{text}");
}

#[test]
fn a_new_mesh_begins_with_its_own_file_and_the_schemas_of_all() {
    let directory = tempfile::tempdir().expect("there is room");
    let init = |more: &[&str]| {
        let mut command = Command::cargo_bin("meshform").expect("it is built");
        let values =
            ["--mesh", "first", "--tenant", "acme", "--region", "eu-central-1", "--organization", "o-a1b2c3d4e5"];
        let team = ["--account", "111111111111", "--team", "governance", "--email", "governance@acme.example"];
        let output = command.current_dir(directory.path()).arg("init").args(more).args(values).args(team).output();
        let output = output.expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, out, err) = init(&[]);
    assert_eq!((code, out.as_str()), (Some(0), "environments/first/mesh.yaml\n"), "{err}");
    assert!(err.contains("meshform new domain NAME -e first"), "{err}");
    for kind in Kind::ALL {
        let path = format!("environments/schema/{}.schema.json", kind.name().to_lowercase());
        let written = fs::read(directory.path().join(&path)).expect("it is written");
        assert!(written == fs::read(repository(&path)).expect("it is ours"), "{path}");
    }
    let before = state(directory.path());
    let (code, _, err) = init(&[]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("environments/first/mesh.yaml exists, and nothing is overwritten"), "{err}");
    let (code, _, err) = init(&["environments/schema"]);
    assert_eq!(code, Some(2), "{err}");
    assert_eq!(state(directory.path()), before);
    // a second mesh leaves the schemas alone, and a domain goes on from there
    fs::write(directory.path().join("environments/schema/mesh.schema.json"), "{}").expect("there is room");
    let (code, out, err) = init(&["environments/second"]);
    assert_eq!((code, out.as_str()), (Some(0), "environments/second/mesh.yaml\n"), "{err}");
    let kept = fs::read_to_string(directory.path().join("environments/schema/mesh.schema.json")).expect("it is there");
    assert_eq!(kept, "{}");
    let arguments = [&payments("payments", "999999999999")[..], &["-e", "second"]].concat();
    let (code, _, err) = new(directory.path(), &arguments);
    assert_eq!(code, 0, "{err}");
}

/// Texts of the worst kind.
fn nasty() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "{{team}}",
        "{{{team}}}",
        "{{#if name}}",
        "{{!--",
        "--}}",
        "{{> x}}",
        "\\{{team}}",
        "{{{{raw}}}}",
        "\"",
        "'",
        "\\",
        "\"}\nproducts: []\n#",
        "x, costCentre: y}",
        "\n---\nkind: Domain",
        "\r\n",
        "\t",
        "# no comment",
        ": ",
        "- ",
        "? ",
        "&a *a",
        "!!str",
        "%YAML 1.2",
        "|\n  x",
        ">-",
        "no",
        "null",
        "~",
        "1e3",
        "0x1F",
        "2027-06-30",
        "../../etc/passwd",
        "/",
        "..",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{202e}",
        "\u{feff}",
        "\u{fffd}",
        "\u{10ffff}",
        "${AWS::AccountId}",
        "{{resolve:ssm:/x}}",
        "",
        "meshformStandInTeam",
        "meshformStandInEmail",
    ];
    prop_oneof![
        proptest::sample::select(KNOWN).prop_map(str::to_owned),
        "[a-c\"'{}$\\\\/\n\r\t *?:,<>\\[\\]#&%@!|`~^é\u{202e}\u{0}\u{1f511}-]{1,30}",
        any::<String>(),
        "[a-z]{1,3}(-[a-z0-9]{1,3}){0,2}",
        "[A-Za-z0-9 é表_.:/=+@-]{1,40}",
        "[a-z]{1,8}@[a-z]{1,8}\\.example",
        (1..2_000_usize, any::<char>())
            .prop_map(|(length, letter)| String::from_iter(std::iter::repeat_n(letter, length))),
        (proptest::sample::select(KNOWN), any::<String>(), proptest::sample::select(KNOWN))
            .prop_map(|(a, b, c)| format!("{a}{b}{c}")),
    ]
}

static MESH: LazyLock<(String, RawFile)> = LazyLock::new(|| {
    let bytes = fs::read(fixture("valid/minimal/mesh.yaml")).expect("it is there");
    ("mesh.yaml".to_owned(), RawFile::Bytes(bytes))
});

/// What is read back, without the values that were given, which it says exactly.
fn rest(content: Content, wanted: &Wanted) -> serde_json::Value {
    let owner = wanted.account();
    let (value, said, team) = match content {
        Content::Domain(file) => (serde_json::to_value(&file), (file.name, file.account), file.team),
        Content::Consumer(file) => (serde_json::to_value(&file), (file.name, file.account), file.team),
        Content::Mesh(_) => panic!("it is another kind of file"),
    };
    assert_eq!((said.0.as_str(), said.1.as_str()), (wanted.name(), owner.id.as_str()));
    assert_eq!((&team.name, &team.email, &team.cost_centre), (&owner.team, &owner.email, &None));
    let mut value = value.expect("files are JSON");
    for field in ["name", "account", "team"] {
        value[field] = serde_json::Value::Null;
    }
    if let Some(id) = value.pointer_mut("/products/0/id") {
        assert_eq!(*id, format!("{}-example", wanted.name()));
        *id = serde_json::Value::Null;
    }
    value
}

fn wanted(shape: usize, name: OwnerName, account: Account) -> Wanted {
    match shape {
        0 => Wanted::Domain(name, account, Products::Example),
        1 => Wanted::Domain(name, account, Products::None),
        _ => Wanted::Consumer(name, account),
    }
}

/// The file that is made, the environment of it and a mesh, and what the file says beside the values.
fn made(wanted: &Wanted) -> (Draft, Loaded, serde_json::Value) {
    let file = draft(wanted, embedded(wanted.kind())).expect("no value is refused here");
    let bytes = file.text.clone().into_bytes();
    let loaded = environment::read("test", BTreeMap::from([MESH.clone(), (file.path.clone(), RawFile::Bytes(bytes))]));
    let content = loaded.source.files[&file.path].content.clone().unwrap_or_else(|| panic!("{}", file.text));
    let rest = rest(content, wanted);
    (file, loaded, rest)
}

/// The same of plain values, by shape: number of lines, and what the file says beside the values.
static PLAIN: LazyLock<[(usize, serde_json::Value); 3]> = LazyLock::new(|| {
    let parsed =
        (OwnerName::parse("plain").expect("it is a name"), AccountId::parse("123456789012").expect("it is an account"));
    let (name, account) = parsed;
    let owner = Account { id: account, team: "plain".to_owned(), email: "plain".to_owned() };
    std::array::from_fn(|shape| {
        let (file, _, rest) = made(&wanted(shape, name.clone(), owner.clone()));
        (file.text.lines().count(), rest)
    })
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_500, failure_persistence: None, ..ProptestConfig::default() })]

    /// 10,000 values, four in each case. Whatever is given, the file says it in its fields and says nothing else by it; what the mesh accepts of it can be made.
    #[test]
    fn no_value_leaves_its_field_or_its_directory(
        name in prop_oneof!["[a-z]{1,8}", nasty()],
        account in prop_oneof!["[0-9]{12}", nasty()],
        team in nasty(),
        email in nasty(),
        shape in 0..3_usize,
    ) {
        // what is no name is refused before it is a part of anything; the texts are tried all the same
        let name = OwnerName::parse(&name).or_else(|_| OwnerName::parse("payments")).expect("it is a name");
        let account = AccountId::parse(&account).or_else(|_| AccountId::parse("999999999999")).expect("it is an account");
        let wanted = wanted(shape, name, Account { id: account, team, email });
        let (file, loaded, rest) = made(&wanted);
        let folder = if wanted.kind() == Kind::Domain { "domains" } else { "consumers" };
        prop_assert_eq!(&file.path, &format!("{folder}/{}.yaml", wanted.name()));
        prop_assert!(file.path.split('/').count() == 2 && !file.path.contains(".."), "{}", file.path);
        prop_assert_eq!(file.text.lines().count(), PLAIN[shape].0);
        prop_assert_eq!(&rest, &PLAIN[shape].1);
        // the other stages, in a mesh of nothing else
        prop_assert!(errors(&loaded.findings).is_empty(), "{:?}", loaded.findings);
        let resolved = resolve(&loaded.source, None);
        if let Some(mesh) = resolved.mesh.filter(|_| errors(&resolved.findings).is_empty()) {
            let findings = assembly::check::check(&stacks::synthesize(&mesh));
            prop_assert!(errors(&findings).is_empty(), "{findings:?}");
        }
    }
}
