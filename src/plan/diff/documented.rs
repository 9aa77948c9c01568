//! What AWS's template reference says of a property beyond its schema.
//!
//! Interruptions were looked up in AWS's public repository of the CloudFormation user guide, state of 19 September 2023 (the
//! last with content), and left out where a later copy of the template reference says otherwise. What the schemas call create-only stays so.

use super::Impact;
use super::impact::touches;

/// What the reference says of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saying {
    /// "Update requires: Some interruptions".
    Interrupts,
    /// The reference said "Replacement", and now says "No interruption": either may happen.
    Disputed,
    /// The update fails, whatever the policies are.
    Fixed,
}

/// Type, property, what the page of the type (or of the property's own type) says. Sorted.
pub(super) const SAYINGS: &[(&str, &str, Saying)] = &[
    ("AWS::DynamoDB::Table", "/SSESpecification", Saying::Interrupts),
    ("AWS::EC2::SecurityGroup", "/SecurityGroupEgress", Saying::Interrupts),
    ("AWS::EC2::SecurityGroup", "/SecurityGroupIngress", Saying::Interrupts),
    // the name identifies the database when DatabaseName is not given
    ("AWS::Glue::Database", "/DatabaseInput/Name", Saying::Disputed),
    // "the update request fails .. This prevents you from accidentally deleting a KMS key"
    ("AWS::KMS::Key", "/KeySpec", Saying::Fixed),
    ("AWS::KMS::Key", "/KeyUsage", Saying::Fixed),
    ("AWS::KMS::Key", "/MultiRegion", Saying::Fixed),
    ("AWS::Neptune::DBInstance", "/DBInstanceClass", Saying::Interrupts),
    ("AWS::SageMaker::Domain", "/DefaultUserSettings/*/DefaultResourceSpec", Saying::Interrupts),
];

/// What the reference says of the property at a pointer into a resource's entry.
pub(super) fn saying(resource_type: &str, pointer: &str) -> Option<Saying> {
    let pointer = pointer.strip_prefix("/Properties")?;
    let says = |(name, property, _): &&(&str, &str, Saying)| {
        *name == resource_type && touches(property, pointer, std::iter::empty())
    };
    SAYINGS.iter().find(says).map(|(_, _, saying)| *saying)
}

/// The impact by the schema, or by the reference if that is worse.
pub(super) fn or_worse(impact: Impact, resource_type: &str, pointer: &str) -> Impact {
    match saying(resource_type, pointer) {
        Some(Saying::Interrupts) => impact.max(Impact::SomeInterruption),
        Some(Saying::Disputed) => impact.max(Impact::MayBeReplaced),
        Some(Saying::Fixed) | None => impact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_reference_says_is_laid_over_the_schema() {
        let cases = [
            ("AWS::LakeFormation::Resource", "/Properties/RoleArn", Impact::InPlace),
            ("AWS::Neptune::DBInstance", "/Properties/DBInstanceClass", Impact::SomeInterruption),
            ("AWS::EC2::SecurityGroup", "/Properties/SecurityGroupIngress/0/ToPort", Impact::SomeInterruption),
            ("AWS::Glue::Database", "/Properties/DatabaseInput/Name", Impact::MayBeReplaced),
            ("AWS::Glue::Database", "/Properties/DatabaseInput/Description", Impact::InPlace),
            ("AWS::KMS::Key", "/Properties/KeySpec", Impact::InPlace),
        ];
        for (resource_type, pointer, expected) in cases {
            assert_eq!(or_worse(Impact::InPlace, resource_type, pointer), expected, "{resource_type} {pointer}");
        }
        assert_eq!(
            or_worse(Impact::Replaced, "AWS::Neptune::DBInstance", "/Properties/DBInstanceClass"),
            Impact::Replaced,
            "it is never made milder"
        );
        assert!(SAYINGS.is_sorted_by_key(|(name, property, _)| (*name, *property)));
    }
}
