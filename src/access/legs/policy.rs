//! Policies as IAM decides by them: allowed, denied, or not told by the templates.
//!
//! Rules: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements". An explicit Deny beats every Allow, and what
//! nothing allows is denied. A Deny of which the templates do not tell whether it hits leaves nothing allowed: it is unknown.

use super::conditions::{Condition, Context};
use super::pattern::{fits, fits_folded};
use super::text::{Outputs, Reader, Text, many};
use super::truth::Truth;
use crate::access::Spot;
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    /// A role; `bounded` where it has a permissions boundary.
    Role { arn: &'a str, account: &'a str, bounded: bool },
    /// A service of AWS.
    Service(&'a str),
    /// Somebody of whom the templates tell nothing.
    Somebody,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    pub(super) who: Who<'a>,
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    pub(super) context: &'a Context<'a>,
    pub(super) outputs: &'a Outputs,
    /// Whether an account stands for nobody of it: its own policies would have to allow too.
    pub(super) by_name: bool,
}

/// What a policy names as principal.
#[derive(Debug, Clone)]
enum Principal {
    Everyone,
    Aws(Text),
    Service(Text),
    /// Federated and canonical users.
    Other(Text),
}

/// What a statement names, or all but that.
#[derive(Debug, Clone)]
struct Choice<T> {
    except: bool,
    items: Vec<T>,
}

/// A statement of a policy.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    sid: String,
    /// Allow or Deny; nothing where it cannot be read.
    allows: Option<bool>,
    principals: Option<Choice<Principal>>,
    actions: Choice<Text>,
    resources: Option<Choice<Text>>,
    conditions: Vec<Condition>,
}

/// A policy and the resource that it stands in.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) spot: Spot,
    /// A copy of a policy shares them: facts are copied for each moment of a deployment that is looked at.
    pub(super) statements: Arc<[Statement]>,
}

/// What policies say of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision<'a> {
    /// The policy of this resource allows it, and none denies it.
    Allowed(&'a Spot),
    /// A statement denies it: its resource and its Sid; nothing where none allows it.
    Denied(Option<(&'a Spot, &'a str)>),
    /// The templates do not tell.
    Unknown(String),
}

impl Statement {
    /// The statements of a policy's document.
    pub(super) fn all(reader: &Reader<'_>, policy: &Value) -> Vec<Self> {
        let parsed = policy.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let policy = parsed.as_ref().unwrap_or(policy);
        many(&policy["Statement"]).iter().map(|statement| Self::of(reader, statement)).collect()
    }

    fn of(reader: &Reader<'_>, statement: &Value) -> Self {
        let conditions = Condition::all(reader, &statement["Condition"]);
        let allows = match statement["Effect"].as_str() {
            Some("Allow") => Some(true),
            Some("Deny") => Some(false),
            _ => None,
        };
        let actions = choice(statement, "Action", "NotAction").map(|(except, value)| (except, reader.texts(value)));
        let resources =
            choice(statement, "Resource", "NotResource").map(|(except, value)| (except, reader.texts(value)));
        let principals = choice(statement, "Principal", "NotPrincipal");
        // what cannot be read may be about anything
        let (except, items) = actions.unwrap_or((true, Vec::new()));
        Self {
            sid: statement["Sid"].as_str().unwrap_or_default().to_owned(),
            allows,
            principals: principals.map(|(except, value)| Choice { except, items: principals_of(reader, value) }),
            actions: Choice { except, items },
            resources: resources.map(|(except, items)| Choice { except, items }),
            conditions,
        }
    }

    /// Its conditions.
    pub(super) fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether it allows; nothing where that cannot be read.
    pub(super) const fn allows(&self) -> Option<bool> {
        self.allows
    }

    /// The patterns of resources that an Allow names for an action; nothing where it is not about that action, and an
    /// unknown pattern where it names what it excepts.
    pub(super) fn allowed_resources(&self, action: &str) -> Vec<&Text> {
        const ANYTHING: &Text = &Text::Unknown;
        if self.allows == Some(false) || !self.actions.may_name(action) {
            return Vec::new();
        }
        match &self.resources {
            Some(Choice { except: false, items }) => items.iter().collect(),
            Some(Choice { except: true, .. }) | None => vec![ANYTHING],
        }
    }

    /// The accounts, ARNs and services that the statement names, as they are written.
    pub(super) fn named(&self) -> impl Iterator<Item = &Text> {
        self.principals().filter_map(|principal| match principal {
            Principal::Aws(text) | Principal::Service(text) => Some(text),
            Principal::Everyone | Principal::Other(_) => None,
        })
    }

    /// The providers of identities that the statement names.
    pub(super) fn federated(&self) -> impl Iterator<Item = &Text> {
        self.principals().filter_map(|principal| match principal {
            Principal::Other(text) => Some(text),
            Principal::Everyone | Principal::Aws(_) | Principal::Service(_) => None,
        })
    }

    /// Whether the statement names everyone, or all but some.
    pub(super) fn names_everyone(&self) -> bool {
        self.principals.as_ref().is_some_and(|principals| principals.except)
            || self.principals().any(|principal| matches!(principal, Principal::Everyone))
    }

    fn principals(&self) -> impl Iterator<Item = &Principal> {
        self.principals.iter().filter(|principals| !principals.except).flat_map(|principals| &principals.items)
    }

    /// Whether it speaks of a request.
    fn covers(&self, request: &Request<'_>) -> Truth {
        let action = self.actions.names(|pattern| {
            pattern
                .get(request.outputs)
                .map(|pattern| fits_folded(&pattern, request.action))
                .map_or_else(|| Truth::Maybe("which actions it names, the templates do not tell".into()), Truth::from)
        });
        if action == Truth::No {
            return Truth::No;
        }
        let resource = match &self.resources {
            // the policy of a role on who may assume it names none
            None => Truth::Yes,
            Some(resources) => resources.names(|pattern| resource_fits(pattern, request)),
        };
        if resource == Truth::No {
            return Truth::No;
        }
        let who = self.speaks_of(request);
        if who == Truth::No {
            return Truth::No;
        }
        let conditions = self.conditions.iter().map(|condition| condition.holds(request.context, request.outputs));
        Truth::all([action, resource, who].into_iter().chain(conditions))
    }

    fn speaks_of(&self, request: &Request<'_>) -> Truth {
        let Some(Choice { except, items }) = &self.principals else { return Truth::Yes };
        let named = Truth::any(items.iter().map(|item| item.is(request)));
        if !except {
            return named;
        }
        match (self.allows, request.who, named) {
            // a Deny with NotPrincipal always hits whoever has a boundary (IAM user guide, "Permissions boundaries")
            (Some(false), Who::Role { bounded: true, .. }, _) => Truth::Yes,
            // it spares a session only where account, role and session are all named ("NotPrincipal")
            (Some(false), _, Truth::Yes) => {
                Truth::Maybe("whether its NotPrincipal spares a session of the role, the templates do not tell".into())
            }
            (_, _, named) => named.not(),
        }
    }
}

/// One of two fields of a statement, and whether it is the one that excepts.
fn choice<'a>(statement: &'a Value, field: &str, except: &str) -> Option<(bool, &'a Value)> {
    match (&statement[field], &statement[except]) {
        (Value::Null, Value::Null) => None,
        (Value::Null, value) => Some((true, value)),
        (value, _) => Some((false, value)),
    }
}

fn principals_of(reader: &Reader<'_>, value: &Value) -> Vec<Principal> {
    let Value::Object(kinds) = value else {
        let everyone =
            |text: Text| if text == Text::Known("*".to_owned()) { Principal::Everyone } else { Principal::Aws(text) };
        return reader.texts(value).into_iter().map(everyone).collect();
    };
    let mut all = Vec::new();
    for (kind, named) in kinds {
        for text in reader.texts(named) {
            all.push(match kind.as_str() {
                "AWS" if text == Text::Known("*".to_owned()) => Principal::Everyone,
                "AWS" => Principal::Aws(text),
                "Service" => Principal::Service(text),
                _ => Principal::Other(text),
            });
        }
    }
    all
}

impl Principal {
    /// Whether it means who asks: a role by its ARN, or all of its account by the account's id or root.
    fn is(&self, request: &Request<'_>) -> Truth {
        let untold = || Truth::Maybe("whom it names, the templates do not tell".into());
        match (self, request.who) {
            (Self::Everyone, _) => Truth::Yes,
            (Self::Other(_), _) => Truth::No,
            (_, Who::Somebody) => untold(),
            (Self::Aws(text), Who::Role { arn, account, .. }) => {
                let Some(text) = text.get(request.outputs) else { return untold() };
                if text == arn {
                    return Truth::Yes;
                }
                if account_of(&text) == Some(account) {
                    return Truth::from(!request.by_name);
                }
                let session = text.split_once(":assumed-role/").and_then(|(_, rest)| rest.split('/').next());
                if session.is_some_and(|name| arn.rsplit('/').next() == Some(name)) {
                    return Truth::Maybe("it names one session of the role".into());
                }
                Truth::No
            }
            (Self::Service(text), Who::Service(service)) => {
                text.get(request.outputs).map_or_else(untold, |text| Truth::from(text == service))
            }
            (Self::Aws(_), Who::Service(_)) | (Self::Service(_), Who::Role { .. }) => Truth::No,
        }
    }
}

/// The account that a principal means as a whole: by its id, or by its root.
pub(super) fn account_of(principal: &str) -> Option<&str> {
    if principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(principal);
    }
    principal.strip_suffix(":root")?.rsplit(':').next()
}

fn resource_fits(pattern: &Text, request: &Request<'_>) -> Truth {
    let untold = || Truth::Maybe("which resources it names, the templates do not tell".into());
    let Some(text) = pattern.get(request.outputs) else { return untold() };
    // one letter is looked for quicker than two
    if !text.contains('$') || !text.contains("${") {
        return Truth::from(fits(&text, request.resource));
    }
    request.context.filled(&text).map_or_else(untold, |text| Truth::from(fits(&text, request.resource)))
}

impl<T> Choice<T> {
    fn names(&self, is: impl Fn(&T) -> Truth) -> Truth {
        let named = Truth::any(self.items.iter().map(is));
        if self.except { named.not() } else { named }
    }
}

impl Choice<Text> {
    fn may_name(&self, action: &str) -> bool {
        self.names(|pattern| match pattern {
            Text::Known(pattern) => Truth::from(fits_folded(pattern, action)),
            Text::Wire(_, _) | Text::Joined(_) | Text::Unknown => Truth::Maybe("".into()),
        }) != Truth::No
    }
}

/// Decides a request by some policies.
pub(super) fn decide<'a>(policies: impl IntoIterator<Item = &'a Policy>, request: &Request<'_>) -> Decision<'a> {
    let mut allowed = None;
    let (mut perhaps_allowed, mut perhaps_denied) = (None, None);
    for policy in policies {
        for statement in &*policy.statements {
            match (statement.allows, statement.covers(request)) {
                (_, Truth::No) => {}
                (Some(false), Truth::Yes) => return Decision::Denied(Some((&policy.spot, &statement.sid))),
                (Some(true), Truth::Yes) => allowed = allowed.or(Some(&policy.spot)),
                (Some(true), Truth::Maybe(why)) => perhaps_allowed = Some((policy, statement, why)),
                (Some(false), Truth::Maybe(why)) => perhaps_denied = Some((policy, statement, why)),
                (None, _) => {
                    let why = Cow::Borrowed("whether it allows or denies, the templates do not tell");
                    perhaps_denied = Some((policy, statement, why.clone()));
                    perhaps_allowed = Some((policy, statement, why));
                }
            }
        }
    }
    let unclear = |verb: &str, (policy, statement, why): (&Policy, &Statement, Cow<'_, str>)| {
        let Spot { stack, resource } = &policy.spot;
        Decision::Unknown(format!("statement `{}` of {resource} in {stack} may {verb} it: {why}", statement.sid))
    };
    match (allowed, perhaps_allowed, perhaps_denied) {
        (Some(_), _, Some(denied)) | (None, Some(_), Some(denied)) => unclear("deny", denied),
        (Some(spot), _, None) => Decision::Allowed(spot),
        (None, Some(found), None) => unclear("allow", found),
        (None, None, _) => Decision::Denied(None),
    }
}
