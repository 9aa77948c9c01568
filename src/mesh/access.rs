//! What each role is to see: the seed of all grants.

use super::{Classification, Consumer, Domain, Mesh, OwnerName, ProductId, Reader, Subscription};
use crate::environment::files::PortKind;
use crate::finding::Place;
use std::collections::BTreeSet;

/// What one role of an account is to see of one product: the seed of both hops of grants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// Name of the role.
    pub role: String,
    /// The product's domain.
    pub domain: OwnerName,
    /// The product.
    pub product: ProductId,
    /// Which columns; `unclassified` only for the owner.
    pub classifications: BTreeSet<Classification>,
    /// Where it is written.
    pub origin: Place,
}

impl Mesh {
    /// What the roles of a consumer's account are to see.
    #[must_use]
    pub fn access_of_consumer(&self, consumer: &Consumer) -> BTreeSet<Access> {
        let tables = consumer.subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables);
        tables
            .flat_map(|subscription| {
                let tools = consumer.tools.iter().filter_map(|tool| self.tool_role(consumer, *tool));
                let mut models = consumer.batch_models.iter();
                let is_read = models.any(|model| model.product == subscription.product);
                let model = is_read.then(|| self.model_role(&consumer.name));
                tools.chain(model).map(move |role| Access::of(role, subscription))
            })
            .collect()
    }

    /// What the roles of a domain's account are to see: the owner its own products, the jobs their inputs, the readers
    /// what their subscriptions say.
    #[must_use]
    pub fn access_of_domain(&self, domain: &Domain, readers: &[Reader<'_>]) -> BTreeSet<Access> {
        let mut access = BTreeSet::new();
        for product in domain.products.values() {
            access.insert(Access {
                role: self.owner_role(&domain.name),
                domain: domain.name.clone(),
                product: product.id.clone(),
                classifications: self.classifications.clone(),
                origin: product.origin.clone(),
            });
            let inputs = product.input_ports.iter().filter(|input| input.port == PortKind::Tables);
            access.extend(inputs.map(|input| Access::of(self.job_role(&domain.name, &product.id), input)));
        }
        access.extend(readers.iter().map(|reader| Access::of(self.reader_role(reader), reader.subscription)));
        access
    }
}

impl Access {
    fn of(role: String, subscription: &Subscription) -> Self {
        Self {
            role,
            domain: subscription.domain.clone(),
            product: subscription.product.clone(),
            classifications: subscription.classifications.clone(),
            origin: subscription.origin.clone(),
        }
    }
}
