//! Changes of data contracts, and whom each of them breaks.

use super::blast::{Sightings, Wave, reach};
use super::holders::called;
use super::model::{ContractChange, ContractChangeKind as Kind, VersionBump};
use super::shapes::{self, ProductShape, Shapes};
use super::tables;
use super::versions;
use crate::access::Access;
use crate::assembly::Document;
use crate::environment::files::PortKind;
use crate::mesh::Mesh;
use std::collections::{BTreeMap, BTreeSet};

/// Who notices a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Audience {
    /// Nobody has to: it is new, or holds more.
    Nobody,
    /// Whoever sees anything of the product.
    Product,
    /// Whoever sees anything of the table.
    Table,
    /// Whoever sees one of these columns of the table.
    Columns(Vec<String>),
    /// Whoever saw the column and no longer does.
    Losers(String),
    /// Whoever subscribes by this port.
    Port(PortKind),
}

/// A change before it is known whom it breaks.
pub(super) struct Found {
    pub(super) kind: Kind,
    pub(super) table: Option<String>,
    pub(super) column: Option<String>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) audience: Audience,
}

impl Found {
    pub(super) const fn new(kind: Kind, audience: Audience) -> Self {
        Self { kind, table: None, column: None, before: None, after: None, audience }
    }

    pub(super) fn of(mut self, table: &str, column: Option<&str>) -> Self {
        self.table = Some(table.to_owned());
        self.column = column.map(str::to_owned);
        self
    }

    pub(super) fn from(mut self, before: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self
    }

    pub(super) fn to(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }
}

/// The changes of all contracts between two meshes, breaking ones first, and the versions that they call for. Who sees what
/// is told by the evaluated access, never by the subscriptions as they are written. Nothing without both meshes; see
/// [`contracts_of_documents`].
#[must_use]
pub fn contracts(
    base: Option<&Mesh>,
    head: Option<&Mesh>,
    base_access: &Access,
    head_access: &Access,
) -> (Vec<ContractChange>, Vec<VersionBump>) {
    let (Some(base), Some(head)) = (base, head) else { return (Vec::new(), Vec::new()) };
    let (old, new) = (shapes::of_mesh(base), shapes::of_mesh(head));
    let judge = Judge {
        base: Some(base),
        products: new.keys().cloned().collect(),
        before: Sightings::of(base_access, Some(base)),
        after: Sightings::of(head_access, Some(head)),
        renamed: renamed(&old, &new),
        subscribers: Some(subscribers(head)),
    };
    judge.all(&old, &new)
}

/// The same for two sides of which only templates are known: tables, columns, types and classifications, without keys,
/// nullability, ports and versions; subscribers are principals, and nothing is known of what lies beyond them.
#[must_use]
pub fn contracts_of_documents(
    base: &[Document],
    head: &[Document],
    base_access: &Access,
    head_access: &Access,
) -> Vec<ContractChange> {
    let (old, new) = (shapes::of_documents(base, base_access), shapes::of_documents(head, head_access));
    let judge = Judge {
        base: None,
        products: new.keys().cloned().collect(),
        before: Sightings::of(base_access, None),
        after: Sightings::of(head_access, None),
        renamed: renamed(&old, &new),
        subscribers: None,
    };
    judge.all(&old, &new).0
}

fn renamed(base: &Shapes, head: &Shapes) -> BTreeMap<String, String> {
    let pairs = shapes::renamed_products(base, head).into_iter();
    pairs.map(|(old, new)| (old.to_owned(), new.to_owned())).collect()
}

/// Everybody who may subscribe, with what they subscribe to.
fn subscribers(mesh: &Mesh) -> BTreeMap<String, BTreeSet<String>> {
    let products = mesh.domains.values().flat_map(|domain| domain.products.values());
    let products = products.map(|product| (format!("{}/{}", product.domain, product.id), BTreeSet::new()));
    let consumers = mesh.consumers.keys().map(|name| (name.to_string(), BTreeSet::new()));
    let mut subscribers: BTreeMap<String, BTreeSet<String>> = products.chain(consumers).collect();
    for reader in mesh.subscriptions() {
        let products = subscribers.entry(called(&reader.subscriber)).or_default();
        products.insert(reader.subscription.product.to_string());
    }
    subscribers
}

/// What is needed to tell whom a change breaks.
struct Judge<'a> {
    base: Option<&'a Mesh>,
    /// The head's products.
    products: BTreeSet<String>,
    before: Sightings<'a>,
    after: Sightings<'a>,
    /// Products' old names to new ones.
    renamed: BTreeMap<String, String>,
    /// The head's subscribers, where its mesh is known.
    subscribers: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl Judge<'_> {
    fn all(&self, old: &Shapes, new: &Shapes) -> (Vec<ContractChange>, Vec<VersionBump>) {
        let mut changes = Vec::new();
        let mut bumps = Vec::new();
        for (id, product) in old {
            let now = self.name_now(id);
            let Some(other) = new.get(now) else {
                changes.push(self.judged(id, product, Found::new(Kind::ProductRemoved, Audience::Product).from(id)));
                continue;
            };
            let mut found = Vec::new();
            if now != id {
                found.push(Found::new(Kind::ProductRenamed, Audience::Product).from(id).to(now));
            } else if product.domain != other.domain {
                let renamed = Found::new(Kind::ProductRenamed, Audience::Product);
                let called = |shape: &ProductShape| format!("{}/{id}", shape.domain);
                found.push(renamed.from(called(product)).to(called(other)));
            }
            tables::compare(product, other, &mut found);
            let judged: Vec<_> = found.into_iter().map(|found| self.judged(id, product, found)).collect();
            bumps.extend(versions::bump(now, product, other, &judged.iter().collect::<Vec<_>>()));
            changes.extend(judged);
        }
        let came = new.iter().filter(|(id, _)| !old.contains_key(*id) && !self.renamed.values().any(|new| new == *id));
        changes.extend(
            came.map(|(id, product)| self.judged(id, product, Found::new(Kind::ProductAdded, Audience::Nobody).to(id))),
        );
        changes.sort_by(|left, right| order(left).cmp(&order(right)));
        bumps.sort();
        (changes, bumps)
    }

    fn name_now<'b>(&'b self, id: &'b str) -> &'b str {
        self.renamed.get(id).map_or(id, String::as_str)
    }

    fn judged(&self, id: &str, product: &ProductShape, found: Found) -> ContractChange {
        let Found { kind, table, column, before, after, audience } = found;
        let direct = self.direct(id, table.as_deref(), &audience);
        let wave = Wave { direct, column: column.as_deref() };
        let affected = reach(&wave, &self.before, self.base, |name, product| self.stays(name, product));
        ContractChange {
            change: kind,
            domain: product.domain.clone(),
            product: id.to_owned(),
            table,
            column,
            before,
            after,
            breaking: !affected.is_empty(),
            affected,
        }
    }

    fn direct(&self, id: &str, table: Option<&str>, audience: &Audience) -> BTreeSet<&str> {
        let seers = match audience {
            Audience::Nobody => BTreeSet::new(),
            Audience::Product => self.before.seers(id, None, None),
            Audience::Table => self.before.seers(id, table, None),
            Audience::Columns(columns) => {
                let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                self.before.seers(id, table, Some(&columns))
            }
            Audience::Losers(column) => {
                let still = self.after.seers(self.name_now(id), table, Some(&[column]));
                let before = self.before.seers(id, table, Some(&[column]));
                before.into_iter().filter(|name| !still.contains(name)).collect()
            }
            Audience::Port(port) => {
                let by_port = self.by_port(id, *port);
                let seers = self.before.seers(id, None, None).into_iter();
                return seers.filter(|name| by_port.contains(*name) && self.exists(name)).collect();
            }
        };
        seers.into_iter().filter(|name| self.stays(name, id)).collect()
    }

    fn by_port(&self, id: &str, port: PortKind) -> BTreeSet<String> {
        let subscriptions = self.base.into_iter().flat_map(Mesh::subscriptions);
        subscriptions
            .filter(|reader| reader.subscription.port == port && reader.subscription.product.as_str() == id)
            .map(|reader| called(&reader.subscriber))
            .collect()
    }

    /// Whether somebody who sees a product on the base's side is still there on the head's and has not given it up there;
    /// a product that is gone cannot be subscribed to, which is not giving it up.
    fn stays(&self, name: &str, product: &str) -> bool {
        let Some(subscribers) = &self.subscribers else { return true };
        let now = self.name_now(product);
        let stands = self.products.contains(now);
        match subscribers.get(self.subscriber_now(name).as_str()) {
            Some(products) => !stands || products.contains(now),
            // a principal of which no file tells
            None => !self.was_subscriber(name),
        }
    }

    fn exists(&self, name: &str) -> bool {
        let now = self.subscriber_now(name);
        self.subscribers.as_ref().is_none_or(|subscribers| subscribers.contains_key(now.as_str()))
    }

    fn was_subscriber(&self, name: &str) -> bool {
        !name.starts_with("arn:") && self.base.is_some()
    }

    /// A subscriber's name on the head's side: composite products may be renamed too.
    fn subscriber_now(&self, name: &str) -> String {
        match name.split_once('/') {
            Some((domain, product)) if !name.starts_with("arn:") => format!("{domain}/{}", self.name_now(product)),
            _ => name.to_owned(),
        }
    }
}

type Order<'a> = (bool, &'a str, Option<&'a str>, Option<&'a str>, Kind);

fn order(change: &ContractChange) -> Order<'_> {
    (!change.breaking, &change.product, change.table.as_deref(), change.column.as_deref(), change.change)
}
