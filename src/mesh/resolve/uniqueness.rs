//! What must not be used twice: accounts, and the names that AWS sees.

use super::Findings;
use crate::assembly::Layer;
use crate::finding::{Code, Finding, Place};
use crate::mesh::{AccountId, GOVERNANCE, Mesh, OwnerName};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

pub(super) fn check(mesh: &Mesh, findings: &mut Findings) {
    accounts(mesh, findings);
    let mut names = Names { taken: BTreeMap::new(), findings };
    for domain in mesh.domains.values() {
        let account = &domain.account;
        names.stacks(mesh, &domain.name, &domain.origin.child("name"));
        names.take("role", &mesh.governance, mesh.register_role(&domain.name), &domain.origin.child("name"));
        names.take("role", account, mesh.owner_role(&domain.name), &domain.origin.child("name"));
        for product in domain.products.values() {
            let place = product.origin.child("id");
            names.take("database", &mesh.governance, mesh.database(&domain.name, &product.id), &place);
            names.take("role", account, mesh.job_role(&domain.name, &product.id), &place);
            if product.stack > 1 {
                let stack = mesh.stack(GOVERNANCE, Layer::Publication, Some(&domain.name), product.stack);
                names.extra_stack(&mesh.governance, stack.name().to_owned(), &domain.name, &place);
            }
        }
    }
    for consumer in mesh.consumers.values() {
        names.stacks(mesh, &consumer.name, &consumer.origin.child("name"));
    }
    for (domain, readers) in mesh.readers() {
        let Some(domain) = mesh.domains.get(domain) else { continue };
        for reader in readers {
            names.take("role", &domain.account, mesh.reader_role(&reader), &reader.subscription.origin);
        }
    }
}

fn accounts(mesh: &Mesh, findings: &mut Findings) {
    let mut first: BTreeMap<&AccountId, Place> = BTreeMap::new();
    first.insert(&mesh.governance, mesh.origin.child("governance").child("account"));
    let domains = mesh.domains.values().map(|domain| (&domain.account, &domain.origin));
    let consumers = mesh.consumers.values().map(|consumer| (&consumer.account, &consumer.origin));
    for (account, origin) in domains.chain(consumers) {
        let place = origin.child("account");
        match first.entry(account) {
            Entry::Vacant(entry) => {
                entry.insert(place);
            }
            Entry::Occupied(entry) => {
                let message = format!("account {account} belongs to another owner");
                let finding = Finding::new(Code::DuplicateAccount, place, message);
                findings.add(finding.related(entry.get().clone(), "first used here"));
            }
        }
    }
}

/// Computed names and who took them first: by kind, account and name.
struct Names<'a> {
    taken: BTreeMap<(&'static str, String, String), (Place, Option<OwnerName>)>,
    findings: &'a mut Findings,
}

impl Names<'_> {
    fn take(&mut self, kind: &'static str, account: &AccountId, name: String, place: &Place) {
        self.insert(kind, account, name, place, None);
    }

    /// The stacks that are about an owner and stand in the governance account, where all owners meet.
    fn stacks(&mut self, mesh: &Mesh, owner: &OwnerName, place: &Place) {
        for layer in [Layer::Publication, Layer::Sharing] {
            let stack = mesh.stack(GOVERNANCE, layer, Some(owner), 1);
            self.insert("stack", &mesh.governance, stack.name().to_owned(), place, Some(owner.clone()));
        }
    }

    /// A numbered stack: all products of one domain and number share it.
    fn extra_stack(&mut self, account: &AccountId, name: String, owner: &OwnerName, place: &Place) {
        self.insert("stack", account, name, place, Some(owner.clone()));
    }

    fn insert(
        &mut self,
        kind: &'static str,
        account: &AccountId,
        name: String,
        place: &Place,
        owner: Option<OwnerName>,
    ) {
        match self.taken.entry((kind, account.to_string(), name)) {
            Entry::Vacant(entry) => {
                entry.insert((place.clone(), owner));
            }
            Entry::Occupied(entry) => {
                let (first, first_owner) = entry.get();
                if owner.is_some() && *first_owner == owner {
                    return;
                }
                let name = &entry.key().2;
                let message = format!("its {kind} in account {account} would be `{name}`, which is another one's name");
                let finding = Finding::new(Code::NameCollision, place.clone(), message);
                self.findings.add(finding.related(first.clone(), "the other one"));
            }
        }
    }
}
