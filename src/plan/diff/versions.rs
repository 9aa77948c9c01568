//! The version that the changes of a product call for.

use super::model::{Bump, ContractChange, VersionBump};
use super::shapes::ProductShape;
use crate::mesh::Version;

/// What a product's changes call for, and whether its version was raised by as much; none where neither says anything.
pub(super) fn bump(
    id: &str,
    base: &ProductShape,
    head: &ProductShape,
    changes: &[&ContractChange],
) -> Option<VersionBump> {
    let (before, after) = (base.version?, head.version?);
    let needed = if changes.iter().any(|change| change.breaking) {
        Bump::Major
    } else if !changes.is_empty() {
        Bump::Minor
    } else if base.words != head.words {
        Bump::Patch
    } else {
        Bump::None
    };
    if needed == Bump::None && before == after {
        return None;
    }
    let enough = after >= before && raised(before, after) >= needed;
    Some(VersionBump { product: id.to_owned(), before: before.to_string(), after: after.to_string(), needed, enough })
}

/// The highest part that differs.
const fn raised(before: Version, after: Version) -> Bump {
    if after.major != before.major {
        Bump::Major
    } else if after.minor != before.minor {
        Bump::Minor
    } else if after.patch != before.patch {
        Bump::Patch
    } else {
        Bump::None
    }
}
