//! What several modules of the tests need.

use meshform::environment::{self, Loaded, Source};
use meshform::finding::{Code, Finding, Severity};
use meshform::report::findings::{self, Format, Look};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A path below `tests/fixtures/`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

pub(crate) fn load(directory: &Path) -> Loaded {
    environment::load(directory).expect("the directory can be read")
}

/// Findings as a report shows them.
pub(crate) fn report(source: &Source, findings: &[Finding], format: Format) -> String {
    let mut out = Vec::new();
    findings::write(&mut out, source, findings, format, &Look::default()).expect("a vector takes everything");
    String::from_utf8(out).expect("reports are text")
}

/// The codes of the errors among some findings.
pub(crate) fn errors(findings: &[Finding]) -> BTreeSet<Code> {
    findings.iter().filter(|finding| finding.severity() == Severity::Error).map(|finding| finding.code).collect()
}
