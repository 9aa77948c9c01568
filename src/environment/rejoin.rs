//! `{purpose: chats, recordings}`: YAML ends the text at the comma and reads `recordings` as a field without a value.
//! What was meant is plain, so the text is put together again and a warning asks for the quotes; nothing is lost.

use super::tree::Tree;
use super::words;
use crate::finding::{Code, Finding, Place};
use serde_json::Value;

/// Puts texts together that a comma cut, and warns of each.
pub(super) fn rejoin(path: &str, text: &str, schema: &Value, value: &mut Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(tree) = Tree::parse(text) {
        visit(&Cut { path, text, schema }, &tree, "", value, &mut findings);
    }
    findings
}

struct Cut<'a> {
    path: &'a str,
    text: &'a str,
    schema: &'a Value,
}

fn visit(cut: &Cut<'_>, tree: &Tree, pointer: &str, value: &mut Value, findings: &mut Vec<Finding>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                if let Some((_, tree)) = tree.child(&index.to_string()) {
                    visit(cut, tree, &format!("{pointer}/{index}"), item, findings);
                }
            }
        }
        Value::Object(fields) => {
            if cut.text[tree.bytes.0..].starts_with('{') {
                findings.extend(mapping(cut, tree, pointer, fields));
            }
            for (name, field) in fields {
                if let Some((_, tree)) = tree.child(name) {
                    let segment = name.replace('~', "~0").replace('/', "~1");
                    visit(cut, tree, &format!("{pointer}/{segment}"), field, findings);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The fields of one `{…}` in the order of the text: a field without a value that the format does not have, right after a
/// text, is the rest of that text.
fn mapping(cut: &Cut<'_>, tree: &Tree, pointer: &str, fields: &mut serde_json::Map<String, Value>) -> Option<Finding> {
    let known = words::fields(words::schema_at(cut.schema, pointer));
    let mut order: Vec<(usize, String)> =
        fields.keys().filter_map(|name| Some((tree.child(name)?.0?.0, name.clone()))).collect();
    order.sort_unstable();
    let mut cut_field: Option<String> = None;
    let mut joined = false;
    for (_, name) in order {
        let is_rest = fields[&name].is_null() && !known.contains(&name.as_str());
        match (&cut_field, is_rest) {
            (Some(field), true) => {
                fields.remove(&name);
                if let Some(Value::String(text)) = fields.get_mut(field) {
                    text.push_str(", ");
                    text.push_str(&name);
                    joined = true;
                }
            }
            (_, false) if joined => break,
            (_, _) => cut_field = fields[&name].is_string().then_some(name),
        }
    }
    let field = cut_field.filter(|_| joined)?;
    let message =
        format!("the text of `{field}` ends at its first comma, since nothing quotes it; it was put together again");
    let place = Place::at(cut.path, pointer).child(&field);
    let whole = fields[&field].as_str().unwrap_or_default();
    let help = format!("put it in double quotes: \"{}\"", whole.replace('\\', "\\\\").replace('"', "\\\""));
    Some(Finding::new(Code::TextCutAtComma, place, message).help(help))
}
