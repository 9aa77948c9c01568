//! The one integration binary: one module for each stage.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "tests read and spoil files, and their helpers fail them; the rules are for what is shipped"
)]

mod architecture;
mod ci;
mod comment;
mod common;
mod contracts;
mod crawlers;
mod demo;
mod diff;
mod docs;
#[cfg(feature = "aws")]
mod drift;
mod edges;
mod git;
mod hazards;
mod impact;
mod jobs;
mod legs;
mod loading;
#[cfg(feature = "aws")]
mod local_aws;
mod models;
mod nasty;
mod network;
mod onboarding;
#[cfg(feature = "aws")]
mod organization;
#[cfg(feature = "aws")]
mod plans;
mod policies;
mod quicksight;
mod resolving;
mod rights;
#[cfg(feature = "aws")]
mod sessions;
mod sight;
mod synthesis;
mod templates;
