//! What must be seen before a stack starts, and what is read back after it: data, computed from the templates themselves.

use super::grants::Grant;
use crate::assembly::{Effect, ManifestStack, ParameterValue};
use crate::mesh::{AccountId, Region};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A question to an account, which its plan role may ask. It never changes anything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "probe", rename_all = "lowercase")]
pub enum Probe {
    /// Do the Lake Formation settings of an account hold what its template says? (`GetDataLakeSettings`)
    Settings {
        /// The account.
        account: AccountId,
        /// The Region.
        region: Region,
        /// Principals that must be administrators; only those that the template names in full.
        administrators: BTreeSet<String>,
        /// Kinds of objects for which nothing may be granted by default.
        closed: BTreeSet<DefaultsFor>,
    },
    /// Do databases, tables and columns of a catalog carry these tags? (`GetResourceLFTags`)
    Catalog {
        /// The account of the catalog.
        account: AccountId,
        /// The Region.
        region: Region,
        /// Databases and their own tags.
        databases: Vec<TaggedDatabase>,
        /// Tables with their tags and those of their columns.
        tables: Vec<TaggedTable>,
    },
    /// Does a subscriber's account see a database of another account's catalog? (`GetDatabase`, by the subscriber's plan role)
    Share {
        /// The account that is to see it.
        subscriber: AccountId,
        /// The Region.
        region: Region,
        /// The account of the catalog.
        catalog: String,
        /// The database.
        database: String,
    },
    /// Does an account list none of these grants any more? (`ListPermissions`)
    Gone {
        /// The account.
        account: AccountId,
        /// The Region.
        region: Region,
        /// The grants.
        grants: BTreeSet<Grant>,
    },
}

/// For which new objects Lake Formation settings have defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultsFor {
    /// `CreateDatabaseDefaultPermissions`.
    Databases,
    /// `CreateTableDefaultPermissions`.
    Tables,
}

/// Tags by key, each with its one value. Lake Formation allows one value of a key on a resource.
pub type Tags = BTreeMap<String, String>;

/// A database and the tags it should carry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaggedDatabase {
    /// Its name.
    pub database: String,
    /// Its tags.
    pub tags: Tags,
}

/// A table and the tags that it and its columns should carry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaggedTable {
    /// Its database.
    pub database: String,
    /// Its name.
    pub table: String,
    /// Tags of the table itself.
    pub tags: Tags,
    /// Tags by column.
    pub columns: BTreeMap<String, Tags>,
}

impl fmt::Display for Probe {
    /// What is waited for, to follow "waiting for ".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings { account, .. } => write!(formatter, "the Lake Formation settings of account {account}"),
            Self::Catalog { account, databases, tables, .. } => {
                let names: BTreeSet<&str> = databases
                    .iter()
                    .map(|tagged| tagged.database.as_str())
                    .chain(tables.iter().map(|tagged| tagged.database.as_str()))
                    .collect();
                let names: Vec<&str> = names.into_iter().collect();
                write!(formatter, "the tags of {} in account {account}", names.join(", "))
            }
            Self::Share { subscriber, catalog, database, .. } => {
                write!(formatter, "database {database} of account {catalog} to be seen from account {subscriber}")
            }
            Self::Gone { account, grants, .. } => {
                let grants = if grants.len() == 1 { "1 grant".to_owned() } else { format!("{} grants", grants.len()) };
                write!(formatter, "{grants} to be gone from account {account}")
            }
        }
    }
}

/// What a probe needs to know about a stack.
pub(super) struct Source<'a> {
    pub(super) stack: &'a ManifestStack,
    pub(super) template: &'a Value,
}

/// A name in a template that is known only after a deployment, so that no probe can be made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) resource: String,
    pub(super) property: &'static str,
}

/// The probes of one `after` edge: asked before `waiting` starts, about the effect of `done`.
pub(super) fn of_effect(effect: Effect, done: &Source<'_>, waiting: &Source<'_>) -> Result<Vec<Probe>, Unreadable> {
    match effect {
        Effect::Settings => Ok(settings(done).into_iter().collect()),
        Effect::Catalog => Ok(catalog(done)?.into_iter().collect()),
        Effect::Share => shares(waiting),
        // no call tells whether Lake Formation knows a role yet: the edge itself, the role's stack being complete, must do
        Effect::Roles | Effect::Grants | Effect::Notifications => Ok(Vec::new()),
    }
}

/// What is read back after a stack: its settings and its tags.
pub(super) fn read_back(done: &Source<'_>) -> Result<Vec<Probe>, Unreadable> {
    Ok(settings(done).into_iter().chain(catalog(done)?).collect())
}

/// Whether a template grants or tags, so that few of its kind may run in one account at once.
pub(super) fn touches_lake_formation(template: &Value) -> bool {
    ["AWS::LakeFormation::PrincipalPermissions", "AWS::LakeFormation::TagAssociation"]
        .iter()
        .any(|kind| resources(template, kind).next().is_some())
}

/// How many resources a template has.
pub(super) fn resource_count(template: &Value) -> usize {
    template["Resources"].as_object().map_or(0, serde_json::Map::len)
}

pub(super) fn resources<'a>(template: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    template["Resources"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name, &resource["Properties"]))
}

fn settings(source: &Source<'_>) -> Option<Probe> {
    let (_, properties) = resources(source.template, "AWS::LakeFormation::DataLakeSettings").next()?;
    let administrators =
        array(&properties["Admins"]).filter_map(|admin| text(source, &admin["DataLakePrincipalIdentifier"])).collect();
    let closed = [
        (DefaultsFor::Databases, "CreateDatabaseDefaultPermissions"),
        (DefaultsFor::Tables, "CreateTableDefaultPermissions"),
    ];
    let closed = closed
        .into_iter()
        .filter(|(_, property)| properties[*property].as_array().is_some_and(Vec::is_empty))
        .map(|(kind, _)| kind)
        .collect();
    Some(Probe::Settings {
        account: source.stack.account.clone(),
        region: source.stack.region.clone(),
        administrators,
        closed,
    })
}

fn catalog(source: &Source<'_>) -> Result<Option<Probe>, Unreadable> {
    let mut databases: BTreeMap<String, Tags> = BTreeMap::new();
    let mut tables: BTreeMap<(String, String), TaggedTable> = BTreeMap::new();
    for (name, properties) in resources(source.template, "AWS::LakeFormation::TagAssociation") {
        let read = |value: &Value, property: &'static str| {
            text(source, value).ok_or_else(|| Unreadable { resource: name.clone(), property })
        };
        let mut tags = Tags::new();
        for pair in array(&properties["LFTags"]) {
            for value in array(&pair["TagValues"]) {
                tags.insert(read(&pair["TagKey"], "TagKey")?, read(value, "TagValues")?);
            }
        }
        let resource = &properties["Resource"];
        if let Some(database) = resource.get("Database") {
            databases.entry(read(&database["Name"], "Name")?).or_default().extend(tags);
            continue;
        }
        let Some(target) = resource.get("Table").or_else(|| resource.get("TableWithColumns")) else { continue };
        let key = (read(&target["DatabaseName"], "DatabaseName")?, read(&target["Name"], "Name")?);
        let tagged = tables.entry(key.clone()).or_insert_with(|| TaggedTable {
            database: key.0,
            table: key.1,
            tags: Tags::new(),
            columns: BTreeMap::new(),
        });
        if resource.get("Table").is_some() {
            tagged.tags.extend(tags);
        } else {
            for column in array(&target["ColumnNames"]) {
                tagged.columns.entry(read(column, "ColumnNames")?).or_default().extend(tags.clone());
            }
        }
    }
    if databases.is_empty() && tables.is_empty() {
        return Ok(None);
    }
    Ok(Some(Probe::Catalog {
        account: source.stack.account.clone(),
        region: source.stack.region.clone(),
        databases: databases.into_iter().map(|(database, tags)| TaggedDatabase { database, tags }).collect(),
        tables: tables.into_values().collect(),
    }))
}

fn shares(waiting: &Source<'_>) -> Result<Vec<Probe>, Unreadable> {
    let mut probes = BTreeSet::new();
    for (name, properties) in resources(waiting.template, "AWS::Glue::Database") {
        let Some(target) = properties["DatabaseInput"].get("TargetDatabase") else { continue };
        let read = |property: &'static str| {
            text(waiting, &target[property]).ok_or_else(|| Unreadable { resource: name.clone(), property })
        };
        probes.insert(Probe::Share {
            subscriber: waiting.stack.account.clone(),
            region: waiting.stack.region.clone(),
            catalog: read("CatalogId")?,
            database: read("DatabaseName")?,
        });
    }
    Ok(probes.into_iter().collect())
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The text that a value of a template comes to, where it can be known without deploying.
pub(super) fn text(source: &Source<'_>, value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let (function, argument) = value.as_object().filter(|object| object.len() == 1)?.iter().next()?;
    match function.as_str() {
        "Ref" => reference(source, argument.as_str()?),
        "Fn::Sub" => substitute(source, argument.as_str()?),
        _ => None,
    }
}

fn reference(source: &Source<'_>, name: &str) -> Option<String> {
    match name {
        "AWS::AccountId" => return Some(source.stack.account.to_string()),
        "AWS::Region" => return Some(source.stack.region.to_string()),
        "AWS::Partition" => return Some(source.stack.region.partition().to_owned()),
        _ => {}
    }
    match source.stack.parameters.get(name) {
        Some(ParameterValue::Literal(value)) => return Some(value.clone()),
        Some(ParameterValue::Wire(_)) => return None,
        None => {}
    }
    // what `Ref` answers, by type (CloudFormation user guide, return values of each resource)
    let resource = &source.template["Resources"][name];
    let properties = &resource["Properties"];
    let named = match resource["Type"].as_str()? {
        "AWS::Glue::Database" => &properties["DatabaseInput"]["Name"],
        "AWS::Glue::Table" => &properties["TableInput"]["Name"],
        "AWS::LakeFormation::Tag" => &properties["TagKey"],
        _ => return None,
    };
    text(source, named)
}

/// `${Name}` by [`reference`]; `${!Literal}` and `${Resource.Attribute}` are left to CloudFormation.
fn substitute(source: &Source<'_>, pattern: &str) -> Option<String> {
    let mut result = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        result.push_str(before);
        result.push_str(&reference(source, name)?);
        rest = after;
    }
    result.push_str(rest);
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples::{publication_template, stack, subscriber_template};
    use serde_json::json;

    #[test]
    fn tags_are_read_from_the_associations() {
        let template = publication_template();
        let stack = stack("governance/demo-publication-sales").built();
        let probe = catalog(&Source { stack: &stack, template: &template }).unwrap().unwrap();
        let Probe::Catalog { databases, tables, .. } = &probe else { panic!("{probe:?}") };
        assert_eq!(databases[0].database, "demo_sales_orders");
        assert_eq!(databases[0].tags["demo/sales"], "orders");
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].table, "orders");
        assert_eq!(tables[0].tags["demo/classification"], "unclassified");
        assert_eq!(tables[0].columns["email"]["demo/classification"], "pii");
        assert_eq!(tables[0].columns["order_id"]["demo/classification"], "internal");
        assert_eq!(probe.to_string(), "the tags of demo_sales_orders in account 111111111111");
    }

    #[test]
    fn a_link_names_the_share_it_waits_for() {
        let template = subscriber_template();
        let stack = stack("shop/demo-access-shop").built();
        let probes = shares(&Source { stack: &stack, template: &template }).unwrap();
        assert_eq!(probes.len(), 1);
        assert_eq!(
            probes[0].to_string(),
            "database demo_sales_orders of account 111111111111 to be seen from account 222222222222"
        );
    }

    #[test]
    fn settings_are_what_the_template_says() {
        let template = json!({"Resources": {"Settings": {"Type": "AWS::LakeFormation::DataLakeSettings", "Properties": {
            "Admins": [
                {"DataLakePrincipalIdentifier": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/demo-execution"}},
                {"DataLakePrincipalIdentifier": {"Fn::GetAtt": ["Role", "Arn"]}},
            ],
            "CreateDatabaseDefaultPermissions": [],
        }}}});
        let stack = stack("shop/demo-workspace-shop").built();
        let Some(Probe::Settings { administrators, closed, .. }) =
            settings(&Source { stack: &stack, template: &template })
        else {
            panic!("no probe")
        };
        assert_eq!(administrators, ["arn:aws:iam::222222222222:role/demo-execution".to_owned()].into());
        assert_eq!(closed, [DefaultsFor::Databases].into());
    }

    #[test]
    fn a_name_that_only_a_deployment_knows_is_told() {
        let template = json!({"Resources": {"Tagged": {"Type": "AWS::LakeFormation::TagAssociation", "Properties": {
            "Resource": {"Database": {"Name": {"Fn::GetAtt": ["Other", "Name"]}}}, "LFTags": [],
        }}}});
        let stack = stack("governance/demo-publication-sales").built();
        let error = catalog(&Source { stack: &stack, template: &template }).unwrap_err();
        assert_eq!(error, Unreadable { resource: "Tagged".to_owned(), property: "Name" });
    }
}
