//! Lake Formation: settings, expressions, and grants in a chain.

use super::ownership::Owner;
use crate::assembly::Layer;
use crate::cfn::lakeformation::{
    Condition, DataLakePrincipal, DataLakeSettings, Granted, Permission, PrincipalPermissions, ResourceType,
};
use crate::cfn::ssm::Parameter;
use crate::cfn::{LogicalId, Template};
use crate::finding::Place;
use crate::mesh::{Access, AccountId, Classification, Mesh};
use std::collections::{BTreeMap, BTreeSet};

/// Name of the parameter by which a mesh takes the settings of an account. Every mesh makes the same one, so that the second
/// fails here, before it changes what the first rests on (hazard 13; as aws/modern-data-architecture-accelerator locks its
/// account modules).
pub(super) const SETTINGS_LOCK: &str = "/meshform/lake-formation-settings";

/// Adds the lock, then the settings of an account's catalog; returns the settings' id, for what must wait for them.
pub(super) fn add_settings(template: &mut Template, mesh: &Mesh, owner: Owner<'_>, layer: Layer) -> LogicalId {
    let tags = owner.tags(mesh, layer, None).into_iter().map(|tag| (tag.key, tag.value)).collect();
    let description = format!("The Lake Formation settings of this account belong to the data mesh {}", mesh.name);
    let lock = Parameter::text(SETTINGS_LOCK.to_owned(), mesh.name.to_string(), description, tags);
    let lock = template.add(LogicalId::new("SettingsLock"), lock, owner.origin);
    let settings = template.add(LogicalId::new("Settings"), settings(mesh, owner.account), owner.origin);
    template.depend(settings.id(), lock.id());
    settings.id().clone()
}

/// The settings of an account's catalog: CloudFormation's role administers, the plan role reads.
fn settings(mesh: &Mesh, account: &AccountId) -> DataLakeSettings {
    let role = |name| DataLakePrincipal::new(mesh.bootstrap_role_arn(account, name));
    let admins = vec![role(&mesh.deployment.execution_role)];
    DataLakeSettings::closed(admins, vec![role(&mesh.deployment.plan_role)], mesh.cross_account_version)
}

/// The databases of a product: by the domain's tag alone, since a database carries no classification.
pub(super) fn database_expression(mesh: &Mesh, access: &Access) -> Granted {
    Granted::TagPolicy {
        catalog_id: mesh.governance.to_string(),
        resource_type: ResourceType::Database,
        expression: vec![product_condition(mesh, access)],
    }
}

/// The tables and columns of a product that some classifications open.
pub(super) fn table_expression(mesh: &Mesh, access: &Access) -> Granted {
    let classification = Condition {
        tag_key: mesh.classification_tag(),
        tag_values: access.classifications.iter().map(Classification::to_string).collect(),
    };
    let mut expression = vec![classification, product_condition(mesh, access)];
    expression.sort_unstable();
    Granted::TagPolicy { catalog_id: mesh.governance.to_string(), resource_type: ResourceType::Table, expression }
}

fn product_condition(mesh: &Mesh, access: &Access) -> Condition {
    Condition { tag_key: mesh.domain_tag(&access.domain), tag_values: vec![access.product.to_string()] }
}

/// Whether the receiver may pass a grant on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GrantOption {
    /// An account, whose admin passes it on to roles.
    With,
    /// A role.
    Without,
}

/// Grants of one stack, one after another: parallel ones fail (cfn#2432). Equal ones are one.
#[derive(Default)]
pub(super) struct Chain {
    grants: BTreeMap<String, (LogicalId, PrincipalPermissions, Place)>,
    /// What the first waits for.
    after: BTreeSet<LogicalId>,
    /// What single ones wait for.
    waiting: Vec<(LogicalId, LogicalId)>,
}

impl Chain {
    /// Adds a grant; its id comes from its principal and resource alone, since they are its identity.
    pub(super) fn grant(
        &mut self,
        words: &str,
        principal: &str,
        resource: Granted,
        permissions: &[Permission],
        grant_option: GrantOption,
        origin: &Place,
    ) -> LogicalId {
        let identity = format!("{principal}|{}", crate::assembly::pretty(&resource));
        let permissions = permissions.to_vec();
        let permissions_with_grant_option = match grant_option {
            GrantOption::With => permissions.clone(),
            GrantOption::Without => Vec::new(),
        };
        let grant = PrincipalPermissions {
            principal: DataLakePrincipal::new(principal),
            resource,
            permissions,
            permissions_with_grant_option,
        };
        let id = LogicalId::of("Grant", words, &identity);
        // the words come first, so that the chain reads well: databases, links, tables, each by product
        let entry = self.grants.entry(format!("{words}|{identity}"));
        entry.or_insert_with(|| (id.clone(), grant, origin.clone()));
        id
    }

    /// Lets all grants wait for a resource of the template.
    pub(super) fn after(&mut self, on: &LogicalId) {
        self.after.insert(on.clone());
    }

    /// Lets a grant wait for a resource of the template.
    pub(super) fn after_of(&mut self, grant: LogicalId, on: &LogicalId) {
        self.waiting.push((grant, on.clone()));
    }

    /// Puts the grants into a template, each after the one before. Returns them in this order, each with its principal.
    pub(super) fn add_to(self, template: &mut Template) -> Vec<(LogicalId, String)> {
        let mut added: Vec<(LogicalId, String)> = Vec::new();
        for (id, grant, origin) in self.grants.into_values() {
            let principal = grant.principal.identifier().to_owned();
            let handle = template.add(id, grant, &origin);
            match added.last() {
                Some((previous, _)) => template.depend(handle.id(), previous),
                // what the first waits for, all wait for
                None => self.after.iter().for_each(|on| template.depend(handle.id(), on)),
            }
            added.push((handle.id().clone(), principal));
        }
        for (grant, on) in self.waiting {
            template.depend(&grant, &on);
        }
        added
    }
}

/// Rights on databases and on links.
pub(super) const DESCRIBE: &[Permission] = &[Permission::Describe];

/// Rights on tables and columns.
pub(super) const READ: &[Permission] = &[Permission::Describe, Permission::Select];

/// Rights of a crawler on the table that it looks at: to read it, and to add columns and partitions.
pub(super) const CRAWL: &[Permission] =
    &[Permission::Alter, Permission::Describe, Permission::Insert, Permission::Select];

/// Rights of a crawler on the database in which it makes tables.
pub(super) const MAKE_TABLES: &[Permission] = &[Permission::CreateTable, Permission::Describe];

/// The right on a registered location.
pub(super) const LOCATION: &[Permission] = &[Permission::DataLocationAccess];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_permissions_do_not_change_the_id_of_a_grant() {
        let database = |name: &str| Granted::Database {
            catalog_id: "111111111111".to_owned(),
            name: crate::cfn::Val::literal(name),
        };
        let id = |principal: &str, name: &str, permissions, option| {
            Chain::default().grant(
                "database",
                principal,
                database(name),
                permissions,
                option,
                &Place::file("domains/sales.yaml"),
            )
        };
        let one = id("222222222222", "orders", DESCRIBE, GrantOption::With);
        assert_eq!(one, id("222222222222", "orders", READ, GrantOption::Without));
        assert_ne!(one, id("333333333333", "orders", DESCRIBE, GrantOption::With));
        assert_ne!(one, id("222222222222", "returns", DESCRIBE, GrantOption::With));
    }
}
