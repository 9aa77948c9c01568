//! Quality rules in DQDL, the language of AWS Glue Data Quality (AWS Glue guide, "Data Quality Definition Language").
//!
//! What DQDL says by itself is said so; the rest is a `CustomSql` that counts in Spark SQL, so that each metric of ODCS means
//! exactly what ODCS says. Comparisons are only `=`, `<`, `<=`, `>`, `>=`, joined by `and` and `or`, which every version of the
//! language has. A text never holds a quote or a backslash: what would need one is written in hexadecimal.

use crate::mesh::{Bound, CatalogName, Column, Measure, QualityRule, Sample, Table, Unit};
use std::fmt::Write as _;

/// The ruleset of a table: its contract (primary key, required columns) and its own rules; none where it has neither.
pub(super) fn ruleset(table: &Table) -> Option<String> {
    let mut rules: Vec<String> = Vec::new();
    let mut add = |rule: String| {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    };
    let key: Vec<&Column> = table.all_columns().filter(|column| column.primary_key).collect();
    if !key.is_empty() {
        let names: Vec<String> = key.iter().map(|column| format!("\"{}\"", column.name)).collect();
        add(format!("IsPrimaryKey {}", names.join(" ")));
    }
    for column in table.all_columns().filter(|column| column.required) {
        add(format!("IsComplete \"{}\"", column.name));
    }
    for quality in &table.quality {
        add(rule(quality));
    }
    (!rules.is_empty()).then(|| format!("Rules = [\n    {}\n]", rules.join(",\n    ")))
}

/// One rule.
fn rule(rule: &QualityRule) -> String {
    let QualityRule { measure, unit, bound } = rule;
    match (measure, unit, bound) {
        (Measure::Rows, _, bound) => compared("RowCount", *bound),
        (Measure::Nulls(column), _, Bound::Equal(0.0)) => format!("IsComplete \"{column}\""),
        (measure, unit, bound) => {
            let count = count(measure);
            let number = match unit {
                Unit::Rows => count,
                // of no rows it is zero, not nothing: a comparison with nothing fails
                Unit::Percent => format!("coalesce(100.0 * ({count}) / nullif(count(*), 0), 0)"),
            };
            compared(&format!("CustomSql \"select {number} from primary\""), *bound)
        }
    }
}

/// A number compared; two comparisons where one cannot say it.
fn compared(number: &str, bound: Bound) -> String {
    match bound {
        Bound::Equal(value) => format!("{number} = {value}"),
        Bound::NotEqual(value) => format!("({number} < {value}) or ({number} > {value})"),
        Bound::Above(value) => format!("{number} > {value}"),
        Bound::AtLeast(value) => format!("{number} >= {value}"),
        Bound::Below(value) => format!("{number} < {value}"),
        Bound::AtMost(value) => format!("{number} <= {value}"),
        Bound::Between(low, high) => format!("({number} > {low}) and ({number} < {high})"),
    }
}

/// What is counted, as an aggregate of Spark SQL.
fn count(measure: &Measure) -> String {
    match measure {
        Measure::Rows => "count(*)".to_owned(),
        Measure::Nulls(column) => format!("count_if(`{column}` is null)"),
        Measure::Missing(column, samples) => match (samples.contains(&Sample::Null), listed(column, samples)) {
            (true, Some(list)) => format!("count_if(`{column}` is null or {list})"),
            (true, None) => format!("count_if(`{column}` is null)"),
            (false, Some(list)) => format!("count_if({list})"),
            (false, None) => "0".to_owned(),
        },
        Measure::Outside(column, samples) => match listed(column, samples) {
            // nulls make the comparison null, which is not counted
            Some(list) => format!("count_if(not {list})"),
            None => format!("count(`{column}`)"),
        },
        Measure::Unlike(column, pattern) => format!("count_if(not cast(`{column}` as string) rlike {})", text(pattern)),
        Measure::Duplicates(columns) => {
            let names: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
            let whole: Vec<String> = names.iter().map(|name| format!("{name} is not null")).collect();
            format!("count_if({}) - count(distinct {})", whole.join(" and "), names.join(", "))
        }
    }
}

/// That a column is one of some texts; none where there are none.
fn listed(column: &CatalogName, samples: &[Sample]) -> Option<String> {
    let texts: Vec<String> = samples
        .iter()
        .filter_map(|sample| match sample {
            Sample::Null => None,
            Sample::Text(value) => Some(text(value)),
        })
        .collect();
    (!texts.is_empty()).then(|| format!("cast(`{column}` as string) in ({})", texts.join(", ")))
}

/// A text in Spark SQL inside a text of DQDL: as it is where no quote, backslash or variable is in it, else as its bytes.
fn text(value: &str) -> String {
    let plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~') && !b"'\"\\".contains(&byte));
    // nor a dynamic reference, which CloudFormation would replace by a secret's value
    if plain && !value.contains("${") && !value.contains("{{") {
        return format!("'{value}'");
    }
    let hex = value.bytes().fold(String::new(), |mut hex, byte| {
        // writing into a String cannot fail
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("decode(unhex('{hex}'), 'UTF-8')")
}

#[cfg(test)]
mod tests {
    use super::{rule, text};
    use crate::mesh::QualityRule;
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    fn dqdl(of: Value) -> String {
        let file = serde_json::from_value(of).expect("the rule has the shape of one");
        rule(&QualityRule::parse(&file).expect("the rule is right"))
    }

    #[test]
    fn each_metric_operator_and_unit_is_said() {
        let nulls = |operator: &str, unit: &str, value: Value| json!({"metric": "nullValues", "property": "a", operator: value, "unit": unit});
        let rows = "CustomSql \"select count_if(`a` is null) from primary\"";
        let percent =
            "CustomSql \"select coalesce(100.0 * (count_if(`a` is null)) / nullif(count(*), 0), 0) from primary\"";
        let table = [
            (json!({"metric": "rowCount", "mustBe": 5}), "RowCount = 5".to_owned()),
            (json!({"metric": "rowCount", "mustNotBe": 5}), "(RowCount < 5) or (RowCount > 5)".to_owned()),
            (json!({"metric": "rowCount", "mustBeGreaterThan": 0}), "RowCount > 0".to_owned()),
            (json!({"metric": "rowCount", "mustBeGreaterOrEqualTo": 1}), "RowCount >= 1".to_owned()),
            (json!({"metric": "rowCount", "mustBeLessThan": 9}), "RowCount < 9".to_owned()),
            (json!({"metric": "rowCount", "mustBeLessOrEqualTo": 9}), "RowCount <= 9".to_owned()),
            (
                json!({"metric": "rowCount", "mustBeBetween": [100, 120]}),
                "(RowCount > 100) and (RowCount < 120)".to_owned(),
            ),
            (nulls("mustBe", "rows", json!(0)), "IsComplete \"a\"".to_owned()),
            (nulls("mustBe", "percent", json!(0)), "IsComplete \"a\"".to_owned()),
            (nulls("mustBe", "rows", json!(2)), format!("{rows} = 2")),
            (nulls("mustBeLessThan", "rows", json!(10)), format!("{rows} < 10")),
            (nulls("mustBeLessThan", "percent", json!(0.5)), format!("{percent} < 0.5")),
            (nulls("mustBeBetween", "percent", json!([1, 2])), format!("({percent} > 1) and ({percent} < 2)")),
            (
                json!({"metric": "missingValues", "property": "a", "mustBe": 0, "arguments": {"missingValues": [null, "", "N/A"]}}),
                "CustomSql \"select count_if(`a` is null or cast(`a` as string) in ('', 'N/A')) from primary\" = 0".to_owned(),
            ),
            (
                json!({"metric": "missingValues", "property": "a", "mustBe": 0, "arguments": {"missingValues": ["-"]}}),
                "CustomSql \"select count_if(cast(`a` as string) in ('-')) from primary\" = 0".to_owned(),
            ),
            (
                json!({"metric": "invalidValues", "property": "a", "mustBe": 0, "arguments": {"validValues": ["kg", 5]}}),
                "CustomSql \"select count_if(not cast(`a` as string) in ('kg', '5')) from primary\" = 0".to_owned(),
            ),
            (
                json!({"metric": "invalidValues", "property": "a", "mustBe": 0, "arguments": {"pattern": "^[A-Z]{2}$"}}),
                "CustomSql \"select count_if(not cast(`a` as string) rlike '^[A-Z]{2}$') from primary\" = 0".to_owned(),
            ),
            (
                json!({"metric": "duplicateValues", "property": "a", "mustBeLessThan": 10}),
                "CustomSql \"select count_if(`a` is not null) - count(distinct `a`) from primary\" < 10".to_owned(),
            ),
            (
                json!({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["a", "b"]}}),
                "CustomSql \"select count_if(`a` is not null and `b` is not null) - count(distinct `a`, `b`) from primary\" = 0"
                    .to_owned(),
            ),
        ];
        for (of, expected) in table {
            assert_eq!(dqdl(of.clone()), expected, "{of}");
        }
    }

    #[test]
    fn what_means_something_to_sql_or_cloudformation_is_written_as_bytes() {
        assert_eq!(text("^[A-Z]{2}$"), "'^[A-Z]{2}$'");
        for value in ["it's", "\\d+", "\"", "${x}", "{{resolve:secretsmanager:a}}", "é", "a\nb"] {
            assert!(text(value).starts_with("decode(unhex('"), "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_text_never_ends_the_text_around_it(value in any::<String>()) {
            let text = text(&value);
            assert!(!text.contains(['"', '\\', '\n', '\r']), "{text}");
            assert!(!text.contains("${") && !text.contains("{{"), "{text}");
            let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            assert!(inner.is_some_and(|inner| !inner.contains('\'')) || text.starts_with("decode(unhex('"), "{text}");
        }
    }
}
