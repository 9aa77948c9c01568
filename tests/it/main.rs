//! The one integration binary: one module for each stage.

mod loading;
#[cfg(feature = "aws")]
mod local_aws;
