//! The second round: subscriptions and input ports, each to a product that exists, and no cycle among them.

use super::owners::Owners;
use super::products::Classes;
use super::{Findings, listed};
use crate::environment::files::{PortKind, SubscriptionFile, Tool};
use crate::environment::{Content, Source};
use crate::finding::{Code, Finding, Place, nearest};
use crate::mesh::{Classification, Day, Mesh, OwnerName, Product, ProductId, Subscription};
use std::collections::{BTreeMap, BTreeSet};

/// What subscriptions are checked against.
struct Market<'a> {
    /// Domain and offered ports of each product.
    products: BTreeMap<ProductId, (OwnerName, BTreeSet<PortKind>)>,
    /// Ids in the files, right or wrong; `None` when some file could not be read.
    written: Option<BTreeSet<&'a str>>,
    classes: Classes,
    as_of: Option<&'a Day>,
}

/// Puts the subscriptions into the mesh.
pub(super) fn link(owners: Owners, source: &Source, as_of: Option<&Day>, findings: &mut Findings) -> Mesh {
    let Owners { mut mesh, classes, subscriptions, mut inputs } = owners;
    let market = Market { products: products(&mesh, findings), written: written(source), classes, as_of };
    for (name, files) in subscriptions {
        let Some(consumer) = mesh.consumers.get_mut(&name) else { continue };
        let place = consumer.origin.child("subscriptions");
        let modelled = modelled(source, &consumer.origin);
        consumer.subscriptions = market.read(&files, &place, findings);
        for subscription in &consumer.subscriptions {
            // models read tables as a role of their own
            if subscription.port != PortKind::Tables || !modelled.contains(subscription.product.as_str()) {
                tool_for(&consumer.tools, subscription, findings);
            }
        }
    }
    for domain in mesh.domains.values_mut() {
        for product in domain.products.values_mut() {
            let files = inputs.remove(&(domain.name.clone(), product.id.clone())).unwrap_or_default();
            let place = product.origin.child("inputPorts");
            let input_ports = market.read(&files, &place, findings);
            let (selves, others): (Vec<_>, Vec<_>) =
                input_ports.into_iter().partition(|input| input.product == product.id);
            for input in selves {
                let message = format!("`{}` lists itself as input", product.id);
                findings.add(Finding::new(Code::SelfInput, input.origin.child("product"), message));
            }
            product.input_ports = others;
        }
    }
    cycles(&mesh, findings);
    mesh
}

/// The products of all domains; an id that two domains use is a finding.
fn products(mesh: &Mesh, findings: &mut Findings) -> BTreeMap<ProductId, (OwnerName, BTreeSet<PortKind>)> {
    let mut products = BTreeMap::new();
    let mut places: BTreeMap<&ProductId, &Place> = BTreeMap::new();
    for product in mesh.domains.values().flat_map(|domain| domain.products.values()) {
        if let Some(first) = places.get(&product.id) {
            let message = format!("`{}` is the id of a product of another domain", product.id);
            let finding = Finding::new(Code::DuplicateProduct, product.origin.child("id"), message);
            findings.add(finding.related(first.child("id"), "first used here"));
            continue;
        }
        places.insert(&product.id, &product.origin);
        products.insert(product.id.clone(), (product.domain.clone(), product.output_ports.clone()));
    }
    products
}

/// The ids of all products as they are written.
fn written(source: &Source) -> Option<BTreeSet<&str>> {
    let domains = source.files.values().filter_map(|file| match &file.content {
        Some(Content::Domain(domain)) => Some(domain),
        Some(Content::Mesh(_) | Content::Consumer(_)) | None => None,
    });
    (!source.is_incomplete())
        .then(|| domains.flat_map(|domain| &domain.products).map(|product| product.id.as_str()).collect())
}

/// The products that a consumer's models name as their input.
fn modelled<'a>(source: &'a Source, consumer: &Place) -> BTreeSet<&'a str> {
    let models = match source.files.get(&*consumer.file).and_then(|file| file.content.as_ref()) {
        Some(Content::Consumer(file)) => file.models.as_slice(),
        Some(Content::Mesh(_) | Content::Domain(_)) | None => &[],
    };
    models
        .iter()
        .map(|model| model.input.split_once('.').map_or(model.input.as_str(), |(product, _)| product))
        .collect()
}

impl Market<'_> {
    fn read(&self, files: &[SubscriptionFile], place: &Place, findings: &mut Findings) -> Vec<Subscription> {
        let mut subscriptions: Vec<Subscription> = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let here = place.child(index);
            let Some(subscription) = self.subscription(file, &here, findings) else { continue };
            let same = |other: &&Subscription| other.product == subscription.product && other.port == subscription.port;
            if let Some(first) = subscriptions.iter().find(same) {
                let message = format!("`{}` is subscribed to twice through the same port", subscription.product);
                let finding = Finding::new(Code::DuplicateSubscription, here, message);
                findings.add(finding.related(first.origin.clone(), "first here"));
                continue;
            }
            subscriptions.push(subscription);
        }
        subscriptions
    }

    fn subscription(&self, file: &SubscriptionFile, place: &Place, findings: &mut Findings) -> Option<Subscription> {
        let classifications = self.classifications(file, place, findings);
        let purpose = file.purpose.as_deref().unwrap_or_default().trim();
        if purpose.is_empty() {
            let message = format!("the subscription to `{}` has no purpose", file.product);
            let here = if file.purpose.is_some() { place.child("purpose") } else { place.clone() };
            findings.add(
                Finding::new(Code::MissingPurpose, here, message)
                    .help("write `purpose:` in a few words: the owner reads it in the review"),
            );
        }
        let end_date = file.end_date.as_ref().and_then(|text| self.end_date(text, &place.child("endDate"), findings));
        let port = file.port.unwrap_or(PortKind::Tables);
        let product = ProductId::parse(&file.product).ok();
        let Some((product, (domain, offered))) =
            product.as_ref().and_then(|product| self.products.get_key_value(product))
        else {
            // what is wrong where it is defined is not also unknown where it is used
            if self.written.as_ref().is_some_and(|written| !written.contains(file.product.as_str())) {
                self.unknown(&file.product, &place.child("product"), findings);
            }
            return None;
        };
        if !offered.contains(&port) {
            let here = if file.port.is_some() { place.child("port") } else { place.child("product") };
            let message = format!("`{product}` offers no `{}` port", word(port));
            let help = format!("it offers {}", listed(offered.iter().map(|port| word(*port))));
            findings.add(Finding::new(Code::PortNotOffered, here, message).help(help));
            return None;
        }
        Some(Subscription {
            domain: domain.clone(),
            product: product.clone(),
            port,
            purpose: purpose.to_owned(),
            classifications: classifications?,
            end_date,
            origin: place.clone(),
        })
    }

    fn unknown(&self, product: &str, place: &Place, findings: &mut Findings) {
        let known = self.products.keys().map(ProductId::as_str);
        let message = format!("no domain has a product `{product}`");
        let finding = Finding::new(Code::UnknownProduct, place.clone(), message);
        findings.add(match nearest(product, known) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("name the id of a product of this mesh"),
        });
    }

    /// The classifications asked for; by default `public` and `internal`, as far as the mesh has them.
    fn classifications(
        &self,
        file: &SubscriptionFile,
        place: &Place,
        findings: &mut Findings,
    ) -> Option<BTreeSet<Classification>> {
        let Some(texts) = &file.classifications else {
            let usual = |known: &&Classification| ["public", "internal"].contains(&known.as_str());
            let default: BTreeSet<Classification> = self.classes.known.iter().filter(usual).cloned().collect();
            if default.is_empty() {
                let message = format!("the subscription to `{}` names no classifications", file.product);
                let help = format!(
                    "this mesh has neither `public` nor `internal`; write some of {}",
                    listed(&self.classes.known)
                );
                findings.add(Finding::new(Code::MissingField, place.clone(), message).help(help));
            }
            return Some(default).filter(|default| !default.is_empty());
        };
        let place = place.child("classifications");
        if texts.is_empty() {
            findings.invalid(
                place,
                "an empty list of classifications shows nothing".to_owned(),
                "leave it out, or name some",
            );
            return None;
        }
        let mut classifications = BTreeSet::new();
        for (index, text) in texts.iter().enumerate() {
            let here = place.child(index);
            let Some(classification) = self.classes.get(text, &here, findings) else { continue };
            if classification.is_unclassified() {
                let message = format!("the subscription to `{}` asks for `unclassified`", file.product);
                findings.add(Finding::new(Code::AsksUnclassified, here, message));
                continue;
            }
            classifications.insert(classification);
        }
        Some(classifications).filter(|classifications| !classifications.is_empty())
    }

    fn end_date(&self, text: &str, place: &Place, findings: &mut Findings) -> Option<Day> {
        let day = findings.name("endDate", text, place, Day::parse)?;
        if let Some(as_of) = self.as_of.filter(|as_of| day < **as_of) {
            let message = format!("access ended on {day}, before {as_of}");
            findings.add(Finding::new(Code::AccessExpired, place.clone(), message));
        }
        Some(day)
    }
}

const fn word(port: PortKind) -> &'static str {
    match port {
        PortKind::Tables => "tables",
        PortKind::Api => "api",
        PortKind::Sql => "sql",
        PortKind::Graph => "graph",
    }
}

/// A subscription must not end at an account: some role of the consumer must be able to use the port.
fn tool_for(tools: &BTreeSet<Tool>, subscription: &Subscription, findings: &mut Findings) {
    let fitting: &[Tool] = match subscription.port {
        PortKind::Tables => &[Tool::Athena, Tool::Quicksight, Tool::Sagemaker],
        PortKind::Api => &[Tool::Api],
        PortKind::Sql | PortKind::Graph => &[Tool::Sql],
    };
    if !fitting.iter().any(|tool| tools.contains(tool)) {
        let message = format!(
            "none of the consumer's tools can use the `{}` port of `{}`",
            word(subscription.port),
            subscription.product
        );
        findings.add(Finding::new(Code::NoToolForPort, subscription.origin.child("product"), message));
    }
}

/// Finds each cycle of composite products once, at its first product by id.
fn cycles(mesh: &Mesh, findings: &mut Findings) {
    let products: BTreeMap<&ProductId, &Product> = mesh
        .domains
        .values()
        .flat_map(|domain| domain.products.values())
        .map(|product| (&product.id, product))
        .collect();
    let mut done: BTreeSet<&ProductId> = BTreeSet::new();
    for start in products.keys() {
        // an explicit stack: a chain of a thousand products must not overflow ours
        let mut path: Vec<(&ProductId, usize)> = vec![(start, 0)];
        while let Some((id, next)) = path.last_mut() {
            let input = products.get(*id).and_then(|product| product.input_ports.get(*next));
            *next += 1;
            let Some(input) = input else {
                done.insert(*id);
                path.pop();
                continue;
            };
            if let Some(at) = path.iter().position(|(id, _)| **id == input.product) {
                let names: Vec<&str> =
                    path[at..].iter().map(|(id, _)| id.as_str()).chain([input.product.as_str()]).collect();
                let message = format!("products need one another: {}", names.join(" -> "));
                findings.add(Finding::new(Code::ProductCycle, input.origin.child("product"), message));
            } else if let Some((id, _)) = products.get_key_value(&input.product)
                && !done.contains(*id)
            {
                path.push((id, 0));
            }
        }
    }
}
