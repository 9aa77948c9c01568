//! What probes showed, and when: the shape of `environments/<env>/probes.json`.

use super::{BEHAVIOURS, Behaviour, Judged, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Version of the format.
pub const VERSION: u32 = 1;

/// Most bytes of a record that are read.
pub const LONGEST_RECORD: u64 = 1024 * 1024;

/// What the probes showed, as `doctor --probe` writes it to `environments/<env>/probes.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// Version of the format, 1.
    pub version: u32,
    /// The mesh.
    pub mesh: String,
    /// One for each probe that was ever run, in the order of their numbers: the last that told, else the last.
    pub probes: Vec<Outcome>,
    /// What the last run made and could not remove; what of it may still stand is a matter of a look.
    pub left: Vec<String>,
}

/// What one probe showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// The probe's number.
    pub number: u8,
    /// Its name.
    pub name: String,
    /// The day on which it ended, `YYYY-MM-DD`, UTC.
    pub date: String,
    /// Id of the run.
    pub run: String,
    /// The version of meshform.
    pub meshform: String,
    /// The Region.
    pub region: String,
    /// The throw-away accounts: the catalog's first.
    pub accounts: Vec<String>,
    /// What was asked.
    pub asks: String,
    /// What the design expects.
    pub expected: String,
    /// Which decision rests on it.
    pub rests: String,
    /// What it showed.
    pub verdict: Verdict,
    /// What was seen; where it could not be told, why.
    pub seen: String,
}

/// Why a record is not taken over.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is no record.
    #[error("it is no record of probes")]
    Shape(#[source] serde_json::Error),
    /// Its version is another one.
    #[error("it is a record of version {found}, and this meshform writes version {VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// It is of another mesh.
    #[error("it is the record of the mesh `{found}`, not of `{wanted}`")]
    Mesh {
        /// Its mesh.
        found: String,
        /// The environment's.
        wanted: String,
    },
}

/// When, where and by whom probes were run.
#[derive(Debug, Clone)]
pub struct Circumstance<'a> {
    /// The day, `YYYY-MM-DD`.
    pub date: &'a str,
    /// Id of the run.
    pub run: &'a str,
    /// The Region.
    pub region: &'a str,
    /// The throw-away accounts.
    pub accounts: &'a [String],
}

impl Record {
    /// A record in which nothing stands.
    #[must_use]
    pub const fn empty(mesh: String) -> Self {
        Self { version: VERSION, mesh, probes: Vec::new(), left: Vec::new() }
    }

    /// Reads the record of a mesh.
    ///
    /// # Errors
    /// When the text is no record of this version and this mesh.
    pub fn read(text: &str, mesh: &str) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let versioned: Versioned = serde_json::from_str(text).map_err(RecordError::Shape)?;
        if versioned.version != VERSION {
            return Err(RecordError::Version { found: versioned.version });
        }
        let record: Self = serde_json::from_str(text).map_err(RecordError::Shape)?;
        if record.mesh != mesh {
            return Err(RecordError::Mesh { found: record.mesh, wanted: mesh.to_owned() });
        }
        Ok(record)
    }

    /// Takes over what a run showed: what it could not tell never takes the place of what was told once.
    pub fn take(&mut self, new: Vec<Outcome>, left: Vec<String>) {
        for outcome in new {
            let stands = self.probes.iter_mut().find(|old| old.number == outcome.number);
            match stands {
                Some(old) if outcome.verdict == Verdict::NotTold && old.verdict != Verdict::NotTold => {}
                Some(old) => *old = outcome,
                None => self.probes.push(outcome),
            }
        }
        self.probes.sort_by_key(|outcome| outcome.number);
        self.left = left;
    }

    /// Probes that were never run, by number.
    #[must_use]
    pub fn missing(&self) -> Vec<u8> {
        let run: BTreeSet<u8> = self.probes.iter().map(|outcome| outcome.number).collect();
        BEHAVIOURS.iter().map(|behaviour| behaviour.number).filter(|number| !run.contains(number)).collect()
    }
}

impl Outcome {
    /// What a probe showed under these circumstances.
    #[must_use]
    pub fn of(behaviour: &Behaviour, judged: Judged, circumstance: &Circumstance<'_>) -> Self {
        Self {
            number: behaviour.number,
            name: behaviour.name.to_owned(),
            date: circumstance.date.to_owned(),
            run: circumstance.run.to_owned(),
            meshform: env!("CARGO_PKG_VERSION").to_owned(),
            region: circumstance.region.to_owned(),
            accounts: circumstance.accounts.to_vec(),
            asks: behaviour.asks.to_owned(),
            expected: behaviour.expected.to_owned(),
            rests: behaviour.rests.to_owned(),
            verdict: judged.verdict,
            seen: judged.seen,
        }
    }
}
