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
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Checks every stack of an assembly; findings point to the lines of the environment that made the resources.
#[must_use]
pub fn check(assembly: &Assembly) -> Vec<Finding> {
    let place = |stack: &StackId, resource: &str| origin(assembly, stack, resource);
    // few templates at a time become JSON: all of them at once would be most of the memory of a large mesh
    let parts = assembly.stacks.par_iter().map(|(_, stack)| Checker::of(&place, &Document::of(stack)));
    Checker::all(&place, parts.collect()).finish(|_| ()).0
}

/// Checks an assembly whose documents are at hand, in a mesh that stands: rules about one template by itself are asked of
/// those templates alone that do not stand just so, since of the others the same was found before. Rules about all templates
/// together are asked of all. What was read for them is good for more, at the same time: `meanwhile` gets it.
#[must_use]
pub fn check_change<T: Send>(
    assembly: &Assembly,
    documents: &[Document],
    standing: &[Document],
    meanwhile: impl FnOnce(&Facts) -> T + Send,
) -> (Vec<Finding>, T) {
    let place = |stack: &StackId, resource: &str| origin(assembly, stack, resource);
    let standing: BTreeMap<&StackId, &Document> = standing.iter().map(|document| (&document.id, document)).collect();
    let is_same = |document: &Document| standing.get(&document.id).is_some_and(|old| old.is_same(document));
    let parts = documents.par_iter().map(|document| match is_same(document) {
        true => Checker::reading(&place, document),
        false => Checker::of(&place, document),
    });
    Checker::all(&place, parts.collect()).finish(meanwhile)
}

/// The place in the environment that made a resource.
fn origin(assembly: &Assembly, stack: &StackId, resource: &str) -> Option<Place> {
    let stack = assembly.stacks.get(stack)?;
    let entry = stack.template.resources.iter().find(|(id, _)| id.as_str() == resource)?;
    Some(entry.1.origin.clone())
}

/// Checks templates from anywhere; findings point into the templates.
#[must_use]
pub fn check_documents(documents: &[Document]) -> Vec<Finding> {
    let parts = documents.par_iter().map(|document| Checker::of(&|_, _| None, document));
    Checker::all(&|_, _| None, parts.collect()).finish(|_| ()).0
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
    checker.stacks(&facts, &crawlers::Index::of(&facts));
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

/// Where in the environment a resource of a stack was written.
type PlaceOf<'a> = &'a (dyn Fn(&StackId, &str) -> Option<Place> + Sync);

/// What the rules share: where things stand, and what was found. One for each template, then one for all.
struct Checker<'a> {
    place: PlaceOf<'a>,
    findings: Vec<Finding>,
    facts: Facts,
    edges: edges::Edges,
    uses: uses::Uses,
    needs: needs::Needs,
}

impl<'a> Checker<'a> {
    fn new(place: PlaceOf<'a>) -> Self {
        Self {
            place,
            findings: Vec::new(),
            facts: Facts::default(),
            edges: edges::Edges::default(),
            uses: uses::Uses::default(),
            needs: needs::Needs::default(),
        }
    }

    /// Checks one template by itself, and reads what the rules about all of them need.
    fn of(place: PlaceOf<'a>, document: &Document) -> Self {
        let mut checker = Self::new(place);
        let graph = Graph::of(document);
        schemas::check(&mut checker, document, &graph);
        limits::check(&mut checker, document);
        policies::check(&mut checker, document);
        endpoints::check(&mut checker, document);
        data::check(&mut checker, document);
        grants::check_shapes(&mut checker, document);
        checker.needs.read(document);
        checker.order(document, &graph);
        checker
    }

    /// Reads one template without checking it by itself.
    fn reading(place: PlaceOf<'a>, document: &Document) -> Self {
        let mut checker = Self::new(place);
        checker.facts.read(document);
        checker.needs.read(document);
        checker.edges.read(document);
        let mut uses = std::mem::take(&mut checker.uses);
        uses.read(&mut checker, document, &Graph::default());
        // what it says of the order inside of the template is not asked for
        checker.findings.clear();
        Self { uses, ..checker }
    }

    /// Puts what was found of each template together, in their order.
    fn all(place: PlaceOf<'a>, parts: Vec<Self>) -> Self {
        let mut all = Self::new(place);
        for Self { place: _, findings, facts, edges, uses, needs } in parts {
            all.findings.extend(findings);
            all.facts.append(facts);
            all.edges.append(edges);
            all.uses.append(uses);
            all.needs.append(needs);
        }
        all
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

    /// Rules about all templates together; what else is asked of the facts is done at the same time.
    fn finish<T: Send>(mut self, meanwhile: impl FnOnce(&Facts) -> T + Send) -> (Vec<Finding>, T) {
        let facts = std::mem::take(&mut self.facts);
        let rules = || {
            let index = crawlers::Index::of(&facts);
            catalog::check(&mut self, &facts);
            crawlers::check(&mut self, &facts, &index);
            std::mem::take(&mut self.needs).check(&mut self);
            quicksight::check(&mut self, &facts);
            self.stacks(&facts, &index);
            self.findings
        };
        rayon::join(rules, || meanwhile(&facts))
    }

    /// Rules about the order of stacks, and about what must stand for a crawler to work.
    fn stacks<'f>(&mut self, facts: &'f Facts, index: &crawlers::Index<'f>) {
        crawlers::check_grants(self, facts, index);
        let (edges, uses) = (std::mem::take(&mut self.edges), std::mem::take(&mut self.uses));
        edges.check(self, facts, &uses, index);
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
