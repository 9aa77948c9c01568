//! Renderers: from data to text for people and programs, into a given `Write`.

#[cfg(feature = "aws")]
pub mod deploy;
