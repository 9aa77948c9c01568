//! What a look at drift tells.

use crate::plan::diff::AccessChange;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Version of the format of a drift.
pub const VERSION: u32 = 1;

/// What stands, compared with what the deployed templates say. The format is versioned and documented by
/// `docs/schemas/drift.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Version of the format, 1.
    pub version: u32,
    /// The mesh.
    pub mesh: String,
    /// The day on which ends of access were looked at, YYYY-MM-DD.
    pub as_of: String,
    /// Who can see more or less than the deployed templates say. `gained` is what is seen and no template says, `lost` what a
    /// template says and is not seen. What could not be read counts as the templates say.
    pub access: Vec<AccessChange>,
    /// Each thing that was looked at, or was to be.
    pub checks: Vec<Check>,
    /// What a reader should know beside the checks.
    pub notes: Vec<String>,
}

/// Of what kind a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Access that was to end.
    Expiry,
    /// The grants of an account.
    Grants,
    /// The tags on a database, its tables and their columns.
    Tagging,
    /// The columns of the tables of a database.
    Columns,
    /// The keys and values of LF-Tags in a catalog.
    Tags,
    /// The Lake Formation settings of an account.
    Settings,
    /// The resources of a stack, by CloudFormation's own drift detection.
    Stack,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Everything is as the templates say.
    Same,
    /// Something is not.
    Different,
    /// Nothing that was looked at differs, and something could not be looked at.
    NotCheckable,
}

/// Why something could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The plan role may not.
    NotAllowed,
    /// CloudFormation's drift detection does not know the type, or the account's CloudFormation has no drift detection.
    NotSupported,
    /// It is outside of `--select`.
    NotAsked,
    /// It is not there to be looked at: a stack that is not deployed, or that CloudFormation is working on.
    NotReady,
    /// The call failed otherwise, or had no end in time.
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Of what kind.
    pub subject: Subject,
    /// The account.
    pub account: String,
    /// What: a stack's id, a database, the key of a tag, a subscription; the account for its settings and grants.
    pub target: String,
    /// What the look came to.
    pub answer: Answer,
    /// How many of its parts (resources, settings, values, tags, columns, grants) are as the templates say.
    pub same: usize,
    /// What differs.
    pub differences: Vec<Difference>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
}

/// In which direction something differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It stands, and no template says so.
    More,
    /// A template says so, and it does not stand.
    Less,
    /// It stands otherwise.
    Other,
}

/// Something that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// In which direction.
    pub direction: Direction,
    /// What differs: a resource and its property, a setting, a column, a grant.
    pub what: String,
    /// What the templates say, where one text says it.
    pub expected: Option<String>,
    /// What stands, where one text says it.
    pub actual: Option<String>,
    /// Who changed it last and when, where AWS tells.
    pub by: Option<String>,
    /// The command, or what to do, that makes it as the templates say.
    pub mend: Option<String>,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unchecked {
    /// What: empty for all of it.
    pub what: String,
    /// Why, in one word.
    pub reason: Reason,
    /// Why, as it was told.
    pub message: String,
}

impl Drift {
    /// Whether anything differs.
    #[must_use]
    pub fn differs(&self) -> bool {
        !self.access.is_empty() || self.checks.iter().any(|check| check.answer == Answer::Different)
    }

    /// Whether a look failed that should have come to an answer: not allowed, or no answer.
    #[must_use]
    pub fn failed(&self) -> bool {
        let mut unchecked = self.checks.iter().flat_map(|check| &check.unchecked);
        unchecked.any(|unchecked| matches!(unchecked.reason, Reason::NotAllowed | Reason::Failed))
    }
}

impl Check {
    /// A check with its answer: what differs outweighs what could not be looked at.
    #[must_use]
    pub(super) fn new(
        subject: Subject,
        account: &str,
        target: impl Into<String>,
        same: usize,
        mut differences: Vec<Difference>,
        mut unchecked: Vec<Unchecked>,
    ) -> Self {
        differences.sort();
        unchecked.sort();
        let answer = match (differences.is_empty(), unchecked.is_empty()) {
            (false, _) => Answer::Different,
            (true, false) => Answer::NotCheckable,
            (true, true) => Answer::Same,
        };
        Self { subject, account: account.to_owned(), target: target.into(), answer, same, differences, unchecked }
    }

    /// A check of which nothing could be looked at.
    #[must_use]
    pub(super) fn not_checked(subject: Subject, account: &str, target: impl Into<String>, why: Unchecked) -> Self {
        Self::new(subject, account, target, 0, Vec::new(), vec![why])
    }
}
