//! One deploy at a time: a small object in governance's staging bucket, written on the condition that what was seen still stands.
//!
//! The lock is never deleted, so no right to delete is needed: a release writes that nobody holds it. Since each writing has an
//! ETag of its own, the same object tells whether anybody deployed between looking at the accounts and starting: the lock that was
//! seen before looking is the one that is taken. A holder renews it; one that was not renewed for its lease is held by nobody any
//! more. Ages are measured by S3's clock alone, from writing to reading, so that no two machines' clocks are compared.

use super::cloud::{Access, Cloud, CloudError, ErrorKind, Expected, Scope, Written};
use super::settings::Polling;
use crate::mesh::{AccountId, Region};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::sleep;

/// Its key in the bucket, which is the mesh's own.
pub(super) const KEY: &str = "deploy.lock.json";

/// Version of its content.
const VERSION: u32 = 1;

/// How long a lock is held that nobody renews.
pub(super) const LEASE: Duration = Duration::from_secs(600);

/// How often it is renewed: several renewals may fail before the lease ends.
pub(super) const RENEWAL: Duration = Duration::from_secs(120);

/// How often a write is tried that failed in passing.
const TRIES: usize = 5;

/// Where the lock lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockPlace {
    /// Governance's account.
    pub account: AccountId,
    /// The mesh's Region.
    pub region: Region,
    /// The staging bucket of that account.
    pub bucket: String,
    /// As whom it is written: a deploy as the deploy role, a bootstrap as the administrator.
    pub access: Access,
}

impl LockPlace {
    fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone(), access: self.access }
    }
}

/// Whether somebody deploys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockState {
    /// Somebody does.
    Held,
    /// Nobody does.
    Free,
}

/// What the lock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Id of the run.
    pub run: String,
    /// Who runs it: a job of CI, or a user and a machine.
    pub owner: String,
}

/// The object's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    version: u32,
    state: LockState,
    #[serde(flatten)]
    holder: Holder,
    /// Seconds after which it is nobody's, unless it is written again.
    lease_seconds: u64,
    /// Counts the writings of a run, so that no two are equal.
    writing: u64,
}

/// The lock as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLock {
    /// Which writing it was; none when there never was a deploy.
    pub(super) etag: Option<String>,
    /// Who holds it.
    pub holder: Option<Holder>,
    /// How long ago it was written.
    pub age: Option<Duration>,
    /// How long it is held without being renewed.
    pub lease: Duration,
}

/// Who wants the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockWish {
    /// Where it lies.
    pub place: LockPlace,
    /// For whom.
    pub holder: Holder,
    /// What was seen before the accounts were looked at.
    pub seen: SeenLock,
    /// The run whose lock is to be broken, by a person's explicit choice.
    pub broken: Option<String>,
    /// Runs that are known to have ended without releasing it: their process is gone.
    pub ended: BTreeSet<String>,
}

/// How the lock was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was free.
    Free,
    /// Of a run that ended without releasing it.
    Over(Holder),
    /// Of a run whose lock was to be broken.
    Broken(Holder),
}

/// Why the lock could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another run holds it.
    #[error("run {} of {} is deploying this mesh: it holds the lock, written {} ago", .holder.run, .holder.owner, words(*.age))]
    Held {
        /// Whose it is.
        holder: Holder,
        /// How long ago it was written.
        age: Option<Duration>,
        /// After which age it is nobody's.
        lease: Duration,
    },
    /// The lock that is to be broken is another's.
    #[error("the lock to be broken is that of run {asked}, and {}", .found.as_ref().map_or_else(|| "nobody holds it".to_owned(), |holder| format!("run {} of {} holds it", holder.run, holder.owner)))]
    Another {
        /// What was asked for.
        asked: String,
        /// Whose it is.
        found: Option<Holder>,
    },
    /// Somebody deployed since the accounts were looked at.
    #[error("another run deployed since the accounts were looked at, so the plan may no longer fit")]
    Moved,
    /// What lies there is no lock of this version.
    #[error("{bucket}/{KEY} in account {account} is no lock that this version of meshform can read")]
    Unreadable {
        /// The bucket.
        bucket: String,
        /// Its account.
        account: AccountId,
    },
    /// A call failed.
    #[error("the lock of the mesh's deployments could not be {doing}")]
    Call {
        /// `read` or `written`.
        doing: &'static str,
        /// How.
        #[source]
        error: Box<CloudError>,
    },
}

impl LockError {
    /// What to do about it.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Held { holder, lease, .. } => vec![
                format!(
                    "wait for its end; a run that was killed gives the lock up {} after its last renewal",
                    words(Some(*lease))
                ),
                format!(
                    "if you know that it is not running any more: `meshform deploy --break-lock {}`",
                    shown(&holder.run)
                ),
            ],
            Self::Another { .. } => vec!["look at whose lock it is, and decide again".to_owned()],
            Self::Moved => vec!["run the same command again: it plans anew".to_owned()],
            Self::Unreadable { .. } => {
                vec!["a newer meshform may have written it: use that one, or remove the object by hand".to_owned()]
            }
            Self::Call { error, .. } if error.kind == ErrorKind::NotFound => {
                vec!["run `meshform bootstrap`: it makes the bucket".to_owned()]
            }
            Self::Call { error, .. } => error.hints(),
        }
    }
}

/// A time for people.
fn words(age: Option<Duration>) -> String {
    match age.map(|age| age.as_secs()) {
        None => "an unknown time".to_owned(),
        Some(seconds) if seconds < 120 => format!("{seconds} s"),
        Some(seconds) => format!("{} min", seconds / 60),
    }
}

/// A text that somebody else wrote, for a terminal and a command line: letters, digits, and what ids and addresses have.
pub(super) fn shown(text: &str) -> String {
    let harmless = |letter: &char| letter.is_ascii_alphanumeric() || " -_.:/@#+".contains(*letter);
    text.chars().filter(harmless).take(200).collect()
}

/// Looks at the lock.
pub(super) async fn look<C: Cloud>(cloud: &C, place: &LockPlace) -> Result<SeenLock, LockError> {
    let object = cloud.read_object(&place.scope(), &place.bucket, KEY).await;
    let object = object.map_err(|error| LockError::Call { doing: "read", error: Box::new(error) })?;
    let Some(object) = object else { return Ok(SeenLock { etag: None, holder: None, age: None, lease: LEASE }) };
    let content: Option<Content> = serde_json::from_slice(&object.content).ok();
    let Some(content) = content.filter(|content| content.version == VERSION) else {
        return Err(LockError::Unreadable { bucket: place.bucket.clone(), account: place.account.clone() });
    };
    let holder = Holder { run: shown(&content.holder.run), owner: shown(&content.holder.owner) };
    Ok(SeenLock {
        etag: Some(object.etag),
        holder: (content.state == LockState::Held).then_some(holder),
        age: object.age,
        lease: Duration::from_secs(content.lease_seconds).min(LEASE * 6),
    })
}

impl LockWish {
    /// Whether the lock that was seen may be taken: pure, so that it can be asked before anybody is asked to agree.
    pub(super) fn may(&self) -> Result<Taken, LockError> {
        let SeenLock { holder, age, lease, .. } = &self.seen;
        match (holder, &self.broken) {
            (None, None) => Ok(Taken::Free),
            (Some(holder), Some(asked)) if holder.run == *asked => Ok(Taken::Broken(holder.clone())),
            (found, Some(asked)) => Err(LockError::Another { asked: asked.clone(), found: found.clone() }),
            (Some(holder), None) if holder.run == self.holder.run => Ok(Taken::Free),
            // an age that is not known is no age
            (Some(holder), None) if self.ended.contains(&holder.run) || age.is_some_and(|age| age > *lease) => {
                Ok(Taken::Over(holder.clone()))
            }
            (Some(holder), None) => Err(LockError::Held { holder: holder.clone(), age: *age, lease: *lease }),
        }
    }

    /// Whether the lock may be taken as it was seen.
    ///
    /// # Errors
    /// Whose it is.
    pub fn check(&self) -> Result<(), LockError> {
        self.may().map(drop)
    }
}

/// The lock, held.
pub(super) struct Lock {
    place: LockPlace,
    holder: Holder,
    etag: String,
    writing: u64,
}

impl Lock {
    /// Takes the lock that was seen.
    pub(super) async fn take<C: Cloud>(cloud: &C, wish: &LockWish) -> Result<(Self, Taken), LockError> {
        let taken = wish.may()?;
        let expected = wish.seen.etag.clone().map_or(Expected::Nothing, Expected::Etag);
        let mut lock = Self { place: wish.place.clone(), holder: wish.holder.clone(), etag: String::new(), writing: 0 };
        if lock.write(cloud, LockState::Held, &expected).await? {
            return Ok((lock, taken));
        }
        let now = look(cloud, &wish.place).await?;
        Err(match now.holder {
            Some(holder) => LockError::Held { holder, age: now.age, lease: now.lease },
            None => LockError::Moved,
        })
    }

    /// Writes it once more; false when it is another's by now.
    pub(super) async fn renew<C: Cloud>(&mut self, cloud: &C) -> Result<bool, LockError> {
        let expected = Expected::Etag(self.etag.clone());
        self.write(cloud, LockState::Held, &expected).await
    }

    /// Gives it back; false when it is another's by now, who need not be bothered.
    pub(super) async fn release<C: Cloud>(mut self, cloud: &C) -> Result<bool, LockError> {
        let expected = Expected::Etag(self.etag.clone());
        self.write(cloud, LockState::Free, &expected).await
    }

    /// A write whose answer was lost may have been done, and its repetition refused: then what stands is ours, word for word.
    async fn write<C: Cloud>(&mut self, cloud: &C, state: LockState, expected: &Expected) -> Result<bool, LockError> {
        self.writing += 1;
        let content = Content {
            version: VERSION,
            state,
            holder: self.holder.clone(),
            lease_seconds: LEASE.as_secs(),
            writing: self.writing,
        };
        let text = crate::sure(serde_json::to_vec(&content), "a lock has text keys");
        let (scope, bucket) = (self.place.scope(), &self.place.bucket);
        let mut last = None;
        for pause in (Polling::default().pauses()).take(TRIES) {
            let error = match cloud.write_object(&scope, bucket, KEY, &text, expected).await {
                Ok(Written::Stored { etag }) => {
                    self.etag = etag;
                    return Ok(true);
                }
                Ok(Written::Moved) => None,
                Err(error) if error.is_passing() => Some(error),
                Err(error) => return Err(LockError::Call { doing: "written", error: Box::new(error) }),
            };
            match (cloud.read_object(&scope, bucket, KEY).await, error) {
                (Ok(Some(object)), _) if object.content == text => {
                    self.etag = object.etag;
                    return Ok(true);
                }
                (Ok(_), None) => return Ok(false),
                (Ok(_), Some(error)) => last = Some(error),
                (Err(error), _) if error.is_passing() => last = Some(error),
                (Err(error), _) => return Err(LockError::Call { doing: "read", error: Box::new(error) }),
            }
            sleep(pause).await;
        }
        match last {
            Some(error) => Err(LockError::Call { doing: "written", error: Box::new(error) }),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
#[path = "lock_tests.rs"]
mod tests;
