//! `access`, in a subscriber's account: a link to each shared database, grants to the account's own roles, and what stands
//! on these grants: the data sets of a consumer's QuickSight.
//!
//! The triple of link, DESCRIBE on the link and grant on the target is one unit (pain 10), and the grants on the target
//! repeat the expression that the account received, word for word (cascade rule 1, hazard 10).

use super::grants::{Chain, DESCRIBE, GrantOption, READ, database_expression, table_expression};
use super::quicksight;
use crate::assembly::{After, Effect, Layer, Stack, StackId};
use crate::cfn::glue::{Database, TargetDatabase};
use crate::cfn::lakeformation::Granted;
use crate::cfn::{Handle, LogicalId, Template};
use crate::mesh::{Access, AccountId, Consumer, Mesh, OwnerName};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn stack(
    mesh: &Mesh,
    subscriber: &OwnerName,
    account: &AccountId,
    roles: &StackId,
    number: u8,
    accesses: &[&Access],
    consumer: Option<&Consumer>,
) -> Stack {
    let mut template = Template::new(format!("Links and local grants of {subscriber} in the data mesh {}", mesh.name));
    let mut links: BTreeMap<String, Handle<Database>> = BTreeMap::new();
    let mut chain = Chain::default();
    for access in accesses {
        let database = mesh.database(&access.domain, &access.product);
        let link = links.entry(database.clone()).or_insert_with(|| {
            let target = TargetDatabase {
                catalog_id: mesh.governance.to_string(),
                database_name: database.clone(),
                region: mesh.region.to_string(),
            };
            template.add(
                LogicalId::of("Link", access.product.as_str(), &database),
                Database::link(account.as_str(), target),
                &access.origin,
            )
        });
        let principal = mesh.role_arn(account, &access.role);
        let mut grant = |kind: &str, resource, permissions| {
            let words = format!("{kind}-{}", access.product);
            chain.grant(&words, &principal, resource, permissions, GrantOption::Without, &access.origin);
        };
        grant("link", Granted::Database { catalog_id: account.to_string(), name: link.name() }, DESCRIBE);
        grant("database", database_expression(mesh, access), DESCRIBE);
        grant("table", table_expression(mesh, access), READ);
    }
    let granted = chain.add_to(&mut template);
    if let (Some(consumer), Some((granted, _))) = (consumer, granted.last()) {
        let readers = quicksight::Readers { mesh, consumer, number, links: &links, granted };
        readers.add_to(&mut template, accesses);
    }
    let after = BTreeSet::from([
        After { stack: super::sharing::id(mesh, subscriber, number), effect: Effect::Share },
        After { stack: roles.clone(), effect: Effect::Roles },
    ]);
    Stack {
        id: mesh.stack(subscriber.as_str(), Layer::Access, Some(subscriber), number),
        account: account.clone(),
        region: mesh.region.clone(),
        layer: Layer::Access,
        template,
        wires: BTreeMap::new(),
        after,
    }
}
