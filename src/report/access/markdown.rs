//! Who can see what, as tables of GitHub-flavoured Markdown. Every name is data: it is escaped as in the comment on a
//! difference, so that it cannot end a cell, make a link, or mention anybody.

use super::matrix::{Matrix, class, split};
use super::{Detail, administrators, copied, copies, home, is_sensitive, kebab, product, short, told};
use crate::access::{Access, Column, Table};
use crate::report::diff::{code, prose};
use std::io::{self, Write};

pub(super) fn write(out: &mut dyn Write, access: &Access, detail: Detail) -> io::Result<()> {
    writeln!(out, "## Who sees which columns\n")?;
    matrix(out, access)?;
    for principal in told(access) {
        if principal.tables.is_empty() && (detail == Detail::Columns || principal.missing.is_empty()) {
            continue;
        }
        writeln!(out, "\n### {}, {}\n", code(short(&principal.principal)), code(&home(principal)))?;
        if !principal.tables.is_empty() {
            writeln!(out, "| table | sees | of them sensitive | hidden |\n|---|---|---|---|")?;
        }
        for table in &principal.tables {
            row(out, table)?;
        }
        if detail == Detail::Chain {
            for table in &principal.tables {
                for through in &table.through {
                    let (leg, table) = (kebab(&through.leg), format!("{}.{}", table.database, table.table));
                    writeln!(
                        out,
                        "- {} through {leg}: {} in {}",
                        code(&table),
                        code(&through.resource),
                        code(&through.stack)
                    )?;
                }
            }
            for missing in &principal.missing {
                writeln!(out, "- missing {}: {}", kebab(&missing.leg), prose(&missing.reason))?;
            }
        }
    }
    let copies = copies(access);
    if !copies.is_empty() {
        writeln!(out, "\n### Copies, of which Lake Formation is not asked again\n")?;
        for (table, copy) in copies {
            let readers: Vec<String> = copy.readers.iter().map(|reader| code(short(reader))).collect();
            let table = format!("{}.{}", table.database, table.table);
            writeln!(out, "- {}: {}; read by {}", code(&table), code(&copied(copy)), readers.join(", "))?;
        }
    }
    writeln!(out, "\n### Outside all grants, and unknown\n")?;
    for (administrator, accounts) in administrators(access) {
        let accounts = accounts.len();
        writeln!(out, "- {} administers Lake Formation in {accounts} account(s)", code(administrator))?;
    }
    for unknown in &access.unknown {
        writeln!(out, "- unknown: {}", prose(unknown))?;
    }
    Ok(())
}

fn matrix(out: &mut dyn Write, access: &Access) -> io::Result<()> {
    let matrix = Matrix::of(access);
    if matrix.products.is_empty() {
        return writeln!(out, "Nobody sees anything.");
    }
    let products: Vec<String> = matrix.products.iter().map(|(product, _)| code(product)).collect();
    writeln!(out, "| principal | {} |\n|---|{}", products.join(" | "), "---|".repeat(products.len()))?;
    for principal in access.principals.iter().filter(|principal| !principal.tables.is_empty()) {
        let row = matrix.row(principal);
        let cell = |number: usize| match row.get(&number) {
            None => "-".to_owned(),
            Some(cell) if cell.is_sensitive() => format!("**{}**", matrix.text(cell)),
            Some(cell) => matrix.text(cell),
        };
        let cells: Vec<String> = (0..matrix.products.len()).map(cell).collect();
        writeln!(out, "| {} | {} |", code(short(&principal.principal)), cells.join(" | "))?;
    }
    writeln!(out, "\nClasses: {}; `~` some rows only; bold: something sensitive.", prose(&matrix.legend()))
}

fn row(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let (seen, hidden) = split(table);
    let (sensitive, plain): (Vec<_>, Vec<_>) = seen.into_iter().partition(|column| is_sensitive(class(column)));
    let name = match table.product.is_empty() {
        true => code(&format!("{}.{}", table.database, table.table)),
        false => format!("{} {}", code(&product(table)), code(&format!("{}.{}", table.database, table.table))),
    };
    writeln!(out, "| {name} | {} | {} | {} |", listed(&plain), listed(&sensitive), listed(&hidden))
}

fn listed(columns: &[&Column]) -> String {
    let one = |column: &&Column| {
        let rows = match column.rows.as_slice() {
            [] => String::new(),
            rows => format!(" where {}", rows.join(" or ")),
        };
        code(&format!("{}{rows} ({})", column.name, class(column)))
    };
    if columns.is_empty() { "-".to_owned() } else { columns.iter().map(one).collect::<Vec<_>>().join(", ") }
}
