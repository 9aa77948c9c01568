//! What somebody sees, or does not see, on the way from one side to the other: one sentence for each table and stack.

use super::group::Folded;
use super::paper::{ALARM, Paper, RED};
use super::phrase::{Phrase, count};
use super::told::job_of;
use super::words::{is_sensitive, label, short};
use crate::plan::diff::{ColumnSight, Diff, Renaming};
use crate::plan::safety::{UnsafeMoment, Wrong};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Most names in a sentence.
const MOST: usize = 5;

/// A moment as it is told.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// What is wrong.
    pub(super) wrong: Wrong,
    /// Whether a sensitive column is seen that should not be.
    pub(super) sensitive: bool,
    /// The sentence.
    pub(super) phrase: Phrase,
}

/// The moments of a difference, leaks first; those of one stack and table together.
pub(super) fn moments(diff: &Diff) -> Vec<Moment> {
    type Key<'a> = (Wrong, usize, usize, &'a str, &'a str, &'a [ColumnSight]);
    let mut alike: BTreeMap<Key<'_>, BTreeSet<&str>> = BTreeMap::new();
    for moment in &diff.moments {
        let UnsafeMoment { wrong, from_step, to_step, stack, principal, table, columns } = moment;
        let key = (*wrong, *from_step, *to_step, stack.as_str(), table.as_str(), columns.as_slice());
        alike.entry(key).or_default().insert(short(principal));
    }
    let told = alike.into_iter().map(|((wrong, from, to, stack, table, columns), who)| {
        let many = who.len() > 1;
        let when = if from == to { "while " } else { "from the deployment of " };
        let phrase = Phrase::of(when).name(stack).words(match from == to {
            true => " is deployed, ".to_owned(),
            false => format!(" until {} later, ", count(to - from, "step")),
        });
        let phrase = phrase.names(who, MOST).words(" ").strong(match (wrong, many) {
            (Wrong::Leak, true) => "see too much",
            (Wrong::Leak, false) => "sees too much",
            (Wrong::Gap, true) => "are without sight",
            (Wrong::Gap, false) => "is without sight",
        });
        let names = columns.iter().map(|column| column.name.as_str());
        let phrase = phrase.words(": ").names(names, MOST).words(" of ").name(table);
        let sensitive = wrong == Wrong::Leak && columns.iter().any(is_sensitive);
        Moment { wrong, sensitive, phrase }
    });
    told.chain(renames(diff)).chain(tags(diff)).collect()
}

/// The time in which a product that is renamed answers under neither name.
fn renames(diff: &Diff) -> Vec<Moment> {
    let renamings = Folded::of(diff).renamings.into_iter();
    let told = renamings.map(|Renaming { before, after, owners, .. }| {
        let phrase = Phrase::of("between the removal of ").name(&before).words(" and the first run of ");
        let phrase = match job_of(diff, &after) {
            Some(job) => phrase.words("the job ").name(job),
            None => phrase.words("what fills ").name(&after),
        };
        let phrase = phrase.words(", ").strong("neither name may answer");
        let phrase = phrase.words(": the old tables are gone, the new ones still empty");
        let phrase = match owners.is_empty() {
            true => phrase,
            false => phrase.words(". It affects ").names(owners.iter().map(String::as_str), MOST),
        };
        Moment { wrong: Wrong::Gap, sensitive: false, phrase }
    });
    told.collect()
}

/// Tags that lose a value by which somebody may have been granted something.
fn tags(diff: &Diff) -> Vec<Moment> {
    let resources = diff.stacks.iter().flat_map(|stack| &stack.resources);
    let tags = resources.filter(|found| found.resource_type == "AWS::LakeFormation::Tag");
    let told = tags.flat_map(|found| found.notes.iter().map(move |note| (found, note))).map(|(found, note)| {
        let phrase = Phrase::new().name(label(found)).words(": ").prose(note);
        Moment { wrong: Wrong::Gap, sensitive: false, phrase }
    });
    told.collect()
}

/// What the sentences mean, in one line.
pub(super) const MEANING: &str = "Predicted by walking through the steps of a deployment, and through the moments in which CloudFormation has \
    deleted what it replaces and not yet made it anew. Before and after, everybody sees what is told above.";

impl Paper<'_> {
    /// The moments, at a terminal.
    pub(super) fn moments(&mut self, diff: &Diff) -> io::Result<()> {
        let moments = moments(diff);
        if moments.is_empty() {
            return Ok(());
        }
        self.heading("What happens on the way")?;
        for moment in moments {
            let style = match moment.wrong {
                Wrong::Leak => ALARM,
                Wrong::Gap => RED,
            };
            let told = format!("{} {}", self.paint(style, "!"), self.phrase(&moment.phrase, style));
            self.line(2, &told)?;
        }
        Ok(())
    }
}
