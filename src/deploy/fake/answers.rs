//! What the cloud in memory answers.

use super::{Change, CheckedAt, FakeCloud, Script, Stack, State, Stored, event, trouble};
use crate::deploy::cloud::*;
use crate::mesh::fingerprint;
use crate::plan::diff::{ChangeSetAction, ChangeSetReplacement, ChangeSetResource};
use crate::plan::{Probe, Protection, StackStatus, Way};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

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
    // polls ask for this often, and most templates have no secret
    if !stack.template.as_deref().is_some_and(|template| template.contains("NoEcho")) {
        return stack.parameters.clone();
    }
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
            let kind = |side: &serde_json::Map<String, Value>| side.get(name)?["Type"].as_str().map(str::to_owned);
            ChangeSetResource {
                logical_id: name.clone(),
                resource_type: kind(&new).or_else(|| kind(&old)).unwrap_or_else(|| "AWS::SNS::Topic".to_owned()),
                action,
                replacement,
                scope: Vec::new(),
                details: Vec::new(),
                policy_action: None,
            }
        })
        .collect()
}

/// The first change that a policy denies, with CloudFormation's sentence. Of policies only what ours say is understood: types that
/// are neither replaced nor removed.
fn denied(policy: &str, changes: &[ChangeSetResource]) -> Option<(String, String)> {
    let policy = parse(policy);
    let denies = |kind: &str| {
        let statements = policy["Statement"].as_array().into_iter().flatten();
        statements.filter(|one| one["Effect"] == "Deny").any(|one| {
            let types = one["Condition"]["StringEquals"]["ResourceType"].as_array();
            types.is_none_or(|types| types.iter().any(|found| found == kind))
        })
    };
    let goes = |change: &&ChangeSetResource| {
        change.action == ChangeSetAction::Remove || change.replacement == Some(ChangeSetReplacement::True)
    };
    let change = changes.iter().filter(goes).find(|change| denies(&change.resource_type))?;
    let id = &change.logical_id;
    Some((
        id.clone(),
        format!(
            "Action denied by stack policy: Statement [#1] does not allow [Update:Replace] for resource [LogicalResourceId/{id}]"
        ),
    ))
}

impl FakeCloud {
    fn outputs(&self, name: &str, parameters: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let turn = parameters.get("Turn").cloned().unwrap_or_default();
        self.said.get(&(name.to_owned(), turn)).cloned().unwrap_or_else(|| outputs(name))
    }

    /// The checks of a stack that fail then: resource and reason.
    fn checks_at(&self, at: CheckedAt, name: &str) -> impl Iterator<Item = &(String, String)> {
        let checks = self.checks.get(name).filter(|(when, _)| *when == at);
        checks.into_iter().flat_map(|(_, found)| found)
    }

    /// A rollback that ends after a second.
    fn back(stack: &mut Stack, name: &str, token: &str, going: &str, end: StackStatus) {
        let arn = stack.arn.clone();
        let of = |status: &str| StackEvent {
            id: format!("{token}-{status}"),
            token: Some(token.to_owned()),
            ..event(0, name, Some(&arn), status, None)
        };
        let mut last = Vec::new();
        for (resource, reason) in &stack.blocked {
            let id = format!("{token}-{resource}");
            let token = Some(token.to_owned());
            last.push(StackEvent { id, token, ..event(0, resource, None, "UPDATE_FAILED", Some(reason)) });
        }
        last.push(of(end.as_str()));
        stack.events.push(of(going));
        stack.status = StackStatus::from(going);
        stack.agenda = vec![(Instant::now() + Duration::from_secs(1), end, last)];
    }

    fn store(state: &mut State, place: String, content: &[u8]) -> String {
        let etag = fingerprint(&String::from_utf8_lossy(content));
        state.objects.insert(place, Stored { content: content.to_vec(), etag: etag.clone(), at: Instant::now() });
        etag
    }
}

impl Cloud for FakeCloud {
    async fn who_am_i(&self, scope: &Scope) -> Result<Identity, CloudError> {
        Ok(Identity { account: scope.account.to_string(), arn: "arn:fake".to_owned() })
    }

    async fn describe_stack(&self, scope: &Scope, stack: &str) -> Result<Option<StackView>, CloudError> {
        self.check(scope);
        let mut state = self.state();
        Self::troubled(&mut state, "DescribeStacks")?;
        Self::read(&mut state, scope);
        let name = Self::named(stack);
        let by_name = state.stacks.get(name).filter(|found| name == stack || found.arn == stack);
        let found = by_name.map(|found| (name.to_owned(), found));
        let found = found.or_else(|| state.gone.get(stack).map(|found| (stack.to_owned(), found)));
        Ok(found.map(|(name, found)| StackView {
            arn: found.arn.clone(),
            status: found.status.clone(),
            reason: None,
            parameters: masked(found),
            outputs: self.outputs(&name, &found.parameters),
            role_arn: None,
            termination_protection: found.protection,
        }))
    }

    async fn get_template(&self, scope: &Scope, stack: &str, change_set: Option<&str>) -> Result<String, CloudError> {
        self.check(scope);
        let mut state = self.state();
        Self::troubled(&mut state, "GetTemplate")?;
        if let Some(change_set) = change_set {
            let TemplateSource::Inline(template) = &state.changes[change_set].request.template else {
                panic!("staged")
            };
            return Ok(template.to_string());
        }
        Ok(state.stacks[stack].template.clone().unwrap_or_else(|| "{}".to_owned()))
    }

    async fn create_change_set(
        &self,
        scope: &Scope,
        request: &ChangeSetRequest,
    ) -> Result<ChangeSetHandle, CloudError> {
        Self::troubled(&mut self.state(), "CreateChangeSet")?;
        let asked = format!("CreateChangeSet {} {}", request.stack, request.name);
        let repeated = Self::repeated(&self.state(), &request.token, &asked)?;
        if let Some(arn) = repeated {
            return Ok(self.state().changes[&arn].view.handle.clone());
        }
        if request.kind == ChangeKind::Create && !self.state().stacks.contains_key(&request.stack) {
            self.put(scope.account.as_str(), &request.stack, StackStatus::ReviewInProgress, None);
        }
        let mut state = self.state();
        Self::log_call(&mut state, scope, "CreateChangeSet", &request.stack);
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
                String::from_utf8(state.objects[&format!("{bucket}/{key}")].content.clone()).unwrap()
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
        } else if self.checks_at(CheckedAt::ChangeSet, &request.stack).next().is_some() {
            let reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]";
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
        state.tokens.insert(request.token.clone(), (asked, arn.clone()));
        let stack = request.stack.clone();
        state.changes.insert(arn.clone(), Change { stack, request, ready_at, view, executed: false });
        Ok(ChangeSetHandle { arn, stack_arn })
    }

    async fn describe_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
    ) -> Result<ChangeSetView, CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "DescribeChangeSet")?;
        Self::read(&mut state, scope);
        let stack = &change_set.stack_arn;
        let found = state.changes.get(&change_set.arn).or_else(|| {
            let of_stack = |change: &Change| change.stack == *stack || change.view.handle.stack_arn == *stack;
            let named = |change: &&Change| of_stack(change) && change.request.name == change_set.arn;
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
        let state = self.state();
        let stack = &state.stacks[stack];
        let named = |change: &Change| change.view.handle.stack_arn == stack.arn;
        let standing = state.changes.values().filter(|change| named(change)).map(|change| change.request.name.clone());
        // a shell that a test put there names what it says it holds
        Ok(if stack.status == StackStatus::ReviewInProgress { stack.change_sets.clone() } else { standing.collect() })
    }

    async fn execute_change_set(
        &self,
        scope: &Scope,
        change_set: &ChangeSetHandle,
        token: &str,
    ) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "ExecuteChangeSet")?;
        let asked = format!("ExecuteChangeSet {}", change_set.arn);
        if Self::repeated(&state, token, &asked)?.is_some() {
            return Ok(());
        }
        let Some(change) = state.changes.get(&change_set.arn) else { return Err(trouble(ErrorKind::NotFound)) };
        let busy = !state.stacks[&change.stack].agenda.is_empty();
        if change.view.state != ChangeSetState::Ready || busy {
            return Err(trouble(ErrorKind::InProgress));
        }
        let change = change.clone();
        // the others of the stack are of no use any more, and CloudFormation deletes them
        state.changes.retain(|arn, other| other.stack != change.stack || *arn == change_set.arn);
        if let Some(executed) = state.changes.get_mut(&change_set.arn) {
            (executed.executed, executed.view.state) = (true, ChangeSetState::Spent);
        }
        state.tokens.insert(token.to_owned(), (asked, String::new()));
        Self::log_call(&mut state, scope, "ExecuteChangeSet", &change.stack);
        let mut script = self.scripts.get(&change.stack).cloned().unwrap_or_default();
        if let (ChangeKind::Update, Some(policy)) = (change.request.kind, &state.stacks[&change.stack].policy)
            && let Some(denial) = denied(policy, &change.view.resources)
        {
            script = Script { fails: Some(denial), times: usize::MAX, ..script };
        }
        let TemplateSource::Inline(template) = &change.request.template else { panic!("staged") };
        let (verb, creating) = match change.request.kind {
            ChangeKind::Create => ("CREATE", true),
            ChangeKind::Update => ("UPDATE", false),
        };
        let before = state.failed.entry(change.stack.clone()).or_default();
        let fails = script.fails.is_some() && *before < script.times;
        *before += usize::from(fails);
        let mut serial = state.serial;
        let mut next = |logical: &str, physical: Option<&str>, status: String, reason: Option<&str>| {
            serial += 1;
            StackEvent { token: Some(token.to_owned()), ..event(serial, logical, physical, &status, reason) }
        };
        let name = change.stack.clone();
        let stack = state.stacks.get_mut(&name).unwrap();
        let arn = stack.arn.clone();
        let (now, half, end) = (Instant::now(), script.takes / 2, script.takes);
        stack.events.push(next(&name, Some(&arn), format!("{verb}_IN_PROGRESS"), Some("User Initiated")));
        stack.status = StackStatus::from(format!("{verb}_IN_PROGRESS"));
        let going = stack.status.clone();
        let rolling = if creating { "ROLLBACK_IN_PROGRESS" } else { "UPDATE_ROLLBACK_IN_PROGRESS" };
        let rolled = if creating { "ROLLBACK_COMPLETE" } else { "UPDATE_ROLLBACK_COMPLETE" };
        let checked = self.checks_at(CheckedAt::Operation, &name).count();
        if checked > 0 {
            let reason = format!("Validation failed with {checked} error(s). Call DescribeEvents to see them.");
            let going = vec![next(&name, Some(&arn), rolling.to_owned(), Some(&reason))];
            let back = vec![next(&name, Some(&arn), rolled.to_owned(), None)];
            stack.agenda =
                vec![(now + half, StackStatus::from(rolling), going), (now + end, StackStatus::from(rolled), back)];
        } else if let Some((resource, reason)) = script.fails.as_ref().filter(|_| fails) {
            let failed = vec![
                next("Bystander", None, format!("{verb}_FAILED"), Some("Resource creation cancelled")),
                next(resource, None, format!("{verb}_FAILED"), Some(reason)),
            ];
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
            let mut last = Vec::new();
            if let Some((resource, reason)) = self.clinging.get(&name).filter(|_| !creating) {
                last.push(next(resource, Some("clinging"), "DELETE_FAILED".to_owned(), Some(reason)));
            }
            last.push(next(&name, Some(&arn), format!("{verb}_COMPLETE"), None));
            stack.agenda =
                vec![(now + half, going, resources), (now + end, StackStatus::from(format!("{verb}_COMPLETE")), last)];
            stack.template = Some(template.to_string());
            stack.parameters = change.request.parameters.clone();
        }
        state.serial = serial;
        state.active.insert(name);
        drop(state);
        // count what is busy now
        drop(self.state());
        Ok(())
    }

    async fn delete_change_set(&self, scope: &Scope, change_set: &ChangeSetHandle) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "DeleteChangeSet")?;
        if let Some(change) = state.changes.remove(&change_set.arn) {
            Self::log_call(&mut state, scope, "DeleteChangeSet", &change.stack);
        }
        Ok(())
    }

    async fn delete_stack(
        &self,
        scope: &Scope,
        stack_arn: &str,
        retain: &BTreeSet<String>,
        token: &str,
    ) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "DeleteStack")?;
        let asked = format!("DeleteStack {stack_arn} {retain:?}");
        if Self::repeated(&state, token, &asked)?.is_some() {
            return Ok(());
        }
        let found = state.stacks.iter().find(|(_, stack)| stack.arn == stack_arn);
        // deleting what is gone is no error (API reference, DeleteStack)
        let Some(name) = found.map(|(name, _)| name.clone()) else { return Ok(()) };
        let failed = state.stacks[&name].status == StackStatus::DeleteFailed;
        if state.stacks[&name].protection == Protection::On || (!retain.is_empty() && !failed) {
            return Err(trouble(ErrorKind::Other));
        }
        state.tokens.insert(token.to_owned(), (asked, String::new()));
        Self::log_call(&mut state, scope, "DeleteStack", &name);
        state.changes.retain(|_, change| change.view.handle.stack_arn != stack_arn);
        let stack = state.stacks.get_mut(&name).unwrap();
        stack.status = StackStatus::DeleteInProgress;
        let after = Instant::now() + Duration::from_millis(500);
        let stubborn = self.stubborn.get(&name).filter(|(resource, _)| !retain.contains(resource));
        let (end, events) = match stubborn {
            None => (StackStatus::DeleteComplete, Vec::new()),
            Some((resource, reason)) => {
                let of = |number: &str, logical: &str, physical: Option<&str>, reason: Option<&str>| StackEvent {
                    id: format!("{token}-{number}"),
                    token: Some(token.to_owned()),
                    ..event(0, logical, physical, "DELETE_FAILED", reason)
                };
                let own = of("2", &name, Some(stack_arn), None);
                (StackStatus::DeleteFailed, vec![of("1", resource, None, Some(reason)), own])
            }
        };
        stack.agenda = vec![(after, end, events)];
        state.active.insert(name);
        Ok(())
    }

    async fn continue_rollback(
        &self,
        scope: &Scope,
        stack_arn: &str,
        way: &Way,
        token: &str,
    ) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "ContinueUpdateRollback")?;
        let asked = format!("ContinueUpdateRollback {stack_arn}");
        if Self::repeated(&state, token, &asked)?.is_some() {
            return Ok(());
        }
        let found = state.stacks.iter().find(|(_, stack)| stack.arn == stack_arn);
        let Some(name) = found.map(|(name, _)| name.clone()) else { return Err(trouble(ErrorKind::NotFound)) };
        let stack = state.stacks.get_mut(&name).unwrap();
        if stack.status != StackStatus::UpdateRollbackFailed {
            return Err(trouble(ErrorKind::Other));
        }
        match way {
            Way::Plain => {}
            Way::Skip { resources } if resources.iter().any(|one| !stack.blocked.contains_key(one)) => {
                return Err(trouble(ErrorKind::Other));
            }
            Way::Skip { resources } => stack.blocked.retain(|one, _| !resources.contains(one)),
            Way::Force => stack.blocked.clear(),
        }
        let end = match stack.blocked.is_empty() {
            true => StackStatus::UpdateRollbackComplete,
            false => StackStatus::UpdateRollbackFailed,
        };
        Self::back(stack, &name, token, "UPDATE_ROLLBACK_IN_PROGRESS", end);
        state.tokens.insert(token.to_owned(), (asked, String::new()));
        Self::log_call(&mut state, scope, "ContinueUpdateRollback", &name);
        state.active.insert(name);
        Ok(())
    }

    async fn roll_back(&self, scope: &Scope, stack_arn: &str, token: &str) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "RollbackStack")?;
        let asked = format!("RollbackStack {stack_arn}");
        if Self::repeated(&state, token, &asked)?.is_some() {
            return Ok(());
        }
        let found = state.stacks.iter().find(|(_, stack)| stack.arn == stack_arn);
        let Some(name) = found.map(|(name, _)| name.clone()) else { return Err(trouble(ErrorKind::NotFound)) };
        let stack = state.stacks.get_mut(&name).unwrap();
        if stack.status != StackStatus::UpdateFailed {
            return Err(trouble(ErrorKind::Other));
        }
        Self::back(stack, &name, token, "UPDATE_ROLLBACK_IN_PROGRESS", StackStatus::UpdateRollbackComplete);
        state.tokens.insert(token.to_owned(), (asked, String::new()));
        Self::log_call(&mut state, scope, "RollbackStack", &name);
        state.active.insert(name);
        Ok(())
    }

    async fn protect(&self, scope: &Scope, stack_arn: &str, protection: Protection) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "UpdateTerminationProtection")?;
        let found = state.stacks.iter().find(|(_, stack)| stack.arn == stack_arn);
        let Some(name) = found.map(|(name, _)| name.clone()) else { return Err(trouble(ErrorKind::NotFound)) };
        if std::mem::replace(&mut state.stacks.get_mut(&name).unwrap().protection, protection) != protection {
            Self::log_call(&mut state, scope, "UpdateTerminationProtection", &name);
        }
        Ok(())
    }

    async fn stack_policy(&self, scope: &Scope, stack_arn: &str) -> Result<Option<String>, CloudError> {
        self.check(scope);
        let mut state = self.state();
        Self::troubled(&mut state, "GetStackPolicy")?;
        Self::read(&mut state, scope);
        let found = state.stacks.values().find(|stack| stack.arn == stack_arn);
        found.map(|stack| stack.policy.clone()).ok_or_else(|| trouble(ErrorKind::NotFound))
    }

    async fn set_stack_policy(&self, scope: &Scope, stack_arn: &str, policy: &str) -> Result<(), CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "SetStackPolicy")?;
        let found = state.stacks.iter().find(|(_, stack)| stack.arn == stack_arn);
        let Some(name) = found.map(|(name, _)| name.clone()) else { return Err(trouble(ErrorKind::NotFound)) };
        let stands = state.stacks.get_mut(&name).unwrap().policy.replace(policy.to_owned());
        if stands.as_deref() != Some(policy) {
            Self::log_call(&mut state, scope, "SetStackPolicy", &name);
        }
        Ok(())
    }

    async fn stack_resources(&self, scope: &Scope, stack_arn: &str) -> Result<Vec<StackResource>, CloudError> {
        self.check(scope);
        let state = self.state();
        let stack = state.stacks.values().find(|stack| stack.arn == stack_arn).unwrap();
        let of = |logical_id: &str, status: &str, reason: &str| StackResource {
            logical_id: logical_id.to_owned(),
            resource_type: "AWS::SNS::Topic".to_owned(),
            status: status.to_owned(),
            reason: Some(reason.to_owned()),
        };
        if stack.status == StackStatus::DeleteFailed {
            let name = Self::named(stack_arn);
            let stubborn = self.stubborn.get(name).map(|(logical_id, reason)| of(logical_id, "DELETE_FAILED", reason));
            return Ok(stubborn.into_iter().chain([of("Gone", "DELETE_COMPLETE", "")]).collect());
        }
        let blocked = stack.blocked.iter().map(|(logical_id, reason)| of(logical_id, "UPDATE_FAILED", reason));
        let others = [of("Fine", "UPDATE_COMPLETE", ""), of("Stopped", "UPDATE_FAILED", "Resource update cancelled")];
        Ok(blocked.chain(others).collect())
    }

    async fn stack_events(
        &self,
        scope: &Scope,
        stack_arn: &str,
        from: &EventsFrom,
    ) -> Result<Vec<StackEvent>, CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "DescribeStackEvents")?;
        Self::read(&mut state, scope);
        let standing = state.stacks.get(Self::named(stack_arn)).filter(|stack| stack.arn == stack_arn);
        let Some(stack) = standing.or_else(|| state.gone.get(stack_arn)) else {
            return Err(trouble(ErrorKind::NotFound));
        };
        Ok(match from {
            EventsFrom::Newest => stack.events.last().cloned().into_iter().collect(),
            EventsFrom::After(None) => stack.events.clone(),
            EventsFrom::After(Some(id)) => {
                let at = stack.events.iter().position(|event| event.id == *id).unwrap();
                stack.events[at + 1..].to_vec()
            }
        })
    }

    async fn failed_checks(
        &self,
        _: &Scope,
        stack_arn: &str,
        change_set: Option<&str>,
    ) -> Result<Vec<StackEvent>, CloudError> {
        Self::troubled(&mut self.state(), "DescribeEvents")?;
        let at = if change_set.is_some() { CheckedAt::ChangeSet } else { CheckedAt::Operation };
        let found = self.checks_at(at, Self::named(stack_arn));
        Ok(found.map(|(resource, reason)| event(0, resource, None, "VALIDATION_FAILED", Some(reason))).collect())
    }

    async fn upload(&self, scope: &Scope, bucket: &str, key: &str, content: &[u8]) -> Result<Upload, CloudError> {
        let mut state = self.state();
        let place = format!("{bucket}/{key}");
        if state.objects.get(&place).is_some_and(|standing| standing.content.len() == content.len()) {
            return Ok(Upload::Stood);
        }
        Self::log_call(&mut state, scope, "PutObject", &place);
        Self::store(&mut state, place, content);
        Ok(Upload::Stored)
    }

    async fn read_object(&self, _: &Scope, bucket: &str, key: &str) -> Result<Option<Object>, CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "GetObject")?;
        Ok(state.objects.get(&format!("{bucket}/{key}")).map(|found| Object {
            content: found.content.clone(),
            etag: found.etag.clone(),
            age: Some(found.at.elapsed()),
        }))
    }

    async fn write_object(
        &self,
        scope: &Scope,
        bucket: &str,
        key: &str,
        content: &[u8],
        expected: &Expected,
    ) -> Result<Written, CloudError> {
        let mut state = self.state();
        Self::troubled(&mut state, "PutObject")?;
        let place = format!("{bucket}/{key}");
        let stands = state.objects.get(&place).map(|found| found.etag.clone());
        let fits = match expected {
            Expected::Nothing => stands.is_none(),
            Expected::Etag(etag) => stands.as_ref() == Some(etag),
        };
        if !fits {
            return Ok(Written::Moved);
        }
        assert_ne!(scope.access, Access::Plan);
        Ok(Written::Stored { etag: Self::store(&mut state, place, content) })
    }

    async fn probe(&self, probe: &Probe, access: Access) -> Result<ProbeAnswer, CloudError> {
        assert_eq!(access, Access::Plan);
        Self::troubled(&mut self.state(), "Probe")?;
        if let Probe::Gone { grants, .. } = probe {
            let left = self.survives(grants);
            return Ok(if left.is_empty() { ProbeAnswer::Yes } else { ProbeAnswer::No(left) });
        }
        let after = self.probes_after.get(&probe.to_string()).copied().unwrap_or_default();
        if self.born.is_some_and(|born| born.elapsed() >= after) {
            Ok(ProbeAnswer::Yes)
        } else {
            Ok(ProbeAnswer::No(vec!["not there".to_owned()]))
        }
    }
}
