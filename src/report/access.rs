//! Who can see what, for a person.

use crate::access::{Access, Copy, CopyKind, Principal, Table};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Each table with its visible and hidden columns.
    Columns,
    /// Also the chain of resources, and the missing legs.
    Chain,
}

/// Writes who can see what, within a width in characters. Roles of one owner that see the same stand together.
///
/// # Errors
/// When the writer refuses.
pub fn write(out: &mut dyn Write, access: &Access, detail: Detail, width: usize) -> io::Result<()> {
    let mut owners: BTreeMap<(&str, &str), Vec<&Principal>> = BTreeMap::new();
    for principal in &access.principals {
        owners.entry((&principal.owner, &principal.account)).or_default().push(principal);
    }
    for ((owner, account), principals) in &owners {
        writeln!(out, "{owner} ({account})")?;
        for group in equal_sights(principals) {
            let names: Vec<&str> = group.iter().map(|principal| short(&principal.principal)).collect();
            writeln!(out, "  {}", names.join(", "))?;
            let Some(first) = group.first() else { continue };
            if first.tables.is_empty() {
                writeln!(out, "    sees nothing")?;
            }
            for table in &first.tables {
                write_table(out, table, detail, width)?;
            }
            if detail == Detail::Chain {
                for missing in group.iter().flat_map(|principal| &principal.missing) {
                    writeln!(out, "    missing {}: {}", kebab(&missing.leg), missing.reason)?;
                }
            }
        }
        writeln!(out)?;
    }
    let administrators: BTreeSet<&str> =
        access.administrators.iter().map(|administrator| short(&administrator.principal)).collect();
    if !administrators.is_empty() {
        let names: Vec<&str> = administrators.into_iter().collect();
        writeln!(
            out,
            "outside all grants: {} administers Lake Formation in {} accounts, and could grant itself anything",
            names.join(", "),
            access.administrators.len()
        )?;
    }
    for unknown in &access.unknown {
        paragraph(out, "not evaluated: ", unknown, width)?;
    }
    Ok(())
}

/// Principals that see the same columns of the same tables, in the order of their names.
fn equal_sights<'a>(principals: &[&'a Principal]) -> Vec<Vec<&'a Principal>> {
    let mut groups: Vec<Vec<&Principal>> = Vec::new();
    for principal in principals {
        let sight = |principal: &Principal| -> Vec<(String, Vec<bool>, Vec<Copy>)> {
            let tables = principal.tables.iter();
            tables
                .map(|table| {
                    let visible = table.columns.iter().map(|column| column.visible).collect();
                    (format!("{}.{}", table.database, table.table), visible, table.copies.clone())
                })
                .collect()
        };
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| sight(first) == sight(principal))) {
            Some(group) => group.push(principal),
            None => groups.push(vec![principal]),
        }
    }
    groups
}

fn write_table(out: &mut dyn Write, table: &Table, detail: Detail, width: usize) -> io::Result<()> {
    let (seen, hidden): (Vec<_>, Vec<_>) = table.columns.iter().partition(|column| column.visible);
    writeln!(out, "    {}.{}: {} of {} columns", table.product, table.table, seen.len(), table.columns.len())?;
    let listed = |columns: Vec<&crate::access::Column>| {
        let names = columns.into_iter().map(|column| match &column.classification {
            Some(classification) => format!("{} ({classification})", column.name),
            None => column.name.clone(),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    if !seen.is_empty() {
        paragraph(out, "      sees    ", &listed(seen), width)?;
    }
    if !hidden.is_empty() {
        paragraph(out, "      hidden  ", &listed(hidden), width)?;
    }
    for copy in &table.copies {
        paragraph(out, "      copy    ", &copied(copy), width)?;
    }
    if detail == Detail::Chain {
        for through in &table.through {
            writeln!(out, "      through {:22} {} in {}", kebab(&through.leg), through.resource, through.stack)?;
        }
    }
    Ok(())
}

/// A copy in one sentence.
fn copied(copy: &Copy) -> String {
    let kind = match copy.kind {
        CopyKind::Spice => "SPICE data set",
        CopyKind::Staging => "staging copy",
        CopyKind::Results => "query results",
    };
    let columns = if copy.columns.is_empty() { String::new() } else { format!(" of {}", copy.columns.join(", ")) };
    format!("{kind} {}{columns}; {} sees all of it", copy.place, copy.readers.join(", "))
}

/// A text broken at spaces, with further lines under the first.
fn paragraph(out: &mut dyn Write, start: &str, text: &str, width: usize) -> io::Result<()> {
    let indent = " ".repeat(start.chars().count());
    let room = width.saturating_sub(start.len()).max(20);
    let mut line = String::new();
    let mut prefix = start;
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            writeln!(out, "{prefix}{line}")?;
            prefix = &indent;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{prefix}{line}")
}

/// The last part of an ARN.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn kebab<T: serde::Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}
