//! Properties of which AWS documents that their change interrupts the resource: it stays, but does not answer for a while.

use super::Impact;
use super::impact::touches;

/// Type, property, and the page of the CloudFormation template reference that says "Some interruptions".
pub(super) const INTERRUPTIONS: &[(&str, &str, &str)] = &[];

/// An impact, or the interruption if that is worse.
pub(super) fn or_worse(impact: Impact, resource_type: &str, pointer: &str) -> Impact {
    let Some(pointer) = pointer.strip_prefix("/Properties") else { return impact };
    let interrupts = INTERRUPTIONS
        .iter()
        .any(|(name, property, _)| *name == resource_type && touches(property, pointer, std::iter::empty()));
    if interrupts { impact.max(Impact::SomeInterruption) } else { impact }
}
