//! What roles may do: each action of each role is needed, and its absence is told.

use crate::demo::{documents, resources_mut};
use meshform::assembly::{Document, check};
use serde_json::Value;
use std::collections::BTreeSet;

/// A place of an action: resource, policy, statement, action.
type Place = (String, usize, usize, usize);

/// Every action of the Allow statements of the roles that the mesh makes.
fn actions(document: &Document) -> Vec<(Place, String)> {
    let mut found = Vec::new();
    for (id, type_name, entry) in document.resources() {
        if document.id.name().ends_with("-bootstrap") {
            continue;
        }
        let properties = &entry["Properties"];
        let policies: Vec<&Value> = match type_name {
            "AWS::IAM::Role" => properties["Policies"].as_array().into_iter().flatten().collect(),
            "AWS::IAM::RolePolicy" => vec![properties],
            _ => continue,
        };
        for (policy, document) in policies.into_iter().enumerate() {
            let statements = document["PolicyDocument"]["Statement"].as_array().into_iter().flatten().enumerate();
            for (statement, document) in statements.filter(|(_, statement)| statement["Effect"] == "Allow") {
                for (action, name) in document["Action"].as_array().into_iter().flatten().enumerate() {
                    let name = name.as_str().expect("an action is a text").to_owned();
                    found.push(((id.to_owned(), policy, statement, action), name));
                }
            }
        }
    }
    found
}

#[test]
fn each_action_of_each_role_is_missed() {
    let mut documents = documents();
    assert_eq!(check::check_rights(&documents), []);
    let mut removed = 0;
    let mut unmissed: BTreeSet<String> = BTreeSet::new();
    for index in 0..documents.len() {
        for ((id, policy, statement, action), name) in actions(&documents[index]) {
            let whole = documents[index].template.clone();
            let properties = &mut resources_mut(&mut documents[index])[&id]["Properties"];
            let holder =
                if properties["PolicyDocument"].is_object() { properties } else { &mut properties["Policies"][policy] };
            let entry = &mut holder["PolicyDocument"]["Statement"][statement];
            let sid = entry["Sid"].as_str().expect("a statement has an id").to_owned();
            let Value::Array(actions) = &mut entry["Action"] else { panic!("actions are a list") };
            actions.remove(action);
            if check::check_rights(&documents).is_empty() {
                unmissed.insert(format!("{name} of {id} in {} ({sid})", documents[index].id));
            }
            documents[index].template = whole;
            removed += 1;
        }
    }
    assert_eq!(unmissed, BTreeSet::new());
    assert!(removed > 200, "{removed} actions are too few: the roles have lost theirs");
}

/// CloudFormation's roles: each action that a handler of a type of the account calls is missed. The union of a kind holds
/// more than one account needs, so only what this account has is asked; and what stands in two statements, for two places.
#[test]
fn each_action_of_an_execution_role_is_missed() {
    let mut documents = documents();
    let mut removed = 0;
    for index in 0..documents.len() {
        if !documents[index].id.name().ends_with("-bootstrap") {
            continue;
        }
        let types = documents
            .iter()
            .filter(|other| other.account == documents[index].account && other.id != documents[index].id);
        let types: BTreeSet<String> = types
            .flat_map(|document| document.resources().map(|(_, name, _)| name.to_owned()).collect::<Vec<_>>())
            .collect();
        let needed: BTreeSet<String> =
            types.iter().flat_map(|type_name| meshform::stacks::handler_actions(type_name)).collect();
        let policies: Vec<String> = documents[index]
            .resources()
            .map(|(id, _, _)| id.to_owned())
            .filter(|id| id.starts_with("Execution") && id.ends_with("Policy"))
            .collect();
        let places = |document: &Document, action: &str| {
            let texts = policies.iter().map(|id| document.template["Resources"][id].to_string());
            texts.map(|text| text.matches(&format!("\"{action}\"")).count()).sum::<usize>()
        };
        let single: Vec<&String> = needed.iter().filter(|action| places(&documents[index], action) == 1).collect();
        let single: Vec<String> = single.into_iter().cloned().collect();
        for action in single {
            let whole = documents[index].template.clone();
            for id in &policies {
                let statements =
                    &mut resources_mut(&mut documents[index])[id]["Properties"]["PolicyDocument"]["Statement"];
                for statement in statements.as_array_mut().expect("statements are a list") {
                    let actions = statement["Action"].as_array_mut().expect("actions are a list");
                    actions.retain(|held| *held != action.as_str());
                }
            }
            assert!(!check::check_rights(&documents).is_empty(), "nothing misses {action} in {}", documents[index].id);
            documents[index].template = whole;
            removed += 1;
        }
    }
    assert!(removed > 400, "{removed} actions are too few");
}
