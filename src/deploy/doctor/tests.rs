//! What an examination tells, over a lake in memory that has everything the demo needs but for one thing.

use super::*;
use crate::deploy::drift::fake::FakeLake;
use crate::environment::load;
use crate::mesh::{AccountId, Acting, Units, resolve};
use crate::plan::StackStatus;
use crate::plan::doctor::{Diagnosis, Finding, Input, Precondition, Verdict, diagnose};
use crate::stacks::synthesize;
use std::path::Path;

const GOVERNANCE: &str = "111111111111";
const ANALYSTS: &str = "777777777777";

async fn diagnosis(change: impl FnOnce(&mut FakeLake)) -> Diagnosis {
    diagnosis_with(None, change).await
}

async fn diagnosis_with(units: Option<&Units>, change: impl FnOnce(&mut FakeLake)) -> Diagnosis {
    let loaded = load(Path::new("environments/demo")).unwrap();
    let mesh = resolve(&loaded.source, None).mesh.unwrap();
    let wanted = Document::all(&synthesize(&mesh));
    let mut lake = FakeLake::of(&wanted, &[]);
    lake.stack_limit = Some(2_000);
    change(&mut lake);
    let examined = examine_at(&Arc::new(lake), &wanted).await;
    let (mesh, environment, governance) = ("demo", "demo", GOVERNANCE);
    diagnose(&Input { mesh, environment, governance, wanted: &wanted, units, examined: &examined })
}

/// A StackSet's stack has a name of its own: that there is none of ours is bad in governance alone.
#[tokio::test]
async fn an_account_that_a_stack_set_bootstrapped_is_not_told_to_be_bad() {
    let units = Units {
        administrator: AccountId::parse("999999999990").unwrap(),
        acting: Acting::Management,
        producers: BTreeSet::new(),
        consumers: BTreeSet::from(["ou-a1b2-1a2b3c4d".to_owned()]),
    };
    for (account, verdict) in [(ANALYSTS, Verdict::CannotTell), (GOVERNANCE, Verdict::Bad)] {
        let told = diagnosis_with(Some(&units), |lake| {
            lake.stacks.remove(&format!("demo-bootstrap@{account}"));
        })
        .await;
        let finding =
            told.findings.iter().find(|it| it.precondition == Precondition::Bootstrap && it.account == account);
        assert_eq!(finding.unwrap().verdict, verdict);
    }
    let without = diagnosis(|lake| {
        lake.stacks.remove("demo-bootstrap@777777777777");
    })
    .await;
    assert_eq!(one(&without).verdict, Verdict::Bad);
}

fn not_good(diagnosis: &Diagnosis) -> Vec<(Precondition, &str, Verdict)> {
    let findings = diagnosis.findings.iter().filter(|finding| finding.verdict != Verdict::Good);
    findings.map(|finding| (finding.precondition, finding.account.as_str(), finding.verdict)).collect()
}

fn one(diagnosis: &Diagnosis) -> &Finding {
    assert_eq!(not_good(diagnosis).len(), 1, "{:?}", not_good(diagnosis));
    diagnosis.findings.iter().find(|finding| finding.verdict != Verdict::Good).unwrap()
}

#[tokio::test]
async fn a_mesh_that_stands_has_what_it_needs() {
    let diagnosis = diagnosis(|_| {}).await;
    assert_eq!(not_good(&diagnosis), []);
    let of = |precondition| diagnosis.findings.iter().filter(|it| it.precondition == precondition).count();
    let expected = [
        (Precondition::PlanRole, 8),
        (Precondition::DeployRole, 8),
        (Precondition::Bootstrap, 8),
        (Precondition::Settings, 8),
        (Precondition::CatalogPolicy, 1),
        (Precondition::Sharing, 6),
        (Precondition::Quicksight, 1),
        (Precondition::Quotas, 32),
    ];
    for (precondition, count) in expected {
        assert_eq!(of(precondition), count, "{precondition:?}");
    }
}

#[tokio::test]
async fn each_thing_that_is_missing_is_told_with_what_mends_it() {
    let role = diagnosis(|lake| lake.fail("AssumeRole Deploy", ANALYSTS, ErrorKind::Denied)).await;
    let finding = one(&role);
    assert_eq!((finding.precondition, finding.verdict), (Precondition::DeployRole, Verdict::Bad));
    assert!(finding.mend.as_ref().is_some_and(|mend| mend.starts_with("meshform bootstrap -e demo")));
    let other = diagnosis(|lake| lake.fail("AssumeRole Plan", ANALYSTS, ErrorKind::WrongAccount)).await;
    assert_eq!((one(&other).precondition, one(&other).verdict), (Precondition::PlanRole, Verdict::Bad));
    let nobody = diagnosis(|lake| lake.fail("AssumeRole Plan", ANALYSTS, ErrorKind::NoCredentials)).await;
    assert_eq!(one(&nobody).verdict, Verdict::CannotTell);

    let old = diagnosis(|lake| {
        lake.stacks.get_mut("demo-bootstrap@777777777777").unwrap().template =
            Some(serde_json::json!({"Resources": {}}));
    })
    .await;
    assert!(old.is_bad() && old.findings[0].found.contains("not the one that this version makes"));
    let gone = diagnosis(|lake| lake.stacks.retain(|name, _| !name.starts_with("demo-bootstrap"))).await;
    assert_eq!(gone.findings.iter().filter(|finding| finding.found.contains("there is no stack")).count(), 8);

    let open = diagnosis(|lake| {
        lake.settings.get_mut(ANALYSTS).unwrap().table_defaults.push("IAM_ALLOWED_PRINCIPALS (ALL)".to_owned());
    })
    .await;
    assert!(one(&open).found.contains("new tables are opened for IAM_ALLOWED_PRINCIPALS"), "{:?}", one(&open));

    let policy =
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "glue:*"}]}"#;
    let policy = diagnosis(|lake| lake.catalog_policy = Some(policy.to_owned())).await;
    assert_eq!((one(&policy).precondition, one(&policy).verdict), (Precondition::CatalogPolicy, Verdict::Bad));
    assert!(one(&policy).mend.as_ref().is_some_and(|mend| mend.contains("--enable-hybrid TRUE")));

    let unshared = diagnosis(|lake| lake.unseen_from = [ANALYSTS.to_owned()].into()).await;
    assert_eq!((one(&unshared).precondition, one(&unshared).verdict), (Precondition::Sharing, Verdict::Bad));
    assert!(one(&unshared).mend.as_ref().is_some_and(|mend| mend.contains("enable-sharing-with-aws-organization")));

    let full = diagnosis(|lake| {
        lake.stack_limit = Some(3);
        lake.stacks.get_mut("demo-access-business-analysts").unwrap().status = StackStatus::RollbackComplete;
    })
    .await;
    assert!(full.findings.iter().any(|it| it.precondition == Precondition::Quotas && it.verdict == Verdict::Bad));
}

#[tokio::test]
async fn before_the_first_deploy_what_no_call_tells_is_not_claimed() {
    let diagnosis = diagnosis(|lake| {
        lake.stacks.retain(|name, _| name.starts_with("demo-bootstrap"));
        lake.settings.clear();
        lake.unseen_from = (1..=8).map(|digit: u8| digit.to_string().repeat(12)).collect();
    })
    .await;
    assert!(!diagnosis.is_bad(), "{:?}", not_good(&diagnosis));
    let told: BTreeSet<Precondition> =
        not_good(&diagnosis).into_iter().map(|(precondition, ..)| precondition).collect();
    assert_eq!(told, [Precondition::Sharing, Precondition::Quicksight].into());
    assert!(diagnosis.findings.iter().all(|it| it.verdict == Verdict::Good || it.mend.is_some()));
}

#[tokio::test]
async fn a_call_that_fails_cannot_tell() {
    let calls = [
        ("DescribeStacks", Precondition::Bootstrap),
        ("GetDataLakeSettings", Precondition::Settings),
        ("GetResourcePolicy", Precondition::CatalogPolicy),
        ("DescribeAccountLimits", Precondition::Quotas),
        ("ListStacks", Precondition::Quotas),
    ];
    for (call, precondition) in calls {
        let diagnosis = diagnosis(|lake| lake.fail(call, GOVERNANCE, ErrorKind::Denied)).await;
        let of = |it: &&Finding| it.precondition == precondition && it.account == GOVERNANCE;
        let verdicts: Vec<Verdict> = diagnosis.findings.iter().filter(of).map(|it| it.verdict).collect();
        assert!(verdicts.contains(&Verdict::CannotTell) && !diagnosis.is_bad(), "{call}: {:?}", not_good(&diagnosis));
    }
}
