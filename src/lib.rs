//! meshform turns a description of a data mesh into CloudFormation for every account of it.

pub mod cfn;
pub mod environment;
pub mod finding;
pub mod report;
