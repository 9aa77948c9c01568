//! What several modules need: paths of the repository, and an environment taken to its documents.

use meshform::assembly::{Assembly, Document};
use meshform::mesh::{Resolved, resolve};
use meshform::{environment, finding, stacks};
use std::path::{Path, PathBuf};

/// A path of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every stack of an environment that has no faults.
pub(crate) fn synthesize(directory: &Path) -> Assembly {
    let loaded = environment::load(directory).expect("the environment can be read");
    let Resolved { mesh, findings } = resolve(&loaded.source, None);
    let all = || loaded.findings.iter().chain(&findings);
    let refused: Vec<_> = all().filter(|found| finding::refuses(std::slice::from_ref(found))).collect();
    assert!(refused.is_empty(), "{refused:#?}");
    stacks::synthesize(&mesh.expect("without faults there is a mesh"))
}

/// Every template of the demo.
pub(crate) fn documents() -> Vec<Document> {
    Document::all(&synthesize(&repository("environments/demo")))
}

/// The resources of a template, to change them.
pub(crate) fn resources_mut(document: &mut Document) -> &mut serde_json::Map<String, serde_json::Value> {
    document.template_mut()["Resources"].as_object_mut().expect("a template has resources")
}
