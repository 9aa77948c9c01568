//! Spark jobs of AWS Glue.

use crate::cfn::{Arn, ResourceTag, Val, iam};
use serde::Serialize;
use std::collections::BTreeMap;

/// The newest version with Spark 3.5, whose Python package the tests run the scripts with (AWS Glue guide, "AWS Glue
/// versions": Spark 3.5.6, Python 3.11, Java 17).
const VERSION: &str = "5.1";

/// 4 virtual CPUs, 16 GB: the smallest worker that is advised for joins (AWS Glue guide, "Worker type").
const WORKER: &str = "G.1X";

/// A driver and one that works: the least that a Spark job takes. A product that needs more says so by its run times.
const WORKERS: u32 = 2;

/// In minutes. Glue's own limit is 48 hours, and a job that hangs is paid by the minute.
pub const TIMEOUT_MINUTES: u32 = 60;

/// `AWS::Glue::Job`: a Spark job in Python. It tries nothing again, since its state machine tells of failures, and keeps no
/// bookmark, since each run makes its tables anew.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Job {
    /// At most 255 characters.
    pub name: String,
    /// What it makes.
    pub description: String,
    /// The role that it works as.
    pub role: Val<Arn<iam::Role>>,
    command: Command,
    default_arguments: BTreeMap<&'static str, String>,
    execution_property: ExecutionProperty,
    glue_version: &'static str,
    worker_type: &'static str,
    number_of_workers: u32,
    max_retries: u32,
    timeout: u32,
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Command {
    name: &'static str,
    python_version: &'static str,
    script_location: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExecutionProperty {
    max_concurrent_runs: u32,
}

/// A map, which Glue has where others have a list.
pub(super) fn tag_map(tags: Vec<ResourceTag>) -> BTreeMap<String, String> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

impl Job {
    /// A job that runs a script. It logs into the groups `<logs>/error` and `<logs>/output` (AWS Glue guide, "Logging for
    /// AWS Glue jobs", `--custom-logGroup-prefix`).
    #[must_use]
    pub fn spark(
        name: String,
        description: String,
        role: Val<Arn<iam::Role>>,
        script_location: String,
        logs: String,
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self {
            name,
            description,
            role,
            command: Command { name: "glueetl", python_version: "3", script_location },
            default_arguments: BTreeMap::from([
                ("--custom-logGroup-prefix", logs),
                ("--enable-metrics", "true".to_owned()),
                ("--job-bookmark-option", "job-bookmark-disable".to_owned()),
            ]),
            // two runs at once would write the same files
            execution_property: ExecutionProperty { max_concurrent_runs: 1 },
            glue_version: VERSION,
            worker_type: WORKER,
            number_of_workers: WORKERS,
            max_retries: 0,
            timeout: TIMEOUT_MINUTES,
            tags: tag_map(tags),
        }
    }
}
