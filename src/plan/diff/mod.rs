//! What a change means: who sees what, which contracts break for whom, what becomes of each resource. Pure.

mod blast;
mod change_set;
mod contracts;
mod documented;
mod documents;
pub(in crate::plan) mod holders;
mod impact;
mod input;
mod labels;
mod model;
mod names;
mod notes;
mod pipeline;
mod propagation;
mod properties;
mod reasons;
mod references;
mod renames;
mod resources;
mod secrets;
mod sensitive;
mod shapes;
mod sight;
mod stacks;
pub(in crate::plan) mod stores;
mod tables;
#[cfg(test)]
mod tests;
mod types;
mod versions;

pub use change_set::{
    ChangeSetAction, ChangeSetOfStack, ChangeSetReplacement, ChangeSetResource, Covers, RequiresRecreation,
    is_as_predicted, with_change_set,
};
pub use contracts::{contracts, contracts_of_documents};
pub use input::Input;
pub use model::{
    AccessChange, Affected, Bump, ChangeKind, ColumnSight, ContractChange, ContractChangeKind, CopySight, Diff,
    Discovered, Expired, Impact, PolicyFinding, PropertyChange, Reclassified, ResourceChange, RowChange, Side,
    StackChange, Summary, VersionBump,
};
pub use pipeline::{Prepared, compare, compare_with};
pub use renames::{Renaming, without_renames};
pub use sensitive::is_sensitive;
pub use sight::{discovered, expired, sight};
pub use stacks::stacks;
