//! Amazon CloudWatch Logs.

use super::ResourceTag;
use serde::Serialize;

/// `AWS::Logs::LogGroup` whose events go after some days. It goes with its stack: it holds names and errors, no data.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogGroup {
    /// Its name; the ones of state machines begin with `/aws/vendedlogs/`, or each would lengthen one resource policy
    /// (Step Functions developer guide, "Logging using CloudWatch Logs").
    pub log_group_name: String,
    /// One of the numbers that the schema lists.
    pub retention_in_days: u32,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// Days that logs are kept: long enough for a monthly job's last three runs.
pub const RETENTION_DAYS: u32 = 90;

impl LogGroup {
    /// A group that keeps its events [`RETENTION_DAYS`].
    #[must_use]
    pub const fn kept(name: String, tags: Vec<ResourceTag>) -> Self {
        Self { log_group_name: name, retention_in_days: RETENTION_DAYS, tags }
    }
}
