//! Limits of CloudFormation, IAM and Lake Formation's tags.

use super::Checker;
use crate::assembly::Document;
use crate::finding::Code;
use serde_json::Value;

/// AWS CloudFormation quotas: resources, parameters and outputs of a template, and its bytes in S3.
const RESOURCES: usize = 500;
const PARAMETERS: usize = 200;
const OUTPUTS: usize = 200;
const BYTES: usize = 1_000_000;

/// IAM quotas, in characters without white space: all inline policies of a role, a managed policy, a trust policy.
const INLINE_POLICIES: usize = 10_240;
const MANAGED_POLICY: usize = 6_144;
const TRUST_POLICY: usize = 2_048;

/// AWS Lake Formation: TBAC notes, API_LFTag.
const TAG_CHARACTERS: usize = 50;
const TAG_VALUES: usize = 1_000;

pub(super) fn check(checker: &mut Checker<'_>, document: &Document) {
    let count = |section: &str| document.template[section].as_object().map_or(0, serde_json::Map::len);
    // the text as it is uploaded: no estimate, which would refuse a stack that fits
    let bytes = crate::assembly::pretty_length(&*document.template);
    let measures = [
        ("resources", count("Resources"), RESOURCES),
        ("parameters", count("Parameters"), PARAMETERS),
        ("outputs", count("Outputs"), OUTPUTS),
        ("bytes", bytes, BYTES),
    ];
    let first = document.resources().next().map_or("", |(id, _, _)| id).to_owned();
    for (what, found, limit) in measures {
        let code = if found > limit {
            Code::StackOverLimit
        } else if found > limit * 4 / 5 {
            Code::StackNearLimit
        } else {
            continue;
        };
        checker.find(code, &document.id, &first, format!("the stack has {found} {what}; CloudFormation takes {limit}"));
    }
    for (id, type_name, entry) in document.resources() {
        let properties = &entry["Properties"];
        match type_name {
            "AWS::IAM::Role" => {
                let inline = properties["Policies"].as_array().into_iter().flatten();
                let inline = inline.map(|policy| characters(&policy["PolicyDocument"])).sum();
                policy(checker, document, id, "inline policies have", inline, INLINE_POLICIES);
                let trust = characters(&properties["AssumeRolePolicyDocument"]);
                policy(checker, document, id, "the trust policy has", trust, TRUST_POLICY);
            }
            "AWS::IAM::ManagedPolicy" => {
                policy(
                    checker,
                    document,
                    id,
                    "the policy has",
                    characters(&properties["PolicyDocument"]),
                    MANAGED_POLICY,
                );
            }
            "AWS::LakeFormation::Tag" => tag(checker, document, id, properties),
            _ => {}
        }
    }
}

fn characters(policy: &Value) -> usize {
    policy.to_string().chars().filter(|letter| !letter.is_whitespace()).count()
}

fn policy(checker: &mut Checker<'_>, document: &Document, id: &str, what: &str, found: usize, limit: usize) {
    if found > limit {
        let message = format!("{what} {found} characters; IAM takes {limit}");
        checker.find(Code::PolicyTooLarge, &document.id, id, message);
    }
}

fn tag(checker: &mut Checker<'_>, document: &Document, id: &str, properties: &Value) {
    let values: Vec<&str> =
        properties["TagValues"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if values.len() > TAG_VALUES {
        let message = format!("the tag has {} values; Lake Formation takes {TAG_VALUES}", values.len());
        checker.find(Code::TagLimits, &document.id, id, message);
    }
    for text in properties["TagKey"].as_str().into_iter().chain(values) {
        if text.chars().count() > TAG_CHARACTERS || text.chars().any(char::is_uppercase) {
            let message = format!("`{text}` is no tag key or value: at most {TAG_CHARACTERS} characters, lower-case");
            checker.find(Code::TagLimits, &document.id, id, message);
        }
    }
}
