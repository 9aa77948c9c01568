//! What is compared, in words.

use crate::access::{ColumnList, GrantedFact};
use std::collections::BTreeSet;

/// What a grant is on.
pub(super) fn granted_in_words(granted: &GrantedFact) -> String {
    match granted {
        GrantedFact::Database { name, .. } => format!("database {name}"),
        GrantedFact::Expression { tables, conditions, .. } => {
            let kind = if *tables { "tables" } else { "databases" };
            let conditions: Vec<String> =
                conditions.iter().map(|(key, values)| format!("{key} in ({})", list(values))).collect();
            format!("{kind} with {}", conditions.join(" and "))
        }
        GrantedFact::Table { database, name: Some(name), .. } => format!("table {database}.{name}"),
        GrantedFact::Table { database, name: None, .. } => format!("all tables of {database}"),
        GrantedFact::Columns { database, table, columns, .. } => match columns {
            ColumnList::Only(names) => format!("columns {} of table {database}.{table}", list(names)),
            ColumnList::AllBut(names) => format!("all columns but {} of table {database}.{table}", list(names)),
        },
        GrantedFact::Filter { database, table, name, .. } => format!("filter {name} of table {database}.{table}"),
        GrantedFact::Tag { key, values, .. } => format!("the values {} of the tag {key}", list(values)),
        GrantedFact::Location { arn, .. } => format!("location {arn}"),
        GrantedFact::Other(kind) => kind.clone(),
    }
}

/// Values, as one text.
pub(super) fn list(values: &BTreeSet<String>) -> String {
    values.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
