//! Whether a type of the catalog holds all that another holds.
//!
//! Ranges: Amazon Athena user guide, "Data types in Amazon Athena" (tinyint 8 bits, smallint 16, int 32, bigint 64,
//! float 32, double 64, decimal of at most 38 digits). A bare `decimal` is `decimal(10,0)` (Apache Hive, "LanguageManual Types").

/// What became of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TypeChange {
    /// Both are the same.
    Same,
    /// It holds all that it held, and more.
    Widened,
    /// It holds less, or something else.
    Narrowed,
}

/// A type, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind<'a> {
    /// Whole numbers of so many bits.
    Whole(u8),
    Float,
    Double,
    /// Digits in all, and behind the point.
    Decimal(u32, u32),
    Char(u32),
    Varchar(u32),
    String,
    Date,
    Timestamp,
    Array(Box<Self>),
    Map(Box<Self>, Box<Self>),
    Struct(Vec<(&'a str, Self)>),
    /// Any other, by its text.
    Other(&'a str),
}

/// Compares two types in Hive's notation. A type that is not understood is another one unless its text is equal.
pub(super) fn compare(before: &str, after: &str) -> TypeChange {
    let spaceless = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let (before, after) = (spaceless(before).to_lowercase(), spaceless(after).to_lowercase());
    if before == after {
        return TypeChange::Same;
    }
    match (whole(&before), whole(&after)) {
        (Some(before), Some(after)) => change(&before, &after),
        _ => TypeChange::Narrowed,
    }
}

fn change(before: &Kind<'_>, after: &Kind<'_>) -> TypeChange {
    let widened = |holds: bool| if holds { TypeChange::Widened } else { TypeChange::Narrowed };
    if before == after {
        return TypeChange::Same;
    }
    match (before, after) {
        (Kind::Whole(before), Kind::Whole(after)) => widened(after > before),
        // a float keeps 24 bits exactly, a double 53 (IEEE 754)
        (Kind::Whole(bits), Kind::Float) => widened(*bits <= 16),
        (Kind::Whole(bits), Kind::Double) => widened(*bits <= 32),
        (Kind::Whole(bits), Kind::Decimal(precision, scale)) => {
            widened(precision.saturating_sub(*scale) >= digits(*bits))
        }
        (Kind::Float, Kind::Double) | (Kind::Date, Kind::Timestamp) => TypeChange::Widened,
        (Kind::Decimal(precision, scale), Kind::Decimal(wider, finer)) => {
            widened(finer >= scale && wider.saturating_sub(*finer) >= precision.saturating_sub(*scale))
        }
        (Kind::Char(before), Kind::Char(after) | Kind::Varchar(after))
        | (Kind::Varchar(before), Kind::Varchar(after)) => widened(after >= before),
        (Kind::Char(_) | Kind::Varchar(_), Kind::String) => TypeChange::Widened,
        (Kind::Array(before), Kind::Array(after)) => change(before, after),
        (Kind::Map(key, value), Kind::Map(other_key, other_value)) => {
            change(key, other_key).max(change(value, other_value))
        }
        (Kind::Struct(before), Kind::Struct(after)) => fields(before, after),
        (
            Kind::Whole(_)
            | Kind::Float
            | Kind::Double
            | Kind::Decimal(..)
            | Kind::Char(_)
            | Kind::Varchar(_)
            | Kind::String
            | Kind::Date
            | Kind::Timestamp
            | Kind::Array(_)
            | Kind::Map(..)
            | Kind::Struct(_)
            | Kind::Other(_),
            _,
        ) => TypeChange::Narrowed,
    }
}

/// Digits that a whole number of so many bits may have.
const fn digits(bits: u8) -> u32 {
    match bits {
        8 => 3,
        16 => 5,
        32 => 10,
        _ => 19,
    }
}

/// Fields are known by name; those that stay keep their order, since readers of rows go by the place.
fn fields(before: &[(&str, Kind<'_>)], after: &[(&str, Kind<'_>)]) -> TypeChange {
    let mut rest = after.iter();
    let mut worst = if after.len() > before.len() { TypeChange::Widened } else { TypeChange::Same };
    for (name, kind) in before {
        let Some((_, now)) = rest.by_ref().find(|(other, _)| other == name) else { return TypeChange::Narrowed };
        worst = worst.max(change(kind, now));
    }
    worst
}

fn whole(text: &str) -> Option<Kind<'_>> {
    match kind(text, 0)? {
        (kind, "") => Some(kind),
        _ => None,
    }
}

/// Reads one type and returns what follows it; deeper than the catalog's own types go, nothing is understood.
fn kind(text: &str, depth: usize) -> Option<(Kind<'_>, &str)> {
    if depth > 32 {
        return None;
    }
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let plain = match name {
        "tinyint" => Kind::Whole(8),
        "smallint" => Kind::Whole(16),
        "int" | "integer" => Kind::Whole(32),
        "bigint" => Kind::Whole(64),
        "float" => Kind::Float,
        "double" => Kind::Double,
        "string" => Kind::String,
        "date" => Kind::Date,
        "timestamp" => Kind::Timestamp,
        "array" => {
            let (item, rest) = kind(rest.strip_prefix('<')?, depth + 1)?;
            return Some((Kind::Array(Box::new(item)), rest.strip_prefix('>')?));
        }
        "map" => {
            let (key, rest) = kind(rest.strip_prefix('<')?, depth + 1)?;
            let (value, rest) = kind(rest.strip_prefix(',')?, depth + 1)?;
            return Some((Kind::Map(Box::new(key), Box::new(value)), rest.strip_prefix('>')?));
        }
        "struct" => return structure(rest.strip_prefix('<')?, depth),
        "decimal" => match rest.strip_prefix('(') {
            None => Kind::Decimal(10, 0),
            Some(rest) => {
                let (inside, rest) = rest.split_once(')')?;
                let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
                return Some((Kind::Decimal(precision.parse().ok()?, scale.parse().ok()?), rest));
            }
        },
        "char" | "varchar" => {
            let (inside, rest) = rest.strip_prefix('(')?.split_once(')')?;
            let length = inside.parse().ok()?;
            return Some((if name == "char" { Kind::Char(length) } else { Kind::Varchar(length) }, rest));
        }
        "" => return None,
        other => Kind::Other(other),
    };
    Some((plain, rest))
}

fn structure(mut text: &str, depth: usize) -> Option<(Kind<'_>, &str)> {
    let mut fields = Vec::new();
    loop {
        let (name, rest) = text.split_once(':')?;
        let (of, rest) = kind(rest, depth + 1)?;
        fields.push((name, of));
        match rest.strip_prefix(',') {
            Some(next) => text = next,
            None => return Some((Kind::Struct(fields), rest.strip_prefix('>')?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TypeChange::{Narrowed, Same, Widened};
    use super::compare;

    #[test]
    fn the_table_of_types() {
        for (before, after, expected) in [
            ("int", "int", Same),
            ("int", "bigint", Widened),
            ("bigint", "int", Narrowed),
            ("int", "double", Widened),
            ("bigint", "double", Narrowed),
            ("smallint", "float", Widened),
            ("int", "float", Narrowed),
            ("float", "double", Widened),
            ("double", "float", Narrowed),
            ("int", "decimal(10,0)", Widened),
            ("int", "decimal(10,2)", Narrowed),
            ("bigint", "decimal(19,0)", Widened),
            ("decimal(18,2)", "decimal( 18, 2 )", Same),
            ("decimal(18,2)", "decimal(20,2)", Widened),
            ("decimal(18,2)", "decimal(18,4)", Narrowed),
            ("decimal(18,2)", "decimal(20,4)", Widened),
            ("decimal", "decimal(10,0)", Same),
            ("decimal(18,2)", "double", Narrowed),
            ("varchar(10)", "varchar(20)", Widened),
            ("varchar(20)", "varchar(10)", Narrowed),
            ("varchar(20)", "string", Widened),
            ("char(3)", "varchar(3)", Widened),
            ("varchar(3)", "char(3)", Narrowed),
            ("string", "varchar(9)", Narrowed),
            ("int", "string", Narrowed),
            ("date", "timestamp", Widened),
            ("timestamp", "date", Narrowed),
            ("boolean", "string", Narrowed),
            ("array<int>", "array<bigint>", Widened),
            ("array<bigint>", "array<int>", Narrowed),
            ("map<string,int>", "map<string,bigint>", Widened),
            ("map<string,int>", "map<int,bigint>", Narrowed),
            ("struct<a:int>", "struct<a:int,b:date>", Widened),
            ("struct<a:int,b:date>", "struct<a:int>", Narrowed),
            ("struct<a:int,b:date>", "struct<b:date,a:int>", Narrowed),
            ("struct<a:int,b:array<struct<c:int>>>", "struct<a:int,b:array<struct<c:bigint,d:int>>>", Widened),
            ("uniontype<int,string>", "uniontype<int,string>", Same),
            ("uniontype<int,string>", "string", Narrowed),
        ] {
            assert_eq!(compare(before, after), expected, "{before} -> {after}");
        }
        assert_eq!(compare(&"array<".repeat(500), "int"), Narrowed, "what nests too deep is another type");
    }
}
