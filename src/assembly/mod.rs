//! Every stack and asset of every account: in memory ([`Assembly`]), as a directory ([`Rendered`]), and its checks.

mod asset;
mod body;
pub mod check;
mod committed;
mod directory;
mod document;
mod foreign;
mod manifest;
mod operation;
mod pretty;

pub use asset::Asset;
pub use body::TemplateBody;
pub use committed::committed;
pub use directory::{Directory, DirectoryError, Replaced, Stale, StaleKind, compare, load, write};
pub use document::Document;
pub use foreign::{Foreign, Problem, gather};
pub use manifest::{After, AssetEntry, Manifest, ManifestStack, ParameterValue};
pub use operation::{EarlyValidation, OnDrift, Operation, OperationMode, Protected, StackPolicies};
pub use pretty::{pretty, pretty_length};

use crate::cfn::Template;
use crate::finding::Place;
use crate::mesh::{AccountId, Region};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The id of a stack in an assembly: `<owner>/<stack name>`, such as `sales/demo-storage-sales`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct StackId {
    // an id is copied to wherever something of its stack is told
    owner: Arc<str>,
    name: Arc<str>,
}

impl StackId {
    /// The id of a stack.
    #[must_use]
    pub fn new(owner: &str, name: &str) -> Self {
        Self { owner: owner.into(), name: name.into() }
    }

    /// Who owns the account that the stack is in: a domain, a consumer, or `governance`.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The stack's name in CloudFormation.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for StackId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.owner, self.name)
    }
}

impl From<StackId> for String {
    fn from(id: StackId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for StackId {
    type Error = String;

    /// A manifest may have been edited by hand: an id becomes a path, so only the characters of our own names pass.
    fn try_from(text: String) -> Result<Self, String> {
        let good = |part: &str| {
            !part.is_empty()
                && part.len() <= 128
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        match text.split_once('/') {
            Some((owner, name)) if good(owner) && good(name) => Ok(Self::new(owner, name)),
            _ => Err(format!("`{text}` is no stack id: <owner>/<stack>, of letters, digits and hyphens")),
        }
    }
}

/// Which layer of the mesh a stack belongs to, in the order in which effects build on one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// Roles and bucket by which everything else is deployed; made by `bootstrap`.
    Bootstrap,
    /// Governance: settings, the classification tag.
    Foundation,
    /// Producer: key, buckets, roles.
    Storage,
    /// Consumer: settings, roles, workgroups.
    Workspace,
    /// Governance: a domain's databases, tables, tags.
    Publication,
    /// Governance: grants to a subscriber's account.
    Sharing,
    /// Subscriber: links and grants to its roles.
    Access,
    /// Producer: crawlers, jobs, ports; consumer: models.
    Pipeline,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Self; 8] = [
        Self::Bootstrap,
        Self::Foundation,
        Self::Storage,
        Self::Workspace,
        Self::Publication,
        Self::Sharing,
        Self::Access,
        Self::Pipeline,
    ];

    /// The name as it stands in stack names and manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Foundation => "foundation",
            Self::Storage => "storage",
            Self::Workspace => "workspace",
            Self::Publication => "publication",
            Self::Sharing => "sharing",
            Self::Access => "access",
            Self::Pipeline => "pipeline",
        }
    }
}

/// What a stack must have brought about, beyond its values, before another may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The account's Lake Formation settings hold: no default for IAM_ALLOWED_PRINCIPALS, the execution role is admin.
    /// Probe: GetDataLakeSettings.
    Settings,
    /// Databases, tables and their tags stand in the catalog. Probe: GetResourceLFTags of each table the stack tags.
    Catalog,
    /// The subscriber's account sees the shared databases. Probe: GetDatabase of the governance catalog by the
    /// subscriber's plan role, for each link of the waiting stack.
    Share,
    /// Roles that grants name exist and are known to Lake Formation.
    Roles,
    /// Links and grants of the account's own roles stand.
    Grants,
    /// Topics, buses and groups of schedules stand, which other stacks of the account name.
    Notifications,
}

/// A value that leaves one stack and enters another as a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Wire {
    /// The stack that makes the value.
    pub stack: StackId,
    /// Its output.
    pub output: String,
}

/// A stack of one account.
#[derive(Debug, Clone, PartialEq)]
pub struct Stack {
    /// Its id.
    pub id: StackId,
    /// Where it stands.
    pub account: AccountId,
    /// Where it stands.
    pub region: Region,
    /// Its layer.
    pub layer: Layer,
    /// What it makes.
    pub template: Template,
    /// Parameters that other stacks fill.
    pub wires: BTreeMap<String, Wire>,
    /// Stacks whose effect it needs.
    pub after: BTreeSet<After>,
}

impl Stack {
    /// The place in the environment that made a resource.
    #[must_use]
    pub fn origin(&self, resource: &str) -> Option<Place> {
        let entry = self.template.resources.iter().find(|(id, _)| id.as_str() == resource)?;
        Some(entry.1.origin.clone())
    }
}

/// Every stack of the mesh.
#[derive(Debug, Clone)]
pub struct Assembly {
    /// Name of the mesh.
    pub mesh: String,
    /// By id.
    pub stacks: BTreeMap<StackId, Stack>,
    /// How CloudFormation is asked to work on them.
    pub operation: Operation,
}

/// The assembly as it is written: the manifest, the text of every template, and the assets.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// What there is.
    pub manifest: Manifest,
    /// The text of each template, by stack.
    pub templates: BTreeMap<StackId, String>,
    /// The assets, by the SHA-256 of their content.
    pub assets: BTreeMap<String, Asset>,
}

impl Assembly {
    /// Renders every template and writes the manifest over them.
    #[must_use]
    pub fn render(&self) -> Rendered {
        let templates: BTreeMap<StackId, String> =
            self.stacks.par_iter().map(|(id, stack)| (id.clone(), stack.template.to_json())).collect();
        let stacks = self.stacks.par_iter().map(|(id, stack)| ManifestStack::of(stack, &templates[id])).collect();
        let named = self.stacks.values().flat_map(|stack| stack.template.assets.values());
        let assets: BTreeMap<String, Asset> = named.map(|asset| (asset.sha256().to_owned(), asset.clone())).collect();
        let entries = assets.values().map(Asset::entry).collect();
        let manifest = Manifest::new(&self.mesh, &self.operation, stacks, entries);
        Rendered { manifest, templates, assets }
    }
}
