//! What the stages found, for people and for machines, written into a given `Write`.

pub mod access;
pub mod codes;
pub mod findings;
pub mod schemas;
