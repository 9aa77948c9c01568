//! What is known of the receivers of a change, from the rest of the difference: whose subscription moves with it, and whose
//! input leaves a column out already.

use super::group::Folded;
use super::phrase::Phrase;
use super::words::{remedy, short};
use crate::plan::diff::{
    AccessChange, Affected, ChangeKind, ContractChange, ContractChangeKind, Diff, ResourceChange, VersionBump,
};
use std::collections::BTreeSet;

/// What this subscriber should do about a change.
pub(super) fn remedy_for(diff: &Diff, folded: &Folded, change: &ContractChange, affected: &Affected) -> Phrase {
    let moved = moved(diff, change, &affected.subscriber);
    moved.or_else(|| left_out(diff, folded, change, &affected.subscriber)).unwrap_or_else(|| remedy(change))
}

/// The subscription to a product that is renamed, where it goes to the new name in the same change.
fn moved(diff: &Diff, change: &ContractChange, subscriber: &str) -> Option<Phrase> {
    let after = change.after.as_deref().filter(|_| change.change == ContractChangeKind::ProductRenamed)?;
    let is_own = |found: &&AccessChange| match subscriber.split_once('/') {
        None => found.owner == subscriber,
        Some((domain, product)) => found.owner == domain && short(&found.principal).ends_with(product),
    };
    let own = || diff.access.iter().filter(is_own);
    let lost: Vec<_> = own().filter(|found| found.product == change.product && !found.lost.is_empty()).collect();
    let gained: Vec<_> = own().filter(|found| found.product == after && !found.gained.is_empty()).collect();
    let tables = |all: &[&AccessChange]| all.iter().map(|found| found.table.clone()).collect::<BTreeSet<_>>();
    if gained.is_empty() || !tables(&lost).is_subset(&tables(&gained)) {
        return None;
    }
    let names = |all: Vec<&AccessChange>| all.iter().map(|found| found.database.clone()).collect::<BTreeSet<_>>();
    let (old, new) = (names(lost), names(gained));
    let phrase = Phrase::of("name the new database in every query: ");
    let phrase = match old.is_empty() {
        true => phrase,
        false => phrase.names(old.iter().map(String::as_str), 3).words(" → "),
    };
    Some(phrase.names(new.iter().map(String::as_str), 3).words(", as the subscription itself moves with this change"))
}

/// A column that a composite product no longer reads: the SQL of its input is made by us.
fn left_out(diff: &Diff, folded: &Folded, change: &ContractChange, subscriber: &str) -> Option<Phrase> {
    if ![ContractChangeKind::ColumnRemoved, ContractChangeKind::Reclassified].contains(&change.change) {
        return None;
    }
    let (domain, product) = subscriber.split_once('/')?;
    let column = change.column.as_deref()?;
    let is_lost = folded.changes.iter().any(|found| {
        found.owner == domain
            && short(&found.principal).ends_with(product)
            && found.product == change.product
            && change.table.as_deref().is_none_or(|table| table == found.table)
            && found.lost.iter().any(|lost| lost.name == column)
    });
    let is_made_anew = resources(diff).any(|found| {
        found.resource_type == "AWS::StepFunctions::StateMachine"
            && found.change != ChangeKind::Removed
            && found.label.ends_with(product)
    });
    if !is_lost || !is_made_anew {
        return None;
    }
    let phrase = Phrase::of("check that the script of its job does not use ").name(column);
    let phrase = phrase.words(": the platform already leaves it out of the input");
    Some(match change.after.as_deref() {
        Some(after) => phrase.words("; or ask for ").name(after).words(" at the input port"),
        None => phrase,
    })
}

/// The job that fills a product, where this change makes it.
pub(super) fn job_of<'a>(diff: &'a Diff, product: &str) -> Option<&'a str> {
    let mut jobs = resources(diff).filter(|found| {
        found.resource_type == "AWS::Glue::Job"
            && found.change == ChangeKind::Added
            && found.label.strip_suffix(product).is_some_and(|start| start.ends_with('-'))
    });
    jobs.next().map(|found| found.label.as_str())
}

/// Why a version has to be raised: what changes in its product, what breaks first.
pub(super) fn causes<'a>(diff: &'a Diff, bump: &VersionBump) -> Vec<&'a ContractChange> {
    let is_own = |change: &&ContractChange| {
        let is_renamed = change.change == ContractChangeKind::ProductRenamed;
        change.product == bump.product || is_renamed && change.after.as_deref() == Some(bump.product.as_str())
    };
    let mut causes: Vec<_> = diff.contracts.iter().filter(is_own).collect();
    causes.sort_by_key(|change| !change.breaking);
    causes
}

fn resources(diff: &Diff) -> impl Iterator<Item = &ResourceChange> {
    diff.stacks.iter().flat_map(|stack| &stack.resources)
}
