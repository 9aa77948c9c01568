//! The work on one stack, from its decision to the values read back after it.

use super::cloud::{
    Access, ChangeKind, ChangeSetHandle, ChangeSetRequest, ChangeSetState, Cloud, CloudError, EventsFrom, INLINE_LIMIT,
    ProbeAnswer, Scope, StackEvent, StackView, TemplateSource,
};
use super::events::Event;
use super::observe::observed;
use super::outcome::{Failure, causes};
use super::settings::Settings;
use crate::mesh::fingerprint;
use crate::plan::{CHANGE_SET_PREFIX, Decision, Pass, Phase, Probe, StackStatus, Step, redecide};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};

/// After that many looks at a stack, a final status counts although no event of it was seen, and a shell that does not leave
/// `REVIEW_IN_PROGRESS` counts as never started. Reads right after an execution may be stale (aws-cdk #19623).
const STALE_LOOKS: usize = 20;

/// How often a decision may be taken again after waiting for others: an account where operations never end is for people.
const ROUNDS: usize = 4;

/// What the work on one stack needs.
pub(super) struct Work<C> {
    pub(super) cloud: Arc<C>,
    pub(super) settings: Arc<Settings>,
    pub(super) events: UnboundedSender<Event>,
    pub(super) pass: Pass,
    pub(super) step: Step,
    /// All values, also those that other steps made.
    pub(super) parameters: BTreeMap<String, String>,
}

/// How the work on a stack ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Created,
    Updated,
    Unchanged,
}

/// What a stack leaves to those that need it.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) how: How,
    pub(super) outputs: BTreeMap<String, String>,
}

impl<C: Cloud> Work<C> {
    /// Carries the step out.
    pub(super) async fn run(self) -> Result<Done, Box<Failure>> {
        let mut decision = self.step.decision.clone();
        for _ in 0..ROUNDS {
            self.send(Event::StepStarted { stack: self.step.id.clone(), decision: decision.clone() });
            match decision {
                Decision::Create => return self.change(ChangeKind::Create).await,
                Decision::Update => return self.change(ChangeKind::Update).await,
                Decision::Keep => return self.kept().await,
                Decision::Refuse { reason, advice } => {
                    return Err(Box::new(Failure { hints: vec![advice], ..self.failure(reason) }));
                }
                Decision::DeleteShellThenCreate => {
                    self.remove().await?;
                    return self.change(ChangeKind::Create).await;
                }
                Decision::DeleteThenCreate => {
                    self.tell_earlier_failure().await?;
                    self.remove().await?;
                    return self.change(ChangeKind::Create).await;
                }
                Decision::Wait => {
                    self.wait_for_others().await?;
                    let stands = observed(&*self.cloud, &self.reading(), self.step.id.name()).await;
                    let stands = stands.map_err(|error| self.call("look at it again", &error))?;
                    decision = redecide(&self.step, &self.parameters, &stands);
                }
            }
        }
        Err(Box::new(self.failure("was busy with other operations again and again".to_owned())))
    }

    /// Reads go as the plan role, changes as the deploy role; a bootstrap does both as the administrator.
    fn scope(&self, access: Access) -> Scope {
        let access = match self.pass {
            Pass::Mesh => access,
            Pass::Bootstrap => Access::Administrator,
        };
        Scope { account: self.step.account.clone(), region: self.step.region.clone(), access }
    }

    fn reading(&self) -> Scope {
        self.scope(Access::Plan)
    }

    fn changing(&self) -> Scope {
        self.scope(Access::Deploy)
    }

    fn send(&self, event: Event) {
        // nobody listens any more only when the run is being left
        let _ = self.events.send(event);
    }

    fn failure(&self, message: String) -> Failure {
        Failure::plain(&self.step.id, &self.step.account, message)
    }

    fn call(&self, doing: &str, error: &CloudError) -> Box<Failure> {
        Box::new(Failure::of_call(&self.step.id, &self.step.account, doing, error))
    }

    /// One token for one call of one run: a repeated request is the same request, and no other call has it.
    fn token(&self, call: &str) -> String {
        format!("{call}-{}", fingerprint(&format!("{} {} {call}", self.settings.run, self.step.id)))
    }

    async fn kept(&self) -> Result<Done, Box<Failure>> {
        let view = self.cloud.describe_stack(&self.reading(), self.step.id.name()).await;
        let view = view.map_err(|error| self.call("read its outputs", &error))?;
        let view = view.ok_or_else(|| Box::new(self.failure("has vanished while it was looked at".to_owned())))?;
        Ok(Done { how: How::Unchanged, outputs: view.outputs })
    }

    async fn change(&self, kind: ChangeKind) -> Result<Done, Box<Failure>> {
        let request = ChangeSetRequest {
            stack: self.step.id.name().to_owned(),
            kind,
            name: format!("{CHANGE_SET_PREFIX}{}", self.settings.run),
            template: self.staged().await?,
            parameters: self.parameters.clone(),
            capabilities: self.step.capabilities.clone(),
            token: self.token("change"),
        };
        let change_set = self.cloud.create_change_set(&self.changing(), &request).await;
        let change_set = change_set.map_err(|error| self.call("make a change set", &error))?;
        let view = self.computed(&change_set).await?;
        match view.state {
            ChangeSetState::Ready => {}
            ChangeSetState::Failed if view.is_without_changes() => {
                self.discard(&change_set).await;
                return self.kept().await;
            }
            ChangeSetState::Failed | ChangeSetState::Pending => {
                self.discard(&change_set).await;
                if kind == ChangeKind::Create {
                    // a failed change set leaves an empty shell of ours, which counts against the quota of stacks
                    let token = self.token("shell");
                    let _ = self.cloud.delete_stack(&self.changing(), &change_set.stack_arn, &token).await;
                }
                let reason = view.reason.unwrap_or_else(|| "CloudFormation gave no reason".to_owned());
                return Err(Box::new(self.failure(format!("cannot be changed as planned: {reason}"))));
            }
            ChangeSetState::Spent => {
                return Err(Box::new(Failure {
                    hints: vec!["run the same command again: it plans anew".to_owned()],
                    ..self.failure("was changed by somebody else meanwhile".to_owned())
                }));
            }
        }
        let arn = &change_set.stack_arn;
        let mark = self.cloud.stack_events(&self.reading(), arn, &EventsFrom::Newest).await;
        let mark = mark.map_err(|error| self.call("read its events", &error))?.pop().map(|event| event.id);
        let executed = self.cloud.execute_change_set(&self.changing(), &change_set, &self.token("execute")).await;
        executed.map_err(|error| self.call("execute the change set", &error))?;
        let (view, events) = self.settled(arn, mark, view.changes).await?;
        match view.status.phase() {
            Phase::Succeeded => {}
            Phase::Failed | Phase::Going | Phase::Gone => return Err(Box::new(self.ended_badly(&view, &events, arn))),
        }
        self.read_back().await?;
        let how = match kind {
            ChangeKind::Create => How::Created,
            ChangeKind::Update => How::Updated,
        };
        Ok(Done { how, outputs: view.outputs })
    }

    /// Puts into the bucket what does not fit into a request, and what the template names.
    async fn staged(&self) -> Result<TemplateSource, Box<Failure>> {
        let inline = self.step.template.len() <= INLINE_LIMIT;
        if inline && self.step.assets.is_empty() {
            return Ok(TemplateSource::Inline(Arc::clone(&self.step.template)));
        }
        let bucket = self.settings.staging.get(&self.step.account).ok_or_else(|| {
            let account = &self.step.account;
            Box::new(self.failure(format!("needs a staging bucket, and none is known for account {account}")))
        })?;
        let scope = self.changing();
        for asset in &self.step.assets {
            let content = self.settings.assets.get(&asset.sha256).ok_or_else(|| {
                Box::new(self.failure(format!("names the asset {}, whose content was not given", asset.key)))
            })?;
            let stored = self.cloud.upload(&scope, bucket, &asset.key, content).await;
            stored.map_err(|error| self.call("store an asset", &error))?;
        }
        if inline {
            return Ok(TemplateSource::Inline(Arc::clone(&self.step.template)));
        }
        let key = format!("templates/{}.json", self.step.sha256);
        let stored = self.cloud.upload(&scope, bucket, &key, self.step.template.as_bytes()).await;
        stored.map_err(|error| self.call("store its template", &error))?;
        Ok(TemplateSource::Staged { bucket: bucket.clone(), key })
    }

    /// Waits until a change set is computed.
    async fn computed(&self, change_set: &ChangeSetHandle) -> Result<super::cloud::ChangeSetView, Box<Failure>> {
        let started = Instant::now();
        for pause in self.settings.polling.pauses() {
            match self.cloud.describe_change_set(&self.reading(), change_set).await {
                Ok(view) if view.state != ChangeSetState::Pending => return Ok(view),
                Ok(_) => {}
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(self.call("read its change set", &error)),
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
            sleep(pause).await;
        }
        Err(Box::new(self.failure("has a change set that is never computed".to_owned())))
    }

    /// Removes a change set that is of no use; that it cannot be removed is no reason to fail.
    async fn discard(&self, change_set: &ChangeSetHandle) {
        let _ = self.cloud.delete_change_set(&self.changing(), change_set).await;
    }

    /// Waits for the end of our own operation, telling what its resources do. Only the stack's status ends it, never a call
    /// that failed in passing; and only a status that an event of this operation bears out, since reads may be stale.
    async fn settled(&self, arn: &str, mark: Option<String>, changes: usize) -> Result<(StackView, Vec<StackEvent>), Box<Failure>> {
        let started = Instant::now();
        let mut seen = Seen { from: mark, total: changes, done: BTreeSet::new(), events: Vec::new() };
        for (look, pause) in self.settings.polling.pauses().enumerate() {
            sleep(pause).await;
            // status before events: what the status speaks of is then among the events
            let view = match self.cloud.describe_stack(&self.reading(), arn).await {
                Ok(Some(view)) => Some(view),
                Ok(None) => return Err(Box::new(self.failure("vanished: somebody deleted it meanwhile".to_owned()))),
                Err(error) if error.is_passing() => None,
                Err(error) => return Err(self.lost(&error)),
            };
            match self.cloud.stack_events(&self.reading(), arn, &EventsFrom::After(seen.from.clone())).await {
                Ok(events) => self.tell(&mut seen, events, arn),
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(self.lost(&error)),
            }
            if let Some(view) = view {
                let borne_out = seen.events.iter().any(|event| {
                    event.physical_id.as_deref() == Some(arn) && event.status == view.status.as_str()
                });
                if view.status.phase() != Phase::Going && (borne_out || look >= STALE_LOOKS) {
                    return Ok((view, seen.events));
                }
                if view.status == StackStatus::ReviewInProgress && look >= STALE_LOOKS {
                    return Err(Box::new(self.failure("was never started by CloudFormation, though it took the order".to_owned())));
                }
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
        }
        Err(Box::new(Failure {
            hints: vec!["CloudFormation goes on by itself; run the same command again to wait for it".to_owned()],
            ..self.failure(format!("is still being worked on after {} s", started.elapsed().as_secs()))
        }))
    }

    fn tell(&self, seen: &mut Seen, events: Vec<StackEvent>, arn: &str) {
        for event in events {
            if event.physical_id.as_deref() != Some(arn) {
                if event.status.ends_with("_COMPLETE") {
                    // a replaced resource is done once, though its predecessor's cleanup ends in COMPLETE again
                    seen.done.insert(event.logical_id.clone());
                }
                self.send(Event::ResourceProgress {
                    stack: self.step.id.clone(),
                    logical_id: event.logical_id.clone(),
                    resource_type: event.resource_type.clone(),
                    status: event.status.clone(),
                    done: seen.done.len().min(seen.total),
                    total: seen.total,
                });
            }
            seen.from = Some(event.id.clone());
            seen.events.push(event);
        }
    }

    fn lost(&self, error: &CloudError) -> Box<Failure> {
        let mut failure = self.call("follow its operation, which CloudFormation carries on by itself", error);
        failure.hints.push("run the same command again: it waits for what is still running".to_owned());
        failure
    }

    fn ended_badly(&self, view: &StackView, events: &[StackEvent], arn: &str) -> Failure {
        let mut causes = causes(events, arn).into_iter();
        let cause = causes.next();
        let reason = match (&cause, &view.reason) {
            (Some(_), _) | (None, None) => String::new(),
            (None, Some(reason)) => format!(": {reason}"),
        };
        Failure {
            status: Some(view.status.to_string()),
            cause,
            also: causes.collect(),
            ..self.failure(format!("ended in {}{reason}", view.status))
        }
    }

    /// Tells why the first creation failed: deleting the stack takes the events with it.
    async fn tell_earlier_failure(&self) -> Result<(), Box<Failure>> {
        let Some(arn) = &self.step.standing else { return Ok(()) };
        let events = self.cloud.stack_events(&self.reading(), arn, &EventsFrom::After(None)).await;
        let events = events.map_err(|error| self.call("read why its creation failed", &error))?;
        self.send(Event::EarlierFailure {
            stack: self.step.id.clone(),
            status: StackStatus::RollbackComplete.to_string(),
            cause: causes(&events, arn).into_iter().next(),
        });
        Ok(())
    }

    /// Deletes what stands in the way, by ARN: never another stack that bears the name by now.
    async fn remove(&self) -> Result<(), Box<Failure>> {
        let name = self.step.id.name();
        let view = self.cloud.describe_stack(&self.reading(), name).await;
        let Some(view) = view.map_err(|error| self.call("look at it again", &error))? else { return Ok(()) };
        let deletable = [StackStatus::RollbackComplete, StackStatus::ReviewInProgress].contains(&view.status);
        // the table allowed this delete for the stack that was observed, in the state in which it was
        if !deletable || self.step.standing.as_ref().is_some_and(|standing| *standing != view.arn) {
            return Err(Box::new(Failure {
                hints: vec!["run the same command again: it plans anew".to_owned()],
                ..self.failure(format!("is no longer what the plan meant to delete: its status is {}", view.status))
            }));
        }
        let deleted = self.cloud.delete_stack(&self.changing(), &view.arn, &self.token("delete")).await;
        deleted.map_err(|error| self.call("delete it", &error))?;
        let started = Instant::now();
        for pause in self.settings.polling.pauses() {
            match self.cloud.describe_stack(&self.reading(), &view.arn).await {
                Ok(None) => return Ok(()),
                Ok(Some(now)) => match now.status.phase() {
                    Phase::Gone => return Ok(()),
                    Phase::Failed if now.status == StackStatus::DeleteFailed => {
                        let events = self.cloud.stack_events(&self.reading(), &view.arn, &EventsFrom::After(None)).await;
                        return Err(Box::new(self.ended_badly(&now, &events.unwrap_or_default(), &view.arn)));
                    }
                    Phase::Going | Phase::Failed | Phase::Succeeded => {}
                },
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(self.lost(&error)),
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
            sleep(pause).await;
        }
        Err(Box::new(self.failure("is never deleted".to_owned())))
    }

    /// Waits for the end of an operation that somebody else, or an earlier run, has started.
    async fn wait_for_others(&self) -> Result<(), Box<Failure>> {
        let name = self.step.standing.as_deref().unwrap_or_else(|| self.step.id.name());
        let started = Instant::now();
        let mut told: Option<StackStatus> = None;
        for pause in self.settings.polling.pauses() {
            match self.cloud.describe_stack(&self.reading(), name).await {
                Ok(None) => return Ok(()),
                Ok(Some(view)) if view.status.phase() != Phase::Going => return Ok(()),
                Ok(Some(view)) => {
                    if told.as_ref() != Some(&view.status) {
                        self.send(Event::StepAttached { stack: self.step.id.clone(), status: view.status.to_string() });
                        told = Some(view.status);
                    }
                }
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(self.call("wait for another operation on it", &error)),
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
            sleep(pause).await;
        }
        let status = told.map_or_else(String::new, |status| format!(", in {status}"));
        Err(Box::new(self.failure(format!(
            "is still busy with another operation after {} s{status}",
            started.elapsed().as_secs()
        ))))
    }

    async fn read_back(&self) -> Result<(), Box<Failure>> {
        let access = self.reading().access;
        for probe in &self.step.checks_after {
            match answered(&*self.cloud, probe, access, &self.settings, self.settings.patience.read_back, || {}).await {
                Ok(()) => {}
                Err(Unanswered::Call(error)) => return Err(self.call(&format!("read back {probe}"), &error)),
                Err(Unanswered::No(lines)) => {
                    let message = format!("is deployed, but {probe} read back differently: {}", lines.join("; "));
                    return Err(Box::new(self.failure(message)));
                }
            }
        }
        Ok(())
    }
}

/// What a stack's events have told so far.
struct Seen {
    from: Option<String>,
    total: usize,
    done: BTreeSet<String>,
    events: Vec<StackEvent>,
}

/// Waits for the effects that a step builds on; the error is why it cannot start.
pub(super) async fn effects<C: Cloud>(
    cloud: Arc<C>,
    settings: Arc<Settings>,
    events: UnboundedSender<Event>,
    pass: Pass,
    step: Step,
) -> Result<(), Box<Failure>> {
    let access = match pass {
        Pass::Mesh => Access::Plan,
        Pass::Bootstrap => Access::Administrator,
    };
    let patience = settings.patience.probe;
    let started = Instant::now();
    for probe in &step.probes {
        let tell = || {
            let _ = events.send(Event::StepWaiting { stack: step.id.clone(), waiting_for: probe.to_string() });
        };
        let left = patience.saturating_sub(started.elapsed());
        match answered(&*cloud, probe, access, &settings, left, tell).await {
            Ok(()) => {}
            Err(Unanswered::Call(error)) => {
                return Err(Box::new(Failure::of_call(&step.id, &step.account, &format!("look for {probe}"), &error)));
            }
            Err(Unanswered::No(lines)) => {
                let message = format!("waited {} s in vain for {probe}: {}", patience.as_secs(), lines.join("; "));
                let hint = "the stacks before it are complete, so run the same command again to go on waiting; if it lasts, look at their events";
                let failure = Failure::plain(&step.id, &step.account, message);
                return Err(Box::new(Failure { hints: vec![hint.to_owned()], ..failure }));
            }
        }
    }
    Ok(())
}

enum Unanswered {
    /// The answer stayed no.
    No(Vec<String>),
    /// There was no answer, and asking again would not bring one.
    Call(CloudError),
}

/// Asks a probe until it answers yes; tells once that it has to be waited for.
async fn answered<C: Cloud>(
    cloud: &C,
    probe: &Probe,
    access: Access,
    settings: &Settings,
    patience: std::time::Duration,
    tell: impl Fn(),
) -> Result<(), Unanswered> {
    let started = Instant::now();
    let mut last = Vec::new();
    for (look, pause) in settings.polling.pauses().enumerate() {
        match cloud.probe(probe, access).await {
            Ok(ProbeAnswer::Yes) => return Ok(()),
            Ok(ProbeAnswer::No(lines)) => last = lines,
            Err(error) if error.is_passing() => last = vec![error.to_string()],
            Err(error) => return Err(Unanswered::Call(error)),
        }
        if look == 0 {
            tell();
        }
        if started.elapsed() >= patience {
            break;
        }
        sleep(pause.min(patience.saturating_sub(started.elapsed()))).await;
    }
    Err(Unanswered::No(last))
}
