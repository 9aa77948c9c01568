//! The legs beside the grants: all hold in what we synthesize, and each one that is taken away is told by its name.

use crate::common::fixture;
use crate::demo::{documents, repository, resources_mut, synthesize};
use meshform::access::{Access, DatabaseFact, Facts, Leg, RoleFact, Standing, TableFact, evaluate};
use meshform::assembly::Document;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What is asked: role, table, link.
struct Pair<'a> {
    role: &'a RoleFact,
    table: &'a TableFact,
    link: Option<&'a DatabaseFact>,
}

impl Pair<'_> {
    fn name(&self) -> String {
        format!("{} {}.{}", self.role.name, self.table.database, self.table.name)
    }
}

/// Every pair of a role and a table of which the grants open a column.
fn pairs<'a>(facts: &'a Facts, access: &Access) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for principal in &access.principals {
        let Some(role) = facts.roles.iter().find(|role| role.arn == principal.principal) else { continue };
        for seen in &principal.tables {
            let is = |table: &&TableFact| {
                (&table.catalog, &table.database, &table.name) == (&seen.catalog, &seen.database, &seen.table)
            };
            let table = facts.tables.iter().find(is).expect("the table is among the facts");
            let target = Some((seen.catalog.clone(), seen.database.clone()));
            let link = facts.databases.iter().find(|link| link.catalog == role.account && link.target == target);
            pairs.push(Pair { role, table, link });
        }
    }
    pairs
}

fn meshes() -> BTreeMap<&'static str, Vec<Document>> {
    let mut meshes = BTreeMap::from([("demo", documents())]);
    for name in ["models", "network", "quicksight", "crawled", "small"] {
        meshes.insert(name, Document::all(&synthesize(&fixture(&format!("valid/{name}")))));
    }
    meshes
}

fn legs(facts: &Facts, pair: &Pair<'_>) -> BTreeMap<Leg, Standing> {
    facts.surroundings.legs(&pair.role.arn, pair.table, pair.link).into_iter().collect()
}

#[test]
fn what_our_grants_intend_holds_all_legs() {
    let mut counted = 0;
    for (mesh, documents) in meshes() {
        let facts = Facts::of(&documents);
        for pair in pairs(&facts, &evaluate(&facts)) {
            counted += 1;
            let found = legs(&facts, &pair);
            for leg in [Leg::Location, Leg::RegistrationRole, Leg::DataAccess, Leg::IdentityOnTarget, Leg::Trust] {
                assert!(found.contains_key(&leg), "{mesh}: {} has no {leg:?}", pair.name());
            }
            assert_eq!(found.contains_key(&Leg::IdentityOnLink), pair.link.is_some(), "{mesh}: {}", pair.name());
            for (leg, standing) in found {
                let Standing::Holds(spots) = standing else { panic!("{mesh}: {}: {leg:?} {standing:?}", pair.name()) };
                assert!(!spots.is_empty(), "{mesh}: {}: {leg:?} holds by nothing", pair.name());
            }
        }
    }
    assert!(counted > 30, "{counted} pairs are few");
}
