//! Two values, compared down to their leaves.
//!
//! Lists are aligned, so that one more column in the middle is one change. A list whose order says nothing (by AWS's
//! schema) is compared as a set. An intrinsic function and a document are one leaf each.

use super::documents;
use super::references::is_intrinsic;
use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::BTreeSet;

/// Keys by which an element of a list is the same one with other content.
const IDENTITIES: [&str; 9] =
    ["Key", "TagKey", "Id", "Sid", "Name", "PolicyName", "AttributeName", "StatementId", "DataLakePrincipalIdentifier"];

/// A place where two values differ.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf<'a> {
    /// JSON pointer: into the later value, or where something is gone into the earlier one.
    pub(super) pointer: String,
    /// What it was.
    pub(super) before: Option<&'a Value>,
    /// What it is.
    pub(super) after: Option<&'a Value>,
    /// The same elements in another order, in a list of which AWS says that its order means nothing.
    pub(super) reordered: bool,
}

/// Whether the list at a pointer is a set.
pub(super) type IsSet<'a> = &'a dyn Fn(&str) -> bool;

/// All places where two values differ, in the order of their pointers.
pub(super) fn leaves<'a>(
    pointer: &str,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
    is_set: IsSet<'_>,
) -> Vec<Leaf<'a>> {
    let mut walk = Walk { is_set, found: Vec::new() };
    walk.compare(pointer, before, after);
    walk.found
}

/// A key as a part of a JSON pointer (RFC 6901).
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

struct Walk<'a, 's> {
    is_set: IsSet<'s>,
    found: Vec<Leaf<'a>>,
}

impl<'a> Walk<'a, '_> {
    fn compare(&mut self, pointer: &str, before: Option<&'a Value>, after: Option<&'a Value>) {
        if before == after {
            return;
        }
        match (before, after) {
            (Some(Value::Object(old)), Some(Value::Object(new))) if self.is_inner(pointer, before, after) => {
                let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for key in keys {
                    self.compare(&format!("{pointer}/{}", escaped(key)), old.get(key), new.get(key));
                }
            }
            (Some(Value::Array(old)), Some(Value::Array(new))) if self.is_inner(pointer, before, after) => {
                if !(self.is_set)(pointer) {
                    self.lists(pointer, old, new);
                } else if !self.sets(pointer, old, new) {
                    self.found.push(Leaf { pointer: pointer.to_owned(), before, after, reordered: true });
                }
            }
            _ => self.found.push(Leaf { pointer: pointer.to_owned(), before, after, reordered: false }),
        }
    }

    fn is_inner(&self, pointer: &str, before: Option<&Value>, after: Option<&Value>) -> bool {
        !documents::is_document(pointer) && ![before, after].into_iter().flatten().any(is_intrinsic)
    }

    fn lists(&mut self, pointer: &str, old: &'a [Value], new: &'a [Value]) {
        // texts stand for the values, which have no order and no hash of their own
        let texts = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>();
        for operation in capture_diff_slices(Algorithm::Myers, &texts(old), &texts(new)) {
            match operation {
                DiffOp::Equal { .. } => {}
                DiffOp::Delete { old_index, old_len, .. } => {
                    self.pair(pointer, old, old_index..old_index + old_len, new, 0..0);
                }
                DiffOp::Insert { new_index, new_len, .. } => {
                    self.pair(pointer, old, 0..0, new, new_index..new_index + new_len);
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    self.pair(pointer, old, old_index..old_index + old_len, new, new_index..new_index + new_len);
                }
            }
        }
    }

    /// Whether two sets differ in more than their order.
    fn sets(&mut self, pointer: &str, old: &'a [Value], new: &'a [Value]) -> bool {
        let mut gone: Vec<usize> = (0..old.len()).collect();
        let mut come = Vec::new();
        for (index, value) in new.iter().enumerate() {
            match gone.iter().position(|&before| &old[before] == value) {
                Some(position) => drop(gone.remove(position)),
                None => come.push(index),
            }
        }
        if gone.is_empty() && come.is_empty() {
            return false;
        }
        self.pair(pointer, old, gone, new, come);
        true
    }

    /// Elements that differ: those of one identity are compared, then those that stand in one place; the rest came or went.
    fn pair(
        &mut self,
        pointer: &str,
        old: &'a [Value],
        gone: impl IntoIterator<Item = usize>,
        new: &'a [Value],
        come: impl IntoIterator<Item = usize>,
    ) {
        let mut gone: Vec<usize> = gone.into_iter().collect();
        let mut unmatched = Vec::new();
        for index in come {
            let same = identity(&new[index])
                .and_then(|known| gone.iter().position(|&before| identity(&old[before]) == Some(known)));
            match same {
                Some(position) => {
                    let before = gone.remove(position);
                    self.compare(&format!("{pointer}/{index}"), Some(&old[before]), Some(&new[index]));
                }
                None => unmatched.push(index),
            }
        }
        let mut gone = gone.into_iter().peekable();
        for index in unmatched {
            // what has a name of its own is another one
            let before = gone.next_if(|&before| identity(&old[before]).is_none() && identity(&new[index]).is_none());
            self.compare(&format!("{pointer}/{index}"), before.map(|before| &old[before]), Some(&new[index]));
        }
        for before in gone {
            self.compare(&format!("{pointer}/{before}"), Some(&old[before]), None);
        }
    }
}

fn identity(value: &Value) -> Option<(&'static str, &str)> {
    IDENTITIES.into_iter().find_map(|key| Some((key, value.get(key)?.as_str()?)))
}
