//! CloudFormation as typed data: templates, values, IAM documents, one file per AWS service, and AWS's own schemas.
//!
//! Structs are narrow: only the properties that meshform sets. Whether they are right is AWS's schema to say
//! ([`schema`]), at every synth. To add a resource: one struct in its service's file and one line in [`Properties`].

pub mod athena;
pub mod cloudwatch;
pub mod ec2;
pub mod events;
pub mod glue;
pub mod iam;
pub mod kms;
pub mod lakeformation;
mod leftovers;
pub mod logs;
pub mod quicksight;
pub mod s3;
pub mod sagemaker;
pub mod scheduler;
pub mod schema;
pub mod sns;
pub mod ssm;
pub mod states;
mod template;
mod value;

pub use leftovers::{LEFTOVERS, Leftover};
pub use template::{Entry, Handle, LogicalId, Output, Parameter, Template};
pub use value::{Arn, Name, Text, Val};

use serde::Serialize;

/// A resource type of CloudFormation that meshform makes.
pub trait Resource: Sized + Into<Properties> {
    /// The type's name: `AWS::S3::Bucket`.
    const TYPE: &'static str;
    /// Whether the resource stays when its stack or its place in it goes: data, keys and settings do.
    const RETAINED: bool;
}

macro_rules! resources {
    ($($variant:ident($path:path) = $type_name:literal, $lifetime:ident;)+) => {
        /// The properties of a resource, one variant for each type that meshform makes.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Properties {
            $(#[doc = concat!("`", $type_name, "`")] $variant(Box<$path>),)+
        }

        impl Properties {
            /// The type's name: `AWS::S3::Bucket`.
            #[must_use]
            pub const fn type_name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $type_name,)+ }
            }

            /// Whether the resource stays when its stack goes.
            #[must_use]
            pub const fn retained(&self) -> bool {
                match self { $(Self::$variant(_) => <$path as Resource>::RETAINED,)+ }
            }
        }

        $(
            impl From<$path> for Properties {
                fn from(properties: $path) -> Self {
                    Self::$variant(Box::new(properties))
                }
            }

            impl Resource for $path {
                const TYPE: &'static str = $type_name;
                const RETAINED: bool = lifetime!($lifetime);
            }
        )+

        /// Every type that meshform makes.
        pub const TYPES: &[&str] = &[$($type_name,)+];

        /// Every type, and whether its resources stay when their stack goes.
        pub const LIFETIMES: &[(&str, bool)] = &[$(($type_name, lifetime!($lifetime)),)+];
    };
}

macro_rules! lifetime {
    (retained) => {
        true
    };
    (with_stack) => {
        false
    };
}

resources! {
    WorkGroup(athena::WorkGroup) = "AWS::Athena::WorkGroup", with_stack;
    Alarm(cloudwatch::Alarm) = "AWS::CloudWatch::Alarm", with_stack;
    FlowLog(ec2::FlowLog) = "AWS::EC2::FlowLog", with_stack;
    RouteTable(ec2::RouteTable) = "AWS::EC2::RouteTable", with_stack;
    SecurityGroup(ec2::SecurityGroup) = "AWS::EC2::SecurityGroup", with_stack;
    SecurityGroupEgress(ec2::SecurityGroupEgress) = "AWS::EC2::SecurityGroupEgress", with_stack;
    SecurityGroupIngress(ec2::SecurityGroupIngress) = "AWS::EC2::SecurityGroupIngress", with_stack;
    Subnet(ec2::Subnet) = "AWS::EC2::Subnet", retained;
    SubnetRouteTableAssociation(ec2::SubnetRouteTableAssociation) = "AWS::EC2::SubnetRouteTableAssociation", with_stack;
    Vpc(ec2::Vpc) = "AWS::EC2::VPC", retained;
    VpcEndpoint(ec2::VpcEndpoint) = "AWS::EC2::VPCEndpoint", with_stack;
    EventBus(events::EventBus) = "AWS::Events::EventBus", with_stack;
    EventBusPolicy(events::EventBusPolicy) = "AWS::Events::EventBusPolicy", with_stack;
    Rule(events::Rule) = "AWS::Events::Rule", with_stack;
    Crawler(glue::Crawler) = "AWS::Glue::Crawler", with_stack;
    DataQualityRuleset(glue::DataQualityRuleset) = "AWS::Glue::DataQualityRuleset", with_stack;
    Database(glue::Database) = "AWS::Glue::Database", with_stack;
    DefaultDatabase(glue::DefaultDatabase) = "AWS::Glue::Database", retained;
    Job(glue::Job) = "AWS::Glue::Job", with_stack;
    Table(glue::Table) = "AWS::Glue::Table", with_stack;
    ManagedPolicy(iam::ManagedPolicy) = "AWS::IAM::ManagedPolicy", with_stack;
    Role(iam::Role) = "AWS::IAM::Role", with_stack;
    RolePolicy(iam::RolePolicy) = "AWS::IAM::RolePolicy", with_stack;
    Alias(kms::Alias) = "AWS::KMS::Alias", with_stack;
    Key(kms::Key) = "AWS::KMS::Key", retained;
    DataLakeSettings(lakeformation::DataLakeSettings) = "AWS::LakeFormation::DataLakeSettings", retained;
    PrincipalPermissions(lakeformation::PrincipalPermissions) = "AWS::LakeFormation::PrincipalPermissions", with_stack;
    Location(lakeformation::Resource) = "AWS::LakeFormation::Resource", with_stack;
    Tag(lakeformation::Tag) = "AWS::LakeFormation::Tag", with_stack;
    TagAssociation(lakeformation::TagAssociation) = "AWS::LakeFormation::TagAssociation", with_stack;
    DataSet(quicksight::DataSet) = "AWS::QuickSight::DataSet", with_stack;
    DataSource(quicksight::DataSource) = "AWS::QuickSight::DataSource", with_stack;
    RefreshSchedule(quicksight::RefreshSchedule) = "AWS::QuickSight::RefreshSchedule", with_stack;
    LogGroup(logs::LogGroup) = "AWS::Logs::LogGroup", with_stack;
    Bucket(s3::Bucket) = "AWS::S3::Bucket", retained;
    BucketPolicy(s3::BucketPolicy) = "AWS::S3::BucketPolicy", with_stack;
    StudioDomain(sagemaker::Domain) = "AWS::SageMaker::Domain", with_stack;
    Model(sagemaker::Model) = "AWS::SageMaker::Model", with_stack;
    UserProfile(sagemaker::UserProfile) = "AWS::SageMaker::UserProfile", with_stack;
    Schedule(scheduler::Schedule) = "AWS::Scheduler::Schedule", with_stack;
    ScheduleGroup(scheduler::ScheduleGroup) = "AWS::Scheduler::ScheduleGroup", with_stack;
    Topic(sns::Topic) = "AWS::SNS::Topic", with_stack;
    TopicPolicy(sns::TopicPolicy) = "AWS::SNS::TopicPolicy", with_stack;
    TopicSubscription(sns::Subscription) = "AWS::SNS::Subscription", with_stack;
    Parameter(ssm::Parameter) = "AWS::SSM::Parameter", with_stack;
    StateMachine(states::StateMachine) = "AWS::StepFunctions::StateMachine", with_stack;
}

/// A tag on a resource that takes tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceTag {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}
