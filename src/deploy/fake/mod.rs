//! A cloud in memory for the tests of the executor, on a clock that leaps (tokio's paused clock), without chance. Its behaviour, and
//! where it is taken from ("ref" is CloudFormation's API reference, "guide" its user guide, "S3" the S3 user guide):
//!
//! Change sets
//! - One for a stack that is not there makes a shell in `REVIEW_IN_PROGRESS` (ref, `CreateChangeSet`). Computing takes 200 ms.
//! - One with the template and parameters that stand fails with AWS's sentence; a failed one cannot be executed.
//! - The same name with the same token is the same change set; with another token it is refused (`AlreadyExistsException`,
//!   landing-zone-accelerator-on-aws #342).
//! - Executing one deletes the others of its stack (ref, `ExecuteChangeSet`); the executed one stays and is spent. The same token
//!   again is the same order; another order on it, or on a busy stack, is refused (`InvalidChangeSetStatus`).
//! - Of a change set that is not there `DescribeChangeSet` says `ChangeSetNotFound`; deleting it is no error.
//!
//! Stacks
//! - An execution takes the stack's scripted time (2 s by default). Its resources come to their end half-way. Every event of an
//!   operation carries its token (ref, `StackEvent`).
//! - One that is scripted to fail a check touches nothing: its change set fails, or its operation is rolled back at once, with a reason
//!   that names no resource. `DescribeEvents` alone names them (guide, "Validate stack deployments").
//! - A failing stack rolls back for one second more: `ROLLBACK_COMPLETE`, or `UPDATE_ROLLBACK_COMPLETE` with the old template.
//! - A rollback that is blocked by resources ends in `UPDATE_ROLLBACK_FAILED`. Continued, it comes to its end when nothing blocks it any
//!   more: it was mended, or what blocks it is skipped; only what failed in the rollback can be (ref, `ContinueUpdateRollback`).
//! - What left a template and is scripted to cling fails in the cleanup of its update, and the stack is complete all the same (AWS
//!   re:Post, "stack cleanup stuck").
//! - A stack with termination protection is not deleted (ref, `DeleteStack`). One whose resource will not go ends in `DELETE_FAILED`.
//!   In that status, and in no other, it can be deleted without resources that are named (ref, `DeleteStack`, RetainResources).
//! - A stack policy is asked at updates only: a change that it denies fails at the resource, and is rolled back (guide, "Prevent
//!   updates to stack resources"). It can be replaced and not removed.
//! - A deleted stack is gone by name after 500 ms with its change sets, and stays visible by ARN (ref, `DescribeStacks`).
//! - A parameter with `NoEcho` is answered as `****` (guide, "Parameters").
//!
//! Objects
//! - A write may be conditional on the object's absence or on its ETag; else it is refused with 412. Each content has its own
//!   ETag. The age of an object is told (S3, "Conditional writes").
//!
//! The rest
//! - A probe answers no until its scripted instant.
//! - Mutating calls are logged with their scope; a repeated request is not logged again.

mod answers;
pub(super) mod faults;

use super::cloud::*;
use crate::mesh::AccountId;
use crate::plan::{Grant, Protection, StackStatus};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) takes: Duration,
    /// Resource and reason of a failure.
    pub(super) fails: Option<(String, String)>,
    /// How often it fails before it succeeds.
    pub(super) times: usize,
}

impl Default for Script {
    fn default() -> Self {
        Self { takes: Duration::from_secs(2), fails: None, times: usize::MAX }
    }
}

/// When a check fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckedAt {
    /// As the change set is computed.
    ChangeSet,
    /// As the operation begins.
    Operation,
}

#[derive(Debug, Clone)]
struct Stack {
    arn: String,
    account: AccountId,
    status: StackStatus,
    template: Option<String>,
    parameters: BTreeMap<String, String>,
    events: Vec<StackEvent>,
    /// What will be, and when.
    agenda: Vec<(Instant, StackStatus, Vec<StackEvent>)>,
    change_sets: Vec<String>,
    protection: Protection,
    policy: Option<String>,
    /// Resources that block its rollback, and why.
    blocked: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Change {
    request: ChangeSetRequest,
    stack: String,
    ready_at: Instant,
    view: ChangeSetView,
    executed: bool,
}

/// An object of a bucket.
#[derive(Debug, Clone)]
struct Stored {
    content: Vec<u8>,
    etag: String,
    at: Instant,
}

#[derive(Default)]
struct State {
    stacks: BTreeMap<String, Stack>,
    gone: BTreeMap<String, Stack>,
    /// Names of the stacks to which something will happen.
    active: BTreeSet<String>,
    /// Reads of CloudFormation by account: when each was made.
    reads: BTreeMap<AccountId, Vec<Instant>>,
    changes: BTreeMap<String, Change>,
    /// What was asked with each token, and what was answered.
    tokens: BTreeMap<String, (String, String)>,
    objects: BTreeMap<String, Stored>,
    log: Vec<String>,
    /// Failures so far, by stack.
    failed: BTreeMap<String, usize>,
    serial: usize,
    /// Most operations at once: in all, and of one account.
    most: (usize, usize),
    trouble: BTreeMap<&'static str, Vec<CloudError>>,
    /// Whether a call as anybody but the plan role is a failed test.
    looking: bool,
}

#[derive(Default)]
pub(super) struct FakeCloud {
    state: Mutex<State>,
    pub(super) scripts: BTreeMap<String, Script>,
    pub(super) probes_after: BTreeMap<String, Duration>,
    /// Resources that will not go with their stack, and why, by stack.
    pub(super) stubborn: BTreeMap<String, (String, String)>,
    /// What stacks answer as their outputs, by name and the value of their parameter `Turn`.
    pub(super) said: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// Resources that stay in the cleanup of an update, and why, by stack.
    pub(super) clinging: BTreeMap<String, (String, String)>,
    /// Checks that fail, by stack: when, and resource and reason of each.
    pub(super) checks: BTreeMap<String, (CheckedAt, Vec<(String, String)>)>,
    /// Grants that a revoke left behind, by principal.
    pub(super) survivors: BTreeSet<String>,
    born: Option<Instant>,
}

fn event(serial: usize, logical: &str, physical: Option<&str>, status: &str, reason: Option<&str>) -> StackEvent {
    StackEvent {
        id: format!("event-{serial}"),
        logical_id: logical.to_owned(),
        physical_id: physical.map(str::to_owned),
        resource_type: "AWS::SNS::Topic".to_owned(),
        status: status.to_owned(),
        reason: reason.map(str::to_owned),
        token: None,
    }
}

pub(super) fn trouble(kind: ErrorKind) -> CloudError {
    CloudError {
        kind,
        message: "scripted".to_owned(),
        service: "CloudFormation",
        operation: "Scripted",
        account: "222222222222".to_owned(),
        region: "eu-west-1".to_owned(),
    }
}

impl FakeCloud {
    pub(super) fn new() -> Self {
        Self { born: Some(Instant::now()), ..Self::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        for name in state.active.clone() {
            let Some(stack) = state.stacks.get_mut(&name) else { continue };
            while stack.agenda.first().is_some_and(|(at, ..)| *at <= now) {
                let (_, status, events) = stack.agenda.remove(0);
                stack.status = status;
                stack.events.extend(events);
            }
            let (over, deleted) = (stack.agenda.is_empty(), stack.status == StackStatus::DeleteComplete);
            if over {
                state.active.remove(&name);
            }
            if deleted {
                let stack = state.stacks.remove(&name).unwrap();
                state.gone.insert(stack.arn.clone(), stack);
            }
        }
        let busy: Vec<&AccountId> = state.active.iter().map(|name| &state.stacks[name].account).collect();
        let in_one =
            busy.iter().map(|account| busy.iter().filter(|other| *other == account).count()).max().unwrap_or(0);
        state.most = (state.most.0.max(busy.len()), state.most.1.max(in_one));
        state
    }

    /// The next call of an operation fails with this error.
    pub(super) fn fails_once(&self, operation: &'static str, error: CloudError) {
        self.state().trouble.entry(operation).or_default().push(error);
    }

    /// From here on every call must be made as the plan role.
    pub(super) fn only_the_plan_role(&self) {
        self.state().looking = true;
    }

    fn check(&self, scope: &Scope) {
        let looking = self.state().looking;
        assert!(!looking || scope.access == Access::Plan, "a call as the {}", scope.access);
    }

    fn troubled(state: &mut State, operation: &'static str) -> Result<(), CloudError> {
        match state.trouble.get_mut(operation).and_then(Vec::pop) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Mutating calls so far, as `<operation> <stack or key> <account>/<access>`.
    pub(super) fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    pub(super) fn status(&self, name: &str) -> Option<StackStatus> {
        self.state().stacks.get(name).map(|stack| stack.status.clone())
    }

    pub(super) fn parameters(&self, name: &str) -> BTreeMap<String, String> {
        self.state().stacks[name].parameters.clone()
    }

    pub(super) fn most_at_once(&self) -> (usize, usize) {
        self.state().most
    }

    pub(super) fn objects(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// Puts a stack there.
    pub(super) fn put(&self, account: &str, name: &str, status: StackStatus, template: Option<&str>) -> String {
        let mut state = self.state();
        state.serial += 1;
        let arn = format!("arn:aws:cloudformation:eu-west-1:{account}:stack/{name}/{}", state.serial);
        let stack = Stack {
            arn: arn.clone(),
            account: AccountId::parse(account).unwrap(),
            status,
            template: template.map(str::to_owned),
            parameters: BTreeMap::new(),
            events: Vec::new(),
            agenda: Vec::new(),
            change_sets: Vec::new(),
            protection: Protection::Off,
            policy: None,
            blocked: BTreeMap::new(),
        };
        state.stacks.insert(name.to_owned(), stack);
        state.active.insert(name.to_owned());
        arn
    }

    /// Puts a stack there whose rollback is blocked.
    pub(super) fn put_stuck(&self, account: &str, name: &str, blocked: &[&str]) -> String {
        let arn = self.put(account, name, StackStatus::UpdateRollbackFailed, Some("{}"));
        let blocked = blocked.iter().map(|resource| ((*resource).to_owned(), "its key is gone".to_owned())).collect();
        self.state().stacks.get_mut(name).unwrap().blocked = blocked;
        arn
    }

    /// Somebody mends what blocks a rollback.
    pub(super) fn mend(&self, name: &str) {
        self.state().stacks.get_mut(name).unwrap().blocked.clear();
    }

    /// Switches the termination protection of a stack.
    pub(super) fn put_protection(&self, name: &str, protection: Protection) {
        self.state().stacks.get_mut(name).unwrap().protection = protection;
    }

    pub(super) fn protection(&self, name: &str) -> Protection {
        self.state().stacks[name].protection
    }

    /// A stack comes to another status by somebody else's doing.
    pub(super) fn put_status(&self, name: &str, status: StackStatus) {
        self.state().stacks.get_mut(name).unwrap().status = status;
    }

    /// Somebody sets another stack policy.
    pub(super) fn put_policy(&self, name: &str, policy: &str) {
        self.state().stacks.get_mut(name).unwrap().policy = Some(policy.to_owned());
    }

    pub(super) fn policy(&self, name: &str) -> Option<String> {
        self.state().stacks[name].policy.clone()
    }

    /// The template of a stack.
    pub(super) fn template(&self, name: &str) -> Option<String> {
        self.state().stacks[name].template.clone()
    }

    /// What was asked for with each change set that stands or was executed.
    pub(super) fn requests(&self) -> Vec<ChangeSetRequest> {
        self.state().changes.values().map(|change| change.request.clone()).collect()
    }

    /// When CloudFormation was read, by account.
    pub(super) fn reads(&self) -> BTreeMap<AccountId, Vec<Instant>> {
        self.state().reads.clone()
    }

    fn read(state: &mut State, scope: &Scope) {
        state.reads.entry(scope.account.clone()).or_default().push(Instant::now());
    }

    /// The name of the stack with a name or an ARN.
    fn named(stack: &str) -> &str {
        stack.split_once(":stack/").map_or(stack, |(_, rest)| rest.split('/').next().unwrap_or_default())
    }

    /// Names of the stacks that stand.
    pub(super) fn names(&self) -> Vec<String> {
        self.state().stacks.keys().cloned().collect()
    }

    fn survives(&self, grants: &BTreeSet<Grant>) -> Vec<String> {
        let left = grants.iter().filter(|grant| self.survivors.contains(&grant.principal));
        left.map(|grant| format!("{} still holds SELECT on {}", grant.principal, grant.on)).collect()
    }

    pub(super) fn put_event(&self, name: &str, logical: &str, status: &str, reason: &str) {
        let mut state = self.state();
        state.serial += 1;
        let event = event(state.serial, logical, None, status, Some(reason));
        state.stacks.get_mut(name).unwrap().events.push(event);
    }

    /// Alters a change set as somebody else would.
    pub(super) fn alter(&self, arn: &str, alter: impl FnOnce(&mut ChangeSetRequest, &mut ChangeSetView)) {
        let mut state = self.state();
        let change = state.changes.get_mut(arn).unwrap();
        alter(&mut change.request, &mut change.view);
    }

    /// ARNs of the change sets that stand.
    pub(super) fn change_sets(&self) -> Vec<String> {
        let state = self.state();
        state.changes.iter().filter(|(_, change)| !change.executed).map(|(arn, _)| arn.clone()).collect()
    }

    /// All that stands: what two histories that come to the same have in common.
    pub(super) fn standing(&self) -> Vec<String> {
        let state = self.state();
        let stacks = state.stacks.iter().map(|(name, stack)| {
            let status = &stack.status;
            let template = stack.template.as_deref().map(|text| (text.len(), text.get(..400).unwrap_or(text)));
            let policy = stack.policy.as_deref().map(crate::mesh::fingerprint);
            format!("{name} in {}: {status} {template:?} {:?} {policy:?}", stack.account, stack.parameters)
        });
        let changes = state.changes.values().filter(|change| !change.executed);
        let changes = changes.map(|change| format!("change set of {}: {}", change.stack, change.request.name));
        let lock = |name: &str| name.ends_with(crate::deploy::lock::KEY);
        let objects = state.objects.iter().filter(|(name, _)| !lock(name));
        let objects = objects.map(|(name, object)| format!("{name}: {} bytes", object.content.len()));
        stacks.chain(changes).chain(objects).collect()
    }

    /// What a stack that is being worked on will come to.
    pub(super) fn put_end(&self, name: &str, after: Duration, status: StackStatus) {
        let mut state = self.state();
        state.stacks.get_mut(name).unwrap().agenda.push((Instant::now() + after, status, Vec::new()));
        state.active.insert(name.to_owned());
    }

    fn log_call(state: &mut State, scope: &Scope, operation: &str, what: &str) {
        assert!(!state.looking, "{operation} while only looking");
        state.log.push(format!("{operation} {what} {}/{:?}", scope.account, scope.access));
    }

    /// The answer to a request that came before with this token; another request with it is refused.
    fn repeated(state: &State, token: &str, request: &str) -> Result<Option<String>, CloudError> {
        match state.tokens.get(token) {
            None => Ok(None),
            Some((known, answer)) if known == request => Ok(Some(answer.clone())),
            Some(_) => Err(trouble(ErrorKind::AlreadyExists)),
        }
    }
}
