//! A role's own IAM rights: to fetch data from Lake Formation, and to look into the catalogs.
//!
//! Sources: Athena user guide, "Manage Lake Formation and Athena user permissions" (`lakeformation:GetDataAccess`; IAM is asked
//! beside Lake Formation); Glue developer guide, "Specifying AWS Glue resource ARNs" (a right on a table takes the same on its
//! database and its catalog) and "Granting cross-account access" (the asking account's own policies too).

use super::Standing;
use super::rights::{Actor, View};
use super::text::partition;
use crate::access::{DatabaseFact, Spot, TableFact};

const ROLE: &str = "the role";

impl<'a> View<'a> {
    /// Whether a role may fetch data from Lake Formation. The action knows no resources, so that only `*` names it.
    pub(super) fn data_access(self, actor: &Actor<'a>) -> Standing {
        let decided = actor.rights.data_access.get_or_init(|| {
            let context = self.context(actor, None);
            self.may(actor, ROLE, &self.request(actor, "lakeformation:GetDataAccess", "*", &context), || false)
        });
        decided.clone()
    }

    /// Whether a role may look at a link and at a table by way of it.
    pub(super) fn identity_on_link(self, actor: &Actor<'a>, table: &TableFact, link: &DatabaseFact) -> Standing {
        self.looks_at(actor, &link.spot, &link.catalog, &link.name, &table.name)
    }

    /// Whether a role may look at a table.
    pub(super) fn identity_on_target(self, actor: &Actor<'a>, table: &TableFact) -> Standing {
        self.looks_at(actor, &table.spot, &table.catalog, &table.database, &table.name)
    }

    fn looks_at(self, actor: &Actor<'a>, spot: &Spot, account: &str, database: &str, table: &str) -> Standing {
        let region = self.records.regions.get(&spot.stack).unwrap_or(&actor.role.region);
        let start = format!("arn:{}:glue:{region}:{account}:", partition(region));
        let context = self.context(actor, Some(account));
        let may =
            |action, resource: &str| self.may(actor, ROLE, &self.request(actor, action, resource, &context), || false);
        let shared = self.index.catalog.get(format!("{} {start}{database}", actor.rights.arn), || {
            let (catalog, database) = (format!("{start}catalog"), format!("{start}database/{database}"));
            let reads = |resource: &str| may("glue:GetDatabase", resource).and(|| may("glue:GetTable", resource));
            reads(&catalog).and(|| reads(&database))
        });
        Standing::clone(&shared).and(|| may("glue:GetTable", &format!("{start}table/{database}/{table}")))
    }
}
