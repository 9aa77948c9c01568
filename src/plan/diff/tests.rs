//! The rules of what becomes of a resource, case by case.

use super::*;
use crate::assembly::{Document, StackId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn document(name: &str, template: Value) -> Document {
    Document {
        id: StackId::new("owner", name),
        account: "111111111111".to_owned(),
        region: "eu-west-1".to_owned(),
        layer: None,
        template: template.into(),
        needs: BTreeSet::new(),
        wires: BTreeSet::new(),
    }
}

/// The changes between two sets of resources of one stack.
fn between(base: Value, head: Value) -> Vec<ResourceChange> {
    let base = [document("stack", json!({"Resources": base}))];
    let head = [document("stack", json!({"Resources": head}))];
    stacks(&base, &head).into_iter().flat_map(|stack| stack.resources).collect()
}

/// The one change between two forms of a resource.
fn change(resource_type: &str, before: Value, after: Value) -> ResourceChange {
    let resource = |properties: Value| json!({"One": {"Type": resource_type, "Properties": properties}});
    let mut changes = between(resource(before), resource(after));
    assert_eq!(changes.len(), 1, "{changes:?}");
    changes.remove(0)
}

fn noted(change: &ResourceChange, words: &str) -> bool {
    change.notes.iter().any(|note| note.contains(words))
}

#[test]
fn what_a_property_does_follows_the_schema() {
    let cases = [
        ("AWS::S3::Bucket", json!({"BucketName": "a"}), json!({"BucketName": "b"}), Impact::Replaced),
        ("AWS::S3::Bucket", json!({"BucketName": "a"}), json!({}), Impact::Replaced),
        ("AWS::S3::Bucket", json!({"Tags": []}), json!({"Tags": [{"Key": "a", "Value": "b"}]}), Impact::InPlace),
        // create-only below a property
        (
            "AWS::Glue::Table",
            json!({"TableInput": {"Name": "a"}}),
            json!({"TableInput": {"Name": "b"}}),
            Impact::Replaced,
        ),
        (
            "AWS::Glue::Table",
            json!({"TableInput": {"Owner": "a"}}),
            json!({"TableInput": {"Owner": "b"}}),
            Impact::InPlace,
        ),
        // a whole object comes: with something create-only in it, and without
        ("AWS::Glue::Table", json!({}), json!({"TableInput": {"Name": "b"}}), Impact::Replaced),
        ("AWS::Glue::Table", json!({}), json!({"TableInput": {"Owner": "b"}}), Impact::InPlace),
        // nobody knows what an intrinsic function holds
        (
            "AWS::Glue::Table",
            json!({"TableInput": {"Name": "a"}}),
            json!({"TableInput": {"Fn::Transform": {}}}),
            Impact::Replaced,
        ),
        (
            "AWS::EC2::VPC",
            json!({"InstanceTenancy": "default"}),
            json!({"InstanceTenancy": "dedicated"}),
            Impact::MayBeReplaced,
        ),
        (
            "AWS::Neptune::DBInstance",
            json!({"DBInstanceClass": "a"}),
            json!({"DBInstanceClass": "b"}),
            Impact::SomeInterruption,
        ),
        ("Custom::Thing", json!({"A": 1}), json!({"A": 2}), Impact::MayBeReplaced),
        (
            "AWS::LakeFormation::PrincipalPermissions",
            json!({"Permissions": ["SELECT"]}),
            json!({"Permissions": ["SELECT", "DESCRIBE"]}),
            Impact::Replaced,
        ),
        // whether the order of a set is a difference is not documented
        (
            "AWS::LakeFormation::PrincipalPermissions",
            json!({"Permissions": ["A", "B"]}),
            json!({"Permissions": ["B", "A"]}),
            Impact::MayBeReplaced,
        ),
    ];
    for (resource_type, before, after, expected) in cases {
        let told = change(resource_type, before.clone(), after.clone());
        assert_eq!(told.predicted, expected, "{resource_type} {before} -> {after}");
        assert_eq!(told.impact, expected);
        assert_eq!(told.change, ChangeKind::Changed);
    }
    assert!(noted(
        &change("Custom::Thing", json!({"A": 1}), json!({"A": 2})),
        "AWS's schema of Custom::Thing is not known"
    ));
}

#[test]
fn what_an_attribute_of_the_entry_does() {
    let cases = [
        (json!({"Metadata": {"a": 1}}), Impact::None, ""),
        (json!({"DependsOn": ["Other"]}), Impact::None, ""),
        (json!({"DeletionPolicy": "Retain"}), Impact::InPlace, ""),
        (json!({"UpdateReplacePolicy": "Retain"}), Impact::InPlace, ""),
        (json!({"Condition": "IsBig"}), Impact::MayBeReplaced, ""),
    ];
    for (attributes, expected, _) in cases {
        let plain = json!({"Type": "AWS::S3::Bucket", "Properties": {}});
        let mut entry = plain.clone();
        for (key, value) in attributes.as_object().expect("it is an object") {
            entry[key] = value.clone();
        }
        let told = between(json!({"One": plain}), json!({"One": entry}));
        assert_eq!(told[0].predicted, expected, "{attributes}");
    }
    let kept = json!({"One": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {}}});
    let told = between(kept, json!({"One": {"Type": "AWS::S3::Bucket", "Properties": {}}}));
    assert!(noted(&told[0], "from now on it is deleted when it leaves the template"), "{:?}", told[0].notes);
    let one = |depends: Value| json!({"One": {"Type": "AWS::S3::Bucket", "DependsOn": depends}});
    assert_eq!(between(one(json!("A")), one(json!(["A"]))), []);
    assert_eq!(between(one(json!(["B", "A"])), one(json!(["A", "B"]))), []);
    let other = json!({"One": {"Type": "AWS::SQS::Queue", "DependsOn": "A"}});
    assert_eq!(between(one(json!("A")), other)[0].predicted, Impact::Replaced, "another type is another resource");
}

#[test]
fn what_comes_and_what_goes() {
    let bucket = |policy: &str| json!({"One": {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy, "Properties": {"BucketName": "data"}}});
    let cases = [
        ("Delete", Impact::Destroyed),
        ("Snapshot", Impact::Destroyed),
        ("Retain", Impact::Retained),
        ("RetainExceptOnCreate", Impact::Retained),
    ];
    for (policy, expected) in cases {
        let told = between(bucket(policy), json!({}));
        assert_eq!(
            (told[0].predicted, told[0].change, told[0].data_store),
            (expected, ChangeKind::Removed, true),
            "{policy}"
        );
        assert_eq!(told[0].label, "data");
    }
    let lost = between(bucket("Delete"), json!({}));
    assert!(noted(&lost[0], "lost with it: the objects in it"), "{:?}", lost[0].notes);
    let told = between(json!({}), bucket("Delete"));
    assert_eq!((told[0].predicted, told[0].change), (Impact::Created, ChangeKind::Added));
    assert!(told[0].properties.is_empty());
    let whole = stacks(&[], &[document("stack", json!({"Resources": bucket("Delete")}))]);
    assert_eq!((whole[0].change, whole[0].resources.len()), (ChangeKind::Added, 1));
    let gone = stacks(&[document("stack", json!({"Resources": bucket("Delete")}))], &[]);
    assert_eq!((gone[0].change, gone[0].resources[0].predicted), (ChangeKind::Removed, Impact::Destroyed));
}

#[test]
fn the_worst_comes_first() {
    let thing = |resource_type: &str, value: &str| json!({"Type": resource_type, "Properties": {"Description": value, "BucketName": value, "Name": "n"}});
    let base = json!({"A": thing("AWS::Glue::Job", "a"), "B": thing("AWS::S3::Bucket", "a"), "C": thing("AWS::S3::Bucket", "a"), "D": thing("AWS::Glue::Job", "a")});
    let head = json!({"A": thing("AWS::Glue::Job", "b"), "B": thing("AWS::S3::Bucket", "b"), "D": thing("AWS::Glue::Job", "a"), "E": thing("AWS::S3::Bucket", "a")});
    let order: Vec<_> = between(base, head).into_iter().map(|change| (change.logical_id, change.impact)).collect();
    let expected = [("C", Impact::Destroyed), ("B", Impact::Replaced), ("A", Impact::InPlace), ("E", Impact::Created)];
    assert_eq!(order, expected.map(|(id, impact)| (id.to_owned(), impact)));
}

#[test]
fn properties_are_told_down_to_their_leaves() {
    let tags = |values: &[(&str, &str)]| -> Value {
        let tags = values.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
        json!({"Tags": tags.collect::<Vec<_>>()})
    };
    let columns = |names: &[&str]| json!({"TableInput": {"StorageDescriptor": {"Columns": names.iter().map(|name| json!({"Name": name})).collect::<Vec<_>>()}}});
    let cases = [
        // tags are a set: the order says nothing, and one more is one more
        (
            "AWS::S3::Bucket",
            tags(&[("a", "1"), ("b", "2")]),
            tags(&[("c", "3"), ("b", "2"), ("a", "1")]),
            vec!["/Properties/Tags/0"],
        ),
        (
            "AWS::S3::Bucket",
            tags(&[("a", "1"), ("b", "2")]),
            tags(&[("b", "2"), ("a", "9")]),
            vec!["/Properties/Tags/1/Value"],
        ),
        ("AWS::S3::Bucket", tags(&[("a", "1"), ("b", "2")]), tags(&[("b", "2"), ("a", "1")]), vec!["/Properties/Tags"]),
        // one more column in the middle is one change, and their order is told though the schema has none
        (
            "AWS::Glue::Table",
            columns(&["a", "c"]),
            columns(&["a", "b", "c"]),
            vec!["/Properties/TableInput/StorageDescriptor/Columns/1"],
        ),
        (
            "AWS::Glue::Table",
            columns(&["a", "b"]),
            columns(&["b", "a"]),
            vec![
                "/Properties/TableInput/StorageDescriptor/Columns/0",
                "/Properties/TableInput/StorageDescriptor/Columns/1",
            ],
        ),
        // a reference is one leaf, and keys are escaped
        (
            "AWS::S3::Bucket",
            json!({"BucketName": {"Ref": "A"}}),
            json!({"BucketName": {"Ref": "B"}}),
            vec!["/Properties/BucketName"],
        ),
        (
            "AWS::Glue::Job",
            json!({"Tags": {"a/b~c": "1"}}),
            json!({"Tags": {"a/b~c": "2"}}),
            vec!["/Properties/Tags/a~1b~0c"],
        ),
    ];
    for (resource_type, before, after, expected) in cases {
        let told = change(resource_type, before, after);
        let paths: Vec<_> = told.properties.iter().map(|property| property.path.as_str()).collect();
        assert_eq!(paths, expected, "{resource_type}");
    }
}

#[test]
fn a_policy_is_one_change_with_its_lines() {
    let role = |action: &str| json!({"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": [action, "a:b"], "Resource": "*"}]}}]});
    let told = change("AWS::IAM::Role", role("s3:GetObject"), role("s3:*"));
    assert_eq!(told.properties.len(), 1);
    assert_eq!(told.properties[0].path, "/Properties/Policies/0/PolicyDocument");
    assert!(told.properties[0].lines.as_deref().is_some_and(|lines| lines.contains("+        \"s3:*\"")));
}

#[test]
fn a_replacement_is_carried_on() {
    let vpc = |cidr: &str, tenancy: &str| json!({"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr, "InstanceTenancy": tenancy}});
    let base = |vpc: Value| {
        json!({
            "Vpc": vpc,
            "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}},
            "Association": {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": {"SubnetId": {"Ref": "Subnet"}, "RouteTableId": "r"}},
            "ByCidr": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": "v", "CidrBlock": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}}},
            "BySub": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": {"Fn::Sub": "/vpc/${Vpc}"}, "Type": "String", "Value": "v"}},
            "InPlace": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "n", "Type": "String", "Value": {"Ref": "Vpc"}}},
            "Apart": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "m", "Type": "String", "Value": "v"}},
        })
    };
    let impacts = |head: Value| -> Vec<(String, Impact)> {
        let changes = between(base(vpc("10.0.0.0/16", "default")), base(head));
        let mut impacts: Vec<_> = changes.into_iter().map(|change| (change.logical_id, change.predicted)).collect();
        impacts.sort();
        impacts
    };
    let named = |all: &[(&str, Impact)]| all.iter().map(|(id, impact)| ((*id).to_owned(), *impact)).collect::<Vec<_>>();
    assert_eq!(
        impacts(vpc("10.1.0.0/16", "default")),
        named(&[
            ("Association", Impact::Replaced),
            ("ByCidr", Impact::MayBeReplaced),
            ("BySub", Impact::Replaced),
            ("InPlace", Impact::InPlace),
            ("Subnet", Impact::Replaced),
            ("Vpc", Impact::Replaced),
        ])
    );
    assert_eq!(
        impacts(vpc("10.0.0.0/16", "dedicated")),
        named(&[
            ("Association", Impact::MayBeReplaced),
            ("ByCidr", Impact::MayBeReplaced),
            ("BySub", Impact::MayBeReplaced),
            ("InPlace", Impact::InPlace),
            ("Subnet", Impact::MayBeReplaced),
            ("Vpc", Impact::MayBeReplaced),
        ])
    );
    let changes = between(base(vpc("10.0.0.0/16", "default")), base(vpc("10.1.0.0/16", "default")));
    let subnet = changes.iter().find(|change| change.logical_id == "Subnet").expect("it is told");
    assert!(noted(subnet, "/Properties/VpcId reads Vpc, which has another value afterwards"), "{:?}", subnet.notes);
}

#[test]
fn a_replacement_is_carried_over_wires() {
    let base = || {
        let storage = document(
            "storage",
            json!({
                "Resources": {"Key": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/a"}}},
                "Outputs": {"Name": {"Value": {"Ref": "Key"}}, "Other": {"Value": "o"}},
            }),
        );
        let mut access = document(
            "access",
            json!({
                "Parameters": {"Key": {"Type": "String"}, "Other": {"Type": "String"}},
                "Resources": {
                    "Fed": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Key"}}},
                    "Apart": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Other"}}},
                },
            }),
        );
        access.wires = [("Key", "Name"), ("Other", "Other")]
            .into_iter()
            .map(|(parameter, output)| (parameter.to_owned(), storage.id.clone(), output.to_owned()))
            .collect();
        vec![access, storage]
    };
    let mut head = base();
    head[1].template_mut()["Resources"]["Key"]["Properties"]["AliasName"] = json!("alias/b");
    let told = stacks(&base(), &head);
    let of = |name: &str| told.iter().find(|stack| stack.id == format!("owner/{name}")).expect("it is told");
    assert_eq!(of("storage").resources[0].predicted, Impact::Replaced);
    let access = of("access");
    assert_eq!(access.resources.len(), 1, "what reads another output stays");
    assert_eq!(
        (access.resources[0].logical_id.as_str(), access.resources[0].predicted),
        ("Fed", Impact::MayBeReplaced)
    );

    let mut head = base();
    head[0].wires =
        head[0].wires.iter().map(|(name, stack, _)| (name.clone(), stack.clone(), "Other".to_owned())).collect();
    let told = stacks(&base(), &head);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].properties[0].path, "/Wires/Key");
    assert_eq!(told[0].resources[0].predicted, Impact::MayBeReplaced);
    assert_eq!(stacks(&base(), &base()), []);
}

#[test]
fn a_parameter_a_condition_and_a_mapping_are_told_and_carried_on() {
    let template = |size: &str, region: &str, table: &str| {
        document(
            "stack",
            json!({
                "Parameters": {"Size": {"Type": "String", "Default": size}, "Word": {"Type": "String", "NoEcho": true, "Default": size}},
                "Conditions": {"IsHere": {"Fn::Equals": [{"Ref": "AWS::Region"}, region]}},
                "Mappings": {"Names": {"a": {"b": table}}},
                "Resources": {
                    "BySize": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Size"}}},
                    "ByCondition": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::If": ["IsHere", "a", "b"]}}},
                    "ByMapping": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::FindInMap": ["Names", "a", "b"]}}},
                },
            }),
        )
    };
    let told = stacks(&[template("a", "b", "c")], &[template("x", "y", "z")]);
    let properties: Vec<_> =
        told[0].properties.iter().map(|property| (property.path.as_str(), property.after.clone())).collect();
    assert_eq!(
        properties,
        [
            ("/Conditions/IsHere", Some(json!({"Fn::Equals": [{"Ref": "AWS::Region"}, "y"]}))),
            ("/Mappings/Names/a/b", Some(json!("z"))),
            ("/Parameters/Size/Default", Some(json!("x"))),
            ("/Parameters/Word/Default", Some(json!("****"))),
        ]
    );
    let impacts: Vec<_> =
        told[0].resources.iter().map(|change| (change.logical_id.as_str(), change.predicted)).collect();
    assert_eq!(
        impacts,
        [("BySize", Impact::Replaced), ("ByCondition", Impact::MayBeReplaced), ("ByMapping", Impact::MayBeReplaced)]
    );
}

#[test]
fn a_secret_is_never_shown() {
    let template = |parameters: Value| document("stack", json!({"Parameters": parameters, "Resources": {}}));
    let secret =
        |default: &str, hidden: Value| json!({"Word": {"Type": "String", "NoEcho": hidden, "Default": default}});
    let cases = [
        (json!({}), secret("geheim", json!(true))),
        (secret("geheim", json!("true")), json!({})),
        (secret("geheim", json!(true)), secret("geheim2", json!(false))),
        (secret("geheim", json!(false)), secret("geheim2", json!("TRUE"))),
    ];
    for (before, after) in cases {
        let told = stacks(&[template(before.clone())], &[template(after.clone())]);
        let text = serde_json::to_string(&told).expect("it is JSON");
        assert!(text.contains("****") && !text.contains("geheim"), "{text}");
    }
    let bare = document("stack", json!({"Resources": {}}));
    let told = stacks(&[bare], &[template(secret("geheim", json!(true)))]);
    assert!(!serde_json::to_string(&told).expect("it is JSON").contains("geheim"));
}

#[test]
fn what_stays_behind_and_what_is_refused() {
    let workgroup = |name: &str, policy: &str| json!({"One": {"Type": "AWS::KMS::Alias", "UpdateReplacePolicy": policy, "Properties": {"AliasName": name}}});
    let told = between(workgroup("alias/a", "Retain"), workgroup("alias/b", "Retain"));
    assert!(noted(&told[0], "the old one stays in the account"), "{:?}", told[0].notes);
    let cases = [
        // the name stays, what cannot change changes: refused
        (json!({"RoleName": "r", "Path": "/a/"}), json!({"RoleName": "r", "Path": "/b/"}), true),
        (json!({"RoleName": "r", "Path": "/a/"}), json!({"RoleName": "s", "Path": "/b/"}), false),
        (json!({"Path": "/a/"}), json!({"Path": "/b/"}), false),
    ];
    for (before, after, refused) in cases {
        let told = change("AWS::IAM::Role", before, after);
        assert_eq!(told.predicted, Impact::Replaced);
        assert_eq!(noted(&told, "CloudFormation refuses this update"), refused, "{:?}", told.notes);
    }
    let filter = |columns: &str| json!({"Name": "f", "ColumnNames": [columns], "DatabaseName": "d", "TableName": "t", "TableCatalogId": "1"});
    let told = change("AWS::LakeFormation::DataCellsFilter", filter("a"), filter("b"));
    assert!(!noted(&told, "refuses"), "delete_then_create has its name free: {:?}", told.notes);
    assert!(noted(&told, "gap:"));
    let table = between(
        json!({"One": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "a"}}}),
        json!({"One": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "b"}}}),
    );
    assert!(table[0].data_store && noted(&table[0], "lost with the old one: the items in it"));
    let key = change("AWS::KMS::Key", json!({"KeyUsage": "A"}), json!({"KeyUsage": "B"}));
    assert!(noted(&key, "the update fails"), "{:?}", key.notes);
}

fn grant(permissions: &[&str], classifications: &[&str]) -> Value {
    json!({"Type": "AWS::LakeFormation::PrincipalPermissions", "Properties": {
        "Principal": {"DataLakePrincipalIdentifier": "arn:aws:iam::222222222222:role/demo/demo-athena-analysts"},
        "Permissions": permissions, "PermissionsWithGrantOption": [],
        "Resource": {"LFTagPolicy": {"CatalogId": "111111111111", "ResourceType": "TABLE", "Expression": [
            {"TagKey": "demo/classification", "TagValues": classifications},
            {"TagKey": "demo/customer", "TagValues": ["customer-360"]},
        ]}},
    }})
}

#[test]
fn a_replaced_grant_is_a_gap() {
    let told = between(
        json!({"Grant": grant(&["SELECT"], &["public"])}),
        json!({"Grant": grant(&["SELECT", "DESCRIBE"], &["public"])}),
    );
    assert_eq!(told[0].predicted, Impact::Replaced);
    assert_eq!(
        told[0].label,
        "grant SELECT, DESCRIBE to demo-athena-analysts on tables with demo/classification=public and demo/customer=customer-360"
    );
    assert!(
        noted(&told[0], "gap: demo-athena-analysts has no access to tables with demo/classification=public"),
        "{:?}",
        told[0].notes
    );
    let same =
        between(json!({"Grant": grant(&["SELECT"], &["public"])}), json!({"Grant": grant(&["SELECT"], &["public"])}));
    assert_eq!(same, []);
}

#[test]
fn a_grant_beside_one_that_goes_is_a_hazard_or_an_overlap() {
    let cases = [
        (
            grant(&["SELECT"], &["public"]),
            grant(&["SELECT", "DESCRIBE"], &["public"]),
            "hazard: `Old` is removed in the same change",
        ),
        (
            grant(&["SELECT"], &["public"]),
            grant(&["SELECT"], &["internal", "public"]),
            "overlap: this grant is made before the old one goes",
        ),
    ];
    for (old, new, words) in cases {
        let told = between(json!({"Old": old}), json!({"New": new}));
        let new = told.iter().find(|change| change.logical_id == "New").expect("it is told");
        assert!(noted(new, words), "{:?}", new.notes);
    }
    let mut other = grant(&["SELECT"], &["public"]);
    other["Properties"]["Principal"]["DataLakePrincipalIdentifier"] = json!("333333333333");
    let told = between(json!({"Old": grant(&["SELECT"], &["public"])}), json!({"New": other}));
    assert!(told.iter().all(|change| change.notes.is_empty()), "another principal has nothing to do with it");
}

#[test]
fn a_retagged_column_and_a_lost_value_are_told() {
    let tag = |column: &str, value: &str| {
        json!({"Type": "AWS::LakeFormation::TagAssociation", "Properties": {
            "Resource": {"TableWithColumns": {"CatalogId": "1", "DatabaseName": "d", "Name": {"Ref": "Table"}, "ColumnNames": [column]}},
            "LFTags": [{"CatalogId": "1", "TagKey": "demo/classification", "TagValues": [value]}],
        }})
    };
    let table = json!({"Type": "AWS::Glue::Table", "Properties": {"TableInput": {"Name": "customer_profile"}}});
    let told = between(
        json!({"Table": table, "Tag": tag("email", "internal")}),
        json!({"Table": table, "Tag": tag("email", "pii")}),
    );
    assert_eq!(told[0].label, "tag demo/classification=pii on customer_profile.email");
    assert!(
        noted(&told[0], "gap: customer_profile.email does not carry its own value for seconds"),
        "{:?}",
        told[0].notes
    );
    let told = between(
        json!({"Table": table, "A": tag("email", "internal")}),
        json!({"Table": table, "B": tag("email", "pii")}),
    );
    assert!(told.iter().all(|change| noted(change, "takes the tag away for good")), "{told:?}");
    let values = |values: &[&str]| json!({"CatalogId": "1", "TagKey": "demo/customer", "TagValues": values});
    let told = change("AWS::LakeFormation::Tag", values(&["a", "b"]), values(&["b", "c"]));
    assert!(noted(&told, "the tag loses `a`: Lake Formation does not check"), "{:?}", told.notes);
    let told = change("AWS::LakeFormation::Tag", values(&["a"]), values(&["a", "b"]));
    assert!(told.notes.is_empty(), "a value more takes nothing away: {:?}", told.notes);
}

#[test]
fn labels_are_one_safe_line() {
    let bucket = |name: &str| json!({"One": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}});
    for (name, label) in [
        ("data", "data".to_owned()),
        ("a\nb\u{1b}[31m", "a b [31m".to_owned()),
        (&"x".repeat(500), "x".repeat(198) + ".."),
    ] {
        assert_eq!(between(json!({}), bucket(name))[0].label, label);
    }
    let nameless = between(json!({}), json!({"One": {"Type": "AWS::KMS::Key", "Properties": {}}}));
    assert_eq!(nameless[0].label, "One");
}

#[test]
fn another_account_is_another_stack() {
    let stack = |account: &str| {
        let mut stack = document("stack", json!({"Resources": {"One": {"Type": "AWS::S3::Bucket"}}}));
        stack.account = account.to_owned();
        stack
    };
    let told = stacks(&[stack("111111111111")], &[stack("222222222222")]);
    let told: Vec<_> = told.iter().map(|stack| (stack.account.as_str(), stack.change)).collect();
    assert_eq!(told, [("111111111111", ChangeKind::Removed), ("222222222222", ChangeKind::Added)]);
}

#[test]
fn broken_templates_are_no_panic() {
    for template in [
        json!(null),
        json!([]),
        json!({"Resources": []}),
        json!({"Resources": {"A": 1, "B": {"Type": 2}, "C": {"Properties": "x"}}}),
    ] {
        let good = document(
            "stack",
            json!({"Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Ref": "B"}]}}}}),
        );
        let bad = document("stack", template);
        drop(stacks(std::slice::from_ref(&good), std::slice::from_ref(&bad)));
        drop(stacks(&[bad], &[good]));
    }
}
