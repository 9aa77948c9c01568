//! What is to be looked at: everything of the catalog that the deployed templates speak of.

use crate::access::{Facts, GrantedFact};
use std::collections::{BTreeMap, BTreeSet};

/// What is to be looked at, by account.
pub type Questions = BTreeMap<String, AccountQuestions>;

/// What is to be looked at in an account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountQuestions {
    /// Keys of LF-Tags in its catalog.
    pub tags: BTreeSet<String>,
    /// Databases with declared tables or tags: their tags, tables and columns.
    pub databases: BTreeSet<String>,
    /// What it grants, and to whom: asked for by the resource where the list does not show it.
    pub grants: BTreeSet<(String, GrantedFact)>,
}

/// What is to be looked at in each account of which a template stands.
#[must_use]
pub fn questions(facts: &Facts) -> Questions {
    let mut questions: Questions =
        facts.accounts.iter().map(|account| (account.clone(), AccountQuestions::default())).collect();
    for tag in &facts.tags {
        if let Some(questions) = questions.get_mut(&tag.catalog) {
            questions.tags.insert(tag.key.clone());
        }
    }
    // a database of which no template declares a table or a tag is its crawlers' and its owner's alone
    let of_tables = facts.tables.iter().map(|table| (&table.catalog, &table.database));
    let tagged = facts.associations.iter().map(|tagged| (&tagged.target.catalog, &tagged.target.database));
    for (catalog, database) in of_tables.chain(tagged) {
        if let Some(questions) = questions.get_mut(catalog).filter(|_| !database.is_empty()) {
            questions.databases.insert(database.clone());
        }
    }
    for grant in &facts.grants {
        if let (Some(questions), Some(principal)) = (questions.get_mut(&grant.account), &grant.principal) {
            questions.grants.insert((principal.clone(), grant.granted.clone()));
        }
    }
    questions
}
