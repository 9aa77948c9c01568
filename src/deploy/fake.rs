//! A cloud in memory for the tests of the executor. What it imitates:
//!
//! - A change set of a stack that is not there makes a shell in `REVIEW_IN_PROGRESS`; computing one takes 200 ms.
//! - A change set with the template and parameters that stand fails with AWS's sentence; a failed one cannot be executed.
//! - An executed change set takes the stack's scripted time (2 s by default). Its resources come to their end half-way.
//! - A failing stack rolls back for one second more: `ROLLBACK_COMPLETE`, or `UPDATE_ROLLBACK_COMPLETE` with the old template.
//! - A deleted stack is gone by name after 500 ms and stays visible by ARN.
//! - A probe answers no until its scripted instant.
//! - Every call is counted; mutating ones are logged with their scope and token.

use super::cloud::*;
use crate::mesh::AccountId;
use crate::plan::diff::{ChangeSetAction, ChangeSetReplacement, ChangeSetResource};
use crate::plan::{Probe, Protection, StackStatus};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) takes: Duration,
    /// Resource and reason of a failure.
    pub(super) fails: Option<(String, String)>,
}

impl Default for Script {
    fn default() -> Self {
        Self { takes: Duration::from_secs(2), fails: None }
    }
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
}

struct Change {
    request: ChangeSetRequest,
    stack: String,
    ready_at: Instant,
    view: ChangeSetView,
}

#[derive(Default)]
struct State {
    stacks: BTreeMap<String, Stack>,
    gone: BTreeMap<String, Stack>,
    changes: BTreeMap<String, Change>,
    tokens: BTreeSet<String>,
    objects: BTreeMap<String, Vec<u8>>,
    log: Vec<String>,
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
        for stack in state.stacks.values_mut() {
            while stack.agenda.first().is_some_and(|(at, ..)| *at <= now) {
                let (_, status, events) = stack.agenda.remove(0);
                stack.status = status;
                stack.events.extend(events);
            }
        }
        let deleted: Vec<String> = state
            .stacks
            .iter()
            .filter(|(_, stack)| stack.status == StackStatus::DeleteComplete)
            .map(|(name, _)| name.clone())
            .collect();
        for name in deleted {
            let stack = state.stacks.remove(&name).unwrap();
            state.gone.insert(stack.arn.clone(), stack);
        }
        let busy: Vec<&AccountId> =
            state.stacks.values().filter(|stack| !stack.agenda.is_empty()).map(|stack| &stack.account).collect();
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
        };
        state.stacks.insert(name.to_owned(), stack);
        arn
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
        self.state().changes.keys().cloned().collect()
    }

    /// What a stack that is being worked on will come to.
    pub(super) fn put_end(&self, name: &str, after: Duration, status: StackStatus) {
        self.state().stacks.get_mut(name).unwrap().agenda.push((Instant::now() + after, status, Vec::new()));
    }

    fn log_call(state: &mut State, scope: &Scope, operation: &str, what: &str, token: &str) {
        assert!(token.is_empty() || state.tokens.insert(token.to_owned()), "token used twice: {operation} {what}");
        assert!(!state.looking, "{operation} while only looking");
        state.log.push(format!("{operation} {what} {}/{:?}", scope.account, scope.access));
    }
}

fn outputs(name: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("KeyArn".to_owned(), format!("{name}-key")), ("Y".to_owned(), format!("{name}-y"))])
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// CloudFormation answers `****` for a parameter with NoEcho.
fn shown_parameters(template: &Value, parameters: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let shown = |(name, value): (&String, &String)| {
        let hidden = template["Parameters"][name]["NoEcho"] == true;
        (name.clone(), if hidden { "****".to_owned() } else { value.clone() })
    };
    parameters.iter().map(shown).collect()
}

fn masked(stack: &Stack) -> BTreeMap<String, String> {
    shown_parameters(&stack.template.as_deref().map(parse).unwrap_or_default(), &stack.parameters)
}

/// What a change set says: a resource that differs is replaced, whatever its type.
fn changes(old: &Value, new: &Value) -> Vec<ChangeSetResource> {
    let resources = |side: &Value| side["Resources"].as_object().cloned().unwrap_or_default();
    let (old, new) = (resources(old), resources(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    changed
        .map(|name| {
            let (action, replacement) = match (old.contains_key(name), new.contains_key(name)) {
                (false, _) => (ChangeSetAction::Add, None),
                (true, true) => (ChangeSetAction::Modify, Some(ChangeSetReplacement::True)),
                (true, false) => (ChangeSetAction::Remove, None),
            };
            ChangeSetResource {
                logical_id: name.clone(),
                resource_type: "AWS::SNS::Topic".to_owned(),
                action,
                replacement,
                scope: Vec::new(),
                details: Vec::new(),
                policy_action: None,
            }
        })
        .collect()
}

impl Cloud for FakeCloud {
    async fn who_am_i(&self, scope: &Scope) -> Result<Identity, CloudError> {
        Ok(Identity { account: scope.account.to_string(), arn: "arn:fake".to_owned() })
    }

    async fn describe_stack(&self, scope: &Scope, stack: &str) -> Result<Option<StackView>, CloudError> {
        self.check(scope);
        let mut state = self.state();
        Self::troubled(&mut state, "DescribeStacks")?;
        let by_name = state.stacks.iter().find(|(name, found)| *name == stack || found.arn == stack);
        let found = by_name.map(|(name, found)| (name.clone(), found));
        let found = found.or_else(|| state.gone.get(stack).map(|found| (stack.to_owned(), found)));
        Ok(found.map(|(name, found)| StackView {
            arn: found.arn.clone(),
            status: found.status.clone(),
            reason: None,
            parameters: masked(found),
            outputs: outputs(&name),
            role_arn: None,
            termination_protection: Protection::Off,
        }))
    }

    async fn get_template(&self, scope: &Scope, stack: &str, change_set: Option<&str>) -> Result<String, CloudError> {
        self.check(scope);
        let state = self.state();
        if let Some(change_set) = change_set {
            let TemplateSource::Inline(template) = &state.changes[change_set].request.template else {
                panic!("staged")
            };
            return Ok(template.to_string());
        }
        Ok(state.stacks[stack].template.clone().unwrap_or_default())
    }

    async fn create_change_set(
        &self,
        scope: &Scope,
        request: &ChangeSetRequest,
    ) -> Result<ChangeSetHandle, CloudError> {
        if request.kind == ChangeKind::Create && !self.state().stacks.contains_key(&request.stack) {
            self.put(scope.account.as_str(), &request.stack, StackStatus::ReviewInProgress, None);
        }
        let mut state = self.state();
        Self::troubled(&mut state, "CreateChangeSet")?;
        Self::log_call(&mut state, scope, "CreateChangeSet", &request.stack, &request.token);
        let stands = |change: &Change| change.stack == request.stack && change.request.name == request.name;
        if state.changes.values().any(stands) {
            return Err(trouble(ErrorKind::AlreadyExists));
        }
        state.serial += 1;
        let start = format!("arn:aws:cloudformation:eu-west-1:{}:changeSet", scope.account);
        let arn = format!("{start}/{}/{}", request.name, state.serial);
        let template = match &request.template {
            TemplateSource::Inline(text) => text.to_string(),
            TemplateSource::Staged { bucket, key } => {
                String::from_utf8(state.objects[&format!("{bucket}/{key}")].clone()).unwrap()
            }
        };
        let stack = state.stacks.get_mut(&request.stack).unwrap();
        assert_eq!(
            request.kind == ChangeKind::Create,
            stack.status == StackStatus::ReviewInProgress,
            "{}",
            request.stack
        );
        let mut given = request.parameters.clone();
        for name in &request.previous {
            given.insert(name.clone(), stack.parameters[name].clone());
        }
        let same = stack.template.as_deref().map(parse) == Some(parse(&template)) && stack.parameters == given;
        let stack_arn = stack.arn.clone();
        stack.change_sets.push(request.name.clone());
        let shown = shown_parameters(&parse(&template), &given);
        let mut view = ChangeSetView {
            handle: ChangeSetHandle { arn: arn.clone(), stack_arn: stack_arn.clone() },
            name: request.name.clone(),
            state: ChangeSetState::Ready,
            reason: None,
            parameters: shown.into_iter().map(|(name, value)| (name, Some(value))).collect(),
            resources: Vec::new(),
        };
        if same {
            let reason = "The submitted information didn't contain changes. Submit different information to create a change set.";
            view = ChangeSetView { state: ChangeSetState::Failed, reason: Some(reason.to_owned()), ..view };
        } else {
            view.resources = changes(&parse(stack.template.as_deref().unwrap_or("{}")), &parse(&template));
        }
        let request = ChangeSetRequest {
            template: TemplateSource::Inline(template.into()),
            parameters: given,
            ..request.clone()
        };
        let ready_at = Instant::now() + Duration::from_millis(200);
        state.changes.insert(arn.clone(), Change { stack: request.stack.clone(), request, ready_at, view });
        Ok(ChangeSetHandle { arn, stack_arn })
    }

    async fn describe_change_set(&self, _: &Scope, change_set: &ChangeSetHandle) -> Result<ChangeSetView, CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "DescribeChangeSet")?;
        let stack = &change_set.stack_arn;
        let found = state.changes.get(&change_set.arn).or_else(|| {
            let named = |change: &&Change| change.stack == *stack && change.request.name == change_set.arn;
            state.changes.values().find(named)
        });
        let Some(change) = found else { return Err(trouble(ErrorKind::NotFound)) };
        if Instant::now() < change.ready_at {
            return Ok(ChangeSetView { state: ChangeSetState::Pending, resources: Vec::new(), ..change.view.clone() });
        }
        Ok(change.view.clone())
    }

    async fn list_stacks(&self, scope: &Scope, prefix: &str) -> Result<Vec<String>, CloudError> {
        self.check(scope);
        let state = self.state();
        let of_account = |arn: &str| arn.contains(scope.account.as_str());
        let standing = state.stacks.iter().filter(|(name, stack)| name.starts_with(prefix) && of_account(&stack.arn));
        Ok(standing.map(|(name, _)| name.clone()).collect())
    }

    async fn list_change_sets(&self, _: &Scope, stack: &str) -> Result<Vec<String>, CloudError> {
        Ok(self.state().stacks[stack].change_sets.clone())
    }

    async fn execute_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
        token: &str,
    ) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "ExecuteChangeSet")?;
        let change = state.changes.remove(&change_set.arn).unwrap();
        assert_eq!(change.view.state, ChangeSetState::Ready);
        // the others of the stack are of no use any more, and CloudFormation deletes them
        state.changes.retain(|_, other| other.stack != change.stack);
        Self::log_call(&mut state, scope, "ExecuteChangeSet", &change.stack, token);
        let script = self.scripts.get(&change.stack).cloned().unwrap_or_default();
        let TemplateSource::Inline(template) = &change.request.template else { panic!("staged") };
        let (verb, creating) = match change.request.kind {
            ChangeKind::Create => ("CREATE", true),
            ChangeKind::Update => ("UPDATE", false),
        };
        let mut serial = state.serial;
        let mut next = |logical: &str, physical: Option<&str>, status: String, reason: Option<&str>| {
            serial += 1;
            event(serial, logical, physical, &status, reason)
        };
        let name = change.stack.clone();
        let stack = state.stacks.get_mut(&name).unwrap();
        let arn = stack.arn.clone();
        let (now, half, end) = (Instant::now(), script.takes / 2, script.takes);
        stack.events.push(next(&name, Some(&arn), format!("{verb}_IN_PROGRESS"), Some("User Initiated")));
        stack.status = StackStatus::from(format!("{verb}_IN_PROGRESS"));
        let going = stack.status.clone();
        if let Some((resource, reason)) = &script.fails {
            let failed = vec![
                next("Bystander", None, format!("{verb}_FAILED"), Some("Resource creation cancelled")),
                next(resource, None, format!("{verb}_FAILED"), Some(reason)),
            ];
            let rolling = if creating { "ROLLBACK_IN_PROGRESS" } else { "UPDATE_ROLLBACK_IN_PROGRESS" };
            let rolled = if creating { "ROLLBACK_COMPLETE" } else { "UPDATE_ROLLBACK_COMPLETE" };
            let back = vec![next(&name, Some(&arn), rolled.to_owned(), None)];
            stack.agenda = vec![
                (now + end, StackStatus::from(rolling), failed),
                (now + end + Duration::from_secs(1), StackStatus::from(rolled), back),
            ];
        } else {
            let resources: Vec<StackEvent> = parse(template)["Resources"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(logical, _)| next(logical, None, format!("{verb}_COMPLETE"), None))
                .collect();
            let last = vec![next(&name, Some(&arn), format!("{verb}_COMPLETE"), None)];
            stack.agenda =
                vec![(now + half, going, resources), (now + end, StackStatus::from(format!("{verb}_COMPLETE")), last)];
            stack.template = Some(template.to_string());
            stack.parameters = change.request.parameters.clone();
        }
        state.serial = serial;
        drop(state);
        // count what is busy now
        drop(self.state());
        Ok(())
    }

    async fn delete_change_set(&self, scope: &Scope, change_set: &ChangeSetHandle) -> Result<(), CloudError> {
        let mut state = self.state();
        if let Some(change) = state.changes.remove(&change_set.arn) {
            Self::log_call(&mut state, scope, "DeleteChangeSet", &change.stack, "");
        }
        Ok(())
    }

    async fn delete_stack(&self, scope: &Scope, stack_arn: &str, token: &str) -> Result<(), CloudError> {
        let mut state = self.state();
        let name = state.stacks.iter().find(|(_, stack)| stack.arn == stack_arn).map(|(name, _)| name.clone()).unwrap();
        Self::log_call(&mut state, scope, "DeleteStack", &name, token);
        let stack = state.stacks.get_mut(&name).unwrap();
        stack.status = StackStatus::DeleteInProgress;
        stack.agenda = vec![(Instant::now() + Duration::from_millis(500), StackStatus::DeleteComplete, Vec::new())];
        Ok(())
    }

    async fn stack_events(&self, _: &Scope, stack_arn: &str, from: &EventsFrom) -> Result<Vec<StackEvent>, CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "DescribeStackEvents")?;
        let stack = state.stacks.values().find(|stack| stack.arn == stack_arn).unwrap();
        Ok(match from {
            EventsFrom::Newest => stack.events.last().cloned().into_iter().collect(),
            EventsFrom::After(None) => stack.events.clone(),
            EventsFrom::After(Some(id)) => {
                let at = stack.events.iter().position(|event| event.id == *id).unwrap();
                stack.events[at + 1..].to_vec()
            }
        })
    }

    async fn upload(&self, scope: &Scope, bucket: &str, key: &str, content: &[u8]) -> Result<Upload, CloudError> {
        let mut state = self.state();
        let place = format!("{bucket}/{key}");
        if state.objects.get(&place).is_some_and(|standing| standing.len() == content.len()) {
            return Ok(Upload::Stood);
        }
        Self::log_call(&mut state, scope, "PutObject", &place, "");
        state.objects.insert(place, content.to_vec());
        Ok(Upload::Stored)
    }

    async fn probe(&self, probe: &Probe, access: Access) -> Result<ProbeAnswer, CloudError> {
        assert_eq!(access, Access::Plan);
        Self::troubled(&mut self.state(), "Probe")?;
        let after = self.probes_after.get(&probe.to_string()).copied().unwrap_or_default();
        if self.born.is_some_and(|born| born.elapsed() >= after) {
            Ok(ProbeAnswer::Yes)
        } else {
            Ok(ProbeAnswer::No(vec!["not there".to_owned()]))
        }
    }
}
