//! What the stages found and did, for people and for machines, written into a given `Write`.

pub mod access;
pub mod codes;
#[cfg(feature = "aws")]
pub mod deploy;
pub mod findings;
pub mod schemas;
