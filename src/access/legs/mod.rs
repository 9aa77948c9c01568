//! The legs beside Lake Formation's grants: registration, key, bucket and endpoint policies, IAM, trust; and the copies.

use super::facts::{DatabaseFact, Spot, TableFact};
use super::model::{Copy, Leg};
use crate::assembly::Document;

/// What some templates say about these legs.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {}

/// How it stands with one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is there, by these resources.
    Holds(Vec<Spot>),
    /// It is not there: why, in words that follow `<database>.<table>: `.
    Missing(String),
    /// The templates do not tell: why.
    Unknown(String),
}

impl Surroundings {
    /// Reads one template.
    pub fn read(&mut self, _document: &Document) {}

    /// Adds what other templates say.
    pub fn append(&mut self, other: Self) {
        let Self {} = other;
    }

    /// The legs of one role to one table; `link` is the link to its database in the role's account, where it needs one.
    /// Empty where no template was read.
    #[must_use]
    pub fn legs(&self, _role: &str, _table: &TableFact, _link: Option<&DatabaseFact>) -> Vec<(Leg, Standing)> {
        Vec::new()
    }

    /// Who may assume a role, by its ARN, as its trust policy says; sorted.
    #[must_use]
    pub fn assumed_by(&self, _role: &str) -> Vec<String> {
        Vec::new()
    }

    /// The staging and result copies that a role makes of a table.
    #[must_use]
    pub fn copies(&self, _role: &str, _table: &TableFact) -> Vec<Copy> {
        Vec::new()
    }
}
