//! The text that a value of a template stands for, as far as the templates tell it.
//!
//! What AWS names stands by its stack and its logical id, so that two mentions of one thing are equal texts: names and ARNs by
//! the same marks that [`settle`](crate::access::settle) leaves, so that it is all the same whether it ran before.

use crate::access::settle::mark;
use crate::assembly::{Document, StackId};
use crate::mesh::Region;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Outputs of stacks by which wires are followed.
pub(super) type Outputs = BTreeMap<StackId, BTreeMap<String, Text>>;

/// Outputs may name parameters that are wires again; a chain longer than this leads nowhere.
const LONGEST_CHAIN: u8 = 8;

/// A text, or where it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// It is this.
    Known(String),
    /// It is an output of another stack.
    Wire(StackId, String),
    /// It is put together of these.
    Joined(Vec<Self>),
    /// Only AWS, or whoever deploys, knows it.
    Unknown,
}

impl Text {
    /// The text, once all templates are read.
    pub(super) fn get<'a>(&'a self, outputs: &'a Outputs) -> Option<Cow<'a, str>> {
        self.follow(outputs, LONGEST_CHAIN)
    }

    fn follow<'a>(&'a self, outputs: &'a Outputs, left: u8) -> Option<Cow<'a, str>> {
        match self {
            Self::Known(text) => Some(Cow::Borrowed(text)),
            Self::Wire(stack, output) => outputs.get(stack)?.get(output)?.follow(outputs, left.checked_sub(1)?),
            Self::Joined(parts) => {
                let mut whole = String::new();
                for part in parts {
                    whole.push_str(&part.follow(outputs, left)?);
                }
                Some(Cow::Owned(whole))
            }
            Self::Unknown => None,
        }
    }

    fn join(parts: Vec<Self>) -> Self {
        let mut whole = String::new();
        for part in &parts {
            match part {
                Self::Known(text) => whole.push_str(text),
                Self::Unknown => return Self::Unknown,
                Self::Wire(_, _) | Self::Joined(_) => return Self::Joined(parts),
            }
        }
        Self::Known(whole)
    }
}

/// The partition of a Region.
pub(super) fn partition(region: &str) -> &'static str {
    Region::parse(region).map_or("aws", |region| region.partition())
}

/// One or several, as policies and templates allow.
pub(super) fn many(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => std::slice::from_ref(value),
    }
}

/// Reads the texts of one template.
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document,
}

impl Reader<'_> {
    /// The text of a value; nothing where there is none.
    pub(super) fn optional(&self, value: &Value) -> Option<Text> {
        (!value.is_null()).then(|| self.text(value))
    }

    /// The texts of a list, or of one value.
    pub(super) fn texts(&self, value: &Value) -> Vec<Text> {
        many(value).iter().map(|value| self.text(value)).collect()
    }

    /// The text of a value.
    pub(super) fn text(&self, value: &Value) -> Text {
        match value {
            Value::String(text) => Text::Known(text.clone()),
            Value::Bool(truth) => Text::Known(truth.to_string()),
            Value::Number(number) => Text::Known(number.to_string()),
            Value::Object(object) if object.len() == 1 => {
                let call = object.iter().next().map(|(function, argument)| (function.as_str(), argument));
                match call {
                    Some(("Ref", Value::String(id))) => self.reference(id),
                    Some(("Fn::GetAtt", Value::Array(parts))) => match parts.as_slice() {
                        [Value::String(id), Value::String(attribute)] => self.attribute(id, attribute),
                        _ => Text::Unknown,
                    },
                    Some(("Fn::GetAtt", Value::String(path))) => {
                        path.split_once('.').map_or(Text::Unknown, |(id, attribute)| self.attribute(id, attribute))
                    }
                    Some(("Fn::Sub", Value::String(text))) => self.substituted(text, &Value::Null),
                    Some(("Fn::Sub", Value::Array(parts))) => match parts.as_slice() {
                        [Value::String(text), values] => self.substituted(text, values),
                        _ => Text::Unknown,
                    },
                    Some(("Fn::Join", Value::Array(parts))) => match parts.as_slice() {
                        [Value::String(between), Value::Array(items)] => self.joined(between, items),
                        _ => Text::Unknown,
                    },
                    _ => Text::Unknown,
                }
            }
            Value::Null | Value::Array(_) | Value::Object(_) => Text::Unknown,
        }
    }

    fn joined(&self, between: &str, items: &[Value]) -> Text {
        let mut parts = Vec::new();
        for item in items {
            if !parts.is_empty() {
                parts.push(Text::Known(between.to_owned()));
            }
            parts.push(self.text(item));
        }
        Text::join(parts)
    }

    /// `${Name}` and `${Name.Attribute}` become what they stand for, `${!Text}` stays as `${Text}` (CloudFormation user guide,
    /// "Fn::Sub").
    fn substituted(&self, text: &str, values: &Value) -> Text {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            parts.push(Text::Known(before.to_owned()));
            let Some((name, behind)) = after.split_once('}') else { return Text::Unknown };
            rest = behind;
            parts.push(if let Some(literal) = name.strip_prefix('!') {
                Text::Known(format!("${{{literal}}}"))
            } else if !values[name].is_null() {
                self.text(&values[name])
            } else if let Some((id, attribute)) = name.split_once('.') {
                self.attribute(id, attribute)
            } else {
                self.reference(name)
            });
        }
        parts.push(Text::Known(rest.to_owned()));
        Text::join(parts)
    }

    fn entry(&self, id: &str) -> (&str, &Value) {
        let entry = &self.document.template["Resources"][id];
        (entry["Type"].as_str().unwrap_or_default(), &entry["Properties"])
    }

    /// Stands for the name that AWS gives to a resource.
    pub(super) fn symbol(&self, id: &str) -> String {
        format!("{}/{id}", self.document.id)
    }

    fn arn(&self, service: &str, rest: &str) -> Text {
        let Document { account, region, .. } = self.document;
        Text::Known(format!("arn:{}:{service}:{region}:{account}:{rest}", partition(region)))
    }

    pub(super) fn reference(&self, id: &str) -> Text {
        match id {
            "AWS::AccountId" => return Text::Known(self.document.account.clone()),
            "AWS::Region" => return Text::Known(self.document.region.clone()),
            "AWS::Partition" => return Text::Known(partition(&self.document.region).to_owned()),
            "AWS::StackName" => return Text::Known(self.document.id.name().to_owned()),
            _ => {}
        }
        if let Some((_, stack, output)) = self.document.wires.iter().find(|(name, _, _)| name == id) {
            return Text::Wire(stack.clone(), output.clone());
        }
        let (type_name, properties) = self.entry(id);
        let name = match type_name {
            // a parameter that no stack fills
            "" => return Text::Unknown,
            "AWS::S3::Bucket" => return self.bucket_name(id),
            "AWS::IAM::ManagedPolicy" => return self.policy_arn(id),
            "AWS::KMS::Key" => return Text::Known(mark(self.document, type_name, id)),
            "AWS::IAM::Role" => &properties["RoleName"],
            "AWS::KMS::Alias" => &properties["AliasName"],
            "AWS::Glue::Database" => &properties["DatabaseInput"]["Name"],
            "AWS::Glue::Table" => &properties["TableInput"]["Name"],
            "AWS::Athena::WorkGroup" => &properties["Name"],
            _ => return Text::Known(self.symbol(id)),
        };
        self.name(type_name, id, name)
    }

    pub(super) fn attribute(&self, id: &str, attribute: &str) -> Text {
        let (type_name, _) = self.entry(id);
        let marked = || mark(self.document, type_name, id);
        match (type_name, attribute) {
            ("AWS::IAM::Role", "Arn") => self.role_arn(id),
            ("AWS::S3::Bucket", "Arn") => {
                let start = format!("arn:{}:s3:::", partition(&self.document.region));
                Text::join(vec![Text::Known(start), self.bucket_name(id)])
            }
            ("AWS::KMS::Key", "Arn") => self.arn("kms", &format!("key/{}", marked())),
            ("AWS::KMS::Key", "KeyId") => Text::Known(marked()),
            ("", _) => Text::Unknown,
            _ => Text::Known(format!("{}.{attribute}", self.symbol(id))),
        }
    }

    /// The name of a resource; one that rests on what is known at deployment only is as good as none.
    fn name(&self, type_name: &str, id: &str, name: &Value) -> Text {
        match self.optional(name) {
            None | Some(Text::Unknown) => Text::Known(mark(self.document, type_name, id)),
            Some(name @ (Text::Known(_) | Text::Wire(_, _) | Text::Joined(_))) => name,
        }
    }

    /// A bucket's name.
    pub(super) fn bucket_name(&self, id: &str) -> Text {
        let (type_name, properties) = self.entry(id);
        self.name(type_name, id, &properties["BucketName"])
    }

    /// The ARN of a role with a name.
    pub(super) fn role_arn(&self, id: &str) -> Text {
        let (_, properties) = self.entry(id);
        self.identity_arn("role", id, &properties["RoleName"])
    }

    /// The ARN of a managed policy.
    pub(super) fn policy_arn(&self, id: &str) -> Text {
        let (_, properties) = self.entry(id);
        self.identity_arn("policy", id, &properties["ManagedPolicyName"])
    }

    fn identity_arn(&self, kind: &str, id: &str, name: &Value) -> Text {
        let Document { account, region, .. } = self.document;
        let start = format!("arn:{}:iam::{account}:{kind}", partition(region));
        let (type_name, properties) = self.entry(id);
        let path = self.optional(&properties["Path"]).unwrap_or_else(|| Text::Known("/".to_owned()));
        Text::join(vec![Text::Known(start), path, self.name(type_name, id, name)])
    }
}
