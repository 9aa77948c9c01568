//! The one integration binary: one module for each stage.

mod loading;
