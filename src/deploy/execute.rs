//! The executor: dataflow over the steps of a plan, without level barriers and without a choice of its own.
//!
//! One conductor owns all state and starts tasks; tasks work on one stack each and tell what they see. A stack starts when
//! its needs are complete, its effects are seen, and the limits leave room; of several that could, the first by name.

use super::again::{Again, Rest};
use super::cloud::Cloud;
use super::effects::effects;
use super::events::{Event, PlannedStep, StepOutcome, Stop};
use super::halt::Halt;
use super::nature::Nature;
use super::outcome::{Failure, Outcome, SkipReason, Summary};
use super::settings::{OnFailure, Settings};
use super::step::{Done, How, Work};
use super::tally::{End, seconds_since, summed};
use crate::plan::{Decision, Parameter, Plan, Step, StepId, Turn};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{Instant, sleep};

/// Carries a plan out. Each message on `interrupts` is the user's wish to stop: at the first nothing new starts, at the second
/// what runs is left.
pub(super) async fn execute<C: Cloud>(
    cloud: Arc<C>,
    plan: &Plan,
    settings: Arc<Settings>,
    events: UnboundedSender<Event>,
    mut interrupts: UnboundedReceiver<()>,
) -> Outcome {
    let mut conductor = Conductor::new(cloud, plan, settings, events);
    conductor.begin();
    loop {
        conductor.advance();
        if conductor.tasks.is_empty() {
            break;
        }
        tokio::select! {
            Some(joined) = conductor.tasks.join_next_with_id() => conductor.joined(joined),
            Some(()) = interrupts.recv() => if conductor.interrupted() == Stop::Now { break },
        }
    }
    conductor.finish()
}

/// What a task was about.
#[derive(Debug, Clone)]
enum TaskEnd {
    /// What somebody else, or an earlier run, did to the stack has ended.
    Free,
    /// The effects are seen.
    Seen,
    /// It has rested, and can be tried again.
    Rested,
    /// The stack is done.
    Done(Done),
}

type TaskResult = Result<TaskEnd, Box<Failure>>;

struct Conductor<'plan, C> {
    cloud: Arc<C>,
    plan: &'plan Plan,
    settings: Arc<Settings>,
    events: UnboundedSender<Event>,
    started: Instant,
    /// Steps whose stacks somebody else, or an earlier run, works on: they take room from the beginning, whatever they need.
    busy: BTreeMap<&'plan StepId, AbortHandle>,
    /// Steps whose needs are not complete yet.
    waiting: BTreeSet<&'plan StepId>,
    /// Steps whose effects are not seen yet.
    probing: BTreeMap<&'plan StepId, AbortHandle>,
    /// Steps that only lack room.
    ready: BTreeSet<&'plan StepId>,
    /// Steps that are being worked on, since when.
    running: BTreeMap<&'plan StepId, Instant>,
    /// Steps that failed in passing and are to be tried again.
    again: Again,
    /// Outputs of complete steps.
    outputs: BTreeMap<&'plan StepId, BTreeMap<String, String>>,
    /// Steps on which nothing may build: they failed, were skipped, or are kept on top of such a step.
    broken: BTreeSet<&'plan StepId>,
    ended: BTreeMap<&'plan StepId, End>,
    halt: Option<Halt>,
    tasks: JoinSet<TaskResult>,
    names: HashMap<Id, &'plan StepId>,
}

impl<'plan, C: Cloud> Conductor<'plan, C> {
    fn new(cloud: Arc<C>, plan: &'plan Plan, settings: Arc<Settings>, events: UnboundedSender<Event>) -> Self {
        let again = Again::new(settings.retries, settings.limits);
        Self {
            cloud,
            plan,
            settings,
            events,
            started: Instant::now(),
            busy: BTreeMap::new(),
            waiting: plan.steps.keys().collect(),
            probing: BTreeMap::new(),
            ready: BTreeSet::new(),
            running: BTreeMap::new(),
            again,
            outputs: BTreeMap::new(),
            broken: BTreeSet::new(),
            ended: BTreeMap::new(),
            halt: None,
            tasks: JoinSet::new(),
            names: HashMap::new(),
        }
    }

    fn send(&self, event: Event) {
        // the receiver outlives the run; should it not, there is nobody left to tell
        let _ = self.events.send(event);
    }

    /// Announces the run, and fails what the plan refuses before anything is touched.
    fn begin(&mut self) {
        let plan = self.plan;
        self.send(Event::RunStarted {
            run: self.settings.run.clone(),
            mesh: plan.mesh.clone(),
            pass: plan.pass,
            digest: plan.digest.clone(),
            steps: plan.steps.values().map(PlannedStep::of).collect(),
        });
        for (step, reason, advice) in plan.refusals() {
            self.waiting.remove(&step.id);
            let failure = Failure::plain(&step.id.stack, &step.account, reason.to_owned());
            self.fail(&step.id, 0.0, Failure { hints: vec![advice.to_owned()], ..failure });
        }
        let mut stacks = BTreeSet::new();
        for step in plan.steps.values().filter(|step| step.decision == Decision::Wait && stacks.insert(&step.id.stack))
        {
            self.waiting.remove(&step.id);
            let work = self.work(step, BTreeMap::new());
            let handle = self.spawn(step, async move { work.freed().await.map(|()| TaskEnd::Free) });
            self.busy.insert(&step.id, handle);
        }
    }

    /// Moves every step on as far as it can be.
    fn advance(&mut self) {
        loop {
            let plan = self.plan;
            let next = self.waiting.iter().copied().find(|id| {
                let needs = &plan.steps[*id].needs;
                needs.iter().any(|needed| self.broken.contains(needed))
                    || needs.iter().all(|needed| self.outputs.contains_key(needed))
            });
            let Some(id) = next.filter(|_| !self.is_leaving()) else { break };
            self.waiting.remove(id);
            self.admit(&plan.steps[id]);
        }
        while self.halt.is_none() {
            let Some(id) = self.ready.iter().copied().find(|id| self.has_room(id)) else { break };
            self.ready.remove(id);
            self.start(&self.plan.steps[id]);
        }
    }

    fn is_leaving(&self) -> bool {
        self.halt.as_ref().and_then(Halt::stop) == Some(Stop::Now)
    }

    /// A step whose needs are all complete, or one of them never will be.
    fn admit(&mut self, step: &'plan Step) {
        let broken = step.needs.iter().find(|needed| self.broken.contains(needed));
        let settled = self.settings.unsettled_of(&step.id.stack).is_none();
        let awaited = self.again.awaits(&step.id);
        if awaited && self.halt.is_none() {
            self.ready.insert(&step.id);
        } else if step.decision == Decision::Keep && !awaited && (settled || broken.is_some() || self.halt.is_some()) {
            // it stands whatever became of its needs, but nothing new may build on it if they failed
            if broken.is_some() {
                self.broken.insert(&step.id);
            }
            self.complete(&step.id, 0.0, Done { how: How::Unchanged, outputs: step.outputs.clone() });
        } else if let Some(needed) = broken {
            self.skip(&step.id, SkipReason::Needs { step: needed.clone() });
        } else if let Some(halt) = &self.halt {
            let reason = halt.skips();
            self.skip(&step.id, reason);
        } else if step.probes.is_empty() {
            self.ready.insert(&step.id);
        } else {
            let work = effects(
                Arc::clone(&self.cloud),
                Arc::clone(&self.settings),
                self.events.clone(),
                self.plan.pass,
                step.clone(),
            );
            let handle = self.spawn(step, async move { work.await.map(|()| TaskEnd::Seen) });
            self.probing.insert(&step.id, handle);
        }
    }

    fn has_room(&self, id: &StepId) -> bool {
        let limits = self.settings.limits;
        let step = &self.plan.steps[id];
        let changing = || self.running.keys().chain(self.busy.keys());
        let here = || changing().map(|other| &self.plan.steps[*other]).filter(|other| other.account == step.account);
        // a limit of none would be a run that never ends
        changing().count() < limits.total.max(1)
            && here().count() < limits.per_account.max(1)
            && (!step.lake_formation
                || here().filter(|other| other.lake_formation).count() < self.again.grants_at_once(&step.account))
    }

    /// Whether a step that failed is tried again, and then lets it rest.
    fn tried_again(&mut self, step: &'plan Step, failure: &Failure) -> bool {
        if self.halt.is_some() {
            return false;
        }
        let Some(Rest { attempt, attempts, takes, grants_at_once }) = self.again.rest(step, failure) else {
            return false;
        };
        let (rest, failure) = (takes.as_secs(), Box::new(failure.clone()));
        self.send(Event::StepRetried { step: step.id.clone(), failure, attempt, attempts, rest, grants_at_once });
        let handle = self.spawn(step, async move {
            sleep(takes).await;
            Ok(TaskEnd::Rested)
        });
        self.probing.insert(&step.id, handle);
        true
    }

    fn start(&mut self, step: &'plan Step) {
        let mut parameters = BTreeMap::new();
        for (name, parameter) in &step.parameters {
            let value = match parameter {
                Parameter::Known(value) => Some(value.as_str()),
                Parameter::Secret(secret) => Some(secret.reveal()),
                Parameter::Previous => continue,
                Parameter::AfterStep(wire) => {
                    let outputs = self.outputs.get(&StepId::new(&wire.stack, Turn::Add));
                    outputs.and_then(|outputs| outputs.get(&wire.output)).map(String::as_str)
                }
            };
            let Some(value) = value else {
                let message = format!("needs a value for {name}, and the stack that should make it has no such output");
                self.fail(&step.id, 0.0, Failure::plain(&step.id.stack, &step.account, message));
                return;
            };
            parameters.insert(name.clone(), value.to_owned());
        }
        let work = self.work(step, parameters);
        self.spawn(step, async move { work.run().await.map(TaskEnd::Done) });
        self.running.insert(&step.id, Instant::now());
    }

    fn spawn(&mut self, step: &'plan Step, task: impl Future<Output = TaskResult> + Send + 'static) -> AbortHandle {
        let handle = self.tasks.spawn(task);
        self.names.insert(handle.id(), &step.id);
        handle
    }

    fn work(&self, step: &Step, parameters: BTreeMap<String, String>) -> Work<C> {
        Work {
            cloud: Arc::clone(&self.cloud),
            settings: Arc::clone(&self.settings),
            events: self.events.clone(),
            pass: self.plan.pass,
            step: step.clone(),
            parameters,
            attempt: self.again.attempt(&step.id),
        }
    }

    fn joined(&mut self, joined: Result<(Id, TaskResult), tokio::task::JoinError>) {
        let task = match &joined {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        };
        let Some(id) = self.names.remove(&task) else { return };
        self.busy.remove(id);
        self.probing.remove(id);
        let began = self.running.remove(id);
        let seconds = began.map_or(0.0, seconds_since);
        match joined {
            Ok((_, Ok(TaskEnd::Free))) => {
                self.waiting.insert(id);
            }
            Ok((_, Ok(TaskEnd::Seen | TaskEnd::Rested))) => {
                self.ready.insert(id);
            }
            Ok((_, Ok(TaskEnd::Done(done)))) => self.complete(id, seconds, done),
            // waiting for an effect has a patience of its own
            Ok((_, Err(failure))) if began.is_some() && self.tried_again(&self.plan.steps[id], &failure) => {}
            Ok((_, Err(failure))) => self.fail(id, seconds, *failure),
            // a step that waited for an effect, or for others, when the run was halted: skipped with the others at the end
            Err(error) if error.is_cancelled() => {
                self.waiting.insert(id);
            }
            Err(error) => {
                let account = &self.plan.steps[id].account;
                let message = format!("met a defect of meshform: {error}");
                self.fail(id, seconds, Failure::plain(&id.stack, account, message));
            }
        }
    }

    fn complete(&mut self, id: &'plan StepId, seconds: f64, done: Done) {
        let outcome = match done.how {
            How::Created => StepOutcome::Created,
            How::Updated => StepOutcome::Updated,
            How::RolledBack => StepOutcome::RolledBack,
            How::Deleted => StepOutcome::Deleted,
            How::Unchanged => StepOutcome::Unchanged,
        };
        self.send(Event::StepFinished { step: id.clone(), outcome, seconds });
        self.outputs.insert(id, done.outputs);
        self.ended.insert(id, End::Well(done.how));
    }

    fn fail(&mut self, id: &'plan StepId, seconds: f64, failure: Failure) {
        let failure = Box::new(failure);
        let outcome = StepOutcome::Failed { failure: failure.clone() };
        self.send(Event::StepFinished { step: id.clone(), outcome, seconds });
        self.broken.insert(id);
        self.again.take(id);
        let signed_out = failure.nature == Nature::SignedOut;
        self.ended.insert(id, End::Badly(failure));
        if signed_out && !matches!(self.halt, Some(Halt::Interrupted(_) | Halt::SignedOut(_))) {
            self.halt(Halt::SignedOut(id.clone()));
        } else if self.settings.on_failure == OnFailure::Stop && self.halt.is_none() {
            self.halt(Halt::Failed(id.clone()));
        }
    }

    fn skip(&mut self, id: &'plan StepId, reason: SkipReason) {
        // what was tried before it was stopped has failed
        if let Some(failure) = self.again.take(id) {
            return self.fail(id, 0.0, *failure);
        }
        self.send(Event::StepSkipped { step: id.clone(), reason: reason.clone() });
        self.broken.insert(id);
        self.ended.insert(id, End::Skipped(reason));
    }

    /// Nothing new starts from here on; waiting for an effect or for others ends, since nothing would come of it.
    fn halt(&mut self, halt: Halt) {
        self.halt = Some(halt);
        for handle in self.probing.values().chain(self.busy.values()) {
            handle.abort();
        }
    }

    fn interrupted(&mut self) -> Stop {
        let again = matches!(self.halt, Some(Halt::Interrupted(_)));
        let how = if again { Stop::Now } else { Stop::Finishing };
        self.send(Event::Stopping { running: self.running.keys().map(|id| (*id).clone()).collect(), how });
        self.halt(Halt::Interrupted(how));
        how
    }

    /// Settles what never ran and sums up.
    fn finish(mut self) -> Outcome {
        self.tasks.abort_all();
        let halt = self.halt.clone();
        let left: Vec<&StepId> = self
            .plan
            .steps
            .keys()
            .filter(|id| !self.ended.contains_key(id) && !self.running.contains_key(id))
            .collect();
        for id in left {
            let step = &self.plan.steps[id];
            match &halt {
                _ if step.decision == Decision::Keep && !self.again.awaits(id) => {
                    self.complete(id, 0.0, Done { how: How::Unchanged, outputs: BTreeMap::new() });
                }
                Some(halt) => self.skip(id, halt.skips()),
                None => crate::defect(&format!("the executor left {id} behind")),
            }
        }
        let ended = std::mem::take(&mut self.ended).into_iter().map(|(id, end)| (id.clone(), end)).collect();
        let running = self.running.keys().map(|id| (*id).clone()).collect();
        let summary = Summary {
            stopped: halt.and_then(|halt| halt.stop()),
            seconds: seconds_since(self.started),
            ..summed(ended, running)
        };
        self.send(Event::RunFinished { summary: summary.clone() });
        // an update that turned out to change nothing has still made, and removed, a change set
        let untouched = self.plan.changes().next().is_none();
        match (!summary.is_whole(), untouched) {
            (true, _) => Outcome::Partial { summary },
            (false, true) => Outcome::Nothing { summary },
            (false, false) => Outcome::Complete { summary },
        }
    }
}

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
