//! The database `default` of an account: Athena asks that a role can describe it, whatever the role queries.
//!
//! Athena user guide, "Considerations and limitations for querying registered data": the Lake Formation DESCRIBE permission
//! is required on the `default` database (hazard 16). Under closed settings nobody has it unless it is granted.

use super::grants::{Chain, DESCRIBE, GrantOption};
use super::ownership::Owner;
use super::roles::Querying;
use crate::cfn::glue::{Database, DefaultDatabase};
use crate::cfn::lakeformation::Granted;
use crate::cfn::{LogicalId, Template, Val};
use crate::environment::files;

/// The name that Athena asks for.
pub(super) const NAME: &str = "default";

/// Adds the database, where the account has none, and lets the roles that query describe it.
pub(super) fn add(
    template: &mut Template,
    owner: Owner<'_>,
    settings: &LogicalId,
    default_database: files::DefaultDatabase,
    roles: &[Querying],
) {
    if roles.is_empty() {
        return;
    }
    let name = match default_database {
        files::DefaultDatabase::Make => {
            let database = DefaultDatabase(Database::local(
                owner.account.as_str(),
                NAME.to_owned(),
                "What Athena asks every role to be able to describe; holds nothing".to_owned(),
            ));
            let database = template.add(LogicalId::new("DefaultDatabase"), database, owner.origin);
            template.depend(database.id(), settings);
            database.database()
        }
        files::DefaultDatabase::Exists => Val::literal(NAME),
    };
    let mut chain = Chain::default();
    for role in roles {
        let resource = Granted::Database { catalog_id: owner.account.to_string(), name: name.clone() };
        chain.grant("default", &role.arn, resource, DESCRIBE, GrantOption::Without, owner.origin);
    }
    for (position, (grant, principal)) in chain.add_to(template).into_iter().enumerate() {
        // where the database is made it waits for the settings, and its grants wait for it
        if position == 0 && default_database == files::DefaultDatabase::Exists {
            template.depend(&grant, settings);
        }
        for role in roles.iter().filter(|role| role.arn == principal) {
            template.depend(&grant, &role.id);
        }
    }
}
