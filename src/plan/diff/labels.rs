//! What a resource is, in words for people.

use super::names::{Names, name_pointer, tamed};
use super::resources::type_of;
use serde_json::Value;

/// The label of a resource: what a grant gives to whom, what a tag is on, else its name, else its logical id.
pub(super) fn of(id: &str, entry: &Value, names: &Names<'_>) -> String {
    let resource_type = type_of(entry);
    let properties = &entry["Properties"];
    let label = match resource_type {
        "AWS::LakeFormation::PrincipalPermissions" => grant(properties, names),
        "AWS::LakeFormation::TagAssociation" => association(properties, names),
        "AWS::LakeFormation::Tag" => format!("tag {}", names.text(&properties["TagKey"])),
        "AWS::LakeFormation::Resource" => format!("location {}", names.text(&properties["ResourceArn"])),
        "AWS::Glue::Table" => {
            let name = names.text(&properties["TableInput"]["Name"]);
            format!("{}.{name}", names.text(&properties["DatabaseName"]))
        }
        _ => {
            let named = name_pointer(resource_type).and_then(|pointer| properties.pointer(pointer));
            named.map(|name| names.text(name)).unwrap_or_default()
        }
    };
    if label.is_empty() { id.to_owned() } else { tamed(&label) }
}

fn grant(properties: &Value, names: &Names<'_>) -> String {
    let permissions = names.text(&properties["Permissions"]);
    format!("grant {permissions} to {} on {}", principal(properties, names), target(properties, names))
}

/// Whom a grant is for: the name of a role, a number of an account.
pub(super) fn principal(properties: &Value, names: &Names<'_>) -> String {
    let identifier = names.text(&properties["Principal"]["DataLakePrincipalIdentifier"]);
    match identifier.split_once(":role/") {
        Some((_, path)) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        None => identifier,
    }
}

/// What a grant or a tag is on.
pub(super) fn target(properties: &Value, names: &Names<'_>) -> String {
    let resource = &properties["Resource"];
    let text = |value: &Value| names.text(value);
    let Some((kind, inner)) = resource.as_object().and_then(|resource| resource.iter().next()) else {
        return "?".to_owned();
    };
    match kind.as_str() {
        "LFTagPolicy" => {
            let conditions = inner["Expression"].as_array().into_iter().flatten();
            let conditions: Vec<String> = conditions.map(|condition| pair(condition, names)).collect();
            let kind = text(&inner["ResourceType"]).to_lowercase();
            format!("{kind}s with {}", conditions.join(" and "))
        }
        "LFTag" => format!("tag {}", pair(inner, names)),
        "Database" => format!("database {}", text(&inner["Name"])),
        "Table" if inner.get("TableWildcard").is_some() => format!("all tables of {}", text(&inner["DatabaseName"])),
        "Table" => format!("{}.{}", text(&inner["DatabaseName"]), text(&inner["Name"])),
        "TableWithColumns" => {
            let table = format!("{}.{}", text(&inner["DatabaseName"]), text(&inner["Name"]));
            match inner.get("ColumnNames") {
                Some(columns) => format!("{table} ({})", text(columns)),
                None => format!("{table} (all but {})", text(&inner["ColumnWildcard"]["ExcludedColumnNames"])),
            }
        }
        "DataCellsFilter" => format!("filter {} of {}", text(&inner["Name"]), text(&inner["TableName"])),
        "DataLocation" => format!("location {}", text(&inner["ResourceArn"])),
        "Catalog" => "the catalog".to_owned(),
        other => other.to_owned(),
    }
}

fn pair(condition: &Value, names: &Names<'_>) -> String {
    format!("{}={}", names.text(&condition["TagKey"]), names.text(&condition["TagValues"]).replace(", ", "|"))
}

fn association(properties: &Value, names: &Names<'_>) -> String {
    let pairs = properties["LFTags"].as_array().into_iter().flatten();
    let pairs: Vec<String> = pairs.map(|tag| pair(tag, names)).collect();
    format!("tag {} on {}", pairs.join(", "), tagged(properties, names))
}

/// What a tag is on: `table.column`, a table, a database.
pub(super) fn tagged(properties: &Value, names: &Names<'_>) -> String {
    let resource = &properties["Resource"];
    if let Some(inner) = resource.get("TableWithColumns") {
        return format!("{}.{}", names.text(&inner["Name"]), names.text(&inner["ColumnNames"]));
    }
    target(properties, names)
}
