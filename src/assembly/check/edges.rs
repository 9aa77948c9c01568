//! The order of stacks: whatever a grant, a tag or a link speaks of stands in a stack that its own stack waits for.
//!
//! What comes into sight only some time after it is made (a share, a new role, a tag on a database) is waited for by an edge
//! of its own, since only such an edge carries the probe: to stand earlier by way of other stacks is not enough.

use super::Checker;
use super::crawlers::Index;
use super::graph::stuck;
use super::uses::Uses;
use crate::access::{Facts, GrantedFact, Spot};
use crate::assembly::{Document, StackId};
use crate::finding::Code;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What stacks wait for, and which values cross between them.
#[derive(Default)]
pub(super) struct Edges {
    needs: BTreeMap<StackId, BTreeSet<StackId>>,
    outputs: BTreeMap<StackId, BTreeSet<String>>,
    parameters: BTreeMap<StackId, BTreeSet<String>>,
    wires: BTreeMap<StackId, BTreeSet<(String, StackId, String)>>,
}

impl Edges {
    pub(super) fn read(&mut self, document: &Document) {
        let names = |section: &str| match &document.template[section] {
            Value::Object(object) => object.keys().cloned().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => BTreeSet::new(),
        };
        self.needs.insert(document.id.clone(), document.needs.clone());
        self.outputs.insert(document.id.clone(), names("Outputs"));
        self.parameters.insert(document.id.clone(), names("Parameters"));
        self.wires.insert(document.id.clone(), document.wires.clone());
    }

    /// Adds what was read of other templates.
    pub(super) fn append(&mut self, other: Self) {
        let Self { needs, outputs, parameters, wires } = other;
        self.needs.extend(needs);
        self.outputs.extend(outputs);
        self.parameters.extend(parameters);
        self.wires.extend(wires);
    }

    pub(super) fn check(&self, checker: &mut Checker<'_>, facts: &Facts, uses: &Uses, index: &Index<'_>) {
        self.values(checker);
        if let [first, others @ ..] = stuck(&self.needs).as_slice() {
            let message = format!("the stack and {} more wait for one another", others.len());
            checker.find(Code::CircularDependency, first, first.name(), message);
        }
        let mut order = Order { edges: self, reached: BTreeMap::new() };
        let tags: BTreeMap<(&str, &str), &Spot> =
            facts.tags.iter().map(|tag| ((tag.catalog.as_str(), tag.key.as_str()), &tag.spot)).collect();
        let settings: BTreeMap<&str, &Spot> =
            facts.settings.iter().map(|settings| (settings.account.as_str(), &settings.spot)).collect();
        let mut databases: BTreeMap<(&str, &str, &str), Vec<&Spot>> = BTreeMap::new();
        for association in &facts.associations {
            for key in association.tags.keys() {
                order.after(
                    checker,
                    &association.spot,
                    tags.get(&(association.target.catalog.as_str(), key)).copied(),
                    "the tag",
                );
            }
            order.after(
                checker,
                &association.spot,
                settings.get(association.target.catalog.as_str()).copied(),
                "the settings",
            );
            if association.target.table.is_none() {
                for (key, value) in
                    association.tags.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
                {
                    databases.entry((&association.target.catalog, key, value)).or_default().push(&association.spot);
                }
            }
        }
        uses.check(checker, &order, &facts.grants);
        let roles: BTreeMap<&str, &Spot> = facts.roles.iter().map(|role| (role.arn.as_str(), &role.spot)).collect();
        let mut received: BTreeMap<(&str, &GrantedFact), &Spot> = BTreeMap::new();
        for grant in &facts.grants {
            if let Some(principal) = &grant.principal {
                received.insert((principal, &grant.granted), &grant.spot);
            }
        }
        for crawler in &facts.crawlers {
            for grant in index.needs(crawler).iter().filter_map(|need| index.held(crawler, need)) {
                order.directly(checker, &crawler.spot, Some(&grant.spot), "a grant of its role");
            }
        }
        for grant in &facts.grants {
            order.after(
                checker,
                &grant.spot,
                settings.get(grant.account.as_str()).copied(),
                "the settings of its account",
            );
            let role = grant.principal.as_ref().and_then(|principal| roles.get(principal.as_str()));
            order.directly(checker, &grant.spot, role.copied(), "the role that it is for");
            let GrantedFact::Expression { catalog, conditions, tables: _ } = &grant.granted else { continue };
            if *catalog != grant.account {
                // the database is seen through the share, and the share's own grant waits for the database
                let shared = received.get(&(grant.account.as_str(), &grant.granted));
                order.directly(checker, &grant.spot, shared.copied(), "the grant that its account received");
                continue;
            }
            for (key, value) in conditions.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
            {
                for database in databases.get(&(catalog.as_str(), key, value)).into_iter().flatten() {
                    order.directly(checker, &grant.spot, Some(database), "the database that carries the tag");
                }
            }
        }
    }

    /// Every parameter is filled, by an output that its stack has.
    fn values(&self, checker: &mut Checker<'_>) {
        for (stack, parameters) in &self.parameters {
            let wires = &self.wires[stack];
            for (parameter, producer, output) in wires {
                let problem = match self.outputs.get(producer) {
                    None => format!("`{parameter}` comes from {producer}, which is no stack"),
                    Some(outputs) if !outputs.contains(output) => {
                        format!("`{parameter}` is the output `{output}` of {producer}, which has none of that name")
                    }
                    Some(_) if !parameters.contains(parameter) => {
                        format!("`{parameter}` is filled, but the template has no such parameter")
                    }
                    Some(_) => continue,
                };
                checker.find(Code::UnknownReference, stack, parameter, problem);
            }
            for parameter in parameters.iter().filter(|parameter| !wires.iter().any(|(name, _, _)| name == *parameter))
            {
                checker.find(
                    Code::UnknownReference,
                    stack,
                    parameter,
                    format!("nothing fills the parameter `{parameter}`"),
                );
            }
        }
    }
}

/// Which stacks always stand before a stack, computed once for each.
pub(super) struct Order<'a> {
    edges: &'a Edges,
    reached: BTreeMap<&'a StackId, BTreeSet<&'a StackId>>,
}

impl<'a> Order<'a> {
    fn after(&mut self, checker: &mut Checker<'_>, then: &Spot, first: Option<&Spot>, what: &str) {
        let Some(first) = first else { return };
        if then.stack == first.stack || self.reaches(&then.stack, &first.stack) {
            return;
        }
        let message = format!("its stack does not wait for {} ({what}, {})", first.stack, first.resource);
        checker.find_at(Code::GrantBeforeTarget, then, message);
    }

    /// As [`Self::after`], by an edge between the two stacks themselves.
    fn directly(&self, checker: &mut Checker<'_>, then: &Spot, first: Option<&Spot>, what: &str) {
        if let Some(first) = first {
            self.waits(checker, Code::GrantBeforeTarget, then, first, what);
        }
    }

    /// One stack has an edge of its own to another.
    pub(super) fn waits(&self, checker: &mut Checker<'_>, code: Code, then: &Spot, first: &Spot, what: &str) {
        let waits = self.edges.needs.get(&then.stack).is_some_and(|needs| needs.contains(&first.stack));
        if then.stack == first.stack || waits {
            return;
        }
        let message = format!("its stack does not itself wait for {} ({what}, {})", first.stack, first.resource);
        checker.find_at(code, then, message);
    }

    fn reaches(&mut self, then: &StackId, first: &StackId) -> bool {
        let Some((then, _)) = self.edges.needs.get_key_value(then) else { return false };
        let edges = self.edges;
        let reached = self.reached.entry(then).or_insert_with(|| {
            let mut reached: BTreeSet<&'a StackId> = BTreeSet::new();
            let mut waiting = vec![then];
            while let Some(stack) = waiting.pop() {
                for need in edges.needs.get(stack).into_iter().flatten() {
                    if reached.insert(need) {
                        waiting.push(need);
                    }
                }
            }
            reached
        });
        reached.contains(first)
    }
}
