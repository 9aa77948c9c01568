//! Probes against the cloud in memory. What it answers as the outputs of stacks is scripted here: nothing below shows how AWS behaves,
//! only that what is made is removed, and that answers come to the judge that asks for them.

use super::*;
use crate::deploy::cloud::{CloudError, ErrorKind, TemplateSource};
use crate::deploy::fake::{FakeCloud, Script, trouble};
use crate::mesh::Region;
use crate::plan::StackStatus;
use crate::plan::behaviour::Verdict;
use serde_json::json;
use std::time::Duration;

const CATALOG: &str = "999999999999";
const SUBSCRIBER: &str = "888888888888";

fn said(answers: &Value) -> BTreeMap<String, String> {
    let wrapped = |(name, value): (&String, &Value)| (name.clone(), json!({ "value": value }));
    let wrapped: BTreeMap<String, Value> = answers.as_object().unwrap().iter().map(wrapped).collect();
    BTreeMap::from([("Saw".to_owned(), serde_json::to_string(&wrapped).unwrap())])
}

/// A cloud that behaves as the design expects, by script.
fn as_designed() -> FakeCloud {
    let mut cloud = FakeCloud::new();
    let ran = json!({"state": "SUCCEEDED", "reason": ""});
    let refused = json!({"state": "FAILED", "reason": "COLUMN_NOT_FOUND: no"});
    let look = json!({"columns": ["id"], "grants": ["DESCRIBE", "SELECT"], "arrived": "meshform_probe"});
    let stacks = [
        ("base", "", json!({"settings": [], "granted": null, "made": null})),
        ("base-subscriber", "", json!({"settings": null, "granted": null})),
        (
            "1-look",
            "",
            json!({"id": ran, "name": refused, "widened": null, "found": refused, "again": ran, "tags": ["unclassified"]}),
        ),
        (
            "2-crawl",
            "",
            json!({"started": null, "over": "READY", "crawl": {"status": "SUCCEEDED"}, "columns": ["id", "coupon"], "tables": ["things"], "tags": ["unclassified"]}),
        ),
        (
            "3-look",
            "",
            json!({"before": ["public"], "removed": ["Invalid"], "after": ["public"], "tagged": [], "dropped": null, "added": null, "again": []}),
        ),
        ("4-subscribe", "first", json!({"arrived": "meshform_probe_4"})),
        ("4-subscribe", "second", look.clone()),
        ("5-grants", "third", json!({"grants": ["SELECT"]})),
        ("6-grant", "first", json!({"revoked": null, "grants": []})),
        ("7-subscribe", "first", json!({"arrived": "meshform_probe_7"})),
        ("7-subscribe", "second", look),
        ("7-subscribe", "third", json!({"columns": [], "grants": ["SELECT"]})),
        ("8-look", "", json!({"plain": ran, "filtered": refused})),
        ("9-job", "", json!({"started": ran})),
    ];
    for (stack, turn, answers) in stacks {
        cloud.said.insert((format!("{PREFIX}{stack}"), turn.to_owned()), said(&answers));
    }
    cloud.clinging.insert(format!("{PREFIX}6-grant"), ("Grant".to_owned(), "No permissions revoked".to_owned()));
    cloud
}

fn throwaway(subscriber: Option<&str>) -> Throwaway {
    Throwaway {
        catalog: AccountId::parse(CATALOG).unwrap(),
        subscriber: subscriber.map(|account| AccountId::parse(account).unwrap()),
        region: Region::parse("eu-west-1").unwrap(),
        mesh: "demo".to_owned(),
    }
}

async fn probed(
    cloud: &Arc<FakeCloud>,
    subscriber: Option<&str>,
    mut on: impl FnMut(&Told, &AtomicBool),
) -> Result<Probed, ProbingError> {
    let (accounts, settings, stop) = (throwaway(subscriber), Settings::new("run"), AtomicBool::new(false));
    let run = Probing {
        cloud: Arc::clone(cloud),
        accounts: &accounts,
        administrator: "Administrators",
        settings: &settings,
        stop: &stop,
        orders: AtomicU32::new(0),
    };
    run.all(&mut |told| on(told, &stop)).await
}

fn verdicts(probed: &Probed) -> Vec<(u8, Verdict)> {
    probed.outcomes.iter().map(|(number, judged)| (*number, judged.verdict)).collect()
}

fn judged(probed: &Probed, number: u8) -> &Judged {
    &probed.outcomes.iter().find(|(other, _)| *other == number).unwrap().1
}

#[tokio::test(start_paused = true)]
async fn nine_probes_are_judged_tagged_and_leave_no_stack() {
    let cloud = Arc::new(as_designed());
    let probed = probed(&cloud, Some(SUBSCRIBER), |_, _| {}).await.unwrap();
    let expected: Vec<(u8, Verdict)> = (1..=9).map(|number| (number, Verdict::AsExpected)).collect();
    assert_eq!(verdicts(&probed), expected, "{:#?}", probed.outcomes);
    assert!(!probed.interrupted);
    assert_eq!(cloud.names(), Vec::<String>::new());
    // what no stack takes with it is said: the settings of both accounts, and shares
    assert_eq!(probed.left.len(), 3, "{:?}", probed.left);
    let requests = cloud.requests();
    let tags = BTreeMap::from([("meshform-probe".to_owned(), "run".to_owned())]);
    assert!(requests.iter().all(|request| request.tags == tags && request.stack.starts_with(PREFIX)));
    for line in cloud.log() {
        assert!(line.ends_with("/Administrator"), "{line}");
        let subscribers = line.contains("subscribe");
        assert!(line.contains(if subscribers { SUBSCRIBER } else { CATALOG }), "{line}");
    }
    let base = requests.iter().find(|request| request.stack == "meshform-probe-base");
    assert!(base.is_none_or(|base| base.parameters["Administrator"] == "Administrators"));
}

/// Each probe is cleaned up after before the next begins: those who read first, the tables after.
#[tokio::test(start_paused = true)]
async fn a_probe_is_removed_before_the_next_begins() {
    let cloud = Arc::new(as_designed());
    let at_begin = Arc::clone(&cloud);
    let mut begun = 0;
    probed(&cloud, Some(SUBSCRIBER), |told, _| {
        if matches!(told, Told::Begun { .. }) {
            begun += 1;
            assert_eq!(at_begin.names(), ["meshform-probe-base", "meshform-probe-base-subscriber"]);
        }
    })
    .await
    .unwrap();
    assert_eq!(begun, 9);
    let deletes: Vec<String> = cloud
        .log()
        .iter()
        .filter_map(|line| line.strip_prefix("DeleteStack meshform-probe-").map(str::to_owned))
        .collect();
    let at = |stack: &str| deletes.iter().position(|line| line.starts_with(stack)).unwrap();
    assert!(at("4-subscribe") < at("4-share") && at("4-share") < at("4-lake"));
    assert_eq!(at("base ") + 1, deletes.len());
}

#[tokio::test(start_paused = true)]
async fn an_account_with_a_stack_of_a_mesh_is_refused_and_nothing_is_made() {
    for stack in ["demo-storage-sales", "other-bootstrap", "StackSet-other-bootstrap-1f"] {
        let cloud = as_designed();
        cloud.put(SUBSCRIBER, stack, StackStatus::CreateComplete, None);
        let cloud = Arc::new(cloud);
        let refused = probed(&cloud, Some(SUBSCRIBER), |_, _| {}).await;
        let Err(ProbingError::Occupied { account, stacks }) = refused else { panic!("{refused:?}") };
        assert_eq!((account.as_str(), stacks), (SUBSCRIBER, vec![stack.to_owned()]));
        assert_eq!(cloud.log(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn one_account_tells_what_one_account_can() {
    let cloud = Arc::new(as_designed());
    let probed = probed(&cloud, None, |_, _| {}).await.unwrap();
    for (number, verdict) in verdicts(&probed) {
        assert_eq!(verdict == Verdict::NotTold, [4, 7].contains(&number), "probe {number}");
    }
    assert!(judged(&probed, 4).seen.contains("second throw-away account"));
    assert!(cloud.log().iter().all(|line| line.contains(CATALOG)));
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_fails_or_will_not_go_is_told_and_the_rest_goes_on() {
    let mut cloud = as_designed();
    let fails = Some(("Job".to_owned(), "Insufficient capacity".to_owned()));
    let script = Script { takes: Duration::from_secs(1), fails, times: usize::MAX };
    cloud.scripts.insert("meshform-probe-9-job".to_owned(), script);
    cloud.stubborn.insert("meshform-probe-2-crawl".to_owned(), ("Crawl".to_owned(), "it is used".to_owned()));
    let cloud = Arc::new(cloud);
    let probed = probed(&cloud, None, |_, _| {}).await.unwrap();
    assert_eq!(judged(&probed, 9).verdict, Verdict::NotTold);
    assert!(judged(&probed, 9).seen.contains("Insufficient capacity"));
    assert_eq!(judged(&probed, 2).verdict, Verdict::AsExpected);
    assert_eq!(judged(&probed, 8).verdict, Verdict::AsExpected);
    let left: Vec<&String> = probed.left.iter().filter(|left| left.contains("2-crawl")).collect();
    assert!(left.len() == 1 && left[0].contains("Crawl DELETE_FAILED: it is used"), "{:?}", probed.left);
    assert_eq!(cloud.names(), ["meshform-probe-2-crawl"]);
}

/// A call that fails once says nothing of the behaviour, and keeps nothing from being removed.
#[tokio::test(start_paused = true)]
async fn a_refused_call_is_no_verdict() {
    let cloud = Arc::new(as_designed());
    let troubled = Arc::clone(&cloud);
    let probed = probed(&cloud, None, |told, _| {
        if matches!(told, Told::Begun { number: 8, .. }) {
            let denied = CloudError { message: "not authorized".to_owned(), ..trouble(ErrorKind::Denied) };
            troubled.fails_once("CreateChangeSet", denied);
        }
    })
    .await
    .unwrap();
    assert_eq!(judged(&probed, 8).verdict, Verdict::NotTold);
    assert_eq!(judged(&probed, 9).verdict, Verdict::AsExpected);
    assert_eq!(cloud.names(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn settings_that_stay_open_make_every_probe_untold() {
    let open = json!({"settings": {"value": ["IAM_ALLOWED_PRINCIPALS"]}, "granted": {"value": null}});
    let unread = json!({"settings": {"error": "AccessDenied", "message": "no"}, "granted": {"value": null}});
    for answers in [open, unread] {
        let mut cloud = as_designed();
        let outputs = BTreeMap::from([("Saw".to_owned(), answers.to_string())]);
        cloud.said.insert(("meshform-probe-base".to_owned(), String::new()), outputs);
        let cloud = Arc::new(cloud);
        let probed = probed(&cloud, None, |_, _| {}).await.unwrap();
        assert!(verdicts(&probed).iter().all(|(_, verdict)| *verdict == Verdict::NotTold));
        assert!(judged(&probed, 1).seen.contains("everybody"), "{probed:?}");
        assert_eq!(cloud.names(), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_begins_nothing_new_and_removes_what_was_made() {
    let cloud = Arc::new(as_designed());
    let probed = probed(&cloud, None, |told, stop| {
        if matches!(told, Told::Begun { number: 3, .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    })
    .await
    .unwrap();
    assert!(probed.interrupted);
    assert_eq!(verdicts(&probed).last(), Some(&(3, Verdict::NotTold)));
    assert_eq!(cloud.names(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_a_killed_run_left_is_removed_first() {
    let cloud = as_designed();
    for stack in ["base", "4-lake", "4-share"] {
        cloud.put(CATALOG, &format!("{PREFIX}{stack}"), StackStatus::CreateComplete, Some("{}"));
    }
    let cloud = Arc::new(cloud);
    let mut leftovers = Vec::new();
    probed(&cloud, None, |told, _| {
        if let Told::Leftover { stack, .. } = told {
            leftovers.push(stack.clone());
        }
    })
    .await
    .unwrap();
    assert_eq!(leftovers, ["meshform-probe-4-share", "meshform-probe-4-lake", "meshform-probe-base"]);
    assert_eq!(cloud.names(), Vec::<String>::new());
}

/// What CloudFormation is sent is JSON without aliases, whole, and within a request.
#[tokio::test(start_paused = true)]
async fn templates_go_as_they_are_with_the_parameters_that_they_declare() {
    let cloud = Arc::new(as_designed());
    let seen = Arc::clone(&cloud);
    let mut bases = 0;
    probed(&cloud, None, |told, _| {
        if matches!(told, Told::Begun { number: 1, .. }) {
            let requests = seen.requests();
            let base = requests.iter().find(|request| request.stack == "meshform-probe-base").unwrap();
            let TemplateSource::Inline(text) = &base.template else { panic!("staged") };
            assert_eq!(serde_json::from_str::<Value>(text).unwrap(), template(BASE));
            assert_eq!(base.parameters, BTreeMap::from([("Administrator".to_owned(), "Administrators".to_owned())]));
            bases += 1;
        }
    })
    .await
    .unwrap();
    assert_eq!(bases, 1);
}
