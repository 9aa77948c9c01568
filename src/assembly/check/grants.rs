//! Grants and tag associations inside one template: their shape, and the order in which CloudFormation may make them.

use super::Checker;
use super::graph::Graph;
use crate::access::{AssociationFact, Facts, GrantedFact, Spot};
use crate::assembly::Document;
use crate::finding::Code;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Permissions that fit a member of a grant's Resource (lake-formation-mesh 1.5, from AWS's permissions reference).
fn fitting(member: &str, resource_type: Option<&str>) -> Option<&'static [&'static str]> {
    const DATABASE: &[&str] = &["ALL", "ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"];
    const TABLE: &[&str] = &["ALL", "ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"];
    Some(match (member, resource_type) {
        ("Catalog", _) => &["CREATE_DATABASE", "CREATE_LF_TAG"],
        ("Database", _) | ("LFTagPolicy", Some("DATABASE")) => DATABASE,
        ("Table", _) | ("LFTagPolicy", Some("TABLE")) => TABLE,
        ("TableWithColumns" | "DataCellsFilter", _) => &["SELECT"],
        ("DataLocation", _) => &["DATA_LOCATION_ACCESS"],
        ("LFTag", _) => &["ASSOCIATE", "DESCRIBE", "GRANT_WITH_LF_TAG_EXPRESSION"],
        _ => return None,
    })
}

/// The shape of each grant and association.
pub(super) fn check_shapes(checker: &mut Checker<'_>, document: &Document) {
    for (id, type_name, entry) in document.resources() {
        let properties = &entry["Properties"];
        let message = match type_name {
            "AWS::LakeFormation::PrincipalPermissions" => {
                grant_problem(properties).map(|problem| (Code::GrantShape, problem))
            }
            "AWS::LakeFormation::Permissions" => {
                let problem =
                    "the older type leaves stale grants behind, so the checks refuse it; use PrincipalPermissions";
                Some((Code::GrantShape, problem.to_owned()))
            }
            "AWS::LakeFormation::TagAssociation" => {
                association_problem(properties).map(|problem| (Code::AssociationShape, problem))
            }
            _ => None,
        };
        if let Some((code, message)) = message {
            checker.find(code, &document.id, id, message);
        }
    }
}

/// The one member of a Resource, or what is wrong with it.
fn one_member(properties: &Value) -> Result<(&str, &Value), String> {
    let members: Vec<(&String, &Value)> = properties["Resource"].as_object().into_iter().flatten().collect();
    match members.as_slice() {
        [(name, value)] => Ok((name, value)),
        [] => Err("it names no resource".to_owned()),
        several => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            Err(format!("it names {} resources: {}", names.len(), names.join(", ")))
        }
    }
}

fn grant_problem(properties: &Value) -> Option<String> {
    let (member, resource) = match one_member(properties) {
        Ok(member) => member,
        Err(problem) => return Some(problem),
    };
    let Some(fitting) = fitting(member, resource["ResourceType"].as_str()) else {
        return Some(format!("`{member}` is nothing that a grant can be on"));
    };
    let texts = |field: &str| -> Vec<&str> {
        properties[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let (permissions, grantable) = (texts("Permissions"), texts("PermissionsWithGrantOption"));
    if permissions.is_empty() {
        return Some("it grants nothing".to_owned());
    }
    let wrong: Vec<&str> = permissions.iter().copied().filter(|permission| !fitting.contains(permission)).collect();
    if !wrong.is_empty() {
        return Some(format!("{} does not fit {member}", wrong.join(", ")));
    }
    let beyond: Vec<&str> = grantable.into_iter().filter(|permission| !permissions.contains(permission)).collect();
    (!beyond.is_empty()).then(|| format!("{} may be passed on, but is not granted", beyond.join(", ")))
}

fn association_problem(properties: &Value) -> Option<String> {
    let (member, resource) = match one_member(properties) {
        Ok(member) => member,
        Err(problem) => return Some(problem),
    };
    if !["Database", "Table", "TableWithColumns"].contains(&member) {
        return Some(format!("`{member}` cannot carry a tag"));
    }
    if !resource["TableWildcard"].is_null() {
        return Some("a table wildcard cannot carry a tag".to_owned());
    }
    let columns = resource["ColumnNames"].as_array().map_or(0, Vec::len);
    if member == "TableWithColumns" && columns != 1 {
        return Some(format!("it covers {columns} columns"));
    }
    let mut values: BTreeMap<String, usize> = BTreeMap::new();
    for pair in properties["LFTags"].as_array().into_iter().flatten() {
        *values.entry(pair["TagKey"].to_string()).or_default() += pair["TagValues"].as_array().map_or(0, Vec::len);
    }
    if values.is_empty() {
        return Some("it carries no tag".to_owned());
    }
    values
        .into_iter()
        .find(|(_, count)| *count != 1)
        .map(|(key, count)| format!("it gives the tag {key} {count} values"))
}

/// The order of what one template makes.
pub(super) fn check_order(checker: &mut Checker<'_>, facts: &Facts, graph: &Graph) {
    chain(checker, graph, facts.grants.iter().map(|grant| &grant.spot).collect(), "another grant");
    let mut tables: BTreeMap<(&str, &str, &str), Vec<&Spot>> = BTreeMap::new();
    for association in &facts.associations {
        let target = &association.target;
        if let Some(table) = &target.table {
            tables.entry((&target.catalog, &target.database, table)).or_default().push(&association.spot);
        }
    }
    for spots in tables.values() {
        chain(checker, graph, spots.clone(), "another association of the same table");
    }
    let mut after = |then: &Spot, first: &Spot, what: &str| {
        if then.resource != first.resource && !graph.before(&first.resource, &then.resource) {
            checker.find_at(Code::GrantBeforeTarget, then, format!("it does not wait for {} ({what})", first.resource));
        }
    };
    let settings: Vec<&Spot> = facts.settings.iter().map(|settings| &settings.spot).collect();
    let under_settings = facts.tags.iter().map(|tag| &tag.spot).chain(facts.grants.iter().map(|grant| &grant.spot));
    for spot in under_settings {
        for settings in &settings {
            after(spot, settings, "the settings that make the execution role an admin");
        }
    }
    for database in facts.databases.iter().filter(|database| database.target.is_none()) {
        for settings in &settings {
            after(&database.spot, settings, "the settings without which a new database is open to all");
        }
    }
    let targets = Targets::of(facts);
    for association in &facts.associations {
        for (first, what) in targets.before_association(association) {
            after(&association.spot, first, what);
        }
    }
    let roles: BTreeMap<&str, &Spot> = facts.roles.iter().map(|role| (role.arn.as_str(), &role.spot)).collect();
    for grant in &facts.grants {
        if let Some(role) = grant.principal.as_deref().and_then(|principal| roles.get(principal)) {
            after(&grant.spot, role, "the role that it is for");
        }
        match &grant.granted {
            GrantedFact::Database { catalog, name } => {
                if let Some(database) = targets.databases.get(&(catalog.as_str(), name.as_str())) {
                    after(&grant.spot, database, "the database or link that it is on");
                }
            }
            GrantedFact::Expression { conditions, .. } => {
                for tag in conditions.iter().filter_map(|(key, _)| targets.tags.get(key.as_str())) {
                    after(&grant.spot, tag, "the tag");
                }
            }
            GrantedFact::Table { catalog, database, name } => {
                let database = (catalog.as_str(), database.as_str());
                if let Some(spot) = targets.databases.get(&database) {
                    after(&grant.spot, spot, "the database that it is on");
                }
                let Some(name) = name else { continue };
                if let Some(spot) = targets.tables.get(&(database.0, database.1, name)) {
                    after(&grant.spot, spot, "the table that it is on");
                }
                // what comes by name adds columns, and a new column is what the table's tags make of it
                for spot in tables.get(&(database.0, database.1, name.as_str())).into_iter().flatten() {
                    after(&grant.spot, spot, "a tag of the table that it is on");
                }
            }
            GrantedFact::Location { arn, catalog: _ } => {
                for location in facts.locations.iter().filter(|location| location.arn == *arn) {
                    after(&grant.spot, &location.spot, "the location that it is on");
                }
            }
            // our own templates have none of these
            GrantedFact::Columns { .. }
            | GrantedFact::Filter { .. }
            | GrantedFact::Tag { .. }
            | GrantedFact::Other(_) => {}
        }
    }
}

/// Each of some resources must stand after the one before it, in whatever order the template gives them.
fn chain(checker: &mut Checker<'_>, graph: &Graph, spots: Vec<&Spot>, what: &str) {
    let among: BTreeSet<&str> = spots.iter().map(|spot| spot.resource.as_str()).collect();
    let order = graph.order(&among);
    for pair in order.windows(2) {
        let [first, then] = pair else { continue };
        if !graph.before(first, then)
            && let Some(spot) = spots.iter().find(|spot| spot.resource == **then)
        {
            checker.find_at(Code::GrantsUnordered, spot, format!("it may be made at the same time as {what}, {first}"));
        }
    }
}

/// What a template makes that associations and grants may be on.
struct Targets<'a> {
    databases: BTreeMap<(&'a str, &'a str), &'a Spot>,
    tables: BTreeMap<(&'a str, &'a str, &'a str), &'a Spot>,
    tags: BTreeMap<&'a str, &'a Spot>,
    database_tags: BTreeMap<(&'a str, &'a str), &'a Spot>,
}

impl<'a> Targets<'a> {
    fn of(facts: &'a Facts) -> Self {
        let databases = facts
            .databases
            .iter()
            .map(|database| ((database.catalog.as_str(), database.name.as_str()), &database.spot));
        let tables = facts
            .tables
            .iter()
            .map(|table| ((table.catalog.as_str(), table.database.as_str(), table.name.as_str()), &table.spot));
        let of_databases = facts.associations.iter().filter(|association| association.target.table.is_none());
        let database_tags = of_databases.map(|association| {
            ((association.target.catalog.as_str(), association.target.database.as_str()), &association.spot)
        });
        Self {
            databases: databases.collect(),
            tables: tables.collect(),
            tags: facts.tags.iter().map(|tag| (tag.key.as_str(), &tag.spot)).collect(),
            database_tags: database_tags.collect(),
        }
    }

    /// What must stand before an association, as far as the same template makes it.
    fn before_association(&self, association: &AssociationFact) -> Vec<(&'a Spot, &'static str)> {
        let target = &association.target;
        let database = (target.catalog.as_str(), target.database.as_str());
        let mut before = Vec::new();
        before.extend(self.databases.get(&database).map(|spot| (*spot, "the database")));
        if let Some(table) = &target.table {
            before.extend(self.tables.get(&(database.0, database.1, table)).map(|spot| (*spot, "the table")));
            before.extend(self.database_tags.get(&database).map(|spot| (*spot, "the database's own tag")));
        }
        before.extend(
            association.tags.keys().filter_map(|key| self.tags.get(key.as_str())).map(|spot| (*spot, "the tag")),
        );
        before
    }
}
