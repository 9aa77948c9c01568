//! Databases, tables and links of all accounts, with the tags that hold on them.
//!
//! For each key, a column's value overrides its table's, and a table's overrides its database's (Lake Formation guide,
//! "Assigning LF-Tags to Data Catalog resources": inheritance).

use super::facts::{AssociationFact, DatabaseFact, Facts, Spot, TableFact, TableLinkFact};
use super::granted::FilterFact;
use std::collections::{BTreeMap, HashMap};

/// Values by key.
pub(super) type Tags<'a> = BTreeMap<&'a str, &'a std::collections::BTreeSet<String>>;

/// A database with its tags and its tables.
pub(super) struct Base<'a> {
    pub(super) catalog: &'a str,
    pub(super) name: &'a str,
    pub(super) tags: Tags<'a>,
    pub(super) tag_spot: Option<&'a Spot>,
    /// Numbers of its tables.
    pub(super) tables: Vec<usize>,
}

/// The effective tags of a table: its own over its database's, and of each column over that.
pub(super) struct Tagged<'a> {
    pub(super) table: &'a TableFact,
    /// Number of its database.
    pub(super) base: usize,
    pub(super) tags: Tags<'a>,
    pub(super) columns: Vec<(&'a str, Tags<'a>)>,
}

/// Catalog, database, table.
type Name<'a> = (&'a str, &'a str, &'a str);

/// Which tables or databases carry a value of a key somewhere: catalog, key, value.
type Carriers<'a> = HashMap<Name<'a>, Vec<usize>>;

/// Databases, tables and links of all accounts, with effective tags.
pub(super) struct Catalog<'a> {
    pub(super) bases: Vec<Base<'a>>,
    pub(super) tables: Vec<Tagged<'a>>,
    by_database: HashMap<(&'a str, &'a str), usize>,
    by_table: HashMap<Name<'a>, Vec<usize>>,
    pub(super) table_carriers: Carriers<'a>,
    pub(super) base_carriers: Carriers<'a>,
    filters: HashMap<(Name<'a>, &'a str), &'a FilterFact>,
    /// By account and target: the links, whatever their names.
    links: HashMap<Name<'a>, Vec<&'a DatabaseFact>>,
    table_links: HashMap<(&'a str, Name<'a>), Vec<&'a TableLinkFact>>,
    /// Targets of links, by account and name of the link.
    targets: HashMap<(&'a str, &'a str), (&'a str, &'a str)>,
}

/// Tags by what they are put on.
#[derive(Default)]
struct Own<'a> {
    bases: HashMap<(&'a str, &'a str), (Tags<'a>, Option<&'a Spot>)>,
    tables: HashMap<Name<'a>, Tags<'a>>,
    columns: HashMap<(Name<'a>, &'a str), Tags<'a>>,
}

impl<'a> Own<'a> {
    fn of(associations: &'a [AssociationFact]) -> Self {
        let mut own = Self::default();
        for association in associations {
            let target = &association.target;
            let (catalog, database) = (target.catalog.as_str(), target.database.as_str());
            let tags = association.tags.iter().map(|(key, values)| (key.as_str(), values));
            match &target.table {
                None => {
                    let (held, spot) = own.bases.entry((catalog, database)).or_default();
                    held.extend(tags);
                    *spot = Some(&association.spot);
                }
                Some(table) if target.columns.is_empty() => {
                    own.tables.entry((catalog, database, table)).or_default().extend(tags);
                }
                Some(table) => {
                    for column in &target.columns {
                        let key = ((catalog, database, table.as_str()), column.as_str());
                        own.columns.entry(key).or_default().extend(tags.clone());
                    }
                }
            }
        }
        own
    }
}

impl<'a> Catalog<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let mut own = Own::of(&facts.associations);
        let mut catalog = Self {
            bases: Vec::new(),
            tables: Vec::new(),
            by_database: HashMap::new(),
            by_table: HashMap::new(),
            table_carriers: HashMap::new(),
            base_carriers: HashMap::new(),
            filters: HashMap::new(),
            links: HashMap::new(),
            table_links: HashMap::new(),
            targets: HashMap::new(),
        };
        for database in facts.databases.iter().filter(|database| database.target.is_none()) {
            catalog.base(&mut own, &database.catalog, &database.name);
        }
        for table in &facts.tables {
            catalog.table(&mut own, table);
        }
        for filter in &facts.filters {
            let table = (filter.catalog.as_str(), filter.database.as_str(), filter.table.as_str());
            catalog.filters.entry((table, &filter.name)).or_insert(filter);
        }
        for link in &facts.databases {
            if let Some((target, database)) = &link.target {
                catalog.links.entry((&link.catalog, target, database)).or_default().push(link);
                catalog.targets.entry((&link.catalog, &link.name)).or_insert((target, database));
            }
        }
        for link in &facts.table_links {
            let (target, database, table) = &link.target;
            catalog.table_links.entry((&link.catalog, (target, database, table))).or_default().push(link);
        }
        catalog
    }

    /// The number of a database. One that no template makes is there without tags, since its tables are.
    fn base(&mut self, own: &mut Own<'a>, account: &'a str, name: &'a str) -> usize {
        if let Some(known) = self.by_database.get(&(account, name)) {
            return *known;
        }
        let number = self.bases.len();
        let (tags, tag_spot) = own.bases.remove(&(account, name)).unwrap_or_default();
        for (key, value) in tags.iter().flat_map(|(key, values)| values.iter().map(move |value| (*key, value))) {
            self.base_carriers.entry((account, key, value)).or_default().push(number);
        }
        self.bases.push(Base { catalog: account, name, tags, tag_spot, tables: Vec::new() });
        self.by_database.insert((account, name), number);
        number
    }

    fn table(&mut self, own: &mut Own<'a>, table: &'a TableFact) {
        let key = (table.catalog.as_str(), table.database.as_str(), table.name.as_str());
        let base = self.base(own, &table.catalog, &table.database);
        let number = self.tables.len();
        let mut tags = self.bases[base].tags.clone();
        tags.extend(own.tables.get(&key).into_iter().flatten());
        let columns: Vec<(&str, Tags<'a>)> = table
            .columns
            .iter()
            .map(|column| {
                let mut held = tags.clone();
                held.extend(own.columns.get(&(key, column.as_str())).into_iter().flatten());
                (column.as_str(), held)
            })
            .collect();
        let all = std::iter::once(&tags).chain(columns.iter().map(|(_, tags)| tags)).flatten();
        for (key, value) in all.flat_map(|(key, values)| values.iter().map(move |value| (*key, value))) {
            let carriers = self.table_carriers.entry((&table.catalog, key, value)).or_default();
            if carriers.last() != Some(&number) {
                carriers.push(number);
            }
        }
        self.bases[base].tables.push(number);
        self.by_table.entry(key).or_default().push(number);
        self.tables.push(Tagged { table, base, tags, columns });
    }

    /// The number of a database.
    pub(super) fn database(&self, catalog: &str, name: &str) -> Option<usize> {
        self.by_database.get(&(catalog, name)).copied()
    }

    /// The numbers of the tables of a name.
    pub(super) fn named<'s>(&'s self, catalog: &'s str, database: &'s str, table: &'s str) -> &'s [usize] {
        self.by_table.get(&(catalog, database, table)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn filter(
        &self,
        catalog: &'a str,
        database: &'a str,
        table: &'a str,
        name: &'a str,
    ) -> Option<&'a FilterFact> {
        self.filters.get(&((catalog, database, table), name)).copied()
    }

    /// An account's links to a database.
    pub(super) fn links(&self, account: &'a str, base: &Base<'a>) -> &[&'a DatabaseFact] {
        self.links.get(&(account, base.catalog, base.name)).map_or(&[], Vec::as_slice)
    }

    /// An account's links to a single table.
    pub(super) fn table_links(&self, account: &'a str, table: &'a TableFact) -> &[&'a TableLinkFact] {
        let target = (table.catalog.as_str(), table.database.as_str(), table.name.as_str());
        self.table_links.get(&(account, target)).map_or(&[], Vec::as_slice)
    }

    /// Catalog and database that a link points to.
    pub(super) fn target(&self, account: &'a str, link: &'a str) -> Option<(&'a str, &'a str)> {
        self.targets.get(&(account, link)).copied()
    }
}

/// The value of the tag whose key ends in `classification`: meshform's own, or somebody else's that is called so.
pub(super) fn classification(tags: &Tags<'_>) -> Option<String> {
    let is_classification = |key: &str| key == "classification" || key.ends_with("/classification");
    let (_, values) = tags.iter().find(|(key, _)| is_classification(key))?;
    values.iter().next().cloned()
}

/// The product, by meshform's own form of tags: a domain's tag has its products as values.
pub(super) fn product(tags: &Tags<'_>) -> String {
    let of_domain = tags.iter().find(|(key, _)| key.contains('/') && !key.ends_with("/classification"));
    of_domain.and_then(|(_, values)| values.iter().next().cloned()).unwrap_or_default()
}
