//! Looking at stacks that are stuck, and at those that nothing asks for: before a person decides.

use super::cloud::{Access, Cloud, Scope, StackResource};
use super::observe::{ObserveError, observed};
use crate::assembly::{Layer, Manifest, StackId, StackPolicies};
use crate::plan::{Deployed, Observed, Recovery, StackStatus, Standing, Stray, is_of_mesh, recovery_of};
use std::collections::BTreeMap;

/// A stack for which something can be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Stuck {
    /// As it stands.
    pub standing: Standing,
    /// What can be done.
    pub recovery: Recovery,
    /// The resources that failed, as the stack knows them: those that can be skipped, where a rollback failed.
    pub failed: Vec<StackResource>,
}

/// The stacks of a manifest that need more than a deploy, with the resources that failed.
pub(super) async fn stuck<C: Cloud>(
    cloud: &C,
    manifest: &Manifest,
    deployed: &Deployed,
) -> Result<BTreeMap<StackId, Stuck>, ObserveError> {
    let mut found = BTreeMap::new();
    let mut failures = Vec::new();
    for stack in &manifest.stacks {
        let Some(Observed::Present(standing)) = deployed.stacks.get(&stack.id) else { continue };
        let recovery = recovery_of(standing, &manifest.mesh);
        let failed = match recovery {
            Recovery::Needless => continue,
            Recovery::Busy | Recovery::Not { .. } => Vec::new(),
            Recovery::Continue | Recovery::RollBack => {
                let scope =
                    Scope { account: stack.account.clone(), region: stack.region.clone(), access: Access::Plan };
                match cloud.stack_resources(&scope, &standing.stack_arn).await {
                    Ok(resources) => resources.into_iter().filter(|one| blocks(one, &standing.status)).collect(),
                    Err(error) => {
                        failures.push((stack.id.clone(), error));
                        continue;
                    }
                }
            }
        };
        let stuck = Stuck { standing: (**standing).clone(), recovery, failed };
        found.insert(stack.id.clone(), stuck);
    }
    if failures.is_empty() { Ok(found) } else { Err(ObserveError::Calls { wanted: manifest.stacks.len(), failures }) }
}

/// Whether a resource keeps a rollback from its end. One that was cancelled did not fail by itself, and cannot be skipped (API
/// reference, `ContinueUpdateRollback`, ResourcesToSkip).
fn blocks(resource: &StackResource, status: &StackStatus) -> bool {
    let reason = resource.reason.as_deref().unwrap_or_default();
    let cancelled =
        reason.starts_with("Resource update cancelled") || reason.starts_with("Resource creation cancelled");
    match status {
        StackStatus::UpdateRollbackFailed => resource.status == "UPDATE_FAILED" && !cancelled,
        _ => resource.status.ends_with("_FAILED") && !cancelled,
    }
}

/// Looks at the stacks that the environment no longer asks for.
pub(super) async fn strays<C: Cloud>(
    cloud: &C,
    manifest: &Manifest,
    deployed: &Deployed,
) -> Result<BTreeMap<StackId, Stray>, ObserveError> {
    let mut found = BTreeMap::new();
    let mut failures = Vec::new();
    for (account, names) in &deployed.strays {
        let Some(known) = manifest.stacks.iter().find(|stack| stack.account == *account) else { continue };
        let scope = Scope { account: account.clone(), region: known.region.clone(), access: Access::Plan };
        for name in names {
            let rest = name.strip_prefix(&format!("{}-", manifest.mesh)).unwrap_or_default();
            let layer = Layer::ALL.into_iter().find(|layer| {
                rest.strip_prefix(layer.name()).is_some_and(|end| end.is_empty() || end.starts_with('-'))
            });
            // bootstrap is of the administrator
            let Some(layer) = layer.filter(|layer| *layer != Layer::Bootstrap) else { continue };
            let id = StackId::new(&known.owner, name);
            match observed(cloud, &scope, name, StackPolicies::None).await {
                // a name alone makes no stack ours
                Ok(Observed::Present(standing)) if !is_of_mesh(&standing, &manifest.mesh) => {}
                Ok(observed) => {
                    let (account, region) = (account.clone(), known.region.clone());
                    found.insert(id, Stray { account, region, layer, observed });
                }
                Err(error) => failures.push((id, error)),
            }
        }
    }
    if failures.is_empty() {
        Ok(found)
    } else {
        Err(ObserveError::Calls { wanted: found.len() + failures.len(), failures })
    }
}
