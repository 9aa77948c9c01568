//! Which tables and databases the expressions of grants match.
//!
//! All conditions must hold, and of each one value suffices (Lake Formation guide, "Lake Formation tag-based access control
//! permissions model"). Each expression is matched once, however many principals hold it.

use super::catalog::{Catalog, Tags};
use super::facts::Facts;
use super::granted::GrantedFact;
use std::collections::{BTreeSet, HashMap};

/// A set of conditions: key and values of which one must match.
pub(super) type Conditions<'a> = BTreeSet<(&'a str, &'a BTreeSet<String>)>;

/// What an expression is: catalog, whether on tables, conditions. Two grants on the same are identical. The order of
/// conditions means nothing here, since AWS does not say that it does for "exactly the same" policy; the check
/// `expression-mismatch` insists on the same order all the same.
type Identity<'a> = (&'a str, bool, Conditions<'a>);

/// A table of which an expression matches something, or would match a column that is still to come.
#[derive(Debug)]
pub(super) struct Match {
    /// The table's number.
    pub(super) table: usize,
    /// Which of its columns.
    pub(super) columns: Vec<bool>,
    /// Whether a column without tags of its own would match.
    pub(super) discovered: bool,
    /// Whether all of it matches.
    pub(super) whole: bool,
}

/// The expressions of all grants.
pub(super) struct Expressions {
    /// By the address of what a grant is on: identities are long to compare, and each grant is asked about many times.
    numbers: HashMap<usize, usize>,
    /// By number; of expressions on databases none.
    tables: Vec<Vec<Match>>,
    /// By number: databases; of expressions on tables none.
    bases: Vec<Vec<usize>>,
}

impl Expressions {
    pub(super) fn of<'a>(facts: &'a Facts, catalog: &Catalog<'a>) -> Self {
        let mut expressions = Self { numbers: HashMap::new(), tables: Vec::new(), bases: Vec::new() };
        let mut known: HashMap<Identity<'a>, usize> = HashMap::new();
        for grant in &facts.grants {
            let Some(identity) = identity(&grant.granted) else { continue };
            let number = known.get(&identity).copied().unwrap_or(expressions.tables.len());
            expressions.numbers.insert(address(&grant.granted), number);
            if number < expressions.tables.len() {
                continue;
            }
            let (of, on_tables, conditions) = &identity;
            let (mut tables, mut bases) = (Vec::new(), Vec::new());
            if *on_tables {
                for number in candidates(&catalog.table_carriers, of, conditions) {
                    tables.extend(match_of(catalog, number, conditions));
                }
            } else {
                let found = candidates(&catalog.base_carriers, of, conditions);
                bases.extend(found.into_iter().filter(|number| matches(conditions, &catalog.bases[*number].tags)));
            }
            known.insert(identity, number);
            expressions.tables.push(tables);
            expressions.bases.push(bases);
        }
        expressions
    }

    /// The number of the expression that a grant of these facts is on.
    pub(super) fn number(&self, granted: &GrantedFact) -> Option<usize> {
        self.numbers.get(&address(granted)).copied()
    }

    /// The tables that an expression matches.
    pub(super) fn tables(&self, number: usize) -> &[Match] {
        &self.tables[number]
    }

    /// The databases that an expression matches.
    pub(super) fn bases(&self, number: usize) -> &[usize] {
        &self.bases[number]
    }
}

fn address(granted: &GrantedFact) -> usize {
    std::ptr::from_ref(granted).addr()
}

fn identity(granted: &GrantedFact) -> Option<Identity<'_>> {
    match granted {
        GrantedFact::Expression { catalog, tables, conditions } => {
            let conditions = conditions.iter().map(|(key, values)| (key.as_str(), values));
            Some((catalog, *tables, conditions.collect()))
        }
        GrantedFact::Database { .. }
        | GrantedFact::Table { .. }
        | GrantedFact::Columns { .. }
        | GrantedFact::Filter { .. }
        | GrantedFact::Tag { .. }
        | GrantedFact::Location { .. }
        | GrantedFact::Other(_) => None,
    }
}

/// What carries a value of the rarest condition: all that can match.
fn candidates<'a>(
    carriers: &HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    catalog: &'a str,
    conditions: &Conditions<'a>,
) -> BTreeSet<usize> {
    let carrying = |key: &'a str, values: &'a BTreeSet<String>| -> Vec<&[usize]> {
        let found = values.iter().filter_map(|value| carriers.get(&(catalog, key, value.as_str())));
        found.map(Vec::as_slice).collect()
    };
    let all = conditions.iter().map(|(key, values)| carrying(key, values));
    let rarest = all.min_by_key(|lists| lists.iter().map(|list| list.len()).sum::<usize>());
    rarest.into_iter().flatten().flatten().copied().collect()
}

fn match_of(catalog: &Catalog<'_>, number: usize, conditions: &Conditions<'_>) -> Option<Match> {
    let tagged = &catalog.tables[number];
    let columns: Vec<bool> = tagged.columns.iter().map(|(_, tags)| matches(conditions, tags)).collect();
    let discovered = matches(conditions, &tagged.tags);
    // a table without columns is decided by its own tags
    let whole = if columns.is_empty() { discovered } else { !columns.contains(&false) };
    let any = whole || discovered || columns.contains(&true);
    any.then_some(Match { table: number, columns, discovered, whole })
}

/// All conditions must hold; of each, one value. No condition is no match.
fn matches(conditions: &Conditions<'_>, tags: &Tags<'_>) -> bool {
    !conditions.is_empty()
        && conditions.iter().all(|(key, values)| {
            tags.get(key).is_some_and(|carried| carried.iter().any(|value| values.contains(value)))
        })
}

/// Whether an expression speaks of a database: all its conditions on keys that the database carries hold, and there is one.
/// A table of which such an expression opens no column is no missing leg.
pub(super) fn speaks_of(conditions: &[(String, BTreeSet<String>)], tags: &Tags<'_>) -> bool {
    let mut carried = conditions.iter().filter_map(|(key, values)| Some((tags.get(key.as_str())?, values))).peekable();
    carried.peek().is_some() && carried.all(|(carried, values)| !carried.is_disjoint(values))
}
