//! What the deployer asks of a cloud, in our own types: the AWS implementation and the one in memory both answer it.

pub use super::change_set::{ChangeSetHandle, ChangeSetState, ChangeSetView};
pub use super::cloud_error::{CloudError, ErrorKind, classify};
use crate::assembly::Operation;
use crate::mesh::{AccountId, Region};
use crate::plan::{Probe, Protection, StackStatus, Way};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// As whom an account is spoken to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// The plan role: it reads and probes, and cannot change anything.
    Plan,
    /// The deploy role: it starts CloudFormation operations, which work as the execution role.
    Deploy,
    /// The administrator's role, for bootstrap only.
    Administrator,
}

/// Where a call goes, and as whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// As whom.
    pub access: Access,
}

/// A stack as `DescribeStacks` answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct StackView {
    /// Its ARN.
    pub arn: String,
    /// Its status.
    pub status: StackStatus,
    /// Why it is in that status, where CloudFormation says so.
    pub reason: Option<String>,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// The role that CloudFormation works as.
    pub role_arn: Option<String>,
    /// Whether a delete is refused.
    pub termination_protection: Protection,
}

/// What a change set is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A stack that is not there.
    Create,
    /// A stack that is.
    Update,
}

/// Where CloudFormation finds a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource {
    /// In the request: at most [`INLINE_LIMIT`] bytes.
    Inline(Arc<str>),
    /// In a bucket: at most 1 MB.
    Staged {
        /// The bucket.
        bucket: String,
        /// The key in it.
        key: String,
    },
}

/// The longest template that fits into a request, in bytes (CloudFormation quotas).
pub const INLINE_LIMIT: usize = 51_200;

/// A change set to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetRequest {
    /// Name of the stack.
    pub stack: String,
    /// What for.
    pub kind: ChangeKind,
    /// Name of the change set, unlike any other on that stack.
    pub name: String,
    /// The template.
    pub template: TemplateSource,
    /// The parameters.
    pub parameters: BTreeMap<String, String>,
    /// Parameters that keep the value they have.
    pub previous: BTreeSet<String>,
    /// The capabilities.
    pub capabilities: Vec<String>,
    /// How CloudFormation is asked to work.
    pub operation: Operation,
    /// Tags of the stack, which CloudFormation hands on to what it makes.
    pub tags: BTreeMap<String, String>,
    /// Makes a repeated request the same request: letters, digits, hyphens, at most 128.
    pub token: String,
}

/// From where on stack events are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventsFrom {
    /// Only the newest one, to know where to go on later.
    Newest,
    /// All since the event with this id; all there are when `None`.
    After(Option<String>),
}

/// An event of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// Its id.
    pub id: String,
    /// The resource; the stack's own name for the stack itself.
    pub logical_id: String,
    /// The resource's id in its service; the stack's ARN for the stack itself.
    pub physical_id: Option<String>,
    /// The resource's type.
    pub resource_type: String,
    /// The status, such as `CREATE_FAILED`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// The token of the request that started the operation: every event of an operation carries it (API reference, `StackEvent`).
    pub token: Option<String>,
}

/// A resource of a stack, as the stack knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackResource {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// Its status, such as `UPDATE_FAILED`.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
}

/// What became of a file for a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Upload {
    /// It was not there and has been stored.
    Stored,
    /// It was there.
    Stood,
}

/// A small object of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub content: Vec<u8>,
    /// Its entity tag: another content has another.
    pub etag: String,
    /// How long ago it was written, by the service's own clock on both ends; `None` where the answer does not tell.
    pub age: Option<Duration>,
}

/// What must stand for a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// No object under that key (`If-None-Match: *`).
    Nothing,
    /// An object with this entity tag (`If-Match`).
    Etag(String),
}

/// What became of a conditional write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Stored {
        /// Its entity tag.
        etag: String,
    },
    /// Something else stands there than was expected: nothing was written.
    Moved,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// It is as it should be.
    Yes,
    /// It is not, or not yet: each line says what was found instead.
    No(Vec<String>),
}

/// Who a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The ARN of the session.
    pub arn: String,
}

/// A cloud. Every call is repeatable: a repeated request is found, not doubled.
///
/// | call | what makes it repeatable |
/// |---|---|
/// | `CreateChangeSet` | `ClientToken`, and a name that no other run uses: the same name with another token is refused (`AlreadyExistsException`, "mismatch with existing attribute ClientToken", landing-zone-accelerator-on-aws #342) |
/// | `ExecuteChangeSet`, `DeleteStack`, `ContinueUpdateRollback`, `RollbackStack` | `ClientRequestToken`; every event of the operation carries it (API reference, `StackEvent`) |
/// | `UpdateTerminationProtection`, `SetStackPolicy` | take no token; they say what is to be, not what is to change |
/// | `DeleteChangeSet` | takes no token; deleting what is gone is no error |
/// | `PutObject` | takes no token; the key carries the content's hash, or the write is conditional on what was seen |
///
/// How a repetition with the same token is answered stands in no document; so whoever gets an error that may hide a taken order
/// looks whether it was taken.
pub trait Cloud: Send + Sync + 'static {
    /// Who the session of a scope is.
    fn who_am_i(&self, scope: &Scope) -> impl Future<Output = Result<Identity, CloudError>> + Send;
    /// A stack by name or ARN; `None` when the account answers that there is none.
    fn describe_stack(
        &self,
        scope: &Scope,
        stack: &str,
    ) -> impl Future<Output = Result<Option<StackView>, CloudError>> + Send;
    /// The template of a stack as it was given; with a change set of it, that one's.
    fn get_template(
        &self,
        scope: &Scope,
        stack: &str,
        change_set: Option<&str>,
    ) -> impl Future<Output = Result<String, CloudError>> + Send;
    /// Makes a change set.
    fn create_change_set(
        &self,
        scope: &Scope,
        request: &ChangeSetRequest,
    ) -> impl Future<Output = Result<ChangeSetHandle, CloudError>> + Send;
    /// How far a change set is.
    fn describe_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
    ) -> impl Future<Output = Result<ChangeSetView, CloudError>> + Send;
    /// Names of the stacks that stand in an account and begin so; every page is followed.
    fn list_stacks(&self, scope: &Scope, prefix: &str) -> impl Future<Output = Result<Vec<String>, CloudError>> + Send;
    /// Names of the change sets of a stack; every page is followed.
    fn list_change_sets(
        &self,
        scope: &Scope,
        stack: &str,
    ) -> impl Future<Output = Result<Vec<String>, CloudError>> + Send;
    /// Executes a change set.
    fn execute_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
        token: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Deletes a change set; one that is gone is no error.
    fn delete_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Starts to delete a stack, by ARN. What is to be retained is left behind; only a stack in `DELETE_FAILED` can be deleted so
    /// (API reference, `DeleteStack`, RetainResources).
    fn delete_stack(
        &self,
        scope: &Scope,
        stack_arn: &str,
        retain: &BTreeSet<String>,
        token: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Continues a rollback that failed.
    fn continue_rollback(
        &self,
        scope: &Scope,
        stack_arn: &str,
        way: &Way,
        token: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Rolls a failed change back that was left as it is.
    fn roll_back(
        &self,
        scope: &Scope,
        stack_arn: &str,
        token: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// Switches the termination protection of a stack.
    fn protect(
        &self,
        scope: &Scope,
        stack_arn: &str,
        protection: Protection,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// The stack policy of a stack; `None` when it has none.
    fn stack_policy(
        &self,
        scope: &Scope,
        stack_arn: &str,
    ) -> impl Future<Output = Result<Option<String>, CloudError>> + Send;
    /// Sets the stack policy of a stack in the place of the one that it has.
    fn set_stack_policy(
        &self,
        scope: &Scope,
        stack_arn: &str,
        policy: &str,
    ) -> impl Future<Output = Result<(), CloudError>> + Send;
    /// The resources of a stack; every page is followed.
    fn stack_resources(
        &self,
        scope: &Scope,
        stack_arn: &str,
    ) -> impl Future<Output = Result<Vec<StackResource>, CloudError>> + Send;
    /// Events of a stack, oldest first.
    fn stack_events(
        &self,
        scope: &Scope,
        stack_arn: &str,
        from: &EventsFrom,
    ) -> impl Future<Output = Result<Vec<StackEvent>, CloudError>> + Send;
    /// The checks that CloudFormation made before it began and that failed, of a stack's newest operation, or of a change set: no
    /// event of the stack tells them, it only names this call (API reference, `DescribeEvents`, `OperationEvent`).
    fn failed_checks(
        &self,
        scope: &Scope,
        stack_arn: &str,
        change_set: Option<&str>,
    ) -> impl Future<Output = Result<Vec<StackEvent>, CloudError>> + Send;
    /// Stores a file in a bucket unless one of its size lies under that key: keys carry the hash of the content.
    fn upload(
        &self,
        scope: &Scope,
        bucket: &str,
        key: &str,
        content: &[u8],
    ) -> impl Future<Output = Result<Upload, CloudError>> + Send;
    /// A small object; `None` when there is none under that key.
    fn read_object(
        &self,
        scope: &Scope,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<Object>, CloudError>> + Send;
    /// Writes an object if what stands under that key is what is expected.
    fn write_object(
        &self,
        scope: &Scope,
        bucket: &str,
        key: &str,
        content: &[u8],
        expected: &Expected,
    ) -> impl Future<Output = Result<Written, CloudError>> + Send;
    /// Asks a probe.
    fn probe(&self, probe: &Probe, access: Access) -> impl Future<Output = Result<ProbeAnswer, CloudError>> + Send;
}

/// Where a probe is asked, and as whom.
#[must_use]
pub fn probe_scope(probe: &Probe, access: Access) -> Scope {
    let (account, region) = match probe {
        Probe::Settings { account, region, .. }
        | Probe::Catalog { account, region, .. }
        | Probe::Gone { account, region, .. } => (account, region),
        Probe::Share { subscriber, region, .. } => (subscriber, region),
    };
    Scope { account: account.clone(), region: region.clone(), access }
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plan => "plan role",
            Self::Deploy => "deploy role",
            Self::Administrator => "administrator role",
        })
    }
}
