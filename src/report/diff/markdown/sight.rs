//! Who gains, keeps or loses sight of which columns.

use super::budget::{Piece, Risk, Section};
use super::escape::{code, prose};
use super::sections::{MOST_NAMES, listed, row};
use crate::access::CopyKind;
use crate::plan::diff::{AccessChange, ColumnSight, CopySight, Diff};
use crate::report::diff::group::{Folded, Sight, sights};
use crate::report::diff::phrase::count;
use crate::report::diff::words::{classification, is_personal, is_sensitive, rights, short};

pub(super) fn section(diff: &Diff) -> Section {
    let folded = Folded::of(diff);
    let sights = sights(&folded.changes);
    let mut pieces: Vec<Piece> = sights
        .iter()
        .map(|sight| {
            let risk = match (sight.is_sensitive(), sight.gained().is_empty()) {
                (true, _) => Risk::Sensitive,
                (false, false) => Risk::Gain,
                (false, true) => Risk::Notable,
            };
            let cells = [who(sight), what(sight), gains(sight), loses(sight), joined(vec![keeps(sight), why(sight)])];
            Piece { risk, text: row(&cells) }
        })
        .collect();
    pieces.extend(folded.renamings.iter().map(|renaming| {
        let owners = listed(renaming.owners.iter().map(|owner| format!("**{}**", code(owner))).collect());
        let copies = if renaming.copies { "; the copies that are staged for its job move along" } else { "" };
        let cells = [
            owners,
            format!("{} → {}", code(&renaming.before), code(&renaming.after)),
            String::new(),
            String::new(),
            format!("the product is renamed: the same columns under the new name{copies}"),
        ];
        Piece { risk: Risk::Notable, text: row(&cells) }
    }));
    let header = "| who | product and table | gains sight of | loses sight of | why |\n| :-- | :-- | :-- | :-- | :-- |";
    super::sections::section("Who gains or loses sight of which columns", Some(header), "row", pieces)
}

/// The owners; the names of their roles only where somebody has to decide on them.
fn who(sight: &Sight<'_>) -> String {
    let owners = sight.principals.iter().map(|(owner, names)| {
        let names = match (sight.is_sensitive(), names.len()) {
            (true, _) => format!("<br>{}", listed(names.iter().map(|name| code(name)).collect())),
            (false, 1) => String::new(),
            (false, more) => format!(" ({})", count(more, "role")),
        };
        format!("**{}**{names}", code(owner))
    });
    listed(owners.collect())
}

fn what(sight: &Sight<'_>) -> String {
    match sight.tables.as_slice() {
        [only] => code(&format!("{}.{}", only.product, only.table)),
        tables => format!("{}: {}", code(&sight.first.product), count(tables.len(), "table")),
    }
}

fn gains(sight: &Sight<'_>) -> String {
    let columns = sight.gained().into_iter().map(|column| {
        let told = with_classification(column);
        match (is_personal(column), is_sensitive(column)) {
            (true, _) => format!("🔴 **{told}**"),
            (false, true) => format!("🟠 **{told}**"),
            (false, false) => told,
        }
    });
    let mut parts = vec![listed(columns.collect())];
    parts.push(listed(sight.copies_gained.iter().map(|copy| copied(copy)).collect()));
    joined(parts)
}

/// What is seen on both sides, and is not what it was.
fn keeps(sight: &Sight<'_>) -> String {
    joined(sight.tables.iter().flat_map(|table| [listed(reclassified(table)), listed(rows(table))]).collect())
}

fn loses(sight: &Sight<'_>) -> String {
    let mut parts = vec![listed(sight.lost().into_iter().map(with_classification).collect())];
    parts.push(listed(sight.copies_lost.iter().map(|copy| copied(copy)).collect()));
    joined(parts)
}

fn joined(parts: Vec<String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).take(MOST_NAMES).collect();
    parts.join("<br>")
}

fn with_classification(column: &ColumnSight) -> String {
    format!("{} {}", code(&column.name), prose(classification(column.classification.as_deref())))
}

/// A copy by its kind and its readers; where it lies would fill the cell, and stands in the JSON.
fn copied(copy: &CopySight) -> String {
    let what = match copy.kind {
        CopyKind::Spice => "a copy in SPICE",
        CopyKind::Staging => "a staged copy",
        CopyKind::Results => "results of queries",
    };
    let readers: Vec<String> = copy.readers.iter().map(|reader| code(short(reader))).collect();
    format!("{what}, read by {}", listed(readers))
}

fn reclassified(table: &AccessChange) -> Vec<String> {
    let told = |side: &Option<String>| prose(classification(side.as_deref()));
    let changes = table.reclassified.iter();
    changes
        .map(|found| format!("keeps {}, now {} (was {})", code(&found.column), told(&found.after), told(&found.before)))
        .collect()
}

fn rows(table: &AccessChange) -> Vec<String> {
    let told = |filters: &[String]| match filters {
        [] => "all rows".to_owned(),
        filters => format!("rows with {}", listed(filters.iter().map(|filter| code(filter)).collect())),
    };
    let changes = table.rows.iter();
    changes.map(|found| format!("{}: {} → {}", code(&found.column), told(&found.before), told(&found.after))).collect()
}

fn why(sight: &Sight<'_>) -> String {
    let change = sight.first;
    let mut parts: Vec<String> = change.reasons.iter().map(|reason| prose(reason)).collect();
    if let Some(rights) = rights(change) {
        parts.push(prose(&rights));
    }
    // whoever loses something knows what it was for
    if let Some(purpose) = change.purpose.as_ref().filter(|_| !sight.gained().is_empty()) {
        parts.push(format!("purpose: _{}_", prose(purpose)));
    }
    joined(parts)
}
