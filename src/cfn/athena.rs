//! Amazon Athena.

use super::{Arn, ResourceTag, Val, kms};
use serde::Serialize;

/// `AWS::Athena::WorkGroup` whose settings hold whatever a client asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct WorkGroup {
    /// Its name, which is its role's.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Deletes query history with the workgroup; otherwise a used one cannot be deleted.
    pub recursive_delete_option: bool,
    work_group_configuration: WorkGroupConfiguration,
    tags: Vec<ResourceTag>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WorkGroupConfiguration {
    bytes_scanned_cutoff_per_query: u64,
    enforce_work_group_configuration: bool,
    engine_version: EngineVersion,
    publish_cloud_watch_metrics_enabled: bool,
    result_configuration: ResultConfiguration,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EngineVersion {
    selected_engine_version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResultConfiguration {
    encryption_configuration: EncryptionConfiguration,
    expected_bucket_owner: String,
    output_location: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EncryptionConfiguration {
    encryption_option: &'static str,
    kms_key: Val<Arn<kms::Key>>,
}

/// Where a workgroup writes its results.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Begins with `s3://`, ends with `/`.
    pub location: String,
    /// Encrypts them.
    pub key: Val<Arn<kms::Key>>,
    /// Account that owns the bucket.
    pub bucket_owner: String,
}

impl WorkGroup {
    /// A workgroup of one role: enforced, encrypted, with a limit in bytes on what a query may scan (at least 10 MB).
    #[must_use]
    pub fn enforced(
        name: String,
        description: String,
        scan_limit: u64,
        results: Results,
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self {
            name,
            description,
            recursive_delete_option: true,
            work_group_configuration: WorkGroupConfiguration {
                bytes_scanned_cutoff_per_query: scan_limit,
                enforce_work_group_configuration: true,
                engine_version: EngineVersion { selected_engine_version: "Athena engine version 3" },
                publish_cloud_watch_metrics_enabled: true,
                result_configuration: ResultConfiguration {
                    encryption_configuration: EncryptionConfiguration {
                        encryption_option: "SSE_KMS",
                        kms_key: results.key,
                    },
                    expected_bucket_owner: results.bucket_owner,
                    output_location: results.location,
                },
            },
            tags,
        }
    }
}
