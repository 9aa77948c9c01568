//! AWS Systems Manager.

use serde::Serialize;
use std::collections::BTreeMap;

/// `AWS::SSM::Parameter` of type `String`. Its tags are a map.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    /// Its name, a path.
    pub name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    /// What it holds.
    pub value: String,
    /// What it is for.
    pub description: String,
    /// Ownership.
    pub tags: BTreeMap<String, String>,
}

impl Parameter {
    /// A parameter with a text.
    #[must_use]
    pub const fn text(name: String, value: String, description: String, tags: BTreeMap<String, String>) -> Self {
        Self { name, kind: "String", value, description, tags }
    }
}
