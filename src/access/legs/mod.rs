//! The legs of access beside Lake Formation's grants: registration, key and bucket policies, endpoints, IAM, trust; and the
//! copies, of which Lake Formation is not asked again.
//!
//! Each leg holds, is missing, or cannot be told from the templates; `docs/legs.md` has the rule of each and its source.

mod catalog;
mod conditions;
mod copies;
mod index;
mod network;
mod pattern;
mod policy;
#[cfg(test)]
mod policy_tests;
mod reading;
mod records;
mod rights;
mod standing;
mod storage;
mod text;
mod together;
mod trust;
mod truth;
mod unload;

pub(crate) use pattern::fits;
pub use standing::Standing;

use super::facts::{DatabaseFact, TableFact};
use super::model::{Copy, Leg};
use crate::assembly::Document;
use index::Index;
use records::Records;
use rights::View;
use std::sync::OnceLock;
use together::Mark;

/// What some templates say about these legs.
#[derive(Debug, Default)]
pub struct Surroundings {
    records: Records,
    /// Built when the first leg is asked for.
    index: OnceLock<Index>,
}

impl Clone for Surroundings {
    fn clone(&self) -> Self {
        Self { records: self.records.clone(), index: OnceLock::new() }
    }
}

impl Surroundings {
    /// Reads one template.
    pub fn read(&mut self, document: &Document) {
        self.index = OnceLock::new();
        self.records.read(document);
    }

    /// Makes room for what others are to add.
    pub(super) fn make_room<'a>(&mut self, others: impl Iterator<Item = &'a Self> + Clone) {
        self.records.make_room(others.map(|other| &other.records));
    }

    /// What to go back to.
    pub(super) fn mark(&mut self) -> Mark {
        self.records.mark()
    }

    /// Forgets what was added since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.index = OnceLock::new();
        self.records.back_to(mark);
    }

    /// Adds what other templates say.
    pub fn append(&mut self, other: Self) {
        let Self { records, index: _ } = other;
        self.index = OnceLock::new();
        self.records.append(records);
    }

    /// The legs of one role to one table; `link` is the link to its database in the role's account, where it needs one.
    /// Empty where no template was read.
    #[must_use]
    pub fn legs(&self, role: &str, table: &TableFact, link: Option<&DatabaseFact>) -> Vec<(Leg, Standing)> {
        if self.records.regions.is_empty() {
            return Vec::new();
        }
        let view = self.view();
        let storage = view.storage(table);
        let mut legs = storage.legs.clone();
        let Some(actor) = view.actor(role) else {
            legs.push((Leg::DataAccess, Standing::Unknown("no template makes the principal".to_owned())));
            return legs;
        };
        legs.push((Leg::DataAccess, view.data_access(&actor)));
        legs.extend(link.map(|link| (Leg::IdentityOnLink, view.identity_on_link(&actor, table, link))));
        legs.push((Leg::IdentityOnTarget, view.identity_on_target(&actor, table)));
        legs.extend(view.endpoints(&actor, table, link, &storage).map(|standing| (Leg::Endpoint, standing)));
        legs.push((Leg::Trust, view.trust(&actor)));
        legs
    }

    /// Who may assume a role, by its ARN, as its trust policy says; sorted.
    #[must_use]
    pub fn assumed_by(&self, role: &str) -> Vec<String> {
        let view = self.view();
        view.actor(role).map(|actor| view.assumed_by(&actor).0.into_iter().collect()).unwrap_or_default()
    }

    /// The staging and result copies that a role makes of a table.
    #[must_use]
    pub fn copies(&self, role: &str, table: &TableFact) -> Vec<Copy> {
        let view = self.view();
        view.actor(role).map(|actor| view.copies(&actor, table)).unwrap_or_default()
    }

    /// Builds the index, so that the first leg need not: of those who ask at once, all others would wait for it.
    pub(super) fn prepare(&self) {
        self.view();
    }

    fn view(&self) -> View<'_> {
        View { records: &self.records, index: self.index.get_or_init(|| Index::of(&self.records)) }
    }
}
