//! `ListPermissions`: what an account granted, in our own types.

use crate::access::{ColumnList, GrantedFact};
use crate::deploy::cloud::{CloudError, ErrorKind, Scope};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use crate::plan::drift::LiveGrant;
use aws_sdk_lakeformation::error::BuildError;
use aws_sdk_lakeformation::types::{
    DataCellsFilterResource, DataLocationResource, DatabaseResource, LfTag, LfTagKeyResource, LfTagPolicyResource,
    Permission, PrincipalResourcePermissions, Resource, ResourceType, TableResource, TableWildcard,
};
use std::collections::BTreeSet;

/// Every grant that the account lists, or those on one resource. With the resource alone the explicit grants are answered; with a
/// principal beside it they would be the effective ones (API reference, `ListPermissions`).
pub(super) async fn listed(
    session: &Session,
    scope: &Scope,
    granted: Option<&GrantedFact>,
) -> Result<Vec<LiveGrant>, CloudError> {
    let at = At::new("Lake Formation", "ListPermissions", scope);
    let resource = match granted {
        None => None,
        Some(granted) => resource(granted).map_err(|error| at.error(ErrorKind::Other, error.to_string()))?,
    };
    let mut grants = Vec::new();
    let mut token = None;
    loop {
        let call = session.lakeformation.list_permissions().set_resource(resource.clone()).set_next_token(token);
        let answer = call.send().await.map_err(|error| failed(&at, error))?;
        let found = answer.principal_resource_permissions();
        grants.extend(found.iter().filter_map(|found| grant(found, scope.account.as_str())));
        token = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(grants);
        }
    }
}

fn grant(found: &PrincipalResourcePermissions, account: &str) -> Option<LiveGrant> {
    let rights = |rights: &[Permission]| rights.iter().map(|right| right.as_str().to_owned()).collect();
    let by = match (found.last_updated_by(), found.last_updated()) {
        (None, None) => None,
        (by, at) => {
            // the instant first, so that the later of two is the greater text
            let at = at.map_or_else(String::new, |at| format!("{at} "));
            Some(format!("{at}by {}", by.unwrap_or("somebody")))
        }
    };
    Some(LiveGrant {
        principal: principal(found.principal()?.data_lake_principal_identifier()?),
        granted: fact(found.resource()?, account),
        permissions: rights(found.permissions()),
        grantable: rights(found.permissions_with_grant_option()),
        condition: found.condition().and_then(|condition| condition.expression()).map(str::to_owned),
        by,
    })
}

/// An account's root is the account.
fn principal(identifier: &str) -> String {
    let parts: Vec<&str> = identifier.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, _, "iam", _, account, "root"] => (*account).to_owned(),
        _ => identifier.to_owned(),
    }
}

/// What a grant is on. The catalog is the account's own where none is named.
fn fact(resource: &Resource, account: &str) -> GrantedFact {
    let catalog = |catalog: Option<&str>| catalog.unwrap_or(account).to_owned();
    let values = |values: &[String]| -> BTreeSet<String> { values.iter().cloned().collect() };
    if let Some(database) = resource.database() {
        return GrantedFact::Database { catalog: catalog(database.catalog_id()), name: database.name().to_owned() };
    }
    if let Some(table) = resource.table() {
        let name = table.name().filter(|_| table.table_wildcard().is_none()).map(str::to_owned);
        let database = table.database_name().to_owned();
        return GrantedFact::Table { catalog: catalog(table.catalog_id()), database, name };
    }
    if let Some(table) = resource.table_with_columns() {
        let columns = match table.column_wildcard() {
            Some(wildcard) => ColumnList::AllBut(values(wildcard.excluded_column_names())),
            None => ColumnList::Only(values(table.column_names())),
        };
        let (database, name) = (table.database_name().to_owned(), table.name().to_owned());
        return GrantedFact::Columns { catalog: catalog(table.catalog_id()), database, table: name, columns };
    }
    if let Some(policy) = resource.lf_tag_policy().filter(|policy| policy.expression_name().is_none()) {
        let conditions = policy.expression().iter().map(|tag| (tag.tag_key().to_owned(), values(tag.tag_values())));
        return GrantedFact::Expression {
            catalog: catalog(policy.catalog_id()),
            tables: *policy.resource_type() == ResourceType::Table,
            conditions: conditions.collect(),
        };
    }
    if let Some(filter) = resource.data_cells_filter() {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        return GrantedFact::Filter {
            catalog: catalog(filter.table_catalog_id()),
            database: text(filter.database_name()),
            table: text(filter.table_name()),
            name: text(filter.name()),
        };
    }
    if let Some(tag) = resource.lf_tag() {
        let key = tag.tag_key().to_owned();
        return GrantedFact::Tag { catalog: catalog(tag.catalog_id()), key, values: values(tag.tag_values()) };
    }
    if let Some(location) = resource.data_location() {
        let arn = location.resource_arn().to_owned();
        return GrantedFact::Location { catalog: catalog(location.catalog_id()), arn };
    }
    let kind = if resource.catalog().is_some() { "the catalog" } else { "something of another kind" };
    GrantedFact::Other(kind.to_owned())
}

/// The resource that a grant is on, as the API takes it; none for what it has no form for. Columns are asked for by their table:
/// "this operation does not support getting privileges on a table with columns" (API reference, `ListPermissions`).
fn resource(granted: &GrantedFact) -> Result<Option<Resource>, BuildError> {
    let resource = Resource::builder();
    let resource = match granted {
        GrantedFact::Database { catalog, name } => {
            resource.database(DatabaseResource::builder().catalog_id(catalog).name(name).build()?)
        }
        GrantedFact::Table { catalog, database, name } => {
            let table = TableResource::builder().catalog_id(catalog).database_name(database);
            let table = match name {
                Some(name) => table.name(name),
                None => table.table_wildcard(TableWildcard::builder().build()),
            };
            resource.table(table.build()?)
        }
        GrantedFact::Columns { catalog, database, table, .. } => {
            let table = TableResource::builder().catalog_id(catalog).database_name(database).name(table);
            resource.table(table.build()?)
        }
        GrantedFact::Expression { catalog, tables, conditions } => {
            let kind = if *tables { ResourceType::Table } else { ResourceType::Database };
            let mut policy = LfTagPolicyResource::builder().catalog_id(catalog).resource_type(kind);
            for (key, values) in conditions {
                let values = values.iter().cloned().collect();
                policy = policy.expression(LfTag::builder().tag_key(key).set_tag_values(Some(values)).build()?);
            }
            resource.lf_tag_policy(policy.build()?)
        }
        GrantedFact::Filter { catalog, database, table, name } => {
            let filter = DataCellsFilterResource::builder().table_catalog_id(catalog).database_name(database);
            resource.data_cells_filter(filter.table_name(table).name(name).build())
        }
        GrantedFact::Tag { catalog, key, values } => {
            let values = values.iter().cloned().collect();
            let tag = LfTagKeyResource::builder().catalog_id(catalog).tag_key(key).set_tag_values(Some(values));
            resource.lf_tag(tag.build()?)
        }
        GrantedFact::Location { catalog, arn } => {
            resource.data_location(DataLocationResource::builder().catalog_id(catalog).resource_arn(arn).build()?)
        }
        GrantedFact::Other(_) => return Ok(None),
    };
    Ok(Some(resource.build()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lakeformation::types::{ColumnWildcard, TableWithColumnsResource};

    #[test]
    fn what_a_grant_is_on_is_read_back_as_it_is_asked_for() {
        let text = str::to_owned;
        let cases = [
            GrantedFact::Database { catalog: text("111111111111"), name: text("a") },
            GrantedFact::Table { catalog: text("111111111111"), database: text("a"), name: Some(text("b")) },
            GrantedFact::Table { catalog: text("111111111111"), database: text("a"), name: None },
            GrantedFact::Expression {
                catalog: text("111111111111"),
                tables: true,
                conditions: vec![(text("k"), [text("v"), text("w")].into())],
            },
            GrantedFact::Tag { catalog: text("111111111111"), key: text("k"), values: [text("v")].into() },
            GrantedFact::Location { catalog: text("111111111111"), arn: text("arn:aws:s3:::b") },
        ];
        for case in cases {
            let built = resource(&case).unwrap().unwrap();
            assert_eq!(fact(&built, "222222222222"), case);
        }
        let all = TableWithColumnsResource::builder().database_name("a").name("ALL_TABLES");
        let all = all.column_wildcard(ColumnWildcard::builder().build()).build().unwrap();
        let built = Resource::builder().table_with_columns(all).build();
        let expected = GrantedFact::Table { catalog: text("222222222222"), database: text("a"), name: None };
        assert_eq!(crate::plan::drift::normal(&fact(&built, "222222222222")), expected);
        assert_eq!(principal("arn:aws:iam::333333333333:root"), "333333333333");
    }
}
