//! Last days of access: one that is taken away or moved later, and one that has passed.

use super::desk::Desk;
use crate::finding::{Code, Finding};
use crate::mesh::{Mesh, Subscription};
use crate::plan::diff::holders::called;
use crate::plan::diff::{Diff, is_sensitive};

pub(super) fn check(diff: &Diff, desk: &Desk<'_>) -> Vec<Finding> {
    let Some(head) = desk.head.mesh else { return Vec::new() };
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
        let Some(before) = desk.base.mesh.and_then(|base| earlier(base, &name, subscription)) else { continue };
        let Some(was) = &before.end_date else { continue };
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

fn earlier<'a>(base: &'a Mesh, name: &str, now: &Subscription) -> Option<&'a Subscription> {
    let mut all = subscriptions(base);
    let found = all.find(|(other, old)| other == name && old.product == now.product && old.port == now.port);
    found.map(|(_, subscription)| subscription)
}
