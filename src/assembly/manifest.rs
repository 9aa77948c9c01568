//! `manifest.json`: what an assembly's directory holds, and how its stacks depend on one another.

use super::{Effect, Layer, Operation, Stack, StackId, Wire};
use crate::mesh::{AccountId, Region};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An assembly's table of contents. Its format is versioned and documented by `docs/schemas/manifest.schema.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the format, 1.
    pub version: u32,
    /// Name of the mesh.
    pub mesh: String,
    /// How CloudFormation is asked to work on the stacks; left out where nothing was asked for.
    #[serde(default, skip_serializing_if = "Operation::is_default")]
    pub operation: Operation,
    /// The stacks, by id.
    pub stacks: Vec<ManifestStack>,
    /// The assets, by hash.
    pub assets: Vec<AssetEntry>,
}

/// A stack in the manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestStack {
    /// `<owner>/<stack name>`.
    pub id: StackId,
    /// Twelve digits.
    #[schemars(with = "String")]
    pub account: AccountId,
    /// The Region.
    #[schemars(with = "String")]
    pub region: Region,
    /// Who owns the account.
    pub owner: String,
    /// The layer.
    pub layer: Layer,
    /// Path of the template below the assembly's directory.
    pub template: String,
    /// SHA-256 of the template's bytes, in hexadecimal.
    pub sha256: String,
    /// What CloudFormation asks to be told: `CAPABILITY_NAMED_IAM`.
    pub capabilities: Vec<String>,
    /// Values of the template's parameters, or where they come from.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Stacks whose effect must be seen first.
    pub after: BTreeSet<After>,
    /// Hashes of the assets that the template names.
    pub assets: Vec<String>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ParameterValue {
    /// Known already.
    Literal(String),
    /// An output of another stack.
    Wire(Wire),
}

impl ParameterValue {
    /// Where the value comes from, if another stack makes it.
    #[must_use]
    pub const fn wire(&self) -> Option<&Wire> {
        match self {
            Self::Literal(_) => None,
            Self::Wire(wire) => Some(wire),
        }
    }
}

/// A stack whose effect must be seen before another starts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The stack.
    pub stack: StackId,
    /// The effect.
    pub effect: Effect,
}

/// A file beside the templates, uploaded before the stack that names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetEntry {
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
    /// Path below the assembly's directory.
    pub path: String,
    /// In bytes.
    pub size: u64,
}

impl Manifest {
    /// The table of contents of some stacks and assets.
    #[must_use]
    pub fn new(mesh: &str, operation: &Operation, stacks: Vec<ManifestStack>, assets: Vec<AssetEntry>) -> Self {
        Self { version: 1, mesh: mesh.to_owned(), operation: operation.clone(), stacks, assets }
    }
}

impl ManifestStack {
    /// The entry of a stack whose template was rendered.
    #[must_use]
    pub fn of(stack: &Stack, template: &str) -> Self {
        let names_roles =
            stack.template.resources.values().any(|entry| entry.properties.type_name().starts_with("AWS::IAM::"));
        Self {
            id: stack.id.clone(),
            account: stack.account.clone(),
            region: stack.region.clone(),
            owner: stack.id.owner().to_owned(),
            layer: stack.layer,
            template: format!("{}.template.json", stack.id),
            sha256: crate::mesh::fingerprint(template),
            capabilities: if names_roles { vec!["CAPABILITY_NAMED_IAM".to_owned()] } else { Vec::new() },
            parameters: stack
                .wires
                .iter()
                .map(|(name, wire)| (name.clone(), ParameterValue::Wire(wire.clone())))
                .collect(),
            after: stack.after.clone(),
            assets: stack.template.assets.keys().cloned().collect(),
        }
    }
}
