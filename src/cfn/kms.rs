//! AWS Key Management Service.

use super::iam::PolicyDocument;
use super::{Name, ResourceTag, Val};
use serde::Serialize;

/// `AWS::KMS::Key`, rotated every year.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Key {
    /// What it protects.
    pub description: String,
    enable_key_rotation: bool,
    /// Who may use it.
    pub key_policy: PolicyDocument,
    /// Days before a scheduled deletion takes effect, 7 to 30.
    pub pending_window_in_days: u32,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

impl Key {
    /// A key with the longest waiting time before deletion.
    #[must_use]
    pub const fn new(description: String, key_policy: PolicyDocument, tags: Vec<ResourceTag>) -> Self {
        Self { description, enable_key_rotation: true, key_policy, pending_window_in_days: 30, tags }
    }
}

/// `AWS::KMS::Alias`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alias {
    /// Begins with `alias/`.
    pub alias_name: String,
    /// The key.
    pub target_key_id: Val<Name<Key>>,
}
