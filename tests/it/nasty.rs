//! Texts of the worst kind in place of any text of an environment: nothing panics, and what is accepted is harmless.

use crate::common::{errors, fixture, load};
use meshform::assembly::{Document, check};
use meshform::environment::{self, Content, RawFile};
use meshform::mesh::resolve;
use meshform::stacks::synthesize;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The files of two environments as JSON, which is YAML too.
static FILES: LazyLock<[BTreeMap<String, Value>; 2]> =
    LazyLock::new(|| ["valid/without-warnings", "valid/crawled"].map(files));

fn files(environment: &str) -> BTreeMap<String, Value> {
    let files = load(&fixture(environment)).source.files.into_iter();
    let content = files.map(|(path, file)| {
        let value = match file.content.expect("the fixture is right") {
            Content::Mesh(mesh) => serde_json::to_value(mesh),
            Content::Domain(domain) => serde_json::to_value(domain),
            Content::Consumer(consumer) => serde_json::to_value(consumer),
        };
        (path, value.expect("files are JSON"))
    });
    content.collect()
}

/// Every text in a value.
fn texts<'a>(value: &'a mut Value, found: &mut Vec<&'a mut String>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, found)),
        Value::Object(object) => object.values_mut().for_each(|value| texts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn nasty() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "{{resolve:secretsmanager:prod/db:SecretString:password}}",
        "{{{{resolve:ssm:/x}}",
        "{{\nresolve:ssm:/x}}",
        "${AWS::AccountId}",
        "${DataKey.Arn}",
        "{\"Fn::Sub\": \"*\"}",
        "Fn::GetAtt",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::333333333333:role/${x}",
        "../../etc/passwd",
        "*",
        "?",
        "",
    ];
    prop_oneof![
        proptest::sample::select(KNOWN).prop_map(str::to_owned),
        "[a-c\"'{}$\\\\/\n\t *?:,<>\\[\\]#&%@!|`~^é\u{202e}\u{0}\u{1f511}-]{1,20}",
        "[a-z]{1,3}(-[a-z0-9]{1,3}){0,2}",
        (1..5_000_usize).prop_map(|length| "a".repeat(length)),
    ]
}

/// Texts that people read and no service understands.
const FREE: [&str; 7] =
    ["AlarmDescription", "Cause", "Comment", "Configuration", "Description", "InputTemplate", "Value"];

/// Texts in another language, of which more letters are part; its own tests say what may be in them: a query of a state
/// machine (`tests/it/jobs.rs`), rules (`src/stacks/pipeline/dqdl.rs`).
const LANGUAGES: [&str; 2] = ["QueryString.$", "Ruleset"];

/// What is wrong with a template's value: a key or a text that could mean something to CloudFormation or IAM.
fn harm(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || " :/._@+=,*?()<>-".contains(letter);
            // a path into an event, or into a state's data or context
            let is_path = key.ends_with(".$") || text.starts_with('$');
            let is_plain = if FREE.contains(&key) {
                !text.contains("{{resolve:") && !text.chars().any(char::is_control)
            } else if LANGUAGES.contains(&key) {
                !text.contains("{{resolve:")
                    && !text.contains("${")
                    && !text.replace('\n', " ").chars().any(char::is_control)
            } else {
                // what a schedule gives to what it starts: nothing
                key == "Input" && text == "{}"
                    || text.chars().all(|letter| is_allowed(letter) || is_path && "$[]".contains(letter))
            };
            (!is_plain).then(|| format!("{key}: {text:?}"))
        }
        Value::Array(items) => items.iter().find_map(|item| harm(key, item)),
        Value::Object(object) => object.iter().find_map(|(key, value)| {
            // names of states have spaces and dots, and parameters that are paths end so
            let name = key.strip_suffix(".$").unwrap_or(key);
            let is_ours = name.chars().all(|letter| letter.is_ascii_alphanumeric() || ":_-. ".contains(letter))
                && (!key.starts_with("Fn::") || key == "Fn::GetAtt");
            if is_ours { harm(key, value) } else { Some(format!("the key {key:?}")) }
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_is_harmless(
        environment in 0..2_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), nasty(), 0..3_u8), 1..3),
    ) {
        let mut files = FILES[environment].clone();
        for (place, text, how) in changes {
            let mut found = Vec::new();
            files.values_mut().for_each(|value| texts(value, &mut found));
            let place = place.index(found.len());
            match how {
                0 => *found[place] = text,
                1 => found[place].push_str(&text),
                _ => found[place].insert_str(0, &text),
            }
        }
        let files = files.into_iter().map(|(path, value)| (path, RawFile::Bytes(value.to_string().into_bytes())));
        let loaded = environment::read("test", files.collect());
        let resolved = resolve(&loaded.source, None);
        if let Some(mesh) = resolved.mesh.filter(|_| errors(&loaded.findings).is_empty()) {
            let documents = Document::all(&synthesize(&mesh));
            for document in &documents {
                prop_assert_eq!(harm("", &document.template), None, "{}", document.id);
            }
            let findings = check::check_documents(&documents);
            prop_assert!(errors(&findings).is_empty(), "{findings:#?}");
        }
    }
}
