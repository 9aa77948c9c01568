//! A stack that the change takes out of the assembly: a deployment does not delete stacks, so what it grants stays.

use super::desk::Desk;
use crate::finding::{Code, Finding};
use std::collections::BTreeSet;

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    // templates of others are a part of a world that is not ours to deploy
    let ours = desk.base.documents.iter().filter(|document| document.layer.is_some());
    let kept: BTreeSet<_> = desk.head.documents.iter().map(|document| &document.id).collect();
    let left = ours.filter(|document| !kept.contains(&document.id));
    left.map(|document| {
        let id = document.id.to_string();
        let grants =
            document.resources().filter(|(_, kind, _)| *kind == "AWS::LakeFormation::PrincipalPermissions").count();
        let keeps = match grants {
            0 => String::new(),
            1 => ", and its grant with it".to_owned(),
            more => format!(", and its {more} grants with it"),
        };
        let message = format!("the stack {id} is in no file any more: a deployment leaves it standing{keeps}");
        desk.finding(Code::StackLeftBehind, desk.place_of_stack(&document.id), message, &[&id, document.id.owner()])
    })
    .collect()
}
