//! A grant by tags on tables that names no classification. The templates that meshform makes are refused for it whenever they
//! are made; this tells it of templates that somebody else wrote, for grants that are new or differ.

use super::desk::{Changed, Desk, items, text};
use crate::finding::{Code, Finding};
use serde_json::Value;

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let Some(key) = classification_key(desk) else { return Vec::new() };
    desk.changed.iter().filter_map(|changed| open(changed, &key, desk)).collect()
}

/// The tag by which columns are classified: the mesh's, or the one among the templates that is called so.
fn classification_key(desk: &Desk<'_>) -> Option<String> {
    if let Some(mesh) = desk.head.mesh {
        return Some(mesh.classification_tag());
    }
    let tags = desk.head.documents.iter().flat_map(|document| document.resources());
    tags.filter(|(_, kind, _)| *kind == "AWS::LakeFormation::Tag")
        .map(|(_, _, entry)| text(entry, "/Properties/TagKey").to_lowercase())
        .find(|key| key.rsplit('/').next() == Some("classification"))
}

fn open(changed: &Changed<'_>, key: &str, desk: &Desk<'_>) -> Option<Finding> {
    if changed.kind != "AWS::LakeFormation::PrincipalPermissions" {
        return None;
    }
    let policy = changed.head.pointer("/Properties/Resource/LFTagPolicy")?;
    let names = |entry: &Value| text(entry, "/TagKey").to_lowercase() == key;
    if policy["ResourceType"] != "TABLE" || items(&policy["Expression"]).any(names) {
        return None;
    }
    let message = format!("the expression on tables does not name `{key}`, so it grants whatever the columns are");
    Some(desk.about(Code::ExpressionOpen, changed, message))
}
