//! Buckets with their policies: private, encrypted, TLS only, organization only.

use super::ownership::Owner;
use crate::assembly::Layer;
use crate::cfn::iam::{PolicyDocument, Principal, Statement};
use crate::cfn::s3::{Bucket, BucketPolicy, Encryption};
use crate::cfn::{Handle, LogicalId, Name, Template, Val};
use crate::mesh::{AccountId, Mesh};

/// Adds the bucket of server access logs; a year and a month are kept.
pub(super) fn add_logs(
    template: &mut Template,
    mesh: &Mesh,
    owner: Owner<'_>,
    layer: Layer,
    name: String,
) -> Handle<Bucket> {
    let delivery = Statement::allow("ServerAccessLogs", ["s3:PutObject"])
        .by(Principal::Service(vec!["logging.s3.amazonaws.com".to_owned()]))
        .on([format!("arn:{}:s3:::{name}/*", mesh.region.partition())])
        .when("StringEquals", "aws:SourceAccount", [owner.account.as_str()]);
    let bucket = Bucket::private(name.clone(), &Encryption::S3, owner.tags(mesh, layer, None)).expiring(400);
    add(template, mesh, owner, "Logs", &name, bucket, [delivery])
}

/// Adds a bucket and its policy; `word` begins their logical ids.
pub(super) fn add(
    template: &mut Template,
    mesh: &Mesh,
    owner: Owner<'_>,
    word: &str,
    name: &str,
    bucket: Bucket,
    further: impl IntoIterator<Item = Statement>,
) -> Handle<Bucket> {
    let bucket = template.add(LogicalId::new(&format!("{word}Bucket")), bucket, owner.origin);
    let policy = policy(mesh, name, bucket.name(), further);
    template.add(LogicalId::new(&format!("{word}BucketPolicy")), policy, owner.origin);
    bucket
}

fn policy(
    mesh: &Mesh,
    name: &str,
    bucket: Val<Name<Bucket>>,
    further: impl IntoIterator<Item = Statement>,
) -> BucketPolicy {
    let arn = format!("arn:{}:s3:::{name}", mesh.region.partition());
    let everything = [arn.clone(), format!("{arn}/*")];
    let tls = Statement::deny("TlsOnly", ["s3:*"]).by(Principal::Everyone("*")).on(everything.clone()).when(
        "Bool",
        "aws:SecureTransport",
        ["false"],
    );
    let organization = Statement::deny("OrganizationOnly", ["s3:*"])
        .by(Principal::Everyone("*"))
        .on(everything)
        .when("StringNotEqualsIfExists", "aws:PrincipalOrgID", [mesh.organization.as_str()])
        .when("BoolIfExists", "aws:PrincipalIsAWSService", ["false"]);
    BucketPolicy { bucket, policy_document: PolicyDocument::new([tls, organization].into_iter().chain(further)) }
}

/// Lets the role that reads a registered location into the account's published data.
pub(super) fn register_role(mesh: &Mesh, governance: &AccountId, role_arn: &str, bucket: &str) -> [Statement; 2] {
    let arn = format!("arn:{}:s3:::{bucket}", mesh.region.partition());
    let objects = Statement::allow("LakeFormationObjects", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"])
        .on([format!("{arn}/products/*")]);
    let listing = Statement::allow("LakeFormationListing", ["s3:ListBucket"]).on([arn]);
    [
        super::policies::by_role(objects, mesh, governance, role_arn),
        super::policies::by_role(listing, mesh, governance, role_arn),
    ]
}
