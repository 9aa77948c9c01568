//! Rulesets of AWS Glue Data Quality.

use super::job::tag_map;
use crate::cfn::ResourceTag;
use serde::Serialize;
use std::collections::BTreeMap;

/// `AWS::Glue::DataQualityRuleset`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataQualityRuleset {
    /// Its name.
    pub name: String,
    /// What it judges.
    pub description: String,
    /// The rules, in DQDL.
    pub ruleset: String,
    target_table: TargetTable,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TargetTable {
    database_name: String,
    table_name: String,
}

impl DataQualityRuleset {
    /// Rules on a table, which the account sees in a database of its own catalog or through a link.
    #[must_use]
    pub fn on(
        database_name: String,
        table_name: String,
        name: String,
        description: String,
        ruleset: String,
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self {
            name,
            description,
            ruleset,
            target_table: TargetTable { database_name, table_name },
            tags: tag_map(tags),
        }
    }
}
