//! The one integration binary: one module for each stage.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests read and spoil files, and their helpers fail them; the rules are for what is shipped"
)]

mod architecture;
mod common;
mod crawlers;
mod demo;
mod docs;
mod edges;
mod hazards;
mod jobs;
mod legs;
mod loading;
#[cfg(feature = "aws")]
mod local_aws;
mod models;
mod nasty;
mod network;
mod quicksight;
mod resolving;
mod rights;
#[cfg(feature = "aws")]
mod sessions;
mod sight;
mod synthesis;
mod templates;
