//! Endpoints of networks: a service that there is, and a policy that lets not everyone through to everything.

use super::Checker;
use super::policies::statements;
use crate::assembly::Document;
use crate::finding::{Code, nearest};
use crate::mesh::{ENDPOINT_SERVICES, EndpointForm, Region};
use serde_json::Value;

pub(super) fn check(checker: &mut Checker<'_>, document: &Document) {
    for (id, _, entry) in document.resources().filter(|(_, type_name, _)| *type_name == "AWS::EC2::VPCEndpoint") {
        let properties = &entry["Properties"];
        let name = properties["ServiceName"].as_str().unwrap_or_default();
        let form = properties["VpcEndpointType"].as_str().unwrap_or("Gateway");
        if let Some(message) = unknown(name, form, &document.region) {
            checker.find(Code::UnknownEndpoint, &document.id, id, message);
        }
        let statements = statements(&properties["PolicyDocument"]);
        if statements.is_empty() {
            checker.find(Code::EndpointOpen, &document.id, id, "it has no policy, so everyone passes".to_owned());
        }
        for statement in statements.iter().filter(|statement| statement["Effect"] == "Allow") {
            if let Some(missing) = open(statement, name) {
                let sid = statement["Sid"].as_str().unwrap_or_default();
                let message = format!(
                    "statement `{sid}` lets everyone through to every resource, without a condition on {missing}"
                );
                checker.find(Code::EndpointOpen, &document.id, id, message);
            }
        }
    }
}

/// What is wrong with a service's name, in the words of a message.
fn unknown(name: &str, form: &str, region: &str) -> Option<String> {
    let parsed = Region::parse(region).ok()?;
    let known = || ENDPOINT_SERVICES.iter();
    let Some(service) = known().find(|service| service.service_name(&parsed) == name) else {
        let names: Vec<String> = known().map(|service| service.service_name(&parsed)).collect();
        let advice = nearest(name, names.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!("; {near} is near"));
        return Some(format!("no service `{name}` is known in {region}{advice}"));
    };
    let expected = match service.form {
        EndpointForm::Gateway => "Gateway",
        EndpointForm::Interface => "Interface",
    };
    (form != expected).then(|| format!("`{name}` has an endpoint of the type {expected} here, not {form}"))
}

/// The key of the condition that a statement lacks, if it names no resource.
fn open(statement: &Value, service: &str) -> Option<&'static str> {
    let resources = match &statement["Resource"] {
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let names_resources = resources.iter().all(|resource| !resource.is_null() && resource != "*");
    let equals = &statement["Condition"]["StringEquals"];
    // S3's gateway carries credentials of other accounts, which Lake Formation gives
    let key = if service.ends_with(".s3") { "aws:ResourceAccount" } else { "aws:PrincipalAccount" };
    (!names_resources && equals[key].is_null()).then_some(key)
}
