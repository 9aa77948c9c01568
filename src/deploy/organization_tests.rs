//! StackSets in memory. What it does, and where that is taken from (CloudFormation API reference): an operation is looked at twice before
//! it is over; its id serves once (`OperationIdAlreadyExistsException`); accounts that are scripted to refuse are among its results as
//! failed, and have no stack, or an outdated one. Nothing here shows how AWS behaves.

use super::*;
use crate::deploy::cloud::ErrorKind;
use crate::deploy::events::Stop;
use crate::deploy::fake::trouble;
use crate::mesh::AccountId;
use crate::plan::Pass;
use crate::plan::organization::{Options, Permissions, WhyUpdate};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard};
use tokio::time::sleep;

const MANAGER: &str = "999999999990";

#[derive(Default)]
struct State {
    sets: BTreeMap<String, StandingSet>,
    instances: BTreeMap<String, BTreeMap<String, InstanceState>>,
    operations: BTreeMap<String, (usize, BTreeMap<String, String>)>,
    /// The next call of this name fails: before its effect, or after it.
    trouble: BTreeMap<&'static str, (ErrorKind, When)>,
    log: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

#[derive(Default)]
struct Memory {
    state: Mutex<State>,
    /// Accounts by unit.
    units: BTreeMap<String, Vec<String>>,
    /// Accounts that were bootstrapped by themselves, with the stack; none where nobody lets us in.
    single: BTreeMap<String, Option<String>>,
    /// Accounts that refuse.
    refusing: Mutex<BTreeSet<String>>,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn begun(&self, manager: &Manager, call: &'static str, what: &str) -> Result<Option<CloudError>, CloudError> {
        assert_eq!((manager.scope.account.as_str(), manager.scope.access), (MANAGER, Access::Administrator));
        let mut state = self.state();
        match state.trouble.remove(call) {
            Some((kind, When::Before)) => return Err(trouble(kind)),
            Some((kind, When::After)) => {
                state.log.push(format!("{call} {what}"));
                return Ok(Some(trouble(kind)));
            }
            None => {}
        }
        if call.starts_with("Create") || call.starts_with("Update") {
            state.log.push(format!("{call} {what}"));
        }
        Ok(None)
    }

    fn operate(&self, name: &str, operation: &str, accounts: &[String]) -> Result<(), CloudError> {
        let refusing = self.refusing.lock().unwrap().clone();
        let mut state = self.state();
        if state.operations.contains_key(operation) {
            return Err(trouble(ErrorKind::AlreadyExists));
        }
        let mut failed = BTreeMap::new();
        for account in accounts {
            let stands = state.instances.entry(name.to_owned()).or_default();
            if refusing.contains(account) {
                failed.insert(account.clone(), "failed: the role exists".to_owned());
                stands.insert(account.clone(), InstanceState::Outdated);
            } else {
                stands.insert(account.clone(), InstanceState::Current);
            }
        }
        state.operations.insert(operation.to_owned(), (2, failed));
        Ok(())
    }
}

fn lost(after: Option<CloudError>) -> Result<(), CloudError> {
    after.map_or(Ok(()), Err)
}

impl StackSets for Memory {
    async fn stack_set(&self, manager: &Manager, name: &str) -> Result<Option<StandingSet>, CloudError> {
        self.begun(manager, "DescribeStackSet", name)?;
        Ok(self.state().sets.get(name).cloned())
    }

    async fn instances(&self, manager: &Manager, name: &str) -> Result<Vec<Instance>, CloudError> {
        self.begun(manager, "ListStackInstances", name)?;
        let state = self.state();
        let all = state.instances.get(name).into_iter().flatten();
        Ok(all.map(|(account, state)| Instance { account: account.clone(), state: *state, reason: None }).collect())
    }

    async fn single(&self, scope: &Scope, stack: &str) -> Result<Option<String>, CloudError> {
        assert_eq!((scope.access, stack), (Access::Administrator, "demo-bootstrap"));
        match self.single.get(scope.account.as_str()) {
            None => Ok(None),
            Some(Some(arn)) => Ok(Some(arn.clone())),
            Some(None) => Err(trouble(ErrorKind::Denied)),
        }
    }

    async fn create_set(&self, manager: &Manager, request: &SetRequest<'_>) -> Result<(), CloudError> {
        let after = self.begun(manager, "CreateStackSet", request.name)?;
        let set = StandingSet {
            template: serde_json::from_str(request.template).ok(),
            permissions: Permissions::ServiceManaged,
            units: BTreeSet::new(),
            options: Options::Wanted,
        };
        self.state().sets.insert(request.name.to_owned(), set);
        lost(after)
    }

    async fn update_set(&self, manager: &Manager, request: &SetRequest<'_>) -> Result<(), CloudError> {
        let after = self.begun(manager, "UpdateStackSet", request.name)?;
        let accounts: Vec<String> = self
            .state()
            .instances
            .get(request.name)
            .into_iter()
            .flatten()
            .map(|(account, _)| account.clone())
            .collect();
        self.operate(request.name, request.token, &accounts)?;
        let mut state = self.state();
        let set = state.sets.get_mut(request.name).unwrap();
        (set.template, set.options) = (serde_json::from_str(request.template).ok(), Options::Wanted);
        lost(after)
    }

    async fn create_instances(
        &self,
        manager: &Manager,
        name: &str,
        targets: &Targets<'_>,
        operation: &str,
    ) -> Result<(), CloudError> {
        let after = self.begun(manager, "CreateStackInstances", name)?;
        let accounts = targets.units.iter().flat_map(|unit| self.units[unit].clone());
        let accounts: Vec<String> = accounts.filter(|account| !targets.without.contains(account)).collect();
        self.operate(name, operation, &accounts)?;
        self.state().sets.get_mut(name).unwrap().units.extend(targets.units.iter().cloned());
        lost(after)
    }

    async fn set_operation(
        &self,
        manager: &Manager,
        _: &str,
        operation: &str,
    ) -> Result<Option<OperationState>, CloudError> {
        self.begun(manager, "DescribeStackSetOperation", operation)?;
        let mut state = self.state();
        let Some((looks, failed)) = state.operations.get_mut(operation) else { return Ok(None) };
        *looks = looks.saturating_sub(1);
        Ok(Some(match (*looks, failed.is_empty()) {
            (0, true) => OperationState::Succeeded,
            (0, false) => OperationState::Failed(None),
            (_, _) => OperationState::Going,
        }))
    }

    async fn failed_results(
        &self,
        manager: &Manager,
        _: &str,
        operation: &str,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        self.begun(manager, "ListStackSetOperationResults", operation)?;
        Ok(self.state().operations[operation].1.clone())
    }
}

fn memory() -> Memory {
    let units = [("ou-p", vec!["222222222222", "333333333333"]), ("ou-q", vec!["444444444444"])];
    let owned = |(unit, accounts): (&str, Vec<&str>)| {
        (unit.to_owned(), accounts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    Memory { units: units.into_iter().map(owned).collect(), ..Memory::default() }
}

fn set(template: Value, units: &[&str], accounts: &[&str]) -> StackSet {
    StackSet {
        name: "demo-bootstrap-producers".to_owned(),
        single: "demo-bootstrap".to_owned(),
        template,
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
        accounts: accounts.iter().map(|account| AccountId::parse(account).unwrap()).collect(),
    }
}

fn manager() -> Manager {
    let scope = Scope {
        account: AccountId::parse(MANAGER).unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        access: Access::Administrator,
    };
    Manager { scope, acting: Acting::Delegated }
}

/// One run: what was to be done, and what came of it.
async fn run(cloud: &Memory, set: StackSet, run: &str) -> (Vec<SetStep>, Organized) {
    let planned = look_at(cloud, vec![set], &manager()).await.unwrap();
    let steps = planned[0].steps.clone();
    let (summary, events) = worked(cloud, &planned, run, &[]).await;
    let [organized] = summary.stack_sets.as_slice() else { panic!("{summary:?}") };
    if organized.stopped.is_none() {
        let told = events.iter().filter_map(|event| match event {
            Event::StackSetStarted { step, operation, .. } => {
                assert_eq!(operation.is_none(), *step == SetStep::Create);
                Some(step.clone())
            }
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), steps);
    }
    (steps, organized.clone())
}

/// Works on what was planned, interrupted after so many seconds.
async fn worked(cloud: &Memory, planned: &[Planned], run: &str, interrupts: &[u64]) -> (Summary, Vec<Event>) {
    let (events, mut received) = unbounded_channel();
    let (stop, stops) = unbounded_channel();
    for seconds in interrupts {
        let (stop, after) = (stop.clone(), std::time::Duration::from_secs(*seconds));
        tokio::spawn(async move {
            sleep(after).await;
            let _ = stop.send(());
        });
    }
    let organizing = Organizing { mesh: "demo", planned, manager: &manager() };
    let summary = organizing.run(cloud, &Settings::new(run), events, stops).await;
    let mut all = Vec::new();
    while let Ok(event) = received.try_recv() {
        all.push(event);
    }
    assert!(matches!(all.first(), Some(Event::RunStarted { pass: Pass::Bootstrap, .. })), "{all:?}");
    assert_eq!(all.last(), Some(&Event::RunFinished { summary: summary.clone() }));
    (summary, all)
}

fn one() -> StackSet {
    set(json!({"a": 1}), &["ou-p"], &["222222222222", "333333333333"])
}

#[tokio::test(start_paused = true)]
async fn a_stack_set_is_made_grows_by_units_and_is_updated_and_a_second_run_changes_nothing() {
    let cloud = memory();
    let (_, first) = run(&cloud, one(), "r1").await;
    assert!(first.is_whole(), "{first:?}");
    let (steps, again) = run(&cloud, one(), "r2").await;
    assert!(steps.is_empty() && again.is_whole());
    assert_eq!(
        cloud.state().log,
        ["CreateStackSet demo-bootstrap-producers", "CreateStackInstances demo-bootstrap-producers"]
    );
    let wider = set(json!({"a": 2}), &["ou-p", "ou-q"], &["222222222222", "444444444444"]);
    let (steps, organized) = run(&cloud, wider, "r3").await;
    let units = BTreeSet::from(["ou-q".to_owned()]);
    assert_eq!(steps, [SetStep::Update(WhyUpdate::Template), SetStep::Target(units)]);
    assert!(organized.is_whole());
    assert_eq!(cloud.state().sets["demo-bootstrap-producers"].template, Some(json!({"a": 2})));
}

#[tokio::test(start_paused = true)]
async fn accounts_that_fail_are_told_with_their_reason_and_tried_again() {
    let cloud = memory();
    cloud.refusing.lock().unwrap().insert("333333333333".to_owned());
    let (_, organized) = run(&cloud, one(), "r1").await;
    assert_eq!(organized.failed, BTreeMap::from([("333333333333".to_owned(), "failed: the role exists".to_owned())]));
    assert!(!organized.is_whole() && organized.stopped.is_none());
    cloud.refusing.lock().unwrap().clear();
    let (steps, organized) = run(&cloud, one(), "r2").await;
    assert_eq!(steps, [SetStep::Update(WhyUpdate::Outdated)]);
    assert!(organized.is_whole());
}

#[tokio::test(start_paused = true)]
async fn units_that_nobody_names_keep_their_stacks_and_accounts_outside_are_told() {
    let cloud = memory();
    run(&cloud, set(json!({}), &["ou-p", "ou-q"], &[]), "r1").await;
    let narrower = set(json!({}), &["ou-p"], &["222222222222", "555555555555"]);
    let planned = look_at(&cloud, vec![narrower], &manager()).await.unwrap();
    assert!(planned[0].steps.is_empty());
    assert_eq!(planned[0].kept, BTreeSet::from(["ou-q".to_owned()]));
    assert_eq!(planned[0].without, BTreeSet::from(["555555555555".to_owned()]));
    assert_eq!(cloud.state().instances["demo-bootstrap-producers"].len(), 3);
}

/// Every call fails once, before its effect or after it; the run or the next one comes to the same, and nothing is ordered twice.
#[tokio::test(start_paused = true)]
async fn every_call_fails_once_and_the_next_run_comes_to_the_same() {
    let calls = [
        "DescribeStackSet",
        "ListStackInstances",
        "CreateStackSet",
        "CreateStackInstances",
        "DescribeStackSetOperation",
        "ListStackSetOperationResults",
    ];
    let mut ended = 0;
    for call in calls {
        for kind in [ErrorKind::Throttled, ErrorKind::Network, ErrorKind::Denied, ErrorKind::Expired] {
            for when in [When::Before, When::After] {
                let cloud = memory();
                cloud.state().trouble.insert(call, (kind, when));
                if look_at(&cloud, vec![one()], &manager()).await.is_ok() {
                    let (_, organized) = run(&cloud, one(), "r1").await;
                    ended += usize::from(organized.is_whole());
                }
                let (_, organized) = run(&cloud, one(), "r2").await;
                assert!(organized.is_whole(), "{call} {kind:?}: {organized:?}");
                let state = cloud.state();
                let orders = state.log.iter().filter(|line| line.starts_with("CreateStackSet")).count();
                assert_eq!(orders, 1, "{call} {kind:?}: {:?}", state.log);
                assert_eq!(state.instances["demo-bootstrap-producers"].len(), 2);
            }
        }
    }
    assert!(ended > 0);
}

#[tokio::test(start_paused = true)]
async fn a_stack_set_of_somebody_else_is_left_alone() {
    let cloud = memory();
    let others = StandingSet {
        template: Some(json!({})),
        permissions: Permissions::SelfManaged,
        units: BTreeSet::new(),
        options: Options::Others,
    };
    cloud.state().sets.insert("demo-bootstrap-producers".to_owned(), others);
    let refused = look_at(&cloud, vec![one()], &manager()).await;
    assert!(matches!(refused, Err(OrganizationError::NotOurs { .. })), "{refused:?}");
    assert_eq!(cloud.state().log, Vec::<String>::new());
}

/// An account that has its own bootstrap is left out of the StackSet; one that lets nobody look is not.
#[tokio::test(start_paused = true)]
async fn an_account_that_was_bootstrapped_by_itself_is_left_out() {
    let arn = "arn:aws:cloudformation:eu-west-1:222222222222:stack/demo-bootstrap/1".to_owned();
    let single = [("222222222222".to_owned(), Some(arn.clone())), ("333333333333".to_owned(), None)];
    let mut cloud = Memory { single: BTreeMap::from(single), ..memory() };
    let planned = look_at(&cloud, vec![one()], &manager()).await.unwrap();
    assert_eq!(planned[0].single, BTreeMap::from([("222222222222".to_owned(), arn)]));
    assert_eq!(planned[0].without, BTreeSet::from(["333333333333".to_owned()]));
    assert_eq!(planned[0].unseen.keys().collect::<Vec<_>>(), ["333333333333"]);
    let (_, organized) = run(&cloud, one(), "r1").await;
    assert!(organized.is_whole(), "{organized:?}");
    let stands: Vec<String> = cloud.state().instances["demo-bootstrap-producers"].keys().cloned().collect();
    assert_eq!(stands, ["333333333333"]);
    // it was imported: its stack is one of the StackSet now
    let imported = ("222222222222".to_owned(), InstanceState::Outdated);
    cloud.state().instances.get_mut("demo-bootstrap-producers").unwrap().extend([imported]);
    cloud.single.clear();
    let (steps, organized) = run(&cloud, one(), "r2").await;
    assert_eq!(steps, [SetStep::Update(WhyUpdate::Outdated)]);
    assert!(organized.is_whole());
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_begins_no_further_step_and_a_second_one_leaves_what_runs() {
    // at once: the first step has begun, the second has not
    let cloud = memory();
    let standing = StandingSet {
        template: Some(json!({"a": 0})),
        permissions: Permissions::ServiceManaged,
        units: BTreeSet::new(),
        options: Options::Wanted,
    };
    cloud.state().sets.insert("demo-bootstrap-producers".to_owned(), standing);
    let planned = look_at(&cloud, vec![one()], &manager()).await.unwrap();
    assert_eq!(planned[0].steps.len(), 2);
    let (summary, events) = worked(&cloud, &planned, "r0", &[0]).await;
    assert_eq!(summary.stopped, Some(Stop::Finishing));
    assert!(summary.stack_sets[0].stopped.as_ref().is_some_and(|why| why.starts_with("it was stopped before: ")));
    assert!(events.contains(&Event::Stopping { running: Vec::new(), how: Stop::Finishing }));
    assert!(!summary.is_whole());
    // an operation that does not end is left at the second
    let again = look_at(&cloud, vec![one()], &manager()).await.unwrap();
    assert_eq!(again[0].steps.len(), 1);
    cloud.state().trouble.insert("CreateStackInstances", (ErrorKind::AlreadyExists, When::Before));
    cloud.state().operations.insert(format!("meshform-r1-{}-0", one().name), (usize::MAX, BTreeMap::new()));
    let (summary, _) = worked(&cloud, &again, "r1", &[30, 60]).await;
    assert_eq!(summary.stopped, Some(Stop::Now));
    assert!(summary.stack_sets[0].stopped.as_ref().is_some_and(|why| why.contains("CloudFormation goes on")));
    assert!((60.0..61.0).contains(&summary.seconds), "{}", summary.seconds);
}
