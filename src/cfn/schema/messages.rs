//! The validator's errors in a sentence that names the wrong value.

use std::collections::BTreeSet;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::Violation;
use crate::finding::nearest;

/// Longest text of a value in a message, in characters.
const SHOWN: usize = 80;
/// Most alternatives that a message lists.
const LISTED: usize = 12;

/// Everything that is wrong, each thing once: a value of the wrong type is in no list of values either.
pub(super) fn all<'a>(
    errors: impl Iterator<Item = ValidationError<'a>>,
    schema: &Value,
    read_only: &[String],
) -> Vec<Violation> {
    let errors: Vec<_> = errors.collect();
    let is_type = |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Type { .. });
    let mistyped: BTreeSet<&str> =
        errors.iter().filter(|error| is_type(error)).map(|error| error.instance_path().as_str()).collect();
    let counts = |error: &&ValidationError<'a>| is_type(error) || !mistyped.contains(error.instance_path().as_str());
    errors.iter().filter(counts).flat_map(|error| violations(error, schema, read_only)).collect()
}

/// One error as violations: an object with two unknown properties has two.
fn violations(error: &ValidationError<'_>, schema: &Value, read_only: &[String]) -> Vec<Violation> {
    let pointer = error.instance_path().as_str();
    if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
        let known = parent(error, schema).and_then(|inner| inner.get("properties")).and_then(Value::as_object);
        let explain = |name: &String| {
            let mut place = pointer.to_owned();
            descend(&mut place, name);
            let message = if read_only.contains(&place) {
                format!("\"{name}\" is read-only: AWS sets it")
            } else {
                let near = known.and_then(|known| nearest(name, known.keys().map(String::as_str)));
                let advice = near.map_or_else(String::new, |near| format!("; \"{near}\" is near"));
                format!("\"{name}\" is no property here{advice}")
            };
            Violation { pointer: place, message }
        };
        return unexpected.iter().map(explain).collect();
    }
    vec![Violation { pointer: pointer.to_owned(), message: message(error, schema) }]
}

fn message(error: &ValidationError<'_>, schema: &Value) -> String {
    let value = shown(error.instance());
    match error.kind() {
        ValidationErrorKind::Required { property } => match depends(error) {
            Some(other) => format!("{property} is required beside \"{other}\", and is missing"),
            None => format!("{property} is required, and is missing"),
        },
        ValidationErrorKind::FalseSchema => match depends(error) {
            Some(other) => format!("{value} may not stand beside \"{other}\""),
            None => format!("{value} is not allowed here"),
        },
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map_or(&[][..], Vec::as_slice);
            let texts = options.iter().filter_map(Value::as_str);
            let near = error.instance().as_str().and_then(|text| nearest(text, texts));
            match near {
                _ if options.len() <= LISTED => format!("{value} is not one of {}", list(options)),
                Some(near) => format!("{value} is not one of the {} values allowed; \"{near}\" is near", options.len()),
                None => format!("{value} is not one of {}, ..", list(&options[..LISTED])),
            }
        }
        ValidationErrorKind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(expected) => expected.to_string(),
                TypeKind::Multiple(expected) => {
                    expected.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or ")
                }
            };
            format!("{value} is {}, not of type {expected}", name_of_type(error.instance()))
        }
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            alternatives(error, schema).map_or_else(
                || {
                    let first = |branch: &Vec<ValidationError<'static>>| violations(branch.first()?, schema, &[]).pop();
                    let mut reasons: Vec<_> = context.iter().filter_map(first).map(|reason| reason.message).collect();
                    reasons.dedup();
                    format!("{value} has none of the forms allowed: {}", reasons.join("; or "))
                },
                |names| {
                    let how_many = if error.kind().keyword() == "oneOf" { "exactly" } else { "at least" };
                    format!("{how_many} one of {} is required, and all are missing", list(&names))
                },
            )
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => alternatives(error, schema).map_or_else(
            || format!("{value} has more than one of the forms allowed"),
            |names| {
                let is_set = |name: &&Value| name.as_str().is_some_and(|name| error.instance().get(name).is_some());
                let present: Vec<Value> = names.iter().filter(is_set).cloned().collect();
                format!("only one of {} may be set", list(&present))
            },
        ),
        _ => error.masked_with(value).to_string(),
    }
}

/// The schema that holds the keyword that failed.
fn parent<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Option<&'a Value> {
    let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
    schema.pointer(parent)
}

/// The property whose presence brought the rule: `dependencies` is what `dependentRequired` and `dependentExcluded` became.
fn depends(error: &ValidationError<'_>) -> Option<String> {
    let (_, rest) = error.schema_path().as_str().split_once("/dependencies/")?;
    rest.split('/').next().map(|name| name.replace("~1", "/").replace("~0", "~"))
}

/// The names among which `anyOf` or `oneOf` chooses, if each branch just requires one.
fn alternatives(error: &ValidationError<'_>, schema: &Value) -> Option<Vec<Value>> {
    let branches = schema.pointer(error.schema_path().as_str())?.as_array()?;
    let name = |branch: &Value| match branch
        .as_object()
        .filter(|branch| branch.len() == 1)?
        .get("required")?
        .as_array()?
        .as_slice()
    {
        [name] => Some(name.clone()),
        _ => None,
    };
    branches.iter().map(name).collect()
}

fn list(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

const fn name_of_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value as JSON, cut where a message would become unreadable.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

/// Appends a key or an index to a JSON pointer.
pub(super) fn descend(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
}
