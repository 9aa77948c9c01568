//! Models that predict in batches: what they are made of, what they read, and when they run.

use super::Findings;
use crate::environment::files::{ModelFile, PortKind};
use crate::environment::{Content, Source};
use crate::finding::{Place, nearest};
use crate::mesh::{AccountId, Artifacts, BatchModel, CatalogName, Consumer, Mesh, ProductId, Region};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the models of every consumer, once products and subscriptions are known.
pub(super) fn read(mesh: &Mesh, source: &Source, findings: &mut Findings) -> BTreeMap<String, Vec<BatchModel>> {
    let models = |consumer: &Consumer, findings: &mut Findings| {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut models = Vec::new();
        for (index, file) in written(source, consumer).iter().enumerate() {
            let place = consumer.origin.child("models").child(index);
            if !names.insert(&file.name) {
                let message = format!("two models have the name `{}`", file.name);
                findings.invalid(place.child("name"), message, "rename one of them");
            }
            models.extend(model(mesh, consumer, file, &place, findings));
        }
        models
    };
    mesh.consumers.values().map(|consumer| (consumer.name.to_string(), models(consumer, findings))).collect()
}

/// The models of a consumer as they stand in its file.
fn written<'a>(source: &'a Source, consumer: &Consumer) -> &'a [ModelFile] {
    match source.files.get(&*consumer.origin.file).and_then(|file| file.content.as_ref()) {
        Some(Content::Consumer(file)) => &file.models,
        Some(Content::Mesh(_) | Content::Domain(_)) | None => &[],
    }
}

fn model(
    mesh: &Mesh,
    consumer: &Consumer,
    file: &ModelFile,
    place: &Place,
    findings: &mut Findings,
) -> Option<BatchModel> {
    let name = findings.name("model name", &file.name, &place.child("name"), ProductId::parse);
    if !is_package(&file.package, &mesh.region) {
        findings.invalid(
            place.child("package"),
            format!("`{}` is no version of a model package in {}", file.package, mesh.region),
            "write the whole ARN, `arn:aws:sagemaker:<region>:<account>:model-package/<group>/<version>`",
        );
    }
    if !is_schedule(&file.schedule) {
        findings.invalid(
            place.child("schedule"),
            format!("`{}` is no schedule", file.schedule),
            "write `rate(1 day)`, or `cron(15 4 * * ? *)` with six fields in UTC",
        );
    }
    let artifacts = file.artifacts.as_deref().and_then(|text| {
        let artifacts = Artifacts::parse(text);
        if artifacts.is_none() {
            findings.invalid(
                place.child("artifacts"),
                format!("`{text}` is no prefix of a bucket"),
                "write `s3://bucket/prefix/`, with the slash at the end",
            );
        }
        artifacts
    });
    let (product, table) = input(mesh, consumer, &file.input, &place.child("input"), findings)?;
    let (package, schedule) = (file.package.clone(), file.schedule.clone());
    Some(BatchModel { name: name?, package, product, table, schedule, artifacts, origin: place.clone() })
}

/// `product`, where it has one table, or `product.table`; of those that the consumer subscribes to by their tables.
fn input(
    mesh: &Mesh,
    consumer: &Consumer,
    text: &str,
    place: &Place,
    findings: &mut Findings,
) -> Option<(ProductId, CatalogName)> {
    let (product, table) = text.split_once('.').map_or((text, None), |(product, table)| (product, Some(table)));
    let tables = || consumer.subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables);
    // a subscription that could not be read is reported where it stands
    if !findings.are_whole_below(&consumer.origin.child("subscriptions")) {
        return None;
    }
    let Some(subscription) = tables().find(|subscription| subscription.product.as_str() == product) else {
        let message = format!("`{}` subscribes to no tables of a product `{product}`", consumer.name);
        let near = nearest(product, tables().map(|subscription| subscription.product.as_str()));
        let help = near.map_or_else(
            || "name a product of the consumer's subscriptions to the port `tables`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        findings.invalid(place.clone(), message, &help);
        return None;
    };
    let found = mesh.product(&subscription.domain, &subscription.product)?;
    let names: Vec<&str> = found.tables.keys().map(CatalogName::as_str).collect();
    let chosen = match table {
        Some(table) => found.tables.iter().find(|(name, _)| name.as_str() == table).or_else(|| {
            let message = format!("`{product}` has no table `{table}`");
            findings.invalid(place.clone(), message, &format!("it has {}", super::listed(&names)));
            None
        })?,
        None => match found.tables.iter().collect::<Vec<_>>().as_slice() {
            [only] => *only,
            _ => {
                let message = format!("`{product}` has {} tables, and `{text}` names none", names.len());
                findings.invalid(
                    place.clone(),
                    message,
                    &format!("write `{product}.<table>`, of {}", super::listed(&names)),
                );
                return None;
            }
        },
    };
    let visible = chosen.1.all_columns().any(|column| subscription.classifications.contains(&column.classification));
    if !visible {
        let message = format!("the subscription shows no column of `{product}.{}`", chosen.0);
        findings.invalid(place.clone(), message, "ask for the classification of some of its columns");
        return None;
    }
    Some((subscription.product.clone(), chosen.0.clone()))
}

/// A version of a model package in a Region (SageMaker API reference, CreateModel, ModelPackageName). A package of another
/// Region cannot be used.
fn is_package(text: &str, region: &Region) -> bool {
    let start = format!("arn:{}:sagemaker:{region}:", region.partition());
    let Some((account, rest)) = text.strip_prefix(&start).and_then(|rest| rest.split_once(':')) else { return false };
    let Some((name, version)) = rest.strip_prefix("model-package/").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_name =
        (1..=63).contains(&name.len()) && name.bytes().all(is_word) && !name.starts_with('-') && !name.ends_with('-');
    let is_version = (1..=9).contains(&version.len()) && version.bytes().all(|byte| byte.is_ascii_digit());
    AccountId::parse(account).is_ok() && is_name && is_version
}

/// `rate(..)` or `cron(..)` as EventBridge Scheduler reads them (user guide, "Schedule types").
fn is_schedule(text: &str) -> bool {
    let inside = |start: &str| text.strip_prefix(start).and_then(|rest| rest.strip_suffix(')'));
    if let Some((value, unit)) = inside("rate(").and_then(|rate| rate.split_once(' ')) {
        let is_value = (1..=5).contains(&value.len())
            && value.bytes().all(|byte| byte.is_ascii_digit())
            && !value.starts_with('0');
        return is_value && ["minute", "hour", "day"].contains(&unit.strip_suffix('s').unwrap_or(unit));
    }
    let Some(fields) = inside("cron(") else { return false };
    let fields: Vec<&str> = fields.split(' ').collect();
    let is_field = |field: &&str| {
        !field.is_empty()
            && field.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase() || b"*?,-/#".contains(&byte))
    };
    // of day of month and day of week, just one is asked for
    fields.len() == 6 && fields.iter().all(is_field) && (fields[2] == "?") != (fields[4] == "?")
}

#[cfg(test)]
mod tests {
    use super::{is_package, is_schedule};
    use crate::mesh::Region;

    #[test]
    fn schedules_are_rates_or_six_fields() {
        for good in ["rate(1 day)", "rate(12 hours)", "cron(15 4 * * ? *)", "cron(0 3 ? * MON-FRI *)"] {
            assert!(is_schedule(good), "{good}");
        }
        let bad = [
            "daily",
            "rate(0 days)",
            "rate(1 week)",
            "rate(1day)",
            "cron(15 4 * * ?)",
            "cron(15 4 * * * *)",
            "",
            "cron()",
        ];
        for bad in bad {
            assert!(!is_schedule(bad), "{bad}");
        }
    }

    #[test]
    fn a_package_is_a_version_in_the_same_region() {
        let region = Region::parse("eu-west-1").expect("it is a Region");
        let package = |end: &str| is_package(&format!("arn:aws:sagemaker:{end}"), &region);
        assert!(package("eu-west-1:333333333333:model-package/churn/12"));
        for bad in [
            "eu-west-2:333333333333:model-package/churn/1",
            "eu-west-1:3333:model-package/churn/1",
            "eu-west-1:333333333333:model-package/churn",
            "eu-west-1:333333333333:model-package/*/1",
            "eu-west-1:333333333333:model/churn/1",
        ] {
            assert!(!package(bad), "{bad}");
        }
    }
}
