//! Resources that go under a product's old name and come under its new one: two long lists that say one thing.

use super::phrase::{Phrase, count};
use crate::plan::diff::{ChangeKind, ContractChangeKind, Diff, ResourceChange, StackChange};
use std::collections::BTreeSet;

/// Beginnings of notes that are told elsewhere for all of a kind: nothing that somebody would have to read twice.
const TOLD: [&str; 2] = ["overlap: ", "the files stay in S3"];

/// A tag on a column is called by its table and column alone: the product's name is not in it.
const COLUMN_TAG: &str = "AWS::LakeFormation::TagAssociation";

/// The resources of a stack that differ from one that goes, or comes, by the product's name alone: their logical ids.
pub(super) fn renamed<'a>(diff: &Diff, stack: &'a StackChange) -> BTreeSet<&'a str> {
    let of = |kind: ChangeKind| stack.resources.iter().filter(move |found| found.change == kind && is_plain(found));
    let mut folded = BTreeSet::new();
    let changes = diff.contracts.iter().filter(|change| change.change == ContractChangeKind::ProductRenamed);
    for (before, after) in changes.filter_map(|change| Some((change.product.as_str(), change.after.as_deref()?))) {
        if before.is_empty() || after.is_empty() {
            continue;
        }
        // names in the catalog have no hyphens
        let old =
            |label: &str| label.replace(after, before).replace(&after.replace('-', "_"), &before.replace('-', "_"));
        for new in of(ChangeKind::Added) {
            let label = old(&new.label);
            let gone = of(ChangeKind::Removed).find(|gone| {
                gone.resource_type == new.resource_type
                    && gone.label == label
                    && (label != new.label || new.resource_type == COLUMN_TAG)
                    && !folded.contains(gone.logical_id.as_str())
            });
            if let Some(gone) = gone {
                folded.extend([gone.logical_id.as_str(), new.logical_id.as_str()]);
            }
        }
    }
    folded
}

/// Whether nothing has to be said of a resource but its name.
fn is_plain(found: &ResourceChange) -> bool {
    let is_told = |note: &String| TOLD.iter().any(|start| note.starts_with(start));
    !found.data_store && found.properties.is_empty() && found.notes.iter().all(is_told)
}

/// One line for each stack that has such resources.
pub(super) fn lines(diff: &Diff) -> Vec<Phrase> {
    let lines = diff.stacks.iter().filter_map(|stack| {
        let pairs = renamed(diff, stack).len() / 2;
        let told = format!(": {} made, {pairs} removed, named alike but for the product", count(pairs, "resource"));
        (pairs > 0).then(|| Phrase::new().name(stack.id.as_str()).words(told))
    });
    lines.collect()
}
