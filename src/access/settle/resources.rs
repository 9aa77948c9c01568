//! What `Ref` and `Fn::GetAtt` give: pseudo parameters, parameters, and the names and ARNs of resources that can be computed.
//!
//! What each type's `Ref` and `Arn` are: CloudFormation template reference, "Return values" of each resource type. A
//! resource that CloudFormation names itself gets a name that cannot be one, `(<stack>:<logical id>)`: parentheses are in
//! the alphabet of no name of these types, so it is nobody else's, and it says where to look. Of a bucket or a key, whose names
//! are looked up across accounts, it names the stack's owner too.

use super::scope::{Known, Scope};
use crate::assembly::Document;
use serde_json::Value;

impl Scope<'_> {
    fn partition(&self) -> &'static str {
        crate::mesh::Region::parse(&self.document.region).map_or("aws", |region| region.partition())
    }

    pub(super) fn reference(&self, id: &str, level: usize) -> Known {
        let text = |text: &str| Ok(Value::String(text.to_owned()));
        match id {
            "AWS::AccountId" => return text(&self.document.account),
            "AWS::Region" => return text(&self.document.region),
            "AWS::Partition" => return text(self.partition()),
            "AWS::URLSuffix" => {
                return text(if self.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" });
            }
            "AWS::StackName" if self.document.layer.is_some() => return text(self.document.id.name()),
            "AWS::NoValue" => return Ok(Value::Null),
            _ if id.starts_with("AWS::") => return Err(format!("`{id}` is known at deployment only")),
            _ => {}
        }
        if let Some(parameter) = self.document.template["Parameters"].get(id) {
            return self.parameter(id, parameter);
        }
        match self.kind(id) {
            Some("AWS::IAM::ManagedPolicy") => self.attribute(id, "PolicyArn", level).map(Value::String),
            // theirs is account and id together
            Some(kind) => match name_property(kind).filter(|_| !kind.starts_with("AWS::QuickSight::")) {
                Some(pointer) => self.name(id, pointer, level).map(Value::String),
                None if kind == "AWS::KMS::Key" => Ok(Value::String(mark(self.document, kind, id))),
                None => Err(format!("only AWS knows what names `{id}`, a {kind}")),
            },
            None => Err(format!("the template has neither a parameter nor a resource `{id}`")),
        }
    }

    /// The value of a parameter: given, by a wire, or its default.
    fn parameter(&self, id: &str, parameter: &Value) -> Known {
        let kind = parameter["Type"].as_str().unwrap_or("String");
        if parameter["NoEcho"] == true || parameter["NoEcho"] == "true" {
            return Err(format!("the parameter `{id}` is a secret"));
        }
        let wired = || {
            let (_, stack, output) = self.document.wires.iter().find(|(name, _, _)| name == id)?;
            self.shared?.outputs.get(&(stack.clone(), output.clone())).cloned()
        };
        let default = || match &parameter["Default"] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is) => Some(is.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        let given = self.given.and_then(|given| given.get(id).cloned());
        let Some(text) = given.or_else(wired).or_else(default) else {
            return Err(format!("the parameter `{id}` has no default, and no value is given"));
        };
        if kind.starts_with("AWS::SSM::Parameter::Value") {
            return Err(format!("the value of the parameter `{id}` lies in Parameter Store, under `{text}`"));
        }
        if kind == "CommaDelimitedList" || kind.starts_with("List<") {
            return Ok(text.split(',').map(|item| item.trim().to_owned()).collect());
        }
        Ok(Value::String(text))
    }

    fn kind(&self, id: &str) -> Option<&str> {
        self.document.template["Resources"].get(id)?["Type"].as_str()
    }

    /// An attribute that can be computed.
    pub(super) fn attribute(&self, id: &str, attribute: &str, level: usize) -> Result<String, String> {
        let Some(kind) = self.kind(id) else { return Err(format!("the template has no resource `{id}`")) };
        let (partition, account, region) = (self.partition(), &self.document.account, &self.document.region);
        let properties = &self.document.template["Resources"][id]["Properties"];
        let marked = || mark(self.document, kind, id);
        let name = || name_property(kind).map_or_else(|| Ok(marked()), |pointer| self.name(id, pointer, level));
        let path = || match &properties["Path"] {
            Value::Null => Ok("/".to_owned()),
            path => self.text_at(path, level),
        };
        let iam = |what: &str| -> Result<String, String> {
            Ok(format!("arn:{partition}:iam::{account}:{what}{}{}", path()?, name()?))
        };
        let quicksight = |what: &str| -> Result<String, String> {
            Ok(format!("arn:{partition}:quicksight:{region}:{account}:{what}/{}", name()?))
        };
        match (kind, attribute) {
            ("AWS::IAM::Role", "Arn") => iam("role"),
            ("AWS::IAM::User", "Arn") => iam("user"),
            ("AWS::IAM::Group", "Arn") => iam("group"),
            ("AWS::IAM::ManagedPolicy", "PolicyArn") => iam("policy"),
            ("AWS::S3::Bucket", "Arn") => Ok(format!("arn:{partition}:s3:::{}", name()?)),
            ("AWS::KMS::Key", "Arn") => Ok(format!("arn:{partition}:kms:{region}:{account}:key/{}", marked())),
            ("AWS::KMS::Key", "KeyId") => Ok(marked()),
            ("AWS::QuickSight::DataSource", "Arn") => quicksight("datasource"),
            ("AWS::QuickSight::DataSet", "Arn") => quicksight("dataset"),
            ("AWS::SSM::Parameter", "Value") => self.text_at(&properties["Value"], level),
            _ => Err(format!("only AWS knows `{attribute}` of `{id}`, a {kind}")),
        }
    }

    /// The name of a resource; of one that CloudFormation names, the mark.
    fn name(&self, id: &str, pointer: &str, level: usize) -> Result<String, String> {
        let name = self.document.template["Resources"][id]["Properties"].pointer(pointer);
        // a name that rests on what is known at deployment only is as good as none
        Ok(name.and_then(|name| self.text_at(name, level).ok()).unwrap_or_else(|| {
            let kind = self.kind(id).unwrap_or_default();
            mark(self.document, kind, id)
        }))
    }
}

/// The stand-in for the name of a resource that only AWS knows.
pub(in crate::access) fn mark(document: &Document, kind: &str, id: &str) -> String {
    let stack = match kind {
        "AWS::S3::Bucket" | "AWS::KMS::Key" => document.id.to_string(),
        _ => document.id.name().to_owned(),
    };
    format!("({}:{id})", stack.replace('/', ":"))
}

/// Where the name of a type stands that its `Ref` gives.
fn name_property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::IAM::Role" => "/RoleName",
        "AWS::IAM::User" => "/UserName",
        "AWS::IAM::Group" => "/GroupName",
        "AWS::IAM::ManagedPolicy" => "/ManagedPolicyName",
        "AWS::S3::Bucket" => "/BucketName",
        "AWS::KMS::Alias" => "/AliasName",
        "AWS::Glue::Database" => "/DatabaseInput/Name",
        "AWS::Glue::Table" => "/TableInput/Name",
        "AWS::Glue::Crawler" | "AWS::Glue::Job" | "AWS::Athena::WorkGroup" | "AWS::SSM::Parameter" => "/Name",
        "AWS::LakeFormation::Tag" => "/TagKey",
        "AWS::QuickSight::DataSource" => "/DataSourceId",
        "AWS::QuickSight::DataSet" => "/DataSetId",
        _ => return None,
    })
}
