//! CloudFormation's own role: it must hold what the handlers of its account's types call.

use super::policy::{Statement, many};
use crate::access::Spot;
use crate::assembly::{Document, Layer};
use crate::stacks::handler_actions;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The service that works as the role.
const SERVICE: &str = "cloudformation.amazonaws.com";

/// The role of each account, and the types that its stacks hold.
#[derive(Default)]
pub(super) struct Execution {
    roles: BTreeMap<String, (Spot, Vec<Statement>)>,
    types: BTreeMap<String, BTreeSet<String>>,
}

impl Execution {
    pub(super) fn read(&mut self, document: &Document) {
        if document.layer != Some(Layer::Bootstrap) {
            let types = self.types.entry(document.account.clone()).or_default();
            types.extend(document.resources().map(|(_, type_name, _)| type_name.to_owned()));
            return;
        }
        for (id, _, entry) in document.resources().filter(|(_, type_name, _)| *type_name == "AWS::IAM::Role") {
            let properties = &entry["Properties"];
            let trust = many(&properties["AssumeRolePolicyDocument"]["Statement"]);
            if !trust
                .iter()
                .any(|statement| many(&statement["Principal"]["Service"]).iter().any(|name| **name == SERVICE))
            {
                continue;
            }
            let attached = properties["ManagedPolicyArns"].as_array().into_iter().flatten();
            let statements = attached.filter_map(|arn| arn["Ref"].as_str()).flat_map(|policy| {
                let policy: &Value = &document.template["Resources"][policy]["Properties"]["PolicyDocument"];
                Statement::all(document, policy)
            });
            let spot = Spot { stack: document.id.clone(), resource: id.to_owned() };
            self.roles.insert(document.account.clone(), (spot, statements.collect()));
        }
    }

    /// Adds what was read of other templates.
    pub(super) fn append(&mut self, other: Self) {
        self.roles.extend(other.roles);
        for (account, types) in other.types {
            self.types.entry(account).or_default().extend(types);
        }
    }

    /// For each role: the types of its account for which it lacks actions.
    pub(super) fn lacking(&self) -> Vec<(&Spot, &str, Vec<String>)> {
        let mut found = Vec::new();
        let mut needed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (account, (spot, statements)) in &self.roles {
            let held: BTreeSet<&String> = statements.iter().flat_map(Statement::allowed).collect();
            for type_name in self.types.get(account).into_iter().flatten() {
                let needed = needed.entry(type_name).or_insert_with(|| handler_actions(type_name));
                let lacking: Vec<String> = needed.iter().filter(|action| !held.contains(action)).cloned().collect();
                if !lacking.is_empty() {
                    found.push((spot, type_name.as_str(), lacking));
                }
            }
        }
        found
    }
}
