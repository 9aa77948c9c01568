//! Crawlers that run when files arrive: an event in the producer's account reaches the mesh's bus, where a rule starts a
//! state machine, which starts the crawlers.
//!
//! AWS Glue has a mode of its own for events (`CRAWL_EVENT_MODE` over an SQS queue). No AWS document says whether it works
//! with a catalog target under Lake Formation credentials whose bucket is another account's, so it is left alone.
//!
//! Arrived is what a job has finished: the marker `_SUCCESS` that Hadoop's and Spark's committers write last.

use super::events::{Bus, failed_start_event, of_refreshed, rule, rule_on_mesh};
use super::service_role;
use crate::assembly::Layer;
use crate::cfn::events::{Match, Matches, Pattern, Target};
use crate::cfn::iam::{self, Statement};
use crate::cfn::states::{Argument, Arguments, Definition, Fail, Parallel, Retry, State, StateMachine, Task};
use crate::cfn::{Arn, LogicalId, Template, Val};
use crate::mesh::{BucketUse, Domain, Mesh, Product, fit};
use crate::stacks::ownership::Owner;
use std::collections::BTreeMap;

/// Longest name of a state (AWS Step Functions guide, "States").
const STATE_NAME_LIMIT: usize = 80;

/// Seconds after which starting crawlers has failed: the waits below come to an hour at most.
const PATIENCE: u64 = 2 * 60 * 60;

/// Files of a product that have arrived whole.
fn arrived(mesh: &Mesh, domain: &Domain, product: &Product) -> Pattern {
    let bucket = mesh.bucket(&domain.name, BucketUse::Data, &domain.account);
    let key = Match::Wildcard(format!("products/{}/*_SUCCESS", product.id));
    let part = |name, wanted| Matches::Parts(BTreeMap::from([(name, Matches::Any(vec![wanted]))]));
    Pattern {
        account: vec![domain.account.to_string()],
        source: vec!["aws.s3".to_owned()],
        detail_type: vec!["Object Created".to_owned()],
        detail: BTreeMap::from([("bucket", part("name", Match::Equals(bucket))), ("object", part("key", key))]),
    }
}

/// Tells the mesh's bus of a product's files, in the producer's account.
pub(super) fn add_arrivals(
    template: &mut Template,
    mesh: &Mesh,
    domain: &Domain,
    product: &Product,
    role: &Val<Arn<iam::Role>>,
) {
    let what = format!("Files of the product {}", product.id);
    let pattern = arrived(mesh, domain, product);
    let rule = rule(mesh, domain, Layer::Pipeline, ("arrived", Some(product)), what, Bus::Default, pattern)
        .sending_to(&[mesh.bus_arn(&mesh.governance)], role);
    let name = rule.name.clone();
    template.add(LogicalId::of("ArrivedRule", product.id.as_str(), &name), rule, &product.origin);
}

/// The role by which EventBridge starts the state machines of a domain's products, in governance.
pub(super) fn add_start_role(template: &mut Template, mesh: &Mesh, domain: &Domain) {
    let on_event = domain.products.values().filter(|product| product.is_crawled_on_event());
    let machines =
        on_event.map(|product| mesh.machine_arn(&mesh.governance, &mesh.crawl_machine(&domain.name, &product.id)));
    let start = Statement::allow("StartMachines", ["states:StartExecution"]).on(machines);
    let description = format!("Starts the crawlers of the domain {} when files arrive", domain.name);
    let names = (mesh.start_role(domain.name.as_str()), description);
    let role = service_role(mesh, domain, (&mesh.governance, Layer::Publication), "events", names, vec![start]);
    template.add(LogicalId::new("StartRole"), role, &domain.origin);
}

/// Adds the state machine that starts a product's crawlers, and the rules that start it.
pub(in crate::stacks) fn add_machine(template: &mut Template, mesh: &Mesh, domain: &Domain, product: &Product) {
    if !product.is_crawled_on_event() {
        return;
    }
    let crawlers: Vec<(&str, String)> = product
        .tables
        .keys()
        .map(|table| (table.as_str(), mesh.dotted(&domain.name, &product.id, table.as_str())))
        .collect();
    let start = Statement::allow("StartCrawlers", ["glue:StartCrawler"])
        .on(crawlers.iter().map(|(_, crawler)| mesh.glue_arn(&mesh.governance, &format!("crawler/{crawler}"))));
    let tell = Statement::allow("TellBuses", ["events:PutEvents"]).on([mesh.bus_arn(&mesh.governance)]);
    let description = format!("Starts the crawlers of the product {}", product.id);
    let names = (mesh.crawling_role(&domain.name, &product.id), description);
    let role = service_role(mesh, domain, (&mesh.governance, Layer::Publication), "states", names, vec![start, tell]);
    let name = role.role_name.clone();
    let role = template.add(LogicalId::of("CrawlingRole", product.id.as_str(), &name), role, &product.origin);
    let tags = Owner::domain(domain).tags(mesh, Layer::Publication, Some(&product.id));
    let name = mesh.crawl_machine(&domain.name, &product.id);
    let machine =
        StateMachine::standard(name.clone(), role.arn(), definition(mesh, domain, product, &crawlers), None, tags);
    let machine = template.add(LogicalId::of("CrawlMachine", product.id.as_str(), &name), machine, &product.origin);
    let target = Target {
        id: "Machine".to_owned(),
        arn: machine.reference().text(),
        role_arn: Some(Val::literal(mesh.role_arn(&mesh.governance, &mesh.start_role(domain.name.as_str())))),
        input: None,
        input_transformer: None,
    };
    let rules = [
        ("Arrived", "arrived", arrived(mesh, domain, product)),
        ("Refreshed", "refreshed", of_refreshed(mesh, &domain.account, product)),
    ];
    for (kind, word, pattern) in rules {
        let what = format!("The product {} has new files: its crawlers are started", product.id);
        let mut rule = rule_on_mesh(mesh, domain, (word, Some(product)), what, pattern);
        rule.targets.push(target.clone());
        let name = rule.name.clone();
        template.add(LogicalId::of(&format!("{kind}Rule"), product.id.as_str(), &name), rule, &product.origin);
    }
}

/// Starts all crawlers side by side; one that runs already is waited for, since it may have looked before the files came.
fn definition(mesh: &Mesh, domain: &Domain, product: &Product, crawlers: &[(&str, String)]) -> Definition {
    let partition = mesh.region.partition();
    let start = |(table, crawler): &(&str, String)| {
        let arguments = Arguments::new([("Name", Argument::text(crawler))]);
        let task = Task::new(partition, "aws-sdk:glue:startCrawler", arguments)
            // AWS Step Functions guide, "AWS SDK service integrations": an exception bears its service's name as prefix
            .retrying(Retry::of(&["Glue.CrawlerRunningException"], 60, 6))
            .retrying(Retry::of(&["Glue.OperationTimeoutException"], 5, 3));
        Definition::in_a_row(vec![(fit(format!("Start {table}"), STATE_NAME_LIMIT), task.state())])
    };
    let (failed, step) = failed_start_event();
    let entry = Argument::structure([
        ("EventBusName", Argument::text(mesh.bus_arn(&mesh.governance))),
        ("Source", Argument::text(mesh.event_source())),
        ("DetailType", Argument::text(failed)),
        (
            "Detail",
            Argument::structure([
                ("domain", Argument::text(domain.name.as_str())),
                ("product", Argument::text(product.id.as_str())),
                ("step", Argument::text(step)),
                ("execution", Argument::Computed("$$.Execution.Name".to_owned())),
                ("cause", Argument::Computed("$.error.Cause".to_owned())),
            ]),
        ),
    ]);
    let tell = Task::new(partition, "events:putEvents", Arguments::new([("Entries", Argument::List(vec![entry]))]));
    let crawl = State::Parallel(Parallel::new(crawlers.iter().map(start).collect(), "Tell"));
    let fail = Fail {
        error: "CrawlersNotStarted".to_owned(),
        cause: "a crawler of the product could not be started: its task says why".to_owned(),
    };
    let mut definition = Definition::in_a_row(vec![("Crawl".to_owned(), crawl)])
        .with("Tell", tell.then("Failed").state())
        .with("Failed", State::Fail(fail));
    definition.comment = Some(format!("Starts the crawlers of the product {}", product.id));
    definition.timeout_seconds = Some(PATIENCE);
    definition
}
