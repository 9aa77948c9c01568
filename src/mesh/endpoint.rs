//! Which endpoints a consumer's network needs: a table, and the tools that ask for each.
//!
//! Names: the AWS PrivateLink guide, "AWS services that integrate with AWS PrivateLink"; that Studio's has another vendor:
//! SageMaker developer guide, "Connect to Amazon SageMaker Studio through an interface VPC endpoint".

use super::{Consumer, NetworkUse, Region};
use crate::environment::files::Tool;

/// How an endpoint stands in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointForm {
    /// A route, without costs.
    Gateway,
    /// An address in each subnet, paid by the hour.
    Interface,
}

/// Who begins a service's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointVendor {
    /// `com.amazonaws.<region>.<service>`
    Amazon,
    /// `aws.sagemaker.<region>.<service>`
    Sagemaker,
}

/// What asks for an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// The network itself.
    Network,
    /// SageMaker Studio.
    Studio,
    /// SageMaker Studio where AWS's images for deep learning are in the registry that we know.
    Images,
    /// Queries: Studio's notebooks make them too.
    Query,
    /// A tool.
    Tool(Tool),
    /// Tools whose role is in another account, and Studio.
    Session,
}

/// A service that a network may have an endpoint of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndpointService {
    /// Its name, after the Region: `sagemaker.api`.
    pub name: &'static str,
    /// The word in its endpoint's logical id.
    pub word: &'static str,
    /// How it stands in a network.
    pub form: EndpointForm,
    /// Who begins its name.
    pub vendor: EndpointVendor,
    /// The service in its IAM actions: `sagemaker`.
    pub actions: &'static str,
    need: Need,
    /// Why it is needed.
    pub reason: &'static str,
}

const fn amazon(
    name: &'static str,
    word: &'static str,
    actions: &'static str,
    need: Need,
    reason: &'static str,
) -> EndpointService {
    let (form, vendor) = (EndpointForm::Interface, EndpointVendor::Amazon);
    EndpointService { name, word, form, vendor, actions, need, reason }
}

/// Every service that some tool asks for, by name.
pub const ENDPOINT_SERVICES: &[EndpointService] = &[
    amazon("athena", "Athena", "athena", Need::Query, "starts queries and reads their results"),
    amazon("ecr.api", "EcrApi", "ecr", Need::Images, "signs in to the registry of AWS's images"),
    amazon("ecr.dkr", "EcrDocker", "ecr", Need::Images, "pulls AWS's images"),
    amazon("execute-api", "ExecuteApi", "execute-api", Need::Tool(Tool::Api), "calls the products' APIs"),
    amazon("glue", "Glue", "glue", Need::Query, "reads the catalog"),
    amazon("kms", "Kms", "kms", Need::Studio, "encrypts what notebooks write"),
    amazon(
        "lakeformation",
        "LakeFormation",
        "lakeformation",
        Need::Query,
        "gives Spark and pandas credentials for data",
    ),
    amazon("logs", "Logs", "logs", Need::Studio, "keeps the logs of Studio's applications"),
    amazon("monitoring", "Monitoring", "cloudwatch", Need::Studio, "keeps the metrics of Studio's applications"),
    amazon(
        "redshift-data",
        "RedshiftData",
        "redshift-data",
        Need::Tool(Tool::Sql),
        "runs SQL on the products' SQL ports",
    ),
    EndpointService {
        name: "s3",
        word: "S3",
        form: EndpointForm::Gateway,
        vendor: EndpointVendor::Amazon,
        actions: "s3",
        need: Need::Network,
        reason: "reads results, and data with credentials that Lake Formation gives",
    },
    amazon("sagemaker.api", "SagemakerApi", "sagemaker", Need::Studio, "Studio does not start without it"),
    amazon(
        "sagemaker.runtime",
        "SagemakerRuntime",
        "sagemaker",
        Need::Studio,
        "Studio does not run notebooks without it",
    ),
    amazon("sts", "Sts", "sts", Need::Session, "tells programs who they are, and assumes reader roles"),
    EndpointService {
        name: "studio",
        word: "Studio",
        form: EndpointForm::Interface,
        vendor: EndpointVendor::Sagemaker,
        actions: "sagemaker",
        need: Need::Studio,
        reason: "opens Studio from inside the network",
    },
];

impl EndpointService {
    /// The service's name in a Region.
    #[must_use]
    pub fn service_name(&self, region: &Region) -> String {
        let vendor = match self.vendor {
            EndpointVendor::Amazon => "com.amazonaws",
            EndpointVendor::Sagemaker => "aws.sagemaker",
        };
        format!("{vendor}.{region}.{}", self.name)
    }

    fn is_needed(&self, consumer: &Consumer, region: &Region) -> bool {
        let has = |tool| consumer.tools.contains(&tool);
        match self.need {
            Need::Network => true,
            Need::Studio => has(Tool::Sagemaker),
            Need::Images => has(Tool::Sagemaker) && image_registry(region).is_some(),
            Need::Query => has(Tool::Sagemaker) || has(Tool::Athena),
            Need::Tool(tool) => has(tool),
            Need::Session => has(Tool::Sagemaker) || has(Tool::Athena) || has(Tool::Api) || has(Tool::Sql),
        }
    }
}

/// The endpoints that a consumer's network needs, by name; none without a network.
///
/// Where only models asked for the network nobody works in it, and the containers of models reach nothing but S3.
#[must_use]
pub fn endpoints(consumer: &Consumer, region: &Region) -> Vec<&'static EndpointService> {
    let Some(network) = &consumer.network else { return Vec::new() };
    let fits = |service: &&EndpointService| match network.used_by {
        NetworkUse::Tools => service.is_needed(consumer, region),
        NetworkUse::Models => service.need == Need::Network,
    };
    ENDPOINT_SERVICES.iter().filter(fits).collect()
}

/// The account with AWS's images for deep learning, where we know it (AWS Deep Learning Containers, "Available images").
#[must_use]
pub fn image_registry(region: &Region) -> Option<&'static str> {
    let known = [
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ];
    known.contains(&region.as_str()).then_some("763104351884")
}

#[cfg(test)]
mod tests {
    use super::{ENDPOINT_SERVICES, EndpointForm};
    use crate::mesh::Region;

    #[test]
    fn the_table_is_sorted_and_only_studio_has_another_vendor() {
        assert!(ENDPOINT_SERVICES.is_sorted_by_key(|service| service.name));
        let region = Region::parse("eu-west-1").expect("it is a Region");
        let names: Vec<String> = ENDPOINT_SERVICES.iter().map(|service| service.service_name(&region)).collect();
        let others: Vec<&String> = names.iter().filter(|name| !name.starts_with("com.amazonaws.eu-west-1.")).collect();
        assert_eq!(others, ["aws.sagemaker.eu-west-1.studio"]);
        let gateways = ENDPOINT_SERVICES.iter().filter(|service| service.form == EndpointForm::Gateway);
        assert_eq!(gateways.map(|service| service.name).collect::<Vec<_>>(), ["s3"]);
    }
}
