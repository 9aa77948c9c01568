//! `bootstrap`, in every account: the three roles by which all else is deployed, the boundary, and the staging bucket.
//!
//! An administrator deploys it. Its roles lie outside the mesh's path, so that the execution role cannot alter them.

use super::boundary;
use super::buckets;
use super::execution::{self, AccountKind};
use super::ownership::Owner;
use crate::assembly::{Layer, Stack};
use crate::cfn::iam::{InlinePolicy, ManagedPolicy, PolicyDocument, Principal as By, Role, Statement};
use crate::cfn::s3::{Bucket, Encryption};
use crate::cfn::{Arn, LogicalId, Template, Val};
use crate::mesh::{AccountId, Consumer, Domain, Mesh, RoleName};
use std::collections::{BTreeMap, BTreeSet};

/// Days that templates and assets are kept after nothing newer replaced them.
const NONCURRENT_DAYS: u32 = 90;

pub(super) fn governance(mesh: &Mesh) -> Stack {
    stack(mesh, Owner::governance(mesh), AccountKind::Governance)
}

pub(super) fn domain(mesh: &Mesh, domain: &Domain) -> Stack {
    stack(mesh, Owner::domain(domain), AccountKind::Producer)
}

pub(super) fn consumer(mesh: &Mesh, consumer: &Consumer) -> Stack {
    stack(mesh, Owner::consumer(consumer), AccountKind::Consumer)
}

/// The bootstrap of an account that no file names, under these names.
pub(super) fn anybody(mesh: &Mesh, name: &str, account: &AccountId, kind: AccountKind) -> Stack {
    stack(mesh, Owner::anybody(name, account, &mesh.team, &mesh.origin), kind)
}

fn stack(mesh: &Mesh, owner: Owner<'_>, kind: AccountKind) -> Stack {
    let mut template =
        Template::new(format!("Roles and staging bucket by which the data mesh {} is deployed", mesh.name));
    boundary::add(&mut template, mesh, owner, kind);
    add_staging(&mut template, mesh, owner);
    let of_execution = execution::policies(mesh, owner, kind);
    add_plan_role(&mut template, mesh, owner, kind, &of_execution);
    add_deploy_role(&mut template, mesh, owner);
    add_execution_role(&mut template, mesh, owner, of_execution);
    Stack {
        id: mesh.stack(owner.name, Layer::Bootstrap, None, 1),
        account: owner.account.clone(),
        region: mesh.region.clone(),
        layer: Layer::Bootstrap,
        template,
        wires: BTreeMap::new(),
        after: BTreeSet::new(),
    }
}

fn add_staging(template: &mut Template, mesh: &Mesh, owner: Owner<'_>) {
    let name = mesh.staging_bucket(owner.account);
    let bucket = Bucket::private(name.clone(), &Encryption::S3, owner.tags(mesh, Layer::Bootstrap, None))
        .versioned(NONCURRENT_DAYS);
    buckets::add(template, mesh, owner, "Staging", &name, bucket, []);
}

/// Who deploys: the account it comes from, in this organization, with the external id.
fn trust(mesh: &Mesh) -> PolicyDocument {
    PolicyDocument::new([Statement::allow("Deployer", ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"])
        .by(By::Accounts(vec![mesh.root_arn(&mesh.deployment.from)]))
        .when("StringEquals", "aws:PrincipalOrgID", [mesh.organization.as_str()])
        .when("StringEquals", "sts:ExternalId", [mesh.deployment.external_id.as_str()])])
}

fn role(
    mesh: &Mesh,
    owner: Owner<'_>,
    name: &RoleName,
    description: String,
    trust: PolicyDocument,
    work: PolicyDocument,
) -> Role {
    Role {
        role_name: name.to_string(),
        path: "/".to_owned(),
        description,
        assume_role_policy_document: trust,
        permissions_boundary: None,
        managed_policy_arns: Vec::new(),
        policies: vec![InlinePolicy { policy_name: "work".to_owned(), policy_document: work }],
        tags: owner.tags(mesh, Layer::Bootstrap, None),
    }
}

/// Most characters of a managed policy of the plan role: 6,144 is the quota of one without white space.
const POLICY_ROOM: usize = 5_500;

/// Reads stacks, settings, tags and grants, and the configuration of what the stacks made; changes nothing.
fn add_plan_role(
    template: &mut Template,
    mesh: &Mesh,
    owner: Owner<'_>,
    kind: AccountKind,
    of_execution: &execution::Policies,
) {
    let catalogs: BTreeSet<_> = [owner.account, &mesh.governance].into();
    let word = mesh.name.as_str().replace('-', "_");
    let glue = catalogs.into_iter().flat_map(|account| {
        let start = format!("arn:{}:glue:{}:{account}", mesh.region.partition(), mesh.region);
        [format!("{start}:catalog"), format!("{start}:database/{word}_*"), format!("{start}:table/{word}_*/*")]
    });
    let work = PolicyDocument::new([
        Statement::allow(
            "ReadStacks",
            [
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeEvents",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResourceDrifts",
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                // a detection leaves its result with the stack, and changes no resource; the second is asked for by the first
                "cloudformation:DetectStackDrift",
                "cloudformation:DetectStackResourceDrift",
                "cloudformation:GetStackPolicy",
                "cloudformation:GetTemplate",
                "cloudformation:ListChangeSets",
                "cloudformation:ListStackResources",
            ],
        )
        .on([stacks_arn(mesh, owner)]),
        Statement::allow("FollowDetections", ["cloudformation:DescribeStackDriftDetectionStatus"]).on(["*"]),
        Statement::allow("ListStacks", ["cloudformation:ListStacks"]).on(["*"]),
        Statement::allow(
            "ReadGrants",
            [
                "lakeformation:DescribeResource",
                "lakeformation:GetDataLakeSettings",
                "lakeformation:GetLFTag",
                "lakeformation:GetResourceLFTags",
                "lakeformation:ListLFTags",
                "lakeformation:ListPermissions",
                "lakeformation:ListResources",
            ],
        )
        .on(["*"]),
        Statement::allow("ReadLimits", ["cloudformation:DescribeAccountLimits"]).on(["*"]),
        Statement::allow("ReadCatalogPolicy", ["glue:GetResourcePolicy"]).on([format!(
            "arn:{}:glue:{}:{}:catalog",
            mesh.region.partition(),
            mesh.region,
            owner.account
        )]),
        Statement::allow("ReadCatalogs", ["glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"])
            .on(glue),
    ]);
    let description = format!("Reads what stands of the data mesh {}", mesh.name);
    let mut role = role(mesh, owner, &mesh.deployment.plan_role, description, trust(mesh), work);
    role.managed_policy_arns = add_drift_policies(template, mesh, owner, kind, of_execution);
    template.add(LogicalId::new("PlanRole"), role, owner.origin);
}

/// What drift detection reads, as the plan role: of what the execution role may make, and of this stack.
fn add_drift_policies(
    template: &mut Template,
    mesh: &Mesh,
    owner: Owner<'_>,
    kind: AccountKind,
    of_execution: &execution::Policies,
) -> Vec<Val<Arn<ManagedPolicy>>> {
    let deployment = &mesh.deployment;
    let roles = [&deployment.plan_role, &deployment.deploy_role, &deployment.execution_role];
    let policy = |name: String| format!("arn:{}:iam::{}:policy/{name}", mesh.region.partition(), owner.account);
    let mut statements = execution::reading(of_execution, kind);
    let of_execution = of_execution.iter().map(|(word, _)| policy(execution_policy(mesh, word)));
    statements.push(
        Statement::allow("OwnRoles", execution::reading_actions_of("AWS::IAM::Role"))
            .on(roles.map(|role| mesh.bootstrap_role_arn(owner.account, role))),
    );
    statements.push(
        Statement::allow("OwnPolicies", execution::reading_actions_of("AWS::IAM::ManagedPolicy"))
            .on(of_execution)
            .on((1..=DRIFT_POLICIES).map(|number| policy(drift_policy(mesh, number))))
            .on([mesh.boundary_arn(owner.account)]),
    );
    let mut documents: Vec<(usize, Vec<Statement>)> = Vec::new();
    for statement in statements {
        let size = crate::sure(serde_json::to_string(&statement), "a statement has text keys").len();
        match documents.last_mut().filter(|(used, _)| used + size <= POLICY_ROOM) {
            Some((used, document)) => {
                *used += size;
                document.push(statement);
            }
            None => documents.push((size, vec![statement])),
        }
    }
    crate::invariant(documents.len() <= DRIFT_POLICIES, || format!("{} policies of the plan role", documents.len()));
    let add = |(number, (_, statements)): (usize, (usize, Vec<Statement>))| {
        let policy = ManagedPolicy {
            managed_policy_name: drift_policy(mesh, number + 1),
            path: "/".to_owned(),
            description: format!("What drift detection reads of the data mesh {}", mesh.name),
            policy_document: PolicyDocument::new(statements),
        };
        template.add(LogicalId::new(&format!("PlanDrift{}Policy", number + 1)), policy, owner.origin).reference()
    };
    documents.into_iter().enumerate().map(add).collect()
}

/// Most managed policies that the plan role gets for drift detection.
const DRIFT_POLICIES: usize = 4;

fn drift_policy(mesh: &Mesh, number: usize) -> String {
    format!("{}-drift-{number}", mesh.deployment.plan_role)
}

fn execution_policy(mesh: &Mesh, word: &str) -> String {
    format!("{}-{}", mesh.deployment.execution_role, word.to_lowercase())
}

/// Makes and executes change sets of the mesh's stacks, save this one, and passes the execution role to CloudFormation.
fn add_deploy_role(template: &mut Template, mesh: &Mesh, owner: Owner<'_>) {
    let staging = format!("arn:{}:s3:::{}", mesh.region.partition(), mesh.staging_bucket(owner.account));
    let bootstrap =
        stacks_arn(mesh, owner).replace(&format!("stack/{}-*", mesh.name), &format!("stack/{}-bootstrap", mesh.name));
    let changes = [
        "cloudformation:CancelUpdateStack",
        "cloudformation:ContinueUpdateRollback",
        "cloudformation:CreateChangeSet",
        "cloudformation:DeleteChangeSet",
        "cloudformation:DeleteStack",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:RollbackStack",
        "cloudformation:SetStackPolicy",
        "cloudformation:TagResource",
        "cloudformation:UntagResource",
        "cloudformation:UpdateTerminationProtection",
    ];
    let reads = [
        "cloudformation:DescribeChangeSet",
        "cloudformation:DescribeEvents",
        "cloudformation:DescribeStackEvents",
        "cloudformation:DescribeStackResources",
        "cloudformation:DescribeStacks",
        "cloudformation:GetStackPolicy",
        "cloudformation:GetTemplate",
    ];
    let work = PolicyDocument::new([
        Statement::allow("Stacks", changes.into_iter().chain(reads)).on([stacks_arn(mesh, owner)]),
        Statement::deny("NotItsOwnRoles", changes).on([bootstrap]),
        Statement::allow("PassExecutionRole", ["iam:PassRole"])
            .on([mesh.bootstrap_role_arn(owner.account, &mesh.deployment.execution_role)])
            .when("StringEquals", "iam:PassedToService", ["cloudformation.amazonaws.com"]),
        Statement::allow("StagedObjects", ["s3:GetObject", "s3:PutObject"]).on([format!("{staging}/*")]),
        Statement::allow("Staging", ["s3:GetBucketLocation", "s3:ListBucket"]).on([staging]),
    ]);
    let description = format!("Deploys stacks of the data mesh {}", mesh.name);
    let role = role(mesh, owner, &mesh.deployment.deploy_role, description, trust(mesh), work);
    template.add(LogicalId::new("DeployRole"), role, owner.origin);
}

fn add_execution_role(template: &mut Template, mesh: &Mesh, owner: Owner<'_>, policies: execution::Policies) {
    let trust = PolicyDocument::new([Statement::allow("CloudFormation", ["sts:AssumeRole"])
        .by(By::Service(vec!["cloudformation.amazonaws.com".to_owned()]))]);
    let policies = policies.into_iter().map(|(word, policy_document)| {
        let policy = ManagedPolicy {
            managed_policy_name: execution_policy(mesh, word),
            path: "/".to_owned(),
            description: format!(
                "What CloudFormation may make for the data mesh {}: {}",
                mesh.name,
                word.to_lowercase()
            ),
            policy_document,
        };
        template.add(LogicalId::new(&format!("Execution{word}Policy")), policy, owner.origin).reference()
    });
    let role = Role {
        role_name: mesh.deployment.execution_role.to_string(),
        path: "/".to_owned(),
        description: format!("CloudFormation works as this role for the data mesh {}", mesh.name),
        assume_role_policy_document: trust,
        permissions_boundary: None,
        managed_policy_arns: policies.collect::<Vec<Val<_>>>(),
        policies: Vec::new(),
        tags: owner.tags(mesh, Layer::Bootstrap, None),
    };
    template.add(LogicalId::new("ExecutionRole"), role, owner.origin);
}

fn stacks_arn(mesh: &Mesh, owner: Owner<'_>) -> String {
    format!("arn:{}:cloudformation:{}:{}:stack/{}-*/*", mesh.region.partition(), mesh.region, owner.account, mesh.name)
}
