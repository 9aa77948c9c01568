use super::*;
use crate::assembly::Effect;
use crate::plan::samples::{self, Sample, everything, id, nothing, rendered, stack, subscriber_template};
use serde_json::{Value, json};

fn standing(status: &str, protection: Protection, change_sets: &[&str]) -> Observed {
    Observed::Present(Box::new(Standing {
        template: Some(json!({})),
        termination_protection: protection,
        change_sets: change_sets.iter().map(|name| (*name).to_owned()).collect(),
        ..samples::standing(status)
    }))
}

fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Delete => "delete",
        Decision::Wait => "wait",
        Decision::Keep => "gone",
        Decision::Refuse { .. } => "refuse",
        Decision::Create
        | Decision::Update
        | Decision::DeleteShellThenCreate
        | Decision::DeleteThenCreate
        | Decision::ContinueRollback { .. }
        | Decision::RollBack => "never here",
    }
}

#[test]
fn the_table_cell_by_cell() {
    //   status, and what is done with a stack that is not protected, that is and may be unprotected, that is and may not
    let table = [
        ("REVIEW_IN_PROGRESS", "delete", "delete", "delete"),
        ("CREATE_IN_PROGRESS", "wait", "wait", "wait"),
        ("CREATE_FAILED", "delete", "delete", "refuse"),
        ("CREATE_COMPLETE", "delete", "delete", "refuse"),
        ("ROLLBACK_IN_PROGRESS", "wait", "wait", "wait"),
        ("ROLLBACK_FAILED", "delete", "delete", "refuse"),
        ("ROLLBACK_COMPLETE", "delete", "delete", "refuse"),
        ("DELETE_IN_PROGRESS", "wait", "wait", "wait"),
        ("DELETE_FAILED", "delete", "delete", "refuse"),
        ("DELETE_COMPLETE", "gone", "gone", "gone"),
        ("UPDATE_IN_PROGRESS", "wait", "wait", "wait"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait", "wait", "wait"),
        ("UPDATE_COMPLETE", "delete", "delete", "refuse"),
        ("UPDATE_FAILED", "delete", "delete", "refuse"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait", "wait", "wait"),
        ("UPDATE_ROLLBACK_FAILED", "refuse", "refuse", "refuse"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "wait", "wait", "wait"),
        ("UPDATE_ROLLBACK_COMPLETE", "delete", "delete", "refuse"),
        ("IMPORT_IN_PROGRESS", "wait", "wait", "wait"),
        ("IMPORT_COMPLETE", "delete", "delete", "refuse"),
        ("IMPORT_ROLLBACK_IN_PROGRESS", "wait", "wait", "wait"),
        ("IMPORT_ROLLBACK_FAILED", "refuse", "refuse", "refuse"),
        ("IMPORT_ROLLBACK_COMPLETE", "delete", "delete", "refuse"),
        ("PAINT_IN_PROGRESS", "wait", "wait", "wait"),
        ("PAINT_COMPLETE", "refuse", "refuse", "refuse"),
    ];
    assert_eq!(table.len(), StackStatus::KNOWN.len() + 2);
    for (status, open, unprotected, protected) in table {
        let decided = |found, wanted| removal(&standing(status, found, &[]), wanted, &BTreeSet::new());
        assert_eq!(word(&decided(Protection::Off, Protection::On)), open, "{status}");
        assert_eq!(word(&decided(Protection::On, Protection::Off)), unprotected, "{status}, unprotected");
        assert_eq!(word(&decided(Protection::On, Protection::On)), protected, "{status}, protected");
    }
    assert_eq!(removal(&Observed::Absent, Protection::On, &BTreeSet::new()), Decision::Keep);
    let shell = |names: &[&str]| {
        removal(&standing("REVIEW_IN_PROGRESS", Protection::Off, names), Protection::On, &BTreeSet::new())
    };
    assert_eq!(shell(&["meshform-1"]), Decision::Delete);
    assert_eq!(word(&shell(&["meshform-1", "release-7"])), "refuse");
}

#[test]
fn only_what_would_not_go_is_left_behind_cell_by_cell() {
    //   status, and what is done when what would not go is named, and when something else is as well
    let table = [
        ("REVIEW_IN_PROGRESS", "refuse", "refuse"),
        ("CREATE_IN_PROGRESS", "refuse", "refuse"),
        ("CREATE_FAILED", "refuse", "refuse"),
        ("CREATE_COMPLETE", "refuse", "refuse"),
        ("ROLLBACK_IN_PROGRESS", "refuse", "refuse"),
        ("ROLLBACK_FAILED", "refuse", "refuse"),
        ("ROLLBACK_COMPLETE", "refuse", "refuse"),
        // its end tells whether they would not go
        ("DELETE_IN_PROGRESS", "wait", "wait"),
        ("DELETE_FAILED", "delete", "refuse"),
        ("DELETE_COMPLETE", "gone", "gone"),
        ("UPDATE_IN_PROGRESS", "refuse", "refuse"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "refuse", "refuse"),
        ("UPDATE_COMPLETE", "refuse", "refuse"),
        ("UPDATE_FAILED", "refuse", "refuse"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "refuse", "refuse"),
        ("UPDATE_ROLLBACK_FAILED", "refuse", "refuse"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "refuse", "refuse"),
        ("UPDATE_ROLLBACK_COMPLETE", "refuse", "refuse"),
        ("IMPORT_IN_PROGRESS", "refuse", "refuse"),
        ("IMPORT_COMPLETE", "refuse", "refuse"),
        ("IMPORT_ROLLBACK_IN_PROGRESS", "refuse", "refuse"),
        ("IMPORT_ROLLBACK_FAILED", "refuse", "refuse"),
        ("IMPORT_ROLLBACK_COMPLETE", "refuse", "refuse"),
        ("PAINT_IN_PROGRESS", "refuse", "refuse"),
        ("PAINT_COMPLETE", "refuse", "refuse"),
    ];
    assert_eq!(table.len(), StackStatus::KNOWN.len() + 2);
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    for (status, named, other) in table {
        let observed = stubborn(status);
        let decided = |names: &[&str]| removal(&observed, Protection::On, &set(names));
        assert_eq!(word(&decided(&["Profile"])), named, "{status}");
        assert_eq!(word(&decided(&["Bucket", "Profile"])), other, "{status}, and another");
    }
    let refused = removal(&stubborn("DELETE_FAILED"), Protection::On, &set(&["Bucket", "Profile"]));
    let Decision::Refuse { reason, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(reason, "cannot leave Bucket behind: only what would not go can stay, which is Profile");
    let refused = removal(&stubborn("UPDATE_COMPLETE"), Protection::On, &set(&["Profile"]));
    let Decision::Refuse { reason, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(reason, "is in UPDATE_COMPLETE: only a stack in DELETE_FAILED goes without some of its resources");
    // a protected stack stays protected
    let mut observed = stubborn("DELETE_FAILED");
    if let Observed::Present(standing) = &mut observed {
        standing.termination_protection = Protection::On;
    }
    assert_eq!(word(&removal(&observed, Protection::On, &set(&["Profile"]))), "refuse");
    assert_eq!(removal(&Observed::Absent, Protection::On, &set(&["Profile"])), Decision::Keep);
}

/// A stack from which a profile would not go.
fn stubborn(status: &str) -> Observed {
    let mut observed = standing(status, Protection::Off, &[]);
    if let Observed::Present(standing) = &mut observed {
        standing.stubborn = vec![Stubborn {
            logical_id: "Profile".to_owned(),
            resource_type: "AWS::SageMaker::UserProfile".to_owned(),
            reason: "it has applications".to_owned(),
        }];
    }
    observed
}

#[test]
fn what_would_not_go_is_told_with_its_reason_and_what_is_left_behind_is_listed() {
    let rendered = rendered(mesh());
    let mut deployed = everything(&rendered);
    let Some(Observed::Present(standing)) = deployed.stacks.get_mut(&id("sales/storage")) else { panic!("it stands") };
    standing.status = StackStatus::DeleteFailed;
    let reason = "it has subscribers".to_owned();
    standing.stubborn =
        vec![Stubborn { logical_id: "Topic".to_owned(), resource_type: "AWS::SNS::Topic".to_owned(), reason }];
    let retain = BTreeMap::from([(id("sales/storage"), BTreeSet::from(["Topic".to_owned()]))]);
    let planned = destroy(&rendered.manifest, &deployed, &BTreeMap::new(), Protection::Off, &retain).unwrap();
    let step = &planned.plan.steps[&StepId::new(&id("sales/storage"), Turn::Delete)];
    assert_eq!((&step.decision, step.retain.len()), (&Decision::Delete, 1));
    assert_eq!(
        step.notes,
        [
            "Topic (AWS::SNS::Topic) would not go: it has subscribers; mend it, or leave it behind by `--retain sales/storage:Topic`"
        ]
    );
    let stays: Vec<&str> = planned.left.iter().map(|left| left.logical_id.as_str()).collect();
    assert_eq!(stays, ["Topic", "Bucket"].iter().rev().copied().collect::<Vec<_>>());
}

fn mesh() -> Vec<Sample> {
    let bucket = json!({"Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "acme-demo-sales"}},
        "Topic": {"Type": "AWS::SNS::Topic"},
    }});
    let grant = |principal: &str| {
        json!({"Resources": {"Grant": {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
        "Principal": {"DataLakePrincipalIdentifier": principal}, "Resource": {"Database": {"Name": "demo_sales_orders"}}, "Permissions": ["DESCRIBE"]}}}})
    };
    vec![
        stack("governance/bootstrap"),
        stack("sales/storage").template(bucket),
        stack("governance/publication").wire("Key", "sales/storage", "KeyArn"),
        stack("governance/sharing").template(grant("222222222222")).after("governance/publication", Effect::Catalog),
        stack("shop/workspace"),
        stack("shop/access")
            .template(subscriber_template())
            .after("governance/sharing", Effect::Share)
            .after("shop/workspace", Effect::Roles),
    ]
}

fn needs(plan: &Plan, name: &str) -> Vec<String> {
    plan.steps[&StepId::new(&id(name), Turn::Delete)].needs.iter().map(|step| step.stack.to_string()).collect()
}

#[test]
fn what_depends_on_a_stack_goes_before_it_and_bootstrap_stays() {
    let rendered = rendered(mesh());
    let deployed = everything(&rendered);
    let Destruction { plan, left } =
        destroy(&rendered.manifest, &deployed, &BTreeMap::new(), Protection::On, &BTreeMap::new()).unwrap();
    assert_eq!(plan.steps.len(), 5);
    assert_eq!(needs(&plan, "shop/access"), [""; 0]);
    assert_eq!(needs(&plan, "governance/sharing"), ["shop/access"]);
    assert_eq!(needs(&plan, "governance/publication"), ["governance/sharing"]);
    assert_eq!(needs(&plan, "sales/storage"), ["governance/publication"]);
    let checks = &plan.steps[&StepId::new(&id("governance/sharing"), Turn::Delete)].checks_after;
    assert_eq!(checks[0].to_string(), "1 grant to be gone from account 111111111111");
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].name.as_deref(), left[0].stays), (Some("acme-demo-sales"), Stays::Retained));
}

#[test]
fn a_stack_that_is_gone_passes_its_place_on_and_nothing_stands_for_nothing() {
    let rendered = rendered(mesh());
    let mut deployed = everything(&rendered);
    for gone in ["governance/sharing", "governance/publication"] {
        deployed.stacks.insert(id(gone), Observed::Absent);
    }
    let plan = destroy(&rendered.manifest, &deployed, &BTreeMap::new(), Protection::On, &BTreeMap::new()).unwrap().plan;
    assert_eq!(needs(&plan, "sales/storage"), ["shop/access"]);
    let nothing = nothing(&rendered);
    assert!(
        destroy(&rendered.manifest, &nothing, &BTreeMap::new(), Protection::On, &BTreeMap::new())
            .unwrap()
            .plan
            .steps
            .is_empty()
    );
}

#[test]
fn what_does_not_say_that_it_is_of_this_mesh_is_refused() {
    let described = |text: &str| json!({"Description": text, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}});
    let with = |template: Option<Value>, status: &str| {
        let Observed::Present(standing) = standing(status, Protection::Off, &[]) else { unreachable!() };
        Standing { template, ..*standing }
    };
    assert!(is_of_mesh(&with(Some(described("Storage of the data mesh demo")), "CREATE_COMPLETE"), "demo"));
    assert!(!is_of_mesh(&with(Some(described("Storage of the data mesh demo-2")), "CREATE_COMPLETE"), "demo"));
    let nameless = json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}});
    assert!(!is_of_mesh(&with(Some(nameless), "UPDATE_COMPLETE"), "demo"));
    // no JSON, as nothing of ours is; and a shell that holds nothing yet
    assert!(!is_of_mesh(&with(None, "ROLLBACK_COMPLETE"), "demo"));
    assert!(is_of_mesh(&with(None, "REVIEW_IN_PROGRESS"), "demo"));
    assert!(is_of_mesh(&with(Some(json!({})), "ROLLBACK_COMPLETE"), "demo"));
    let rendered = rendered(mesh());
    let mut deployed = everything(&rendered);
    for status in ["CREATE_COMPLETE", "UPDATE_IN_PROGRESS"] {
        let foreign = with(Some(described("My website")), status);
        deployed.stacks.insert(id("sales/storage"), Observed::Present(Box::new(foreign)));
        let planned =
            destroy(&rendered.manifest, &deployed, &BTreeMap::new(), Protection::Off, &BTreeMap::new()).unwrap();
        let decision = &planned.plan.steps[&StepId::new(&id("sales/storage"), Turn::Delete)].decision;
        assert!(matches!(decision, Decision::Refuse { reason, .. } if reason.contains("somebody else's")), "{status}");
    }
}

#[test]
fn what_nothing_asks_for_goes_by_its_layer() {
    let rendered = rendered(mesh());
    let stray = Stray {
        account: AccountId::parse("111111111111").unwrap(),
        region: Region::parse("eu-west-1").unwrap(),
        layer: Layer::Sharing,
        observed: standing("UPDATE_COMPLETE", Protection::Off, &[]),
    };
    let strays = BTreeMap::from([(id("governance/demo-sharing-left"), stray)]);
    let plan =
        destroy(&rendered.manifest, &everything(&rendered), &strays, Protection::On, &BTreeMap::new()).unwrap().plan;
    assert_eq!(needs(&plan, "governance/demo-sharing-left"), ["shop/access"]);
    assert_eq!(needs(&plan, "governance/publication"), ["governance/demo-sharing-left", "governance/sharing"]);
}
