//! Columns and tables that stand in the catalog: what crawlers found and nobody declared, what is gone, what has another type.

use super::live::{LiveDatabase, LiveTable};
use super::model::{Check, Difference, Direction, Subject};
use super::tags::gone;
use crate::access::TableFact;
use crate::assembly::Document;
use serde_json::Value;
use std::collections::BTreeMap;

/// Column names with their types, as a template declares them; columns, then partition keys.
pub(super) type Declared = Vec<(String, Option<String>)>;

/// The columns of a table with their types.
pub(super) fn declared(fact: &TableFact, documents: &[Document]) -> Declared {
    let document = documents.iter().find(|document| document.id == fact.spot.stack);
    let input =
        document.map(|document| &document.template["Resources"][&fact.spot.resource]["Properties"]["TableInput"]);
    let listed = |list: &Value| -> BTreeMap<String, String> {
        let columns = list.as_array().into_iter().flatten();
        columns
            .filter_map(|column| Some((column["Name"].as_str()?.to_owned(), column["Type"].as_str()?.to_owned())))
            .collect()
    };
    let mut types = BTreeMap::new();
    if let Some(input) = input {
        types.extend(listed(&input["StorageDescriptor"]["Columns"]));
        types.extend(listed(&input["PartitionKeys"]));
    }
    fact.columns.iter().map(|name| (name.clone(), types.get(name).cloned())).collect()
}

/// Compares the tables of a database. A table that no template has is told only where `is_shared`: where a template tags the
/// database, the table inherits what opens it.
pub(super) fn compare(
    account: &str,
    name: &str,
    declared: &BTreeMap<String, Declared>,
    is_shared: bool,
    live: &LiveDatabase,
) -> Check {
    let check = |same, differences| Check::new(Subject::Columns, account, name, same, differences, Vec::new());
    let tables = match &live.tables {
        Err(unread) => return Check::not_checked(Subject::Columns, account, name, unread.of("")),
        Ok(None) => return check(0, vec![gone(format!("database {name}"))]),
        Ok(Some(tables)) => tables,
    };
    let mut same = 0;
    let mut differences = Vec::new();
    for (table, columns) in declared {
        match tables.get(table) {
            None => differences.push(gone(format!("table {table}"))),
            Some(live) => columns_of(table, columns, live, &mut same, &mut differences),
        }
    }
    for (table, live) in tables.iter().filter(|(table, _)| is_shared && !declared.contains_key(*table)) {
        differences.push(Difference {
            direction: Direction::More,
            what: format!("table {table}"),
            expected: None,
            actual: Some(format!("{} columns", live.columns.len())),
            by: live.crawler.clone(),
            mend: Some("declare it in the product's file, or drop it: it carries the product's tag".to_owned()),
        });
    }
    check(same, differences)
}

fn columns_of(table: &str, declared: &Declared, live: &LiveTable, same: &mut usize, differences: &mut Vec<Difference>) {
    let found: BTreeMap<&str, &str> =
        live.columns.iter().map(|column| (column.name.as_str(), column.type_name.as_str())).collect();
    for (name, wanted) in declared {
        match (found.get(name.as_str()), wanted) {
            (None, _) => differences.push(gone(format!("column {table}.{name}"))),
            (Some(found), Some(wanted)) if plain(found) != plain(wanted) => differences.push(Difference {
                direction: Direction::Other,
                what: format!("column {table}.{name}"),
                expected: Some(wanted.clone()),
                actual: Some((*found).to_owned()),
                by: live.crawler.clone(),
                mend: None,
            }),
            (Some(_), _) => *same += 1,
        }
    }
    for column in live.columns.iter().filter(|column| !declared.iter().any(|(name, _)| *name == column.name)) {
        differences.push(Difference {
            direction: Direction::More,
            what: format!("column {table}.{}", column.name),
            expected: None,
            actual: Some(column.type_name.clone()),
            by: live.crawler.clone(),
            mend: Some("it is its owner's alone until it is declared: `meshform adopt columns` writes it into the domain's file".to_owned()),
        });
    }
}

/// A type without what does not count: `DECIMAL(10, 2)` is `decimal(10,2)`.
fn plain(type_name: &str) -> String {
    type_name.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect()
}
