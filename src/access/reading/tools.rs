//! Reads roles, crawlers, data sources and data sets.

use super::{Names, items};
use crate::access::facts::{CrawlerFact, DataSetFact, DataSourceFact, PolicyFact, RoleFact, Spot, UserFact};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Names<'_> {
    pub(super) fn crawler(&self, spot: Spot, properties: &Value) -> CrawlerFact {
        let targets = &properties["Targets"];
        let tables = items(&targets["CatalogTargets"]).map(|target| {
            let tables = items(&target["Tables"]).map(|table| self.text(table).unwrap_or_default());
            (self.text(&target["DatabaseName"]).unwrap_or_default(), tables.collect())
        });
        let kinds = targets.as_object().into_iter().flat_map(|targets| targets.keys());
        CrawlerFact {
            spot,
            account: self.document.account.clone(),
            role: self.text(&properties["Role"]),
            tables: tables.collect(),
            paths: items(&targets["S3Targets"]).filter_map(|target| self.text(&target["Path"])).collect(),
            others: kinds.filter(|kind| !["CatalogTargets", "S3Targets"].contains(&kind.as_str())).cloned().collect(),
            database: self.text(&properties["DatabaseName"]),
            delete_behavior: self.text(&properties["SchemaChangePolicy"]["DeleteBehavior"]),
            by_lake_formation: properties["LakeFormationConfiguration"]["UseLakeFormationCredentials"] == true,
        }
    }

    pub(super) fn role(&self, spot: Spot, properties: &Value) -> RoleFact {
        let tags = items(&properties["Tags"])
            .filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned())));
        let statements =
            items(&properties["Policies"]).flat_map(|policy| items(&policy["PolicyDocument"]["Statement"])).cloned();
        RoleFact {
            account: self.document.account.clone(),
            arn: self.arn(&spot.resource).unwrap_or_default(),
            name: self.text(&json!({ "Ref": spot.resource })).unwrap_or_default(),
            tags: tags.collect(),
            statements: statements.collect(),
            managed: self.texts(&properties["ManagedPolicyArns"]),
            services: services(&properties["AssumeRolePolicyDocument"]),
            spot,
        }
    }

    pub(super) fn data_source(&self, spot: Spot, properties: &Value) -> DataSourceFact {
        DataSourceFact {
            arn: self.arn(&spot.resource).unwrap_or_default(),
            role: self.text(&properties["DataSourceParameters"]["AthenaParameters"]["RoleArn"]),
            spot,
        }
    }

    /// One fact for each table of the data set's map.
    pub(super) fn data_sets(&self, spot: &Spot, properties: &Value) -> Vec<DataSetFact> {
        let readers: BTreeSet<String> =
            items(&properties["Permissions"]).filter_map(|permission| self.text(&permission["Principal"])).collect();
        let tables = properties["PhysicalTableMap"].as_object().into_iter().flatten();
        tables
            .map(|(_, physical)| {
                let table = &physical["RelationalTable"];
                DataSetFact {
                    spot: spot.clone(),
                    account: self.document.account.clone(),
                    id: self.text(&properties["DataSetId"]).unwrap_or_default(),
                    source: self.text(&table["DataSourceArn"]).unwrap_or_default(),
                    database: self.text(&table["Schema"]).unwrap_or_default(),
                    table: self.text(&table["Name"]).unwrap_or_default(),
                    columns: items(&table["InputColumns"]).filter_map(|column| self.text(&column["Name"])).collect(),
                    copied: properties["ImportMode"] == "SPICE",
                    readers: readers.clone(),
                }
            })
            .collect()
    }

    pub(super) fn user(&self, spot: Spot) -> UserFact {
        UserFact { arn: self.arn(&spot.resource).unwrap_or_default(), spot }
    }

    /// `AWS::IAM::Policy` or `AWS::IAM::ManagedPolicy`.
    pub(super) fn policy(&self, spot: Spot, properties: &Value) -> PolicyFact {
        PolicyFact {
            account: self.document.account.clone(),
            roles: self.texts(&properties["Roles"]),
            arn: self.text(&json!({ "Fn::GetAtt": [spot.resource, "PolicyArn"] })),
            queries: items(&properties["PolicyDocument"]["Statement"]).any(queries),
            spot,
        }
    }
}

/// Whether a statement names the right to fetch data from Lake Formation.
pub(in crate::access) fn queries(statement: &Value) -> bool {
    let named = |value: &Value| value == "lakeformation:GetDataAccess";
    let action = &statement["Action"];
    named(action) || items(action).any(named)
}

/// The services that a policy of trust names, when it names nobody else.
fn services(policy: &Value) -> Option<BTreeSet<String>> {
    let mut services = BTreeSet::new();
    let statements = policy["Statement"].as_array().filter(|statements| !statements.is_empty())?;
    for statement in statements.iter().filter(|statement| statement["Effect"] == "Allow") {
        let principals = statement["Principal"].as_object().filter(|principals| principals.len() == 1)?;
        match principals.get("Service")? {
            Value::String(service) => services.extend([service.clone()]),
            Value::Array(named) if !named.is_empty() => {
                for service in named {
                    services.insert(service.as_str()?.to_owned());
                }
            }
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
        }
    }
    Some(services)
}
