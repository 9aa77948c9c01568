//! Who of a mesh stands behind a principal.

use crate::environment::files::Tool;
use crate::mesh::{Mesh, Subscriber, Subscription};
use std::collections::BTreeMap;

/// The subscriber that a role works for.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Holder<'a> {
    /// Who subscribes.
    pub(in crate::plan) subscriber: Subscriber<'a>,
    /// The consumer's tool whose role it is.
    pub(in crate::plan) tool: Option<Tool>,
    /// The one subscription that it reads, where it is a role in the producer's account.
    pub(in crate::plan) only: Option<&'a Subscription>,
}

/// The roles of a mesh by ARN.
pub(in crate::plan) struct Holders<'a> {
    by_arn: BTreeMap<String, Holder<'a>>,
    path: String,
}

impl<'a> Holders<'a> {
    pub(in crate::plan) fn of(mesh: &'a Mesh) -> Self {
        let mut by_arn = BTreeMap::new();
        for consumer in mesh.consumers.values() {
            let subscriber = Subscriber::Consumer(consumer);
            let mut insert = |role: String, tool: Option<Tool>| {
                let holder = Holder { subscriber, tool, only: None };
                by_arn.insert(mesh.role_arn(&consumer.account, &role), holder);
            };
            for tool in &consumer.tools {
                if let Some(role) = mesh.tool_role(consumer, *tool) {
                    insert(role, Some(*tool));
                }
            }
            if !consumer.batch_models.is_empty() {
                insert(mesh.model_role(&consumer.name), None);
            }
        }
        for domain in mesh.domains.values() {
            for product in domain.products.values().filter(|product| product.is_composite()) {
                let arn = mesh.role_arn(&domain.account, &mesh.job_role(&domain.name, &product.id));
                let subscriber = Subscriber::Product(domain, product);
                by_arn.insert(arn, Holder { subscriber, tool: None, only: None });
            }
        }
        for (domain, readers) in mesh.readers() {
            let Some(domain) = mesh.domains.get(domain) else { continue };
            for reader in readers {
                let arn = mesh.role_arn(&domain.account, &mesh.reader_role(&reader));
                let holder = Holder { subscriber: reader.subscriber, tool: None, only: Some(reader.subscription) };
                by_arn.insert(arn, holder);
            }
        }
        Self { by_arn, path: format!(":role{}", mesh.role_path()) }
    }

    pub(in crate::plan) fn get(&self, principal: &str) -> Option<&Holder<'a>> {
        self.by_arn.get(principal)
    }

    /// Whether it is a role of the mesh itself that no subscription stands behind: an owner's, a crawler's.
    pub(in crate::plan) fn is_of_the_mesh(&self, principal: &str) -> bool {
        principal.contains(&self.path) && !self.by_arn.contains_key(principal)
    }
}

/// How a subscriber is called: `analysts`, `customer/customer-360`.
pub(in crate::plan) fn called(subscriber: &Subscriber<'_>) -> String {
    match subscriber {
        Subscriber::Consumer(consumer) => consumer.name.to_string(),
        Subscriber::Product(domain, product) => format!("{}/{}", domain.name, product.id),
    }
}

/// All that a subscriber subscribes to.
pub(in crate::plan) const fn subscriptions<'a>(subscriber: &Subscriber<'a>) -> &'a [Subscription] {
    match subscriber {
        Subscriber::Consumer(consumer) => consumer.subscriptions.as_slice(),
        Subscriber::Product(_, product) => product.input_ports.as_slice(),
    }
}

/// Whether a mesh has a subscriber of the same name.
pub(in crate::plan) fn stands(mesh: &Mesh, subscriber: &Subscriber<'_>) -> bool {
    match subscriber {
        Subscriber::Consumer(consumer) => mesh.consumers.contains_key(&consumer.name),
        Subscriber::Product(domain, product) => mesh.product(&domain.name, &product.id).is_some(),
    }
}

impl<'a> Holder<'a> {
    /// Its subscription to a product.
    pub(in crate::plan) fn subscription(&self, product: &str) -> Option<&'a Subscription> {
        use crate::environment::files::PortKind;
        match self.only {
            Some(only) => (only.product.as_str() == product).then_some(only),
            None => subscriptions(&self.subscriber)
                .iter()
                .find(|found| found.product.as_str() == product && found.port == PortKind::Tables),
        }
    }
}
