//! Renderers: plain data in, text into a given `Write`. They decide nothing and never print by themselves.

pub mod findings;
