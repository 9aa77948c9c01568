//! What is no longer as a plan file says.

use super::record::{ObservedStack, PlanFile, RecordedStep, RecordedValue};
use crate::assembly::StackId;
use crate::plan::{StepChangeSet, StepId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One thing that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The stack; none for what is about the whole plan.
    pub stack: Option<StackId>,
    /// What moved, from what to what.
    pub what: String,
}

impl fmt::Display for Moved {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.stack {
            Some(stack) => write!(formatter, "{stack}: {}", self.what),
            None => formatter.write_str(&self.what),
        }
    }
}

/// Everything in which a plan that is made now differs from the one in a file. Equal plans do the same.
#[must_use]
pub fn moved(file: &PlanFile, now: &PlanFile) -> Vec<Moved> {
    let mut found = Found::default();
    let selection = |file: &PlanFile| file.select.clone().unwrap_or_else(|| "all stacks".to_owned());
    found.compare(None, "the tool's version", &file.tool, &now.tool);
    found.compare(None, "the mesh", &file.mesh, &now.mesh);
    found.compare(None, "the environment", &file.environment, &now.environment);
    found.compare(None, "the kind of stacks", &format!("{:?}", file.pass), &format!("{:?}", now.pass));
    found.compare(None, "the selection", &selection(file), &selection(now));
    found.compare(None, "the stacks that nothing asks for", &strays(file), &strays(now));
    let (before, after) = (by_stack(file), by_stack(now));
    for stack in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        match (before.get(*stack), after.get(*stack)) {
            (Some(before), Some(after)) => found.observed(before, after),
            (Some(_), None) => found.add(stack, "is no longer looked at"),
            (None, Some(_)) => found.add(stack, "was not looked at"),
            (None, None) => {}
        }
    }
    let (before, after) = (by_step(file), by_step(now));
    for id in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        match (before.get(id), after.get(id)) {
            (Some(before), Some(after)) => found.step(before, after),
            (Some(_), None) => found.add(&id.stack, &format!("the turn `{}` is no longer needed", id.turn.name())),
            (None, Some(_)) => found.add(&id.stack, &format!("the turn `{}` is new", id.turn.name())),
            (None, None) => {}
        }
    }
    let twice = file.steps.len() != before.len() || file.observed.len() != by_stack(file).len();
    if twice {
        found.compare(None, "the plan", "a stack twice", "each once");
    }
    if found.0.is_empty() {
        // what no line above names, such as what is waited for
        found.compare(None, "the digest", &file.digest, &now.digest);
        found.compare(None, "what the change means", &file.diff.to_string(), &now.diff.to_string());
    }
    found.0
}

fn by_stack(file: &PlanFile) -> BTreeMap<&StackId, &ObservedStack> {
    file.observed.iter().map(|observed| (&observed.stack, observed)).collect()
}

fn by_step(file: &PlanFile) -> BTreeMap<StepId, &RecordedStep> {
    file.steps.iter().map(|step| (StepId::new(&step.stack, step.turn), step)).collect()
}

fn strays(file: &PlanFile) -> String {
    let lines: Vec<String> = file
        .strays
        .iter()
        .map(|(account, stacks)| format!("{account} {}", stacks.iter().cloned().collect::<Vec<_>>().join(" ")))
        .collect();
    if lines.is_empty() { "none".to_owned() } else { lines.join(", ") }
}

#[derive(Default)]
struct Found(Vec<Moved>);

/// A value as it may be printed: a file may hold anything.
fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    let start: String = text.chars().take(LONGEST).collect();
    let cut = if start.len() < text.len() { "…" } else { "" };
    format!("`{}`{cut}", start.escape_debug())
}

impl Found {
    fn add(&mut self, stack: &StackId, what: &str) {
        self.0.push(Moved { stack: Some(stack.clone()), what: what.to_owned() });
    }

    fn compare(&mut self, stack: Option<&StackId>, what: &str, before: &str, after: &str) {
        if before != after {
            let what = format!("{what} was {} and is {}", shown(before), shown(after));
            self.0.push(Moved { stack: stack.cloned(), what });
        }
    }

    fn texts(
        &mut self,
        stack: &StackId,
        what: &str,
        before: &BTreeMap<String, String>,
        after: &BTreeMap<String, String>,
    ) {
        for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let of =
                |side: &BTreeMap<String, String>| side.get(name).cloned().unwrap_or_else(|| "not there".to_owned());
            self.compare(Some(stack), &format!("{what} {}", shown(name)), &of(before), &of(after));
        }
    }

    fn observed(&mut self, before: &ObservedStack, after: &ObservedStack) {
        let stack = &before.stack;
        let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        self.compare(Some(stack), "the stack that stands", &of(&before.arn), &of(&after.arn));
        self.compare(Some(stack), "its status", &of(&before.status), &of(&after.status));
        let (standing, now) = (of(&before.template_sha256), of(&after.template_sha256));
        self.compare(Some(stack), "the template that stands", &standing, &now);
        self.texts(stack, "the standing parameter", &before.parameters, &after.parameters);
        self.texts(stack, "the output", &before.outputs, &after.outputs);
    }

    fn step(&mut self, before: &RecordedStep, after: &RecordedStep) {
        let stack = &before.stack;
        let turn = before.turn.name();
        let values = |step: &RecordedStep| -> BTreeMap<String, String> {
            step.parameters.iter().map(|(name, value)| (name.clone(), told(value))).collect()
        };
        self.compare(Some(stack), "its account", &before.account, &after.account);
        self.compare(Some(stack), "its Region", &before.region, &after.region);
        self.compare(Some(stack), "its layer", before.layer.name(), after.layer.name());
        let decided =
            |step: &RecordedStep| crate::sure(serde_json::to_string(&step.decision), "a decision has text keys");
        self.compare(Some(stack), &format!("what the turn `{turn}` does"), &decided(before), &decided(after));
        let what = format!("the template of the turn `{turn}`");
        self.compare(Some(stack), &what, &before.template_sha256, &after.template_sha256);
        self.compare(
            Some(stack),
            "its number of resources",
            &before.resources.to_string(),
            &after.resources.to_string(),
        );
        self.texts(stack, "the parameter", &values(before), &values(after));
        let needs = |step: &RecordedStep| step.needs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        self.compare(Some(stack), &format!("what the turn `{turn}` waits for"), &needs(before), &needs(after));
        let change_set = |step: &RecordedStep| match &step.change_set {
            None => "none was asked for".to_owned(),
            Some(StepChangeSet::Made { arn }) => arn.clone(),
            Some(StepChangeSet::NothingToChange) => "nothing to change".to_owned(),
            Some(StepChangeSet::Not { why }) => format!("none, since {}", why.words()),
        };
        let what = format!("the change set of the turn `{turn}`");
        self.compare(Some(stack), &what, &change_set(before), &change_set(after));
        self.compare(Some(stack), "its notes", &before.notes.join("; "), &after.notes.join("; "));
    }
}

fn told(value: &RecordedValue) -> String {
    match value {
        RecordedValue::Known { value } => value.clone(),
        RecordedValue::Hidden => crate::plan::MASKED.to_owned(),
        RecordedValue::Previous => "what it is".to_owned(),
        RecordedValue::AfterStep { stack, output } => format!("output {output} of {stack}"),
    }
}
