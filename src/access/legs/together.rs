//! The records of several templates, put together and taken apart.

use super::records::Records;
use super::text::Outputs;
use crate::access::lists::List;
use crate::assembly::StackId;
use std::collections::{BTreeMap, BTreeSet};

/// How much some templates said: lists by their lengths, the rest as it was.
pub(in crate::access) struct Mark {
    lengths: [usize; 16],
    outputs: Outputs,
    regions: BTreeMap<StackId, String>,
    organizations: BTreeMap<String, BTreeSet<String>>,
}

impl Records {
    /// Makes room for what others are to add, of what there is most of.
    pub(super) fn make_room<'a>(&mut self, others: impl Iterator<Item = &'a Self> + Clone) {
        let sum = |length: fn(&Self) -> usize| others.clone().map(length).sum::<usize>();
        self.roles.reserve_exact(sum(|records| records.roles.len()));
        self.standalone.reserve_exact(sum(|records| records.standalone.len()));
        self.buckets.reserve_exact(sum(|records| records.buckets.len()));
        self.databases.reserve_exact(sum(|records| records.databases.len()));
        self.works.reserve_exact(sum(|records| records.works.len()));
        self.machines.reserve_exact(sum(|records| records.machines.len()));
        self.workgroups.reserve_exact(sum(|records| records.workgroups.len()));
    }

    /// Adds what other templates say.
    pub(super) fn append(&mut self, other: Self) {
        let Self {
            roles,
            standalone,
            buckets,
            bucket_policies,
            keys,
            aliases,
            registrations,
            databases,
            locations,
            endpoints,
            works,
            subnets,
            domains,
            ways_out,
            machines,
            workgroups,
            outputs,
            regions,
            organizations,
        } = other;
        self.roles.extend(roles);
        self.standalone.extend(standalone);
        self.buckets.extend(buckets);
        self.bucket_policies.extend(bucket_policies);
        self.keys.extend(keys);
        self.aliases.extend(aliases);
        self.registrations.extend(registrations);
        self.databases.extend(databases);
        self.locations.extend(locations);
        self.endpoints.extend(endpoints);
        self.works.extend(works);
        self.subnets.extend(subnets);
        self.domains.extend(domains);
        self.ways_out.extend(ways_out);
        self.machines.extend(machines);
        self.workgroups.extend(workgroups);
        self.outputs.extend(outputs);
        self.regions.extend(regions);
        for (account, named) in organizations {
            self.organizations.entry(account).or_default().extend(named);
        }
    }

    /// What to go back to.
    pub(super) fn mark(&mut self) -> Mark {
        Mark {
            lengths: self.lists().map(|list| list.length()),
            outputs: self.outputs.clone(),
            regions: self.regions.clone(),
            organizations: self.organizations.clone(),
        }
    }

    /// Forgets what was added since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        let Mark { lengths, outputs, regions, organizations } = mark;
        for (list, length) in self.lists().into_iter().zip(lengths) {
            list.cut(length);
        }
        (self.outputs, self.regions, self.organizations) = (outputs, regions, organizations);
    }

    fn lists(&mut self) -> [&mut dyn List; 16] {
        let Self {
            roles,
            standalone,
            buckets,
            bucket_policies,
            keys,
            aliases,
            registrations,
            databases,
            locations,
            endpoints,
            works,
            subnets,
            domains,
            ways_out,
            machines,
            workgroups,
            outputs: _,
            regions: _,
            organizations: _,
        } = self;
        [
            roles,
            standalone,
            buckets,
            bucket_policies,
            keys,
            aliases,
            registrations,
            databases,
            locations,
            endpoints,
            works,
            subnets,
            domains,
            ways_out,
            machines,
            workgroups,
        ]
    }
}
