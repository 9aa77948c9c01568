//! Each rule of the evaluator on a catalog of one table: what is changed, what is then seen, which legs are told missing.

mod corners;
mod foreign;
mod rules;

use super::*;
use crate::assembly::StackId;
use std::collections::{BTreeMap, BTreeSet};

const CATALOG: &str = "111111111111";
const ACCOUNT: &str = "222222222222";
const ROLE: &str = "arn:aws:iam::222222222222:role/m/reader";
const CLASS: &str = "m/classification";
const PRODUCT: &str = "m/sales";

fn spot(resource: &str) -> Spot {
    Spot { stack: StackId::new("owner", "stack"), resource: resource.to_owned() }
}

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

/// A tag on the database, on the table, or on a column of it.
fn tag(table: Option<&str>, column: Option<&str>, key: &str, value: &str) -> AssociationFact {
    AssociationFact {
        spot: spot(&format!("Tag{}{}", table.unwrap_or_default(), column.unwrap_or_default())),
        target: Target {
            catalog: CATALOG.to_owned(),
            database: "m_sales".to_owned(),
            table: table.map(str::to_owned),
            columns: column.into_iter().map(str::to_owned).collect(),
        },
        tags: BTreeMap::from([(key.to_owned(), set(&[value]))]),
    }
}

fn expression(tables: bool, conditions: &[(&str, &[&str])]) -> GrantedFact {
    let conditions = conditions.iter().map(|(key, values)| ((*key).to_owned(), set(values))).collect();
    GrantedFact::Expression { catalog: CATALOG.to_owned(), tables, conditions }
}

fn on_tables(classifications: &[&str]) -> GrantedFact {
    expression(true, &[(CLASS, classifications), (PRODUCT, &["orders"])])
}

fn on_database() -> GrantedFact {
    expression(false, &[(PRODUCT, &["orders"])])
}

fn on_link() -> GrantedFact {
    GrantedFact::Database { catalog: ACCOUNT.to_owned(), name: "m_sales".to_owned() }
}

fn grant(
    name: &str,
    from: &str,
    to: &str,
    granted: GrantedFact,
    permissions: &[&str],
    grantable: &[&str],
) -> GrantFact {
    GrantFact {
        spot: spot(name),
        account: from.to_owned(),
        principal: Some(to.to_owned()),
        granted,
        permissions: set(permissions),
        grantable: set(grantable),
    }
}

/// A table of the database, or all of them.
fn on_named(table: Option<&str>) -> GrantedFact {
    let (catalog, database) = (CATALOG.to_owned(), "m_sales".to_owned());
    GrantedFact::Table { catalog, database, name: table.map(str::to_owned) }
}

const DESCRIBE: &[&str] = &["DESCRIBE"];
const READ: &[&str] = &["DESCRIBE", "SELECT"];

/// Columns `open` (public), `secret` (pii) and `found` (nothing of its own); a role that may see `public`.
fn world() -> Facts {
    let link = Some((CATALOG.to_owned(), "m_sales".to_owned()));
    let database = |catalog: &str, target| DatabaseFact {
        spot: spot("Database"),
        catalog: catalog.to_owned(),
        name: "m_sales".to_owned(),
        target,
    };
    Facts {
        settings: vec![SettingsFact { spot: spot("Settings"), account: CATALOG.to_owned(), admins: BTreeSet::new() }],
        associations: vec![
            tag(None, None, PRODUCT, "orders"),
            tag(Some("orders"), None, CLASS, "unclassified"),
            tag(Some("orders"), Some("open"), CLASS, "public"),
            tag(Some("orders"), Some("secret"), CLASS, "pii"),
        ],
        grants: vec![
            grant("AccountDatabase", CATALOG, ACCOUNT, on_database(), DESCRIBE, DESCRIBE),
            grant("AccountTable", CATALOG, ACCOUNT, on_tables(&["public"]), READ, READ),
            grant("Link", ACCOUNT, ROLE, on_link(), DESCRIBE, &[]),
            grant("LocalDatabase", ACCOUNT, ROLE, on_database(), DESCRIBE, &[]),
            grant("LocalTable", ACCOUNT, ROLE, on_tables(&["public"]), READ, &[]),
        ],
        databases: vec![database(CATALOG, None), database(ACCOUNT, link)],
        tables: vec![TableFact {
            spot: spot("Table"),
            catalog: CATALOG.to_owned(),
            database: "m_sales".to_owned(),
            name: "orders".to_owned(),
            columns: ["open", "secret", "found"].map(str::to_owned).to_vec(),
            location: None,
        }],
        roles: vec![RoleFact {
            spot: spot("Role"),
            account: ACCOUNT.to_owned(),
            arn: ROLE.to_owned(),
            name: "reader".to_owned(),
            tags: BTreeMap::new(),
            statements: [].into(),
            managed: BTreeSet::new(),
            services: None,
        }],
        ..Facts::default()
    }
}

fn by_name<'a>(facts: &'a mut Facts, name: &str) -> &'a mut GrantFact {
    facts.grants.iter_mut().find(|grant| grant.spot.resource == name).expect("the grant is in the world")
}

fn without(facts: &mut Facts, name: &str) {
    facts.grants.retain(|grant| grant.spot.resource != name);
}

/// Both hops of a further expression on tables.
fn also(facts: &mut Facts, granted: &GrantedFact) {
    facts.grants.push(grant("AccountFurther", CATALOG, ACCOUNT, granted.clone(), READ, READ));
    facts.grants.push(grant("LocalFurther", ACCOUNT, ROLE, granted.clone(), READ, &[]));
}

/// The expression of both hops of the grant on tables.
fn instead(facts: &mut Facts, granted: &GrantedFact) {
    by_name(facts, "AccountTable").granted = granted.clone();
    by_name(facts, "LocalTable").granted = granted.clone();
}

/// What is changed, the columns that are then seen, the legs that are then missing.
type Case = (&'static str, fn(&mut Facts), &'static [&'static str], &'static [Leg]);

const CASES: &[Case] = &[
    ("the world as it is", |_| {}, &["open"], &[]),
    // conditions
    ("one value of several suffices", |facts| instead(facts, &on_tables(&["pii", "public"])), &["open", "secret"], &[]),
    (
        "every condition must hold",
        |facts| instead(facts, &expression(true, &[(CLASS, &["public"]), (PRODUCT, &["returns"])])),
        &[],
        &[Leg::LocalGrant],
    ),
    (
        "a condition on a tag that nothing carries never holds",
        |facts| {
            instead(facts, &expression(true, &[(CLASS, &["public"]), (PRODUCT, &["orders"]), ("m/region", &["eu"])]))
        },
        &[],
        &[],
    ),
    (
        "an expression without conditions opens nothing",
        |facts| instead(facts, &expression(true, &[])),
        &[],
        &[Leg::LocalGrant],
    ),
    (
        "an expression on the product alone opens every column, also one that nobody has classified",
        |facts| instead(facts, &expression(true, &[(PRODUCT, &["orders"])])),
        &["open", "secret", "found"],
        &[],
    ),
    (
        "the order of conditions means nothing between the hops",
        |facts| {
            by_name(facts, "LocalTable").granted = expression(true, &[(PRODUCT, &["orders"]), (CLASS, &["public"])])
        },
        &["open"],
        &[],
    ),
    (
        "an expression on another catalog speaks of another table",
        |facts| {
            let conditions = vec![(CLASS.to_owned(), set(&["public"])), (PRODUCT.to_owned(), set(&["orders"]))];
            instead(facts, &GrantedFact::Expression { catalog: "999999999999".to_owned(), tables: true, conditions });
        },
        &[],
        &[Leg::LocalGrant],
    ),
    // by name
    (
        "a grant that names the table opens every column, also one that a crawler found",
        |facts| instead(facts, &on_named(Some("orders"))),
        &["open", "secret", "found"],
        &[],
    ),
    (
        "a grant on all tables of the database opens every column",
        |facts| instead(facts, &on_named(None)),
        &["open", "secret", "found"],
        &[],
    ),
    ("a grant that names another table opens nothing", |facts| instead(facts, &on_named(Some("returns"))), &[], &[]),
    (
        "the account must hold the same grant by name",
        |facts| by_name(facts, "LocalTable").granted = on_named(Some("orders")),
        &[],
        &[Leg::AccountGrant],
    ),
    (
        "a location opens no table",
        |facts| {
            let location = GrantedFact::Location { catalog: CATALOG.to_owned(), arn: "arn:aws:s3:::b/p".to_owned() };
            instead(facts, &location);
        },
        &[],
        &[Leg::LocalGrant],
    ),
    // inheritance
    ("a column inherits from its table", |facts| instead(facts, &on_tables(&["unclassified"])), &["found"], &[]),
    (
        "a column's own value hides its table's",
        |facts| facts.associations[1] = tag(Some("orders"), None, CLASS, "public"),
        &["open", "found"],
        &[],
    ),
    (
        "a table's value hides its database's",
        |facts| facts.associations.push(tag(None, None, CLASS, "public")),
        &["open"],
        &[],
    ),
    (
        "without the table's own value a column inherits the database's: why no database may carry a classification",
        |facts| {
            facts.associations[1] = tag(None, None, CLASS, "public");
        },
        &["open", "found"],
        &[],
    ),
    (
        "a column's own product takes it out of its database's",
        |facts| facts.associations.push(tag(Some("orders"), Some("open"), PRODUCT, "returns")),
        &[],
        &[],
    ),
    ("a column without its own value falls back to its table's", |facts| drop(facts.associations.remove(2)), &[], &[]),
    (
        "a database without its tag is matched by nothing",
        |facts| drop(facts.associations.remove(0)),
        &[],
        &[Leg::DatabaseTag],
    ),
    // several grants
    ("grants add up", |facts| also(facts, &on_tables(&["pii"])), &["open", "secret"], &[]),
    (
        "a further grant that the account did not receive opens nothing more, and is told",
        |facts| {
            also(facts, &on_tables(&["pii"]));
            without(facts, "AccountFurther");
        },
        &["open"],
        &[Leg::AccountGrant],
    ),
    (
        "a wider expression of the account is not the role's",
        |facts| by_name(facts, "AccountTable").granted = on_tables(&["pii", "public"]),
        &[],
        &[Leg::AccountGrant],
    ),
    (
        "conditions of two grants do not mix",
        |facts| {
            instead(facts, &expression(true, &[(CLASS, &["public"]), (PRODUCT, &["returns"])]));
            also(facts, &expression(true, &[(CLASS, &["internal"]), (PRODUCT, &["orders"])]));
        },
        &[],
        &[],
    ),
    // permissions and grant option
    (
        "DESCRIBE is no SELECT",
        |facts| by_name(facts, "LocalTable").permissions = set(DESCRIBE),
        &[],
        &[Leg::LocalGrant],
    ),
    (
        "SELECT needs no DESCRIBE beside it",
        |facts| by_name(facts, "LocalTable").permissions = set(&["SELECT"]),
        &["open"],
        &[],
    ),
    (
        "ALL includes SELECT",
        |facts| {
            by_name(facts, "LocalTable").permissions = set(&["ALL"]);
            by_name(facts, "AccountTable").grantable = set(&["ALL"]);
        },
        &["open"],
        &[],
    ),
    (
        "nobody passes on more than was received",
        |facts| by_name(facts, "LocalTable").permissions = set(&["ALL"]),
        &[],
        &[Leg::AccountGrant],
    ),
    (
        "grant option for all includes SELECT",
        |facts| by_name(facts, "AccountTable").grantable = set(&["ALL"]),
        &["open"],
        &[],
    ),
    (
        "no grant option, no passing on",
        |facts| by_name(facts, "AccountTable").grantable.clear(),
        &[],
        &[Leg::AccountGrant],
    ),
    (
        "grant option on DESCRIBE alone does not pass on SELECT",
        |facts| by_name(facts, "AccountTable").grantable = set(DESCRIBE),
        &[],
        &[Leg::AccountGrant],
    ),
    // who grants to whom
    ("no grant to the account", |facts| without(facts, "AccountTable"), &[], &[Leg::AccountGrant]),
    ("no grant to the role", |facts| without(facts, "LocalTable"), &[], &[Leg::LocalGrant]),
    (
        "no grant to the account on the database",
        |facts| without(facts, "AccountDatabase"),
        &[],
        &[Leg::AccountDatabaseGrant],
    ),
    ("no grant to the role on the database", |facts| without(facts, "LocalDatabase"), &[], &[Leg::LocalDatabaseGrant]),
    (
        "the database may be granted by name",
        |facts| {
            let named = || GrantedFact::Database { catalog: CATALOG.to_owned(), name: "m_sales".to_owned() };
            by_name(facts, "AccountDatabase").granted = named();
            by_name(facts, "LocalDatabase").granted = named();
        },
        &["open"],
        &[],
    ),
    (
        "the catalog's account may grant to the role directly",
        |facts| {
            without(facts, "AccountTable");
            without(facts, "AccountDatabase");
            by_name(facts, "LocalTable").account = CATALOG.to_owned();
            by_name(facts, "LocalDatabase").account = CATALOG.to_owned();
        },
        &["open"],
        &[],
    ),
    (
        "a third account cannot grant what it received",
        |facts| by_name(facts, "LocalTable").account = "333333333333".to_owned(),
        &[],
        &[Leg::LocalGrant],
    ),
    (
        "the account's grant is not the role's",
        |facts| facts.grants.retain(|grant| grant.principal.as_deref() == Some(ACCOUNT)),
        &[],
        &[],
    ),
    (
        "a grant to another role is not this one's",
        |facts| by_name(facts, "LocalTable").principal = Some(format!("{ROLE}-else")),
        &[],
        &[Leg::LocalGrant],
    ),
    // links
    ("no link", |facts| facts.databases.truncate(1), &[], &[Leg::Link, Leg::LinkGrant]),
    ("no DESCRIBE on the link", |facts| without(facts, "Link"), &[], &[Leg::LinkGrant]),
    (
        "a link in another account is not this account's",
        |facts| facts.databases[1].catalog = "333333333333".to_owned(),
        &[],
        &[Leg::Link, Leg::LinkGrant],
    ),
    (
        "any of several links will do",
        |facts| {
            let mut second = facts.databases[1].clone();
            second.name = "other_name".to_owned();
            facts.databases.push(second);
        },
        &["open"],
        &[],
    ),
    (
        "a role of the catalog's own account needs neither link nor account",
        |facts| {
            facts.databases.truncate(1);
            for name in ["AccountDatabase", "AccountTable", "Link"] {
                without(facts, name);
            }
            facts.roles[0].account = CATALOG.to_owned();
            for grant in &mut facts.grants {
                grant.account = CATALOG.to_owned();
            }
        },
        &["open"],
        &[],
    ),
    // classification leaves nothing: no leg is missing, the subscription does not ask for it
    ("a table of which no column is asked for", |facts| instead(facts, &on_tables(&["internal"])), &[], &[]),
];

#[test]
fn each_rule_of_the_evaluator() {
    for (what, change, expected, legs) in CASES {
        let mut facts = world();
        change(&mut facts);
        let access = evaluate(&facts);
        let role = access.principals.iter().find(|principal| principal.principal == ROLE);
        let tables = role.map(|role| role.tables.as_slice()).unwrap_or_default();
        let columns = tables.iter().flat_map(|table| &table.columns);
        let seen: Vec<&str> = columns.filter(|column| column.visible).map(|column| column.name.as_str()).collect();
        assert_eq!(seen, *expected, "{what}");
        let missing = role.map(|role| role.missing.as_slice()).unwrap_or_default();
        let missing: Vec<Leg> = missing.iter().map(|missing| missing.leg).collect();
        assert_eq!(missing, *legs, "{what}");
    }
}

#[test]
fn the_chain_names_every_resource() {
    let access = evaluate(&world());
    let through = &access.principals[0].tables[0].through;
    let resources: Vec<(Leg, &str)> = through.iter().map(|through| (through.leg, through.resource.as_str())).collect();
    let expected = [
        (Leg::DatabaseTag, "Tag"),
        (Leg::AccountGrant, "AccountTable"),
        (Leg::AccountDatabaseGrant, "AccountDatabase"),
        (Leg::LocalGrant, "LocalTable"),
        (Leg::LocalDatabaseGrant, "LocalDatabase"),
        (Leg::Link, "Database"),
        (Leg::LinkGrant, "Link"),
    ];
    assert_eq!(resources, expected);
}

#[test]
fn what_is_not_evaluated_is_told() {
    let said = |change: fn(&mut GrantFact)| {
        let mut facts = world();
        change(by_name(&mut facts, "LocalTable"));
        evaluate(&facts).unknown.split_off(1)
    };
    assert_eq!(said(|_| {}), [""; 0]);
    assert_eq!(
        said(|grant| grant.granted = GrantedFact::Other("Catalog".to_owned())),
        ["owner/stack/LocalTable Resource: a grant on Catalog is not evaluated"]
    );
    assert_eq!(
        said(|grant| grant.principal = None),
        ["owner/stack/LocalTable Principal: the template does not tell for whom the grant is"]
    );
    assert_eq!(
        said(|grant| grant.granted = filter_named("nobody_made_it")),
        ["owner/stack/LocalTable Resource: no template here makes the filter `nobody_made_it` on m_sales.orders"]
    );
}

fn filter_named(name: &str) -> GrantedFact {
    let [catalog, database, table, name] = [CATALOG, "m_sales", "orders", name].map(str::to_owned);
    GrantedFact::Filter { catalog, database, table, name }
}
