//! Reads grants and what they are on: `PrincipalPermissions`, the older `Permissions`, and filters.

use super::{Names, items};
use crate::access::facts::Spot;
use crate::access::granted::{ColumnList, FilterFact, GrantFact, GrantedFact};
use crate::access::principal::normal;
use serde_json::Value;
use std::collections::BTreeSet;

impl Names<'_> {
    /// `AWS::LakeFormation::PrincipalPermissions`.
    pub(super) fn grant(&self, spot: Spot, properties: &Value) -> GrantFact {
        let (kind, resource) = only(&properties["Resource"]);
        let granted = match kind {
            "Database" => GrantedFact::Database {
                catalog: self.catalog(resource),
                name: self.told(&spot, "Resource", &resource["Name"]),
            },
            "LFTagPolicy" => self.expression(&spot, resource),
            "Table" => self.named_table(&spot, resource, "TableWildcard"),
            "TableWithColumns" => self.columns(&spot, resource),
            "DataCellsFilter" => GrantedFact::Filter {
                catalog: self.text(&resource["TableCatalogId"]).unwrap_or_else(|| self.document.account.clone()),
                database: self.told(&spot, "Resource", &resource["DatabaseName"]),
                table: self.told(&spot, "Resource", &resource["TableName"]),
                name: self.told(&spot, "Resource", &resource["Name"]),
            },
            "LFTag" => GrantedFact::Tag {
                catalog: self.catalog(resource),
                key: self.told(&spot, "Resource", &resource["TagKey"]).to_lowercase(),
                values: self.lower_case(&spot, "Resource", &resource["TagValues"]),
            },
            "DataLocation" => GrantedFact::Location {
                catalog: self.catalog(resource),
                arn: self.text(&resource["ResourceArn"]).unwrap_or_default(),
            },
            other => GrantedFact::Other(other.to_owned()),
        };
        self.granted(spot, &properties["Principal"], granted, properties)
    }

    /// `AWS::LakeFormation::Permissions`, the older type: always on the catalog of its own account, or the one it names
    /// (CloudFormation template reference, "AWS::LakeFormation::Permissions").
    pub(super) fn older_grant(&self, spot: Spot, properties: &Value) -> GrantFact {
        let (kind, resource) = only(&properties["Resource"]);
        let granted = match kind {
            "DatabaseResource" => GrantedFact::Database {
                catalog: self.catalog(resource),
                name: self.told(&spot, "Resource", &resource["Name"]),
            },
            "TableResource" => self.named_table(&spot, resource, "TableWildcard"),
            "TableWithColumnsResource" => self.columns(&spot, resource),
            "DataLocationResource" => GrantedFact::Location {
                catalog: self.catalog(resource),
                arn: self.text(&resource["S3Resource"]).unwrap_or_default(),
            },
            other => GrantedFact::Other(other.to_owned()),
        };
        self.granted(spot, &properties["DataLakePrincipal"], granted, properties)
    }

    fn granted(&self, spot: Spot, principal: &Value, granted: GrantedFact, properties: &Value) -> GrantFact {
        let principal = self.known(&spot, "Principal", &principal["DataLakePrincipalIdentifier"]).map(normal);
        let rights = |property: &str| {
            items(&properties[property]).filter_map(|right| self.known(&spot, property, right)).collect()
        };
        let (permissions, grantable) = (rights("Permissions"), rights("PermissionsWithGrantOption"));
        GrantFact { account: self.document.account.clone(), spot, principal, granted, permissions, grantable }
    }

    fn expression(&self, spot: &Spot, resource: &Value) -> GrantedFact {
        let conditions = items(&resource["Expression"]).map(|condition| {
            let key = self.told(spot, "Resource", &condition["TagKey"]).to_lowercase();
            (key, self.lower_case(spot, "Resource", &condition["TagValues"]))
        });
        GrantedFact::Expression {
            catalog: self.catalog(resource),
            tables: self.text(&resource["ResourceType"]).as_deref() == Some("TABLE"),
            conditions: conditions.collect(),
        }
    }

    fn named_table(&self, spot: &Spot, resource: &Value, wildcard: &str) -> GrantedFact {
        let name = match &resource[wildcard] {
            Value::Null => Some(self.told(spot, "Resource", &resource["Name"])),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let database = self.told(spot, "Resource", &resource["DatabaseName"]);
        GrantedFact::Table { catalog: self.catalog(resource), database, name }
    }

    fn columns(&self, spot: &Spot, resource: &Value) -> GrantedFact {
        GrantedFact::Columns {
            catalog: self.catalog(resource),
            database: self.told(spot, "Resource", &resource["DatabaseName"]),
            table: self.told(spot, "Resource", &resource["Name"]),
            columns: self.column_list(spot, "Resource", resource),
        }
    }

    fn column_list(&self, spot: &Spot, property: &str, resource: &Value) -> ColumnList {
        let names = |value: &Value| -> BTreeSet<String> {
            items(value).filter_map(|name| self.known(spot, property, name)).collect()
        };
        match &resource["ColumnNames"] {
            Value::Null => ColumnList::AllBut(names(&resource["ColumnWildcard"]["ExcludedColumnNames"])),
            listed => ColumnList::Only(names(listed)),
        }
    }

    /// `AWS::LakeFormation::DataCellsFilter`.
    pub(super) fn filter(&self, spot: Spot, properties: &Value) -> FilterFact {
        let rows = match &properties["RowFilter"]["FilterExpression"] {
            Value::Null => None,
            // it lets some rows through, whichever
            expression => Some(self.told(&spot, "RowFilter", expression)),
        };
        FilterFact {
            catalog: self.text(&properties["TableCatalogId"]).unwrap_or_else(|| self.document.account.clone()),
            database: self.told(&spot, "DatabaseName", &properties["DatabaseName"]),
            table: self.told(&spot, "TableName", &properties["TableName"]),
            name: self.told(&spot, "Name", &properties["Name"]),
            columns: self.column_list(&spot, "ColumnNames", properties),
            rows,
            spot,
        }
    }
}

/// The one member of a resource, and what it says.
fn only(resource: &Value) -> (&str, &Value) {
    let member = resource.as_object().and_then(|resource| resource.iter().find(|(_, value)| !value.is_null()));
    member.map_or(("nothing", &Value::Null), |(kind, value)| (kind.as_str(), value))
}
