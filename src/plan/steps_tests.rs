//! The plan of small assemblies.

use super::*;
use crate::assembly::Effect;
use crate::plan::StackStatus;
use crate::plan::Turn::{Add, Remove};
use crate::plan::samples::{everything, id, nothing, publication_template, rendered, stack, subscriber_template};
use crate::plan::{MASKED, Pass, Pattern, redecide};

const MESH: Options = Options { pass: Pass::Mesh, select: None };

fn selecting(pattern: &str) -> Options {
    Options { pass: Pass::Mesh, select: Some(Pattern::new(pattern)) }
}

fn step(stack: &str, turn: Turn) -> StepId {
    StepId::new(&id(stack), turn)
}

fn two() -> Rendered {
    rendered(vec![
        stack("sales/demo-storage-sales").literal("Tier", "gold"),
        stack("governance/demo-publication-sales").wire("Key", "sales/demo-storage-sales", "KeyArn"),
        stack("sales/demo-bootstrap"),
    ])
}

fn standing<'a>(deployed: &'a mut Deployed, stack: &str) -> &'a mut crate::plan::Standing {
    match deployed.stacks.get_mut(&id(stack)) {
        Some(Observed::Present(standing)) => standing,
        Some(Observed::Absent) | None => panic!("{stack} does not stand"),
    }
}

#[test]
fn where_nothing_stands_everything_is_made_and_wires_wait() {
    let rendered = two();
    let plan = plan(&rendered, &nothing(&rendered), &MESH).unwrap();
    assert_eq!(plan.steps.len(), 2);
    let publication = &plan.steps[&step("governance/demo-publication-sales", Add)];
    assert_eq!(publication.decision, Decision::Create);
    assert_eq!(publication.needs, [step("sales/demo-storage-sales", Add)].into());
    let wire = Wire { stack: id("sales/demo-storage-sales"), output: "KeyArn".to_owned() };
    assert_eq!(publication.parameters["Key"], Parameter::AfterStep(wire));
}

#[test]
fn the_bootstrap_pass_takes_only_its_layer() {
    let rendered = two();
    let options = Options { pass: Pass::Bootstrap, select: None };
    let plan = plan(&rendered, &nothing(&rendered), &options).unwrap();
    assert_eq!(plan.steps.keys().collect::<Vec<_>>(), [&step("sales/demo-bootstrap", Add)]);
}

#[test]
fn what_stands_as_it_should_is_kept_and_its_outputs_are_known() {
    let rendered = two();
    let plan = plan(&rendered, &everything(&rendered), &MESH).unwrap();
    assert!(plan.changes().next().is_none());
    let publication = &plan.steps[&step("governance/demo-publication-sales", Add)];
    assert_eq!(publication.parameters["Key"], Parameter::Known("demo-storage-sales-key".to_owned()));
}

#[test]
fn a_changed_producer_makes_its_dependents_be_looked_at() {
    let rendered = two();
    let mut deployed = everything(&rendered);
    standing(&mut deployed, "sales/demo-storage-sales").template = Some(serde_json::json!({"Resources": {}}));
    let plan = plan(&rendered, &deployed, &MESH).unwrap();
    let words: Vec<_> = plan.steps.values().map(|step| step.decision.clone()).collect();
    assert_eq!(words, [Decision::Update, Decision::Update]);
}

#[test]
fn another_parameter_a_masked_one_and_one_too_many_are_changes() {
    let rendered = two();
    for (name, value) in [("Tier", "silver"), ("Tier", MASKED), ("Old", "x")] {
        let mut deployed = everything(&rendered);
        standing(&mut deployed, "sales/demo-storage-sales").parameters.insert(name.to_owned(), value.to_owned());
        let plan = plan(&rendered, &deployed, &MESH).unwrap();
        assert_eq!(plan.steps[&step("sales/demo-storage-sales", Add)].decision, Decision::Update, "{name}={value}");
    }
}

#[test]
fn the_order_of_keys_in_a_template_means_nothing() {
    let rendered = two();
    let mut deployed = everything(&rendered);
    let text = r#"{"Resources": {"Topic": {"Properties": {"DisplayName": "sales/demo-storage-sales"}, "Type": "AWS::SNS::Topic"}},
        "Description": "A sample of the data mesh demo"}"#;
    standing(&mut deployed, "sales/demo-storage-sales").template = serde_json::from_str(text).ok();
    assert!(plan(&rendered, &deployed, &MESH).unwrap().changes().next().is_none());
}

#[test]
fn a_selection_needs_the_rest_to_stand() {
    let rendered = two();
    let error = plan(&rendered, &nothing(&rendered), &selecting("governance/*")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "stack governance/demo-publication-sales needs sales/demo-storage-sales, which is not part of this plan and does not stand"
    );
    let plan = plan(&rendered, &everything(&rendered), &selecting("governance/*")).unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert!(plan.steps[&step("governance/demo-publication-sales", Add)].needs.is_empty());
}

#[test]
fn a_selection_refuses_what_stands_half() {
    let rendered = two();
    let mut deployed = everything(&rendered);
    standing(&mut deployed, "sales/demo-storage-sales").status = StackStatus::RollbackComplete;
    let error = plan(&rendered, &deployed, &selecting("governance/*")).unwrap_err();
    assert!(error.to_string().ends_with("does not stand (its status is ROLLBACK_COMPLETE)"), "{error}");
}

#[test]
fn a_selection_of_nothing_is_an_error() {
    let rendered = two();
    let error = plan(&rendered, &nothing(&rendered), &selecting("shop/*")).unwrap_err();
    assert_eq!(error.to_string(), "no stack fits `shop/*`");
    assert_eq!(to_observe(&rendered.manifest, &selecting("shop/*")).unwrap_err().to_string(), "no stack fits `shop/*`");
}

#[test]
fn what_must_be_looked_at_is_the_plan_and_its_needs() {
    let rendered = two();
    let wanted = to_observe(&rendered.manifest, &selecting("governance/*")).unwrap();
    assert_eq!(wanted, [id("governance/demo-publication-sales"), id("sales/demo-storage-sales")].into());
    assert_eq!(to_observe(&rendered.manifest, &MESH).unwrap().len(), 2);
}

#[test]
fn an_output_that_is_not_there_is_told() {
    let rendered = two();
    let mut deployed = everything(&rendered);
    standing(&mut deployed, "sales/demo-storage-sales").outputs.clear();
    let error = plan(&rendered, &deployed, &MESH).unwrap_err();
    assert_eq!(
        error.to_string(),
        "stack governance/demo-publication-sales needs the output KeyArn of sales/demo-storage-sales, which stands without it"
    );
}

#[test]
fn effects_become_probes() {
    let rendered = rendered(vec![
        stack("governance/demo-publication-sales").template(publication_template()),
        stack("governance/demo-sharing-shop").after("governance/demo-publication-sales", Effect::Catalog),
        stack("shop/demo-access-shop")
            .template(subscriber_template())
            .after("governance/demo-sharing-shop", Effect::Share),
    ]);
    let plan = plan(&rendered, &nothing(&rendered), &MESH).unwrap();
    let publication = &plan.steps[&step("governance/demo-publication-sales", Add)];
    assert!(publication.lake_formation);
    assert_eq!(publication.resources, 6);
    assert!(publication.probes.is_empty());
    let sharing = &plan.steps[&step("governance/demo-sharing-shop", Add)];
    assert_eq!(sharing.probes, publication.checks_after);
    let access = &plan.steps[&step("shop/demo-access-shop", Add)];
    assert!(matches!(&access.probes[..], [Probe::Share { database, .. }] if database == "demo_sales_orders"));
}

#[test]
fn the_digest_follows_the_assembly_and_the_observation() {
    let rendered = two();
    let first = plan(&rendered, &everything(&rendered), &MESH).unwrap();
    assert_eq!(first.digest, plan(&rendered, &everything(&rendered), &MESH).unwrap().digest);
    let mut moved = everything(&rendered);
    standing(&mut moved, "sales/demo-storage-sales").status = StackStatus::UpdateComplete;
    assert_ne!(first.digest, plan(&rendered, &moved, &MESH).unwrap().digest);
}

#[test]
fn after_waiting_the_same_table_is_asked_again() {
    let rendered = two();
    let mut deployed = everything(&rendered);
    standing(&mut deployed, "sales/demo-storage-sales").status = StackStatus::UpdateInProgress;
    let plan = plan(&rendered, &deployed, &MESH).unwrap();
    let step = &plan.steps[&step("sales/demo-storage-sales", Add)];
    assert_eq!(step.decision, Decision::Wait);
    let parameters = BTreeMap::from([("Tier".to_owned(), "gold".to_owned())]);
    standing(&mut deployed, "sales/demo-storage-sales").status = StackStatus::UpdateComplete;
    assert_eq!(redecide(step, &parameters, &deployed.stacks[&step.id.stack]), Decision::Keep);
    standing(&mut deployed, "sales/demo-storage-sales").template = Some(serde_json::json!({}));
    assert_eq!(redecide(step, &parameters, &deployed.stacks[&step.id.stack]), Decision::Update);
}

/// A sharing stack and the access stack that waits for it, each with some grants.
fn shared(sharing: &[&str], access: &[&str]) -> Rendered {
    let grants = |names: &[&str]| {
        let resources: serde_json::Map<String, Value> = names
            .iter()
            .map(|name| ((*name).to_owned(), serde_json::json!({"Type": "AWS::LakeFormation::PrincipalPermissions"})))
            .collect();
        serde_json::json!({ "Resources": resources })
    };
    rendered(vec![
        stack("governance/demo-sharing-sales").template(grants(sharing)),
        stack("sales/demo-access-sales").after("governance/demo-sharing-sales", Effect::Roles).template(grants(access)),
    ])
}

#[test]
fn what_only_removes_goes_backward_and_what_adds_goes_forward() {
    let standing = everything(&shared(&["A", "B"], &["C", "D"]));
    let (sharing, access) = ("governance/demo-sharing-sales", "sales/demo-access-sales");
    let removal = plan(&shared(&["A"], &["C"]), &standing, &MESH).unwrap();
    assert_eq!(removal.steps.len(), 2, "one turn for each");
    assert_eq!(removal.steps[&step(sharing, Remove)].needs, [step(access, Remove)].into());
    assert!(removal.steps[&step(access, Remove)].needs.is_empty());
    let addition = plan(&shared(&["A", "B", "E"], &["C", "D", "F"]), &standing, &MESH).unwrap();
    assert_eq!(addition.steps.len(), 2, "one turn for each");
    assert_eq!(addition.steps[&step(access, Add)].needs, [step(sharing, Add)].into());
    let both = plan(&shared(&["A", "E"], &["C", "F"]), &standing, &MESH).unwrap();
    assert_eq!(both.steps.len(), 4, "two turns for each");
    assert_eq!(both.steps[&step(access, Add)].needs, [step(sharing, Add)].into());
    assert_eq!(both.steps[&step(access, Remove)].needs, [step(access, Add)].into());
    assert_eq!(both.steps[&step(sharing, Remove)].needs, [step(access, Remove), step(sharing, Add)].into());
    let union: Value = serde_json::from_str(&both.steps[&step(sharing, Add)].template).unwrap();
    assert_eq!(union["Resources"].as_object().unwrap().keys().collect::<Vec<_>>(), ["A", "B", "E"]);
    assert_eq!(both.steps[&step(sharing, Add)].resources, 3);
}

#[test]
fn after_the_first_turn_only_the_second_is_left_and_after_that_nothing() {
    let standing = everything(&shared(&["A", "B"], &["C"]));
    let wanted = shared(&["A", "E"], &["C"]);
    let mut now = standing.clone();
    for turns in [vec![Add, Remove], vec![Remove], vec![]] {
        let plan = plan(&wanted, &now, &MESH).unwrap();
        let found: Vec<Turn> = plan.changes().map(|step| step.id.turn).collect();
        assert_eq!(found, turns);
        if let Some(next) = plan.changes().next() {
            self::standing(&mut now, "governance/demo-sharing-sales").template =
                serde_json::from_str(&next.template).ok();
        }
    }
}

#[test]
fn a_stack_that_only_removes_hands_on_the_outputs_that_stand() {
    let two = |resources: &[&str]| {
        let resources: serde_json::Map<String, Value> =
            resources.iter().map(|name| ((*name).to_owned(), serde_json::json!({"Type": "AWS::SNS::Topic"}))).collect();
        rendered(vec![
            stack("sales/demo-storage-sales")
                .template(serde_json::json!({"Resources": resources, "Outputs": {"KeyArn": {"Value": {"Ref": "A"}}}})),
            stack("governance/demo-publication-sales").wire("Key", "sales/demo-storage-sales", "KeyArn"),
        ])
    };
    let plan = plan(&two(&["A"]), &everything(&two(&["A", "B"])), &MESH).unwrap();
    assert_eq!(
        plan.changes().map(|step| step.id.clone()).collect::<Vec<_>>(),
        [step("sales/demo-storage-sales", Remove)]
    );
    let publication = &plan.steps[&step("governance/demo-publication-sales", Add)];
    assert_eq!(publication.decision, Decision::Keep);
    assert_eq!(publication.parameters["Key"], Parameter::Known("demo-storage-sales-key".to_owned()));
}

/// A parameter with NoEcho whose value is in the manifest.
fn secretive(secret: &str) -> Rendered {
    rendered(vec![stack("sales/demo-storage-sales").literal("Password", secret).template(serde_json::json!({
        "Parameters": {"Password": {"Type": "String", "NoEcho": true}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Password"}}}}
    }))])
}

#[test]
fn a_secret_is_in_no_step_and_in_no_digest() {
    let plan_of = |secret: &str| {
        let rendered = secretive(secret);
        let mut deployed = everything(&rendered);
        // an account that answers the value all the same
        standing(&mut deployed, "sales/demo-storage-sales").parameters.insert("Other".to_owned(), "x".to_owned());
        plan(&rendered, &deployed, &MESH).unwrap()
    };
    let (one, other) = (plan_of("hunter2-one"), plan_of("hunter2-two"));
    assert_eq!(one.digest, other.digest, "a digest of a secret would tell whether it is another");
    for text in [format!("{one:?}"), serde_json::to_string(&one.steps.values().collect::<Vec<_>>()).unwrap()] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(!text.contains(&fingerprint("hunter2-one")), "{text}");
        assert!(text.contains(MASKED));
    }
    let parameters = &one.steps[&step("sales/demo-storage-sales", Add)].parameters;
    assert_eq!(parameters["Password"].known(), Some("hunter2-one"), "CloudFormation gets it");
}
