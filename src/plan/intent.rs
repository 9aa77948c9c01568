//! Whether a stack differs from what stands.

use super::turns::Values;
use super::{Decision, Intent, MASKED, Observed, Protection, StackPolicy, Step, Turn, decide, guards, removal};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is to be done with a stack after somebody else's operation on it has ended: the same table, with what stands now.
#[must_use]
pub fn redecide(step: &Step, parameters: &BTreeMap<String, String>, observed: &Observed) -> Decision {
    if step.id.turn == Turn::Delete {
        return removal(observed, step.protection, &step.retain);
    }
    let wanted = serde_json::from_str(&step.template).unwrap_or(Value::Null);
    decide(observed, intent(&wanted, Some(parameters), observed, (step.protection, step.stack_policy)))
}
/// Equal when the parsed template and every parameter equal what stands. `None` for parameters that are not known yet, and a
/// masked value, count as changed: the change set then tells.
///
/// Protection that is wanted and not there, be it by termination protection or by a stack policy, counts as a change; what is there and not wanted stays, for somebody may rely on it.
pub(super) fn intent(
    template: &Value,
    parameters: Option<&BTreeMap<String, String>>,
    observed: &Observed,
    (protection, stack_policy): (Protection, StackPolicy),
) -> Intent {
    let Observed::Present(standing) = observed else { return Intent::Change };
    if (protection, standing.termination_protection) == (Protection::On, Protection::Off) {
        return Intent::Change;
    }
    if stack_policy == StackPolicy::Stores && !standing.stack_policy.as_deref().is_some_and(guards) {
        return Intent::Change;
    }
    let same_template = standing.template.as_ref() == Some(template);
    let masked = standing.parameters.values().any(|value| value == MASKED);
    if same_template && !masked && values(template, parameters, &standing.parameters) == Values::Same {
        Intent::Same
    } else {
        Intent::Change
    }
}

/// Whether the values of parameters are those that stand. One that left the template counts as another value.
pub(super) fn values(
    template: &Value,
    parameters: Option<&BTreeMap<String, String>>,
    standing: &BTreeMap<String, String>,
) -> Values {
    let Some(parameters) = parameters else { return Values::Other };
    let given = parameters.iter().all(|(name, value)| standing.get(name) == Some(value));
    // a parameter that is not given has its default, which CloudFormation answers as if it had been given
    let defaults = standing.iter().all(|(name, value)| {
        let declared = &template["Parameters"][name];
        parameters.contains_key(name) || declared["Default"].as_str() == Some(value)
    });
    if given && defaults { Values::Same } else { Values::Other }
}
