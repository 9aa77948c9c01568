//! Kinds of accounts, and which types of resources one of a kind may ever hold.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// What an account is for; it decides what its execution role may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountKind {
    /// Holds the catalog, the tags and the grants.
    Governance,
    /// Holds data.
    Producer,
    /// Queries.
    Consumer,
}

/// Types of the layers that an account of a kind holds, sorted.
#[must_use]
pub fn execution_types(kind: AccountKind) -> BTreeSet<&'static str> {
    let further = match kind {
        AccountKind::Governance | AccountKind::Producer => &[],
        AccountKind::Consumer => super::network::TYPES,
    };
    types(kind).iter().chain(further).copied().collect()
}

const fn types(kind: AccountKind) -> &'static [&'static str] {
    match kind {
        AccountKind::Governance => &[
            "AWS::Events::EventBus",
            "AWS::Events::EventBusPolicy",
            "AWS::Events::Rule",
            "AWS::Glue::Crawler",
            "AWS::Glue::Database",
            "AWS::Glue::Table",
            "AWS::IAM::Role",
            "AWS::LakeFormation::DataLakeSettings",
            "AWS::LakeFormation::PrincipalPermissions",
            "AWS::LakeFormation::Resource",
            "AWS::LakeFormation::Tag",
            "AWS::LakeFormation::TagAssociation",
            "AWS::SSM::Parameter",
            "AWS::StepFunctions::StateMachine",
        ],
        AccountKind::Producer => &[
            "AWS::Athena::WorkGroup",
            "AWS::CloudWatch::Alarm",
            "AWS::Events::EventBus",
            "AWS::Events::EventBusPolicy",
            "AWS::Events::Rule",
            "AWS::Glue::Crawler",
            "AWS::Glue::DataQualityRuleset",
            "AWS::Glue::Database",
            "AWS::Glue::Job",
            "AWS::IAM::Role",
            "AWS::KMS::Alias",
            "AWS::KMS::Key",
            "AWS::LakeFormation::DataLakeSettings",
            "AWS::LakeFormation::PrincipalPermissions",
            "AWS::Logs::LogGroup",
            "AWS::S3::Bucket",
            "AWS::S3::BucketPolicy",
            "AWS::SNS::Subscription",
            "AWS::SNS::Topic",
            "AWS::SNS::TopicPolicy",
            "AWS::SSM::Parameter",
            "AWS::Scheduler::Schedule",
            "AWS::Scheduler::ScheduleGroup",
            "AWS::StepFunctions::StateMachine",
        ],
        AccountKind::Consumer => &[
            "AWS::Athena::WorkGroup",
            "AWS::CloudWatch::Alarm",
            "AWS::Events::EventBus",
            "AWS::Events::EventBusPolicy",
            "AWS::Events::Rule",
            "AWS::Glue::Database",
            "AWS::IAM::Role",
            "AWS::KMS::Alias",
            "AWS::KMS::Key",
            "AWS::LakeFormation::DataLakeSettings",
            "AWS::LakeFormation::PrincipalPermissions",
            "AWS::Logs::LogGroup",
            "AWS::QuickSight::DataSet",
            "AWS::QuickSight::DataSource",
            "AWS::QuickSight::RefreshSchedule",
            "AWS::S3::Bucket",
            "AWS::S3::BucketPolicy",
            "AWS::SNS::Subscription",
            "AWS::SNS::Topic",
            "AWS::SNS::TopicPolicy",
            "AWS::SSM::Parameter",
            "AWS::Scheduler::Schedule",
            "AWS::Scheduler::ScheduleGroup",
            "AWS::StepFunctions::StateMachine",
        ],
    }
}

/// What is the same for every account of a kind: made once, not for each of hundreds of accounts.
pub(super) type OfKinds<T> = [OnceLock<T>; 3];

pub(super) fn of_kind<T>(known: &'static OfKinds<T>, kind: AccountKind, make: impl FnOnce() -> T) -> &'static T {
    let known = match kind {
        AccountKind::Governance => &known[0],
        AccountKind::Producer => &known[1],
        AccountKind::Consumer => &known[2],
    };
    known.get_or_init(make)
}
