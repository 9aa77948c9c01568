//! Reads the facts of a template: names in the place of intrinsics, as far as the template tells them.

use super::facts::{
    AssociationFact, CrawlerFact, DataSetFact, DataSourceFact, DatabaseFact, Facts, GrantFact, GrantedFact,
    LocationFact, RoleFact, ScheduleFact, SettingsFact, Spot, TableFact, TagFact, Target,
};
use crate::assembly::Document;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Facts {
    /// Reads the facts of one template.
    pub fn read(&mut self, document: &Document) {
        let names = Names { document };
        self.surroundings.read(document);
        for (id, type_name, entry) in document.resources() {
            let properties = &entry["Properties"];
            let spot = || Spot { stack: document.id.clone(), resource: id.to_owned() };
            match type_name {
                "AWS::LakeFormation::DataLakeSettings" => {
                    let admins = items(&properties["Admins"])
                        .filter_map(|admin| names.text(&admin["DataLakePrincipalIdentifier"]));
                    self.settings.push(SettingsFact {
                        spot: spot(),
                        account: document.account.clone(),
                        admins: admins.collect(),
                    });
                }
                "AWS::LakeFormation::Tag" => self.tags.push(TagFact {
                    spot: spot(),
                    catalog: names.catalog(properties),
                    key: names.text(&properties["TagKey"]).unwrap_or_default(),
                    values: names.texts(&properties["TagValues"]),
                }),
                "AWS::LakeFormation::TagAssociation" => self.associations.extend(names.association(spot(), properties)),
                "AWS::LakeFormation::PrincipalPermissions" => self.grants.push(names.grant(spot(), properties)),
                "AWS::LakeFormation::Resource" => self.locations.push(LocationFact {
                    spot: spot(),
                    catalog: document.account.clone(),
                    arn: names.text(&properties["ResourceArn"]).unwrap_or_default(),
                }),
                "AWS::Glue::Database" => self.databases.push(names.database(spot(), properties)),
                "AWS::Glue::Table" => self.tables.push(names.table(spot(), properties)),
                "AWS::Glue::Crawler" => self.crawlers.push(names.crawler(spot(), properties)),
                "AWS::IAM::Role" => self.roles.push(names.role(spot(), properties)),
                "AWS::QuickSight::DataSource" => self.data_sources.push(names.data_source(spot(), properties)),
                "AWS::QuickSight::DataSet" => self.data_sets.extend(names.data_sets(&spot(), properties)),
                "AWS::QuickSight::RefreshSchedule" => self.schedules.push(ScheduleFact {
                    spot: spot(),
                    account: document.account.clone(),
                    data_set: names.text(&properties["DataSetId"]).unwrap_or_default(),
                }),
                _ => {}
            }
        }
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Puts names in the place of intrinsics, as far as one template tells them.
struct Names<'a> {
    document: &'a Document,
}

impl Names<'_> {
    /// The text that a value stands for; `None` when only AWS knows it.
    fn text(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Object(object) => {
                let (function, argument) = object.iter().next()?;
                match (function.as_str(), argument) {
                    ("Ref", Value::String(id)) => self.reference(id),
                    ("Fn::GetAtt", Value::Array(parts)) => match parts.as_slice() {
                        [Value::String(id), Value::String(attribute)] if attribute == "Arn" => {
                            self.role_arn(id).or_else(|| self.data_source_arn(id))
                        }
                        _ => None,
                    },
                    _ => None,
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
        }
    }

    fn texts(&self, value: &Value) -> BTreeSet<String> {
        items(value).filter_map(|item| self.text(item)).collect()
    }

    fn properties(&self, id: &str) -> &Value {
        &self.document.template["Resources"][id]["Properties"]
    }

    fn reference(&self, id: &str) -> Option<String> {
        match id {
            "AWS::AccountId" => return Some(self.document.account.clone()),
            "AWS::Region" => return Some(self.document.region.clone()),
            _ => {}
        }
        let properties = self.properties(id);
        let name = match self.document.template["Resources"][id]["Type"].as_str()? {
            "AWS::Glue::Database" => &properties["DatabaseInput"]["Name"],
            "AWS::Glue::Table" => &properties["TableInput"]["Name"],
            "AWS::LakeFormation::Tag" => &properties["TagKey"],
            "AWS::IAM::Role" => &properties["RoleName"],
            _ => return None,
        };
        name.as_str().map(str::to_owned)
    }

    fn partition(&self) -> &'static str {
        crate::mesh::Region::parse(&self.document.region).map_or("aws", |region| region.partition())
    }

    fn role_arn(&self, id: &str) -> Option<String> {
        if self.document.template["Resources"][id]["Type"].as_str()? != "AWS::IAM::Role" {
            return None;
        }
        let properties = self.properties(id);
        let path = properties["Path"].as_str().unwrap_or("/");
        let (partition, account) = (self.partition(), &self.document.account);
        Some(format!("arn:{partition}:iam::{account}:role{path}{}", properties["RoleName"].as_str()?))
    }

    fn data_source_arn(&self, id: &str) -> Option<String> {
        if self.document.template["Resources"][id]["Type"].as_str()? != "AWS::QuickSight::DataSource" {
            return None;
        }
        let Document { account, region, .. } = self.document;
        let id = self.properties(id)["DataSourceId"].as_str()?;
        Some(format!("arn:{}:quicksight:{region}:{account}:datasource/{id}", self.partition()))
    }

    fn catalog(&self, value: &Value) -> String {
        self.text(&value["CatalogId"]).unwrap_or_else(|| self.document.account.clone())
    }

    fn association(&self, spot: Spot, properties: &Value) -> Option<AssociationFact> {
        let (kind, resource) = properties["Resource"].as_object()?.iter().next()?;
        let name = self.text(&resource["Name"]).unwrap_or_default();
        let target = match kind.as_str() {
            "Database" => {
                Target { catalog: self.catalog(resource), database: name, table: None, columns: BTreeSet::new() }
            }
            "Table" | "TableWithColumns" => Target {
                catalog: self.catalog(resource),
                database: self.text(&resource["DatabaseName"]).unwrap_or_default(),
                table: Some(name),
                columns: self.texts(&resource["ColumnNames"]),
            },
            _ => return None,
        };
        let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for pair in items(&properties["LFTags"]) {
            if let Some(key) = self.text(&pair["TagKey"]) {
                tags.entry(key).or_default().extend(self.texts(&pair["TagValues"]));
            }
        }
        Some(AssociationFact { spot, target, tags })
    }

    fn grant(&self, spot: Spot, properties: &Value) -> GrantFact {
        let granted = match properties["Resource"].as_object().and_then(|resource| resource.iter().next()) {
            Some((kind, resource)) => match kind.as_str() {
                "Database" => GrantedFact::Database {
                    catalog: self.catalog(resource),
                    name: self.text(&resource["Name"]).unwrap_or_default(),
                },
                "LFTagPolicy" => GrantedFact::Expression {
                    catalog: self.catalog(resource),
                    tables: resource["ResourceType"] == "TABLE",
                    conditions: items(&resource["Expression"])
                        .map(|condition| {
                            (self.text(&condition["TagKey"]).unwrap_or_default(), self.texts(&condition["TagValues"]))
                        })
                        .collect(),
                },
                "Table" => GrantedFact::Table {
                    catalog: self.catalog(resource),
                    database: self.text(&resource["DatabaseName"]).unwrap_or_default(),
                    name: match &resource["TableWildcard"] {
                        Value::Null => Some(self.text(&resource["Name"]).unwrap_or_default()),
                        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                            None
                        }
                    },
                },
                "DataLocation" => GrantedFact::Location {
                    catalog: self.catalog(resource),
                    arn: self.text(&resource["ResourceArn"]).unwrap_or_default(),
                },
                other => GrantedFact::Other(other.to_owned()),
            },
            None => GrantedFact::Other("nothing".to_owned()),
        };
        GrantFact {
            spot,
            account: self.document.account.clone(),
            principal: self.text(&properties["Principal"]["DataLakePrincipalIdentifier"]),
            granted,
            permissions: self.texts(&properties["Permissions"]),
            grantable: self.texts(&properties["PermissionsWithGrantOption"]),
        }
    }

    fn database(&self, spot: Spot, properties: &Value) -> DatabaseFact {
        let input = &properties["DatabaseInput"];
        let target = &input["TargetDatabase"];
        DatabaseFact {
            spot,
            catalog: self.catalog(properties),
            name: self.text(&input["Name"]).unwrap_or_default(),
            target: target
                .is_object()
                .then(|| (self.catalog(target), self.text(&target["DatabaseName"]).unwrap_or_default())),
        }
    }

    fn table(&self, spot: Spot, properties: &Value) -> TableFact {
        let input = &properties["TableInput"];
        let columns = items(&input["StorageDescriptor"]["Columns"]).chain(items(&input["PartitionKeys"]));
        TableFact {
            spot,
            catalog: self.catalog(properties),
            database: self.text(&properties["DatabaseName"]).unwrap_or_default(),
            name: self.text(&input["Name"]).unwrap_or_default(),
            columns: columns.filter_map(|column| self.text(&column["Name"])).collect(),
            location: self.text(&input["StorageDescriptor"]["Location"]),
        }
    }

    fn crawler(&self, spot: Spot, properties: &Value) -> CrawlerFact {
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

    fn role(&self, spot: Spot, properties: &Value) -> RoleFact {
        let tags = items(&properties["Tags"])
            .filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned())));
        let statements =
            items(&properties["Policies"]).flat_map(|policy| items(&policy["PolicyDocument"]["Statement"])).cloned();
        RoleFact {
            account: self.document.account.clone(),
            arn: self.role_arn(&spot.resource).unwrap_or_default(),
            name: properties["RoleName"].as_str().unwrap_or_default().to_owned(),
            tags: tags.collect(),
            statements: statements.collect(),
            trust: items(&properties["AssumeRolePolicyDocument"]["Statement"]).cloned().collect(),
            spot,
        }
    }

    fn data_source(&self, spot: Spot, properties: &Value) -> DataSourceFact {
        DataSourceFact {
            arn: self.data_source_arn(&spot.resource).unwrap_or_default(),
            role: self.text(&properties["DataSourceParameters"]["AthenaParameters"]["RoleArn"]),
            spot,
        }
    }

    /// One fact for each table of the data set's map.
    fn data_sets(&self, spot: &Spot, properties: &Value) -> Vec<DataSetFact> {
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
}
