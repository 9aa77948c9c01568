//! Whole runs against the cloud in memory: every call fails once, the process is killed at every call, every status is the start.

use super::*;
use crate::assembly::{Effect, Rendered, StackPolicies};
use crate::deploy::cloud::Access;
use crate::deploy::fake::faults::{Fault, Faulty};
use crate::deploy::fake::{FakeCloud, Script};
use crate::deploy::history::{RunRecord, unsettled};
use crate::deploy::journal::{JOURNAL_VERSION, Journal, Line};
use crate::deploy::lock::{LockPlace, look};
use crate::deploy::observe::observe;
use crate::deploy::outcome::Summary;
use crate::deploy::settings::Polling;
use crate::mesh::{AccountId, Region};
use crate::plan::samples::{Sample, id, publication_template, rendered, stack, subscriber_template};
use crate::plan::{Options, Pass, StackStatus, plan};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

const SECRET: &str = "hunter2-of-the-database";
const BUCKET: &str = "acme-demo-deploy";

/// A journal in memory.
#[derive(Default)]
struct Memory {
    lines: Mutex<Vec<Line>>,
    /// After so many lines the disk is full.
    room: Option<usize>,
}

impl Memory {
    fn text(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Line::to_text).collect()
    }

    /// What a later run reads of it.
    fn record(&self) -> Option<RunRecord> {
        RunRecord::of(&Journal::read(self.text().as_bytes()).unwrap())
    }
}

impl Recorder for Memory {
    fn record(&self, entry: &Entry) -> io::Result<()> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if self.room.is_some_and(|room| lines.len() >= room) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let at = u64::try_from(lines.len()).unwrap();
        lines.push(Line { version: JOURNAL_VERSION, at, entry: entry.clone() });
        Ok(())
    }
}

fn place() -> LockPlace {
    LockPlace {
        access: Access::Deploy,
        account: AccountId::parse("111111111111").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        bucket: BUCKET.to_owned(),
    }
}

fn settings(run: &str) -> Settings {
    let mut settings = Settings::new(run);
    // fewer looks, so fewer calls to fail: the kinds of calls stay
    settings.polling = Polling { first: Duration::from_millis(500), longest: Duration::from_secs(2) };
    for account in ["111111111111", "222222222222"] {
        settings.staging.insert(AccountId::parse(account).unwrap(), BUCKET.to_owned());
    }
    settings.assets.insert(asset().sha256().to_owned(), asset().content().as_bytes().to_vec());
    settings
}

/// What the shell does: looks at the lock, looks at the stacks, plans, and carries the plan out.
async fn deploy<C: Cloud>(
    cloud: &Arc<C>,
    rendered: &Rendered,
    mut settings: Settings,
    memory: &Arc<Memory>,
    ended: &[&str],
) -> Result<Outcome, String> {
    settings.operation = rendered.manifest.operation.clone();
    if settings.operation.stack_policy == StackPolicies::Data {
        settings.lifted.insert(id("sales/storage"));
    }
    let seen = look(&**cloud, &place()).await.map_err(|error| format!("{error:?}"))?;
    let options = Options { pass: Pass::Mesh, select: None };
    let deployed =
        observe(Arc::clone(cloud), &rendered.manifest, &options).await.map_err(|error| format!("{error:?}"))?;
    let plan = plan(rendered, &deployed, &options).map_err(|error| format!("{error:?}"))?;
    let holder = Holder { run: settings.run.clone(), owner: "somebody@build-7".to_owned() };
    let ended: BTreeSet<String> = ended.iter().map(|run| (*run).to_owned()).collect();
    let lock = plan.changes().next().is_some().then(|| LockWish {
        place: place(),
        holder: holder.clone(),
        seen,
        broken: None,
        ended,
    });
    let recorder: Arc<dyn Recorder> = Arc::clone(memory) as Arc<dyn Recorder>;
    let guard = Guard { holder, recorder, lock };
    let (_interrupt, interrupts) = unbounded_channel();
    let mut shown = String::new();
    let outcome =
        run(Arc::clone(cloud), &plan, settings, &guard, interrupts, &mut |event| shown += &event.to_line()).await;
    assert!(!shown.contains(SECRET) && !memory.text().contains(SECRET), "a secret is told");
    assert!(!memory.text().contains(&crate::mesh::fingerprint(SECRET)), "nor its hash");
    outcome.map_err(|error| format!("{error:?}"))
}

fn grants(names: &[&str]) -> Value {
    let grant = |name: &&str| ((*name).to_owned(), json!({"Type": "AWS::LakeFormation::PrincipalPermissions"}));
    json!({"Resources": names.iter().map(grant).collect::<serde_json::Map<_, _>>()})
}

/// A mesh with all that a deploy does: wires, effects, what is read back, an asset, a secret, and what failed before.
fn mesh(names: &[&str], topic: &str) -> Rendered {
    let secret = json!({
        "Parameters": {"Password": {"Type": "String", "NoEcho": true}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Password"}}}},
    });
    let samples: Vec<Sample> = vec![
        stack("sales/storage").template(json!({"Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": format!("storage{topic}")}},
        }})),
        stack("governance/publication").template(publication_template()).wire("Key", "sales/storage", "KeyArn"),
        stack("governance/sharing").template(grants(names)).after("governance/publication", Effect::Catalog),
        stack("shop/workspace"),
        stack("shop/access")
            .template(subscriber_template())
            .after("governance/sharing", Effect::Share)
            .after("shop/workspace", Effect::Roles),
        stack("sales/pipeline").literal("Password", SECRET).template(secret),
    ];
    let mut rendered = rendered(samples);
    rendered.manifest.assets.push(asset().entry());
    rendered.manifest.stacks[0].assets.push(asset().sha256().to_owned());
    rendered
}

fn asset() -> crate::assembly::Asset {
    crate::assembly::Asset::new("orders.py", "print(1)\n".to_owned())
}

/// A cloud in which one stack failed its first creation, and another is a shell that a killed run left.
fn fresh() -> Arc<FakeCloud> {
    let mut cloud = FakeCloud::new();
    cloud.scripts.insert("workspace".to_owned(), Script { takes: Duration::from_secs(4), ..Script::default() });
    cloud.put("222222222222", "workspace", StackStatus::RollbackComplete, Some("{}"));
    cloud.put_event("workspace", "DataKey", "CREATE_FAILED", "no such principal");
    cloud.put("222222222222", "pipeline", StackStatus::ReviewInProgress, None);
    Arc::new(cloud)
}

/// A story: how the cloud comes to where it begins, and what is then deployed.
struct Story {
    before: Option<Rendered>,
    then: Rendered,
}

impl Story {
    async fn begin(&self) -> Arc<FakeCloud> {
        let cloud = fresh();
        if let Some(before) = &self.before {
            let outcome = deploy(&cloud, before, settings("run0"), &Arc::default(), &[]).await.unwrap();
            assert!(matches!(outcome, Outcome::Complete { .. }), "{outcome:#?}");
        }
        cloud
    }
}

/// Orders that made or changed a stack, sorted.
fn executions(cloud: &FakeCloud) -> Vec<String> {
    let mut executed: Vec<String> = cloud.log().into_iter().filter(|call| call.starts_with("Execute")).collect();
    executed.sort();
    executed
}

/// Every fault on every call of a story. Answers how many calls there were, and how many faults were injected.
async fn torture(story: Story) -> (usize, usize) {
    let undisturbed = story.begin().await;
    let counting = Arc::new(Faulty::new(&undisturbed, None));
    let outcome = deploy(&counting, &story.then, settings("run1"), &Arc::default(), &[]).await.unwrap();
    assert!(matches!(outcome, Outcome::Complete { .. }), "{outcome:#?}");
    let (calls, standing, executed) = (counting.calls(), undisturbed.standing(), executions(&undisturbed));
    let mut injected = 0;
    for (number, call) in calls.iter().enumerate() {
        for fault in Fault::ALL {
            let case = format!("{fault:?} at call {number}, {call}");
            let cloud = story.begin().await;
            let faulty = Arc::new(Faulty::new(&cloud, Some((number, fault))));
            let memory = Arc::new(Memory::default());
            let first = tokio::select! {
                outcome = deploy(&faulty, &story.then, settings("run1"), &memory, &[]) => outcome,
                () = faulty.killed() => Err("killed".to_owned()),
            };
            injected += faulty.injected();
            match &first {
                Ok(Outcome::Complete { .. }) => {}
                Ok(Outcome::Partial { summary }) => clear(summary, &case),
                Ok(Outcome::Nothing { .. }) => panic!("{case}: there was something to do"),
                Err(told) => assert!(told == "killed" || told.contains("injected"), "{case}: {told}"),
            }
            // a request that was sent twice is the same request
            assert!(fault != Fault::Repeated || first.is_ok_and(|first| first.summary().is_whole()), "{case}");
            let mut again = settings("run2");
            again.unsettled = unsettled(&memory.record());
            let second = deploy(&cloud, &story.then, again, &Arc::default(), &["run1"]).await;
            let second = second.unwrap_or_else(|error| panic!("{case}: the second run: {error}"));
            assert!(second.summary().is_whole(), "{case}: the second run: {:#?}", second.summary());
            // whoever may not delete a change set without changes leaves it: it does nothing, and nobody waits for it
            let left = |line: &String| !(call.starts_with("DeleteChangeSet") && line.starts_with("change set of"));
            assert_eq!(cloud.standing().into_iter().filter(left).collect::<Vec<_>>(), standing, "{case}");
            assert_eq!(executions(&cloud), executed, "{case}: done twice, or not at all");
            let changes = cloud.log().len();
            let third = deploy(&cloud, &story.then, settings("run3"), &Arc::default(), &[]).await.unwrap();
            let third = third.summary();
            assert!(third.is_whole() && third.created.is_empty() && third.updated.is_empty(), "{case}: {third:#?}");
            // a secret cannot be compared, so a change set asks for it, and goes again
            let asked = cloud.log().split_off(changes);
            let of_secret = |call: &String| call.contains("ChangeSet pipeline") && !call.starts_with("Execute");
            assert!(asked.iter().all(|call| of_secret(call) || call.starts_with("PutObject")), "{case}: {asked:?}");
        }
    }
    (calls.len(), injected)
}

/// What failed is told, and what was not started has a reason.
fn clear(summary: &Summary, case: &str) {
    assert!(!summary.failed.is_empty(), "{case}: {summary:#?}");
    for failure in &summary.failed {
        assert!(failure.message.contains("injected") || !failure.hints.is_empty(), "{case}: {failure:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_first_deploy_fails_once_and_the_second_run_comes_to_the_same() {
    let (calls, injected) = torture(Story { before: None, then: mesh(&["A", "B"], "") }).await;
    assert!(calls > 50, "the story is hollow: {calls} calls");
    assert_eq!(injected, calls * Fault::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_change_that_adds_and_removes_fails_once_and_the_second_run_comes_to_the_same() {
    let story = Story { before: Some(mesh(&["A", "B"], "")), then: mesh(&["A", "C"], "b") };
    let (calls, injected) = torture(story).await;
    assert!(calls > 50, "the story is hollow: {calls} calls");
    assert_eq!(injected, calls * Fault::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn every_call_of_a_change_under_a_lifted_policy_fails_once_and_the_policy_stands_at_the_end() {
    let of = |bucket: &str| {
        let template = json!({"Resources": {"Data": {
            "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": bucket},
        }}});
        let mut rendered = rendered(vec![stack("sales/storage").template(template)]);
        rendered.manifest.operation.stack_policy = StackPolicies::Data;
        rendered
    };
    let story = Story { before: Some(of("acme-data")), then: of("acme-other") };
    let cloud = story.begin().await;
    deploy(&cloud, &story.then, settings("run1"), &Arc::default(), &[]).await.unwrap();
    assert!(cloud.policy("storage").as_deref().is_some_and(crate::plan::guards), "the end is hollow");
    let set = cloud.log().iter().filter(|call| call.starts_with("SetStackPolicy")).count();
    assert_eq!(set, 3, "set, lifted, and set again: {:#?}", cloud.log());
    let (calls, injected) = torture(story).await;
    assert!(calls > 15, "the story is hollow: {calls} calls");
    assert_eq!(injected, calls * Fault::ALL.len());
}

/// What the executor does with a stack in a status, in words, and in how many calls that change something.
#[tokio::test(start_paused = true)]
async fn every_status_and_intent_through_the_executor() {
    const MAKE: &[&str] = &["CreateChangeSet", "ExecuteChangeSet"];
    const ANEW: &[&str] = &["DeleteStack", "CreateChangeSet", "ExecuteChangeSet"];
    const NONE: &[&str] = &[];
    type Cell = (&'static str, &'static [&'static str]);
    let (kept, updated): (Cell, Cell) = (("unchanged", NONE), ("updated", MAKE));
    let (made, anew, refused): (Cell, Cell, Cell) = (("created", MAKE), ("created", ANEW), ("failed", NONE));
    // the status, the status that comes after it by itself, what happens to another template, and to the same
    let table: [(&str, Option<&str>, Cell, Cell); 25] = [
        ("REVIEW_IN_PROGRESS", None, anew, anew),
        ("CREATE_IN_PROGRESS", Some("CREATE_COMPLETE"), updated, kept),
        ("CREATE_FAILED", None, refused, refused),
        ("CREATE_COMPLETE", None, updated, kept),
        ("ROLLBACK_IN_PROGRESS", Some("ROLLBACK_COMPLETE"), anew, anew),
        ("ROLLBACK_FAILED", None, refused, refused),
        ("ROLLBACK_COMPLETE", None, anew, anew),
        ("DELETE_IN_PROGRESS", Some("DELETE_COMPLETE"), made, made),
        ("DELETE_FAILED", None, refused, refused),
        ("DELETE_COMPLETE", None, made, made),
        ("UPDATE_IN_PROGRESS", Some("UPDATE_COMPLETE"), updated, kept),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Some("UPDATE_COMPLETE"), updated, kept),
        ("UPDATE_COMPLETE", None, updated, kept),
        ("UPDATE_FAILED", None, refused, refused),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Some("UPDATE_ROLLBACK_FAILED"), refused, refused),
        ("UPDATE_ROLLBACK_FAILED", None, refused, refused),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Some("UPDATE_ROLLBACK_COMPLETE"), updated, kept),
        ("UPDATE_ROLLBACK_COMPLETE", None, updated, kept),
        ("IMPORT_IN_PROGRESS", Some("IMPORT_COMPLETE"), updated, kept),
        ("IMPORT_COMPLETE", None, updated, kept),
        ("IMPORT_ROLLBACK_IN_PROGRESS", Some("IMPORT_ROLLBACK_COMPLETE"), updated, kept),
        ("IMPORT_ROLLBACK_FAILED", None, refused, refused),
        ("IMPORT_ROLLBACK_COMPLETE", None, updated, kept),
        ("PAINT_IN_PROGRESS", Some("UPDATE_COMPLETE"), updated, kept),
        ("PAINT_COMPLETE", None, refused, refused),
    ];
    assert_eq!(table.len(), StackStatus::KNOWN.len() + 2);
    let wanted = rendered(vec![stack("sales/storage")]);
    let same = wanted.templates[&id("sales/storage")].clone();
    let other = same.replace("DisplayName", "TopicName");
    for (status, after, change, keep) in table {
        for (template, (word, calls)) in [(&other, change), (&same, keep)] {
            let cloud = Arc::new(FakeCloud::new());
            cloud.put("222222222222", "storage", StackStatus::from(status), Some(template));
            if let Some(after) = after {
                cloud.put_end("storage", Duration::from_secs(30), StackStatus::from(after));
            }
            let outcome = deploy(&cloud, &wanted, settings("run1"), &Arc::default(), &[]).await.unwrap();
            let summary = outcome.summary();
            let ended = [
                ("created", summary.created.len()),
                ("updated", summary.updated.len()),
                ("unchanged", summary.unchanged.len()),
                ("failed", summary.failed.len()),
            ];
            let ended: Vec<&str> = ended.iter().filter(|(_, count)| *count == 1).map(|(word, _)| *word).collect();
            assert_eq!(ended, [word], "{status}: {summary:#?}");
            let log = cloud.log();
            let made: Vec<&str> = log.iter().filter_map(|call| call.split(' ').next()).collect();
            assert_eq!(made, calls, "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_what_would_be_changed_and_the_next_run_comes_to_the_same() {
    let wanted = mesh(&["A", "B"], "");
    let whole = Arc::new(Memory::default());
    let undisturbed = fresh();
    deploy(&undisturbed, &wanted, settings("run1"), &whole, &[]).await.unwrap();
    let lines = whole.text().lines().count();
    for room in (0..lines).step_by(3) {
        let cloud = fresh();
        let memory = Arc::new(Memory { room: Some(room), ..Memory::default() });
        let first = deploy(&cloud, &wanted, settings("run1"), &memory, &[]).await;
        let told = format!("{first:?}");
        let ordered = cloud.log().iter().filter(|call| !call.starts_with("PutObject")).count();
        let intents = memory.text().matches("\"entry\":\"intent\"").count();
        assert!(ordered <= intents, "room for {room} lines: {ordered} calls, {intents} intents");
        assert!(
            told.contains("journal") || told.contains("Journal") || first.is_ok_and(|first| first.summary().is_whole()),
            "{told}"
        );
        let mut again = settings("run2");
        again.unsettled = unsettled(&memory.record());
        let second = deploy(&cloud, &wanted, again, &Arc::default(), &["run1"]).await.unwrap();
        assert!(second.summary().is_whole(), "room for {room} lines: {:#?}", second.summary());
        assert_eq!(cloud.standing(), undisturbed.standing(), "room for {room} lines");
        assert_eq!(executions(&cloud), executions(&undisturbed), "room for {room} lines");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_deploys_at_once_one_works_and_the_other_is_told_whose_the_lock_is() {
    let (cloud, wanted) = (fresh(), mesh(&["A"], ""));
    let memories = [Arc::new(Memory::default()), Arc::new(Memory::default())];
    let (first, second) = tokio::join!(
        deploy(&cloud, &wanted, settings("run1"), &memories[0], &[]),
        deploy(&cloud, &wanted, settings("run2"), &memories[1], &[]),
    );
    let refused = if first.is_err() { (&first, &second) } else { (&second, &first) };
    assert!(refused.0.as_ref().is_err_and(|told| told.contains("Held")), "{:?}", refused.0);
    assert!(refused.1.as_ref().is_ok_and(|outcome| outcome.summary().is_whole()), "{:?}", refused.1);
    assert_eq!(executions(&cloud).len(), 6);
    assert_eq!(look(&*cloud, &place()).await.unwrap().holder, None, "and it was given back");
}

#[tokio::test(start_paused = true)]
async fn whoever_loses_the_lock_starts_nothing_new() {
    let mut cloud = FakeCloud::new();
    for name in ["one", "two"] {
        cloud.scripts.insert(name.to_owned(), Script { takes: Duration::from_secs(900), ..Script::default() });
    }
    let cloud = Arc::new(cloud);
    let wanted = rendered(vec![stack("a/one"), stack("b/two").after("a/one", Effect::Roles)]);
    let thief = {
        let cloud = Arc::clone(&cloud);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let seen = look(&*cloud, &place()).await.unwrap();
            let holder = Holder { run: "thief".to_owned(), owner: "x".to_owned() };
            let broken = Some("run1".to_owned());
            let wish = LockWish { place: place(), holder, seen, broken, ended: BTreeSet::new() };
            Lock::take(&*cloud, &wish).await.map(drop).unwrap();
        })
    };
    let memory = Arc::new(Memory::default());
    let outcome = deploy(&cloud, &wanted, settings("run1"), &memory, &[]).await.unwrap();
    thief.await.unwrap();
    assert_eq!(outcome.summary().created, [id("a/one")]);
    assert_eq!(outcome.summary().skipped.len(), 1);
    assert!(memory.text().contains("\"how\":\"lost\""), "{}", memory.text());
    assert_eq!(look(&*cloud, &place()).await.unwrap().holder.unwrap().run, "thief");
}

/// The stack was complete when the process was killed, and what comes after it was not done: the next run does it.
#[tokio::test(start_paused = true)]
async fn what_a_killed_run_did_not_read_back_is_read_back_by_the_next() {
    let wanted = rendered(vec![stack("governance/publication").template(publication_template())]);
    let mut cloud = FakeCloud::new();
    let tags = "the tags of demo_sales_orders in account 111111111111";
    cloud.probes_after.insert(tags.to_owned(), Duration::from_secs(60_000));
    let cloud = Arc::new(cloud);
    let memory = Arc::new(Memory::default());
    tokio::select! {
        outcome = deploy(&cloud, &wanted, settings("run1"), &memory, &[]) => panic!("{outcome:?}"),
        () = tokio::time::sleep(Duration::from_secs(5)) => {}
    }
    assert_eq!(cloud.status("publication"), Some(StackStatus::CreateComplete));
    let record = memory.record().unwrap();
    let mut again = settings("run2");
    again.unsettled = unsettled([&record]);
    assert_eq!(again.unsettled.len(), 1);
    let second = deploy(&cloud, &wanted, again, &Arc::default(), &["run1"]).await.unwrap();
    let failed = &second.summary().failed;
    assert!(failed.len() == 1 && failed[0].message.contains("read back differently"), "{second:#?}");
    // without the journal nobody would have asked
    let blind = deploy(&cloud, &wanted, settings("run3"), &Arc::default(), &["run1"]).await.unwrap();
    assert!(blind.summary().is_whole());
}

#[tokio::test(start_paused = true)]
async fn the_journal_has_an_intent_before_each_call_and_its_answer_after_it() {
    let (cloud, memory) = (fresh(), Arc::new(Memory::default()));
    deploy(&cloud, &mesh(&["A"], ""), settings("run1"), &memory, &[]).await.unwrap();
    let journal = Journal::read(memory.text().as_bytes()).unwrap();
    let mut open = BTreeMap::new();
    let (mut calls, mut tokens) = (Vec::new(), BTreeSet::new());
    for line in journal.lines {
        match line.entry {
            Entry::Intent(intent) => {
                if let Some(token) = &intent.token {
                    assert!(token.len() <= 128 && tokens.insert(token.clone()), "{token}");
                }
                calls.push(intent.operation.clone());
                open.insert(intent.call, intent);
            }
            Entry::Answer { call, .. } => assert!(open.remove(&call).is_some(), "an answer without an intent"),
            Entry::Opened { .. } | Entry::Happened { .. } => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for operation in ["CreateChangeSet", "ExecuteChangeSet", "DeleteStack", "PutObject"] {
        assert!(calls.iter().any(|call| call == operation), "{operation}");
    }
    let orders = calls.iter().filter(|call| *call != "PutObject").count();
    let logged = cloud.log().iter().filter(|call| !call.starts_with("PutObject")).count();
    assert_eq!(orders, logged, "each call stands in the journal");
    assert!(memory.record().unwrap().summary.is_some_and(|summary| summary.is_whole()));
}
