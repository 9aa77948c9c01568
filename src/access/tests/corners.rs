//! Corners of the rules that the random meshes of `tests/access` found.

use super::rules::{columns, filter, home, legs, of_role, seen, tag_values};
use super::*;

/// Whom the database is asked of: not those who stand for many, each of whom may hold it otherwise.
#[test]
fn describe_on_the_database_is_asked_of_whoever_queries() {
    let cases = [
        ("999999999999", true),
        ("arn:aws:organizations::111111111111:organization/o-abc", true),
        ("arn:aws:organizations::111111111111:ou/o-abc/ou-def-12345678", true),
        ("IAM_ALLOWED_PRINCIPALS", true),
        ("arn:aws:iam::999999999999:role/far", false),
        ("arn:aws:iam::111111111111:user/near", false),
        ("arn:aws:quicksight:us-east-1:111111111111:group/default/g", false),
    ];
    for (name, sees) in cases {
        let mut facts = world();
        facts.grants.push(grant("OnTable", CATALOG, name, on_named(Some("orders")), &["SELECT"], &["SELECT"]));
        let access = evaluate(&facts);
        let found = access.principals.iter().find(|principal| principal.principal == name);
        let found = found.unwrap_or_else(|| panic!("{name} is told"));
        let expected = if sees { vec![] } else { vec![Leg::LocalDatabaseGrant] };
        assert_eq!((!seen(found).is_empty(), legs(found)), (sees, expected), "{name}");
    }
}

/// An account that may describe every tag, and holds its own expression without grant option.
fn cascading(held: &GrantedFact, holds: &[&str], asked: &GrantedFact, asks: &[&str]) -> Facts {
    let mut facts = world();
    for (name, key) in [("DescribeClass", CLASS), ("DescribeProduct", PRODUCT)] {
        facts.grants.push(grant(name, CATALOG, ACCOUNT, tag_values(key, &["*"]), DESCRIBE, &[]));
    }
    // the database by its name, so that its own expression is no matter here
    for (name, granted) in [("AccountDatabase", None), ("LocalDatabase", None), ("AccountTable", Some(held))] {
        let database = GrantedFact::Database { catalog: CATALOG.to_owned(), name: "m_sales".to_owned() };
        by_name(&mut facts, name).granted = granted.cloned().unwrap_or(database);
    }
    let account = by_name(&mut facts, "AccountTable");
    (account.permissions, account.grantable) = (set(holds), BTreeSet::new());
    let local = by_name(&mut facts, "LocalTable");
    (local.granted, local.permissions) = (asked.clone(), set(asks));
    facts
}

#[test]
fn what_cascades_is_reduced_first_and_then_capped() {
    let whole = || expression(true, &[(PRODUCT, &["orders"])]);
    let part = || expression(true, &[(CLASS, &["public"])]);
    let narrower = || on_tables(&["public", "pii"]);
    let table = || on_named(Some("orders"));
    type Cap = (GrantedFact, &'static [&'static str], GrantedFact, &'static [&'static str], &'static [&'static str]);
    let cases: &[Cap] = &[
        // ALL over a part is SELECT and DESCRIBE, each as far as the account holds it
        (whole(), &["SELECT"], part(), &["ALL"], &["SELECT"]),
        (whole(), &["DESCRIBE", "SELECT"], part(), &["ALL"], &["DESCRIBE", "SELECT"]),
        (whole(), &["ALL"], part(), &["ALL"], &["DESCRIBE", "SELECT"]),
        (whole(), &["DESCRIBE"], part(), &["ALL"], &[]),
        // ALL over all columns is what the account holds
        (narrower(), &["DESCRIBE", "SELECT"], whole(), &["ALL"], &["DESCRIBE", "SELECT"]),
        (table(), &["INSERT", "SELECT"], whole(), &["ALL"], &["INSERT", "SELECT"]),
        (table(), &["ALL"], whole(), &["ALL"], &["ALL"]),
        // a right to write over a part is DESCRIBE, which the account holds
        (whole(), &["DESCRIBE", "SELECT"], part(), &["ALTER", "SELECT"], &["DESCRIBE", "SELECT"]),
        (whole(), &["SELECT"], part(), &["ALTER", "SELECT"], &["SELECT"]),
        // one over all columns stays, where the account holds it
        (table(), &["INSERT", "SELECT"], whole(), &["INSERT", "SELECT"], &["INSERT", "SELECT"]),
        (table(), &["SELECT"], whole(), &["INSERT", "SELECT"], &["SELECT"]),
        (narrower(), &["ALL"], whole(), &["INSERT", "SELECT"], &["SELECT"]),
    ];
    for (held, holds, asked, asks, expected) in cases {
        let role = of_role(&cascading(held, holds, asked, asks));
        let permissions: Vec<&String> = role.tables.iter().flat_map(|table| &table.permissions).collect();
        assert_eq!(permissions, expected.iter().collect::<Vec<_>>(), "{asks:?} on {asked:?} of {holds:?} on {held:?}");
    }
}

#[test]
fn all_tables_imply_the_database_inside_its_account_alone() {
    let home_of = |granted: GrantedFact, permissions: &[&str]| {
        let mut facts = home(&granted, permissions);
        without(&mut facts, "LocalDatabase");
        let role = "arn:aws:iam::111111111111:role/m/reader";
        facts.roles[0].arn = role.to_owned();
        facts.grants[0].principal = Some(role.to_owned());
        facts
    };
    let told = |facts: &Facts| evaluate(facts).principals.into_iter().next().expect("the role is told");
    let role = told(&home_of(on_named(None), &["SELECT"]));
    assert_eq!(seen(&role), ["open", "secret", "found"]);
    let database = role.tables[0].through.iter().find(|through| through.leg == Leg::LocalDatabaseGrant);
    assert_eq!(database.map(|through| through.resource.as_str()), Some("LocalTable"), "its source is named");
    // a table does not, nor do tags
    let by_tags = expression(true, &[(PRODUCT, &["orders"])]);
    for granted in [on_named(Some("orders")), by_tags] {
        assert_eq!(legs(&told(&home_of(granted, &["SELECT"]))), [Leg::LocalDatabaseGrant]);
    }
    // a grant on all tables beside it does, whatever the right; of another database it does not
    let mut facts = home_of(on_named(Some("orders")), &["SELECT"]);
    let principal = facts.grants[0].principal.clone().expect("it was set");
    facts.grants.push(grant("AllTables", CATALOG, &principal, on_named(None), &["INSERT"], &[]));
    assert_eq!(legs(&told(&facts)), []);
    let other = GrantedFact::Table { catalog: CATALOG.to_owned(), database: "m_other".to_owned(), name: None };
    by_name(&mut facts, "AllTables").granted = other;
    assert_eq!(legs(&told(&facts)), [Leg::LocalDatabaseGrant]);
    // a group of the account is no principal of IAM
    let group = "arn:aws:quicksight:us-east-1:111111111111:group/default/g";
    let mut facts = home_of(on_named(None), &["SELECT"]);
    facts.roles.clear();
    facts.grants[0].principal = Some(group.to_owned());
    assert_eq!(legs(&told(&facts)), [Leg::LocalDatabaseGrant]);
    // nor is a role of another account in it
    let mut facts = world();
    instead(&mut facts, &on_named(None));
    without(&mut facts, "LocalDatabase");
    assert_eq!(legs(&of_role(&facts)), [Leg::LocalDatabaseGrant]);
}

#[test]
fn a_column_to_come_is_not_in_a_list_that_the_account_received() {
    let asked = columns(None, &["secret"]);
    let all_but = columns(None, &["secret"]);
    let only = columns(Some(&["open", "found"]), &[]);
    for (held, grantable, discovered) in [
        (&only, READ, false),
        (&all_but, READ, true),
        (&on_named(Some("orders")), READ, true),
        (&on_named(None), READ, true),
    ] {
        let mut facts = world();
        let account = by_name(&mut facts, "AccountTable");
        (account.granted, account.grantable) = (held.clone(), set(grantable));
        by_name(&mut facts, "LocalTable").granted = asked.clone();
        let role = of_role(&facts);
        assert_eq!((seen(&role), role.tables[0].discovered), (vec!["open", "found"], discovered), "{held:?}");
        if !discovered {
            // an exclude list beside it counts only with grant option
            facts.grants.push(grant("AccountMore", CATALOG, ACCOUNT, all_but.clone(), &["SELECT"], &[]));
            assert!(!of_role(&facts).tables[0].discovered);
            by_name(&mut facts, "AccountMore").grantable = set(&["SELECT"]);
            assert!(of_role(&facts).tables[0].discovered);
        }
    }
}

#[test]
fn a_column_to_come_is_asked_of_grants_that_open_no_column_of_today() {
    let tagged = |facts: &mut Facts| {
        for column in ["secret", "found"] {
            facts.associations.retain(|association| !association.target.columns.contains(column));
            facts.associations.push(tag(Some("orders"), Some(column), CLASS, "pii"));
        }
    };
    // by tags: the table is `unclassified`, none of its columns is
    let mut facts = home(&on_tables(&["public"]), &["SELECT"]);
    tagged(&mut facts);
    assert!(!of_role(&facts).tables[0].discovered);
    facts.grants.push(grant("ToCome", CATALOG, ROLE, on_tables(&["unclassified"]), &["SELECT", "DESCRIBE"], &[]));
    let role = of_role(&facts);
    assert_eq!((seen(&role), role.tables[0].discovered), (vec!["open"], true));
    assert_eq!(role.tables[0].permissions, ["SELECT"], "a grant that opens no column adds no right");
    assert!(role.tables[0].through.iter().all(|through| through.resource != "ToCome"), "nor does a column need it");
    by_name(&mut facts, "ToCome").permissions = set(&["DESCRIBE"]);
    assert!(!of_role(&facts).tables[0].discovered, "without SELECT");
    // alone it shows no table
    let mut facts = home(&on_tables(&["unclassified"]), &["SELECT"]);
    tagged(&mut facts);
    assert!(of_role(&facts).tables.is_empty());
    // through a cascade
    let whole = expression(true, &[(PRODUCT, &["orders"])]);
    let mut facts = cascading(&whole, READ, &expression(true, &[(CLASS, &["public"])]), READ);
    tagged(&mut facts);
    let to_come = expression(true, &[(CLASS, &["unclassified"])]);
    assert!(!of_role(&facts).tables[0].discovered);
    facts.grants.push(grant("ToCome", ACCOUNT, ROLE, to_come, READ, &[]));
    assert!(of_role(&facts).tables[0].discovered);
    by_name(&mut facts, "AccountTable").granted = on_tables(&["public", "pii"]);
    assert!(!of_role(&facts).tables[0].discovered, "the account holds no such column");
}

#[test]
fn a_filter_that_opens_no_column_gives_nothing() {
    for (list, permissions) in [(&["gone"][..], &["ALL"][..]), (&["gone", "open"], &["ALL", "SELECT"])] {
        let mut facts = home(&on_named(Some("orders")), &["ALL"]);
        let on_filter = filter(&mut facts, "f", ColumnList::Only(set(list)), None);
        facts.grants.push(grant("Filtered", CATALOG, ROLE, on_filter, &["SELECT"], &[]));
        let role = of_role(&facts);
        assert_eq!(role.tables[0].permissions, permissions, "{list:?}");
        let filtered = role.tables[0].through.iter().any(|through| through.leg == Leg::DataCellsFilter);
        assert_eq!(filtered, list.contains(&"open"), "{list:?}");
        without(&mut facts, "LocalTable");
        assert_eq!(of_role(&facts).tables.is_empty(), !list.contains(&"open"), "{list:?}");
    }
}

#[test]
fn the_json_is_that_of_the_whole_answer() {
    let text = |access: &Access| {
        let json = access.to_json();
        assert_eq!(json, crate::assembly::pretty(access));
        json
    };
    let mut access = evaluate(&world());
    assert!(text(&access).contains("\n      \"principal\": "));
    access
        .administrators
        .push(Administrator { principal: "\n  \"principals\": []".to_owned(), account: ACCOUNT.to_owned() });
    access.unknown.push("\n  \"principals\": []\n".to_owned());
    text(&access);
    access.principals.clear();
    text(&access);
}
