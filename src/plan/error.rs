//! Why there is no plan, and what to do about it.

use super::{GraphError, Pattern};
use crate::assembly::{StackId, Wire};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The manifest's edges make no order.
    #[error("the stacks of the manifest cannot be put in order")]
    Graph(#[source] GraphError),
    /// No stack fits `--select`.
    #[error("no stack fits `{pattern}`")]
    NoneSelected {
        /// The pattern.
        pattern: Pattern,
    },
    /// A stack that is needed is neither in the plan nor deployed.
    #[error("stack {stack} needs {needed}, which is not part of this plan and does not stand{}", in_state(.state.as_deref()))]
    NotStanding {
        /// The stack that needs it.
        stack: StackId,
        /// What it needs.
        needed: StackId,
        /// Its status, where there is a stack that is of no use.
        state: Option<String>,
    },
    /// A deployed stack lacks an output that another needs.
    #[error("stack {stack} needs the output {output} of {needed}, which stands without it", output = .wire.output, needed = .wire.stack)]
    MissingOutput {
        /// The stack that needs it.
        stack: StackId,
        /// The output.
        wire: Wire,
    },
    /// Nobody looked whether a stack stands.
    #[error("stack {stack} was not looked at")]
    NotObserved {
        /// The stack.
        stack: StackId,
    },
    /// The manifest names a stack without a template.
    #[error("stack {stack} has no template")]
    NoTemplate {
        /// The stack.
        stack: StackId,
    },
    /// A template is not JSON.
    #[error("the template of stack {stack} is not JSON")]
    Template {
        /// The stack.
        stack: StackId,
        /// Where it fails.
        source: serde_json::Error,
    },
    /// An effect cannot be probed since the template hides what it is about.
    #[error(
        "{property} of resource {resource} in stack {stack} is known only after a deployment, so its effect cannot be looked for"
    )]
    Unreadable {
        /// The stack.
        stack: StackId,
        /// The resource.
        resource: String,
        /// The property.
        property: &'static str,
    },
    /// The manifest lists an asset of a stack, but not the file.
    #[error("stack {stack} names the asset {sha256}, which the manifest does not list")]
    UnknownAsset {
        /// The stack.
        stack: StackId,
        /// The asset.
        sha256: String,
    },
}

fn in_state(state: Option<&str>) -> String {
    state.map(|status| format!(" (its status is {status})")).unwrap_or_default()
}

impl PlanError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Graph(_)
            | Self::NoTemplate { .. }
            | Self::Template { .. }
            | Self::UnknownAsset { .. }
            | Self::Unreadable { .. } => vec!["run `meshform synth` to write the assembly anew".to_owned()],
            Self::NoneSelected { .. } => {
                vec![
                    "a pattern is about ids such as `sales/demo-storage-sales`; `sales/*` takes all stacks of sales"
                        .to_owned(),
                ]
            }
            Self::NotStanding { needed, .. } => {
                vec![format!("deploy {needed} first, or take it into the selection")]
            }
            Self::MissingOutput { wire, .. } => {
                vec![format!("deploy {} again, or take it into the selection", wire.stack)]
            }
            Self::NotObserved { .. } => Vec::new(),
        }
    }
}
