//! What an entry of a template refers to.

use serde_json::Value;
use std::collections::BTreeSet;

/// Names by kind of section. A name of `resources` may be a parameter or a pseudo parameter as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct References {
    pub(super) names: BTreeSet<String>,
    pub(super) conditions: BTreeSet<String>,
    pub(super) mappings: BTreeSet<String>,
}

impl References {
    /// Everything that an entry refers to, whether a resource, an output or a condition.
    pub(super) fn of(entry: &Value) -> Self {
        let mut found = Self::default();
        found.walk(entry);
        if let Some(condition) = entry["Condition"].as_str() {
            found.conditions.insert(condition.to_owned());
        }
        let depends = &entry["DependsOn"];
        found.names.extend(depends.as_str().map(str::to_owned));
        found.names.extend(depends.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        found
    }

    /// Template nesting is limited by the parser that read it.
    fn walk(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                if let (1, Some((function, argument))) = (fields.len(), fields.iter().next()) {
                    self.function(function, argument);
                }
                fields.values().for_each(|field| self.walk(field));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn function(&mut self, function: &str, argument: &Value) {
        let first = || argument.as_array().and_then(|list| list.first()).and_then(Value::as_str);
        match function {
            "Ref" => self.names.extend(argument.as_str().map(str::to_owned)),
            "Fn::GetAtt" => {
                let of_text = argument.as_str().and_then(|text| text.split('.').next());
                self.names.extend(first().or(of_text).map(str::to_owned));
            }
            "Fn::Sub" => {
                let text = argument.as_str().or_else(first).unwrap_or_default();
                self.names.extend(placeholders(text));
            }
            "Fn::If" => self.conditions.extend(first().map(str::to_owned)),
            "Condition" => self.conditions.extend(argument.as_str().map(str::to_owned)),
            "Fn::FindInMap" => self.mappings.extend(first().map(str::to_owned)),
            _ => {}
        }
    }
}

/// Names in `${..}`, without their attributes; `${!Literal}` is none. A variable of the `Fn::Sub` itself may be among them.
fn placeholders(text: &str) -> Vec<String> {
    let open = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    open.filter(|(name, _)| !name.starts_with('!'))
        .filter_map(|(name, _)| name.split('.').next())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_to_refer_is_found() {
        let entry = json!({"Type": "T", "Condition": "Live", "DependsOn": ["Before"], "Properties": {
            "A": {"Ref": "Parameter"},
            "B": {"Fn::GetAtt": ["Bucket", "Arn"]},
            "C": {"Fn::GetAtt": "Key.Arn"},
            "D": {"Fn::Sub": "arn:${AWS::Partition}:${Role.Arn}:${!Literal}"},
            "E": {"Fn::Sub": ["${Queue}", {"Queue": {"Ref": "Inner"}}]},
            "F": {"Fn::If": ["Large", {"Ref": "Big"}, {"Fn::FindInMap": ["Sizes", "a", "b"]}]},
        }});
        let found = References::of(&entry);
        let names = ["AWS::Partition", "Before", "Big", "Bucket", "Inner", "Key", "Parameter", "Queue", "Role"];
        assert_eq!(found.names, names.map(str::to_owned).into());
        assert_eq!(found.conditions, ["Large".to_owned(), "Live".to_owned()].into());
        assert_eq!(found.mappings, ["Sizes".to_owned()].into());
    }
}
