//! Commands that mend a grant or a tag. Values stand in single quotes, so that no name becomes a word of the shell.

use crate::access::{ColumnList, GrantedFact};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The command that takes rights away; none where the command line has no form for it.
pub(super) fn revoke_command(
    principal: &str,
    granted: &GrantedFact,
    permissions: &BTreeSet<String>,
    grantable: &BTreeSet<String>,
) -> Option<String> {
    command("revoke-permissions", principal, granted, permissions, grantable)
}

/// The command that gives rights; none where the command line has no form for it.
pub(super) fn grant_command(
    principal: &str,
    granted: &GrantedFact,
    permissions: &BTreeSet<String>,
    grantable: &BTreeSet<String>,
) -> Option<String> {
    // what may be passed on must be held too (GrantPermissions: the grantable rights are a part of the rights)
    let permissions = permissions.union(grantable).cloned().collect();
    command("grant-permissions", principal, granted, &permissions, grantable)
}

fn command(
    verb: &str,
    principal: &str,
    granted: &GrantedFact,
    permissions: &BTreeSet<String>,
    grantable: &BTreeSet<String>,
) -> Option<String> {
    let resource = resource(granted)?;
    let list = |name: &str, rights: &BTreeSet<String>| {
        let rights: Vec<String> = rights.iter().map(|right| quoted(right)).collect();
        if rights.is_empty() { String::new() } else { format!(" --{name} {}", rights.join(" ")) }
    };
    let principal = json!({ "DataLakePrincipalIdentifier": principal });
    Some(format!(
        "aws lakeformation {verb} --principal {} --resource {}{}{}",
        quoted(&principal.to_string()),
        quoted(&resource.to_string()),
        list("permissions", permissions),
        list("permissions-with-grant-option", grantable)
    ))
}

/// The command that puts a tag's value on a database, a table or a column.
pub(super) fn tag_command(
    catalog: &str,
    database: &str,
    table: Option<&str>,
    column: Option<&str>,
    key: &str,
    value: &str,
) -> String {
    let resource = match (table, column) {
        (Some(table), Some(column)) => json!({ "TableWithColumns":
            { "CatalogId": catalog, "DatabaseName": database, "Name": table, "ColumnNames": [column] } }),
        (Some(table), None) => json!({ "Table": { "CatalogId": catalog, "DatabaseName": database, "Name": table } }),
        (None, _) => json!({ "Database": { "CatalogId": catalog, "Name": database } }),
    };
    let tags = json!([{ "CatalogId": catalog, "TagKey": key, "TagValues": [value] }]);
    format!(
        "aws lakeformation add-lf-tags-to-resource --resource {} --lf-tags {}",
        quoted(&resource.to_string()),
        quoted(&tags.to_string())
    )
}

/// The resource of a grant, as the API takes it (Lake Formation API reference, `Resource`).
fn resource(granted: &GrantedFact) -> Option<Value> {
    let resource = match granted {
        GrantedFact::Database { catalog, name } => json!({ "Database": { "CatalogId": catalog, "Name": name } }),
        GrantedFact::Expression { catalog, tables, conditions } => {
            let kind = if *tables { "TABLE" } else { "DATABASE" };
            let conditions: Vec<Value> =
                conditions.iter().map(|(key, values)| json!({ "TagKey": key, "TagValues": values })).collect();
            json!({ "LFTagPolicy": { "CatalogId": catalog, "ResourceType": kind, "Expression": conditions } })
        }
        GrantedFact::Table { catalog, database, name: Some(name) } => {
            json!({ "Table": { "CatalogId": catalog, "DatabaseName": database, "Name": name } })
        }
        GrantedFact::Table { catalog, database, name: None } => {
            json!({ "Table": { "CatalogId": catalog, "DatabaseName": database, "TableWildcard": {} } })
        }
        GrantedFact::Columns { catalog, database, table, columns } => {
            let mut resource = json!({ "CatalogId": catalog, "DatabaseName": database, "Name": table });
            match columns {
                ColumnList::Only(names) => resource["ColumnNames"] = json!(names),
                ColumnList::AllBut(names) => resource["ColumnWildcard"] = json!({ "ExcludedColumnNames": names }),
            }
            json!({ "TableWithColumns": resource })
        }
        GrantedFact::Filter { catalog, database, table, name } => json!({ "DataCellsFilter":
            { "TableCatalogId": catalog, "DatabaseName": database, "TableName": table, "Name": name } }),
        GrantedFact::Tag { catalog, key, values } => {
            json!({ "LFTag": { "CatalogId": catalog, "TagKey": key, "TagValues": values } })
        }
        GrantedFact::Location { catalog, arn } => {
            json!({ "DataLocation": { "CatalogId": catalog, "ResourceArn": arn } })
        }
        GrantedFact::Other(_) => return None,
    };
    Some(resource)
}

/// A word of a POSIX shell that stands for exactly this text.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@%+=,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_a_word_of_the_shell() {
        let granted =
            GrantedFact::Database { catalog: "111111111111".to_owned(), name: "x'; rm -rf $(pwd)".to_owned() };
        let rights = BTreeSet::from(["DESCRIBE".to_owned()]);
        let command = revoke_command("arn:aws:iam::222222222222:role/a", &granted, &rights, &BTreeSet::new());
        assert_eq!(
            command.as_deref(),
            Some(
                r#"aws lakeformation revoke-permissions --principal '{"DataLakePrincipalIdentifier":"arn:aws:iam::222222222222:role/a"}' --resource '{"Database":{"CatalogId":"111111111111","Name":"x'\''; rm -rf $(pwd)"}}' --permissions DESCRIBE"#
            )
        );
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
    }
}
