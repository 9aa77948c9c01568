//! Rules on the quality of a table: the library metrics of ODCS 3.1 (bitol-io, "Data Quality", "Library"), parsed.

use super::CatalogName;
use crate::environment::files::QualityFile;
use serde_json::Value;
use std::collections::BTreeMap;

/// A rule: what is counted, in which unit, and within which bound.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityRule {
    /// What is counted.
    pub measure: Measure,
    /// Rows, or percent of all rows.
    pub unit: Unit,
    /// What the number must be.
    pub bound: Bound,
}

/// What is counted.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// Rows: `rowCount`.
    Rows,
    /// Nulls of a column: `nullValues`.
    Nulls(CatalogName),
    /// Values of a column that stand for none: `missingValues`.
    Missing(CatalogName, Vec<Sample>),
    /// Values of a column that are none of these; nulls are not counted: `invalidValues`.
    Outside(CatalogName, Vec<Sample>),
    /// Values of a column that a regular expression does not find; nulls are not counted: `invalidValues`.
    Unlike(CatalogName, String),
    /// Rows beyond the first of each combination of values; nulls are not counted: `duplicateValues`.
    Duplicates(Vec<CatalogName>),
}

/// A value in a list of values.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// None at all.
    Null,
    /// Anything else, as text.
    Text(String),
}

/// The unit of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Rows.
    Rows,
    /// Percent of all rows; of none it is zero.
    Percent,
}

/// What a number must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// This.
    Equal(f64),
    /// Anything but this.
    NotEqual(f64),
    /// More.
    Above(f64),
    /// This or more.
    AtLeast(f64),
    /// Less.
    Below(f64),
    /// This or less.
    AtMost(f64),
    /// More than the first and less than the second: ODCS says that it is `mustBeGreaterThan` and `mustBeLessThan`.
    Between(f64, f64),
}

/// What is wrong with a rule: the field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QualityError {
    /// The field; empty for the rule as a whole.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
}

/// The metrics of the library.
const METRICS: [&str; 5] = ["rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues"];

impl QualityRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &QualityFile) -> Result<Self, Vec<QualityError>> {
        let mut errors = Vec::new();
        let unit = unit(file, &mut errors);
        let bound = bound(file, unit, &mut errors);
        let measure = measure(file, &mut errors);
        if measure == Some(Measure::Rows) && unit == Some(Unit::Percent) {
            errors.push(error(
                "unit",
                "`rowCount` is a number of rows; percent of what it would be is not said".to_owned(),
            ));
        }
        match (measure, unit, bound) {
            (Some(measure), Some(unit), Some(bound)) if errors.is_empty() => Ok(Self { measure, unit, bound }),
            _ => Err(errors),
        }
    }
}

const fn error(field: &'static str, message: String) -> QualityError {
    QualityError { field, message }
}

fn unit(file: &QualityFile, errors: &mut Vec<QualityError>) -> Option<Unit> {
    match file.unit.as_deref() {
        None | Some("rows") => Some(Unit::Rows),
        Some("percent") => Some(Unit::Percent),
        Some(other) => {
            errors.push(error("unit", format!("`{other}` is no unit: `rows` or `percent`")));
            None
        }
    }
}

fn bound(file: &QualityFile, unit: Option<Unit>, errors: &mut Vec<QualityError>) -> Option<Bound> {
    let single = [
        ("mustBe", file.must_be.map(Bound::Equal)),
        ("mustNotBe", file.must_not_be.map(Bound::NotEqual)),
        ("mustBeGreaterThan", file.must_be_greater_than.map(Bound::Above)),
        ("mustBeGreaterOrEqualTo", file.must_be_greater_or_equal_to.map(Bound::AtLeast)),
        ("mustBeLessThan", file.must_be_less_than.map(Bound::Below)),
        ("mustBeLessOrEqualTo", file.must_be_less_or_equal_to.map(Bound::AtMost)),
        ("mustBeBetween", file.must_be_between.map(|[low, high]| Bound::Between(low, high))),
    ];
    let mut given = single.into_iter().filter_map(|(field, bound)| bound.map(|bound| (field, bound)));
    let Some((field, bound)) = given.next() else {
        errors.push(error("", format!("`{}` is compared with nothing", file.metric)));
        return None;
    };
    if let Some((second, _)) = given.next() {
        errors.push(error(second, format!("`{field}` and `{second}` in one rule")));
        return None;
    }
    let numbers = match bound {
        Bound::Equal(number)
        | Bound::NotEqual(number)
        | Bound::Above(number)
        | Bound::AtLeast(number)
        | Bound::Below(number)
        | Bound::AtMost(number) => vec![number],
        Bound::Between(low, high) => vec![low, high],
    };
    for number in &numbers {
        if !number.is_finite() || *number < 0.0 {
            errors.push(error(field, format!("`{number}` is no number of rows")));
            return None;
        }
        if unit == Some(Unit::Percent) && *number > 100.0 {
            errors.push(error(field, format!("`{number}` percent is more than all")));
            return None;
        }
    }
    if let Bound::Between(low, high) = bound
        && low >= high
    {
        errors.push(error(field, format!("nothing is more than `{low}` and less than `{high}`")));
        return None;
    }
    Some(bound)
}

fn measure(file: &QualityFile, errors: &mut Vec<QualityError>) -> Option<Measure> {
    let arguments: &[&str] = match file.metric.as_str() {
        "rowCount" | "nullValues" => &[],
        "missingValues" => &["missingValues"],
        "invalidValues" => &["validValues", "pattern"],
        "duplicateValues" => &["properties"],
        other => {
            errors.push(error("metric", format!("`{other}` is no metric of ODCS: {}", METRICS.join(", "))));
            return None;
        }
    };
    for name in file.arguments.keys().filter(|name| !arguments.contains(&name.as_str())) {
        errors.push(error("arguments", format!("`{}` has no argument `{name}`", file.metric)));
    }
    if file.metric == "rowCount" {
        if file.property.is_some() {
            errors.push(error("property", "`rowCount` is about the table, not about a column".to_owned()));
        }
        return Some(Measure::Rows);
    }
    if file.metric == "duplicateValues"
        && let Some(names) = file.arguments.get("properties")
    {
        if file.property.is_some() {
            errors.push(error("property", "either one column, or the argument `properties`".to_owned()));
        }
        return columns(names, errors).map(Measure::Duplicates);
    }
    let Some(text) = &file.property else {
        errors.push(error("", format!("`{}` needs a column: `property`", file.metric)));
        return None;
    };
    // whether there is such a column is asked elsewhere; what is no name cannot be one
    let column = CatalogName::parse(text).ok()?;
    match file.metric.as_str() {
        "nullValues" => Some(Measure::Nulls(column)),
        "duplicateValues" => Some(Measure::Duplicates(vec![column])),
        "missingValues" => {
            samples(&file.arguments, "missingValues", errors).map(|samples| Measure::Missing(column, samples))
        }
        _ => match file.arguments.get("pattern") {
            Some(_) if file.arguments.contains_key("validValues") => {
                errors.push(error("arguments", "either `validValues` or `pattern`".to_owned()));
                None
            }
            Some(Value::String(pattern)) if !pattern.is_empty() => Some(Measure::Unlike(column, pattern.clone())),
            Some(other) => {
                errors.push(error("arguments", format!("`pattern` is a regular expression, not `{other}`")));
                None
            }
            None => samples(&file.arguments, "validValues", errors).map(|samples| Measure::Outside(column, samples)),
        },
    }
}

fn columns(names: &Value, errors: &mut Vec<QualityError>) -> Option<Vec<CatalogName>> {
    let names = names.as_array().map(Vec::as_slice).unwrap_or_default();
    let parsed: Option<Vec<CatalogName>> =
        names.iter().map(|name| name.as_str().and_then(|name| CatalogName::parse(name).ok())).collect();
    let parsed = parsed.filter(|columns| !columns.is_empty());
    if parsed.is_none() {
        errors.push(error("arguments", "`properties` is a list of columns".to_owned()));
    }
    parsed
}

fn samples(
    arguments: &BTreeMap<String, Value>,
    name: &'static str,
    errors: &mut Vec<QualityError>,
) -> Option<Vec<Sample>> {
    let values = arguments.get(name).and_then(Value::as_array).filter(|values| !values.is_empty());
    let Some(values) = values else {
        errors.push(error("arguments", format!("the argument `{name}` is missing: a list of values")));
        return None;
    };
    let mut samples = Vec::new();
    for value in values {
        match value {
            Value::Null => samples.push(Sample::Null),
            Value::Bool(flag) => samples.push(Sample::Text(flag.to_string())),
            Value::Number(number) => samples.push(Sample::Text(number.to_string())),
            Value::String(text) => samples.push(Sample::Text(text.clone())),
            Value::Array(_) | Value::Object(_) => {
                errors.push(error("arguments", format!("`{value}` in `{name}` is no single value")));
                return None;
            }
        }
    }
    Some(samples)
}

#[cfg(test)]
mod tests {
    use super::QualityRule;
    use serde_json::{Value, json};

    fn wrong(rule: Value) -> Vec<String> {
        let file = serde_json::from_value(rule).expect("the rule has the shape of one");
        match QualityRule::parse(&file) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| format!("{}: {}", error.field, error.message)).collect(),
        }
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_said() {
        assert_eq!(wrong(json!({"metric": "rowCount", "mustBeGreaterThan": 0})), [""; 0]);
        let table = [
            (json!({"metric": "freshness", "mustBe": 0}), "metric: `freshness` is no metric of ODCS"),
            (json!({"metric": "rowCount"}), ": `rowCount` is compared with nothing"),
            (json!({"metric": "rowCount", "mustBe": 1, "mustBeLessThan": 2}), "mustBeLessThan: `mustBe` and"),
            (json!({"metric": "rowCount", "mustBe": 1, "unit": "percent"}), "unit: `rowCount` is a number"),
            (json!({"metric": "rowCount", "mustBe": 1, "unit": "cm"}), "unit: `cm` is no unit"),
            (json!({"metric": "rowCount", "mustBe": -1}), "mustBe: `-1` is no number of rows"),
            (json!({"metric": "rowCount", "mustBeBetween": [5, 5]}), "mustBeBetween: nothing is more than `5`"),
            (json!({"metric": "rowCount", "property": "a", "mustBe": 1}), "property: `rowCount` is about the table"),
            (json!({"metric": "nullValues", "mustBe": 0}), ": `nullValues` needs a column"),
            (
                json!({"metric": "nullValues", "property": "a", "unit": "percent", "mustBeLessThan": 101}),
                "mustBeLessThan: `101` percent",
            ),
            (
                json!({"metric": "nullValues", "property": "a", "mustBe": 0, "arguments": {"x": 1}}),
                "arguments: `nullValues` has no argument `x`",
            ),
            (
                json!({"metric": "missingValues", "property": "a", "mustBe": 0}),
                "arguments: the argument `missingValues` is missing",
            ),
            (
                json!({"metric": "invalidValues", "property": "a", "mustBe": 0, "arguments": {"validValues": [[1]]}}),
                "arguments: `[1]` in `validValues`",
            ),
            (
                json!({"metric": "invalidValues", "property": "a", "mustBe": 0, "arguments": {"pattern": 3}}),
                "arguments: `pattern` is a regular expression",
            ),
            (
                json!({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": []}}),
                "arguments: `properties` is a list of columns",
            ),
        ];
        for (rule, expected) in table {
            let said = wrong(rule.clone());
            assert!(said.len() == 1 && said[0].starts_with(expected), "{rule}: {said:?}");
        }
    }
}
