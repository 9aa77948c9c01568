//! What a value reads of other parts of its template: the references by which one change causes another.
//!
//! Source: the CloudFormation user guide, "Intrinsic function reference".

use serde_json::Value;

/// How a value reads something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    /// `Ref`, or `${Name}` in a `Fn::Sub`: a parameter, or the physical id of a resource.
    Name(&'a str),
    /// `Fn::GetAtt`, or `${Name.Attribute}`.
    Attribute(&'a str, &'a str),
    /// `Fn::If`, or `Condition` within a condition.
    Condition(&'a str),
    /// `Fn::FindInMap`.
    Mapping(&'a str),
}

/// Whether an object is one intrinsic function and nothing else.
pub(super) fn is_intrinsic(value: &Value) -> bool {
    let Value::Object(object) = value else { return false };
    object.len() == 1 && object.keys().any(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// Calls back for everything that a value reads.
pub(super) fn each<'a>(value: &'a Value, visit: &mut dyn FnMut(Reading<'a>)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| each(item, visit)),
        Value::Object(object) => {
            for (key, inner) in object {
                match (key.as_str(), inner) {
                    ("Ref", Value::String(name)) => visit(Reading::Name(name)),
                    ("Condition", Value::String(name)) if object.len() == 1 => visit(Reading::Condition(name)),
                    ("Fn::GetAtt", Value::String(text)) => visit(dotted(text)),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        if let Some(name) = parts.first().and_then(Value::as_str) {
                            visit(Reading::Attribute(name, parts.get(1).and_then(Value::as_str).unwrap_or_default()));
                        }
                    }
                    ("Fn::Sub", Value::String(text)) => substitutions(text, None, visit),
                    ("Fn::Sub", Value::Array(parts)) => {
                        let text = parts.first().and_then(Value::as_str).unwrap_or_default();
                        substitutions(text, parts.get(1), visit);
                        parts.iter().skip(1).for_each(|part| each(part, visit));
                    }
                    ("Fn::If" | "Fn::FindInMap", Value::Array(parts)) => {
                        if let Some(name) = parts.first().and_then(Value::as_str) {
                            let condition = key == "Fn::If";
                            visit(if condition { Reading::Condition(name) } else { Reading::Mapping(name) });
                        }
                        parts.iter().for_each(|part| each(part, visit));
                    }
                    _ => each(inner, visit),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn dotted(text: &str) -> Reading<'_> {
    text.split_once('.').map_or(Reading::Name(text), |(name, attribute)| Reading::Attribute(name, attribute))
}

/// `${Name}` and `${Name.Attribute}`, save the function's own variables; `${!Literal}` is none.
fn substitutions<'a>(text: &'a str, own: Option<&Value>, visit: &mut dyn FnMut(Reading<'a>)) {
    for part in text.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else { continue };
        if !name.starts_with('!') && own.is_none_or(|own| own.get(name).is_none()) {
            visit(dotted(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_a_reference_is_read() {
        let cases = [
            (json!({"Ref": "A"}), vec![Reading::Name("A")]),
            (json!({"Fn::GetAtt": ["A", "Arn"]}), vec![Reading::Attribute("A", "Arn")]),
            (json!({"Fn::GetAtt": "A.Endpoint.Port"}), vec![Reading::Attribute("A", "Endpoint.Port")]),
            (json!({"Fn::Sub": "x/${A}/${B.Arn}/${!C}"}), vec![Reading::Name("A"), Reading::Attribute("B", "Arn")]),
            (json!({"Fn::Sub": ["${A}${B}", {"A": {"Ref": "C"}}]}), vec![Reading::Name("B"), Reading::Name("C")]),
            (json!({"Fn::If": ["IsBig", {"Ref": "A"}, "x"]}), vec![Reading::Condition("IsBig"), Reading::Name("A")]),
            (
                json!({"Fn::FindInMap": ["Sizes", {"Ref": "A"}, "x"]}),
                vec![Reading::Mapping("Sizes"), Reading::Name("A")],
            ),
            (json!({"Fn::Join": ["", ["a", {"Ref": "A"}]]}), vec![Reading::Name("A")]),
            (json!({"Fn::Not": [{"Condition": "IsBig"}]}), vec![Reading::Condition("IsBig")]),
            (json!({"Condition": {"StringEquals": {"a": "b"}}, "Text": "${A}"}), vec![]),
        ];
        for (value, expected) in cases {
            let mut found = Vec::new();
            each(&value, &mut |reading| found.push(reading));
            assert_eq!(found, expected, "{value}");
        }
    }
}
