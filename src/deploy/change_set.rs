//! A change set, as CloudFormation answers it, in our own types.

use crate::plan::diff::ChangeSetResource;
use std::collections::BTreeMap;

/// A change set that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetHandle {
    /// ARN of the change set, or its name.
    pub arn: String,
    /// ARN of its stack, or its name.
    pub stack_arn: String,
}

/// How far a change set is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeSetState {
    /// Being computed.
    Pending,
    /// May be executed.
    Ready,
    /// Cannot be executed; the reason tells why, and also that there was nothing to change.
    Failed,
    /// Was executed, or another one was, or the stack moved on.
    Spent,
}

/// A change set as `DescribeChangeSet` answers it, all pages of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetView {
    /// Which it is, by ARN, and of which stack.
    pub handle: ChangeSetHandle,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub state: ChangeSetState,
    /// Why, where CloudFormation says so.
    pub reason: Option<String>,
    /// The values it was made with; none where CloudFormation tells only that the value stays.
    pub parameters: BTreeMap<String, Option<String>>,
    /// The resources it changes; none when only outputs change.
    pub resources: Vec<ChangeSetResource>,
}

impl ChangeSetView {
    /// Whether it failed only because there is nothing to change. CloudFormation tells it by the reason alone; these are the
    /// two sentences (plain templates, and templates with a transform).
    #[must_use]
    pub fn is_without_changes(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        self.state == ChangeSetState::Failed
            && (reason.starts_with("The submitted information didn't contain changes.")
                || reason.starts_with("No updates are to be performed."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_two_sentences_mean_nothing_to_change() {
        let view = |state, reason: &str| ChangeSetView {
            handle: ChangeSetHandle { arn: "arn".to_owned(), stack_arn: "arn".to_owned() },
            name: "name".to_owned(),
            state,
            reason: Some(reason.to_owned()),
            parameters: BTreeMap::new(),
            resources: Vec::new(),
        };
        let plain =
            "The submitted information didn't contain changes. Submit different information to create a change set.";
        assert!(view(ChangeSetState::Failed, plain).is_without_changes());
        assert!(view(ChangeSetState::Failed, "No updates are to be performed.").is_without_changes());
        assert!(
            !view(ChangeSetState::Failed, "Transform failed: No updates are to be performed.").is_without_changes()
        );
        assert!(!view(ChangeSetState::Ready, plain).is_without_changes());
    }
}
