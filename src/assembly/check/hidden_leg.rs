//! The hidden leg: a role with a grant also needs rights of its own in IAM (hazard 17).

use super::Checker;
use crate::access::RoleFact;
use crate::finding::Code;
use serde_json::Value;

/// What engines call to read a table through the catalog (Athena user guide, "Configure access to databases and tables in the
/// AWS Glue Data Catalog").
const TABLE_ACTIONS: [&str; 5] =
    ["glue:BatchGetPartition", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"];

/// The role's own policy must let it read link and target, and the database `default` that Athena asks for.
pub(super) fn hidden_leg(checker: &mut Checker<'_>, role: &RoleFact, catalog: &str, database: &str) {
    let has = |statement: &Value, effect: &str, action: &str, resource: &str| {
        let names = |field: &str, fits: &dyn Fn(&str) -> bool| match &statement[field] {
            Value::String(text) => fits(text),
            Value::Array(items) => items.iter().any(|item| item.as_str().is_some_and(fits)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
        };
        let is_resource = |text: &str| text == resource || (resource != "*" && text.ends_with(resource));
        let is_denied = |text: &str| effect == "Deny" && text == "*";
        statement["Effect"] == effect
            && names("Action", &|text| text == action || is_denied(text))
            && names("Resource", &|text| is_resource(text) || is_denied(text))
    };
    let allows = |action: &str, resource: &str| {
        let any = |effect: &str| role.statements.iter().any(|statement| has(statement, effect, action, resource));
        any("Allow") && !any("Deny")
    };
    let mut lacking = Vec::new();
    if !allows("lakeformation:GetDataAccess", "*") {
        lacking.push("lakeformation:GetDataAccess".to_owned());
    }
    for (account, whose) in [(catalog, "target"), (role.account.as_str(), "link")] {
        let database_arn = format!(":{account}:database/{database}");
        let table_arn = format!(":{account}:table/{database}/*");
        let on_database = ["glue:GetDatabase", "glue:GetDatabases"].map(|action| (action, &database_arn));
        let on_tables = TABLE_ACTIONS.map(|action| (action, &table_arn));
        for (action, resource) in on_database.into_iter().chain(on_tables) {
            if !allows(action, resource) {
                lacking.push(format!("{action} on the {whose}"));
            }
        }
    }
    if !allows("glue:GetDatabase", &format!(":{}:database/default", role.account)) {
        lacking.push("glue:GetDatabase on `default`".to_owned());
    }
    if !lacking.is_empty() {
        let message = format!("for `{database}` it lacks {}", lacking.join(", "));
        checker.find_at(Code::RoleCannotRead, &role.spot, message);
    }
}
