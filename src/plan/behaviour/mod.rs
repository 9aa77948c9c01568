//! The probes of `doctor --probe`: behaviours of AWS on which the design rests and which no document settles. What each asks, what
//! it makes in a throw-away account, in which order, and what the answers mean. Pure; [`crate::deploy::probing`] carries it out.
//!
//! A probe's templates are files under `templates/probes/`, deployed as they stand: nothing is filled in but their parameters.

mod all;
mod judge;
mod record;
#[cfg(test)]
mod tests;

pub use all::{BASE, BEHAVIOURS};
pub use record::{Circumstance, LONGEST_RECORD, Outcome, Record, RecordError, VERSION};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// How the name of everything begins that a probe makes: so what an earlier run left is found.
pub const PREFIX: &str = "meshform-probe-";

/// A behaviour, and the probe that shows it.
#[derive(Debug)]
pub struct Behaviour {
    /// Its number, by which the pages of the design name it.
    pub number: u8,
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What is asked.
    pub asks: &'static str,
    /// What is made in the accounts for it.
    pub makes: &'static str,
    /// What the design expects.
    pub expected: &'static str,
    /// Which decision rests on it.
    pub rests: &'static str,
    /// What is done, in this order; after the first stack that fails, nothing more.
    pub acts: &'static [Act],
    /// What the answers mean.
    judge: fn(&[Came]) -> Judged,
}

impl Behaviour {
    /// Whether it needs a second account.
    #[must_use]
    pub fn needs_subscriber(&self) -> bool {
        self.acts.iter().any(|act| act.place == Place::Subscriber)
    }

    /// What came of its acts, judged.
    #[must_use]
    pub fn judged(&self, came: &[Came]) -> Judged {
        (self.judge)(came)
    }
}

/// In which account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// That with the catalog: the first that was named.
    Catalog,
    /// That which is shared with: the second.
    Subscriber,
}

/// One stack, deployed or deleted.
#[derive(Debug)]
pub struct Act {
    /// Where.
    pub place: Place,
    /// The stack's name after [`PREFIX`].
    pub stack: &'static str,
    /// What.
    pub deed: Deed,
}

/// What is done with a stack.
#[derive(Debug)]
pub enum Deed {
    /// It is made, or changed.
    Deploy {
        /// Which template, by its file's name.
        template: &'static str,
        /// Values of its parameters; those that all templates may ask for are not among them.
        values: &'static [(&'static str, &'static str)],
    },
    /// It is deleted, and how that goes is of interest.
    Delete,
}

/// What came of an act.
#[derive(Debug, Clone, PartialEq)]
pub enum Came {
    /// It was done. The answers of the stack's outputs, by the name of the call.
    Done(BTreeMap<String, Value>),
    /// It was not, for a reason that a resource gave.
    Failed(String),
    /// It was not, for another reason, which says nothing of the behaviour.
    Lost(String),
}

impl Came {
    /// A stack's outputs, read: each is a JSON text of answers by name.
    #[must_use]
    pub fn done(outputs: &BTreeMap<String, String>) -> Self {
        let read = |text: &String| serde_json::from_str::<BTreeMap<String, Value>>(text).ok();
        Self::Done(outputs.values().filter_map(read).flatten().collect())
    }
}

/// What a probe showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What the design expects.
    AsExpected,
    /// Something else: the decision that rests on it is to be taken anew.
    Otherwise,
    /// It could not be told.
    NotTold,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::AsExpected => "as expected",
            Self::Otherwise => "otherwise",
            Self::NotTold => "could not be told",
        })
    }
}

/// What a probe showed, and what was seen; where it could not be told, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether it is what the design expects.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
}

impl Judged {
    /// It could not be told.
    #[must_use]
    pub fn not_told(why: impl Into<String>) -> Self {
        Self { verdict: Verdict::NotTold, seen: why.into() }
    }
}

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../templates/probes/", $name, ".yaml")))),+];
    };
}

templates!(
    "base",
    "columns",
    "crawler",
    "etl",
    "lake",
    "partition",
    "reader",
    "revoke",
    "share",
    "subscribe",
    "twice",
    "untag"
);

/// A template by its file's name, as CloudFormation takes it: JSON, since it refuses aliases of YAML (cfn-lint, W1101).
#[must_use]
pub fn template(name: &str) -> Value {
    let found = TEMPLATES.iter().find(|(known, _)| *known == name);
    let (_, text) = crate::sure(found.ok_or("no such file"), "probes name files that are there");
    crate::sure(serde_saphyr::from_str(text), "templates of probes are YAML")
}
