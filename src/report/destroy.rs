//! What would be destroyed, in the order in which it goes, and what stays.

use super::deploy::plural;
use crate::cfn::LEFTOVERS;
use crate::plan::{Decision, Destruction, Left, Protection, Stays, StepId};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Writes what a destruction means: which stacks go, what stays, what must be emptied by whoever wants it gone.
///
/// # Errors
/// When the text cannot be written.
pub fn told(out: &mut dyn Write, destruction: &Destruction) -> io::Result<()> {
    let plan = &destruction.plan;
    writeln!(out, "{}: {} would go, in this order:", plan.mesh, plural(plan.steps.len(), "stack"))?;
    for (number, id) in (1..).zip(ordered(destruction)) {
        let step = &plan.steps[id];
        let word = match &step.decision {
            Decision::Wait => "wait for, then delete",
            Decision::Refuse { .. } => "refuse",
            Decision::Create
            | Decision::Update
            | Decision::Keep
            | Decision::DeleteShellThenCreate
            | Decision::DeleteThenCreate
            | Decision::ContinueRollback { .. }
            | Decision::RollBack
            | Decision::Delete => "delete",
        };
        writeln!(out, "{number:>4}. {word} {} in account {}", id.stack, step.account)?;
        for note in &step.notes {
            writeln!(out, "      note: {note}")?;
        }
    }
    let unprotected = plan.steps.values().filter(|step| step.protection == Protection::Off).count();
    if unprotected > 0 {
        writeln!(out, "termination protection is switched off where it is on")?;
    }
    for (stays, title) in [
        (Stays::Retained, "what stays, with all that is in it, and costs what it costs:"),
        (Stays::InPart, "what leaves something behind, or must be emptied before its stack can go:"),
    ] {
        let left: Vec<&Left> = destruction.left.iter().filter(|left| left.stays == stays).collect();
        if left.is_empty() {
            continue;
        }
        writeln!(out, "{title}")?;
        let mut kinds: BTreeMap<&str, Vec<&Left>> = BTreeMap::new();
        for one in left {
            kinds.entry(&one.resource_type).or_default().push(one);
        }
        for (kind, all) in kinds {
            writeln!(out, "  {kind}")?;
            for one in all {
                let name = one.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
                writeln!(out, "    {}{name}, of {} in account {}", one.logical_id, one.stack, one.account)?;
            }
            if let Some(known) = LEFTOVERS.iter().find(|known| known.type_name == kind) {
                writeln!(out, "    to remove it: {}", known.remove)?;
            }
        }
    }
    writeln!(out, "the stacks of bootstrap stay: the roles, and the bucket with the lock")
}

/// The steps in an order in which they could run.
fn ordered(destruction: &Destruction) -> Vec<&StepId> {
    let steps = &destruction.plan.steps;
    let mut open: BTreeSet<&StepId> = steps.keys().collect();
    let mut order = Vec::new();
    while let Some(next) = open.iter().copied().find(|id| steps[*id].needs.iter().all(|need| !open.contains(need))) {
        open.remove(next);
        order.push(next);
    }
    order
}
