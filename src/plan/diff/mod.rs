//! What a change means: who sees what, which contracts break for whom, what becomes of each resource. Pure.

mod documents;
mod impact;
mod interruptions;
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

pub use model::{
    AccessChange, Affected, Bump, ChangeKind, ColumnSight, ContractChange, ContractChangeKind, CopySight, Diff,
    Discovered, Expired, Impact, PolicyFinding, PropertyChange, Reclassified, ResourceChange, RowChange, Side,
    StackChange, Summary, VersionBump,
};
pub use stacks::stacks;
