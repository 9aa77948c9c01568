//! `publication`, in the governance account, one for each domain: location, databases, tables, and their tags.
//!
//! A table carries `unclassified` and each declared column its own value, so that a column which a crawler finds is seen
//! by nobody but its owner. An association covers one thing; those of a table are chained (hazard 3).

use super::crawlers::{Crawlers, arrivals};
use super::ownership::Owner;
use super::{foundation, storage};
use crate::assembly::{After, Effect, Layer, Stack, StackId, Wire};
use crate::cfn::glue::{self, Database, OpenTableFormatInput, StorageDescriptor, TableInput};
use crate::cfn::iam::{InlinePolicy, PolicyDocument, Role, Statement};
use crate::cfn::lakeformation::{self, Tag, TagAssociation, TagPair, Tagged};
use crate::cfn::{Arn, Handle, LogicalId, Template, Val, kms};
use crate::environment::files::TableFormat;
use crate::mesh::{BucketUse, Classification, Column, Domain, GOVERNANCE, Mesh, OwnerName, Product, Table};
use std::collections::{BTreeMap, BTreeSet};

/// Longest description that the Glue Data Catalog takes, in characters (schema of AWS::Glue::Table).
const DESCRIPTION_LIMIT: usize = 2048;

/// Longest comment of a column, in characters (AWS Glue API, Column).
const COMMENT_LIMIT: usize = 255;

pub(super) fn id(mesh: &Mesh, domain: &OwnerName, number: u8) -> StackId {
    mesh.stack(GOVERNANCE, Layer::Publication, Some(domain), number)
}

/// The publications of a domain: the first holds what its products share; none without products.
pub(super) fn stacks(mesh: &Mesh, domain: &Domain) -> Vec<Stack> {
    if domain.products.is_empty() {
        return Vec::new();
    }
    let numbers: BTreeSet<u8> = domain.products.values().map(|product| product.stack).chain([1]).collect();
    numbers.into_iter().map(|number| stack(mesh, domain, number)).collect()
}

fn stack(mesh: &Mesh, domain: &Domain, number: u8) -> Stack {
    let mut template =
        Template::new(format!("Published products of the domain {} in the data mesh {}", domain.name, mesh.name));
    let mut wires = BTreeMap::new();
    let mut after = BTreeSet::new();
    let (tag, location) = if number == 1 {
        let key = template.parameter(storage::KEY_OUTPUT, format!("Key of the buckets of {}", domain.name));
        wires.insert(
            storage::KEY_OUTPUT.to_owned(),
            Wire { stack: storage::id(mesh, &domain.name), output: storage::KEY_OUTPUT.to_owned() },
        );
        after.insert(After { stack: foundation::id(mesh), effect: Effect::Settings });
        let location = add_location(&mut template, mesh, domain, &key);
        (Some(add_tag(&mut template, mesh, domain)), Some(location))
    } else {
        // the role of the crawlers stands in the first, too
        let first = id(mesh, &domain.name, 1);
        after.insert(After { stack: first.clone(), effect: Effect::Catalog });
        after.insert(After { stack: first, effect: Effect::Roles });
        // rules on the mesh's bus
        let mut here = domain.products.values().filter(|product| product.stack == number);
        if here.any(Product::is_crawled_on_event) {
            after.insert(After { stack: foundation::id(mesh), effect: Effect::Notifications });
        }
        (None, None)
    };
    let mut crawlers = Crawlers::new(&mut template, mesh, domain, location.as_ref());
    for product in domain.products.values().filter(|product| product.stack == number) {
        let publication = Publication { mesh, domain, product, tag: tag.as_ref() };
        publication.add_to(&mut template, &mut crawlers);
        arrivals::add_machine(&mut template, mesh, domain, product);
    }
    crawlers.finish(&mut template);
    Stack {
        id: id(mesh, &domain.name, number),
        account: mesh.governance.clone(),
        region: mesh.region.clone(),
        layer: Layer::Publication,
        template,
        wires,
        after,
    }
}

/// Adds the role that reads the domain's published data, and registers its location.
///
/// One role for each domain: one for all would name every bucket of the mesh (hazard 7).
fn add_location(
    template: &mut Template,
    mesh: &Mesh,
    domain: &Domain,
    key: &Val<Arn<kms::Key>>,
) -> Handle<lakeformation::Resource> {
    let partition = mesh.region.partition();
    let bucket = format!("arn:{partition}:s3:::{}", mesh.bucket(&domain.name, BucketUse::Data, &domain.account));
    let trust = Statement::allow("LakeFormation", ["sts:AssumeRole", "sts:SetContext"])
        .by(crate::cfn::iam::Principal::Service(vec!["lakeformation.amazonaws.com".to_owned()]));
    let work = PolicyDocument::new([
        Statement::allow("Objects", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"])
            .on([format!("{bucket}/products/*")]),
        Statement::allow("Listing", ["s3:ListBucket"]).on([bucket.clone()]),
        Statement::allow("Key", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]).on_value(key),
    ]);
    let role = Role {
        role_name: mesh.register_role(&domain.name),
        path: mesh.role_path(),
        description: format!("Reads published data of the domain {} for Lake Formation", domain.name),
        assume_role_policy_document: PolicyDocument::new([trust]),
        permissions_boundary: Some(Val::literal(mesh.boundary_arn(&mesh.governance))),
        managed_policy_arns: Vec::new(),
        policies: vec![InlinePolicy { policy_name: "work".to_owned(), policy_document: work }],
        tags: Owner::domain(domain).tags(mesh, Layer::Publication, None),
    };
    let role = template.add(LogicalId::new("RegisterRole"), role, &domain.origin);
    let location = lakeformation::Resource::registered(location_arn(mesh, domain), role.arn());
    template.add(LogicalId::new("Location"), location, &domain.origin)
}

/// ARN of the location that holds a domain's published tables.
pub(super) fn location_arn(mesh: &Mesh, domain: &Domain) -> String {
    let bucket = mesh.bucket(&domain.name, BucketUse::Data, &domain.account);
    format!("arn:{}:s3:::{bucket}/products", mesh.region.partition())
}

fn add_tag(template: &mut Template, mesh: &Mesh, domain: &Domain) -> Handle<Tag> {
    let tag = Tag {
        catalog_id: mesh.governance.to_string(),
        tag_key: mesh.domain_tag(&domain.name),
        tag_values: domain.products.keys().map(ToString::to_string).collect(),
    };
    template.add(LogicalId::new("DomainTag"), tag, &domain.origin)
}

/// A product on its way into the catalog.
struct Publication<'a> {
    mesh: &'a Mesh,
    domain: &'a Domain,
    product: &'a Product,
    /// The domain's tag, where it stands in this stack.
    tag: Option<&'a Handle<Tag>>,
}

impl Publication<'_> {
    fn add_to(&self, template: &mut Template, crawlers: &mut Crawlers<'_>) {
        let Self { mesh, domain, product, tag } = self;
        let name = mesh.database(&domain.name, &product.id);
        let bucket = mesh.bucket(&domain.name, BucketUse::Data, &domain.account);
        let prefix = format!("s3://{bucket}/products/{}/", product.id);
        let description = plain(&product.purpose, DESCRIPTION_LIMIT);
        let database = Database::over(mesh.governance.as_str(), name.clone(), description, prefix.clone());
        let database = template.add(LogicalId::of("Database", product.id.as_str(), &name), database, &product.origin);
        let tag_key = tag.map_or_else(|| Val::literal(mesh.domain_tag(&domain.name)), |tag| tag.name());
        let association = TagAssociation {
            resource: Tagged::Database { catalog_id: mesh.governance.to_string(), name: database.name() },
            lf_tags: vec![self.pair(tag_key, product.id.as_str())],
        };
        let id = LogicalId::of("DatabaseTag", product.id.as_str(), &name);
        let tagged = template.add(id, association, &product.origin);
        for table in product.tables.values() {
            let (handle, last_tag) = self.add_table(template, &database, &tagged, &name, table, &prefix);
            crawlers.add(template, (product, table), (&database, &handle), &last_tag);
        }
    }

    /// Adds a table and its tags; returns it and the last of them.
    fn add_table(
        &self,
        template: &mut Template,
        database: &Handle<Database>,
        database_tag: &Handle<TagAssociation>,
        database_name: &str,
        table: &Table,
        prefix: &str,
    ) -> (Handle<glue::Table>, LogicalId) {
        let path = format!("{database_name}/{}", table.name);
        let resource = self.table(database, table, format!("{prefix}{}/", table.name));
        let handle = template.add(LogicalId::of("Table", table.name.as_str(), &path), resource, &table.origin);
        let classification = || Val::literal(self.mesh.classification_tag());
        let catalog_id = self.mesh.governance.to_string();
        let association = TagAssociation {
            resource: Tagged::Table {
                catalog_id: catalog_id.clone(),
                database_name: database.name(),
                name: handle.name(),
            },
            lf_tags: vec![self.pair(classification(), Classification::UNCLASSIFIED)],
        };
        let id = LogicalId::of("TableTag", table.name.as_str(), &path);
        let mut previous = template.add(id, association, &table.origin);
        template.depend(previous.id(), database_tag.id());
        for column in table.all_columns() {
            let association = TagAssociation {
                resource: Tagged::TableWithColumns {
                    catalog_id: catalog_id.clone(),
                    database_name: database.name(),
                    name: handle.name(),
                    column_names: [column.name.to_string()],
                },
                lf_tags: vec![self.pair(classification(), column.classification.as_str())],
            };
            let words = format!("{}-{}", table.name, column.name);
            let id = LogicalId::of("ColumnTag", &words, &format!("{path}/{}", column.name));
            let association = template.add(id, association, &column.origin);
            template.depend(association.id(), previous.id());
            previous = association;
        }
        (handle, previous.id().clone())
    }

    fn table(&self, database: &Handle<Database>, table: &Table, location: String) -> glue::Table {
        let columns = |columns: &[Column]| columns.iter().map(column).collect::<Vec<glue::Column>>();
        let (storage_descriptor, parameters, open_table_format_input) = match self.product.format {
            TableFormat::Parquet => (
                StorageDescriptor::parquet(columns(&table.columns), location),
                BTreeMap::from([("classification", "parquet".to_owned())]),
                None,
            ),
            TableFormat::Iceberg => (
                StorageDescriptor::iceberg(columns(&table.columns), location),
                BTreeMap::new(),
                Some(OpenTableFormatInput::iceberg()),
            ),
        };
        glue::Table {
            catalog_id: self.mesh.governance.to_string(),
            database_name: database.name(),
            table_input: TableInput {
                name: table.name.to_string(),
                description: table.description.as_deref().map(|text| plain(text, DESCRIPTION_LIMIT)),
                table_type: "EXTERNAL_TABLE",
                parameters,
                partition_keys: columns(&table.partition_keys),
                storage_descriptor,
            },
            open_table_format_input,
        }
    }

    fn pair(&self, tag_key: Val<crate::cfn::Name<Tag>>, value: &str) -> TagPair {
        TagPair { catalog_id: self.mesh.governance.to_string(), tag_key, tag_values: [value.to_owned()] }
    }
}

fn column(column: &Column) -> glue::Column {
    glue::Column {
        name: column.name.to_string(),
        kind: column.kind.to_string(),
        comment: column.description.as_deref().map(|text| plain(text, COMMENT_LIMIT)),
    }
}

/// A user's text as a description: one line, within a limit, and without a dynamic reference, which
/// CloudFormation would replace by a secret's value.
fn plain(text: &str, limit: usize) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    line.replace("{{resolve:", "{ {resolve:").trim().chars().take(limit).collect()
}
