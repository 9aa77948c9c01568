//! Lists of columns, filters, the reduction, what an account may pass on, links to tables, and who is told.

use super::*;

pub(super) fn columns(only: Option<&[&str]>, all_but: &[&str]) -> GrantedFact {
    let [catalog, database, table] = [CATALOG, "m_sales", "orders"].map(str::to_owned);
    let columns = only.map_or_else(|| ColumnList::AllBut(set(all_but)), |only| ColumnList::Only(set(only)));
    GrantedFact::Columns { catalog, database, table, columns }
}

pub(super) fn filter(facts: &mut Facts, name: &str, columns: ColumnList, rows: Option<&str>) -> GrantedFact {
    let [catalog, database, table] = [CATALOG, "m_sales", "orders"].map(str::to_owned);
    let (name, rows) = (name.to_owned(), rows.map(str::to_owned));
    facts.filters.push(FilterFact {
        spot: spot("Filter"),
        catalog,
        database,
        table,
        name: name.clone(),
        columns,
        rows,
    });
    filter_named(&name)
}

pub(super) fn tag_values(key: &str, values: &[&str]) -> GrantedFact {
    GrantedFact::Tag { catalog: CATALOG.to_owned(), key: key.to_owned(), values: set(values) }
}

/// A role in the catalog's own account, which needs neither link nor account.
fn at_home(facts: &mut Facts) {
    facts.databases.truncate(1);
    for name in ["AccountDatabase", "AccountTable", "Link"] {
        without(facts, name);
    }
    facts.roles[0].account = CATALOG.to_owned();
    for grant in &mut facts.grants {
        grant.account = CATALOG.to_owned();
    }
}

pub(super) fn home(granted: &GrantedFact, permissions: &[&str]) -> Facts {
    let mut facts = world();
    at_home(&mut facts);
    let grant = by_name(&mut facts, "LocalTable");
    grant.granted = granted.clone();
    grant.permissions = set(permissions);
    facts
}

pub(super) fn of_role(facts: &Facts) -> Principal {
    let found = evaluate(facts).principals.into_iter().find(|principal| principal.principal == ROLE);
    found.expect("the role is told")
}

pub(super) fn seen(principal: &Principal) -> Vec<&str> {
    let columns = principal.tables.iter().flat_map(|table| &table.columns);
    columns.filter(|column| column.visible).map(|column| column.name.as_str()).collect()
}

pub(super) fn legs(principal: &Principal) -> Vec<Leg> {
    principal.missing.iter().map(|missing| missing.leg).collect()
}

#[test]
fn a_partial_match_reduces_what_is_written() {
    let whole = expression(true, &[(PRODUCT, &["orders"])]);
    let part = on_tables(&["public"]);
    let cases: &[(&GrantedFact, &[&str], &[&str])] = &[
        (&whole, &["ALL"], &["ALL"]),
        (&part, &["ALL"], &["DESCRIBE", "SELECT"]),
        (&whole, &["SELECT", "INSERT", "DELETE", "ALTER", "DROP"], &["ALTER", "DELETE", "DROP", "INSERT", "SELECT"]),
        (&part, &["SELECT", "INSERT"], &["DESCRIBE", "SELECT"]),
        (&part, &["SELECT", "DELETE"], &["DESCRIBE", "SELECT"]),
        (&part, &["SELECT", "ALTER"], &["DESCRIBE", "SELECT"]),
        (&part, &["SELECT", "DROP"], &["DESCRIBE", "SELECT"]),
        (&part, &["SELECT"], &["SELECT"]),
        (&on_named(Some("orders")), &["SELECT", "INSERT"], &["INSERT", "SELECT"]),
        (&on_named(None), &["ALL"], &["ALL"]),
    ];
    for (granted, written, effective) in cases {
        let role = of_role(&home(granted, written));
        assert_eq!(role.tables[0].permissions, *effective, "{written:?} on {granted:?}");
    }
    // without SELECT nothing is seen, however much may be written
    assert!(of_role(&home(&whole, &["INSERT", "DESCRIBE"])).tables.is_empty());
    // and rights without SELECT add to those of a grant that has it
    let mut facts = home(&part, &["SELECT"]);
    facts.grants.push(grant("More", CATALOG, ROLE, on_named(Some("orders")), &["INSERT"], &[]));
    assert_eq!(of_role(&facts).tables[0].permissions, ["INSERT", "SELECT"]);
}

#[test]
fn lists_of_columns_include_or_exclude() {
    let cases: &[(GrantedFact, &[&str], bool)] = &[
        (columns(Some(&["open", "found"]), &[]), &["open", "found"], false),
        (columns(Some(&["open", "nonexistent"]), &[]), &["open"], false),
        (columns(None, &["secret"]), &["open", "found"], true),
        (columns(None, &[]), &["open", "secret", "found"], true),
    ];
    for (granted, expected, discovered) in cases {
        let role = of_role(&home(granted, &["SELECT"]));
        assert_eq!(seen(&role), *expected, "{granted:?}");
        assert_eq!(role.tables[0].discovered, *discovered, "{granted:?}");
        assert_eq!(role.tables[0].permissions, ["SELECT"], "{granted:?}");
    }
    assert!(of_role(&home(&columns(Some(&[]), &[]), &["SELECT"])).tables.is_empty());
    assert!(of_role(&home(&columns(None, &[]), &["DESCRIBE"])).tables.is_empty(), "only SELECT counts");
}

#[test]
fn filters_choose_columns_and_rows_and_union_widens_them() {
    let mut facts = home(&on_tables(&["nothing"]), &["SELECT"]);
    let german = filter(&mut facts, "german", ColumnList::AllBut(set(&["secret"])), Some("country = 'DE'"));
    let french = filter(&mut facts, "french", ColumnList::Only(set(&["open"])), Some("country = 'FR'"));
    facts.grants.push(grant("German", CATALOG, ROLE, german, &["SELECT"], &[]));
    let rows = |facts: &Facts| -> Vec<(String, Vec<String>)> {
        let role = of_role(facts);
        let visible = role.tables[0].columns.iter().filter(|column| column.visible);
        visible.map(|column| (column.name.clone(), column.rows.clone())).collect()
    };
    let one = |name: &str, rows: &[&str]| (name.to_owned(), rows.iter().map(|row| (*row).to_owned()).collect());
    assert_eq!(rows(&facts), [one("open", &["country = 'DE'"]), one("found", &["country = 'DE'"])]);
    assert!(of_role(&facts).tables[0].discovered);
    facts.grants.push(grant("French", CATALOG, ROLE, french, &["SELECT"], &[]));
    let both = ["country = 'DE'", "country = 'FR'"];
    assert_eq!(rows(&facts), [one("open", &both), one("found", &["country = 'DE'"])]);
    let through = of_role(&facts).tables[0].through.clone();
    assert!(through.iter().any(|through| through.leg == Leg::DataCellsFilter && through.resource == "Filter"));
    // one grant without a filter opens all rows
    facts.grants.push(grant("Listed", CATALOG, ROLE, columns(Some(&["open"]), &[]), &["SELECT"], &[]));
    assert_eq!(rows(&facts), [one("open", &[]), one("found", &["country = 'DE'"])]);
    // a filter for all rows is none
    let mut facts = home(&on_tables(&["nothing"]), &["SELECT"]);
    let all = filter(&mut facts, "all", ColumnList::Only(set(&["secret"])), None);
    facts.grants.push(grant("All", CATALOG, ROLE, all, &["SELECT"], &[]));
    assert_eq!(rows(&facts), [one("secret", &[])]);
}

#[test]
fn what_comes_later_is_seen_by_who_holds_the_table_or_its_own_tags() {
    let cases: &[(GrantedFact, bool)] = &[
        (on_tables(&["public"]), false),
        (on_tables(&["unclassified", "public"]), true),
        (expression(true, &[(PRODUCT, &["orders"])]), true),
        (on_named(Some("orders")), true),
        (on_named(None), true),
    ];
    for (granted, discovered) in cases {
        assert_eq!(of_role(&home(granted, &["SELECT"])).tables[0].discovered, *discovered, "{granted:?}");
    }
}

#[test]
fn an_account_passes_on_permission_by_permission() {
    let mut facts = world();
    by_name(&mut facts, "AccountTable").grantable = set(&["SELECT"]);
    by_name(&mut facts, "LocalTable").permissions = set(&["SELECT", "DESCRIBE"]);
    let role = of_role(&facts);
    assert_eq!((seen(&role), role.tables[0].permissions.clone()), (vec!["open"], vec!["SELECT".to_owned()]));
    // two grants to the account on the same add up
    facts.grants.push(grant("Second", CATALOG, ACCOUNT, on_tables(&["public"]), DESCRIBE, DESCRIBE));
    assert_eq!(of_role(&facts).tables[0].permissions, ["DESCRIBE", "SELECT"]);
}

/// What the account holds, what it grants to the role, what the role then sees.
#[test]
fn an_account_passes_on_what_it_was_given_by_name() {
    let table = || on_named(Some("orders"));
    let cases: &[(&str, GrantedFact, GrantedFact, &[&str])] = &[
        ("the same table", table(), table(), &["open", "secret", "found"]),
        ("a table of the wildcard", on_named(None), table(), &["open", "secret", "found"]),
        ("not the wildcard for a table", table(), on_named(None), &[]),
        ("the wildcard itself", on_named(None), on_named(None), &["open", "secret", "found"]),
        ("columns of the table", table(), columns(Some(&["open"]), &[]), &["open"]),
        ("columns of the wildcard", on_named(None), columns(None, &["open"]), &["secret", "found"]),
        ("fewer columns", columns(Some(&["open", "secret"]), &[]), columns(Some(&["open"]), &[]), &["open"]),
        ("other columns", columns(Some(&["secret"]), &[]), columns(Some(&["open"]), &[]), &[]),
        ("all but a column, of a list", columns(Some(&["open"]), &[]), columns(None, &["secret", "found"]), &["open"]),
        ("a list, of all but a column", columns(None, &["secret"]), columns(Some(&["open"]), &[]), &["open"]),
        ("a hidden column, of all but it", columns(None, &["secret"]), columns(Some(&["secret"]), &[]), &[]),
        ("not the table for a list", columns(None, &[]), table(), &[]),
        ("a filter of the table", table(), filter_named("f"), &["open"]),
        ("a filter of the wildcard", on_named(None), filter_named("f"), &["open"]),
        ("the same filter", filter_named("f"), filter_named("f"), &["open"]),
        ("not another filter", filter_named("g"), filter_named("f"), &[]),
        ("not a filter of columns", columns(None, &[]), filter_named("f"), &[]),
        ("no expression for a name", table(), on_tables(&["public"]), &[]),
    ];
    for (what, held, granted, expected) in cases {
        let mut facts = world();
        for name in ["f", "g"] {
            filter(&mut facts, name, ColumnList::Only(set(&["open"])), Some("true"));
        }
        let account = by_name(&mut facts, "AccountTable");
        (account.granted, account.permissions, account.grantable) = (held.clone(), set(&["SELECT"]), set(&["SELECT"]));
        let local = by_name(&mut facts, "LocalTable");
        (local.granted, local.permissions) = (granted.clone(), set(&["SELECT"]));
        let role = of_role(&facts);
        assert_eq!(seen(&role), *expected, "{what}");
        assert_eq!(legs(&role).contains(&Leg::AccountGrant), expected.is_empty(), "{what}");
        // and without grant option nothing
        by_name(&mut facts, "AccountTable").grantable.clear();
        assert!(seen(&of_role(&facts)).is_empty(), "{what}, without grant option");
    }
}

/// Cascade rule 2: the account may describe the tags, and its own policy is another one.
#[test]
fn an_account_that_may_describe_the_tags_grants_by_expressions_of_its_own() {
    let describe = |facts: &mut Facts, granted: GrantedFact| {
        facts.grants.push(grant("Describe", CATALOG, ACCOUNT, granted, DESCRIBE, &[]));
    };
    let base = || {
        let mut facts = world();
        let account = by_name(&mut facts, "AccountTable");
        account.granted = expression(true, &[(PRODUCT, &["orders"])]);
        account.grantable.clear();
        by_name(&mut facts, "LocalTable").granted = expression(true, &[(CLASS, &["public"])]);
        facts
    };
    assert!(seen(&of_role(&base())).is_empty(), "without DESCRIBE on the tag");
    let mut facts = base();
    describe(&mut facts, tag_values(CLASS, &["public"]));
    let role = of_role(&facts);
    assert_eq!((seen(&role), legs(&role)), (vec!["open"], vec![]));
    let through: Vec<&str> = role.tables[0].through.iter().map(|through| through.resource.as_str()).collect();
    assert!(through.contains(&"Describe") && through.contains(&"AccountTable"), "{through:?}");
    // all values
    let mut facts = base();
    describe(&mut facts, tag_values(CLASS, &["*"]));
    assert_eq!(seen(&of_role(&facts)), ["open"]);
    // every value of the expression is asked for
    let mut facts = base();
    describe(&mut facts, tag_values(CLASS, &["public"]));
    by_name(&mut facts, "LocalTable").granted = expression(true, &[(CLASS, &["public", "pii"])]);
    assert!(seen(&of_role(&facts)).is_empty(), "without DESCRIBE on one of the values");
    // at most what the account holds
    let mut facts = base();
    describe(&mut facts, tag_values(CLASS, &["*"]));
    by_name(&mut facts, "AccountTable").granted = on_tables(&["public"]);
    by_name(&mut facts, "LocalTable").granted = expression(true, &[(CLASS, &["public", "pii"])]);
    assert_eq!(seen(&of_role(&facts)), ["open"]);
    by_name(&mut facts, "AccountTable").permissions = set(DESCRIBE);
    assert!(seen(&of_role(&facts)).is_empty(), "what it holds without SELECT");
    // the identical policy is refused, DESCRIBE or not
    let mut facts = base();
    describe(&mut facts, tag_values(CLASS, &["*"]));
    describe(&mut facts, tag_values(PRODUCT, &["*"]));
    by_name(&mut facts, "LocalTable").granted = expression(true, &[(PRODUCT, &["orders"])]);
    let role = of_role(&facts);
    assert_eq!((seen(&role), legs(&role)), (vec![], vec![Leg::AccountGrant]));
    // on the database too
    let mut facts = world();
    describe(&mut facts, tag_values(PRODUCT, &["*"]));
    by_name(&mut facts, "AccountDatabase").granted =
        GrantedFact::Database { catalog: CATALOG.to_owned(), name: "m_sales".to_owned() };
    assert_eq!(seen(&of_role(&facts)), ["open"]);
}

#[test]
fn a_link_to_the_table_does_for_that_table() {
    let mut facts = world();
    facts.databases.truncate(1);
    without(&mut facts, "Link");
    facts.table_links.push(TableLinkFact {
        spot: spot("TableLink"),
        catalog: ACCOUNT.to_owned(),
        database: "local".to_owned(),
        name: "orders_link".to_owned(),
        target: (CATALOG.to_owned(), "m_sales".to_owned(), "orders".to_owned()),
    });
    assert_eq!(legs(&of_role(&facts)), [Leg::LinkGrant]);
    let on_link = GrantedFact::Table {
        catalog: ACCOUNT.to_owned(),
        database: "local".to_owned(),
        name: Some("orders_link".to_owned()),
    };
    facts.grants.push(grant("OnTableLink", ACCOUNT, ROLE, on_link, DESCRIBE, &[]));
    assert_eq!((seen(&of_role(&facts)), legs(&of_role(&facts))), (vec!["open"], vec![]));
    facts.table_links[0].target.2 = "returns".to_owned();
    assert_eq!(legs(&of_role(&facts)), [Leg::Link, Leg::LinkGrant]);
}

#[test]
fn a_link_is_granted_by_the_account_that_has_it() {
    let mut facts = world();
    by_name(&mut facts, "Link").account = CATALOG.to_owned();
    assert_eq!(legs(&of_role(&facts)), [Leg::LinkGrant]);
}

/// Whom a grant of the catalog's account names, and what is told: kind, account, columns.
#[test]
fn principals_that_no_template_makes_are_told() {
    let cases = [
        ("arn:aws:iam::222222222222:user/ann", PrincipalKind::User, ACCOUNT, false),
        ("arn:aws:iam::999999999999:role/far", PrincipalKind::Role, "999999999999", true),
        ("arn:aws:iam::111111111111:user/near", PrincipalKind::User, CATALOG, true),
        ("999999999999", PrincipalKind::Account, "999999999999", true),
        ("arn:aws:organizations::999999999999:organization/o-abc", PrincipalKind::Organization, "", true),
        ("arn:aws:quicksight:us-east-1:111111111111:group/default/g", PrincipalKind::Group, CATALOG, true),
        ("IAM_ALLOWED_PRINCIPALS", PrincipalKind::Everyone, CATALOG, true),
    ];
    for (name, kind, account, sees) in cases {
        let mut facts = world();
        facts.grants.push(grant("OnTables", CATALOG, name, on_named(None), &["SELECT"], &[]));
        if kind != PrincipalKind::Everyone {
            let database = GrantedFact::Database { catalog: CATALOG.to_owned(), name: "m_sales".to_owned() };
            facts.grants.push(grant("OnDatabase", CATALOG, name, database, DESCRIBE, &[]));
        }
        let access = evaluate(&facts);
        let found = access.principals.iter().find(|principal| principal.principal == name);
        let found = found.unwrap_or_else(|| panic!("{name} is told"));
        assert_eq!((found.kind, found.account.as_str()), (kind, account), "{name}");
        let expected: &[&str] = if sees { &["open", "secret", "found"] } else { &[] };
        assert_eq!(seen(found), expected, "{name}");
        // a template of the user's account is here, and it has no grant on a link
        assert_eq!(legs(found), if sees { vec![] } else { vec![Leg::LinkGrant] }, "{name}");
    }
    // an account of which a template is here is a hop
    assert!(evaluate(&world()).principals.iter().all(|principal| principal.principal != ACCOUNT));
}

#[test]
fn what_an_account_received_goes_to_nobody_outside_it() {
    for principal in ["arn:aws:iam::333333333333:role/far", "333333333333", "IAM_ALLOWED_PRINCIPALS"] {
        let mut facts = world();
        for name in ["Link", "LocalDatabase", "LocalTable"] {
            by_name(&mut facts, name).principal = Some(principal.to_owned());
        }
        let access = evaluate(&facts);
        assert!(access.principals.iter().all(|principal| principal.tables.is_empty()), "{principal}");
    }
}

#[test]
fn a_table_without_columns_shows_none() {
    let mut facts = home(&expression(true, &[(PRODUCT, &["orders"])]), &["SELECT"]);
    facts.tables[0].columns.clear();
    assert!(of_role(&facts).tables.is_empty());
}
