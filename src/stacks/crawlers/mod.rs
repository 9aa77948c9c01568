//! Crawlers of published tables, in the governance account: one for each table, which is its only target, since a table
//! can be a crawler's target in its own account alone, and only one of them (AWS Glue guide, "Configuring a crawler to use
//! Lake Formation credentials"; hazard 4).
//!
//! A crawler adds columns and partitions and takes nothing away. It sees its table whole, so its grants name the table:
//! over an expression that matches some of the columns ALTER and INSERT shrink to DESCRIBE (TBAC notes, hazards question 4).

pub(super) mod arrivals;
pub(super) mod events;

use super::grants::{CRAWL, Chain, DESCRIBE, GrantOption, LOCATION};
use super::ownership::Owner;
use super::policies;
use crate::assembly::Layer;
use crate::cfn::glue::{self, Crawler, Database};
use crate::cfn::iam::{InlinePolicy, PolicyDocument, Role, Statement};
use crate::cfn::lakeformation::{Granted, Resource, Which};
use crate::cfn::{Arn, Handle, LogicalId, Template, Val};
use crate::mesh::{AccountId, Domain, Mesh, Product, Table};
use std::collections::BTreeSet;

/// What a crawler does with the catalog, besides making tables. AWS's own policy for it (`AWSGlueServiceRole`) allows
/// `glue:*`; these are the actions on databases, tables and partitions by which it reads, adds and updates.
const KEEP_TABLES: [&str; 11] = [
    "glue:BatchCreatePartition",
    "glue:BatchGetPartition",
    "glue:BatchUpdatePartition",
    "glue:CreatePartition",
    "glue:GetDatabase",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
    "glue:UpdatePartition",
    "glue:UpdateTable",
];

/// What a crawler's role may do in the catalog and with its logs.
///
/// The log group is Glue's own; its name changes only under a security configuration, which our crawlers have not.
pub(super) fn statements(
    mesh: &Mesh,
    account: &AccountId,
    databases: &BTreeSet<String>,
    further: &[&'static str],
) -> Vec<Statement> {
    let mut resources = vec![mesh.glue_arn(account, "catalog")];
    for database in databases {
        resources.push(mesh.glue_arn(account, &format!("database/{database}")));
        resources.push(mesh.glue_arn(account, &format!("table/{database}/*")));
    }
    let group = format!("arn:{}:logs:{}:{account}:log-group:/aws-glue/crawlers", mesh.region.partition(), mesh.region);
    vec![
        Statement::allow("CrawlCatalog", KEEP_TABLES.into_iter().chain(further.iter().copied())).on(resources),
        Statement::allow("CrawlLogs", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])
            .on([group.clone(), format!("{group}:*")]),
    ]
}

/// A role that a service works as, under the mesh's path and boundary.
pub(super) fn service_role(
    mesh: &Mesh,
    domain: &Domain,
    (account, layer): (&AccountId, Layer),
    service: &str,
    (role_name, description): (String, String),
    statements: Vec<Statement>,
) -> Role {
    Role {
        role_name,
        path: mesh.role_path(),
        description,
        assume_role_policy_document: PolicyDocument::new([policies::trust_service(service, account)]),
        permissions_boundary: Some(Val::literal(mesh.boundary_arn(account))),
        managed_policy_arns: Vec::new(),
        policies: vec![InlinePolicy {
            policy_name: "work".to_owned(),
            policy_document: PolicyDocument::new(statements),
        }],
        tags: Owner::domain(domain).tags(mesh, layer, None),
    }
}

/// The crawlers of one publication and the chain of their grants.
pub(super) struct Crawlers<'a> {
    mesh: &'a Mesh,
    domain: &'a Domain,
    role_arn: String,
    role: Val<Arn<Role>>,
    chain: Chain,
}

impl<'a> Crawlers<'a> {
    /// Crawlers of a publication; the first one, which registers the domain's location, makes their role too.
    pub(super) fn new(
        template: &mut Template,
        mesh: &'a Mesh,
        domain: &'a Domain,
        location: Option<&Handle<Resource>>,
    ) -> Self {
        let role_arn = mesh.role_arn(&mesh.governance, &mesh.crawl_role(&domain.name));
        let mut crawlers =
            Self { mesh, domain, role: Val::literal(role_arn.clone()), role_arn, chain: Chain::default() };
        if let Some(location) = location
            && domain.products.values().any(Product::is_crawled)
        {
            crawlers.add_role(template, location);
            events::add_forwarding(template, mesh, domain);
        }
        crawlers
    }

    fn add_role(&mut self, template: &mut Template, location: &Handle<Resource>) {
        let Self { mesh, domain, .. } = *self;
        let crawled = domain.products.values().filter(|product| product.is_crawled());
        let databases = crawled.map(|product| mesh.database(&domain.name, &product.id)).collect();
        let mut statements = statements(mesh, &mesh.governance, &databases, &[]);
        // Lake Formation's service authorization reference lists no resource types for it
        statements.push(Statement::allow("ReadData", ["lakeformation:GetDataAccess"]).on(["*"]));
        let description = format!("Crawls the published tables of the domain {}", domain.name);
        let names = (mesh.crawl_role(&domain.name), description);
        let role = service_role(mesh, domain, (&mesh.governance, Layer::Publication), "glue", names, statements);
        let role = template.add(LogicalId::new("CrawlRole"), role, &domain.origin);
        self.role = role.arn();
        self.chain.after(role.id());
        let granted = Granted::DataLocation {
            catalog_id: mesh.governance.to_string(),
            resource_arn: super::publication::location_arn(mesh, domain),
        };
        let grant =
            self.chain.grant("crawl-location", &self.role_arn, granted, LOCATION, GrantOption::Without, &domain.origin);
        self.chain.after_of(grant, location.id());
    }

    /// Adds the crawler of a table with its grants, after the last of the table's tags: a column that it finds must meet
    /// a table that is `unclassified`.
    ///
    /// AWS asks for Describe and Alter on the database or the table of a crawler's target (AWS Glue guide, "Crawler errors
    /// when the crawler is using Lake Formation permissions"); it makes no tables, so the database is only described.
    pub(super) fn add(
        &mut self,
        template: &mut Template,
        (product, table): (&Product, &Table),
        (database, handle): (&Handle<Database>, &Handle<glue::Table>),
        last_tag: &LogicalId,
    ) {
        if !product.is_crawled() {
            return;
        }
        let Self { mesh, domain, role_arn, role, chain } = self;
        let catalog_id = mesh.governance.to_string();
        let on_database = Granted::Database { catalog_id: catalog_id.clone(), name: database.name() };
        let words = format!("crawl-database-{}", product.id);
        chain.grant(&words, role_arn, on_database, DESCRIBE, GrantOption::Without, &product.origin);
        let on_table = Granted::Table { catalog_id, database_name: database.name(), which: Which::One(handle.name()) };
        let words = format!("crawl-table-{}-{}", product.id, table.name);
        let grant = chain.grant(&words, role_arn, on_table, CRAWL, GrantOption::Without, &table.origin);
        chain.after_of(grant.clone(), last_tag);
        let name = mesh.dotted(&domain.name, &product.id, table.name.as_str());
        let tags = Owner::domain(domain).tag_map(mesh, Layer::Publication, Some(&product.id));
        let description = format!("New columns and partitions of {}.{}", product.id, table.name);
        let mut crawler =
            Crawler::of_table(name.clone(), description, role.clone(), database.name(), handle.name(), tags);
        if !product.is_crawled_on_event() {
            crawler = crawler.on(product.frequency().cron(&name));
        }
        let crawler = template.add(LogicalId::of("Crawler", table.name.as_str(), &name), crawler, &table.origin);
        template.depend(crawler.id(), &grant);
    }

    /// Adds the grants.
    pub(super) fn finish(self, template: &mut Template) {
        self.chain.add_to(template);
    }
}
