//! Models of a consumer: what they read and when they run is known, or found to be wrong; and their machines copy what the
//! models' role sees.

use crate::common::fixture;
use crate::demo::synthesize;
use crate::jobs::{machines, quoted, texts};
use meshform::access::{Facts, evaluate};
use meshform::assembly::{Document, check};
use meshform::environment::{self, RawFile};
use meshform::finding::{Code, Finding};
use meshform::mesh::{BatchModel, resolve};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

const PACKAGE: &str = "arn:aws:sagemaker:eu-west-1:333333333333:model-package/churn/1";

/// The models that are read from a list of them, and what is found.
fn read(models: &str) -> (Vec<BatchModel>, Vec<Finding>) {
    let folder = fixture("valid/network");
    let text = |path: &str| fs::read_to_string(folder.join(path)).expect("the fixture is there");
    let files = ["mesh.yaml", "domains/sales.yaml", "consumers/science.yaml"].map(|path| {
        let models = if path.ends_with("science.yaml") { format!("models: {models}\n") } else { String::new() };
        (path.to_owned(), RawFile::Bytes((text(path) + &models).into_bytes()))
    });
    let loaded = environment::read("small", files.into());
    let resolved = resolve(&loaded.source, None);
    let found = loaded.findings.into_iter().chain(resolved.findings);
    let found = found.filter(|finding| finding.code == Code::InvalidValue).collect();
    let consumer = resolved.mesh.and_then(|mesh| mesh.consumers.into_values().next());
    (consumer.map(|consumer| consumer.batch_models).unwrap_or_default(), found)
}

fn model(name: &str, package: &str, input: &str, schedule: &str) -> String {
    format!("{{name: {name}, package: \"{package}\", input: {input}, schedule: \"{schedule}\"}}")
}

#[test]
fn a_model_reads_a_subscribed_table() {
    for input in ["orders", "orders.orders"] {
        let (models, found) = read(&format!("[{}]", model("churn", PACKAGE, input, "rate(1 day)")));
        assert!(found.is_empty(), "{found:?}");
        let [model] = models.as_slice() else { panic!("one model: {models:?}") };
        assert_eq!((model.product.as_str(), model.table.as_str()), ("orders", "orders"));
    }
}

#[test]
fn a_model_that_cannot_run_is_found() {
    let good = ["churn", PACKAGE, "orders", "rate(1 day)"];
    let with = |position: usize, text: &'static str| {
        let mut parts = good;
        parts[position] = text;
        format!("[{}]", model(parts[0], parts[1], parts[2], parts[3]))
    };
    let one = |models: String, words: &str| {
        let (_, found) = read(&models);
        let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert!(matches!(messages.as_slice(), [message] if message.contains(words)), "{models}: {messages:?}");
    };
    one(with(1, "churn"), "no version of a model package");
    one(with(2, "revenue"), "subscribes to no tables of a product `revenue`");
    one(with(2, "order"), "subscribes to no tables of a product `order`");
    one(with(2, "orders.returns"), "has no table `returns`");
    one(with(3, "daily"), "`daily` is no schedule");
    let twice = model(good[0], good[1], good[2], good[3]);
    one(format!("[{twice}, {twice}]"), "two models have the name `churn`");
    let lying = twice.replace('}', ", artifacts: acme-models}");
    one(format!("[{lying}]"), "`acme-models` is no prefix of a bucket");
}

fn documents() -> Vec<Document> {
    Document::all(&synthesize(&fixture("valid/models")))
}

/// What a machine copies, as which role.
struct Copied {
    role: String,
    database: String,
    table: String,
    /// In order.
    columns: Vec<String>,
}

/// What the machines of models copy, by machine.
fn copies(documents: &[Document]) -> BTreeMap<String, Copied> {
    let machines = machines(documents);
    let models = machines.iter().filter(|(name, _)| name.starts_with("small-model-"));
    models
        .map(|(name, machine)| {
            let mut queries = Vec::new();
            texts(machine, "QueryString.$", &mut queries);
            let [query] = queries.as_slice() else { panic!("{name} asks {queries:?}") };
            assert!(!query.contains('*') && query.contains("UNLOAD (SELECT \""), "{query}");
            let names: Vec<String> = quoted(query).into_iter().map(str::to_owned).collect();
            let [columns @ .., database, table] = names.as_slice() else { panic!("{query} names nothing") };
            let role = machine["RoleArn"].as_str().expect("a computed name").to_owned();
            let (database, table) = (database.clone(), table.clone());
            (name.clone(), Copied { role, database, table, columns: columns.to_vec() })
        })
        .collect()
}

#[test]
fn a_model_copies_the_columns_that_its_role_sees_and_no_others() {
    let documents = documents();
    let access = evaluate(&Facts::of(&documents));
    let copies = copies(&documents);
    assert_eq!(copies.len(), 3);
    for (name, Copied { role, database, table, columns }) in &copies {
        let principal = access.principals.iter().find(|principal| principal.principal == *role);
        let mut tables = principal.unwrap_or_else(|| panic!("{role} is no principal")).tables.iter();
        let seen = tables.find(|seen| (&seen.database, &seen.table) == (database, table));
        let seen = seen.unwrap_or_else(|| panic!("{role} does not see {table}"));
        let visible: BTreeSet<&str> =
            seen.columns.iter().filter(|column| column.visible).map(|column| column.name.as_str()).collect();
        assert_eq!(columns.iter().map(String::as_str).collect::<BTreeSet<_>>(), visible, "{name}");
    }
    // the contract's order, partition keys last; `status` is public, which nobody asked for
    assert_eq!(copies["small-model-science-churn"].columns, ["order_id", "email", "amount", "day"]);
}

#[test]
fn the_role_of_models_sees_the_products_that_they_read_alone() {
    let access = evaluate(&Facts::of(&documents()));
    let seen = |role: &str| {
        let principal = access.principals.iter().find(|principal| principal.principal.ends_with(role));
        let tables = principal.map(|principal| principal.tables.iter().map(|table| table.database.clone()));
        tables.expect("it is a principal").collect::<BTreeSet<String>>()
    };
    assert_eq!(seen("/small-model-science"), ["small_sales_orders", "small_sales_returns"].map(str::to_owned).into());
    assert_eq!(seen("/small-athena-science").len(), 3);
    assert_eq!(seen("/small-model-forecasts"), ["small_sales_budgets".to_owned()].into());
}

#[test]
fn nothing_is_found_in_a_mesh_with_models() {
    let loaded = environment::load(&fixture("valid/models")).expect("it can be read");
    let resolved = resolve(&loaded.source, None);
    let found: Vec<Finding> = loaded.findings.into_iter().chain(resolved.findings).collect();
    assert!(found.is_empty(), "{found:?}");
    let found = check::check_documents(&documents());
    assert!(found.is_empty(), "{found:?}");
}

/// The findings after a change of one resource.
fn after(stack: &str, pointer: &str, value: Value) -> BTreeSet<Code> {
    let mut documents = documents();
    let document = documents.iter_mut().find(|document| document.id.name() == stack).expect("the stack is there");
    *document.template_mut().pointer_mut(pointer).expect("the place is there") = value;
    check::check_documents(&documents).into_iter().map(|finding| finding.code).collect()
}

#[test]
fn a_role_that_could_not_transform_is_found() {
    let documents = documents();
    let name = "small-workspace-science";
    let workspace = documents.iter().find(|document| document.id.name() == name).expect("there is one");
    let pointer = "/Resources/ModelRole/Properties/Policies/0/PolicyDocument/Statement";
    let statements = workspace.template.pointer(pointer).and_then(Value::as_array).expect("the role has statements");
    for (sid, action) in [
        ("Predict", "sagemaker:DescribeTransformJob"),
        ("HearOfTheEnd", "events:PutRule"),
        ("TellOwner", "sns:Publish"),
        ("QueryCatalog", "athena:GetDataCatalog"),
        ("JoinNetwork", "ec2:CreateNetworkInterface"),
        ("PullImages", "ecr:BatchGetImage"),
    ] {
        let place = statements.iter().position(|statement| statement["Sid"] == sid).expect("it is there");
        let actions = statements[place]["Action"].as_array().expect("it is a list");
        assert!(actions.iter().any(|found| found == action), "{sid}: {actions:?}");
        let fewer = json!(["s3:ListBucket"]);
        assert_eq!(after(name, &format!("{pointer}/{place}/Action"), fewer), [Code::RoleLacksAction].into(), "{sid}");
    }
    // a pipeline that does not wait for the grants would run before its role sees anything
    let mut early = documents.clone();
    let pipeline = early.iter_mut().find(|document| document.id.name() == "small-pipeline-science");
    pipeline.expect("there is one").needs.retain(|stack| !stack.name().contains("-access-"));
    let codes: BTreeSet<Code> = check::check_documents(&early).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::UsedBeforeMade].into());
}

#[test]
fn jobs_have_names_that_fit_whatever_the_execution_is_called() {
    for (name, machine) in machines(&documents()).iter().filter(|(name, _)| name.starts_with("small-model-")) {
        let mut names = Vec::new();
        texts(machine, "TransformJobName.$", &mut names);
        let format = names.first().and_then(|text| text.strip_prefix("States.Format('")).expect("it is computed");
        let (prefix, rest) = format.split_once("{}").expect("something stands in it");
        assert_eq!(rest, "', States.UUID())");
        assert!(prefix.len() + 36 <= 63 && prefix.starts_with("small-"), "{prefix}");
        assert!(name.len() <= 64, "{name}");
    }
}

#[test]
fn artifacts_pass_the_door_of_the_network_and_the_boundary() {
    let documents = documents();
    let statement = |stack: &str, policy: &str, sid: &str| {
        let document = documents.iter().find(|document| document.id.to_string() == stack).expect("it is there");
        let statements = document.template.pointer(policy).and_then(Value::as_array).expect("it has statements");
        statements.iter().find(|statement| statement["Sid"] == sid).cloned()
    };
    let expected = json!(["arn:aws:s3:::acme-model-packages/churn/12/*"]);
    for (stack, policy, sid) in [
        ("small-workspace-science", "/Resources/S3Endpoint/Properties/PolicyDocument/Statement", "ModelArtifacts"),
        (
            "small-workspace-science",
            "/Resources/ModelRole/Properties/Policies/0/PolicyDocument/Statement",
            "ReadArtifacts",
        ),
        ("small-bootstrap", "/Resources/Boundary/Properties/PolicyDocument/Statement", "ReadArtifacts"),
    ] {
        let found = statement(&format!("science/{stack}"), policy, sid).expect("it is there");
        assert_eq!((&found["Resource"], &found["Action"]), (&expected, &json!(["s3:GetObject"])), "{sid}");
    }
    let policy = "/Resources/Boundary/Properties/PolicyDocument/Statement";
    assert_eq!(statement("forecasts/small-bootstrap", policy, "ReadArtifacts"), None);
}

#[test]
fn the_machine_of_a_model_is_as_it_was_read() {
    let machines = machines(&documents());
    insta::assert_json_snapshot!("machine-of-churn", machines["small-model-science-churn"]);
}
