//! Last days of access: one that is taken away or moved later, and one that has passed.

use super::desk::Desk;
use crate::environment::files::PortKind;
use crate::finding::{Code, Finding};
use crate::mesh::{Mesh, Subscription};
use crate::plan::diff::holders::called;
use crate::plan::diff::{Diff, is_sensitive};
use std::collections::BTreeMap;

pub(super) fn check(diff: &Diff, desk: &Desk<'_>) -> Vec<Finding> {
    let Some(head) = desk.head.mesh else { return Vec::new() };
    let earlier: BTreeMap<_, &Subscription> =
        desk.base.mesh.into_iter().flat_map(subscriptions).map(|(name, old)| (key(name, old), old)).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for (name, subscription) in subscriptions(head) {
        let end = subscription.end_date.as_ref().map(ToString::to_string);
        let product = subscription.product.as_str();
        let has_ended = diff.expired.iter().any(|expired| {
            expired.subscriber == name && expired.product == product && Some(&expired.end_date) == end.as_ref()
        });
        if let (true, Some(end)) = (has_ended, &end) {
            let message = format!("access of `{name}` to `{product}` ended on {end}, and it is still granted");
            let place = subscription.origin.child("endDate");
            findings.push(desk.finding(Code::AccessExpired, place, message, &[&name, product]));
        }
        let before = earlier.get(&key(name.clone(), subscription));
        let Some(was) = before.and_then(|before| before.end_date.as_ref()) else { continue };
        let is_later = subscription.end_date.as_ref().is_none_or(|now| now > was);
        let sensitive = subscription.classifications.iter().any(|class| is_sensitive(Some(class.as_str())));
        if is_later && sensitive {
            let now = end.map_or_else(|| "has no end".to_owned(), |end| format!("ends on {end}"));
            let message = format!("access of `{name}` to `{product}` was to end on {was}, and now {now}");
            let place = match subscription.end_date {
                Some(_) => subscription.origin.child("endDate"),
                None => subscription.origin.clone(),
            };
            findings.push(desk.finding(Code::EndDatePostponed, place, message, &[&name, product]));
        }
    }
    findings
}

fn subscriptions(mesh: &Mesh) -> impl Iterator<Item = (String, &Subscription)> {
    mesh.subscriptions().map(|reader| (called(&reader.subscriber), reader.subscription))
}

/// What makes two subscriptions one over time.
fn key(name: String, subscription: &Subscription) -> (String, &str, PortKind) {
    (name, subscription.product.as_str(), subscription.port)
}
