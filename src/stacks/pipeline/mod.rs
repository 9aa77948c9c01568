//! `pipeline`, in an owner's account: what works with data on a schedule or on an event.

pub(super) mod raw;

use super::crawlers::events;
use super::foundation;
use super::grants::Chain;
use super::storage;
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
    // rules that send to the mesh's bus
    let tells = first == Some(number) && events::tells(domain);
    let buses = tells.then(|| After { stack: foundation::id(mesh), effect: Effect::Notifications });
    // crawlers of raw files and rules need no links
    let reads = template.resources.values().any(|entry| matches!(entry.properties, Properties::StateMachine(_)));
    let accesses = accesses.iter().filter(|_| reads);
    let grants = accesses.map(|stack| After { stack: stack.clone(), effect: Effect::Grants });
    Stack {
        id: id(mesh, &domain.name, number),
        account: domain.account.clone(),
        region: mesh.region.clone(),
        layer: Layer::Pipeline,
        template,
        wires: BTreeMap::new(),
        after: after.into_iter().chain(buses).chain(grants).collect(),
    }
}

/// Adds what makes and watches one product; its grants join the chain of the stack.
fn add_product(template: &mut Template, chain: &mut Chain, mesh: &Mesh, domain: &Domain, product: &Product) {
    raw::add(template, chain, mesh, domain, product);
}
