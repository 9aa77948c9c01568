//! What CloudFormation's own role may do: the union over all that an account of a kind may ever hold, so that a change
//! of the mesh needs no new bootstrap (hazard 15). The actions come from the handlers in AWS's schemas.

mod kinds;
mod network;
mod reading;
mod services;
mod storage;

pub use kinds::{AccountKind, execution_types};
pub(super) use reading::{reading, reading_actions_of};

use super::grants::SETTINGS_LOCK;
use super::ownership::Owner;
use crate::cfn::iam::{PolicyDocument, Statement};
use crate::cfn::schema::{self, Verb};
use crate::mesh::Mesh;
use kinds::{OfKinds, of_kind};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Actions of types whose schemas have no handlers (AWS Lake Formation API reference).
const fn unlisted(type_name: &str) -> &'static [&'static str] {
    match type_name.as_bytes() {
        b"AWS::LakeFormation::DataLakeSettings" => {
            &["lakeformation:GetDataLakeSettings", "lakeformation:PutDataLakeSettings"]
        }
        b"AWS::LakeFormation::Resource" => &[
            "lakeformation:DeregisterResource",
            "lakeformation:DescribeResource",
            "lakeformation:RegisterResource",
            "lakeformation:UpdateResource",
        ],
        _ => &[],
    }
}

/// Words in S3 actions of what the mesh's buckets do not have; reading them stays, since handlers read everything.
const UNUSED_OF_S3: [&str; 13] = [
    "Abac",
    "Accelerate",
    "Acl",
    "Analytics",
    "CORS",
    "Cors",
    "IntelligentTiering",
    "Inventory",
    "Metadata",
    "Metrics",
    "ObjectLock",
    "Replication",
    "Website",
];

/// Actions that a handler lists and this role must not have.
fn withheld(action: &str) -> bool {
    let changes = ["s3:Create", "s3:Delete", "s3:Put", "s3:Update"].iter().any(|start| action.starts_with(start));
    if changes && UNUSED_OF_S3.iter().any(|word| action.contains(word)) {
        return true;
    }
    // the schema lists these by their API names; the IAM actions are the Put ones (S3 service authorization reference)
    // and Lake Formation's CreateTable is a permission, no action
    if ["lakeformation:CreateTable", "s3:DeleteBucketEncryption", "s3:DeleteBucketLifecycle"].contains(&action) {
        return true;
    }
    let reads_or_writes_data = [
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "lakeformation:GetDataAccess",
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectAcl",
    ];
    // the boundary is what keeps roles made here from becoming administrators
    let lifts_the_boundary = ["iam:DeleteRolePermissionsBoundary"];
    // stated apart, with the services that a role may be passed to
    let stated_apart = ["iam:PassRole", "iam:CreateServiceLinkedRole", "kms:CreateGrant"];
    let not_ours = [
        "s3tables:",
        "glue:CreateConnection",
        "glue:DeleteConnection",
        "glue:GetConnection",
        "glue:PassConnection",
        "glue:UpdateConnection",
        "quicksight:CreateFolderMembership",
        "quicksight:DeleteFolderMembership",
        // what needs no key of ours: buses and topics are made, not written to
        "kms:Encrypt",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncrypt",
        // data protection, index and resource policies, deliveries and tokens of log groups and topics: ours have none
        "firehose:",
        "logs:CreateLogDelivery",
        "logs:DeleteDataProtectionPolicy",
        "logs:DeleteIndexPolicy",
        "logs:DeleteResourcePolicy",
        "logs:PutBearerTokenAuthentication",
        "logs:PutDataProtectionPolicy",
        "logs:PutIndexPolicy",
        "logs:PutLogGroupDeletionProtection",
        "logs:PutResourcePolicy",
        "s3:REST.PUT.OBJECT",
        "sns:PutDataProtectionPolicy",
    ];
    reads_or_writes_data.contains(&action)
        || lifts_the_boundary.contains(&action)
        || stated_apart.contains(&action)
        || network::withheld(action)
        || not_ours.iter().any(|start| action.starts_with(start))
}

/// Every action that CloudFormation's role needs for a type: what its handlers call, save what we withhold.
#[must_use]
pub fn handler_actions(type_name: &str) -> BTreeSet<String> {
    let mut actions: BTreeSet<String> = unlisted(type_name).iter().map(|action| (*action).to_owned()).collect();
    if let Some(schema) = schema::of(type_name) {
        for verb in [Verb::Create, Verb::Read, Verb::Update, Verb::Delete] {
            actions.extend(schema.actions(verb).iter().filter(|action| !withheld(action)).cloned());
        }
    }
    // our buses and machines are encrypted by AWS's own keys
    if ["AWS::Events::EventBus", "AWS::StepFunctions::StateMachine"].contains(&type_name) {
        actions.retain(|action| !action.starts_with("kms:"));
    }
    actions
}

/// Every action that the execution role of an account of this kind has from the types it may make.
#[must_use]
pub fn execution_actions(kind: AccountKind) -> &'static BTreeSet<String> {
    /// The schemas are the same for every account.
    static ACTIONS: OfKinds<BTreeSet<String>> = [const { OnceLock::new() }; 3];
    of_kind(&ACTIONS, kind, || execution_types(kind).into_iter().flat_map(handler_actions).collect())
}

/// Policies: words for the logical id, and the document.
pub(super) type Policies = Vec<(&'static str, PolicyDocument)>;

/// The execution role's policies. Apart, since one is at most 6,144 characters.
pub(super) fn policies(mesh: &Mesh, owner: Owner<'_>, kind: AccountKind) -> Policies {
    let scope = Scope { mesh, owner, actions: execution_actions(kind) };
    let mut documents = vec![
        ("Identity", PolicyDocument::new(scope.identity(kind))),
        ("Catalog", PolicyDocument::new(scope.catalog(kind))),
    ];
    match kind {
        AccountKind::Governance => documents.push(("Events", PolicyDocument::new(scope.events()))),
        AccountKind::Producer | AccountKind::Consumer => {
            let events = scope.events().into_iter().chain(scope.notifications());
            documents.push(("Events", PolicyDocument::new(events)));
            documents.push(("Storage", PolicyDocument::new(scope.storage())));
        }
    }
    match kind {
        AccountKind::Governance | AccountKind::Producer => {}
        AccountKind::Consumer => {
            documents.push(("Network", PolicyDocument::new(scope.network())));
            documents.push(("Quicksight", PolicyDocument::new(scope.quicksight())));
            documents.push(("Studio", PolicyDocument::new(scope.studio())));
        }
    }
    documents
}

/// Actions on what is the mesh's.
struct Scope<'a> {
    mesh: &'a Mesh,
    owner: Owner<'a>,
    actions: &'a BTreeSet<String>,
}

impl Scope<'_> {
    fn of(&self, service: &str) -> BTreeSet<String> {
        let start = format!("{service}:");
        self.actions.range(start.clone()..).take_while(|action| action.starts_with(&start)).cloned().collect()
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        let mesh = self.mesh;
        format!("arn:{}:{service}:{}:{}:{rest}", mesh.region.partition(), mesh.region, self.owner.account)
    }

    /// Roles under the mesh's path, never without its boundary.
    fn identity(&self, kind: AccountKind) -> Vec<Statement> {
        let mesh = self.mesh;
        let roles = mesh.role_arn(self.owner.account, "*");
        let bounded = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"];
        let (under_boundary, plain): (BTreeSet<String>, BTreeSet<String>) =
            self.of("iam").into_iter().partition(|action| bounded.contains(&action.as_str()));
        let services: &[&str] = match kind {
            AccountKind::Governance => {
                &["events.amazonaws.com", "glue.amazonaws.com", "lakeformation.amazonaws.com", "states.amazonaws.com"]
            }
            AccountKind::Producer => &[
                "emr-serverless.amazonaws.com",
                "events.amazonaws.com",
                "glue.amazonaws.com",
                "scheduler.amazonaws.com",
                "states.amazonaws.com",
            ],
            AccountKind::Consumer => &[
                "quicksight.amazonaws.com",
                "sagemaker.amazonaws.com",
                "scheduler.amazonaws.com",
                "states.amazonaws.com",
                "vpc-flow-logs.amazonaws.com",
            ],
        };
        vec![
            Statement::allow("RolesUnderBoundary", under_boundary).on([roles.clone()]).when(
                "StringEquals",
                "iam:PermissionsBoundary",
                [mesh.boundary_arn(self.owner.account)],
            ),
            Statement::allow("Roles", plain).on([roles.clone()]),
            Statement::allow("PassRoles", ["iam:PassRole"]).on([roles]).when(
                "StringEquals",
                "iam:PassedToService",
                services.iter().copied(),
            ),
        ]
    }

    /// Catalog, tags, grants, workgroups; in governance also the shares that grants to accounts make.
    fn catalog(&self, kind: AccountKind) -> Vec<Statement> {
        let mesh = self.mesh;
        let glue = |account: &str| {
            let start = format!("arn:{}:glue:{}:{account}", mesh.region.partition(), mesh.region);
            let word = mesh.name.as_str().replace('-', "_");
            [format!("{start}:catalog"), format!("{start}:database/{word}_*"), format!("{start}:table/{word}_*/*")]
        };
        let default = self.arn("glue", "database/default");
        let default = (kind != AccountKind::Governance).then_some(default);
        let workers = match kind {
            AccountKind::Governance => &["crawler/{}.*"][..],
            AccountKind::Producer => &["crawler/{}.*", "dataQualityRuleset/{}.*", "job/{}-*"],
            AccountKind::Consumer => &[],
        };
        let workers = workers.iter().map(|form| self.arn("glue", &form.replace("{}", mesh.name.as_str())));
        let mut statements = vec![
            Statement::allow("Catalog", self.of("glue")).on(glue(self.owner.account.as_str())).on(default).on(workers),
            Statement::allow("LakeFormation", self.of("lakeformation")).on(["*"]),
            Statement::allow("SettingsLock", self.of("ssm"))
                .on([self.arn("ssm", &format!("parameter{SETTINGS_LOCK}"))]),
        ];
        match kind {
            AccountKind::Governance => statements.extend(self.shares()),
            AccountKind::Producer | AccountKind::Consumer => {
                statements.push(
                    Statement::allow(
                        "SharedCatalog",
                        ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"],
                    )
                    .on(glue(mesh.governance.as_str())),
                );
                statements.push(
                    Statement::allow("Workgroups", self.of("athena"))
                        .on([self.arn("athena", &format!("workgroup/{}-*", mesh.name))]),
                );
            }
        }
        statements
    }

    /// Buses, rules and state machines of the mesh.
    fn events(&self) -> Vec<Statement> {
        let name = &self.mesh.name;
        vec![
            Statement::allow("Events", self.of("events")).on([
                self.arn("events", &format!("event-bus/{name}")),
                self.arn("events", &format!("rule/{name}-*")),
                self.arn("events", &format!("rule/{name}/{name}-*")),
            ]),
            Statement::allow("Machines", self.of("states")).on([self.arn("states", &format!("stateMachine:{name}-*"))]),
        ]
    }

    /// Topics, schedules, alarms and log groups of the mesh.
    fn notifications(&self) -> Vec<Statement> {
        let name = &self.mesh.name;
        // subscribing answers with an ARN that the handler then asks for; DescribeLogGroups and ListSubscriptions have no
        // resources narrower than the account (service authorization reference)
        let listing =
            ["logs:DescribeLogGroups", "sns:GetSubscriptionAttributes", "sns:ListSubscriptions", "sns:Unsubscribe"];
        let of = |service: &str| self.of(service).into_iter().filter(|action| !listing.contains(&action.as_str()));
        vec![
            Statement::allow("Topics", of("sns")).on([self.arn("sns", &format!("{name}-*"))]),
            Statement::allow("Schedules", of("scheduler")).on([
                self.arn("scheduler", &format!("schedule-group/{name}-*")),
                self.arn("scheduler", &format!("schedule/{name}-*/*")),
            ]),
            Statement::allow("Alarms", of("cloudwatch")).on([self.arn("cloudwatch", &format!("alarm:{name}-*"))]),
            Statement::allow("LogGroups", of("logs")).on([
                self.arn("logs", &format!("log-group:/aws/{name}/*")),
                self.arn("logs", &format!("log-group:/aws/{name}/*:*")),
            ]),
            Statement::allow("Listing", listing).on(["*"]),
        ]
    }
}
