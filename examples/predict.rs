//! Reads mutations of templates and prints what `plan::diff` predicts, one JSON line each: our side of `make impact`.
//!
//! Standard input, one JSON value a line: `{"template": {..}}` begins a template, `{"id", "logicalId", "entry"}` is one
//! mutation of it: the resource's entry as it would be.

#![expect(clippy::print_stdout, reason = "a program for `make impact`, whose output is its answer")]

use meshform::assembly::{Document, StackId};
use meshform::plan::diff;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::BufRead as _;

fn document(template: Value) -> Document {
    Document {
        id: StackId::new("owner", "stack"),
        account: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        layer: None,
        template: template.into(),
        needs: BTreeSet::new(),
        wires: BTreeSet::new(),
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut base = vec![document(Value::Null)];
    let mut head = base.clone();
    for line in std::io::stdin().lock().lines() {
        let mut line: Value = serde_json::from_str(&line?)?;
        if let Some(template) = line.get_mut("template") {
            base = vec![document(template.take())];
            head = base.clone();
            continue;
        }
        let id = line["logicalId"].as_str().unwrap_or_default().to_owned();
        let before = std::mem::replace(&mut head[0].template_mut()["Resources"][&id], line["entry"].take());
        let stacks = diff::stacks(&base, &head);
        let impacts: serde_json::Map<String, Value> = stacks
            .iter()
            .flat_map(|stack| &stack.resources)
            .map(|change| Ok((change.logical_id.clone(), serde_json::to_value(change.predicted)?)))
            .collect::<Result<_, serde_json::Error>>()?;
        println!("{}", json!({"id": line["id"], "impacts": impacts}));
        head[0].template_mut()["Resources"][&id] = before;
    }
    Ok(())
}
