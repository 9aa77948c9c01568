//! A plan as a file: what was looked at and what will be done, to be approved by people and carried out later.
//!
//! The file commands nothing. `deploy plan.json` makes the plan anew from the environment and from what stands, and compares
//! ([`moved`]); it goes on only when both are the same. What a template declares with NoEcho is in no file, nor is a hash of it.

mod moved;
mod record;
#[cfg(test)]
mod tests;

pub use moved::{Moved, moved};
pub use record::{ObservedStack, PlanFile, RecordedStep, RecordedValue};

/// Version of the format.
pub const VERSION: u32 = 1;

/// Longest file that is read, in bytes: many times the plan of a large mesh.
pub const LONGEST: u64 = 64 * 1024 * 1024;

/// Why a file is no plan that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is no JSON, or not of the shape of a plan.
    #[error("it is no plan file")]
    Shape(#[source] serde_json::Error),
    /// It has another version of the format.
    #[error("it is a plan of version {found}, and this meshform reads version {VERSION}")]
    Version {
        /// The version, as it stands there.
        found: String,
    },
}

impl PlanFile {
    /// Reads a plan file's text, which may be anything.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, PlanFileError> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(PlanFileError::Shape)?;
        match value.get("version") {
            Some(version) if version.as_u64() == Some(u64::from(VERSION)) => {}
            // without a version the shape tells what is missing
            None => {}
            Some(version) => {
                let found: String = version.to_string().escape_debug().take(40).collect();
                return Err(PlanFileError::Version { found });
            }
        }
        serde_json::from_value(value).map_err(PlanFileError::Shape)
    }
}
