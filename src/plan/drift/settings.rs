//! The Lake Formation settings of an account.
//!
//! The templates append administrators (`MutationType: APPEND`), so one that stands beside ours is told and is not ours to
//! remove: a person decides.

use super::live::{AccountLive, LiveSettings};
use super::model::Reason;
use super::model::{Check, Difference, Direction, Subject, Unchecked};
use crate::assembly::Document;
use serde_json::Value;
use std::collections::BTreeSet;

const TYPE: &str = "AWS::LakeFormation::DataLakeSettings";

/// Compares the settings of an account with its templates; none where no template has any.
pub(super) fn compare(account: &str, documents: &[&Document], live: &AccountLive) -> Option<Check> {
    let wanted = documents.iter().flat_map(|document| document.resources()).find(|(_, kind, _)| *kind == TYPE)?;
    let wanted = &wanted.2["Properties"];
    let live = match &live.settings {
        Ok(live) => live,
        Err(unread) => return Some(Check::not_checked(Subject::Settings, account, account, unread.of(""))),
    };
    let mut told = Told::default();
    told.principals("administrator", &wanted["Admins"], &live.administrators);
    told.principals("read-only administrator", &wanted["ReadOnlyAdmins"], &live.readers);
    told.defaults("new databases", &wanted["CreateDatabaseDefaultPermissions"], &live.database_defaults);
    told.defaults("new tables", &wanted["CreateTableDefaultPermissions"], &live.table_defaults);
    told.parameters(&wanted["Parameters"], live);
    for external in &live.external {
        told.differences.push(more(external.clone(), None));
    }
    Some(Check::new(Subject::Settings, account, account, told.same, told.differences, told.unchecked))
}

#[derive(Default)]
struct Told {
    same: usize,
    differences: Vec<Difference>,
    unchecked: Vec<Unchecked>,
}

fn more(what: String, mend: Option<&str>) -> Difference {
    Difference {
        direction: Direction::More,
        what,
        expected: None,
        actual: None,
        by: None,
        mend: mend.map(str::to_owned),
    }
}

impl Told {
    fn principals(&mut self, word: &str, wanted: &Value, live: &BTreeSet<String>) {
        let mut known = BTreeSet::new();
        for entry in wanted.as_array().into_iter().flatten() {
            match entry["DataLakePrincipalIdentifier"].as_str() {
                Some(name) => drop(known.insert(name.to_owned())),
                None => self.unchecked.push(Unchecked {
                    what: word.to_owned(),
                    reason: Reason::NotSupported,
                    message: "the template names it by a value that only AWS knows".to_owned(),
                }),
            }
        }
        for name in &known {
            if live.contains(name) {
                self.same += 1;
            } else {
                self.differences.push(Difference {
                    direction: Direction::Less,
                    what: format!("{name} is no {word}"),
                    expected: Some(name.clone()),
                    actual: None,
                    by: None,
                    mend: Some("add it in Lake Formation, Administrative roles and tasks".to_owned()),
                });
            }
        }
        // where a template names one by a value, any of those that stand may be it
        let extra = live.difference(&known).filter(|_| self.unchecked.is_empty());
        let extra: Vec<Difference> = extra
            .map(|name| {
                let what = format!("{name} is {} {word}", if word.starts_with('a') { "an" } else { "a" });
                let mend = "remove it in Lake Formation, Administrative roles and tasks, unless somebody else needs it";
                Difference { actual: Some(name.clone()), ..more(what, Some(mend)) }
            })
            .collect();
        self.differences.extend(extra);
    }

    fn defaults(&mut self, objects: &str, wanted: &Value, live: &[String]) {
        // a template without the property says nothing of it
        let Some(wanted) = wanted.as_array() else { return };
        if wanted.is_empty() && live.is_empty() {
            self.same += 1;
            return;
        }
        if wanted.is_empty() {
            self.differences.push(Difference {
                actual: Some(live.join(", ")),
                expected: Some("nobody".to_owned()),
                ..more(
                    format!("{objects} are opened by default"),
                    Some("remove the default in Lake Formation, Data Catalog settings: it overrides every grant on what is made from now on"),
                )
            });
        }
    }

    fn parameters(&mut self, wanted: &Value, live: &LiveSettings) {
        for (name, value) in wanted.as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match live.parameters.get(name) {
                Some(found) if *found == value => self.same += 1,
                found => self.differences.push(Difference {
                    direction: if found.is_some() { Direction::Other } else { Direction::Less },
                    what: format!("parameter {name}"),
                    expected: Some(value),
                    actual: found.cloned(),
                    by: None,
                    mend: Some("set it in Lake Formation, Data Catalog settings".to_owned()),
                }),
            }
        }
    }
}
