//! A store is encrypted less well than before, at rest or on the way.
//!
//! `BucketKeyEnabled` is no part of it: it saves requests to AWS KMS and weakens nothing (Amazon S3 user guide, "Reducing
//! the cost of SSE-KMS with Amazon S3 Bucket Keys").

use super::desk::{Desk, items, text};
use super::retain::is_true;
use crate::finding::{Code, Finding};
use serde_json::Value;

/// Where a type names the key that it encrypts with; without one AWS's own key, or none, is used. Or where it says that it
/// encrypts at all. By the CloudFormation template reference of each type.
const KEYS: &[(&str, &str)] = &[
    ("AWS::Athena::WorkGroup", "/WorkGroupConfiguration/ResultConfiguration/EncryptionConfiguration/KmsKey"),
    ("AWS::Athena::WorkGroup", "/WorkGroupConfiguration/ResultConfiguration/EncryptionConfiguration/EncryptionOption"),
    ("AWS::DynamoDB::Table", "/SSESpecification/KMSMasterKeyId"),
    ("AWS::Glue::SecurityConfiguration", "/EncryptionConfiguration/CloudWatchEncryption/KmsKeyArn"),
    ("AWS::Glue::SecurityConfiguration", "/EncryptionConfiguration/JobBookmarksEncryption/KmsKeyArn"),
    ("AWS::Kinesis::Stream", "/StreamEncryption/KeyId"),
    ("AWS::Logs::LogGroup", "/KmsKeyId"),
    ("AWS::Neptune::DBCluster", "/KmsKeyId"),
    ("AWS::RDS::DBCluster", "/KmsKeyId"),
    ("AWS::RDS::DBInstance", "/KmsKeyId"),
    ("AWS::Redshift::Cluster", "/KmsKeyId"),
    ("AWS::SNS::Topic", "/KmsMasterKeyId"),
    ("AWS::SQS::Queue", "/KmsMasterKeyId"),
];

/// Truths that must not become false.
const TRUTHS: &[(&str, &str)] = &[
    ("AWS::Athena::WorkGroup", "/WorkGroupConfiguration/EnforceWorkGroupConfiguration"),
    ("AWS::DynamoDB::Table", "/SSESpecification/SSEEnabled"),
    ("AWS::KMS::Key", "/EnableKeyRotation"),
    ("AWS::Neptune::DBCluster", "/StorageEncrypted"),
    ("AWS::RDS::DBCluster", "/StorageEncrypted"),
    ("AWS::RDS::DBInstance", "/StorageEncrypted"),
    ("AWS::Redshift::Cluster", "/Encrypted"),
    ("AWS::SQS::Queue", "/SqsManagedSseEnabled"),
];

pub(super) fn check(desk: &Desk<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (changed, base) in desk.altered() {
        let (before, after) = (&base["Properties"], &changed.head["Properties"]);
        let mut find = |message: String| findings.push(desk.about(Code::EncryptionWeakened, changed, message));
        let own = |table: &'static [(&str, &str)]| {
            table.iter().filter(|(kind, _)| *kind == changed.kind).map(|(_, pointer)| *pointer)
        };
        for pointer in own(KEYS) {
            let is_there = |properties: &Value| properties.pointer(pointer).is_some_and(|value| !value.is_null());
            if is_there(before) && !is_there(after) {
                find(format!("{} is gone", pointer.trim_start_matches('/')));
            }
        }
        for pointer in own(TRUTHS) {
            let holds = |properties: &Value| properties.pointer(pointer).is_some_and(is_true);
            if holds(before) && !holds(after) {
                find(format!("{} was true and no longer is", pointer.trim_start_matches('/')));
            }
        }
        match changed.kind {
            "AWS::S3::Bucket" => {
                let (old, new) = (bucket(before), bucket(after));
                if new < old {
                    find(format!("the bucket was encrypted {} and would be {}", old.told(), new.told()));
                }
            }
            "AWS::S3::BucketPolicy" => {
                for (what, demands) in DEMANDS {
                    if demands(before) && !demands(after) {
                        find(format!("the policy no longer denies requests {what}"));
                    }
                }
            }
            _ => {}
        }
    }
    findings.extend(gone(desk));
    findings
}

/// A bucket's policy that demanded something and is gone altogether.
fn gone<'a>(desk: &'a Desk<'_>) -> impl Iterator<Item = Finding> + 'a {
    desk.gone.iter().filter(|gone| gone.kind == "AWS::S3::BucketPolicy").filter_map(|gone| {
        let (what, _) = DEMANDS.iter().find(|(_, demands)| demands(&gone.base["Properties"]))?;
        // a policy that moved to another logical id still demands it
        let policies = gone.document.resources().filter(|(_, kind, _)| *kind == "AWS::S3::BucketPolicy");
        let same = |entry: &Value| entry["Properties"]["Bucket"] == gone.base["Properties"]["Bucket"];
        let mut bucket_stays = gone
            .document
            .resources()
            .filter(|(id, kind, _)| *kind == "AWS::S3::Bucket" && gone.base["Properties"]["Bucket"]["Ref"] == **id);
        let (id, _, _) = bucket_stays.next()?;
        if policies.into_iter().any(|(_, _, entry)| same(entry)) {
            return None;
        }
        let stack = gone.document.id.to_string();
        let message = format!("{id} of {stack}: the policy of the bucket is gone, which denied requests {what}");
        let place = desk.place_of_stack(&gone.document.id);
        Some(desk.finding(Code::EncryptionWeakened, place, message, &[id, &stack, gone.document.id.owner()]))
    })
}

/// How a bucket is encrypted, the weakest first. Amazon S3 encrypts with its own keys where nothing is said (Amazon S3 user
/// guide, "Setting default server-side encryption behavior"), but a template that says nothing says less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Encryption {
    Unsaid,
    S3,
    AwsKey,
    OwnKey,
    OwnKeyTwice,
}

impl Encryption {
    const fn told(self) -> &'static str {
        match self {
            Self::Unsaid => "without a word of it",
            Self::S3 => "with keys of Amazon S3",
            Self::AwsKey => "with AWS's own KMS key",
            Self::OwnKey => "with a KMS key of its own",
            Self::OwnKeyTwice => "twice with a KMS key",
        }
    }
}

fn bucket(properties: &Value) -> Encryption {
    let rules = items(&properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]);
    let rules = rules.map(|rule| {
        let default = &rule["ServerSideEncryptionByDefault"];
        match (text(default, "/SSEAlgorithm"), default["KMSMasterKeyID"].is_null()) {
            ("aws:kms:dsse", _) => Encryption::OwnKeyTwice,
            ("aws:kms", false) => Encryption::OwnKey,
            ("aws:kms", true) => Encryption::AwsKey,
            ("AES256", _) => Encryption::S3,
            _ => Encryption::Unsaid,
        }
    });
    rules.max().unwrap_or(Encryption::Unsaid)
}

type Demands = fn(&Value) -> bool;

const DEMANDS: &[(&str, Demands)] = &[
    ("without TLS", |properties| denies(properties, |key| key.eq_ignore_ascii_case("aws:SecureTransport"))),
    ("that do not encrypt", |properties| {
        denies(properties, |key| key.to_lowercase().starts_with("s3:x-amz-server-side-encryption"))
    }),
];

/// Whether a statement denies something on a condition by a key.
fn denies(properties: &Value, key: impl Fn(&str) -> bool) -> bool {
    items(&properties["PolicyDocument"]["Statement"]).filter(|statement| statement["Effect"] == "Deny").any(
        |statement| {
            let operators = statement["Condition"].as_object().into_iter().flatten();
            operators.filter_map(|(_, keys)| keys.as_object()).flatten().any(|(name, _)| key(name))
        },
    )
}
