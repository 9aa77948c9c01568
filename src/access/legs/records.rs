//! What the templates say about policies, buckets, keys, networks and machines, one record for each resource.

use super::policy::{Policy, Statement};
use super::text::{Outputs, Reader, Text, many};
use crate::access::Spot;
use crate::access::settle::mark;
use crate::assembly::{Document, StackId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A role.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) spot: Spot,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) arn: Text,
    pub(super) name: Text,
    pub(super) tags: Vec<(String, String)>,
    pub(super) policy: Policy,
    /// ARNs of managed policies.
    pub(super) attached: Vec<Text>,
    pub(super) boundary: Option<Text>,
    pub(super) trust: Policy,
}

/// A policy of its own: inline in roles, managed, or both.
#[derive(Debug, Clone)]
pub(super) struct Standalone {
    pub(super) account: String,
    /// Names of the roles that it is attached to here.
    pub(super) roles: Vec<Text>,
    /// The ARN of a managed one.
    pub(super) arn: Option<Text>,
    pub(super) policy: Policy,
}

/// A bucket.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) spot: Spot,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) name: Text,
    /// Whether its objects are encrypted by AWS KMS, and with which key; `None` inside for the key that AWS keeps.
    pub(super) key: Option<Option<Text>>,
}

/// A policy of a bucket.
#[derive(Debug, Clone)]
pub(super) struct BucketPolicy {
    pub(super) bucket: Text,
    pub(super) policy: Policy,
}

/// A key.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) account: String,
    /// What stands for its id.
    pub(super) id: String,
    pub(super) arn: Text,
    pub(super) policy: Policy,
}

/// Another name of a key.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    pub(super) account: String,
    pub(super) name: Text,
    pub(super) key: Text,
}

/// A registered location.
#[derive(Debug, Clone)]
pub(super) struct Registration {
    pub(super) spot: Spot,
    pub(super) account: String,
    pub(super) arn: Text,
    /// Nothing for the service-linked role.
    pub(super) role: Option<Text>,
    /// Whether it may be used past Lake Formation too.
    pub(super) hybrid: bool,
}

/// A database or a link by its name, with what it points to.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) account: String,
    pub(super) name: Text,
    pub(super) target: Option<(Text, Text)>,
}

/// An endpoint of a network.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) spot: Spot,
    pub(super) network: Text,
    pub(super) service: Text,
    pub(super) gateway: bool,
    /// Whether names of the service lead to it.
    pub(super) reached: bool,
    /// Nothing for AWS's own, which lets everyone through.
    pub(super) policy: Option<Policy>,
}

/// Where something works as a role.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) role: Text,
    pub(super) ground: Ground,
}

/// The ground that something works on.
#[derive(Debug, Clone)]
pub(super) enum Ground {
    /// A network, by its id.
    Network(Text),
    /// The network of a subnet.
    Subnet(Text),
    /// The domain of a user profile.
    Domain(Text),
    /// No network of ours.
    Outside,
}

/// A state machine.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub(super) spot: Spot,
    pub(super) account: String,
    pub(super) role: Text,
    /// Its queries that copy.
    pub(super) queries: Vec<Text>,
}

/// A workgroup.
#[derive(Debug, Clone)]
pub(super) struct WorkGroup {
    pub(super) spot: Spot,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) name: Text,
    pub(super) output: Option<Text>,
}

/// Everything that some templates say.
#[derive(Debug, Clone, Default)]
pub(super) struct Records {
    pub(super) roles: Vec<Role>,
    pub(super) standalone: Vec<Standalone>,
    pub(super) buckets: Vec<Bucket>,
    pub(super) bucket_policies: Vec<BucketPolicy>,
    pub(super) keys: Vec<Key>,
    pub(super) aliases: Vec<Alias>,
    pub(super) registrations: Vec<Registration>,
    pub(super) databases: Vec<Named>,
    /// Locations that stand as intrinsics.
    pub(super) locations: Vec<(Spot, Text)>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) works: Vec<Work>,
    /// Subnets with their networks.
    pub(super) subnets: Vec<(String, Text)>,
    /// Domains of SageMaker with their networks; none where their applications reach the internet.
    pub(super) domains: Vec<(String, Option<Text>)>,
    /// Where something leads out of a network.
    pub(super) ways_out: Vec<Ground>,
    pub(super) machines: Vec<Machine>,
    pub(super) workgroups: Vec<WorkGroup>,
    pub(super) outputs: Outputs,
    pub(super) regions: BTreeMap<StackId, String>,
    /// The organizations that an account's policies name.
    pub(super) organizations: BTreeMap<String, BTreeSet<String>>,
}

impl Records {
    /// Reads one template.
    pub(super) fn read(&mut self, document: &Document) {
        self.regions.insert(document.id.clone(), document.region.clone());
        let reader = Reader { document };
        for (id, type_name, entry) in document.resources() {
            let reading = Reading { reader: &reader, id, properties: &entry["Properties"] };
            self.read_rights(&reading, type_name);
            super::reading::read(self, &reading, type_name);
        }
        let outputs = document.template["Outputs"].as_object().into_iter().flatten();
        let outputs = outputs.map(|(name, output)| (name.clone(), reader.text(&output["Value"])));
        self.outputs.entry(document.id.clone()).or_default().extend(outputs);
    }

    fn read_rights(&mut self, reading: &Reading<'_>, type_name: &str) {
        let Reading { reader, id, properties } = *reading;
        let document = reader.document;
        let account = || document.account.clone();
        let policy = |value: &Value| reading.policy(value);
        match type_name {
            "AWS::IAM::Role" => {
                let role = reading.role();
                self.remember_organizations(&document.account, &role.trust);
                self.remember_organizations(&document.account, &role.policy);
                self.roles.push(role);
            }
            "AWS::IAM::Policy" | "AWS::IAM::RolePolicy" | "AWS::IAM::ManagedPolicy" => {
                let field = if type_name == "AWS::IAM::RolePolicy" { "RoleName" } else { "Roles" };
                self.standalone.push(Standalone {
                    account: account(),
                    roles: reader.texts(&properties[field]),
                    arn: (type_name == "AWS::IAM::ManagedPolicy").then(|| reader.policy_arn(id)),
                    policy: policy(&properties["PolicyDocument"]),
                });
            }
            "AWS::S3::BucketPolicy" => {
                let policy = policy(&properties["PolicyDocument"]);
                self.remember_organizations(&document.account, &policy);
                self.bucket_policies.push(BucketPolicy { bucket: reader.text(&properties["Bucket"]), policy });
            }
            "AWS::KMS::Key" => self.keys.push(Key {
                account: account(),
                id: mark(document, type_name, id),
                arn: reader.attribute(id, "Arn"),
                policy: policy(&properties["KeyPolicy"]),
            }),
            "AWS::KMS::Alias" => self.aliases.push(Alias {
                account: account(),
                name: reader.text(&properties["AliasName"]),
                key: reader.text(&properties["TargetKeyId"]),
            }),
            _ => {}
        }
    }

    /// A policy that asks for an organization says to which one its account belongs.
    fn remember_organizations(&mut self, account: &str, policy: &Policy) {
        let conditions = policy.statements.iter().flat_map(Statement::conditions);
        let values = conditions.filter(|condition| condition.key() == "aws:principalorgid").flat_map(|it| it.values());
        let named = values.filter_map(|value| match value {
            Text::Known(text) if !text.contains(['*', '?', '$']) => Some(text.clone()),
            Text::Known(_) | Text::Wire(_, _) | Text::Joined(_) | Text::Unknown => None,
        });
        let named: BTreeSet<String> = named.collect();
        if !named.is_empty() {
            self.organizations.entry(account.to_owned()).or_default().extend(named);
        }
    }
}

/// A resource that is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) id: &'a str,
    pub(super) properties: &'a Value,
}

impl Reading<'_> {
    pub(super) fn spot(&self) -> Spot {
        Spot { stack: self.reader.document.id.clone(), resource: self.id.to_owned() }
    }

    pub(super) fn policy(&self, value: &Value) -> Policy {
        Policy { spot: self.spot(), statements: Statement::all(self.reader, value).into() }
    }

    fn role(&self) -> Role {
        let Self { reader, id, properties } = *self;
        let tags = many(&properties["Tags"]).iter();
        let tags = tags.filter_map(|tag| Some((tag["Key"].as_str()?.to_owned(), tag["Value"].as_str()?.to_owned())));
        let inline = many(&properties["Policies"]).iter();
        let statements = inline.flat_map(|policy| Statement::all(reader, &policy["PolicyDocument"])).collect();
        Role {
            spot: self.spot(),
            account: reader.document.account.clone(),
            region: reader.document.region.clone(),
            arn: reader.role_arn(id),
            name: reader.reference(id),
            tags: tags.collect(),
            policy: Policy { spot: self.spot(), statements },
            attached: reader.texts(&properties["ManagedPolicyArns"]),
            boundary: reader.optional(&properties["PermissionsBoundary"]),
            trust: self.policy(&properties["AssumeRolePolicyDocument"]),
        }
    }
}
