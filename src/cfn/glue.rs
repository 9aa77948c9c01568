//! AWS Glue: the Data Catalog, whose databases and tables take no tags (cfn#2101), and what fills it.

mod crawler;

pub use crawler::{Crawler, Schedule};

mod job;
mod quality;

pub use job::{Job, TIMEOUT_MINUTES};
pub use quality::DataQualityRuleset;

use super::{Handle, Name, Val};
use serde::Serialize;
use std::collections::BTreeMap;

/// `AWS::Glue::Database`: a database, or a resource link to one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Database {
    /// The account whose catalog holds it.
    pub catalog_id: String,
    /// What it is.
    pub database_input: DatabaseInput,
}

/// The database `default`, which stays when the mesh goes: it is the account's, and others may use it by then.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct DefaultDatabase(pub Database);

impl Handle<DefaultDatabase> {
    /// Its name, as that of any database.
    #[must_use]
    pub fn database(&self) -> Val<Name<Database>> {
        Val::reference(self.id())
    }
}

/// A database, or a link.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DatabaseInput {
    /// Its name; a link's is its target's.
    pub name: String,
    /// What it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Begins with `s3://`; a link has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_uri: Option<String>,
    /// Written out empty: otherwise new tables may give everything to IAM_ALLOWED_PRINCIPALS (cfn#2197).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_table_default_permissions: Option<[(); 0]>,
    /// Where a link points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_database: Option<TargetDatabase>,
}

/// Where a resource link points.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetDatabase {
    /// The account that owns the database.
    pub catalog_id: String,
    /// Its name there.
    pub database_name: String,
    /// Its Region.
    pub region: String,
}

impl Database {
    /// A database over a location, closed to whom nobody granted anything.
    #[must_use]
    pub fn over(catalog_id: &str, name: String, description: String, location: String) -> Self {
        Self {
            catalog_id: catalog_id.to_owned(),
            database_input: DatabaseInput {
                name,
                description: Some(description),
                location_uri: Some(location),
                create_table_default_permissions: Some([]),
                target_database: None,
            },
        }
    }

    /// A database of one account, for what is not published.
    #[must_use]
    pub fn local(catalog_id: &str, name: String, description: String) -> Self {
        Self {
            catalog_id: catalog_id.to_owned(),
            database_input: DatabaseInput {
                name,
                description: Some(description),
                location_uri: None,
                create_table_default_permissions: Some([]),
                target_database: None,
            },
        }
    }

    /// A resource link that bears the name of the database it points to (hazard 12).
    #[must_use]
    pub fn link(catalog_id: &str, target: TargetDatabase) -> Self {
        Self {
            catalog_id: catalog_id.to_owned(),
            database_input: DatabaseInput {
                name: target.database_name.clone(),
                description: None,
                location_uri: None,
                create_table_default_permissions: None,
                target_database: Some(target),
            },
        }
    }
}

/// `AWS::Glue::Table`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Table {
    /// The account whose catalog holds it.
    pub catalog_id: String,
    /// Its database.
    pub database_name: Val<Name<Database>>,
    /// What it is.
    pub table_input: TableInput,
    /// Given for Iceberg, whose metadata the catalog makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_table_format_input: Option<OpenTableFormatInput>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableInput {
    /// Its name.
    pub name: String,
    /// What a row is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `EXTERNAL_TABLE`: the files outlive it.
    pub table_type: &'static str,
    /// The format, for crawlers and engines.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<&'static str, String>,
    /// Columns that part the files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partition_keys: Vec<Column>,
    /// Where and what the files are.
    pub storage_descriptor: StorageDescriptor,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in the catalog.
    #[serde(rename = "Type")]
    pub kind: String,
    /// What it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Where and what a table's files are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StorageDescriptor {
    /// The columns, partition keys left out.
    pub columns: Vec<Column>,
    /// Begins with `s3://`, ends with `/`.
    pub location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serde_info: Option<SerdeInfo>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SerdeInfo {
    serialization_library: &'static str,
}

impl StorageDescriptor {
    /// Parquet files in Hive layout.
    #[must_use]
    pub const fn parquet(columns: Vec<Column>, location: String) -> Self {
        Self {
            columns,
            location,
            input_format: Some("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"),
            output_format: Some("org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"),
            serde_info: Some(SerdeInfo {
                serialization_library: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            }),
        }
    }

    /// An Iceberg table: its metadata says what the files are.
    #[must_use]
    pub const fn iceberg(columns: Vec<Column>, location: String) -> Self {
        Self { columns, location, input_format: None, output_format: None, serde_info: None }
    }
}

/// Asks the catalog to make a table format's metadata.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OpenTableFormatInput {
    iceberg_input: IcebergInput,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct IcebergInput {
    metadata_operation: &'static str,
    version: &'static str,
}

impl OpenTableFormatInput {
    /// Iceberg, version 2.
    #[must_use]
    pub const fn iceberg() -> Self {
        Self { iceberg_input: IcebergInput { metadata_operation: "CREATE", version: "2" } }
    }
}
