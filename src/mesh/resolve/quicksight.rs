//! Who reads in QuickSight: the settings of a consumer, and what its data sets cannot or should not hold.

use super::{Findings, listed};
use crate::environment::files::{PortKind, QuicksightFile, QuicksightMode, Tool};
use crate::finding::{Code, Finding, Place};
use crate::mesh::{Consumer, Mesh, Quicksight, QuicksightGroup, Region, Subscription, Table};
use std::collections::BTreeSet;

/// The settings as written; what is wrong is a finding and left out.
pub(super) fn read(file: Option<&QuicksightFile>, place: &Place, findings: &mut Findings) -> Quicksight {
    let Some(QuicksightFile { group, identity_region, mode }) = file else { return Quicksight::default() };
    let group =
        group.as_ref().and_then(|group| findings.name("group", group, &place.child("group"), QuicksightGroup::parse));
    let identity_region = identity_region
        .as_ref()
        .and_then(|region| findings.name("identity region", region, &place.child("identityRegion"), Region::parse));
    Quicksight { group, identity_region, mode: mode.unwrap_or_default() }
}

pub(super) fn check(mesh: &Mesh, findings: &mut Findings) {
    for consumer in mesh.consumers.values() {
        partition(mesh, consumer, findings);
        if !consumer.tools.contains(&Tool::Quicksight) {
            continue;
        }
        for subscription in consumer.subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables) {
            let product = mesh.product(&subscription.domain, &subscription.product);
            let tables: Vec<&Table> = product.into_iter().flat_map(|product| product.tables.values()).collect();
            unreadable(consumer, subscription, &tables, findings);
            match consumer.quicksight.mode {
                QuicksightMode::DirectQuery => {}
                QuicksightMode::Spice => copied(consumer, subscription, &tables, findings),
            }
        }
    }
}

/// An account lies in one partition, and so do its users.
fn partition(mesh: &Mesh, consumer: &Consumer, findings: &mut Findings) {
    let Some(region) = &consumer.quicksight.identity_region else { return };
    if region.partition() != mesh.region.partition() {
        findings.invalid(
            consumer.origin.child("quicksight").child("identityRegion"),
            format!("identity region `{region}` is in another partition than `{}`", mesh.region),
            "name the Region in which QuickSight keeps this account's users and groups",
        );
    }
}

/// Columns that the role sees and no data set can show.
fn unreadable(consumer: &Consumer, subscription: &Subscription, tables: &[&Table], findings: &mut Findings) {
    let columns: Vec<String> = tables
        .iter()
        .flat_map(|table| subscription.visible(table).map(move |column| (table, column)))
        .filter(|(_, column)| column.in_quicksight().is_none())
        .map(|(table, column)| format!("{}.{} ({})", table.name, column.name, column.kind))
        .collect();
    if !columns.is_empty() {
        let message = format!(
            "the data sets of `{}` leave out what QuickSight cannot read: {}",
            subscription.product,
            listed(columns)
        );
        findings.add(
            Finding::new(Code::ColumnNotInQuicksight, subscription.origin.child("product"), message)
                .target(consumer.name.as_str())
                .target(subscription.product.as_str()),
        );
    }
}

/// What a copy shows to everyone who may read it, though it is above what a subscription opens by default.
fn copied(consumer: &Consumer, subscription: &Subscription, tables: &[&Table], findings: &mut Findings) {
    let classifications: BTreeSet<&str> = tables
        .iter()
        .flat_map(|table| subscription.visible(table))
        .filter(|column| column.in_quicksight().is_some())
        .map(|column| column.classification.as_str())
        .filter(|classification| !["internal", "public"].contains(classification))
        .collect();
    if !classifications.is_empty() {
        let message = format!(
            "SPICE copies what is {} of `{}`, for everyone in the group to see",
            listed(classifications),
            subscription.product
        );
        let mode = consumer.origin.child("quicksight").child("mode");
        findings.add(
            Finding::new(Code::SensitiveCopy, subscription.origin.child("classifications"), message)
                .related(mode, "copied by this mode")
                .target(consumer.name.as_str())
                .target(subscription.product.as_str()),
        );
    }
}
