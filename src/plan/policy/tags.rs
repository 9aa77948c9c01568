//! A value leaves a tag while something uses it.
//!
//! A plan takes associations and grants away before the value that they use, so what leaves with the same change does not
//! count. What counts is what uses it afterwards, and the stacks that the other side no longer has: a deployment leaves them
//! standing, with all that they grant.

use super::desk::{Desk, items, text};
use crate::assembly::Document;
use crate::finding::{Code, Finding};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Catalog, key, value; keys and values are kept in lower case (AWS Lake Formation guide, "LF-tags": TBAC notes).
type Tag = (String, String, String);

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    // most values of a large mesh are those of templates that nobody changed
    if values(desk.before.iter().copied()).is_subset(&values(desk.after.iter().copied())) {
        return Vec::new();
    }
    let (before, after) = (values(desk.base.documents), values(desk.head.documents));
    if before.is_subset(&after) {
        return Vec::new();
    }
    let left: Vec<&Document> = {
        let kept: BTreeSet<_> = desk.head.documents.iter().map(|document| &document.id).collect();
        desk.base.documents.iter().filter(|document| !kept.contains(&document.id)).collect()
    };
    let (used_before, used_after) = (uses(left), uses(desk.head.documents));
    let gone = before.difference(&after);
    gone.filter_map(|tag| {
        let (_, key, value) = tag;
        let (used, when) = match (used_after.get(tag), used_before.get(tag)) {
            (Some(used), _) => (used, "after the change too"),
            (None, Some(used)) => (used, "in a stack that stays until it is destroyed"),
            (None, None) => return None,
        };
        let first = used.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let rest = match used.len().saturating_sub(3) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("the value `{value}` leaves the tag `{key}`, and {first}{rest} use it {when}");
        let owner = key.rsplit('/').next().unwrap_or_default();
        let domain = desk.head.mesh.and_then(|mesh| mesh.domains.values().find(|found| found.name.as_str() == owner));
        let place = match (domain, desk.head.mesh) {
            (Some(domain), _) => crate::finding::Place::file(domain.origin.file.clone()),
            (None, Some(mesh)) => crate::finding::Place::file(mesh.origin.file.clone()),
            (None, None) => crate::finding::Place::file(key.clone()),
        };
        Some(desk.finding(Code::TagValueInUse, place, message, &[value, key]))
    })
    .collect()
}

fn catalog(document: &Document, value: &Value) -> String {
    value["CatalogId"].as_str().unwrap_or(&document.account).to_owned()
}

fn values<'a>(documents: impl IntoIterator<Item = &'a Document>) -> BTreeSet<Tag> {
    let mut values = BTreeSet::new();
    for document in documents {
        for (_, _, entry) in document.resources().filter(|(_, kind, _)| *kind == "AWS::LakeFormation::Tag") {
            values.extend(of(document, &entry["Properties"]));
        }
    }
    values
}

/// The values that one object names: a tag, a condition of an expression, a tag of an association.
fn of(document: &Document, value: &Value) -> Vec<Tag> {
    let key = text(value, "/TagKey").to_lowercase();
    let catalog = catalog(document, value);
    let values = items(&value["TagValues"]).filter_map(Value::as_str);
    values.map(|value| (catalog.clone(), key.clone(), value.to_lowercase())).collect()
}

/// Who uses each value, as `<stack>/<logical id>`.
fn uses<'a>(documents: impl IntoIterator<Item = &'a Document>) -> BTreeMap<Tag, BTreeSet<String>> {
    let mut uses: BTreeMap<Tag, BTreeSet<String>> = BTreeMap::new();
    for document in documents {
        for (id, kind, entry) in document.resources() {
            let properties = &entry["Properties"];
            let named: Vec<&Value> = match kind {
                "AWS::LakeFormation::TagAssociation" => items(&properties["LFTags"]).collect(),
                "AWS::LakeFormation::PrincipalPermissions" => {
                    let resource = &properties["Resource"];
                    items(&resource["LFTagPolicy"]["Expression"]).chain(items(&resource["LFTag"])).collect()
                }
                _ => continue,
            };
            for tag in named.into_iter().flat_map(|value| inherited(document, properties, value)) {
                uses.entry(tag).or_default().insert(format!("{}/{id}", document.id));
            }
        }
    }
    uses
}

/// A condition names no catalog of its own: the policy around it does.
fn inherited(document: &Document, properties: &Value, value: &Value) -> Vec<Tag> {
    let outer = properties["Resource"]["LFTagPolicy"]["CatalogId"].as_str();
    let mut tags = of(document, value);
    if let (Some(outer), true) = (outer, value["CatalogId"].is_null()) {
        tags.iter_mut().for_each(|(catalog, _, _)| outer.clone_into(catalog));
    }
    tags
}
