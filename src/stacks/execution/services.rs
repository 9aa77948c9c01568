//! What CloudFormation's role may do with services that only one kind of account has: shares in governance, QuickSight at
//! a consumer.

use super::Scope;
use crate::cfn::iam::Statement;
use std::collections::BTreeSet;

impl Scope<'_> {
    /// What a grant to another account does behind the scenes (AWS managed policy AWSLakeFormationCrossAccountManager).
    pub(super) fn shares(&self) -> Vec<Statement> {
        vec![
            Statement::allow("CreateShares", ["ram:CreateResourceShare"]).on(["*"]).when(
                "StringLikeIfExists",
                "ram:RequestedResourceType",
                ["glue:Catalog", "glue:Database", "glue:Table"],
            ),
            Statement::allow(
                "ChangeShares",
                [
                    "ram:AssociateResourceShare",
                    "ram:AssociateResourceSharePermission",
                    "ram:DeleteResourceShare",
                    "ram:DisassociateResourceShare",
                    "ram:UpdateResourceShare",
                ],
            )
            .on(["*"])
            .when("StringLike", "ram:ResourceShareName", ["LakeFormation*"]),
            Statement::allow(
                "ReadShares",
                [
                    "organizations:DescribeAccount",
                    "organizations:DescribeOrganization",
                    "ram:GetResourceShareAssociations",
                    "ram:GetResourceShares",
                    "ram:ListResourceSharePermissions",
                ],
            )
            .on(["*"]),
            Statement::allow("CatalogPolicy", ["glue:DeleteResourcePolicy", "glue:PutResourcePolicy"])
                .on([self.arn("glue", "catalog")]),
        ]
    }

    /// The mesh's data sources and data sets, with their schedules and ingestions, whose ARNs lie below the data set's.
    pub(super) fn quicksight(&self) -> Vec<Statement> {
        // the service authorization reference has no resource types for these two
        let unnamed = ["quicksight:CreateDataSource", "quicksight:ListIngestions"];
        let (without_name, named): (BTreeSet<String>, BTreeSet<String>) =
            self.of("quicksight").into_iter().partition(|action| unnamed.contains(&action.as_str()));
        let mesh = self.mesh;
        vec![
            Statement::allow("NewDataSources", without_name).on(["*"]),
            Statement::allow("DataSources", named).on([
                self.arn("quicksight", &format!("dataset/{}-*", mesh.name)),
                self.arn("quicksight", &format!("datasource/{}-*", mesh.name)),
            ]),
        ]
    }
}
