//! One template with all that can be known of its values.

use super::Shared;
use crate::assembly::Document;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Levels of values that rest on values; a template whose names rest on one another in a circle ends here.
pub(super) const MOST_LEVELS: usize = 64;

/// A template, the values of its parameters, and what other templates say to it.
#[derive(Clone, Copy)]
pub(in crate::access) struct Scope<'a> {
    pub(in crate::access) document: &'a Document,
    pub(super) given: Option<&'a BTreeMap<String, String>>,
    pub(super) shared: Option<&'a Shared>,
}

/// What a value stands for, or why nobody but AWS knows.
pub(super) type Known = Result<Value, String>;

impl<'a> Scope<'a> {
    /// A template by itself.
    pub(in crate::access) const fn of(document: &'a Document) -> Self {
        Self { document, given: None, shared: None }
    }

    /// The text that a value stands for.
    pub(in crate::access) fn text(&self, value: &Value) -> Result<String, String> {
        self.text_at(value, 0)
    }

    pub(super) fn text_at(&self, value: &Value, level: usize) -> Result<String, String> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Null => Err("it is empty".to_owned()),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => match self.value(value, level)? {
                Value::String(text) => Ok(text),
                Value::Bool(is) => Ok(is.to_string()),
                Value::Number(number) => Ok(number.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => Err("it is no text".to_owned()),
            },
        }
    }

    /// The items of a list.
    pub(super) fn list(&self, value: &Value, level: usize) -> Result<Vec<Value>, String> {
        match self.value(value, level)? {
            Value::Array(items) => Ok(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                Err("it is no list".to_owned())
            }
        }
    }

    /// What a value stands for, as far as its outermost level goes.
    pub(super) fn value(&self, value: &Value, level: usize) -> Known {
        if level > MOST_LEVELS {
            return Err("values rest on one another in a circle".to_owned());
        }
        match function(value) {
            Some((name, argument)) => self.function(name, argument, level + 1),
            None => Ok(value.clone()),
        }
    }

    /// The resources that are made, with their values settled as deep as they go.
    pub(super) fn resources(&self, unknown: &mut Vec<String>) -> Map<String, Value> {
        let mut settled = Map::new();
        let resources = self.document.template["Resources"].as_object().into_iter().flatten();
        for (id, entry) in resources {
            if id.starts_with("Fn::") {
                unknown
                    .push(format!("{}/{id} Resources: the loop is written out when it is deployed", self.document.id));
                continue;
            }
            if let Some(condition) = entry["Condition"].as_str() {
                match self.condition(condition) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    // sight is told rather than left out
                    Err(why) => unknown.push(format!(
                        "{}/{id} Condition: {why}; it is read as if the resource were made",
                        self.document.id
                    )),
                }
            }
            let mut entry = entry.clone();
            if let Some(properties) = entry.get_mut("Properties") {
                *properties = self.deep(properties, 0).unwrap_or(Value::Null);
            }
            settled.insert(id.clone(), entry);
        }
        settled
    }

    /// A value with every intrinsic in it settled that can be; nothing for `AWS::NoValue`.
    fn deep(&self, value: &Value, level: usize) -> Option<Value> {
        if level > MOST_LEVELS {
            return Some(value.clone());
        }
        if function(value).is_some_and(|(name, argument)| name == "Ref" && argument == "AWS::NoValue") {
            return None;
        }
        if function(value).is_some() {
            return match self.value(value, level) {
                // a branch of an If that is `AWS::NoValue`
                Ok(Value::Null) => None,
                // what it stands for may hold further intrinsics: a branch of an If
                Ok(known) if known != *value => self.deep(&known, level + 1),
                Ok(_) | Err(_) => Some(value.clone()),
            };
        }
        Some(match value {
            Value::Object(object) => Value::Object(
                object.iter().filter_map(|(key, value)| Some((key.clone(), self.deep(value, level + 1)?))).collect(),
            ),
            Value::Array(items) => items.iter().filter_map(|item| self.deep(item, level + 1)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        })
    }
}

/// The intrinsic function that a value is, with its argument.
pub(super) fn function(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}
