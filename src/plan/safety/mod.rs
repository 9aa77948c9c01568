//! Whether somebody loses or gains sight of data on the way from one state of the mesh to another.
//!
//! A plan may be right at its end and wrong in between: a grant that is replaced is gone for a moment, a column that gets
//! another tag is without one. The check walks every prefix of the steps, and within each step the moment at which
//! CloudFormation has deleted what it replaces and not yet made it anew, and asks the evaluator of `access` each time.

mod parts;
mod path;

pub use path::between;

use super::diff::ColumnSight;
use crate::access::{Facts, PrincipalKind, evaluate};
use crate::assembly::{Document, StackId};
use crate::cfn::schema::{self, ReplacementStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A step of a plan: a stack gets a template, or goes.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Its number in the plan, from 1.
    pub number: usize,
    /// The stack.
    pub stack: &'a StackId,
    /// What stands when the step is done; none when the stack is deleted.
    pub to: Option<&'a Document>,
}

/// What is wrong with a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// Somebody sees what it may see neither before nor after.
    Leak,
    /// Somebody does not see what it may see both before and after.
    Gap,
}

/// A moment at which a principal sees more, or less, than before and after.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnsafeMoment {
    /// What is wrong.
    pub wrong: Wrong,
    /// Number of the step from which it lasts, from 1.
    pub from_step: usize,
    /// Number of the step with which it ends; the same number for a moment within one step.
    pub to_step: usize,
    /// The stack of the first step.
    pub stack: String,
    /// The principal.
    pub principal: String,
    /// The table, as `<database>.<table>`.
    pub table: String,
    /// Its columns.
    pub columns: Vec<ColumnSight>,
}

/// Columns that are seen: principal, database and table, column, classification.
type Sight = BTreeMap<(String, String, String), Option<String>>;

/// Every unsafe moment on the way from `before` through the steps, leaks first. Pure.
#[must_use]
pub fn unsafe_moments(before: &[Document], steps: &[Change<'_>]) -> Vec<UnsafeMoment> {
    if is_one_move(before, steps) {
        return Vec::new();
    }
    let mut standing: BTreeMap<&StackId, &Document> = before.iter().map(|document| (&document.id, document)).collect();
    // a template is read once, however many moments it stands in
    let mut facts: BTreeMap<&StackId, Facts> =
        before.iter().map(|document| (&document.id, Facts::one(document))).collect();
    let steps_to = steps.iter().filter_map(|step| step.to);
    let here: BTreeSet<&str> = before.iter().chain(steps_to).map(|document| document.account.as_str()).collect();
    // an account whose roles come with a later step is no principal of its own until then
    let sight = |facts: &BTreeMap<&StackId, Facts>| sight(facts.values(), &here);
    let start = sight(&facts);
    // the sight of every moment: number of the step, and what is seen
    let mut moments: Vec<(usize, Sight)> = Vec::new();
    for step in steps {
        let old = match step.to {
            Some(document) => standing.insert(step.stack, document),
            None => standing.remove(step.stack),
        };
        let concerns_access = concerns_access(old, step.to);
        if concerns_access && let Some(during) = during(old, step.to) {
            facts.insert(step.stack, Facts::one(&during));
            moments.push((step.number, sight(&facts)));
        }
        match step.to {
            Some(document) => facts.insert(step.stack, Facts::one(document)),
            None => facts.remove(step.stack),
        };
        if concerns_access {
            moments.push((step.number, sight(&facts)));
        }
    }
    let Some((_, end)) = moments.last().cloned() else { return Vec::new() };
    found(&start, &end, &moments, steps)
}

/// Whether sight changes once at most and at once: then there is nothing between before and after.
fn is_one_move(before: &[Document], steps: &[Change<'_>]) -> bool {
    let mut last: BTreeMap<&StackId, &Document> = before.iter().map(|document| (&document.id, document)).collect();
    let mut moves = 0;
    for step in steps {
        let old = last.get(step.stack).copied();
        if concerns_access(old, step.to) {
            // what is replaced is a move of its own
            moves += if during(old, step.to).is_some() { 2 } else { 1 };
        }
        match step.to {
            Some(document) => last.insert(step.stack, document),
            None => last.remove(step.stack),
        };
    }
    moves <= 1
}

fn sight<'a>(standing: impl Iterator<Item = &'a Facts>, here: &BTreeSet<&str>) -> Sight {
    let facts = Facts::together(standing.cloned().collect());
    let mut sight = Sight::new();
    for principal in evaluate(&facts).principals {
        if principal.kind == PrincipalKind::Account && here.contains(principal.account.as_str()) {
            continue;
        }
        for table in principal.tables {
            let name = format!("{}.{}", table.database, table.table);
            for column in table.columns.into_iter().filter(|column| column.visible) {
                sight.insert((principal.principal.clone(), name.clone(), column.name), column.classification);
            }
        }
    }
    sight
}

/// Types on which sight depends. Settings name administrators, who see nothing by them, and a tag is nothing until it is put
/// on something.
const OF_ACCESS: &[&str] = &[
    "AWS::LakeFormation::DataCellsFilter",
    "AWS::LakeFormation::Permissions",
    "AWS::LakeFormation::PrincipalPermissions",
    "AWS::LakeFormation::Resource",
    "AWS::LakeFormation::TagAssociation",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::IAM::",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::EC2::VPCEndpoint",
    "AWS::SageMaker::Domain",
    "AWS::SageMaker::Model",
];

/// Whether a step changes anything that the evaluator reads.
fn concerns_access(old: Option<&Document>, new: Option<&Document>) -> bool {
    if old.zip(new).is_some_and(|(old, new)| old.template == new.template) {
        return false;
    }
    of_access(old) != of_access(new)
}

fn of_access(document: Option<&Document>) -> BTreeMap<&str, &Value> {
    let resources = document.into_iter().flat_map(Document::resources);
    let of_access = resources.filter(|(_, kind, _)| OF_ACCESS.iter().any(|start| kind.starts_with(start)));
    of_access.map(|(id, _, entry)| (id, entry)).collect()
}

/// What stands while CloudFormation works on a step: everything old and new, without what is deleted before it is made
/// anew. None where nothing is replaced in that order.
fn during(old: Option<&Document>, new: Option<&Document>) -> Option<Document> {
    let (old, new) = (old?, new?);
    let standing: BTreeMap<&str, &Value> = old.resources().map(|(id, _, entry)| (id, entry)).collect();
    let gone: BTreeSet<&str> = new
        .resources()
        .filter(|(id, kind, entry)| {
            standing.get(id).is_some_and(|before| before != entry && deleted_first(kind, before, entry))
        })
        .map(|(id, _, _)| id)
        .collect();
    if gone.is_empty() {
        return None;
    }
    let mut during = new.clone();
    let resources = during.template_mut().get_mut("Resources")?.as_object_mut()?;
    for (id, entry) in standing {
        if !resources.contains_key(id) {
            resources.insert(id.to_owned(), entry.clone());
        }
    }
    resources.retain(|id, _| !gone.contains(id.as_str()));
    Some(during)
}

/// Whether a changed resource is deleted before its successor is made (schema: `replacementStrategy`, `createOnlyProperties`).
fn deleted_first(kind: &str, before: &Value, after: &Value) -> bool {
    let Some(schema) = schema::of(kind) else { return false };
    let pointers = schema.create_only().iter();
    schema.replacement_strategy() == ReplacementStrategy::DeleteThenCreate
        && pointers.into_iter().any(|pointer| {
            let of = |entry: &Value| entry["Properties"].pointer(pointer).cloned();
            of(before) != of(after)
        })
}

/// Puts the moments of each principal and table together.
fn found(start: &Sight, end: &Sight, moments: &[(usize, Sight)], steps: &[Change<'_>]) -> Vec<UnsafeMoment> {
    type Key<'a> = (Wrong, usize, usize, &'a str, &'a str);
    let mut columns: BTreeMap<Key<'_>, BTreeSet<ColumnSight>> = BTreeMap::new();
    let both = start.keys().filter(|key| end.contains_key(*key)).collect::<BTreeSet<_>>();
    let seen: BTreeSet<_> = moments.iter().flat_map(|(_, sight)| sight.keys()).collect();
    let leaked = seen.into_iter().filter(|key| !start.contains_key(*key) && !end.contains_key(*key));
    let watched = both.iter().map(|key| (Wrong::Gap, *key)).chain(leaked.map(|key| (Wrong::Leak, key)));
    for (wrong, key @ (principal, table, column)) in watched {
        let is_wrong = |sight: &Sight| sight.contains_key(key) == (wrong == Wrong::Leak);
        let mut since: Option<(usize, Option<String>)> = None;
        for (step, sight) in moments {
            if is_wrong(sight) {
                let classification = sight.get(key).or_else(|| start.get(key)).cloned().flatten();
                since.get_or_insert((*step, classification));
            } else if let Some((from, classification)) = since.take() {
                let entry = columns.entry((wrong, from, *step, principal, table)).or_default();
                entry.insert(ColumnSight { name: column.clone(), classification });
            }
        }
    }
    columns
        .into_iter()
        .map(|((wrong, from, to, principal, table), columns)| UnsafeMoment {
            wrong,
            from_step: from,
            to_step: to,
            stack: steps.iter().find(|step| step.number == from).map(|step| step.stack.to_string()).unwrap_or_default(),
            principal: principal.to_owned(),
            table: table.to_owned(),
            columns: columns.into_iter().collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
