//! Bootstrap of organizational units by StackSets: looking at them, and carrying out what is to be done, one operation after another.
//!
//! Sources: CloudFormation API reference (`CreateStackSet`, `UpdateStackSet`, `CreateStackInstances`, `DescribeStackSetOperation`,
//! `ListStackSetOperationResults`); user guide, "Enable or disable automatic deployments", "Register a delegated administrator". Never
//! tried on AWS.

#[cfg(test)]
#[path = "organization_tests.rs"]
mod tests;

mod work;

pub use work::Organizing;

use super::aws::Aws;
use super::cloud::{Access, CloudError, ErrorKind, Scope};
use super::credentials::Reach;
use super::events::Event;
use super::outcome::Summary;
use super::pace::Rate;
use super::session::{Guard, GuardError};
use super::settings::Settings;
use crate::mesh::{Acting, Region, Units};
use crate::plan::organization::{Instance, InstanceState, NotOurs, SetStep, StandingSet, steps};
use crate::stacks::StackSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use tokio::sync::mpsc::unbounded_channel;

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

/// Where a StackSet makes stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Targets<'a> {
    /// In the accounts of these units,
    pub units: &'a BTreeSet<String>,
    /// save these.
    pub without: &'a BTreeSet<String>,
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
    /// The ARN of a stack in an account; none where there is none.
    fn single(&self, scope: &Scope, stack: &str) -> impl Future<Output = Result<Option<String>, CloudError>> + Send;
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
    /// Starts to make stacks in accounts of units, in one Region.
    fn create_instances(
        &self,
        manager: &Manager,
        name: &str,
        targets: &Targets<'_>,
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
    /// Accounts of the environment that have no bootstrap: neither a stack of it nor one by themselves.
    pub without: BTreeSet<String>,
    /// Accounts of the environment that were bootstrapped by themselves, with the ARN of that stack: they are left out.
    pub single: BTreeMap<String, String>,
    /// Accounts of which it could not be told whether they were, with why.
    pub unseen: BTreeMap<String, String>,
    /// Stacks that somebody must mend, with why.
    pub inoperable: BTreeMap<String, String>,
}

/// What came of a StackSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Organized {
    /// Its name.
    pub name: String,
    /// Why it is not as it should be; none where it is.
    pub stopped: Option<String>,
    /// Accounts in which it failed, with the reason.
    pub failed: BTreeMap<String, String>,
    /// Accounts of the environment that have no bootstrap.
    pub without: BTreeSet<String>,
    /// Accounts whose stack takes no update until it is mended, with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inoperable: BTreeMap<String, String>,
}

impl Organized {
    fn none(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            stopped: None,
            failed: BTreeMap::new(),
            without: BTreeSet::new(),
            inoperable: BTreeMap::new(),
        }
    }

    /// Whether every account that was asked for has its stack, which takes updates.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.stopped.is_none() && self.failed.is_empty() && self.without.is_empty() && self.inoperable.is_empty()
    }
}

/// Why StackSets could not be looked at, or worked on.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// The asynchronous runtime could not be started.
    #[error("the asynchronous runtime could not be started")]
    Runtime(#[source] std::io::Error),
    /// Its journal or its lock could not be had.
    #[error(transparent)]
    Guard(GuardError),
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

/// Carries out what is to be done. `receive` is called on this thread with everything that happens. Ctrl-C once begins no further step;
/// twice leaves the operation to CloudFormation.
///
/// # Errors
/// When it cannot start. What fails on the way is in the [`Summary`].
pub fn organize(
    organizing: &Organizing<'_>,
    reach: &Reach,
    settings: &Settings,
    guard: &Guard,
    receive: &mut dyn FnMut(Event),
) -> Result<Summary, OrganizationError> {
    let runtime = super::entry::runtime().map_err(OrganizationError::Runtime)?;
    let done = runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        let (interrupt, interrupts) = unbounded_channel();
        let listening = tokio::spawn(super::entry::listen(interrupt));
        let rate = if cloud.is_stand_in() { Rate::UNLIMITED } else { settings.rate };
        let settings = Settings { rate, ..settings.clone() };
        let done = super::session::organize(cloud, organizing, &settings, guard, interrupts, receive).await;
        listening.abort();
        done
    });
    // an operation that was left must not hold the process
    runtime.shutdown_background();
    done.map_err(OrganizationError::Guard)
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
        let inoperable = inoperable(&instances);
        let (mut single, mut unseen) = (BTreeMap::new(), BTreeMap::new());
        for account in set.accounts.iter().filter(|account| !has(&instances, account.as_str())) {
            // what StackSets may do there is no matter of ours, what stands there is
            let scope = Scope { account: account.clone(), ..manager.scope.clone() };
            match cloud.single(&scope, &set.single).await {
                Ok(None) => {}
                Ok(Some(arn)) => drop(single.insert(account.to_string(), arn)),
                // who may not look cannot know; whatever else went wrong would make a second bootstrap there, which fails on its names
                Err(error) if error.kind == ErrorKind::Denied => {
                    drop(unseen.insert(account.to_string(), error.to_string()))
                }
                Err(error) => return Err(failed(error)),
            }
        }
        let without = without(&set, &instances, &single);
        all.push(Planned { steps, kept, without, single, unseen, inoperable, set });
    }
    Ok(all)
}

const NO_REASON: &str = "CloudFormation gave no reason";

fn has(instances: &[Instance], account: &str) -> bool {
    instances.iter().any(|instance| instance.account == account)
}

/// Accounts whose stack takes no update until it is mended, with the reason.
fn inoperable(instances: &[Instance]) -> BTreeMap<String, String> {
    let reason = |instance: &Instance| instance.reason.clone().unwrap_or_else(|| NO_REASON.to_owned());
    let inoperable = instances.iter().filter(|instance| instance.state == InstanceState::Inoperable);
    inoperable.map(|instance| (instance.account.clone(), reason(instance))).collect()
}

/// Accounts of the environment that have no bootstrap.
fn without(set: &StackSet, instances: &[Instance], single: &BTreeMap<String, String>) -> BTreeSet<String> {
    let accounts = set.accounts.iter().map(ToString::to_string);
    accounts.filter(|account| !has(instances, account) && !single.contains_key(account)).collect()
}
