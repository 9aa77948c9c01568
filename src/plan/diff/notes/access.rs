//! Gaps and overlaps in access: grants and tags that go before they come, or come while another like them goes.

use super::super::labels;
use super::super::names::Names;
use super::super::stacks::Pair;
use super::super::{ChangeKind, Impact, ResourceChange};
use super::Sides;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const GRANT: &str = "AWS::LakeFormation::PrincipalPermissions";
const ASSOCIATION: &str = "AWS::LakeFormation::TagAssociation";
const TAG: &str = "AWS::LakeFormation::Tag";
const FILTER: &str = "AWS::LakeFormation::DataCellsFilter";

/// What the replacement or the removal of one resource does to access.
pub(super) fn gaps(change: &mut ResourceChange, sides: &Sides, names: &Names<'_>) {
    let before = &sides.base()["Properties"];
    let after = &sides.head()["Properties"];
    let replaced = matches!(change.predicted, Impact::Replaced | Impact::MayBeReplaced);
    let note = match change.resource_type.as_str() {
        GRANT if replaced => {
            let (principal, target) = (labels::principal(before, names), labels::target(before, names));
            Some(format!(
                "gap: {principal} has no access to {target} by this grant from the delete until the create; the old grant goes first"
            ))
        }
        ASSOCIATION if replaced && before["Resource"] == after["Resource"] => {
            let place = labels::tagged(before, names);
            Some(format!(
                "gap: {place} does not carry its own value for seconds; until the new one is set, what it is part of decides, and it never keeps the old value"
            ))
        }
        ASSOCIATION if replaced => Some(format!(
            "gap: the tag leaves {} before it is set on {}",
            labels::tagged(before, names),
            labels::tagged(after, names)
        )),
        FILTER if replaced => Some(
            "gap: grants on this filter open nothing from the delete until the create; the old filter goes first"
                .to_owned(),
        ),
        TAG => lost_values(change.change, before, after, names),
        _ => None,
    };
    change.notes.extend(note);
}

/// Values that leave a tag: "no check is performed" whether grants or associations use them.
fn lost_values(change: ChangeKind, before: &Value, after: &Value, names: &Names<'_>) -> Option<String> {
    let values = |properties: &Value| -> BTreeSet<String> {
        properties["TagValues"].as_array().into_iter().flatten().map(|value| names.text(value)).collect()
    };
    let lost: Vec<String> = match change {
        ChangeKind::Added => return None,
        ChangeKind::Changed => values(before).difference(&values(after)).map(|value| format!("`{value}`")).collect(),
        ChangeKind::Removed => values(before).iter().map(|value| format!("`{value}`")).collect(),
    };
    (!lost.is_empty()).then(|| {
        format!(
            "the tag loses {}: Lake Formation does not check whether it is in use; whoever was granted by it loses access, and whatever carries it is without",
            lost.join(", ")
        )
    })
}

/// One grant or association that came or went: where, and what makes it the same as another.
struct Moved {
    pair: usize,
    id: String,
    principal: String,
    resource: Value,
}

/// Grants and tags that come in one resource while the like goes in another.
pub(super) fn pairs(pairs: &mut [Pair<'_>]) {
    let mut gone: BTreeMap<String, Vec<Moved>> = BTreeMap::new();
    let mut come: Vec<(String, Moved)> = Vec::new();
    for (index, pair) in pairs.iter().enumerate() {
        for (id, change) in &pair.resources {
            let document = match change.change {
                ChangeKind::Added => pair.head,
                ChangeKind::Removed => pair.base,
                ChangeKind::Changed => continue,
            };
            let Some(document) = document else { continue };
            let kind = change.resource_type.as_str();
            if kind != GRANT && kind != ASSOCIATION {
                continue;
            }
            let properties = &document.template["Resources"][*id]["Properties"];
            let names = Names::of(&document.template);
            let principal = format!(
                "{}|{kind}|{}",
                document.account,
                names.text(&properties["Principal"]["DataLakePrincipalIdentifier"])
            );
            let resource = resolved(&properties["Resource"], &names);
            let moved = Moved { pair: index, id: (*id).to_owned(), principal, resource };
            match change.change {
                ChangeKind::Removed => gone.entry(moved.principal.clone()).or_default().push(moved),
                ChangeKind::Added | ChangeKind::Changed => come.push((kind.to_owned(), moved)),
            }
        }
    }
    for (kind, new) in come {
        for old in gone.get(&new.principal).into_iter().flatten() {
            let Some((on_new, on_old)) = clash(&kind, &new, old) else { continue };
            let mut tell = |moved: &Moved, note: String| {
                if let Some(change) = pairs[moved.pair].resources.get_mut(moved.id.as_str()) {
                    change.notes.push(note);
                }
            };
            tell(&new, on_new);
            tell(old, on_old);
        }
    }
}

/// What two of a kind do to each other, as told of the new and of the old.
fn clash(kind: &str, new: &Moved, old: &Moved) -> Option<(String, String)> {
    let (new_id, old_id) = (&new.id, &old.id);
    if new.resource == old.resource {
        let same = if kind == GRANT { "principal and resource" } else { "resource" };
        let undone = if kind == GRANT { "revokes what both share" } else { "takes the tag away for good" };
        return Some((
            format!(
                "hazard: `{old_id}` is removed in the same change and has the same {same}: the new one may meet AlreadyExists, or the removal, which comes after, {undone}"
            ),
            format!("hazard: `{new_id}` is added with the same {same}: this removal comes after it and {undone}"),
        ));
    }
    (kind == GRANT && is_related(&new.resource, &old.resource)).then(|| {
        (
            "overlap: this grant is made before the old one goes; until the cleanup the principal holds both"
                .to_owned(),
            "overlap: the new grant is made before the old one goes, so nothing that both open is lost in between"
                .to_owned(),
        )
    })
}

/// Whether two expressions speak of the same products: one type, and a condition that both have.
fn is_related(one: &Value, other: &Value) -> bool {
    let (one, other) = (&one["LFTagPolicy"], &other["LFTagPolicy"]);
    let conditions = |policy: &Value| policy["Expression"].as_array().cloned().unwrap_or_default();
    one["ResourceType"] == other["ResourceType"]
        && conditions(one).iter().any(|condition| conditions(other).contains(condition))
}

/// A value with every reference replaced by a name, so that two templates' values can be compared.
fn resolved(value: &Value, names: &Names<'_>) -> Value {
    match value {
        Value::Object(_) if super::super::references::is_intrinsic(value) => Value::String(names.text(value)),
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, inner)| (key.clone(), resolved(inner, names))).collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| resolved(item, names)).collect();
            // no list of a grant's resource has an order (the schemas' `insertionOrder`)
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
