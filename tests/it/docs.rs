//! Generated documents are fresh, and complete.

use crate::demo::repository;
use meshform::cli::Exit;
use meshform::environment::{Content, Kind, RawFile, json_schema};
use meshform::finding::refuses;
use meshform::mesh::resolve;
use meshform::onboarding::embedded;
use meshform::{environment, report, stacks};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// Compares a generated file; `MESHFORM_BLESS=1` writes it.
fn fresh(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("MESHFORM_BLESS").is_some() {
        fs::create_dir_all(file.parent().expect("it has a folder"))
            .and_then(|()| fs::write(&file, text))
            .expect("it can be written");
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == text, "{path} is stale: run the tests with MESHFORM_BLESS=1");
}

#[test]
fn schemas_of_files_are_fresh() {
    for (name, text) in environment::schemas() {
        fresh(&format!("environments/schema/{name}"), &text);
    }
}

/// The fields of every object of a schema, with their path in it.
fn fields<'a>(at: &str, schema: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        fields(name, definition, found);
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        found.push((format!("{at}.{name}"), field));
    }
}

/// What an editor shows while somebody writes: what each field is, and what may stand there.
#[test]
fn every_field_is_described_and_every_text_has_an_example_a_default_or_a_choice() {
    for kind in Kind::ALL {
        let schema = json_schema(kind);
        let mut found = Vec::new();
        fields(kind.name(), &schema, &mut found);
        assert!(found.len() > 10, "{}", kind.name());
        for (at, field) in found {
            let resolved = field["$ref"].as_str().and_then(|place| schema.pointer(place.trim_start_matches('#')));
            let of = |key: &str| field.get(key).or_else(|| resolved.and_then(|schema| schema.get(key)));
            assert!(of("description").is_some_and(|text| text.as_str().is_some_and(|text| text.len() > 3)), "{at}");
            let is_text = of("type").is_some_and(|name| name == "string");
            let is_shown = ["examples", "default", "enum", "const"].iter().any(|key| of(key).is_some());
            assert!(!is_text || is_shown, "{at} has no example");
            // an example and a default are right by the schema itself
            let mut alone = field.clone();
            alone["$defs"] = schema["$defs"].clone();
            for shown in field["examples"].as_array().into_iter().flatten().chain(field.get("default")) {
                assert!(jsonschema::is_valid(&alone, shown), "{at}: {shown}");
            }
        }
    }
}

/// Writes out what the schema says holds without a field, wherever the field is left out; counts what it wrote.
fn write_defaults(root: &Value, schema: &Value, value: &mut Value) -> usize {
    let schema = match schema["$ref"].as_str() {
        Some(place) => root.pointer(place.trim_start_matches('#')).expect("the schema is whole"),
        None => schema,
    };
    match value {
        Value::Array(items) => items.iter_mut().map(|item| write_defaults(root, &schema["items"], item)).sum(),
        Value::Object(object) => {
            let mut written = 0;
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                match (object.get_mut(name), field.get("default")) {
                    (Some(value), _) => written += write_defaults(root, field, value),
                    (None, Some(default)) => {
                        object.insert(name.clone(), default.clone());
                        written += 1;
                    }
                    (None, None) => {}
                }
            }
            written
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// What an editor says holds without a field does hold: written out, it changes nothing.
#[test]
fn the_defaults_of_the_schemas_are_those_of_the_mesh() {
    for environment in ["environments/demo", "tests/fixtures/valid/network", "tests/fixtures/valid/quicksight"] {
        let directory = repository(environment);
        let (name, mut files) = environment::gather(&directory).expect("it can be read");
        let mut written = 0;
        for (path, file) in environment::load(&directory).expect("it can be read").source.files {
            let (kind, value) = match file.content.expect("the file is right") {
                Content::Mesh(file) => (Kind::Mesh, serde_json::to_value(file)),
                Content::Domain(file) => (Kind::Domain, serde_json::to_value(file)),
                Content::Consumer(file) => (Kind::Consumer, serde_json::to_value(file)),
            };
            let (schema, mut value) = (json_schema(kind), value.expect("files are JSON"));
            if kind == Kind::Mesh {
                for part in ["defaults", "deployment"] {
                    value[part] = json!({});
                }
                value["deployment"]["limits"] = json!({});
            }
            written += write_defaults(&schema, &schema, &mut value);
            files.insert(path, RawFile::Bytes(value.to_string().into_bytes()));
        }
        assert!(written > 5, "{environment}: {written}");
        let made = |source| {
            let resolved = resolve(&source, None);
            let mesh = resolved.mesh.unwrap_or_else(|| panic!("{environment}: {:#?}", resolved.findings));
            let templates =
                serde_json::to_value(stacks::synthesize(&mesh).render().templates).expect("templates are JSON");
            (templates, mesh.deployment)
        };
        let loaded = environment::read(&name, files);
        assert!(!refuses(&loaded.findings), "{environment}: {:#?}", loaded.findings);
        let plain = environment::load(&directory).expect("it can be read").source;
        assert!(made(loaded.source) == made(plain), "{environment}: a default that is written out changes a template");
    }
}

/// A modeline leads every file to its schema, in the demo and in what `meshform new` writes.
#[test]
fn every_file_names_its_schema_in_its_first_line() {
    let demo = environment::load(&repository("environments/demo")).expect("it can be read").source.files;
    assert_eq!(demo.len(), 8);
    let new = Kind::ALL.into_iter().map(|kind| {
        let path = if kind == Kind::Mesh { "mesh.yaml".to_owned() } else { format!("{}new.yaml", kind.home()) };
        (path, embedded(kind).to_owned())
    });
    for (path, text) in demo.into_iter().map(|(path, file)| (path, file.text)).chain(new) {
        let kind = path.split('/').next().unwrap_or_default().trim_end_matches(".yaml").trim_end_matches('s');
        let schema = format!("{}schema/{kind}.schema.json", "../".repeat(path.split('/').count()));
        assert!(text.starts_with(&format!("# yaml-language-server: $schema={schema}\n")), "{path}: {schema}");
        let file = repository("environments/demo").join(&path);
        let folder = file.parent().expect("it has a folder");
        assert!(folder.join(schema).is_file(), "{path}");
    }
}

#[test]
fn schemas_of_outputs_are_fresh() {
    for (name, text) in report::schemas::all() {
        fresh(&format!("docs/schemas/{name}.schema.json"), &text);
    }
}

#[test]
fn the_pages_of_findings_are_fresh() {
    type Page = fn(&mut dyn io::Write) -> io::Result<()>;
    let pages: [(&str, Page); 3] = [
        ("docs/findings.md", report::codes::markdown),
        ("docs/leftovers.md", report::codes::leftovers),
        ("docs/wildcards.md", report::codes::wildcards),
    ];
    for (path, page) in pages {
        let mut out = Vec::new();
        page(&mut out).expect("a vector takes everything");
        fresh(path, &String::from_utf8(out).expect("it is text"));
    }
}

#[test]
fn the_page_of_resources_is_fresh() {
    let mut out = Vec::new();
    report::resources::markdown(&crate::demo::documents(), &mut out).expect("a vector takes everything");
    fresh("docs/resources.md", &String::from_utf8(out).expect("it is text"));
}

#[test]
fn the_table_of_exit_codes_is_fresh() {
    let mut text = String::from(
        "# Exit codes\n\nGenerated from `Exit` in `src/cli/failure.rs` by `make docs`.\n\n| code | meaning |\n|---|---|\n",
    );
    for exit in Exit::ALL {
        writeln!(text, "| {} | {} |", exit.code(), exit.meaning()).expect("a string takes everything");
    }
    fresh("docs/exit-codes.md", &text);
}

/// The verbs `bootstrap` and `deploy` exist only with the feature, and the page names all verbs.
#[cfg(feature = "aws")]
#[test]
fn the_page_of_commands_is_fresh() {
    fresh("docs/commands.md", &commands(meshform::cli::command()));
}

#[test]
fn every_verb_has_an_example_that_it_understands() {
    let command = meshform::cli::command();
    let with_own = |verb| std::iter::once(verb).chain(clap::Command::get_subcommands(verb));
    for verb in command.get_subcommands().flat_map(with_own) {
        let name = verb.get_name();
        let help = verb.get_after_help().unwrap_or_else(|| panic!("{name} has no example")).to_string();
        let example = help.strip_prefix("Example: ").unwrap_or_else(|| panic!("{name} has no example but {help:?}"));
        // a shell's redirection and quotes are no arguments
        let typed = example.split(" > ").next().unwrap_or(example).replace('\'', "");
        let parsed = command.clone().try_get_matches_from(typed.split(' '));
        assert!(parsed.is_ok(), "{example}: {}", parsed.expect_err("it is an error"));
    }
}

/// `docs/commands.md`: what `--help` says of every verb.
#[cfg(feature = "aws")]
fn commands(command: clap::Command) -> String {
    // `help` itself is no verb of ours; `build` gives the verbs the arguments that they share
    let mut command = command.disable_help_subcommand(true).term_width(100);
    command.build();
    let mut text = String::from(
        "# Commands\n\nGenerated from `src/cli/arguments.rs` by `make docs`; `meshform VERB --help` prints the same.\n\n",
    );
    let block = |command: &mut clap::Command| {
        let help = command.render_long_help().to_string();
        // clap leaves spaces on empty lines
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        format!("```text\n{}\n```\n", lines.join("\n"))
    };
    text.push_str(&block(&mut command));
    for verb in command.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        write!(text, "\n## {name}\n\n{}", block(verb)).expect("a string takes everything");
        for part in verb.get_subcommands_mut().filter(|part| part.get_name() != "help") {
            let part_name = part.get_name().to_owned();
            write!(text, "\n### {name} {part_name}\n\n{}", block(part)).expect("a string takes everything");
        }
    }
    text
}

/// What the front page says of the demo is what the demo is.
#[test]
fn the_readme_counts_the_demo() {
    let documents = crate::demo::documents();
    let resources: usize = documents.iter().map(|document| document.resources().count()).sum();
    let accounts: BTreeSet<&str> = documents.iter().map(|document| document.account.as_str()).collect();
    let files = environment::load(&repository("environments/demo")).expect("it can be read").source.files;
    let lines: usize = files.values().map(|file| file.text.lines().count()).sum();
    let said = format!(
        "The demo is eight such files, {lines} lines. They become {} stacks with {resources} resources in {} accounts",
        documents.len(),
        accounts.len(),
    );
    let readme = fs::read_to_string(repository("README.md")).expect("it can be read");
    assert!(readme.contains(&said), "README.md should say: {said}");
}

/// The least rights of who manages StackSets, action by action: each call in the code has its row, and no row is without a call.
#[test]
fn every_call_of_stack_sets_has_its_right_in_the_docs() {
    let text = |path: &str| fs::read_to_string(repository(path)).expect("the file is there");
    let code = text("src/deploy/aws/stack_sets.rs");
    let calls: BTreeSet<String> = code
        .split("At::new(SERVICE, \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|call| format!("cloudformation:{call}"))
        .collect();
    assert!(calls.len() > 5, "{calls:?}");
    let page = text("docs/bootstrap.md");
    let rows: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `cloudformation:")?.split('`').next())
        .map(|action| format!("cloudformation:{action}"))
        .collect();
    assert_eq!(calls, rows);
}
