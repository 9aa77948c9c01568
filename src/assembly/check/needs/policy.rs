//! Policies of roles as they decide: which actions on which resources, under which ceiling.

use crate::access::fits;
use crate::assembly::Document;
use serde_json::Value;

/// A statement without its principals.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    allows: bool,
    conditional: bool,
    actions: Vec<String>,
    resources: Vec<String>,
}

impl Statement {
    /// The statements of a policy document; resources that AWS names stand as [`resolved`] writes them.
    pub(super) fn all(document: &Document, policy: &Value) -> Vec<Self> {
        many(&policy["Statement"]).into_iter().map(|statement| Self::of(document, statement)).collect()
    }

    fn of(document: &Document, statement: &Value) -> Self {
        let actions = many(&statement["Action"]).into_iter().filter_map(Value::as_str);
        Self {
            allows: statement["Effect"] == "Allow",
            conditional: statement["Condition"].is_object(),
            actions: actions.map(str::to_owned).collect(),
            resources: many(&statement["Resource"]).into_iter().filter_map(|value| resolved(document, value)).collect(),
        }
    }

    /// Whether the statement speaks of an action on a resource.
    fn covers(&self, action: &str, resource: &str) -> bool {
        self.actions.iter().any(|pattern| fits(pattern, action))
            && self.resources.iter().any(|pattern| fits(pattern, resource))
    }

    /// The actions that the statement allows, as they are written.
    pub(super) fn allowed(&self) -> &[String] {
        if self.allows { &self.actions } else { &[] }
    }

    /// The resources it names.
    pub(super) fn resources(&self) -> &[String] {
        &self.resources
    }

    /// Puts what another stack made in the place of a wire.
    pub(super) fn rewire(&mut self, made: impl Fn(&str) -> Option<String>) {
        for resource in &mut self.resources {
            if let Some(text) = made(resource) {
                *resource = text;
            }
        }
    }
}

/// Whether some statements allow an action on a resource. A denial under a condition does not count: whether it holds is
/// known only when somebody calls; neither is the condition of an allowance looked at.
pub(super) fn allow(statements: &[Statement], action: &str, resource: &str) -> bool {
    let mut allowed = false;
    for statement in statements.iter().filter(|statement| statement.allows || !statement.conditional) {
        // what is allowed already is asked for denials alone
        if !(statement.allows && allowed) && statement.covers(action, resource) {
            if !statement.allows {
                return false;
            }
            allowed = true;
        }
    }
    allowed
}

/// One or several, as policies allow.
pub(super) fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        single @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![single],
    }
}

/// The ARN, or the text, that a value stands for. A key's id is AWS's to make: the stack and the logical id stand for it.
/// A parameter stands as `wire:<stack>/<output>` until all stacks are known.
pub(super) fn resolved(document: &Document, value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    // what AWS makes stands by its logical id, here as in what is needed
    if let Some(text) = value["Fn::Sub"].as_str() {
        return Some(text.replace("${", "").replace('}', ""));
    }
    let (id, is_attribute) = match (&value["Ref"], &value["Fn::GetAtt"][0]) {
        (Value::String(id), _) => (id, false),
        (_, Value::String(id)) => (id, true),
        _ => return None,
    };
    if let Some((_, stack, output)) = document.wires.iter().find(|(name, _, _)| name == id) {
        return Some(wire(stack.to_string().as_str(), output));
    }
    let entry = &document.template["Resources"][id.as_str()];
    let properties = &entry["Properties"];
    let partition = crate::mesh::Region::parse(&document.region).map_or("aws", |region| region.partition());
    match entry["Type"].as_str()? {
        "AWS::KMS::Key" => {
            Some(format!("arn:{partition}:kms:{}:{}:key/{}/{id}", document.region, document.account, document.id))
        }
        "AWS::S3::Bucket" if is_attribute => {
            Some(format!("arn:{partition}:s3:::{}", properties["BucketName"].as_str()?))
        }
        "AWS::S3::Bucket" => properties["BucketName"].as_str().map(str::to_owned),
        type_name => super::super::uses::made(document, type_name, properties),
    }
}

/// Stands for an output of another stack.
pub(super) fn wire(stack: &str, output: &str) -> String {
    format!("wire:{stack}/{output}")
}
