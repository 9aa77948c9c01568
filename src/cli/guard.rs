//! Who deploys, and the lock that is wanted for it.

#![expect(clippy::disallowed_methods, reason = "who deploys stands in the environment of the process")]

use super::failure::{Exit, Failure};
use super::journal::Journals;
use super::planning::Looked;
use crate::deploy::{DeployError, GuardError, Holder, LockError, LockWish};
use crate::plan::Plan;
use std::env;

/// Who deploys, for others to read: the job of CI, or the user and the machine.
pub(super) fn owner() -> String {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let github = || {
        let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
        Some(format!("{server}/{repository}/actions/runs/{}", variable("GITHUB_RUN_ID")?))
    };
    let job = github().or_else(|| variable("CI_JOB_URL")).or_else(|| variable("BUILD_URL"));
    let owner = job.unwrap_or_else(|| {
        let user = variable("USER").or_else(|| variable("USERNAME")).unwrap_or_else(|| "somebody".to_owned());
        match variable("HOSTNAME").or_else(|| variable("COMPUTERNAME")) {
            Some(machine) => format!("{user}@{machine}"),
            None => user,
        }
    });
    owner.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

/// The lock that a plan needs, as it was seen; refused where it is another's, before anybody is asked to agree.
pub(super) fn wished(
    plan: &Plan,
    lock: Looked,
    holder: &Holder,
    broken: Option<&str>,
    journals: &Journals,
) -> Result<Option<LockWish>, Failure> {
    // what changes nothing needs no lock, and the rights to it neither
    if plan.changes().next().is_none() && broken.is_none() {
        return Ok(None);
    }
    taken(lock, holder, broken, journals)
}

/// The lock as it was seen; refused where it is another's. None where there is no place for it yet.
pub(super) fn taken(
    lock: Looked,
    holder: &Holder,
    broken: Option<&str>,
    journals: &Journals,
) -> Result<Option<LockWish>, Failure> {
    let Some(looked) = lock else { return Ok(None) };
    let (place, seen) = looked.map_err(failed)?;
    let broken = broken.map(str::to_owned);
    let wish = LockWish { place, holder: holder.clone(), seen, broken, ended: journals.ended() };
    wish.check().map_err(|error| failed(DeployError::Guard(GuardError::Lock(Box::new(error)))))?;
    Ok(Some(wish))
}

/// Why a deploy did not start.
pub(super) fn failed(error: DeployError) -> Failure {
    let (hints, exit) = match &error {
        DeployError::Guard(GuardError::Lock(lock)) => {
            (lock.hints(), if **lock == LockError::Moved { Exit::Stale } else { Exit::Error })
        }
        DeployError::Guard(GuardError::Journal(_)) | DeployError::Runtime(_) | DeployError::WrongPass { .. } => {
            (Vec::new(), Exit::Error)
        }
    };
    hints.into_iter().fold(Failure::new(error).exit(exit), Failure::hint)
}
