//! Who sees what: the page made by hand against what the templates grant, and each grant, tag and link is needed.

use crate::common::fixture;
use crate::demo::{documents, repository, resources_mut};
use meshform::access::{Access, Facts, Leg, evaluate, settle};
use meshform::assembly::{Document, Layer, check, gather};
use meshform::finding::Code;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Stands in the page for a column that a crawler finds and nobody declared.
const FOUND: &str = "(found)";

/// Columns of a table, in order.
type Columns = Vec<String>;

/// Who sees what: the visible cells, by role, table and column, among all there are.
#[derive(Debug, Default, PartialEq)]
struct Sight {
    roles: BTreeSet<String>,
    tables: BTreeMap<String, Columns>,
    classifications: BTreeMap<(String, String), String>,
    visible: BTreeSet<Cell>,
}

/// Role, table, column.
type Cell = (String, String, String);

/// The cells of a line of a Markdown table, without backticks.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
}

/// Every text between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Reads the page: the table of roles, then one table for each data table with one sentence under it.
fn page() -> Sight {
    let text = fs::read_to_string(repository("docs/sight-of-the-demo.md")).expect("the page is there");
    let mut sight = Sight::default();
    let mut with_grants: BTreeSet<String> = BTreeSet::new();
    for section in text.split("\n## ").skip(1) {
        let (title, body) = section.split_once('\n').expect("a section has a body");
        let rows: Vec<Vec<&str>> = body.lines().filter_map(cells).filter(|row| !row[0].starts_with("---")).collect();
        if title == "The roles" {
            sight.roles = rows[1..].iter().map(|row| row[0].to_owned()).collect();
            let granted = rows[1..].iter().filter(|row| !row[2].starts_with("holds no grant"));
            with_grants = granted.map(|row| row[0].to_owned()).collect();
        }
        let Some(table) = quoted(title).next() else { continue };
        let [header, classifications, roles @ ..] = rows.as_slice() else { panic!("{table} has no rows") };
        sight.tables.insert(table.to_owned(), header[1..].iter().map(|column| (*column).to_owned()).collect());
        for (column, classification) in header.iter().zip(classifications).skip(1) {
            let key = (table.to_owned(), (*column).to_owned());
            sight.classifications.insert(key, (*classification).to_owned());
        }
        let (_, nothing) = body.split_once("See nothing of it:").expect("a section ends with who sees nothing");
        let mut listed: BTreeSet<&str> = BTreeSet::new();
        for role in roles.iter().map(|row| row[0]).chain(quoted(nothing)) {
            assert!(listed.insert(role), "{role} stands twice under {table}");
        }
        let all: BTreeSet<&str> = with_grants.iter().map(String::as_str).collect();
        assert_eq!(listed, all, "the roles under {table}");
        for row in roles {
            assert_eq!(row.len(), header.len(), "{} before {table}", row[0]);
            for (column, cell) in header.iter().zip(row).skip(1) {
                match *cell {
                    "yes" => sight.visible.insert((row[0].to_owned(), table.to_owned(), (*column).to_owned())),
                    "-" => true,
                    other => panic!("`{other}` is neither yes nor no: {} before {table}.{column}", row[0]),
                };
            }
        }
    }
    sight
}

/// The last part of an ARN.
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// What some templates grant.
fn sight(documents: &[Document]) -> (Sight, Access) {
    let facts = Facts::of(documents);
    let access = evaluate(&facts);
    let mut sight = Sight::default();
    // the roles that deploy are the page's last paragraph; `the_roles_that_deploy_see_nothing` keeps it
    let roles = facts.roles.iter().filter(|role| !role.spot.stack.name().ends_with("-bootstrap"));
    sight.roles = roles.map(|role| role.name.clone()).collect();
    for table in &facts.tables {
        sight.tables.insert(format!("{}.{}", table.database, table.name), table.columns.clone());
    }
    for principal in &access.principals {
        for table in &principal.tables {
            let name = format!("{}.{}", table.database, table.table);
            for column in &table.columns {
                if let Some(classification) = &column.classification {
                    sight.classifications.insert((name.clone(), column.name.clone()), classification.clone());
                }
                if column.visible {
                    let role = short(&principal.principal).to_owned();
                    sight.visible.insert((role, name.clone(), column.name.clone()));
                }
            }
        }
    }
    (sight, access)
}

/// The demo on the night after a crawler found a column in every table.
fn crawled() -> Vec<Document> {
    let mut documents = documents();
    for document in &mut documents {
        for entry in resources_mut(document).values_mut().filter(|entry| entry["Type"] == "AWS::Glue::Table") {
            let columns = &mut entry["Properties"]["TableInput"]["StorageDescriptor"]["Columns"];
            let columns = columns.as_array_mut().expect("a table has columns");
            columns.push(json!({"Name": FOUND, "Type": "string"}));
        }
    }
    documents
}

#[test]
fn the_page_is_what_the_templates_grant() {
    let (expected, (found, access)) = (page(), sight(&crawled()));
    assert_eq!(found.roles, expected.roles, "the roles of the templates and of the page");
    assert_eq!(found.tables, expected.tables, "the tables of the templates and of the page");
    assert_eq!(found.classifications, expected.classifications, "the classifications of the templates and of the page");
    let lines = |one: &Sight, other: &Sight| -> Vec<String> {
        one.visible
            .difference(&other.visible)
            .map(|(role, table, column)| format!("{role}: {table}.{column}"))
            .collect()
    };
    assert_eq!(lines(&found, &expected), [""; 0], "granted, though the page says no");
    assert_eq!(lines(&expected, &found), [""; 0], "not granted, though the page says yes");
    let missing: Vec<_> = access.principals.iter().flat_map(|principal| &principal.missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(access.unknown.len(), 1, "only what no version of the demo tells: {:?}", access.unknown);
}

#[test]
fn the_evaluator_lists_every_role_that_sees_something() {
    let (found, access) = sight(&crawled());
    let listed: BTreeSet<&str> = access.principals.iter().map(|principal| short(&principal.principal)).collect();
    let seeing: BTreeSet<&str> = found.visible.iter().map(|(role, _, _)| role.as_str()).collect();
    assert_eq!(listed, seeing);
}

/// What is removed, and how its absence is told.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Removed {
    /// Something between a role and a whole table: the leg is told missing.
    Leg(Leg),
    /// The `unclassified` of a table.
    TableTag,
    /// The classification of a column.
    ColumnTag,
    /// What opens no cell, and which a crawler lacks: the check says so.
    OfCrawler,
    /// DESCRIBE on the account's database `default`.
    Default,
}

/// What a resource is to sight; nothing for most.
fn role_of(layer: Option<Layer>, entry: &Value) -> Option<Removed> {
    let properties = &entry["Properties"];
    let to_account =
        || properties["Principal"]["DataLakePrincipalIdentifier"].as_str().is_some_and(|to| to.len() == 12);
    let resource = &properties["Resource"];
    Some(match entry["Type"].as_str()? {
        "AWS::Glue::Database" if properties["DatabaseInput"]["TargetDatabase"].is_object() => Removed::Leg(Leg::Link),
        "AWS::LakeFormation::TagAssociation" if resource["Database"].is_object() => Removed::Leg(Leg::DatabaseTag),
        "AWS::LakeFormation::TagAssociation" if resource["Table"].is_object() => Removed::TableTag,
        "AWS::LakeFormation::TagAssociation" => Removed::ColumnTag,
        "AWS::LakeFormation::PrincipalPermissions"
            if resource["Database"]["Name"] == json!({"Ref": "DefaultDatabase"}) =>
        {
            Removed::Default
        }
        "AWS::LakeFormation::PrincipalPermissions" => {
            let policy = &resource["LFTagPolicy"];
            if resource["DataLocation"].is_object() || layer == Some(Layer::Pipeline) {
                return Some(Removed::OfCrawler);
            }
            Removed::Leg(match (to_account(), policy["ResourceType"].as_str()) {
                (true, Some("TABLE")) => Leg::AccountGrant,
                (true, Some("DATABASE")) => Leg::AccountDatabaseGrant,
                (false, Some("TABLE")) => Leg::LocalGrant,
                (false, Some("DATABASE")) => Leg::LocalDatabaseGrant,
                (false, None) if resource["Table"].is_object() => Leg::LocalGrant,
                (false, None) if layer == Some(Layer::Publication) => Leg::LocalDatabaseGrant,
                (false, None) => Leg::LinkGrant,
                (to_account, other) => panic!("a grant of a new kind: {to_account}, {other:?}"),
            })
        }
        _ => return None,
    })
}

#[test]
fn every_grant_tag_and_link_is_needed_and_none_holds_anything_back() {
    let expected = page();
    let mut documents = crawled();
    let mut removed: BTreeMap<String, usize> = BTreeMap::new();
    for index in 0..documents.len() {
        let whole = documents[index].template.clone();
        let layer = documents[index].layer;
        let found: Vec<(String, Removed)> = documents[index]
            .resources()
            .filter_map(|(id, _, entry)| Some((id.to_owned(), role_of(layer, entry)?)))
            .collect();
        for (id, kind) in found {
            let what = format!("{id} in {}", documents[index].id);
            resources_mut(&mut documents[index]).remove(&id);
            let (left, access) = sight(&documents);
            let noticed = kind == Removed::OfCrawler && crawler_lacks_a_grant(&documents);
            documents[index].template = whole.clone();
            *removed.entry(format!("{kind:?}")).or_default() += 1;
            let lost: BTreeSet<&Cell> = expected.visible.difference(&left.visible).collect();
            // Nobody gains by a removal, without exception. Of a table's tag: each declared column has a value of its own.
            // Of a column's tag: the column becomes `unclassified`, which only the owner asks for, and it saw it before.
            let gained: Vec<&Cell> = left.visible.difference(&expected.visible).collect();
            assert!(gained.is_empty(), "without {what}, somebody sees more: {gained:?}");
            match kind {
                // it opens nothing by itself: Athena asks for it, and the checks do
                Removed::Default => {
                    let mut without = documents.clone();
                    resources_mut(&mut without[index]).remove(&id);
                    let findings = check::check_documents(&without);
                    assert!(
                        findings.iter().any(|finding| finding.code == Code::RoleCannotRead),
                        "nothing misses {what}"
                    );
                }
                Removed::Leg(leg) => {
                    assert!(!lost.is_empty(), "without {what}, everybody sees what they saw");
                    told_missing(&what, leg, &lost, &access);
                }
                Removed::TableTag => only_the_owner_loses_the_found_column(&what, &lost),
                Removed::ColumnTag => only_the_owner_keeps_the_column(&what, &expected, &left, &lost),
                Removed::OfCrawler => {
                    assert!(lost.is_empty(), "without {what}, somebody sees less: {lost:?}");
                    assert!(noticed, "nothing misses {what}");
                }
            }
        }
    }
    // a kind that is no longer found would make this test hollow
    let kinds: Vec<&str> = removed.keys().map(String::as_str).collect();
    let expected_kinds = [
        "ColumnTag",
        "Default",
        "Leg(AccountDatabaseGrant)",
        "Leg(AccountGrant)",
        "Leg(DatabaseTag)",
        "Leg(Link)",
        "Leg(LinkGrant)",
        "Leg(LocalDatabaseGrant)",
        "Leg(LocalGrant)",
        "OfCrawler",
        "TableTag",
    ];
    assert_eq!(kinds, expected_kinds);
    let columns: usize = expected.tables.values().map(|columns| columns.len() - 1).sum();
    assert_eq!((removed["ColumnTag"], removed["TableTag"], removed["Leg(DatabaseTag)"]), (columns, 5, 5));
}

/// Whether the checks say that a crawler lacks a grant.
fn crawler_lacks_a_grant(documents: &[Document]) -> bool {
    check::check_order(documents).iter().any(|finding| finding.code == Code::CrawlerWithoutGrant)
}

/// Whoever loses a table is told which leg is missing: each still has the rest of its triple, which speaks of the table.
fn told_missing(what: &str, leg: Leg, lost: &BTreeSet<&Cell>, access: &Access) {
    for (role, table) in lost.iter().map(|(role, table, _)| (role, table)).collect::<BTreeSet<_>>() {
        let principal = access.principals.iter().find(|principal| short(&principal.principal) == role);
        let missing = principal.map(|principal| principal.missing.as_slice()).unwrap_or_default();
        let told =
            missing.iter().any(|missing| missing.leg == leg && missing.reason.starts_with(&format!("{table}: ")));
        assert!(told, "without {what}, {role} does not see {table}, and is told {missing:?}");
    }
}

/// Without `unclassified` on the table a found column has no classification at all, and no expression matches it.
fn only_the_owner_loses_the_found_column(what: &str, lost: &BTreeSet<&Cell>) {
    let columns: Vec<(bool, &str)> =
        lost.iter().map(|(role, _, column)| (role.starts_with("demo-owner-"), column.as_str())).collect();
    assert_eq!(columns, [(true, FOUND)], "without {what}");
}

/// The column becomes `unclassified`, which its owner and its crawler see. Where nobody else saw it (`agent_id`), no cell changes, only its class.
fn only_the_owner_keeps_the_column(what: &str, expected: &Sight, left: &Sight, lost: &BTreeSet<&Cell>) {
    let changed =
        left.classifications.iter().filter(|(column, class)| expected.classifications.get(*column) != Some(*class));
    let changed: Vec<_> = changed.collect();
    let [((table, column), class)] = changed.as_slice() else { panic!("without {what}: {changed:?}") };
    assert_eq!(*class, "unclassified", "without {what}");
    let of_column = |sight: &Sight| -> BTreeSet<String> {
        let cells = sight.visible.iter().filter(|(_, of, name)| of == table && name == column);
        cells.map(|(role, _, _)| role.clone()).collect()
    };
    let owner = |role: &String| ["demo-crawl-", "demo-owner-"].iter().any(|start| role.starts_with(start));
    assert!(of_column(left).iter().all(owner) && of_column(left).len() == 2, "without {what}: {:?}", of_column(left));
    let others: BTreeSet<String> = of_column(expected).into_iter().filter(|role| !owner(role)).collect();
    let losers: BTreeSet<String> = lost.iter().map(|(role, _, _)| role.clone()).collect();
    assert_eq!(losers, others, "without {what}");
    assert!(lost.iter().all(|(_, of, name)| of == table && name == column), "without {what}: {lost:?}");
    assert!(!others.is_empty() || column == "agent_id", "without {what}, everybody sees what they saw");
}

/// Columns of a class that a role sees.
fn seen(sight: &Sight, role: &str, class: &str) -> BTreeSet<String> {
    let cells = sight.visible.iter().filter(|(by, _, _)| by == role);
    let of_class = cells.filter(|(_, table, column)| sight.classifications[&(table.clone(), column.clone())] == class);
    of_class.map(|(_, table, column)| format!("{table}.{column}")).collect()
}

#[test]
fn one_account_two_jobs_and_only_one_of_them_sees_personal_data() {
    let (sight, _) = sight(&crawled());
    assert!(seen(&sight, "demo-job-customer-customer-journey", "pii").is_empty());
    assert_eq!(seen(&sight, "demo-job-customer-customer-360", "pii").len(), 8);
    // both read by the grants of one account, so that it is the roles' own expressions that tell them apart
    assert!(!seen(&sight, "demo-job-customer-customer-journey", "internal").is_empty());
}

#[test]
fn who_asked_for_the_api_gets_no_grant_at_all() {
    let documents = documents();
    let facts = Facts::of(&documents);
    assert!(facts.settings.iter().any(|settings| settings.account == "888888888888"), "the account is in the mesh");
    for grant in &facts.grants {
        let principal = grant.principal.as_deref().expect("every principal is told");
        assert!(!principal.contains("888888888888") && grant.account != "888888888888", "{grant:?}");
    }
    let links = documents.iter().filter(|document| document.account == "888888888888").flat_map(Document::resources);
    assert!(links.into_iter().all(|(_, kind, _)| !kind.starts_with("AWS::Glue::")));
}

#[test]
fn a_column_that_a_crawler_finds_is_its_owners_and_the_crawlers_alone() {
    let (sight, _) = sight(&crawled());
    let seeing: BTreeSet<(&str, &str)> = sight
        .visible
        .iter()
        .filter(|(_, _, column)| column == FOUND)
        .map(|(role, table, _)| (role.as_str(), table.as_str()))
        .collect();
    let owners = [
        ("demo-crawl-customer", "demo_customer_customer_360.customer_profile"),
        ("demo-crawl-customer", "demo_customer_customer_journey.journey_events"),
        ("demo-crawl-marketing", "demo_marketing_campaign_performance.campaign_results"),
        ("demo-crawl-sales", "demo_sales_sales_analytics.orders"),
        ("demo-crawl-support", "demo_support_agent_performance.interactions"),
        ("demo-owner-customer", "demo_customer_customer_360.customer_profile"),
        ("demo-owner-customer", "demo_customer_customer_journey.journey_events"),
        ("demo-owner-marketing", "demo_marketing_campaign_performance.campaign_results"),
        ("demo-owner-sales", "demo_sales_sales_analytics.orders"),
        ("demo-owner-support", "demo_support_agent_performance.interactions"),
    ];
    assert_eq!(seeing, BTreeSet::from(owners));
}

#[test]
fn the_roles_that_deploy_see_nothing() {
    let facts = Facts::of(&documents());
    let deploying: BTreeSet<&str> = facts
        .roles
        .iter()
        .filter(|role| role.spot.stack.name().ends_with("-bootstrap"))
        .map(|role| role.arn.as_str())
        .collect();
    assert_eq!(deploying.len(), 3 * 8);
    let held = facts.grants.iter().filter(|grant| grant.principal.as_deref().is_some_and(|to| deploying.contains(to)));
    assert_eq!(held.count(), 0);
}

/// A leg, the principal that it is one of, the table.
type Use = (Leg, String, String);

/// Whatever the chain of a table names: without it the table goes, and the missing leg is told by the same name. Of a leg beside
/// the grants, what no template makes any longer is unknown: then that is told, of the role itself by nobody who may become it.
#[test]
fn each_resource_of_a_chain_is_a_leg_that_is_told_when_it_goes() {
    let whole = documents();
    let access = evaluate(&Facts::of(&whole));
    let mut named: BTreeMap<(String, String), BTreeSet<Use>> = BTreeMap::new();
    for principal in &access.principals {
        for table in &principal.tables {
            for through in &table.through {
                let place = format!("{}.{}", table.database, table.table);
                let users = named.entry((through.stack.clone(), through.resource.clone())).or_default();
                users.insert((through.leg, principal.principal.clone(), place));
            }
        }
    }
    let of_grants = [
        Leg::DatabaseTag,
        Leg::AccountGrant,
        Leg::AccountDatabaseGrant,
        Leg::LocalGrant,
        Leg::LocalDatabaseGrant,
        Leg::Link,
        Leg::LinkGrant,
    ];
    let mut legs: BTreeMap<Leg, usize> = BTreeMap::new();
    for ((stack, resource), users) in &named {
        let mut documents = whole.clone();
        let document = documents.iter_mut().find(|document| document.id.to_string() == *stack);
        let document = document.unwrap_or_else(|| panic!("{stack} is a stack"));
        assert!(resources_mut(document).remove(resource).is_some(), "{resource} is in {stack}");
        let left = evaluate(&Facts::of(&documents));
        for (leg, principal, place) in users {
            // a role that is gone is told by nobody
            let Some(found) = left.principals.iter().find(|found| found.principal == *principal) else { continue };
            let still = found.tables.iter().any(|table| format!("{}.{}", table.database, table.table) == *place);
            if still && !of_grants.contains(leg) {
                let said = left.unknown != access.unknown || found.assumed_by.is_empty();
                assert!(said, "without {resource} of {stack}, {principal} still sees {place}, and nothing is said");
                continue;
            }
            assert!(!still, "without {resource} of {stack}, {principal} still sees {place}");
            let start = format!("{place}: ");
            let told = found.missing.iter().any(|missing| missing.leg == *leg && missing.reason.starts_with(&start));
            assert!(told, "without {resource} of {stack}, {principal} is told {:?}", found.missing);
            *legs.entry(*leg).or_default() += 1;
        }
    }
    for leg in of_grants {
        assert!(legs.get(&leg).is_some_and(|count| *count > 0), "{leg:?} is never taken away");
    }
}

/// What the templates of a fixture let see: `<principal>: <database>.<table> <visible columns, with rows>`.
fn foreign(name: &str) -> (Vec<String>, Access) {
    let found = gather(&fixture(&format!("templates/{name}"))).expect("the fixture is there");
    let mut documents = found.documents;
    let mut unknown = settle(&mut documents, &found.parameters);
    let mut access = evaluate(&Facts::of(&documents));
    unknown.extend(found.problems.iter().map(|problem| format!("{}: {}", problem.path, problem.message)));
    unknown.extend(found.without_account.iter().map(|path| format!("{path}: no account")));
    access.unknown.extend(unknown);
    let mut lines = Vec::new();
    for principal in &access.principals {
        for table in &principal.tables {
            let visible = table.columns.iter().filter(|column| column.visible);
            let columns = visible.map(|column| match column.rows.as_slice() {
                [] => column.name.clone(),
                rows => format!("{} where {}", column.name, rows.join(" or ")),
            });
            let columns = columns.collect::<Vec<_>>().join(", ");
            lines.push(format!("{}: {}.{} {columns}", principal.principal, table.database, table.table));
        }
    }
    (lines, access)
}

#[test]
fn templates_in_short_forms_are_read() {
    let (lines, access) = foreign("short-forms");
    assert_eq!(lines, ["arn:aws:iam::444455556666:role/lake-reader: dev_sales.customer_orders order_id, amount, day"]);
    let unnamed = access.principals.iter().find(|principal| principal.principal.contains("(consumer.yaml:Unnamed)"));
    let missing: Vec<Leg> = unnamed.expect("it is told").missing.iter().map(|missing| missing.leg).collect();
    assert_eq!(missing, [Leg::LocalDatabaseGrant, Leg::LinkGrant]);
    let admins: Vec<&str> = access.administrators.iter().map(|admin| admin.principal.as_str()).collect();
    assert_eq!(admins, ["arn:aws:iam::111122223333:role/lake/dev-lake-admin"]);
    let beside = "dev_sales.customer_orders: where its files lie, the template does not tell";
    assert_eq!(access.unknown[1..], [beside]);
}

#[test]
fn templates_of_the_cdk_are_read() {
    let (lines, access) = foreign("cdk");
    let role = "arn:aws:iam::111122223333:role/(LakeStack.template.json:AnalystRole1D2C3B4A)";
    let columns = "trip_id, fare where city = 'berlin', city where city = 'berlin'";
    assert_eq!(lines, [format!("{role}: lake.trips {columns}")]);
    assert!(access.unknown.iter().any(|told| told.contains("DataLakeSettings")), "{:?}", access.unknown);
    // a role without a name is found by its mark
    let location = "lake.trips: its files at s3://(111122223333:LakeStack.template.json:DataBucketE3889A50)/lake/trips/ lie in \
                    no registered location: no template registers one in account 111122223333";
    assert!(access.unknown.iter().any(|told| told == location), "{:?}", access.unknown);
    assert!(
        access.unknown.iter().all(|told| !told.contains("no template makes the principal")),
        "{:?}",
        access.unknown
    );
}

#[test]
fn the_older_type_of_grants_is_read() {
    let (lines, _) = foreign("older");
    let expected = [
        "IAM_ALLOWED_PRINCIPALS: finance.invoices number, iban, total",
        "arn:aws:iam::111122223333:user/auditor: finance.invoices number, total",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_no_template_tells_is_said_to_be_unknown() {
    let (lines, access) = foreign("unknown");
    // nowhere.yml stands in no account, and is read all the same
    assert_eq!(lines.len(), 1, "{lines:?}");
    for told in [
        "111122223333/lake.yaml/ToWhom Principal: the parameter `Reader` has no default, and no value is given",
        "111122223333/lake.yaml/OnWhat Resource: only AWS knows `Database` of `Custom`, a Custom::Lookup",
        "111122223333/lake.yaml/Filtered Resource: no template here makes the filter `elsewhere` on lake.things",
        "111122223333/broken.yaml: line ",
        "nowhere.yml: no account",
    ] {
        assert!(access.unknown.iter().any(|line| line.starts_with(told)), "{told}: {:#?}", access.unknown);
    }
}

#[test]
fn a_directory_that_meshform_wrote_is_read_by_its_manifest() {
    let found = gather(std::path::Path::new(&repository("stacks/demo"))).expect("the stacks are there");
    assert_eq!((found.problems.len(), found.without_account.len()), (0, 0), "{:?}", found.problems);
    let mut read = found.documents;
    settle(&mut read, &found.parameters);
    let (of_disk, of_memory) = (evaluate(&Facts::of(&read)), evaluate(&Facts::of(&documents())));
    assert_eq!(of_disk.principals, of_memory.principals);
    assert_eq!(of_disk.administrators, of_memory.administrators);
}

#[test]
fn values_of_parameters_stand_beside_by_either_name() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let folder = directory.path().join("111122223333");
    fs::create_dir(&folder).expect("a folder can be made");
    let template = r#"{"Parameters": {"Name": {"Type": "String", "Default": "none"}}, "Resources": {"Base":
        {"Type": "AWS::Glue::Database", "Properties": {"DatabaseInput": {"Name": {"Ref": "Name"}}}}}}"#;
    let values = |name: &str| format!(r#"[{{"ParameterKey": "Name", "ParameterValue": "{name}"}}]"#);
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file can be written");
    let read = || {
        let mut found = gather(directory.path()).expect("the directory can be read");
        settle(&mut found.documents, &found.parameters);
        let names: Vec<String> =
            Facts::of(&found.documents).databases.iter().map(|database| database.name.clone()).collect();
        assert_eq!(found.problems, []);
        (names, found.passed_over)
    };
    let told = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    write("base.json", template);
    assert_eq!(read(), (told(&["none"]), vec![]));
    write("base.parameters.json", &values("short"));
    assert_eq!(read(), (told(&["short"]), vec![]));
    write("base.json.parameters.json", &values("whole"));
    assert_eq!(read(), (told(&["whole"]), told(&["111122223333/base.parameters.json"])));
}

#[test]
fn directories_of_any_kind_are_answered() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let write = |path: &str, text: &[u8]| {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    };
    write("a/notes.yaml", b"just: notes");
    write("a/list.json", b"[1, 2]");
    write("a/binary.template", b"\xff\xfe Resources");
    write("a/broken.json", b"{\"Resources\": {");
    write(
        "a/odd.yaml",
        b"Resources: {A: 7, B: {Type: [x]}, C: {Type: AWS::Glue::Table, Properties: 9}, 'Fn::ForEach::X': []}",
    );
    write("a/manifest/manifest.json", b"{\"mesh\": \"m\", \"stacks\": [7]}");
    write("b/huge.yaml", &[b"Resources: ".to_vec(), vec![b'x'; 9 * 1024 * 1024]].concat());
    write("b/deep.yaml", format!("Resources: {}{}", "[".repeat(4000), "]".repeat(4000)).as_bytes());
    write("b/x.yaml", b"Resources: {}");
    write("b/x.yaml.parameters.json", b"{\"not\": \"a list\"}");
    write("b/y.yaml", b"Resources: {}");
    write("b/y.parameters.json", b"[7]");
    #[cfg(unix)]
    std::os::unix::fs::symlink(directory.path(), directory.path().join("b/around")).expect("a link can be made");
    let found = gather(directory.path()).expect("the directory can be read");
    let problems: Vec<&str> = found.problems.iter().map(|problem| problem.path.as_str()).collect();
    let expected = [
        "a/binary.template",
        "a/broken.json",
        "a/manifest/manifest.json",
        "b/deep.yaml",
        "b/huge.yaml",
        "b/x.yaml.parameters.json",
        "b/y.parameters.json",
    ];
    assert_eq!(problems, expected);
    let mut documents = found.documents;
    let ids: Vec<String> = documents.iter().map(|document| document.id.to_string()).collect();
    assert_eq!(ids, ["unknown/a/odd.yaml", "unknown/b/x.yaml", "unknown/b/y.yaml"]);
    settle(&mut documents, &found.parameters);
    let access = evaluate(&Facts::of(&documents));
    assert!(access.principals.is_empty(), "{:?}", access.principals);
    assert!(gather(&directory.path().join("nothing")).is_err());
}

#[test]
fn further_templates_are_asked_beside_what_is_there_and_forgotten_again() {
    let documents = documents();
    let whole = evaluate(&Facts::of(&documents));
    for at in [0, 1, documents.len() / 2, documents.len()] {
        let (first, further) = documents.split_at(at);
        let mut facts = Facts::of(first);
        let before = format!("{facts:?}");
        let seen = facts.with(further.iter().map(Facts::one).collect(), evaluate);
        assert_eq!(serde_json::to_value(seen).ok(), serde_json::to_value(&whole).ok(), "from {at}");
        assert_eq!(format!("{facts:?}"), before, "from {at}");
    }
}
