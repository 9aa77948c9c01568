//! Turns and unions of single stacks, and the order of random meshes.

use super::*;
use crate::assembly::StackId;
use crate::plan::StepId;
use crate::plan::order::{Moves, needs};
use crate::plan::samples::id;
use proptest::prelude::*;
use serde_json::json;

fn grant(value: &str) -> Value {
    json!({"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
        "Principal": {"DataLakePrincipalIdentifier": format!("role-{value}")},
        "Resource": {"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "demo/sales", "TagValues": [value]}]}}}})
}

fn association(value: &str) -> Value {
    json!({"Type": "AWS::LakeFormation::TagAssociation", "Properties": {
        "Resource": {"Database": {"Name": value}}, "LFTags": [{"TagKey": "demo/sales", "TagValues": [value]}]}})
}

fn tag(values: &[&str]) -> Value {
    json!({"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "demo/sales", "TagValues": values}})
}

fn words(parts: &[Part]) -> Vec<&'static str> {
    parts.iter().map(|part| part.turn.name()).collect()
}

fn same(standing: &Value, wanted: &Value) -> Vec<Part> {
    turns(standing, wanted, Values::Same)
}

#[test]
fn adding_alone_and_removing_alone_take_one_turn() {
    let full = json!({"Resources": {"A": grant("a"), "B": grant("b"), "T": tag(&["a", "b"])}});
    let mut fewer = full.clone();
    fewer["Resources"].as_object_mut().unwrap().remove("A");
    assert_eq!(words(&same(&full, &fewer)), ["remove"]);
    assert_eq!(words(&same(&fewer, &full)), ["add"]);
    let mut values = full.clone();
    values["Resources"]["T"]["Properties"]["TagValues"] = json!(["a"]);
    assert_eq!(words(&same(&full, &values)), ["remove"]);
    assert_eq!(words(&same(&values, &full)), ["add"]);
    values["Resources"]["T"]["Properties"]["TagValues"] = json!(["a", "c"]);
    assert_eq!(words(&same(&full, &values)), ["add", "remove"]);
    assert_eq!(words(&turns(&full, &fewer, Values::Other)), ["add", "remove"], "a parameter may differ");
    let mut chained = fewer.clone();
    chained["Resources"]["B"]["DependsOn"] = json!(["T"]);
    assert_eq!(words(&same(&full, &chained)), ["remove"], "the order of creation is no change");
    chained["Resources"]["B"]["Properties"]["Permissions"] = json!(["SELECT"]);
    assert_eq!(words(&same(&full, &chained)), ["add", "remove"]);
}

#[test]
fn a_value_outlives_what_carries_it() {
    let full = json!({"Resources": {"A": association("a"), "B": association("b"), "T": tag(&["a", "b"])}});
    let fewer = json!({"Resources": {"A": association("a"), "T": tag(&["a"])}});
    let parts = same(&full, &fewer);
    assert_eq!(words(&parts), ["remove", "values"]);
    let first = parts[0].template.as_ref().unwrap();
    assert!(first["Resources"].get("B").is_none(), "the association goes first");
    assert_eq!(first["Resources"]["T"]["Properties"]["TagValues"], json!(["a", "b"]));
    assert_eq!(parts[1].template, None, "then the assembly's own template");
    // a value of another key is no reason
    let mut other = full.clone();
    other["Resources"]["B"]["Properties"]["LFTags"][0]["TagKey"] = json!("demo/other");
    assert_eq!(words(&same(&other, &fewer)), ["remove"]);
}

#[test]
fn a_union_brings_what_the_leaving_refer_to() {
    let standing = json!({
        "Parameters": {"Key": {"Type": "String"}, "Unused": {"Type": "String"}, "Inner": {"Type": "String"}},
        "Conditions": {"Live": {"Fn::Equals": [{"Ref": "Inner"}, "x"]}},
        "Mappings": {"Sizes": {"a": {"b": "c"}}},
        "Resources": {
            "Old": {"Type": "AWS::SNS::Topic", "Condition": "Live", "DependsOn": ["Older", "Stays"], "Properties": {
                "KmsMasterKeyId": {"Ref": "Key"}, "DisplayName": {"Fn::FindInMap": ["Sizes", "a", "b"]}}},
            "Older": {"Type": "AWS::SNS::Topic"},
            "Stays": {"Type": "AWS::SNS::Topic"},
        },
        "Outputs": {"OldArn": {"Value": {"Ref": "Old"}}, "Both": {"Value": {"Ref": "Stays"}}},
    });
    let wanted = json!({
        "Parameters": {"New": {"Type": "String"}},
        "Resources": {"Stays": {"Type": "AWS::SNS::Topic"}, "New1": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Both": {"Value": {"Fn::GetAtt": ["Stays", "TopicArn"]}}},
    });
    let union = crate::plan::union::union(&standing, &wanted).unwrap();
    assert_eq!(union.previous, ["Inner".to_owned(), "Key".to_owned()].into());
    let template = union.template;
    assert_eq!(template["Resources"]["Old"], standing["Resources"]["Old"]);
    assert_eq!(template["Conditions"], standing["Conditions"]);
    assert_eq!(template["Mappings"], standing["Mappings"]);
    assert!(template["Parameters"].get("Unused").is_none());
    assert_eq!(template["Outputs"]["OldArn"], standing["Outputs"]["OldArn"]);
    assert_eq!(template["Outputs"]["Both"], wanted["Outputs"]["Both"]);
    assert_eq!(union.notes, [""; 0]);
}

#[test]
fn one_thing_under_two_names_cannot_stand_twice() {
    let standing = json!({"Resources": {"Old": grant("a"), "Uses": {"Type": "AWS::SNS::Topic", "Properties": {"X": {"Ref": "Old"}}}}});
    let wanted = json!({"Resources": {"New": grant("a")}});
    let union = crate::plan::union::union(&standing, &wanted).unwrap();
    assert_eq!(union.template, wanted);
    assert_eq!(union.notes.len(), 2, "{:?}", union.notes);
    assert!(union.notes[0].contains("Old leaves in the same step in which New comes"), "{:?}", union.notes);
    assert!(union.notes[1].contains("it refers to Old"), "{:?}", union.notes);
}

#[test]
fn a_union_that_no_stack_can_hold_is_told_and_done_in_one_step() {
    let many = |from: usize, to: usize| {
        let resources: serde_json::Map<String, Value> =
            (from..to).map(|number| (format!("T{number}"), json!({"Type": "AWS::SNS::Topic"}))).collect();
        json!({ "Resources": resources })
    };
    assert_eq!(words(&same(&many(0, 400), &many(100, 500))), ["add", "remove"]);
    let parts = same(&many(0, 400), &many(101, 501 + 1));
    assert_eq!(words(&parts), ["add"]);
    assert!(parts[0].notes[0].contains("502 resources, of 500"), "{:?}", parts[0].notes);
}

/// A random template: grants and associations by value, and a tag with values.
fn template() -> impl Strategy<Value = Value> {
    let values = proptest::collection::btree_set("[a-e]", 0..5);
    let tag_values = proptest::collection::btree_set("[a-e]", 1..6);
    (values.clone(), values, tag_values).prop_map(|(grants, associations, tags)| {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let mut resources = serde_json::Map::from_iter([("T".to_owned(), tag(&tags))]);
        resources.extend(grants.iter().map(|value| (format!("G{value}"), grant(value))));
        resources.extend(associations.iter().map(|value| (format!("A{value}"), association(value))));
        json!({ "Resources": resources })
    })
}

fn ids(template: &Value) -> BTreeSet<String> {
    template["Resources"].as_object().into_iter().flatten().map(|(id, _)| id.clone()).collect()
}

fn values_of(template: &Value) -> BTreeSet<String> {
    let values = template["Resources"]["T"]["Properties"]["TagValues"].as_array();
    values.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn turns_lead_to_what_is_wanted_and_the_union_holds_both(standing in template(), wanted in template()) {
        prop_assume!(standing != wanted);
        let parts = same(&standing, &wanted);
        prop_assert!(parts.windows(2).all(|pair| pair[0].turn < pair[1].turn));
        let of = |part: &Part| part.template.clone().unwrap_or_else(|| wanted.clone());
        prop_assert_eq!(of(parts.last().unwrap()), wanted.clone());
        if parts.len() > 1 && parts[0].turn == Turn::Add {
            let union = of(&parts[0]);
            prop_assert_eq!(ids(&union), ids(&standing).union(&ids(&wanted)).cloned().collect());
            prop_assert_eq!(values_of(&union), values_of(&standing).union(&values_of(&wanted)).cloned().collect());
        }
        // whatever turn takes a value away, nothing that carries it is deleted in that turn's cleanup
        let mut before = standing.clone();
        for part in &parts {
            let after = of(part);
            for gone in values_of(&before).difference(&values_of(&after)) {
                for left in ids(&before).difference(&ids(&after)) {
                    prop_assert!(!left.ends_with(gone.as_str()), "{gone} goes with {left} in turn {:?}", part.turn);
                }
            }
            before = after;
        }
    }

    /// Stack `n` may need any stack before it; each has some of the turns.
    #[test]
    fn every_order_that_the_needs_allow_goes_forward_and_backward(
        edges in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 7), 7),
        kinds in proptest::collection::vec(0_usize..5, 7),
        picks in proptest::collection::vec(any::<proptest::sample::Index>(), 21),
    ) {
        let name = |number: usize| id(&format!("o/s{number}"));
        let graph: BTreeMap<StackId, BTreeSet<StackId>> = (0..7)
            .map(|stack| (name(stack), (0..stack).filter(|other| edges[stack][*other]).map(name).collect()))
            .collect();
        let all = |kind: usize| -> (BTreeSet<Turn>, Moves) {
            match kind {
                0 => ([Turn::Add].into(), Moves::Still),
                1 => ([Turn::Add].into(), Moves::Moving),
                2 => ([Turn::Remove].into(), Moves::Moving),
                3 => ([Turn::Add, Turn::Remove].into(), Moves::Moving),
                _ => ([Turn::Add, Turn::Remove, Turn::Values].into(), Moves::Moving),
            }
        };
        let turns: BTreeMap<StackId, (BTreeSet<Turn>, Moves)> =
            (0..7).map(|stack| (name(stack), all(kinds[stack]))).collect();
        let needs = needs(&graph, &turns);
        // one of the orders that the needs allow
        let mut done: Vec<StepId> = Vec::new();
        while done.len() < needs.len() {
            let ready: Vec<&StepId> = needs
                .iter()
                .filter(|(step, needed)| !done.contains(step) && needed.iter().all(|needed| done.contains(needed)))
                .map(|(step, _)| step)
                .collect();
            prop_assert!(!ready.is_empty(), "a circle: {needs:?}");
            done.push((*picks[done.len() % picks.len()].get(&ready)).clone());
        }
        let at = |stack: &StackId, turn: Turn| done.iter().position(|step| *step == StepId::new(stack, turn));
        let moves = |stack: &StackId| turns[stack].1 == Moves::Moving;
        for (stack, needed) in &graph {
            for needed in needed {
                if let (Some(below), Some(above)) = (at(needed, Turn::Add), at(stack, Turn::Add)) {
                    prop_assert!(below < above, "additions run forward");
                }
                for late in [Turn::Remove, Turn::Values] {
                    let Some(removal) = at(needed, late) else { continue };
                    for turn in [Turn::Add, Turn::Remove] {
                        if let Some(before) = at(stack, turn).filter(|_| moves(stack)) {
                            prop_assert!(before < removal, "{needed} loses before {stack} has changed");
                        }
                    }
                }
            }
            let own: Vec<usize> = Turn::ALL.iter().filter_map(|turn| at(stack, *turn)).collect();
            prop_assert!(own.is_sorted(), "the turns of a stack keep their order");
        }
    }
}
