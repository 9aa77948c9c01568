//! The quality rules of a table, each to columns that exist.

use super::Findings;
use crate::environment::files::{QualityFile, TableFile};
use crate::finding::{Code, Finding, Place, nearest};
use crate::mesh::{Measure, QualityRule};

/// Reads the rules of a table; what is wrong is a finding, and left out.
pub(super) fn read(table: &TableFile, place: &Place, findings: &mut Findings) -> Vec<QualityRule> {
    let mut rules = Vec::new();
    for (index, file) in table.quality.iter().enumerate() {
        let here = place.child("quality").child(index);
        unknown_columns(table, file, &here, findings);
        match QualityRule::parse(file) {
            Ok(rule) => rules.push(rule),
            Err(errors) => {
                for error in errors {
                    let here = if error.field.is_empty() { here.clone() } else { here.child(error.field) };
                    findings.add(Finding::new(Code::InvalidQuality, here, error.message));
                }
            }
        }
    }
    rules
}

fn unknown_columns(table: &TableFile, file: &QualityFile, place: &Place, findings: &mut Findings) {
    let mut named: Vec<(String, Place)> = Vec::new();
    named.extend(file.property.clone().map(|name| (name, place.child("property"))));
    if let Ok(QualityRule { measure: Measure::Duplicates(columns), unit: _, bound: _ }) = QualityRule::parse(file)
        && file.property.is_none()
    {
        let list = place.child("arguments").child("properties");
        named.extend(columns.iter().enumerate().map(|(index, name)| (name.to_string(), list.child(index))));
    }
    let columns = || table.properties.iter().chain(&table.partition_keys).map(|column| column.name.as_str());
    for (name, here) in named {
        if columns().any(|column| column == name) {
            continue;
        }
        let message = format!("table `{}` has no column `{name}`", table.name);
        let finding = Finding::new(Code::UnknownColumn, here, message);
        findings.add(match nearest(&name, columns()) {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding,
        });
    }
}
