//! What a change means: who sees what, which contracts break for whom, what becomes of each resource. Pure.

mod change_set;
mod documented;
mod documents;
mod impact;

mod labels;
mod model;
mod names;
mod notes;
mod propagation;
mod properties;
mod references;
mod resources;
mod secrets;
mod stacks;
mod stores;
#[cfg(test)]
mod tests;

pub use change_set::{ChangeSetAction, ChangeSetReplacement, ChangeSetResource, RequiresRecreation, with_change_set};
pub use model::{
    AccessChange, Affected, Bump, ChangeKind, ColumnSight, ContractChange, ContractChangeKind, CopySight, Diff,
    Discovered, Expired, Impact, PolicyFinding, PropertyChange, Reclassified, ResourceChange, RowChange, Side,
    StackChange, Summary, VersionBump,
};
pub use stacks::stacks;
