//! The products' own logic: each file of `jobs/` to the product whose job runs it.

use super::Findings;
use crate::environment::Source;
use crate::finding::{Code, Finding, Place, nearest};
use crate::mesh::Mesh;

/// Puts the files into their products.
pub(super) fn attach(mesh: &mut Mesh, source: &Source, findings: &mut Findings) {
    let products = || mesh.domains.values().flat_map(|domain| domain.products.values());
    let running: Vec<String> =
        products().filter(|product| product.runs_glue_job()).map(|product| product.id.to_string()).collect();
    for path in source.jobs.keys() {
        let name = product_of(path);
        // a product that could not be read may be the one
        if running.iter().any(|product| product == name) || source.is_incomplete() {
            continue;
        }
        let exists = products().any(|product| product.id.as_str() == name);
        let message = if exists {
            format!("product `{name}` has no Glue job that would run this file")
        } else {
            format!("there is no product `{name}` whose job would run this file")
        };
        let finding = Finding::new(Code::MisplacedFile, Place::file(path), message);
        findings.add(match nearest(name, running.iter().map(String::as_str)) {
            Some(near) => finding.help(format!("did you mean jobs/{near}.py?")),
            None if exists => finding.help("remove it, or give the product `processing: {type: glue}`"),
            None => finding.help("name it after a product that has a Glue job"),
        });
    }
    for product in mesh.domains.values_mut().flat_map(|domain| domain.products.values_mut()) {
        product.transform = source.jobs.get(&format!("jobs/{}.py", product.id)).cloned();
    }
}

fn product_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".py").unwrap_or(name)
}
