//! Roles that work with data, each with a workgroup and a result prefix of its own.

use super::ownership::Owner;
use super::policies::Reading;
use crate::assembly::Layer;
use crate::cfn::athena::{Results, WorkGroup};
use crate::cfn::iam::{InlinePolicy, PolicyDocument, Role, Statement};
use crate::cfn::{Arn, LogicalId, Template, Val, kms};
use crate::finding::Place;
use crate::mesh::{Mesh, ProductId};
use std::collections::BTreeSet;

/// What the roles of one account have in common.
pub(super) struct Account<'a> {
    pub(super) mesh: &'a Mesh,
    pub(super) owner: Owner<'a>,
    pub(super) layer: Layer,
    /// Name of the bucket of results.
    pub(super) results: String,
    /// Encrypts them.
    pub(super) key: Val<Arn<kms::Key>>,
    /// Most bytes that one query may scan.
    pub(super) scan_limit: u64,
}

/// A role that queries.
pub(super) struct Querying {
    /// Its logical id.
    pub(super) id: LogicalId,
    /// Its ARN, computed.
    pub(super) arn: String,
}

/// A role to be made.
pub(super) struct Draft<'a> {
    /// Begins the logical ids of the role and its workgroup: `Owner`, `Job`.
    pub(super) word: &'a str,
    /// What it is about, where there are several of a kind; ends up in the ids and in the tags.
    pub(super) product: Option<&'a ProductId>,
    /// Name of the role.
    pub(super) name: &'a str,
    pub(super) description: String,
    pub(super) trusts: Vec<Statement>,
    pub(super) statements: Vec<Statement>,
    pub(super) origin: &'a Place,
}

impl Draft<'_> {
    /// One of a kind needs no hash; of several, the role's name tells them apart.
    fn id(&self, suffix: &str) -> LogicalId {
        match self.product {
            Some(product) => LogicalId::of(&format!("{}{suffix}", self.word), product.as_str(), self.name),
            None => LogicalId::new(&format!("{}{suffix}", self.word)),
        }
    }
}

impl Account<'_> {
    /// What reading some databases through Athena takes.
    pub(super) fn reading(&self, role: &str, databases: &BTreeSet<String>) -> Vec<Statement> {
        let Self { mesh, owner, layer: _, results, key, scan_limit: _ } = self;
        Reading { mesh, account: owner.account, role, results, key }.statements(databases)
    }

    /// Adds a role under the mesh's path and boundary.
    pub(super) fn add_role(&self, template: &mut Template, draft: Draft<'_>) {
        let id = draft.id("Role");
        let role = Role {
            role_name: draft.name.to_owned(),
            path: self.mesh.role_path(),
            description: draft.description,
            assume_role_policy_document: PolicyDocument::new(draft.trusts),
            permissions_boundary: Some(Val::literal(self.mesh.boundary_arn(self.owner.account))),
            managed_policy_arns: Vec::new(),
            policies: vec![InlinePolicy {
                policy_name: "work".to_owned(),
                policy_document: PolicyDocument::new(draft.statements),
            }],
            tags: self.owner.tags(self.mesh, self.layer, draft.product),
        };
        template.add(id, role, draft.origin);
    }

    /// Adds a role that queries, and its workgroup.
    pub(super) fn add_querying_role(&self, template: &mut Template, draft: Draft<'_>) -> Querying {
        let results = Results {
            location: format!("s3://{}/{}/", self.results, draft.name),
            key: self.key.clone(),
            bucket_owner: self.owner.account.to_string(),
        };
        let description = format!("Queries of the role {}", draft.name);
        let tags = self.owner.tags(self.mesh, self.layer, draft.product);
        let workgroup = WorkGroup::enforced(draft.name.to_owned(), description, self.scan_limit, results, tags);
        template.add(draft.id("WorkGroup"), workgroup, draft.origin);
        let querying = Querying { id: draft.id("Role"), arn: self.mesh.role_arn(self.owner.account, draft.name) };
        self.add_role(template, draft);
        querying
    }
}
