//! Tags of any case, settled templates.

use super::*;
use crate::assembly::Document;
use serde_json::json;

fn document(template: serde_json::Value) -> Document {
    Document {
        id: StackId::new(CATALOG, "lake.yaml"),
        account: CATALOG.to_owned(),
        region: "eu-west-1".to_owned(),
        layer: None,
        template: template.into(),
        needs: BTreeSet::new(),
        wires: BTreeSet::new(),
    }
}

#[test]
fn tags_compare_in_lower_case() {
    let facts = Facts::of(&[document(json!({"Resources": {
        "Tag": {"Type": "AWS::LakeFormation::Tag", "Properties": {"TagKey": "Class", "TagValues": ["Public"]}},
        "On": {"Type": "AWS::LakeFormation::TagAssociation", "Properties": {
            "Resource": {"Database": {"Name": "lake"}}, "LFTags": [{"TagKey": "CLASS", "TagValues": ["PUBLIC"]}]}},
        "Grant": {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
            "Principal": {"DataLakePrincipalIdentifier": ROLE}, "Permissions": ["SELECT"],
            "Resource": {"LFTagPolicy": {"ResourceType": "TABLE",
                "Expression": [{"TagKey": "clasS", "TagValues": ["publiC"]}]}}}},
    }}))]);
    assert_eq!((facts.tags[0].key.as_str(), &facts.tags[0].values), ("class", &set(&["public"])));
    assert_eq!(facts.associations[0].tags, BTreeMap::from([("class".to_owned(), set(&["public"]))]));
    let GrantedFact::Expression { conditions, .. } = &facts.grants[0].granted else { panic!("it is an expression") };
    assert_eq!(*conditions, [("class".to_owned(), set(&["public"]))]);
    assert_eq!(facts.unknown, [""; 0]);
}

#[test]
fn what_is_not_known_is_told_with_its_place() {
    let facts = Facts::of(&[document(json!({
        "Parameters": {"Who": {"Type": "String"}},
        "Resources": {
            "Grant": {"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
                "Principal": {"DataLakePrincipalIdentifier": {"Ref": "Who"}}, "Permissions": ["SELECT"],
                "Resource": {"Table": {"DatabaseName": {"Fn::GetAtt": ["Custom", "Name"]}, "Name": "t"}}}},
            "Custom": {"Type": "Custom::Thing"},
        },
    }))]);
    let expected = [
        "111111111111/lake.yaml/Grant Resource: only AWS knows `Name` of `Custom`, a Custom::Thing",
        "111111111111/lake.yaml/Grant Principal: the parameter `Who` has no default, and no value is given",
    ];
    assert_eq!(facts.unknown, expected);
}
