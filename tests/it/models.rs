//! Models of a consumer: what they read and when they run is known, or found to be wrong.

use crate::common::fixture;
use meshform::environment::{self, RawFile};
use meshform::finding::{Code, Finding};
use meshform::mesh::{BatchModel, resolve};
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
}
