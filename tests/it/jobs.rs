//! Jobs: what is staged is what the role sees and nothing else, and a machine that is read by people.

use crate::demo::documents;
use meshform::access::{Facts, evaluate};
use meshform::assembly::Document;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Machines of the demo with the role that they work as.
pub(crate) fn machines(documents: &[Document]) -> BTreeMap<String, Value> {
    let resources = documents.iter().flat_map(Document::resources);
    let machines = resources.filter(|(_, type_name, _)| *type_name == "AWS::StepFunctions::StateMachine");
    machines
        .map(|(_, _, entry)| {
            let properties = entry["Properties"].clone();
            (properties["StateMachineName"].as_str().expect("a machine has a name").to_owned(), properties)
        })
        .collect()
}

/// Every text below a value that stands under a key.
pub(crate) fn texts<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if name == key {
                    found.extend(value.as_str());
                }
                texts(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, key, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What stands in double quotes, in order.
pub(crate) fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

#[test]
fn each_copy_names_the_columns_that_the_role_sees_and_no_others() {
    let documents = documents();
    let access = evaluate(&Facts::of(&documents));
    let mut copies = 0;
    for (name, machine) in machines(&documents).iter().filter(|(name, _)| name.starts_with("demo-job-")) {
        let role = machine["RoleArn"].as_str().expect("a computed name");
        let principal = access.principals.iter().find(|principal| principal.principal == role);
        let principal = principal.unwrap_or_else(|| panic!("{role} is no principal"));
        let mut seen: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for table in &principal.tables {
            let columns = table.columns.iter().filter(|column| column.visible).map(|column| column.name.as_str());
            seen.insert((&table.database, &table.table), columns.collect());
        }
        let mut queries = Vec::new();
        texts(machine, "QueryString.$", &mut queries);
        let mut staged: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for query in queries {
            assert!(!query.contains('*') && query.contains("UNLOAD (SELECT \""), "{query}");
            let names = quoted(query);
            let [columns @ .., database, table] = names.as_slice() else { panic!("{query} names nothing") };
            staged.insert((database, table), columns.iter().copied().collect());
            copies += 1;
        }
        assert_eq!(staged, seen, "{name}");
    }
    assert_eq!(copies, 6);
}

#[test]
fn every_machine_ends_and_every_state_is_reached() {
    fn check(definition: &Value, names: &mut BTreeSet<String>, name: &str) {
        let states = definition["States"].as_object().expect("there are states");
        let mut reached = BTreeSet::from([definition["StartAt"].as_str().expect("there is a first one")]);
        for (id, state) in states {
            assert!(names.insert(id.clone()), "{name}: two states are called {id}");
            assert!(id.len() <= 80, "{id}");
            for key in ["Next", "Default"] {
                reached.extend(state[key].as_str());
            }
            for list in ["Choices", "Catch"] {
                let items = state[list].as_array().into_iter().flatten();
                reached.extend(items.filter_map(|item| item["Next"].as_str()));
            }
            for branch in state["Branches"].as_array().into_iter().flatten() {
                check(branch, names, name);
            }
        }
        assert_eq!(reached, states.keys().map(String::as_str).collect(), "{name}");
    }
    let machines = machines(&documents());
    assert!(machines.len() >= 5, "{}", machines.len());
    for (name, machine) in machines {
        check(&machine["Definition"], &mut BTreeSet::new(), &name);
    }
}

#[test]
fn the_machine_of_the_composite_product_is_as_it_was_read() {
    let machines = machines(&documents());
    insta::assert_json_snapshot!("machine-of-customer-360", machines["demo-job-customer-customer-360"]);
}
