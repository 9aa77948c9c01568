//! Whether a stack differs from what stands.

use super::turns::Values;
use super::whose::{is_of_mesh, left_alone, mesh_of};
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
    decided(&wanted, observed, intent(&wanted, Some(parameters), observed, (step.protection, step.stack_policy)))
}

/// The table, and before it the question whose the stack is: by a change, or by a new beginning, somebody else's would lose all it has.
pub(super) fn decided(wanted: &Value, observed: &Observed, intent: Intent) -> Decision {
    let decision = decide(observed, intent);
    match (&decision, observed, mesh_of(wanted)) {
        (Decision::Update | Decision::DeleteThenCreate, Observed::Present(standing), Some(mesh))
            if !is_of_mesh(standing, mesh) =>
        {
            left_alone(mesh)
        }
        (_, Observed::Present(_) | Observed::Absent, _) => decision,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{StackStatus, Standing, samples};
    use serde_json::json;

    fn standing(status: StackStatus, template: Option<Value>) -> Observed {
        Observed::Present(Box::new(Standing { template, ..samples::standing(status) }))
    }

    fn template(description: &str, ids: &[&str]) -> Value {
        let resources = ids.iter().map(|id| ((*id).to_owned(), json!({"Type": "AWS::SNS::Topic"})));
        json!({"Description": description, "Resources": resources.collect::<serde_json::Map<_, _>>()})
    }

    #[test]
    fn a_stack_of_the_same_name_that_is_somebody_elses_is_left_alone() {
        let wanted = template("Storage in the data mesh demo", &["Bucket", "Key"]);
        let refused = |status: StackStatus, found: Option<Value>| {
            matches!(decided(&wanted, &standing(status, found), Intent::Change), Decision::Refuse { .. })
        };
        for status in [StackStatus::CreateComplete, StackStatus::UpdateRollbackComplete, StackStatus::RollbackComplete]
        {
            // no JSON: somebody wrote it in YAML
            assert!(refused(status.clone(), None), "{status}");
            assert!(refused(status.clone(), Some(template("My website", &["Site"]))), "{status}");
            assert!(refused(status.clone(), Some(json!({"Resources": {"Site": {}}}))), "{status}");
            // an id that it shares with ours makes it no stack of ours, nor does another mesh of ours
            assert!(refused(status.clone(), Some(template("Storage", &["Bucket", "Key"]))), "{status}");
            assert!(
                refused(status.clone(), Some(template("Storage in the data mesh demo-2", &["Bucket"]))),
                "{status}"
            );
            // ours: worded otherwise, with other resources, or empty
            assert!(!refused(status.clone(), Some(template("All of the data mesh demo", &["Grant"]))), "{status}");
            assert!(!refused(status.clone(), Some(json!({}))), "{status}");
        }
        let told = decided(&wanted, &standing(StackStatus::CreateComplete, None), Intent::Change);
        assert!(matches!(told, Decision::Refuse { reason, .. } if reason.contains("somebody else's")));
        // what is in progress is waited for, and judged again after it
        let busy = standing(StackStatus::UpdateInProgress, Some(template("My website", &["Site"])));
        assert_eq!(decided(&wanted, &busy, Intent::Change), Decision::Wait);
    }
}
