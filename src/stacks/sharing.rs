//! `sharing`, in the governance account, one for each subscriber: grants to the subscriber's account.

use super::grants::{Chain, DESCRIBE, GrantOption, READ, database_expression, table_expression};
use crate::assembly::{Layer, Stack, StackId};
use crate::cfn::Template;
use crate::mesh::{Access, AccountId, GOVERNANCE, Mesh, OwnerName};
use std::collections::BTreeMap;

pub(super) fn id(mesh: &Mesh, subscriber: &OwnerName, number: u8) -> StackId {
    mesh.stack(GOVERNANCE, Layer::Sharing, Some(subscriber), number)
}

pub(super) fn stack(
    mesh: &Mesh,
    subscriber: &OwnerName,
    account: &AccountId,
    number: u8,
    accesses: &[&Access],
) -> Stack {
    let mut template =
        Template::new(format!("What the account of {subscriber} may see in the data mesh {}", mesh.name));
    let mut chain = Chain::default();
    for access in accesses {
        // the roles of an account that ask the same share one grant: its identity is the account and the expression
        let mut grant = |kind: &str, resource, permissions| {
            let words = format!("{kind}-{}", access.product);
            chain.grant(&words, account.as_str(), resource, permissions, GrantOption::With, &access.origin);
        };
        grant("database", database_expression(mesh, access), DESCRIBE);
        grant("table", table_expression(mesh, access), READ);
    }
    chain.add_to(&mut template);
    Stack {
        id: id(mesh, subscriber, number),
        account: mesh.governance.clone(),
        region: mesh.region.clone(),
        layer: Layer::Sharing,
        template,
        wires: BTreeMap::new(),
        after: super::publications(mesh, number, accesses),
    }
}
