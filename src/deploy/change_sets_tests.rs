//! Change sets ahead of a deployment, against a cloud in memory.

use super::*;
use crate::assembly::{Effect, Rendered};
use crate::deploy::cloud::TemplateSource;
use crate::deploy::execute::execute;
use crate::deploy::fake::FakeCloud;
use crate::deploy::observe::observe;
use crate::deploy::outcome::Outcome;
use crate::plan::file::PlanFile;
use crate::plan::samples::{Sample, rendered, stack};
use crate::plan::{NoChangeSet, Options, Pass, StackStatus, Turn, plan};
use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;

const STORAGE: &str = "sales/demo-storage-sales";

struct Mesh {
    cloud: Arc<FakeCloud>,
    runs: usize,
}

impl Mesh {
    /// With what these samples say already deployed.
    async fn standing(samples: Vec<Sample>) -> Self {
        let mut mesh = Self { cloud: Arc::new(FakeCloud::new()), runs: 0 };
        let (plan, _) = mesh.plan(&rendered(samples)).await;
        assert!(matches!(mesh.carry_out(&plan).await, Outcome::Complete { .. }));
        mesh
    }

    async fn plan(&self, rendered: &Rendered) -> (Plan, Deployed) {
        let options = Options { pass: Pass::Mesh, select: None };
        let deployed = observe(Arc::clone(&self.cloud), &rendered.manifest, &options).await.unwrap();
        (plan(rendered, &deployed, &options).unwrap(), deployed)
    }

    fn settings(&mut self) -> Arc<Settings> {
        self.runs += 1;
        Arc::new(Settings::new(&format!("run{}", self.runs)))
    }

    async fn make(&mut self, plan: &mut Plan, deployed: &Deployed) -> BTreeMap<StepId, Predicted> {
        let settings = self.settings();
        let made = make(&self.cloud, plan, deployed, &settings).await.unwrap();
        for (id, predicted) in &made {
            plan.steps.get_mut(id).unwrap().change_set = Some(predicted.change_set.clone());
        }
        made
    }

    async fn check(&mut self, plan: &Plan, deployed: &Deployed, recorded: StepChangeSet) -> Checked {
        let settings = self.settings();
        check(&self.cloud, plan, deployed, &settings, &BTreeMap::from([(storage(), recorded)])).await.unwrap()
    }

    async fn carry_out(&mut self, plan: &Plan) -> Outcome {
        let (events, _received) = unbounded_channel();
        let (_interrupt, interrupts) = unbounded_channel();
        let settings = self.settings();
        execute(Arc::clone(&self.cloud), plan, settings, events, interrupts).await
    }

    /// The calls that changed something since.
    fn calls(&self, before: usize) -> Vec<String> {
        self.cloud.log()[before..].to_vec()
    }
}

fn storage() -> StepId {
    StepId::new(&crate::plan::samples::id(STORAGE), Turn::Add)
}

fn topic(name: &str) -> Value {
    json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}}}})
}

fn tiered(name: &str, tier: &str) -> Vec<Sample> {
    vec![stack(STORAGE).literal("Tier", tier).template(topic(name))]
}

fn arn(predicted: &BTreeMap<StepId, Predicted>) -> String {
    match &predicted[&storage()].change_set {
        StepChangeSet::Made { arn } => arn.clone(),
        other => panic!("{other:?}"),
    }
}

/// A mesh whose storage is to change, and its plan with a change set.
async fn changing() -> (Mesh, Plan, Deployed, String) {
    let mut mesh = Mesh::standing(tiered("old", "gold")).await;
    let (mut plan, deployed) = mesh.plan(&rendered(tiered("new", "gold"))).await;
    let made = mesh.make(&mut plan, &deployed).await;
    let arn = arn(&made);
    (mesh, plan, deployed, arn)
}

#[tokio::test(start_paused = true)]
async fn a_change_set_is_made_once_for_a_state_and_executed_by_its_id() {
    let mut mesh = Mesh::standing(tiered("old", "gold")).await;
    let wanted = rendered(tiered("new", "gold"));
    let (mut plan, deployed) = mesh.plan(&wanted).await;
    let before = mesh.cloud.log().len();
    let made = mesh.make(&mut plan, &deployed).await;
    let first = arn(&made);
    assert_eq!(made[&storage()].resources.len(), 1);
    assert!(first.contains(":changeSet/meshform-plan-"), "{first}");
    assert_eq!(mesh.calls(before), ["CreateChangeSet demo-storage-sales 222222222222/Deploy"]);
    // another plan of the same state finds it
    let (mut again, deployed) = mesh.plan(&wanted).await;
    assert_eq!(again.digest, plan.digest, "what was made is no part of what stands");
    assert_eq!(arn(&mesh.make(&mut again, &deployed).await), first);
    let checked = mesh.check(&plan, &deployed, StepChangeSet::Made { arn: first.clone() }).await;
    assert_eq!((checked.moved, checked.fit), (Vec::new(), made));
    let outcome = mesh.carry_out(&plan).await;
    assert!(matches!(outcome, Outcome::Complete { .. }), "{outcome:#?}");
    assert_eq!(
        mesh.calls(before),
        [
            "CreateChangeSet demo-storage-sales 222222222222/Deploy",
            "ExecuteChangeSet demo-storage-sales 222222222222/Deploy",
        ]
    );
    let (plan, _) = mesh.plan(&wanted).await;
    assert_eq!(plan.changes().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_executed_is_made_anew_under_the_same_name() {
    let (mut mesh, mut plan, deployed, arn_before) = changing().await;
    mesh.cloud.alter(&arn_before, |_, view| view.state = ChangeSetState::Spent);
    let remade = arn(&mesh.make(&mut plan, &deployed).await);
    assert_ne!(remade, arn_before);
    assert_eq!(mesh.cloud.change_sets(), std::slice::from_ref(&remade));
    // one that somebody else gave our name
    mesh.cloud.alter(&remade, |request, _| request.template = TemplateSource::Inline("{}".into()));
    assert_ne!(arn(&mesh.make(&mut plan, &deployed).await), remade);
    // a failed one is told with CloudFormation's reason, and does not stay
    let arn = mesh.cloud.change_sets()[0].clone();
    mesh.cloud.alter(&arn, |_, view| view.state = ChangeSetState::Pending);
    let settings = Arc::new(Settings {
        patience: crate::deploy::Patience {
            operation: std::time::Duration::from_secs(1),
            ..Settings::new("run").patience
        },
        ..Settings::new("impatient")
    });
    let error = make(&mesh.cloud, &plan, &deployed, &settings).await.unwrap_err();
    assert_eq!(error.to_string(), "1 of 1 change sets could not be made");
}

#[tokio::test(start_paused = true)]
async fn none_is_made_where_none_can_be_and_the_reason_is_told() {
    let secret = || {
        json!({
            "Parameters": {"Password": {"Type": "String", "NoEcho": true}},
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Password"}}}},
        })
    };
    let topics = |names: &[&str]| {
        let topics: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!({"Type": "AWS::SNS::Topic"}))).collect();
        json!({ "Resources": topics })
    };
    let samples = |tier: &str, password: &str, names: &[&str]| {
        vec![
            stack(STORAGE).literal("Tier", tier).template(topic(tier)),
            stack("governance/demo-publication-sales")
                .wire("Key", STORAGE, "KeyArn")
                .template(topic(&format!("of {tier}"))),
            stack("sales/demo-pipeline-sales").literal("Password", password).template(secret()),
            stack("shop/demo-access-shop").after(STORAGE, Effect::Roles).template(topics(names)),
        ]
    };
    let mut mesh = Mesh::standing(samples("gold", "hunter2", &["A", "B"])).await;
    let mut wanted = samples("iron", "hunter2-of-the-database", &["A", "C"]);
    wanted.push(stack("shop/demo-workspace-shop"));
    let wanted = rendered(wanted);
    let (mut plan, deployed) = mesh.plan(&wanted).await;
    let before = mesh.cloud.log().len();
    let made = mesh.make(&mut plan, &deployed).await;
    let told: Vec<(String, Option<NoChangeSet>)> = made
        .iter()
        .map(|(id, predicted)| match predicted.change_set {
            StepChangeSet::Not { why } => (id.to_string(), Some(why)),
            StepChangeSet::Made { .. } => (id.to_string(), None),
            StepChangeSet::NothingToChange => panic!("{id}"),
        })
        .collect();
    let expected = [
        ("governance/demo-publication-sales", Some(NoChangeSet::Unknown)),
        ("sales/demo-pipeline-sales", Some(NoChangeSet::Secret)),
        ("sales/demo-storage-sales", None),
        ("shop/demo-access-shop", None),
        ("shop/demo-access-shop (removals)", Some(NoChangeSet::Later)),
        ("shop/demo-workspace-shop", Some(NoChangeSet::Absent)),
    ];
    assert_eq!(told, expected.map(|(id, why)| (id.to_owned(), why)));
    assert_eq!(mesh.calls(before).len(), 2, "{:?}", mesh.calls(before));
    assert_eq!(mesh.cloud.status("demo-workspace-shop"), None, "no shell is left behind");
    let options = Options { pass: Pass::Mesh, select: None };
    let file = PlanFile::of("demo", &options, &wanted.manifest, &deployed, &plan, Value::Null);
    let text = crate::assembly::pretty(&file);
    assert!(!text.contains("hunter2") && text.contains("meshform-plan-"), "{text}");
    assert_eq!(PlanFile::read(&text).unwrap(), file);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_changes_it_is_told_deleted_and_nothing_else_is_done_later() {
    // a value that looks masked may be any, so that the plan asks CloudFormation
    let mut mesh = Mesh::standing(tiered("same", MASKED)).await;
    let wanted = rendered(tiered("same", MASKED));
    let (mut plan, deployed) = mesh.plan(&wanted).await;
    let made = mesh.make(&mut plan, &deployed).await;
    assert_eq!(made[&storage()].change_set, StepChangeSet::NothingToChange);
    assert_eq!(mesh.cloud.change_sets(), [""; 0]);
    let checked = mesh.check(&plan, &deployed, StepChangeSet::NothingToChange).await;
    assert_eq!((checked.moved, checked.fit), (Vec::new(), made));
    let outcome = mesh.carry_out(&plan).await;
    assert_eq!(outcome.summary().unchanged.len(), 1, "{outcome:#?}");
    // a file that says so of a stack that does change gets nothing done
    let (mut plan, _) = mesh.plan(&rendered(tiered("other", MASKED))).await;
    plan.steps.get_mut(&storage()).unwrap().change_set = Some(StepChangeSet::NothingToChange);
    let before = mesh.cloud.log().len();
    let outcome = mesh.carry_out(&plan).await;
    assert!(outcome.summary().failed[0].message.contains("had nothing to change"), "{outcome:#?}");
    assert!(!mesh.calls(before).iter().any(|call| call.starts_with("Execute")), "{:?}", mesh.calls(before));
}

#[tokio::test(start_paused = true)]
async fn whatever_a_file_says_only_this_plans_own_change_set_is_taken() {
    let (mut mesh, plan, deployed, arn) = changing().await;
    let other = mesh.cloud.put("222222222222", "other", StackStatus::CreateComplete, Some("{}"));
    let swap = |from: &str, to: &str| {
        assert!(arn.contains(from));
        arn.replacen(from, to, 1)
    };
    let foreign = [
        swap("222222222222", "333333333333"),
        swap("eu-west-1", "us-east-1"),
        swap("arn:aws:", "arn:aws-cn:"),
        swap("meshform-plan-", "meshform-evil-"),
        swap(":changeSet/", ":stack/"),
        format!("{arn}/../x"),
        format!("{arn}\n"),
        other,
        "meshform".to_owned(),
        String::new(),
    ];
    for arn in foreign {
        let checked = mesh.check(&plan, &deployed, StepChangeSet::Made { arn: arn.clone() }).await;
        assert!(checked.fit.is_empty(), "{arn}");
        assert!(checked.moved[0].1.contains("no change set of this plan and stack"), "{:?}", checked.moved);
    }
    // the right shape, and no such change set
    let checked = mesh.check(&plan, &deployed, StepChangeSet::Made { arn: format!("{arn}0") }).await;
    assert!(checked.moved[0].1.contains("no longer there"), "{:?}", checked.moved);
    // a file that names none, or says that there cannot be one, is not believed either
    let not = StepChangeSet::Not { why: NoChangeSet::Absent };
    let checked = mesh.check(&plan, &deployed, not).await;
    assert_eq!(checked.moved[0].1, "the plan has no change set");
}

#[tokio::test(start_paused = true)]
async fn what_moved_in_a_change_set_is_told() {
    type Alter = fn(&mut crate::deploy::ChangeSetRequest, &mut ChangeSetView);
    let cases: [(&str, Alter); 9] = [
        ("is obsolete since the stack was changed", |_, view| view.state = ChangeSetState::Spent),
        ("is not complete", |_, view| view.state = ChangeSetState::Pending),
        ("has failed", |_, view| view.state = ChangeSetState::Failed),
        ("has another template", |request, _| request.template = TemplateSource::Inline("{}".into())),
        ("another value of the parameter Tier", |_, view| {
            view.parameters.insert("Tier".to_owned(), Some("iron".to_owned()));
        }),
        ("another value of the parameter Tier", |_, view| {
            view.parameters.insert("Tier".to_owned(), None);
        }),
        ("another value of the parameter Tier", |_, view| view.parameters.clear()),
        ("was given the parameter `Door`", |_, view| {
            view.parameters.insert("Door".to_owned(), Some("open".to_owned()));
        }),
        ("was answered as", |_, view| view.handle.stack_arn.push('9')),
    ];
    for (expected, alter) in cases {
        let (mut mesh, plan, deployed, arn) = changing().await;
        mesh.cloud.alter(&arn, alter);
        let before = mesh.cloud.log().len();
        let checked = mesh.check(&plan, &deployed, StepChangeSet::Made { arn }).await;
        assert!(checked.fit.is_empty(), "{expected}");
        assert!(checked.moved[0].1.contains(expected), "{expected} is not in {:?}", checked.moved);
        assert_eq!(mesh.calls(before), [""; 0], "looking changes nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_spent_when_its_turn_comes_is_not_replaced_by_another() {
    let (mut mesh, plan, _, arn) = changing().await;
    mesh.cloud.alter(&arn, |_, view| view.state = ChangeSetState::Spent);
    let before = mesh.cloud.log().len();
    let outcome = mesh.carry_out(&plan).await;
    let failure = &outcome.summary().failed[0];
    assert!(failure.message.contains("can no longer be executed"), "{failure:?}");
    assert!(failure.hints[0].contains("plan --change-sets"), "{failure:?}");
    assert_eq!(mesh.calls(before), [""; 0]);
}
