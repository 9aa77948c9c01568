//! What stands, as documents that a difference and the evaluator read.

use super::{Deployed, Observed};
use crate::assembly::{Document, StackId};
use std::collections::BTreeSet;

/// Two sides of a plan as documents: what stands, and what will stand. Edges and wires are the assembly's: an account does not
/// know them. A stack that the plan does not touch is the same on both sides, as it stands where that was looked at.
#[must_use]
pub fn documents(
    wanted: &[Document],
    deployed: &Deployed,
    planned: &BTreeSet<StackId>,
) -> (Vec<Document>, Vec<Document>) {
    let (mut base, mut head) = (Vec::new(), Vec::new());
    for document in wanted {
        let found = match deployed.stacks.get(&document.id) {
            Some(Observed::Present(standing)) => Some(
                standing.template.clone().map(|template| Document { template: template.into(), ..document.clone() }),
            ),
            Some(Observed::Absent) => Some(None),
            // nobody looked: the plan is not about it
            None => None,
        };
        match (found, planned.contains(&document.id)) {
            (Some(found), true) => {
                base.extend(found);
                head.push(document.clone());
            }
            (Some(Some(found)), false) => {
                base.push(found.clone());
                head.push(found);
            }
            (Some(None), false) => {}
            (None, _) => {
                base.push(document.clone());
                head.push(document.clone());
            }
        }
    }
    (base, head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::samples::{everything, id, rendered, stack};

    #[test]
    fn a_stack_that_the_plan_does_not_touch_is_the_same_on_both_sides() {
        let rendered = rendered(vec![stack("a/one"), stack("a/two"), stack("a/three"), stack("a/four")]);
        let wanted = Document::read(&rendered).unwrap();
        let mut deployed = everything(&rendered);
        for name in ["a/one", "a/two"] {
            let Some(Observed::Present(standing)) = deployed.stacks.get_mut(&id(name)) else { panic!("{name}") };
            standing.template = Some(serde_json::json!({"Resources": {}}));
        }
        deployed.stacks.remove(&id("a/three"));
        deployed.stacks.insert(id("a/four"), Observed::Absent);
        let (base, head) = documents(&wanted, &deployed, &[id("a/one"), id("a/four")].into());
        let differing: Vec<String> = head
            .iter()
            .filter(|head| {
                base.iter().find(|base| base.id == head.id).map(|base| &base.template) != Some(&head.template)
            })
            .map(|document| document.id.to_string())
            .collect();
        assert_eq!(differing, ["a/one", "a/four"]);
    }
}
