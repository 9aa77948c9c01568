//! A consumer's network: what stands in it follows from the tools, what passes its doors from the accounts.

use crate::common::fixture;
use crate::demo::synthesize;
use meshform::assembly::{Document, check};
use meshform::environment::{self, RawFile};
use meshform::finding::{Code, Finding};
use meshform::mesh::resolve;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;

fn workspace(consumer: &str) -> Document {
    let documents = Document::all(&synthesize(&fixture("valid/network")));
    let name = format!("small-workspace-{consumer}");
    documents.into_iter().find(|document| document.id.name() == name).expect("the consumer has a workspace")
}

/// Names of the services that a consumer's network has endpoints of.
fn services(consumer: &str) -> BTreeSet<String> {
    let document = workspace(consumer);
    let endpoints = document.resources().filter(|(_, type_name, _)| *type_name == "AWS::EC2::VPCEndpoint");
    endpoints.filter_map(|(_, _, entry)| entry["Properties"]["ServiceName"].as_str().map(str::to_owned)).collect()
}

#[test]
fn endpoints_follow_from_the_tools() {
    let amazon = |name: &str| format!("com.amazonaws.eu-west-1.{name}");
    let office = ["athena", "execute-api", "glue", "lakeformation", "s3", "sts"];
    assert_eq!(services("office"), office.map(amazon).into());
    let mut studio: BTreeSet<String> = [
        "athena",
        "ecr.api",
        "ecr.dkr",
        "glue",
        "kms",
        "lakeformation",
        "logs",
        "monitoring",
        "s3",
        "sagemaker.api",
        "sagemaker.runtime",
        "sts",
    ]
    .map(amazon)
    .into();
    studio.insert("aws.sagemaker.eu-west-1.studio".to_owned());
    assert_eq!(services("science"), studio);
}

#[test]
fn nothing_leads_to_the_internet() {
    for consumer in ["office", "science"] {
        let document = workspace(consumer);
        for (id, type_name, entry) in document.resources() {
            assert!(!type_name.contains("Gateway") && type_name != "AWS::EC2::Route", "{id} is a {type_name}");
            assert_ne!(entry["Properties"]["MapPublicIpOnLaunch"], true, "{id}");
        }
    }
    let document = workspace("science");
    let domain = &document.template["Resources"]["Studio"]["Properties"];
    assert_eq!(domain["AppNetworkAccessType"], "VpcOnly");
}

#[test]
fn doors_let_through_the_accounts_of_the_subscriptions() {
    let document = workspace("office");
    let condition = |id: &str| {
        document.template["Resources"][id]["Properties"]["PolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
            .clone()
    };
    // the producer's account: its reader role is who calls the API, its buckets hold the data
    assert_eq!(condition("ExecuteApiEndpoint")["aws:PrincipalAccount"], json!(["222222222222", "444444444444"]));
    assert_eq!(condition("S3Endpoint")["aws:ResourceAccount"], json!(["222222222222", "444444444444"]));
    let science = workspace("science");
    let own = &science.template["Resources"]["StsEndpoint"]["Properties"]["PolicyDocument"]["Statement"][0];
    assert_eq!(own["Condition"]["StringEquals"]["aws:PrincipalAccount"], json!(["333333333333"]));
}

/// The Deny of Studio's role, and its place in the template.
fn denial(document: &Document) -> (String, Value) {
    let pointer = "/Resources/SagemakerRole/Properties/Policies/0/PolicyDocument/Statement";
    let statements = document.template.pointer(pointer).and_then(Value::as_array).expect("the role has statements");
    let found = statements.iter().enumerate().find(|(_, statement)| statement["Effect"] == "Deny");
    let (index, statement) = found.expect("one denies");
    (format!("{pointer}/{index}"), statement.clone())
}

#[test]
fn data_is_denied_outside_the_network_and_athena_is_not_cut_off() {
    let document = workspace("science");
    let (place, statement) = denial(&document);
    // IfExists: a call that comes through no endpoint carries no network, and is denied for that
    assert_eq!(statement["Condition"]["StringNotEqualsIfExists"]["aws:SourceVpc"], json!([{"Ref": "Vpc"}]));
    // what Athena does in the role's name comes from Athena, not from the network
    assert_eq!(statement["Condition"]["BoolIfExists"]["aws:ViaAWSService"], json!(["false"]));
    let actions: Vec<&str> = statement["Action"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    for needed in
        ["athena:StartQueryExecution", "lakeformation:GetDataAccess", "s3:GetObject", "s3:PutObject", "glue:Get*"]
    {
        assert!(actions.contains(&needed), "{needed}");
    }
    let codes = |change: &dyn Fn(&mut Value)| {
        let mut documents = Document::all(&synthesize(&fixture("valid/network")));
        let changed = documents.iter_mut().find(|other| other.id == document.id).expect("it is there");
        change(changed.template_mut().pointer_mut(&place).expect("the statement is there"));
        let findings: Vec<Finding> = check::check_documents(&documents);
        findings.into_iter().map(|finding| finding.code).collect::<BTreeSet<Code>>()
    };
    // without the clause on services, the role cannot read anything, and a finding says so
    let cut_off = codes(&|statement| statement["Condition"]["BoolIfExists"] = json!({}));
    assert_eq!(cut_off, [Code::RoleCannotRead].into());
    // without IfExists the operator is the one that meshform warns of
    let unclear = codes(&|statement| {
        statement["Condition"]["StringNotEquals"] = statement["Condition"]["StringNotEqualsIfExists"].take();
        statement["Condition"].as_object_mut().expect("an object").remove("StringNotEqualsIfExists");
    });
    assert_eq!(unclear, [Code::DenyWithoutNull].into());
    // as it stands, nothing is found
    assert_eq!(codes(&|_| {}), [].into());
}

#[test]
fn studio_trusts_sagemaker_in_the_form_that_sagemaker_sends() {
    let document = workspace("science");
    let trust = &document.template["Resources"]["SagemakerRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"];
    let service = trust.as_array().expect("a list").iter().find(|statement| statement["Sid"] == "Service");
    let condition = &service.expect("it trusts a service")["Condition"];
    assert_eq!(condition, &json!({"ArnLike": {"aws:SourceArn": ["arn:aws:sagemaker:eu-west-1:333333333333:*"]}}));
}

/// What is found when the network of a consumer with Studio is written so.
fn found(network: &str, region: &str) -> Vec<String> {
    let folder = fixture("valid/network");
    let read = |path: &str| fs::read_to_string(folder.join(path)).expect("the fixture is there");
    let science = read("consumers/science.yaml").replace("{cidr: 10.20.0.0/22, zones: 3}", network);
    let texts = [
        ("mesh.yaml", read("mesh.yaml").replace("eu-west-1", region)),
        ("domains/sales.yaml", read("domains/sales.yaml")),
        ("consumers/science.yaml", science),
    ];
    let files = texts.into_iter().map(|(path, text)| (path.to_owned(), RawFile::Bytes(text.into_bytes())));
    let loaded = environment::read("small", files.collect());
    let resolved = resolve(&loaded.source, None);
    let all = loaded.findings.into_iter().chain(resolved.findings);
    all.filter(|finding| finding.code == Code::InvalidValue).map(|finding| finding.message).collect()
}

#[test]
fn a_network_that_cannot_be_is_found() {
    let one = |network: &str, region: &str, words: &str| {
        let found = found(network, region);
        assert!(matches!(found.as_slice(), [message] if message.contains(words)), "{network}: {found:?}");
    };
    one("{cidr: 10.0.0.0/8}", "eu-west-1", "from /16 to /24");
    one("{cidr: 8.8.8.0/24}", "eu-west-1", "not within");
    one("{cidr: office}", "eu-west-1", "no address range");
    one("{zones: 7}", "us-east-1", "from 1 to 6");
    one("{zones: 0}", "us-east-1", "from 1 to 6");
    one("{zones: 4}", "eu-west-1", "eu-west-1 has 3 Availability Zones");
    one("{cidr: 10.0.0.0/24, zones: 6}", "us-east-1", "27 addresses in each subnet");
    one("{}", "cn-north-1", "have other names in cn-north-1");
    for fine in ["{}", "{cidr: 10.0.0.0/24, zones: 3}", "{cidr: 100.64.0.0/16}"] {
        assert_eq!(found(fine, "eu-west-1"), Vec::<String>::new(), "{fine}");
    }
}
