//! The doors of the network that a role works in: whether its requests, and those of Lake Formation's credentials, get out.
//!
//! Sources: VPC user guide (AWS PrivateLink), "Control access to VPC endpoints using endpoint policies" (a policy that nobody
//! writes lets everyone through; it grants nothing; principals of a gateway) and "Gateway endpoints" (by route tables); Lake Formation
//! developer guide, "AWS Lake Formation and interface VPC endpoints". Files are read with the credentials of the registration
//! role, which is another account's, so that S3's door must let that one through to the producer's bucket.

use super::Standing;
use super::conditions::{Context, Fact};
use super::policy::{Decision, Request, Who, decide};
use super::records::Endpoint;
use super::rights::{Actor, View};
use super::storage::{Files, Storage};
use super::text::partition;
use crate::access::{DatabaseFact, Spot, TableFact};

/// A request that has to get through the door of a service.
struct Passing<'a> {
    service: &'static str,
    request: Request<'a>,
}

impl<'a> View<'a> {
    /// The doors between a role and a table; nothing for a role that works outside all networks.
    pub(super) fn endpoints(
        self,
        actor: &Actor<'a>,
        table: &TableFact,
        link: Option<&DatabaseFact>,
        storage: &Storage,
    ) -> Option<Standing> {
        if actor.rights.outside || actor.rights.networks.is_empty() {
            return None;
        }
        let Some(network) = actor.network else {
            return Some(Standing::Unknown("in which network the role works, the templates do not tell".to_owned()));
        };
        let Some(doors) = self.index.endpoints.get(network) else {
            let open = self.is_open(network);
            let why = format!("the role works in the network {network}, which has no endpoint");
            return Some(if open { Standing::Unknown(why) } else { Standing::Missing(why) });
        };
        let doors: Vec<&Endpoint> = doors.iter().map(|at| &self.records.endpoints[*at]).collect();
        let through = |passing: &Passing<'_>| self.through(network, &doors, passing);
        let mut standing = Standing::Holds(Vec::new());
        for workgroup in self.workgroups(actor) {
            let context = self.context(actor, Some(&actor.role.account));
            for action in ["athena:StartQueryExecution", "athena:GetQueryResults"] {
                let request = self.request(actor, action, &workgroup.arn, &context);
                standing = standing.and(|| through(&Passing { service: "athena", request }));
            }
        }
        let context = self.context(actor, None);
        let request = self.request(actor, "lakeformation:GetDataAccess", "*", &context);
        standing = standing.and(|| through(&Passing { service: "lakeformation", request }));
        let linked = link.map(|link| (link.catalog.as_str(), link.name.as_str(), &link.spot));
        for (account, database, spot) in
            linked.into_iter().chain([(table.catalog.as_str(), table.database.as_str(), &table.spot)])
        {
            let region = self.records.regions.get(&spot.stack).unwrap_or(&actor.role.region);
            let arn = format!("arn:{}:glue:{region}:{account}:table/{database}/{}", partition(region), table.name);
            let context = self.context(actor, Some(account));
            let request = self.request(actor, "glue:GetTable", &arn, &context);
            standing = standing.and(|| through(&Passing { service: "glue", request }));
        }
        Some(match &storage.files {
            Some(files) => standing.and(|| self.files_pass(files, &through)),
            None => standing,
        })
    }

    fn files_pass(self, files: &Files, through: &dyn Fn(&Passing<'_>) -> Standing) -> Standing {
        let owner = files.owner.as_deref();
        let reader = files.reader.as_ref().and_then(|arn| self.actor(arn));
        let context = match &reader {
            Some(reader) => self.context(reader, owner),
            None => Context::default().with_value("aws:resourceaccount", owner),
        };
        let context = context.with("s3:prefix", Fact::Is(&files.prefix));
        let who = reader.as_ref().map_or(Who::Somebody, Actor::who);
        let passes = |action, resource| {
            let outputs = &self.records.outputs;
            let request = Request { who, action, resource, context: &context, outputs, by_name: false };
            through(&Passing { service: "s3", request })
        };
        passes("s3:GetObject", files.object.as_str()).and(|| passes("s3:ListBucket", files.bucket.as_str()))
    }

    fn is_open(self, network: &str) -> bool {
        let open = &self.index.open;
        open.contains(&None) || open.iter().flatten().any(|open| open == network)
    }

    /// Whether a request gets through one of the doors of its service.
    fn through(self, network: &str, doors: &[&Endpoint], passing: &Passing<'_>) -> Standing {
        let Passing { service, request } = passing;
        let of_service = |door: &&&Endpoint| {
            let name = door.service.get(&self.records.outputs);
            name.is_some_and(|name| name.rsplit('.').next() == Some(*service) && name.contains(".amazonaws."))
        };
        let why = format!("the role works in the network {network}, which has no endpoint for {service}");
        let nothing = if self.is_open(network) { Standing::Unknown(why) } else { Standing::Missing(why) };
        let found = doors.iter().filter(of_service);
        let mut all = found.map(|door| self.through_one(door, service, request));
        let Some(first) = all.next() else { return nothing };
        all.fold(first, |standing, next| standing.or(|| next))
    }

    fn through_one(self, door: &Endpoint, service: &str, request: &Request<'_>) -> Standing {
        let Spot { stack, resource } = &door.spot;
        if !door.reached {
            let how = if door.gateway { "is in no route table" } else { "has no private names" };
            return Standing::Missing(format!("the endpoint {resource} for {service} in {stack} {how}"));
        }
        let Some(policy) = &door.policy else { return Standing::Holds(vec![door.spot.clone()]) };
        let Request { action, resource: asked, who, .. } = request;
        let whom = match who {
            Who::Role { arn, .. } => arn,
            Who::Service(name) => name,
            Who::Somebody => "whoever reads for Lake Formation",
        };
        let closed = format!(
            "the policy of the endpoint {resource} for {service} in {stack} keeps {whom} from {action} on {asked}"
        );
        // at a gateway an account means its root user alone: others are told apart by conditions
        let request = Request { by_name: door.gateway, ..request.clone() };
        match decide([policy], &request) {
            Decision::Allowed(spot) => Standing::Holds(vec![spot.clone()]),
            Decision::Denied(None) => Standing::Missing(format!("{closed}: no statement allows it")),
            Decision::Denied(Some((_, sid))) => Standing::Missing(format!("{closed}: statement `{sid}` denies it")),
            Decision::Unknown(why) => Standing::Unknown(why),
        }
    }
}
