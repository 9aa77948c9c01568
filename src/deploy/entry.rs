//! The blocking entry points: each builds its own runtime.

use super::aws::Aws;
use super::change_sets::{self, ChangeSetsError, Checked, Predicted};
use super::cloud::ErrorKind;
use super::credentials::Reach;
use super::events::Event;
use super::lock::{self, LockError, LockPlace, SeenLock};
use super::observe::{self, ObserveError};
use super::outcome::Outcome;
use super::pace::Rate;
use super::session::{self, Guard, GuardError};
use super::settings::Settings;
use super::stuck::{self, Stuck};
use crate::assembly::{Manifest, StackId};
use crate::plan::{Deployed, Options, Pass, Plan, StepChangeSet, StepId, Stray};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Why a deploy did not even start.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The asynchronous runtime could not be started.
    #[error("the asynchronous runtime could not be started")]
    Runtime(#[source] std::io::Error),
    /// Its journal or its lock could not be had.
    #[error(transparent)]
    Guard(GuardError),
    /// A bootstrap was given a plan of the mesh, or the other way round.
    #[error("this is a plan of the pass `{}`, not of the pass `{}`", name(*.found), name(*.wanted))]
    WrongPass {
        /// What was wanted.
        wanted: Pass,
        /// What was given.
        found: Pass,
    },
}

impl DeployError {
    /// Whether the bucket in which the lock lies does not stand yet.
    #[must_use]
    pub fn has_no_place_for_a_lock(&self) -> bool {
        let Self::Guard(GuardError::Lock(lock)) = self else { return false };
        matches!(&**lock, LockError::Call { error, .. } if error.kind == ErrorKind::NotFound)
    }
}

const fn name(pass: Pass) -> &'static str {
    match pass {
        Pass::Bootstrap => "bootstrap",
        Pass::Mesh => "mesh",
    }
}

/// Looks at the stacks that a plan with these options needs to know about: as the plan role, or for the bootstrap pass as the
/// administrator. Makes no call that changes anything.
///
/// # Errors
/// Every stack that could not be looked at; "not allowed" is never taken for "not there".
pub fn observe(manifest: &Manifest, options: &Options, reach: &Reach) -> Result<Deployed, ObserveError> {
    let runtime = runtime().map_err(ObserveError::Runtime)?;
    runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        observe::observe(cloud, manifest, options).await
    })
}

/// Looks at the resources of stacks that are stuck, as the plan role.
///
/// # Errors
/// Every stack that could not be looked at.
pub fn stuck(
    manifest: &Manifest,
    deployed: &Deployed,
    reach: &Reach,
) -> Result<BTreeMap<StackId, Stuck>, ObserveError> {
    let runtime = runtime().map_err(ObserveError::Runtime)?;
    runtime.block_on(async { stuck::stuck(&Aws::new(reach.clone()).await, manifest, deployed).await })
}

/// Looks at the stacks that the environment no longer asks for, as the plan role.
///
/// # Errors
/// Every stack that could not be looked at.
pub fn strays(
    manifest: &Manifest,
    deployed: &Deployed,
    reach: &Reach,
) -> Result<BTreeMap<StackId, Stray>, ObserveError> {
    let runtime = runtime().map_err(ObserveError::Runtime)?;
    runtime.block_on(async { stuck::strays(&Aws::new(reach.clone()).await, manifest, deployed).await })
}

/// Makes the change sets of a plan, as the deploy role, and tells what they say. Nothing is executed.
///
/// # Errors
/// Every change set that could not be made.
pub fn change_sets(
    plan: &Plan,
    deployed: &Deployed,
    reach: &Reach,
    settings: &Settings,
) -> Result<BTreeMap<StepId, Predicted>, ChangeSetsError> {
    let runtime = runtime().map_err(ChangeSetsError::Runtime)?;
    let settings = Arc::new(Settings { staging: reach.staging.clone(), ..settings.clone() });
    runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        change_sets::make(&cloud, plan, deployed, &settings).await
    })
}

/// Looks at the change sets that a plan file names, as the plan role: whether they can still be executed and are those of the
/// plan.
///
/// # Errors
/// Every change set that could not be looked at.
pub fn check_change_sets(
    plan: &Plan,
    deployed: &Deployed,
    reach: &Reach,
    settings: &Settings,
    recorded: &BTreeMap<StepId, StepChangeSet>,
) -> Result<Checked, ChangeSetsError> {
    let runtime = runtime().map_err(ChangeSetsError::Runtime)?;
    let settings = Arc::new(settings.clone());
    runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        change_sets::check(&cloud, plan, deployed, &settings, recorded).await
    })
}

/// Carries a plan of the mesh pass out: as the deploy role, with CloudFormation working as the execution role. `receive` is called on
/// this thread with everything that happens. Ctrl-C (or a termination signal) once lets what runs finish and starts nothing
/// new; twice leaves what runs to CloudFormation.
///
/// # Errors
/// When it cannot start. What fails on the way is in the [`Outcome`].
pub fn deploy(
    plan: &Plan,
    reach: &Reach,
    settings: &Settings,
    guard: &Guard,
    receive: &mut dyn FnMut(Event),
) -> Result<Outcome, DeployError> {
    carry_out(Pass::Mesh, plan, reach, settings, guard, receive)
}

/// Carries a plan of the bootstrap pass out, as the administrator. Otherwise as [`deploy`].
///
/// # Errors
/// When it cannot start. What fails on the way is in the [`Outcome`].
pub fn bootstrap(
    plan: &Plan,
    reach: &Reach,
    settings: &Settings,
    guard: &Guard,
    receive: &mut dyn FnMut(Event),
) -> Result<Outcome, DeployError> {
    carry_out(Pass::Bootstrap, plan, reach, settings, guard, receive)
}

fn carry_out(
    wanted: Pass,
    plan: &Plan,
    reach: &Reach,
    settings: &Settings,
    guard: &Guard,
    receive: &mut dyn FnMut(Event),
) -> Result<Outcome, DeployError> {
    if plan.pass != wanted {
        return Err(DeployError::WrongPass { wanted, found: plan.pass });
    }
    let runtime = runtime().map_err(DeployError::Runtime)?;
    let outcome = runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        let (interrupt, interrupts) = unbounded_channel();
        let listening = tokio::spawn(listen(interrupt));
        // what stands in for AWS has no rates to keep to
        let rate = if cloud.is_stand_in() { Rate::UNLIMITED } else { settings.rate };
        let settings = Settings { staging: reach.staging.clone(), rate, ..settings.clone() };
        let outcome = session::run(cloud, plan, settings, guard, interrupts, receive).await;
        listening.abort();
        outcome
    });
    // a step that was left behind must not hold the process
    runtime.shutdown_background();
    outcome.map_err(DeployError::Guard)
}

/// Looks at the lock of the mesh's deployments, as governance's deploy role: before the accounts are looked at, so that a deploy in
/// between is noticed.
///
/// # Errors
/// When it cannot be read.
pub fn look_at_lock(place: &LockPlace, reach: &Reach) -> Result<SeenLock, DeployError> {
    let runtime = runtime().map_err(DeployError::Runtime)?;
    let seen = runtime.block_on(async { lock::look(&Aws::new(reach.clone()).await, place).await });
    seen.map_err(|error| DeployError::Guard(GuardError::Lock(Box::new(error))))
}

pub(super) fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Passes every Ctrl-C on, and every termination signal.
pub(super) async fn listen(interrupt: UnboundedSender<()>) {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    #[cfg(not(unix))]
    let terminate: Result<(), std::io::Error> = Ok(());
    let mut terminate = terminate.ok();
    loop {
        let terminated = async {
            match terminate.as_mut() {
                #[cfg(unix)]
                Some(signal) => signal.recv().await,
                #[cfg(not(unix))]
                Some(()) => std::future::pending().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => if pressed.is_err() { return },
            _ = terminated => {}
        }
        if interrupt.send(()).is_err() {
            return;
        }
    }
}
