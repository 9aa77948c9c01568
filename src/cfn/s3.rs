//! Amazon S3.

use super::iam::PolicyDocument;
use super::{Arn, Name, ResourceTag, Val, kms};
use serde::Serialize;

/// `AWS::S3::Bucket`, always private, encrypted and owned by its account.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bucket {
    /// At most 63 characters, unique in the world.
    pub bucket_name: String,
    bucket_encryption: BucketEncryption,
    ownership_controls: OwnershipControls,
    public_access_block_configuration: PublicAccessBlock,
    #[serde(skip_serializing_if = "Option::is_none")]
    versioning_configuration: Option<Versioning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle_configuration: Option<Lifecycle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logging_configuration: Option<Logging>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_configuration: Option<Notifications>,
    tags: Vec<ResourceTag>,
}

/// How a bucket's objects are encrypted.
#[derive(Debug, Clone, PartialEq)]
pub enum Encryption {
    /// By a key of the owner.
    Key(Val<Arn<kms::Key>>),
    /// By keys of S3: for server access logs, whose delivery cannot use a customer's key without rights on it, and for
    /// the deployment's own bucket, which must exist before any key.
    S3,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BucketEncryption {
    server_side_encryption_configuration: Vec<EncryptionRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EncryptionRule {
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_key_enabled: Option<bool>,
    server_side_encryption_by_default: EncryptionDefault,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct EncryptionDefault {
    #[serde(rename = "SSEAlgorithm")]
    algorithm: &'static str,
    #[serde(rename = "KMSMasterKeyID", skip_serializing_if = "Option::is_none")]
    key: Option<Val<Arn<kms::Key>>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OwnershipControls {
    rules: Vec<OwnershipRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OwnershipRule {
    object_ownership: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PublicAccessBlock {
    block_public_acls: bool,
    block_public_policy: bool,
    ignore_public_acls: bool,
    restrict_public_buckets: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Versioning {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Lifecycle {
    rules: Vec<LifecycleRule>,
}

/// A rule on how long objects are kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleRule {
    id: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_in_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    abort_incomplete_multipart_upload: AbortIncompleteMultipartUpload,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NoncurrentVersionExpiration {
    noncurrent_days: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AbortIncompleteMultipartUpload {
    days_after_initiation: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Logging {
    destination_bucket_name: Val<Name<Bucket>>,
    log_file_prefix: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Notifications {
    event_bridge_configuration: EventBridge,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EventBridge {
    event_bridge_enabled: bool,
}

impl Bucket {
    /// A bucket that nobody outside its account can open by an ACL or a public policy.
    #[must_use]
    pub fn private(bucket_name: String, encryption: &Encryption, tags: Vec<ResourceTag>) -> Self {
        let rule = match encryption {
            Encryption::Key(key) => EncryptionRule {
                bucket_key_enabled: Some(true),
                server_side_encryption_by_default: EncryptionDefault { algorithm: "aws:kms", key: Some(key.clone()) },
            },
            Encryption::S3 => EncryptionRule {
                bucket_key_enabled: None,
                server_side_encryption_by_default: EncryptionDefault { algorithm: "AES256", key: None },
            },
        };
        Self {
            bucket_name,
            bucket_encryption: BucketEncryption { server_side_encryption_configuration: vec![rule] },
            ownership_controls: OwnershipControls {
                rules: vec![OwnershipRule { object_ownership: "BucketOwnerEnforced" }],
            },
            public_access_block_configuration: PublicAccessBlock {
                block_public_acls: true,
                block_public_policy: true,
                ignore_public_acls: true,
                restrict_public_buckets: true,
            },
            versioning_configuration: None,
            lifecycle_configuration: None,
            logging_configuration: None,
            notification_configuration: None,
            tags,
        }
    }

    /// Keeps earlier versions of objects for some days, so that a mistaken overwrite can be undone.
    #[must_use]
    pub fn versioned(mut self, noncurrent_days: u32) -> Self {
        self.versioning_configuration = Some(Versioning { status: "Enabled" });
        self.keep("noncurrent-versions", None, Some(noncurrent_days))
    }

    /// Deletes objects after some days.
    #[must_use]
    pub fn expiring(self, days: u32) -> Self {
        self.keep("expire", Some(days), None)
    }

    /// Writes server access logs to another bucket.
    #[must_use]
    pub fn logged_to(mut self, bucket: Val<Name<Self>>, prefix: &str) -> Self {
        self.logging_configuration =
            Some(Logging { destination_bucket_name: bucket, log_file_prefix: format!("{prefix}/") });
        self
    }

    /// Tells the account's default event bus of every object.
    #[must_use]
    pub const fn telling(mut self) -> Self {
        self.notification_configuration =
            Some(Notifications { event_bridge_configuration: EventBridge { event_bridge_enabled: true } });
        self
    }

    fn keep(mut self, id: &'static str, days: Option<u32>, noncurrent_days: Option<u32>) -> Self {
        let rule = LifecycleRule {
            id,
            status: "Enabled",
            expiration_in_days: days,
            noncurrent_version_expiration: noncurrent_days
                .map(|noncurrent_days| NoncurrentVersionExpiration { noncurrent_days }),
            abort_incomplete_multipart_upload: AbortIncompleteMultipartUpload { days_after_initiation: 7 },
        };
        self.lifecycle_configuration.get_or_insert_with(|| Lifecycle { rules: Vec::new() }).rules.push(rule);
        self
    }
}

/// `AWS::S3::BucketPolicy`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BucketPolicy {
    /// The bucket.
    pub bucket: Val<Name<Bucket>>,
    /// The policy.
    pub policy_document: PolicyDocument,
}
