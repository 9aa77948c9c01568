//! The Glue job of a product: its script, its logs, the job.

use crate::assembly::{Asset, Layer};
use crate::cfn::glue::Job;
use crate::cfn::logs::LogGroup;
use crate::cfn::{LogicalId, Template, Val};
use crate::mesh::{BucketUse, Column, Domain, Mesh, Product, Subscription};
use crate::scripts::{Contract, Input, InputColumn, OutputColumn, TableOutput, glue_job};
use crate::stacks::ownership::Owner;

/// An input table that the product's job gets, with the columns that its port opens, in the order of the contract.
pub(super) struct Staged<'a> {
    pub(super) port: &'a Subscription,
    pub(super) table: &'a str,
    pub(super) columns: Vec<&'a Column>,
}

/// What is staged for a product: each table of each input port of which the port opens a column. Ports other than tables
/// are read by readers in the producer's account.
pub(super) fn staged<'a>(mesh: &'a Mesh, product: &'a Product) -> Vec<Staged<'a>> {
    let mut staged = Vec::new();
    for port in product.tables_ports() {
        let Some(input) = mesh.product(&port.domain, &port.product) else { continue };
        for table in input.tables.values() {
            let visible = |column: &&Column| port.classifications.contains(&column.classification);
            let columns: Vec<&Column> = table.all_columns().filter(visible).collect();
            if !columns.is_empty() {
                staged.push(Staged { port, table: table.name.as_str(), columns });
            }
        }
    }
    staged
}

/// Where the logs of a product's job are: the start of the names of two groups.
pub(in crate::stacks) fn logs(mesh: &Mesh, product: &Product) -> String {
    format!("/aws/{}/jobs/{}", mesh.name, product.id)
}

pub(super) fn add(template: &mut Template, mesh: &Mesh, domain: &Domain, product: &Product) {
    let owner = Owner::domain(domain);
    let tags = || owner.tags(mesh, Layer::Pipeline, Some(&product.id));
    let name = mesh.job_role(&domain.name, &product.id);
    let script = glue_job(&contract(mesh, domain, product), product.transform.as_deref());
    let key = template.asset(Asset::new(&format!("{}.py", product.id), script));
    let logs = logs(mesh, product);
    let groups = ["Error", "Output"].map(|word| {
        let group = LogGroup::kept(format!("{logs}/{}", word.to_lowercase()), tags());
        template.add(LogicalId::of(&format!("Job{word}Logs"), product.id.as_str(), &name), group, &product.origin)
    });
    let job = Job::spark(
        name.clone(),
        format!("Makes the tables of the product {}", product.id),
        Val::literal(mesh.role_arn(&domain.account, &name)),
        format!("s3://{}/{key}", mesh.staging_bucket(&domain.account)),
        logs,
        tags(),
    );
    let job = template.add(LogicalId::of("Job", product.id.as_str(), &name), job, &product.origin);
    for group in groups {
        // else the first run would make the group, and it would keep its events for ever
        template.depend(job.id(), group.id());
    }
}

/// What the script knows of the product: no text that a person wrote.
fn contract(mesh: &Mesh, domain: &Domain, product: &Product) -> Contract {
    let bucket = |bucket_use| mesh.bucket(&domain.name, bucket_use, &domain.account);
    let inputs = staged(mesh, product).into_iter().map(|staged| Input {
        product: staged.port.product.to_string(),
        table: staged.table.to_owned(),
        columns: staged
            .columns
            .iter()
            .map(|column| InputColumn { name: column.name.to_string(), kind: column.kind.to_string() })
            .collect(),
    });
    let tables = product.tables.values().map(|table| TableOutput {
        name: table.name.to_string(),
        columns: table
            .all_columns()
            .map(|column| OutputColumn {
                name: column.name.to_string(),
                kind: column.kind.to_string(),
                key: column.primary_key,
                required: column.required,
            })
            .collect(),
        partitions: table.partition_keys.iter().map(|column| column.name.to_string()).collect(),
    });
    Contract {
        mesh: mesh.name.to_string(),
        domain: domain.name.to_string(),
        product: product.id.to_string(),
        data: format!("s3://{}/products/{}/", bucket(BucketUse::Data), product.id),
        raw: format!("s3://{}/{}/", bucket(BucketUse::Raw), product.id),
        staging: format!("s3://{}/{}/", bucket(BucketUse::Staging), product.id),
        inputs: inputs.collect(),
        tables: tables.collect(),
    }
}
