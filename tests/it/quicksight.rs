//! QuickSight: data sets hold what their role sees and no more, copies are renewed, and who may look is the group alone.

use crate::common::fixture;
use crate::demo::{documents, synthesize};
use meshform::access::{Access, DataSetFact, Facts, evaluate};
use meshform::assembly::Document;
use meshform::mesh::resolve;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Account and id of each data set, with its one table.
fn data_sets(facts: &Facts) -> BTreeMap<(&str, &str), &DataSetFact> {
    facts.data_sets.iter().map(|data_set| ((data_set.account.as_str(), data_set.id.as_str()), data_set)).collect()
}

/// Every resource of a type: its stack and its entry.
fn of_type<'a>(documents: &'a [Document], wanted: &str) -> Vec<(&'a Document, &'a Value)> {
    let all = documents.iter().flat_map(|document| document.resources().map(move |found| (document, found)));
    all.filter(|(_, (_, type_name, _))| *type_name == wanted)
        .map(|(document, (_, _, entry))| (document, entry))
        .collect()
}

/// What the data sets of each role show: role, database, table, columns. Names and links stand for what they point to.
fn shown(facts: &Facts) -> BTreeMap<(String, String, String), Vec<String>> {
    let roles: BTreeMap<&str, &str> = facts
        .data_sources
        .iter()
        .map(|source| (source.arn.as_str(), source.role.as_deref().expect("a source runs as a role")))
        .collect();
    let sets = facts.data_sets.iter().map(|data_set| {
        let role = roles[data_set.source.as_str()].to_owned();
        ((role, data_set.database.clone(), data_set.table.clone()), data_set.columns.clone())
    });
    sets.collect()
}

/// What the roles of QuickSight see by the grants.
fn seen(access: &Access) -> BTreeMap<(String, String, String), Vec<String>> {
    let principals = access.principals.iter().filter(|principal| principal.principal.contains("-quicksight-"));
    let tables = principals.flat_map(|principal| principal.tables.iter().map(move |table| (principal, table)));
    tables
        .map(|(principal, table)| {
            let columns = table.columns.iter().filter(|column| column.visible).map(|column| column.name.clone());
            ((principal.principal.clone(), table.database.clone(), table.table.clone()), columns.collect())
        })
        .collect()
}

#[test]
fn the_data_sets_of_the_demo_show_exactly_what_their_role_sees() {
    let documents = documents();
    let facts = Facts::of(&documents);
    let shown = shown(&facts);
    assert_eq!(shown, seen(&evaluate(&facts)));
    let tables: Vec<&str> = shown.keys().map(|(_, _, table)| table.as_str()).collect();
    assert_eq!(tables, ["customer_profile", "campaign_results", "orders"], "each table of each subscription");
    assert!(facts.data_sets.iter().all(|data_set| !data_set.copied), "the demo looks at the tables themselves");
    assert!(facts.schedules.is_empty(), "there is no copy to renew");
}

#[test]
fn what_quicksight_cannot_read_is_all_that_is_left_out() {
    let facts = Facts::of(&Document::all(&synthesize(&fixture("valid/quicksight"))));
    let (shown, mut seen) = (shown(&facts), seen(&evaluate(&facts)));
    for columns in seen.values_mut() {
        columns.retain(|column| !["drawing", "lines", "receipt"].contains(&column.as_str()));
    }
    seen.retain(|_, columns| !columns.is_empty());
    assert_eq!(shown, seen);
    let orders = ("arn:aws:iam::444444444444:role/small/small-quicksight-board", "small_sales_orders", "orders");
    let (role, database, table) = orders;
    let columns = &shown[&(role.to_owned(), database.to_owned(), table.to_owned())];
    // in the table's order, partition keys last; `email` is personal data, which this consumer does not ask for
    assert_eq!(columns[..], ["order_id", "status", "amount", "weight", "pieces", "paid", "paid_at", "day"]);
}

#[test]
fn columns_have_the_types_of_quicksight() {
    let documents = Document::all(&synthesize(&fixture("valid/quicksight")));
    let sets = of_type(&documents, "AWS::QuickSight::DataSet");
    let (_, entry) = sets
        .iter()
        .find(|(_, entry)| entry["Properties"]["DataSetId"] == "small-board-orders-orders")
        .expect("the data set is there");
    let columns = entry["Properties"]["PhysicalTableMap"]["orders"]["RelationalTable"]["InputColumns"].clone();
    let types: Vec<String> = columns
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|column| format!("{} {}", column["Name"].as_str().unwrap_or(""), column["Type"].as_str().unwrap_or("")))
        .collect();
    let expected = [
        "order_id STRING",
        "status STRING",
        "amount DECIMAL",
        "weight DECIMAL",
        "pieces INTEGER",
        "paid BOOLEAN",
        "paid_at DATETIME",
        "day DATETIME",
    ];
    assert_eq!(types, expected);
}

#[test]
fn each_copy_has_a_schedule_and_nothing_else_has_one() {
    let documents = Document::all(&synthesize(&fixture("valid/quicksight")));
    let facts = Facts::of(&documents);
    let copied: BTreeSet<(&str, &str)> =
        data_sets(&facts).into_iter().filter(|(_, data_set)| data_set.copied).map(|(key, _)| key).collect();
    let renewed: Vec<(&str, &str)> =
        facts.schedules.iter().map(|schedule| (schedule.account.as_str(), schedule.data_set.as_str())).collect();
    assert_eq!(renewed.iter().copied().collect::<BTreeSet<_>>(), copied);
    assert_eq!(renewed.len(), copied.len(), "one schedule each");
    assert!(data_sets(&facts).keys().any(|(account, _)| *account == "333333333333"), "somebody queries");
    assert!(copied.iter().all(|(account, _)| *account == "444444444444"), "and is not copied for");
    let schedules: BTreeMap<String, Value> = of_type(&documents, "AWS::QuickSight::RefreshSchedule")
        .into_iter()
        .map(|(_, entry)| {
            let properties = &entry["Properties"];
            let mut schedule = properties["Schedule"].clone();
            assert_eq!(schedule["RefreshType"], "FULL_REFRESH");
            if let Some(time) = schedule["ScheduleFrequency"]["TimeOfTheDay"].as_str() {
                assert!(("04:00".."08:00").contains(&time) && time.len() == 5, "{time}");
                schedule["ScheduleFrequency"]["TimeOfTheDay"] = json!("early");
            }
            (properties["DataSetId"].as_str().unwrap_or("").to_owned(), schedule["ScheduleFrequency"].clone())
        })
        .collect();
    let timed = |interval: &str| json!({"Interval": interval, "TimeOfTheDay": "early", "TimeZone": "UTC"});
    let (mut weekly, mut monthly) = (timed("WEEKLY"), timed("MONTHLY"));
    weekly["RefreshOnDay"] = json!({"DayOfWeek": "MONDAY"});
    monthly["RefreshOnDay"] = json!({"DayOfMonth": "1"});
    let expected = [
        ("small-board-budgets-budgets", monthly),
        ("small-board-orders-orders", json!({"Interval": "HOURLY"})),
        ("small-board-returns-returns", weekly),
        ("small-board-shops-shops", timed("DAILY")),
    ];
    assert_eq!(schedules, expected.into_iter().map(|(id, schedule)| (id.to_owned(), schedule)).collect());
}

#[test]
fn the_group_may_look_and_nobody_may_change() {
    let documents = Document::all(&synthesize(&fixture("valid/quicksight")));
    let view_set = [
        "quicksight:DescribeDataSet",
        "quicksight:DescribeDataSetPermissions",
        "quicksight:DescribeIngestion",
        "quicksight:ListIngestions",
        "quicksight:PassDataSet",
    ];
    let view_source =
        ["quicksight:DescribeDataSource", "quicksight:DescribeDataSourcePermissions", "quicksight:PassDataSource"];
    let groups = BTreeMap::from([
        ("333333333333", "arn:aws:quicksight:eu-west-1:333333333333:group/default/small-analysts"),
        ("444444444444", "arn:aws:quicksight:us-east-1:444444444444:group/default/Board Members"),
    ]);
    for (type_name, actions) in
        [("AWS::QuickSight::DataSet", &view_set[..]), ("AWS::QuickSight::DataSource", &view_source[..])]
    {
        let found = of_type(&documents, type_name);
        assert!(found.len() > 2, "{type_name}");
        for (document, entry) in found {
            let expected = json!([{"Actions": actions, "Principal": groups[document.account.as_str()]}]);
            assert_eq!(entry["Properties"]["Permissions"], expected, "{}", document.id);
        }
    }
}

#[test]
fn a_source_runs_as_its_role_in_its_workgroup() {
    let documents = Document::all(&synthesize(&fixture("valid/quicksight")));
    let sources = of_type(&documents, "AWS::QuickSight::DataSource");
    let ids: Vec<&Value> = sources.iter().map(|(_, entry)| &entry["Properties"]["DataSourceId"]).collect();
    // one for each stack of grants; none where no table shows anything, or QuickSight is no tool
    assert_eq!(ids, ["small-analysts", "small-board", "small-board-2"]);
    let roles: BTreeSet<String> = Facts::of(&documents).roles.into_iter().map(|role| role.arn).collect();
    for (document, entry) in sources {
        let parameters = &entry["Properties"]["DataSourceParameters"]["AthenaParameters"];
        let (role, workgroup) = (parameters["RoleArn"].as_str(), parameters["WorkGroup"].as_str());
        let role = role.expect("it is written out");
        assert!(roles.contains(role) && role.contains(&document.account), "{role}");
        assert_eq!(role.rsplit('/').next(), workgroup, "a role works in the workgroup of its name");
    }
}

#[test]
fn a_copy_is_told_and_who_sees_it() {
    let documents = Document::all(&synthesize(&fixture("valid/quicksight")));
    let access = evaluate(&Facts::of(&documents));
    let tables = access.principals.iter().flat_map(|principal| &principal.tables);
    let copies: Vec<_> = tables
        .flat_map(|table| table.copies.iter().map(|copy| (table.table.as_str(), copy)))
        .filter(|(_, copy)| copy.kind == meshform::access::CopyKind::Spice)
        .collect();
    assert_eq!(copies.len(), 4);
    let (table, of_shops) =
        copies.iter().find(|(_, copy)| copy.place == "small-board-shops-shops").expect("it is told");
    assert_eq!((*table, of_shops.columns.as_slice()), ("shops", &["order_id".to_owned()][..]));
    let group = "arn:aws:quicksight:us-east-1:444444444444:group/default/Board Members";
    assert_eq!(of_shops.readers, [group]);
}

#[test]
fn users_live_in_the_partition_of_their_account() {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    for file in ["mesh.yaml", "domains/sales.yaml", "consumers/board.yaml"] {
        let to = folder.path().join(file);
        fs::create_dir_all(to.parent().expect("it lies in a folder")).expect("the folder can be made");
        let text = fs::read_to_string(fixture("valid/quicksight").join(file)).expect("the fixture is there");
        fs::write(to, text.replace("identityRegion: us-east-1", "identityRegion: cn-north-1"))
            .expect("it can be written");
    }
    let loaded = meshform::environment::load(folder.path()).expect("the environment can be read");
    let resolved = resolve(&loaded.source, None);
    assert!(resolved.mesh.is_none());
    let told: Vec<&str> = resolved.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(told.contains(&"identity region `cn-north-1` is in another partition than `eu-west-1`"), "{told:?}");
}
