//! Examining the accounts of a mesh: as the plan role, and whether the deploy role answers. Nothing is changed, and no failure ends
//! the examination.

#[cfg(test)]
mod tests;

use super::aws::Aws;
use super::cloud::{Access, CloudError, ErrorKind, Scope};
use super::credentials::Reach;
use super::drift::{Inspect, scope, unread};
use crate::access::Facts;
use crate::assembly::Document;
use crate::plan::doctor::{Answering, Examined};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use tokio::task::JoinSet;

/// How many accounts are examined at once.
const AT_ONCE: usize = 8;

/// A cloud whose preconditions can be examined. Nothing here changes anything.
pub trait Examine: Inspect {
    /// Whether a scope's role can be assumed and its account is the right one.
    fn answers(&self, scope: &Scope) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// The resource policy of the account's catalog; none when there is none.
    fn catalog_policy(&self, scope: &Scope) -> impl Future<Output = Result<Option<String>, CloudError>> + Send;
    /// How many stacks the account may have in the Region, where CloudFormation says so.
    fn stack_limit(&self, scope: &Scope) -> impl Future<Output = Result<Option<usize>, CloudError>> + Send;
    /// How many stacks stand in the Region.
    fn stack_count(&self, scope: &Scope) -> impl Future<Output = Result<usize, CloudError>> + Send;
    /// Whether a database of another account's catalog is seen.
    fn sees(
        &self,
        scope: &Scope,
        catalog: &str,
        database: &str,
    ) -> impl Future<Output = Result<bool, CloudError>> + Send;
}

/// Examines every account of which the environment has a stack.
///
/// # Errors
/// When the asynchronous runtime cannot be started.
pub fn examine(wanted: &[Document], reach: &Reach) -> std::io::Result<BTreeMap<String, Examined>> {
    let runtime = super::entry::runtime()?;
    Ok(runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        examine_at(&cloud, wanted).await
    }))
}

/// The examination itself, at any cloud.
pub(super) async fn examine_at<C: Examine>(cloud: &Arc<C>, wanted: &[Document]) -> BTreeMap<String, Examined> {
    let mut accounts: BTreeMap<String, (Scope, Vec<String>)> = BTreeMap::new();
    for document in wanted {
        let entry = accounts.entry(document.account.clone()).or_insert_with(|| (scope(document), Vec::new()));
        entry.1.push(document.id.name().to_owned());
    }
    let mut shared: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for database in Facts::of(wanted).databases {
        if let Some(target) = database.target {
            shared.entry(database.catalog).or_default().insert(target);
        }
    }
    let mut tasks = JoinSet::new();
    let mut found = BTreeMap::new();
    let mut left = accounts.into_iter();
    loop {
        while tasks.len() < AT_ONCE {
            let Some((account, (scope, stacks))) = left.next() else { break };
            let cloud = Arc::clone(cloud);
            let shared = shared.remove(&account).unwrap_or_default();
            tasks.spawn(async move { (account, self::account(&*cloud, &scope, stacks, shared).await) });
        }
        match tasks.join_next().await {
            None => return found,
            Some(Ok((account, examined))) => drop(found.insert(account, examined)),
            Some(Err(error)) => crate::defect(&format!("examining an account stopped: {error}")),
        }
    }
}

async fn account<C: Examine>(
    cloud: &C,
    scope: &Scope,
    names: Vec<String>,
    shared: BTreeSet<(String, String)>,
) -> Examined {
    let deploy = Scope { access: Access::Deploy, ..scope.clone() };
    let plan_role = answering(cloud.answers(scope).await);
    let deploy_role = answering(cloud.answers(&deploy).await);
    let mut stacks = BTreeMap::new();
    for name in names {
        let stack = cloud.stack(scope, &name).await.map_err(|error| unread(&error));
        stacks.insert(name, stack);
    }
    let mut seen = BTreeMap::new();
    for (catalog, database) in shared {
        let is_seen = cloud.sees(scope, &catalog, &database).await.map_err(|error| unread(&error));
        seen.insert(database, is_seen);
    }
    Examined {
        plan_role,
        deploy_role,
        stacks,
        settings: cloud.settings(scope).await.map_err(|error| unread(&error)),
        catalog_policy: cloud.catalog_policy(scope).await.map_err(|error| unread(&error)),
        stack_limit: cloud.stack_limit(scope).await.map_err(|error| unread(&error)),
        standing: cloud.stack_count(scope).await.map_err(|error| unread(&error)),
        seen,
    }
}

/// What a role's answer means: that the caller has no credentials says nothing about the role.
fn answering(answer: Result<(), CloudError>) -> Answering {
    match answer {
        Ok(()) => Answering::Yes,
        Err(error) => match error.kind {
            ErrorKind::Denied | ErrorKind::WrongAccount | ErrorKind::NotFound => Answering::No(error.to_string()),
            ErrorKind::Throttled
            | ErrorKind::Expired
            | ErrorKind::NoCredentials
            | ErrorKind::NoChanges
            | ErrorKind::AlreadyExists
            | ErrorKind::InProgress
            | ErrorKind::Quota
            | ErrorKind::Skewed
            | ErrorKind::Network
            | ErrorKind::Unrecorded
            | ErrorKind::Other => Answering::Unknown(error.to_string()),
        },
    }
}
