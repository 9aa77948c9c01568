//! What an assembly says that another version of meshform wrote: only what a comparison needs is asked for.

use super::{Document, Layer, StackId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The documents of an assembly's files, by their path below its directory; and what had to be left out.
///
/// # Errors
/// Why there is nothing to read.
pub fn committed(files: &BTreeMap<String, String>) -> Result<(Vec<Document>, Vec<String>), String> {
    let manifest = files.get("manifest.json").ok_or("there is no manifest.json")?;
    let manifest: Value =
        serde_json::from_str(manifest).map_err(|error| format!("manifest.json is no JSON: {error}"))?;
    let entries = manifest["stacks"].as_array().ok_or("manifest.json names no stacks")?;
    let (mut documents, mut left_out) = (BTreeMap::new(), Vec::new());
    for entry in entries {
        match document(entry, files) {
            Ok(document) => drop(documents.insert(document.id.clone(), document)),
            Err(reason) => left_out.push(reason),
        }
    }
    match documents.is_empty() && !left_out.is_empty() {
        true => Err(left_out.swap_remove(0)),
        false => Ok((documents.into_values().collect(), left_out)),
    }
}

fn document(entry: &Value, files: &BTreeMap<String, String>) -> Result<Document, String> {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let id = StackId::try_from(text("id"))?;
    let path = format!("{id}.template.json");
    let template = files.get(&path).ok_or_else(|| format!("{path} is not there"))?;
    let template: Value = serde_json::from_str(template).map_err(|error| format!("{path} is no JSON: {error}"))?;
    let stack = |value: &Value| value["stack"].as_str().and_then(|id| StackId::try_from(id.to_owned()).ok());
    let parameters = entry["parameters"].as_object().into_iter().flatten();
    let wires: BTreeSet<_> = parameters
        .filter_map(|(name, value)| Some((name.clone(), stack(value)?, value["output"].as_str()?.to_owned())))
        .collect();
    let after = entry["after"].as_array().into_iter().flatten().filter_map(stack);
    Ok(Document {
        needs: after.chain(wires.iter().map(|(_, stack, _)| stack.clone())).collect(),
        id,
        account: text("account"),
        region: text("region"),
        layer: serde_json::from_value::<Layer>(entry["layer"].clone()).ok(),
        template: template.into(),
        wires,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn files(manifest: &Value, templates: &[(&str, &str)]) -> BTreeMap<String, String> {
        let templates = templates.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        templates.chain([("manifest.json".to_owned(), manifest.to_string())]).collect()
    }

    #[test]
    fn a_manifest_of_another_version_is_read_as_far_as_it_goes() {
        let manifest = json!({"version": 0, "colour": "blue", "stacks": [
            {"id": "sales/a", "account": "111111111111", "region": "eu-west-1", "layer": "storage"},
            {"id": "sales/b", "account": "111111111111", "region": "eu-west-1", "layer": "attic",
                "parameters": {"Key": {"stack": "sales/a", "output": "KeyArn"}, "Colour": "blue"}},
            {"id": "../../etc", "account": "1"},
            {"id": "sales/missing"},
            {"id": "sales/broken"},
        ]});
        let templates =
            [("sales/a.template.json", "{}"), ("sales/b.template.json", "{}"), ("sales/broken.template.json", "{")];
        let (documents, left_out) = committed(&files(&manifest, &templates)).expect("two can be read");
        let told: Vec<_> = documents
            .iter()
            .map(|found| (found.id.to_string(), found.layer, found.wires.len(), found.needs.len()))
            .collect();
        assert_eq!(told, [("sales/a".to_owned(), Some(Layer::Storage), 0, 0), ("sales/b".to_owned(), None, 1, 1)]);
        assert_eq!(left_out.len(), 3, "{left_out:?}");
    }

    #[test]
    fn nothing_to_read_is_said() {
        assert_eq!(committed(&BTreeMap::new()).map(|_| ()), Err("there is no manifest.json".to_owned()));
        assert!(committed(&files(&json!({"stacks": [{"id": "sales/a"}]}), &[])).is_err());
        assert!(committed(&files(&json!([]), &[])).is_err());
        assert_eq!(committed(&files(&json!({"stacks": []}), &[])).map(|found| found.0.len()), Ok(0));
    }
}
