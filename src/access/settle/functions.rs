//! Intrinsic functions (CloudFormation user guide, "Intrinsic function reference").

use super::scope::{Known, Scope};
use serde_json::Value;

impl Scope<'_> {
    pub(super) fn function(&self, name: &str, argument: &Value, level: usize) -> Known {
        let items = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, items) {
            ("Ref", _) => match argument.as_str() {
                Some(id) => self.reference(id, level),
                None => Err("Ref names nothing".to_owned()),
            },
            ("Fn::GetAtt", [Value::String(id), attribute]) => {
                let attribute = self.text_at(attribute, level)?;
                self.attribute(id, &attribute, level).map(Value::String)
            }
            ("Fn::GetAtt", []) => match argument.as_str().and_then(|text| text.split_once('.')) {
                Some((id, attribute)) => self.attribute(id, attribute, level).map(Value::String),
                None => Err("Fn::GetAtt names no attribute".to_owned()),
            },
            ("Fn::Sub", []) => self.substituted(argument, &Value::Null, level),
            ("Fn::Sub", [text, values]) => self.substituted(text, values, level),
            ("Fn::Join", [separator, list]) => {
                let separator = self.text_at(separator, level)?;
                let parts = self.list(list, level)?;
                let parts: Result<Vec<String>, String> = parts.iter().map(|part| self.text_at(part, level)).collect();
                Ok(Value::String(parts?.join(&separator)))
            }
            ("Fn::Split", [separator, text]) => {
                let (separator, text) = (self.text_at(separator, level)?, self.text_at(text, level)?);
                if separator.is_empty() {
                    return Err("Fn::Split has an empty separator".to_owned());
                }
                Ok(text.split(separator.as_str()).map(str::to_owned).collect())
            }
            ("Fn::Select", [index, list]) => {
                let index = self.text_at(index, level)?;
                let list = self.list(list, level)?;
                let found = index.parse::<usize>().ok().and_then(|index| list.get(index));
                let found = found.ok_or_else(|| format!("Fn::Select finds no item {index} among {}", list.len()))?;
                self.value(found, level)
            }
            ("Fn::FindInMap", [map, first, second, ..]) => {
                let map = self.text_at(map, level)?;
                let (first, second) = (self.text_at(first, level)?, self.text_at(second, level)?);
                let found = self.document.template["Mappings"].get(&map).and_then(|map| map.get(&first)?.get(&second));
                found.cloned().ok_or_else(|| format!("the mapping `{map}` has no `{first}.{second}`"))
            }
            ("Fn::If", [Value::String(condition), yes, no]) => {
                let chosen = if self.condition_at(condition, level)? { yes } else { no };
                self.value(chosen, level)
            }
            ("Fn::ImportValue", _) => {
                let name = self.text_at(argument, level)?;
                let key = (self.document.account.clone(), self.document.region.clone(), name);
                let found = self.shared.and_then(|shared| shared.exports.get(&key));
                found.cloned().map(Value::String).ok_or_else(|| {
                    format!("no template here exports `{}` in account {} and Region {}", key.2, key.0, key.1)
                })
            }
            (other, _) => Err(format!("`{other}` is not evaluated")),
        }
    }

    /// The text of `Fn::Sub`: `${Name}`, `${Name.Attribute}`, and `${!Literal}` for a text `${Literal}`.
    fn substituted(&self, text: &Value, values: &Value, level: usize) -> Known {
        let Some(text) = text.as_str() else { return Err("Fn::Sub has no text".to_owned()) };
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(format!("`{text}` opens a `${{` and never closes it"));
            };
            rest = after;
            let name = name.trim();
            if let Some(literal) = name.strip_prefix('!') {
                filled.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = values.get(name) {
                filled.push_str(&self.text_at(value, level)?);
            } else if let Some((id, attribute)) = name.split_once('.') {
                filled.push_str(&self.attribute(id, attribute, level)?);
            } else {
                filled.push_str(&self.text_at(&self.reference(name, level)?, level)?);
            }
        }
        filled.push_str(rest);
        Ok(Value::String(filled))
    }
}
