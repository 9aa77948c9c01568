//! What is to be done so that a StackSet bootstraps its organizational units: a pure table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;

/// A StackSet as CloudFormation describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct StandingSet {
    /// Its template; none where it is no JSON, so not ours.
    pub template: Option<Value>,
    /// Who has the rights in the accounts.
    pub permissions: Permissions,
    /// The units it was told to deploy to.
    pub units: BTreeSet<String>,
    /// Whether accounts that join a unit get a stack, and keep it when they leave; and whether operations wait for one another.
    pub options: Options,
}

/// Who has the rights in the accounts of a StackSet (CloudFormation API reference, `PermissionModel`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permissions {
    /// Roles that somebody made in each account.
    SelfManaged,
    /// CloudFormation itself, by AWS Organizations.
    ServiceManaged,
}

/// Whether a StackSet's options are those that are wanted: auto-deployment, stacks retained when an account leaves its unit, and
/// managed execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Options {
    /// They are.
    Wanted,
    /// Somebody chose others.
    Others,
}

/// A stack of a StackSet in an account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// The account.
    pub account: String,
    /// How it stands.
    pub state: InstanceState,
    /// Why, where CloudFormation says so.
    pub reason: Option<String>,
}

/// How a stack instance stands (CloudFormation API reference, `StackInstance`, Status and DetailedStatus).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstanceState {
    /// It has the StackSet's template.
    Current,
    /// It has an older one, or an operation on it failed.
    Outdated,
    /// Its delete failed: it takes no update until somebody mended it.
    Inoperable,
    /// Its account is suspended.
    Suspended,
    /// CloudFormation is at it.
    Going,
}

/// What is to be done with a StackSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SetStep {
    /// Make it; without stacks yet.
    Create,
    /// Give it, and every stack it has, the wanted template and options.
    Update(WhyUpdate),
    /// Make stacks in the accounts of these units.
    Target(BTreeSet<String>),
}

/// Why a StackSet is updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WhyUpdate {
    /// Its template is another.
    Template,
    /// Its options are others.
    Options,
    /// Stacks of it are outdated: they are tried again.
    Outdated,
}

/// Why a StackSet is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// Its permissions are self-managed, which cannot be changed.
    #[error("it stands with self-managed permissions, which an update cannot change: it is not one that meshform made")]
    SelfManaged,
}

/// What is to be done, in this order; empty when all is as it should be.
///
/// Nothing is ever taken away: units that are no longer named keep their stacks.
///
/// # Errors
/// When a StackSet of that name is none of ours.
pub fn steps(
    template: &Value,
    units: &BTreeSet<String>,
    standing: Option<&StandingSet>,
    instances: &[Instance],
) -> Result<Vec<SetStep>, NotOurs> {
    let Some(standing) = standing else {
        return Ok(vec![SetStep::Create, SetStep::Target(units.clone())]);
    };
    match standing.permissions {
        Permissions::SelfManaged => return Err(NotOurs::SelfManaged),
        Permissions::ServiceManaged => {}
    }
    let outdated = instances.iter().any(|instance| instance.state == InstanceState::Outdated);
    let why = match (standing.template.as_ref() == Some(template), standing.options, outdated) {
        (false, _, _) => Some(WhyUpdate::Template),
        (true, Options::Others, _) => Some(WhyUpdate::Options),
        (true, Options::Wanted, true) => Some(WhyUpdate::Outdated),
        (true, Options::Wanted, false) => None,
    };
    let missing: BTreeSet<String> = units.difference(&standing.units).cloned().collect();
    let target = (!missing.is_empty()).then_some(SetStep::Target(missing));
    Ok(why.map(SetStep::Update).into_iter().chain(target).collect())
}

impl fmt::Display for SetStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create => formatter.write_str("create it"),
            Self::Update(WhyUpdate::Template) => {
                formatter.write_str("update it and its stacks: its template is another")
            }
            Self::Update(WhyUpdate::Options) => formatter.write_str("update it and its stacks: its options are others"),
            Self::Update(WhyUpdate::Outdated) => formatter.write_str("update its stacks again: some are outdated"),
            Self::Target(units) => {
                let units: Vec<&str> = units.iter().map(String::as_str).collect();
                write!(formatter, "make stacks in the accounts of {}", units.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn units(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn standing(template: Option<Value>, options: Options, named: &[&str]) -> StandingSet {
        StandingSet { template, permissions: Permissions::ServiceManaged, units: units(named), options }
    }

    fn instance(state: InstanceState) -> Instance {
        Instance { account: "222222222222".to_owned(), state, reason: None }
    }

    #[test]
    fn the_table_cell_by_cell() {
        let (new, old) = (json!({"a": 1}), json!({"a": 2}));
        let wanted = units(&["ou-1", "ou-2"]);
        let of = |standing: Option<&StandingSet>, instances: &[Instance]| steps(&new, &wanted, standing, instances);
        assert_eq!(of(None, &[]), Ok(vec![SetStep::Create, SetStep::Target(wanted.clone())]));
        for named in [&["ou-1", "ou-2"][..], &["ou-1"], &["ou-1", "ou-2", "ou-9"], &[]] {
            let missing: BTreeSet<String> = wanted.difference(&units(named)).cloned().collect();
            let target = (!missing.is_empty()).then(|| SetStep::Target(missing.clone()));
            for template in [Some(new.clone()), Some(old.clone()), None] {
                for options in [Options::Wanted, Options::Others] {
                    for state in [
                        InstanceState::Current,
                        InstanceState::Outdated,
                        InstanceState::Inoperable,
                        InstanceState::Suspended,
                        InstanceState::Going,
                    ] {
                        let why = match (&template, options, state) {
                            (Some(text), Options::Wanted, InstanceState::Outdated) if *text == new => {
                                Some(WhyUpdate::Outdated)
                            }
                            (Some(text), Options::Wanted, _) if *text == new => None,
                            (Some(text), Options::Others, _) if *text == new => Some(WhyUpdate::Options),
                            _ => Some(WhyUpdate::Template),
                        };
                        let expected: Vec<SetStep> =
                            why.map(SetStep::Update).into_iter().chain(target.clone()).collect();
                        let set = standing(template.clone(), options, named);
                        assert_eq!(of(Some(&set), &[instance(state)]), Ok(expected), "{set:?} {state:?}");
                    }
                }
            }
        }
        let mut others = standing(Some(new.clone()), Options::Wanted, &[]);
        others.permissions = Permissions::SelfManaged;
        assert_eq!(of(Some(&others), &[]), Err(NotOurs::SelfManaged));
    }
}
