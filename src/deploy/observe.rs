//! Looking at what stands, by a role that can only look.

use super::cloud::{Access, Cloud, CloudError, EventsFrom, Scope};
use super::outcome::{causes, last_operation};
use crate::assembly::{Layer, Manifest, StackId, StackPolicies};
use crate::mesh::AccountId;
use crate::plan::{
    Deployed, Observed, Options, Pass, PlanError, StackStatus, Standing, Stubborn, holds_data, to_observe,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;

/// How many stacks are looked at at once.
const AT_ONCE: usize = 16;

/// Why it is not known what stands.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// It is not even known what to look at.
    #[error("it is not known which stacks to look at")]
    Plan(#[source] Box<PlanError>),
    /// Some accounts did not answer as they should; every one is told, since "not allowed to look" is never "not there".
    #[error("{} of {wanted} stacks could not be looked at", .failures.len())]
    Calls {
        /// How many were to be looked at.
        wanted: usize,
        /// Each stack that could not be, and why; sorted.
        failures: Vec<(StackId, CloudError)>,
    },
    /// The asynchronous runtime could not be started.
    #[error("the asynchronous runtime could not be started")]
    Runtime(#[source] std::io::Error),
}

impl ObserveError {
    /// Each distinct failure once, with the number of stacks that met it: an account that cannot be entered fails for all of its
    /// stacks alike.
    #[must_use]
    pub fn distinct(&self) -> Vec<(&CloudError, usize)> {
        let mut distinct: Vec<(&CloudError, usize)> = Vec::new();
        if let Self::Calls { failures, .. } = self {
            for (_, error) in failures {
                match distinct.iter_mut().find(|(known, _)| *known == error) {
                    Some((_, count)) => *count += 1,
                    None => distinct.push((error, 1)),
                }
            }
        }
        distinct
    }

    /// What to do about it, each advice once.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Plan(error) => error.hints(),
            Self::Calls { failures, .. } => {
                let mut hints: Vec<String> = failures.iter().flat_map(|(_, error)| error.hints()).collect();
                hints.sort();
                hints.dedup();
                hints
            }
            Self::Runtime(_) => Vec::new(),
        }
    }
}

/// Looks at the stacks that a plan needs to know about.
pub(super) async fn observe<C: Cloud>(
    cloud: Arc<C>,
    manifest: &Manifest,
    options: &Options,
) -> Result<Deployed, ObserveError> {
    let ids = to_observe(manifest, options).map_err(|error| ObserveError::Plan(Box::new(error)))?;
    let access = match options.pass {
        Pass::Mesh => Access::Plan,
        Pass::Bootstrap => Access::Administrator,
    };
    let mut wanted = manifest.stacks.iter().filter(|stack| ids.contains(&stack.id)).map(|stack| {
        let scope = Scope { account: stack.account.clone(), region: stack.region.clone(), access };
        (stack.id.clone(), scope)
    });
    let policies = manifest.operation.stack_policy;
    let mut tasks = JoinSet::new();
    let mut deployed = Deployed::default();
    let mut failures = Vec::new();
    loop {
        while tasks.len() < AT_ONCE {
            let Some((id, scope)) = wanted.next() else { break };
            let cloud = Arc::clone(&cloud);
            tasks.spawn(async move {
                let found = observed(&*cloud, &scope, id.name(), policies).await;
                (id, found)
            });
        }
        match tasks.join_next().await {
            None => break,
            Some(Ok((id, Ok(found)))) => {
                deployed.stacks.insert(id, found);
            }
            Some(Ok((id, Err(error)))) => failures.push((id, error)),
            Some(Err(error)) => crate::defect(&format!("looking at a stack stopped: {error}")),
        }
    }
    if failures.is_empty() {
        // a part of the mesh says nothing about the rest of it
        if options.pass == Pass::Mesh && options.select.is_none() {
            strays(&*cloud, manifest, &mut deployed, &mut failures).await;
        }
        if failures.is_empty() {
            return Ok(deployed);
        }
    }
    failures.sort_by(|(left, _), (right, _)| left.cmp(right));
    Err(ObserveError::Calls { wanted: ids.len(), failures })
}

/// The mesh's stacks that the assembly does not have, by account: an owner left, or its last subscription went.
async fn strays<C: Cloud>(
    cloud: &C,
    manifest: &Manifest,
    deployed: &mut Deployed,
    failures: &mut Vec<(StackId, CloudError)>,
) {
    let mut known: BTreeMap<&AccountId, BTreeSet<&str>> = BTreeMap::new();
    for stack in &manifest.stacks {
        known.entry(&stack.account).or_default().insert(stack.id.name());
    }
    for stack in &manifest.stacks {
        let Some(known) = known.remove(&stack.account) else { continue };
        let scope = Scope { account: stack.account.clone(), region: stack.region.clone(), access: Access::Plan };
        match cloud.list_stacks(&scope, &format!("{}-", manifest.mesh)).await {
            Ok(names) => {
                // another mesh's name may begin with ours; the word after it is never one of our layers
                let ours = |name: &String| {
                    let rest = name.strip_prefix(&format!("{}-", manifest.mesh)).unwrap_or_default();
                    Layer::ALL.iter().any(|layer| {
                        rest.strip_prefix(layer.name()).is_some_and(|end| end.is_empty() || end.starts_with('-'))
                    })
                };
                let strays: BTreeSet<String> =
                    names.into_iter().filter(ours).filter(|name| !known.contains(name.as_str())).collect();
                if !strays.is_empty() {
                    deployed.strays.insert(stack.account.clone(), strays);
                }
            }
            Err(error) => failures.push((stack.id.clone(), error)),
        }
    }
}

/// One stack as it stands. Its policy is asked for where stacks are to have one: a call less for all others.
pub(super) async fn observed<C: Cloud>(
    cloud: &C,
    scope: &Scope,
    name: &str,
    policies: StackPolicies,
) -> Result<Observed, CloudError> {
    let Some(view) = cloud.describe_stack(scope, name).await? else { return Ok(Observed::Absent) };
    let shell = view.status == StackStatus::ReviewInProgress;
    let change_sets = if shell { cloud.list_change_sets(scope, name).await? } else { Vec::new() };
    let template = if shell { None } else { serde_json::from_str(&cloud.get_template(scope, name, None).await?).ok() };
    let policed = policies == StackPolicies::Data && template.as_ref().is_some_and(holds_data);
    let stack_policy = if policed { cloud.stack_policy(scope, &view.arn).await? } else { None };
    let stubborn = match view.status {
        StackStatus::DeleteFailed => stubborn(cloud, scope, &view.arn).await?,
        _ => Vec::new(),
    };
    Ok(Observed::Present(Box::new(Standing {
        stack_arn: view.arn,
        status: view.status,
        template,
        parameters: view.parameters,
        outputs: view.outputs,
        role_arn: view.role_arn,
        termination_protection: view.termination_protection,
        stack_policy,
        stubborn,
        change_sets,
    })))
}

/// What would not go with a stack, the root cause first: its events tell the order, its resources what can be retained.
async fn stubborn<C: Cloud>(cloud: &C, scope: &Scope, arn: &str) -> Result<Vec<Stubborn>, CloudError> {
    let resources = cloud.stack_resources(scope, arn).await?;
    let events = cloud.stack_events(scope, arn, &EventsFrom::After(None)).await?;
    let order: Vec<String> =
        causes(last_operation(&events, arn), arn).into_iter().map(|cause| cause.logical_id).collect();
    let failed = resources.into_iter().filter(|one| one.status == "DELETE_FAILED");
    let mut stubborn: Vec<Stubborn> = failed
        .map(|one| Stubborn {
            logical_id: one.logical_id,
            resource_type: one.resource_type,
            reason: one.reason.unwrap_or_else(|| "CloudFormation gave no reason".to_owned()),
        })
        .collect();
    stubborn.sort_by_key(|one| order.iter().position(|id| *id == one.logical_id).unwrap_or(order.len()));
    Ok(stubborn)
}
