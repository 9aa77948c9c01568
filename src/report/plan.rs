//! A plan for people: what is done to each stack, in which order, and what it means.

use super::Colour;
use super::diff::phrase::count;
use super::diff::{Form, write as write_diff};
use crate::plan::diff::{Diff, is_as_predicted};
use crate::plan::{Decision, Plan, Step, StepChangeSet, StepId, Turn};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// Who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A person at a terminal.
    Terminal {
        /// Its columns.
        width: usize,
        /// Whether it may be coloured.
        colour: Colour,
    },
    /// Whatever shows Markdown.
    Markdown,
}

/// Writes a plan and what it means.
///
/// # Errors
/// When the writer refuses.
pub fn write(out: &mut dyn Write, plan: &Plan, diff: &Diff, environment: &str, reader: Reader) -> io::Result<()> {
    match reader {
        Reader::Terminal { width, colour } => {
            words(out, plan)?;
            if let Some(line) = word_of_change_sets(plan, diff) {
                writeln!(out, "{line}")?;
            }
            writeln!(out, "digest {}\n", plan.digest)?;
            write_diff(out, diff, environment, Form::Text { width, colour })
        }
        Reader::Markdown => {
            markdown(out, plan)?;
            if let Some(line) = word_of_change_sets(plan, diff) {
                writeln!(out, "\n{}.", cell(&line))?;
            }
            writeln!(out)?;
            write_diff(out, diff, environment, Form::Markdown)
        }
    }
}

/// What a step does, for people.
const fn word(step: &Step) -> &'static str {
    match (&step.decision, step.id.turn) {
        (Decision::Create, _) => "create",
        (Decision::Update, Turn::Add | Turn::Delete) => "update",
        (Decision::Update, Turn::Remove) => "remove from",
        (Decision::Update, Turn::Values) => "drop tag values of",
        (Decision::Keep, _) => "keep",
        (Decision::Wait, _) => "wait for, then decide on",
        (Decision::DeleteShellThenCreate, _) => "remove the empty shell of, then create",
        (Decision::DeleteThenCreate, _) => "delete the failed creation of, then create",
        (Decision::ContinueRollback { .. }, _) => "continue the rollback of",
        (Decision::RollBack, _) => "roll back",
        (Decision::Delete, _) => "delete",
        (Decision::Refuse { .. }, _) => "refuse",
    }
}

/// What became of a change set.
fn told_of(change_set: &StepChangeSet) -> String {
    match change_set {
        StepChangeSet::Made { arn } => format!("change set: {arn}"),
        StepChangeSet::NothingToChange => {
            "note: CloudFormation finds nothing to change; the change set was deleted".to_owned()
        }
        StepChangeSet::Not { why } => format!("note: no change set: {}", why.words()),
    }
}

/// Whose word the plan's meaning is, where change sets were made.
fn word_of_change_sets(plan: &Plan, diff: &Diff) -> Option<String> {
    let asked = plan.steps.values().filter_map(|step| step.change_set.as_ref());
    let known = asked.filter(|change_set| !matches!(change_set, StepChangeSet::Not { .. })).count();
    if known == 0 {
        return None;
    }
    let resources = || diff.stacks.iter().flat_map(|stack| &stack.resources);
    let said = resources().filter(|resource| resource.change_set.is_some()).count();
    let otherwise = resources()
        .filter(|resource| resource.change_set.is_some_and(|said| !is_as_predicted(resource.predicted, said)))
        .count();
    let sets = count(known, "change set");
    let replaced = count(said, "resource");
    Some(match otherwise {
        0 => format!("the word of {sets} replaces the prediction for {replaced}; they agree"),
        _ => format!(
            "the word of {sets} replaces the prediction for {replaced}; for {otherwise} of them they disagree, told below as `predicted`"
        ),
    })
}

/// The steps that may change something or are refused, in an order in which they could run, with their numbers.
fn ordered(plan: &Plan) -> Vec<(usize, &Step)> {
    let told: BTreeMap<&StepId, &Step> =
        plan.steps.iter().filter(|(_, step)| step.decision != Decision::Keep).collect();
    let mut open: BTreeSet<&StepId> = plan.steps.keys().collect();
    let mut order = Vec::new();
    while let Some(next) = open.iter().copied().find(|id| plan.steps[*id].needs.iter().all(|need| !open.contains(need)))
    {
        open.remove(next);
        order.extend(told.get(next).copied());
    }
    order.into_iter().enumerate().map(|(at, step)| (at + 1, step)).collect()
}

/// Numbers of the steps that a step waits for.
fn waits(step: &Step, numbers: &BTreeMap<&StepId, usize>) -> String {
    let mut needed: Vec<usize> = step.needs.iter().filter_map(|need| numbers.get(need).copied()).collect();
    needed.sort_unstable();
    needed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A text that ends no line and moves no cursor: logical ids of a template that stands may be anything.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

/// What is done to each stack, in an order in which it could be.
///
/// # Errors
/// When the writer refuses.
pub fn words(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let steps = ordered(plan);
    let numbers: BTreeMap<&StepId, usize> = steps.iter().map(|(number, step)| (&step.id, *number)).collect();
    let kept = plan.steps.len() - steps.len();
    if steps.is_empty() {
        writeln!(out, "nothing to do: {kept} stacks as they should be")?;
    }
    for (number, step) in &steps {
        let after = match waits(step, &numbers) {
            none if none.is_empty() => String::new(),
            needed => format!(", after {needed}"),
        };
        let template = format!("{} resources, account {}{after}", step.resources, step.account);
        writeln!(out, "{number}. {} {} ({template})", word(step), step.id.stack)?;
        if let Decision::Refuse { reason, advice } = &step.decision {
            writeln!(out, "    {}\n    hint: {advice}", plain(reason))?;
        }
        for note in &step.notes {
            writeln!(out, "    note: {}", plain(note))?;
        }
        if let Some(change_set) = &step.change_set {
            writeln!(out, "    {}", plain(&told_of(change_set)))?;
        }
    }
    if kept > 0 && !steps.is_empty() {
        writeln!(out, "{}", stay(kept))?;
    }
    Ok(())
}

fn stay(kept: usize) -> String {
    if kept == 1 { "1 stack stays as it is".to_owned() } else { format!("{kept} stacks stay as they are") }
}

/// A text in a cell of a table: nothing in it is Markdown or HTML.
fn cell(text: &str) -> String {
    let mut safe = String::new();
    for letter in plain(text).chars() {
        match letter {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '@' => safe.push_str("&#64;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '\\' | '#' | '!' | '~' => {
                safe.push('\\');
                safe.push(letter);
            }
            other => safe.push(other),
        }
    }
    safe
}

fn markdown(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let steps = ordered(plan);
    let numbers: BTreeMap<&StepId, usize> = steps.iter().map(|(number, step)| (&step.id, *number)).collect();
    writeln!(out, "## Plan of {}\n", cell(&plan.mesh))?;
    if steps.is_empty() {
        writeln!(out, "Nothing to do: {} stacks are as they should be.", plan.steps.len())?;
        return Ok(());
    }
    writeln!(out, "| | what | stack | account | after | |\n|---|---|---|---|---|---|")?;
    for (number, step) in &steps {
        let mut notes: Vec<String> = step.notes.iter().map(|note| cell(note)).collect();
        if let Decision::Refuse { reason, advice } = &step.decision {
            notes.insert(0, cell(&format!("{reason}; {advice}")));
        }
        notes.extend(step.change_set.as_ref().map(|change_set| cell(&told_of(change_set))));
        let (stack, after) = (cell(&step.id.stack.to_string()), waits(step, &numbers));
        writeln!(out, "| {number} | {} | {stack} | {} | {after} | {} |", word(step), step.account, notes.join("; "))?;
    }
    writeln!(out, "\n{}. Digest `{}`.", stay(plan.steps.len() - steps.len()), plan.digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assembly::Effect;
    use crate::plan::samples::{everything, rendered, stack};
    use crate::plan::{Options, Pass, plan};
    use serde_json::json;

    fn told(write: impl Fn(&mut dyn Write, &Plan) -> io::Result<()>) -> String {
        let mesh = |resources: &[&str]| {
            let resources: serde_json::Map<String, serde_json::Value> = resources
                .iter()
                .map(|name| ((*name).to_owned(), json!({"Type": "AWS::LakeFormation::PrincipalPermissions"})))
                .collect();
            let template = json!({ "Resources": resources });
            rendered(vec![
                stack("governance/demo-sharing-shop").template(template.clone()),
                stack("shop/demo-access-shop").after("governance/demo-sharing-shop", Effect::Share).template(template),
                stack("shop/demo-workspace-shop"),
            ])
        };
        let options = Options { pass: Pass::Mesh, select: None };
        let mut plan = plan(&mesh(&["A", "B"]), &everything(&mesh(&["A", "C"])), &options).unwrap();
        plan.digest = "d".to_owned();
        for step in plan.steps.values_mut().filter(|step| step.id.turn == Turn::Remove) {
            step.notes.push("Evil\u{1b}[2J <b>|`".to_owned());
        }
        let mut out = Vec::new();
        write(&mut out, &plan).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_plan_reads_in_the_order_in_which_it_is_done() {
        insta::assert_snapshot!(told(words), @r"
        1. update governance/demo-sharing-shop (3 resources, account 111111111111)
        2. update shop/demo-access-shop (3 resources, account 222222222222, after 1)
        3. remove from shop/demo-access-shop (2 resources, account 222222222222, after 2)
            note: Evil�[2J <b>|`
        4. remove from governance/demo-sharing-shop (2 resources, account 111111111111, after 1, 3)
            note: Evil�[2J <b>|`
        1 stack stays as it is
        ");
    }

    #[test]
    fn whose_word_it_is_and_where_they_disagree_is_told() {
        use crate::plan::NoChangeSet;
        use crate::plan::diff::{ChangeSetAction, ChangeSetOfStack, ChangeSetReplacement, ChangeSetResource, Covers};
        use crate::plan::diff::{Prepared, Side, compare_with};
        let id = "shop/demo-workspace-shop";
        let mesh = |name: &str| {
            let topic = json!({"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}});
            rendered(vec![stack(id).template(json!({"Resources": {"Topic": topic}}))])
        };
        let (wanted, deployed) = (mesh("new"), everything(&mesh("old")));
        let options = Options { pass: Pass::Mesh, select: None };
        let mut plan = plan(&wanted, &deployed, &options).unwrap();
        plan.digest = "d".to_owned();
        let side = || Prepared::new(Side { name: "side".to_owned(), limits: Vec::new() }, Vec::new(), None);
        let mut written = |change_set, replacement: Option<ChangeSetReplacement>| {
            for step in plan.steps.values_mut() {
                step.change_set = Some(StepChangeSet::clone(&change_set));
            }
            let resources = replacement.map(|replacement| ChangeSetResource {
                logical_id: "Topic".to_owned(),
                resource_type: "AWS::SNS::Topic".to_owned(),
                action: ChangeSetAction::Modify,
                replacement: Some(replacement),
                scope: vec!["Properties".to_owned()],
                details: Vec::new(),
                policy_action: None,
            });
            let said = ChangeSetOfStack {
                id: id.to_owned(),
                account: "222222222222".to_owned(),
                region: "eu-west-1".to_owned(),
                layer: crate::assembly::Layer::Workspace,
                covers: Covers::Whole,
                resources: resources.into_iter().collect(),
            };
            let (diff, _) = compare_with(&side(), &side(), None, &[said]);
            let mut out = Vec::new();
            write(&mut out, &plan, &diff, "demo", Reader::Terminal { width: 100, colour: Colour::Plain }).unwrap();
            String::from_utf8(out).unwrap()
        };
        let made = written(StepChangeSet::Made { arn: "arn:x\u{1b}".to_owned() }, Some(ChangeSetReplacement::True));
        assert!(made.contains("    change set: arn:x\u{fffd}\n"), "{made}");
        let line = "the word of 1 change set replaces the prediction for 1 resource; for 1 of them they disagree";
        assert!(made.contains(line), "{made}");
        assert!(made.contains("predicted was: it"), "{made}");
        let nothing = written(StepChangeSet::NothingToChange, None);
        assert!(nothing.contains("note: CloudFormation finds nothing to change"), "{nothing}");
        assert!(nothing.contains("replaces the prediction for 0 resources; they agree"), "{nothing}");
        let absent = written(StepChangeSet::Not { why: NoChangeSet::Absent }, None);
        assert!(absent.contains("note: no change set: the stack does not stand yet"), "{absent}");
        assert!(!absent.contains("the word of"), "{absent}");
    }

    #[test]
    fn markdown_takes_no_orders_from_names() {
        let text = told(markdown);
        assert!(text.contains(r"Evil�\[2J &lt;b&gt;\|\`"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("<b>"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("| ")).count(), 5, "{text}");
    }
}
