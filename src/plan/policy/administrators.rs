//! A further administrator of Lake Formation. The first ones of a new account are no finding: somebody must be it.

use super::desk::Desk;
use crate::finding::{Code, Finding, Place};
use std::collections::BTreeSet;

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let before: BTreeSet<_> = desk.base.access.administrators.iter().collect();
    let known: BTreeSet<&str> = before.iter().map(|administrator| administrator.account.as_str()).collect();
    let came = desk
        .head
        .access
        .administrators
        .iter()
        .filter(|administrator| known.contains(administrator.account.as_str()) && !before.contains(administrator));
    came.map(|administrator| {
        let (principal, account) = (administrator.principal.as_str(), administrator.account.as_str());
        let message = format!("{principal} becomes an administrator of Lake Formation in account {account}");
        let place = match (desk.head.mesh, owner(desk, account)) {
            (Some(_), Some(place)) => place,
            (Some(mesh), None) => Place::file(mesh.origin.file.clone()),
            (None, _) => Place::file(account),
        };
        desk.finding(Code::AdministratorAdded, place, message, &[principal, account])
    })
    .collect()
}

/// The file of whoever has an account.
fn owner(desk: &Desk<'_>, account: &str) -> Option<Place> {
    let mesh = desk.head.mesh?;
    let domains = mesh.domains.values().map(|domain| (&domain.account, &domain.origin));
    let consumers = mesh.consumers.values().map(|consumer| (&consumer.account, &consumer.origin));
    let (_, origin) = domains.chain(consumers).find(|(own, _)| own.as_str() == account)?;
    Some(Place::file(origin.file.clone()))
}
