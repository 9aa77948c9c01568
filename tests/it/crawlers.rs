//! Crawlers of a mesh with every way to crawl: which there are, what starts them, and whom they tell.

use crate::common::fixture;
use crate::demo::synthesize;
use meshform::assembly::Document;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const GOVERNANCE: &str = "111111111111";
const PRODUCER: &str = "222222222222";

fn documents() -> Vec<Document> {
    Document::all(&synthesize(&fixture("valid/crawled")))
}

/// Properties of every resource of a type, with their accounts.
fn all<'a>(documents: &'a [Document], kind: &str) -> Vec<(&'a str, &'a Value)> {
    let resources = documents.iter().flat_map(|document| document.resources().map(move |found| (document, found)));
    let of_kind = resources.filter(|(_, (_, type_name, _))| *type_name == kind);
    of_kind.map(|(document, (_, _, entry))| (document.account.as_str(), &entry["Properties"])).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

#[test]
fn each_parquet_table_has_one_crawler_and_each_product_with_sources_another() {
    let documents = documents();
    let schedules: BTreeMap<(&str, &str), Option<&str>> = all(&documents, "AWS::Glue::Crawler")
        .into_iter()
        .map(|(account, crawler)| {
            ((account, text(&crawler["Name"])), crawler["Schedule"]["ScheduleExpression"].as_str())
        })
        .collect();
    let names: BTreeSet<(&str, &str)> = schedules.keys().copied().collect();
    let expected = BTreeSet::from([
        (GOVERNANCE, "crawled.sales.orders.orders"),
        (GOVERNANCE, "crawled.sales.orders.payments"),
        (GOVERNANCE, "crawled.sales.returns.reasons"),
        (GOVERNANCE, "crawled.sales.returns.returns"),
        (PRODUCER, "crawled.sales.orders.raw"),
        (PRODUCER, "crawled.sales.returns.raw"),
    ]);
    assert_eq!(names, expected, "Iceberg and `crawl: never` have none");
    for ((account, name), schedule) in schedules {
        // every six hours as promised; daily by default; on an event, no schedule
        let part = match (account, name.contains(".returns.")) {
            (GOVERNANCE, true) => None,
            (_, true) => Some(" * * ? *)"),
            (_, false) => Some("/6 * * ? *)"),
        };
        assert_eq!(schedule.is_some(), part.is_some(), "{name} runs at {schedule:?}");
        assert!(
            part.is_none_or(|part| schedule.is_some_and(|schedule| schedule.ends_with(part))),
            "{name}: {schedule:?}"
        );
    }
}

#[test]
fn a_crawler_of_a_published_table_can_neither_invent_nor_drop_one() {
    for (account, crawler) in all(&documents(), "AWS::Glue::Crawler") {
        assert_eq!(
            crawler["SchemaChangePolicy"],
            json!({"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"})
        );
        let options: Value = serde_json::from_str(text(&crawler["Configuration"])).expect("options are JSON");
        assert_eq!(options["Version"], 1.0);
        assert_eq!(options["CrawlerOutput"]["Tables"]["AddOrUpdateBehavior"], "MergeNewColumns");
        assert_eq!(options["CrawlerOutput"]["Partitions"]["AddOrUpdateBehavior"], "InheritFromTable");
        if account == GOVERNANCE {
            assert_eq!(crawler["Targets"].as_object().map(serde_json::Map::len), Some(1));
            assert_eq!(crawler["LakeFormationConfiguration"], json!({"UseLakeFormationCredentials": true}));
            assert_eq!(options["Grouping"]["TableGroupingPolicy"], "CombineCompatibleSchemas");
        }
    }
}

#[test]
fn files_that_arrive_start_the_crawlers_of_their_product_alone() {
    let documents = documents();
    let buckets = all(&documents, "AWS::S3::Bucket");
    let telling: Vec<&str> = buckets
        .iter()
        .filter(|(_, bucket)| {
            bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"] == true
        })
        .map(|(_, bucket)| text(&bucket["BucketName"]))
        .collect();
    assert_eq!(telling, ["acme-crawled-sales-data-222222222222"]);
    let rules = all(&documents, "AWS::Events::Rule");
    let arrived = rules.iter().filter(|(_, rule)| rule["EventPattern"]["source"] == json!(["aws.s3"]));
    // one without targets only counts what arrives, for the freshness alarm
    let arrived: Vec<_> = arrived.filter(|(_, rule)| rule["Targets"].is_array()).collect();
    let [(_, first), (_, second)] = arrived.as_slice() else { panic!("one rule in each account: {arrived:?}") };
    assert_eq!(first["EventPattern"], second["EventPattern"], "what is sent is what is taken");
    assert_eq!(first["EventPattern"]["account"], json!([PRODUCER]));
    assert_eq!(
        first["EventPattern"]["detail"],
        json!({
            "bucket": {"name": ["acme-crawled-sales-data-222222222222"]},
            "object": {"key": [{"wildcard": "products/returns/*_SUCCESS"}]},
        })
    );
    // every rule on governance's bus that starts something takes events of the domain's account alone
    let starting = rules.iter().filter(|(account, rule)| {
        *account == GOVERNANCE && rule["Targets"][0]["Id"] == "Machine" && rule["EventBusName"] == "crawled"
    });
    let accounts: Vec<&Value> = starting.map(|(_, rule)| &rule["EventPattern"]["account"]).collect();
    assert_eq!(accounts, [&json!([PRODUCER]), &json!([PRODUCER])]);
    let roles = all(&documents, "AWS::IAM::Role");
    let (_, role) = roles
        .iter()
        .find(|(_, role)| role["RoleName"] == "crawled-crawling-sales-returns")
        .expect("the state machine has a role");
    assert_eq!(
        role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"],
        json!([
            "arn:aws:glue:eu-west-1:111111111111:crawler/crawled.sales.returns.reasons",
            "arn:aws:glue:eu-west-1:111111111111:crawler/crawled.sales.returns.returns",
        ])
    );
}

/// EventBridge passes no event on that came from another bus.
#[test]
fn no_event_of_a_crawler_needs_a_third_bus() {
    for (account, rule) in all(&documents(), "AWS::Events::Rule") {
        let to_bus = rule["Targets"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|target| target["Arn"].as_str().is_some_and(|arn| arn.contains(":event-bus/")));
        let to_bus: Vec<&Value> = to_bus.collect();
        for target in &to_bus {
            assert!(!target["RoleArn"].is_null(), "a bus as target takes a role: {rule}");
        }
        let on_mesh_bus = !rule["EventBusName"].is_null();
        if on_mesh_bus && !to_bus.is_empty() {
            // only what arises on this very bus
            assert_eq!(rule["EventPattern"]["source"], json!(["meshform.crawled"]), "{rule}");
            assert_eq!(rule["EventPattern"]["account"], json!([account]), "{rule}");
        }
    }
}

#[test]
fn the_owner_hears_of_failures_and_of_nothing_else() {
    let documents = documents();
    let rules = all(&documents, "AWS::Events::Rule");
    let telling: Vec<_> = rules.iter().filter(|(_, rule)| rule["Targets"][0]["Id"] == "Owner").collect();
    assert_eq!(telling.len(), 2);
    for (account, rule) in telling {
        assert_eq!((*account, &rule["EventBusName"]), (PRODUCER, &json!("crawled")));
        let detail = &rule["EventPattern"]["detail"];
        assert!(detail["state"] == json!(["Failed"]) || detail["step"] == json!(["crawl"]), "{detail}");
        let said = &rule["Targets"][0]["InputTransformer"];
        let template = text(&said["InputTemplate"]);
        assert!(template.contains("To do: "), "{template}");
        for name in said["InputPathsMap"].as_object().into_iter().flat_map(|paths| paths.keys()) {
            assert!(template.contains(&format!("<{name}>")), "`{name}` is read and not said");
        }
    }
}
