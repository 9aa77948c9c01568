//! What a change means: who sees what, which contracts break for whom, what becomes of each resource. Pure.

mod model;
mod pipeline;

pub use model::{
    AccessChange, Affected, Bump, ChangeKind, ColumnSight, ContractChange, ContractChangeKind, CopySight, Diff,
    Discovered, Expired, Impact, PolicyFinding, PropertyChange, Reclassified, ResourceChange, RowChange, Side,
    StackChange, Summary, VersionBump,
};
pub use pipeline::{Prepared, compare};
