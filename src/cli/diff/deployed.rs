//! What stands in the accounts, as a side of a comparison.

use crate::assembly::Document;
use crate::cli::environment::Chosen;
use crate::cli::failure::{Exit, Failure};

/// The templates that stand in the accounts of an environment, read by the plan role.
pub(super) fn documents(chosen: &Chosen) -> Result<Vec<Document>, Failure> {
    let error = format!("what stands in the accounts of `{}` cannot be read yet", chosen.name);
    Err(Failure::new(error).hint("compare with a commit: --base REF").exit(Exit::Usage))
}
