//! A consumer's QuickSight, in its `access` stacks: a data source that runs as its role, and a data set for each table of
//! which the role sees a column (hazard 11). The role is the one principal that Lake Formation knows; the group only looks.

use super::ownership::Owner;
use crate::assembly::Layer;
use crate::cfn::glue::Database;
use crate::cfn::quicksight::{
    DataSet, DataSource, Identity, ImportMode, InputColumn, RefreshSchedule, RelationalTable,
};
use crate::cfn::{Handle, LogicalId, Template};
use crate::environment::files::{PortKind, QuicksightMode, Tool};
use crate::mesh::{Access, Consumer, Interval, Mesh, Product, Subscription, Table, fingerprint, fit};
use std::collections::BTreeMap;

/// Most characters of a name (schemas of the QuickSight types).
const LONGEST_NAME: usize = 128;

/// Who reads, and on what.
pub(super) struct Readers<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) consumer: &'a Consumer,
    /// Of the stack.
    pub(super) number: u8,
    /// By database.
    pub(super) links: &'a BTreeMap<String, Handle<Database>>,
    /// The last of the stack's grants. Making a data set reads the table, so it waits for them.
    pub(super) granted: &'a LogicalId,
}

/// A table that a subscription opens.
struct Opened<'a> {
    subscription: &'a Subscription,
    product: &'a Product,
    table: &'a Table,
    columns: Vec<InputColumn>,
}

impl<'a> Readers<'a> {
    /// Adds the data source and the data sets; nothing where QuickSight is no tool, or could show nothing.
    pub(super) fn add_to(&self, template: &mut Template, accesses: &[&Access]) {
        let Self { mesh, consumer, number, links: _, granted: _ } = self;
        let role = mesh.tool_role(consumer, Tool::Quicksight).filter(|_| consumer.tools.contains(&Tool::Quicksight));
        let Some(role) = role else { return };
        let opened: Vec<Opened<'_>> = self.opened(&role, accesses).collect();
        if opened.is_empty() {
            return;
        }
        let id = mesh.data_source(&consumer.name, *number);
        let identity = Identity { account: consumer.account.to_string(), name: id.clone(), id };
        let source = DataSource::athena(
            identity,
            mesh.role_arn(&consumer.account, &role),
            role,
            &mesh.quicksight_group_arn(consumer),
            Owner::consumer(consumer).tags(mesh, Layer::Access, None),
        );
        let source = template.add(LogicalId::new("DataSource"), source, &consumer.origin);
        for opened in opened {
            self.add_data_set(template, &source, opened);
        }
    }

    /// The tables with columns that the role sees and QuickSight can read.
    fn opened(&self, role: &str, accesses: &[&'a Access]) -> impl Iterator<Item = Opened<'a>> {
        let (mesh, consumer) = (self.mesh, self.consumer);
        let accesses: Vec<&Access> = accesses.iter().filter(|access| access.role == role).copied().collect();
        let subscriptions = consumer.subscriptions.iter().filter(move |subscription| {
            let here =
                |access: &&Access| access.domain == subscription.domain && access.product == subscription.product;
            subscription.port == PortKind::Tables && accesses.iter().any(here)
        });
        subscriptions
            .filter_map(|subscription| Some((subscription, mesh.product(&subscription.domain, &subscription.product)?)))
            .flat_map(|(subscription, product)| {
                product.tables.values().map(move |table| {
                    let readable = subscription
                        .visible(table)
                        .filter_map(|column| Some(InputColumn::new(column.name.to_string(), column.in_quicksight()?)));
                    Opened { subscription, product, table, columns: readable.collect() }
                })
            })
            .filter(|opened| !opened.columns.is_empty())
    }

    fn add_data_set(&self, template: &mut Template, source: &Handle<DataSource>, opened: Opened<'_>) {
        let Self { mesh, consumer, number: _, links, granted } = self;
        let Opened { subscription, product, table, columns } = opened;
        let Some(link) = links.get(&mesh.database(&product.domain, &product.id)) else { return };
        let id = mesh.data_set(&consumer.name, &product.id, &table.name);
        let words = format!("{}-{}", product.id, table.name);
        let mode = match consumer.quicksight.mode {
            QuicksightMode::DirectQuery => ImportMode::DirectQuery,
            QuicksightMode::Spice => ImportMode::Spice,
        };
        let account = consumer.account.to_string();
        let name = fit(format!("{}.{}", product.id, table.name), LONGEST_NAME);
        let data_set = DataSet::new(
            Identity { account: account.clone(), id: id.clone(), name },
            mode,
            RelationalTable::new(source.arn(), link.name(), table.name.to_string(), columns),
            &mesh.quicksight_group_arn(consumer),
            Owner::consumer(consumer).tags(mesh, Layer::Access, Some(&product.id)),
        );
        let data_set = template.add(LogicalId::of("DataSet", &words, &id), data_set, &subscription.origin);
        template.depend(data_set.id(), granted);
        match mode {
            ImportMode::DirectQuery => {}
            ImportMode::Spice => {
                let schedule = RefreshSchedule::new(account, id.clone(), Interval::of(product), time_of_day(&id));
                let schedule = template.add(LogicalId::of("Refresh", &words, &id), schedule, &subscription.origin);
                // the id is written out: `Ref` of a data set is its account and its id, since both identify it
                template.depend(schedule.id(), data_set.id());
            }
        }
    }
}

/// A time between 04:00 and 07:59 UTC that is always the same for an id, so that not all copies are renewed at once.
fn time_of_day(id: &str) -> String {
    let minutes = fingerprint(id).bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 240);
    format!("{:02}:{:02}", 4 + minutes / 60, minutes % 60)
}
