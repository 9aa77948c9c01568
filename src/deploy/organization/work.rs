//! Carrying out what is to be done with StackSets, one operation after another, each followed to its end.

use super::{
    Manager, NO_REASON, OperationState, Organized, Planned, SetRequest, StackSets, Targets, inoperable, without,
};
use crate::deploy::cloud::ErrorKind;
use crate::deploy::events::{Event, Stop};
use crate::deploy::outcome::Summary;
use crate::deploy::settings::Settings;
use crate::deploy::tally::seconds_since;
use crate::mesh::fingerprint;
use crate::plan::Pass;
use crate::plan::organization::{SetStep, StandingSet};
use crate::stacks::StackSet;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep};

/// StackSets that are to be worked on.
#[derive(Debug, Clone, Copy)]
pub struct Organizing<'a> {
    /// The mesh.
    pub mesh: &'a str,
    /// What is to be done.
    pub planned: &'a [Planned],
    /// Where, and as what.
    pub manager: &'a Manager,
}

impl Organizing<'_> {
    /// Works on one StackSet after another. The first message on `stops` begins no further step, the second leaves what runs.
    pub(in crate::deploy) async fn run<C: StackSets>(
        &self,
        cloud: &C,
        settings: &Settings,
        events: UnboundedSender<Event>,
        mut stops: UnboundedReceiver<()>,
    ) -> Summary {
        let (started, stop, mut done) = (Instant::now(), AtomicBool::new(false), Vec::new());
        let tell = |event: Event| drop(events.send(event));
        tell(Event::RunStarted {
            run: settings.run.clone(),
            mesh: self.mesh.to_owned(),
            pass: Pass::Bootstrap,
            digest: self.digest(),
            steps: Vec::new(),
        });
        let mut stopped = None;
        {
            let work = self.each(cloud, settings, &tell, &stop, &mut done);
            tokio::pin!(work);
            loop {
                tokio::select! {
                    biased;
                    () = &mut work => break,
                    Some(()) = stops.recv() => {
                        let how = if stop.swap(true, Ordering::Relaxed) { Stop::Now } else { Stop::Finishing };
                        stopped = Some(how);
                        tell(Event::Stopping { running: Vec::new(), how });
                        if how == Stop::Now {
                            break;
                        }
                    }
                }
            }
        }
        for Planned { set, .. } in &self.planned[done.len()..] {
            let left = "the run was left before its end; CloudFormation goes on with what it was told";
            let organized = Organized { stopped: Some(left.to_owned()), ..Organized::none(&set.name) };
            tell(Event::StackSetFinished { organized: organized.clone() });
            done.push(organized);
        }
        let summary = Summary { stack_sets: done, stopped, seconds: seconds_since(started), ..Summary::default() };
        tell(Event::RunFinished { summary: summary.clone() });
        summary
    }

    /// What the run is about, in a word.
    fn digest(&self) -> String {
        let told = |planned: &Planned| format!("{} {} {:?}", planned.set.name, planned.set.template, planned.steps);
        fingerprint(&self.planned.iter().map(told).collect::<Vec<_>>().join("\n"))
    }

    async fn each<C: StackSets>(
        &self,
        cloud: &C,
        settings: &Settings,
        tell: &(impl Fn(Event) + Sync),
        stop: &AtomicBool,
        done: &mut Vec<Organized>,
    ) {
        for Planned { set, steps, single, .. } in self.planned {
            let left_out = single.keys().cloned().collect();
            let template = template_text(&set.template);
            let run = Run { cloud, manager: self.manager, settings, set, template, left_out };
            let mut organized = Organized::none(&set.name);
            for (at, step) in steps.iter().enumerate() {
                if stop.load(Ordering::Relaxed) {
                    organized.stopped = Some(format!("it was stopped before: {step}"));
                    break;
                }
                let operation = (*step != SetStep::Create).then(|| run.operation(at));
                tell(Event::StackSetStarted { name: set.name.clone(), step: step.clone(), operation });
                match run.step(at, step).await {
                    Ok(failed) => organized.failed.extend(failed),
                    Err(why) => {
                        organized.stopped = Some(why);
                        break;
                    }
                }
            }
            match cloud.instances(self.manager, &set.name).await {
                Ok(instances) => {
                    organized.without = without(set, &instances, single);
                    organized.inoperable = inoperable(&instances);
                }
                Err(error) => {
                    organized.stopped.get_or_insert_with(|| error.to_string());
                }
            }
            tell(Event::StackSetFinished { organized: organized.clone() });
            done.push(organized);
        }
    }
}

/// Without white space: a template in a request has room for 51,200 bytes (CloudFormation quotas).
fn template_text(template: &Value) -> String {
    template.to_string()
}

/// The work on one StackSet.
struct Run<'a, C> {
    cloud: &'a C,
    manager: &'a Manager,
    settings: &'a Settings,
    set: &'a StackSet,
    template: String,
    /// Accounts in which it makes no stack.
    left_out: BTreeSet<String>,
}

impl<C: StackSets> Run<'_, C> {
    /// One id for one operation of one run: a repeated request is the same request. With the StackSet's name, since no document says
    /// whether an id must be the only one of its StackSet or of the account.
    fn operation(&self, at: usize) -> String {
        format!("meshform-{}-{}-{at}", self.settings.run, self.set.name)
    }

    /// Carries a step out to its end; the accounts in which it failed.
    async fn step(&self, at: usize, step: &SetStep) -> Result<BTreeMap<String, String>, String> {
        let name = &self.set.name;
        let operation = self.operation(at);
        let request = SetRequest { name, template: &self.template, token: &operation };
        let ordered = match step {
            SetStep::Create => return self.create(&request).await,
            SetStep::Update(_) => self.cloud.update_set(self.manager, &request).await,
            SetStep::Target(units) => {
                let targets = Targets { units, without: &self.left_out };
                self.cloud.create_instances(self.manager, name, &targets, &operation).await
            }
        };
        if let Err(error) = ordered {
            // the answer may have been lost, or its repetition refused: the id tells whether the order was taken
            let may_be_taken = error.is_passing() || error.kind == ErrorKind::AlreadyExists;
            let taken = self.cloud.set_operation(self.manager, name, &operation).await;
            if !may_be_taken || !matches!(taken, Ok(Some(_))) {
                return Err(error.to_string());
            }
        }
        let state = self.followed(&operation).await?;
        let failed = self.cloud.failed_results(self.manager, name, &operation).await;
        let failed = failed.map_err(|error| format!("its results could not be read: {error}"))?;
        match state {
            OperationState::Failed(reason) if failed.is_empty() => Err(reason.unwrap_or_else(|| NO_REASON.to_owned())),
            OperationState::Failed(_) | OperationState::Succeeded | OperationState::Going => Ok(failed),
        }
    }

    async fn create(&self, request: &SetRequest<'_>) -> Result<BTreeMap<String, String>, String> {
        let Err(error) = self.cloud.create_set(self.manager, request).await else { return Ok(BTreeMap::new()) };
        let ours = |standing: &StandingSet| standing.template.as_ref() == Some(&self.set.template);
        match self.cloud.stack_set(self.manager, request.name).await {
            Ok(Some(standing)) if ours(&standing) => Ok(BTreeMap::new()),
            Ok(_) | Err(_) => Err(error.to_string()),
        }
    }

    /// Looks at an operation until it is over; a look that fails in passing decides nothing.
    async fn followed(&self, operation: &str) -> Result<OperationState, String> {
        let started = Instant::now();
        for pause in self.settings.polling.pauses() {
            match self.cloud.set_operation(self.manager, &self.set.name, operation).await {
                Ok(Some(OperationState::Going)) => {}
                Ok(Some(state)) => return Ok(state),
                Ok(None) => return Err(format!("the operation {operation} is gone")),
                Err(error) if error.is_passing() => {}
                Err(error) => return Err(format!("the operation {operation} is out of sight: {error}")),
            }
            if started.elapsed() > self.settings.patience.operation {
                break;
            }
            sleep(pause).await;
        }
        Err(format!("the operation {operation} does not end; it goes on by itself"))
    }
}
