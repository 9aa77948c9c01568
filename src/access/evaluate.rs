//! From facts to sight.
//!
//! Where AWS's documentation leaves a doubt, sight is told: a right too many in a report is looked at, one too few is not.

use super::catalog::Catalog;
use super::expressions::Expressions;
use super::facts::{Facts, PolicyFact, RoleFact, Spot};
use super::granted::{GrantFact, GrantedFact};
use super::model::{Access, Administrator, Principal, PrincipalKind};
use super::openings::Grants;
use super::principal::{identify, is_account};
use super::sight::{Sight, Sighting, Who};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Evaluates who can see what. Pure; sorted by ARN, database and table.
#[must_use]
pub fn evaluate(facts: &Facts) -> Access {
    let of_grants = || {
        let catalog = Catalog::of(facts);
        let expressions = Expressions::of(facts, &catalog);
        (catalog, expressions, by_principal(facts))
    };
    let ((catalog, expressions, grants), ()) = rayon::join(of_grants, || facts.surroundings.prepare());
    let sighting = Sighting::new(facts, &catalog, &expressions, &grants);
    let known = accounts(facts);
    let seen = || {
        let seen = principals_of(facts, &grants, &known).into_par_iter();
        seen.map(|(who, owner)| principal(facts, who, owner, sighting.of(who))).collect::<Vec<_>>()
    };
    let not_evaluated = || not_evaluated(facts, &catalog, &known).collect::<BTreeSet<String>>();
    let (seen, mut unknown) = rayon::join(seen, not_evaluated);
    unknown.extend(facts.unknown.iter().cloned());
    let (mut principals, not_told): (Vec<Principal>, Vec<BTreeSet<String>>) = seen.into_iter().unzip();
    unknown.extend(not_told.into_iter().flatten());
    super::data_sets::tell_copies(facts, &mut principals);
    principals.sort_by(|left, right| (&left.principal, &left.account).cmp(&(&right.principal, &right.account)));
    let mut told = vec!["templates were read, not a live account: rights granted outside them are not seen".to_owned()];
    told.extend(unknown);
    Access { version: 1, principals, administrators: administrators(facts), unknown: told }
}

/// Somebody with what they see; and what the templates do not tell of that.
fn principal(facts: &Facts, who: Who<'_>, owner: &str, sight: Sight) -> (Principal, BTreeSet<String>) {
    let principal = Principal {
        principal: who.principal.to_owned(),
        kind: who.kind,
        owner: owner.to_owned(),
        account: who.account.unwrap_or_default().to_owned(),
        assumed_by: if who.is_made { facts.surroundings.assumed_by(who.principal) } else { Vec::new() },
        tables: sight.tables,
        missing: sight.missing.into_iter().collect(),
    };
    (principal, sight.unknown)
}

fn administrators(facts: &Facts) -> Vec<Administrator> {
    let of = |account: &String, admin: &String| Administrator { principal: admin.clone(), account: account.clone() };
    let all = facts.settings.iter();
    let all = all.flat_map(|settings| settings.admins.iter().map(|admin| of(&settings.account, admin)));
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The role as it looks.
pub(super) fn who(role: &RoleFact) -> Who<'_> {
    let kind = PrincipalKind::Role;
    Who { principal: &role.arn, account: Some(&role.account), kind, has_templates: true, is_made: true }
}

/// Everybody who could query: roles that may, and whoever holds a grant. Accounts of which a template is here are hops.
fn principals_of<'a>(facts: &'a Facts, grants: &Grants<'a>, known: &BTreeSet<&'a str>) -> Vec<(Who<'a>, &'a str)> {
    let policies = Policies::of(facts);
    let mut made: BTreeSet<&str> = BTreeSet::new();
    let mut principals = Vec::new();
    for role in &facts.roles {
        let holds = grants.contains_key(role.arn.as_str());
        if made.insert(&role.arn) && (holds || queries(role, &policies)) {
            principals.push((who(role), role.spot.stack.owner()));
        }
    }
    let users: HashMap<&str, &str> =
        facts.users.iter().map(|user| (user.arn.as_str(), user.spot.stack.owner())).collect();
    for (principal, held) in grants {
        if made.contains(principal) || known.contains(principal) {
            continue;
        }
        let identifier = identify(principal);
        let is_everyone = identifier.kind == PrincipalKind::Everyone;
        // everyone is whoever is in the account that grants
        let accounts: BTreeSet<Option<&str>> = match (is_everyone, identifier.account) {
            (true, None) => held.iter().map(|grant| Some(grant.account.as_str())).collect(),
            (_, account) => BTreeSet::from([account]),
        };
        for account in accounts {
            let has_templates = account.is_some_and(|account| known.contains(account));
            let who = Who { principal, account, kind: identifier.kind, has_templates, is_made: false };
            principals.push((who, users.get(principal).copied().unwrap_or_default()));
        }
    }
    principals
}

/// Accounts of which a template is here.
fn accounts(facts: &Facts) -> BTreeSet<&str> {
    let roles = facts.roles.iter().map(|role| role.account.as_str());
    let grants = facts.grants.iter().map(|grant| grant.account.as_str());
    let databases = facts.databases.iter().map(|database| database.catalog.as_str());
    facts.accounts.iter().map(String::as_str).chain(roles).chain(grants).chain(databases).collect()
}

/// Policies beside roles: by account and role, and by ARN.
struct Policies<'a> {
    of_roles: HashMap<(&'a str, &'a str), Vec<&'a PolicyFact>>,
    managed: HashMap<&'a str, &'a PolicyFact>,
}

impl<'a> Policies<'a> {
    fn of(facts: &'a Facts) -> Self {
        let mut of_roles: HashMap<(&str, &str), Vec<&PolicyFact>> = HashMap::new();
        for policy in &facts.policies {
            for role in &policy.roles {
                of_roles.entry((&policy.account, role)).or_default().push(policy);
            }
        }
        let managed = facts.policies.iter().filter_map(|policy| Some((policy.arn.as_deref()?, policy))).collect();
        Self { of_roles, managed }
    }
}

/// A role that may fetch data from Lake Formation may see something, now or after a grant.
fn queries(role: &RoleFact, policies: &Policies<'_>) -> bool {
    let beside = policies.of_roles.get(&(role.account.as_str(), role.name.as_str()));
    let named = role.managed.iter().filter_map(|arn| policies.managed.get(arn.as_str()));
    role.statements.iter().any(super::reading::queries)
        || beside.into_iter().flatten().chain(named).any(|policy| policy.queries)
}

/// What opens something to somebody in a way that the templates, or this version, do not tell.
fn not_evaluated<'a>(facts: &'a Facts, catalog: &Catalog<'a>, known: &BTreeSet<&str>) -> impl Iterator<Item = String> {
    let of_grants = facts.grants.iter().flat_map(move |grant| {
        let whom = match &grant.principal {
            Some(_) => None,
            None => Some(told(&grant.spot, "Principal", "the template does not tell for whom the grant is")),
        };
        resource_unknown(grant, catalog, known).map(|why| told(&grant.spot, "Resource", &why)).into_iter().chain(whom)
    });
    let settled: BTreeSet<&str> = facts.settings.iter().map(|settings| settings.account.as_str()).collect();
    let holding: BTreeSet<&str> = facts.tables.iter().map(|table| table.catalog.as_str()).collect();
    let open = holding.into_iter().filter(move |account| known.contains(account) && !settled.contains(account));
    let open = open.map(|account| {
        format!(
            "account {account}: no template here makes its AWS::LakeFormation::DataLakeSettings; unless they were changed, \
             new databases and tables are open to IAM_ALLOWED_PRINCIPALS"
        )
    });
    of_grants.chain(open)
}

fn told(spot: &Spot, property: &str, why: &str) -> String {
    format!("{}/{} {property}: {why}", spot.stack, spot.resource)
}

/// What is not known of the resource of a grant.
fn resource_unknown<'a>(grant: &'a GrantFact, catalog: &Catalog<'a>, known: &BTreeSet<&str>) -> Option<String> {
    match &grant.granted {
        GrantedFact::Other(kind) => Some(format!("a grant on {kind} is not evaluated")),
        GrantedFact::Filter { catalog: account, database, table, name }
            if catalog.filter(account, database, table, name).is_none() =>
        {
            Some(format!("no template here makes the filter `{name}` on {database}.{table}"))
        }
        GrantedFact::Database { catalog, .. }
        | GrantedFact::Expression { catalog, .. }
        | GrantedFact::Table { catalog, .. }
        | GrantedFact::Columns { catalog, .. }
        | GrantedFact::Filter { catalog, .. } => (is_account(catalog) && !known.contains(catalog.as_str()))
            .then(|| format!("no template of account {catalog} is here, whose catalog it is in")),
        GrantedFact::Tag { .. } | GrantedFact::Location { .. } => None,
    }
}

pub(super) fn by_principal(facts: &Facts) -> Grants<'_> {
    let mut grants: BTreeMap<&str, Vec<&GrantFact>> = BTreeMap::new();
    for grant in &facts.grants {
        if let Some(principal) = &grant.principal {
            grants.entry(principal).or_default().push(grant);
        }
    }
    grants
}
