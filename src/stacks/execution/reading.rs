//! What drift detection reads: it works with the caller's own rights, here those of the plan role.

use super::kinds::{AccountKind, OfKinds, execution_types, of_kind};
use super::{Policies, unlisted, withheld};
use crate::cfn::iam::Statement;
use crate::cfn::schema::{self, Verb};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Every action by which CloudFormation reads the types of an account of this kind, save what reads data: drift detection
/// works with the caller's own rights (CloudFormation user guide, "Detect unmanaged configuration changes": the user needs read
/// permission for each resource).
#[must_use]
fn reading_actions(kind: AccountKind) -> &'static BTreeSet<String> {
    static ACTIONS: OfKinds<BTreeSet<String>> = [const { OnceLock::new() }; 3];
    of_kind(&ACTIONS, kind, || {
        let mut actions = BTreeSet::new();
        for type_name in execution_types(kind) {
            let unlisted = unlisted(type_name).iter().map(|action| (*action).to_owned()).filter(|action| reads(action));
            actions.extend(unlisted.chain(reading_actions_of(type_name)));
        }
        actions
    })
}

/// Whether an action only reads, by its name. Some read handlers list actions that do more.
fn reads(action: &str) -> bool {
    let verb = action.split_once(':').map_or("", |(_, verb)| verb);
    ["Describe", "Get", "List"].iter().any(|start| verb.starts_with(start))
}

/// What is read of what the execution role may make: the statements of its policies with the reading actions alone, on the same
/// resources.
pub(in crate::stacks) fn reading(policies: &Policies, kind: AccountKind) -> Vec<Statement> {
    let actions = reading_actions(kind);
    let statements = policies.iter().flat_map(|(_, document)| &document.statement);
    statements.filter_map(|statement| statement.only(|action| actions.contains(action))).collect()
}

/// Actions that read a type, as its handler lists them.
pub(in crate::stacks) fn reading_actions_of(type_name: &str) -> BTreeSet<String> {
    let listed = schema::of(type_name).into_iter().flat_map(|schema| schema.actions(Verb::Read).iter().cloned());
    listed.filter(|action| reads(action) && !withheld(action)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_changes_nothing_and_is_no_data() {
        for kind in [AccountKind::Governance, AccountKind::Producer, AccountKind::Consumer] {
            let actions = reading_actions(kind);
            assert!(actions.len() > 20, "{actions:?}");
            for action in actions {
                assert!(reads(action), "{action}");
                let data = ["s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt", "lakeformation:GetDataAccess"];
                assert!(!data.contains(&action.as_str()) && !action.starts_with("glue:GetConnection"), "{action}");
            }
        }
        assert!(!reads("iam:PassRole") && !reads("glue:CreateTable") && reads("sns:ListTagsForResource"));
    }
}
