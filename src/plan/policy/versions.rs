//! A contract changed by more than its version says.

use super::desk::Desk;
use crate::finding::{Code, Finding, Place};
use crate::plan::diff::{Bump, Diff, VersionBump};

pub(super) fn check(diff: &Diff, desk: &Desk<'_>) -> Vec<Finding> {
    let short = diff.versions.iter().filter(|bump| !bump.enough);
    short.map(|bump| of(bump, desk)).collect()
}

fn of(bump: &VersionBump, desk: &Desk<'_>) -> Finding {
    let VersionBump { product, before, after, needed, .. } = bump;
    let part = match needed {
        Bump::None => "a version does not go back",
        Bump::Patch => "the changes call for a new patch version",
        Bump::Minor => "the changes call for a new minor version",
        Bump::Major => "the changes break a subscriber and call for a new major version",
    };
    let stays = if before == after { format!("stays at {after}") } else { format!("goes from {before} to {after}") };
    let message = format!("the version of `{product}` {stays}, but {part}");
    let place = match Desk::product(desk.head.mesh, product) {
        Some((_, product)) => product.origin.child("id"),
        None => Place::file(product.clone()),
    };
    desk.finding(Code::VersionNotRaised, place, message, &[product])
}
