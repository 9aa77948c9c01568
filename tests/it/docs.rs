//! Generated documents are fresh, and complete.

use meshform::cli::Exit;
use meshform::{environment, report};
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
    for verb in command.get_subcommands() {
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
