//! Who can see what, for people: a matrix of principals by products, then each table column by column.

mod markdown;
mod matrix;
#[cfg(test)]
mod tests;
mod text;

use crate::access::{Access, Copy, CopyKind, Principal, Table};
use crate::report::Colour;
use std::io::{self, Write};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The matrix, and each table with its visible and hidden columns.
    Columns,
    /// Also the chain of resources, and the missing legs.
    Chain,
}

/// The form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text,
    /// Tables of GitHub-flavoured Markdown.
    Markdown,
}

/// How it looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// How much is told.
    pub detail: Detail,
    /// Characters of a line.
    pub width: usize,
    /// Whether colours may be used; no meaning hangs on them.
    pub colour: Colour,
}

/// Writes who can see what.
///
/// # Errors
/// When the writer refuses.
pub fn write(out: &mut dyn Write, access: &Access, format: Format, look: &Look) -> io::Result<()> {
    match format {
        Format::Text => text::write(out, access, look),
        Format::Markdown => markdown::write(out, access, look.detail),
    }
}

/// Whether it matters who sees a column of a class: whatever is neither `public` nor `internal`, also what nobody has
/// classified.
fn is_sensitive(classification: &str) -> bool {
    !["public", "internal"].contains(&classification)
}

/// What a table is shown as a part of: its product, or itself where no tag says one.
fn product(table: &Table) -> String {
    if table.product.is_empty() { format!("{}.{}", table.database, table.table) } else { table.product.clone() }
}

/// The principals that there is something to say of: who sees something, or is kept from something.
fn told(access: &Access) -> Vec<&Principal> {
    let of_interest = |principal: &&Principal| !principal.tables.is_empty() || !principal.missing.is_empty();
    access.principals.iter().filter(of_interest).collect()
}

/// The last part of an ARN.
fn short(arn: &str) -> &str {
    let last = arn.rsplit('/').next().unwrap_or(arn);
    if last.is_empty() { arn } else { last }
}

fn kebab<T: serde::Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

/// A copy, without who reads it.
fn copied(copy: &Copy) -> String {
    let kind = match copy.kind {
        CopyKind::Spice => "SPICE data set",
        CopyKind::Staging => "staging copy",
        CopyKind::Results => "query results",
    };
    let columns = if copy.columns.is_empty() { String::new() } else { format!(" of {}", copy.columns.join(", ")) };
    format!("{kind} {}{columns}", copy.place)
}

/// Where its account belongs to.
fn home(principal: &Principal) -> String {
    match (principal.owner.is_empty() || principal.owner == principal.account, principal.account.is_empty()) {
        (true, true) => "of no account".to_owned(),
        (true, false) => principal.account.clone(),
        (false, _) => format!("{} ({})", principal.owner, principal.account),
    }
}

/// Copies with the table they are of, each once.
fn copies(access: &Access) -> Vec<(&Table, &Copy)> {
    let mut copies: Vec<(&Table, &Copy)> = Vec::new();
    let tables = access.principals.iter().flat_map(|principal| &principal.tables);
    for (table, copy) in tables.flat_map(|table| table.copies.iter().map(move |copy| (table, copy))) {
        let same = |(other, known): &(&Table, &Copy)| {
            *known == copy && (&other.database, &other.table) == (&table.database, &table.table)
        };
        if !copies.iter().any(same) {
            copies.push((table, copy));
        }
    }
    copies
}

/// Administrators with the accounts that they administer.
fn administrators(access: &Access) -> Vec<(&str, Vec<&str>)> {
    let mut found: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for administrator in &access.administrators {
        found.entry(short(&administrator.principal)).or_default().push(&administrator.account);
    }
    found.into_iter().collect()
}
