//! Why sight changes, as far as the files of both sides tell.

use super::holders::{Holder, Holders, called, stands, subscriptions};
use super::model::{AccessChange, ColumnSight};
use super::shapes::{self, Shapes, TableShape};
use crate::access::Table;
use crate::environment::files::{PortKind, Tool};
use crate::mesh::{Mesh, Subscriber, Subscription};
use std::collections::{BTreeMap, BTreeSet};

/// One side: its mesh, its roles and its products.
pub(super) struct Side<'a> {
    mesh: &'a Mesh,
    holders: Holders<'a>,
    shapes: Shapes,
}

/// Both sides.
pub(super) struct Reasons<'a> {
    base: Option<Side<'a>>,
    head: Option<Side<'a>>,
    /// New names of products to old ones.
    old_products: BTreeMap<String, String>,
    /// New names of products and tables to the old ones of tables.
    old_tables: BTreeMap<(String, String), String>,
}

impl<'a> Side<'a> {
    fn of(mesh: &'a Mesh) -> Self {
        Self { mesh, holders: Holders::of(mesh), shapes: shapes::of_mesh(mesh) }
    }

    /// The domain of a product; empty where the mesh does not tell.
    pub(super) fn owner_of(mesh: Option<&Mesh>, product: &str) -> String {
        let mut domains = mesh.into_iter().flat_map(|mesh| mesh.domains.values());
        let owner = domains.find(|domain| domain.products.keys().any(|id| id.as_str() == product));
        owner.map(|domain| domain.name.to_string()).unwrap_or_default()
    }
}

impl<'a> Reasons<'a> {
    pub(super) fn of(base: Option<&'a Mesh>, head: Option<&'a Mesh>) -> Self {
        let (base, head) = (base.map(Side::of), head.map(Side::of));
        let mut old_products = BTreeMap::new();
        let mut old_tables = BTreeMap::new();
        if let (Some(base), Some(head)) = (&base, &head) {
            for (old, new) in shapes::renamed_products(&base.shapes, &head.shapes) {
                old_products.insert(new.to_owned(), old.to_owned());
            }
            for (id, product) in &head.shapes {
                let old_id = old_products.get(id).unwrap_or(id);
                let Some(former) = base.shapes.get(old_id) else { continue };
                for (old, new) in shapes::renamed_tables(former, product) {
                    old_tables.insert((id.clone(), new.to_owned()), old.to_owned());
                }
            }
        }
        Self { base, head, old_products, old_tables }
    }

    /// Database and name that a table of the head's side had on the base's, where one of them changed.
    pub(super) fn former_name(&self, table: &Table) -> Option<(String, String)> {
        let product = self.old_products.get(&table.product);
        let name = self.old_tables.get(&(table.product.clone(), table.table.clone()));
        if product.is_none() && name.is_none() {
            return None;
        }
        let name = name.unwrap_or(&table.table).clone();
        let Some(product) = product else { return Some((table.database.clone(), name)) };
        let mesh = self.base.as_ref()?.mesh;
        let mut products = mesh.domains.values().flat_map(|domain| domain.products.values());
        let product = products.find(|found| found.id.as_str() == product)?;
        Some((mesh.database(&product.domain, &product.id), name))
    }

    /// Why a change is, and the purpose that the head's subscription states for it.
    pub(super) fn of_change(
        &self,
        change: &AccessChange,
        was_there: bool,
        is_there: bool,
    ) -> (Vec<String>, Option<String>) {
        let (Some(base), Some(head)) = (&self.base, &self.head) else {
            return (Vec::new(), self.head.as_ref().and_then(|head| head.purpose(change)));
        };
        let mut reasons = BTreeSet::new();
        self.of_names(change, was_there, is_there, &mut reasons);
        if reasons.is_empty() {
            of_subscriber(base, head, change, &mut reasons);
            of_columns(base, head, change, &mut reasons);
        }
        (reasons.into_iter().collect(), head.purpose(change))
    }

    /// Products and tables that come, go, or change their names.
    fn of_names(&self, change: &AccessChange, was_there: bool, is_there: bool, reasons: &mut BTreeSet<String>) {
        let (Some(base), Some(head)) = (&self.base, &self.head) else { return };
        let AccessChange { product, table, .. } = change;
        if is_there && !was_there {
            if let Some(old) = self.old_products.get(product) {
                reasons.insert(format!("product `{old}` is now called `{product}`"));
            } else if !base.shapes.contains_key(product) && head.shapes.contains_key(product) {
                reasons.insert(format!("new product `{product}`"));
            }
            if let Some(old) = self.old_tables.get(&(product.clone(), table.clone())) {
                reasons.insert(format!("table `{old}` of `{product}` is now called `{table}`"));
            }
        }
        if was_there && !is_there {
            let new = self.old_products.iter().find(|(_, old)| *old == product).map(|(new, _)| new);
            if let Some(new) = new {
                reasons.insert(format!("product `{product}` is now called `{new}`"));
            } else if !head.shapes.contains_key(product) && base.shapes.contains_key(product) {
                reasons.insert(format!("product `{product}` is removed"));
            }
            let of = new.unwrap_or(product);
            if let Some(((_, new), _)) = self.old_tables.iter().find(|((id, _), old)| id == of && *old == table) {
                reasons.insert(format!("table `{table}` of `{product}` is now called `{new}`"));
            }
        }
    }
}

impl<'a> Side<'a> {
    fn table(&self, change: &AccessChange) -> Option<&TableShape> {
        self.shapes.get(&change.product)?.tables.get(&change.table)
    }

    /// The purpose of the subscription, if it asks for what is gained: a grant beside it has none.
    fn purpose(&self, change: &AccessChange) -> Option<String> {
        let subscription = self.holders.get(&change.principal)?.subscription(&change.product)?;
        let asks_for = |column: &ColumnSight| {
            let own = column.classification.as_deref();
            subscription.classifications.iter().any(|asked| Some(asked.as_str()) == own)
        };
        change.gained.iter().all(asks_for).then(|| subscription.purpose.clone())
    }
}

/// Every subscription of a subscriber to a product, by whatever port.
fn ports<'a>(mesh: &'a Mesh, subscriber: &Subscriber<'_>, product: &str) -> Vec<&'a Subscription> {
    let name = called(subscriber);
    mesh.subscriptions()
        .filter(|reader| called(&reader.subscriber) == name && reader.subscription.product.as_str() == product)
        .map(|reader| reader.subscription)
        .collect()
}

fn of_subscriber(base: &Side<'_>, head: &Side<'_>, change: &AccessChange, reasons: &mut BTreeSet<String>) {
    let product = &change.product;
    let (before, after) = (base.holders.get(&change.principal), head.holders.get(&change.principal));
    let Some(Holder { subscriber, tool, .. }) = after.or(before) else { return };
    let name = called(subscriber);
    let what = match subscriber {
        Subscriber::Consumer(_) => "consumer",
        Subscriber::Product(..) => "product",
    };
    let narrowed = before.and_then(|holder| holder.subscription(product));
    let widened = after.and_then(|holder| holder.subscription(product));
    match (narrowed, widened) {
        (None, None) => {}
        (Some(old), Some(new)) => of_classifications(old, new, reasons),
        (None, Some(new)) => {
            let earlier = ports(base.mesh, subscriber, product);
            if !stands(base.mesh, subscriber) {
                reasons.insert(format!("new {what} `{name}`"));
            } else if let (None, Some(tool)) = (before, tool)
                && earlier.iter().any(|old| old.port == new.port)
            {
                reasons.insert(format!("new tool {} of consumer `{name}`", tool_word(*tool)));
            } else if let [old] = earlier.as_slice()
                && !subscriptions(subscriber).iter().any(|other| other.product == old.product && other.port == old.port)
            {
                reasons.insert(format!(
                    "the subscription of `{name}` to `{product}` goes by port {} and no longer by {}",
                    port_word(new.port),
                    port_word(old.port)
                ));
            } else {
                reasons.insert(format!("new subscription of `{name}` to `{product}`"));
            }
        }
        (Some(old), None) => {
            let later = ports(head.mesh, subscriber, product);
            if !stands(head.mesh, subscriber) {
                reasons.insert(format!("{what} `{name}` is removed"));
            } else if let (None, Some(tool)) = (after, tool)
                && later.iter().any(|new| new.port == old.port)
            {
                reasons.insert(format!("consumer `{name}` no longer has the tool {}", tool_word(*tool)));
            } else if let [new] = later.as_slice()
                && ports(base.mesh, subscriber, product).iter().all(|other| other.port != new.port)
            {
                reasons.insert(format!(
                    "the subscription of `{name}` to `{product}` goes by port {} and no longer by {}",
                    port_word(new.port),
                    port_word(old.port)
                ));
            } else {
                reasons.insert(format!("removed subscription of `{name}` to `{product}`"));
            }
        }
    }
}

fn of_classifications(old: &Subscription, new: &Subscription, reasons: &mut BTreeSet<String>) {
    let more: Vec<&str> = new.classifications.difference(&old.classifications).map(AsRef::as_ref).collect();
    let less: Vec<&str> = old.classifications.difference(&new.classifications).map(AsRef::as_ref).collect();
    if !more.is_empty() {
        reasons.insert(format!("wider classifications: the subscription now asks for {} too", more.join(", ")));
    }
    if !less.is_empty() {
        reasons.insert(format!("narrower classifications: the subscription no longer asks for {}", less.join(", ")));
    }
}

/// Columns that come, go, or carry another classification; where a whole table does, that.
fn of_columns(base: &Side<'_>, head: &Side<'_>, change: &AccessChange, reasons: &mut BTreeSet<String>) {
    let (before, after) = match (base.table(change), head.table(change)) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(_)) if base.shapes.contains_key(&change.product) => {
            reasons.insert(format!("new table `{}` of `{}`", change.table, change.product));
            return;
        }
        (Some(_), None) if head.shapes.contains_key(&change.product) => {
            reasons.insert(format!("table `{}` of `{}` is removed", change.table, change.product));
            return;
        }
        _ => return,
    };
    let reclassified = change.reclassified.iter().map(|column| column.column.as_str());
    let moved = change.gained.iter().chain(&change.lost).map(|ColumnSight { name, .. }| name.as_str());
    for name in reclassified.chain(moved) {
        let reason = match (before.column(name), after.column(name)) {
            (None, Some(_)) => format!("new column `{name}`"),
            (Some(_), None) => format!("column `{name}` is removed"),
            (Some(old), Some(new)) if old.classification != new.classification => format!(
                "column `{name}` is reclassified from {} to {}",
                old.classification.as_deref().unwrap_or("unclassified"),
                new.classification.as_deref().unwrap_or("unclassified")
            ),
            (Some(_), Some(_)) | (None, None) => continue,
        };
        reasons.insert(reason);
    }
}

const fn tool_word(tool: Tool) -> &'static str {
    match tool {
        Tool::Athena => "athena",
        Tool::Quicksight => "quicksight",
        Tool::Sagemaker => "sagemaker",
        Tool::Api => "api",
        Tool::Sql => "sql",
    }
}

pub(super) const fn port_word(port: PortKind) -> &'static str {
    match port {
        PortKind::Tables => "tables",
        PortKind::Api => "api",
        PortKind::Sql => "sql",
        PortKind::Graph => "graph",
    }
}
