//! Crawlers of raw files, in the producer's account: what sources bring becomes tables of a local database, which only the
//! domain's owner sees. Nothing here is published; the location is not registered, so that S3 and KMS are the role's own.

use crate::assembly::Layer;
use crate::cfn::glue::{Crawler, Database};
use crate::cfn::iam::{Role, Statement};
use crate::cfn::lakeformation::{Granted, Which};
use crate::cfn::{Arn, LogicalId, Template, Val, kms};
use crate::mesh::{BucketUse, Domain, Mesh, Product};
use crate::stacks::crawlers::{service_role, statements};
use crate::stacks::grants::{Chain, DESCRIBE, GrantOption, MAKE_TABLES, READ};
use crate::stacks::ownership::Owner;
use crate::stacks::policies;
use std::collections::BTreeSet;

/// Adds the local database of a product with sources, its crawler, and the grants on it.
pub(super) fn add(template: &mut Template, chain: &mut Chain, mesh: &Mesh, domain: &Domain, product: &Product) {
    if !product.has_raw() {
        return;
    }
    let name = mesh.local_database(&domain.name, &product.id);
    let path = format!("s3://{}/{}/", mesh.bucket(&domain.name, BucketUse::Raw, &domain.account), product.id);
    let description = format!("What the sources of the product {} bring, as a crawler finds it", product.id);
    let database = Database::over(domain.account.as_str(), name.clone(), description, path.clone());
    let database = template.add(LogicalId::of("RawDatabase", product.id.as_str(), &name), database, &product.origin);
    let catalog_id = domain.account.to_string();
    let on_database = || Granted::Database { catalog_id: catalog_id.clone(), name: database.name() };
    let on_tables =
        Granted::Table { catalog_id: catalog_id.clone(), database_name: database.name(), which: Which::All {} };
    let crawl_role = mesh.role_arn(&domain.account, &mesh.crawl_role(&domain.name));
    let owner_role = mesh.role_arn(&domain.account, &mesh.owner_role(&domain.name));
    let mut grant = |role: &str, resource, permissions| {
        let words = format!("raw-{}", product.id);
        chain.grant(&words, role, resource, permissions, GrantOption::Without, &product.origin)
    };
    let granted = grant(&crawl_role, on_database(), MAKE_TABLES);
    grant(&owner_role, on_database(), DESCRIBE);
    grant(&owner_role, on_tables, READ);
    let name = mesh.dotted(&domain.name, &product.id, "raw");
    let tags = Owner::domain(domain).tag_map(mesh, Layer::Pipeline, Some(&product.id));
    let description = format!("Raw files of the product {}", product.id);
    let crawler = Crawler::of_files(name.clone(), description, Val::literal(crawl_role), database.name(), path, tags)
        .on(product.frequency().cron(&name));
    let crawler = template.add(LogicalId::of("RawCrawler", product.id.as_str(), &name), crawler, &product.origin);
    template.depend(crawler.id(), &granted);
}

/// The role of a domain's raw crawlers, if it has any; it stands in `storage`, since roles come before grants.
pub(in crate::stacks) fn crawl_role(mesh: &Mesh, domain: &Domain, key: &Val<Arn<kms::Key>>) -> Option<Role> {
    let databases = databases(mesh, domain);
    (!databases.is_empty()).then(|| {
        let mut statements = statements(mesh, &domain.account, &databases, &["glue:CreateTable"]);
        statements.extend(reading(mesh, domain));
        statements.push(policies::read_with_key("DataKey", key));
        let description = format!("Crawls the raw files of the domain {}", domain.name);
        let names = (mesh.crawl_role(&domain.name), description);
        service_role(mesh, domain, (&domain.account, Layer::Storage), "glue", names, statements)
    })
}

/// What the owner needs besides grants to look at raw data: the local catalog, and the files themselves.
pub(in crate::stacks) fn owner_statements(mesh: &Mesh, domain: &Domain) -> Vec<Statement> {
    let databases = databases(mesh, domain);
    if databases.is_empty() {
        return Vec::new();
    }
    let mut resources = Vec::new();
    for database in &databases {
        resources.push(mesh.glue_arn(&domain.account, &format!("database/{database}")));
        resources.push(mesh.glue_arn(&domain.account, &format!("table/{database}/*")));
    }
    resources.push(mesh.glue_arn(&domain.account, "catalog"));
    let actions = [
        "glue:BatchGetPartition",
        "glue:GetDatabase",
        "glue:GetDatabases",
        "glue:GetPartition",
        "glue:GetPartitions",
        "glue:GetTable",
        "glue:GetTables",
    ];
    let mut statements = vec![Statement::allow("ReadRawCatalog", actions).on(resources)];
    statements.extend(reading(mesh, domain));
    // Athena asks where a bucket is (Athena user guide, "Control access to Amazon S3 from Athena")
    statements.push(Statement::allow("RawBucket", ["s3:GetBucketLocation"]).on([bucket_arn(mesh, domain)]));
    statements
}

fn bucket_arn(mesh: &Mesh, domain: &Domain) -> String {
    let bucket = mesh.bucket(&domain.name, BucketUse::Raw, &domain.account);
    format!("arn:{}:s3:::{bucket}", mesh.region.partition())
}

/// Reading the raw files of the products with sources.
fn reading(mesh: &Mesh, domain: &Domain) -> [Statement; 2] {
    let arn = bucket_arn(mesh, domain);
    let products = || domain.products.values().filter(|product| product.has_raw());
    [
        Statement::allow("ReadRaw", ["s3:GetObject"]).on(products().map(|product| format!("{arn}/{}/*", product.id))),
        Statement::allow("ListRaw", ["s3:ListBucket"]).on([arn.clone()]).when(
            "StringLike",
            "s3:prefix",
            products().map(|product| format!("{}/*", product.id)),
        ),
    ]
}

fn databases(mesh: &Mesh, domain: &Domain) -> BTreeSet<String> {
    let products = domain.products.values().filter(|product| product.has_raw());
    products.map(|product| mesh.local_database(&domain.name, &product.id)).collect()
}
