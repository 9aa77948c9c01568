//! StackSets in memory. What it does, and where that is taken from (CloudFormation API reference): an operation is looked at twice before
//! it is over; its id serves once (`OperationIdAlreadyExistsException`); accounts that are scripted to refuse are among its results as
//! failed, and have no stack, or an outdated one. Nothing here shows how AWS behaves.

use super::*;
use crate::deploy::fake::trouble;
use crate::mesh::AccountId;
use crate::plan::organization::{Options, Permissions, WhyUpdate};
use serde_json::json;
use std::sync::{Mutex, MutexGuard};

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
        units: &BTreeSet<String>,
        operation: &str,
    ) -> Result<(), CloudError> {
        let after = self.begun(manager, "CreateStackInstances", name)?;
        let accounts: Vec<String> = units.iter().flat_map(|unit| self.units[unit].clone()).collect();
        self.operate(name, operation, &accounts)?;
        self.state().sets.get_mut(name).unwrap().units.extend(units.iter().cloned());
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
    let mut told = Vec::new();
    let done =
        organize_at(cloud, &planned, &manager(), &Settings::new(run), &mut |_, step| told.push(step.clone())).await;
    let [organized] = done.as_slice() else { panic!("{done:?}") };
    if organized.stopped.is_none() {
        assert_eq!(told, steps);
    }
    (steps, organized.clone())
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
