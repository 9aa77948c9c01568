//! Grants that are to be gone: which a template makes, and which of those that an account lists are the same.

use super::probe::{Probe, Source, resources, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A grant of Lake Formation, without its permissions: whoever holds any of them still sees something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// The ARN of a role, or an account's id.
    pub principal: String,
    /// What it is on.
    pub on: GrantedOn,
}

/// What a grant is on. Catalogs are left out: a grant is listed in the catalog of the account that made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantedOn {
    /// Everything of a kind that carries these tags.
    Expression {
        /// `DATABASE` or `TABLE`.
        kind: String,
        /// Values by key.
        tags: BTreeMap<String, BTreeSet<String>>,
    },
    /// A database.
    Database {
        /// Its name.
        name: String,
    },
    /// A table, or columns of it: a grant of SELECT on a table is listed as one on its columns.
    Table {
        /// Its database.
        database: String,
        /// Its name; none for all tables of the database.
        name: Option<String>,
    },
    /// A registered location.
    Location {
        /// Its ARN.
        arn: String,
    },
    /// The values of a tag.
    Tag {
        /// Its key.
        key: String,
    },
}

impl fmt::Display for GrantedOn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expression { kind, tags } => {
                let of = |(key, values): (&String, &BTreeSet<String>)| {
                    format!("{key} in {}", values.iter().cloned().collect::<Vec<_>>().join(", "))
                };
                let tags: Vec<String> = tags.iter().map(of).collect();
                write!(formatter, "each {} with {}", kind.to_lowercase(), tags.join(" and "))
            }
            Self::Database { name } => write!(formatter, "database {name}"),
            Self::Table { database, name: Some(name) } => write!(formatter, "table {database}.{name}"),
            Self::Table { database, name: None } => write!(formatter, "all tables of {database}"),
            Self::Location { arn } => write!(formatter, "location {arn}"),
            Self::Tag { key } => write!(formatter, "tag {key}"),
        }
    }
}

/// The grants that a template makes, by logical id.
pub(super) fn grants(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    resources(template, "AWS::LakeFormation::PrincipalPermissions")
}

/// Reads back that grants are gone, and names those that no template names in full, so that nobody can ask.
pub(super) fn gone<'a>(
    source: &Source<'_>,
    grants: impl Iterator<Item = (&'a String, &'a Value)>,
) -> (Option<Probe>, Vec<String>) {
    let (mut known, mut unreadable) = (BTreeSet::new(), Vec::new());
    for (id, properties) in grants {
        match grant(source, properties) {
            Some(grant) => drop(known.insert(grant)),
            None => unreadable.push(id.clone()),
        }
    }
    let (account, region) = (source.stack.account.clone(), source.stack.region.clone());
    ((!known.is_empty()).then_some(Probe::Gone { account, region, grants: known }), unreadable)
}

fn grant(source: &Source<'_>, properties: &Value) -> Option<Grant> {
    let read = |value: &Value| text(source, value);
    let principal = read(&properties["Principal"]["DataLakePrincipalIdentifier"])?;
    let (kind, on) = properties["Resource"].as_object().filter(|on| on.len() == 1)?.iter().next()?;
    let on = match kind.as_str() {
        "LFTagPolicy" => {
            let mut tags = BTreeMap::new();
            for pair in on["Expression"].as_array()? {
                let values: Option<BTreeSet<String>> = pair["TagValues"].as_array()?.iter().map(read).collect();
                tags.insert(read(&pair["TagKey"])?, values?);
            }
            GrantedOn::Expression { kind: read(&on["ResourceType"])?, tags }
        }
        "Database" => GrantedOn::Database { name: read(&on["Name"])? },
        "Table" | "TableWithColumns" => {
            let name = on.get("Name").map(read);
            let name = if let Some(name) = name { Some(name?) } else { None };
            GrantedOn::Table { database: read(&on["DatabaseName"])?, name }
        }
        "DataLocation" => GrantedOn::Location { arn: read(on.get("ResourceArn").or_else(|| on.get("S3Resource"))?)? },
        "LFTag" => GrantedOn::Tag { key: read(&on["TagKey"])? },
        _ => return None,
    };
    Some(Grant { principal, on })
}

impl Probe {
    /// Takes out of a probe of gone grants those that another asks for already; false when nothing is left of it.
    pub(super) fn only_new(&mut self, told: &mut BTreeSet<(String, Grant)>) -> bool {
        match self {
            Self::Gone { account, grants, .. } => {
                grants.retain(|grant| told.insert((account.to_string(), grant.clone())));
                !grants.is_empty()
            }
            Self::Settings { .. } | Self::Catalog { .. } | Self::Share { .. } => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples::stack;
    use serde_json::json;

    #[test]
    fn grants_are_read_by_principal_and_resource_and_what_has_no_name_yet_is_told() {
        let to = |principal: Value, resource: Value| {
            json!({"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
                "Principal": {"DataLakePrincipalIdentifier": principal}, "Resource": resource, "Permissions": ["DESCRIBE"]}})
        };
        let policy = json!({"LFTagPolicy": {"CatalogId": "1", "ResourceType": "TABLE", "Expression": [
            {"TagKey": "demo/sales", "TagValues": ["orders"]}, {"TagKey": "demo/classification", "TagValues": ["public", "internal"]}]}});
        let template = json!({"Resources": {
            "Account": to(json!("333333333333"), policy),
            "Role": to(json!({"Fn::GetAtt": ["Role", "Arn"]}), json!({"Database": {"Name": "x"}})),
            "All": to(json!("333333333333"), json!({"Table": {"DatabaseName": "x", "TableWildcard": {}}})),
            "One": to(json!("333333333333"), json!({"TableWithColumns": {"DatabaseName": "x", "Name": "y", "ColumnWildcard": {}}})),
        }});
        let stack = stack("governance/demo-sharing-shop").built();
        let (probe, unreadable) = gone(&Source { stack: &stack, template: &template }, grants(&template));
        let Some(Probe::Gone { grants, .. }) = &probe else { panic!("{probe:?}") };
        let told: Vec<String> = grants.iter().map(|grant| format!("{} on {}", grant.principal, grant.on)).collect();
        assert_eq!(
            told,
            [
                "333333333333 on each table with demo/classification in internal, public and demo/sales in orders",
                "333333333333 on all tables of x",
                "333333333333 on table x.y",
            ]
        );
        assert_eq!(unreadable, ["Role"]);
        assert_eq!(
            probe.map(|probe| probe.to_string()).unwrap_or_default(),
            "3 grants to be gone from account 111111111111"
        );
    }
}
