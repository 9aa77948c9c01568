//! What Lake Formation answers about settings and tags.

use crate::deploy::cloud::{CloudError, ErrorKind, ProbeAnswer, Scope};
use crate::deploy::credentials::Session;
use crate::deploy::failure::{At, failed};
use crate::plan::{DefaultsFor, Grant, GrantedOn, TaggedDatabase, TaggedTable, Tags};
use aws_sdk_lakeformation::types::{
    DataLakePrincipal, DatabaseResource, LfTagPair, PrincipalPermissions, PrincipalResourcePermissions, Resource,
    TableResource,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SERVICE: &str = "Lake Formation";

/// The group that stands for "whoever IAM allows" (Lake Formation developer guide, default settings).
const EVERYBODY: &str = "IAM_ALLOWED_PRINCIPALS";

pub(super) async fn settings(
    session: &Session,
    scope: &Scope,
    administrators: &BTreeSet<String>,
    closed: &BTreeSet<DefaultsFor>,
) -> Result<ProbeAnswer, CloudError> {
    let at = At::new(SERVICE, "GetDataLakeSettings", scope);
    let answer = session.lakeformation.get_data_lake_settings().send().await.map_err(|error| failed(&at, error))?;
    let settings = answer.data_lake_settings().ok_or_else(|| at.incomplete("DataLakeSettings"))?;
    let mut lines = Vec::new();
    for kind in closed {
        let (defaults, objects) = match kind {
            DefaultsFor::Databases => (settings.create_database_default_permissions(), "databases"),
            DefaultsFor::Tables => (settings.create_table_default_permissions(), "tables"),
        };
        if defaults.iter().any(is_everybody) {
            lines.push(format!("settings still give {EVERYBODY} permissions on new {objects}"));
        }
    }
    let found: BTreeSet<&str> =
        settings.data_lake_admins().iter().filter_map(|admin| admin.data_lake_principal_identifier()).collect();
    for administrator in administrators.iter().filter(|wanted| !found.contains(wanted.as_str())) {
        lines.push(format!("{administrator} is no data lake administrator"));
    }
    Ok(answer_of(lines))
}

fn is_everybody(permissions: &PrincipalPermissions) -> bool {
    permissions.principal().and_then(|principal| principal.data_lake_principal_identifier()) == Some(EVERYBODY)
}

pub(super) async fn tags(
    session: &Session,
    scope: &Scope,
    databases: &[TaggedDatabase],
    tables: &[TaggedTable],
) -> Result<ProbeAnswer, CloudError> {
    let at = At::new(SERVICE, "GetResourceLFTags", scope);
    let mut lines = Vec::new();
    for wanted in databases {
        let resource = DatabaseResource::builder()
            .name(&wanted.database)
            .build()
            .map_err(|error| at.error(ErrorKind::Other, error.to_string()))?;
        let place = format!("database {}", wanted.database);
        match read(session, &at, Resource::builder().database(resource).build(), &place).await? {
            Read::Missing(line) => lines.push(line),
            Read::Found(found) => compare(&mut lines, &place, &wanted.tags, Some(&found.database)),
        }
    }
    for wanted in tables {
        let resource = TableResource::builder().database_name(&wanted.database).name(&wanted.table).build();
        let resource = resource.map_err(|error| at.error(ErrorKind::Other, error.to_string()))?;
        let place = format!("table {}.{}", wanted.database, wanted.table);
        match read(session, &at, Resource::builder().table(resource).build(), &place).await? {
            Read::Missing(line) => lines.push(line),
            Read::Found(found) => {
                compare(&mut lines, &place, &wanted.tags, Some(&found.table));
                for (column, tags) in &wanted.columns {
                    let place = format!("column {column} of {place}");
                    compare(&mut lines, &place, tags, found.columns.get(column));
                }
            }
        }
    }
    Ok(answer_of(lines))
}

/// Whether an account lists none of some grants any more. Every page is followed.
pub(super) async fn gone(
    session: &Session,
    scope: &Scope,
    grants: &BTreeSet<Grant>,
) -> Result<ProbeAnswer, CloudError> {
    let at = At::new(SERVICE, "ListPermissions", scope);
    let principals: BTreeSet<&str> = grants.iter().map(|grant| grant.principal.as_str()).collect();
    let mut lines = Vec::new();
    for principal in principals {
        let mut token = None;
        loop {
            let who = DataLakePrincipal::builder().data_lake_principal_identifier(principal).build();
            let request = session.lakeformation.list_permissions().principal(who).set_next_token(token);
            let answer = request.send().await.map_err(|error| failed(&at, error))?;
            for listed in answer.principal_resource_permissions() {
                let on = listed.resource().and_then(on);
                let grant = on.map(|on| Grant { principal: principal.to_owned(), on });
                if let Some(grant) = grant.filter(|grant| grants.contains(grant)) {
                    lines.push(survivor(&grant, listed));
                }
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
    }
    lines.sort();
    lines.dedup();
    Ok(answer_of(lines))
}

/// What a listed grant is on; none for kinds that no template of ours grants.
fn on(resource: &Resource) -> Option<GrantedOn> {
    if let Some(policy) = resource.lf_tag_policy() {
        let of = |tag: &aws_sdk_lakeformation::types::LfTag| {
            (tag.tag_key().to_owned(), tag.tag_values().iter().cloned().collect())
        };
        let tags = policy.expression().iter().map(of).collect();
        return Some(GrantedOn::Expression { kind: policy.resource_type().as_str().to_owned(), tags });
    }
    if let Some(database) = resource.database() {
        return Some(GrantedOn::Database { name: database.name().to_owned() });
    }
    if let Some(table) = resource.table() {
        let name = table.name().filter(|_| table.table_wildcard().is_none()).map(str::to_owned);
        return Some(GrantedOn::Table { database: table.database_name().to_owned(), name });
    }
    if let Some(table) = resource.table_with_columns() {
        let (database, name) = (table.database_name().to_owned(), Some(table.name().to_owned()));
        return Some(GrantedOn::Table { database, name });
    }
    if let Some(location) = resource.data_location() {
        return Some(GrantedOn::Location { arn: location.resource_arn().to_owned() });
    }
    resource.lf_tag().map(|tag| GrantedOn::Tag { key: tag.tag_key().to_owned() })
}

/// A grant that should be gone, with the command that revokes it.
fn survivor(grant: &Grant, listed: &PrincipalResourcePermissions) -> String {
    let names: Vec<&str> = listed.permissions().iter().map(|permission| permission.as_str()).collect();
    let resource = match &grant.on {
        GrantedOn::Expression { kind, tags } => {
            let pair = |(key, values): (&String, &BTreeSet<String>)| json!({"TagKey": key, "TagValues": values});
            let expression: Vec<Value> = tags.iter().map(pair).collect();
            json!({"LFTagPolicy": {"ResourceType": kind, "Expression": expression}})
        }
        GrantedOn::Database { name } => json!({"Database": {"Name": name}}),
        GrantedOn::Table { database, name: Some(name) } => json!({"Table": {"DatabaseName": database, "Name": name}}),
        GrantedOn::Table { database, name: None } => json!({"Table": {"DatabaseName": database, "TableWildcard": {}}}),
        GrantedOn::Location { arn } => json!({"DataLocation": {"ResourceArn": arn}}),
        GrantedOn::Tag { key } => json!({"LFTag": {"TagKey": key}}),
    };
    format!(
        "{principal} still holds {} on {}; `aws lakeformation revoke-permissions --principal DataLakePrincipalIdentifier={principal} --permissions {} --resource '{resource}'` revokes it",
        names.join(", "),
        grant.on,
        names.join(" "),
        principal = grant.principal,
    )
}

struct Found {
    database: BTreeMap<String, Vec<String>>,
    table: BTreeMap<String, Vec<String>>,
    columns: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

enum Read {
    Found(Found),
    Missing(String),
}

async fn read(session: &Session, at: &At<'_>, resource: Resource, place: &str) -> Result<Read, CloudError> {
    match session.lakeformation.get_resource_lf_tags().resource(resource).send().await {
        Ok(answer) => Ok(Read::Found(Found {
            database: pairs(answer.lf_tag_on_database()),
            table: pairs(answer.lf_tags_on_table()),
            columns: answer
                .lf_tags_on_columns()
                .iter()
                .filter_map(|column| Some((column.name()?.to_owned(), pairs(column.lf_tags()))))
                .collect(),
        })),
        Err(error) => {
            let error = failed(at, error);
            if error.kind == ErrorKind::NotFound {
                Ok(Read::Missing(format!("{place} is not there")))
            } else {
                Err(error)
            }
        }
    }
}

fn pairs(pairs: &[LfTagPair]) -> BTreeMap<String, Vec<String>> {
    pairs.iter().map(|pair| (pair.tag_key().to_owned(), pair.tag_values().to_vec())).collect()
}

/// Each wanted tag must be there with exactly its one value; tags that nobody asked about do not matter.
fn compare(lines: &mut Vec<String>, place: &str, wanted: &Tags, found: Option<&BTreeMap<String, Vec<String>>>) {
    for (key, value) in wanted {
        let values = found.and_then(|found| found.get(key)).map(Vec::as_slice).unwrap_or_default();
        if values != [value.as_str()] {
            let carries = if values.is_empty() { "no value".to_owned() } else { values.join(", ") };
            lines.push(format!("{place} carries {carries}, not {value}, for {key}"));
        }
    }
}

fn answer_of(lines: Vec<String>) -> ProbeAnswer {
    if lines.is_empty() { ProbeAnswer::Yes } else { ProbeAnswer::No(lines) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_value_a_missing_one_and_two_values_are_told() {
        let tags = |key: &str, values: &[&str]| {
            BTreeMap::from([(key.to_owned(), values.iter().map(|value| (*value).to_owned()).collect())])
        };
        let wanted = Tags::from([("demo/classification".to_owned(), "pii".to_owned())]);
        let told = |found: Option<&BTreeMap<String, Vec<String>>>| {
            let mut lines = Vec::new();
            compare(&mut lines, "column email", &wanted, found);
            lines
        };
        assert!(told(Some(&tags("demo/classification", &["pii"]))).is_empty());
        let line = |carries: &str| vec![format!("column email carries {carries}, not pii, for demo/classification")];
        assert_eq!(told(Some(&tags("demo/classification", &["internal"]))), line("internal"));
        assert_eq!(told(Some(&tags("demo/classification", &["internal", "pii"]))), line("internal, pii"));
        assert_eq!(told(Some(&tags("other", &["pii"]))), line("no value"));
        assert_eq!(told(None), line("no value"));
    }
}
