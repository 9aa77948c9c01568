//! Properties of which AWS documents that their change interrupts the resource: it stays, but does not answer for a while.
//!
//! Looked up in AWS's public repository of the CloudFormation user guide, state of 19 September 2023 (the last with content).
//! What the schemas call create-only stays so: it is worse.

use super::Impact;
use super::impact::touches;

/// Type, property, and the page of the CloudFormation template reference that says "Some interruptions".
pub(super) const INTERRUPTIONS: &[(&str, &str, &str)] = &[
    ("AWS::DynamoDB::Table", "/SSESpecification", "AWS::DynamoDB::Table"),
    ("AWS::EC2::SecurityGroup", "/SecurityGroupEgress", "AWS::EC2::SecurityGroup"),
    ("AWS::EC2::SecurityGroup", "/SecurityGroupIngress", "AWS::EC2::SecurityGroup"),
    ("AWS::LakeFormation::Resource", "/UseServiceLinkedRole", "AWS::LakeFormation::Resource"),
    ("AWS::Neptune::DBInstance", "/DBInstanceClass", "AWS::Neptune::DBInstance"),
    ("AWS::SageMaker::Domain", "/DefaultUserSettings/*/DefaultResourceSpec", "AWS::SageMaker::Domain ResourceSpec"),
];

/// An impact, or the interruption if that is worse.
pub(super) fn or_worse(impact: Impact, resource_type: &str, pointer: &str) -> Impact {
    let Some(pointer) = pointer.strip_prefix("/Properties") else { return impact };
    let interrupts = INTERRUPTIONS
        .iter()
        .any(|(name, property, _)| *name == resource_type && touches(property, pointer, std::iter::empty()));
    if interrupts { impact.max(Impact::SomeInterruption) } else { impact }
}
