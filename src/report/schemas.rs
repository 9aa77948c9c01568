//! JSON Schemas of the outputs, as they stand under `docs/schemas/`.

use serde_json::Value;

/// Findings, as `validate --format json` prints them.
#[must_use]
pub fn findings() -> Value {
    schemars::schema_for!(super::findings::Report).to_value()
}

/// Sight, as `access --format json` prints it.
#[must_use]
pub fn access() -> Value {
    schemars::schema_for!(crate::access::Access).to_value()
}

/// `stacks/<env>/manifest.json`.
#[must_use]
pub fn manifest() -> Value {
    schemars::schema_for!(crate::assembly::Manifest).to_value()
}

/// A difference, as `diff --format json` prints it.
#[must_use]
pub fn diff() -> Value {
    schemars::schema_for!(crate::plan::diff::Diff).to_value()
}

/// Preconditions, as `doctor --format json` prints them.
#[must_use]
pub fn doctor() -> Value {
    schemars::schema_for!(crate::plan::doctor::Diagnosis).to_value()
}

/// Drift, as `drift --format json` prints it.
#[must_use]
pub fn drift() -> Value {
    schemars::schema_for!(crate::plan::drift::Drift).to_value()
}

/// A plan, as `plan --out` writes it.
#[must_use]
pub fn plan() -> Value {
    schemars::schema_for!(crate::plan::file::PlanFile).to_value()
}

/// What probes showed, as `doctor --probe` writes it.
#[must_use]
pub fn probes() -> Value {
    schemars::schema_for!(crate::plan::behaviour::Record).to_value()
}

/// An event, as `deploy --format json` prints it, without its version.
#[cfg(feature = "aws")]
#[must_use]
pub fn events() -> Value {
    schemars::schema_for!(crate::deploy::Event).to_value()
}

/// A line of a journal.
#[cfg(feature = "aws")]
#[must_use]
pub fn journal() -> Value {
    schemars::schema_for!(crate::deploy::Line).to_value()
}

/// A status, as `status --format json` prints it.
#[cfg(feature = "aws")]
#[must_use]
pub fn status() -> Value {
    schemars::schema_for!(super::status::Status).to_value()
}

/// Every output's schema: file name and text.
#[must_use]
pub fn all() -> Vec<(&'static str, String)> {
    let schemas = [
        ("access", access()),
        ("diff", diff()),
        ("doctor", doctor()),
        ("drift", drift()),
        ("findings", findings()),
        ("manifest", manifest()),
        ("plan", plan()),
        ("probes", probes()),
    ];
    let schemas = schemas.into_iter();
    #[cfg(feature = "aws")]
    let schemas = schemas.chain([("events", events()), ("journal", journal()), ("status", status())]);
    schemas.map(|(name, schema)| (name, crate::assembly::pretty(&schema))).collect()
}
