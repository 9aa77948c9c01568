//! The preconditions of a mesh: what was found in each account, and whether it will do. Pure.

mod diagnose;
mod model;
mod policy;
mod quotas;

pub use diagnose::{Input, diagnose};
pub use model::{Answering, Diagnosis, Examined, Finding, Precondition, VERSION, Verdict};
