//! What a changed property does to its resource, by AWS's schemas.
//!
//! Sources: the CloudFormation user guide, "Understand update behaviors of stack resources", and the CloudFormation CLI
//! user guide, "Resource type schema" (`createOnlyProperties`, `conditionalCreateOnlyProperties`).

use super::Impact;
use super::properties::Leaf;
use super::references::is_intrinsic;
use crate::cfn::schema::ResourceSchema;
use serde_json::Value;

/// What a difference does to a resource of a type. The leaf's pointer begins at the resource's entry.
pub(super) fn of_leaf(schema: Option<&ResourceSchema>, leaf: &Leaf<'_>) -> Impact {
    let Some(pointer) = leaf.pointer.strip_prefix("/Properties") else { return of_attribute(&leaf.pointer) };
    let Some(schema) = schema else { return Impact::MayBeReplaced };
    let hits = |patterns: &[String]| {
        let values = || [leaf.before, leaf.after].into_iter().flatten();
        patterns.iter().any(|pattern| touches(pattern, pointer, values()))
    };
    if hits(schema.create_only()) {
        // whether CloudFormation sees a difference in the order of a set is not documented
        if leaf.reordered { Impact::MayBeReplaced } else { Impact::Replaced }
    } else if hits(schema.conditional_create_only()) {
        Impact::MayBeReplaced
    } else {
        Impact::InPlace
    }
}

/// What a changed attribute of a resource's entry does. CloudFormation's change sets tell policies as modifications
/// (API reference, `ResourceChange`: `Scope`); order alone is none.
fn of_attribute(pointer: &str) -> Impact {
    match pointer.split('/').nth(1).unwrap_or_default() {
        "Type" => Impact::Replaced,
        "Condition" => Impact::MayBeReplaced,
        "DeletionPolicy" | "UpdateReplacePolicy" | "CreationPolicy" | "UpdatePolicy" => Impact::InPlace,
        _ => Impact::None,
    }
}

/// Whether a change at a pointer reaches what a pattern names: at it, below it, or in a value that came or went as a whole.
/// `*` in a pattern stands for any index or key.
pub(super) fn touches<'a>(pattern: &str, pointer: &str, values: impl Iterator<Item = &'a Value>) -> bool {
    let mut pattern = pattern.split('/').skip(1);
    for segment in pointer.split('/').skip(1) {
        match pattern.next() {
            None => return true,
            Some(expected) if expected == "*" || expected == segment => {}
            Some(_) => return false,
        }
    }
    let rest: Vec<&str> = pattern.collect();
    rest.is_empty() || values.into_iter().any(|value| holds(value, &rest))
}

/// Whether something stands at a place in a value. Nobody knows what is in the value of an intrinsic function.
fn holds(value: &Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    match value {
        _ if is_intrinsic(value) => true,
        Value::Object(object) if *first == "*" => object.values().any(|inner| holds(inner, rest)),
        Value::Array(items) if *first == "*" => items.iter().any(|inner| holds(inner, rest)),
        Value::Object(object) => object.get(*first).is_some_and(|inner| holds(inner, rest)),
        Value::Array(items) => items.iter().any(|inner| holds(inner, path)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a pattern fits a pointer, segment by segment.
pub(super) fn fits(pattern: &str, pointer: &str) -> bool {
    let (mut pattern, mut pointer) = (pattern.split('/'), pointer.split('/'));
    loop {
        match (pattern.next(), pointer.next()) {
            (None, None) => return true,
            (Some(expected), Some(segment)) if expected == "*" || expected == segment => {}
            _ => return false,
        }
    }
}
