//! `storage`, in a producer's account: key, buckets, catalog settings, and the owner, job and reader roles.

use super::buckets;
use super::crawlers::events::tell_role;
use super::default_database;
use super::grants::add_settings;
use super::notifications;
use super::ownership::Owner;
use super::pipeline::{self, raw};
use super::policies;
use super::roles::{Account, Draft, Querying};
use crate::assembly::{Layer, Stack, StackId};
use crate::cfn::iam::Statement;
use crate::cfn::s3::{Bucket, Encryption};
use crate::cfn::{Arn, LogicalId, Template, Val, kms};
use crate::environment::files::ProcessingKind;
use crate::mesh::{BucketUse, Domain, Mesh, OwnerName, Principal, Product, Reader, RoleArn, Subscriber};
use std::collections::{BTreeMap, BTreeSet};

/// Days that staged inputs and results of queries are kept.
const SHORT_LIVED_DAYS: u32 = 30;

/// Days that overwritten objects are kept.
const NONCURRENT_DAYS: u32 = 90;

/// Name of the output with the ARN of the domain's key.
pub(super) const KEY_OUTPUT: &str = "DataKeyArn";

pub(super) fn id(mesh: &Mesh, domain: &OwnerName) -> StackId {
    mesh.stack(domain.as_str(), Layer::Storage, Some(domain), 1)
}

pub(super) fn stack(mesh: &Mesh, domain: &Domain, readers: &[Reader<'_>]) -> Stack {
    let owner = Owner::domain(domain);
    let mut template =
        Template::new(format!("Storage and roles of the domain {} in the data mesh {}", domain.name, mesh.name));
    let settings = add_settings(&mut template, mesh, owner, Layer::Storage);
    let key = add_key(&mut template, mesh, domain);
    add_buckets(&mut template, mesh, domain, &key);
    let account = Account {
        mesh,
        owner,
        layer: Layer::Storage,
        results: mesh.bucket(&domain.name, BucketUse::Results, &domain.account),
        key: key.clone(),
        scan_limit: domain.athena.scan_limit,
    };
    let mut querying = vec![add_owner(&mut template, &account, domain)];
    add_quality(&mut template, &account, domain);
    querying.extend(domain.products.values().filter_map(|product| add_job(&mut template, &account, domain, product)));
    querying.extend(readers.iter().map(|reader| add_reader(&mut template, &account, reader)));
    default_database::add(&mut template, owner, &settings, domain.athena.default_database, &querying);
    for (word, role) in [("CrawlRole", raw::crawl_role(mesh, domain, &key)), ("TellRole", tell_role(mesh, domain))] {
        role.map(|role| template.add(LogicalId::new(word), role, owner.origin));
    }
    let forward = mesh.role_arn(&mesh.governance, &mesh.forward_role(&domain.name));
    notifications::add(&mut template, mesh, owner, Layer::Storage, Some(forward));
    template.output(KEY_OUTPUT, format!("Key of the buckets of {}", domain.name), &key);
    Stack {
        id: id(mesh, &domain.name),
        account: domain.account.clone(),
        region: mesh.region.clone(),
        layer: Layer::Storage,
        template,
        wires: BTreeMap::new(),
        after: BTreeSet::new(),
    }
}

fn add_key(template: &mut Template, mesh: &Mesh, domain: &Domain) -> Val<Arn<kms::Key>> {
    let owner = Owner::domain(domain);
    let register = mesh.role_arn(&mesh.governance, &mesh.register_role(&domain.name));
    let reading =
        Statement::allow("LakeFormation", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"])
            .on(["*"]);
    let further = (!domain.products.is_empty()).then(|| policies::by_role(reading, mesh, &mesh.governance, &register));
    let policy = policies::key_policy(mesh, &domain.account, further);
    let description = format!("Data of the domain {} in the data mesh {}", domain.name, mesh.name);
    let key = template.add(
        LogicalId::new("DataKey"),
        kms::Key::new(description, policy, owner.tags(mesh, Layer::Storage, None)),
        owner.origin,
    );
    let alias = kms::Alias { alias_name: format!("alias/{}/{}", mesh.name, domain.name), target_key_id: key.name() };
    template.add(LogicalId::new("DataKeyAlias"), alias, owner.origin);
    key.arn()
}

fn add_buckets(template: &mut Template, mesh: &Mesh, domain: &Domain, key: &Val<Arn<kms::Key>>) {
    let owner = Owner::domain(domain);
    let name = |bucket_use| mesh.bucket(&domain.name, bucket_use, &domain.account);
    let logs = buckets::add_logs(template, mesh, owner, Layer::Storage, name(BucketUse::Logs));
    let encryption = Encryption::Key(key.clone());
    let bucket = |bucket_use: BucketUse| {
        Bucket::private(name(bucket_use), &encryption, owner.tags(mesh, Layer::Storage, None))
            .logged_to(logs.name(), bucket_use.name())
    };
    let mut data = bucket(BucketUse::Data).versioned(NONCURRENT_DAYS);
    // what arrives starts crawlers, or is counted: whether a product is renewed in time
    if domain.products.values().any(|product| product.is_crawled_on_event() || product.promise.is_some()) {
        data = data.telling();
    }
    let register = mesh.role_arn(&mesh.governance, &mesh.register_role(&domain.name));
    let published = (!domain.products.is_empty())
        .then(|| buckets::register_role(mesh, &mesh.governance, &register, &name(BucketUse::Data)));
    buckets::add(template, mesh, owner, "Data", &name(BucketUse::Data), data, published.into_iter().flatten());
    let raw = bucket(BucketUse::Raw).versioned(NONCURRENT_DAYS);
    buckets::add(template, mesh, owner, "Raw", &name(BucketUse::Raw), raw, []);
    let results = bucket(BucketUse::Results).expiring(SHORT_LIVED_DAYS);
    buckets::add(template, mesh, owner, "Results", &name(BucketUse::Results), results, []);
    if domain.products.values().any(Product::is_composite) {
        let staging = bucket(BucketUse::Staging).expiring(SHORT_LIVED_DAYS);
        buckets::add(template, mesh, owner, "Staging", &name(BucketUse::Staging), staging, []);
    }
}

/// Sees the domain's own products whole, unclassified columns too, so that they can be classified.
fn add_owner(template: &mut Template, account: &Account<'_>, domain: &Domain) -> Querying {
    let mesh = account.mesh;
    let name = mesh.owner_role(&domain.name);
    let databases = domain.products.keys().map(|product| mesh.database(&domain.name, product)).collect();
    let draft = Draft {
        word: "Owner",
        product: None,
        name: &name,
        description: format!("Owner of the domain {}: sees its own products whole", domain.name),
        // evaluations of quality work as the owner
        trusts: vec![
            policies::trust(mesh, &domain.account, &domain.principals),
            policies::trust_service("glue", &domain.account),
        ],
        statements: [account.reading(&name, &databases), pipeline::rights::of_owner(mesh, domain)]
            .concat()
            .into_iter()
            .chain(raw::owner_statements(mesh, domain))
            .collect(),
        origin: &domain.origin,
    };
    account.add_querying_role(template, draft)
}

/// Starts evaluations of products that no job of ours makes; it sees no data itself.
fn add_quality(template: &mut Template, account: &Account<'_>, domain: &Domain) {
    if !domain.products.values().any(pipeline::is_judged_apart) {
        return;
    }
    let draft = Draft {
        word: "Quality",
        product: None,
        name: &account.mesh.quality_role(&domain.name),
        description: format!("Has the products of the domain {} judged, as their owner", domain.name),
        trusts: vec![policies::trust_service("states", &domain.account)],
        statements: pipeline::rights::of_quality(account.mesh, domain),
        origin: &domain.origin,
    };
    account.add_role(template, draft);
}

/// Makes a product: reads raw files and, if the product is composite, its inputs; writes the product's files.
fn add_job(template: &mut Template, account: &Account<'_>, domain: &Domain, product: &Product) -> Option<Querying> {
    let mesh = account.mesh;
    let name = mesh.job_role(&domain.name, &product.id);
    let objects = |sid, bucket_use, prefix: &str, actions: &[&str]| {
        Statement::allow(sid, actions.iter().copied())
            .on([format!("{}/{prefix}*", bucket_arn(mesh, domain, bucket_use))])
    };
    let listing = |sid, bucket_use, prefix: &str| {
        Statement::allow(sid, ["s3:ListBucket"]).on([bucket_arn(mesh, domain, bucket_use)]).when(
            "StringLike",
            "s3:prefix",
            [format!("{prefix}*")],
        )
    };
    let (raw, published) = (format!("{}/", product.id), format!("products/{}/", product.id));
    let write =
        ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"];
    // what is staged goes by its lifecycle
    let stage = write.into_iter().filter(|action| *action != "s3:DeleteObject").collect::<Vec<_>>();
    let mut statements = vec![
        objects("WriteProduct", BucketUse::Data, &published, &write),
        listing("ListProduct", BucketUse::Data, &published),
    ];
    // a composite product's job reads what is staged; raw files are there where a source brings them
    if !product.sources.is_empty() || !product.is_composite() {
        statements.push(objects("ReadRaw", BucketUse::Raw, &raw, &["s3:GetObject"]));
        statements.push(listing("ListRaw", BucketUse::Raw, &raw));
    }
    if product.is_composite() {
        let inputs = product.input_ports.iter().map(|input| mesh.database(&input.domain, &input.product)).collect();
        statements.push(objects("Stage", BucketUse::Staging, &raw, &stage));
        statements.push(listing("ListStage", BucketUse::Staging, &raw));
        statements.push(Statement::allow("StageBucket", ["s3:GetBucketLocation"]).on([bucket_arn(
            mesh,
            domain,
            BucketUse::Staging,
        )]));
        statements.extend(account.reading(&name, &inputs));
    } else {
        statements.push(policies::use_key("DataKey", &account.key));
    }
    if product.runs_glue_job() {
        statements.extend(pipeline::rights::of_job(mesh, domain, product));
    }
    let trust = match product.processing {
        Some(ProcessingKind::EmrServerless) => policies::trust_service("emr-serverless", &domain.account),
        Some(ProcessingKind::Glue) => policies::trust_service("glue", &domain.account),
        None if product.is_composite() => policies::trust_service("glue", &domain.account),
        // the team's own jobs make the table; the account's own IAM says which
        None => policies::trust(mesh, &domain.account, &[]),
    };
    let machine = product.runs_glue_job().then(|| policies::trust_machines(&domain.account));
    let draft = Draft {
        word: "Job",
        product: Some(&product.id),
        name: &name,
        description: format!("Job that makes the product {}", product.id),
        // the machine stages as the job's role, and the job works as it
        trusts: [trust].into_iter().chain(machine).collect(),
        statements,
        origin: &product.origin,
    };
    if product.is_composite() {
        Some(account.add_querying_role(template, draft))
    } else {
        account.add_role(template, draft);
        None
    }
}

/// Sees, for a subscriber in another account, what its subscription to an API, SQL or graph port says.
fn add_reader(template: &mut Template, account: &Account<'_>, reader: &Reader<'_>) -> Querying {
    let mesh = account.mesh;
    let subscription = reader.subscription;
    let name = mesh.reader_role(reader);
    let subscriber = reader.subscriber.account();
    let trust = match reader.subscriber {
        Subscriber::Consumer(consumer) => policies::trust(mesh, subscriber, &consumer.principals),
        Subscriber::Product(domain, product) => {
            let job = mesh.role_arn(subscriber, &mesh.job_role(&domain.name, &product.id));
            let job = crate::sure(RoleArn::parse(&job).map_err(|error| error.message), "a computed role ARN parses");
            policies::trust(mesh, subscriber, &[Principal::Role(job)])
        }
    };
    let databases = BTreeSet::from([mesh.database(&subscription.domain, &subscription.product)]);
    let draft = Draft {
        word: "Reader",
        product: Some(&subscription.product),
        name: &name,
        description: format!("Reads {} for {}", subscription.product, reader.subscriber.owner()),
        trusts: vec![trust],
        statements: account.reading(&name, &databases),
        origin: &subscription.origin,
    };
    account.add_querying_role(template, draft)
}

fn bucket_arn(mesh: &Mesh, domain: &Domain, bucket_use: BucketUse) -> String {
    format!("arn:{}:s3:::{}", mesh.region.partition(), mesh.bucket(&domain.name, bucket_use, &domain.account))
}
