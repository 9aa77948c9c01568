//! Products, tables and columns of one domain.

use super::{Findings, listed, quality};
use crate::environment::files::{
    CrawlFile, MeshFile, PortKind, ProductFile, PropertyFile, SubscriptionFile, TableFile, TableFormat,
};
use crate::finding::{Code, Finding, Place, nearest};
use crate::mesh::{
    CatalogName, Classification, Column, Frequency, GlueType, Mesh, OwnerName, Product, ProductId, Table, Version,
};
use std::collections::{BTreeMap, BTreeSet};

/// The classifications that a mesh has, and the one a declared column gets by default.
pub(super) struct Classes {
    pub(super) known: BTreeSet<Classification>,
    /// False when some could not be read: an unknown one may then be somebody else's fault.
    pub(super) complete: bool,
    pub(super) default: String,
}

impl Classes {
    pub(super) fn builtin() -> Self {
        let names = ["public", "internal", "confidential", "pii", Classification::UNCLASSIFIED];
        let known = names.iter().filter_map(|name| Classification::parse(name).ok()).collect();
        Self { known, complete: true, default: "internal".to_owned() }
    }

    pub(super) fn of(mesh: &Mesh, file: &MeshFile) -> Self {
        Self {
            known: mesh.classifications.clone(),
            complete: file.classifications.iter().flatten().all(|text| Classification::parse(text).is_ok()),
            default: mesh.default_classification.to_string(),
        }
    }

    /// The classification of that name, or a finding with the nearest that the mesh has.
    pub(super) fn get(&self, text: &str, place: &Place, findings: &mut Findings) -> Option<Classification> {
        let found = self.known.iter().find(|known| known.as_str() == text);
        if found.is_none() && !self.complete {
            return Classification::parse(text).ok();
        }
        if found.is_none() {
            let known = self.known.iter().map(Classification::as_str);
            let help = match nearest(text, known.clone()) {
                Some(near) => format!("did you mean `{near}`? the mesh has {}", listed(known)),
                None => format!("the mesh has {}", listed(known)),
            };
            let message = format!("`{text}` is no classification of this mesh");
            findings.add(Finding::new(Code::UnknownClassification, place.clone(), message).help(help));
        }
        found.cloned()
    }
}

pub(super) fn read(
    files: &[ProductFile],
    domain: &OwnerName,
    place: &Place,
    classes: &Classes,
    inputs: &mut BTreeMap<(OwnerName, ProductId), Vec<SubscriptionFile>>,
    findings: &mut Findings,
) -> BTreeMap<ProductId, Product> {
    let mut products: BTreeMap<ProductId, Product> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let here = place.child(index);
        let Some(product) = product(file, domain, &here, classes, findings) else { continue };
        if let Some(first) = products.get(&product.id) {
            let message = format!("`{}` is the id of another product of this domain", product.id);
            let finding = Finding::new(Code::DuplicateProduct, here.child("id"), message);
            findings.add(finding.related(first.origin.child("id"), "first used here"));
            continue;
        }
        inputs.insert((domain.clone(), product.id.clone()), file.input_ports.clone());
        products.insert(product.id.clone(), product);
    }
    products
}

fn product(
    file: &ProductFile,
    domain: &OwnerName,
    place: &Place,
    classes: &Classes,
    findings: &mut Findings,
) -> Option<Product> {
    let id = findings.name("product id", &file.id, &place.child("id"), ProductId::parse);
    let mut tables: BTreeMap<CatalogName, Table> = BTreeMap::new();
    for (index, file) in file.schema.iter().enumerate() {
        let here = place.child("schema").child(index);
        let Some(table) = table(file, &here, classes, findings) else { continue };
        if let Some(first) = tables.get(&table.name) {
            let message = format!("`{}` is the name of another table of this product", table.name);
            let finding = Finding::new(Code::DuplicateTable, here.child("name"), message);
            findings.add(finding.related(first.origin.child("name"), "first used here"));
            continue;
        }
        tables.insert(table.name.clone(), table);
    }
    if file.schema.is_empty() {
        findings.invalid(
            place.child("schema"),
            format!("product `{}` has no table", file.id),
            "declare at least one table: the contract is what subscribers rely on",
        );
    }
    let mut match_on = Vec::new();
    for (index, name) in file.entity_resolution.iter().flat_map(|resolution| &resolution.match_on).enumerate() {
        let here = place.child("entityResolution").child("matchOn").child(index);
        match_on.extend(findings.name("column", name, &here, CatalogName::parse));
    }
    if let Some(enrichment) = &file.enrichment {
        let exists =
            tables.values().flat_map(Table::all_columns).any(|column| column.name.as_str() == enrichment.column);
        if !exists {
            let message = format!("no table of `{}` has a column `{}`", file.id, enrichment.column);
            findings.add(Finding::new(Code::UnknownColumn, place.child("enrichment").child("column"), message));
        }
    }
    let (output_ports, format) = output_ports(file, place, findings);
    let promise = promise(file, place, findings);
    let version = file.version.as_ref();
    let version = version.and_then(|text| findings.name("version", text, &place.child("version"), Version::parse));
    let purpose = file.description.as_ref().and_then(|description| description.purpose.clone()).unwrap_or_default();
    Some(Product {
        id: id?,
        domain: domain.clone(),
        purpose,
        version: version.unwrap_or(Version::FIRST),
        sources: file.sources.clone(),
        input_ports: Vec::new(),
        output_ports,
        format,
        processing: file.processing.as_ref().map(|processing| processing.kind),
        transform: None,
        enrichment: file.enrichment.clone(),
        match_on,
        sla: file.sla_properties.clone(),
        promise,
        crawl: file.crawl.unwrap_or(CrawlFile::Schedule),
        stack: file.stack.unwrap_or(1),
        tables,
        origin: place.clone(),
    })
}

/// How often the product is promised to be renewed.
fn promise(file: &ProductFile, place: &Place, findings: &mut Findings) -> Option<Frequency> {
    let mut promise = None;
    for (index, property) in file.sla_properties.iter().enumerate() {
        if property.property != Frequency::PROPERTY {
            continue;
        }
        let here = place.child("slaProperties").child(index);
        match Frequency::parse(property.value, property.unit.as_deref()) {
            Ok(_) if promise.is_some() => {
                let message = "this is the product's second frequency".to_owned();
                findings.add(Finding::new(Code::InvalidFrequency, here, message).help("keep one of the two"));
            }
            Ok(frequency) => promise = Some(frequency),
            Err(error) => {
                let unit = property.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
                let message = format!("frequency `{}{unit}` {error}", property.value);
                findings.add(Finding::new(Code::InvalidFrequency, here, message));
            }
        }
    }
    promise
}

fn output_ports(file: &ProductFile, place: &Place, findings: &mut Findings) -> (BTreeSet<PortKind>, TableFormat) {
    let Some(ports) = &file.output_ports else {
        return (BTreeSet::from([PortKind::Tables]), TableFormat::Parquet);
    };
    let mut kinds = BTreeSet::new();
    let mut format = TableFormat::Parquet;
    for (index, port) in ports.iter().enumerate() {
        let here = place.child("outputPorts").child(index);
        if !kinds.insert(port.kind) {
            findings.invalid(here.clone(), "this port is listed twice".to_owned(), "remove one of the two");
        }
        match (port.kind, port.format) {
            (PortKind::Tables, Some(chosen)) => format = chosen,
            (PortKind::Api | PortKind::Sql | PortKind::Graph, Some(_)) => {
                findings.invalid(here.child("format"), "only the `tables` port has a format".to_owned(), "remove it");
            }
            (_, None) => {}
        }
    }
    (kinds, format)
}

fn table(file: &TableFile, place: &Place, classes: &Classes, findings: &mut Findings) -> Option<Table> {
    let name = findings.name("table name", &file.name, &place.child("name"), CatalogName::parse);
    let mut places: BTreeMap<CatalogName, Place> = BTreeMap::new();
    let mut read = |files: &[PropertyFile], field: &str, findings: &mut Findings| {
        let mut columns = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let here = place.child(field).child(index);
            let Some(column) = column(file, &here, classes, findings) else { continue };
            if let Some(first) = places.get(&column.name) {
                let message = format!("`{}` is the name of another column of this table", column.name);
                let finding = Finding::new(Code::DuplicateColumn, here.child("name"), message);
                findings.add(finding.related(first.clone(), "first used here"));
                continue;
            }
            places.insert(column.name.clone(), here.child("name"));
            columns.push(column);
        }
        columns
    };
    let columns = read(&file.properties, "properties", findings);
    let partition_keys = read(&file.partition_keys, "partitionKeys", findings);
    if file.properties.is_empty() {
        findings.invalid(
            place.child("properties"),
            format!("table `{}` has no column", file.name),
            "declare its columns",
        );
    }
    let quality = quality::read(file, place, findings);
    let description = file.description.clone();
    Some(Table { name: name?, description, columns, partition_keys, quality, origin: place.clone() })
}

fn column(file: &PropertyFile, place: &Place, classes: &Classes, findings: &mut Findings) -> Option<Column> {
    let name = findings.name("column name", &file.name, &place.child("name"), CatalogName::parse);
    let kind = match &file.physical_type {
        Some(text) => GlueType::parse(text)
            .map_err(|message| {
                let here = place.child("physicalType");
                findings.invalid(here, format!("type `{text}` {message}"), "use a type of Hive's notation");
            })
            .ok(),
        None => GlueType::of(file.logical_type).or_else(|| {
            let message = format!("column `{}` is a structure without `physicalType`", file.name);
            let finding = Finding::new(Code::MissingField, place.clone(), message);
            findings.add(
                finding.help("say what it is made of, such as `struct<street:string,city:string>` or `array<string>`"),
            );
            None
        }),
    };
    let classification = match &file.classification {
        Some(text) => classes.get(text, &place.child("classification"), findings),
        None => classes.get(&classes.default, place, findings),
    };
    if classification.as_ref().is_some_and(Classification::is_unclassified) {
        let message = format!("column `{}` is declared `unclassified`", file.name);
        findings.add(Finding::new(Code::DeclaredUnclassified, place.child("classification"), message));
    }
    Some(Column {
        name: name?,
        kind: kind?,
        classification: classification?,
        description: file.description.clone(),
        primary_key: file.primary_key.unwrap_or(false),
        required: file.required.unwrap_or(false),
        origin: place.clone(),
    })
}
