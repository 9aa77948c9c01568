//! Change sets ahead of a deployment: made for a plan that is to be approved, and looked at again before it is carried out.

use super::change_set::{ChangeSetHandle, ChangeSetState, ChangeSetView};
use super::cloud::{ChangeKind, Cloud, CloudError, ErrorKind};
use super::outcome::Failure;
use super::settings::Settings;
use super::step::Work;
use crate::plan::diff::ChangeSetResource;
use crate::plan::{Deployed, MASKED, Observed, Parameter, Plan, Prospect, Standing, Step, StepChangeSet, StepId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

/// What a change set says of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicted {
    /// What became of it.
    pub change_set: StepChangeSet,
    /// The resources it changes.
    pub resources: Vec<ChangeSetResource>,
}

/// Why it is not known what CloudFormation would do.
#[derive(Debug, thiserror::Error)]
pub enum ChangeSetsError {
    /// Some change sets could not be made, or not be looked at; each is told.
    #[error("{} of {wanted} change sets could not be {doing}", .failures.len())]
    Failed {
        /// `made` or `looked at`.
        doing: &'static str,
        /// How many there should be.
        wanted: usize,
        /// Why, by stack.
        failures: Vec<Failure>,
    },
    /// The asynchronous runtime could not be started.
    #[error("the asynchronous runtime could not be started")]
    Runtime(#[source] std::io::Error),
}

/// The change sets of a plan file, looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Those that are what they should be, and the steps without one.
    pub fit: BTreeMap<StepId, Predicted>,
    /// Those that are not: what moved.
    pub moved: Vec<(StepId, String)>,
}

/// Makes a change set for each step that can have one, as the deploy role, or finds the one that an earlier plan of the same
/// state made; looks at it as the plan role.
pub(super) async fn make<C: Cloud>(
    cloud: &Arc<C>,
    plan: &Plan,
    deployed: &Deployed,
    settings: &Arc<Settings>,
) -> Result<BTreeMap<StepId, Predicted>, ChangeSetsError> {
    let mut made = BTreeMap::new();
    let mut wanted = Vec::new();
    for step in plan.steps.values() {
        match (plan.prospect(step), standing(deployed, step)) {
            (Prospect::Idle, _) => {}
            (Prospect::Not(why), _) => {
                let change_set = StepChangeSet::Not { why };
                made.insert(step.id.clone(), Predicted { change_set, resources: Vec::new() });
            }
            (Prospect::Possible, Some(standing)) => wanted.push((step, standing)),
            (Prospect::Possible, None) => crate::defect(&format!("{} is updated and does not stand", step.id)),
        }
    }
    let count = wanted.len();
    let jobs = wanted.into_iter().map(|(step, standing)| {
        let work = work(cloud, plan, step, settings);
        let (name, standing) = (plan.change_set_name(step), standing.clone());
        (step.id.clone(), async move { work.predicted(&name, &standing).await })
    });
    let mut failures = Vec::new();
    for (id, outcome) in all(jobs, settings.limits.total).await {
        match outcome {
            Ok(predicted) => drop(made.insert(id, predicted)),
            Err(failure) => failures.push(*failure),
        }
    }
    if failures.is_empty() { Ok(made) } else { Err(ChangeSetsError::Failed { doing: "made", wanted: count, failures }) }
}

/// Looks at the change sets that a plan file names, as the plan role. The file may say anything: a change set is taken only when
/// it is the one that this very plan makes, and its template and parameters are those of the step.
pub(super) async fn check<C: Cloud>(
    cloud: &Arc<C>,
    plan: &Plan,
    deployed: &Deployed,
    settings: &Arc<Settings>,
    recorded: &BTreeMap<StepId, StepChangeSet>,
) -> Result<Checked, ChangeSetsError> {
    let mut checked = Checked { fit: BTreeMap::new(), moved: Vec::new() };
    let mut jobs = Vec::new();
    for step in plan.steps.values() {
        let mut fits = |change_set: StepChangeSet| {
            checked.fit.insert(step.id.clone(), Predicted { change_set, resources: Vec::new() });
        };
        match (plan.prospect(step), recorded.get(&step.id), standing(deployed, step)) {
            (Prospect::Idle, _, _) => {}
            (Prospect::Not(why), _, _) => fits(StepChangeSet::Not { why }),
            (Prospect::Possible, Some(StepChangeSet::NothingToChange), _) => fits(StepChangeSet::NothingToChange),
            (Prospect::Possible, Some(StepChangeSet::Made { arn }), Some(standing)) => {
                let work = work(cloud, plan, step, settings);
                let (name, standing, arn) = (plan.change_set_name(step), standing.clone(), arn.clone());
                jobs.push((step.id.clone(), async move { work.still_fits(&name, &standing, &arn).await }));
            }
            (Prospect::Possible, _, _) => {
                checked.moved.push((step.id.clone(), "the plan has no change set".to_owned()))
            }
        }
    }
    let wanted = jobs.len();
    let mut failures = Vec::new();
    for (id, outcome) in all(jobs.into_iter(), settings.limits.total).await {
        match outcome {
            Ok(Ok(predicted)) => drop(checked.fit.insert(id, predicted)),
            Ok(Err(moved)) => checked.moved.push((id, moved)),
            Err(failure) => failures.push(*failure),
        }
    }
    checked.moved.sort();
    if failures.is_empty() {
        Ok(checked)
    } else {
        Err(ChangeSetsError::Failed { doing: "looked at", wanted, failures })
    }
}

fn standing<'a>(deployed: &'a Deployed, step: &Step) -> Option<&'a Standing> {
    match deployed.stacks.get(&step.id.stack) {
        Some(Observed::Present(standing)) => Some(standing),
        Some(Observed::Absent) | None => None,
    }
}

fn work<C: Cloud>(cloud: &Arc<C>, plan: &Plan, step: &Step, settings: &Arc<Settings>) -> Work<C> {
    let known = |(name, value): (&String, &Parameter)| Some((name.clone(), value.known()?.to_owned()));
    // nothing that happens here is an event of a deployment
    let (events, _) = unbounded_channel();
    Work {
        cloud: Arc::clone(cloud),
        settings: Arc::clone(settings),
        events,
        pass: plan.pass,
        step: step.clone(),
        parameters: step.parameters.iter().filter_map(known).collect(),
        attempt: 1,
    }
}

/// Does every job, some at once, and answers in the order of the steps.
async fn all<T: Send + 'static>(
    mut jobs: impl Iterator<Item = (StepId, impl Future<Output = T> + Send + 'static)>,
    at_once: usize,
) -> BTreeMap<StepId, T> {
    let mut tasks = JoinSet::new();
    let mut done = BTreeMap::new();
    loop {
        while tasks.len() < at_once.max(1) {
            let Some((id, job)) = jobs.next() else { break };
            tasks.spawn(async move { (id, job.await) });
        }
        match tasks.join_next().await {
            None => return done,
            Some(Ok((id, outcome))) => drop(done.insert(id, outcome)),
            Some(Err(error)) => crate::defect(&format!("work on a change set stopped: {error}")),
        }
    }
}

impl<C: Cloud> Work<C> {
    /// What CloudFormation would do: by the change set that stands already, or by a new one.
    async fn predicted(&self, name: &str, standing: &Standing) -> Result<Predicted, Box<Failure>> {
        let by_name = ChangeSetHandle { arn: name.to_owned(), stack_arn: self.step.id.stack.name().to_owned() };
        if let Some(view) = self.found(&by_name).await? {
            let view = if view.state == ChangeSetState::Pending { self.computed(&view.handle).await? } else { view };
            if view.state == ChangeSetState::Ready && self.difference(standing, &view).await?.is_none() {
                return Ok(Predicted::made(view));
            }
            // of an earlier plan of the same state, and of no use any more
            let deleted = self.cloud.delete_change_set(&self.changing(), &view.handle).await;
            deleted.map_err(|error| self.call("delete a change set that cannot be executed", &error))?;
        }
        let view = match self.create(name.to_owned(), ChangeKind::Update).await? {
            Ok(handle) => ChangeSetView { handle: handle.clone(), ..self.computed(&handle).await? },
            // another plan of the same state came first
            Err(error) if error.kind == ErrorKind::AlreadyExists => self.computed(&by_name).await?,
            Err(error) => return Err(self.call("make a change set", &error)),
        };
        match view.state {
            ChangeSetState::Ready => Ok(Predicted::made(view)),
            ChangeSetState::Failed if view.is_without_changes() => {
                self.discard(&view.handle).await;
                Ok(Predicted { change_set: StepChangeSet::NothingToChange, resources: Vec::new() })
            }
            ChangeSetState::Failed | ChangeSetState::Pending | ChangeSetState::Spent => {
                self.discard(&view.handle).await;
                Err(self.refused(view))
            }
        }
    }

    /// Whether a change set that a file names is the one that this plan makes; what is told is what moved.
    async fn still_fits(
        &self,
        name: &str,
        standing: &Standing,
        arn: &str,
    ) -> Result<Result<Predicted, String>, Box<Failure>> {
        // a file may say anything, so nobody is asked about an ARN that cannot be it
        if !is_of_stack(arn, name, &standing.stack_arn) {
            return Ok(Err(format!("`{}` is no change set of this plan and stack", shown(arn))));
        }
        let handle = ChangeSetHandle { arn: arn.to_owned(), stack_arn: standing.stack_arn.clone() };
        let Some(view) = self.found(&handle).await? else {
            return Ok(Err(format!("its change set {arn} is no longer there")));
        };
        if view.handle != handle || view.name != name {
            let (found, of) = (shown(&view.handle.arn), shown(&view.handle.stack_arn));
            return Ok(Err(format!("{arn} was answered as `{found}` of `{of}`")));
        }
        let moved = match view.state {
            ChangeSetState::Ready => self.difference(standing, &view).await?,
            ChangeSetState::Pending => Some("is not complete".to_owned()),
            ChangeSetState::Failed => Some("has failed".to_owned()),
            ChangeSetState::Spent => Some("was executed, or is obsolete since the stack was changed".to_owned()),
        };
        Ok(match moved {
            None => Ok(Predicted::made(view)),
            Some(moved) => Err(format!("its change set {arn} {moved}")),
        })
    }

    /// A change set; none when there is no such.
    async fn found(&self, handle: &ChangeSetHandle) -> Result<Option<ChangeSetView>, Box<Failure>> {
        match self.cloud.describe_change_set(&self.reading(), handle).await {
            Ok(view) => Ok(Some(view)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.call("read its change set", &error)),
        }
    }

    /// In what a change set differs from the step.
    async fn difference(&self, standing: &Standing, view: &ChangeSetView) -> Result<Option<String>, Box<Failure>> {
        let (stack, change_set) = (&view.handle.stack_arn, Some(view.handle.arn.as_str()));
        let template = self.cloud.get_template(&self.reading(), stack, change_set).await;
        let template =
            template.map_err(|error: CloudError| self.call("read the template of its change set", &error))?;
        let wanted: Value = serde_json::from_str(&self.step.template).unwrap_or(Value::Null);
        if serde_json::from_str::<Value>(&template).ok().as_ref() != Some(&wanted) {
            return Ok(Some("has another template".to_owned()));
        }
        Ok(parameters(&self.step, &wanted, standing, view))
    }

    /// The change set that was approved, to be executed as it is.
    pub(super) async fn approved(&self, arn: &str) -> Result<ChangeSetView, Box<Failure>> {
        let Some(stack_arn) = self.step.standing.clone() else {
            return Err(Box::new(self.failure("has a change set and does not stand".to_owned())));
        };
        self.store_assets().await?;
        let handle = ChangeSetHandle { arn: arn.to_owned(), stack_arn };
        let view = self.computed(&handle).await?;
        match view.state {
            ChangeSetState::Ready => Ok(ChangeSetView { handle, ..view }),
            ChangeSetState::Failed | ChangeSetState::Pending | ChangeSetState::Spent => Err(Box::new(Failure {
                hints: vec![PLAN_AGAIN.to_owned()],
                ..self.failure(
                    "has a change set that can no longer be executed: the stack was changed meanwhile".to_owned(),
                )
            })),
        }
    }

    /// Where CloudFormation found nothing to change, nothing but that was approved.
    pub(super) async fn still_nothing(&self) -> Result<Option<ChangeSetView>, Box<Failure>> {
        let Some(view) = self.made(ChangeKind::Update).await? else { return Ok(None) };
        self.discard(&view.handle).await;
        let message = "had nothing to change when the plan was made, and has now; it was left as it is".to_owned();
        Err(Box::new(Failure { hints: vec![PLAN_AGAIN.to_owned()], ..self.failure(message) }))
    }
}

const PLAN_AGAIN: &str = "run `meshform plan --change-sets --out` again, and have the new plan approved";

impl Predicted {
    fn made(view: ChangeSetView) -> Self {
        Self { change_set: StepChangeSet::Made { arn: view.handle.arn }, resources: view.resources }
    }
}

/// Whether an ARN is that of a change set of this name in the account and Region of the stack:
/// `arn:<partition>:cloudformation:<Region>:<account>:changeSet/<name>/<id>` (service authorization reference).
fn is_of_stack(arn: &str, name: &str, stack_arn: &str) -> bool {
    let Some((start, _)) = stack_arn.split_once(":stack/") else { return false };
    let id = arn.strip_prefix(&format!("{start}:changeSet/{name}/"));
    id.is_some_and(|id| {
        (1..=128).contains(&id.len()) && id.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
    })
}

/// In which parameter a change set differs from the step. A value that CloudFormation masks cannot be compared.
fn parameters(step: &Step, template: &Value, standing: &Standing, view: &ChangeSetView) -> Option<String> {
    for (name, parameter) in &step.parameters {
        let wanted = match parameter {
            Parameter::Previous => standing.parameters.get(name).map(String::as_str),
            Parameter::Known(_) | Parameter::Secret(_) | Parameter::AfterStep(_) => parameter.known(),
        };
        let stays = *parameter == Parameter::Previous;
        let same = match view.parameters.get(name) {
            None => false,
            Some(None) => stays,
            Some(Some(found)) => wanted == Some(found) || (stays && found == MASKED),
        };
        if !same {
            return Some(format!("has another value of the parameter {name}"));
        }
    }
    // a parameter that is not given has its default, which CloudFormation answers as if it had been given
    let given = view.parameters.iter().find(|(name, value)| {
        !step.parameters.contains_key(*name) && value.as_deref() != template["Parameters"][*name]["Default"].as_str()
    });
    given.map(|(name, _)| format!("was given the parameter `{}`, which the plan does not give", shown(name)))
}

/// A text from a file or an answer, as it may be printed.
fn shown(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
#[path = "change_sets_tests.rs"]
mod tests;
