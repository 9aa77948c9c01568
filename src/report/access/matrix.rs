//! The matrix: principals by products. A cell says how many columns are seen and of which classes.

use super::{is_sensitive, product};
use crate::access::{Access, Principal, Table};
use std::collections::{BTreeMap, BTreeSet};

/// Principals by products.
pub(super) struct Matrix {
    /// The products, sorted, each with the number of its columns.
    pub(super) products: Vec<(String, usize)>,
    /// The mark of each class: small letters for what may be seen, capitals for what is sensitive.
    pub(super) marks: BTreeMap<String, char>,
}

/// What a principal sees of a product.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) seen: usize,
    pub(super) classes: BTreeSet<String>,
    /// Whether some column is seen in some rows only.
    pub(super) filtered: bool,
}

/// The class of a column that carries none.
pub(super) const NO_CLASS: &str = "no class";

impl Matrix {
    pub(super) fn of(access: &Access) -> Self {
        let mut columns: BTreeMap<String, BTreeSet<(&str, &str, &str, &str)>> = BTreeMap::new();
        let mut classes: BTreeSet<&str> = BTreeSet::new();
        for table in access.principals.iter().flat_map(|principal| &principal.tables) {
            for column in &table.columns {
                let key = (table.catalog.as_str(), table.database.as_str(), table.table.as_str(), column.name.as_str());
                columns.entry(product(table)).or_default().insert(key);
                classes.insert(class(column));
            }
        }
        let products = columns.into_iter().map(|(product, columns)| (product, columns.len())).collect();
        Self { products, marks: marks(&classes) }
    }

    /// What a principal sees, by the number of the product; products of which it sees nothing are not there.
    pub(super) fn row(&self, principal: &Principal) -> BTreeMap<usize, Cell> {
        let mut cells: BTreeMap<usize, Cell> = BTreeMap::new();
        for table in &principal.tables {
            let name = product(table);
            let Ok(number) = self.products.binary_search_by(|(known, _)| known.cmp(&name)) else { continue };
            let cell = cells.entry(number).or_default();
            for column in table.columns.iter().filter(|column| column.visible) {
                cell.seen += 1;
                cell.classes.insert(class(column).to_owned());
                cell.filtered |= !column.rows.is_empty();
            }
        }
        cells
    }

    /// A cell in a few characters: `5 ipC`; `5 ipC~` where rows are filtered; `-` for nothing.
    pub(super) fn text(&self, cell: &Cell) -> String {
        if cell.seen == 0 {
            return "-".to_owned();
        }
        let marks: String = cell.classes.iter().filter_map(|class| self.marks.get(class)).collect();
        format!("{} {marks}{}", cell.seen, if cell.filtered { "~" } else { "" })
    }

    /// What the marks mean, sensitive ones last.
    pub(super) fn legend(&self) -> String {
        let (sensitive, rest): (Vec<_>, Vec<_>) = self.marks.iter().partition(|(class, _)| is_sensitive(class));
        let words = rest.iter().map(|(class, mark)| format!("{mark} {class}"));
        let words: Vec<String> =
            words.chain(sensitive.iter().map(|(class, mark)| format!("{mark} {class} (sensitive)"))).collect();
        words.join(", ")
    }
}

impl Cell {
    pub(super) fn is_sensitive(&self) -> bool {
        self.classes.iter().any(|class| is_sensitive(class))
    }
}

pub(super) fn class(column: &crate::access::Column) -> &str {
    column.classification.as_deref().unwrap_or(NO_CLASS)
}

/// Columns of a table that are seen, and those that are not.
pub(super) fn split(table: &Table) -> (Vec<&crate::access::Column>, Vec<&crate::access::Column>) {
    table.columns.iter().partition(|column| column.visible)
}

/// One letter for each class, the first of its own that is free.
fn marks(classes: &BTreeSet<&str>) -> BTreeMap<String, char> {
    let mut taken = BTreeSet::new();
    let mut marks = BTreeMap::new();
    for class in classes {
        let letters = class.chars().filter(char::is_ascii_alphabetic).chain('a'..='z').chain('0'..='9');
        let cased = |letter: char| {
            if is_sensitive(class) { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
        };
        let mark = letters.map(cased).find(|mark| !taken.contains(&mark.to_ascii_lowercase())).unwrap_or('?');
        taken.insert(mark.to_ascii_lowercase());
        marks.insert((*class).to_owned(), mark);
    }
    marks
}
