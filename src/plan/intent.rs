//! Whether a stack differs from what stands.

use super::{Decision, Intent, MASKED, Observed, Step, decide};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is to be done with a stack after somebody else's operation on it has ended: the same table, with what stands now.
#[must_use]
pub fn redecide(step: &Step, parameters: &BTreeMap<String, String>, observed: &Observed) -> Decision {
    let wanted = serde_json::from_str(&step.template).unwrap_or(Value::Null);
    decide(observed, intent(&wanted, Some(parameters), observed))
}
/// Equal when the parsed template and every parameter equal what stands. `None` for parameters that are not known yet, and a
/// masked value, count as changed: the change set then tells.
pub(super) fn intent(template: &Value, parameters: Option<&BTreeMap<String, String>>, observed: &Observed) -> Intent {
    let (Observed::Present(standing), Some(parameters)) = (observed, parameters) else { return Intent::Change };
    let same_template = standing.template.as_ref() == Some(template);
    let masked = standing.parameters.values().any(|value| value == MASKED);
    // a parameter that is not given has its default, which CloudFormation answers as if it had been given
    let same_parameters = parameters.iter().all(|(name, value)| standing.parameters.get(name) == Some(value))
        && standing.parameters.iter().all(|(name, value)| {
            parameters.contains_key(name) || template["Parameters"][name]["Default"].as_str() == Some(value)
        });
    if same_template && same_parameters && !masked { Intent::Same } else { Intent::Change }
}
