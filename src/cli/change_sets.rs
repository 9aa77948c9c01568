//! Change sets beside a plan: made by `plan --change-sets`, looked at again by `deploy plan.json`.

use super::failure::Failure;
use super::planning::Planned;
use crate::deploy::{ChangeSetsError, Checked, Predicted, Settings};
use crate::plan::diff::{ChangeSetOfStack, Covers};
use crate::plan::file::PlanFile;
use crate::plan::{StepChangeSet, StepId};
use std::collections::BTreeMap;

fn settings(planned: &Planned) -> Settings {
    Settings {
        operation: planned.rendered.manifest.operation.clone(),
        ..Settings::of(&planned.run, &planned.mesh.deployment.limits)
    }
}

/// Makes them, as the deploy role.
pub(super) fn made(planned: &Planned) -> Result<BTreeMap<StepId, Predicted>, Failure> {
    let settings = settings(planned);
    crate::deploy::change_sets(&planned.plan, &planned.deployed, &planned.reach, &settings).map_err(failed)
}

/// Looks at those that a file names, as the plan role.
pub(super) fn checked(planned: &Planned, file: &PlanFile) -> Result<Checked, Failure> {
    let settings = settings(planned);
    let recorded = file.change_sets();
    let Planned { plan, deployed, reach, .. } = planned;
    crate::deploy::check_change_sets(plan, deployed, reach, &settings, &recorded).map_err(failed)
}

fn failed(error: ChangeSetsError) -> Failure {
    let (mut details, mut hints) = (Vec::new(), Vec::new());
    match &error {
        ChangeSetsError::Failed { failures, .. } => {
            for failure in failures {
                details.push(format!("{} in account {} {}", failure.stack, failure.account, failure.message));
                hints.extend(failure.hints.iter().cloned());
            }
        }
        ChangeSetsError::Runtime(_) => {}
    }
    hints.sort();
    hints.dedup();
    let mut failure = Failure::new(error);
    failure.details = details;
    hints.into_iter().fold(failure, Failure::hint)
}

impl Planned {
    /// Takes what change sets say into the plan and its meaning.
    pub(super) fn lay(&mut self, predicted: BTreeMap<StepId, Predicted>) {
        for (id, Predicted { change_set, resources }) in predicted {
            let Some(step) = self.plan.steps.get(&id) else { continue };
            match &change_set {
                StepChangeSet::Made { .. } | StepChangeSet::NothingToChange => self.said.push(ChangeSetOfStack {
                    id: id.stack.to_string(),
                    account: step.account.to_string(),
                    region: step.region.to_string(),
                    layer: step.layer,
                    covers: if self.plan.is_followed(step) { Covers::FirstTurn } else { Covers::Whole },
                    resources,
                }),
                StepChangeSet::Not { .. } => {}
            }
            if let Some(step) = self.plan.steps.get_mut(&id) {
                step.change_set = Some(change_set);
            }
        }
    }
}
