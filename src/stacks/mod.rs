//! From the mesh to its stacks: one file for each layer. Pure and total: what could fail has failed in [`crate::mesh::resolve`].

mod access;
mod bootstrap;
mod boundary;
mod buckets;
mod crawlers;
mod default_database;
mod endpoints;
mod execution;
mod foundation;
mod grants;
mod models;
mod network;
mod notifications;
mod ownership;
mod pipeline;
mod policies;
mod publication;
mod quicksight;
mod roles;
mod sharing;
mod storage;
mod studio;
mod workspace;

pub use execution::{AccountKind, execution_actions, execution_types, handler_actions};

use crate::assembly::{After, Assembly, Effect, Stack, StackId};
use crate::mesh::{Access, Mesh, OwnerName};
use std::collections::{BTreeMap, BTreeSet};

/// Makes every stack of every account.
#[must_use]
pub fn synthesize(mesh: &Mesh) -> Assembly {
    let readers = mesh.readers();
    let mut stacks: BTreeMap<StackId, Stack> = BTreeMap::new();
    let mut add = |stack: Stack| {
        let id = stack.id.clone();
        crate::invariant(stacks.insert(id.clone(), stack).is_none(), || format!("stack {id} was made twice"));
    };
    add(bootstrap::governance(mesh));
    add(foundation::stack(mesh));
    for domain in mesh.domains.values() {
        let readers = readers.get(&domain.name).map_or(&[][..], Vec::as_slice);
        add(bootstrap::domain(mesh, domain));
        add(storage::stack(mesh, domain, readers));
        for stack in publication::stacks(mesh, domain) {
            add(stack);
        }
        let accesses = mesh.access_of_domain(domain, readers);
        let roles = storage::id(mesh, &domain.name);
        let mut access_stacks = BTreeSet::new();
        for (number, accesses) in by_stack(mesh, &accesses) {
            add(sharing::stack(mesh, &domain.name, &domain.account, number, &accesses));
            let access = access::stack(mesh, &domain.name, &domain.account, &roles, number, &accesses, None);
            access_stacks.insert(access.id.clone());
            add(access);
        }
        for stack in pipeline::stacks(mesh, domain, &access_stacks) {
            add(stack);
        }
    }
    for consumer in mesh.consumers.values() {
        add(bootstrap::consumer(mesh, consumer));
        add(workspace::stack(mesh, consumer));
        let accesses = mesh.access_of_consumer(consumer);
        let roles = workspace::id(mesh, &consumer.name);
        if let Some(stack) = models::stack(mesh, consumer) {
            add(stack);
        }
        for (number, accesses) in by_stack(mesh, &accesses) {
            add(sharing::stack(mesh, &consumer.name, &consumer.account, number, &accesses));
            add(access::stack(mesh, &consumer.name, &consumer.account, &roles, number, &accesses, Some(consumer)));
        }
    }
    Assembly { mesh: mesh.name.to_string(), stacks, operation: mesh.deployment.operation.clone() }
}

/// Accesses by the number of the stack that holds their product.
fn by_stack<'a>(mesh: &Mesh, accesses: &'a BTreeSet<Access>) -> BTreeMap<u8, Vec<&'a Access>> {
    let mut numbered: BTreeMap<u8, Vec<&Access>> = BTreeMap::new();
    for access in accesses {
        let number = mesh.product(&access.domain, &access.product).map_or(1, |product| product.stack);
        numbered.entry(number).or_default().push(access);
    }
    numbered
}

/// The publications that hold the products of some accesses.
fn publications(mesh: &Mesh, number: u8, accesses: &[&Access]) -> BTreeSet<After> {
    let domains: BTreeSet<&OwnerName> = accesses.iter().map(|access| &access.domain).collect();
    domains
        .into_iter()
        .map(|domain| After { stack: publication::id(mesh, domain, number), effect: Effect::Catalog })
        .collect()
}
