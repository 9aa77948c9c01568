//! Statements that several roles and resources share.

use super::default_database;
use crate::cfn::iam::{PolicyDocument, Principal as By, Statement};
use crate::cfn::{Arn, Val, kms};
use crate::mesh::{AccountId, Mesh, Principal};
use std::collections::BTreeSet;

/// What reading through Athena takes, besides the grants themselves.
pub(super) struct Reading<'a> {
    pub(super) mesh: &'a Mesh,
    /// The account of the role.
    pub(super) account: &'a AccountId,
    /// The role, whose name is its workgroup's and its result prefix too.
    pub(super) role: &'a str,
    /// The bucket of results.
    pub(super) results: &'a str,
    /// The key of the bucket of results.
    pub(super) key: &'a Val<Arn<kms::Key>>,
}

impl Reading<'_> {
    /// The statements: catalog (link and target, hazard 17), data, workgroup, results, key.
    pub(super) fn statements(&self, databases: &BTreeSet<String>) -> Vec<Statement> {
        let mut statements = catalog(self.mesh, self.account, databases);
        statements.extend(self.results());
        statements
    }

    fn results(&self) -> Vec<Statement> {
        let Self { mesh, account, role, results, key } = self;
        let (partition, region) = (mesh.region.partition(), &mesh.region);
        vec![
            Statement::allow(
                "QueryInOwnWorkgroup",
                [
                    "athena:GetQueryExecution",
                    "athena:GetQueryResults",
                    "athena:GetWorkGroup",
                    "athena:StartQueryExecution",
                    "athena:StopQueryExecution",
                ],
            )
            .on([format!("arn:{partition}:athena:{region}:{account}:workgroup/{role}")]),
            Statement::allow(
                "OwnResults",
                ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
            )
            .on([format!("arn:{partition}:s3:::{results}/{role}/*")]),
            Statement::allow("ResultsBucket", ["s3:GetBucketLocation"]).on([format!("arn:{partition}:s3:::{results}")]),
            Statement::allow("ListOwnResults", ["s3:ListBucket"]).on([format!("arn:{partition}:s3:::{results}")]).when(
                "StringLike",
                "s3:prefix",
                [format!("{role}/*")],
            ),
            use_key("ResultsKey", key),
        ]
    }
}

/// What QuickSight does as a role besides what every querying role does: it takes results as a stream, and looks the table
/// up through Athena's catalog.
///
/// Source: the managed policy `AWSQuicksightAthenaAccess`, v11, as far as it speaks of one workgroup and one catalog; and the
/// role that AWS's Cloud Intelligence Dashboards make for a data source (`cid/helpers/iam.py`).
pub(super) fn browse(mesh: &Mesh, account: &AccountId, role: &str) -> Vec<Statement> {
    let athena = format!("arn:{}:athena:{}:{account}", mesh.region.partition(), mesh.region);
    vec![
        Statement::allow("StreamResults", ["athena:GetQueryResultsStream"]).on([format!("{athena}:workgroup/{role}")]),
        Statement::allow(
            "BrowseCatalog",
            [
                "athena:GetDataCatalog",
                "athena:GetDatabase",
                "athena:GetTableMetadata",
                "athena:ListDatabases",
                "athena:ListTableMetadata",
            ],
        )
        .on([format!("{athena}:datacatalog/AwsDataCatalog")]),
        Statement::allow("ListCatalogs", ["athena:ListDataCatalogs"]).on(["*"]),
    ]
}

/// Decrypting with a key of the own account.
pub(super) fn read_with_key(sid: &str, key: &Val<Arn<kms::Key>>) -> Statement {
    Statement::allow(sid, ["kms:Decrypt"]).on_value(key)
}

/// Encrypting and decrypting with a key of the own account.
pub(super) fn use_key(sid: &str, key: &Val<Arn<kms::Key>>) -> Statement {
    Statement::allow(sid, ["kms:Decrypt", "kms:GenerateDataKey"]).on_value(key)
}

/// Reading links in the own account and their targets in governance's; nothing without a database.
fn catalog(mesh: &Mesh, account: &AccountId, databases: &BTreeSet<String>) -> Vec<Statement> {
    if databases.is_empty() {
        return Vec::new();
    }
    let mut resources = Vec::new();
    for owner in [account, &mesh.governance] {
        let glue = format!("arn:{}:glue:{}:{owner}", mesh.region.partition(), mesh.region);
        resources.push(format!("{glue}:catalog"));
        for database in databases {
            resources.push(format!("{glue}:database/{database}"));
            resources.push(format!("{glue}:table/{database}/*"));
        }
        if owner == account {
            resources.push(format!("{glue}:database/{}", default_database::NAME));
        }
    }
    vec![
        Statement::allow(
            "ReadCatalog",
            [
                "glue:BatchGetPartition",
                "glue:GetDatabase",
                "glue:GetDatabases",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:GetTable",
                "glue:GetTables",
            ],
        )
        .on(resources),
        // Lake Formation's service authorization reference lists no resource types for it
        Statement::allow("ReadData", ["lakeformation:GetDataAccess"]).on(["*"]),
    ]
}

/// Who may assume a role: the principals that are written, or whom the account's own IAM allows.
///
/// The account's root is the AWS principal and the role stands in a condition, since a trust policy that names a role
/// which does not exist yet is refused.
pub(super) fn trust(mesh: &Mesh, account: &AccountId, principals: &[Principal]) -> Statement {
    let statement = Statement::allow("Principals", ["sts:AssumeRole"])
        .by(By::Accounts(vec![mesh.root_arn(account)]))
        .when("StringEquals", "aws:PrincipalOrgID", [mesh.organization.as_str()]);
    if principals.is_empty() {
        return statement;
    }
    statement.when(
        "ArnLike",
        "aws:PrincipalArn",
        principals.iter().flat_map(|principal| principal_arns(mesh, account, principal)),
    )
}

/// The ARNs of a principal. A permission set's role ends in sixteen characters that AWS makes (IAM Identity Center user
/// guide, "Referencing permission sets in resource policies"); it has the Region of Identity Center in its path, save in us-east-1.
fn principal_arns(mesh: &Mesh, account: &AccountId, principal: &Principal) -> Vec<String> {
    match principal {
        Principal::Role(arn) => vec![arn.to_string()],
        Principal::PermissionSet(name) => {
            let path = format!("arn:{}:iam::{account}:role/aws-reserved/sso.amazonaws.com", mesh.region.partition());
            let suffix = "?".repeat(16);
            vec![
                format!("{path}/AWSReservedSSO_{name}_{suffix}"),
                format!("{path}/{}/AWSReservedSSO_{name}_{suffix}", mesh.region),
            ]
        }
    }
}

/// A service that works as a role on behalf of one account.
///
/// EventBridge, Scheduler and Step Functions say for which account when they assume a role: the roles that EventBridge's
/// console makes ask for `aws:SourceAccount`, and so do the guides of the other two. AWS Glue's guide has no such condition
/// in any trust policy, and AWS documents nowhere that Glue sends the key; with it a crawler or a job could not start. What
/// stands in its place is `iam:PassRole`, which never passes a role of another account.
pub(super) fn trust_service(service: &str, account: &AccountId) -> Statement {
    let statement =
        Statement::allow("Service", ["sts:AssumeRole"]).by(By::Service(vec![format!("{service}.amazonaws.com")]));
    match service {
        "glue" => statement,
        _ => statement.when("StringEquals", "aws:SourceAccount", [account.as_str()]),
    }
}

/// QuickSight, which works as a role that its data source names.
///
/// Without a condition: AWS's documentation of such roles shows none (QuickSight user guide, "Passing IAM roles" and
/// "Running queries as an IAM role"), and no document says that QuickSight sends `aws:SourceAccount`. A role of another
/// account is refused by QuickSight itself, and only who has `iam:PassRole` on it can name it.
pub(super) fn trust_quicksight() -> Statement {
    Statement::allow("Service", ["sts:AssumeRole"]).by(By::Service(vec!["quicksight.amazonaws.com".to_owned()]))
}

/// SageMaker, on behalf of one account. The form is AWS's own, its `*` included, which SageMaker sends as it is (SageMaker
/// developer guide, "Cross-service confused deputy prevention", SageMaker Studio).
pub(super) fn trust_sagemaker(mesh: &Mesh, account: &AccountId) -> Statement {
    let source = format!("arn:{}:sagemaker:{}:{account}:*", mesh.region.partition(), mesh.region);
    Statement::allow("Service", ["sts:AssumeRole"]).by(By::Service(vec!["sagemaker.amazonaws.com".to_owned()])).when(
        "ArnLike",
        "aws:SourceArn",
        [source],
    )
}

/// Step Functions, where a role trusts another service too: statement ids are told apart.
pub(super) fn trust_machines(account: &AccountId) -> Statement {
    Statement::allow("Machines", ["sts:AssumeRole"]).by(By::Service(vec!["states.amazonaws.com".to_owned()])).when(
        "StringEquals",
        "aws:SourceAccount",
        [account.as_str()],
    )
}

/// The policy of a key: the account's own IAM decides, and further statements.
pub(super) fn key_policy(
    mesh: &Mesh,
    account: &AccountId,
    further: impl IntoIterator<Item = Statement>,
) -> PolicyDocument {
    let root = Statement::allow("AccountRoot", ["kms:*"]).by(By::Accounts(vec![mesh.root_arn(account)])).on(["*"]);
    PolicyDocument::new([root].into_iter().chain(further))
}

/// A statement in a resource's policy for a role of another account that may not exist yet.
pub(super) fn by_role(statement: Statement, mesh: &Mesh, account: &AccountId, role_arn: &str) -> Statement {
    statement.by(By::Accounts(vec![mesh.root_arn(account)])).when("ArnEquals", "aws:PrincipalArn", [role_arn])
}
