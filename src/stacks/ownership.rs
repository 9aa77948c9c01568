//! Who owns an account, and the tags that say so on everything that takes tags.

use crate::assembly::Layer;
use crate::cfn::ResourceTag;
use crate::finding::Place;
use crate::mesh::{AccountId, Consumer, Domain, GOVERNANCE, Mesh, ProductId, Team};
use std::collections::BTreeMap;

/// The owner of an account.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) name: &'a str,
    pub(super) account: &'a AccountId,
    pub(super) team: &'a Team,
    pub(super) origin: &'a Place,
    /// Key of the tag with the owner's name: `domain` or `consumer`; the mesh itself has none.
    kind: Option<&'static str>,
}

impl<'a> Owner<'a> {
    pub(super) fn governance(mesh: &'a Mesh) -> Self {
        Self { name: GOVERNANCE, account: &mesh.governance, team: &mesh.team, origin: &mesh.origin, kind: None }
    }

    pub(super) fn domain(domain: &'a Domain) -> Self {
        let Domain { name, account, team, origin, principals: _, athena: _, products: _ } = domain;
        Self { name: name.as_str(), account, team, origin, kind: Some("domain") }
    }

    pub(super) fn consumer(consumer: &'a Consumer) -> Self {
        Self {
            name: consumer.name.as_str(),
            account: &consumer.account,
            team: &consumer.team,
            origin: &consumer.origin,
            kind: Some("consumer"),
        }
    }

    /// Whoever owns an account that no file names yet.
    pub(super) const fn anybody(name: &'a str, account: &'a AccountId, team: &'a Team, origin: &'a Place) -> Self {
        Self { name, account, team, origin, kind: None }
    }

    /// The tags of a resource of AWS Glue, which takes them as a map.
    pub(super) fn tag_map(&self, mesh: &Mesh, layer: Layer, product: Option<&ProductId>) -> BTreeMap<String, String> {
        self.tags(mesh, layer, product).into_iter().map(|ResourceTag { key, value }| (key, value)).collect()
    }

    /// The tags of a resource, sorted by key.
    pub(super) fn tags(&self, mesh: &Mesh, layer: Layer, product: Option<&ProductId>) -> Vec<ResourceTag> {
        let mut tags = vec![
            ("mesh", mesh.name.to_string()),
            ("layer", layer.name().to_owned()),
            ("owner", self.team.name.clone()),
        ];
        tags.extend(self.kind.map(|kind| (kind, self.name.to_owned())));
        tags.extend(product.map(|product| ("product", product.to_string())));
        tags.extend(self.team.cost_centre.clone().map(|cost_centre| ("cost-centre", cost_centre)));
        tags.sort_unstable();
        tags.into_iter().map(|(key, value)| ResourceTag { key: key.to_owned(), value }).collect()
    }
}
