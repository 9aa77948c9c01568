//! Copies of a table's data that a role makes outside it, and who reads them: Lake Formation is not asked again.

use super::Standing;
use super::rights::{Actor, View};
use super::storage::path_of;
use super::text::partition;
use super::unload::{self, Unload};
use crate::access::{Copy, CopyKind, Spot, TableFact};
use std::collections::BTreeSet;

/// A workgroup that a role queries in.
#[derive(Debug)]
pub(super) struct Workplace<'a> {
    pub(super) arn: String,
    spot: &'a Spot,
    output: Option<String>,
}

impl<'a> View<'a> {
    /// The copies that a role makes of a table.
    pub(super) fn copies(self, actor: &Actor<'a>, table: &TableFact) -> Vec<Copy> {
        let mut copies: BTreeSet<Copy> =
            actor.rights.results.get_or_init(|| self.results(actor)).iter().cloned().collect();
        let machines = self.index.machines.get(&actor.rights.arn);
        for machine in machines.into_iter().flatten().map(|at| &self.records.machines[*at]) {
            for query in &machine.queries {
                let query = query.get(&self.records.outputs);
                let Some(unload) = query.and_then(|query| unload::read(&query)) else { continue };
                if self.reads(&machine.account, &unload, table) {
                    let Unload { columns, place, .. } = unload;
                    copies.insert(self.copy(CopyKind::Staging, &machine.spot, place, columns));
                }
            }
        }
        copies.into_iter().collect()
    }

    /// Whether a query in an account is on a table, by its database or a link to that.
    fn reads(self, account: &str, unload: &Unload, table: &TableFact) -> bool {
        unload.tables.iter().any(|(database, name)| {
            let database = database.clone().unwrap_or_default();
            let found = self.index.databases.get(&(account.to_owned(), database));
            let is = |(catalog, database): &(String, String)| *catalog == table.catalog && *database == table.database;
            *name == table.name && found.is_some_and(is)
        })
    }

    /// The results of a role's queries, which hold whatever it asks for.
    fn results(self, actor: &Actor<'a>) -> Vec<Copy> {
        let with_output = self.workgroups(actor).into_iter().filter_map(|group| Some((group.spot, group.output?)));
        with_output.map(|(spot, place)| self.copy(CopyKind::Results, spot, place, Vec::new())).collect()
    }

    fn copy(self, kind: CopyKind, spot: &Spot, place: String, columns: Vec<String>) -> Copy {
        let readers = self.readers(&place);
        Copy { kind, place, columns, readers, stack: spot.stack.to_string(), resource: spot.resource.clone() }
    }

    /// The workgroups of its account that a role may start queries in.
    pub(super) fn workgroups(self, actor: &Actor<'a>) -> Vec<Workplace<'a>> {
        let mut found = Vec::new();
        let of_account = self.index.workgroups.get(&actor.role.account);
        for group in of_account.into_iter().flatten().map(|at| &self.records.workgroups[*at]) {
            let Some(name) = group.name.get(&self.records.outputs) else { continue };
            let region = &group.region;
            let arn = format!("arn:{}:athena:{region}:{}:workgroup/{name}", partition(region), group.account);
            let context = self.context(actor, Some(&group.account));
            let request = self.request(actor, "athena:StartQueryExecution", &arn, &context);
            // where the templates do not tell, it is one of them: a place too many is looked at, one too few is not
            if !matches!(self.may(actor, "the role", &request, || false), Standing::Missing(_)) {
                let output = group.output.as_ref().and_then(|output| output.get(&self.records.outputs));
                found.push(Workplace { arn, spot: &group.spot, output: output.map(std::borrow::Cow::into_owned) });
            }
        }
        found
    }

    /// Every role that may read an object below a place, sorted; also where the templates do not tell.
    fn readers(self, place: &str) -> Vec<String> {
        let found = self.index.readers.get(place.to_owned(), || {
            let Some(path) = path_of(place) else { return Vec::new() };
            let bucket = path.split('/').next().unwrap_or_default();
            let made = self.index.buckets.get(bucket).map(|at| &self.records.buckets[*at]);
            let reading = &self.index.reading;
            let perhaps = [reading.get(&Some(bucket.to_owned())), reading.get(&None)].into_iter().flatten().flatten();
            let mut readers = BTreeSet::new();
            for actor in perhaps.filter_map(|at| self.actor_at(*at)) {
                let region = made.map_or(&actor.role.region, |made| &made.region);
                let object = format!("arn:{}:s3:::{}/part-00000", partition(region), path.replace('*', "run"));
                let context = self.context(&actor, made.map(|made| made.account.as_str()));
                let request = self.request(&actor, "s3:GetObject", &object, &context);
                let own = self.may(&actor, "the role", &request, || false);
                let standing = own.and(|| match made {
                    Some(made) => self.bucket_lets(made, &request, made.account != actor.role.account),
                    None => Standing::Holds(Vec::new()),
                });
                if !matches!(standing, Standing::Missing(_)) {
                    readers.insert(actor.rights.arn.clone());
                }
            }
            readers.into_iter().collect()
        });
        Vec::clone(&found)
    }
}
