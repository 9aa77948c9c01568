//! Findings about templates: AWS's schemas, limits of the services, and hazards that no schema sees.
//!
//! Rules read documents, never the mesh, so that they hold for whatever is deployed. Each rule states what must be true;
//! its code, severity, advice and source stand in the table of [`crate::finding::Code`].

mod catalog;
mod crawlers;
mod data;
mod edges;
mod endpoints;
mod grants;
mod graph;
mod hidden_leg;
mod limits;
mod needs;
mod policies;
mod quicksight;
mod schemas;
mod uses;
mod wildcards;

pub use wildcards::{EXCEPTIONS, Exception};

use super::{Assembly, Document, StackId};
use crate::access::{Facts, Spot};
use crate::finding::{Code, Finding, Place};
use graph::Graph;

/// Checks every stack of an assembly; findings point to the lines of the environment that made the resources.
#[must_use]
pub fn check(assembly: &Assembly) -> Vec<Finding> {
    let place = |stack: &StackId, resource: &str| {
        let stack = assembly.stacks.get(stack)?;
        let entry = stack.template.resources.iter().find(|(id, _)| id.as_str() == resource)?;
        Some(entry.1.origin.clone())
    };
    // one template at a time becomes JSON: all of them at once would be most of the memory of a large mesh
    let mut checker = Checker::new(&place);
    for stack in assembly.stacks.values() {
        checker.stack(&Document::of(stack));
    }
    checker.finish()
}

/// Checks templates from anywhere; findings point into the templates.
#[must_use]
pub fn check_documents(documents: &[Document]) -> Vec<Finding> {
    let mut checker = Checker::new(&|_, _| None);
    for document in documents {
        checker.stack(document);
    }
    checker.finish()
}

/// Checks order alone: what each template and each stack waits for. The same rules as in [`check_documents`], without the
/// costly ones, for whoever asks about one edge after another.
#[must_use]
pub fn check_order(documents: &[Document]) -> Vec<Finding> {
    let mut checker = Checker::new(&|_, _| None);
    for document in documents {
        checker.order(document, &Graph::of(document));
    }
    let facts = std::mem::take(&mut checker.facts);
    checker.stacks(&facts);
    checker.findings
}

/// Checks rights alone: what grants say, and what roles may do. The same rules as in [`check_documents`], without the costly
/// ones, for whoever asks about one action after another.
#[must_use]
pub fn check_rights(documents: &[Document]) -> Vec<Finding> {
    let mut checker = Checker::new(&|_, _| None);
    for document in documents {
        checker.facts.read(document);
        checker.needs.read(document);
    }
    let facts = std::mem::take(&mut checker.facts);
    catalog::check(&mut checker, &facts);
    std::mem::take(&mut checker.needs).check(&mut checker);
    checker.findings
}

/// What the rules share: where things stand, and what was found.
struct Checker<'a> {
    place: &'a dyn Fn(&StackId, &str) -> Option<Place>,
    findings: Vec<Finding>,
    facts: Facts,
    edges: edges::Edges,
    uses: uses::Uses,
    needs: needs::Needs,
}

impl<'a> Checker<'a> {
    fn new(place: &'a dyn Fn(&StackId, &str) -> Option<Place>) -> Self {
        Self {
            place,
            findings: Vec::new(),
            facts: Facts::default(),
            edges: edges::Edges::default(),
            uses: uses::Uses::default(),
            needs: needs::Needs::default(),
        }
    }

    /// Rules about one template by itself.
    fn stack(&mut self, document: &Document) {
        let graph = Graph::of(document);
        schemas::check(self, document, &graph);
        limits::check(self, document);
        policies::check(self, document);
        endpoints::check(self, document);
        data::check(self, document);
        grants::check_shapes(self, document);
        self.needs.read(document);
        self.order(document, &graph);
    }

    /// Rules about the order inside one template; remembers what the rules about all of them need.
    fn order(&mut self, document: &Document, graph: &Graph) {
        let mut facts = Facts::default();
        facts.read(document);
        grants::check_order(self, &facts, graph);
        data::check_lock(self, document, graph);
        crawlers::check_order(self, &facts, graph);
        quicksight::check_order(self, &facts, graph);
        self.edges.read(document);
        let mut uses = std::mem::take(&mut self.uses);
        uses.read(self, document, graph);
        self.uses = uses;
        self.facts.append(facts);
    }

    /// Rules about all templates together.
    fn finish(mut self) -> Vec<Finding> {
        let facts = std::mem::take(&mut self.facts);
        catalog::check(&mut self, &facts);
        crawlers::check(&mut self, &facts);
        std::mem::take(&mut self.needs).check(&mut self);
        quicksight::check(&mut self, &facts);
        self.stacks(&facts);
        self.findings
    }

    /// Rules about the order of stacks, and about what must stand for a crawler to work.
    fn stacks(&mut self, facts: &Facts) {
        crawlers::check_grants(self, facts);
        let (edges, uses) = (std::mem::take(&mut self.edges), std::mem::take(&mut self.uses));
        edges.check(self, facts, &uses);
    }

    /// Adds a finding about a resource.
    fn find(&mut self, code: Code, stack: &StackId, resource: &str, message: String) {
        let template = || Place::at(format!("{stack}.template.json"), format!("/Resources/{resource}"));
        let place = (self.place)(stack, resource).unwrap_or_else(template);
        let message = format!("{resource} in {stack}: {message}");
        self.findings.push(Finding::new(code, place, message).help(code.advice()));
    }

    fn find_at(&mut self, code: Code, spot: &Spot, message: String) {
        self.find(code, &spot.stack, &spot.resource, message);
    }
}
