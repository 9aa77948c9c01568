//! `pipeline`, in an owner's account: what works with data on a schedule or on an event.

mod alarms;
mod dqdl;
mod job;
pub(super) mod making;
mod quality;
pub(super) mod raw;
pub(super) mod rights;

use super::crawlers::events;
use super::grants::Chain;
use super::{foundation, storage};
use crate::assembly::{After, Effect, Layer, Stack, StackId};
use crate::cfn::{Properties, Template};
use crate::mesh::{Domain, Mesh, OwnerName, Product};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn id(mesh: &Mesh, owner: &OwnerName, number: u8) -> StackId {
    mesh.stack(owner.as_str(), Layer::Pipeline, Some(owner), number)
}

/// The pipelines of a domain, by the number of their products' stack; none where nothing is to be made.
///
/// `accesses` are the domain's own access stacks: without links and grants no job can read and no quality run can look,
/// so a pipeline with a state machine waits for them.
pub(super) fn stacks(mesh: &Mesh, domain: &Domain, accesses: &BTreeSet<StackId>) -> Vec<Stack> {
    let numbers: BTreeSet<u8> = domain.products.values().map(|product| product.stack).collect();
    // what is about the domain and no single product stands in the first
    let first = numbers.first().copied();
    let stacks = numbers.iter().map(|number| stack(mesh, domain, *number, first, accesses));
    stacks.filter(|stack| !stack.template.resources.is_empty()).collect()
}

fn stack(mesh: &Mesh, domain: &Domain, number: u8, first: Option<u8>, accesses: &BTreeSet<StackId>) -> Stack {
    let mut template = Template::new(format!(
        "Crawlers, jobs and quality of the domain {} in the data mesh {}",
        domain.name, mesh.name
    ));
    let mut chain = Chain::default();
    for product in domain.products.values().filter(|product| product.stack == number) {
        add_product(&mut template, &mut chain, mesh, domain, product);
    }
    chain.add_to(&mut template);
    if first == Some(number) {
        events::add_to_producer(&mut template, mesh, domain);
    }
    let storage = storage::id(mesh, &domain.name);
    let after = [Effect::Notifications, Effect::Roles].map(|effect| After { stack: storage.clone(), effect });
    let needed = grants(mesh, domain, number);
    let grants = accesses.intersection(&needed).map(|stack| After { stack: stack.clone(), effect: Effect::Grants });
    // rules send to the bus of governance, and machines tell it how they ended
    let machines = template.resources.values().any(|entry| matches!(entry.properties, Properties::StateMachine(_)));
    let tells = machines || first == Some(number) && events::tells(domain);
    let bus = tells.then(|| After { stack: foundation::id(mesh), effect: Effect::Notifications });
    Stack {
        id: id(mesh, &domain.name, number),
        account: domain.account.clone(),
        region: mesh.region.clone(),
        layer: Layer::Pipeline,
        template,
        wires: BTreeMap::new(),
        after: after.into_iter().chain(grants).chain(bus).collect(),
    }
}

/// The access stacks with the links that rules are on, and with what jobs are granted of their inputs.
fn grants(mesh: &Mesh, domain: &Domain, number: u8) -> BTreeSet<StackId> {
    let mut numbers = BTreeSet::new();
    for product in domain.products.values().filter(|product| product.stack == number) {
        if quality::judged(product).next().is_some() {
            numbers.insert(number);
        }
        if product.runs_glue_job() {
            let inputs = product.tables_ports().filter_map(|port| mesh.product(&port.domain, &port.product));
            numbers.extend(inputs.map(|input| input.stack));
        }
    }
    let access = |number| mesh.stack(domain.name.as_str(), Layer::Access, Some(&domain.name), number);
    numbers.into_iter().map(access).collect()
}

/// Adds what makes and watches one product; its grants join the chain of the stack.
fn add_product(template: &mut Template, chain: &mut Chain, mesh: &Mesh, domain: &Domain, product: &Product) {
    raw::add(template, chain, mesh, domain, product);
    quality::add_rulesets(template, mesh, domain, product);
    if product.runs_glue_job() {
        job::add(template, mesh, domain, product);
        making::add(template, mesh, domain, product);
    } else {
        making::add_judging(template, mesh, domain, product);
    }
    alarms::add_freshness(template, mesh, domain, product);
}

/// Whether a machine of its own judges a product, since no job of ours makes it.
pub(super) fn is_judged_apart(product: &Product) -> bool {
    !product.runs_glue_job() && quality::judged(product).next().is_some()
}
