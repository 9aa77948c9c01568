//! Personal and other sensitive data comes into somebody's sight, and nobody wrote down what for.
//!
//! The format asks every subscription for a purpose, so this is about what stands in templates beside the mesh, or in
//! templates of somebody else. All classifications above `public` and `internal` count: the classifications of a mesh have no
//! order, and what is not classified is nobody's to give away.

use super::desk::Desk;
use crate::finding::{Code, Finding, Place};
use crate::plan::diff::{AccessChange, Diff, is_sensitive};

pub(super) fn check(diff: &Diff, desk: &Desk<'_>) -> Vec<Finding> {
    let sensitive = diff.access.iter().filter(|change| change.sensitive);
    sensitive.filter(|change| !is_stated(change) && !is_at_home(change, desk)).map(|change| of(change, desk)).collect()
}

fn is_stated(change: &AccessChange) -> bool {
    change.purpose.as_ref().is_some_and(|purpose| !purpose.trim().is_empty())
}

/// The roles of a product's own domain, and of the catalog's account, work for the owner.
fn is_at_home(change: &AccessChange, desk: &Desk<'_>) -> bool {
    let (Some(mesh), Some(holders)) = (desk.head.mesh, &desk.holders) else { return false };
    let domain = Desk::product(Some(mesh), &change.product).map(|(domain, _)| domain.account.as_str());
    let own = domain == Some(change.account.as_str()) || mesh.governance.as_str() == change.account;
    own && holders.is_of_the_mesh(&change.principal)
}

fn of(change: &AccessChange, desk: &Desk<'_>) -> Finding {
    let AccessChange { principal, product, table, database, .. } = change;
    let columns: Vec<&str> = change
        .gained
        .iter()
        .filter(|column| is_sensitive(column.classification.as_deref()))
        .map(|column| column.name.as_str())
        .collect();
    let what = if columns.is_empty() { "more rows, or a copy,".to_owned() } else { columns.join(", ") };
    let by = match change.through.as_slice() {
        [] => String::new(),
        through => format!(", by {}", through.join(" and ")),
    };
    let message =
        format!("{principal} comes to see {what} of {database}.{table}, and no subscription states what for{by}");
    let place = match (Desk::product(desk.head.mesh, product), change.through.first()) {
        (Some((_, product)), _) => product.origin.child("id"),
        (None, Some(through)) => Place::file(format!(
            "{}.template.json",
            through.rsplit_once('/').map_or(through.as_str(), |(stack, _)| stack)
        )),
        (None, None) => Place::file(format!("{database}.{table}")),
    };
    let column = match columns.as_slice() {
        [column] => Some(format!("{product}.{table}.{column}")),
        _ => None,
    };
    let mut targets = vec![principal.as_str()];
    targets.extend(column.as_deref());
    if !product.is_empty() {
        targets.push(product);
    }
    desk.finding(Code::SensitiveWithoutPurpose, place, message, &targets)
}
