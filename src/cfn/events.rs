//! Amazon EventBridge: buses and rules.

use super::iam::Statement;
use super::{Arn, Name, ResourceTag, Text, Val, iam};
use serde::Serialize;
use std::collections::BTreeMap;

/// `AWS::Events::EventBus`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventBus {
    /// Its name.
    pub name: String,
    /// What it carries.
    pub description: String,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// `AWS::Events::EventBusPolicy`: one statement on who may put events.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EventBusPolicy {
    /// The bus.
    pub event_bus_name: Val<Name<EventBus>>,
    /// Equal to the statement's `Sid`.
    pub statement_id: String,
    /// The statement.
    pub statement: Statement,
}

/// `AWS::Events::Rule`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    /// At most 64 characters.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The bus; `None` for the account's own, on which AWS's services speak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_bus_name: Option<Val<Name<EventBus>>>,
    /// Which events.
    pub event_pattern: Pattern,
    /// Where they go: at most five.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Ownership.
    pub tags: Vec<ResourceTag>,
}

/// Which events a rule takes: all conditions must hold, one of the values of each suffices.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pattern {
    /// Accounts; EventBridge writes the sender's account into the event, so that it cannot be forged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub account: Vec<String>,
    /// Sources.
    pub source: Vec<String>,
    /// Detail types.
    #[serde(rename = "detail-type")]
    pub detail_type: Vec<String>,
    /// Conditions on the detail, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<&'static str, Matches>,
}

/// Conditions on a part of an event's detail.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Matches {
    /// One of them holds.
    Any(Vec<Match>),
    /// Conditions on its parts.
    Parts(BTreeMap<&'static str, Self>),
}

/// A condition on a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Match {
    /// It begins so.
    Prefix(String),
    /// It looks so; `*` stands for anything.
    Wildcard(String),
    /// It is this.
    #[serde(untagged)]
    Equals(String),
}

/// Where a rule sends events.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Target {
    /// Tells the targets of a rule apart.
    pub id: String,
    /// What receives.
    pub arn: Val<Text>,
    /// The role that EventBridge sends as; needed for state machines and for buses of other accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<Val<Arn<iam::Role>>>,
    /// A fixed input in the place of the event, as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// A text made from the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_transformer: Option<InputTransformer>,
}

/// A text made from an event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InputTransformer {
    /// Paths into the event by name.
    pub input_paths_map: BTreeMap<String, String>,
    /// The text, in double quotes, with names in `<..>`.
    pub input_template: String,
}
