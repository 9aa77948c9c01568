//! The doors of a consumer's network: an endpoint for each service that its tools need, each with a policy of its own.
//!
//! A policy of an endpoint grants nothing: it says who may pass, and what they may do stands in their roles. AWS's own
//! policy lets everyone through (AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies").

use super::network::{Ground, HTTPS};
use crate::cfn::ec2::{Rule, SecurityGroup, VpcEndpoint};
use crate::cfn::iam::{PolicyDocument, Principal as By, Statement};
use crate::cfn::{Handle, LogicalId, Template};
use crate::environment::files::PortKind;
use crate::mesh::{AccountId, EndpointForm, EndpointService, EndpointVendor, Mesh, endpoints, image_registry};
use std::collections::BTreeSet;

/// Adds the endpoints; interfaces take HTTPS from the group of what works in the network.
pub(super) fn add(template: &mut Template, ground: &Ground<'_>, workers: Option<&Handle<SecurityGroup>>) {
    let doors = workers.map(|workers| {
        let ingress = Rule::from_group("from what works here", HTTPS, workers.group_id());
        let description = format!("Endpoints in the network of the consumer {}", ground.consumer.name);
        ground.group(template, "Endpoints", description, (vec![ingress], vec![Rule::nothing()]))
    });
    for service in endpoints(ground.consumer, &ground.mesh.region) {
        let name = service.service_name(&ground.mesh.region);
        let policy = policy(ground, service);
        let endpoint = match (service.form, &doors) {
            (EndpointForm::Gateway, _) => {
                VpcEndpoint::gateway(ground.vpc.name(), name, policy, vec![ground.routes.name()], ground.tags())
            }
            (EndpointForm::Interface, Some(doors)) => {
                let doors = (ground.subnet_ids(), doors.group_id());
                VpcEndpoint::interface(ground.vpc.name(), name, policy, doors, ground.tags())
            }
            // only a network in which nobody works has no group, and it needs no interfaces
            (EndpointForm::Interface, None) => continue,
        };
        template.add(LogicalId::new(&format!("{}Endpoint", service.word)), endpoint, &ground.consumer.origin);
    }
}

fn policy(ground: &Ground<'_>, service: &EndpointService) -> PolicyDocument {
    match (service.form, service.vendor) {
        (EndpointForm::Gateway, EndpointVendor::Amazon | EndpointVendor::Sagemaker) => buckets(ground),
        (EndpointForm::Interface, EndpointVendor::Amazon) => callers(ground, service),
        (EndpointForm::Interface, EndpointVendor::Sagemaker) => studio(ground),
    }
}

/// Through an interface passes who belongs to the account, or to an account whose reader roles it assumes.
fn callers(ground: &Ground<'_>, service: &EndpointService) -> PolicyDocument {
    let Ground { mesh, consumer, .. } = ground;
    let readers = consumer.subscriptions.iter().filter(|subscription| subscription.port != PortKind::Tables);
    let mut accounts: BTreeSet<&AccountId> = BTreeSet::from([&consumer.account]);
    accounts.extend(readers.filter_map(|reader| Some(&mesh.domains.get(&reader.domain)?.account)));
    PolicyDocument::new([Statement::allow("OwnPrincipals", [format!("{}:*", service.actions)])
        .by(By::Everyone("*"))
        .on(["*"])
        .when("StringEquals", "aws:PrincipalAccount", accounts.into_iter().map(AccountId::as_str))
        .when("StringEquals", "aws:PrincipalOrgID", [mesh.organization.as_str()])])
}

/// Through Studio's interface, people reach the user profiles of this account, and applications are made there.
///
/// The requests of a browser carry no principal, so the resource is what limits it; `CreateApp` must be among the actions
/// (SageMaker developer guide, "Create a VPC endpoint policy for SageMaker Studio").
fn studio(ground: &Ground<'_>) -> PolicyDocument {
    let Ground { mesh, consumer, .. } = ground;
    let start = format!("arn:{}:sagemaker:{}:{}", mesh.region.partition(), mesh.region, consumer.account);
    PolicyDocument::new([Statement::allow("OwnStudio", ["sagemaker:CreateApp", "sagemaker:CreatePresignedDomainUrl"])
        .by(By::Everyone("*"))
        .on([format!("{start}:app/*"), format!("{start}:user-profile/*")])])
}

/// Through S3's gateway passes what goes to the buckets of this account and of those whose data it reads; and AWS's images.
///
/// Lake Formation's credentials are those of the registration role in the governance account, so that the caller's account
/// says little; the bucket's says all. A presigned layer of an image has no principal of ours (Amazon ECR user guide,
/// "Minimum Amazon S3 bucket permissions for Amazon ECR").
fn buckets(ground: &Ground<'_>) -> PolicyDocument {
    let Ground { mesh, consumer, .. } = ground;
    let accounts = data_accounts(mesh, ground);
    let mut statements = vec![
        Statement::allow("OwnAndSubscribedBuckets", ["s3:*"])
            .by(By::Everyone("*"))
            .on(["*"])
            .when("StringEquals", "aws:PrincipalOrgID", [mesh.organization.as_str()])
            .when("StringEquals", "aws:ResourceAccount", accounts),
    ];
    let artifacts = consumer.artifacts();
    if !artifacts.is_empty() {
        // SageMaker fetches them by way of the models' subnets, and their bucket may be anybody's
        let partition = mesh.region.partition();
        let objects = artifacts.iter().map(|artifacts| artifacts.objects_arn(partition));
        statements.push(Statement::allow("ModelArtifacts", ["s3:GetObject"]).by(By::Everyone("*")).on(objects).when(
            "StringEquals",
            "aws:PrincipalOrgID",
            [mesh.organization.as_str()],
        ));
    }
    let pulls = endpoints(consumer, &mesh.region).iter().any(|service| service.actions == "ecr");
    if pulls && image_registry(&mesh.region).is_some() {
        let layers = format!("arn:{}:s3:::prod-{}-starport-layer-bucket/*", mesh.region.partition(), mesh.region);
        statements.push(Statement::allow("ImageLayers", ["s3:GetObject"]).by(By::Everyone("*")).on([layers]));
    }
    PolicyDocument::new(statements)
}

/// The consumer's account and those of the domains whose tables it subscribes to.
fn data_accounts(mesh: &Mesh, ground: &Ground<'_>) -> Vec<String> {
    let consumer = ground.consumer;
    let tables = consumer.subscriptions.iter().filter(|subscription| subscription.port == PortKind::Tables);
    let mut accounts: BTreeSet<String> = BTreeSet::from([consumer.account.to_string()]);
    accounts.extend(tables.filter_map(|table| Some(mesh.domains.get(&table.domain)?.account.to_string())));
    accounts.into_iter().collect()
}
