//! The first round: the mesh, its domains and its consumers, each by itself.

use super::{Findings, athena, deployment, listed, products, quicksight};
use crate::environment::files::{ConsumerFile, DomainFile, MeshFile, PrincipalFile, SubscriptionFile, TeamFile};
use crate::environment::{Content, Source, SourceFile};
use crate::finding::{Code, Finding, Place};
use crate::mesh::{
    AccountId, Classification, Consumer, Domain, Mesh, MeshName, NameError, OrganizationId, OwnerName,
    PermissionSetName, Principal, Region, RoleArn, Team, Tenant,
};
use rayon::prelude::*;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A mesh without its subscriptions, and the subscriptions as written.
pub(super) struct Owners {
    pub(super) mesh: Mesh,
    pub(super) classes: products::Classes,
    /// By consumer.
    pub(super) subscriptions: BTreeMap<OwnerName, Vec<SubscriptionFile>>,
    pub(super) inputs: Inputs,
}

/// Reads every file; `None` when there is no mesh to put the owners into.
pub(super) fn read(source: &Source, findings: &mut Findings) -> Option<Owners> {
    let mut owners = None;
    let mut classes = products::Classes { complete: false, ..products::Classes::builtin() };
    for (path, file) in &source.files {
        if let Some(Content::Mesh(file)) = &file.content {
            let mesh = mesh(file, &Place::file(path), findings);
            classes = products::Classes::of(&mesh, file);
            owners = Some(mesh);
        }
    }
    // without a mesh the owners are still looked at, so that everything wrong is reported at once
    let mut subscriptions = BTreeMap::new();
    let mut inputs = Inputs::new();
    let mut domains = BTreeMap::new();
    let mut consumers = BTreeMap::new();
    let mut places: BTreeMap<OwnerName, Place> = BTreeMap::new();
    let read: Vec<_> = source.files.par_iter().filter_map(|(path, file)| owner(path, file, &classes)).collect();
    for (place, owner, found) in read {
        findings.0.extend(found.0);
        match owner {
            Owner::Domain(domain, of_domain) => {
                inputs.extend(of_domain);
                let Some(domain) = domain else { continue };
                if is_new(&mut places, &domain.name, &place, findings) {
                    domains.insert(domain.name.clone(), domain);
                }
            }
            Owner::Consumer(consumer, of_consumer) => {
                let Some(consumer) = consumer else { continue };
                if is_new(&mut places, &consumer.name, &place, findings) {
                    subscriptions.insert(consumer.name.clone(), of_consumer.to_vec());
                    consumers.insert(consumer.name.clone(), consumer);
                }
            }
        }
    }
    owners.map(|mesh| Owners { mesh: Mesh { domains, consumers, ..mesh }, classes, subscriptions, inputs })
}

/// By product: its `inputPorts` and `matchOn`.
type Inputs = BTreeMap<(OwnerName, crate::mesh::ProductId), Vec<SubscriptionFile>>;

/// What a file says of its owner; no owner where its name or its account is wrong.
enum Owner<'a> {
    Domain(Option<Domain>, Inputs),
    Consumer(Option<Consumer>, &'a [SubscriptionFile]),
}

/// One owner by itself, with what is wrong in its file.
fn owner<'a>(path: &str, file: &'a SourceFile, classes: &products::Classes) -> Option<(Place, Owner<'a>, Findings)> {
    let place = Place::file(path);
    let (mut findings, mut inputs) = (Findings::default(), Inputs::new());
    let owner = match file.content.as_ref()? {
        Content::Domain(file) => {
            let domain = domain(file, &place, classes, &mut inputs, &mut findings);
            Owner::Domain(domain, inputs)
        }
        Content::Consumer(file) => Owner::Consumer(consumer(file, &place, &mut findings), &file.subscriptions),
        Content::Mesh(_) => return None,
    };
    Some((place, owner, findings))
}

fn is_new(places: &mut BTreeMap<OwnerName, Place>, name: &OwnerName, place: &Place, findings: &mut Findings) -> bool {
    let here = place.child("name");
    if let Some(first) = places.get(name) {
        let message = format!("`{name}` is the name of another domain or consumer");
        findings.add(Finding::new(Code::DuplicateOwner, here, message).related(first.clone(), "first used here"));
        return false;
    }
    places.insert(name.clone(), here);
    true
}

/// The mesh as far as it is right. What is wrong is a finding, so that this mesh is refused; something stands in for it,
/// so that the owners and their subscriptions are looked at all the same.
fn mesh(file: &MeshFile, place: &Place, findings: &mut Findings) -> Mesh {
    let name = findings.name("mesh name", &file.name, &place.child("name"), MeshName::parse);
    let tenant = findings.name("tenant", &file.tenant, &place.child("tenant"), Tenant::parse);
    let region = findings.name("region", &file.region, &place.child("region"), Region::parse);
    let organization =
        findings.name("organization", &file.organization, &place.child("organization"), OrganizationId::parse);
    let account = place.child("governance").child("account");
    let governance = findings.name("account", &file.governance.account, &account, AccountId::parse);
    let classifications = classifications(file, place, findings);
    let default_classification = default_classification(file, place, &classifications, findings);
    let discovered = file.defaults.as_ref().and_then(|defaults| defaults.discovered.as_ref());
    if let Some(discovered) = discovered.filter(|discovered| *discovered != Classification::UNCLASSIFIED) {
        let message = format!("columns that a crawler finds cannot be `{discovered}`");
        findings.invalid(
            place.child("defaults").child("discovered"),
            message,
            "leave it out: only `unclassified` is possible, so that nobody sees a column that nobody has looked at",
        );
    }
    let name = or_stand_in(name, "unnamed", MeshName::parse);
    let tenant = or_stand_in(tenant, "unnamed", Tenant::parse);
    let governance = or_stand_in(governance, "000000000000", AccountId::parse);
    let deployment = deployment::read(file, place, &name, &tenant, &governance, findings);
    Mesh {
        name,
        tenant,
        region: or_stand_in(region, "us-east-1", Region::parse),
        organization: or_stand_in(organization, "o-0000000000", OrganizationId::parse),
        governance,
        team: team(&file.governance.team, &place.child("governance").child("team"), findings),
        classifications,
        default_classification,
        cross_account_version: file.defaults.as_ref().and_then(|defaults| defaults.cross_account_version).unwrap_or(4),
        adopt_settings: file.adopt_settings.unwrap_or(false),
        deployment,
        domains: BTreeMap::new(),
        consumers: BTreeMap::new(),
        accept: Vec::new(),
        origin: place.clone(),
    }
}

/// A value, or another of its type in the place of one that a finding speaks of.
pub(super) fn or_stand_in<T>(value: Option<T>, text: &str, parse: fn(&str) -> Result<T, NameError>) -> T {
    value.unwrap_or_else(|| crate::sure(parse(text).map_err(|error| error.message), "a stand-in parses"))
}

fn classifications(file: &MeshFile, place: &Place, findings: &mut Findings) -> BTreeSet<Classification> {
    let Some(values) = &file.classifications else {
        return products::Classes::builtin().known;
    };
    let place = place.child("classifications");
    let mut known = BTreeSet::new();
    for (index, value) in values.iter().enumerate() {
        let here = place.child(index);
        let Some(value) = findings.name("classification", value, &here, Classification::parse) else { continue };
        if !known.insert(value.clone()) {
            findings.invalid(here, format!("classification `{value}` is listed twice"), "remove one of the two");
        }
    }
    if !known.iter().any(Classification::is_unclassified) {
        let message = format!("the classifications {} leave out `unclassified`", listed(&known));
        let finding = Finding::new(Code::DeclaredUnclassified, place, message)
            .help("add `unclassified`: tables carry it, so that a column that a crawler finds is hidden until somebody looks at it");
        findings.add(finding);
        known.insert(or_stand_in(None, Classification::UNCLASSIFIED, Classification::parse));
    }
    known
}

fn default_classification(
    file: &MeshFile,
    place: &Place,
    classifications: &BTreeSet<Classification>,
    findings: &mut Findings,
) -> Classification {
    let written = file.defaults.as_ref().and_then(|defaults| defaults.classification.as_deref());
    let here = match written {
        Some(_) => place.child("defaults").child("classification"),
        None => place.child("classifications"),
    };
    let classes = products::Classes { known: classifications.clone(), complete: true, default: String::new() };
    let found = classes.get(written.unwrap_or("internal"), &here, findings);
    if found.as_ref().is_some_and(Classification::is_unclassified) {
        let message = "declared columns cannot be `unclassified` by default".to_owned();
        findings.add(Finding::new(Code::DeclaredUnclassified, here, message));
    }
    let usable = |classification: &&Classification| !classification.is_unclassified();
    let found = found.filter(|found| !found.is_unclassified()).or_else(|| classifications.iter().find(usable).cloned());
    or_stand_in(found, "internal", Classification::parse)
}

fn domain(
    file: &DomainFile,
    place: &Place,
    classes: &products::Classes,
    inputs: &mut Inputs,
    findings: &mut Findings,
) -> Option<Domain> {
    let name = findings.name("domain name", &file.name, &place.child("name"), OwnerName::parse);
    let account = findings.name("account", &file.account, &place.child("account"), AccountId::parse);
    let principals = principals(&file.principals, account.as_ref(), place, findings);
    let team = team(&file.team, &place.child("team"), findings);
    // products are looked at even where the domain's own name is wrong
    let owner = name.clone().or_else(|| OwnerName::parse("unnamed").ok())?;
    let products = products::read(&file.products, &owner, &place.child("products"), classes, inputs, findings);
    let athena = athena::read(file.athena.as_ref(), place, findings);
    Some(Domain { name: name?, account: account?, team, principals, athena, products, origin: place.clone() })
}

fn consumer(file: &ConsumerFile, place: &Place, findings: &mut Findings) -> Option<Consumer> {
    let name = findings.name("consumer name", &file.name, &place.child("name"), OwnerName::parse);
    let account = findings.name("account", &file.account, &place.child("account"), AccountId::parse);
    let principals = principals(&file.principals, account.as_ref(), place, findings);
    let quicksight = quicksight::read(file.quicksight.as_ref(), &place.child("quicksight"), findings);
    Some(Consumer {
        name: name?,
        account: account?,
        team: team(&file.team, &place.child("team"), findings),
        tools: file.tools.iter().copied().collect(),
        principals,
        subscriptions: Vec::new(),
        athena: athena::read(file.athena.as_ref(), place, findings),
        quicksight,
        network: super::network::read(file, place, findings),
        batch_models: Vec::new(),
        origin: place.clone(),
    })
}

fn team(file: &TeamFile, place: &Place, findings: &mut Findings) -> Team {
    let (mailbox, host) = file.email.split_once('@').unwrap_or_default();
    let plain = file.email.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"'(),;:\\[]{}$`|".contains(&byte));
    if mailbox.is_empty() || !host.contains('.') || host.contains('@') || !plain {
        findings.invalid(
            place.child("email"),
            format!("`{}` is no e-mail address", file.email),
            "name a mailbox that the team reads: alarms go there",
        );
    }
    let mut tag_value = |text: &str, field: &str| {
        if text.is_empty() || text.chars().count() > 256 || !text.chars().all(is_of_tags) {
            findings.invalid(
                place.child(field),
                format!("`{}` cannot be the value of a resource tag", text.escape_debug()),
                "use letters, digits, spaces and _.:/=+-@, at most 256",
            );
        }
    };
    tag_value(&file.name, "name");
    if let Some(cost_centre) = &file.cost_centre {
        tag_value(cost_centre, "costCentre");
    }
    Team { name: file.name.clone(), email: file.email.clone(), cost_centre: file.cost_centre.clone() }
}

/// The characters that resource tags allow in every service: letters and numbers by Unicode's categories, which leave out the
/// marks that some scripts write vowels with, spaces, and `_.:/=+-@` (AWS general reference, tag naming limits; the pattern
/// of the types' schemas is `^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`).
fn is_of_tags(letter: char) -> bool {
    static BEYOND_ASCII: LazyLock<Regex> =
        LazyLock::new(|| crate::sure(Regex::new(r"^[\p{L}\p{N}]$"), "it is a pattern"));
    match letter.is_ascii() {
        true => letter.is_ascii_alphanumeric() || " _.:/=+-@".contains(letter),
        false => BEYOND_ASCII.is_match(letter.encode_utf8(&mut [0; 4])),
    }
}

fn principals(
    files: &[PrincipalFile],
    account: Option<&AccountId>,
    place: &Place,
    findings: &mut Findings,
) -> Vec<Principal> {
    let mut principals = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let here = place.child("principals").child(index);
        match (&file.role, &file.permission_set) {
            (Some(role), None) => {
                let here = here.child("role");
                let Some(role) = findings.name("principal", role, &here, RoleArn::parse) else { continue };
                if let Some(account) = account.filter(|account| account.as_str() != role.account()) {
                    let message =
                        format!("principal `{role}` is a role of account {}, not of {account}", role.account());
                    findings.add(Finding::new(Code::ForeignPrincipal, here, message));
                }
                principals.push(Principal::Role(role));
            }
            (None, Some(set)) => {
                let parsed =
                    findings.name("permission set", set, &here.child("permissionSet"), PermissionSetName::parse);
                principals.extend(parsed.map(Principal::PermissionSet));
            }
            (Some(_), Some(_)) | (None, None) => {
                let message = "a principal is either a `role` or a `permissionSet`".to_owned();
                findings.invalid(here, message, "write `{role: <ARN>}` or `{permissionSet: <name>}`");
            }
        }
    }
    principals.sort();
    principals.dedup();
    principals
}
