//! Amazon SageMaker: Studio, and models that predict in batches.

use super::ec2::{SecurityGroup, Subnet, Vpc};
use super::iam::Role;
use super::{Arn, Handle, Name, ResourceTag, Val, kms};
use serde::Serialize;

/// `AWS::SageMaker::Domain` of Studio that reaches nothing but its own network, and whose idle applications are shut down.
///
/// Its `Ref` is its id.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Domain {
    app_network_access_type: &'static str,
    auth_mode: &'static str,
    default_user_settings: UserSettings,
    domain_name: String,
    kms_key_id: Val<Arn<kms::Key>>,
    subnet_ids: Vec<Val<Name<Subnet>>>,
    tag_propagation: &'static str,
    tags: Vec<ResourceTag>,
    vpc_id: Val<Name<Vpc>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserSettings {
    code_editor_app_settings: AppSettings,
    execution_role: Val<Arn<Role>>,
    jupyter_lab_app_settings: AppSettings,
    security_groups: Vec<Val<Name<SecurityGroup>>>,
    sharing_settings: SharingSettings,
    space_storage_settings: SpaceStorageSettings,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AppSettings {
    app_lifecycle_management: AppLifecycleManagement,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AppLifecycleManagement {
    idle_settings: IdleSettings,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct IdleSettings {
    idle_timeout_in_minutes: u32,
    lifecycle_management: &'static str,
    max_idle_timeout_in_minutes: u32,
    min_idle_timeout_in_minutes: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SharingSettings {
    notebook_output_option: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct SpaceStorageSettings {
    default_ebs_storage_settings: EbsStorageSettings,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EbsStorageSettings {
    default_ebs_volume_size_in_gb: u32,
    maximum_ebs_volume_size_in_gb: u32,
}

/// Where something of SageMaker stands in a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The network.
    pub vpc: Val<Name<Vpc>>,
    /// Its subnets.
    pub subnets: Vec<Val<Name<Subnet>>>,
    /// The group of what stands there.
    pub group: Val<Name<SecurityGroup>>,
}

/// What a space of Studio may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// An application without work is shut down after so many minutes; at least 60 by the schema.
    pub idle_minutes: u32,
    /// The longest that a person may set.
    pub most_idle_minutes: u32,
    /// Size of a new space's disk.
    pub gigabytes: u32,
    /// The largest that a person may ask for.
    pub most_gigabytes: u32,
}

impl Domain {
    /// A Domain in a network, of one role for all its people.
    #[must_use]
    pub fn inside(
        domain_name: String,
        execution_role: Val<Arn<Role>>,
        kms_key_id: Val<Arn<kms::Key>>,
        standing: Standing,
        limits: Limits,
        tags: Vec<ResourceTag>,
    ) -> Self {
        let application = || AppSettings {
            app_lifecycle_management: AppLifecycleManagement {
                idle_settings: IdleSettings {
                    idle_timeout_in_minutes: limits.idle_minutes,
                    lifecycle_management: "ENABLED",
                    max_idle_timeout_in_minutes: limits.most_idle_minutes,
                    min_idle_timeout_in_minutes: limits.idle_minutes,
                },
            },
        };
        Self {
            app_network_access_type: "VpcOnly",
            auth_mode: "IAM",
            default_user_settings: UserSettings {
                code_editor_app_settings: application(),
                execution_role,
                jupyter_lab_app_settings: application(),
                security_groups: vec![standing.group],
                // sharing would put outputs of notebooks into a bucket
                sharing_settings: SharingSettings { notebook_output_option: "Disabled" },
                space_storage_settings: SpaceStorageSettings {
                    default_ebs_storage_settings: EbsStorageSettings {
                        default_ebs_volume_size_in_gb: limits.gigabytes,
                        maximum_ebs_volume_size_in_gb: limits.most_gigabytes,
                    },
                },
            },
            domain_name,
            kms_key_id,
            subnet_ids: standing.subnets,
            tag_propagation: "ENABLED",
            tags,
            vpc_id: standing.vpc,
        }
    }
}

/// `AWS::SageMaker::UserProfile`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserProfile {
    /// `Ref` of the Domain.
    pub domain_id: Val<Name<Domain>>,
    /// Its name in the Domain.
    pub user_profile_name: String,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// `AWS::SageMaker::Model` of a model package. Every property is create-only, so it has no name: a new one can be made
/// before the old one goes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Model {
    containers: Vec<Container>,
    enable_network_isolation: bool,
    execution_role_arn: Val<Arn<Role>>,
    tags: Vec<ResourceTag>,
    vpc_config: VpcConfig,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    model_package_name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VpcConfig {
    security_group_ids: Vec<Val<Name<SecurityGroup>>>,
    subnets: Vec<Val<Name<Subnet>>>,
}

impl Model {
    /// A model of a package, whose container reaches nothing; SageMaker itself reaches S3 from the subnets.
    #[must_use]
    pub fn isolated(
        package: String,
        role: Val<Arn<Role>>,
        (subnets, group): (Vec<Val<Name<Subnet>>>, Val<Name<SecurityGroup>>),
        tags: Vec<ResourceTag>,
    ) -> Self {
        Self {
            containers: vec![Container { model_package_name: package }],
            enable_network_isolation: true,
            execution_role_arn: role,
            tags,
            vpc_config: VpcConfig { security_group_ids: vec![group], subnets },
        }
    }
}

impl Handle<Model> {
    /// The name that SageMaker made.
    #[must_use]
    pub fn model_name(&self) -> Val<Name<Model>> {
        Val::attribute(self.id(), "ModelName")
    }
}
