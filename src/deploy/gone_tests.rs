//! Destroying and recovering against the cloud in memory: the order at every moment, every call failing once, and never a delete for a
//! stack that is stuck.

use crate::assembly::{Effect, Rendered};
use crate::deploy::cloud::{Access, Cloud};
use crate::deploy::events::Event;
use crate::deploy::fake::FakeCloud;
use crate::deploy::fake::faults::{Fault, Faulty};
use crate::deploy::journal::Unrecorded;
use crate::deploy::lock::{Holder, LockPlace, LockWish, look};
use crate::deploy::observe::observe;
use crate::deploy::outcome::{Outcome, Summary};
use crate::deploy::session::{Guard, run};
use crate::deploy::settings::{OnFailure, Polling, Settings};
use crate::deploy::stuck::{strays, stuck};
use crate::mesh::{AccountId, Region};
use crate::plan::samples::{id, rendered, stack, subscriber_template};
use crate::plan::{Decision, Options, Pass, Plan, Protection, StackStatus, Way, destroy, plan, recover};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

const EVERYTHING: Options = Options { pass: Pass::Mesh, select: None };

/// Grants to an account, links and grants to its role, and what they are on.
fn mesh() -> Rendered {
    let grant = |principal: &str| {
        json!({"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
            "Principal": {"DataLakePrincipalIdentifier": principal},
            "Resource": {"Database": {"Name": "demo_sales_orders"}}, "Permissions": ["DESCRIBE"]}})
    };
    let mut access = subscriber_template();
    access["Resources"]["Grant"] = grant("arn:aws:iam::222222222222:role/reader");
    rendered(vec![
        stack("governance/foundation"),
        stack("sales/storage"),
        stack("governance/publication")
            .wire("Key", "sales/storage", "KeyArn")
            .after("governance/foundation", Effect::Settings),
        stack("governance/sharing")
            .template(json!({"Resources": {"Grant": grant("222222222222")}}))
            .after("governance/publication", Effect::Catalog),
        stack("shop/workspace"),
        stack("shop/access")
            .template(access)
            .after("governance/sharing", Effect::Share)
            .after("shop/workspace", Effect::Roles),
    ])
}

fn place() -> LockPlace {
    LockPlace {
        access: Access::Deploy,
        account: AccountId::parse("111111111111").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        bucket: "acme-demo-deploy".to_owned(),
    }
}

async fn carried<C: Cloud>(
    cloud: &Arc<C>,
    plan: &Plan,
    name: &str,
    ended: &[&str],
) -> Result<(Outcome, Vec<Event>), String> {
    let seen = look(&**cloud, &place()).await.map_err(|error| format!("{error:?}"))?;
    let holder = Holder { run: name.to_owned(), owner: "somebody@build-7".to_owned() };
    let ended = ended.iter().map(|run| (*run).to_owned()).collect();
    let lock = Some(LockWish { place: place(), holder: holder.clone(), seen, broken: None, ended });
    let guard = Guard { holder, recorder: Arc::new(Unrecorded), lock };
    let mut settings = Settings::new(name);
    settings.polling = Polling { first: Duration::from_millis(200), longest: Duration::from_secs(2) };
    settings.on_failure = OnFailure::KeepGoing;
    let (_interrupt, interrupts) = unbounded_channel();
    let mut events = Vec::new();
    let outcome = run(Arc::clone(cloud), plan, settings, &guard, interrupts, &mut |event| events.push(event)).await;
    outcome.map(|outcome| (outcome, events)).map_err(|error| format!("{error:?}"))
}

/// The mesh, deployed.
async fn deployed(mut cloud: FakeCloud, alter: impl FnOnce(&mut FakeCloud)) -> Arc<FakeCloud> {
    alter(&mut cloud);
    let cloud = Arc::new(cloud);
    let rendered = mesh();
    let found = observe(Arc::clone(&cloud), &rendered.manifest, &EVERYTHING).await.unwrap();
    let plan = plan(&rendered, &found, &EVERYTHING).unwrap();
    let (outcome, _) = carried(&cloud, &plan, "deploy", &[]).await.unwrap();
    assert!(matches!(outcome, Outcome::Complete { .. }), "{outcome:#?}");
    cloud
}

async fn destroyed<C: Cloud>(
    cloud: &Arc<C>,
    wanted: Protection,
    name: &str,
    ended: &[&str],
) -> Result<Summary, String> {
    left_behind(cloud, wanted, &[], name, ended).await
}

/// The mesh destroyed without some resources of its workspace.
async fn left_behind<C: Cloud>(
    cloud: &Arc<C>,
    wanted: Protection,
    retain: &[&str],
    name: &str,
    ended: &[&str],
) -> Result<Summary, String> {
    let names: BTreeSet<String> = retain.iter().map(|name| (*name).to_owned()).collect();
    let retain: BTreeMap<_, _> = (!names.is_empty()).then(|| (id("shop/workspace"), names)).into_iter().collect();
    let manifest = mesh().manifest;
    let told = |error: crate::deploy::ObserveError| format!("{error:?}");
    let found = observe(Arc::clone(cloud), &manifest, &EVERYTHING).await.map_err(told)?;
    let strays = strays(&**cloud, &manifest, &found).await.map_err(told)?;
    let planned = destroy(&manifest, &found, &strays, wanted, &retain).unwrap();
    carried(cloud, &planned.plan, name, ended).await.map(|(outcome, _)| outcome.summary().clone())
}

/// Which stacks stand although something that they were for is gone: what depends on a stack must go before it.
fn dangling(names: &[String]) -> Vec<(String, String)> {
    let graph = crate::plan::graph(&mesh().manifest).unwrap();
    let stands = |name: &str| names.iter().any(|standing| standing == name);
    let edges = graph.needs.iter().flat_map(|(stack, needs)| needs.iter().map(move |needed| (stack, needed)));
    let broken = edges.filter(|(stack, needed)| stands(stack.name()) && !stands(needed.name()));
    broken.map(|(stack, needed)| (stack.to_string(), needed.to_string())).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_goes_backward_and_at_no_moment_does_anything_stand_on_nothing() {
    let cloud = deployed(FakeCloud::new(), |_| {}).await;
    cloud.put("111111111111", "demo-sharing-left", StackStatus::UpdateComplete, Some("{}"));
    let moments = Arc::new(Mutex::new(BTreeSet::new()));
    let watching = {
        let (cloud, moments) = (Arc::clone(&cloud), Arc::clone(&moments));
        tokio::spawn(async move {
            loop {
                let names = cloud.names();
                assert_eq!(dangling(&names), [], "{names:?}");
                moments.lock().unwrap().insert(names);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
    };
    let summary = destroyed(&cloud, Protection::On, "destroy", &[]).await.unwrap();
    assert!(!watching.is_finished(), "something stood on nothing");
    watching.abort();
    assert_eq!(summary.deleted.len(), 7, "{summary:#?}");
    assert_eq!(cloud.names(), [""; 0]);
    assert!(moments.lock().unwrap().len() >= 5, "the moments are hollow: {moments:?}");
    let deletes: Vec<String> = cloud.log().into_iter().filter(|call| call.starts_with("DeleteStack")).collect();
    let at = |name: &str| deletes.iter().position(|call| call.contains(&format!(" {name} "))).unwrap();
    assert!(at("access") < at("sharing") && at("sharing") < at("publication"), "{deletes:?}");
    assert!(at("demo-sharing-left") < at("publication") && at("access") < at("demo-sharing-left"), "{deletes:?}");
    let again = destroyed(&cloud, Protection::On, "again", &[]).await.unwrap();
    assert_eq!(again, Summary { seconds: again.seconds, ..Summary::default() });
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_destruction_fails_once_and_the_second_run_leaves_nothing() {
    let undisturbed = deployed(FakeCloud::new(), |_| {}).await;
    let counting = Arc::new(Faulty::new(&undisturbed, None));
    destroyed(&counting, Protection::On, "one", &[]).await.unwrap();
    let calls = counting.calls();
    assert!(calls.len() > 40, "the story is hollow: {} calls", calls.len());
    let mut injected = 0;
    for (number, call) in calls.iter().enumerate() {
        for fault in Fault::ALL {
            let case = format!("{fault:?} at call {number}, {call}");
            let cloud = deployed(FakeCloud::new(), |_| {}).await;
            let faulty = Arc::new(Faulty::new(&cloud, Some((number, fault))));
            let first = tokio::select! {
                outcome = destroyed(&faulty, Protection::On, "one", &[]) => outcome,
                () = faulty.killed() => Err("killed".to_owned()),
            };
            injected += faulty.injected();
            if let Err(told) = &first {
                assert!(told == "killed" || told.contains("injected"), "{case}: {told}");
            }
            let second = destroyed(&cloud, Protection::On, "two", &["one"]).await;
            let second = second.unwrap_or_else(|error| panic!("{case}: the second run: {error}"));
            assert!(second.is_whole(), "{case}: {second:#?}");
            assert_eq!(cloud.names(), [""; 0], "{case}");
            let deletes = cloud.log().iter().filter(|call| call.starts_with("DeleteStack")).count();
            assert_eq!(deletes, 6, "{case}: deleted twice, or not at all");
        }
    }
    assert_eq!(injected, calls.len() * Fault::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_survives_fails_the_stack_and_what_it_is_on_stays() {
    let cloud = deployed(FakeCloud::new(), |cloud| {
        cloud.survivors.insert("222222222222".to_owned());
    })
    .await;
    let summary = destroyed(&cloud, Protection::On, "destroy", &[]).await.unwrap();
    assert_eq!(summary.failed.len(), 1, "{summary:#?}");
    assert_eq!(
        summary.failed[0].message,
        "is deleted, but 1 grant to be gone from account 111111111111 read back differently: 222222222222 still holds SELECT on database demo_sales_orders"
    );
    assert_eq!(cloud.names(), ["foundation", "publication", "storage"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_protected_is_refused_until_a_person_says_otherwise() {
    let cloud = deployed(FakeCloud::new(), |_| {}).await;
    cloud.put_protection("storage", Protection::On);
    let calls = cloud.log().len();
    let summary = destroyed(&cloud, Protection::On, "destroy", &[]).await.unwrap();
    assert!(summary.failed[0].message.contains("termination protection"), "{summary:#?}");
    assert!(cloud.names().contains(&"storage".to_owned()));
    let gone = destroyed(&cloud, Protection::Off, "again", &[]).await.unwrap();
    assert!(gone.is_whole() && cloud.names().is_empty(), "{gone:#?}");
    let switched = cloud.log().split_off(calls);
    assert!(switched.contains(&"UpdateTerminationProtection storage 222222222222/Deploy".to_owned()), "{switched:?}");
}

#[tokio::test(start_paused = true)]
async fn what_will_not_go_is_named_and_goes_when_it_was_mended() {
    let mut cloud = deployed(FakeCloud::new(), |cloud| {
        cloud.stubborn.insert("workspace".to_owned(), ("Profile".to_owned(), "it has applications".to_owned()));
    })
    .await;
    let summary = destroyed(&cloud, Protection::On, "destroy", &[]).await.unwrap();
    let failure = &summary.failed[0];
    assert_eq!(failure.cause.as_ref().map(|cause| cause.reason.as_str()), Some("it has applications"));
    assert!(failure.hints.iter().any(|hint| hint.contains("run the same command again")), "{failure:#?}");
    assert_eq!(cloud.status("workspace"), Some(StackStatus::DeleteFailed));
    Arc::get_mut(&mut cloud).unwrap().stubborn.clear();
    assert!(destroyed(&cloud, Protection::On, "again", &[]).await.unwrap().is_whole());
    assert_eq!(cloud.names(), [""; 0]);
}

/// A mesh whose workspace would not go.
async fn stubborn() -> Arc<FakeCloud> {
    let cloud = deployed(FakeCloud::new(), |cloud| {
        cloud.stubborn.insert("workspace".to_owned(), ("Profile".to_owned(), "it has applications".to_owned()));
    })
    .await;
    let summary = destroyed(&cloud, Protection::On, "first", &[]).await.unwrap();
    let hints = &summary.failed[0].hints;
    assert!(hints.iter().any(|hint| hint.contains("`--retain shop/workspace:Profile`")), "{hints:?}");
    cloud
}

#[tokio::test(start_paused = true)]
async fn what_will_not_go_is_left_behind_by_name_and_nothing_else_is() {
    let cloud = stubborn().await;
    let calls = cloud.log().len();
    let refused = left_behind(&cloud, Protection::On, &["Bucket"], "other", &["first"]).await.unwrap();
    assert!(refused.failed[0].message.contains("which is Profile"), "{refused:#?}");
    assert_eq!(cloud.log().len(), calls, "nothing is ordered");
    let again = destroyed(&cloud, Protection::On, "again", &["other"]).await.unwrap();
    assert_eq!(again.failed.len(), 1, "without a word of a person it would not go again");
    let gone = left_behind(&cloud, Protection::On, &["Profile"], "third", &["again"]).await.unwrap();
    assert!(gone.is_whole() && cloud.names().is_empty(), "{gone:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_left_delete_failed_meanwhile_loses_nothing() {
    let cloud = stubborn().await;
    let manifest = mesh().manifest;
    let found = observe(Arc::clone(&cloud), &manifest, &EVERYTHING).await.unwrap();
    let retain = BTreeMap::from([(id("shop/workspace"), BTreeSet::from(["Profile".to_owned()]))]);
    let planned = destroy(&manifest, &found, &BTreeMap::new(), Protection::On, &retain).unwrap();
    cloud.put_status("workspace", StackStatus::UpdateComplete);
    let calls = cloud.log().len();
    let (outcome, _) = carried(&cloud, &planned.plan, "second", &["first"]).await.unwrap();
    let failure = &outcome.summary().failed[0];
    assert!(failure.message.starts_with("is in UPDATE_COMPLETE: only a stack in DELETE_FAILED"), "{failure:#?}");
    assert_eq!(cloud.log().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn every_call_of_leaving_something_behind_fails_once_and_it_is_left_behind_once() {
    let undisturbed = stubborn().await;
    let counting = Arc::new(Faulty::new(&undisturbed, None));
    left_behind(&counting, Protection::On, &["Profile"], "one", &["first"]).await.unwrap();
    let calls = counting.calls();
    assert!(calls.len() > 10, "the story is hollow: {calls:?}");
    for (number, call) in calls.iter().enumerate() {
        for fault in Fault::ALL {
            let case = format!("{fault:?} at call {number}, {call}");
            let cloud = stubborn().await;
            let before = cloud.log().len();
            let faulty = Arc::new(Faulty::new(&cloud, Some((number, fault))));
            let _ = tokio::select! {
                outcome = left_behind(&faulty, Protection::On, &["Profile"], "one", &["first"]) => outcome,
                () = faulty.killed() => Err("killed".to_owned()),
            };
            assert_eq!(faulty.injected(), 1, "{case}");
            tokio::time::sleep(Duration::from_secs(5)).await;
            let second = left_behind(&cloud, Protection::On, &["Profile"], "two", &["one"]).await.unwrap();
            assert!(second.is_whole() && cloud.names().is_empty(), "{case}: {second:#?}");
            let deletes = cloud.log().split_off(before).into_iter().filter(|call| call.starts_with("DeleteStack"));
            assert_eq!(deletes.count(), 1, "{case}");
        }
    }
}

/// Brings the stack `storage` back in a way, as a person chose it.
async fn recovered<C: Cloud>(
    cloud: &Arc<C>,
    decision: Decision,
    name: &str,
    ended: &[&str],
) -> Result<Summary, String> {
    let manifest = rendered(vec![stack("sales/storage")]).manifest;
    let found = observe(Arc::clone(cloud), &manifest, &EVERYTHING).await.map_err(|error| format!("{error:?}"))?;
    let plan = recover(&manifest, &found, &BTreeMap::from([(id("sales/storage"), decision)]));
    carried(cloud, &plan, name, ended).await.map(|(outcome, _)| outcome.summary().clone())
}

fn skip(names: &[&str]) -> Decision {
    let resources = names.iter().map(|name| (*name).to_owned()).collect();
    Decision::ContinueRollback { way: Way::Skip { resources } }
}

const PLAIN: Decision = Decision::ContinueRollback { way: Way::Plain };

#[tokio::test(start_paused = true)]
async fn a_rollback_is_continued_skipped_or_forced_as_chosen_and_never_deleted() {
    let manifest = rendered(vec![stack("sales/storage")]).manifest;
    for (decision, mended, status) in [
        (PLAIN, true, StackStatus::UpdateRollbackComplete),
        (PLAIN, false, StackStatus::UpdateRollbackFailed),
        (skip(&["Key", "Topic"]), false, StackStatus::UpdateRollbackComplete),
        (skip(&["Key"]), false, StackStatus::UpdateRollbackFailed),
        (Decision::ContinueRollback { way: Way::Force }, false, StackStatus::UpdateRollbackComplete),
    ] {
        let cloud = Arc::new(FakeCloud::new());
        cloud.put_stuck("222222222222", "storage", &["Key", "Topic"]);
        let found = observe(Arc::clone(&cloud), &manifest, &EVERYTHING).await.unwrap();
        let offered = stuck(&*cloud, &manifest, &found).await.unwrap();
        let failed: Vec<&str> =
            offered[&id("sales/storage")].failed.iter().map(|one| one.logical_id.as_str()).collect();
        assert_eq!(failed, ["Key", "Topic"], "what was cancelled cannot be skipped");
        if mended {
            cloud.mend("storage");
        }
        let summary = recovered(&cloud, decision.clone(), "recover", &[]).await.unwrap();
        assert_eq!(cloud.status("storage"), Some(status.clone()), "{decision:?}: {summary:#?}");
        let good = status == StackStatus::UpdateRollbackComplete;
        assert_eq!((summary.rolled_back.len(), summary.failed.len()), (usize::from(good), usize::from(!good)));
        assert!(good || summary.failed[0].cause.is_some(), "{summary:#?}");
        assert_eq!(cloud.log(), ["ContinueUpdateRollback storage 222222222222/Deploy"], "{decision:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_left_as_it_failed_is_rolled_back() {
    let cloud = Arc::new(FakeCloud::new());
    cloud.put("222222222222", "storage", StackStatus::UpdateFailed, Some("{}"));
    let summary = recovered(&cloud, Decision::RollBack, "recover", &[]).await.unwrap();
    assert_eq!(summary.rolled_back, [id("sales/storage")], "{summary:#?}");
    assert_eq!(cloud.log(), ["RollbackStack storage 222222222222/Deploy"]);
    let stale = recovered(&cloud, Decision::RollBack, "again", &[]).await.unwrap();
    assert!(stale.failed[0].message.contains("no longer what was decided about"), "{stale:#?}");
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_recovery_fails_once_and_the_order_is_given_once() {
    let begin = || {
        let cloud = Arc::new(FakeCloud::new());
        cloud.put_stuck("222222222222", "storage", &["Key"]);
        cloud
    };
    let undisturbed = begin();
    let counting = Arc::new(Faulty::new(&undisturbed, None));
    recovered(&counting, skip(&["Key"]), "one", &[]).await.unwrap();
    let calls = counting.calls();
    assert!(calls.len() > 10, "the story is hollow: {calls:?}");
    for (number, call) in calls.iter().enumerate() {
        for fault in Fault::ALL {
            let case = format!("{fault:?} at call {number}, {call}");
            let cloud = begin();
            let faulty = Arc::new(Faulty::new(&cloud, Some((number, fault))));
            let _ = tokio::select! {
                outcome = recovered(&faulty, skip(&["Key"]), "one", &[]) => outcome,
                () = faulty.killed() => Err("killed".to_owned()),
            };
            assert_eq!(faulty.injected(), 1, "{case}");
            tokio::time::sleep(Duration::from_secs(5)).await;
            if cloud.status("storage") == Some(StackStatus::UpdateRollbackFailed) {
                let second = recovered(&cloud, skip(&["Key"]), "two", &["one"]).await.unwrap();
                assert!(second.is_whole(), "{case}: {second:#?}");
            }
            assert_eq!(cloud.status("storage"), Some(StackStatus::UpdateRollbackComplete), "{case}");
            assert_eq!(cloud.log(), ["ContinueUpdateRollback storage 222222222222/Deploy"], "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_busy_is_waited_for_and_what_is_stuck_is_never_deleted() {
    let cloud = Arc::new(FakeCloud::new());
    cloud.put("222222222222", "storage", StackStatus::UpdateInProgress, Some("{}"));
    cloud.put_end("storage", Duration::from_secs(30), StackStatus::UpdateComplete);
    cloud.put("222222222222", "workspace", StackStatus::DeleteInProgress, Some("{}"));
    cloud.put_end("workspace", Duration::from_secs(30), StackStatus::DeleteComplete);
    let summary = destroyed(&cloud, Protection::On, "destroy", &[]).await.unwrap();
    assert!(summary.is_whole() && cloud.names().is_empty(), "{summary:#?}");
    assert_eq!(cloud.log(), ["DeleteStack storage 222222222222/Deploy"], "the other was going by itself");
    cloud.put("222222222222", "access", StackStatus::UpdateRollbackFailed, Some("{}"));
    cloud.put("222222222222", "storage", StackStatus::UpdateComplete, Some("{}"));
    let refused = destroyed(&cloud, Protection::Off, "again", &[]).await.unwrap();
    assert!(refused.failed[0].message.contains("UPDATE_ROLLBACK_FAILED"), "{refused:#?}");
    assert_eq!(cloud.names(), ["access", "storage"], "nor what it depends on");
}
