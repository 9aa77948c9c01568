//! Conditions of a template (CloudFormation user guide, "Condition functions").

use super::scope::{MOST_LEVELS, Scope};
use serde_json::Value;

impl Scope<'_> {
    /// Whether a condition of the template holds.
    pub(super) fn condition(&self, name: &str) -> Result<bool, String> {
        self.condition_at(name, 0)
    }

    pub(super) fn condition_at(&self, name: &str, level: usize) -> Result<bool, String> {
        match self.document.template["Conditions"].get(name) {
            Some(condition) => self.holds(condition, level + 1),
            None => Err(format!("the template has no condition `{name}`")),
        }
    }

    fn holds(&self, condition: &Value, level: usize) -> Result<bool, String> {
        if level > MOST_LEVELS {
            return Err("conditions rest on one another in a circle".to_owned());
        }
        let object = condition.as_object().filter(|object| object.len() == 1);
        let Some((function, argument)) = object.and_then(|object| object.iter().next()) else {
            return Err(format!("`{condition}` is no condition"));
        };
        let all = || argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match function.as_str() {
            "Condition" => self.condition_at(argument.as_str().unwrap_or_default(), level + 1),
            "Fn::Equals" => match all() {
                [left, right] => Ok(self.text_at(left, level + 1)? == self.text_at(right, level + 1)?),
                _ => Err("Fn::Equals compares two values".to_owned()),
            },
            "Fn::Not" => match all() {
                [inner] => Ok(!self.holds(inner, level + 1)?),
                _ => Err("Fn::Not has one condition".to_owned()),
            },
            // one known answer can decide, whatever the unknown ones are
            "Fn::And" => self.decided(all(), false, level),
            "Fn::Or" => self.decided(all(), true, level),
            other => Err(format!("`{other}` is no condition")),
        }
    }

    /// The deciding answer if one of some conditions gives it, its opposite if all of them are known.
    fn decided(&self, conditions: &[Value], deciding: bool, level: usize) -> Result<bool, String> {
        let mut unknown = None;
        for condition in conditions {
            match self.holds(condition, level + 1) {
                Ok(answer) if answer == deciding => return Ok(deciding),
                Ok(_) => {}
                Err(why) => unknown = unknown.or(Some(why)),
            }
        }
        unknown.map_or(Ok(!deciding), Err)
    }
}
