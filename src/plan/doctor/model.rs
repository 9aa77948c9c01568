//! What an examination finds, and what is told of it.

use crate::plan::Observed;
use crate::plan::drift::{LiveSettings, Looked};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the format of a diagnosis.
pub const VERSION: u32 = 1;

/// The preconditions of a mesh, as `doctor --format json` prints them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Version of the format, 1.
    pub version: u32,
    /// The mesh.
    pub mesh: String,
    /// Each precondition of each account.
    pub findings: Vec<Finding>,
}

/// A precondition of an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which.
    pub precondition: Precondition,
    /// The account.
    pub account: String,
    /// Whether it will do.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// The command, or what to do, that mends it, or that tells.
    pub mend: Option<String>,
}

/// Something that a mesh needs of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precondition {
    /// The plan role can be assumed, and the right account answers.
    PlanRole,
    /// The deploy role can be assumed, and the right account answers.
    DeployRole,
    /// The bootstrap stack is the one that this version makes.
    Bootstrap,
    /// The Lake Formation settings are closed, and the mesh administers.
    Settings,
    /// The policy of governance's catalog, where there is one, lets grants to accounts become shares.
    CatalogPolicy,
    /// What governance shares arrives without an invitation: AWS RAM shares within the Organization.
    Sharing,
    /// The account has a subscription of QuickSight, where the mesh uses it.
    Quicksight,
    /// The account's quotas are enough for what the mesh makes there.
    Quotas,
}

/// Whether a precondition is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is not.
    Bad,
    /// It could not be looked at, or no call tells.
    CannotTell,
    /// It is.
    Good,
}

/// How a role answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answering {
    /// It can be assumed, and its account is the right one.
    Yes,
    /// It cannot, or another account answers.
    No(String),
    /// It is not known: the caller has no credentials, or nobody answered.
    Unknown(String),
}

/// What was found in an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// How the plan role answered.
    pub plan_role: Answering,
    /// How the deploy role answered.
    pub deploy_role: Answering,
    /// The stacks of the mesh in the account, by name.
    pub stacks: BTreeMap<String, Looked<Observed>>,
    /// Its Lake Formation settings.
    pub settings: Looked<LiveSettings>,
    /// The policy of its catalog; none where there is none.
    pub catalog_policy: Looked<Option<String>>,
    /// How many stacks the account may have in its Region, where CloudFormation says so.
    pub stack_limit: Looked<Option<usize>>,
    /// How many stacks stand there.
    pub standing: Looked<usize>,
    /// Whether each database of governance that a link of the account points to is seen from there.
    pub seen: BTreeMap<String, Looked<bool>>,
}

impl Diagnosis {
    /// Whether a precondition is not met.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.findings.iter().any(|finding| finding.verdict == Verdict::Bad)
    }
}
