//! Stacks that are stuck, what keeps them, and what can be done: each choice with its command.

use crate::assembly::StackId;
use crate::deploy::Stuck;
use crate::plan::Recovery;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes each stack that is stuck, what failed in it, and what can be chosen, the mildest first.
///
/// # Errors
/// When the text cannot be written.
pub fn told(out: &mut dyn Write, stuck: &BTreeMap<StackId, Stuck>) -> io::Result<()> {
    for (stack, Stuck { standing, recovery, failed }) in stuck {
        match recovery {
            Recovery::Needless => continue,
            Recovery::Busy => writeln!(out, "{stack}: is in {}: wait for its end", standing.status)?,
            Recovery::Not { reason, advice } => writeln!(out, "{stack}: {reason}\n    hint: {advice}")?,
            Recovery::Continue | Recovery::RollBack => writeln!(out, "{stack}: is in {}", standing.status)?,
        }
        for one in failed {
            let reason = one.reason.as_deref().unwrap_or("CloudFormation gave no reason");
            writeln!(out, "    {} ({}) {}: {reason}", one.logical_id, one.resource_type, one.status)?;
        }
        match recovery {
            Recovery::Continue => {
                writeln!(out, "    1. mend what blocks it, then: meshform recover --continue --select '{stack}'")?;
                for one in failed {
                    writeln!(out, "    2. leave it as it is: meshform recover --skip '{stack}:{}'", one.logical_id)?;
                }
                writeln!(out, "    3. leave all of them as they are: meshform recover --force '{stack}'")?;
                writeln!(
                    out,
                    "    what is left as it is no longer is what the stack says: make the two agree before the next deploy"
                )?;
            }
            Recovery::RollBack => {
                writeln!(out, "    1. back to the state before: meshform recover --continue --select '{stack}'")?;
            }
            Recovery::Needless | Recovery::Busy | Recovery::Not { .. } => {}
        }
    }
    Ok(())
}
