//! What the schemas let pass, what they catch and where, and the facts that the rest of the tool builds upon.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;

/// Resources as synthesis makes them, with intrinsic functions wherever another stack or a parameter decides.
fn right() -> Vec<(&'static str, Value)> {
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "sts:AssumeRole", "Resource": "*", "Condition": {"Null": {"aws:PrincipalArn": "false"}},
    }]});
    vec![
        (
            "AWS::S3::Bucket",
            json!({
                "BucketName": {"Fn::Sub": "acme-c360-sales-data-${AWS::AccountId}"},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [{
                    "BucketKeyEnabled": true,
                    "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}},
                }]},
                "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true},
                "LifecycleConfiguration": {"Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 30}]},
                "Tags": [{"Key": "mesh", "Value": "c360"}],
            }),
        ),
        ("AWS::KMS::Key", json!({"KeyPolicy": policy, "EnableKeyRotation": true, "Description": "sales"})),
        (
            "AWS::IAM::Role",
            json!({
                "RoleName": "c360-job-sales", "Path": "/c360/", "AssumeRolePolicyDocument": policy,
                "PermissionsBoundary": {"Ref": "Boundary"}, "Policies": [{"PolicyName": "read", "PolicyDocument": policy}],
            }),
        ),
        (
            "AWS::Glue::Database",
            json!({"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "c360_sales_orders"}}),
        ),
        ("AWS::Glue::Table", table()),
        (
            "AWS::Glue::Crawler",
            json!({
                "Role": {"Fn::GetAtt": "CrawlRole.Arn"}, "Targets": {"S3Targets": [{"Path": {"Fn::Join": ["", ["s3://", {"Ref": "Bucket"}]]}}]},
                "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"}, "Tags": {"mesh": "c360"},
            }),
        ),
        (
            "AWS::LakeFormation::DataLakeSettings",
            json!({
                "Admins": [{"DataLakePrincipalIdentifier": {"Fn::GetAtt": ["Role", "Arn"]}}], "MutationType": "APPEND",
                "CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": [],
                "Parameters": {"CROSS_ACCOUNT_VERSION": 4},
            }),
        ),
        ("AWS::LakeFormation::PrincipalPermissions", grant()),
        (
            "AWS::LakeFormation::TagAssociation",
            json!({
                "Resource": {"Database": {"CatalogId": {"Ref": "AWS::AccountId"}, "Name": {"Ref": "Database"}}},
                "LFTags": [{"CatalogId": {"Ref": "AWS::AccountId"}, "TagKey": "c360/sales", "TagValues": ["orders"]}],
            }),
        ),
        (
            "AWS::Athena::WorkGroup",
            json!({
                "Name": "c360-athena-marketing", "WorkGroupConfiguration": {
                    "EnforceWorkGroupConfiguration": true, "BytesScannedCutoffPerQuery": 100_000_000_000_u64,
                    "ResultConfiguration": {"OutputLocation": {"Fn::Sub": ["s3://${Bucket}/athena/", {"Bucket": {"Ref": "Results"}}]}},
                },
            }),
        ),
        (
            "AWS::EC2::Subnet",
            json!({
                "VpcId": {"Ref": "Vpc"}, "AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
                "CidrBlock": {"Fn::Select": [0, {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 4, 8]}]},
            }),
        ),
        (
            "AWS::EC2::VPCEndpoint",
            json!({
                "VpcId": {"Ref": "Vpc"}, "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}, "VpcEndpointType": "Gateway",
                "RouteTableIds": [{"Ref": "Routes"}], "PolicyDocument": policy,
            }),
        ),
        (
            "AWS::Events::Rule",
            json!({
                "EventPattern": {"source": ["aws.glue"]}, "EventBusName": {"Fn::If": ["Own", {"Ref": "Bus"}, {"Ref": "AWS::NoValue"}]},
                "Targets": [{"Id": "bus", "Arn": {"Fn::GetAtt": ["Bus", "Arn"]}}],
            }),
        ),
    ]
}

fn table() -> Value {
    json!({"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseName": {"Ref": "Database"}, "TableInput": {
        "Name": "orders", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
        "PartitionKeys": [{"Name": "day", "Type": "date"}],
        "StorageDescriptor": {"Columns": [{"Name": "order_id", "Type": "string"}], "Location": {"Fn::Sub": "s3://${Bucket}/orders/"}},
    }})
}

fn grant() -> Value {
    json!({
        "Principal": {"DataLakePrincipalIdentifier": "222222222222"},
        "Resource": {"LFTagPolicy": {"CatalogId": {"Ref": "AWS::AccountId"}, "ResourceType": "TABLE", "Expression": [
            {"TagKey": "c360/classification", "TagValues": ["internal", "public"]}, {"TagKey": "c360/sales", "TagValues": ["orders"]},
        ]}},
        "Permissions": ["DESCRIBE", "SELECT"], "PermissionsWithGrantOption": ["DESCRIBE", "SELECT"],
    })
}

/// Sets the value at a pointer whose parent exists.
fn with(mut resource: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
    match resource.pointer_mut(parent).expect("the parent exists") {
        Value::Array(items) => items[key.parse::<usize>().expect("an index")] = value,
        object => object[key] = value,
    }
    resource
}

fn without(mut resource: Value, key: &str) -> Value {
    resource.as_object_mut().expect("properties are an object").remove(key);
    resource
}

fn told(type_name: &str, properties: &Value) -> Vec<(String, String)> {
    let schema = of(type_name).expect("the type is known");
    schema.check(properties).into_iter().map(|violation| (violation.pointer, violation.message)).collect()
}

#[test]
fn what_we_make_is_right() {
    for (type_name, properties) in right() {
        assert_eq!(told(type_name, &properties), [], "{type_name}");
    }
}

#[test]
fn what_is_wrong_is_told_once_with_its_place() {
    let bucket = json!({"BucketName": "data"});
    let subnet = json!({"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"});
    let settings = json!({"Admins": [{"DataLakePrincipalIdentifier": "arn:aws:iam::111111111111:role/admin"}]});
    let expression = "/Resource/LFTagPolicy/Expression";
    let wrong = [
        (
            "AWS::S3::Bucket",
            json!({"BucketNam": "data"}),
            "/BucketNam",
            r#""BucketNam" is no property here; "BucketName" is near"#,
        ),
        ("AWS::S3::Bucket", with(bucket.clone(), "/Arn", json!("arn")), "/Arn", r#""Arn" is read-only: AWS sets it"#),
        (
            "AWS::S3::Bucket",
            json!({"VersioningConfiguration": {"Status": true}}),
            "/VersioningConfiguration/Status",
            "true is a boolean, not of type string",
        ),
        (
            "AWS::S3::Bucket",
            json!({"LoggingConfiguration": {"TargetObjectKeyFormat": {"Simple": {}}}}),
            "/LoggingConfiguration/TargetObjectKeyFormat",
            r#"{"Simple":{}} has none of the forms allowed: "Simple" is no property here; "SimplePrefix" is near; or "Simple" is no property here"#,
        ),
        (
            "AWS::Lambda::Function",
            json!({"Code": {"ZipFile": ""}, "Role": {"Ref": "Role"}, "VpcConfig": {"Fn::Subb": "x"}}),
            "/VpcConfig",
            "Fn::Subb is no intrinsic function; Fn::Sub is near",
        ),
        (
            "AWS::S3::Bucket",
            json!({"BucketName": {"Fn::Subb": "x"}}),
            "/BucketName",
            "Fn::Subb is no intrinsic function; Fn::Sub is near",
        ),
        (
            "AWS::S3::Bucket",
            json!({"BucketName": {"Fn::Join": ["-"]}}),
            "/BucketName",
            r#"Fn::Join takes a separator and a list, not ["-"]"#,
        ),
        (
            "AWS::S3::Bucket",
            with(bucket, "/AccessControl", json!("Privat")),
            "/AccessControl",
            r#""Privat" is not one of "AuthenticatedRead", "AwsExecRead", "BucketOwnerFullControl", "BucketOwnerRead", "LogDeliveryWrite", "Private", "PublicRead", "PublicReadWrite""#,
        ),
        (
            "AWS::LakeFormation::PrincipalPermissions",
            without(grant(), "Principal"),
            "",
            r#""Principal" is required, and is missing"#,
        ),
        (
            "AWS::LakeFormation::PrincipalPermissions",
            with(grant(), "/Permissions/1", json!("SELECTT")),
            "/Permissions/1",
            r#""SELECTT" is not one of the 13 values allowed; "SELECT" is near"#,
        ),
        (
            "AWS::LakeFormation::PrincipalPermissions",
            with(grant(), expression, json!([])),
            expression,
            "[] has less than 1 item",
        ),
        (
            "AWS::LakeFormation::DataLakeSettings",
            with(settings.clone(), "/MutationType", json!(["APPEND"])),
            "/MutationType",
            r#"["APPEND"] is a list, not of type string"#,
        ),
        (
            "AWS::LakeFormation::DataLakeSettings",
            with(settings, "/Admins/0", json!({})),
            "/Admins/0",
            r#""DataLakePrincipalIdentifier" is required, and is missing"#,
        ),
        (
            "AWS::Glue::Table",
            with(table(), "/TableInput/StorageDescriptor/Columns/0/Typ", json!("date")),
            "/TableInput/StorageDescriptor/Columns/0/Typ",
            r#""Typ" is no property here; "Type" is near"#,
        ),
        (
            "AWS::Logs::LogGroup",
            json!({"LogGroupName": "a b"}),
            "/LogGroupName",
            r#""a b" does not match "^[.\-_/#A-Za-z0-9]{1,512}$""#,
        ),
        (
            "AWS::EC2::Subnet",
            json!({"VpcId": "vpc-1"}),
            "",
            r#"at least one of "CidrBlock", "Ipv4IpamPoolId", "Ipv6IpamPoolId", "Ipv6CidrBlock" is required, and all are missing"#,
        ),
        (
            "AWS::EC2::Subnet",
            with(with(subnet.clone(), "/AvailabilityZone", json!("a")), "/AvailabilityZoneId", json!("b")),
            "/AvailabilityZoneId",
            r#""b" may not stand beside "AvailabilityZone""#,
        ),
        (
            "AWS::EC2::Subnet",
            with(subnet, "/Ipv4NetmaskLength", json!(24)),
            "",
            r#""Ipv4IpamPoolId" is required beside "Ipv4NetmaskLength", and is missing"#,
        ),
        (
            "AWS::EC2::VPC",
            json!({"CidrBlock": "10.0.0.0/20", "Ipv4IpamPoolId": "ipam", "Ipv4NetmaskLength": 20}),
            "",
            r#"only one of "CidrBlock", "Ipv4IpamPoolId" may be set"#,
        ),
    ];
    for (type_name, properties, pointer, message) in wrong {
        assert_eq!(
            told(type_name, &properties),
            [(pointer.to_owned(), message.to_owned())],
            "{type_name} {properties}"
        );
    }
}

#[test]
fn every_type_compiles_and_every_listed_type_is_there() {
    for type_name in types() {
        let schema = of(type_name).expect("a listed type has a schema");
        assert!(
            schema.check(&json!(5)).iter().any(|violation| violation.message.starts_with("5 is a number")),
            "{type_name}"
        );
    }
    assert_eq!(types().collect::<Vec<_>>(), include_str!("../schemas/types.txt").lines().collect::<Vec<_>>());
    assert!(of("AWS::S3::Buckett").is_none());
}

#[test]
fn replacement_is_foretold() {
    let grants = of("AWS::LakeFormation::PrincipalPermissions").expect("known");
    assert_eq!(
        grants.create_only(),
        ["/Catalog", "/Permissions", "/PermissionsWithGrantOption", "/Principal", "/Resource"]
    );
    assert_eq!(grants.replacement_strategy(), ReplacementStrategy::DeleteThenCreate);
    assert_eq!(grants.primary_identifier(), ["/PrincipalIdentifier", "/ResourceIdentifier"]);
    assert_eq!(grants.actions(Verb::Update), [""; 0]);
    assert!(grants.actions(Verb::Create).contains(&"lakeformation:GrantPermissions".to_owned()));
    let tables = of("AWS::Glue::Table").expect("known");
    assert_eq!(tables.create_only(), ["/CatalogId", "/DatabaseName", "/Name", "/TableInput/Name"]);
    assert_eq!(tables.replacement_strategy(), ReplacementStrategy::CreateThenDelete);
    assert_eq!(of("AWS::EC2::VPC").expect("known").conditional_create_only(), ["/InstanceTenancy"]);
}

#[test]
fn attributes_and_tags() {
    let attributes = |type_name| of(type_name).expect("known").attributes();
    assert_eq!(attributes("AWS::KMS::Key"), ["Arn", "KeyId"]);
    // not read-only by the schema, yet Fn::GetAtt gives it
    assert!(attributes("AWS::EC2::VPC").contains(&"CidrBlock".to_owned()));
    assert!(attributes("AWS::RedshiftServerless::Workgroup").contains(&"Workgroup.Endpoint.Address".to_owned()));
    let tags = |type_name| of(type_name).map(|schema| (schema.tag_property(), schema.tags_are_a_map()));
    assert_eq!(tags("AWS::S3::Bucket"), Some((Some("Tags"), false)));
    assert_eq!(tags("AWS::Glue::Job"), Some((Some("Tags"), true)));
    assert_eq!(tags("AWS::LakeFormation::Tag"), Some((None, false)));
}

#[test]
fn regions_are_known() {
    let group = of("AWS::QuickSight::Group").expect("known");
    assert!(group.available_in("us-east-1") && !group.available_in("eu-west-1") && !group.available_in("eu-west-9"));
    assert!(region_exists("eu-central-1") && !region_exists("eu-centra-1") && !region_exists("sam"));
    assert_eq!(regions().count(), 45);
}

#[test]
fn the_file_is_the_one_the_lock_names() {
    let lock: Value = serde_json::from_str(include_str!("../schemas/lock.json")).expect("the lock is JSON");
    let hash: String = Sha256::digest(PACKED).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(lock["sha256"], hash);
    assert_eq!(lock["types"], types().count());
    assert_eq!(Provenance::deserialize(&lock).expect("the lock has the provenance"), *provenance());
}

#[test]
fn both_lists_of_intrinsic_functions_are_equal() {
    for type_name in types() {
        let schema = of(type_name).expect("known").schema();
        let names = schema["definitions"]["intrinsic"]["propertyNames"]["enum"].as_array().expect("a list of names");
        let names: BTreeSet<_> = names.iter().filter_map(Value::as_str).collect();
        assert_eq!(names, BTreeSet::from(intrinsics::NAMES), "{type_name}");
    }
}

/// Prints what DESIGN asks to be known: `cargo test --release --no-default-features -- --ignored --nocapture measure`.
#[test]
#[ignore = "a measurement, not a test"]
#[expect(clippy::disallowed_methods, reason = "a measurement, run by hand")]
fn measure() {
    let time = |what: &str, work: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        work();
        eprintln!("{what}: {:?}", start.elapsed());
    };
    let resources = right();
    let main = [
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::KMS::Key",
        "AWS::KMS::Alias",
        "AWS::IAM::Role",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::Glue::Crawler",
        "AWS::Glue::Job",
        "AWS::LakeFormation::DataLakeSettings",
        "AWS::LakeFormation::Resource",
        "AWS::LakeFormation::Tag",
        "AWS::LakeFormation::TagAssociation",
        "AWS::LakeFormation::PrincipalPermissions",
        "AWS::Athena::WorkGroup",
        "AWS::EC2::VPC",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPCEndpoint",
        "AWS::Events::Rule",
        "AWS::SageMaker::Domain",
    ];
    time("unpack", &mut || assert!(types().count() > 0));
    time("20 main types compiled", &mut || {
        for type_name in main {
            assert!(of(type_name).is_some_and(|schema| !schema.check(&Value::Null).is_empty()));
        }
    });
    time("one resource each, once more", &mut || {
        for (type_name, properties) in &resources {
            assert!(of(type_name).is_some_and(|schema| schema.check(properties).is_empty()));
        }
    });
    time("1,000 checks", &mut || {
        for (type_name, properties) in resources.iter().cycle().take(1000) {
            assert!(of(type_name).is_some_and(|schema| schema.check(properties).is_empty()));
        }
    });
    time("walk of 1,000 for intrinsics", &mut || {
        for (_, properties) in resources.iter().cycle().take(1000) {
            assert!(intrinsics::misused(properties).is_empty());
        }
    });
    time("all other types compiled", &mut || {
        for type_name in types() {
            assert!(of(type_name).is_some_and(|schema| !schema.check(&Value::Null).is_empty()));
        }
    });
}
