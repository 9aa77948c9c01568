//! A difference at a terminal. Symbols as in OpenTofu and the CDK; nothing hangs on colour alone.

use super::advice::advice;
use super::group::{Folded, Sight, sights};
use super::numbers::numbers;
use super::paper::{ALARM, BOLD, CYAN, GREEN, GREY, Paper, RED, YELLOW};
use super::phrase::count;
use super::renamed::{lines, renamed};
use super::verdict::{Level, blocked, verdict};
use super::visible::visible;
use super::words::{
    becomes, classification, contract, data, is_at_stake, is_personal, is_replaced_or_gone, is_sensitive, place,
    resource, rights, short,
};
use crate::plan::diff::{ChangeKind, ColumnSight, Diff, Impact, PropertyChange, ResourceChange, StackChange};
use crate::report::Colour;
use std::io::{self, Write};

/// Most lines of a document's difference that are shown.
const MOST_LINES: usize = 40;

pub(super) fn write(
    out: &mut dyn Write,
    diff: &Diff,
    environment: &str,
    width: usize,
    colour: Colour,
) -> io::Result<()> {
    let mut paper = Paper { out, width, colour };
    let title =
        format!("{}: {} compared with {}", visible(environment), visible(&diff.head.name), visible(&diff.base.name));
    paper.line(0, &paper.paint(BOLD, &title))?;
    let (level, clauses) = verdict(diff);
    let style = match level {
        Level::Grave => ALARM,
        Level::Notable => YELLOW,
        Level::Harmless => GREEN,
    };
    for clause in &clauses {
        let mark = if level == Level::Grave { "!" } else { "·" };
        paper.line(2, &format!("{} {}", paper.paint(style, mark), paper.phrase(clause, style)))?;
    }
    paper.limits(diff)?;
    if diff.is_empty() {
        return paper.unknown(diff);
    }
    let blocked = paper.phrase(&blocked(diff), ALARM);
    paper.line(2, &format!("· {blocked}"))?;
    writeln!(paper.out)?;
    for (question, answer) in numbers(diff) {
        let answer = paper.phrase(&answer, BOLD);
        paper.line(2, &format!("{} {answer}", paper.paint(CYAN, &format!("{question:<18}"))))?;
    }
    paper.advice(diff)?;
    paper.sight(diff)?;
    paper.moments(diff)?;
    paper.replaced(diff)?;
    paper.contracts(diff)?;
    paper.rest(diff)?;
    paper.findings(diff)?;
    paper.unknown(diff)
}

impl Paper<'_> {
    fn limits(&mut self, diff: &Diff) -> io::Result<()> {
        for side in [&diff.base, &diff.head] {
            for limit in &side.limits {
                let told = format!("{} {}: {}", self.paint(ALARM, "!"), visible(&side.name), visible(limit));
                self.line(2, &told)?;
            }
        }
        Ok(())
    }

    fn advice(&mut self, diff: &Diff) -> io::Result<()> {
        for tasks in advice(diff).iter().filter(|tasks| !tasks.advice.is_empty()) {
            self.heading(tasks.title)?;
            for (index, advice) in tasks.advice.iter().enumerate() {
                let (head, body) = (self.phrase(&advice.head, BOLD), self.phrase(&advice.body, BOLD));
                self.line(1, &format!("{:>2}. {head} {body}", index + 1))?;
            }
        }
        Ok(())
    }

    fn sight(&mut self, diff: &Diff) -> io::Result<()> {
        if diff.access.is_empty() {
            return Ok(());
        }
        self.heading("Who gains or loses sight of which columns")?;
        let folded = Folded::of(diff);
        for sight in &sights(&folded.changes) {
            self.one_sight(sight)?;
        }
        for renaming in &folded.renamings {
            let owners: Vec<String> = renaming.owners.iter().map(|owner| visible(owner)).collect();
            let names = format!("{} -> {}", visible(&renaming.before), visible(&renaming.after));
            let told = format!(
                "{} {names}: {} see the same columns under the new name",
                self.paint(YELLOW, "~"),
                owners.join(", ")
            );
            self.line(2, &told)?;
        }
        Ok(())
    }

    fn one_sight(&mut self, sight: &Sight<'_>) -> io::Result<()> {
        let first = sight.first;
        let (gained, lost) = (sight.gained(), sight.lost());
        let (symbol, style) = match (gained.is_empty(), lost.is_empty()) {
            (false, _) if sight.is_sensitive() => ("+", ALARM),
            (false, true) => ("+", GREEN),
            (true, false) => ("-", RED),
            (false, false) | (true, true) => ("~", YELLOW),
        };
        let tables = match sight.tables.len() {
            1 => format!("{}.{}", visible(&first.product), visible(&first.table)),
            more => format!("{} ({})", visible(&first.product), count(more, "table")),
        };
        let alarm = match (sight.is_personal(), sight.is_sensitive()) {
            (true, _) => "  PERSONAL DATA",
            (false, true) => "  SENSITIVE DATA",
            (false, false) => "",
        };
        let owners: Vec<String> = sight.owners().map(visible).collect();
        let owners = self.paint(BOLD, &owners.join(", "));
        let told = format!("{} {owners}  {tables}{}", self.paint(style, symbol), self.paint(ALARM, alarm));
        self.line(2, &told)?;
        let names: Vec<String> = sight.principals.values().flatten().map(|name| visible(name)).collect();
        let names = self.paint(GREY, &names.join(", "));
        self.line(6, &names)?;
        for (symbol, columns) in [("+", gained), ("-", lost)] {
            if !columns.is_empty() {
                let columns = self.columns(&columns, symbol);
                self.line(6, &columns)?;
            }
        }
        for table in &sight.tables {
            for change in &table.reclassified {
                let (before, after) =
                    (classification(change.before.as_deref()), classification(change.after.as_deref()));
                let told =
                    format!("~ keeps {}, now {} (was {})", visible(&change.column), visible(after), visible(before));
                self.line(6, &told)?;
            }
            for change in &table.rows {
                let rows = |filters: &[String]| {
                    if filters.is_empty() { "all rows".to_owned() } else { visible(&filters.join(" or ")) }
                };
                self.line(
                    6,
                    &format!("~ {}: {} -> {}", visible(&change.column), rows(&change.before), rows(&change.after)),
                )?;
            }
        }
        for (symbol, copies) in [("+", &sight.copies_gained), ("-", &sight.copies_lost)] {
            for copy in copies {
                let readers: Vec<String> = copy.readers.iter().map(|reader| visible(short(reader))).collect();
                self.line(6, &format!("{symbol} copy in {}, read by {}", visible(&copy.place), readers.join(", ")))?;
            }
        }
        if let Some(rights) = rights(first) {
            self.line(6, &format!("~ {}", visible(&rights)))?;
        }
        for reason in &first.reasons {
            self.line(6, &format!("why: {}", visible(reason)))?;
        }
        if let Some(purpose) = &first.purpose {
            self.line(6, &format!("purpose: {}", visible(purpose)))?;
        }
        Ok(())
    }

    fn columns(&self, columns: &[&ColumnSight], symbol: &str) -> String {
        let names = columns.iter().map(|column| {
            let told =
                format!("{} ({})", visible(&column.name), visible(classification(column.classification.as_deref())));
            let gained = symbol == "+";
            match (gained && is_personal(column), gained && is_sensitive(column)) {
                (true, _) => self.paint(ALARM, &told),
                (false, true) => self.paint(RED, &told),
                (false, false) => told,
            }
        });
        format!("{symbol} {}", names.collect::<Vec<_>>().join(", "))
    }

    fn replaced(&mut self, diff: &Diff) -> io::Result<()> {
        let of = |stack: &StackChange| stack.resources.iter().filter(|found| is_replaced_or_gone(found)).count();
        if diff.stacks.iter().map(of).sum::<usize>() == 0 {
            return Ok(());
        }
        self.heading("What is replaced or deleted, and whether data is lost")?;
        for stack in &diff.stacks {
            let folded = renamed(diff, stack);
            let all = stack.resources.iter().filter(|found| !folded.contains(found.logical_id.as_str()));
            for found in all.filter(|found| is_replaced_or_gone(found)) {
                self.resource(stack, found)?;
            }
        }
        for line in lines(diff) {
            let told = self.phrase(&line, BOLD);
            self.line(2, &format!("+ - {told}"))?;
        }
        self.line(2, "predicted from AWS's schemas of these resources; a change set knows better")
    }

    fn resource(&mut self, stack: &StackChange, found: &ResourceChange) -> io::Result<()> {
        let (symbol, style) = symbol(found);
        let what = self.phrase(&resource(found), BOLD);
        let told = format!(
            "{} {what}  {}: {}",
            self.paint(style, symbol),
            visible(&stack.id),
            self.paint(style, becomes(found.impact))
        );
        let told = match is_at_stake(found) {
            true => format!("{told}  {}", self.paint(ALARM, &format!("! DATA {}", data(found).to_uppercase()))),
            false if found.data_store => format!("{told}; its data is {}", data(found)),
            false => told,
        };
        self.line(2, &told)?;
        if found.change_set.is_some_and(|said| said != found.predicted) {
            self.line(6, &format!("predicted was: it {}; the change set wins", becomes(found.predicted)))?;
        }
        for note in &found.notes {
            let told = format!("{} {}", self.paint(ALARM, "!"), visible(note));
            self.line(6, &told)?;
        }
        for property in &found.properties {
            self.property(property)?;
        }
        Ok(())
    }

    fn property(&mut self, property: &PropertyChange) -> io::Result<()> {
        let path = visible(&property.path);
        let why = match property.impact {
            Impact::Replaced => self.paint(RED, "  (forces replacement)"),
            Impact::MayBeReplaced => self.paint(YELLOW, "  (may force replacement)"),
            Impact::SomeInterruption => self.paint(YELLOW, "  (some interruption)"),
            Impact::None | Impact::Created | Impact::InPlace | Impact::Retained | Impact::Destroyed => String::new(),
        };
        if let Some(lines) = &property.lines {
            self.line(6, &format!("~ {path}{why}"))?;
            for line in lines.lines().take(MOST_LINES) {
                let text: String = line.split('\t').map(visible).collect::<Vec<_>>().join("    ");
                let style = match line.as_bytes().first() {
                    Some(b'+') => GREEN,
                    Some(b'-') => RED,
                    Some(b'@') => CYAN,
                    _ => GREY,
                };
                let text = self.paint(style, &text);
                writeln!(self.out, "          {text}")?;
            }
            let more = lines.lines().count().saturating_sub(MOST_LINES);
            return if more > 0 { self.line(10, &format!("… {more} more lines")) } else { Ok(()) };
        }
        let value = |value: &Option<serde_json::Value>| value.as_ref().map(short_value);
        match (value(&property.before), value(&property.after)) {
            (Some(before), Some(after)) => self.line(6, &format!("~ {path}: {before} -> {after}{why}")),
            (None, Some(after)) => self.line(6, &format!("+ {path}: {after}{why}")),
            (Some(before), None) => self.line(6, &format!("- {path}: {before}{why}")),
            (None, None) => Ok(()),
        }
    }

    fn contracts(&mut self, diff: &Diff) -> io::Result<()> {
        let breaking: Vec<_> = diff.contracts.iter().filter(|change| change.breaking).collect();
        if breaking.is_empty() {
            return Ok(());
        }
        self.heading("What breaks, and for whom")?;
        for change in breaking {
            let what = self.phrase(&contract(change), BOLD);
            let told = format!("{} {}: {what}", self.paint(RED, "!"), self.paint(BOLD, &visible(&place(change))));
            self.line(2, &told)?;
            for affected in &change.affected {
                let through = match affected.through.is_empty() {
                    true => String::new(),
                    false => format!(" through {}", visible(&affected.through.join(", "))),
                };
                self.line(6, &format!("breaks {}{through}", visible(&affected.subscriber)))?;
            }
        }
        Ok(())
    }

    fn rest(&mut self, diff: &Diff) -> io::Result<()> {
        let stacks = diff.stacks.iter().any(|stack| {
            !stack.properties.is_empty() || stack.resources.iter().any(|found| !is_replaced_or_gone(found))
        });
        let contracts: Vec<_> = diff.contracts.iter().filter(|change| !change.breaking).collect();
        if !stacks && contracts.is_empty() && diff.expired.is_empty() {
            return Ok(());
        }
        self.heading("What else changes")?;
        for change in contracts {
            let what = self.phrase(&contract(change), BOLD);
            self.line(2, &format!("~ {}: {what}", visible(&place(change))))?;
        }
        for expired in &diff.expired {
            let told = format!(
                "! the subscription of {} to {} ended on {}",
                visible(&expired.subscriber),
                visible(&expired.product),
                visible(&expired.end_date)
            );
            self.line(2, &told)?;
        }
        for stack in &diff.stacks {
            let idle = stack.resources.iter().filter(|found| found.impact == Impact::None).count();
            let folded = renamed(diff, stack);
            let all = stack.resources.iter().filter(|found| !folded.contains(found.logical_id.as_str()));
            for found in all.filter(|found| !is_replaced_or_gone(found) && found.impact != Impact::None) {
                self.resource(stack, found)?;
            }
            if idle > 0 {
                let told = format!(
                    "~ {}: {}: only the order of creation changes",
                    visible(&stack.id),
                    count(idle, "resource")
                );
                let told = self.paint(GREY, &told);
                self.line(2, &told)?;
            }
            for property in &stack.properties {
                self.line(2, &format!("~ {}", visible(&stack.id)))?;
                self.property(property)?;
            }
        }
        Ok(())
    }

    fn findings(&mut self, diff: &Diff) -> io::Result<()> {
        if diff.findings.is_empty() {
            return Ok(());
        }
        self.heading("Rules of what must not merge")?;
        for finding in &diff.findings {
            let style = if finding.refuses() { ALARM } else { YELLOW };
            let told = format!(
                "{} {}:{}: {}",
                self.paint(style, &format!("{}[{}]", visible(&finding.severity), visible(&finding.code))),
                visible(&finding.file),
                finding.line,
                visible(&finding.message)
            );
            self.line(2, &told)?;
            match &finding.accepted {
                Some(reason) => self.line(6, &format!("accepted: {}", visible(reason)))?,
                None => self.line(6, &format!("do: {}", visible(&finding.help)))?,
            }
        }
        Ok(())
    }

    fn unknown(&mut self, diff: &Diff) -> io::Result<()> {
        for unknown in &diff.unknown {
            let told = self.paint(GREY, &format!("not evaluated: {}", visible(unknown)));
            self.line(0, &told)?;
        }
        Ok(())
    }
}

/// The symbol of a resource's change: CloudFormation makes the new one before it deletes the old.
fn symbol(found: &ResourceChange) -> (&'static str, &'static str) {
    match (found.change, found.impact) {
        (_, Impact::Replaced) => ("+/-", ALARM),
        (_, Impact::MayBeReplaced) => ("+/-?", YELLOW),
        (_, Impact::Destroyed) | (ChangeKind::Removed, _) => ("-", RED),
        (ChangeKind::Added, _) => ("+", GREEN),
        (ChangeKind::Changed, _) => ("~", YELLOW),
    }
}

/// A value on one line, cut where it is long.
fn short_value(value: &serde_json::Value) -> String {
    const MOST: usize = 100;
    let text = visible(&value.to_string());
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
