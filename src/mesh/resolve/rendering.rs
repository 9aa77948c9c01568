//! What is accepted and checked but makes no resources yet: one warning for each product and owner, naming all of it.

use super::Findings;
use crate::environment::files::{PortKind, ProcessingKind, SourceKind, Tool};
use crate::environment::{Content, Source};
use crate::finding::{Code, Finding, Place};
use crate::mesh::{Consumer, Frequency, Mesh, Product};

/// Longest period of an alarm, in minutes (Amazon CloudWatch API reference, PutMetricAlarm: seven days).
pub(super) const LONGEST_ALARM: u32 = 7 * 24 * 60;

pub(super) fn warn(mesh: &Mesh, source: &Source, findings: &mut Findings) {
    for product in mesh.domains.values().flat_map(|domain| domain.products.values()) {
        let place = product.origin.child("id");
        report(("product", product.id.as_str()), &parts_of_product(product), place, findings);
    }
    for consumer in mesh.consumers.values() {
        let written = source.files.get(&*consumer.origin.file).and_then(|file| file.content.as_ref());
        let parts = parts_of_consumer(consumer, written);
        report(("consumer", consumer.name.as_str()), &parts, consumer.origin.child("name"), findings);
    }
    if mesh.adopt_settings {
        report(("the mesh", ""), &["adoptSettings"], mesh.origin.child("adoptSettings"), findings);
    }
}

/// What something is, and its name where it has one.
type Who<'a> = (&'a str, &'a str);

fn report((what, name): Who<'_>, parts: &[&str], place: Place, findings: &mut Findings) {
    if parts.is_empty() {
        return;
    }
    let parts = parts.join(", ");
    let finding = |who: &str| {
        Finding::new(Code::NotRenderedYet, place, format!("accepted, not rendered yet, for {who}: {parts}"))
    };
    findings.add(match name {
        "" => finding(what),
        name => finding(&format!("{what} `{name}`")).target(name),
    });
}

fn parts_of_product(product: &Product) -> Vec<&'static str> {
    let mut parts = Vec::new();
    for source in &product.sources {
        match source.kind {
            // files are dropped into the raw bucket, which is made
            SourceKind::S3 => {}
            SourceKind::Appflow => parts.push("AppFlow source"),
            SourceKind::Kinesis => parts.push("Kinesis source"),
            SourceKind::Eventbridge => parts.push("EventBridge source"),
        }
    }
    match product.processing {
        Some(ProcessingKind::EmrServerless) => parts.push("EMR Serverless job"),
        Some(ProcessingKind::Glue) if !product.runs_glue_job() => parts.push("Glue job over Iceberg tables"),
        None if product.is_composite() && !product.runs_glue_job() => parts.push("Glue job over Iceberg tables"),
        Some(ProcessingKind::Glue) | None => {}
    }
    if product.enrichment.is_some() {
        parts.push("Comprehend enrichment");
    }
    if !product.match_on.is_empty() {
        parts.push("Entity Resolution");
    }
    for port in &product.output_ports {
        match port {
            PortKind::Tables => {}
            PortKind::Api => parts.push("api port"),
            PortKind::Sql => parts.push("sql port"),
            PortKind::Graph => parts.push("graph port"),
        }
    }
    if product.promise.is_some_and(|promise| promise.minutes() > LONGEST_ALARM) {
        parts.push("freshness alarm (CloudWatch looks back seven days at most)");
    }
    if product.sla.iter().any(|promise| promise.property != Frequency::PROPERTY) {
        parts.push("promises other than the frequency");
    }
    parts
}

fn parts_of_consumer(consumer: &Consumer, written: Option<&Content>) -> Vec<&'static str> {
    let mut parts = Vec::new();
    for tool in &consumer.tools {
        match tool {
            Tool::Athena | Tool::Api | Tool::Sql | Tool::Sagemaker | Tool::Quicksight => {}
        }
    }
    if let Some(Content::Consumer(file)) = written
        && file.quicksight.is_some()
        && !consumer.tools.contains(&Tool::Quicksight)
    {
        parts.push("quicksight");
    }
    parts
}
