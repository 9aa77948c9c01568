//! `foundation`, in the governance account: the settings of its catalog, the classification tag and the event bus.

use super::grants::settings;
use super::notifications;
use super::ownership::Owner;
use crate::assembly::{Layer, Stack, StackId};
use crate::cfn::lakeformation::Tag;
use crate::cfn::{LogicalId, Template};
use crate::mesh::{Classification, GOVERNANCE, Mesh};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn id(mesh: &Mesh) -> StackId {
    mesh.stack(GOVERNANCE, Layer::Foundation, None, 1)
}

pub(super) fn stack(mesh: &Mesh) -> Stack {
    let owner = Owner::governance(mesh);
    let mut template = Template::new(format!(
        "Foundation of the data mesh {}: catalog settings, the classification tag and the event bus",
        mesh.name
    ));
    let settings = template.add(LogicalId::new("Settings"), settings(mesh, owner.account), owner.origin);
    let tag = Tag {
        catalog_id: mesh.governance.to_string(),
        tag_key: mesh.classification_tag(),
        tag_values: mesh.classifications.iter().map(Classification::to_string).collect(),
    };
    let tag = template.add(LogicalId::new("ClassificationTag"), tag, owner.origin);
    template.depend(tag.id(), settings.id());
    notifications::add_mesh_bus(&mut template, mesh);
    Stack {
        id: id(mesh),
        account: mesh.governance.clone(),
        region: mesh.region.clone(),
        layer: Layer::Foundation,
        template,
        wires: BTreeMap::new(),
        after: BTreeSet::new(),
    }
}
