//! The executor against a cloud in memory, on a clock that leaps.

use super::*;
use crate::assembly::{Effect, Rendered, StackPolicies};
use crate::deploy::cloud::{ErrorKind, Upload};
use crate::deploy::fake::{FakeCloud, Script, trouble};
use crate::deploy::observe::observe;
use crate::plan::samples::{Sample, id, publication_template, rendered, stack, subscriber_template};
use crate::plan::{Options, Pass, Protection, StackStatus, plan};
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

#[cfg(test)]
#[path = "checks_tests.rs"]
mod checks;
#[cfg(test)]
#[path = "limits_tests.rs"]
mod limits;

struct Run {
    cloud: Arc<FakeCloud>,
    rendered: Rendered,
    settings: Settings,
    serial: usize,
}

fn add(name: &str) -> StepId {
    StepId::new(&id(name), Turn::Add)
}

struct Ran {
    outcome: Outcome,
    events: Vec<Event>,
    took: Duration,
}

impl Run {
    fn of(samples: Vec<Sample>) -> Self {
        Self {
            cloud: Arc::new(FakeCloud::new()),
            rendered: rendered(samples),
            settings: Settings::new("run"),
            serial: 0,
        }
    }

    fn script(mut self, name: &str, script: Script) -> Self {
        Arc::get_mut(&mut self.cloud).unwrap().scripts.insert(name.to_owned(), script);
        self
    }

    fn takes(self, name: &str, seconds: u64) -> Self {
        self.script(name, Script { takes: Duration::from_secs(seconds), ..Script::default() })
    }

    fn fails(self, name: &str, resource: &str, reason: &str) -> Self {
        self.script(name, Script { fails: Some((resource.to_owned(), reason.to_owned())), ..Script::default() })
    }

    async fn plan(&self) -> Plan {
        let options = Options { pass: Pass::Mesh, select: None };
        let deployed = observe(Arc::clone(&self.cloud), &self.rendered.manifest, &options).await.unwrap();
        plan(&self.rendered, &deployed, &options).unwrap()
    }

    async fn go(&mut self) -> Ran {
        self.interrupted_after(&[]).await
    }

    async fn interrupted_after(&mut self, seconds: &[u64]) -> Ran {
        let plan = self.plan().await;
        self.serial += 1;
        let settings = Settings { run: format!("run{}", self.serial), ..self.settings.clone() };
        let (events, mut received) = unbounded_channel();
        let (interrupt, interrupts) = unbounded_channel();
        let started = Instant::now();
        for second in seconds {
            let interrupt = interrupt.clone();
            let at = started + Duration::from_secs(*second);
            tokio::spawn(async move {
                tokio::time::sleep_until(at).await;
                let _ = interrupt.send(());
            });
        }
        let outcome = execute(Arc::clone(&self.cloud), &plan, Arc::new(settings), events, interrupts).await;
        let took = started.elapsed();
        let mut all = Vec::new();
        while let Ok(event) = received.try_recv() {
            all.push(event);
        }
        Ran { outcome, events: all, took }
    }
}

impl Ran {
    fn summary(&self) -> &Summary {
        self.outcome.summary()
    }

    fn position(&self, what: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().position(what).unwrap_or_else(|| panic!("no such event in {:#?}", self.events))
    }

    fn started(&self, name: &str) -> usize {
        self.position(|event| matches!(event, Event::StepStarted { step, .. } if *step == add(name)))
    }

    fn finished(&self, name: &str) -> usize {
        self.position(|event| matches!(event, Event::StepFinished { step, .. } if *step == add(name)))
    }
}

fn skipped_of(ran: &Ran) -> Vec<(String, SkipReason)> {
    ran.summary().skipped.iter().map(|skipped| (skipped.stack.to_string(), skipped.reason.clone())).collect()
}

/// Two branches: a storage and what needs it, and a storage alone.
fn branches() -> Run {
    Run::of(vec![
        stack("sales/storage"),
        stack("governance/publication").wire("Key", "sales/storage", "KeyArn"),
        stack("shop/workspace"),
        stack("shop/access").after("shop/workspace", Effect::Roles),
    ])
}

#[tokio::test(start_paused = true)]
async fn a_stack_starts_when_its_needs_are_complete_and_gets_their_outputs() {
    let mut run = branches().takes("storage", 20).takes("workspace", 1);
    let ran = run.go().await;
    assert!(matches!(ran.outcome, Outcome::Complete { .. }), "{:#?}", ran.outcome);
    assert_eq!(ran.summary().created.len(), 4);
    assert!(ran.finished("sales/storage") < ran.started("governance/publication"));
    // no level barrier: the quick branch is through long before the slow one
    assert!(ran.finished("shop/access") < ran.finished("sales/storage"));
    assert_eq!(run.cloud.parameters("publication")["Key"], "storage-key");
}

#[tokio::test(start_paused = true)]
async fn a_second_run_makes_no_call_that_changes_anything() {
    let mut run = branches();
    run.go().await;
    let calls = run.cloud.log().len();
    assert_eq!(calls, 8, "a change set and its execution for each of four stacks");
    let ran = run.go().await;
    assert!(matches!(ran.outcome, Outcome::Nothing { .. }), "{:#?}", ran.outcome);
    assert_eq!(run.cloud.log().len(), calls);
    assert_eq!(ran.summary().unchanged.len(), 4);
    assert_eq!(ran.took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn changes_go_as_the_deploy_role() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    run.go().await;
    assert_eq!(
        run.cloud.log(),
        ["CreateChangeSet storage 222222222222/Deploy", "ExecuteChangeSet storage 222222222222/Deploy"]
    );
}

#[tokio::test(start_paused = true)]
async fn limits_hold_in_all_and_in_an_account() {
    let accounts = ["333333333333", "444444444444", "555555555555"];
    let samples = (0..24).map(|number| stack(&format!("o{number}/s{number}")).account(accounts[number % 3])).collect();
    let mut run = Run::of(samples);
    run.settings.limits = super::super::settings::Limits { total: 5, per_account: 2, lake_formation_per_account: 1 };
    let ran = run.go().await;
    assert_eq!(ran.summary().created.len(), 24);
    assert_eq!(run.cloud.most_at_once(), (5, 2));
}

#[tokio::test(start_paused = true)]
async fn stacks_with_grants_run_one_at_a_time_in_an_account() {
    let tagged = || publication_template();
    let mut run = Run::of(vec![
        stack("governance/publication-a").template(tagged()),
        stack("governance/publication-b").template(tagged()),
        stack("governance/foundation"),
    ]);
    let ran = run.go().await;
    assert!(ran.finished("governance/publication-a") < ran.started("governance/publication-b"));
    assert!(ran.started("governance/foundation") < ran.finished("governance/publication-a"));
}

#[tokio::test(start_paused = true)]
async fn grants_that_an_earlier_run_left_running_take_their_room_until_they_end() {
    let (first, second) = ("governance/publication-a", "governance/publication-b");
    let mut run = Run::of(vec![
        stack(first).template(publication_template()),
        stack(second).template(publication_template()),
        stack("governance/foundation"),
        // what runs already does not ask whether its own needs are complete
        stack("sales/storage"),
        stack("governance/publication-c").template(publication_template()).wire("Key", "sales/storage", "KeyArn"),
    ])
    .takes("storage", 50)
    .takes("publication-a", 60);
    for (name, seconds) in [("publication-b", 30), ("publication-c", 100)] {
        let template = run.rendered.templates[&id(&format!("governance/{name}"))].clone();
        run.cloud.put("111111111111", name, StackStatus::CreateInProgress, Some(&template));
        run.cloud.put_end(name, Duration::from_secs(seconds), StackStatus::CreateComplete);
    }
    let ran = run.go().await;
    assert!(ran.outcome.summary().failed.is_empty(), "{:?}", ran.summary());
    let created = ran.position(
        |event| matches!(event, Event::StepStarted { step, decision: Decision::Create } if *step == add(first)),
    );
    let attached =
        |event: &Event| matches!(event, Event::StepAttached { step, .. } if *step == add("governance/publication-c"));
    assert!(ran.position(attached) < created);
    assert!(ran.started("governance/foundation") < ran.finished(second));
    assert!(ran.took >= Duration::from_secs(160), "{:?}", ran.took);
    // what was only looked at is not made again
    assert!(run.cloud.log().iter().all(|call| !call.contains("publication-b")), "{:?}", run.cloud.log());
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_nothing_new_starts_and_what_runs_is_finished() {
    let mut run = branches().fails("storage", "DataBucket", "bucket exists").takes("workspace", 9);
    let ran = run.go().await;
    let Outcome::Partial { summary } = &ran.outcome else { panic!("{:#?}", ran.outcome) };
    assert_eq!(summary.created, [id("shop/workspace")]);
    let failure = &summary.failed[0];
    assert_eq!(failure.message, "ended in ROLLBACK_COMPLETE");
    let cause = failure.cause.as_ref().unwrap();
    assert_eq!((cause.logical_id.as_str(), cause.reason.as_str()), ("DataBucket", "bucket exists"));
    assert!(failure.also.is_empty(), "a cancellation is no cause: {:?}", failure.also);
    let skipped = skipped_of(&ran);
    assert_eq!(skipped[0], ("governance/publication".to_owned(), SkipReason::Needs { step: add("sales/storage") }));
    assert_eq!(skipped[1], ("shop/access".to_owned(), SkipReason::Stopped { step: add("sales/storage") }));
}

#[tokio::test(start_paused = true)]
async fn with_keep_going_independent_branches_go_on() {
    let mut run = branches().fails("storage", "DataBucket", "bucket exists").takes("workspace", 9);
    run.settings.on_failure = OnFailure::KeepGoing;
    let ran = run.go().await;
    assert_eq!(ran.summary().created, [id("shop/access"), id("shop/workspace")]);
    assert_eq!(skipped_of(&ran).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_creation_is_told_deleted_and_made_anew() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    run.cloud.put("222222222222", "storage", StackStatus::RollbackComplete, Some("{}"));
    run.cloud.put_event("storage", "Other", "CREATE_FAILED", "Resource creation cancelled");
    run.cloud.put_event("storage", "DataKey", "CREATE_FAILED", "no such principal");
    let ran = run.go().await;
    let told = ran.position(|event| {
        matches!(event, Event::EarlierFailure { cause: Some(cause), .. } if cause.logical_id == "DataKey" && cause.reason == "no such principal")
    });
    assert!(told < ran.finished("sales/storage"));
    assert_eq!(ran.summary().created, [id("sales/storage")]);
    assert!(run.cloud.log()[0].starts_with("DeleteStack storage"), "{:?}", run.cloud.log());
    assert_eq!(run.cloud.status("storage"), Some(StackStatus::CreateComplete));
}

#[tokio::test(start_paused = true)]
async fn a_failed_creation_is_never_deleted_when_its_failure_cannot_be_told() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    run.cloud.put("222222222222", "storage", StackStatus::RollbackComplete, Some("{}"));
    run.cloud.fails_once("DescribeStackEvents", trouble(ErrorKind::Denied));
    let ran = run.go().await;
    assert_eq!(ran.summary().failed.len(), 1);
    assert!(run.cloud.log().is_empty(), "{:?}", run.cloud.log());
}

#[tokio::test(start_paused = true)]
async fn our_own_shell_is_removed_first() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    run.cloud.put("222222222222", "storage", StackStatus::ReviewInProgress, None);
    let ran = run.go().await;
    assert_eq!(ran.summary().created, [id("sales/storage")]);
    assert!(run.cloud.log()[0].starts_with("DeleteStack storage"), "{:?}", run.cloud.log());
}

#[tokio::test(start_paused = true)]
async fn a_refused_stack_fails_before_anything_is_touched() {
    let mut run = branches();
    run.cloud.put("222222222222", "storage", StackStatus::UpdateRollbackFailed, Some("{}"));
    let ran = run.go().await;
    assert!(run.cloud.log().is_empty(), "{:?}", run.cloud.log());
    let failure = &ran.summary().failed[0];
    assert!(failure.message.starts_with("is in UPDATE_ROLLBACK_FAILED"), "{failure:?}");
    assert!(failure.hints[0].contains("meshform recover"), "{failure:?}");
    assert_eq!(ran.summary().skipped.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_running_operation_is_waited_for_and_then_judged_again() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    let template = run.rendered.templates[&id("sales/storage")].clone();
    run.cloud.put("222222222222", "storage", StackStatus::UpdateInProgress, Some(&template));
    run.cloud.put_end("storage", Duration::from_secs(30), StackStatus::UpdateComplete);
    let ran = run.go().await;
    assert!(run.cloud.log().is_empty(), "{:?}", run.cloud.log());
    assert_eq!(ran.summary().unchanged, [id("sales/storage")]);
    assert!(ran.took >= Duration::from_secs(30));
    ran.position(|event| matches!(event, Event::StepAttached { status, .. } if status == "UPDATE_IN_PROGRESS"));
}

#[tokio::test(start_paused = true)]
async fn a_change_set_without_changes_is_removed_and_the_stack_kept() {
    let mut run = branches();
    run.go().await;
    // the storage changes, its key stays: the publication is looked at and has nothing to change
    let text = run.rendered.templates[&id("sales/storage")].replace("DisplayName", "TopicName");
    run.rendered.templates.insert(id("sales/storage"), text);
    let calls = run.cloud.log().len();
    let ran = run.go().await;
    assert_eq!(ran.summary().updated, [id("sales/storage")]);
    assert!(ran.summary().unchanged.contains(&id("governance/publication")));
    let log = run.cloud.log();
    assert_eq!(log.last().unwrap(), "DeleteChangeSet publication 111111111111/Deploy", "{:?}", &log[calls..]);
}

fn shared() -> Run {
    Run::of(vec![
        stack("governance/sharing"),
        stack("shop/access").template(subscriber_template()).after("governance/sharing", Effect::Share),
    ])
}

const SHARE: &str = "database demo_sales_orders of account 111111111111 to be seen from account 222222222222";

#[tokio::test(start_paused = true)]
async fn an_effect_is_waited_for() {
    let mut run = shared();
    Arc::get_mut(&mut run.cloud).unwrap().probes_after.insert(SHARE.to_owned(), Duration::from_secs(60));
    let ran = run.go().await;
    assert_eq!(ran.summary().created.len(), 2);
    assert!(ran.took >= Duration::from_secs(60), "{:?}", ran.took);
    let waiting = ran.position(|event| matches!(event, Event::StepWaiting { waiting_for, .. } if waiting_for == SHARE));
    assert!(ran.finished("governance/sharing") < waiting && waiting < ran.started("shop/access"));
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_never_comes_fails_the_stack_that_needs_it() {
    let mut run = shared();
    Arc::get_mut(&mut run.cloud).unwrap().probes_after.insert(SHARE.to_owned(), Duration::from_secs(6000));
    let ran = run.go().await;
    let failure = &ran.summary().failed[0];
    assert_eq!(failure.stack, id("shop/access"));
    assert_eq!(failure.message, format!("waited 300 s in vain for {SHARE}: not there"));
    assert!(run.cloud.status("access").is_none(), "it must not have been started");
}

#[tokio::test(start_paused = true)]
async fn what_reads_back_differently_fails_the_stack() {
    let mut run = Run::of(vec![stack("governance/publication").template(publication_template())]);
    let tags = "the tags of demo_sales_orders in account 111111111111";
    Arc::get_mut(&mut run.cloud).unwrap().probes_after.insert(tags.to_owned(), Duration::from_secs(6000));
    let ran = run.go().await;
    assert_eq!(ran.summary().failed[0].message, format!("is deployed, but {tags} read back differently: not there"));
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_fails_in_passing_decides_nothing() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    let plan = run.plan().await;
    assert_eq!(plan.steps.len(), 1);
    for operation in ["DescribeStackEvents", "DescribeStackEvents", "DescribeChangeSet"] {
        run.cloud.fails_once(operation, trouble(ErrorKind::Throttled));
    }
    let ran = run.go().await;
    assert_eq!(ran.summary().created.len(), 1, "{:#?}", ran.summary());
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_was_refused_in_passing_is_ordered_anew() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    run.cloud.fails_once("ExecuteChangeSet", trouble(ErrorKind::Network));
    let ran = run.go().await;
    assert_eq!(ran.summary().created, [id("sales/storage")], "{:#?}", ran.summary());
    assert_eq!(retried(&ran).len(), 1);
    // the shell of the first attempt is ours
    let verbs: Vec<String> =
        run.cloud.log().iter().filter_map(|call| call.split(' ').next().map(str::to_owned)).collect();
    assert_eq!(verbs, ["CreateChangeSet", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"]);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_run_left_running_is_read_back_too() {
    let mut run = Run::of(vec![stack("governance/publication").template(publication_template())]);
    let tags = "the tags of demo_sales_orders in account 111111111111";
    Arc::get_mut(&mut run.cloud).unwrap().probes_after.insert(tags.to_owned(), Duration::from_secs(6000));
    let template = run.rendered.templates[&id("governance/publication")].clone();
    run.cloud.put("111111111111", "publication", StackStatus::CreateInProgress, Some(&template));
    run.cloud.put_end("publication", Duration::from_secs(3), StackStatus::CreateComplete);
    let ran = run.go().await;
    assert!(ran.summary().failed[0].message.starts_with("is deployed, but"), "{:?}", ran.summary());
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_end_a_step_at_once() {
    let mut run = Run::of(vec![stack("sales/storage")]);
    run.cloud.fails_once("CreateChangeSet", trouble(ErrorKind::Expired));
    let ran = run.go().await;
    assert!(ran.summary().failed[0].hints[0].contains("sign in again"), "{:?}", ran.summary().failed);
    assert!(ran.took < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn the_first_interrupt_finishes_what_runs() {
    let mut run = branches().takes("storage", 20).takes("workspace", 20);
    let ran = run.interrupted_after(&[5]).await;
    assert_eq!(ran.summary().stopped, Some(Stop::Finishing));
    assert_eq!(ran.summary().created, [id("sales/storage"), id("shop/workspace")]);
    assert_eq!(ran.summary().skipped.len(), 2);
    assert!(ran.summary().skipped.iter().all(|skipped| skipped.reason == SkipReason::Interrupted));
}

#[tokio::test(start_paused = true)]
async fn the_second_interrupt_leaves_what_runs_and_names_it() {
    let mut run = branches().takes("storage", 20).takes("workspace", 20);
    let ran = run.interrupted_after(&[5, 7]).await;
    assert_eq!(ran.summary().stopped, Some(Stop::Now));
    assert_eq!(ran.summary().running, [id("sales/storage"), id("shop/workspace")]);
    assert!(ran.took < Duration::from_secs(8));
}

#[tokio::test(start_paused = true)]
async fn a_large_template_goes_through_the_bucket_once() {
    let resources: serde_json::Map<String, serde_json::Value> = (0..600)
        .map(|number| {
            (
                format!("Topic{number}"),
                serde_json::json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "a".repeat(60)}}),
            )
        })
        .collect();
    let sample = stack("sales/storage").template(serde_json::json!({"Resources": resources}));
    let mut run = Run::of(vec![sample]);
    run.settings.staging.insert(crate::mesh::AccountId::parse("222222222222").unwrap(), "acme-demo-deploy".to_owned());
    let ran = run.go().await;
    assert_eq!(ran.summary().created.len(), 1, "{:#?}", ran.summary());
    let sha256 = &run.rendered.manifest.stacks[0].sha256;
    assert_eq!(run.cloud.objects(), [format!("acme-demo-deploy/templates/{sha256}.json")]);
    let last = ran.events.iter().rev().find_map(|event| match event {
        Event::ResourceProgress { done, total, .. } => Some((*done, *total)),
        _ => None,
    });
    assert_eq!(last, Some((600, 600)));
}

#[tokio::test(start_paused = true)]
async fn an_asset_is_stored_once_before_the_stacks_that_name_it() {
    let mut run = Run::of(vec![stack("sales/one"), stack("sales/two").after("sales/one", Effect::Roles)]);
    run.settings.staging.insert(crate::mesh::AccountId::parse("222222222222").unwrap(), "acme-demo-deploy".to_owned());
    let asset = crate::assembly::Asset::new("orders.py", "print(1)\n".to_owned());
    run.settings.assets.insert(asset.sha256().to_owned(), asset.content().as_bytes().to_vec());
    run.rendered.manifest.assets.push(asset.entry());
    for stack in &mut run.rendered.manifest.stacks {
        stack.assets.push(asset.sha256().to_owned());
    }
    let ran = run.go().await;
    assert_eq!(ran.summary().created.len(), 2, "{:#?}", ran.summary());
    let stored: Vec<(String, Upload)> = ran
        .events
        .iter()
        .filter_map(|event| match event {
            Event::AssetStored { step, key, upload } if key == asset.path() => Some((step.to_string(), *upload)),
            _ => None,
        })
        .collect();
    assert_eq!(stored, [("sales/one".to_owned(), Upload::Stored), ("sales/two".to_owned(), Upload::Stood)]);
    let log = run.cloud.log();
    assert!(log[0].starts_with(&format!("PutObject acme-demo-deploy/{} ", asset.path())), "{log:?}");
    assert_eq!(log.iter().filter(|call| call.starts_with("PutObject")).count(), 1, "{log:?}");
    // the second deploy changes nothing, and does not even look at the asset
    let calls = log.len();
    run.go().await;
    assert_eq!(run.cloud.log().len(), calls);
}

#[tokio::test(start_paused = true)]
async fn an_asset_without_content_stops_its_stack_before_any_change() {
    let mut run = Run::of(vec![stack("sales/one")]);
    run.settings.staging.insert(crate::mesh::AccountId::parse("222222222222").unwrap(), "acme-demo-deploy".to_owned());
    let asset = crate::assembly::Asset::new("orders.py", "print(1)\n".to_owned());
    run.rendered.manifest.assets.push(asset.entry());
    run.rendered.manifest.stacks[0].assets.push(asset.sha256().to_owned());
    let ran = run.go().await;
    assert_eq!(ran.summary().failed.len(), 1, "{:#?}", ran.summary());
    assert_eq!(run.cloud.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_kept_on_top_of_a_failed_one_carries_nothing_new() {
    let mut run = Run::of(vec![
        stack("a/one"),
        stack("b/two").after("a/one", Effect::Roles),
        stack("c/three").after("b/two", Effect::Roles),
    ])
    .fails("one", "Topic", "no");
    run.settings.on_failure = OnFailure::KeepGoing;
    let two = run.rendered.templates[&id("b/two")].clone();
    run.cloud.put("222222222222", "two", StackStatus::CreateComplete, Some(&two));
    let ran = run.go().await;
    assert_eq!(ran.summary().unchanged, [id("b/two")]);
    assert_eq!(skipped_of(&ran), [("c/three".to_owned(), SkipReason::Needs { step: add("b/two") })]);
}

#[tokio::test(start_paused = true)]
async fn two_runs_of_one_plan_tell_the_same_story() {
    let first = branches().go().await;
    let second = branches().go().await;
    assert_eq!(first.events, second.events);
}

/// A sharing stack and the access stack that waits for it, with some grants.
fn grants(names: &[&str]) -> Vec<Sample> {
    let resources: serde_json::Map<String, serde_json::Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), serde_json::json!({"Type": "AWS::LakeFormation::PrincipalPermissions"})))
        .collect();
    let template = serde_json::json!({ "Resources": resources });
    vec![
        stack("governance/sharing").template(template.clone()),
        stack("shop/access").after("governance/sharing", Effect::Roles).template(template),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_change_that_adds_and_removes_goes_forward_and_then_backward() {
    let mut run = Run::of(grants(&["A", "B"]));
    run.go().await;
    let before = run.cloud.log().len();
    run.rendered = rendered(grants(&["A", "C"]));
    let ran = run.go().await;
    assert!(matches!(ran.outcome, Outcome::Complete { .. }), "{:#?}", ran.outcome);
    assert_eq!(ran.summary().updated, [id("governance/sharing"), id("shop/access")], "each stack is told once");
    let executed: Vec<String> =
        run.cloud.log()[before..].iter().filter(|call| call.starts_with("Execute")).cloned().collect();
    assert_eq!(
        executed,
        [
            "ExecuteChangeSet sharing 111111111111/Deploy",
            "ExecuteChangeSet access 222222222222/Deploy",
            "ExecuteChangeSet access 222222222222/Deploy",
            "ExecuteChangeSet sharing 111111111111/Deploy",
        ]
    );
    let turns: Vec<String> = ran
        .events
        .iter()
        .filter_map(|event| match event {
            Event::StepFinished { step, .. } => Some(step.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(turns, ["governance/sharing", "shop/access", "shop/access (removals)", "governance/sharing (removals)"]);
    let calls = run.cloud.log().len();
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
    assert_eq!(run.cloud.log().len(), calls, "and then there is nothing to do");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_removed_below_a_stack_whose_addition_failed() {
    let mut run = Run::of(grants(&["A", "B"])).fails("access", "C", "no");
    // the first deploy stands already
    for (account, name) in [("111111111111", "sharing"), ("222222222222", "access")] {
        let owner = if name == "sharing" { "governance" } else { "shop" };
        let template = run.rendered.templates[&id(&format!("{owner}/{name}"))].clone();
        run.cloud.put(account, name, StackStatus::CreateComplete, Some(&template));
    }
    run.rendered = rendered(grants(&["A", "C"]));
    let ran = run.go().await;
    assert_eq!(ran.summary().failed.len(), 1);
    assert_eq!(ran.summary().skipped.len(), 1, "{:#?}", ran.summary());
    let skipped = &ran.summary().skipped[0];
    assert_eq!((skipped.stack.to_string().as_str(), skipped.turn), ("governance/sharing", Turn::Remove));
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_in_no_event_and_reaches_cloudformation() {
    let secret = "hunter2-of-the-database";
    let template = serde_json::json!({
        "Parameters": {"Password": {"Type": "String", "NoEcho": true}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Password"}}}},
    });
    let mut run = Run::of(vec![stack("sales/pipeline").literal("Password", secret).template(template)]);
    for outcome in ["created", "unchanged"] {
        let ran = run.go().await;
        let lines: String = ran.events.iter().map(Event::to_line).collect();
        assert!(lines.contains(outcome), "{lines}");
        assert!(!lines.contains(secret) && !lines.contains(&crate::mesh::fingerprint(secret)), "{lines}");
        assert_eq!(run.cloud.parameters("pipeline")["Password"], secret);
    }
}

#[tokio::test(start_paused = true)]
async fn what_leaves_keeps_the_parameters_that_it_refers_to() {
    let template = |resource: &str, parameter: &str| {
        let mut resources = serde_json::Map::new();
        resources.insert(
            resource.to_owned(),
            serde_json::json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": parameter}}}),
        );
        serde_json::json!({"Parameters": {parameter: {"Type": "String"}}, "Resources": resources})
    };
    let mut run = Run::of(vec![stack("sales/pipeline").literal("Old", "one").template(template("A", "Old"))]);
    run.go().await;
    run.rendered = rendered(vec![stack("sales/pipeline").literal("New", "two").template(template("B", "New"))]);
    let ran = run.go().await;
    assert!(matches!(ran.outcome, Outcome::Complete { .. }), "{:#?}", ran.outcome);
    let updates = run.cloud.log().iter().filter(|call| call.starts_with("Execute")).count();
    assert_eq!(updates, 3, "made, and changed in two turns");
    assert_eq!(run.cloud.parameters("pipeline").keys().collect::<Vec<_>>(), ["New"]);
}

#[tokio::test(start_paused = true)]
async fn looking_makes_no_call_that_changes_anything_and_needs_the_plan_role_alone() {
    let mut run = branches();
    run.go().await;
    let calls = run.cloud.log();
    run.cloud.only_the_plan_role();
    run.rendered.templates.values_mut().for_each(|text| *text = text.replace("AWS::SNS::Topic", "AWS::SQS::Queue"));
    let plan = run.plan().await;
    assert_eq!(plan.changes().count(), 4, "there would be something to do");
    assert_eq!(run.cloud.log(), calls);
}

const OVERLAP: &str = "Concurrent modification (Service: LakeFormation) ConcurrentModificationException";

impl Run {
    fn fails_times(self, name: &str, reason: &str, times: usize) -> Self {
        let fails = Some(("Grant".to_owned(), reason.to_owned()));
        self.script(name, Script { fails, times, ..Script::default() })
    }
}

fn retried(ran: &Ran) -> Vec<(String, usize, u64, Option<usize>)> {
    let of = |event: &Event| match event {
        Event::StepRetried { step, attempt, rest, grants_at_once, .. } => {
            Some((step.to_string(), *attempt, *rest, *grants_at_once))
        }
        _ => None,
    };
    ran.events.iter().filter_map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_failed_in_passing_is_told_deleted_and_made_again() {
    let mut run = Run::of(grants(&["A"])).fails_times("sharing", OVERLAP, 2);
    let ran = run.go().await;
    assert!(matches!(ran.outcome, Outcome::Complete { .. }), "{:#?}", ran.outcome);
    assert_eq!(ran.summary().created, [id("governance/sharing"), id("shop/access")]);
    let name = || "governance/sharing".to_owned();
    assert_eq!(retried(&ran), [(name(), 2, 20, None), (name(), 3, 40, None)], "one at a time cannot become fewer");
    let of_sharing: Vec<String> = run.cloud.log().into_iter().filter(|call| call.contains(" sharing ")).collect();
    let verbs: Vec<&str> = of_sharing.iter().filter_map(|call| call.split(' ').next()).collect();
    let made = ["CreateChangeSet", "ExecuteChangeSet"];
    let again = ["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"];
    assert_eq!(verbs, [&made[..], &again, &again].concat());
    // the reason is told before what remained is deleted
    let told = ran.position(|event| matches!(event, Event::StepRetried { failure, .. } if failure.cause.as_ref().is_some_and(|cause| cause.reason == OVERLAP)));
    let earlier = ran
        .position(|event| matches!(event, Event::EarlierFailure { cause: Some(cause), .. } if cause.reason == OVERLAP));
    assert!(told < earlier);
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
}

#[tokio::test(start_paused = true)]
async fn an_update_that_failed_in_passing_is_made_again_after_its_rollback() {
    let mut run =
        Run::of(vec![stack("sales/storage")]).fails_times("storage", "Rate (HandlerErrorCode: Throttling)", 1);
    run.cloud.put("222222222222", "storage", StackStatus::UpdateComplete, Some("{}"));
    let ran = run.go().await;
    assert_eq!(ran.summary().updated, [id("sales/storage")], "{:#?}", ran.summary());
    assert_eq!(retried(&ran), [("sales/storage".to_owned(), 2, 20, None)]);
    assert!(run.cloud.log().iter().all(|call| !call.starts_with("DeleteStack")), "{:?}", run.cloud.log());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_fails_after_three_attempts_with_its_reason() {
    let mut run = Run::of(grants(&["A"])).fails_times("sharing", OVERLAP, 9);
    run.settings.on_failure = OnFailure::KeepGoing;
    let ran = run.go().await;
    assert_eq!(retried(&ran).len(), 2);
    let failure = &ran.summary().failed[0];
    assert_eq!(failure.cause.as_ref().unwrap().reason, OVERLAP);
    assert_eq!(skipped_of(&ran).len(), 1, "what needs it is not started");
    let mut lasting = Run::of(grants(&["A"])).fails_times("sharing", "No such principal", 1);
    assert_eq!(retried(&lasting.go().await), []);
}

#[tokio::test(start_paused = true)]
async fn grants_that_overlapped_run_fewer_at_once_in_that_account_alone() {
    let here = |name: &str| stack(name).template(publication_template());
    let far = |name: &str| here(name).account("333333333333");
    let mut run =
        Run::of(vec![here("governance/a"), here("governance/b"), here("governance/c"), far("far/x"), far("far/y")]);
    for name in ["a", "b", "c", "x", "y"] {
        run = run.takes(name, 60);
    }
    run = run.script(
        "b",
        Script { takes: Duration::from_secs(30), fails: Some(("Grant".to_owned(), OVERLAP.to_owned())), times: 1 },
    );
    run.settings.limits.lake_formation_per_account = 2;
    let ran = run.go().await;
    assert_eq!(ran.summary().created.len(), 5, "{:#?}", ran.summary());
    assert_eq!(retried(&ran), [("governance/b".to_owned(), 2, 20, Some(1))]);
    // a and b began together; then one after the other, and in the other account two at once all the while
    assert!(ran.finished("governance/a") < ran.started("governance/c"));
    assert!(ran.started("far/y") < ran.finished("far/x"));
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_rests_when_the_run_is_stopped_has_failed() {
    for seconds in [&[10][..], &[10, 11]] {
        let mut run = Run::of(grants(&["A"])).fails_times("sharing", OVERLAP, 1);
        let ran = run.interrupted_after(seconds).await;
        assert_eq!(ran.summary().failed.len(), 1, "{:#?}", ran.summary());
        assert_eq!(ran.summary().skipped.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn ended_credentials_stop_the_run_within_seconds_whatever_it_was_told() {
    let mut run = branches().takes("storage", 600).takes("workspace", 600);
    run.settings.on_failure = OnFailure::KeepGoing;
    for _ in 0..2 {
        run.cloud.fails_once("DescribeStackEvents", trouble(ErrorKind::Expired));
    }
    let ran = run.go().await;
    assert!(ran.took < Duration::from_secs(10), "{:?}", ran.took);
    assert_eq!(ran.summary().failed.len(), 2);
    assert!(
        ran.summary().failed[0].hints[0].contains("sign in again, and run the same command"),
        "{:?}",
        ran.summary()
    );
    assert!(ran.summary().skipped.len() == 2 && retried(&ran).is_empty());
    // signed in again, the next run waits for what CloudFormation went on with
    let next = run.go().await;
    assert!(next.summary().is_whole(), "{:#?}", next.summary());
    assert_eq!(run.cloud.log().iter().filter(|call| call.starts_with("Execute")).count(), 4);
}

/// A stack with a bucket that is retained, and one with a topic.
fn with_data() -> Run {
    let bucket = serde_json::json!({"Resources": {"Data": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}}});
    Run::of(vec![stack("sales/storage").template(bucket), stack("sales/pipeline")])
}

#[tokio::test(start_paused = true)]
async fn what_holds_data_is_protected_when_it_was_made_and_when_somebody_took_that_away() {
    let mut run = with_data();
    run.go().await;
    assert_eq!(run.cloud.protection("storage"), Protection::On);
    assert_eq!(run.cloud.protection("pipeline"), Protection::Off);
    let calls = run.cloud.log().len();
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
    assert_eq!(run.cloud.log().len(), calls);
    run.cloud.put_protection("storage", Protection::Off);
    let ran = run.go().await;
    assert_eq!(run.cloud.protection("storage"), Protection::On);
    assert!(ran.summary().is_whole() && ran.summary().updated.is_empty(), "{:#?}", ran.summary());
    let since = run.cloud.log().split_off(calls);
    assert!(since.iter().all(|call| !call.starts_with("Execute")), "{since:?}");
    // what has it and does not want it keeps it
    run.cloud.put_protection("pipeline", Protection::On);
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
    assert_eq!(run.cloud.protection("pipeline"), Protection::On);
}

#[tokio::test(start_paused = true)]
async fn what_the_file_asks_of_cloudformation_is_in_every_change_set() {
    let mut run = with_data();
    run.settings.operation.notification_topics.insert("arn:aws:sns:eu-west-1:111111111111:stacks".to_owned());
    run.go().await;
    let asked = run.cloud.requests();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|request| request.operation == run.settings.operation), "{asked:#?}");
}

/// A stack with a bucket and one without, under a file that asks for stack policies.
fn policed(bucket: &str) -> Run {
    let template = |bucket: &str| {
        serde_json::json!({"Resources": {
            "Data": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": bucket}},
            "Topic": {"Type": "AWS::SNS::Topic"},
        }})
    };
    let mut run = Run::of(vec![stack("sales/storage").template(template(bucket)), stack("sales/pipeline")]);
    run.rendered.manifest.operation.stack_policy = StackPolicies::Data;
    run.settings.operation.stack_policy = StackPolicies::Data;
    run
}

/// The same file with another bucket, over the same cloud.
fn with_another_bucket(mut run: Run) -> Run {
    run.rendered = policed("acme-other").rendered;
    run
}

fn guarded(run: &Run, name: &str) -> bool {
    run.cloud.policy(name).as_deref().is_some_and(crate::plan::guards)
}

#[tokio::test(start_paused = true)]
async fn what_holds_data_gets_a_stack_policy_once_and_again_when_another_took_its_place() {
    let mut run = policed("acme-data");
    run.go().await;
    assert!(guarded(&run, "storage"));
    assert_eq!(run.cloud.policy("pipeline"), None);
    let calls = run.cloud.log().len();
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
    assert_eq!(run.cloud.log().len(), calls);
    run.cloud.put_policy("storage", crate::plan::LIFTED);
    let ran = run.go().await;
    assert!(guarded(&run, "storage") && ran.summary().updated.is_empty(), "{:#?}", ran.summary());
    let since = run.cloud.log().split_off(calls);
    assert!(since.contains(&"SetStackPolicy storage 222222222222/Deploy".to_owned()), "{since:?}");
    assert!(since.iter().all(|call| !call.starts_with("Execute")), "{since:?}");
    // one that is no longer asked for stays: it cannot be removed
    run.rendered.manifest.operation.stack_policy = StackPolicies::None;
    run.settings.operation.stack_policy = StackPolicies::None;
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
    assert!(guarded(&run, "storage"));
}

#[tokio::test(start_paused = true)]
async fn without_being_asked_for_no_stack_policy_is_looked_at_or_set() {
    let mut run = policed("acme-data");
    run.rendered.manifest.operation.stack_policy = StackPolicies::None;
    run.settings.operation.stack_policy = StackPolicies::None;
    run.cloud.fails_once("GetStackPolicy", trouble(ErrorKind::Denied));
    run.go().await;
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
    assert_eq!(run.cloud.policy("storage"), None);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_the_policy_forbids_is_refused_before_it_is_begun_and_made_when_the_policy_is_lifted() {
    let mut run = policed("acme-data");
    run.go().await;
    let mut run = with_another_bucket(run);
    let calls = run.cloud.log().len();
    let ran = run.go().await;
    let failure = &ran.summary().failed[0];
    assert_eq!(
        failure.message,
        "would replace or remove Data (AWS::S3::Bucket), which its stack policy forbids; it was left as it is"
    );
    assert!(failure.hints[0].contains("`--lift-stack-policy sales/storage`"), "{failure:#?}");
    let since = run.cloud.log().split_off(calls);
    assert!(since.iter().all(|call| !call.starts_with("Execute")), "{since:?}");
    assert_eq!(run.cloud.change_sets(), [""; 0], "the change set is of no use");
    run.settings.lifted.insert(id("sales/storage"));
    let ran = run.go().await;
    assert_eq!(ran.summary().updated, [id("sales/storage")], "{:#?}", ran.summary());
    assert!(run.cloud.template("storage").unwrap().contains("acme-other"));
    assert!(guarded(&run, "storage"), "it is set again");
    run.settings.lifted.clear();
    assert!(matches!(run.go().await.outcome, Outcome::Nothing { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_was_lifted_is_set_again_when_the_change_fails() {
    let mut run = policed("acme-data");
    run.go().await;
    let mut run = with_another_bucket(run).fails("storage", "Data", "the name is taken");
    run.settings.lifted.insert(id("sales/storage"));
    let ran = run.go().await;
    assert_eq!(ran.summary().failed[0].message, "ended in UPDATE_ROLLBACK_COMPLETE");
    assert!(guarded(&run, "storage"), "{:#?}", ran.summary());
}

/// A run that lifts the policy may be killed before it sets it again. The next one need not lift it, and may be refused: by the policy,
/// or by whatever else.
#[tokio::test(start_paused = true)]
async fn a_policy_that_a_killed_run_left_lifted_is_set_again_before_anything_can_refuse_the_change() {
    let mut run = policed("acme-data");
    run.go().await;
    let mut run = with_another_bucket(run);
    run.cloud.put_policy("storage", crate::plan::LIFTED);
    let ran = run.go().await;
    assert!(ran.summary().failed[0].message.contains("which its stack policy forbids"), "{:#?}", ran.summary());
    assert!(guarded(&run, "storage"));
    run.cloud.put_policy("storage", crate::plan::LIFTED);
    run.cloud.fails_once("CreateChangeSet", trouble(ErrorKind::Denied));
    let ran = run.go().await;
    assert!(ran.summary().failed[0].message.contains("make a change set"), "{:#?}", ran.summary());
    assert!(guarded(&run, "storage"));
    // a run that lifts it has nothing to set before where ours stands
    run.settings.lifted.insert(id("sales/storage"));
    let calls = run.cloud.log().len();
    assert!(run.go().await.summary().is_whole());
    let since = run.cloud.log().split_off(calls);
    let verbs: Vec<&str> = since.iter().filter_map(|call| call.split(' ').next()).collect();
    assert_eq!(verbs, ["CreateChangeSet", "SetStackPolicy", "ExecuteChangeSet", "SetStackPolicy"]);
    assert!(guarded(&run, "storage"));
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_was_lifted_for_a_change_that_is_refused_is_set_again() {
    for call in ["ExecuteChangeSet", "CreateChangeSet"] {
        let mut run = policed("acme-data");
        run.go().await;
        let mut run = with_another_bucket(run);
        run.settings.lifted.insert(id("sales/storage"));
        // as a run that was killed left it
        run.cloud.put_policy("storage", crate::plan::LIFTED);
        run.cloud.fails_once(call, trouble(ErrorKind::Denied));
        let ran = run.go().await;
        assert!(!ran.summary().failed.is_empty(), "{call}: {:#?}", ran.summary());
        assert!(guarded(&run, "storage"), "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_cloudformation_refuses_by_a_policy_says_how_to_lift_it() {
    let mut run = policed("acme-data");
    run.go().await;
    let mut run = with_another_bucket(run);
    // the file no longer asks for policies, and the one that stands still forbids
    run.rendered.manifest.operation.stack_policy = StackPolicies::None;
    run.settings.operation.stack_policy = StackPolicies::None;
    let ran = run.go().await;
    let failure = &ran.summary().failed[0];
    assert!(
        failure.cause.as_ref().is_some_and(|cause| cause.reason.contains("denied by stack policy")),
        "{failure:#?}"
    );
    assert!(failure.hints.iter().any(|hint| hint.contains("--lift-stack-policy sales/storage")), "{failure:#?}");
    run.settings.lifted.insert(id("sales/storage"));
    assert!(run.go().await.summary().is_whole());
    assert_eq!(run.cloud.policy("storage").as_deref(), Some(crate::plan::LIFTED), "nobody asks for it any more");
}
