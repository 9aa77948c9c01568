//! What the resources of a template are called: by which names people know them.

use super::references::{self, Reading};
use crate::cfn::schema;
use serde_json::Value;

/// Where a type's name stands when it is not the last part of its primary identifier.
const NAMES: [(&str, &str); 6] = [
    ("AWS::EC2::SecurityGroup", "/GroupName"),
    ("AWS::Glue::Database", "/DatabaseInput/Name"),
    ("AWS::Glue::Table", "/TableInput/Name"),
    ("AWS::IAM::ManagedPolicy", "/ManagedPolicyName"),
    ("AWS::SNS::Topic", "/TopicName"),
    ("AWS::StepFunctions::StateMachine", "/StateMachineName"),
];

/// The longest label.
const LONGEST: usize = 200;

/// A template, asked for names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    template: &'a Value,
}

impl<'a> Names<'a> {
    /// The names of a template.
    pub(super) const fn of(template: &'a Value) -> Self {
        Self { template }
    }

    /// A value as a text: itself, or the name of what it refers to. Logical ids stand in for what only AWS knows.
    pub(super) fn text(&self, value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            Value::Array(items) => items.iter().map(|item| self.text(item)).collect::<Vec<_>>().join(", "),
            Value::Null => String::new(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Object(_) => self.referred(value),
        }
    }

    fn referred(&self, value: &Value) -> String {
        if let Some(Value::String(text)) = value.get("Fn::Sub") {
            return text.clone();
        }
        let mut first = None;
        references::each(value, &mut |reading| match reading {
            Reading::Name(id) | Reading::Attribute(id, _) => {
                first.get_or_insert(id);
            }
            Reading::Condition(_) | Reading::Mapping(_) => {}
        });
        let Some(id) = first else { return "?".to_owned() };
        // a name that refers on is not followed: two of them could refer to one another
        self.name(id).and_then(Value::as_str).unwrap_or(id).to_owned()
    }

    fn name(&self, id: &str) -> Option<&'a Value> {
        let entry = self.template.get("Resources")?.get(id)?;
        entry.get("Properties")?.pointer(name_pointer(entry["Type"].as_str().unwrap_or_default())?)
    }
}

/// Where the name of a type stands in its properties; none where AWS alone gives names.
pub(super) fn name_pointer(resource_type: &str) -> Option<&'static str> {
    if let Some((_, pointer)) = NAMES.iter().find(|(name, _)| *name == resource_type) {
        return Some(pointer);
    }
    let schema = schema::of(resource_type)?;
    let last = schema.primary_identifier().last()?;
    Some(last.as_str()).filter(|last| !schema.attributes().iter().any(|attribute| *attribute == last[1..]))
}

/// A text that is safe in one line: without control characters, and cut.
pub(super) fn tamed(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if clean.chars().count() <= LONGEST {
        return clean;
    }
    clean.chars().take(LONGEST - 2).chain("..".chars()).collect()
}
