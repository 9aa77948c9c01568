//! Whether a stack differs from what stands.

use super::turns::Values;
use super::{
    Decision, Intent, MASKED, Observed, Protection, StackPolicy, Standing, Step, Turn, decide, guards, removal,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
    match (&decision, observed) {
        (Decision::Update | Decision::DeleteThenCreate, Observed::Present(standing))
            if is_foreign(standing, wanted) =>
        {
            Decision::Refuse {
                reason: "stands, and has nothing of what this mesh would have in it: it is somebody else's of the same name"
                    .to_owned(),
                advice: "look at it with `aws cloudformation get-template`; give the mesh another name, or have the stack's owner \
                         delete it"
                    .to_owned(),
            }
        }
        (_, Observed::Present(_) | Observed::Absent) => decision,
    }
}

/// Whether a stack is somebody else's: its template is no JSON, as each of ours is, or it has resources, none under an id of ours, and
/// another description. A later meshform may word a description otherwise, and a change may replace every resource; not both at once.
fn is_foreign(standing: &Standing, wanted: &Value) -> bool {
    let Some(found) = &standing.template else { return true };
    let ids = |template: &Value| -> BTreeSet<String> {
        template["Resources"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect()
    };
    let (theirs, ours) = (ids(found), ids(wanted));
    !theirs.is_empty() && theirs.is_disjoint(&ours) && found["Description"] != wanted["Description"]
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
    use crate::plan::StackStatus;
    use serde_json::json;

    fn standing(status: StackStatus, template: Option<Value>) -> Observed {
        Observed::Present(Box::new(Standing {
            stack_arn: "arn:aws:cloudformation:eu-west-1:111111111111:stack/demo/1".to_owned(),
            status,
            template,
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            role_arn: None,
            termination_protection: Protection::Off,
            stack_policy: None,
            stubborn: Vec::new(),
            change_sets: Vec::new(),
        }))
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
            // ours: worded otherwise by an earlier meshform, or with other grants, or empty
            assert!(!refused(status.clone(), Some(template("Storage", &["Bucket"]))), "{status}");
            assert!(
                !refused(status.clone(), Some(template("Storage in the data mesh demo", &["GrantOfOld"]))),
                "{status}"
            );
            assert!(!refused(status.clone(), Some(json!({}))), "{status}");
        }
        let told = decided(&wanted, &standing(StackStatus::CreateComplete, None), Intent::Change);
        assert!(matches!(told, Decision::Refuse { reason, .. } if reason.contains("somebody else's")));
        // what is in progress is waited for, and judged again after it
        let busy = standing(StackStatus::UpdateInProgress, Some(template("My website", &["Site"])));
        assert_eq!(decided(&wanted, &busy, Intent::Change), Decision::Wait);
    }
}
