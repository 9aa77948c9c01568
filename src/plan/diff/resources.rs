//! One resource on both sides: what differs in its entry, and what that alone does to it.

use super::names::Names;
use super::properties::{Leaf, leaves};
use super::{ChangeKind, Impact, PropertyChange, ResourceChange, documented, documents, impact, labels, stores};
use crate::cfn::schema;
use serde_json::Value;

/// Lists that AWS's schema calls unordered, of which the order tells something all the same: the columns of a file without
/// names in it are read in the order of the catalog (Athena user guide, "Handle schema updates").
const ORDERED: [(&str, &str); 2] =
    [("AWS::Glue::Table", "/TableInput/StorageDescriptor/Columns"), ("AWS::Glue::Table", "/TableInput/PartitionKeys")];

/// A resource that both sides have.
pub(super) fn changed(id: &str, base: &Value, head: &Value, names: &Names<'_>) -> ResourceChange {
    let resource_type = type_of(head);
    let mut change = blank(id, head, names, ChangeKind::Changed);
    change.properties = property_changes(resource_type, base, head);
    let worst = change.properties.iter().map(|property| property.impact).max().unwrap_or(Impact::None);
    change.predicted = worst;
    change.impact = worst;
    if schema::of(resource_type).is_none() && worst == Impact::MayBeReplaced {
        change.notes.push(format!("AWS's schema of {resource_type} is not known here: it may be replaced"));
    }
    change
}

/// A resource that only the later side has. Its properties are not told one by one.
pub(super) fn added(id: &str, head: &Value, names: &Names<'_>) -> ResourceChange {
    let mut change = blank(id, head, names, ChangeKind::Added);
    change.predicted = Impact::Created;
    change.impact = Impact::Created;
    change
}

/// A resource that only the earlier side has.
pub(super) fn removed(id: &str, base: &Value, names: &Names<'_>) -> ResourceChange {
    let mut change = blank(id, base, names, ChangeKind::Removed);
    // CloudFormation user guide, "DeletionPolicy attribute": RetainExceptOnCreate deletes only what a failed creation made
    let stays = matches!(base["DeletionPolicy"].as_str(), Some("Retain" | "RetainExceptOnCreate"));
    change.predicted = if stays { Impact::Retained } else { Impact::Destroyed };
    change.impact = change.predicted;
    change
}

/// A resource without differences of its own, which others may bring.
pub(super) fn blank(id: &str, entry: &Value, names: &Names<'_>, change: ChangeKind) -> ResourceChange {
    let resource_type = type_of(entry);
    ResourceChange {
        logical_id: id.to_owned(),
        resource_type: resource_type.to_owned(),
        label: labels::of(id, entry, names),
        change,
        impact: Impact::None,
        predicted: Impact::None,
        change_set: None,
        data_store: stores::lost_with(resource_type).is_some(),
        notes: Vec::new(),
        properties: Vec::new(),
    }
}

/// The type of a resource's entry.
pub(super) fn type_of(entry: &Value) -> &str {
    entry["Type"].as_str().unwrap_or_default()
}

fn property_changes(resource_type: &str, base: &Value, head: &Value) -> Vec<PropertyChange> {
    let schema = schema::of(resource_type);
    let unordered = schema.map_or(&[][..], schema::ResourceSchema::unordered);
    let is_set = |pointer: &str| match pointer.strip_prefix("/Properties") {
        Some(pointer) => {
            unordered.iter().any(|pattern| impact::fits(pattern, pointer))
                && !ORDERED.contains(&(resource_type, pointer))
        }
        None => pointer == "/DependsOn",
    };
    let found = entry_leaves(base, head, &is_set);
    // another type has other properties: only that it changed decides
    let moved = type_of(base) != type_of(head);
    let of = |leaf: Leaf<'_>| {
        let impact = if moved { Impact::Replaced } else { impact::of_leaf(schema, &leaf) };
        let impact = documented::or_worse(impact, resource_type, &leaf.pointer);
        PropertyChange {
            impact,
            lines: documents::lines(&leaf.pointer, leaf.before, leaf.after),
            before: leaf.before.cloned(),
            after: leaf.after.cloned(),
            path: leaf.pointer,
        }
    };
    found.into_iter().map(of).collect()
}

/// Leaves of a whole entry. Metadata is one leaf for each of its keys.
fn entry_leaves<'a>(base: &'a Value, head: &'a Value, is_set: &dyn Fn(&str) -> bool) -> Vec<Leaf<'a>> {
    let mut found = leaves("", Some(base), Some(head), is_set);
    // "X" and ["X"] are the same to CloudFormation
    found.retain(|leaf| leaf.pointer != "/DependsOn" || listed(leaf.before) != listed(leaf.after));
    found.retain(|leaf| !(leaf.reordered && leaf.pointer == "/DependsOn"));
    found
}

fn listed(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        Some(Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_)) | None => Vec::new(),
    }
}
