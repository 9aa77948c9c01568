//! Types of columns in the Glue Data Catalog.

use crate::environment::files::LogicalType;
use std::fmt;

/// A type of the catalog, in Hive's notation: `decimal(18,2)`, `array<struct<name:string>>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlueType(String);

const PLAIN: [&str; 13] = [
    "bigint",
    "binary",
    "boolean",
    "char",
    "date",
    "decimal",
    "double",
    "float",
    "int",
    "smallint",
    "string",
    "timestamp",
    "tinyint",
];

impl GlueType {
    /// Parses a type; spaces are dropped.
    ///
    /// # Errors
    /// What is not understood, as the end of a sentence that starts with the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        if compact.len() > 4096 || compact.matches('<').count() > 16 {
            return Err("nests deeper than a column should");
        }
        match kind(&compact) {
            Some("") => Ok(Self(compact)),
            _ => Err(
                "is no type of the Glue Data Catalog, such as `bigint`, `decimal(18,2)`, `array<string>` or `struct<name:string>`",
            ),
        }
    }

    /// The type that a logical type has when no physical one is given; structures have none.
    #[must_use]
    pub fn of(logical: LogicalType) -> Option<Self> {
        let name = match logical {
            LogicalType::String | LogicalType::Time => "string",
            LogicalType::Date => "date",
            LogicalType::Timestamp => "timestamp",
            LogicalType::Number => "double",
            LogicalType::Integer => "bigint",
            LogicalType::Boolean => "boolean",
            LogicalType::Object | LogicalType::Array => return None,
        };
        Some(Self(name.to_owned()))
    }

    /// The name without what it is made of: `decimal` of `decimal(18,2)`, `array` of `array<string>`.
    #[must_use]
    pub fn name(&self) -> &str {
        let end = self.0.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(self.0.len());
        &self.0[..end]
    }
}

impl fmt::Display for GlueType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Reads one type and returns what follows it.
fn kind(text: &str) -> Option<&str> {
    let end = text.find(|letter: char| !letter.is_ascii_lowercase()).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match name {
        "array" => kind(rest.strip_prefix('<')?)?.strip_prefix('>'),
        "map" => kind(kind(rest.strip_prefix('<')?)?.strip_prefix(',')?)?.strip_prefix('>'),
        "struct" => {
            let mut rest = field(rest.strip_prefix('<')?)?;
            while let Some(next) = rest.strip_prefix(',') {
                rest = field(next)?;
            }
            rest.strip_prefix('>')
        }
        "decimal" => match rest.strip_prefix('(') {
            Some(rest) => number(number(rest, 38)?.strip_prefix(',')?, 38)?.strip_prefix(')'),
            None => Some(rest),
        },
        "char" | "varchar" => number(rest.strip_prefix('(')?, 65_535)?.strip_prefix(')'),
        name if PLAIN.contains(&name) => Some(rest),
        _ => None,
    }
}

fn field(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(':')?;
    let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if good { kind(rest) } else { None }
}

fn number(text: &str, limit: u32) -> Option<&str> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    digits.parse::<u32>().is_ok_and(|value| value <= limit).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::GlueType;

    #[test]
    fn types_of_hive_are_read() {
        for good in [
            "string",
            "decimal(18,2)",
            "decimal( 18 , 2 )",
            "array<string>",
            "map<string,array<int>>",
            "struct<a:int,b:struct<c:date>>",
            "varchar(20)",
        ] {
            assert!(GlueType::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "String",
            "text",
            "decimal(99,2)",
            "array<>",
            "array<string",
            "struct<a>",
            "varchar",
            "string;drop",
            "string>",
            &"array<".repeat(100),
        ] {
            assert!(GlueType::parse(bad).is_err(), "{bad}");
        }
    }
}
