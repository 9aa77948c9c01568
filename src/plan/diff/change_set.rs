//! What a change set says, laid over what the schemas predict.
//!
//! Source: the CloudFormation API reference, `DescribeChangeSet` and `ResourceChange`.

use super::stacks::sort;
use super::{ChangeKind, Impact, ResourceChange, StackChange, stores};
use crate::assembly::Layer;

/// What CloudFormation would do to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeSetAction {
    /// Makes it.
    Add,
    /// Changes it.
    Modify,
    /// Takes it out of the stack.
    Remove,
    /// Takes one that exists into the stack.
    Import,
    /// Cannot be told before the update.
    Dynamic,
}

/// Whether a resource would be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeSetReplacement {
    /// It would.
    True,
    /// It would not.
    False,
    /// Told only by the update.
    Conditional,
}

/// Whether a change of a property makes another resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiresRecreation {
    /// Never.
    Never,
    /// It depends.
    Conditionally,
    /// Always.
    Always,
}

/// One resource of a change set, without a type of the SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetResource {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// What would be done.
    pub action: ChangeSetAction,
    /// For [`ChangeSetAction::Modify`]: whether it would be replaced.
    pub replacement: Option<ChangeSetReplacement>,
    /// What of it would change: `Properties`, `Metadata`, `Tags`, ..
    pub scope: Vec<String>,
    /// Names of properties and whether their change makes another resource.
    pub details: Vec<(String, RequiresRecreation)>,
    /// `Delete`, `Retain`, `ReplaceAndRetain`, ..; what the change set says of the old one.
    pub policy_action: Option<String>,
}

impl ChangeSetResource {
    /// What becomes of the resource by the change set's word.
    fn impact(&self) -> Impact {
        match (self.action, self.replacement) {
            (ChangeSetAction::Add, _) => Impact::Created,
            (ChangeSetAction::Import, _) => Impact::None,
            (ChangeSetAction::Dynamic, _) => Impact::MayBeReplaced,
            (ChangeSetAction::Remove, _) if self.policy_action.as_deref() == Some("Retain") => Impact::Retained,
            (ChangeSetAction::Remove, _) => Impact::Destroyed,
            (ChangeSetAction::Modify, Some(ChangeSetReplacement::True)) => Impact::Replaced,
            (ChangeSetAction::Modify, Some(ChangeSetReplacement::Conditional)) => Impact::MayBeReplaced,
            (ChangeSetAction::Modify, Some(ChangeSetReplacement::False) | None) => {
                let harmless = !self.scope.is_empty() && self.scope.iter().all(|scope| scope == "Metadata");
                if harmless { Impact::None } else { Impact::InPlace }
            }
        }
    }

    const fn kind(&self) -> ChangeKind {
        match self.action {
            ChangeSetAction::Add | ChangeSetAction::Import => ChangeKind::Added,
            ChangeSetAction::Modify | ChangeSetAction::Dynamic => ChangeKind::Changed,
            ChangeSetAction::Remove => ChangeKind::Removed,
        }
    }

    /// The properties that make another resource, for a note.
    fn reasons(&self) -> String {
        let named = |wanted: RequiresRecreation| {
            let names = self.details.iter().filter(move |(_, recreation)| *recreation == wanted);
            names.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        let (always, perhaps) = (named(RequiresRecreation::Always), named(RequiresRecreation::Conditionally));
        let names = if always.is_empty() { perhaps } else { always };
        if names.is_empty() { String::new() } else { format!(" because of {}", names.join(", ")) }
    }
}

/// Lays a change set's word over the prediction: it wins, the prediction stays, and a note says where they differ. What
/// only one of the two knows is told too.
pub fn with_change_set(stack: &mut StackChange, resources: &[ChangeSetResource]) {
    for change in &mut stack.resources {
        let told = resources.iter().find(|resource| resource.logical_id == change.logical_id);
        let said = told.map_or(Impact::None, ChangeSetResource::impact);
        // a removal whose policy the change set does not tell follows the template
        let policy_untold = told.is_some_and(|told| told.policy_action.is_none());
        let said = if said == Impact::Destroyed && policy_untold && change.predicted == Impact::Retained {
            Impact::Retained
        } else {
            said
        };
        change.change_set = Some(said);
        change.impact = said;
        if let Some(note) = disagreement(change.predicted, said, told) {
            change.notes.push(note);
        }
    }
    for told in resources {
        if stack.resources.iter().any(|change| change.logical_id == told.logical_id) {
            continue;
        }
        let impact = told.impact();
        stack.resources.push(ResourceChange {
            logical_id: told.logical_id.clone(),
            resource_type: told.resource_type.clone(),
            label: told.logical_id.clone(),
            change: told.kind(),
            impact,
            predicted: Impact::None,
            change_set: Some(impact),
            data_store: stores::lost_with(&told.resource_type).is_some(),
            notes: vec![format!("only the change set knows of it: {}{}", words(impact), told.reasons())],
            properties: Vec::new(),
        });
    }
    sort(&mut stack.resources);
}

/// The change set of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSetOfStack {
    /// Id of the stack.
    pub id: String,
    /// Its account.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Its layer.
    pub layer: Layer,
    /// How much of the change it knows.
    pub covers: Covers,
    /// What it says.
    pub resources: Vec<ChangeSetResource>,
}

/// How much of a stack's change a change set knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// All of it: what it does not name is not touched.
    Whole,
    /// The first of several turns: what it does not name may change in a later one, and stays predicted.
    FirstTurn,
}

/// Lays the word of change sets over the stacks of a difference.
pub(super) fn with_change_sets(stacks: &mut Vec<StackChange>, said: &[ChangeSetOfStack]) {
    for said in said {
        match stacks.iter_mut().find(|stack| stack.id == said.id) {
            Some(stack) => match said.covers {
                Covers::Whole => with_change_set(stack, &said.resources),
                Covers::FirstTurn => with_first_turn(stack, &said.resources),
            },
            None => {
                let mut stack = StackChange {
                    id: said.id.clone(),
                    account: said.account.clone(),
                    region: said.region.clone(),
                    layer: Some(said.layer),
                    change: ChangeKind::Changed,
                    resources: Vec::new(),
                    properties: Vec::new(),
                };
                with_change_set(&mut stack, &said.resources);
                if !stack.resources.is_empty() {
                    stacks.push(stack);
                    stacks.sort_by(|one, other| one.id.cmp(&other.id));
                }
            }
        }
    }
}

fn with_first_turn(stack: &mut StackChange, resources: &[ChangeSetResource]) {
    let is_named = |change: &ResourceChange| resources.iter().any(|told| told.logical_id == change.logical_id);
    let (named, rest) = std::mem::take(&mut stack.resources).into_iter().partition(is_named);
    stack.resources = named;
    with_change_set(stack, resources);
    stack.resources.extend::<Vec<_>>(rest);
    sort(&mut stack.resources);
}

/// Whether a change set says what was predicted; of an interruption change sets tell nothing.
#[must_use]
pub fn is_as_predicted(predicted: Impact, said: Impact) -> bool {
    predicted == said || (predicted == Impact::SomeInterruption && said == Impact::InPlace)
}

/// Where the two differ, for people; none where an interruption is all the difference, which change sets do not tell.
fn disagreement(predicted: Impact, said: Impact, told: Option<&ChangeSetResource>) -> Option<String> {
    match told {
        _ if is_as_predicted(predicted, said) => None,
        None => Some(format!("predicted: {}; the change set does not touch it", words(predicted))),
        Some(told) if told.action == ChangeSetAction::Import => {
            Some(format!("predicted: {}; the change set imports one that exists", words(predicted)))
        }
        Some(told) => {
            Some(format!("predicted: {}; the change set says: {}{}", words(predicted), words(said), told.reasons()))
        }
    }
}

const fn words(impact: Impact) -> &'static str {
    match impact {
        Impact::None => "nothing to do",
        Impact::Created => "created",
        Impact::InPlace => "changed in place",
        Impact::SomeInterruption => "changed with an interruption",
        Impact::Retained => "retained",
        Impact::MayBeReplaced => "may be replaced",
        Impact::Replaced => "replaced",
        Impact::Destroyed => "destroyed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicted(id: &str, change: ChangeKind, impact: Impact) -> ResourceChange {
        ResourceChange {
            logical_id: id.to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            label: id.to_owned(),
            change,
            impact,
            predicted: impact,
            change_set: None,
            data_store: true,
            notes: Vec::new(),
            properties: Vec::new(),
        }
    }

    fn said(id: &str, action: ChangeSetAction, replacement: Option<ChangeSetReplacement>) -> ChangeSetResource {
        ChangeSetResource {
            logical_id: id.to_owned(),
            resource_type: "AWS::S3::Bucket".to_owned(),
            action,
            replacement,
            scope: vec!["Properties".to_owned()],
            details: vec![("BucketName".to_owned(), RequiresRecreation::Always)],
            policy_action: None,
        }
    }

    fn stack(resources: Vec<ResourceChange>) -> StackChange {
        StackChange {
            id: "sales/demo-storage-sales".to_owned(),
            account: "444444444444".to_owned(),
            region: "eu-west-1".to_owned(),
            layer: None,
            change: ChangeKind::Changed,
            resources,
            properties: Vec::new(),
        }
    }

    #[test]
    fn the_change_set_wins_and_the_difference_is_told() {
        use ChangeSetAction::{Add, Dynamic, Import, Modify, Remove};
        use ChangeSetReplacement::{Conditional, False, True};
        let cases = [
            (
                Impact::InPlace,
                Modify,
                Some(True),
                Impact::Replaced,
                "predicted: changed in place; the change set says: replaced because of BucketName",
            ),
            (
                Impact::Replaced,
                Modify,
                Some(False),
                Impact::InPlace,
                "predicted: replaced; the change set says: changed in place because of BucketName",
            ),
            (Impact::MayBeReplaced, Modify, Some(Conditional), Impact::MayBeReplaced, ""),
            (Impact::SomeInterruption, Modify, Some(False), Impact::InPlace, ""),
            (Impact::Created, Add, None, Impact::Created, ""),
            (Impact::Created, Import, None, Impact::None, "predicted: created; the change set imports one that exists"),
            (Impact::Destroyed, Remove, None, Impact::Destroyed, ""),
            (Impact::Retained, Remove, None, Impact::Retained, ""),
            (
                Impact::InPlace,
                Dynamic,
                None,
                Impact::MayBeReplaced,
                "predicted: changed in place; the change set says: may be replaced because of BucketName",
            ),
        ];
        for (prediction, action, replacement, expected, note) in cases {
            let mut stack = stack(vec![predicted("Bucket", ChangeKind::Changed, prediction)]);
            with_change_set(&mut stack, &[said("Bucket", action, replacement)]);
            let change = &stack.resources[0];
            assert_eq!((change.impact, change.predicted), (expected, prediction), "{action:?}");
            assert_eq!(change.change_set, Some(expected), "{action:?}");
            assert_eq!(change.notes.first().map_or("", String::as_str), note);
        }
    }

    #[test]
    fn what_only_one_of_both_knows_is_told() {
        let mut stack = stack(vec![predicted("Known", ChangeKind::Changed, Impact::Replaced)]);
        let mut metadata = said("Marked", ChangeSetAction::Modify, Some(ChangeSetReplacement::False));
        metadata.scope = vec!["Metadata".to_owned()];
        let mut kept = said("Kept", ChangeSetAction::Remove, None);
        kept.policy_action = Some("Retain".to_owned());
        with_change_set(
            &mut stack,
            &[said("New", ChangeSetAction::Modify, Some(ChangeSetReplacement::True)), metadata, kept],
        );
        let told: Vec<_> = stack
            .resources
            .iter()
            .map(|change| (change.logical_id.as_str(), change.impact, change.notes[0].as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("New", Impact::Replaced, "only the change set knows of it: replaced because of BucketName"),
                ("Kept", Impact::Retained, "only the change set knows of it: retained because of BucketName"),
                ("Known", Impact::None, "predicted: replaced; the change set does not touch it"),
                ("Marked", Impact::None, "only the change set knows of it: nothing to do because of BucketName"),
            ]
        );
    }

    #[test]
    fn of_several_turns_only_what_the_first_one_names_is_told() {
        let prediction = || {
            vec![
                predicted("Kept", ChangeKind::Changed, Impact::InPlace),
                predicted("Leaves", ChangeKind::Removed, Impact::Destroyed),
            ]
        };
        let of = |covers| ChangeSetOfStack {
            id: "sales/demo-storage-sales".to_owned(),
            account: "444444444444".to_owned(),
            region: "eu-west-1".to_owned(),
            layer: Layer::Storage,
            covers,
            resources: vec![said("Kept", ChangeSetAction::Modify, Some(ChangeSetReplacement::True))],
        };
        let told = |stacks: &[StackChange]| -> Vec<(String, Impact, Option<Impact>)> {
            let resources = stacks.iter().flat_map(|stack| &stack.resources);
            resources.map(|found| (found.logical_id.clone(), found.impact, found.change_set)).collect()
        };
        let mut stacks = vec![stack(prediction())];
        with_change_sets(&mut stacks, &[of(Covers::FirstTurn)]);
        let expected = [("Leaves", Impact::Destroyed, None), ("Kept", Impact::Replaced, Some(Impact::Replaced))];
        assert_eq!(told(&stacks), expected.map(|(id, impact, said)| (id.to_owned(), impact, said)));
        let mut stacks = vec![stack(prediction())];
        with_change_sets(&mut stacks, &[of(Covers::Whole)]);
        let expected =
            [("Kept", Impact::Replaced, Some(Impact::Replaced)), ("Leaves", Impact::None, Some(Impact::None))];
        assert_eq!(told(&stacks), expected.map(|(id, impact, said)| (id.to_owned(), impact, said)));
        // a stack of which the difference knows nothing
        let mut stacks = Vec::new();
        with_change_sets(&mut stacks, &[of(Covers::Whole)]);
        assert_eq!(told(&stacks), [("Kept".to_owned(), Impact::Replaced, Some(Impact::Replaced))]);
        let mut stacks = Vec::new();
        with_change_sets(&mut stacks, &[ChangeSetOfStack { resources: Vec::new(), ..of(Covers::Whole) }]);
        assert_eq!(stacks, []);
    }
}
