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
mod organization;
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
pub use organization::{StackSet, StackSetError, stack_sets};

use crate::assembly::{After, Assembly, Effect, Stack, StackId};
use crate::mesh::{Access, Consumer, Domain, Mesh, OwnerName, Reader};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Makes every stack of every account.
#[must_use]
pub fn synthesize(mesh: &Mesh) -> Assembly {
    let operation = mesh.deployment.operation.clone();
    Assembly { mesh: mesh.name.to_string(), stacks: each(mesh, |stack| stack), operation }
}

/// Makes every stack and keeps of each what is asked for, by its id: a large mesh need not be held as a whole.
#[must_use]
pub fn each<T: Send>(mesh: &Mesh, keep: impl Fn(Stack) -> T + Sync) -> BTreeMap<StackId, T> {
    let readers = mesh.readers();
    let of_domains = mesh.domains.par_iter().flat_map_iter(|(name, domain)| {
        let readers = readers.get(name).map_or(&[][..], Vec::as_slice);
        of_domain(mesh, domain, readers)
    });
    let of_consumers = mesh.consumers.par_iter().flat_map_iter(|(_, consumer)| of_consumer(mesh, consumer));
    let kept = |stack: Stack| (stack.id.clone(), keep(stack));
    let made: Vec<(StackId, T)> = of_domains.chain(of_consumers).map(kept).collect();
    let mut stacks: BTreeMap<StackId, T> = BTreeMap::new();
    for (id, made) in [bootstrap::governance(mesh), foundation::stack(mesh)].map(kept).into_iter().chain(made) {
        crate::invariant(stacks.insert(id.clone(), made).is_none(), || format!("stack {id} was made twice"));
    }
    stacks
}

/// What a domain needs: in its own account, and of the governance account.
fn of_domain(mesh: &Mesh, domain: &Domain, readers: &[Reader<'_>]) -> Vec<Stack> {
    let mut stacks = vec![bootstrap::domain(mesh, domain), storage::stack(mesh, domain, readers)];
    stacks.extend(publication::stacks(mesh, domain));
    let accesses = mesh.access_of_domain(domain, readers);
    let roles = storage::id(mesh, &domain.name);
    let mut access_stacks = BTreeSet::new();
    for (number, accesses) in by_stack(mesh, &accesses) {
        stacks.push(sharing::stack(mesh, &domain.name, &domain.account, number, &accesses));
        let access = access::stack(mesh, &domain.name, &domain.account, &roles, number, &accesses, None);
        access_stacks.insert(access.id.clone());
        stacks.push(access);
    }
    stacks.extend(pipeline::stacks(mesh, domain, &access_stacks));
    stacks
}

/// What a consumer needs: in its own account, and of the governance account.
fn of_consumer(mesh: &Mesh, consumer: &Consumer) -> Vec<Stack> {
    let mut stacks = vec![bootstrap::consumer(mesh, consumer), workspace::stack(mesh, consumer)];
    let accesses = mesh.access_of_consumer(consumer);
    let roles = workspace::id(mesh, &consumer.name);
    stacks.extend(models::stack(mesh, consumer));
    for (number, accesses) in by_stack(mesh, &accesses) {
        stacks.push(sharing::stack(mesh, &consumer.name, &consumer.account, number, &accesses));
        stacks.push(access::stack(mesh, &consumer.name, &consumer.account, &roles, number, &accesses, Some(consumer)));
    }
    stacks
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
