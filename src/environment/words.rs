//! How a finding about the shape of a file calls things, taken from the schema and the value.

use serde_json::Value;

/// The segments of a JSON pointer, unescaped.
pub(super) fn segments(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~"))
}

/// The part of a schema that describes the value at a pointer; `null` where none does.
pub(super) fn schema_at<'a>(root: &'a Value, pointer: &str) -> &'a Value {
    let resolve = |schema: &'a Value| match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap_or(schema),
        None => schema,
    };
    segments(pointer)
        .fold(root, |schema, segment| resolve(schema["properties"].get(&segment).unwrap_or(&schema["items"])))
}

/// The names of an object's fields.
pub(super) fn fields(schema: &Value) -> Vec<&str> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

/// The title with its article: "a column", "an output port".
pub(super) fn title(schema: &Value) -> String {
    let title = schema["title"].as_str().unwrap_or("mapping");
    let article = if title.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {title}")
}

/// What the value at a pointer is called: its field, or its number in a list.
pub(super) fn subject(pointer: &str) -> String {
    let segments: Vec<_> = segments(pointer).collect();
    match &segments[..] {
        [] => "the file".to_owned(),
        [.., list, index] if index.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("element {} of `{list}`", index.parse::<usize>().map_or(0, |index| index + 1))
        }
        [.., field] => format!("`{field}`"),
    }
}

/// A value as a message shows it: short.
pub(super) fn shown(value: &Value) -> String {
    const MOST_CHARACTERS: usize = 60;
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => format!("the number {value}"),
        Value::String(value) if value.chars().nth(MOST_CHARACTERS).is_some() => {
            format!("the text \"{}…\"", value.chars().take(MOST_CHARACTERS).collect::<String>())
        }
        Value::String(value) => format!("the text \"{value}\""),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}

/// What a type of JSON Schema is called.
pub(super) fn expected(name: &str) -> &str {
    match name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a mapping",
        other => other,
    }
}
