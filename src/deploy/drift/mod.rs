//! Looking at drift: stacks by CloudFormation's own detection, and what CloudFormation does not see. As the plan role, which
//! changes nothing; a detection leaves its result with the stack, as the service keeps it.
//!
//! No failure ends the look: what could not be looked at is told with its reason ([`crate::plan::drift`]).

#[cfg(test)]
pub(super) mod fake;
mod inspect;
#[cfg(test)]
mod tests;

pub use inspect::{DetectionState, Inspect};

use super::aws::Aws;
use super::cloud::{Access, CloudError, ErrorKind, Scope};
use super::credentials::Reach;
use super::settings::Polling;
use crate::access::{Facts, GrantedFact};
use crate::assembly::{Document, StackId};
use crate::mesh::{AccountId, Region};
use crate::plan::drift::{
    AccountLive, AccountQuestions, Detection, LiveDatabase, LiveGrant, LiveTable, Looked, Reason, StackLive, Unread,
    merged, normal, questions,
};
use crate::plan::{Observed, Pattern, Phase};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How many stacks or accounts are looked at at once.
const AT_ONCE: usize = 8;

/// How long one detection is waited for: it "can take up to several minutes" (API reference, `DetectStackDrift`).
const PATIENCE: Duration = Duration::from_secs(600);

/// What a look at drift brought home.
#[derive(Debug)]
pub struct Look {
    /// The stacks that were asked for.
    pub stacks: BTreeMap<StackId, StackLive>,
    /// The templates that stand; that of the environment where one could not be read.
    pub standing: Vec<Document>,
    /// What they say.
    pub facts: Facts,
    /// The accounts of the stacks that were asked for.
    pub accounts: BTreeMap<String, AccountLive>,
}

/// Looks at what stands, as the plan role. `wanted` are the stacks that the environment asks for.
///
/// # Errors
/// When the asynchronous runtime cannot be started.
pub fn look_at_drift(wanted: &[Document], select: Option<&Pattern>, reach: &Reach) -> std::io::Result<Look> {
    let runtime = super::entry::runtime()?;
    Ok(runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        look(&cloud, wanted, select).await
    }))
}

/// The tables of a database by name, none where there is no such database; or why they could not be looked at.
pub type Tables = Result<Option<BTreeMap<String, LiveTable>>, CloudError>;

/// The tables of some databases of one account's catalog, as the plan role sees them, without their tags.
///
/// # Errors
/// When the asynchronous runtime cannot be started.
pub fn look_at_tables(
    account: &AccountId,
    region: &Region,
    databases: &BTreeSet<String>,
    reach: &Reach,
) -> std::io::Result<BTreeMap<String, Tables>> {
    let runtime = super::entry::runtime()?;
    let scope = Scope { account: account.clone(), region: region.clone(), access: Access::Plan };
    Ok(runtime.block_on(async {
        let cloud = Aws::new(reach.clone()).await;
        let mut found = BTreeMap::new();
        for database in databases {
            found.insert(database.clone(), cloud.tables(&scope, database).await);
        }
        found
    }))
}

/// The look itself, at any cloud.
pub(super) async fn look<C: Inspect>(cloud: &Arc<C>, wanted: &[Document], select: Option<&Pattern>) -> Look {
    let chosen: BTreeSet<StackId> = wanted
        .iter()
        .map(|document| &document.id)
        .filter(|id| select.is_none_or(|it| it.matches(id)))
        .cloned()
        .collect();
    let found = stacks(cloud, wanted, &chosen).await;
    let mut standing = Vec::new();
    for document in wanted {
        match found.get(&document.id).map(|live| &live.observed) {
            Some(Ok(Observed::Absent)) => {}
            Some(Ok(Observed::Present(stack))) => {
                let Some(template) = stack.template.clone() else { continue };
                standing.push(Document { template: template.into(), ..document.clone() });
            }
            // what cannot be looked at counts as the environment says
            Some(Err(_)) | None => standing.push(document.clone()),
        }
    }
    let facts = Facts::of(&standing);
    let accounts = accounts(cloud, wanted, &chosen, &facts).await;
    let stacks = found.into_iter().filter(|(id, _)| chosen.contains(id)).collect();
    Look { stacks, standing, facts, accounts }
}

/// Every stack as it stands; those that were chosen with what their drift detection says.
async fn stacks<C: Inspect>(
    cloud: &Arc<C>,
    wanted: &[Document],
    chosen: &BTreeSet<StackId>,
) -> BTreeMap<StackId, StackLive> {
    let mut tasks = JoinSet::new();
    let mut found = BTreeMap::new();
    let mut left = wanted.iter();
    loop {
        while tasks.len() < AT_ONCE {
            let Some(document) = left.next() else { break };
            let (cloud, id, scope) = (Arc::clone(cloud), document.id.clone(), scope(document));
            let detect = chosen.contains(&id);
            tasks.spawn(async move {
                let observed = cloud.stack(&scope, id.name()).await.map_err(|error| unread(&error));
                let detection = match (&observed, detect) {
                    (Ok(Observed::Present(stack)), true) if stack.status.phase() == Phase::Going => Err(Unread {
                        reason: Reason::NotReady,
                        message: format!("it is {}: look again when that has ended", stack.status),
                    }),
                    (Ok(Observed::Present(stack)), true) => detection(&*cloud, &scope, &stack.stack_arn).await,
                    (Ok(Observed::Present(_) | Observed::Absent) | Err(_), _) => Ok(Detection::default()),
                };
                (id, StackLive { observed, detection })
            });
        }
        match tasks.join_next().await {
            None => return found,
            Some(Ok((id, live))) => drop(found.insert(id, live)),
            Some(Err(error)) => crate::defect(&format!("looking at a stack stopped: {error}")),
        }
    }
}

/// One drift detection from its start to its end.
async fn detection<C: Inspect>(cloud: &C, scope: &Scope, stack: &str) -> Looked<Detection> {
    let id = cloud.detect_drift(scope, stack).await.map_err(|error| unread(&error))?;
    let begin = Instant::now();
    let mut incomplete = None;
    for pause in Polling::default().pauses() {
        match cloud.drift_detection(scope, &id).await {
            Ok(DetectionState::Going) => {}
            Ok(DetectionState::Complete) => break,
            Ok(DetectionState::Failed(reason)) => {
                // what was checked of the stack stands all the same (API reference, `DescribeStackDriftDetectionStatus`)
                incomplete = Some(reason.unwrap_or_else(|| "its drift detection failed".to_owned()));
                break;
            }
            Err(error) if error.is_passing() => {}
            Err(error) => return Err(unread(&error)),
        }
        if begin.elapsed() > PATIENCE {
            let message = format!("its drift detection had no end within {} minutes", PATIENCE.as_secs() / 60);
            return Err(Unread { reason: Reason::Failed, message });
        }
        tokio::time::sleep(pause).await;
    }
    let resources = cloud.resource_drifts(scope, stack).await.map_err(|error| unread(&error))?;
    Ok(Detection { resources, incomplete })
}

/// The accounts of the chosen stacks.
async fn accounts<C: Inspect>(
    cloud: &Arc<C>,
    wanted: &[Document],
    chosen: &BTreeSet<StackId>,
    facts: &Facts,
) -> BTreeMap<String, AccountLive> {
    let mut questions = questions(facts);
    let scopes: BTreeMap<String, Scope> = wanted
        .iter()
        .filter(|document| chosen.contains(&document.id))
        .map(|document| (document.account.clone(), scope(document)))
        .collect();
    let mut tasks = JoinSet::new();
    let mut found = BTreeMap::new();
    let mut left = scopes.into_iter();
    loop {
        while tasks.len() < AT_ONCE {
            let Some((account, scope)) = left.next() else { break };
            let Some(asked) = questions.remove(&account) else { continue };
            let cloud = Arc::clone(cloud);
            tasks.spawn(async move { (account, self::account(&*cloud, &scope, asked).await) });
        }
        match tasks.join_next().await {
            None => return found,
            Some(Ok((account, live))) => drop(found.insert(account, live)),
            Some(Err(error)) => crate::defect(&format!("looking at an account stopped: {error}")),
        }
    }
}

async fn account<C: Inspect>(cloud: &C, scope: &Scope, asked: AccountQuestions) -> AccountLive {
    let settings = cloud.settings(scope).await.map_err(|error| unread(&error));
    let mut tags = BTreeMap::new();
    for key in asked.tags {
        let values = cloud.tag_values(scope, &key).await.map_err(|error| unread(&error));
        tags.insert(key, values);
    }
    let mut unseen = BTreeMap::new();
    let grants = match cloud.grants(scope).await {
        Err(error) => Err(unread(&error)),
        Ok(listed) => Ok(completed(cloud, scope, listed, &asked.grants, &mut unseen).await),
    };
    let mut databases = BTreeMap::new();
    for database in asked.databases {
        let live = self::database(cloud, scope, &database).await;
        databases.insert(database, live);
    }
    AccountLive { settings, tags, grants, unseen, databases }
}

/// The list, and what it does not show though a template says so: asked for by its resource before anybody calls it missing. No
/// document says whether the list without a resource has what was granted on another account's catalog
/// (terraform-provider-aws #26602).
async fn completed<C: Inspect>(
    cloud: &C,
    scope: &Scope,
    listed: Vec<LiveGrant>,
    wanted: &BTreeSet<(String, GrantedFact)>,
    unseen: &mut BTreeMap<GrantedFact, Unread>,
) -> Vec<LiveGrant> {
    // what the account received is the granting account's to tell
    let mut grants: Vec<LiveGrant> =
        listed.into_iter().filter(|grant| grant.principal != scope.account.as_str()).collect();
    let shown = merged(&grants);
    let missing: BTreeSet<GrantedFact> = wanted
        .iter()
        .map(|(principal, granted)| (principal.clone(), normal(granted)))
        .filter(|key| !shown.contains_key(key))
        .map(|(_, granted)| granted)
        .collect();
    for granted in missing {
        match cloud.grants_on(scope, &granted).await {
            Ok(found) => {
                let of_others = found.into_iter().filter(|grant| grant.principal != scope.account.as_str());
                let new: Vec<LiveGrant> = of_others.filter(|grant| !grants.contains(grant)).collect();
                grants.extend(new);
            }
            // what the grant was on is gone, and the grant with it
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => drop(unseen.insert(granted, unread(&error))),
        }
    }
    grants
}

async fn database<C: Inspect>(cloud: &C, scope: &Scope, name: &str) -> LiveDatabase {
    let tags = cloud.database_tags(scope, name).await.map_err(|error| unread(&error));
    let mut tables = cloud.tables(scope, name).await.map_err(|error| unread(&error));
    for (table, live) in tables.iter_mut().flatten().flatten() {
        live.tags = cloud.table_tags(scope, name, table).await.map_err(|error| unread(&error));
    }
    LiveDatabase { tags, tables }
}

pub(super) fn scope(document: &Document) -> Scope {
    let account = crate::sure(
        AccountId::parse(&document.account).map_err(|error| error.message),
        "an account of the assembly was parsed before",
    );
    let region = crate::sure(
        Region::parse(&document.region).map_err(|error| error.message),
        "a Region of the assembly was parsed before",
    );
    Scope { account, region, access: Access::Plan }
}

/// Why a call came to nothing.
pub(super) fn unread(error: &CloudError) -> Unread {
    let reason = match error.kind {
        ErrorKind::Denied | ErrorKind::NoCredentials | ErrorKind::WrongAccount | ErrorKind::Expired => {
            Reason::NotAllowed
        }
        ErrorKind::Throttled
        | ErrorKind::NotFound
        | ErrorKind::NoChanges
        | ErrorKind::AlreadyExists
        | ErrorKind::InProgress
        | ErrorKind::Quota
        | ErrorKind::Skewed
        | ErrorKind::Network
        | ErrorKind::Unrecorded
        | ErrorKind::Other => Reason::Failed,
    };
    Unread { reason, message: error.to_string() }
}
