//! What must not be used twice: accounts, and the names that AWS sees.

use super::Findings;
use crate::assembly::Layer;
use crate::environment::files::PortKind;
use crate::finding::{Code, Finding, Place};
use crate::mesh::{AccountId, Deployment, Domain, GOVERNANCE, Mesh, OwnerName, Reader};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(mesh: &Mesh, findings: &mut Findings) {
    accounts(mesh, findings);
    let mut names = Names { taken: BTreeMap::new(), findings };
    names.deployment(mesh);
    for domain in mesh.domains.values() {
        let account = &domain.account;
        names.stacks(mesh, &domain.name, &domain.origin.child("name"));
        names.take("role", &mesh.governance, mesh.register_role(&domain.name), &domain.origin.child("name"));
        names.take("role", account, mesh.owner_role(&domain.name), &domain.origin.child("name"));
        names.take("role", account, mesh.quality_role(&domain.name), &domain.origin.child("name"));
        names.crawling(mesh, domain);
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
        for role in consumer.tools.iter().filter_map(|tool| mesh.tool_role(consumer, *tool)) {
            names.take("role", &consumer.account, role, &consumer.origin.child("name"));
        }
        if !consumer.batch_models.is_empty() {
            for role in [mesh.model_role(&consumer.name), mesh.start_role(consumer.name.as_str())] {
                names.take("role", &consumer.account, role, &consumer.origin.child("name"));
            }
        }
    }
    for Reader { subscriber, subscription } in
        mesh.subscriptions().filter(|reader| reader.subscription.port == PortKind::Tables)
    {
        let number = mesh.product(&subscription.domain, &subscription.product).map_or(1, |product| product.stack);
        let stack = mesh.stack(GOVERNANCE, Layer::Sharing, Some(subscriber.owner()), number);
        let place = subscription.origin.child("product");
        names.extra_stack(&mesh.governance, stack.name().to_owned(), subscriber.owner(), &place);
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

    /// The roles that bootstrap makes or finds in every account: a path does not tell the names of roles apart.
    fn deployment(&mut self, mesh: &Mesh) {
        let Deployment { plan_role, deploy_role, execution_role, administrator_role, .. } = &mesh.deployment;
        let place = mesh.origin.child("deployment");
        let roles = [("plan", plan_role), ("deploy", deploy_role), ("execution", execution_role)];
        let places = roles.map(|(field, role)| (role, place.child("roles").child(field)));
        let places = [(administrator_role, place.child("administratorRole"))].into_iter().chain(places);
        let domains = mesh.domains.values().map(|domain| &domain.account);
        let accounts: BTreeSet<_> = domains.chain(mesh.consumers.values().map(|consumer| &consumer.account)).collect();
        for (role, place) in places {
            self.take("role", &mesh.governance, role.to_string(), &place);
            for account in &accounts {
                // two equal ones among themselves are said once, for the governance account
                let key = ("role", account.to_string(), role.as_str().to_lowercase());
                self.taken.entry(key).or_insert_with(|| (place.clone(), None));
            }
        }
    }

    /// The roles that a domain's crawlers and their events take. The names of single products' roles, machines and rules
    /// differ where the names of their databases do.
    fn crawling(&mut self, mesh: &Mesh, domain: &Domain) {
        let Domain { name, account, .. } = domain;
        let place = domain.origin.child("name");
        for role in [mesh.crawl_role(name), mesh.forward_role(name), mesh.start_role(name.as_str())] {
            self.take("role", &mesh.governance, role, &place);
        }
        if *account == mesh.governance {
            // found already: an account has one owner
            return;
        }
        for role in [mesh.crawl_role(name), mesh.tell_role(name), mesh.start_role(name.as_str())] {
            self.take("role", account, role, &place);
        }
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
        // IAM tells names of roles apart without regard to case; all others are lower-case
        match self.taken.entry((kind, account.to_string(), name.to_lowercase())) {
            Entry::Vacant(entry) => {
                entry.insert((place.clone(), owner));
            }
            Entry::Occupied(entry) => {
                let (first, first_owner) = entry.get();
                if owner.is_some() && *first_owner == owner {
                    return;
                }
                let message = format!("its {kind} in account {account} would be `{name}`, which is another one's name");
                let finding = Finding::new(Code::NameCollision, place.clone(), message);
                self.findings.add(finding.related(first.clone(), "the other one"));
            }
        }
    }
}
