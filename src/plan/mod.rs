//! From what should be and what stands to what is to be done: pure, without a network, a clock, or a choice left open.
//!
//! [`plan`] compares an assembly with an observation and writes down every step: the decision by the status table
//! ([`decide`]), the stacks it needs ([`graph`]), the values of its parameters, what must be seen before it and read back
//! after it ([`Probe`]). The executor makes no choices of its own; after waiting for somebody else's operation it asks the
//! same table again ([`redecide`]). [`destroy`] and [`recovery`] have tables of their own.

pub mod behaviour;
mod change_set;
mod decision;
mod deployed;
mod destroy;
pub mod diff;
mod digest;
pub mod doctor;
pub mod drift;
mod error;
pub mod file;
mod grants;
mod graph;
mod identity;
mod intent;
mod model;
mod order;
pub mod organization;
pub mod policy;
mod probe;
mod recover;
mod references;
pub mod safety;
#[cfg(test)]
pub(crate) mod samples;
mod select;
mod stack_policy;
mod standing;
mod steps;
mod turns;
mod union;
mod whose;

pub use change_set::{NoChangeSet, Prospect, StepChangeSet};
pub use decision::{CHANGE_SET_PREFIX, Decision, Intent, decide};
pub use deployed::{Deployed, MASKED, Observed, Phase, Protection, StackStatus, Standing, Stubborn};
pub use destroy::{Destruction, Left, Stays, Stray, destroy, removal};
pub use error::PlanError;
pub use grants::{Grant, GrantedOn};
pub use graph::{Graph, GraphError, graph};
pub use intent::redecide;
pub use model::{Asset, Options, Parameter, Pass, Plan, Secret, Step, StepId, Turn};
pub use probe::{DefaultsFor, Probe, TaggedDatabase, TaggedTable, Tags};
pub use recover::{Recovery, Way, WrongWay, fits, recover, recovery, recovery_of};
pub use select::Pattern;
pub use stack_policy::{LIFTED, StackPolicy, forbids, guards, holds_data, policy};
pub use standing::documents;
pub use steps::{plan, to_observe};
pub use whose::{is_of_mesh, mesh_of};
