//! AWS Lake Formation. Every property of a grant and of an association is create-only: a change is a replacement.

use super::{Arn, Name, Val, glue, iam};
use serde::Serialize;
use std::collections::BTreeMap;

/// `AWS::LakeFormation::DataLakeSettings`: one for each account and Region.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataLakeSettings {
    /// Who may grant anything.
    pub admins: Vec<DataLakePrincipal>,
    /// Who may read every grant.
    pub read_only_admins: Vec<DataLakePrincipal>,
    /// Always written out, always empty: a serializer that drops it opens the lake (pulumi-aws#4366).
    create_database_default_permissions: [(); 0],
    /// Always written out, always empty.
    create_table_default_permissions: [(); 0],
    /// `APPEND`: the admins that stand stay.
    mutation_type: &'static str,
    parameters: BTreeMap<&'static str, String>,
}

impl DataLakeSettings {
    /// Settings under which nobody sees what nobody granted.
    #[must_use]
    pub fn closed(
        admins: Vec<DataLakePrincipal>,
        read_only_admins: Vec<DataLakePrincipal>,
        cross_account_version: u8,
    ) -> Self {
        Self {
            admins,
            read_only_admins,
            create_database_default_permissions: [],
            create_table_default_permissions: [],
            mutation_type: "APPEND",
            parameters: BTreeMap::from([("CROSS_ACCOUNT_VERSION", cross_account_version.to_string())]),
        }
    }
}

/// Whom a grant is for: an account id or a role's ARN.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DataLakePrincipal {
    data_lake_principal_identifier: String,
}

impl DataLakePrincipal {
    /// A principal by its account id or ARN.
    #[must_use]
    pub fn new(identifier: impl Into<String>) -> Self {
        Self { data_lake_principal_identifier: identifier.into() }
    }

    /// The account id or ARN.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.data_lake_principal_identifier
    }
}

/// `AWS::LakeFormation::Resource`: a registered location.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    /// `arn:<partition>:s3:::<bucket>/<prefix>`, without a trailing slash.
    pub resource_arn: String,
    /// Reads the data; in another account's bucket it must be a role of our own (register-cross-account).
    pub role_arn: Val<Arn<iam::Role>>,
    use_service_linked_role: bool,
    hybrid_access_enabled: bool,
}

impl Resource {
    /// A location under Lake Formation alone, read by a role of our own.
    #[must_use]
    pub const fn registered(resource_arn: String, role_arn: Val<Arn<iam::Role>>) -> Self {
        Self { resource_arn, role_arn, use_service_linked_role: false, hybrid_access_enabled: false }
    }
}

/// `AWS::LakeFormation::Tag`. Its `Ref` is its key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// The account whose catalog holds it.
    pub catalog_id: String,
    /// At most 50 characters, lower-case.
    pub tag_key: String,
    /// At most 1,000, sorted.
    pub tag_values: Vec<String>,
}

/// A tag's value on a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagPair {
    /// The account whose catalog holds the tag.
    pub catalog_id: String,
    /// The key: a literal, or `Ref` of a tag of the same template.
    pub tag_key: Val<Name<Tag>>,
    /// Exactly one value.
    pub tag_values: [String; 1],
}

/// `AWS::LakeFormation::TagAssociation`: one database, table or column.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagAssociation {
    /// What is tagged.
    pub resource: Tagged,
    /// With what.
    #[serde(rename = "LFTags")]
    pub lf_tags: Vec<TagPair>,
}

/// What a tag is put on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Tagged {
    /// A database.
    #[serde(rename_all = "PascalCase")]
    Database {
        /// The account whose catalog holds it.
        catalog_id: String,
        /// Its name.
        name: Val<Name<glue::Database>>,
    },
    /// A table.
    #[serde(rename_all = "PascalCase")]
    Table {
        /// The account whose catalog holds it.
        catalog_id: String,
        /// Its database.
        database_name: Val<Name<glue::Database>>,
        /// Its name.
        name: Val<Name<glue::Table>>,
    },
    /// A column.
    #[serde(rename_all = "PascalCase")]
    TableWithColumns {
        /// The account whose catalog holds it.
        catalog_id: String,
        /// Its database.
        database_name: Val<Name<glue::Database>>,
        /// Its table.
        name: Val<Name<glue::Table>>,
        /// Exactly one column.
        column_names: [String; 1],
    },
}

/// `AWS::LakeFormation::PrincipalPermissions`: a grant. Its identity is its principal and its resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrincipalPermissions {
    /// For whom.
    pub principal: DataLakePrincipal,
    /// On what.
    pub resource: Granted,
    /// Which rights, sorted.
    pub permissions: Vec<Permission>,
    /// Which of them may be passed on, sorted; written out even when empty.
    pub permissions_with_grant_option: Vec<Permission>,
}

/// A right in Lake Formation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    /// To change its columns and partitions.
    Alter,
    /// To make tables in a database.
    CreateTable,
    /// To point to data below a registered location.
    DataLocationAccess,
    /// To see that it is there.
    Describe,
    /// To write data.
    Insert,
    /// To read data.
    Select,
}

/// What a grant is on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Granted {
    /// A database of the granting account, or a resource link there.
    #[serde(rename_all = "PascalCase")]
    Database {
        /// The account whose catalog holds it.
        catalog_id: String,
        /// Its name.
        name: Val<Name<glue::Database>>,
    },
    /// A table by name, or all tables of a database: whatever the classifications of its columns.
    #[serde(rename_all = "PascalCase")]
    Table {
        /// The account whose catalog holds it.
        catalog_id: String,
        /// Its database.
        database_name: Val<Name<glue::Database>>,
        /// Which of its tables.
        #[serde(flatten)]
        which: Which,
    },
    /// A registered location.
    #[serde(rename_all = "PascalCase")]
    DataLocation {
        /// The account that registered it.
        catalog_id: String,
        /// Its ARN: a registration's `Ref` is an id, no ARN.
        resource_arn: String,
    },
    /// Whatever carries the tags of an expression.
    #[serde(rename = "LFTagPolicy", rename_all = "PascalCase")]
    TagPolicy {
        /// The account whose catalog holds the tags.
        catalog_id: String,
        /// Databases or tables.
        resource_type: ResourceType,
        /// All conditions must hold; sorted by key.
        expression: Vec<Condition>,
    },
}

/// Which tables of a database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Which {
    /// One.
    #[serde(rename = "Name")]
    One(Val<Name<glue::Table>>),
    /// All there are and will be.
    #[serde(rename = "TableWildcard")]
    All {},
}

/// What an expression selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ResourceType {
    /// Databases.
    Database,
    /// Tables and columns.
    Table,
}

/// A condition of an expression: the tag has one of the values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Condition {
    /// The tag's key.
    pub tag_key: String,
    /// At most 50 values, sorted.
    pub tag_values: Vec<String>,
}
