//! What is the same under another name: a product that is renamed makes one gain and one loss of everything that is seen of it.

use super::model::{AccessChange, ColumnSight, ContractChange, ContractChangeKind, CopySight};
use std::collections::{BTreeMap, BTreeSet};

/// A product that has another name, and whose roles see the same of it as before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// The product's name before.
    pub before: String,
    /// Its name now.
    pub after: String,
    /// Owners of the principals that see the same under the new name.
    pub owners: BTreeSet<String>,
    /// Whether copies of what it reads moved to places that bear its new name.
    pub copies: bool,
}

/// Takes a gain and a loss that are the same but for a product's new name out of the changes of sight. What of the two differs
/// stays, as a change under the new name.
#[must_use]
pub fn without_renames(access: &[AccessChange], contracts: &[ContractChange]) -> (Vec<AccessChange>, Vec<Renaming>) {
    let renamed = contracts.iter().filter(|change| change.change == ContractChangeKind::ProductRenamed);
    let mut renamings: Vec<Renaming> = renamed
        .filter_map(|change| {
            let after = change.after.clone()?;
            Some(Renaming { before: change.product.clone(), after, owners: BTreeSet::new(), copies: false })
        })
        .collect();
    if renamings.is_empty() {
        return (access.to_vec(), renamings);
    }
    let lost: BTreeMap<(&str, &str, &str), usize> = access
        .iter()
        .enumerate()
        .filter(|(_, change)| change.gained.is_empty() && !change.lost.is_empty())
        .map(|(index, change)| ((change.principal.as_str(), change.product.as_str(), change.table.as_str()), index))
        .collect();
    let mut replaced: BTreeMap<usize, Option<AccessChange>> = BTreeMap::new();
    for (index, gain) in access.iter().enumerate() {
        if gain.sensitive || gain.gained.is_empty() || !gain.lost.is_empty() {
            continue;
        }
        for renaming in &mut renamings {
            let product = if gain.product == renaming.after { &renaming.before } else { &gain.product };
            // the role of a product's own job bears its name
            let role = gain.principal.replace(renaming.after.as_str(), &renaming.before);
            let found = [gain.principal.as_str(), role.as_str()].into_iter().find_map(|principal| {
                let is_same = principal == gain.principal && *product == gain.product;
                lost.get(&(principal, product.as_str(), gain.table.as_str())).filter(|_| !is_same)
            });
            let Some(loss) = found else { continue };
            replaced.insert(*loss, None);
            replaced.insert(index, rest(gain, &access[*loss], renaming));
            renaming.copies |= moved(&gain.copies_gained, &access[*loss].copies_lost, renaming);
            renaming.owners.insert(gain.owner.clone());
            break;
        }
    }
    let changes = access.iter().enumerate().filter_map(|(index, change)| match replaced.remove(&index) {
        Some(rest) => rest,
        None => Some(change.clone()),
    });
    (changes.collect(), renamings)
}

/// A copy as it was called before the product's name changed.
fn before(copy: &CopySight, renaming: &Renaming) -> CopySight {
    let old = |text: &String| text.replace(renaming.after.as_str(), &renaming.before);
    CopySight { kind: copy.kind, place: old(&copy.place), readers: copy.readers.iter().map(old).collect() }
}

/// Whether some copy has only moved.
fn moved(gained: &[CopySight], lost: &[CopySight], renaming: &Renaming) -> bool {
    gained.iter().any(|copy| lost.contains(&before(copy, renaming)))
}

/// What is gained or lost beside the name.
fn rest(gain: &AccessChange, loss: &AccessChange, renaming: &Renaming) -> Option<AccessChange> {
    let without = |columns: &[ColumnSight], others: &[ColumnSight]| -> Vec<ColumnSight> {
        let others: BTreeSet<&str> = others.iter().map(|column| column.name.as_str()).collect();
        columns.iter().filter(|column| !others.contains(column.name.as_str())).cloned().collect()
    };
    let (gained, lost) = (without(&gain.gained, &loss.lost), without(&loss.lost, &gain.gained));
    if gained.is_empty() && lost.is_empty() {
        return None;
    }
    let copies = |all: &[CopySight], has_moved: &dyn Fn(&CopySight) -> bool| -> Vec<CopySight> {
        all.iter().filter(|copy| !has_moved(copy)).cloned().collect()
    };
    let of_columns = |reason: &&String| reason.starts_with("column ");
    let reasons: BTreeSet<String> = gain.reasons.iter().chain(&loss.reasons).filter(of_columns).cloned().collect();
    Some(AccessChange {
        gained,
        lost,
        permissions_gained: Vec::new(),
        permissions_lost: Vec::new(),
        reasons: reasons.into_iter().collect(),
        copies_gained: copies(&gain.copies_gained, &|copy| loss.copies_lost.contains(&before(copy, renaming))),
        copies_lost: copies(&loss.copies_lost, &|copy| {
            gain.copies_gained.iter().any(|gained| before(gained, renaming) == *copy)
        }),
        ..gain.clone()
    })
}
