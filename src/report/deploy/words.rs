//! The words for what happens, and the closing summary.

use crate::assembly::StackId;
use crate::deploy::organization::Organized;
use crate::deploy::{Event, Failure, PlannedStep, SkipReason, StepOutcome, Stop, Summary};
use crate::mesh::AccountId;
use crate::plan::Decision;
use crate::report::Colour;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Doubtful,
}

impl Colour {
    /// A text in the colour of its tone.
    pub(super) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Doubtful => "33",
        };
        match self {
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}

pub(super) const fn decision_word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Create => "creating",
        Decision::Update => "updating",
        Decision::Keep => "as it is",
        Decision::Wait => "busy with another operation",
        Decision::DeleteShellThenCreate => "removing an empty shell, then creating",
        Decision::DeleteThenCreate => "deleting a failed creation, then creating",
        Decision::ContinueRollback { .. } => "continuing its rollback",
        Decision::RollBack => "rolling back",
        Decision::Delete => "deleting",
        Decision::Refuse { .. } => "refused",
    }
}

pub(super) const fn finished(outcome: &StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Created => "created",
        StepOutcome::Updated => "updated",
        StepOutcome::RolledBack => "rolled back",
        StepOutcome::Deleted => "deleted",
        StepOutcome::Unchanged => "nothing to change",
        StepOutcome::Failed { .. } => "FAILED",
    }
}

pub(crate) fn skip(reason: &SkipReason) -> String {
    match reason {
        SkipReason::Needs { step } => format!("since it needs {step}"),
        SkipReason::Stopped { step } => {
            format!("since {step} failed (--keep-going goes on with what does not need it)")
        }
        SkipReason::SignedOut { step } => format!("since the credentials had ended at {step}"),
        SkipReason::Interrupted => "since the run was interrupted".to_owned(),
    }
}

/// A failure as one block: what, why, what else, what to do.
pub(super) fn failure(failure: &Failure, colour: Colour) -> Vec<String> {
    let mut lines = vec![format!("{}: {}: {}", failure.stack, colour.paint(Tone::Bad, "FAILED"), failure.message)];
    for (word, cause) in
        failure.cause.iter().map(|cause| ("cause", cause)).chain(failure.also.iter().map(|cause| ("also", cause)))
    {
        lines.push(format!(
            "    {word}: {} ({}) {}: {}",
            cause.logical_id, cause.resource_type, cause.status, cause.reason
        ));
        lines.extend(cause.origin.iter().map(|origin| format!("        written at {origin}")));
    }
    lines.push(format!("    account: {}", failure.account));
    lines.extend(failure.hints.iter().map(|hint| format!("    hint: {hint}")));
    lines
}

/// A failure that is not the last word: what, why, and what comes.
pub(super) fn retried(event: &Event, colour: Colour) -> Vec<String> {
    let Event::StepRetried { step, failure, attempt, attempts, rest, grants_at_once } = event else {
        return Vec::new();
    };
    let word = colour.paint(Tone::Doubtful, "failed in passing");
    let mut lines = vec![format!("{step}: {word}: {}", failure_line(failure))];
    lines.push(format!("    tried again in {}, attempt {attempt} of {attempts}", elapsed(*rest)));
    lines.extend(grants_at_once.map(|fewer| {
        format!("    from here on {} with grants at once in account {}", plural(fewer, "stack"), failure.account)
    }));
    lines
}

/// Seconds for people: `0.4 s`, `12 s`, `3 min 05 s`.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    let whole = std::time::Duration::try_from_secs_f64(seconds.round()).unwrap_or_default().as_secs();
    if whole < 60 { format!("{whole} s") } else { format!("{} min {:02} s", whole / 60, whole % 60) }
}

/// Whole seconds for people: `12 s`, `3 min 05 s`, `2 h 10 min`, `3 d`.
pub(crate) fn elapsed(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A failure in one line.
pub(crate) fn failure_line(failure: &Failure) -> String {
    let cause = failure.cause.as_ref();
    let cause = cause.map(|cause| format!(": {} {}: {}", cause.logical_id, cause.status, cause.reason));
    format!("{}{}", failure.message, cause.unwrap_or_default())
}

/// A number and its noun: `1 stack`, `2 stacks`.
#[must_use]
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// What came of a StackSet, each account with its reason.
pub(super) fn organization(organized: &Organized, colour: Colour) -> Vec<String> {
    let Organized { name, stopped, failed, without, inoperable } = organized;
    let bad = |text: &str| colour.paint(Tone::Bad, text);
    let mut lines: Vec<String> = failed
        .iter()
        .map(|(account, reason)| format!("{}: StackSet {name} in account {account} {reason}", bad("error")))
        .collect();
    lines.extend(inoperable.iter().map(|(account, reason)| {
        format!("{}: StackSet {name} in account {account} takes no update until it is mended: {reason}", bad("error"))
    }));
    if let Some(why) = stopped {
        lines.push(format!("{}: StackSet {name}: {why}", bad("error")));
        lines.push("  hint: run the same command again: it looks again, and goes on from what stands".to_owned());
    }
    for account in without.iter().filter(|account| !failed.contains_key(*account)) {
        lines.push(format!(
            "{}: account {account} of the environment has no stack of {name}",
            colour.paint(Tone::Doubtful, "warning")
        ));
        lines.push(
            "  hint: bootstrap it singly (`meshform bootstrap --select 'OWNER/*'`), or, where it is in none of the units, move it into one; StackSets leave the management account out"
                .to_owned(),
        );
    }
    if organized.is_whole() {
        lines.push(format!("StackSet {name}: {}", colour.paint(Tone::Good, "as it should be")));
    }
    lines
}

/// How a run ended: a table of its accounts, the failures by name, one closing line.
#[must_use]
pub fn summary(steps: &[PlannedStep], summary: &Summary, colour: Colour) -> String {
    let account: BTreeMap<&StackId, &AccountId> =
        steps.iter().map(|planned| (&planned.step.stack, &planned.account)).collect();
    let owners: BTreeMap<String, &str> =
        steps.iter().map(|planned| (planned.account.to_string(), planned.step.stack.owner())).collect();
    let mut rows: BTreeMap<String, Counts> = BTreeMap::new();
    let mut count = |stacks: Vec<&StackId>, column: usize| {
        for stack in stacks {
            let account = account.get(stack).map_or_else(|| "unknown".to_owned(), ToString::to_string);
            let name = owners.get(&account).map_or_else(|| account.clone(), |owner| format!("{account} {owner}"));
            rows.entry(name).or_default()[column] += 1;
        }
    };
    count(summary.created.iter().collect(), 0);
    count(summary.updated.iter().collect(), 1);
    count(summary.rolled_back.iter().collect(), 2);
    count(summary.deleted.iter().collect(), 3);
    count(summary.unchanged.iter().collect(), 4);
    count(summary.failed.iter().map(|failure| &failure.stack).collect(), 5);
    count(summary.skipped.iter().map(|skipped| &skipped.stack).collect(), 6);
    count(summary.running.iter().collect(), 7);
    let mut total = Counts::default();
    for row in rows.values() {
        for (sum, number) in total.iter_mut().zip(row) {
            *sum += number;
        }
    }
    let [created, updated, rolled_back, deleted, unchanged, failed, skipped, running] = total;
    let changed = created + updated + rolled_back + deleted;
    let mut text = String::new();
    if changed + failed + skipped + running > 0 {
        // what ran before it, and the verdict after it, stand apart
        text.push('\n');
        text.push_str(&table(&rows, &total));
        text.push('\n');
    }
    let sets = summary.stack_sets.len();
    let unlike = summary.stack_sets.iter().filter(|organized| !organized.is_whole()).count();
    let verdict = if unlike > 0 {
        colour.paint(Tone::Bad, &format!("{unlike} of {} not in order", plural(sets, "StackSet")))
    } else if sets > 0 {
        colour.paint(Tone::Good, &format!("{} in order", plural(sets, "StackSet")))
    } else if failed > 0 {
        colour.paint(Tone::Bad, &format!("{} failed", plural(failed, "stack")))
    } else if running > 0 {
        colour.paint(Tone::Doubtful, &format!("{} left to CloudFormation", plural(running, "stack")))
    } else if skipped > 0 {
        colour.paint(Tone::Doubtful, &format!("{} not started", plural(skipped, "stack")))
    } else if changed > 0 {
        let counts = [
            (created, "created"),
            (updated, "updated"),
            (rolled_back, "rolled back"),
            (deleted, "deleted"),
            (unchanged, "unchanged"),
        ];
        let told: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", plural(*count, "stack")))
            .collect();
        colour.paint(Tone::Good, &told.join(", "))
    } else {
        colour.paint(Tone::Good, &format!("nothing to do: {} as they should be", plural(unchanged, "stack")))
    };
    let stopped = match summary.stopped {
        Some(Stop::Finishing | Stop::Now) => ", interrupted",
        None => "",
    };
    // writing into a String cannot fail
    let _ = writeln!(text, "{verdict}{stopped}, in {}", duration(summary.seconds));
    if !summary.failed.is_empty() {
        let names: Vec<String> = summary.failed.iter().map(|failure| failure.stack.to_string()).collect();
        let _ = writeln!(text, "failed: {}", names.join(", "));
    }
    if !summary.running.is_empty() {
        let names: Vec<String> = summary.running.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "still running: {}", names.join(", "));
    }
    text
}

/// How many stacks of an account came to what; see the heads of the table.
type Counts = [usize; 8];

/// As wide as the longest name asks, and eleven for each number; a column without any stack is left out, `back` is what was rolled back, `left` is what was left to CloudFormation.
fn table(rows: &BTreeMap<String, Counts>, total: &Counts) -> String {
    const HEADS: [&str; 8] = ["created", "updated", "back", "deleted", "unchanged", "failed", "skipped", "left"];
    let shown: Vec<usize> = (0..HEADS.len()).filter(|column| total[*column] > 0).collect();
    let width = rows.keys().map(|name| name.len()).max().unwrap_or(0).max("account".len());
    let line = |name: &str, cells: &dyn Fn(usize) -> String| {
        let cells: String = shown.iter().map(|column| format!("{:>11}", cells(*column))).collect();
        format!("{name:<width$}{cells}\n")
    };
    let mut text = line("account", &|column| HEADS[column].to_owned());
    for (name, row) in rows {
        text.push_str(&line(name, &|column| row[column].to_string()));
    }
    if rows.len() > 1 {
        text.push_str(&line("all", &|column| total[column].to_string()));
    }
    text
}
