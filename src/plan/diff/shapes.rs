//! The contract of a product as both a mesh and templates can tell it, and which products and columns are the same under
//! another name.

use crate::access::Access;
use crate::assembly::Document;
use crate::environment::files::PortKind;
use crate::mesh::{Column, Mesh, Product, Version};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProductShape {
    pub(super) domain: String,
    pub(super) tables: BTreeMap<String, TableShape>,
    /// Empty where only templates tell.
    pub(super) ports: BTreeSet<PortKind>,
    /// None where only templates tell.
    pub(super) version: Option<Version>,
    /// What people read: a change of it alone calls for a patch.
    pub(super) words: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TableShape {
    /// Its columns and then its partition keys, in the order of the file.
    pub(super) columns: Vec<ColumnShape>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnShape {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) classification: Option<String>,
    pub(super) partition: bool,
    /// False where only templates tell.
    pub(super) key: bool,
    /// False where only templates tell.
    pub(super) required: bool,
}

/// Products by id.
pub(super) type Shapes = BTreeMap<String, ProductShape>;

pub(super) fn of_mesh(mesh: &Mesh) -> Shapes {
    let products = mesh.domains.values().flat_map(|domain| domain.products.values());
    products.map(|product| (product.id.to_string(), of_product(product))).collect()
}

fn of_product(product: &Product) -> ProductShape {
    let mut words = vec![product.purpose.clone()];
    let mut tables = BTreeMap::new();
    for table in product.tables.values() {
        words.extend(table.description.clone());
        words.extend(
            table.all_columns().filter_map(|column| Some(format!("{}: {}", column.name, column.description.as_ref()?))),
        );
        let shape = |column: &Column, partition| ColumnShape {
            name: column.name.to_string(),
            kind: column.kind.to_string(),
            classification: Some(column.classification.to_string()),
            partition,
            key: column.primary_key,
            required: column.required,
        };
        let own = table.columns.iter().map(|column| shape(column, false));
        let columns = own.chain(table.partition_keys.iter().map(|column| shape(column, true))).collect();
        tables.insert(table.name.to_string(), TableShape { columns });
    }
    ProductShape {
        domain: product.domain.to_string(),
        tables,
        ports: product.output_ports.clone(),
        version: Some(product.version),
        words,
    }
}

/// What templates tell: tables of AWS Glue with columns and types, each with the product that its database's tag names, and
/// the classifications that its columns carry. A table that nobody sees has neither; its database stands in for the product.
pub(super) fn of_documents(documents: &[Document], access: &Access) -> Shapes {
    let mut seen: BTreeMap<(&str, &str), &crate::access::Table> = BTreeMap::new();
    for table in access.principals.iter().flat_map(|principal| &principal.tables) {
        seen.entry((&table.database, &table.table)).or_insert(table);
    }
    let mut shapes = Shapes::new();
    for document in documents {
        for (_, _, entry) in document.resources().filter(|(_, kind, _)| *kind == "AWS::Glue::Table") {
            let properties = &entry["Properties"];
            let (Some(database), Some(name)) =
                (text_of(document, &properties["DatabaseName"]), properties["TableInput"]["Name"].as_str())
            else {
                continue;
            };
            let known = seen.get(&(database.as_str(), name));
            let classification = |column: &str| {
                let columns = known.into_iter().flat_map(|table| &table.columns);
                columns.into_iter().find(|found| found.name == column).and_then(|found| found.classification.clone())
            };
            let list = |value: &Value, partition: bool| -> Vec<ColumnShape> {
                let columns = value.as_array().into_iter().flatten();
                columns
                    .filter_map(|column| {
                        let name = column["Name"].as_str()?;
                        Some(ColumnShape {
                            name: name.to_owned(),
                            kind: column["Type"].as_str().unwrap_or_default().to_owned(),
                            classification: classification(name),
                            partition,
                            key: false,
                            required: false,
                        })
                    })
                    .collect()
            };
            let input = &properties["TableInput"];
            let own = list(&input["StorageDescriptor"]["Columns"], false);
            let columns = own.into_iter().chain(list(&input["PartitionKeys"], true)).collect();
            let product = known.map(|table| table.product.clone()).filter(|product| !product.is_empty());
            let shape = shapes.entry(product.unwrap_or(database)).or_insert_with(|| ProductShape {
                domain: String::new(),
                tables: BTreeMap::new(),
                ports: BTreeSet::new(),
                version: None,
                words: Vec::new(),
            });
            shape.tables.insert(name.to_owned(), TableShape { columns });
        }
    }
    shapes
}

/// A text, or the name of the database that a reference points to.
fn text_of(document: &Document, value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let target = value["Ref"].as_str()?;
    let properties = &document.template["Resources"][target]["Properties"];
    properties["DatabaseInput"]["Name"].as_str().map(str::to_owned)
}

impl ProductShape {
    /// The tables with the names and types of their columns: what must be equal for two products to be one.
    fn frame(&self) -> Vec<(&str, Vec<(&str, &str)>)> {
        self.tables.iter().map(|(name, table)| (name.as_str(), table.frame())).collect()
    }
}

impl TableShape {
    fn frame(&self) -> Vec<(&str, &str)> {
        let mut frame: Vec<_> =
            self.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
        frame.sort_unstable();
        frame
    }

    pub(super) fn column(&self, name: &str) -> Option<&ColumnShape> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Products that only changed their name, old to new: one that is gone and one that is new have the same tables with the
/// same columns, and no third one does.
pub(super) fn renamed_products<'a>(base: &'a Shapes, head: &'a Shapes) -> BTreeMap<&'a str, &'a str> {
    let gone: Vec<_> = base.iter().filter(|(id, _)| !head.contains_key(*id)).collect();
    let new: Vec<_> = head.iter().filter(|(id, _)| !base.contains_key(*id)).collect();
    pairs(&gone, &new, |(_, old), (_, new)| old.domain == new.domain && old.frame() == new.frame())
        .into_iter()
        .map(|((old, _), (new, _))| (old.as_str(), new.as_str()))
        .collect()
}

/// Tables of a product that only changed their name, old to new.
pub(super) fn renamed_tables<'a>(base: &'a ProductShape, head: &'a ProductShape) -> BTreeMap<&'a str, &'a str> {
    let gone: Vec<_> = base.tables.iter().filter(|(name, _)| !head.tables.contains_key(*name)).collect();
    let new: Vec<_> = head.tables.iter().filter(|(name, _)| !base.tables.contains_key(*name)).collect();
    pairs(&gone, &new, |(_, old), (_, new)| old.frame() == new.frame())
        .into_iter()
        .map(|((old, _), (new, _))| (old.as_str(), new.as_str()))
        .collect()
}

/// Columns of a table that only changed their name, old to new: of one type and classification, and of a similar name or, of
/// those that are left, in the same place between columns that stayed. Where two could be meant, none is.
pub(super) fn renamed_columns<'a>(base: &'a TableShape, head: &'a TableShape) -> BTreeMap<&'a str, &'a str> {
    let mut gone: Vec<&ColumnShape> =
        base.columns.iter().filter(|column| head.column(&column.name).is_none()).collect();
    let mut new: Vec<&ColumnShape> = head.columns.iter().filter(|column| base.column(&column.name).is_none()).collect();
    let is_like = |old: &ColumnShape, now: &ColumnShape| {
        old.kind == now.kind && old.classification == now.classification && old.partition == now.partition
    };
    let named = pairs(&gone, &new, |old, now| {
        is_like(old, now) && crate::finding::nearest(&old.name, [now.name.as_str()]).is_some()
    });
    gone.retain(|column| !named.iter().any(|(old, _)| old.name == column.name));
    new.retain(|column| !named.iter().any(|(_, now)| now.name == column.name));
    let placed = pairs(&gone, &new, |old, now| {
        is_like(old, now) && neighbours(base, head, &old.name) == neighbours(head, base, &now.name)
    });
    named.into_iter().chain(placed).map(|(old, now)| (old.name.as_str(), now.name.as_str())).collect()
}

/// The nearest columns before and behind one that the other side has too.
fn neighbours<'a>(table: &'a TableShape, other: &TableShape, name: &str) -> (Option<&'a str>, Option<&'a str>) {
    let at = table.columns.iter().position(|column| column.name == name).unwrap_or(0);
    let stays = |column: &&ColumnShape| other.column(&column.name).is_some();
    let before = table.columns[..at].iter().rev().find(stays);
    let behind = table.columns[at..].iter().skip(1).find(stays);
    (before.map(|column| column.name.as_str()), behind.map(|column| column.name.as_str()))
}

/// The pairs that are each other's only match.
fn pairs<'a, T: Copy>(gone: &'a [T], new: &'a [T], is_same: impl Fn(&T, &T) -> bool) -> Vec<(T, T)> {
    let mut pairs = Vec::new();
    for old in gone {
        let mut matches = new.iter().filter(|new| is_same(old, new));
        if let (Some(only), None) = (matches.next(), matches.next())
            && gone.iter().filter(|other| is_same(other, only)).count() == 1
        {
            pairs.push((*old, *only));
        }
    }
    pairs
}
