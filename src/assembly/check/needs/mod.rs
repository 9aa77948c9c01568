//! What roles are used for, and so what they must be allowed: by their own policies, and under their boundary.
//!
//! Every use stands in the templates: a workgroup that bears the role's name, a registered location, a rule's target, the
//! steps of a state machine. A role that lacks an action fails at night; this rule says so before.

mod crawlers;
mod execution;
mod jobs;
mod policy;
mod services;
mod steps;
mod tools;

use super::Checker;
use crate::access::Spot;
use crate::assembly::{Document, StackId};
use crate::finding::Code;
use policy::{Statement, allow, resolved, wire};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Begins a need of the key that encrypts a bucket, whichever it is.
const KEY_OF: &str = "key of ";

/// Everything that the rule reads, stack by stack.
#[derive(Default)]
pub(super) struct Needs {
    /// By ARN.
    roles: BTreeMap<String, Role>,
    /// By a role's ARN: the statements of policies that stand beside it.
    further: BTreeMap<String, Vec<Statement>>,
    /// By ARN: the statements of managed policies, among which are the boundaries.
    policies: BTreeMap<String, Vec<Statement>>,
    /// By bucket: the key that encrypts it.
    keys: BTreeMap<String, String>,
    /// What outputs stand for.
    outputs: BTreeMap<String, String>,
    needs: BTreeSet<Need>,
    /// By product: where its tables are.
    products: BTreeMap<String, String>,
    /// By product: where its raw files are.
    raw: BTreeMap<String, String>,
    /// Roles that make a product.
    makers: Vec<Maker>,
    /// CloudFormation's own roles.
    execution: execution::Execution,
}

/// A role that makes a product.
struct Maker {
    /// Where it stands, without the template itself.
    document: Document,
    resource: String,
    role: String,
    product: String,
}

/// A role with what it may do.
struct Role {
    spot: Spot,
    statements: Vec<Statement>,
    boundary: Option<String>,
}

/// An action that a role needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    role: String,
    action: String,
    resource: String,
    /// What it needs it for: a resource of the templates.
    what: String,
}

impl Needs {
    /// Reads a template.
    pub(super) fn read(&mut self, document: &Document) {
        self.execution.read(document);
        for (id, type_name, entry) in document.resources() {
            let properties = &entry["Properties"];
            match type_name {
                "AWS::IAM::Role" => {
                    self.role(document, id, properties);
                    self.maker(document, id, properties);
                }
                "AWS::Glue::Database" => {
                    // a local database lies over raw files
                    let location = properties["DatabaseInput"]["LocationUri"].as_str();
                    let location = location.filter(|uri| uri.contains("/products/"));
                    if let Some((product, location)) = location.and_then(|uri| Some((last_segment(uri)?, uri))) {
                        self.products.insert(product.to_owned(), location.to_owned());
                    }
                }
                "AWS::Glue::Crawler" => {
                    for target in properties["Targets"]["S3Targets"].as_array().into_iter().flatten() {
                        if let Some((product, path)) =
                            target["Path"].as_str().and_then(|path| Some((last_segment(path)?, path)))
                        {
                            self.raw.insert(product.to_owned(), path.to_owned());
                        }
                    }
                }
                "AWS::IAM::RolePolicy" => {
                    let statements = Statement::all(document, &properties["PolicyDocument"]);
                    if let Some(role) = resolved(document, &properties["RoleName"]) {
                        self.further.entry(role).or_default().extend(statements);
                    }
                }
                "AWS::IAM::ManagedPolicy" => self.policy(document, properties),
                "AWS::S3::Bucket" => {
                    let rule = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
                    let key = resolved(document, &rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]);
                    if let (Some(bucket), Some(key)) = (properties["BucketName"].as_str(), key) {
                        self.keys.insert(bucket.to_owned(), key);
                    }
                }
                _ => {}
            }
            self.needs.extend(services::needs(document, id, type_name, properties));
        }
        for (name, output) in document.template["Outputs"].as_object().into_iter().flatten() {
            if let Some(value) = resolved(document, &output["Value"]) {
                self.outputs.insert(wire(&document.id.to_string(), name), value);
            }
        }
    }

    /// Adds what was read of other templates.
    pub(super) fn append(&mut self, other: Self) {
        let Self { roles, further, policies, keys, outputs, needs, products, raw, makers, execution } = other;
        self.roles.extend(roles);
        for (role, statements) in further {
            self.further.entry(role).or_default().extend(statements);
        }
        self.policies.extend(policies);
        self.keys.extend(keys);
        self.outputs.extend(outputs);
        self.needs.extend(needs);
        self.products.extend(products);
        self.raw.extend(raw);
        self.makers.extend(makers);
        self.execution.append(execution);
    }

    fn role(&mut self, document: &Document, id: &str, properties: &Value) {
        let Some(arn) = super::uses::made(document, "AWS::IAM::Role", properties) else { return };
        let policies = properties["Policies"].as_array().into_iter().flatten();
        let statements = policies.flat_map(|policy| Statement::all(document, &policy["PolicyDocument"])).collect();
        let spot = Spot { stack: document.id.clone(), resource: id.to_owned() };
        let boundary = properties["PermissionsBoundary"].as_str().map(str::to_owned);
        self.roles.insert(arn, Role { spot, statements, boundary });
    }

    /// Remembers a role that makes a product: its name says so, and its tag says which.
    fn maker(&mut self, document: &Document, id: &str, properties: &Value) {
        let mesh = properties["Path"].as_str().unwrap_or_default().trim_matches('/');
        let makes = properties["RoleName"].as_str().is_some_and(|name| name.starts_with(&format!("{mesh}-job-")));
        let tags = properties["Tags"].as_array().into_iter().flatten();
        let product = tags.into_iter().find(|tag| tag["Key"] == "product").and_then(|tag| tag["Value"].as_str());
        let role = super::uses::made(document, "AWS::IAM::Role", properties);
        if let (true, Some(product), Some(role)) = (makes, product, role) {
            let document = Document { template: Value::Null.into(), ..document.clone() };
            self.makers.push(Maker { document, resource: id.to_owned(), role, product: product.to_owned() });
        }
    }

    /// What the makers of products need: to write its files, and to read the raw ones.
    fn of_makers(&self) -> Vec<Need> {
        let mut needs = Vec::new();
        for Maker { document, resource, role, product } in &self.makers {
            let user = Use { role: role.clone(), stack: &document.id, id: resource };
            needs.extend(self.products.get(product).into_iter().flat_map(|at| jobs::product(document, &user, at)));
            needs.extend(self.raw.get(product).into_iter().flat_map(|at| jobs::raw(document, &user, at)));
        }
        needs
    }

    fn policy(&mut self, document: &Document, properties: &Value) {
        let (Some(name), path) = (properties["ManagedPolicyName"].as_str(), properties["Path"].as_str()) else {
            return;
        };
        let partition = crate::mesh::Region::parse(&document.region).map_or("aws", |region| region.partition());
        let arn = format!("arn:{partition}:iam::{}:policy{}{name}", document.account, path.unwrap_or("/"));
        self.policies.insert(arn, Statement::all(document, &properties["PolicyDocument"]));
    }

    /// Checks every need of every role.
    pub(super) fn check(mut self, checker: &mut Checker<'_>) {
        for (spot, type_name, actions) in self.execution.lacking() {
            let message = format!("its policies lack {}, for {type_name}", actions.join(", "));
            checker.find_at(Code::RoleLacksAction, spot, message);
        }
        self.rewire();
        let mut needs = std::mem::take(&mut self.needs);
        needs.extend(self.keys_of_objects());
        needs.extend(self.of_makers());
        let found = needs.par_iter().filter_map(|need| Some((need, self.lacking(need)?)));
        let mut lacking: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
        for (need, place) in found.collect::<Vec<_>>() {
            lacking.entry((&need.role, &need.what, place)).or_default().push(&need.action);
        }
        for ((role, what, place), actions) in lacking {
            let message = format!("{place} lacks {}, for {what}", actions.join(", "));
            checker.find_at(Code::RoleLacksAction, &self.roles[role].spot, message);
        }
    }

    /// Where a role lacks what it needs, if it does.
    fn lacking(&self, need: &Need) -> Option<&'static str> {
        // a role that no template makes is told elsewhere
        let role = self.roles.get(&need.role)?;
        let resource = match need.resource.strip_prefix(KEY_OF) {
            Some(bucket) => self.keys.get(bucket)?,
            None => &need.resource,
        };
        let refuses = |arn| self.policies.get(arn).is_some_and(|boundary| !allow(boundary, &need.action, resource));
        if !allow(&role.statements, &need.action, resource) {
            return Some("its policy");
        }
        role.boundary.as_ref().is_some_and(refuses).then_some("its boundary")
    }

    /// Puts what other stacks made in the place of wires.
    fn rewire(&mut self) {
        for (arn, statements) in std::mem::take(&mut self.further) {
            if let Some(role) = self.roles.get_mut(&arn) {
                role.statements.extend(statements);
            }
        }
        let outputs = std::mem::take(&mut self.outputs);
        let made = |text: &str| outputs.get(text).cloned();
        for role in self.roles.values_mut() {
            role.statements.iter_mut().for_each(|statement| statement.rewire(made));
        }
        for key in self.keys.values_mut() {
            if let Some(text) = made(key) {
                *key = text;
            }
        }
    }

    /// Who reads objects of an encrypted bucket decrypts with its key; who writes them encrypts (AWS KMS developer guide,
    /// "How Amazon S3 uses AWS KMS").
    fn keys_of_objects(&self) -> Vec<Need> {
        let mut needs = Vec::new();
        for (arn, role) in &self.roles {
            for statement in &role.statements {
                for (object, key) in [("s3:GetObject", "kms:Decrypt"), ("s3:PutObject", "kms:GenerateDataKey")] {
                    if !statement.allowed().iter().any(|action| action == object) {
                        continue;
                    }
                    for bucket in statement.resources().iter().filter_map(|resource| bucket_of(resource)) {
                        needs.push(Need {
                            role: arn.clone(),
                            action: key.to_owned(),
                            resource: format!("{KEY_OF}{bucket}"),
                            what: format!("the objects of {bucket}"),
                        });
                    }
                }
            }
        }
        needs
    }
}

/// The last part of a path that ends with a slash.
fn last_segment(uri: &str) -> Option<&str> {
    uri.strip_suffix('/')?.rsplit('/').next()
}

/// The bucket of an object's ARN.
fn bucket_of(resource: &str) -> Option<&str> {
    resource.split_once(":s3:::")?.1.split('/').next()
}

/// Who needs what, for a resource of a template.
struct Use<'a> {
    role: String,
    stack: &'a StackId,
    id: &'a str,
}

impl Use<'_> {
    fn all<'n>(&'n self, resource: &'n str, actions: &'n [&'n str]) -> impl Iterator<Item = Need> + 'n {
        actions.iter().map(move |action| Need {
            role: self.role.clone(),
            action: (*action).to_owned(),
            resource: resource.to_owned(),
            what: format!("{} in {}", self.id, self.stack),
        })
    }
}
