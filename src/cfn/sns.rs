//! Amazon SNS.

use super::iam::PolicyDocument;
use super::{Arn, Name, ResourceTag, Val, kms};
use serde::Serialize;

/// `AWS::SNS::Topic`. Its `Ref` is its ARN (CloudFormation user guide, return values).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Topic {
    /// Its name.
    pub topic_name: String,
    /// Encrypts messages at rest. The services that publish must be in its key policy.
    pub kms_master_key_id: Val<Name<kms::Key>>,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// `AWS::SNS::TopicPolicy`: who may publish.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TopicPolicy {
    /// The topic.
    pub topics: [Val<Arn<Topic>>; 1],
    /// The policy.
    pub policy_document: PolicyDocument,
}

/// `AWS::SNS::Subscription` by e-mail: nothing arrives until the receiver confirms.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscription {
    /// The topic.
    pub topic_arn: Val<Arn<Topic>>,
    protocol: &'static str,
    endpoint: String,
}

impl Subscription {
    /// Mails what is published.
    #[must_use]
    pub fn email(topic_arn: Val<Arn<Topic>>, address: &str) -> Self {
        Self { topic_arn, protocol: "email", endpoint: address.to_owned() }
    }
}
