//! From files to a mesh: every text parsed once, every reference followed, all findings collected.
//!
//! Two rounds: the first reads each owner by itself, the second what owners say of one another.

mod acceptances;
mod athena;
mod deployment;
mod jobs;
mod models;
mod network;
mod owners;
mod products;
mod quality;
mod quicksight;
mod rendering;
mod sight;
mod subscriptions;
mod uniqueness;

use super::{Day, Mesh, NameError};
use crate::environment::Source;
use crate::finding::{Code, Finding, Place, Severity, refuses};

/// The mesh, if nothing refuses it, and everything that was found.
#[derive(Debug)]
pub struct Resolved {
    /// `None` when a finding is an error.
    pub mesh: Option<Mesh>,
    /// In no particular order; the report sorts them by file and place.
    pub findings: Vec<Finding>,
}

/// Makes the mesh of an environment.
///
/// `as_of` is the day on which access is looked at; without it no `endDate` has passed. A file that could not be read as
/// its kind is left out, and then names it may have defined are not reported as unknown.
#[must_use]
pub fn resolve(source: &Source, as_of: Option<&Day>) -> Resolved {
    let mut findings = Findings::default();
    let owners = owners::read(source, &mut findings);
    let mut mesh = owners.map(|owners| subscriptions::link(owners, source, as_of, &mut findings));
    if let Some(mesh) = &mut mesh {
        jobs::attach(mesh, source, &mut findings);
        let mut models = models::read(mesh, source, &mut findings);
        for consumer in mesh.consumers.values_mut() {
            consumer.batch_models = models.remove(consumer.name.as_str()).unwrap_or_default();
        }
    }
    if let Some(mesh) = &mesh {
        uniqueness::check(mesh, &mut findings);
        sight::check(mesh, &mut findings);
        quicksight::check(mesh, &mut findings);
        network::check(mesh, &mut findings);
        rendering::warn(mesh, source, &mut findings);
    }
    let accepted = acceptances::read(source, &mut findings);
    let mut findings = findings.0;
    acceptances::apply(&mut findings, &accepted, as_of);
    if let Some(mesh) = &mut mesh {
        mesh.accept = accepted;
    }
    Resolved { mesh: mesh.filter(|_| !refuses(&findings)), findings }
}

/// The findings so far.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Parses a name, or finds what is wrong with it: "product id `Sales` is not made of …".
    fn name<T>(&mut self, what: &str, text: &str, place: &Place, parse: fn(&str) -> Result<T, NameError>) -> Option<T> {
        parse(text)
            .map_err(|error| {
                self.add(Finding::new(error.code, place.clone(), format!("{what} `{text}` {}", error.message)))
            })
            .ok()
    }

    /// Whether no error at a place or below it leaves something out. A rule on a column that is not there leaves out nothing.
    fn are_whole_below(&self, place: &Place) -> bool {
        let is_below = |pointer: &str| {
            pointer.strip_prefix(&*place.pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut errors = self
            .0
            .iter()
            .filter(|finding| finding.severity() == Severity::Error && finding.code != Code::UnknownColumn);
        !errors.any(|finding| finding.place.file == place.file && is_below(&finding.place.pointer))
    }

    /// A finding of a value that the format does not allow.
    fn invalid(&mut self, place: Place, message: String, help: &str) {
        self.add(Finding::new(Code::InvalidValue, place, message).help(help));
    }
}

/// "public, internal and pii", in backticks.
fn listed<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("`{}`", item.as_ref())).collect();
    match items.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
