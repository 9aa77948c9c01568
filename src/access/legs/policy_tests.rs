//! Each rule by which policies decide: statements, what is asked, what comes out.

use super::conditions::{Context, Fact};
use super::pattern::fits;
use super::policy::{Decision, Policy, Request, Statement, Who, decide};
use super::text::{Outputs, Reader};
use crate::access::Spot;
use crate::assembly::{Document, StackId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROLE: &str = "arn:aws:iam::222222222222:role/m/reader";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Allowed,
    Denied,
    Unknown,
}

use Outcome::{Allowed, Denied, Unknown};

fn document() -> Document {
    Document {
        id: StackId::new("owner", "stack"),
        account: "222222222222".to_owned(),
        region: "eu-west-1".to_owned(),
        layer: None,
        template: json!({
            "Parameters": {"Filled": {"Type": "String"}, "Open": {"Type": "String"}},
            "Resources": {
                "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "data-${AWS::AccountId}"}}},
                "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "reader", "Path": "/m/"}},
            },
        })
        .into(),
        needs: BTreeSet::new(),
        wires: [("Filled".to_owned(), StackId::new("other", "stack"), "Arn".to_owned())].into(),
    }
}

/// Decides what the role asks, by one policy of some statements.
fn outcome_of(who: Who<'_>, resource: &str, statements: &Value) -> Outcome {
    let document = document();
    let reader = Reader { document: &document };
    let spot = Spot { stack: document.id.clone(), resource: "Policy".to_owned() };
    let policy = Policy { spot, statements: Statement::all(&reader, &json!({"Statement": statements})).into() };
    let filled = super::text::Text::Known("arn:aws:s3:::wired/*".to_owned());
    let outputs: Outputs = [(StackId::new("other", "stack"), [("Arn".to_owned(), filled)].into())].into();
    let tags = [("folder".to_owned(), "p".to_owned())];
    let context = Context::default()
        .tagged(&tags)
        .with("aws:principalarn", Fact::Is(ROLE))
        .with("aws:principalaccount", Fact::Is("222222222222"))
        .with("aws:principalorgid", Fact::Is("o-a1"))
        .with("aws:securetransport", Fact::Is("true"))
        .with("aws:username", Fact::Absent)
        .with("aws:sourcevpc", Fact::Unknown)
        .with("s3:prefix", Fact::Is("p/x/"));
    let request =
        Request { who, action: "s3:GetObject", resource, context: &context, outputs: &outputs, by_name: false };
    match decide([&policy], &request) {
        Decision::Allowed(_) => Allowed,
        Decision::Denied(_) => Denied,
        Decision::Unknown(why) => {
            assert!(why.starts_with("statement `"), "{why}");
            Unknown
        }
    }
}

fn outcome(statements: &Value) -> Outcome {
    let who = Who::Role { arn: ROLE, account: "222222222222", bounded: false };
    outcome_of(who, "arn:aws:s3:::b/p/x", statements)
}

/// An Allow of everything, with some fields changed.
fn allow(fields: &Value) -> Value {
    with(json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}), fields)
}

fn deny(fields: &Value) -> Value {
    with(json!({"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}), fields)
}

fn with(mut statement: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().expect("fields are an object") {
        statement[name] = value.clone();
        if let Some(field) = name.strip_prefix("Not") {
            statement.as_object_mut().expect("a statement is an object").remove(field);
        }
    }
    statement
}

#[test]
fn statements_name_actions_and_resources() {
    let cases = [
        ("nothing allows", json!([]), Denied),
        ("an Allow", json!([allow(&json!({}))]), Allowed),
        ("one statement without a list", allow(&json!({})), Allowed),
        ("one of several actions", json!([allow(&json!({"Action": ["s3:PutObject", "s3:GetObject"]}))]), Allowed),
        ("another action", json!([allow(&json!({"Action": "s3:GetObjectTagging"}))]), Denied),
        ("a pattern of actions", json!([allow(&json!({"Action": "s3:Get*"}))]), Allowed),
        ("every action", json!([allow(&json!({"Action": "*"}))]), Allowed),
        ("one letter of an action", json!([allow(&json!({"Action": "s3:?etObject"}))]), Allowed),
        ("actions have no case", json!([allow(&json!({"Action": "S3:getobject"}))]), Allowed),
        ("all actions but others", json!([allow(&json!({"NotAction": ["s3:PutObject"]}))]), Allowed),
        ("all actions but this", json!([allow(&json!({"NotAction": ["s3:GetObject"]}))]), Denied),
        ("all actions but a pattern of it", json!([allow(&json!({"NotAction": "s3:*"}))]), Denied),
        ("a path", json!([allow(&json!({"Resource": "arn:aws:s3:::b/p/*"}))]), Allowed),
        ("another path", json!([allow(&json!({"Resource": "arn:aws:s3:::b/q/*"}))]), Denied),
        ("a path that only starts alike", json!([allow(&json!({"Resource": "arn:aws:s3:::b/p"}))]), Denied),
        ("resources have a case", json!([allow(&json!({"Resource": "arn:aws:s3:::B/p/*"}))]), Denied),
        ("one letter of a path", json!([allow(&json!({"Resource": "arn:aws:s3:::?/p/?"}))]), Allowed),
        ("all resources but others", json!([allow(&json!({"NotResource": "arn:aws:s3:::b/q/*"}))]), Allowed),
        ("all resources but this", json!([allow(&json!({"NotResource": ["arn:aws:s3:::b/*"]}))]), Denied),
        ("an action that nobody can tell", json!([allow(&json!({"Action": {"Ref": "Open"}}))]), Unknown),
    ];
    for (what, statements, expected) in cases {
        assert_eq!(outcome(&statements), expected, "{what}");
    }
}

#[test]
fn an_explicit_deny_beats_every_allow() {
    let both = |denial: Value| json!([allow(&json!({})), denial]);
    let unknown = json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}});
    let failing = json!({"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:PrincipalOrgID": "o-b2"}});
    let holding = json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1"}});
    let cases = [
        ("a Deny", both(deny(&json!({}))), Denied),
        ("a Deny that stands first", json!([deny(&json!({})), allow(&json!({}))]), Denied),
        ("a Deny of another action", both(deny(&json!({"Action": "s3:PutObject"}))), Allowed),
        ("a Deny of all but this action", both(deny(&json!({"NotAction": "s3:GetObject"}))), Allowed),
        ("a Deny of all but another action", both(deny(&json!({"NotAction": "s3:PutObject"}))), Denied),
        ("a Deny of all but another place", both(deny(&json!({"NotResource": "arn:aws:s3:::c/*"}))), Denied),
        ("a Deny of all but this place", both(deny(&json!({"NotResource": "arn:aws:s3:::b/*"}))), Allowed),
        ("a Deny under a condition that holds", both(deny(&json!({"Condition": holding}))), Denied),
        ("a Deny under a condition that nobody can tell", both(deny(&json!({"Condition": unknown}))), Unknown),
        ("a Deny of which one condition fails", both(deny(&json!({"Condition": failing}))), Allowed),
        ("an unclear Deny where nothing allows", json!([deny(&json!({"Condition": unknown}))]), Denied),
        (
            "an unclear Deny beside a clear one",
            json!([allow(&json!({})), deny(&json!({"Condition": unknown})), deny(&json!({}))]),
            Denied,
        ),
        ("an unclear Allow", json!([allow(&json!({"Condition": unknown}))]), Unknown),
        ("an unclear Allow beside a clear one", both(allow(&json!({"Condition": unknown}))), Allowed),
        (
            "an unclear Allow under an unclear Deny",
            json!([allow(&json!({"Condition": unknown})), deny(&json!({"Condition": unknown}))]),
            Unknown,
        ),
    ];
    for (what, statements, expected) in cases {
        assert_eq!(outcome(&statements), expected, "{what}");
    }
}

#[test]
fn conditions_hold_as_iam_says() {
    let cases = [
        ("equal", json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1"}}), Allowed),
        ("not equal", json!({"StringEquals": {"aws:PrincipalOrgID": "o-b2"}}), Denied),
        ("keys have no case", json!({"StringEquals": {"AWS:principalorgid": "o-a1"}}), Allowed),
        ("values have a case", json!({"StringEquals": {"aws:PrincipalOrgID": "O-A1"}}), Denied),
        ("without case", json!({"StringEqualsIgnoreCase": {"aws:PrincipalOrgID": "O-A1"}}), Allowed),
        ("one of several values", json!({"StringEquals": {"aws:PrincipalOrgID": ["o-b2", "o-a1"]}}), Allowed),
        (
            "both keys must hold",
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1", "aws:PrincipalAccount": "333333333333"}}),
            Denied,
        ),
        (
            "both operators must hold",
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-a1"}, "Bool": {"aws:SecureTransport": "false"}}),
            Denied,
        ),
        ("an absent key is not equal", json!({"StringEquals": {"aws:username": "x"}}), Denied),
        ("an absent key is unequal", json!({"StringNotEquals": {"aws:username": "x"}}), Allowed),
        ("an absent key need not be equal", json!({"StringEqualsIfExists": {"aws:username": "x"}}), Allowed),
        ("a key that is there must be", json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-b2"}}), Denied),
        ("an absent key, negated", json!({"StringNotEqualsIfExists": {"aws:username": "x"}}), Allowed),
        ("none of the values", json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-b2", "o-c3"]}}), Allowed),
        ("one of the values, negated", json!({"StringNotEquals": {"aws:PrincipalOrgID": ["o-b2", "o-a1"]}}), Denied),
        ("a key that nobody can tell", json!({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}), Unknown),
        ("the same, if it exists", json!({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}), Unknown),
        ("a pattern", json!({"StringLike": {"s3:prefix": ["q/*", "p/*"]}}), Allowed),
        ("a pattern that is none", json!({"StringEquals": {"s3:prefix": "p/*"}}), Denied),
        ("a pattern, negated", json!({"StringNotLike": {"s3:prefix": "p/*"}}), Denied),
        ("an ARN", json!({"ArnEquals": {"aws:PrincipalArn": ROLE}}), Allowed),
        ("a pattern of ARNs", json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/m/*"}}), Allowed),
        ("ArnEquals takes patterns too", json!({"ArnEquals": {"aws:PrincipalArn": "arn:*:iam::2*:role/*"}}), Allowed),
        ("no wildcard goes over a colon", json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam:*:role/m/*"}}), Denied),
        ("in a text it does", json!({"StringLike": {"aws:PrincipalArn": "arn:aws:iam:*:role/m/*"}}), Allowed),
        ("an ARN, negated", json!({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/m/*"}}), Denied),
        ("another ARN, negated", json!({"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::1:role/x"}}), Allowed),
        ("true", json!({"Bool": {"aws:SecureTransport": "true"}}), Allowed),
        ("a truth without quotes", json!({"Bool": {"aws:SecureTransport": true}}), Allowed),
        ("false", json!({"Bool": {"aws:SecureTransport": ["false"]}}), Denied),
        ("a truth that is absent", json!({"BoolIfExists": {"aws:username": "true"}}), Allowed),
        ("absent as asked", json!({"Null": {"aws:username": "true"}}), Allowed),
        ("absent, but asked for", json!({"Null": {"aws:username": "false"}}), Denied),
        ("there as asked", json!({"Null": {"aws:PrincipalOrgID": "false"}}), Allowed),
        ("there, but not asked for", json!({"Null": {"aws:PrincipalOrgID": true}}), Denied),
        ("nobody can tell whether it is there", json!({"Null": {"aws:SourceVpc": "true"}}), Unknown),
        ("all of none", json!({"ForAllValues:StringEquals": {"aws:username": "x"}}), Allowed),
        ("any of none", json!({"ForAnyValue:StringEquals": {"aws:username": "x"}}), Denied),
        ("any of none, negated", json!({"ForAnyValue:StringNotEquals": {"aws:username": "x"}}), Denied),
        ("all of one", json!({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-b2"}}), Denied),
        ("any of one", json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgID": "o-*"}}), Allowed),
        ("all of what nobody can tell", json!({"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}), Unknown),
        ("numbers are not compared", json!({"NumericLessThan": {"s3:prefix": "10"}}), Unknown),
        ("a tag of the principal", json!({"StringEquals": {"aws:PrincipalTag/folder": "p"}}), Allowed),
        ("a tag that a session may have", json!({"StringEquals": {"aws:PrincipalTag/team": "p"}}), Unknown),
        ("a variable", json!({"StringLike": {"s3:prefix": "${aws:PrincipalTag/folder}/*"}}), Allowed),
        ("a variable that nobody can tell", json!({"StringLike": {"s3:prefix": "${aws:userid}/*"}}), Unknown),
        ("a value that stands elsewhere", json!({"StringEquals": {"s3:prefix": {"Ref": "Open"}}}), Unknown),
        ("conditions that cannot be read", json!({"Fn::If": ["x", {}, {}]}), Unknown),
    ];
    for (what, condition, expected) in cases {
        assert_eq!(outcome(&json!([allow(&json!({"Condition": condition}))])), expected, "{what}");
    }
}

#[test]
fn principals_are_roles_accounts_and_services() {
    let role = |bounded| Who::Role { arn: ROLE, account: "222222222222", bounded };
    let other = "arn:aws:iam::222222222222:role/m/other";
    let session = "arn:aws:sts::222222222222:assumed-role/reader/somebody";
    let named = |principal: Value| json!([allow(&json!({"Principal": principal}))]);
    let all_but = |principal: &str| json!([allow(&json!({"NotPrincipal": {"AWS": principal}}))]);
    let but = |principal: &str| json!([allow(&json!({})), deny(&json!({"NotPrincipal": {"AWS": principal}}))]);
    let cases = [
        ("the role", role(false), named(json!({"AWS": ROLE})), Allowed),
        ("its account by root", role(false), named(json!({"AWS": ["arn:aws:iam::222222222222:root"]})), Allowed),
        ("its account by id", role(false), named(json!({"AWS": "222222222222"})), Allowed),
        ("everyone", role(false), named(json!("*")), Allowed),
        ("everyone of AWS", role(false), named(json!({"AWS": "*"})), Allowed),
        ("another role", role(false), named(json!({"AWS": other})), Denied),
        ("another account", role(false), named(json!({"AWS": "arn:aws:iam::333333333333:root"})), Denied),
        ("a service", role(false), named(json!({"Service": "glue.amazonaws.com"})), Denied),
        ("a provider of identities", role(false), named(json!({"Federated": "accounts.example.com"})), Denied),
        ("one session of the role", role(false), named(json!({"AWS": session})), Unknown),
        ("the role by its resource", role(false), named(json!({"AWS": {"Fn::GetAtt": ["Role", "Arn"]}})), Allowed),
        ("whom nobody can tell", role(false), named(json!({"AWS": {"Ref": "Open"}})), Unknown),
        ("all but another", role(false), all_but(other), Allowed),
        ("all but the role", role(false), all_but(ROLE), Denied),
        ("a Deny of all but another", role(false), but(other), Denied),
        ("a Deny of all but the role may hit its sessions", role(false), but(ROLE), Unknown),
        ("a Deny of all but the role hits whoever has a boundary", role(true), but(ROLE), Denied),
        ("the service", Who::Service("glue.amazonaws.com"), named(json!({"Service": "glue.amazonaws.com"})), Allowed),
        ("another service", Who::Service("glue.amazonaws.com"), named(json!({"Service": "s3.amazonaws.com"})), Denied),
        ("somebody", Who::Somebody, named(json!({"AWS": ROLE})), Unknown),
        ("somebody of everyone", Who::Somebody, named(json!("*")), Allowed),
    ];
    for (what, who, statements, expected) in cases {
        assert_eq!(outcome_of(who, "arn:aws:s3:::b/p/x", &statements), expected, "{what}");
    }
}

#[test]
fn intrinsics_stand_for_names() {
    let role = Who::Role { arn: ROLE, account: "222222222222", bounded: false };
    let bucket = "arn:aws:s3:::data-222222222222";
    let object = "arn:aws:s3:::data-222222222222/p/x";
    let cases = [
        ("a bucket", bucket, json!({"Fn::GetAtt": ["Bucket", "Arn"]}), Allowed),
        ("a bucket, by a path", bucket, json!({"Fn::GetAtt": "Bucket.Arn"}), Allowed),
        ("objects by Sub", object, json!({"Fn::Sub": "${Bucket.Arn}/p/*"}), Allowed),
        ("objects by a name", object, json!({"Fn::Sub": "arn:${AWS::Partition}:s3:::${Bucket}/*"}), Allowed),
        (
            "a value of Sub itself",
            object,
            json!({"Fn::Sub": ["${Where}/*", {"Where": {"Fn::GetAtt": ["Bucket", "Arn"]}}]}),
            Allowed,
        ),
        ("objects by Join", object, json!({"Fn::Join": ["/", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "*"]]}), Allowed),
        ("another folder", object, json!({"Fn::Sub": "${Bucket.Arn}/q/*"}), Denied),
        ("a variable past Sub", object, json!({"Fn::Sub": "${Bucket.Arn}/${!aws:PrincipalTag/folder}/*"}), Allowed),
        ("a wire", "arn:aws:s3:::wired/x", json!({"Ref": "Filled"}), Allowed),
        ("a wire to elsewhere", object, json!({"Ref": "Filled"}), Denied),
        ("a wire in a text", "arn:aws:s3:::wired/x/y", json!({"Fn::Sub": "${Filled}/y"}), Allowed),
        ("a parameter that nothing fills", object, json!({"Ref": "Open"}), Unknown),
        ("a text with it", object, json!({"Fn::Sub": "arn:aws:s3:::${Open}/*"}), Unknown),
        ("an import", object, json!({"Fn::ImportValue": "x"}), Unknown),
        ("a choice", object, json!({"Fn::If": ["c", "a", "b"]}), Unknown),
        ("a resource that is not there", object, json!({"Fn::GetAtt": ["Gone", "Arn"]}), Unknown),
        ("one of several that is told", object, json!([{"Ref": "Open"}, object]), Allowed),
    ];
    for (what, resource, pattern, expected) in cases {
        assert_eq!(outcome_of(role, resource, &json!([allow(&json!({"Resource": pattern}))])), expected, "{what}");
    }
    let odd = [
        ("a statement by choice", json!([{"Fn::If": ["c", allow(&json!({})), {"Ref": "AWS::NoValue"}]}]), Unknown),
        ("an effect by choice", json!([allow(&json!({"Effect": {"Ref": "Open"}}))]), Unknown),
        ("a clear Allow beside it", json!([allow(&json!({})), allow(&json!({"Effect": {"Ref": "Open"}}))]), Unknown),
    ];
    for (what, statements, expected) in odd {
        assert_eq!(outcome(&statements), expected, "{what}");
    }
}

#[test]
fn patterns_fit_as_in_iam() {
    let cases = [
        ("s3:Get*", "s3:GetObject", true),
        ("s3:GetObject", "s3:GetObjectTagging", false),
        ("arn:aws:s3:::a/*", "arn:aws:s3:::ab/c", false),
        ("arn:aws:s3:::a-*/b/*", "arn:aws:s3:::a-data/b/c/d", true),
        ("key/????", "key/1234", true),
        ("key/????", "key/12345", false),
        ("a?c", "aéc", true),
        ("*é?", "xéyéz", true),
        ("a*b*c", "axbxbxc", true),
        ("a*b*c", "axbxbx", false),
        ("", "a", false),
        ("*", "", true),
        ("**", "a", true),
        ("?", "", false),
    ];
    for (pattern, text, expected) in cases {
        assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
    }
    // a pattern that would take for ever by trying every way
    assert!(!fits(&format!("{}b", "a*".repeat(60)), &"a".repeat(5000)));
}
