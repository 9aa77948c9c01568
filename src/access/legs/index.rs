//! The records of all templates, found by what they are named after; built once, when the first leg is asked for.

use super::records::{Ground, Records};
use super::storage::Storage;
use super::text::{Outputs, Text};
use crate::access::Spot;
use crate::access::legs::Standing;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Answers that several pairs of role and table share. Each follows from its key alone, so that the order of asking means nothing.
#[derive(Debug)]
pub(super) struct Answers<T> {
    known: Mutex<BTreeMap<String, Arc<T>>>,
}

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Self { known: Mutex::default() }
    }
}

impl<T> Answers<T> {
    /// The answer of a key, made when it is first asked for.
    pub(super) fn get(&self, key: String, make: impl FnOnce() -> T) -> Arc<T> {
        // whoever panicked had not written yet
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&key) {
            return Arc::clone(found);
        }
        let made = Arc::new(make());
        known().insert(key, Arc::clone(&made));
        made
    }
}

/// The ceiling of a role.
#[derive(Debug)]
pub(super) enum Boundary {
    None,
    /// A policy of the templates.
    Known(usize),
    /// A policy that no template makes, or that cannot be told.
    Elsewhere(String),
}

/// What a role's rights are put together of.
#[derive(Debug)]
pub(super) struct Rights {
    pub(super) arn: String,
    /// Further policies, as positions among the standalone ones.
    pub(super) policies: Vec<usize>,
    /// Policies that no template makes.
    pub(super) elsewhere: Vec<String>,
    pub(super) boundary: Boundary,
    /// The networks that something works in as this role; `None` for one that cannot be told.
    pub(super) networks: BTreeSet<Option<String>>,
    /// Whether something works as this role outside all networks.
    pub(super) outside: bool,
    pub(super) trust: OnceLock<Standing>,
    pub(super) data_access: OnceLock<Standing>,
    pub(super) results: OnceLock<Vec<crate::access::Copy>>,
}

/// Positions of records.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By ARN.
    pub(super) roles: BTreeMap<String, usize>,
    /// By position of the role; `None` for a role whose ARN cannot be told.
    pub(super) rights: Vec<Option<Rights>>,
    pub(super) buckets: BTreeMap<String, usize>,
    pub(super) bucket_policies: BTreeMap<String, Vec<usize>>,
    /// By ARN and by what stands for the id.
    pub(super) keys: BTreeMap<String, usize>,
    /// By account, then by `bucket/prefix`.
    pub(super) registrations: BTreeMap<String, BTreeMap<String, usize>>,
    /// Accounts with a registration of which the place cannot be told.
    pub(super) registrations_elsewhere: BTreeSet<String>,
    /// By account and name: account and name of the target of a link, or its own.
    pub(super) databases: BTreeMap<(String, String), (String, String)>,
    pub(super) locations: BTreeMap<Spot, String>,
    /// By network.
    pub(super) endpoints: BTreeMap<String, Vec<usize>>,
    /// Networks that something leads out of.
    pub(super) open: BTreeSet<Option<String>>,
    /// By ARN of the role.
    pub(super) machines: BTreeMap<String, Vec<usize>>,
    /// By account.
    pub(super) workgroups: BTreeMap<String, Vec<usize>>,
    /// Roles by the bucket that their policies may let them read of; `None` for any.
    pub(super) reading: BTreeMap<Option<String>, BTreeSet<usize>>,
    /// By account, where one can be told.
    pub(super) organizations: BTreeMap<String, String>,
    pub(super) storage: Answers<Storage>,
    pub(super) catalog: Answers<Standing>,
    pub(super) readers: Answers<Vec<String>>,
}

impl Index {
    pub(super) fn of(records: &Records) -> Self {
        let outputs = &records.outputs;
        let text = |text: &Text| text.get(outputs).map(std::borrow::Cow::into_owned);
        let mut index = Self { organizations: organizations(records), ..Self::default() };
        let networks = Networks::of(records);
        index.open = records.ways_out.iter().map(|ground| networks.of_ground(ground, outputs)).collect();
        index.add_roles(records, &networks);
        for (at, bucket) in records.buckets.iter().enumerate() {
            index.buckets.extend(text(&bucket.name).map(|name| (name, at)));
        }
        for (at, policy) in records.bucket_policies.iter().enumerate() {
            if let Some(name) = text(&policy.bucket) {
                index.bucket_policies.entry(name).or_default().push(at);
            }
        }
        for (at, key) in records.keys.iter().enumerate() {
            index.keys.insert(key.id.clone(), at);
            index.keys.extend(text(&key.arn).map(|arn| (arn, at)));
        }
        for (at, registration) in records.registrations.iter().enumerate() {
            let arn = text(&registration.arn);
            match arn.as_deref().and_then(|arn| arn.split_once(":s3:::")) {
                Some((_, place)) => {
                    let place = place.trim_end_matches('/').to_owned();
                    index.registrations.entry(registration.account.clone()).or_default().insert(place, at);
                }
                None => drop(index.registrations_elsewhere.insert(registration.account.clone())),
            }
        }
        for database in &records.databases {
            let Some(name) = text(&database.name) else { continue };
            let own = (database.account.clone(), name);
            let target = match &database.target {
                None => Some(own.clone()),
                Some((catalog, name)) => text(catalog).zip(text(name)),
            };
            index.databases.extend(target.map(|target| (own, target)));
        }
        index.locations = records.locations.iter().filter_map(|(spot, at)| Some((spot.clone(), text(at)?))).collect();
        for (at, endpoint) in records.endpoints.iter().enumerate() {
            if let Some(network) = text(&endpoint.network) {
                index.endpoints.entry(network).or_default().push(at);
            }
        }
        for (at, machine) in records.machines.iter().enumerate() {
            if let Some(role) = text(&machine.role) {
                index.machines.entry(role).or_default().push(at);
            }
        }
        for (at, workgroup) in records.workgroups.iter().enumerate() {
            index.workgroups.entry(workgroup.account.clone()).or_default().push(at);
        }
        index
    }

    fn add_roles(&mut self, records: &Records, networks: &Networks) {
        let outputs = &records.outputs;
        let text = |text: &Text| text.get(outputs).map(std::borrow::Cow::into_owned);
        let mut managed: BTreeMap<String, usize> = BTreeMap::new();
        let mut attached: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
        for (at, policy) in records.standalone.iter().enumerate() {
            managed.extend(policy.arn.as_ref().and_then(text).map(|arn| (arn, at)));
            for name in policy.roles.iter().filter_map(text) {
                attached.entry((&policy.account, name)).or_default().push(at);
            }
        }
        let mut works: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
        let mut outside: BTreeSet<String> = BTreeSet::new();
        for work in &records.works {
            let Some(role) = text(&work.role) else { continue };
            match (&work.ground, networks.of_ground(&work.ground, outputs)) {
                (Ground::Outside, _) => drop(outside.insert(role)),
                (Ground::Domain(domain), None) if networks.is_outside(domain, outputs) => drop(outside.insert(role)),
                (Ground::Network(_) | Ground::Subnet(_) | Ground::Domain(_), network) => {
                    works.entry(role).or_default().push(network);
                }
            }
        }
        for (at, role) in records.roles.iter().enumerate() {
            let Some(arn) = text(&role.arn) else {
                self.rights.push(None);
                continue;
            };
            let name = text(&role.name).unwrap_or_default();
            let mut policies = attached.get(&(role.account.as_str(), name)).cloned().unwrap_or_default();
            let mut elsewhere = Vec::new();
            for policy in &role.attached {
                match text(policy) {
                    Some(arn) => match managed.get(&arn) {
                        Some(at) => policies.push(*at),
                        None => elsewhere.push(arn),
                    },
                    None => elsewhere.push("a policy that the template does not tell".to_owned()),
                }
            }
            let boundary = match role.boundary.as_ref().map(text) {
                None => Boundary::None,
                Some(None) => Boundary::Elsewhere("a policy that the template does not tell".to_owned()),
                Some(Some(arn)) => managed.get(&arn).map_or(Boundary::Elsewhere(arn), |at| Boundary::Known(*at)),
            };
            let mut networks: BTreeSet<Option<String>> = works.remove(&arn).unwrap_or_default().into_iter().collect();
            // where one is known, it is looked at
            if networks.len() > 1 {
                networks.remove(&None);
            }
            let own = policies.iter().map(|at| &records.standalone[*at].policy);
            for policy in own.chain([&role.policy]) {
                for statement in &*policy.statements {
                    for resource in statement.allowed_resources("s3:GetObject") {
                        self.reading.entry(bucket_of(resource, outputs)).or_default().insert(at);
                    }
                }
            }
            if !elsewhere.is_empty() {
                self.reading.entry(None).or_default().insert(at);
            }
            self.rights.push(Some(Rights {
                outside: outside.contains(&arn),
                arn: arn.clone(),
                policies,
                elsewhere,
                boundary,
                networks,
                trust: OnceLock::new(),
                data_access: OnceLock::new(),
                results: OnceLock::new(),
            }));
            self.roles.insert(arn, at);
        }
    }
}

/// The bucket that a pattern of objects is about; nothing where it may be about several, or cannot be told.
fn bucket_of(pattern: &Text, outputs: &Outputs) -> Option<String> {
    let pattern = pattern.get(outputs)?;
    let (_, place) = pattern.split_once(":s3:::")?;
    let bucket = place.split('/').next().unwrap_or_default();
    (!pattern.starts_with('*') && !bucket.contains(['*', '?', '$'])).then(|| bucket.to_owned())
}

/// The organization of each account: the one that its own policies name, where they name one; else the one that all do.
fn organizations(records: &Records) -> BTreeMap<String, String> {
    let one = |named: &BTreeSet<String>| if named.len() == 1 { named.first().cloned() } else { None };
    let all: BTreeSet<String> = records.organizations.values().flatten().cloned().collect();
    let accounts = records.roles.iter().map(|role| &role.account);
    let accounts: BTreeSet<&String> = accounts.chain(records.buckets.iter().map(|bucket| &bucket.account)).collect();
    let of = |account: &String| records.organizations.get(account).map_or_else(|| one(&all), one);
    accounts.into_iter().filter_map(|account| Some((account.clone(), of(account)?))).collect()
}

/// Which network a subnet or a domain is in.
struct Networks {
    subnets: BTreeMap<String, Option<String>>,
    domains: BTreeMap<String, Option<Option<String>>>,
}

impl Networks {
    fn of(records: &Records) -> Self {
        let text = |text: &Text| text.get(&records.outputs).map(std::borrow::Cow::into_owned);
        let subnets = records.subnets.iter().map(|(id, network)| (id.clone(), text(network)));
        let domains = records.domains.iter().map(|(id, network)| (id.clone(), network.as_ref().map(text)));
        Self { subnets: subnets.collect(), domains: domains.collect() }
    }

    fn of_ground(&self, ground: &Ground, outputs: &Outputs) -> Option<String> {
        match ground {
            Ground::Network(network) => network.get(outputs).map(std::borrow::Cow::into_owned),
            Ground::Subnet(subnet) => self.subnets.get(subnet.get(outputs)?.as_ref()).cloned().flatten(),
            Ground::Domain(domain) => self.domains.get(domain.get(outputs)?.as_ref()).cloned().flatten().flatten(),
            Ground::Outside => None,
        }
    }

    /// Whether the applications of a domain reach the internet by themselves.
    fn is_outside(&self, domain: &Text, outputs: &Outputs) -> bool {
        let found = domain.get(outputs).and_then(|domain| self.domains.get(domain.as_ref()));
        matches!(found, Some(None))
    }
}
