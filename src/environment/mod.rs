//! The environment as written: files, text, typed content and where each value stands.

pub mod files;
