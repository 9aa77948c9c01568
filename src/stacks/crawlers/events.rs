//! What crawlers did reaches the mesh's bus, the bus of the domain, and the domain's owner.
//!
//! An event that came from one bus is not passed on to a third (EventBridge guide, "Sending events between event buses in
//! the same account and Region"), so each hop starts where the event arises: AWS Glue speaks on the default bus of the
//! crawler's account, and from there a rule sends to the mesh's bus and to the domain's. A bus as target takes a role, in
//! the same account too: the guide asks for one and the target's own policy lets nobody else in.

use super::service_role;
use crate::assembly::Layer;
use crate::cfn::events::{EventBus, InputTransformer, Match, Matches, Pattern, Rule, Target};
use crate::cfn::iam::{self, Statement};
use crate::cfn::{Arn, LogicalId, Name, Template, Val, sns};
use crate::mesh::{AccountId, Domain, Mesh, Product};
use crate::stacks::ownership::Owner;
use std::collections::BTreeMap;

/// What AWS Glue says of crawlers; its states are `Started`, `Succeeded` and `Failed`.
const STATE_CHANGE: &str = "Glue Crawler State Change";

/// What is said of a product whose making or crawling failed.
const PRODUCT_FAILED: &str = "Product Failed";

/// What is said of a product that has been made anew.
const PRODUCT_REFRESHED: &str = "Product Refreshed";

/// The step of a product's way at which crawlers stand, in the detail of our own events.
const STEP: &str = "crawl";

/// Says of the crawlers of a domain's published tables what they did, in governance: to the mesh, and to the domain.
pub(super) fn add_forwarding(template: &mut Template, mesh: &Mesh, domain: &Domain) {
    let account = (&mesh.governance, Layer::Publication);
    let buses = [mesh.bus_arn(&mesh.governance), mesh.bus_arn(&domain.account)];
    let tell = Statement::allow("TellBuses", ["events:PutEvents"]).on(buses.clone());
    let description = format!("Sends what crawlers of the domain {} did to its bus and the mesh's", domain.name);
    let names = (mesh.forward_role(&domain.name), description);
    let role = service_role(mesh, domain, account, "events", names, vec![tell]);
    let role = template.add(LogicalId::new("ForwardRole"), role, &domain.origin).arn();
    let what = format!("What crawlers of the domain {} did", domain.name);
    let rule =
        rule(mesh, domain, Layer::Publication, ("crawls", None), what, Bus::Default, of_crawlers(mesh, domain, None))
            .sending_to(&buses, &role);
    template.add(LogicalId::new("CrawlsRule"), rule, &domain.origin);
    if domain.products.values().any(Product::is_crawled_on_event) {
        let what = format!("Crawlers of the domain {} that could not be started", domain.name);
        let pattern = of_failed_starts(mesh, domain);
        let rule = rule_on_mesh(mesh, domain, ("uncrawled", None), what, pattern)
            .sending_to(&[mesh.bus_arn(&domain.account)], &role);
        template.add(LogicalId::new("UncrawledRule"), rule, &domain.origin);
        super::arrivals::add_start_role(template, mesh, domain);
    }
}

/// Whether a domain's account has something to tell the mesh's bus: of its raw crawlers, or of files that arrived.
pub(in crate::stacks) fn tells(domain: &Domain) -> bool {
    domain.products.values().any(|product| product.has_raw() || product.is_crawled_on_event())
}

/// The role by which a domain's account tells its own bus and the mesh's; in `storage`, since roles come first.
pub(in crate::stacks) fn tell_role(mesh: &Mesh, domain: &Domain) -> Option<iam::Role> {
    tells(domain).then(|| {
        let buses = [mesh.bus_arn(&domain.account), mesh.bus_arn(&mesh.governance)];
        let tell = Statement::allow("TellBuses", ["events:PutEvents"]).on(buses);
        let description = format!("Sends events of the domain {} to its bus and the mesh's", domain.name);
        let names = (mesh.tell_role(&domain.name), description);
        service_role(mesh, domain, (&domain.account, Layer::Storage), "events", names, vec![tell])
    })
}

/// Says in the domain's account what its raw crawlers did and which files arrived, and tells the owner of failures.
pub(in crate::stacks) fn add_to_producer(template: &mut Template, mesh: &Mesh, domain: &Domain) {
    let role = Val::literal(mesh.role_arn(&domain.account, &mesh.tell_role(&domain.name)));
    let layer = Layer::Pipeline;
    let products = || domain.products.values();
    if products().any(Product::has_raw) {
        let buses = [mesh.bus_arn(&domain.account), mesh.bus_arn(&mesh.governance)];
        let what = format!("What crawlers of raw files of the domain {} did", domain.name);
        let rule = rule(mesh, domain, layer, ("crawls", None), what, Bus::Default, of_crawlers(mesh, domain, None))
            .sending_to(&buses, &role);
        template.add(LogicalId::new("CrawlsRule"), rule, &domain.origin);
    }
    for product in products().filter(|product| product.is_crawled_on_event()) {
        super::arrivals::add_arrivals(template, mesh, domain, product, &role);
    }
    if products().any(|product| product.has_raw() || product.is_crawled()) {
        let what = format!("Crawls of the domain {} that failed", domain.name);
        let mut pattern = of_crawlers(mesh, domain, Some("Failed"));
        pattern.account = vec![mesh.governance.to_string(), domain.account.to_string()];
        let rule = rule(mesh, domain, layer, ("failed-crawls", None), what, Bus::Mesh, pattern).telling_owner(
            mesh,
            domain,
            failed_crawl(mesh),
        );
        template.add(LogicalId::new("FailedCrawlsRule"), rule, &domain.origin);
    }
    if products().any(Product::is_crawled_on_event) {
        let what = format!("Crawlers of the domain {} that could not be started", domain.name);
        let rule = rule(mesh, domain, layer, ("uncrawled", None), what, Bus::Mesh, of_failed_starts(mesh, domain))
            .telling_owner(mesh, domain, failed_start(mesh));
        template.add(LogicalId::new("UncrawledRule"), rule, &domain.origin);
    }
}

/// The bus of its account that a rule stands on.
#[derive(Clone, Copy)]
pub(super) enum Bus {
    /// On which AWS's services speak.
    Default,
    /// The mesh's.
    Mesh,
}

/// A rule without a target.
pub(super) fn rule(
    mesh: &Mesh,
    domain: &Domain,
    layer: Layer,
    (word, product): (&str, Option<&Product>),
    description: String,
    bus: Bus,
    event_pattern: Pattern,
) -> Rule {
    let product = product.map(|product| &product.id);
    let event_bus_name: Option<Val<Name<EventBus>>> = match bus {
        Bus::Default => None,
        Bus::Mesh => Some(Val::literal(mesh.name.as_str())),
    };
    Rule {
        name: mesh.rule(word, &domain.name, product),
        description,
        event_bus_name,
        event_pattern,
        targets: Vec::new(),
        tags: Owner::domain(domain).tags(mesh, layer, product),
    }
}

/// A rule on the mesh's bus in governance.
pub(super) fn rule_on_mesh(
    mesh: &Mesh,
    domain: &Domain,
    word: (&str, Option<&Product>),
    description: String,
    pattern: Pattern,
) -> Rule {
    rule(mesh, domain, Layer::Publication, word, description, Bus::Mesh, pattern)
}

impl Rule {
    /// Sends to buses as a role.
    pub(super) fn sending_to(mut self, buses: &[String], role: &Val<Arn<iam::Role>>) -> Self {
        let target = |(number, bus): (usize, &String)| Target {
            id: format!("Bus{}", number + 1),
            arn: Val::literal(bus),
            role_arn: Some(role.clone()),
            input: None,
            input_transformer: None,
        };
        self.targets.extend(buses.iter().enumerate().map(target));
        self
    }

    /// Tells the owner of the domain.
    fn telling_owner(mut self, mesh: &Mesh, domain: &Domain, text: InputTransformer) -> Self {
        let topic: Val<Arn<sns::Topic>> = Val::literal(mesh.topic_arn(domain.name.as_str(), &domain.account));
        self.targets.push(Target {
            id: "Owner".to_owned(),
            arn: topic.text(),
            role_arn: None,
            input: None,
            input_transformer: Some(text),
        });
        self
    }
}

/// What AWS Glue says of the crawlers of a domain; their names begin with the domain's own.
fn of_crawlers(mesh: &Mesh, domain: &Domain, state: Option<&str>) -> Pattern {
    let names = Matches::Any(vec![Match::Prefix(format!("{}.{}.", mesh.name, domain.name))]);
    let mut detail = BTreeMap::from([("crawlerName", names)]);
    detail.extend(state.map(|state| ("state", Matches::Any(vec![Match::Equals(state.to_owned())]))));
    Pattern {
        account: Vec::new(),
        source: vec!["aws.glue".to_owned()],
        detail_type: vec![STATE_CHANGE.to_owned()],
        detail,
    }
}

/// What the state machines in governance say of crawlers that they could not start.
fn of_failed_starts(mesh: &Mesh, domain: &Domain) -> Pattern {
    let equals = |text: &str| Matches::Any(vec![Match::Equals(text.to_owned())]);
    Pattern {
        account: vec![mesh.governance.to_string()],
        source: vec![mesh.event_source()],
        detail_type: vec![PRODUCT_FAILED.to_owned()],
        detail: BTreeMap::from([("domain", equals(domain.name.as_str())), ("step", equals(STEP))]),
    }
}

/// What the makers of a product say once it has been made anew.
pub(super) fn of_refreshed(mesh: &Mesh, account: &AccountId, product: &Product) -> Pattern {
    Pattern {
        account: vec![account.to_string()],
        source: vec![mesh.event_source()],
        detail_type: vec![PRODUCT_REFRESHED.to_owned()],
        detail: BTreeMap::from([("product", Matches::Any(vec![Match::Equals(product.id.to_string())]))]),
    }
}

/// Names of the parts of an event by which a crawler's start is told to have failed.
pub(super) const fn failed_start_event() -> (&'static str, &'static str) {
    (PRODUCT_FAILED, STEP)
}

/// A crawl that failed, for somebody who is tired. What AWS Glue leaves out of an event stays out of the text.
fn failed_crawl(mesh: &Mesh) -> InputTransformer {
    let text = format!(
        "Data mesh {}: the crawler <crawler> failed in account <account> at <time>. Cause: <error>. Until it succeeds, new \
         columns and partitions stay unseen; what the catalog has already can be read as before. To do: look at the last \
         run of the crawler and its log (AWS Glue, Crawlers, account <account>, {}), mend the cause and run it again. \
         Account {} is governance's: its team can look there.",
        mesh.name, mesh.region, mesh.governance
    );
    transformed(
        &[
            ("account", "$.account"),
            ("crawler", "$.detail.crawlerName"),
            ("error", "$.detail.errorMessage"),
            ("time", "$.time"),
        ],
        &text,
    )
}

/// Crawlers that could not be started though files arrived.
fn failed_start(mesh: &Mesh) -> InputTransformer {
    let text = format!(
        "Data mesh {}: files of the product <product> arrived, but its crawlers could not be started at <time>. Cause: \
         <error>. Until they run, new columns and partitions stay unseen; what the catalog has already can be read as \
         before. To do: ask the governance team (account {}) to look at the execution <run> of the state machine and to \
         run the crawlers by hand, or write the product's files again.",
        mesh.name, mesh.governance
    );
    transformed(
        &[
            ("error", "$.detail.cause"),
            ("product", "$.detail.product"),
            ("run", "$.detail.execution"),
            ("time", "$.time"),
        ],
        &text,
    )
}

fn transformed(paths: &[(&str, &str)], text: &str) -> InputTransformer {
    InputTransformer {
        input_paths_map: paths.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect(),
        input_template: format!("\"{text}\""),
    }
}
