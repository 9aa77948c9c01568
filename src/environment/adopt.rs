//! Columns that are found in the catalog, written into a domain's file: comments and order stay, and nothing but lines is added.
//! Pure.
//!
//! The edit is proven before it is given out: the text is read anew, and must be the old content with exactly these columns
//! behind the others.

use super::files::LogicalType;
use super::tree::Tree;
use super::words;
use crate::mesh::{CatalogName, GlueType};
use serde_json::{Value, json};

/// A column that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundColumn {
    /// Its name.
    pub name: String,
    /// Its type, as the catalog writes it.
    pub type_name: String,
    /// Its classification; without one it is written as a comment, to be filled.
    pub classification: Option<String>,
    /// Who found it.
    pub by: Option<String>,
}

/// Why a column, or a file, cannot be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// The name is none that a file may have.
    #[error("column `{name}` {why}")]
    Name {
        /// The name.
        name: String,
        /// The end of the sentence.
        why: String,
    },
    /// The type is none that a file may have.
    #[error("column `{name}` has the type `{type_name}`, which {why}")]
    Type {
        /// The column.
        name: String,
        /// The type.
        type_name: String,
        /// The end of the sentence.
        why: &'static str,
    },
    /// The columns of the table are not written as a list with dashes, one below the other.
    #[error("the columns of the table are not written one below the other, each behind a dash")]
    Form,
    /// The edited text would not say what it should.
    #[error("the edited text would not say what it should")]
    Unproven,
}

/// The text with columns behind those of a table, and the number of the first new line, from 1. `table` is the table's JSON
/// pointer in the file. A column that stands there as a comment to be filled is not written again.
///
/// # Errors
/// The first column that cannot be written, or that the file has a form which cannot be edited.
pub fn with_columns(text: &str, table: &str, columns: &[FoundColumn]) -> Result<(String, usize), AdoptError> {
    let tree = Tree::parse(text).map_err(|_| AdoptError::Form)?;
    let place = Placing::of(text, &tree, table)?;
    let mut edited = String::with_capacity(text.len() + 200);
    let mut left = String::new();
    for line in text[place.end..].split_inclusive('\n') {
        // a comment that is filled now goes
        let is_filled = |column: &FoundColumn| {
            column.classification.is_some() && line.trim_start().starts_with(&comment_start(&column.name))
        };
        if left.len() + place.end > place.comments_end || !columns.iter().any(is_filled) {
            left.push_str(line);
        }
    }
    edited.push_str(&text[..place.end]);
    if !edited.ends_with('\n') {
        edited.push_str(place.newline);
    }
    let first = edited.lines().count() + 1;
    let mut expected = Vec::new();
    for column in columns {
        let written = Written::of(column)?;
        let stands = text[place.end..place.comments_end]
            .lines()
            .any(|line| line.trim_start().starts_with(&comment_start(&column.name)));
        match &column.classification {
            Some(_) => {
                edited.push_str(&format!("{}- {{{}}}{}", place.indent, written.members, place.newline));
                expected.push(written.value);
            }
            None if stands => {}
            None => {
                let by = column.by.as_deref().map(|by| format!("found by {}; ", plain(by))).unwrap_or_default();
                edited.push_str(&format!(
                    "{}# - {{{}, classification: }}  # {by}fill in its classification, then take the first # away{}",
                    place.indent, written.members, place.newline
                ));
            }
        }
    }
    edited.push_str(&left);
    prove(&tree, &edited, table, expected)?;
    Ok((edited, first))
}

/// How a comment begins that stands for a column to be filled.
fn comment_start(name: &str) -> String {
    format!("# - {{name: {},", word(name))
}

/// Where new columns go.
struct Placing<'a> {
    /// What a line of the list begins with, up to its dash.
    indent: &'a str,
    /// Behind the line on which the last column ends.
    end: usize,
    /// Behind the comments that follow it.
    comments_end: usize,
    newline: &'static str,
}

impl<'a> Placing<'a> {
    fn of(text: &'a str, tree: &Tree, table: &str) -> Result<Self, AdoptError> {
        let mut node = tree;
        for segment in words::segments(&format!("{table}/properties")) {
            node = node.child(&segment).ok_or(AdoptError::Form)?.1;
        }
        let Value::Array(items) = node.value() else { return Err(AdoptError::Form) };
        let last = items.len().checked_sub(1).ok_or(AdoptError::Form)?;
        let (_, last) = node.child(&last.to_string()).ok_or(AdoptError::Form)?;
        let (start, end) = last.bytes;
        // what an alias brings in stands elsewhere
        if last.defined.0 != start || node.defined.0 != node.bytes.0 {
            return Err(AdoptError::Form);
        }
        let line = text.get(..start).ok_or(AdoptError::Form)?.rfind('\n').map_or(0, |at| at + 1);
        let before = &text[line..start];
        let indent = before.trim_end().strip_suffix('-').ok_or(AdoptError::Form)?;
        if !indent.bytes().all(|byte| byte == b' ') {
            return Err(AdoptError::Form);
        }
        let end = text.get(end..).ok_or(AdoptError::Form)?.find('\n').map_or(text.len(), |at| end + at + 1);
        let mut comments_end = end;
        for line in text[end..].split_inclusive('\n') {
            if !line.trim_start().starts_with('#') {
                break;
            }
            comments_end += line.len();
        }
        let newline = if text[..end].ends_with("\r\n") { "\r\n" } else { "\n" };
        Ok(Self { indent, end, comments_end, newline })
    }
}

/// A column as it is written, and as it is read.
struct Written {
    members: String,
    value: Value,
}

impl Written {
    fn of(column: &FoundColumn) -> Result<Self, AdoptError> {
        let name = CatalogName::parse(&column.name)
            .map_err(|error| AdoptError::Name { name: column.name.clone(), why: error.message.to_string() })?;
        let type_error = |why| AdoptError::Type { name: column.name.clone(), type_name: column.type_name.clone(), why };
        let kind = GlueType::parse(&column.type_name.to_lowercase()).map_err(type_error)?;
        let logical = logical(&kind);
        let mut members = format!("name: {}, logicalType: {}", word(name.as_str()), spelled(logical));
        let mut value = json!({ "name": name.as_str(), "logicalType": spelled(logical) });
        if GlueType::of(logical).as_ref() != Some(&kind) {
            // what a type may hold needs no escape within double quotes
            members.push_str(&format!(", physicalType: \"{kind}\""));
            value["physicalType"] = json!(kind.to_string());
        }
        if let Some(classification) = &column.classification {
            members.push_str(&format!(", classification: {}", word(classification)));
            value["classification"] = json!(classification);
        }
        Ok(Self { members, value })
    }
}

/// The logical type of a type of the catalog.
fn logical(kind: &GlueType) -> LogicalType {
    match kind.name() {
        "date" => LogicalType::Date,
        "timestamp" => LogicalType::Timestamp,
        "boolean" => LogicalType::Boolean,
        "bigint" | "int" | "smallint" | "tinyint" => LogicalType::Integer,
        "double" | "float" | "decimal" => LogicalType::Number,
        "array" => LogicalType::Array,
        "map" | "struct" => LogicalType::Object,
        // char, varchar, binary
        _ => LogicalType::String,
    }
}

const fn spelled(logical: LogicalType) -> &'static str {
    match logical {
        LogicalType::String => "string",
        LogicalType::Date => "date",
        LogicalType::Timestamp => "timestamp",
        LogicalType::Time => "time",
        LogicalType::Number => "number",
        LogicalType::Integer => "integer",
        LogicalType::Object => "object",
        LogicalType::Array => "array",
        LogicalType::Boolean => "boolean",
    }
}

/// A word as YAML takes it for a text: in quotes where it could be a number, a truth value or nothing.
fn word(text: &str) -> String {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    if letters && starts && !reserved.contains(&text.to_lowercase().as_str()) {
        return text.to_owned();
    }
    json!(text).to_string()
}

/// A text of others within a comment: what could end it or hide is left out.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric() || " ._-/:".contains(*letter)).take(120).collect()
}

/// The edited text says what the old one said, with these columns behind the others of the table.
fn prove(old: &Tree, edited: &str, table: &str, columns: Vec<Value>) -> Result<(), AdoptError> {
    let mut expected = old.value();
    let properties = expected.pointer_mut(&format!("{table}/properties")).and_then(Value::as_array_mut);
    properties.ok_or(AdoptError::Form)?.extend(columns);
    let found = Tree::parse(edited).map_err(|_| AdoptError::Unproven)?.value();
    if found == expected { Ok(()) } else { Err(AdoptError::Unproven) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "/products/0/schema/0";

    fn column(name: &str, type_name: &str, classification: Option<&str>) -> FoundColumn {
        let (name, type_name) = (name.to_owned(), type_name.to_owned());
        FoundColumn { name, type_name, classification: classification.map(str::to_owned), by: None }
    }

    fn file(properties: &str) -> String {
        format!(
            "kind: Domain # ours\nproducts:\n  - id: a\n    schema:\n      - name: t\n        properties:\n{properties}"
        )
    }

    fn lines_added(before: &str, after: &str) -> Vec<String> {
        let old: Vec<&str> = before.lines().collect();
        let new: Vec<&str> = after.lines().filter(|line| !old.contains(line)).collect();
        // what was there stands there still, in its order
        let rest: Vec<&str> = after.lines().filter(|line| old.contains(line)).collect();
        assert_eq!(rest, old);
        new.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn columns_come_behind_the_last_one_and_all_else_stays() {
        let before = file(
            "          - {name: one, logicalType: string} # the first\n          # about two\n          - name: two\n            logicalType: number # at its end\n\n        quality: []\n",
        );
        let columns = [column("coupon", "string", Some("internal")), column("price", "decimal(10, 2)", Some("pii"))];
        let (after, first) = with_columns(&before, TABLE, &columns).unwrap();
        assert_eq!(
            lines_added(&before, &after),
            [
                "          - {name: coupon, logicalType: string, classification: internal}",
                "          - {name: price, logicalType: number, physicalType: \"decimal(10,2)\", classification: pii}"
            ]
        );
        assert_eq!(after.lines().nth(first - 1), Some(lines_added(&before, &after)[0].as_str()));
        assert!(after.contains("# at its end\n          - {name: coupon"), "{after}");
    }

    #[test]
    fn a_column_without_a_classification_is_a_comment_until_it_is_filled() {
        let before = file("          - {name: one, logicalType: string}\n");
        let found = FoundColumn { by: Some("crawler x\n- evil: 1".to_owned()), ..column("no", "int", None) };
        let (after, _) = with_columns(&before, TABLE, std::slice::from_ref(&found)).unwrap();
        let added = lines_added(&before, &after);
        assert_eq!(
            added,
            [
                "          # - {name: \"no\", logicalType: integer, physicalType: \"int\", classification: }  # found by crawler x- evil: 1; fill in its classification, then take the first # away"
            ]
        );
        // found again, it is not written again; with its classification it takes the place of the comment
        assert_eq!(with_columns(&after, TABLE, &[found]).unwrap().0, after);
        let (filled, _) = with_columns(&after, TABLE, &[column("no", "int", Some("pii"))]).unwrap();
        assert_eq!(
            lines_added(&before, &filled),
            ["          - {name: \"no\", logicalType: integer, physicalType: \"int\", classification: pii}"]
        );
    }

    #[test]
    fn line_ends_and_a_missing_last_one_are_kept() {
        let before = file("          - {name: one, logicalType: string}").replace('\n', "\r\n");
        let (after, _) = with_columns(&before, TABLE, &[column("x", "date", Some("public"))]).unwrap();
        assert!(after.starts_with(&before), "{after:?}");
        let (rest, _) = with_columns(&(before + "\r\n"), TABLE, &[column("x", "date", Some("public"))]).unwrap();
        assert!(
            rest.ends_with(
                "one, logicalType: string}\r\n          - {name: x, logicalType: date, classification: public}\r\n"
            ),
            "{rest:?}"
        );
    }

    #[test]
    fn what_cannot_be_edited_is_refused() {
        let good = file("          - {name: one, logicalType: string}\n");
        let flow = file("          [{name: one, logicalType: string}]\n");
        let alias = file("          - &one {name: one, logicalType: string}\n          - *one\n");
        let x = [column("x", "string", Some("pii"))];
        assert_eq!(with_columns(&flow, TABLE, &x), Err(AdoptError::Form));
        assert_eq!(with_columns(&alias, TABLE, &x), Err(AdoptError::Form));
        assert_eq!(with_columns(&good, "/products/7/schema/0", &x), Err(AdoptError::Form));
        assert_eq!(with_columns("{", TABLE, &x), Err(AdoptError::Form));
        for (name, type_name) in [("Größe", "string"), ("a b", "string"), ("a\n- b", "string"), ("", "string")] {
            let refused = with_columns(&good, TABLE, &[column(name, type_name, Some("pii"))]);
            assert!(matches!(refused, Err(AdoptError::Name { .. })), "{name}: {refused:?}");
        }
        for type_name in ["", "uniontype<int>", "string\"}", "struct<a:b>"] {
            let refused = with_columns(&good, TABLE, &[column("x", type_name, Some("pii"))]);
            assert!(matches!(refused, Err(AdoptError::Type { .. })), "{type_name}: {refused:?}");
        }
        // whatever a classification is, it stays one text
        let nasty = with_columns(&good, TABLE, &[column("x", "string", Some("a, b: {c}\n- d"))]).unwrap().0;
        assert!(nasty.contains(r#"classification: "a, b: {c}\n- d"}"#), "{nasty}");
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_edited_as_proven_or_refused(text in "[ a-z:{}\\[\\]#&*|>\n-]{0,80}", name in "\\PC{0,12}") {
            let text = file(&text);
            let columns = [column(&name, "string", Some("pii"))];
            if let Ok((after, _)) = with_columns(&text, TABLE, &columns) {
                proptest::prop_assert!(after.len() > text.len());
            }
        }
    }
}
