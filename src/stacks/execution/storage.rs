//! What CloudFormation's role may make of buckets and keys.

use super::Scope;
use crate::cfn::iam::Statement;
use std::collections::BTreeSet;

impl Scope<'_> {
    /// Buckets and keys of the mesh, without what is in them.
    pub(super) fn storage(&self) -> Vec<Statement> {
        let mesh = self.mesh;
        let unnamed = ["kms:CreateKey", "kms:ListAliases"];
        let (without_name, named): (BTreeSet<String>, BTreeSet<String>) =
            self.of("kms").into_iter().partition(|action| unnamed.contains(&action.as_str()));
        vec![
            Statement::allow("Buckets", self.of("s3")).on([format!(
                "arn:{}:s3:::{}-{}-*",
                mesh.region.partition(),
                mesh.tenant,
                mesh.name
            )]),
            Statement::allow("NewKeys", without_name).on(["*"]),
            Statement::allow("Keys", named)
                .on([self.arn("kms", "key/*"), self.arn("kms", &format!("alias/{}/*", mesh.name))]),
        ]
    }
}
