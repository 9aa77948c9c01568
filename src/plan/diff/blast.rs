//! Whom a change of a contract reaches: those who see it by the evaluated access, and those beyond composite products.

use super::holders::{Holders, called};
use super::model::Affected;
use crate::access::{Access, Table};
use crate::mesh::Mesh;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Who sees what of each product: subscribers, or principals of which no mesh tells.
pub(super) struct Sightings<'a> {
    by_product: BTreeMap<&'a str, Vec<(String, &'a Table)>>,
}

impl<'a> Sightings<'a> {
    /// The roles of the mesh itself, an owner's or a crawler's, are nobody's subscription and are left out.
    pub(super) fn of(access: &'a Access, mesh: Option<&'a Mesh>) -> Self {
        let holders = mesh.map(Holders::of);
        let mut by_product: BTreeMap<&str, Vec<(String, &Table)>> = BTreeMap::new();
        for principal in &access.principals {
            let arn = principal.principal.as_str();
            let name = match &holders {
                Some(holders) if holders.is_of_the_mesh(arn) => continue,
                Some(holders) => holders.get(arn).map_or_else(|| arn.to_owned(), |holder| called(&holder.subscriber)),
                None => arn.to_owned(),
            };
            for table in &principal.tables {
                let product = if table.product.is_empty() { &table.database } else { &table.product };
                by_product.entry(product).or_default().push((name.clone(), table));
            }
        }
        Self { by_product }
    }

    /// Who sees one of some columns, or any column where none are named, of a table or of any.
    pub(super) fn seers(&self, product: &str, table: Option<&str>, columns: Option<&[&str]>) -> BTreeSet<&str> {
        let seen = self.by_product.get(product).into_iter().flatten();
        seen.filter(|(_, found)| table.is_none_or(|table| found.table == table))
            .filter(|(_, found)| {
                found
                    .columns
                    .iter()
                    .filter(|column| column.visible)
                    .any(|column| columns.is_none_or(|columns| columns.contains(&column.name.as_str())))
            })
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// A change as the composite products behind it see it.
pub(super) struct Wave<'a> {
    /// Who sees it.
    pub(super) direct: BTreeSet<&'a str>,
    /// The column, where it is one: a product that publishes it again under its name passes it on as that column.
    pub(super) column: Option<&'a str>,
}

/// All whom a change reaches. `stays` tells whether a subscriber of a product is one on the head's side too.
///
/// A composite product that sees what changed is affected, and so are its own subscribers: where it publishes a column of
/// the same name, those alone who see that column, since its contract hides it from the others; where it publishes none,
/// what it computes from the column cannot be told, and all who see anything of it are told. None of them sees the
/// column itself. Whoever is reached several ways is told once, by the shortest.
pub(super) fn reach(
    wave: &Wave<'_>,
    sightings: &Sightings<'_>,
    mesh: Option<&Mesh>,
    stays: impl Fn(&str, &str) -> bool,
) -> Vec<Affected> {
    let mut told: BTreeSet<String> = wave.direct.iter().map(|name| (*name).to_owned()).collect();
    let mut affected: Vec<Affected> = Vec::new();
    let mut queue: VecDeque<(String, Vec<String>, Option<&str>)> = VecDeque::new();
    for name in &told {
        affected.push(Affected { subscriber: name.clone(), through: Vec::new(), sees: true });
        queue.push_back((name.clone(), Vec::new(), wave.column));
    }
    while let Some((name, path, column)) = queue.pop_front() {
        let Some(product) = composite(mesh, &name) else { continue };
        let publishes = |column: &&str| {
            let mut columns = product.tables.values().flat_map(crate::mesh::Table::all_columns);
            columns.any(|found| found.name.as_str() == *column)
        };
        let passed_on = column.filter(publishes);
        let through: Vec<String> = path.into_iter().chain([name]).collect();
        let columns = passed_on.map(|column| vec![column]);
        for next in sightings.seers(product.id.as_str(), None, columns.as_deref()) {
            if !stays(next, product.id.as_str()) || !told.insert(next.to_owned()) {
                continue;
            }
            affected.push(Affected { subscriber: next.to_owned(), through: through.clone(), sees: false });
            queue.push_back((next.to_owned(), through.clone(), passed_on));
        }
    }
    affected
}

/// The product that a subscriber `<domain>/<product>` is.
fn composite<'a>(mesh: Option<&'a Mesh>, name: &str) -> Option<&'a crate::mesh::Product> {
    let (domain, product) = name.split_once('/')?;
    let domain = mesh?.domains.values().find(|found| found.name.as_str() == domain)?;
    domain.products.values().find(|found| found.id.as_str() == product)
}
