//! Carrying the probes of `doctor --probe` out, in throw-away accounts, as the administrator: one after another, each cleaned up after
//! before the next, whatever became of it. What could not be removed is told.

#[cfg(test)]
#[path = "probing_tests.rs"]
mod tests;

mod told;

pub use told::{Probed, ProbingError, Throwaway, Told};

use super::aws::Aws;
use super::cloud::{Access, Cloud, Scope};
use super::credentials::Reach;
use super::outcome::Failure;
use super::settings::Settings;
use super::step::Work;
use crate::assembly::{Layer, StackId};
use crate::mesh::{AccountId, fingerprint};
use crate::plan::behaviour::{Act, BASE, BEHAVIOURS, Behaviour, Came, Deed, Judged, PREFIX, Place, template};
use crate::plan::{Decision, Parameter, Pass, Protection, StackPolicy, Step, StepId, Turn};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::sync::mpsc::unbounded_channel;

/// Runs every probe. Ctrl-C once begins no further probe, and cleans up; twice leaves at once.
///
/// # Errors
/// When an account cannot be looked at, or is none to be thrown away: then nothing was made.
pub fn probe(
    accounts: &Throwaway,
    reach: &Reach,
    settings: &Settings,
    tell: &mut dyn FnMut(&Told),
) -> Result<Probed, ProbingError> {
    let runtime = super::entry::runtime().map_err(ProbingError::Runtime)?;
    runtime.block_on(async {
        let cloud = Arc::new(Aws::new(reach.clone()).await);
        let (interrupt, mut interrupted) = unbounded_channel();
        tokio::spawn(super::entry::listen(interrupt));
        let stop = AtomicBool::new(false);
        let run = Probing {
            cloud,
            accounts,
            administrator: reach.administrator_role.as_str(),
            settings,
            stop: &stop,
            orders: AtomicU32::new(0),
        };
        let work = run.all(tell);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = interrupted.recv() => if stop.swap(true, Ordering::Relaxed) {
                    return Err(ProbingError::Abandoned);
                },
            }
        }
    })
}

/// A run over all probes.
pub(super) struct Probing<'a, C> {
    pub(super) cloud: Arc<C>,
    pub(super) accounts: &'a Throwaway,
    /// The role that deploys, which becomes an administrator of Lake Formation.
    pub(super) administrator: &'a str,
    pub(super) settings: &'a Settings,
    pub(super) stop: &'a AtomicBool,
    /// Orders so far.
    pub(super) orders: AtomicU32,
}

impl<C: Cloud> Probing<'_, C> {
    pub(super) async fn all(&self, tell: &mut dyn FnMut(&Told)) -> Result<Probed, ProbingError> {
        self.refuse_occupied().await?;
        self.remove_leftovers(tell).await?;
        let mut ready = Ok(());
        let mut before = Vec::new();
        for place in self.places() {
            let account = self.account(place).clone();
            tell(&Told::Preparing { account: account.clone() });
            let came = self.deploy(place, base(place), BASE, &[]).await;
            ready = ready.and(prepared(&account, &came));
            before.push(settings_before(&account, &came));
        }
        let (mut outcomes, mut left) = (Vec::new(), Vec::new());
        for behaviour in BEHAVIOURS {
            if self.stopped() {
                break;
            }
            let judged = match (&ready, self.accounts.subscriber.is_none() && behaviour.needs_subscriber()) {
                (Err(why), _) => Judged::not_told(why.clone()),
                (Ok(()), true) => Judged::not_told("it needs a second throw-away account: name two"),
                (Ok(()), false) => {
                    tell(&Told::Begun { number: behaviour.number, name: behaviour.name });
                    let came = self.acts(behaviour).await;
                    left.extend(self.clean_up(behaviour).await);
                    if self.stopped()
                        && came.len() < behaviour.acts.len()
                        && came.iter().all(|came| matches!(came, Came::Done(_)))
                    {
                        Judged::not_told("it was interrupted")
                    } else {
                        behaviour.judged(&came)
                    }
                }
            };
            tell(&Told::Over { number: behaviour.number, judged: judged.clone() });
            outcomes.push((behaviour.number, judged));
        }
        tell(&Told::CleaningUp);
        for place in self.places().into_iter().rev() {
            left.extend(self.removed(place, base(place)).await);
        }
        left.extend(before);
        if self.accounts.subscriber.is_some() {
            left.push(format!(
                "account {}: resource shares of AWS RAM that Lake Formation made (aws ram get-resource-shares --resource-owner SELF)",
                self.accounts.catalog
            ));
        }
        let interrupted = outcomes.len() < BEHAVIOURS.len();
        Ok(Probed { outcomes, left, interrupted })
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn places(&self) -> Vec<Place> {
        let subscriber = self.accounts.subscriber.as_ref().map(|_| Place::Subscriber);
        [Place::Catalog].into_iter().chain(subscriber).collect()
    }

    fn account(&self, place: Place) -> &AccountId {
        match place {
            Place::Catalog => &self.accounts.catalog,
            // a probe that needs a subscriber is not begun without one
            Place::Subscriber => self.accounts.subscriber.as_ref().unwrap_or(&self.accounts.catalog),
        }
    }

    fn scope(&self, place: Place) -> Scope {
        let (account, region) = (self.account(place).clone(), self.accounts.region.clone());
        Scope { account, region, access: Access::Administrator }
    }

    /// Stacks of an account; none of them changes anything.
    async fn stacks(&self, place: Place) -> Result<Vec<String>, ProbingError> {
        let stacks = self.cloud.list_stacks(&self.scope(place), "").await;
        stacks.map_err(|source| ProbingError::Look { account: self.account(place).clone(), source: Box::new(source) })
    }

    /// An account with a stack of the mesh, or with the bootstrap of any, is none to be thrown away.
    async fn refuse_occupied(&self) -> Result<(), ProbingError> {
        let start = format!("{}-", self.accounts.mesh);
        for place in self.places() {
            let mut stacks = self.stacks(place).await?;
            stacks
                .retain(|name| !name.starts_with(PREFIX) && (name.starts_with(&start) || name.contains("-bootstrap")));
            if !stacks.is_empty() {
                return Err(ProbingError::Occupied { account: self.account(place).clone(), stacks });
            }
        }
        Ok(())
    }

    /// Removes what an earlier run left that was killed: those who share last, what all stand on at the very last.
    async fn remove_leftovers(&self, tell: &mut dyn FnMut(&Told)) -> Result<(), ProbingError> {
        let mut left = Vec::new();
        for place in self.places().into_iter().rev() {
            let stacks = self.stacks(place).await?;
            let mut stacks: Vec<&str> = stacks.iter().filter_map(|name| name.strip_prefix(PREFIX)).collect();
            stacks.sort_by_key(|name| (name.starts_with(BASE), name.ends_with("-lake"), (*name).to_owned()));
            for stack in stacks {
                tell(&Told::Leftover { account: self.account(place).clone(), stack: format!("{PREFIX}{stack}") });
                left.extend(self.removed(place, stack).await);
            }
        }
        if left.is_empty() { Ok(()) } else { Err(ProbingError::Leftovers { left }) }
    }

    /// Does the acts of a probe, up to the first that fails.
    async fn acts(&self, behaviour: &Behaviour) -> Vec<Came> {
        let mut came = Vec::new();
        for Act { place, stack, deed } in behaviour.acts {
            if self.stopped() {
                break;
            }
            came.push(match deed {
                Deed::Deploy { template, values } => self.deploy(*place, stack, template, values).await,
                Deed::Delete => self.delete(*place, stack).await,
            });
            if !matches!(came.last(), Some(Came::Done(_))) {
                break;
            }
        }
        came
    }

    /// Removes every stack that a probe may have made, the last one first; what stays, and why.
    async fn clean_up(&self, behaviour: &Behaviour) -> Vec<String> {
        let (mut left, mut seen) = (Vec::new(), BTreeSet::new());
        for act in behaviour.acts.iter().rev() {
            if seen.insert((act.place, act.stack)) {
                left.extend(self.removed(act.place, act.stack).await);
            }
        }
        left
    }

    /// Removes a stack; tries twice, since what blocks it may pass.
    async fn removed(&self, place: Place, stack: &str) -> Option<String> {
        let mut came = self.delete(place, stack).await;
        if !matches!(came, Came::Done(_)) {
            came = self.delete(place, stack).await;
        }
        match came {
            Came::Done(_) => None,
            Came::Failed(reason) | Came::Lost(reason) => {
                Some(format!("account {}: stack {PREFIX}{stack}: {reason}", self.account(place)))
            }
        }
    }

    async fn deploy(&self, place: Place, stack: &str, name: &str, values: &[(&str, &str)]) -> Came {
        let template = template(name);
        let standing = self.cloud.describe_stack(&self.scope(place), &format!("{PREFIX}{stack}")).await;
        let standing = match standing {
            Ok(standing) => standing,
            Err(error) => return Came::Lost(error.to_string()),
        };
        let decision = if standing.is_some() { Decision::Update } else { Decision::Create };
        let parameters = self.parameters(&template, values);
        let step = self.step(place, stack, decision, &template, &parameters, standing.map(|view| view.arn));
        self.carry_out(step, parameters).await
    }

    async fn delete(&self, place: Place, stack: &str) -> Came {
        match self.cloud.describe_stack(&self.scope(place), &format!("{PREFIX}{stack}")).await {
            Ok(None) => Came::Done(BTreeMap::new()),
            Err(error) => Came::Lost(error.to_string()),
            Ok(Some(view)) => {
                let step = self.step(place, stack, Decision::Delete, &Value::Null, &BTreeMap::new(), Some(view.arn));
                self.carry_out(step, BTreeMap::new()).await
            }
        }
    }

    /// The values of those parameters that the template has.
    fn parameters(&self, template: &Value, values: &[(&str, &str)]) -> BTreeMap<String, String> {
        let accounts = [("Catalog", Place::Catalog), ("Subscriber", Place::Subscriber)];
        let known = accounts.map(|(name, place)| (name, self.account(place).as_str()));
        let known = known.into_iter().chain([("Administrator", self.administrator)]);
        let asked = |name: &str| template["Parameters"].get(name).is_some();
        let all = known.chain(values.iter().copied()).filter(|(name, _)| asked(name));
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn step(
        &self,
        place: Place,
        stack: &str,
        decision: Decision,
        template: &Value,
        parameters: &BTreeMap<String, String>,
        standing: Option<String>,
    ) -> Step {
        let turn = if decision == Decision::Delete { Turn::Delete } else { Turn::Add };
        let text = template.to_string();
        Step {
            id: StepId::new(&StackId::new("probe", &format!("{PREFIX}{stack}")), turn),
            account: self.account(place).clone(),
            region: self.accounts.region.clone(),
            layer: Layer::Bootstrap,
            decision,
            sha256: fingerprint(&text),
            resources: template["Resources"].as_object().map_or(0, serde_json::Map::len),
            template: text.into(),
            parameters: parameters
                .iter()
                .map(|(name, value)| (name.clone(), Parameter::Known(value.clone())))
                .collect(),
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            assets: Vec::new(),
            needs: BTreeSet::new(),
            probes: Vec::new(),
            checks_after: Vec::new(),
            lake_formation: true,
            standing,
            outputs: BTreeMap::new(),
            notes: Vec::new(),
            change_set: None,
            protection: Protection::Off,
            stack_policy: StackPolicy::Open,
            retain: BTreeSet::new(),
        }
    }

    /// Carries a step out as the executor would, as the administrator.
    async fn carry_out(&self, step: Step, parameters: BTreeMap<String, String>) -> Came {
        let mut settings = self.settings.clone();
        // a stack has several turns and is perhaps deleted twice, and each is an order of its own
        let order = self.orders.fetch_add(1, Ordering::Relaxed);
        settings.run = format!("{}-{order}", self.settings.run);
        // everything that bears the run's name is of this run: nothing is looked for by it later
        settings.tags = BTreeMap::from([("meshform-probe".to_owned(), self.settings.run.clone())]);
        let (events, _) = unbounded_channel();
        let work = Work {
            cloud: Arc::clone(&self.cloud),
            settings: Arc::new(settings),
            events,
            pass: Pass::Bootstrap,
            step,
            parameters,
            attempt: 1,
        };
        match work.run().await {
            Ok(done) => Came::done(&done.outputs),
            Err(failure) => failed(&failure),
        }
    }
}

/// The stack of what all probes stand on.
const fn base(place: Place) -> &'static str {
    match place {
        Place::Catalog => BASE,
        Place::Subscriber => "base-subscriber",
    }
}

/// A failure as a reason: that of a resource says something of the behaviour.
fn failed(failure: &Failure) -> Came {
    let causes: Vec<String> = failure
        .cause
        .iter()
        .chain(&failure.also)
        .map(|cause| format!("{} {}: {}", cause.logical_id, cause.status, cause.reason))
        .collect();
    if causes.is_empty() {
        return Came::Lost(format!("stack {} {}", failure.stack.name(), failure.message));
    }
    Came::Failed(format!("stack {} {}: {}", failure.stack.name(), failure.message, causes.join("; ")))
}

/// Whether an account is ready for probes: without empty defaults everybody sees every table, and nothing could be told.
fn prepared(account: &AccountId, came: &Came) -> Result<(), String> {
    let answers = match came {
        Came::Done(answers) => answers,
        Came::Failed(reason) | Came::Lost(reason) => {
            return Err(format!("account {account} could not be prepared: {reason}"));
        }
    };
    let settings = answers.get("settings").and_then(|answer| answer.get("value"));
    let open = |value: &Value| value.as_array().is_none_or(|names| !names.is_empty());
    if settings.is_none_or(|value| !value.is_null() && open(value)) {
        return Err(format!(
            "the settings of account {account} still give new databases or tables to everybody, or could not be read"
        ));
    }
    match answers.get("granted").is_some_and(|answer| answer.get("value").is_some()) {
        true => Ok(()),
        false => Err(format!("in account {account} DESCRIBE on the database `default` could not be granted")),
    }
}

/// What of an account's settings is changed for good: CloudFormation does not put back what stood before.
fn settings_before(account: &AccountId, came: &Came) -> String {
    let before = match came {
        Came::Done(answers) => {
            answers.get("before").map_or_else(String::new, |answer| format!(", before: {}", answer["value"]))
        }
        Came::Failed(_) | Came::Lost(_) => String::new(),
    };
    format!(
        "account {account}: Lake Formation's settings, to which two administrators and empty defaults were written{before}; log groups of AWS Glue"
    )
}
