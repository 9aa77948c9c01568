//! From facts to sight.
//!
//! Where AWS's documentation leaves a doubt, sight is told: a right too many in a report is looked at, one too few is not.

use super::catalog::Catalog;
use super::facts::{Facts, GrantFact, GrantedFact, RoleFact, Spot};
use super::model::{Access, Administrator, Principal};
use std::collections::{BTreeMap, BTreeSet};

/// Evaluates who can see what. Pure; sorted by ARN, database and table.
#[must_use]
pub fn evaluate(facts: &Facts) -> Access {
    let catalog = Catalog::of(facts);
    let grants = by_principal(facts);
    let mut principals: Vec<Principal> = facts
        .roles
        .iter()
        .filter(|role| queries(role) || grants.contains_key(role.arn.as_str()))
        .map(|role| catalog.principal(role, &grants))
        .collect();
    super::data_sets::tell_copies(facts, &mut principals);
    principals.sort_by(|left, right| left.principal.cmp(&right.principal));
    let administrators: BTreeSet<Administrator> = facts
        .settings
        .iter()
        .flat_map(|settings| {
            let account = &settings.account;
            settings
                .admins
                .iter()
                .map(move |admin| Administrator { principal: admin.clone(), account: account.clone() })
        })
        .collect();
    let mut unknown: Vec<String> = vec![
        "IAM, key policies, bucket policies and who may assume a role are not evaluated yet".to_owned(),
        "templates were read, not a live account: rights granted outside them are not seen".to_owned(),
    ];
    unknown.extend(not_evaluated(facts));
    Access { version: 1, principals, administrators: administrators.into_iter().collect(), unknown }
}

/// A role that may fetch data from Lake Formation may see something, now or after a grant.
fn queries(role: &RoleFact) -> bool {
    role.statements.iter().any(|statement| {
        let action = &statement["Action"];
        let named = |value: &serde_json::Value| value == "lakeformation:GetDataAccess";
        named(action) || action.as_array().is_some_and(|actions| actions.iter().any(named))
    })
}

/// Grants that open something to somebody in a way that this version does not follow.
fn not_evaluated(facts: &Facts) -> impl Iterator<Item = String> {
    let roles = facts.roles.iter();
    let known: BTreeSet<&str> = roles.flat_map(|role| [role.arn.as_str(), role.account.as_str()]).collect();
    facts.grants.iter().flat_map(move |grant| {
        let Spot { stack, resource } = &grant.spot;
        let on = match &grant.granted {
            GrantedFact::Other(kind) => {
                Some(format!("grant {resource} of {stack} is on {kind}, which is not evaluated yet"))
            }
            GrantedFact::Database { .. }
            | GrantedFact::Expression { .. }
            | GrantedFact::Table { .. }
            | GrantedFact::Location { .. } => None,
        };
        let whom = match &grant.principal {
            // an organization, a group, IAM_ALLOWED_PRINCIPALS: whoever is meant, no role of these templates stands for them
            Some(principal) if !known.contains(principal.as_str()) => {
                Some(format!("grant {resource} of {stack} is for `{principal}`, which no template makes"))
            }
            None => Some(format!("grant {resource} of {stack} is for somebody whom the template does not tell")),
            Some(_) => None,
        };
        on.into_iter().chain(whom)
    })
}

/// Grants by principal.
pub(super) type Grants<'a> = BTreeMap<&'a str, Vec<&'a GrantFact>>;

pub(super) fn by_principal(facts: &Facts) -> Grants<'_> {
    let mut grants: Grants<'_> = BTreeMap::new();
    for grant in &facts.grants {
        if let Some(principal) = &grant.principal {
            grants.entry(principal).or_default().push(grant);
        }
    }
    grants
}
