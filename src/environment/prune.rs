//! Leaves out what is wrong in a file, so that the rest of it still reaches the next stage.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use serde_json::Value;
use std::collections::BTreeSet;

/// Removes what is wrong until the rest is right; nothing is left when a part that every such file needs is wrong.
/// The flag says that a product was lost.
pub(super) fn prune(validator: &Validator, mut value: Value) -> Option<(Value, bool)> {
    let mut partial = false;
    loop {
        let mut wrong = BTreeSet::new();
        for error in validator.iter_errors(&value) {
            let path: Vec<_> = error.instance_path().iter().map(Step::from).collect();
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => {
                    wrong.extend(unexpected.iter().map(|field| [&path[..], &[Step::Field(field.clone())]].concat()));
                }
                _ => drop(wrong.insert(whole(path))),
            }
        }
        if wrong.is_empty() {
            return Some((value, partial));
        }
        // deeper and later parts go first, so that the places of the others still hold
        for path in wrong.iter().rev() {
            partial |= path.len() <= 2 && path.first() == Some(&Step::Field("products".to_owned()));
            remove(&mut value, path)?;
        }
    }
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Element(usize),
    Field(String),
}

impl From<LocationSegment<'_>> for Step {
    fn from(segment: LocationSegment<'_>) -> Self {
        match segment {
            LocationSegment::Index(index) => Self::Element(index),
            LocationSegment::Property(name) => Self::Field(name.into_owned()),
        }
    }
}

/// What must go with a wrong part: a product whose contract lacks a table or a column would be another product.
fn whole(mut path: Vec<Step>) -> Vec<Step> {
    if let [Step::Field(products), Step::Element(_), Step::Field(schema), .., Step::Element(_)] = &path[..]
        && products == "products"
        && schema == "schema"
    {
        path.truncate(2);
    }
    path
}

/// Removes one part; none when that is the whole.
fn remove(value: &mut Value, path: &[Step]) -> Option<()> {
    let (last, parents) = path.split_last()?;
    let parent = parents.iter().try_fold(value, |value, step| match step {
        Step::Element(index) => value.get_mut(index),
        Step::Field(name) => value.get_mut(name),
    });
    match (parent?, last) {
        (Value::Array(items), Step::Element(index)) if *index < items.len() => drop(items.remove(*index)),
        (Value::Object(fields), Step::Field(name)) => drop(fields.remove(name)),
        _ => return None,
    }
    Some(())
}
