//! Crawlers: what they look at, and what they may change.

use super::Database;
use crate::cfn::{Arn, Name, Val, iam};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// `AWS::Glue::Crawler`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Crawler {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The role that it works as.
    pub role: Val<Arn<iam::Role>>,
    /// Where tables that it makes go; a crawler of a catalog table makes none and names no database (AWS Glue guide,
    /// "Choose data sources and classifiers").
    #[serde(skip_serializing_if = "Option::is_none")]
    database_name: Option<Val<Name<Database>>>,
    targets: Targets,
    /// When it runs; `None` for one that something starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    schema_change_policy: SchemaChangePolicy,
    recrawl_policy: RecrawlPolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    lake_formation_configuration: Option<LakeFormationConfiguration>,
    #[serde(serialize_with = "as_text")]
    configuration: Configuration,
    /// Ownership; a map, where most types have a list.
    pub tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
enum Targets {
    CatalogTargets([CatalogTarget; 1]),
    S3Targets([S3Target; 1]),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CatalogTarget {
    database_name: Val<Name<Database>>,
    tables: [Val<Name<super::Table>>; 1],
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct S3Target {
    path: String,
}

/// When a crawler runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Schedule {
    /// `cron(..)`, in UTC, at most every five minutes.
    pub schedule_expression: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SchemaChangePolicy {
    update_behavior: &'static str,
    delete_behavior: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecrawlPolicy {
    recrawl_behavior: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LakeFormationConfiguration {
    use_lake_formation_credentials: bool,
}

/// The versioned options that the API takes as a JSON text (AWS Glue guide, "Setting crawler configuration options").
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    version: f32,
    crawler_output: CrawlerOutput,
    #[serde(skip_serializing_if = "Option::is_none")]
    grouping: Option<Grouping>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CrawlerOutput {
    partitions: AddOrUpdate,
    tables: AddOrUpdate,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AddOrUpdate {
    add_or_update_behavior: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Grouping {
    table_grouping_policy: &'static str,
}

fn as_text<S: Serializer>(configuration: &Configuration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::sure(serde_json::to_string(configuration), "options are JSON"))
}

impl Configuration {
    /// New columns are added and none is taken away or changed; partitions take the table's columns and format.
    const fn merging(grouping: Option<Grouping>) -> Self {
        Self {
            version: 1.0,
            crawler_output: CrawlerOutput {
                partitions: AddOrUpdate { add_or_update_behavior: "InheritFromTable" },
                tables: AddOrUpdate { add_or_update_behavior: "MergeNewColumns" },
            },
            grouping,
        }
    }
}

/// Changes are written; what is gone is only logged. With a catalog target nothing else is allowed (AWS Glue guide,
/// "Choose data sources and classifiers": no catalog tables are deleted, a log message is written).
const UPDATE_AND_LOG: SchemaChangePolicy =
    SchemaChangePolicy { update_behavior: "UPDATE_IN_DATABASE", delete_behavior: "LOG" };

/// Only whoever looks at everything may change a table: with `CRAWL_NEW_FOLDERS_ONLY` both behaviours must be `LOG` (AWS
/// Glue's InvalidInputException, quoted in LBHackney-IT/Data-Platform#2418).
const EVERYTHING: RecrawlPolicy = RecrawlPolicy { recrawl_behavior: "CRAWL_EVERYTHING" };

impl Crawler {
    /// A crawler of one table of the catalog of its own account, with credentials of Lake Formation.
    ///
    /// One table for one crawler, in the same account, is all that these credentials allow (AWS Glue guide, "Configuring a
    /// crawler to use Lake Formation credentials"). The configuration names no account: it is for crawls across accounts
    /// and "can be left as null" otherwise (AWS Glue API, LakeFormationConfiguration). The files of a catalog target are
    /// put into the one table: `CombineCompatibleSchemas` (hashicorp/terraform-provider-aws, example of a catalog target of
    /// `aws_glue_crawler`, which writes it and `LOG`).
    #[must_use]
    pub fn of_table(
        name: String,
        description: String,
        role: Val<Arn<iam::Role>>,
        database_name: Val<Name<Database>>,
        table: Val<Name<super::Table>>,
        tags: BTreeMap<String, String>,
    ) -> Self {
        Self {
            name,
            description,
            role,
            database_name: None,
            targets: Targets::CatalogTargets([CatalogTarget { database_name, tables: [table] }]),
            schedule: None,
            schema_change_policy: UPDATE_AND_LOG,
            recrawl_policy: EVERYTHING,
            lake_formation_configuration: Some(LakeFormationConfiguration { use_lake_formation_credentials: true }),
            configuration: Configuration::merging(Some(Grouping { table_grouping_policy: "CombineCompatibleSchemas" })),
            tags,
        }
    }

    /// A crawler of files, which makes tables in a database of its own account and reads with its role's own rights.
    #[must_use]
    pub fn of_files(
        name: String,
        description: String,
        role: Val<Arn<iam::Role>>,
        database_name: Val<Name<Database>>,
        path: String,
        tags: BTreeMap<String, String>,
    ) -> Self {
        Self {
            name,
            description,
            role,
            database_name: Some(database_name),
            targets: Targets::S3Targets([S3Target { path }]),
            schedule: None,
            schema_change_policy: UPDATE_AND_LOG,
            recrawl_policy: EVERYTHING,
            lake_formation_configuration: None,
            configuration: Configuration::merging(None),
            tags,
        }
    }

    /// Runs it on a schedule.
    #[must_use]
    pub fn on(mut self, schedule_expression: String) -> Self {
        self.schedule = Some(Schedule { schedule_expression });
        self
    }
}
