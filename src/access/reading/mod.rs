//! Reads the facts of a template: names in the place of intrinsics, as far as the template tells them.

mod grants;
mod tools;

pub(super) use tools::queries;

use super::facts::{
    AssociationFact, DatabaseFact, Facts, LocationFact, ScheduleFact, SettingsFact, Spot, TableFact, TableLinkFact,
    TagFact, Target,
};
use super::settle::Scope;
use crate::assembly::Document;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

impl Facts {
    /// Reads the facts of one template.
    pub fn read(&mut self, document: &Document) {
        let names = Names { document, scope: Scope::of(document), unknown: RefCell::default() };
        self.accounts.insert(document.account.clone());
        self.surroundings.read(document);
        for (id, type_name, entry) in document.resources() {
            let properties = &entry["Properties"];
            let spot = || Spot { stack: document.id.clone(), resource: id.to_owned() };
            match type_name {
                "AWS::LakeFormation::DataLakeSettings" => {
                    let admins = items(&properties["Admins"])
                        .filter_map(|admin| names.known(&spot(), "Admins", &admin["DataLakePrincipalIdentifier"]));
                    self.settings.push(SettingsFact {
                        spot: spot(),
                        account: document.account.clone(),
                        admins: admins.collect(),
                    });
                }
                "AWS::LakeFormation::Tag" => self.tags.push(TagFact {
                    spot: spot(),
                    catalog: names.catalog(properties),
                    key: names.told(&spot(), "TagKey", &properties["TagKey"]).to_lowercase(),
                    values: names.lower_case(&spot(), "TagValues", &properties["TagValues"]),
                }),
                "AWS::LakeFormation::TagAssociation" => self.associations.extend(names.association(spot(), properties)),
                "AWS::LakeFormation::PrincipalPermissions" => self.grants.push(names.grant(spot(), properties)),
                "AWS::LakeFormation::Permissions" => self.grants.push(names.older_grant(spot(), properties)),
                "AWS::LakeFormation::DataCellsFilter" => self.filters.push(names.filter(spot(), properties)),
                "AWS::LakeFormation::Resource" => self.locations.push(LocationFact {
                    spot: spot(),
                    catalog: document.account.clone(),
                    arn: names.text(&properties["ResourceArn"]).unwrap_or_default(),
                }),
                "AWS::Glue::Database" => self.databases.push(names.database(spot(), properties)),
                "AWS::Glue::Table" if properties["TableInput"]["TargetTable"].is_object() => {
                    self.table_links.push(names.table_link(spot(), properties));
                }
                "AWS::Glue::Table" => self.tables.push(names.table(spot(), properties)),
                "AWS::Glue::Crawler" => self.crawlers.push(names.crawler(spot(), properties)),
                "AWS::IAM::Role" => self.roles.push(names.role(spot(), properties)),
                "AWS::IAM::User" => self.users.push(names.user(spot())),
                "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
                    self.policies.push(names.policy(spot(), properties));
                }
                "AWS::QuickSight::DataSource" => self.data_sources.push(names.data_source(spot(), properties)),
                "AWS::QuickSight::DataSet" => self.data_sets.extend(names.data_sets(&spot(), properties)),
                "AWS::QuickSight::RefreshSchedule" => self.schedules.push(ScheduleFact {
                    spot: spot(),
                    account: document.account.clone(),
                    data_set: names.text(&properties["DataSetId"]).unwrap_or_default(),
                }),
                "AWS::CloudFormation::Stack" if document.layer.is_none() => {
                    names.doubt(
                        &spot(),
                        "TemplateURL",
                        "a nested stack is read only where its template is here, with its defaults",
                    );
                }
                _ => {}
            }
        }
        self.unknown.append(&mut names.unknown.into_inner());
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Puts names in the place of intrinsics, as far as one template tells them.
struct Names<'a> {
    document: &'a Document,
    scope: Scope<'a>,
    /// What could not be told.
    unknown: RefCell<Vec<String>>,
}

impl Names<'_> {
    /// The text that a value stands for; `None` when only AWS knows it.
    fn text(&self, value: &Value) -> Option<String> {
        // what is not there is asked for often; why it has no text is nobody's question here
        if value.is_null() { None } else { self.scope.text(value).ok() }
    }

    /// The text that a value stands for; where it cannot be told, that is remembered.
    fn known(&self, spot: &Spot, property: &str, value: &Value) -> Option<String> {
        if value.is_null() {
            return None;
        }
        self.scope.text(value).map_err(|why| self.doubt(spot, property, &why)).ok()
    }

    /// The same, with an empty text for what cannot be told: it is the name of nothing.
    fn told(&self, spot: &Spot, property: &str, value: &Value) -> String {
        self.known(spot, property, value).unwrap_or_default()
    }

    fn doubt(&self, spot: &Spot, property: &str, why: &str) {
        self.unknown.borrow_mut().push(format!("{}/{} {property}: {why}", spot.stack, spot.resource));
    }

    /// Values of tags, which Lake Formation stores in lower case (Lake Formation guide, "Lake Formation tag-based access
    /// control notes and restrictions").
    fn lower_case(&self, spot: &Spot, property: &str, values: &Value) -> BTreeSet<String> {
        items(values).filter_map(|value| self.known(spot, property, value)).map(|value| value.to_lowercase()).collect()
    }

    fn texts(&self, value: &Value) -> BTreeSet<String> {
        items(value).filter_map(|item| self.text(item)).collect()
    }

    /// `Fn::GetAtt <id>.Arn`.
    fn arn(&self, id: &str) -> Option<String> {
        self.text(&json!({ "Fn::GetAtt": [id, "Arn"] }))
    }

    fn catalog(&self, value: &Value) -> String {
        self.text(&value["CatalogId"]).unwrap_or_else(|| self.document.account.clone())
    }

    fn association(&self, spot: Spot, properties: &Value) -> Option<AssociationFact> {
        let (kind, resource) = properties["Resource"].as_object()?.iter().next()?;
        let name = self.told(&spot, "Resource", &resource["Name"]);
        let target = match kind.as_str() {
            "Database" => {
                Target { catalog: self.catalog(resource), database: name, table: None, columns: BTreeSet::new() }
            }
            "Table" | "TableWithColumns" => Target {
                catalog: self.catalog(resource),
                database: self.told(&spot, "Resource", &resource["DatabaseName"]),
                table: Some(name),
                columns: items(&resource["ColumnNames"])
                    .filter_map(|column| self.known(&spot, "Resource", column))
                    .collect(),
            },
            _ => return None,
        };
        let mut tags: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for pair in items(&properties["LFTags"]) {
            if let Some(key) = self.known(&spot, "LFTags", &pair["TagKey"]) {
                let values = self.lower_case(&spot, "LFTags", &pair["TagValues"]);
                tags.entry(key.to_lowercase()).or_default().extend(values);
            }
        }
        Some(AssociationFact { spot, target, tags })
    }

    fn database(&self, spot: Spot, properties: &Value) -> DatabaseFact {
        let input = &properties["DatabaseInput"];
        let target = &input["TargetDatabase"];
        DatabaseFact {
            catalog: self.catalog(properties),
            name: match &input["Name"] {
                Value::Null => self.text(&json!({ "Ref": spot.resource })).unwrap_or_default(),
                name => self.told(&spot, "Name", name),
            },
            target: target.is_object().then(|| {
                let account = match &target["CatalogId"] {
                    Value::Null => self.document.account.clone(),
                    account => self.told(&spot, "TargetDatabase", account),
                };
                (account, self.told(&spot, "TargetDatabase", &target["DatabaseName"]))
            }),
            spot,
        }
    }

    fn table_link(&self, spot: Spot, properties: &Value) -> TableLinkFact {
        let input = &properties["TableInput"];
        let target = &input["TargetTable"];
        TableLinkFact {
            catalog: self.catalog(properties),
            database: self.told(&spot, "DatabaseName", &properties["DatabaseName"]),
            name: self.told(&spot, "Name", &input["Name"]),
            target: (
                self.catalog(target),
                self.told(&spot, "TargetTable", &target["DatabaseName"]),
                self.told(&spot, "TargetTable", &target["Name"]),
            ),
            spot,
        }
    }

    fn table(&self, spot: Spot, properties: &Value) -> TableFact {
        let input = &properties["TableInput"];
        let columns = items(&input["StorageDescriptor"]["Columns"]).chain(items(&input["PartitionKeys"]));
        TableFact {
            catalog: self.catalog(properties),
            database: self.told(&spot, "DatabaseName", &properties["DatabaseName"]),
            name: match &input["Name"] {
                Value::Null => self.text(&json!({ "Ref": spot.resource })).unwrap_or_default(),
                name => self.told(&spot, "Name", name),
            },
            columns: columns.filter_map(|column| self.known(&spot, "Columns", &column["Name"])).collect(),
            location: self.text(&input["StorageDescriptor"]["Location"]),
            spot,
        }
    }
}
