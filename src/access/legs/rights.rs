//! What a role may do: its own policies under its permissions boundary.

use super::Standing;
use super::conditions::{Context, Fact};
use super::index::{Boundary, Index, Rights};
use super::policy::{Decision, Policy, Request, Who, decide};
use super::records::{Records, Role};
use crate::access::Spot;

/// The records of all templates with their index.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) records: &'a Records,
    pub(super) index: &'a Index,
}

/// A role of the templates.
#[derive(Clone, Copy)]
pub(super) struct Actor<'a> {
    pub(super) role: &'a Role,
    pub(super) rights: &'a Rights,
    /// The network that it asks from, where that is known.
    pub(super) network: Option<&'a str>,
}

impl<'a> Actor<'a> {
    /// How it is asked of by policies.
    pub(super) fn who(&self) -> Who<'a> {
        let bounded = !matches!(self.rights.boundary, Boundary::None);
        Who::Role { arn: &self.rights.arn, account: &self.role.account, bounded }
    }
}

impl<'a> View<'a> {
    /// A role by its ARN; nothing where no template makes it.
    pub(super) fn actor(self, arn: &str) -> Option<Actor<'a>> {
        self.actor_at(*self.index.roles.get(arn)?)
    }

    pub(super) fn actor_at(self, at: usize) -> Option<Actor<'a>> {
        let rights = self.index.rights.get(at)?.as_ref()?;
        let mut networks = rights.networks.iter().flatten();
        let network = if rights.outside { None } else { networks.next().map(String::as_str) };
        Some(Actor { role: &self.records.roles[at], rights, network })
    }

    pub(super) fn organization(self, account: &str) -> Option<&'a str> {
        self.index.organizations.get(account).map(String::as_str)
    }

    /// What is known of what a role asks (IAM user guide, "AWS global condition context keys"). Its calls are encrypted, as
    /// those of every SDK are; the keys of a caller that is a service are absent.
    pub(super) fn context(self, actor: &Actor<'a>, resource_account: Option<&'a str>) -> Context<'a> {
        let Actor { role, rights, network } = *actor;
        let organization = self.organization(&role.account);
        let owner = resource_account.and_then(|account| self.organization(account));
        Context::default()
            .tagged(&role.tags)
            .with("aws:principalarn", Fact::Is(&rights.arn))
            .with("aws:principalaccount", Fact::Is(&role.account))
            .with_value("aws:principalorgid", organization)
            .with("aws:principaltype", Fact::Is("AssumedRole"))
            .with("aws:principalisawsservice", Fact::Is("false"))
            .with("aws:securetransport", Fact::Is("true"))
            .with("aws:username", Fact::Absent)
            .with("aws:sourceaccount", Fact::Absent)
            .with("aws:sourcearn", Fact::Absent)
            .with("kms:calleraccount", Fact::Is(&role.account))
            .with_value("aws:sourcevpc", network)
            .with_value("aws:resourceaccount", resource_account)
            .with_value("aws:resourceorgid", owner)
    }

    /// The policies of a role.
    fn policies<'r>(self, actor: &Actor<'r>) -> impl Iterator<Item = &'r Policy>
    where
        'a: 'r,
    {
        let further = actor.rights.policies.iter().map(move |at| &self.records.standalone[*at].policy);
        [&actor.role.policy].into_iter().chain(further)
    }

    /// A request of a role.
    pub(super) fn request<'r>(
        self,
        actor: &Actor<'r>,
        action: &'r str,
        resource: &'r str,
        context: &'r Context<'r>,
    ) -> Request<'r>
    where
        'a: 'r,
    {
        let outputs = &self.records.outputs;
        Request { who: actor.who(), action, resource, context, outputs, by_name: false }
    }

    /// Whether a role may do what it asks, as far as its own policies and its boundary go. What a policy of the resource grants
    /// to the role by its name needs no policy of its own, in its own account (IAM user guide, "Policy evaluation for requests
    /// within a single account").
    pub(super) fn may(
        self,
        actor: &Actor<'_>,
        subject: &str,
        request: &Request<'_>,
        granted: impl FnOnce() -> bool,
    ) -> Standing {
        let Request { action, resource, .. } = request;
        let may_not = || match *resource {
            "*" => format!("{subject} may not {action}"),
            resource => format!("{subject} may not {action} on {resource}"),
        };
        let own = match decide(self.policies(actor), request) {
            Decision::Allowed(spot) => Standing::Holds(vec![spot.clone()]),
            Decision::Denied(Some((Spot { stack, resource }, sid))) => {
                return Standing::Missing(format!(
                    "{}: statement `{sid}` of {resource} in {stack} denies it",
                    may_not()
                ));
            }
            Decision::Denied(None) if granted() => Standing::Holds(Vec::new()),
            Decision::Denied(None) => match actor.rights.elsewhere.first() {
                None => return Standing::Missing(format!("{}: none of its policies allows it", may_not())),
                Some(policy) => Standing::Unknown(format!("{subject} has {policy}, which is in no template")),
            },
            Decision::Unknown(why) => Standing::Unknown(why),
        };
        own.and(|| self.under_boundary(actor, subject, request, &may_not))
    }

    fn under_boundary(
        self,
        actor: &Actor<'_>,
        subject: &str,
        request: &Request<'_>,
        may_not: &dyn Fn() -> String,
    ) -> Standing {
        let boundary = match &actor.rights.boundary {
            Boundary::None => return Standing::Holds(Vec::new()),
            Boundary::Elsewhere(arn) => {
                return Standing::Unknown(format!(
                    "{subject} has the permissions boundary {arn}, which is in no template"
                ));
            }
            Boundary::Known(at) => &self.records.standalone[*at].policy,
        };
        let Spot { stack, resource } = &boundary.spot;
        match decide([boundary], request) {
            Decision::Allowed(_) => Standing::Holds(Vec::new()),
            Decision::Denied(Some((_, sid))) => Standing::Missing(format!(
                "{}: statement `{sid}` of its permissions boundary {resource} in {stack} denies it",
                may_not()
            )),
            Decision::Denied(None) => Standing::Missing(format!(
                "{}: its permissions boundary {resource} in {stack} does not allow it",
                may_not()
            )),
            Decision::Unknown(why) => Standing::Unknown(why),
        }
    }
}
