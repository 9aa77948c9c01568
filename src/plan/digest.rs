//! The fingerprint of a plan.

use super::{Deployed, Observed, Step, StepId};
use crate::assembly::Manifest;
use crate::mesh::fingerprint;
use std::collections::BTreeMap;

/// Over everything that a change of would make this another plan.
pub(super) fn digest(manifest: &Manifest, steps: &BTreeMap<StepId, Step>, deployed: &Deployed) -> String {
    let mut text = format!("meshform plan 1\n{}\n", manifest.mesh);
    if !manifest.operation.is_default() {
        text.push_str(&crate::sure(serde_json::to_string(&manifest.operation), "an operation has text keys only"));
        text.push('\n');
    }
    for step in steps.values() {
        text.push_str(&crate::sure(serde_json::to_string(step), "a step has text keys only"));
        text.push('\n');
        if let Some(Observed::Present(standing)) = deployed.stacks.get(&step.id.stack) {
            let template = standing.template.as_ref().map(|template| fingerprint(&template.to_string()));
            text.push_str(&format!(
                "{} {} {template:?} {:?}\n",
                standing.stack_arn,
                standing.status,
                standing.shown_parameters()
            ));
        }
    }
    fingerprint(&text)
}
