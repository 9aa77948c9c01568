use super::*;
use crate::assembly::Effect;
use crate::plan::samples::{Sample, everything, id, nothing, rendered, stack, subscriber_template};
use serde_json::json;

fn standing(status: &str, protection: Protection, change_sets: &[&str]) -> Observed {
    Observed::Present(Box::new(Standing {
        stack_arn: "arn:aws:cloudformation:eu-west-1:111111111111:stack/demo/1".to_owned(),
        status: StackStatus::from(status),
        template: None,
        parameters: BTreeMap::new(),
        outputs: BTreeMap::new(),
        role_arn: None,
        termination_protection: protection,
        stack_policy: None,
        change_sets: change_sets.iter().map(|name| (*name).to_owned()).collect(),
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
        let decided = |found, wanted| removal(&standing(status, found, &[]), wanted);
        assert_eq!(word(&decided(Protection::Off, Protection::On)), open, "{status}");
        assert_eq!(word(&decided(Protection::On, Protection::Off)), unprotected, "{status}, unprotected");
        assert_eq!(word(&decided(Protection::On, Protection::On)), protected, "{status}, protected");
    }
    assert_eq!(removal(&Observed::Absent, Protection::On), Decision::Keep);
    let shell = |names: &[&str]| removal(&standing("REVIEW_IN_PROGRESS", Protection::Off, names), Protection::On);
    assert_eq!(shell(&["meshform-1"]), Decision::Delete);
    assert_eq!(word(&shell(&["meshform-1", "release-7"])), "refuse");
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
    let Destruction { plan, left } = destroy(&rendered.manifest, &deployed, &BTreeMap::new(), Protection::On).unwrap();
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
    let plan = destroy(&rendered.manifest, &deployed, &BTreeMap::new(), Protection::On).unwrap().plan;
    assert_eq!(needs(&plan, "sales/storage"), ["shop/access"]);
    let nothing = nothing(&rendered);
    assert!(destroy(&rendered.manifest, &nothing, &BTreeMap::new(), Protection::On).unwrap().plan.steps.is_empty());
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
    let plan = destroy(&rendered.manifest, &everything(&rendered), &strays, Protection::On).unwrap().plan;
    assert_eq!(needs(&plan, "governance/demo-sharing-left"), ["shop/access"]);
    assert_eq!(needs(&plan, "governance/publication"), ["governance/demo-sharing-left", "governance/sharing"]);
}
