//! Whether the values of a file are where they belong: two files that differ in their values alone, compared.

use serde_json::Value;

/// Where a file differs from the same file made of stand-ins by more than its values; none where it does not.
pub(super) fn spilled(found: &Value, plain: &Value, pairs: &[(&str, &str)]) -> Option<String> {
    match (found, plain) {
        (Value::String(found), Value::String(plain)) if *found == filled(plain, pairs) => None,
        (Value::Array(found), Value::Array(plain)) if found.len() == plain.len() => {
            let both = found.iter().zip(plain).enumerate();
            both.into_iter()
                .find_map(|(index, (found, plain))| spilled(found, plain, pairs).map(|at| format!("/{index}{at}")))
        }
        // no value of ours names a field
        (Value::Object(found), Value::Object(plain)) => {
            let missing = plain.keys().find(|name| !found.contains_key(*name));
            let more = || found.keys().find(|name| !plain.contains_key(*name));
            if let Some(name) = missing.or_else(more) {
                return Some(format!("/{name}"));
            }
            plain.iter().find_map(|(name, plain)| spilled(&found[name], plain, pairs).map(|at| format!("/{name}{at}")))
        }
        (found, plain) if found == plain => None,
        _ => Some(String::new()),
    }
}

/// A text of stand-ins with the values in their places, in one pass: a value that reads like a stand-in is none.
fn filled(plain: &str, pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = plain;
    while let Some((start, stand_in, value)) = pairs
        .iter()
        .filter_map(|(stand_in, value)| rest.find(stand_in).map(|start| (start, stand_in, value)))
        .min_by_key(|(start, ..)| *start)
    {
        text.push_str(&rest[..start]);
        text.push_str(value);
        rest = &rest[start + stand_in.len()..];
    }
    text.push_str(rest);
    text
}
