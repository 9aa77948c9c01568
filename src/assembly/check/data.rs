//! Data that must not be lost or opened: buckets, keys, settings.

use super::Checker;
use crate::assembly::Document;
use crate::finding::Code;
use serde_json::Value;

/// Types that hold what cannot be made again, or that the account needs after the mesh.
const RETAINED: [&str; 6] = [
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::LakeFormation::DataLakeSettings",
    "AWS::Neptune::DBCluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::S3::Bucket",
];

pub(super) fn check(checker: &mut Checker<'_>, document: &Document) {
    for (id, type_name, entry) in document.resources() {
        // the account's own `default` may be in others' use by the time the mesh goes
        let is_default = entry["Properties"]["DatabaseInput"]["Name"] == "default";
        if (is_default || RETAINED.contains(&type_name))
            && (entry["DeletionPolicy"] != "Retain" || entry["UpdateReplacePolicy"] != "Retain")
        {
            let message = format!("a {type_name} would be deleted with its stack or at its replacement");
            checker.find(Code::DataNotRetained, &document.id, id, message);
        }
        let properties = &entry["Properties"];
        match type_name {
            "AWS::S3::Bucket" => bucket(checker, document, id, properties),
            "AWS::Glue::Database" => database(checker, document, id, &properties["DatabaseInput"]),
            "AWS::LakeFormation::DataLakeSettings" => settings(checker, document, id, properties),
            _ => {}
        }
    }
}

fn bucket(checker: &mut Checker<'_>, document: &Document, id: &str, properties: &Value) {
    let mut lacking = Vec::new();
    if properties["BucketEncryption"].is_null() {
        lacking.push("encryption");
    }
    if properties["OwnershipControls"]["Rules"][0]["ObjectOwnership"] != "BucketOwnerEnforced" {
        lacking.push("enforced ownership");
    }
    let blocks = &properties["PublicAccessBlockConfiguration"];
    if ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
        .iter()
        .any(|block| blocks[*block] != true)
    {
        lacking.push("a block on public access");
    }
    if !lacking.is_empty() {
        checker.find(Code::BucketNotPrivate, &document.id, id, format!("the bucket lacks {}", lacking.join(", ")));
    }
}

/// A database's own default for its tables overrides the settings; a link has no tables.
fn database(checker: &mut Checker<'_>, document: &Document, id: &str, input: &Value) {
    let closed = input["CreateTableDefaultPermissions"].as_array().is_some_and(Vec::is_empty);
    if input["TargetDatabase"].is_null() && !closed {
        checker.find(Code::SettingsOpen, &document.id, id, "new tables of the database are not closed".to_owned());
    }
}

fn settings(checker: &mut Checker<'_>, document: &Document, id: &str, properties: &Value) {
    let empty = |field: &str| properties[field].as_array().is_some_and(Vec::is_empty);
    let mut open = Vec::new();
    if !empty("CreateDatabaseDefaultPermissions") {
        open.push("new databases are not closed");
    }
    if !empty("CreateTableDefaultPermissions") {
        open.push("new tables are not closed");
    }
    if properties["MutationType"] != "APPEND" {
        open.push("the admins that stand would be replaced");
    }
    let admins = properties["Admins"].as_array().map_or(0, Vec::len);
    if !(1..=30).contains(&admins) {
        open.push("there are not 1 to 30 admins");
    }
    if !open.is_empty() {
        checker.find(Code::SettingsOpen, &document.id, id, open.join(", "));
    }
}
