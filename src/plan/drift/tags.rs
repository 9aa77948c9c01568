//! LF-Tags: their keys and values in a catalog, and what carries them.
//!
//! Compared is what holds in the end: a column's own value, else its table's, else its database's. So it does not matter whether
//! the service answers what was put on a thing or what it inherits.

use super::live::{AccountLive, LiveDatabase, Looked, Tagging, Unread};
use super::model::{Check, Difference, Direction, Subject, Unchecked};
use super::places::list;
use super::revoke::tag_command;
use crate::access::Facts;
use std::collections::{BTreeMap, BTreeSet};

/// Values by key.
pub(super) type Values = BTreeMap<String, BTreeSet<String>>;

/// Compares the keys and values of a catalog.
pub(super) fn keys(account: &str, facts: &Facts, live: &AccountLive) -> Vec<Check> {
    let mut wanted: Values = Values::new();
    for tag in facts.tags.iter().filter(|tag| tag.catalog == account) {
        wanted.entry(tag.key.clone()).or_default().extend(tag.values.iter().cloned());
    }
    let check = |(key, wanted): (String, BTreeSet<String>)| {
        let found = match live.tags.get(&key) {
            Some(Ok(found)) => found.clone(),
            Some(Err(unread)) => return Check::not_checked(Subject::Tags, account, key, unread.of("")),
            None => None,
        };
        let Some(found) = found else {
            let difference = Difference {
                direction: Direction::Less,
                what: format!("the tag {key}"),
                expected: Some(list(&wanted)),
                actual: None,
                by: None,
                mend: Some("nobody sees by it any more, and its stack does not notice: remove the tag's values from the files, deploy, and put them back".to_owned()),
            };
            return Check::new(Subject::Tags, account, key, 0, vec![difference], Vec::new());
        };
        let found: BTreeSet<String> = found.iter().map(|value| value.to_lowercase()).collect();
        let value = |direction: Direction, value: &String| Difference {
            direction,
            what: format!("the value {value}"),
            expected: None,
            actual: None,
            by: None,
            mend: None,
        };
        let more = found.difference(&wanted).map(|name| value(Direction::More, name));
        let less = wanted.difference(&found).map(|name| value(Direction::Less, name));
        let same = wanted.intersection(&found).count();
        Check::new(Subject::Tags, account, key.clone(), same, more.chain(less).collect(), Vec::new())
    };
    wanted.into_iter().map(check).collect()
}

/// The tags that the templates put on a database, its tables and their columns.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    database: Values,
    tables: BTreeMap<String, Tagging>,
}

impl Wanted {
    pub(super) fn of(facts: &Facts, catalog: &str, database: &str) -> Self {
        let mut wanted = Self::default();
        let ours =
            facts.associations.iter().filter(|it| it.target.catalog == catalog && it.target.database == database);
        for association in ours {
            let Some(table) = &association.target.table else {
                wanted.database.extend(association.tags.clone());
                continue;
            };
            let tagging = wanted.tables.entry(table.clone()).or_default();
            if association.target.columns.is_empty() {
                tagging.table.extend(association.tags.clone());
            }
            for column in &association.target.columns {
                tagging.columns.entry(column.clone()).or_default().extend(association.tags.clone());
            }
        }
        wanted
    }

    /// Whether a template tags the database.
    pub(super) fn is_tagged(&self) -> bool {
        !self.database.is_empty()
    }
}

/// What holds of a thing that inherits.
fn effective(own: Option<&Values>, above: &Values) -> Values {
    let mut values = above.clone();
    for (key, own) in own.into_iter().flatten() {
        values.insert(key.to_lowercase(), own.iter().map(|value| value.to_lowercase()).collect());
    }
    values
}

/// Compares what carries tags in a database. `columns` are the columns of its tables, by the templates.
pub(super) fn tagging(
    account: &str,
    name: &str,
    wanted: &Wanted,
    columns: &BTreeMap<String, Vec<String>>,
    live: &LiveDatabase,
) -> Check {
    let check =
        |same, differences, unchecked| Check::new(Subject::Tagging, account, name, same, differences, unchecked);
    let whole = |unread: &Unread| Check::not_checked(Subject::Tagging, account, name, unread.of(""));
    let (tags, tables) = match (&live.tags, &live.tables) {
        (Err(unread), _) | (_, Err(unread)) => return whole(unread),
        (Ok(None), _) | (_, Ok(None)) => {
            return check(0, vec![gone(format!("database {name}"))], Vec::new());
        }
        (Ok(Some(tags)), Ok(Some(tables))) => (tags, tables),
    };
    let mut told = Told { catalog: account, database: name, same: 0, differences: Vec::new(), unchecked: Vec::new() };
    let (should, is) = (effective(Some(&wanted.database), &Values::new()), effective(Some(tags), &Values::new()));
    told.compare(None, None, &should, &is);
    for (table, live) in tables {
        let tagging = match read(&live.tags) {
            Ok(tagging) => tagging,
            Err(why) => {
                told.unchecked.push(Unchecked { what: format!("table {table}"), ..why });
                continue;
            }
        };
        let declared = wanted.tables.get(table);
        let should_table = effective(declared.map(|it| &it.table), &should);
        let is_table = effective(Some(&tagging.table), &is);
        told.compare(Some(table), None, &should_table, &is_table);
        for column in &live.columns {
            let own = declared.and_then(|it| it.columns.get(&column.name));
            let should = effective(own, &should_table);
            let is = effective(tagging.columns.get(&column.name), &is_table);
            told.compare(Some(table), Some(&column.name), &should, &is);
        }
    }
    for table in columns.keys().filter(|table| !tables.contains_key(*table)) {
        told.differences.push(gone(format!("table {name}.{table}")));
    }
    check(told.same, told.differences, told.unchecked)
}

fn read(looked: &Looked<Option<Tagging>>) -> Result<Tagging, Unchecked> {
    match looked {
        Ok(tagging) => Ok(tagging.clone().unwrap_or_default()),
        Err(unread) => Err(unread.of("")),
    }
}

pub(super) fn gone(what: String) -> Difference {
    Difference {
        direction: Direction::Less,
        what,
        expected: None,
        actual: Some("it is gone".to_owned()),
        by: None,
        mend: None,
    }
}

struct Told<'a> {
    catalog: &'a str,
    database: &'a str,
    same: usize,
    differences: Vec<Difference>,
    unchecked: Vec<Unchecked>,
}

impl Told<'_> {
    fn compare(&mut self, table: Option<&str>, column: Option<&str>, should: &Values, is: &Values) {
        let place = match (table, column) {
            (Some(table), Some(column)) => format!("column {table}.{column}"),
            (Some(table), None) => format!("table {table}"),
            (None, _) => format!("database {}", self.database),
        };
        let keys: BTreeSet<&String> = should.keys().chain(is.keys()).collect();
        for key in keys {
            let (wanted, found) = (should.get(key), is.get(key));
            if wanted == found {
                self.same += 1;
                continue;
            }
            let direction = match (wanted, found) {
                (None, _) => Direction::More,
                (_, None) => Direction::Less,
                (Some(_), Some(_)) => Direction::Other,
            };
            let value = wanted.and_then(|values| values.first());
            let mend = value.map(|value| tag_command(self.catalog, self.database, table, column, key, value));
            self.differences.push(Difference {
                direction,
                what: format!("{place}: {key}"),
                expected: wanted.map(list),
                actual: found.map(list),
                by: None,
                mend,
            });
        }
    }
}
