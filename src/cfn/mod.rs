//! CloudFormation as typed data, and AWS's own schemas to check it against.

pub mod schema;
