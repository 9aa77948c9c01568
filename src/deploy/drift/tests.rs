//! What a look tells, over a lake in memory that is as the demo's templates say but for one change.

use super::fake::FakeLake;
use super::*;
use crate::environment::load;
use crate::mesh::{Day, Mesh, resolve};
use crate::plan::StackStatus;
use crate::plan::drift::{
    Answer, Check, ColumnKind, Direction, Drift, Input, LiveColumn, ResourceDrift, Subject, compare,
};
use crate::stacks::synthesize;
use std::path::Path;

const GOVERNANCE: &str = "111111111111";
const ANALYSTS: &str = "777777777777";
/// Types that the tests take for unknown to drift detection.
const UNSUPPORTED: [&str; 2] = ["AWS::LakeFormation::PrincipalPermissions", "AWS::LakeFormation::TagAssociation"];

fn demo() -> (Mesh, Vec<Document>) {
    let loaded = load(Path::new("environments/demo")).unwrap();
    let mesh = resolve(&loaded.source, None).mesh.unwrap();
    let documents = Document::all(&synthesize(&mesh));
    (mesh, documents)
}

/// The drift of the demo in a lake that `change` changed, on a day.
async fn drift_on(day: &str, select: Option<&str>, change: impl FnOnce(&mut FakeLake)) -> Drift {
    let (mesh, wanted) = demo();
    drift_of(&mesh, &wanted, day, select, change).await
}

async fn drift_of(
    mesh: &Mesh,
    wanted: &[Document],
    day: &str,
    select: Option<&str>,
    change: impl FnOnce(&mut FakeLake),
) -> Drift {
    let mut lake = FakeLake::of(wanted, &UNSUPPORTED);
    change(&mut lake);
    let look = look(&Arc::new(lake), wanted, select.map(Pattern::new).as_ref()).await;
    compare(&Input {
        mesh,
        wanted,
        standing: &look.standing,
        facts: &look.facts,
        stacks: &look.stacks,
        accounts: &look.accounts,
        as_of: &Day::parse(day).unwrap(),
    })
}

async fn drift(change: impl FnOnce(&mut FakeLake)) -> Drift {
    drift_on("2026-01-01", None, change).await
}

fn differing(drift: &Drift) -> Vec<(Subject, &str)> {
    let differing = drift.checks.iter().filter(|check| check.answer == Answer::Different);
    differing.map(|check| (check.subject, check.target.as_str())).collect()
}

fn check<'a>(drift: &'a Drift, subject: Subject, target: &str) -> &'a Check {
    drift.checks.iter().find(|check| check.subject == subject && check.target == target).unwrap()
}

fn orders(lake: &mut FakeLake) -> &mut crate::plan::drift::LiveTable {
    let key = (GOVERNANCE.to_owned(), "demo_sales_sales_analytics".to_owned());
    lake.tables.get_mut(&key).unwrap().get_mut("orders").unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_stands_as_the_templates_say_is_the_same() {
    let drift = drift(|_| {}).await;
    assert!(!drift.differs() && !drift.failed(), "{:?}", differing(&drift));
    assert!(drift.access.is_empty(), "{:?}", drift.access);
    for subject in [Subject::Grants, Subject::Tagging, Subject::Columns, Subject::Tags, Subject::Settings] {
        let checks: Vec<&Check> = drift.checks.iter().filter(|check| check.subject == subject).collect();
        assert!(!checks.is_empty() && checks.iter().all(|check| check.answer == Answer::Same), "{subject:?}");
        assert!(checks.iter().map(|check| check.same).sum::<usize>() > 4, "{subject:?}");
    }
    let stack = check(&drift, Subject::Stack, "governance/demo-publication-sales");
    assert!(stack.same > 0 && stack.unchecked.iter().all(|it| it.reason == Reason::NotSupported), "{stack:?}");
    assert!(stack.unchecked.len() > 8, "{stack:?}");
}

#[tokio::test(start_paused = true)]
async fn grants_that_no_template_has_are_told_with_who_sees_more_and_how_to_revoke_them() {
    let drift = drift(|lake| {
        // somebody lets the analysts see personal data: to their account, and there to their roles
        for account in [GOVERNANCE, ANALYSTS] {
            let grants = lake.grants.get_mut(account).unwrap();
            let wider: Vec<LiveGrant> = grants.iter().filter_map(|grant| wider(grant, account)).collect();
            assert!(!wider.is_empty(), "{account}");
            grants.extend(wider);
        }
    })
    .await;
    assert_eq!(differing(&drift), [(Subject::Grants, GOVERNANCE), (Subject::Grants, ANALYSTS)]);
    let difference = &check(&drift, Subject::Grants, ANALYSTS).differences[0];
    assert_eq!(difference.direction, Direction::More);
    assert_eq!(difference.by.as_deref(), Some("2026-01-01 by somebody"));
    let mend = difference.mend.as_deref().unwrap();
    assert!(mend.starts_with("aws lakeformation revoke-permissions") && mend.contains("LFTagPolicy"), "{mend}");
    assert!(!drift.access.is_empty());
    for change in &drift.access {
        assert!(change.sensitive && change.gained.iter().any(|column| column.name == "email"), "{change:?}");
        assert_eq!((change.account.as_str(), change.product.as_str()), (ANALYSTS, "sales-analytics"));
    }
}

/// A grant of sales' tables to the analysts, with personal data as well.
fn wider(grant: &LiveGrant, account: &str) -> Option<LiveGrant> {
    let GrantedFact::Expression { catalog, tables: true, conditions } = &grant.granted else { return None };
    let of_sales = conditions.iter().any(|(key, values)| key == "demo/sales" && values.contains("sales-analytics"));
    if !of_sales || (account == GOVERNANCE && grant.principal != ANALYSTS) {
        return None;
    }
    let mut conditions = conditions.clone();
    conditions.iter_mut().find(|(key, _)| key == "demo/classification")?.1.insert("pii".to_owned());
    let granted = GrantedFact::Expression { catalog: catalog.clone(), tables: true, conditions };
    Some(LiveGrant { granted, by: Some("2026-01-01 by somebody".to_owned()), ..grant.clone() })
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_is_gone_and_one_with_fewer_rights_are_told() {
    let drift = drift(|lake| {
        let grants = lake.grants.get_mut(ANALYSTS).unwrap();
        let of_tables = |grant: &LiveGrant| matches!(grant.granted, GrantedFact::Expression { tables: true, .. });
        let at = grants.iter().position(of_tables).unwrap();
        grants.remove(at);
        let next = grants.iter_mut().find(|grant| of_tables(grant)).unwrap();
        next.permissions.remove("SELECT");
    })
    .await;
    assert_eq!(differing(&drift), [(Subject::Grants, ANALYSTS)]);
    let differences = &check(&drift, Subject::Grants, ANALYSTS).differences;
    assert_eq!(differences.len(), 2, "{differences:?}");
    assert!(differences.iter().all(|it| it.direction == Direction::Less), "{differences:?}");
    assert!(differences.iter().all(|it| it.mend.as_ref().is_some_and(|it| it.contains("grant-permissions"))));
    assert!(drift.access.iter().all(|change| !change.lost.is_empty() && change.gained.is_empty()));
    assert!(!drift.access.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_list_does_not_show_is_asked_for_by_its_resource() {
    let drift = drift(|lake| lake.own_catalog_only = [ANALYSTS.to_owned()].into()).await;
    assert!(!drift.differs(), "{:?}", differing(&drift));
    assert_eq!(check(&drift, Subject::Grants, ANALYSTS).answer, Answer::Same);
    // and where that is refused, it is not known: nobody is said to see less
    let drift = self::drift(|lake| {
        lake.own_catalog_only.insert(ANALYSTS.to_owned());
        lake.fail("ListPermissions on", ANALYSTS, ErrorKind::Denied);
    })
    .await;
    let grants = check(&drift, Subject::Grants, ANALYSTS);
    assert_eq!(grants.answer, Answer::NotCheckable);
    assert!(grants.unchecked.len() > 5 && grants.same > 0, "{grants:?}");
    assert!(drift.access.is_empty() && drift.failed(), "{:?}", drift.access);
}

#[tokio::test(start_paused = true)]
async fn another_tag_on_a_column_is_told_with_who_sees_more() {
    let drift = drift(|lake| {
        let Ok(Some(tagging)) = &mut orders(lake).tags else { panic!("no tags") };
        let tags = tagging.columns.get_mut("email").unwrap();
        tags.insert("demo/classification".to_owned(), ["public".to_owned()].into());
    })
    .await;
    assert_eq!(differing(&drift), [(Subject::Tagging, "demo_sales_sales_analytics")]);
    let difference = &check(&drift, Subject::Tagging, "demo_sales_sales_analytics").differences[0];
    assert_eq!(difference.what, "column orders.email: demo/classification");
    assert_eq!((difference.expected.as_deref(), difference.actual.as_deref()), (Some("pii"), Some("public")));
    assert!(difference.mend.as_ref().is_some_and(|mend| mend.contains("add-lf-tags-to-resource")));
    let gains = drift.access.iter().filter(|it| it.gained.iter().any(|column| column.name == "email"));
    assert!(gains.count() > 0, "{:?}", drift.access);
}

#[tokio::test(start_paused = true)]
async fn a_column_that_a_crawler_found_is_told_and_seen_by_its_owner_alone() {
    let drift = drift(|lake| {
        let table = orders(lake);
        table.columns.push(LiveColumn {
            name: "coupon".to_owned(),
            type_name: "string".to_owned(),
            kind: ColumnKind::Data,
        });
        table.crawler = Some("crawler demo.sales.sales-analytics.orders".to_owned());
        let Ok(Some(tagging)) = &mut table.tags else { panic!("no tags") };
        tagging.columns.insert("coupon".to_owned(), tagging.table.clone());
        table.columns.retain(|column| column.name != "amount");
    })
    .await;
    assert_eq!(differing(&drift), [(Subject::Columns, "demo_sales_sales_analytics")]);
    let differences = &check(&drift, Subject::Columns, "demo_sales_sales_analytics").differences;
    let told: Vec<(Direction, &str)> = differences.iter().map(|it| (it.direction, it.what.as_str())).collect();
    assert_eq!(told, [(Direction::More, "column orders.coupon"), (Direction::Less, "column orders.amount")]);
    assert!(differences[0].by.as_ref().is_some_and(|by| by.contains("crawler")));
    let who = |name: &str| -> BTreeSet<&str> {
        let seen = drift.access.iter().filter(|it| it.gained.iter().any(|column| column.name == name));
        seen.map(|it| it.principal.rsplit('/').next().unwrap_or_default()).collect()
    };
    assert_eq!(who("coupon"), ["demo-crawl-sales", "demo-owner-sales"].into());
}

#[tokio::test(start_paused = true)]
async fn settings_that_somebody_opened_are_told() {
    let drift = drift(|lake| {
        let settings = lake.settings.get_mut(GOVERNANCE).unwrap();
        settings.table_defaults.push("IAM_ALLOWED_PRINCIPALS (ALL)".to_owned());
        settings.administrators.insert("arn:aws:iam::111111111111:role/other".to_owned());
        settings.readers.clear();
        settings.parameters.insert("CROSS_ACCOUNT_VERSION".to_owned(), "1".to_owned());
    })
    .await;
    assert_eq!(differing(&drift), [(Subject::Settings, GOVERNANCE)]);
    let differences = &check(&drift, Subject::Settings, GOVERNANCE).differences;
    let told: Vec<&str> = differences.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "arn:aws:iam::111111111111:role/other is an administrator",
            "new tables are opened by default",
            "arn:aws:iam::111111111111:role/demo-plan is no read-only administrator",
            "parameter CROSS_ACCOUNT_VERSION",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_tag_value_that_is_gone_takes_sight_away() {
    let drift = drift(|lake| {
        lake.tags.get_mut(&(GOVERNANCE.to_owned(), "demo/sales".to_owned())).unwrap().clear();
    })
    .await;
    assert_eq!(differing(&drift), [(Subject::Tags, "demo/sales")]);
}

#[tokio::test(start_paused = true)]
async fn resources_that_somebody_changed_or_removed_are_told() {
    let drift = drift(|lake| {
        let stack = lake.drifts.get_mut("arn:demo-storage-sales").unwrap();
        let bucket = stack.get_mut("DataBucket").unwrap();
        bucket.drift = ResourceDrift::Modified;
        let property = ("/VersioningConfiguration/Status", "Enabled", "Suspended");
        bucket.properties.push((property.0.to_owned(), property.1.to_owned(), property.2.to_owned()));
        stack.get_mut("OwnerRole").unwrap().drift = ResourceDrift::Deleted;
        let key = stack.get_mut("DataKey").unwrap();
        key.drift = ResourceDrift::Unknown;
        key.reason = Some("AccessDenied: not authorized to perform kms:DescribeKey".to_owned());
    })
    .await;
    assert_eq!(differing(&drift), [(Subject::Stack, "sales/demo-storage-sales")]);
    let stack = check(&drift, Subject::Stack, "sales/demo-storage-sales");
    let told: Vec<&str> = stack.differences.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(told, ["OwnerRole (AWS::IAM::Role)", "DataBucket (AWS::S3::Bucket) /VersioningConfiguration/Status"]);
    let denied: Vec<&str> =
        stack.unchecked.iter().filter(|it| it.reason == Reason::NotAllowed).map(|it| it.what.as_str()).collect();
    assert_eq!(denied, ["DataKey (AWS::KMS::Key)"]);
    assert!(drift.failed());
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_not_checkable_and_the_rest_is_told() {
    let calls = [
        ("DescribeStacks", Subject::Stack),
        ("DetectStackDrift", Subject::Stack),
        ("DescribeStackDriftDetectionStatus", Subject::Stack),
        ("DescribeStackResourceDrifts", Subject::Stack),
        ("GetDataLakeSettings", Subject::Settings),
        ("GetLFTag", Subject::Tags),
        ("ListPermissions", Subject::Grants),
        ("GetResourceLFTags", Subject::Tagging),
        ("GetTables", Subject::Columns),
    ];
    for (call, subject) in calls {
        for (kind, reason) in [(ErrorKind::Denied, Reason::NotAllowed), (ErrorKind::Other, Reason::Failed)] {
            let drift = drift(|lake| lake.fail(call, GOVERNANCE, kind)).await;
            assert!(drift.failed() && !drift.differs(), "{call}: {:?}", differing(&drift));
            assert!(drift.access.is_empty(), "{call}: {:?}", drift.access);
            for check in drift.checks.iter().filter(|check| check.subject == subject) {
                let failed = check.unchecked.iter().any(|it| it.reason == reason && it.message.contains("scripted"));
                assert_eq!(failed, check.account == GOVERNANCE, "{call}: {check:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_outside_of_select_is_not_asked() {
    let drift = drift_on("2026-01-01", Some("sales/*"), |lake| {
        // neither does it count as drift
        lake.grants.get_mut(ANALYSTS).unwrap().clear();
    })
    .await;
    assert!(!drift.differs() && !drift.failed());
    for check in &drift.checks {
        let asked = check.account == "444444444444";
        let not_asked = check.unchecked.iter().any(|it| it.reason == Reason::NotAsked);
        assert_eq!(not_asked, !asked, "{check:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn access_past_its_end_is_told_as_long_as_somebody_sees_by_it() {
    let (mut mesh, wanted) = demo();
    let analysts = mesh.consumers.values_mut().find(|consumer| consumer.name.as_str() == "business-analysts").unwrap();
    let subscription = &mut analysts.subscriptions[0];
    subscription.end_date = Some(Day::parse("2026-03-31").unwrap());
    let target = format!("business-analysts to {}", subscription.product);
    let before = drift_of(&mesh, &wanted, "2026-03-31", None, |_| {}).await;
    assert!(!before.checks.iter().any(|check| check.subject == Subject::Expiry));
    let after = drift_of(&mesh, &wanted, "2026-04-01", None, |_| {}).await;
    assert_eq!(differing(&after), [(Subject::Expiry, target.as_str())]);
    // somebody has revoked the grants by hand: the access has ended, and the grants are told as missing
    let revoked =
        drift_of(&mesh, &wanted, "2026-04-01", None, |lake| lake.grants.get_mut(ANALYSTS).unwrap().clear()).await;
    assert_eq!(check(&revoked, Subject::Expiry, &target).answer, Answer::Same);
    // and where the grants cannot be read, nothing is claimed but what the templates say
    let unread = drift_of(&mesh, &wanted, "2026-04-01", None, |lake| {
        lake.fail("ListPermissions", ANALYSTS, ErrorKind::Denied);
    })
    .await;
    assert_ne!(check(&unread, Subject::Expiry, &target).answer, Answer::Same);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_not_there_or_busy_is_told_so() {
    let drift = drift(|lake| {
        lake.stacks.remove("demo-pipeline-sales");
        lake.stacks.get_mut("demo-storage-sales").unwrap().status = StackStatus::UpdateInProgress;
    })
    .await;
    for name in ["sales/demo-pipeline-sales", "sales/demo-storage-sales"] {
        let stack = check(&drift, Subject::Stack, name);
        assert_eq!((stack.answer, stack.unchecked[0].reason), (Answer::NotCheckable, Reason::NotReady), "{name}");
    }
    assert!(drift.notes.iter().any(|note| note.contains("sales/demo-pipeline-sales")), "{:?}", drift.notes);
}
