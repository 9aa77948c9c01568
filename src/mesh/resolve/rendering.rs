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
        report(&format!("product `{}`", product.id), &parts_of_product(product), product.origin.child("id"), findings);
    }
    for consumer in mesh.consumers.values() {
        let written = source.files.get(&consumer.origin.file).and_then(|file| file.content.as_ref());
        let parts = parts_of_consumer(consumer, written);
        report(&format!("consumer `{}`", consumer.name), &parts, consumer.origin.child("name"), findings);
    }
    for (path, file) in &source.files {
        let accepted = match &file.content {
            Some(Content::Mesh(file)) => &file.accept,
            Some(Content::Domain(file)) => &file.accept,
            Some(Content::Consumer(file)) => &file.accept,
            None => continue,
        };
        if !accepted.is_empty() {
            report("this file", &["accept"], Place::file(path).child("accept"), findings);
        }
    }
    if mesh.adopt_settings {
        report("the mesh", &["adoptSettings"], mesh.origin.child("adoptSettings"), findings);
    }
    if mesh.deployment.management.is_some() {
        report(
            "the deployment",
            &["management account"],
            mesh.origin.child("deployment").child("management"),
            findings,
        );
    }
    if mesh.deployment.mfa_serial.is_some() {
        report("the deployment", &["MFA prompt"], mesh.origin.child("deployment").child("mfaSerial"), findings);
    }
}

fn report(who: &str, parts: &[&str], place: Place, findings: &mut Findings) {
    if !parts.is_empty() {
        let message = format!("accepted, not rendered yet, for {who}: {}", parts.join(", "));
        findings.add(Finding::new(Code::NotRenderedYet, place, message));
    }
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
