//! What Amazon QuickSight makes of tables: the types of its columns, and how often a copy is renewed.

use super::{Column, GlueType, Product, QuicksightGroup, Region, Subscription, Table};

use crate::environment::files::QuicksightMode;

/// Who reads in QuickSight, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quicksight {
    /// The group that may read; `None` for the computed one.
    pub group: Option<QuicksightGroup>,
    /// Region in which QuickSight keeps the account's users and groups; `None` for the mesh's.
    pub identity_region: Option<Region>,
    /// Whether data sets are queried or copied.
    pub mode: QuicksightMode,
}

/// Type of a column of a data set (QuickSight API, `InputColumn`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuicksightType {
    /// Yes or no.
    Boolean,
    /// A day or a point in time.
    Datetime,
    /// A number with decimals, fixed or floating.
    Decimal,
    /// A whole number.
    Integer,
    /// A text.
    String,
}

impl QuicksightType {
    /// The type that a column of the catalog has in QuickSight, through Athena; `None` for what QuickSight skips: structures,
    /// and binary data (QuickSight user guide, "Supported data types and values", Amazon Athena).
    #[must_use]
    pub fn of(kind: &GlueType) -> Option<Self> {
        Some(match kind.name() {
            "boolean" => Self::Boolean,
            "date" | "timestamp" => Self::Datetime,
            "decimal" | "double" | "float" => Self::Decimal,
            "bigint" | "int" | "smallint" | "tinyint" => Self::Integer,
            "char" | "string" | "varchar" => Self::String,
            _ => return None,
        })
    }

    /// The word in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Datetime => "DATETIME",
            Self::Decimal => "DECIMAL",
            Self::Integer => "INTEGER",
            Self::String => "STRING",
        }
    }
}

/// Most characters of a column's name in a data set (schema of `AWS::QuickSight::DataSet`, `InputColumn`).
const LONGEST_NAME: usize = 127;

impl Column {
    /// Its type in QuickSight; `None` where QuickSight cannot read the column, by its type or the length of its name.
    #[must_use]
    pub fn in_quicksight(&self) -> Option<QuicksightType> {
        if self.name.as_str().len() > LONGEST_NAME { None } else { QuicksightType::of(&self.kind) }
    }
}

impl Subscription {
    /// The columns and partition keys of a table that the subscription's classifications open, in the table's order.
    pub fn visible<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a Column> {
        table.all_columns().filter(|column| self.classifications.contains(&column.classification))
    }
}

/// How often a copy is renewed in full (QuickSight API, `RefreshFrequency`: what is shorter is for partial refreshes only).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Each hour.
    Hourly,
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// Each month.
    Monthly,
}

impl Interval {
    /// The longest interval that keeps up with the frequency that a product promises; daily where it promises none.
    #[must_use]
    pub fn of(product: &Product) -> Self {
        match product.frequency().minutes() / 60 {
            hours if hours >= 24 * 31 => Self::Monthly,
            hours if hours >= 24 * 7 => Self::Weekly,
            hours if hours >= 24 => Self::Daily,
            _ => Self::Hourly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QuicksightType::{self, Boolean, Datetime, Decimal, Integer, String};
    use crate::mesh::GlueType;

    #[test]
    fn each_type_of_the_catalog_has_its_type_or_none() {
        let expected = [
            ("bigint", Some(Integer)),
            ("int", Some(Integer)),
            ("smallint", Some(Integer)),
            ("tinyint", Some(Integer)),
            ("boolean", Some(Boolean)),
            ("date", Some(Datetime)),
            ("timestamp", Some(Datetime)),
            ("decimal(18,2)", Some(Decimal)),
            ("decimal", Some(Decimal)),
            ("double", Some(Decimal)),
            ("float", Some(Decimal)),
            ("char(2)", Some(String)),
            ("varchar(20)", Some(String)),
            ("string", Some(String)),
            ("binary", None),
            ("array<string>", None),
            ("map<string,int>", None),
            ("struct<name:string>", None),
        ];
        for (text, kind) in expected {
            let parsed = GlueType::parse(text).expect("it is a type of the catalog");
            assert_eq!(QuicksightType::of(&parsed), kind, "{text}");
        }
    }
}
