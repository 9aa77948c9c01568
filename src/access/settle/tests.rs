//! Each function and condition, known and unknown.

use super::*;
use serde_json::json;
use std::collections::BTreeSet;

fn document(name: &str, account: &str, template: Value) -> Document {
    Document {
        id: StackId::new(account, name),
        account: account.to_owned(),
        region: "eu-west-1".to_owned(),
        layer: None,
        template: template.into(),
        needs: BTreeSet::new(),
        wires: BTreeSet::new(),
    }
}

fn template() -> Value {
    json!({
        "Parameters": {
            "Env": {"Type": "String", "Default": "dev"}, "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
            "Secret": {"Type": "String", "Default": "hidden", "NoEcho": true},
            "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/path"},
            "Empty": {"Type": "String"},
        },
        "Mappings": {"M": {"dev": {"x": "mapped"}}},
        "Conditions": {
            "Dev": {"Fn::Equals": [{"Ref": "Env"}, "dev"]}, "Not": {"Fn::Not": [{"Condition": "Dev"}]},
            "Both": {"Fn::And": [{"Condition": "Dev"}, {"Condition": "Not"}]},
            "Either": {"Fn::Or": [{"Condition": "Unknown"}, {"Condition": "Dev"}]},
            "Unknown": {"Fn::Equals": [{"Ref": "Empty"}, "x"]}, "Circle": {"Condition": "Circle"},
        },
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "${Env}-r"}, "Path": "/p/"}},
            "Plain": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "${AWS::StackName}-r"}}},
            "Bucket": {"Type": "AWS::S3::Bucket"}, "Key": {"Type": "AWS::KMS::Key"},
            "Loop": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Ref": "Loop"}}},
        },
    })
}

#[test]
fn each_function_gives_what_cloudformation_says() {
    let documents = [document("t.yaml", "111122223333", template())];
    let scope = Scope::of(&documents[0]);
    let cases = [
        (json!({"Ref": "Env"}), Ok("dev")),
        (json!({"Ref": "AWS::AccountId"}), Ok("111122223333")),
        (json!({"Fn::Sub": "${Env}-${AWS::Region}-${!Literal}-${Role}"}), Ok("dev-eu-west-1-${Literal}-dev-r")),
        (json!({"Fn::Sub": ["${a}${Env}", {"a": {"Ref": "Env"}}]}), Ok("devdev")),
        (json!({"Fn::Sub": "${Role.Arn}"}), Ok("arn:aws:iam::111122223333:role/p/dev-r")),
        (json!({"Fn::GetAtt": ["Role", "Arn"]}), Ok("arn:aws:iam::111122223333:role/p/dev-r")),
        (json!({"Fn::GetAtt": "Role.Arn"}), Ok("arn:aws:iam::111122223333:role/p/dev-r")),
        (json!({"Fn::GetAtt": ["Plain", "Arn"]}), Ok("arn:aws:iam::111122223333:role/(t.yaml:Plain)")),
        (json!({"Fn::GetAtt": ["Bucket", "Arn"]}), Ok("arn:aws:s3:::(111122223333:t.yaml:Bucket)")),
        (json!({"Fn::GetAtt": ["Key", "Arn"]}), Ok("arn:aws:kms:eu-west-1:111122223333:key/(111122223333:t.yaml:Key)")),
        (json!({"Fn::Join": ["-", ["a", {"Ref": "Env"}]]}), Ok("a-dev")),
        (json!({"Fn::Join": ["-", {"Ref": "List"}]}), Ok("a-b")),
        (json!({"Fn::Select": ["1", {"Fn::Split": [",", "x,y"]}]}), Ok("y")),
        (json!({"Fn::FindInMap": ["M", {"Ref": "Env"}, "x"]}), Ok("mapped")),
        (json!({"Fn::If": ["Dev", "yes", "no"]}), Ok("yes")),
        (json!({"Fn::If": ["Both", "yes", "no"]}), Ok("no")),
        (json!({"Fn::If": ["Either", "yes", "no"]}), Ok("yes")),
        (
            json!({"Fn::If": ["Unknown", "yes", "no"]}),
            Err("the parameter `Empty` has no default, and no value is given"),
        ),
        (json!({"Fn::If": ["Circle", "yes", "no"]}), Err("conditions rest on one another in a circle")),
        (json!({"Ref": "Secret"}), Err("the parameter `Secret` is a secret")),
        (json!({"Ref": "Stored"}), Err("the value of the parameter `Stored` lies in Parameter Store, under `/path`")),
        (json!({"Ref": "AWS::StackName"}), Err("`AWS::StackName` is known at deployment only")),
        (json!({"Ref": "Nowhere"}), Err("the template has neither a parameter nor a resource `Nowhere`")),
        (json!({"Fn::GetAZs": ""}), Err("`Fn::GetAZs` is not evaluated")),
        (json!({"Fn::Select": [5, ["a"]]}), Err("Fn::Select finds no item 5 among 1")),
        (json!({"Fn::Sub": "${Env"}), Err("`${Env` opens a `${` and never closes it")),
        (
            json!({"Fn::ImportValue": "x"}),
            Err("no template here exports `x` in account 111122223333 and Region eu-west-1"),
        ),
    ];
    for (value, expected) in cases {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(scope.text(&value), expected, "{value}");
    }
    // a name that rests on itself is none
    assert!(scope.text(&json!({"Ref": "Loop"})).is_ok());
}

#[test]
fn templates_settle_with_what_others_say() {
    let export = json!({
        "Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}, "Export": {"Name": "role"}}},
    });
    let import = json!({
        "Parameters": {"Given": {"Type": "String"}, "Wired": {"Type": "String"}},
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}, "Maybe": {"Fn::Equals": [{"Ref": "Later"}, "b"]}},
        "Resources": {
            "A": {"Type": "T", "Properties": {
                "Import": {"Fn::ImportValue": "role"}, "Given": {"Ref": "Given"}, "Wired": {"Ref": "Wired"},
                "Gone": {"Ref": "AWS::NoValue"}, "List": [{"Fn::If": ["No", "x", {"Ref": "AWS::NoValue"}]}, "y"],
                "Unknown": {"Fn::GetAtt": ["A", "Thing"]}}},
            "B": {"Type": "T", "Condition": "No"}, "C": {"Type": "T", "Condition": "Maybe"},
        },
        "Transform": "AWS::Serverless-2016-10-31",
    });
    let mut documents = vec![document("a", "111122223333", export), document("b", "111122223333", import)];
    let (exporter, importer) = (documents[0].id.clone(), documents[1].id.clone());
    documents[1].wires.insert(("Wired".to_owned(), exporter, "Arn".to_owned()));
    let given = BTreeMap::from([("Given".to_owned(), "value".to_owned())]);
    let unknown = settle(&mut documents, &BTreeMap::from([(importer, given)]));
    let arn = "arn:aws:iam::111122223333:role/r";
    let expected = json!({"Import": arn, "Given": "value", "Wired": arn, "List": ["y"],
        "Unknown": {"Fn::GetAtt": ["A", "Thing"]}});
    assert_eq!(documents[1].template["Resources"]["A"]["Properties"], expected);
    let ids: Vec<&str> = documents[1].resources().map(|(id, _, _)| id).collect();
    assert_eq!(ids, ["A", "C"], "what is not made is not there, what may be made is");
    assert_eq!(unknown.len(), 2, "{unknown:?}");
    assert!(unknown[0].starts_with("111122223333/b Transform: `AWS::Serverless-2016-10-31`"), "{unknown:?}");
    assert!(unknown[1].starts_with("111122223333/b/C Condition: "), "{unknown:?}");
}
