//! Policies: no `*` without a reason, no principal that may not exist yet, no Deny that hits an absent header.

use super::Checker;
use super::wildcards::EXCEPTIONS;
use crate::assembly::{Document, Layer};
use crate::finding::Code;
use serde_json::Value;
use std::borrow::Cow;

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
        for statement in statements(properties) {
            statement_rules(checker, document, id, type_name, &statement);
        }
        for arn in
            many(&properties["ManagedPolicyArns"]).into_iter().flat_map(texts).filter(|arn| arn.starts_with("arn:"))
        {
            let message = format!("it attaches `{arn}`, whose statements are not in the templates");
            checker.find(Code::WildcardInPolicy, &document.id, id, message);
        }
        if type_name == "AWS::IAM::Role" && document.layer != Some(Layer::Bootstrap) {
            role_rules(checker, document, id, properties);
        }
    }
}

/// Every statement of every policy in a resource's properties.
pub(super) fn statements(properties: &Value) -> Vec<Value> {
    let mut documents = Vec::new();
    policy_documents(properties, &mut documents);
    documents.iter().flat_map(|policy| many(&policy["Statement"])).cloned().collect()
}

/// Stands for a principal with a `*`, so that an exception for the resource `*` does not cover it.
const EVERYONE: &str = "everyone";

/// Actions, resources and principals with a wildcard of an Allow statement; none of a Deny.
pub(super) fn wildcards(statement: &Value) -> Vec<(&'static str, &str)> {
    if statement["Effect"] != "Allow" {
        return Vec::new();
    }
    let fields = [("action", "Action"), ("resource", "Resource")];
    let all =
        fields.into_iter().flat_map(|(what, field)| texts(&statement[field]).into_iter().map(move |text| (what, text)));
    let mut found: Vec<_> = all.filter(|(_, text)| text.contains(['*', '?'])).collect();
    if texts(&statement["Principal"]).iter().any(|principal| principal.contains('*')) {
        found.push(("principal", EVERYONE));
    }
    found
}

/// Every object with a `Statement`, wherever the type keeps it, also where it stands as text.
fn policy_documents<'a>(value: &'a Value, documents: &mut Vec<Cow<'a, Value>>) {
    match value {
        Value::Object(object) if object.contains_key("Statement") => documents.push(Cow::Borrowed(value)),
        Value::Object(object) => object.values().for_each(|value| policy_documents(value, documents)),
        Value::Array(items) => items.iter().for_each(|value| policy_documents(value, documents)),
        Value::String(text) if text.contains("\"Statement\"") => {
            documents.extend(serde_json::from_str(text).map(Cow::Owned))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every text in a value, also below intrinsic functions.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(object) => object.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
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
        for field in
            ["NotAction", "NotPrincipal", "NotResource"].into_iter().filter(|field| !statement[*field].is_null())
        {
            let message = format!("statement `{sid}` allows everything but what its {field} names");
            checker.find(Code::WildcardInPolicy, &document.id, id, message);
        }
        // an endpoint's policy grants nothing, and `endpoints` asks for its condition
        let is_door = type_name == "AWS::EC2::VPCEndpoint";
        for (what, text) in wildcards(statement).into_iter().filter(|(_, text)| !is_door || *text != EVERYONE) {
            // `*` alone is an exception of resources only
            let all_actions = what == "action" && text == "*";
            // no exception makes a policy public
            let public = text == EVERYONE && statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"].is_null();
            if all_actions || public || !EXCEPTIONS.iter().any(|exception| exception.covers(type_name, sid, text)) {
                let message = if text == EVERYONE {
                    format!("statement `{sid}` allows everyone")
                } else {
                    format!("statement `{sid}` allows the {what} `{text}`")
                };
                checker.find(Code::WildcardInPolicy, &document.id, id, message);
            }
        }
    }
    for principal in texts(&statement["Principal"]["AWS"]) {
        if principal.starts_with("arn:") && !principal.ends_with(":root") {
            let message = format!("statement `{sid}` names the principal `{principal}`, which may not exist yet");
            checker.find(Code::PolicyNamesPrincipal, &document.id, id, message);
        }
    }
    if statement["Effect"] == "Deny" {
        let conditions = &statement["Condition"];
        let is_negated = |operator: &str| NEGATED.contains(&operator.strip_prefix("ForAllValues:").unwrap_or(operator));
        let operators = conditions.as_object().into_iter().flatten().filter(|(operator, _)| is_negated(operator));
        for (operator, keys) in operators {
            for key in keys.as_object().into_iter().flat_map(serde_json::Map::keys) {
                // `Null: true` would ask for the absent key
                let test = many(&conditions["Null"][key]);
                if !test.iter().any(|value| **value == "false" || **value == false) {
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
    let boundary = properties["PermissionsBoundary"].as_str().unwrap_or("none");
    let mesh = path.trim_matches('/');
    let of_mesh = !mesh.is_empty()
        && document.layer.is_some_and(|layer| document.id.name().starts_with(&format!("{mesh}-{}", layer.name())));
    if !of_mesh || !boundary.ends_with(&format!(":{}:policy/{mesh}-boundary", document.account)) {
        let message = format!("the role has the path `{path}` and the boundary `{boundary}`");
        checker.find(Code::RoleUnbounded, &document.id, id, message);
    }
}
