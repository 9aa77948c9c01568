//! CloudFormation templates in YAML: the short forms of intrinsic functions become the long ones, as JSON has them.
//!
//! Short forms: CloudFormation user guide, "Intrinsic function reference"; each function's page gives its short form.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use serde_saphyr::{MessageFormatter as _, Tagged, UserMessageFormatter};

/// Levels that a template may nest: deeper than ours, since intrinsics nest, and still far from the end of a thread's stack.
const MOST_LEVELS: usize = 48;
/// Values that a template may hold.
const MOST_VALUES: usize = 1_000_000;
/// Values that aliases may bring in.
const MOST_REPLAYED: usize = 200_000;

/// Reads a template in YAML.
///
/// # Errors
/// The YAML reader's words, with line and column.
pub fn read_template(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MOST_LEVELS,
            max_nodes: MOST_VALUES,
            max_events: 4 * MOST_VALUES,
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_REPLAYED },
        // a condition may well be called `Yes`
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    let read = serde_saphyr::from_str_with_options::<Node>(text, options);
    read.map(|Node(value)| value).map_err(|error| {
        let words = UserMessageFormatter.format_message(&error).trim_end_matches('.').to_owned();
        match error.location() {
            Some(location) => format!("line {}, column {}: {words}", location.line(), location.column()),
            None => words,
        }
    })
}

/// A node with its short form written out.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Plain(value), tag) = Tagged::<Plain>::deserialize(deserializer)?;
        Ok(Self(match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
            Some(name) if !name.is_empty() => long_form(name, value),
            Some(_) | None => value,
        }))
    }
}

/// What `!Name value` stands for.
fn long_form(name: &str, value: Value) -> Value {
    match (name, value) {
        ("Ref" | "Condition", value) => json!({ name: value }),
        // the attribute may have dots of its own: `Nested.Outputs.Name`
        ("GetAtt", Value::String(text)) => match text.split_once('.') {
            Some((id, attribute)) => json!({ "Fn::GetAtt": [id, attribute] }),
            None => json!({ "Fn::GetAtt": [text] }),
        },
        (name, value) => json!({ format!("Fn::{name}"): value }),
    }
}

/// A node without its tag.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Plain;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Plain, E> {
        Ok(Plain(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Plain, E> {
        let number = serde_json::Number::from_f64(value).ok_or_else(|| E::custom("a number must be finite"))?;
        Ok(Plain(number.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Plain, E> {
        Ok(Plain(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Plain, A::Error> {
        let mut items = Vec::new();
        while let Some(Node(item)) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Plain(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut mapping: A) -> Result<Plain, A::Error> {
        let mut entries = Map::new();
        while let Some((key, Node(value))) = mapping.next_entry::<String, Node>()? {
            entries.insert(key, value);
        }
        Ok(Plain(Value::Object(entries)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_ones() {
        let text = "a: !Ref Name\nb: !Sub '${Name}-x'\nc: !GetAtt Role.Arn\nd: !Join ['-', [a, !Ref B]]\n\
                    e: !If [Yes, {x: !Sub [\"${k}\", {k: !Select [0, !Split [',', 'a,b']]}]}, !Ref AWS::NoValue]\n\
                    f: !Not [!Condition Other]\ng: !GetAtt Nested.Outputs.Name\nh: 2012-10-17\n";
        let value = read_template(text).expect("it is YAML");
        let expected = json!({
            "a": {"Ref": "Name"},
            "b": {"Fn::Sub": "${Name}-x"},
            "c": {"Fn::GetAtt": ["Role", "Arn"]},
            "d": {"Fn::Join": ["-", ["a", {"Ref": "B"}]]},
            "e": {"Fn::If": ["Yes", {"x": {"Fn::Sub": ["${k}", {"k": {"Fn::Select": [0, {"Fn::Split": [",", "a,b"]}]}}]}},
                {"Ref": "AWS::NoValue"}]},
            "f": {"Fn::Not": [{"Condition": "Other"}]},
            "g": {"Fn::GetAtt": ["Nested", "Outputs.Name"]},
            "h": "2012-10-17",
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn what_is_no_yaml_is_told_with_its_place() {
        let error = read_template("a: [1, 2\nb: }").expect_err("it is no YAML");
        assert!(error.starts_with("line "), "{error}");
        assert!(read_template("a: &a [*a]").is_err());
    }

    #[test]
    fn the_limit_of_levels_is_below_that_of_the_stack() {
        for (open, close) in [("- ", ""), ("[", "]"), ("{a: ", "}"), ("!Sub [", "]")] {
            let nested = |levels| format!("{}{}", open.repeat(levels), close.repeat(levels));
            assert!(read_template(&nested(MOST_LEVELS)).is_ok(), "{open}");
            assert!(read_template(&nested(MOST_LEVELS + 1)).is_err(), "{open}");
        }
    }
}
