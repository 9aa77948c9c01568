//! The words of a status.
