//! IAM: policy documents and roles.

use super::{Arn, Name, ResourceTag, Text, Val};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// `AWS::IAM::Role`. Its name is always given, so that other accounts can name it before it exists.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// At most 64 characters.
    pub role_name: String,
    /// `/<mesh>/` for what the execution role makes, `/` for what bootstrap makes.
    pub path: String,
    /// What it is for.
    pub description: String,
    /// Who may assume it.
    pub assume_role_policy_document: PolicyDocument,
    /// The ceiling of what it may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<Val<Arn<ManagedPolicy>>>,
    /// Policies kept apart because of their size.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub managed_policy_arns: Vec<Val<Arn<ManagedPolicy>>>,
    /// What it may do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<InlinePolicy>,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// A policy inside a role.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InlinePolicy {
    /// Its name in the role.
    pub policy_name: String,
    /// The policy.
    pub policy_document: PolicyDocument,
}

/// `AWS::IAM::RolePolicy`: an inline policy of a role that stands already, for what names things that need the role first.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RolePolicy {
    /// Its name in the role.
    pub policy_name: String,
    /// The role.
    pub role_name: Val<Name<Role>>,
    /// The policy.
    pub policy_document: PolicyDocument,
}

/// `AWS::IAM::ManagedPolicy`. Its `Ref` is its ARN (CloudFormation user guide, return values).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicy {
    /// Its name.
    pub managed_policy_name: String,
    /// Its path.
    pub path: String,
    /// What it is for.
    pub description: String,
    /// The policy; at most 6,144 characters without white space (IAM quotas).
    pub policy_document: PolicyDocument,
}

/// A policy document of the language's version 2012-10-17.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    version: &'static str,
    /// The statements.
    pub statement: Vec<Statement>,
}

impl PolicyDocument {
    /// A document of these statements.
    #[must_use]
    pub fn new(statement: impl IntoIterator<Item = Statement>) -> Self {
        Self { version: "2012-10-17", statement: statement.into_iter().collect() }
    }
}

/// Allow or Deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// Allows.
    Allow,
    /// Denies, whatever else allows.
    Deny,
}

/// Who a statement of a resource's policy or a trust policy speaks of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub enum Principal {
    /// Root of accounts, by ARN. A role is never named here: it may not exist yet, and then AWS refuses the policy.
    #[serde(rename = "AWS")]
    Accounts(Vec<String>),
    /// Services, by their DNS name.
    Service(Vec<String>),
    /// Everyone: for denials only.
    #[serde(untagged)]
    Everyone(&'static str),
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    sid: String,
    effect: Effect,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Principal>,
    action: BTreeSet<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource: Vec<Val<Text>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<String, BTreeMap<String, Vec<Val<Text>>>>,
}

impl Statement {
    /// Allows actions, under a statement id of letters and digits.
    #[must_use]
    pub fn allow<A: Into<String>>(sid: &str, actions: impl IntoIterator<Item = A>) -> Self {
        Self::new(Effect::Allow, sid, actions)
    }

    /// Denies actions.
    #[must_use]
    pub fn deny<A: Into<String>>(sid: &str, actions: impl IntoIterator<Item = A>) -> Self {
        Self::new(Effect::Deny, sid, actions)
    }

    fn new<A: Into<String>>(effect: Effect, sid: &str, actions: impl IntoIterator<Item = A>) -> Self {
        Self {
            sid: sid.to_owned(),
            effect,
            principal: None,
            action: actions.into_iter().map(Into::into).collect(),
            resource: Vec::new(),
            condition: BTreeMap::new(),
        }
    }

    /// What is left of it with these actions alone; none when it denies, or nothing is left.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Option<Self> {
        let Self { sid, effect, principal, action, resource, condition } = self;
        let action: BTreeSet<String> = action.iter().filter(|action| keep(action)).cloned().collect();
        (*effect == Effect::Allow && !action.is_empty()).then(|| Self {
            sid: sid.clone(),
            effect: *effect,
            principal: principal.clone(),
            action,
            resource: resource.clone(),
            condition: condition.clone(),
        })
    }

    /// On resources named by text.
    #[must_use]
    pub fn on<R: Into<String>>(mut self, resources: impl IntoIterator<Item = R>) -> Self {
        self.resource.extend(resources.into_iter().map(|resource| Val::literal(resource)));
        self
    }

    /// On a resource whose name AWS makes.
    #[must_use]
    pub fn on_value<T>(mut self, resource: &Val<T>) -> Self {
        self.resource.push(resource.text());
        self
    }

    /// For a principal.
    #[must_use]
    pub fn by(mut self, principal: Principal) -> Self {
        self.principal = Some(principal);
        self
    }

    /// Under a condition: operator, key, values.
    #[must_use]
    pub fn when<V: Into<String>>(mut self, operator: &str, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        self.condition
            .entry(operator.to_owned())
            .or_default()
            .insert(key.to_owned(), values.into_iter().map(|value| Val::literal(value)).collect());
        self
    }

    /// Under a condition on a value that AWS makes: operator, key, value.
    #[must_use]
    pub fn when_value<T>(mut self, operator: &str, key: &str, value: &Val<T>) -> Self {
        self.condition.entry(operator.to_owned()).or_default().insert(key.to_owned(), vec![value.text()]);
        self
    }
}
