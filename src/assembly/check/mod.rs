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

use super::{Assembly, Document, Stack, StackId};
use crate::access::{Facts, Spot};
use crate::finding::{Code, Finding, Place};
use graph::Graph;
use rayon::prelude::*;

/// Checks every stack of an assembly; findings point to the lines of the environment that made the resources.
#[must_use]
pub fn check(assembly: &Assembly) -> Vec<Finding> {
    // few templates at a time become JSON: all of them at once would be most of the memory of a large mesh
    let parts = assembly.stacks.par_iter().map(|(_, stack)| Checked::of(stack, &Document::of(stack)));
    check_together(parts.collect(), &|stack, resource| assembly.stacks.get(stack)?.origin(resource))
}

/// What checking one stack by itself came to: what is wrong with it, and what the rules about all of them need to know of it.
/// The stack itself need not be kept.
#[derive(Default)]
pub struct Checked {
    findings: Vec<Finding>,
    facts: Facts,
    edges: edges::Edges,
    uses: uses::Uses,
    needs: needs::Needs,
}

impl Checked {
    /// Checks a stack by itself, whose document is at hand.
    #[must_use]
    pub fn of(stack: &Stack, document: &Document) -> Self {
        Checker::of(&|_, resource| stack.origin(resource), document).into()
    }

    /// Reads a stack without checking it by itself: one that stands just so was found right before.
    #[must_use]
    pub fn standing(document: &Document) -> Self {
        Checker::reading(&|_, _| None, document).into()
    }

    /// Takes what it says of access out of it.
    #[must_use]
    pub fn take_facts(&mut self) -> Facts {
        std::mem::take(&mut self.facts)
    }

    /// What is wrong with the stack by itself.
    #[must_use]
    pub fn findings(self) -> Vec<Finding> {
        self.findings
    }
}

/// Everything that is wrong with stacks of which each was checked by itself: that, and what the rules about all of them find.
/// `origin` tells where in the environment a resource of a stack was written; it is asked of what is wrong alone.
#[must_use]
pub fn check_together(parts: Vec<Checked>, origin: &(dyn Fn(&StackId, &str) -> Option<Place> + Sync)) -> Vec<Finding> {
    Checker::all(origin, parts).finish(|_| ()).0
}

/// As [`check_together`], of stacks whose facts were taken out before; they are good for more, at the same time: `meanwhile` gets them.
#[must_use]
pub fn check_beside<T: Send>(
    parts: Vec<Checked>,
    facts: Facts,
    origin: &(dyn Fn(&StackId, &str) -> Option<Place> + Sync),
    meanwhile: impl FnOnce(&Facts) -> T + Send,
) -> (Vec<Finding>, T) {
    Checker { facts, ..Checker::all(origin, parts) }.finish(meanwhile)
}

/// Checks templates from anywhere; findings point into the templates.
#[must_use]
pub fn check_documents(documents: &[Document]) -> Vec<Finding> {
    let parts = documents.par_iter().map(|document| Checker::of(&|_, _| None, document).into());
    check_together(parts.collect(), &|_, _| None)
}

/// Checks order alone: what each template and each stack waits for. The same rules as in [`check_documents`], without the
/// costly ones, for whoever asks about one edge after another.
#[must_use]
pub fn check_order(documents: &[Document]) -> Vec<Finding> {
    let mut checker = Checker::new(&|_, _| None);
    for document in documents {
        checker.order(document, &Graph::of(document));
    }
    let (facts, edges, uses) =
        (std::mem::take(&mut checker.facts), std::mem::take(&mut checker.edges), std::mem::take(&mut checker.uses));
    stacks(&mut checker, &facts, &crawlers::Index::of(&facts), &edges, &uses);
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

/// A rule about all templates together.
type Rule<'rule, 'place> = Box<dyn FnOnce(&mut Checker<'place>) + Send + 'rule>;

/// Rules about the order of stacks, and about what must stand for a crawler to work.
fn stacks<'f>(
    checker: &mut Checker<'_>,
    facts: &'f Facts,
    index: &crawlers::Index<'f>,
    edges: &edges::Edges,
    uses: &uses::Uses,
) {
    crawlers::check_grants(checker, facts, index);
    edges.check(checker, facts, uses, index);
}

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
    fn all(place: PlaceOf<'a>, parts: Vec<Checked>) -> Self {
        let mut all = Self::new(place);
        let mut of_parts = Vec::with_capacity(parts.len());
        let rest = parts.into_iter().map(|Checked { findings, facts, edges, uses, needs }| {
            all.findings.extend(findings);
            of_parts.push(facts);
            (edges, uses, needs)
        });
        let rest: Vec<_> = rest.collect();
        let (facts, ()) = rayon::join(
            || Facts::together(of_parts),
            || {
                for (edges, uses, needs) in rest {
                    all.edges.append(edges);
                    all.uses.append(uses);
                    all.needs.append(needs);
                }
            },
        );
        Self { facts, ..all }
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
    fn finish<T: Send>(self, meanwhile: impl FnOnce(&Facts) -> T + Send) -> (Vec<Finding>, T) {
        let Self { place, mut findings, facts, edges, uses, needs } = self;
        let of_rules = || {
            let index = crawlers::Index::of(&facts);
            let rules: [Rule<'_, 'a>; 5] = [
                Box::new(|checker| needs.check(checker)),
                Box::new(|checker| catalog::check(checker, &facts)),
                Box::new(|checker| crawlers::check(checker, &facts, &index)),
                Box::new(|checker| quicksight::check(checker, &facts)),
                Box::new(|checker| stacks(checker, &facts, &index, &edges, &uses)),
            ];
            let found = rules.into_par_iter().map(|rule| {
                let mut checker = Self::new(place);
                rule(&mut checker);
                checker.findings
            });
            found.collect::<Vec<_>>()
        };
        let (found, meanwhile) = rayon::join(of_rules, || meanwhile(&facts));
        findings.extend(found.into_iter().flatten());
        facts.drop_beside();
        (findings, meanwhile)
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

impl From<Checker<'_>> for Checked {
    fn from(checker: Checker<'_>) -> Self {
        let Checker { place: _, findings, facts, edges, uses, needs } = checker;
        Self { findings, facts, edges, uses, needs }
    }
}
