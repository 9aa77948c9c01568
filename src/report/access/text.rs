//! Who can see what, for a terminal.

use super::matrix::{Cell, Matrix, class, split};
use super::{Detail, Look, administrators, copied, copies, home, is_sensitive, kebab, product, short, told};
use crate::access::{Access, Missing, Principal, Table};
use crate::report::Colour;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Characters of a principal's name in the matrix; a longer one has a line of its own.
const NAME: usize = 34;
/// Characters of a cell.
const CELL: usize = 9;

pub(super) fn write(out: &mut dyn Write, access: &Access, look: &Look) -> io::Result<()> {
    let paint = Paint { colour: look.colour };
    let told = told(access);
    if told.iter().all(|principal| principal.tables.is_empty()) {
        writeln!(out, "nobody sees anything\n")?;
    } else {
        matrix(out, access, look, &paint)?;
    }
    let mut homes: BTreeMap<String, Vec<&Principal>> = BTreeMap::new();
    for principal in &told {
        homes.entry(home(principal)).or_default().push(principal);
    }
    for (home, principals) in &homes {
        writeln!(out, "{}", paint.strong(&neutral(home)))?;
        for group in equal_sights(principals) {
            write_group(out, &group, look, &paint)?;
        }
        writeln!(out)?;
    }
    let hidden = told.iter().map(|principal| principal.missing.len()).sum::<usize>();
    if hidden > 0 && look.detail == Detail::Columns {
        writeln!(out, "{hidden} tables are closed to somebody for want of a leg: --why names it\n")?;
    }
    let copies = copies(access);
    if !copies.is_empty() {
        writeln!(out, "{}", paint.strong("copies, of which Lake Formation is not asked again"))?;
        for (table, copy) in copies {
            let readers: Vec<&str> = copy.readers.iter().map(|reader| short(reader)).collect();
            let readers = if readers.is_empty() { "nobody".to_owned() } else { readers.join(", ") };
            let text = format!("{}.{}: {}; read by {readers}", table.database, table.table, copied(copy));
            paragraph(out, "  ! ", &text, look.width)?;
        }
        writeln!(out)?;
    }
    for (administrator, accounts) in administrators(access) {
        let text = format!(
            "{administrator} administers Lake Formation in {} and can grant itself anything",
            if accounts.len() == 1 { accounts.join("") } else { format!("{} accounts", accounts.len()) }
        );
        paragraph(out, "outside all grants: ", &text, look.width)?;
    }
    for unknown in &access.unknown {
        paragraph(out, "unknown: ", unknown, look.width)?;
    }
    Ok(())
}

/// As many products beside one another as the width has room for, then the next ones.
fn matrix(out: &mut dyn Write, access: &Access, look: &Look, paint: &Paint) -> io::Result<()> {
    let matrix = Matrix::of(access);
    let room = (look.width.saturating_sub(NAME + 2) / CELL).max(1);
    let seeing = access.principals.iter().filter(|principal| !principal.tables.is_empty());
    let rows: Vec<_> = seeing.map(|principal| (principal, matrix.row(principal))).collect();
    for (block, products) in matrix.products.chunks(room).enumerate() {
        let first = block * room;
        for (number, (product, columns)) in products.iter().enumerate() {
            let noun = if *columns == 1 { "column" } else { "columns" };
            writeln!(out, "{:>3}  {} ({columns} {noun})", first + number + 1, paint.strong(&neutral(product)))?;
        }
        let mut head = format!("{:NAME$}  ", "columns seen of");
        for number in 0..products.len() {
            head += &format!("{:<CELL$}", first + number + 1);
        }
        writeln!(out, "{}", head.trim_end())?;
        for (principal, row) in &rows {
            if row.range(first..first + products.len()).next().is_none() {
                continue;
            }
            let name = neutral(short(&principal.principal));
            let mut line = match name.chars().count() {
                0..=NAME => format!("{name:NAME$}  "),
                _ => format!("{name}\n{:NAME$}  ", ""),
            };
            for number in first..first + products.len() {
                let cell = row.get(&number);
                let text = cell.map_or_else(|| "-".to_owned(), |cell| matrix.text(cell));
                let gap = " ".repeat(CELL.saturating_sub(text.chars().count()).max(1));
                let is_sensitive = cell.is_some_and(Cell::is_sensitive);
                line += &(if is_sensitive { paint.sensitive(&text) } else { text });
                line += &gap;
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        writeln!(out)?;
    }
    paragraph(out, "classes: ", &format!("{}; ~ some rows only", matrix.legend()), look.width)?;
    writeln!(out)
}

/// Principals that see the same columns of the same tables, in the order of their names.
fn equal_sights<'a>(principals: &[&'a Principal]) -> Vec<Vec<&'a Principal>> {
    let sight = |table: &'a Table| (&table.catalog, &table.database, &table.table, &table.columns, table.discovered);
    let are_equal = |left: &'a Principal, right: &'a Principal| {
        left.kind == right.kind && left.tables.iter().map(sight).eq(right.tables.iter().map(sight))
    };
    let mut groups: Vec<Vec<&Principal>> = Vec::new();
    for principal in principals {
        let same = |group: &&mut Vec<&'a Principal>| group.first().is_some_and(|first| are_equal(first, principal));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(principal),
            None => groups.push(vec![principal]),
        }
    }
    groups
}

fn write_group(out: &mut dyn Write, group: &[&Principal], look: &Look, paint: &Paint) -> io::Result<()> {
    for principal in group {
        let kind = kebab(&principal.kind);
        let kind = if kind == "role" { String::new() } else { format!(" ({kind})") };
        writeln!(out, "  {}{kind}", neutral(short(&principal.principal)))?;
        if look.detail == Detail::Chain && !principal.assumed_by.is_empty() {
            paragraph(out, "    assumed by ", &principal.assumed_by.join(", "), look.width)?;
        }
    }
    let Some(first) = group.first() else { return Ok(()) };
    if first.tables.is_empty() {
        writeln!(out, "    sees nothing")?;
    }
    for table in &first.tables {
        write_table(out, table, look, paint)?;
    }
    if look.detail == Detail::Chain {
        for principal in group {
            if group.len() > 1 && !principal.tables.is_empty() {
                writeln!(out, "    through, for {}", neutral(short(&principal.principal)))?;
            }
            for table in &principal.tables {
                chain(out, table, look.width)?;
            }
            for Missing { leg, reason } in &principal.missing {
                paragraph(out, &format!("    x missing {}: ", kebab(leg)), reason, look.width)?;
            }
        }
    }
    Ok(())
}

fn write_table(out: &mut dyn Write, table: &Table, look: &Look, paint: &Paint) -> io::Result<()> {
    let (seen, hidden) = split(table);
    let name = match table.product.is_empty() {
        true => format!("{}.{}", table.database, table.table),
        false => format!("{}: {}.{}", product(table), table.database, table.table),
    };
    let discovered = if table.discovered { ", and any that a crawler finds" } else { "" };
    writeln!(out, "    {}", neutral(&name))?;
    let rights = table.permissions.join(" ");
    let counts = format!("{} of {} columns{discovered}; {rights}", seen.len(), table.columns.len());
    paragraph(out, "      ", &counts, look.width)?;
    let lists = [("+ sees   ", &seen), ("- hidden ", &hidden)];
    for (sign, columns) in lists.into_iter().filter(|(_, columns)| !columns.is_empty()) {
        let mut by_class: BTreeMap<(bool, &str), Vec<String>> = BTreeMap::new();
        for column in columns {
            let class = class(column);
            let rows = match column.rows.as_slice() {
                [] => String::new(),
                rows => format!(" where {}", rows.join(" or ")),
            };
            by_class.entry((is_sensitive(class), class)).or_default().push(format!("{}{rows}", column.name));
        }
        for ((is_sensitive, class), names) in by_class {
            let mark = if is_sensitive { "!" } else { " " };
            let start = format!("      {sign}{mark}{} ", neutral(class));
            let start = if is_sensitive && sign.starts_with('+') { paint.prefix(&start) } else { Prefix::plain(start) };
            wrapped(out, &start, &names.join(", "), look.width)?;
        }
    }
    Ok(())
}

/// The chain of one table: a leg a line, its stack below where the line is too narrow for both.
fn chain(out: &mut dyn Write, table: &Table, width: usize) -> io::Result<()> {
    writeln!(out, "      {}.{}", neutral(&table.database), neutral(&table.table))?;
    for through in &table.through {
        let (leg, stack) = (format!("        {:20}", kebab(&through.leg)), neutral(&through.stack));
        let start = format!("{leg} {}", neutral(&through.resource));
        if start.chars().count() + stack.chars().count() + 4 <= width {
            writeln!(out, "{start} in {stack}")?;
        } else {
            writeln!(out, "{start}\n{:29}in {stack}", "")?;
        }
    }
    Ok(())
}

/// Colours, where there are any. Each stands beside a sign that says the same.
struct Paint {
    colour: Colour,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::Plain => text.to_owned(),
            Colour::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }

    fn strong(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn sensitive(&self, text: &str) -> String {
        self.with("33", text)
    }

    fn prefix(&self, text: &str) -> Prefix {
        Prefix { shown: self.sensitive(text), length: text.chars().count() }
    }
}

/// The beginning of a paragraph, and how wide it is shown.
struct Prefix {
    shown: String,
    length: usize,
}

impl Prefix {
    fn plain(text: String) -> Self {
        Self { length: text.chars().count(), shown: text }
    }
}

fn paragraph(out: &mut dyn Write, start: &str, text: &str, width: usize) -> io::Result<()> {
    wrapped(out, &Prefix::plain(start.to_owned()), text, width)
}

/// A text broken at spaces, with further lines under the first.
fn wrapped(out: &mut dyn Write, start: &Prefix, text: &str, width: usize) -> io::Result<()> {
    let text = neutral(text);
    let indent = " ".repeat(start.length);
    let room = width.saturating_sub(start.length).max(20);
    let mut line = String::new();
    let mut prefix = start.shown.as_str();
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

/// A text without control characters, so that no name moves the cursor or turns a line around.
fn neutral(text: &str) -> String {
    let odd = |character: char| {
        character.is_control()
            || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(odd, "\u{fffd}")
}
