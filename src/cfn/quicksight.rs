//! Amazon QuickSight.

use super::{Arn, Name, ResourceTag, Val, glue};
use crate::mesh::{Interval, QuicksightType};
use serde::Serialize;
use std::collections::BTreeMap;

/// `AWS::QuickSight::DataSource` on Athena.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataSource {
    aws_account_id: String,
    data_source_id: String,
    name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    data_source_parameters: DataSourceParameters,
    permissions: Vec<ResourcePermission>,
    tags: Vec<ResourceTag>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DataSourceParameters {
    athena_parameters: AthenaParameters,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AthenaParameters {
    role_arn: String,
    work_group: String,
}

/// What a principal may do with a data source or a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourcePermission {
    actions: &'static [&'static str],
    principal: String,
}

impl ResourcePermission {
    /// The set of a data source's viewers (QuickSight developer guide, `UpdateDataSourcePermissions`).
    fn view_source(principal: &str) -> Self {
        let actions =
            &["quicksight:DescribeDataSource", "quicksight:DescribeDataSourcePermissions", "quicksight:PassDataSource"];
        Self { actions, principal: principal.to_owned() }
    }

    /// The set of a data set's viewers (QuickSight developer guide, `UpdateDataSetPermissions`).
    fn view_set(principal: &str) -> Self {
        let actions = &[
            "quicksight:DescribeDataSet",
            "quicksight:DescribeDataSetPermissions",
            "quicksight:DescribeIngestion",
            "quicksight:ListIngestions",
            "quicksight:PassDataSet",
        ];
        Self { actions, principal: principal.to_owned() }
    }
}

/// Where something of QuickSight stands and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// Its id, unique in account and Region, for ever.
    pub id: String,
    /// Its name for people, at most 128 characters.
    pub name: String,
}

impl DataSource {
    /// A source that queries Athena as one role, in one workgroup, whoever looks (QuickSight user guide, "Running queries as
    /// an IAM role"); the group may use it.
    #[must_use]
    pub fn athena(
        identity: Identity,
        role_arn: String,
        work_group: String,
        group_arn: &str,
        tags: Vec<ResourceTag>,
    ) -> Self {
        let Identity { account, id, name } = identity;
        Self {
            aws_account_id: account,
            data_source_id: id,
            name,
            kind: "ATHENA",
            data_source_parameters: DataSourceParameters {
                athena_parameters: AthenaParameters { role_arn, work_group },
            },
            permissions: vec![ResourcePermission::view_source(group_arn)],
            tags,
        }
    }
}

/// `AWS::QuickSight::DataSet` on one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataSet {
    aws_account_id: String,
    data_set_id: String,
    name: String,
    import_mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingestion_wait_policy: Option<IngestionWaitPolicy>,
    physical_table_map: BTreeMap<String, PhysicalTable>,
    permissions: Vec<ResourcePermission>,
    tags: Vec<ResourceTag>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct IngestionWaitPolicy {
    wait_for_spice_ingestion: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PhysicalTable {
    relational_table: RelationalTable,
}

/// A table of the catalog as a data set reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RelationalTable {
    /// The source that is asked.
    pub data_source_arn: Val<Arn<DataSource>>,
    catalog: &'static str,
    /// The database, or a link to it.
    pub schema: Val<Name<glue::Database>>,
    /// The table.
    pub name: String,
    /// The columns that are read, and no others.
    pub input_columns: Vec<InputColumn>,
}

impl RelationalTable {
    /// A table of the account's own catalog; behind a link it is another account's.
    #[must_use]
    pub fn new(
        data_source_arn: Val<Arn<DataSource>>,
        schema: Val<Name<glue::Database>>,
        name: String,
        input_columns: Vec<InputColumn>,
    ) -> Self {
        Self { data_source_arn, catalog: "AwsDataCatalog", schema, name, input_columns }
    }
}

/// A column that a data set reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InputColumn {
    name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
}

impl InputColumn {
    /// A column, at most 127 characters, and its type.
    #[must_use]
    pub fn new(name: String, kind: QuicksightType) -> Self {
        Self { name, kind: kind.name() }
    }
}

/// What a look at a data set reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// The table.
    DirectQuery,
    /// A copy.
    Spice,
}

impl DataSet {
    /// A data set that the group may look at.
    ///
    /// A copy is not waited for: its first ingestion would fail the stack where a product has no data yet (CloudFormation,
    /// `IngestionWaitPolicy`: the default waits, up to 36 hours).
    #[must_use]
    pub fn new(
        identity: Identity,
        mode: ImportMode,
        table: RelationalTable,
        group_arn: &str,
        tags: Vec<ResourceTag>,
    ) -> Self {
        let Identity { account, id, name } = identity;
        let (import_mode, ingestion_wait_policy) = match mode {
            ImportMode::DirectQuery => ("DIRECT_QUERY", None),
            ImportMode::Spice => ("SPICE", Some(IngestionWaitPolicy { wait_for_spice_ingestion: false })),
        };
        // ids in the map: letters, digits and hyphens, at most 64 (schema, PhysicalTableMap)
        let key = crate::mesh::fit(table.name.replace('_', "-"), 64);
        Self {
            aws_account_id: account,
            data_set_id: id,
            name,
            import_mode,
            ingestion_wait_policy,
            physical_table_map: BTreeMap::from([(key, PhysicalTable { relational_table: table })]),
            permissions: vec![ResourcePermission::view_set(group_arn)],
            tags,
        }
    }
}

/// `AWS::QuickSight::RefreshSchedule` that renews a copy in full.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RefreshSchedule {
    aws_account_id: String,
    data_set_id: String,
    schedule: Schedule,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Schedule {
    schedule_id: &'static str,
    refresh_type: &'static str,
    schedule_frequency: ScheduleFrequency,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleFrequency {
    interval: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_on_day: Option<RefreshOnDay>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_of_the_day: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RefreshOnDay {
    #[serde(skip_serializing_if = "Option::is_none")]
    day_of_month: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    day_of_week: Option<&'static str>,
}

impl RefreshSchedule {
    /// A schedule; `time` is `HH:MM` in UTC. Hours need no time, weeks and months need a day (QuickSight API,
    /// `RefreshFrequency`).
    #[must_use]
    pub fn new(account: String, data_set_id: String, interval: Interval, time: String) -> Self {
        let (schedule_id, interval, refresh_on_day) = match interval {
            Interval::Hourly => ("hourly", "HOURLY", None),
            Interval::Daily => ("daily", "DAILY", None),
            Interval::Weekly => {
                ("weekly", "WEEKLY", Some(RefreshOnDay { day_of_month: None, day_of_week: Some("MONDAY") }))
            }
            Interval::Monthly => {
                ("monthly", "MONTHLY", Some(RefreshOnDay { day_of_month: Some("1"), day_of_week: None }))
            }
        };
        let timed = interval != "HOURLY";
        Self {
            aws_account_id: account,
            data_set_id,
            schedule: Schedule {
                schedule_id,
                refresh_type: "FULL_REFRESH",
                schedule_frequency: ScheduleFrequency {
                    interval,
                    refresh_on_day,
                    time_of_the_day: timed.then_some(time),
                    time_zone: timed.then_some("UTC"),
                },
            },
        }
    }
}
