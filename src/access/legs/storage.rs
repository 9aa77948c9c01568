//! Where a table's files lie, and whether Lake Formation reads them there.
//!
//! Sources: Lake Formation developer guide, "Adding an Amazon S3 location to your data lake" (everything under a registered
//! path), "Requirements for roles used to register locations" (trust and rights of the role), "Registering an Amazon S3 location
//! in another AWS account" (the role's rights and the bucket's policy; the service-linked role cannot), "Registering an encrypted
//! Amazon S3 location across AWS accounts" (the key's policy too); KMS developer guide, "Key policies in AWS KMS".

use super::Standing;
use super::conditions::{Context, Fact};
use super::policy::{Decision, Policy, Request, Who, decide};
use super::records::{Bucket, Key, Registration};
use super::rights::{Actor, View};
use super::text::partition;
use crate::access::{Leg, Spot, TableFact};
use std::sync::Arc;

/// How it stands with the legs from Lake Formation to some files.
#[derive(Debug)]
pub(super) struct Storage {
    pub(super) legs: Vec<(Leg, Standing)>,
    pub(super) files: Option<Files>,
}

/// Some files.
#[derive(Debug)]
pub(super) struct Files {
    /// The ARN of the bucket.
    pub(super) bucket: String,
    /// The ARN of an object among them.
    pub(super) object: String,
    /// What they are listed by.
    pub(super) prefix: String,
    /// The account of the bucket, where a template makes it.
    pub(super) owner: Option<String>,
    /// The ARN of the role that reads them for Lake Formation.
    pub(super) reader: Option<String>,
}

const LAKE_FORMATION: &str = "lakeformation.amazonaws.com";

/// What comes after the scheme, without a slash at the end.
pub(super) fn path_of(uri: &str) -> Option<&str> {
    let schemes = ["s3://", "s3a://", "s3n://"];
    let path = schemes.iter().find_map(|scheme| uri.strip_prefix(scheme))?;
    Some(path.trim_end_matches('/'))
}

impl<'a> View<'a> {
    /// The legs from Lake Formation to a table's files.
    pub(super) fn storage(self, table: &TableFact) -> Arc<Storage> {
        let elsewhere = || self.index.locations.get(&table.spot).map(String::as_str);
        let location = table.location.as_deref().or_else(elsewhere);
        let key = format!("{} {}", table.catalog, location.unwrap_or_default());
        self.index.storage.get(key, || {
            let mut legs = Vec::new();
            let files = self.files(&table.catalog, location, &mut legs);
            Storage { legs, files }
        })
    }

    fn files(self, catalog: &str, location: Option<&str>, legs: &mut Vec<(Leg, Standing)>) -> Option<Files> {
        let mut tell = |standing| legs.push((Leg::Location, standing));
        let Some(location) = location else {
            tell(Standing::Unknown("where its files lie, the template does not tell".to_owned()));
            return None;
        };
        let Some(path) = path_of(location) else {
            tell(Standing::Unknown(format!("its files at {location} lie outside Amazon S3")));
            return None;
        };
        let Some(registration) = self.registration(catalog, path) else {
            let why = format!("its files at {location} lie in no registered location");
            let somewhere = self.index.registrations_elsewhere.contains(catalog);
            // locations are often registered by hand, and then none stands in any template
            tell(match self.index.registrations.contains_key(catalog) {
                _ if somewhere => Standing::Unknown(why),
                true => Standing::Missing(why),
                false => Standing::Unknown(format!("{why}: no template registers one in account {catalog}")),
            });
            return None;
        };
        tell(if registration.hybrid {
            let why =
                "its location is registered in hybrid access mode, where IAM decides for whoever has not opted in";
            Standing::Unknown(why.to_owned())
        } else {
            Standing::Holds(vec![registration.spot.clone()])
        });
        let bucket = path.split('/').next().unwrap_or_default();
        let made = self.index.buckets.get(bucket).map(|at| &self.records.buckets[*at]);
        let region = self.records.regions.get(&registration.spot.stack).map_or("", String::as_str);
        let start = format!("arn:{}:s3:::", partition(region));
        let mut files = Files {
            bucket: format!("{start}{bucket}"),
            object: format!("{start}{path}/part-00000"),
            prefix: path
                .strip_prefix(bucket)
                .map(|rest| format!("{}/", rest.trim_start_matches('/')))
                .unwrap_or_default(),
            owner: made.map(|bucket| bucket.account.clone()),
            reader: None,
        };
        match self.reader(registration, bucket, made) {
            Ok(actor) => {
                files.reader = Some(actor.rights.arn.clone());
                legs.push((Leg::RegistrationRole, self.registration_role(&actor, &files, made)));
                legs.push((Leg::BucketPolicy, self.bucket_policy(&actor, &files, bucket, made)));
                let key = made.and_then(|made| made.key.as_ref().map(|key| (made, key)));
                legs.extend(key.map(|(made, _)| (Leg::KeyPolicy, self.key_policy(&actor, made))));
            }
            Err(standing) => legs.push((Leg::RegistrationRole, standing)),
        }
        Some(files)
    }

    /// The registration that a path lies in: the longest, segment by segment.
    fn registration(self, catalog: &str, path: &str) -> Option<&'a Registration> {
        let registered = self.index.registrations.get(catalog)?;
        let mut rest = path;
        loop {
            if let Some(at) = registered.get(rest) {
                return Some(&self.records.registrations[*at]);
            }
            rest = rest.rsplit_once('/')?.0;
        }
    }

    /// The role that reads for Lake Formation.
    fn reader(self, registration: &Registration, bucket: &str, made: Option<&Bucket>) -> Result<Actor<'a>, Standing> {
        let Some(role) = &registration.role else {
            return Err(match made {
                Some(made) if made.account != registration.account => Standing::Missing(format!(
                    "its location is registered with Lake Formation's service-linked role, which cannot read the bucket \
                     {bucket} of account {}",
                    made.account
                )),
                _ => Standing::Unknown(
                    "its location is registered with Lake Formation's service-linked role, which no template makes"
                        .to_owned(),
                ),
            });
        };
        let Some(arn) = role.get(&self.records.outputs) else {
            return Err(Standing::Unknown(
                "which role its location is registered with, the template does not tell".to_owned(),
            ));
        };
        self.actor(&arn)
            .ok_or_else(|| Standing::Unknown(format!("its location is registered with {arn}, which no template makes")))
    }

    fn registration_role(self, actor: &Actor<'a>, files: &Files, made: Option<&Bucket>) -> Standing {
        let subject = format!("the registration role {}", actor.rights.arn);
        let request = Request {
            who: Who::Service(LAKE_FORMATION),
            action: "sts:AssumeRole",
            resource: "*",
            context: &Context::default(),
            outputs: &self.records.outputs,
            by_name: false,
        };
        let trusted = match decide([&actor.role.trust], &request) {
            Decision::Allowed(spot) => Standing::Holds(vec![spot.clone()]),
            Decision::Denied(_) => Standing::Missing(format!("{subject} does not trust {LAKE_FORMATION}")),
            Decision::Unknown(why) => Standing::Unknown(why),
        };
        let own_bucket = files.owner.as_deref() == Some(actor.role.account.as_str());
        let context = self.context(actor, files.owner.as_deref()).with("s3:prefix", Fact::Is(&files.prefix));
        let reads = |action, resource| {
            let request = self.request(actor, action, resource, &context);
            let granted = || own_bucket && self.grants_by_name(self.bucket_policies(made), &request);
            self.may(actor, &subject, &request, granted)
        };
        let decrypts = || {
            let Some((made, Some(key))) = made.and_then(|made| made.key.as_ref().map(|key| (made, key.as_ref())))
            else {
                return Standing::Holds(Vec::new());
            };
            let Some(text) = key.get(&self.records.outputs) else {
                return Standing::Unknown("which key encrypts its bucket, the template does not tell".to_owned());
            };
            let key = self.key(&made.account, &text);
            let arn = key.and_then(|key| key.arn.get(&self.records.outputs)).unwrap_or(text);
            let via = format!("s3.{}.amazonaws.com", made.region);
            let owner = key.map(|key| key.account.as_str());
            let context = self.context(actor, owner).with("kms:viaservice", Fact::Is(&via));
            let request = self.request(actor, "kms:Decrypt", &arn, &context);
            let own_key = owner == Some(actor.role.account.as_str());
            let granted = || own_key && self.grants_by_name(key.map(|key| &key.policy), &request);
            self.may(actor, &subject, &request, granted)
        };
        let objects = trusted.and(|| reads("s3:GetObject", &files.object));
        objects.and(|| reads("s3:ListBucket", &files.bucket)).and(decrypts)
    }

    fn grants_by_name<'p>(self, policies: impl IntoIterator<Item = &'p Policy>, request: &Request<'_>) -> bool {
        let request = Request { by_name: true, ..request.clone() };
        matches!(decide(policies, &request), Decision::Allowed(_))
    }

    fn bucket_policies(self, bucket: Option<&Bucket>) -> impl Iterator<Item = &'a Policy> {
        let name = bucket.and_then(|bucket| bucket.name.get(&self.records.outputs));
        let found = name.and_then(|name| self.index.bucket_policies.get(name.as_ref()));
        found.into_iter().flatten().map(move |at| &self.records.bucket_policies[*at].policy)
    }

    /// Whether a bucket's policy lets a role ask for something; `granting` where the role's own policies do not suffice.
    pub(super) fn bucket_lets(self, bucket: &Bucket, request: &Request<'_>, granting: bool) -> Standing {
        let name = bucket.name.get(&self.records.outputs).unwrap_or_default();
        match decide(self.bucket_policies(Some(bucket)), request) {
            Decision::Allowed(spot) => Standing::Holds(vec![spot.clone()]),
            Decision::Denied(Some((Spot { stack, resource }, sid))) => Standing::Missing(format!(
                "the policy of the bucket {name} closes {}: statement `{sid}` of {resource} in {stack} denies it",
                request.action
            )),
            Decision::Denied(None) if granting => {
                let whom = match request.who {
                    Who::Role { arn, .. } => arn,
                    Who::Service(service) => service,
                    Who::Somebody => "whoever reads",
                };
                Standing::Missing(format!("no policy of the bucket {name} allows {} to {whom}", request.action))
            }
            Decision::Denied(None) => Standing::Holds(vec![bucket.spot.clone()]),
            Decision::Unknown(why) => Standing::Unknown(why),
        }
    }

    fn bucket_policy(self, actor: &Actor<'a>, files: &Files, name: &str, made: Option<&Bucket>) -> Standing {
        let Some(made) = made else {
            return Standing::Unknown(format!("no template makes the bucket {name}, so its policy is not known"));
        };
        let context = self.context(actor, files.owner.as_deref()).with("s3:prefix", Fact::Is(&files.prefix));
        let granting = made.account != actor.role.account;
        let lets =
            |action, resource| self.bucket_lets(made, &self.request(actor, action, resource, &context), granting);
        lets("s3:GetObject", &files.object).and(|| lets("s3:ListBucket", &files.bucket))
    }

    /// A key by its ARN, its id or its alias.
    fn key(self, account: &str, name: &str) -> Option<&'a Key> {
        if let Some(at) = self.index.keys.get(name) {
            return Some(&self.records.keys[*at]);
        }
        let name = name.split_once(":alias/").map_or(name.to_owned(), |(_, name)| format!("alias/{name}"));
        let outputs = &self.records.outputs;
        let mut aliases = self.records.aliases.iter().filter(|alias| alias.account == account);
        let alias = aliases.find(|alias| alias.name.get(outputs).is_some_and(|found| found == name))?;
        let at = self.index.keys.get(alias.key.get(outputs)?.as_ref())?;
        Some(&self.records.keys[*at])
    }

    /// Every use of a key must be allowed by the key's own policy, also in its account.
    fn key_policy(self, actor: &Actor<'a>, bucket: &Bucket) -> Standing {
        let Some(Some(text)) = &bucket.key else {
            return Standing::Unknown(
                "its bucket is encrypted with the key that AWS keeps, whose policy is AWS's".to_owned(),
            );
        };
        let name = text.get(&self.records.outputs);
        let Some(key) = name.as_ref().and_then(|name| self.key(&bucket.account, name)) else {
            let which = name.map_or_else(|| "the key of its bucket".to_owned(), |name| format!("the key {name}"));
            return Standing::Unknown(format!("no template makes {which}, so its policy is not known"));
        };
        let arn = key.arn.get(&self.records.outputs).unwrap_or_default();
        let via = format!("s3.{}.amazonaws.com", bucket.region);
        let context = self.context(actor, Some(&key.account)).with("kms:viaservice", Fact::Is(&via));
        let role = &actor.rights.arn;
        match decide([&key.policy], &self.request(actor, "kms:Decrypt", &arn, &context)) {
            Decision::Allowed(spot) => Standing::Holds(vec![spot.clone()]),
            Decision::Denied(None) => {
                Standing::Missing(format!("the policy of the key {} does not allow kms:Decrypt to {role}", key.id))
            }
            Decision::Denied(Some((_, sid))) => Standing::Missing(format!(
                "statement `{sid}` of the policy of the key {} denies kms:Decrypt to {role}",
                key.id
            )),
            Decision::Unknown(why) => Standing::Unknown(why),
        }
    }
}
