//! Bootstrap of organizational units by StackSets: looking at them, and carrying out what is to be done, one operation after another.
//!
//! Sources: CloudFormation API reference (`CreateStackSet`, `UpdateStackSet`, `CreateStackInstances`, `DescribeStackSetOperation`,
//! `ListStackSetOperationResults`); user guide, "Enable or disable automatic deployments", "Register a delegated administrator". Never
//! tried on AWS.

#[cfg(test)]
#[path = "organization_tests.rs"]
mod tests;

use super::aws::Aws;
use super::cloud::{Access, CloudError, ErrorKind, Scope};
use super::credentials::Reach;
use super::settings::Settings;
use crate::mesh::{Acting, Region, Units};
use crate::plan::organization::{Instance, InstanceState, NotOurs, SetStep, StandingSet, steps};
use crate::stacks::StackSet;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use tokio::time::{Instant, sleep};

/// Where StackSets are managed, and as what.
#[derive(Debug, Clone)]
pub struct Manager {
    /// The account, its Region, and the administrator's role.
    pub scope: Scope,
    /// As the management account, or as a delegated administrator.
    pub acting: Acting,
}

impl Manager {
    /// Who manages the StackSets of these units.
    #[must_use]
    pub fn of(units: &Units, region: &Region) -> Self {
        let scope =
            Scope { account: units.administrator.clone(), region: region.clone(), access: Access::Administrator };
        Self { scope, acting: units.acting }
    }
}

/// How an operation on a StackSet stands (CloudFormation API reference, `StackSetOperation`, Status).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// It waits for another, or goes on.
    Going,
    /// It is over, and every account has its stack.
    Succeeded,
    /// It is over, and more accounts failed than it tolerates; or somebody stopped it.
    Failed(Option<String>),
}

/// What a service-managed StackSet is asked with.
#[derive(Debug, Clone, PartialEq)]
pub struct SetRequest<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its template.
    pub template: &'a str,
    /// Makes a repeated request the same request: letters, digits, hyphens, at most 128.
    pub token: &'a str,
}

/// A cloud with StackSets.
pub trait StackSets: Send + Sync + 'static {
    /// A StackSet by name; none when there is none.
    fn stack_set(
        &self,
        manager: &Manager,
        name: &str,
    ) -> impl Future<Output = Result<Option<StandingSet>, CloudError>> + Send;
    /// Its stacks; every page is followed.
    fn instances(
        &self,
        manager: &Manager,
        name: &str,
    ) -> impl Future<Output = Result<Vec<Instance>, CloudError>> + Send;
    /// Makes a StackSet, without stacks.
    fn create_set(
        &self,
        manager: &Manager,
        request: &SetRequest<'_>,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Starts to update a StackSet with all of its stacks; the operation's id is the request's token.
    fn update_set(
        &self,
        manager: &Manager,
        request: &SetRequest<'_>,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Starts to make stacks in the accounts of units, in one Region.
    fn create_instances(
        &self,
        manager: &Manager,
        name: &str,
        units: &BTreeSet<String>,
        operation: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// How an operation stands; none when there is no such operation.
    fn set_operation(
        &self,
        manager: &Manager,
        name: &str,
        operation: &str,
    ) -> impl Future<Output = Result<Option<OperationState>, CloudError>> + Send;
    /// Accounts in which an operation failed or was cancelled, with the reason; every page is followed.
    fn failed_results(
        &self,
        manager: &Manager,
        name: &str,
        operation: &str,
    ) -> impl Future<Output = Result<BTreeMap<String, String>, CloudError>> + Send;
}

/// What is to be done with a StackSet.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The StackSet.
    pub set: StackSet,
    /// In this order; empty when it is as it should be.
    pub steps: Vec<SetStep>,
    /// Units that it deploys to and nobody names any more: they keep their stacks.
    pub kept: BTreeSet<String>,
    /// Accounts of the environment in which it has no stack.
    pub without: BTreeSet<String>,
    /// Stacks that somebody must mend, with why.
    pub inoperable: BTreeMap<String, String>,
}

/// What came of a StackSet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organized {
    /// Its name.
    pub name: String,
    /// Why it is not as it should be; none where it is.
    pub stopped: Option<String>,
    /// Accounts in which it failed, with the reason.
    pub failed: BTreeMap<String, String>,
    /// Accounts of the environment in which it has no stack.
    pub without: BTreeSet<String>,
}

impl Organized {
    /// Whether every account that was asked for has its stack.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.stopped.is_none() && self.failed.is_empty() && self.without.is_empty()
    }
}

/// Why StackSets could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// The asynchronous runtime could not be started.
    #[error("the asynchronous runtime could not be started")]
    Runtime(#[source] std::io::Error),
    /// A call failed.
    #[error("the StackSet {name} could not be looked at")]
    Look {
        /// The StackSet.
        name: String,
        /// Why.
        #[source]
        source: Box<CloudError>,
    },
    /// A StackSet of that name is somebody else's.
    #[error("the StackSet {name} is left alone")]
    NotOurs {
        /// The StackSet.
        name: String,
        /// Why.
        #[source]
        source: NotOurs,
    },
}

/// Looks at the StackSets, and says what is to be done. Makes no call that changes anything.
///
/// # Errors
/// When one cannot be looked at, or is none of ours.
pub fn look(sets: Vec<StackSet>, manager: &Manager, reach: &Reach) -> Result<Vec<Planned>, OrganizationError> {
    let runtime = super::entry::runtime().map_err(OrganizationError::Runtime)?;
    runtime.block_on(async {
        let cloud = Aws::new(reach.clone()).await;
        look_at(&cloud, sets, manager).await
    })
}

/// Carries out what is to be done, and tells each step before it begins.
///
/// # Errors
/// When the asynchronous runtime cannot be started.
pub fn organize(
    planned: &[Planned],
    manager: &Manager,
    reach: &Reach,
    settings: &Settings,
    tell: &mut dyn FnMut(&str, &SetStep),
) -> Result<Vec<Organized>, OrganizationError> {
    let runtime = super::entry::runtime().map_err(OrganizationError::Runtime)?;
    runtime.block_on(async {
        let cloud = Aws::new(reach.clone()).await;
        Ok(organize_at(&cloud, planned, manager, settings, tell).await)
    })
}

async fn look_at<C: StackSets>(
    cloud: &C,
    sets: Vec<StackSet>,
    manager: &Manager,
) -> Result<Vec<Planned>, OrganizationError> {
    let mut all = Vec::new();
    for set in sets {
        let failed = |source| OrganizationError::Look { name: set.name.clone(), source: Box::new(source) };
        let standing = cloud.stack_set(manager, &set.name).await.map_err(failed)?;
        let instances = match &standing {
            Some(_) => cloud.instances(manager, &set.name).await.map_err(failed)?,
            None => Vec::new(),
        };
        let steps = steps(&set.template, &set.units, standing.as_ref(), &instances);
        let steps = steps.map_err(|source| OrganizationError::NotOurs { name: set.name.clone(), source })?;
        let kept = standing.map_or_else(BTreeSet::new, |it| it.units.difference(&set.units).cloned().collect());
        let inoperable = instances.iter().filter(|instance| instance.state == InstanceState::Inoperable);
        let reason = |instance: &Instance| instance.reason.clone().unwrap_or_else(|| NO_REASON.to_owned());
        let inoperable = inoperable.map(|instance| (instance.account.clone(), reason(instance))).collect();
        all.push(Planned { steps, kept, without: without(&set, &instances), inoperable, set });
    }
    Ok(all)
}

const NO_REASON: &str = "CloudFormation gave no reason";

/// Accounts of the environment in which a StackSet has no stack.
fn without(set: &StackSet, instances: &[Instance]) -> BTreeSet<String> {
    let has = |account: &str| instances.iter().any(|instance| instance.account == account);
    set.accounts.iter().map(ToString::to_string).filter(|account| !has(account)).collect()
}

async fn organize_at<C: StackSets>(
    cloud: &C,
    planned: &[Planned],
    manager: &Manager,
    settings: &Settings,
    tell: &mut dyn FnMut(&str, &SetStep),
) -> Vec<Organized> {
    let mut all = Vec::new();
    for Planned { set, steps, .. } in planned {
        let run = Run { cloud, manager, settings, set, template: template_text(&set.template) };
        let mut organized =
            Organized { name: set.name.clone(), stopped: None, failed: BTreeMap::new(), without: BTreeSet::new() };
        for (at, step) in steps.iter().enumerate() {
            tell(&set.name, step);
            match run.step(at, step).await {
                Ok(failed) => organized.failed.extend(failed),
                Err(why) => {
                    organized.stopped = Some(why);
                    break;
                }
            }
        }
        match cloud.instances(manager, &set.name).await {
            Ok(instances) => organized.without = without(set, &instances),
            Err(error) => {
                organized.stopped.get_or_insert_with(|| error.to_string());
            }
        }
        all.push(organized);
    }
    all
}

/// Without white space: a template in a request has room for 51,200 bytes (CloudFormation quotas).
fn template_text(template: &Value) -> String {
    template.to_string()
}

/// The work on one StackSet.
struct Run<'a, C> {
    cloud: &'a C,
    manager: &'a Manager,
    settings: &'a Settings,
    set: &'a StackSet,
    template: String,
}

impl<C: StackSets> Run<'_, C> {
    /// Carries a step out to its end; the accounts in which it failed.
    async fn step(&self, at: usize, step: &SetStep) -> Result<BTreeMap<String, String>, String> {
        let name = &self.set.name;
        // one id for one operation of one run: a repeated request is the same request
        let operation = format!("meshform-{}-{at}", self.settings.run);
        let request = SetRequest { name, template: &self.template, token: &operation };
        let ordered = match step {
            SetStep::Create => return self.create(&request).await,
            SetStep::Update(_) => self.cloud.update_set(self.manager, &request).await,
            SetStep::Target(units) => self.cloud.create_instances(self.manager, name, units, &operation).await,
        };
        if let Err(error) = ordered {
            // the answer may have been lost, or its repetition refused: the id tells whether the order was taken
            let may_be_taken = error.is_passing() || error.kind == ErrorKind::AlreadyExists;
            let taken = self.cloud.set_operation(self.manager, name, &operation).await;
            if !may_be_taken || !matches!(taken, Ok(Some(_))) {
                return Err(error.to_string());
            }
        }
        let state = self.followed(&operation).await?;
        let failed = self.cloud.failed_results(self.manager, name, &operation).await;
        let failed = failed.map_err(|error| format!("its results could not be read: {error}"))?;
        match state {
            OperationState::Failed(reason) if failed.is_empty() => Err(reason.unwrap_or_else(|| NO_REASON.to_owned())),
            OperationState::Failed(_) | OperationState::Succeeded | OperationState::Going => Ok(failed),
        }
    }

    async fn create(&self, request: &SetRequest<'_>) -> Result<BTreeMap<String, String>, String> {
        let Err(error) = self.cloud.create_set(self.manager, request).await else { return Ok(BTreeMap::new()) };
        let ours = |standing: &StandingSet| standing.template.as_ref() == Some(&self.set.template);
        match self.cloud.stack_set(self.manager, request.name).await {
            Ok(Some(standing)) if ours(&standing) => Ok(BTreeMap::new()),
            Ok(_) | Err(_) => Err(error.to_string()),
        }
    }

    /// Looks at an operation until it is over; a look that fails in passing decides nothing.
    async fn followed(&self, operation: &str) -> Result<OperationState, String> {
        let started = Instant::now();
        for pause in self.settings.polling.pauses() {
            match self.cloud.set_operation(self.manager, &self.set.name, operation).await {
                Ok(Some(OperationState::Going)) => {}
                Ok(Some(state)) => return Ok(state),
                Ok(None) => return Err(format!("the operation {operation} is gone")),
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(format!("the operation {operation} is out of sight: {error}")),
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
            sleep(pause).await;
        }
        Err(format!("the operation {operation} does not end; it goes on by itself"))
    }
}
