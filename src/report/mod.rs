//! What the stages found and did, for people and for machines, written into a given `Write`.

pub mod access;
pub mod codes;
#[cfg(feature = "aws")]
pub mod deploy;
#[cfg(feature = "aws")]
pub mod destroy;
pub mod diff;
pub mod doctor;
pub mod drift;
pub mod findings;
pub mod plan;
pub mod probes;
#[cfg(feature = "aws")]
pub mod recover;
pub mod resources;
pub mod schemas;
#[cfg(feature = "aws")]
pub mod status;

/// Whether text may carry colours. The meaning never hangs on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Plain,
    /// ANSI escape sequences.
    Ansi,
}
