//! Policies: no `*` without a reason, no principal that may not exist yet, no Deny that hits an absent header.

use super::Checker;
use crate::assembly::Document;
use crate::assembly::Layer;
use crate::finding::Code;
use serde_json::Value;

/// A `*` that is taken on knowingly.
pub(super) struct Exception {
    /// Type of the resource that holds the policy; empty for any.
    pub(super) holder: &'static str,
    /// Statement id; empty for any.
    pub(super) sid: &'static str,
    /// The action or resource, with `…` for any run of characters without `*` or `:`.
    pub(super) pattern: &'static str,
    /// Why it is right.
    pub(super) reason: &'static str,
}

/// Every `*` that an Allow statement may have. A test shows that each entry is used; the docs list them.
pub(super) const EXCEPTIONS: &[Exception] = &[
    Exception {
        holder: "AWS::KMS::Key",
        sid: "AccountRoot",
        pattern: "kms:*",
        reason: "a key policy without the account's root can lock everyone out of the key for ever (AWS KMS, default key policy)",
    },
    Exception {
        holder: "AWS::KMS::Key",
        sid: "",
        pattern: "*",
        reason: "in a key policy the resource `*` is the key itself",
    },
    Exception {
        holder: "",
        sid: "",
        pattern: "arn:…:s3:::…/*",
        reason: "all objects below one prefix of one bucket, or of one bucket",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadCatalog",
        pattern: "arn:…:glue:…:…:table/…/*",
        reason: "all tables of one named database; Lake Formation decides which",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadData",
        pattern: "*",
        reason: "lakeformation:GetDataAccess has no resources (service authorization reference); the grants decide",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "QueryMesh",
        pattern: "athena:*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "QueryMesh",
        pattern: "arn:…:athena:…:…:workgroup/…-*",
        reason: "the mesh's workgroups begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "glue:BatchGet*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "glue:Get*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "arn:…:glue:…:*:catalog",
        reason: "the catalogs of the mesh are in many accounts; their owners' grants decide",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "arn:…:glue:…:*:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshCatalog",
        pattern: "arn:…:glue:…:*:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadMeshData",
        pattern: "*",
        reason: "lakeformation:GetDataAccess has no resources; a boundary grants nothing",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "UseMeshBuckets",
        pattern: "s3:*",
        reason: "a boundary grants nothing; under it each role names its actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "UseMeshBuckets",
        pattern: "arn:…:s3:::…-*",
        reason: "the mesh's buckets begin with the tenant's and its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "UseMeshKeys",
        pattern: "arn:…:kms:…:*:key/*",
        reason: "AWS makes the ids of keys; the keys' own policies decide",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadStacks",
        pattern: "arn:…:cloudformation:…:…:stack/…-*/*",
        reason: "the mesh's stacks begin with its name; AWS makes the rest of the ARN",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "Stacks",
        pattern: "arn:…:cloudformation:…:…:stack/…-*/*",
        reason: "the mesh's stacks begin with its name; AWS makes the rest of the ARN",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ListStacks",
        pattern: "*",
        reason: "cloudformation:ListStacks has no resources (service authorization reference); it reads names only",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadGrants",
        pattern: "*",
        reason: "Lake Formation's actions have no resources (service authorization reference); these read only",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadCatalogs",
        pattern: "arn:…:glue:…:…:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::Role",
        sid: "ReadCatalogs",
        pattern: "arn:…:glue:…:…:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Roles",
        pattern: "arn:…:iam::…:role/…/*",
        reason: "the roles that the mesh makes lie under its path",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "RolesUnderBoundary",
        pattern: "arn:…:iam::…:role/…/*",
        reason: "the roles that the mesh makes lie under its path, and only with its boundary",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "PassRoles",
        pattern: "arn:…:iam::…:role/…/*",
        reason: "the roles that the mesh makes lie under its path",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Catalog",
        pattern: "arn:…:glue:…:…:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Catalog",
        pattern: "arn:…:glue:…:…:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "SharedCatalog",
        pattern: "arn:…:glue:…:…:database/…_*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "SharedCatalog",
        pattern: "arn:…:glue:…:…:table/…_*/*",
        reason: "the mesh's databases begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "LakeFormation",
        pattern: "*",
        reason: "Lake Formation's actions have no resources (service authorization reference)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Workgroups",
        pattern: "arn:…:athena:…:…:workgroup/…-*",
        reason: "the mesh's workgroups begin with its name",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "CreateShares",
        pattern: "*",
        reason: "a share has no ARN before it is made; the types are limited by condition (AWSLakeFormationCrossAccountManager)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ChangeShares",
        pattern: "*",
        reason: "Lake Formation names the shares; limited to its own by condition (AWSLakeFormationCrossAccountManager)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "ReadShares",
        pattern: "*",
        reason: "these read only and have no narrower resource (AWSLakeFormationCrossAccountManager)",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Buckets",
        pattern: "arn:…:s3:::…-*",
        reason: "the mesh's buckets begin with the tenant's and its name; no action on objects is among these",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "NewKeys",
        pattern: "*",
        reason: "a key has no ARN before it is made",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Keys",
        pattern: "arn:…:kms:…:…:key/*",
        reason: "AWS makes the ids of keys; using them is not among these actions",
    },
    Exception {
        holder: "AWS::IAM::ManagedPolicy",
        sid: "Keys",
        pattern: "arn:…:kms:…:…:alias/…/*",
        reason: "the mesh's aliases begin with its name",
    },
];

/// Negated operators: true when the key is absent.
const NEGATED: [&str; 9] = [
    "ArnNotEquals",
    "ArnNotLike",
    "DateNotEquals",
    "NotIpAddress",
    "NumericNotEquals",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
    "BinaryNotEquals",
];

pub(super) fn check(checker: &mut Checker<'_>, document: &Document) {
    for (id, type_name, entry) in document.resources() {
        let properties = &entry["Properties"];
        let mut documents = Vec::new();
        policy_documents(properties, &mut documents);
        for statement in documents.into_iter().flat_map(|policy| many(&policy["Statement"])) {
            statement_rules(checker, document, id, type_name, statement);
        }
        if type_name == "AWS::IAM::Role" && document.layer != Layer::Bootstrap {
            role_rules(checker, document, id, properties);
        }
    }
}

/// Every object with a `Statement` and a `Version`, wherever the type keeps it.
fn policy_documents<'a>(value: &'a Value, documents: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) if object.contains_key("Statement") && object.contains_key("Version") => {
            documents.push(value)
        }
        Value::Object(object) => object.values().for_each(|value| policy_documents(value, documents)),
        Value::Array(items) => items.iter().for_each(|value| policy_documents(value, documents)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// One or several, as policies allow.
fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        single @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![single],
    }
}

fn statement_rules(checker: &mut Checker<'_>, document: &Document, id: &str, type_name: &str, statement: &Value) {
    let sid = statement["Sid"].as_str().unwrap_or_default();
    if statement["Effect"] == "Allow" {
        for field in ["Action", "NotAction", "Resource", "NotResource"] {
            for text in many(&statement[field]).into_iter().filter_map(Value::as_str).filter(|text| text.contains('*'))
            {
                if !EXCEPTIONS.iter().any(|exception| exception.covers(type_name, sid, text)) {
                    let message = format!("statement `{sid}` allows {} `{text}`", field.to_lowercase());
                    checker.find(Code::WildcardInPolicy, &document.id, id, message);
                }
            }
        }
        if statement["Principal"] == "*"
            || many(&statement["Principal"]["AWS"]).iter().any(|principal| *principal == "*")
        {
            let message = format!("statement `{sid}` allows everyone");
            checker.find(Code::WildcardInPolicy, &document.id, id, message);
        }
    }
    for principal in many(&statement["Principal"]["AWS"]).into_iter().filter_map(Value::as_str) {
        if principal != "*" && principal.starts_with("arn:") && !principal.ends_with(":root") {
            let message = format!("statement `{sid}` names the principal `{principal}`, which may not exist yet");
            checker.find(Code::PolicyNamesPrincipal, &document.id, id, message);
        }
    }
    if statement["Effect"] == "Deny" {
        let conditions = &statement["Condition"];
        for operator in NEGATED {
            for key in conditions[operator].as_object().into_iter().flat_map(serde_json::Map::keys) {
                if conditions["Null"][key].is_null() {
                    let message =
                        format!("statement `{sid}` denies by {operator} on `{key}`, also where the key is absent");
                    checker.find(Code::DenyWithoutNull, &document.id, id, message);
                }
            }
        }
    }
}

fn role_rules(checker: &mut Checker<'_>, document: &Document, id: &str, properties: &Value) {
    let path = properties["Path"].as_str().unwrap_or("/");
    if properties["PermissionsBoundary"].is_null() || path == "/" {
        let message = format!(
            "the role has the path `{path}` and {} boundary",
            if properties["PermissionsBoundary"].is_null() { "no" } else { "a" }
        );
        checker.find(Code::RoleUnbounded, &document.id, id, message);
    }
}

impl Exception {
    /// Whether this exception allows a text with a `*`.
    pub(super) fn covers(&self, holder: &str, sid: &str, text: &str) -> bool {
        (self.holder.is_empty() || self.holder == holder)
            && (self.sid.is_empty() || self.sid == sid)
            && fits(self.pattern, text)
    }
}

/// Whether a text fits a pattern in which `…` stands for a run of characters without `*` or `:`.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('…') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            let run = text.find(['*', ':']).unwrap_or(text.len());
            (0..=run).filter(|end| text.is_char_boundary(*end)).any(|end| fits(rest, &text[end..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn an_ellipsis_covers_no_star_and_no_colon() {
        assert!(fits("arn:…:s3:::…/*", "arn:aws:s3:::acme-demo-sales-data-444444444444/products/*"));
        assert!(!fits("arn:…:s3:::…/*", "arn:aws:s3:::*/*"));
        assert!(!fits("arn:…:s3:::…-*", "arn:aws:s3:::*"));
        assert!(!fits("arn:…:iam::…:role/…/*", "arn:aws:iam::*:role/demo/*"));
    }
}
