//! What a subscriber can do with what it sees: join products, match people.

use super::Findings;
use crate::environment::files::PortKind;
use crate::finding::{Code, Finding, Place};
use crate::mesh::{CatalogName, Mesh, Subscription, Table};
use std::collections::BTreeSet;

pub(super) fn check(mesh: &Mesh, findings: &mut Findings) {
    for consumer in mesh.consumers.values() {
        join_key(
            mesh,
            ("consumer", consumer.name.as_str()),
            &consumer.subscriptions,
            &consumer.origin.child("subscriptions"),
            findings,
        );
    }
    for product in mesh.domains.values().flat_map(|domain| domain.products.values()) {
        join_key(
            mesh,
            ("product", product.id.as_str()),
            &product.input_ports,
            &product.origin.child("inputPorts"),
            findings,
        );
        if !are_known(mesh, &product.input_ports, &product.origin.child("inputPorts"), findings) {
            continue;
        }
        let seen: BTreeSet<&CatalogName> = product
            .input_ports
            .iter()
            .flat_map(|input| tables(mesh, input))
            .flat_map(|(input, table)| visible(input, table))
            .collect();
        for (index, column) in product.match_on.iter().enumerate().filter(|(_, column)| !seen.contains(column)) {
            let place = product.origin.child("entityResolution").child("matchOn").child(index);
            let message = format!("no input shows a column `{column}` to `{}`", product.id);
            let finding = Finding::new(Code::UnknownColumn, place, message);
            findings.add(finding.help("name a column that an input port shows, or widen that port's classifications"));
        }
    }
}

/// Whether all that a list of subscriptions shows is known: neither a line of it nor a product of it was found wrong.
fn are_known(mesh: &Mesh, subscriptions: &[Subscription], place: &Place, findings: &Findings) -> bool {
    let mut products =
        subscriptions.iter().filter_map(|subscription| mesh.product(&subscription.domain, &subscription.product));
    findings.are_whole_below(place) && products.all(|product| findings.are_whole_below(&product.origin.child("schema")))
}

fn tables<'a>(mesh: &'a Mesh, subscription: &'a Subscription) -> impl Iterator<Item = (&'a Subscription, &'a Table)> {
    let product = mesh.product(&subscription.domain, &subscription.product);
    product.into_iter().flat_map(|product| product.tables.values()).map(move |table| (subscription, table))
}

fn visible<'a>(subscription: &'a Subscription, table: &'a Table) -> impl Iterator<Item = &'a CatalogName> {
    subscription.visible(table).map(|column| &column.name)
}

/// A join key is a column of one name that is visible in every table of two products or more.
fn join_key(
    mesh: &Mesh,
    (what, name): (&str, &str),
    subscriptions: &[Subscription],
    place: &Place,
    findings: &mut Findings,
) {
    let joined: Vec<&Subscription> =
        subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables).collect();
    if joined.len() < 2 || !are_known(mesh, subscriptions, place, findings) {
        return;
    }
    let mut common: Option<BTreeSet<&CatalogName>> = None;
    for (subscription, table) in joined.iter().flat_map(|subscription| tables(mesh, subscription)) {
        let columns: BTreeSet<&CatalogName> = visible(subscription, table).collect();
        common = Some(match common {
            Some(common) => common.intersection(&columns).copied().collect(),
            None => columns,
        });
    }
    if common.is_some_and(|common| common.is_empty()) {
        let message = format!("{what} `{name}` sees no column that all the tables it subscribes to have in common");
        findings.add(Finding::new(Code::NoJoinKey, place.clone(), message).target(name));
    }
}
