//! Values that are documents: policies, queries, definitions. They are shown as a difference of lines.

use super::references::is_intrinsic;
use serde_json::Value;
use similar::TextDiff;

/// Properties that hold a document, wherever they stand.
const NAMES: [&str; 20] = [
    "AssumeRolePolicyDocument",
    "BackupPolicy",
    "Body",
    "Configuration",
    "CustomSql",
    "Definition",
    "DefinitionString",
    "EventPattern",
    "FilterPolicy",
    "InputTemplate",
    "KeyPolicy",
    "PermissionPolicy",
    "Policy",
    "PolicyDocument",
    "PolicyText",
    "QueryString",
    "ResourcePolicy",
    "Ruleset",
    "SqlQuery",
    "Statement",
];

/// A text from this length on is shown by its lines, if it has several.
const LONG: usize = 160;

/// Words that begin a line of a query.
const CLAUSES: [&str; 8] = [" FROM ", " WHERE ", " JOIN ", " GROUP BY ", " ORDER BY ", " UNION ", " TO 's3", " WITH ("];

/// Whether the property at a pointer is a document.
pub(super) fn is_document(pointer: &str) -> bool {
    let last = pointer.rsplit('/').next().unwrap_or_default();
    NAMES.binary_search(&last).is_ok()
}

/// The difference of two documents as a unified diff with three lines around each change; none for what is no document.
pub(super) fn lines(pointer: &str, before: Option<&Value>, after: Option<&Value>) -> Option<String> {
    let structured = |value: &&Value| matches!(value, Value::Object(_)) && !is_intrinsic(value);
    let both = [before, after];
    let document = is_document(pointer) && both.into_iter().flatten().any(|value| structured(&value) || is_long(value));
    let text =
        both.iter().flatten().any(|value| is_long(value) && spelled(value).is_some_and(|text| text.contains('\n')));
    if !document && !text {
        return None;
    }
    let (before, after) = (before.map(readable).unwrap_or_default(), after.map(readable).unwrap_or_default());
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    Some(diff.unified_diff().context_radius(3).missing_newline_hint(false).to_string())
}

/// The text of a value: itself, or that of a `Fn::Sub`.
fn spelled(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Object(object) if object.len() == 1 => match object.get("Fn::Sub")? {
            Value::Array(parts) => parts.first()?.as_str(),
            other => other.as_str(),
        },
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn is_long(value: &Value) -> bool {
    spelled(value).is_some_and(|text| text.len() >= LONG || text.contains('\n') || text.trim_start().starts_with('{'))
}

/// A value as a person would write it: JSON in lines, queries in clauses.
fn readable(value: &Value) -> String {
    let parsed = spelled(value).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let parsed = parsed.filter(|parsed| matches!(parsed, Value::Object(_) | Value::Array(_)));
    let mut text = match (parsed, spelled(value)) {
        (Some(parsed), _) => pretty(&parsed),
        (None, Some(text)) => clauses(text, ""),
        (None, None) => pretty(value),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn pretty(value: &Value) -> String {
    let text = crate::sure(serde_json::to_string_pretty(value), "a value is JSON");
    let lines = text.lines().map(|line| {
        let indent = line.len() - line.trim_start().len() + 2;
        clauses(&line.replace("\\n", "\n"), &" ".repeat(indent))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Breaks a long query before its clauses and after each of its columns; other text stays as it is.
fn clauses(text: &str, indent: &str) -> String {
    let upper = text.to_ascii_uppercase();
    let query = text.len() >= LONG && ["SELECT ", "UNLOAD ", "INSERT "].iter().any(|word| upper.contains(word));
    let mut text = text.replace('\n', &format!("\n{indent}"));
    if query {
        for clause in CLAUSES {
            text = text.replace(clause, &format!("\n{indent}{}", clause.trim_start()));
        }
        text = text.replace(", ", &format!(",\n{indent}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_of_names_is_sorted() {
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn a_policy_is_shown_by_its_lines() {
        let policy = |action: &str| json!({"Statement": [{"Effect": "Allow", "Action": [action], "Resource": "*"}]});
        let (before, after) = (policy("s3:GetObject"), policy("s3:*"));
        let shown = lines("/Properties/PolicyDocument", Some(&before), Some(&after)).expect("it is a document");
        assert!(shown.contains("-        \"s3:GetObject\"\n+        \"s3:*\"\n"), "{shown}");
        assert!(!shown.contains("\n+      \"Effect\""), "what stays is not told as changed: {shown}");
    }

    #[test]
    fn json_in_a_text_is_shown_as_json() {
        let (before, after) = (json!("{\"a\":1,\"b\":2}"), json!("{\"a\":1,\"b\":3}"));
        let shown = lines("/Properties/Configuration", Some(&before), Some(&after)).expect("it is a document");
        assert!(shown.contains("-  \"b\": 2\n+  \"b\": 3\n"), "{shown}");
    }

    #[test]
    fn a_query_in_a_definition_is_broken_into_its_columns() {
        let columns = |last: &str| (0..20).map(|at| format!("column_{at}, ")).collect::<String>() + last;
        let query = |last: &str| json!({"States": {"Stage": {"QueryString": format!("UNLOAD (SELECT {} FROM t) TO 's3://b/p/'", columns(last))}}});
        let (before, after) = (query("old"), query("new"));
        let shown = lines("/Properties/Definition", Some(&before), Some(&after)).expect("it is a document");
        assert!(shown.lines().any(|line| line.starts_with('-') && line.trim_end().ends_with(" old")), "{shown}");
        assert!(shown.contains("         FROM t)") || shown.contains("FROM t)"), "{shown}");
        assert_eq!(
            shown.lines().filter(|line| line.starts_with('-') && !line.starts_with("---")).count(),
            1,
            "{shown}"
        );
    }

    #[test]
    fn short_values_are_no_documents() {
        for (pointer, value) in [
            ("/Properties/Name", json!("x")),
            ("/Properties/Policy", json!("arn:aws:iam::aws:policy/ReadOnlyAccess")),
            ("/Properties/Definition", json!({"Ref": "Text"})),
        ] {
            assert_eq!(lines(pointer, Some(&value), None), None, "{pointer}");
        }
    }
}
