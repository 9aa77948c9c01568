//! The form of intrinsic functions. The schemas let one stand for any value; here is what it must look like.
//!
//! Source: the CloudFormation user guide, "Intrinsic function reference".

use serde_json::{Map, Value};

use super::Violation;
use super::messages::{descend, shown};
use crate::finding::nearest;

/// The functions that may stand for a property's value, as in `INTRINSICS` of `tools/schemas.py`.
pub(super) const NAMES: [&str; 15] = [
    "Ref",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::FindInMap",
    "Fn::GetAtt",
    "Fn::GetAZs",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
];

/// Every intrinsic function that does not exist, does not stand alone, or has arguments of the wrong form.
pub(super) fn misused(value: &Value) -> Vec<Violation> {
    let mut violations = Vec::new();
    // a look without pointers first: nearly all resources are right
    if !well_used(value) {
        walk(value, &mut String::new(), &mut violations);
    }
    violations
}

fn well_used(value: &Value) -> bool {
    match value {
        Value::Object(object) => wrong(object).is_none() && object.values().all(well_used),
        Value::Array(items) => items.iter().all(well_used),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn walk(value: &Value, pointer: &mut String, violations: &mut Vec<Violation>) {
    let depth = pointer.len();
    match value {
        Value::Object(object) => {
            if let Some(message) = wrong(object) {
                violations.push(Violation { pointer: pointer.clone(), message });
            }
            for (key, inner) in object {
                descend(pointer, key);
                walk(inner, pointer, violations);
                pointer.truncate(depth);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                descend(pointer, &index.to_string());
                walk(inner, pointer, violations);
                pointer.truncate(depth);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn wrong(object: &Map<String, Value>) -> Option<String> {
    // a property may be called Ref, but then it has neighbours; none begins with Fn::
    let (name, arguments) =
        object.iter().find(|(key, _)| key.starts_with("Fn::") || (*key == "Ref" && object.len() == 1))?;
    if !NAMES.contains(&name.as_str()) {
        let advice = nearest(name, NAMES).map_or_else(String::new, |near| format!("; {near} is near"));
        return Some(format!("{name} is no intrinsic function{advice}"));
    }
    if object.len() > 1 {
        return Some(format!("{name} stands alone in its object, without other keys"));
    }
    let expected = expected(name, arguments)?;
    Some(format!("{name} takes {expected}, not {}", shown(arguments)))
}

/// What a function takes, if these arguments are not of that form.
fn expected(name: &str, arguments: &Value) -> Option<&'static str> {
    let list = arguments.as_array().map(Vec::as_slice);
    let computed = arguments.is_object();
    let (fits, expected) = match name {
        "Ref" => (arguments.is_string(), "a name"),
        "Fn::GetAtt" => (
            matches!(list, Some([Value::String(_), Value::String(_) | Value::Object(_)]))
                || arguments.as_str().is_some_and(|text| text.contains('.')),
            "a logical id and an attribute",
        ),
        "Fn::Sub" => (
            arguments.is_string() || matches!(list, Some([Value::String(_), Value::Object(_)])),
            "a text, or a list of a text and its variables",
        ),
        "Fn::Join" => {
            (matches!(list, Some([Value::String(_), Value::Array(_) | Value::Object(_)])), "a separator and a list")
        }
        "Fn::Split" => {
            (matches!(list, Some([Value::String(_), Value::String(_) | Value::Object(_)])), "a separator and a text")
        }
        "Fn::Select" => (matches!(list, Some([_, Value::Array(_) | Value::Object(_)])), "an index and a list"),
        "Fn::If" => (matches!(list, Some([Value::String(_), _, _])), "the name of a condition and two values"),
        "Fn::FindInMap" => (matches!(list, Some([_, _, _] | [_, _, _, _])), "a mapping and two keys"),
        "Fn::Cidr" => (matches!(list, Some([_, _] | [_, _, _])), "a block, a count and the bits of each"),
        "Fn::Base64" | "Fn::GetAZs" | "Fn::ImportValue" => (arguments.is_string() || computed, "a text"),
        "Fn::Length" | "Fn::ToJsonString" => (list.is_some() || computed, "a list or an object"),
        _ => (computed, "an object"),
    };
    (!fits).then_some(expected)
}
