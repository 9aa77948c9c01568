//! What a change means: who sees what, which contracts break for whom, what becomes of each resource. Pure.

mod blast;
mod contracts;
pub(in crate::plan) mod holders;
mod input;
mod model;
mod reasons;
mod sensitive;
mod shapes;
mod sight;
mod tables;
mod types;
mod versions;

pub use contracts::{contracts, contracts_of_documents};
pub use input::Input;
pub use model::{
    AccessChange, Affected, Bump, ChangeKind, ColumnSight, ContractChange, ContractChangeKind, CopySight, Diff,
    Discovered, Expired, Impact, PolicyFinding, PropertyChange, Reclassified, ResourceChange, RowChange, Side,
    StackChange, Summary, VersionBump,
};
pub use sensitive::is_sensitive;
pub use sight::{discovered, expired, sight};
