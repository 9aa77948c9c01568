//! More people may reach a store than before.

use super::desk::{Desk, items, text};
use super::retain::is_true;
use crate::finding::{Code, Finding};
use serde_json::Value;
use std::collections::BTreeSet;

/// The four blocks (Amazon S3 user guide, "Blocking public access to your Amazon S3 storage").
const BLOCKS: [&str; 4] = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];

/// Policies of resources, and where they stand.
const POLICIES: [(&str, &str); 5] = [
    ("AWS::KMS::Key", "/Properties/KeyPolicy/Statement"),
    ("AWS::S3::BucketPolicy", "/Properties/PolicyDocument/Statement"),
    ("AWS::SNS::TopicPolicy", "/Properties/PolicyDocument/Statement"),
    ("AWS::SQS::QueuePolicy", "/Properties/PolicyDocument/Statement"),
    ("AWS::SecretsManager::ResourcePolicy", "/Properties/ResourcePolicy/Statement"),
];

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for changed in &desk.changed {
        let mut find = |message: String| findings.push(desk.about(Code::PublicAccessOpened, changed, message));
        for (_, pointer) in POLICIES.iter().filter(|(kind, _)| *kind == changed.kind) {
            let before = changed.base.map(|base| for_everybody(base, pointer)).unwrap_or_default();
            for statement in for_everybody(changed.head, pointer).difference(&before) {
                find(format!("a statement lets everybody in, without a condition: {statement}"));
            }
        }
        let Some(base) = changed.base else { continue };
        if let ("AWS::S3::Bucket", before, after) = (changed.kind, &base["Properties"], &changed.head["Properties"]) {
            bucket(before, after, &mut find);
        }
        let public = |entry: &Value| is_true(&entry["Properties"]["PubliclyAccessible"]);
        if public(changed.head) && !public(base) {
            find("it would be reachable from the Internet".to_owned());
        }
    }
    findings
}

fn bucket(before: &Value, after: &Value, find: &mut impl FnMut(String)) {
    let blocked = |properties: &Value, block: &str| is_true(&properties["PublicAccessBlockConfiguration"][block]);
    let opened: Vec<&str> =
        BLOCKS.into_iter().filter(|block| blocked(before, block) && !blocked(after, block)).collect();
    if !opened.is_empty() {
        find(format!("{} no longer true", told(&opened)));
    }
    let owned = |properties: &Value| {
        items(&properties["OwnershipControls"]["Rules"]).any(|rule| rule["ObjectOwnership"] == "BucketOwnerEnforced")
    };
    if owned(before) && !owned(after) {
        find("objects may belong to whoever wrote them, and access lists count again".to_owned());
    }
    let acl = text(after, "/AccessControl");
    if acl.starts_with("PublicRead") && text(before, "/AccessControl") != acl {
        find(format!("its access list is {acl}"));
    }
}

fn told(blocks: &[&str]) -> String {
    let verb = if blocks.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", blocks.join(", "))
}

/// The statements that allow something to everybody without a condition, as text.
fn for_everybody(entry: &Value, pointer: &str) -> BTreeSet<String> {
    let statements = entry.pointer(pointer).into_iter().flat_map(items);
    statements
        .filter(|statement| {
            statement["Effect"] == "Allow" && is_everybody(&statement["Principal"]) && statement["Condition"].is_null()
        })
        .map(|statement| statement["Action"].to_string())
        .collect()
}

/// Whether a principal stands for the whole world (IAM user guide, "AWS JSON policy elements: Principal").
pub(super) fn is_everybody(principal: &Value) -> bool {
    principal == "*" || items(&principal["AWS"]).any(|name| name == "*")
}
