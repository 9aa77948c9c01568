//! The facts of several templates, put together and taken apart.

use super::facts::Facts;
use super::lists::List;
use crate::assembly::Document;
use rayon::prelude::*;

impl Facts {
    /// Adds the facts of other templates.
    pub fn append(&mut self, other: Self) {
        let Self {
            settings,
            tags,
            associations,
            grants,
            filters,
            databases,
            table_links,
            tables,
            locations,
            roles,
            users,
            policies,
            crawlers,
            data_sources,
            data_sets,
            schedules,
            surroundings,
            accounts,
            unknown,
        } = other;
        self.settings.extend(settings);
        self.tags.extend(tags);
        self.associations.extend(associations);
        self.grants.extend(grants);
        self.filters.extend(filters);
        self.databases.extend(databases);
        self.table_links.extend(table_links);
        self.tables.extend(tables);
        self.locations.extend(locations);
        self.roles.extend(roles);
        self.users.extend(users);
        self.policies.extend(policies);
        self.crawlers.extend(crawlers);
        self.data_sources.extend(data_sources);
        self.data_sets.extend(data_sets);
        self.schedules.extend(schedules);
        self.surroundings.append(surroundings);
        self.accounts.extend(accounts);
        self.unknown.extend(unknown);
    }

    /// The facts of several templates.
    #[must_use]
    pub fn of(documents: &[Document]) -> Self {
        Self::together(documents.par_iter().map(Self::one).collect::<Vec<_>>())
    }

    /// The facts of one template.
    #[must_use]
    pub fn one(document: &Document) -> Self {
        let mut facts = Self::default();
        facts.read(document);
        facts
    }

    /// Takes the facts apart beside whatever comes next: of a large mesh that is a tenth of a second.
    pub fn drop_beside(self) {
        rayon::spawn(move || drop(self));
    }

    /// The facts of each template, in the order of the templates.
    #[must_use]
    pub fn together(facts: Vec<Self>) -> Self {
        let mut all = Self::default();
        all.make_room(&facts);
        for facts in facts {
            all.append(facts);
        }
        all
    }

    /// Asks something of these facts and those of further templates together, and forgets the further ones again: of two sides
    /// of a comparison, what both have need not be there twice.
    pub fn with<T>(&mut self, further: Vec<Self>, ask: impl FnOnce(&Self) -> T) -> T {
        let lengths = self.lists().map(|list| list.length());
        let (accounts, surroundings) = (self.accounts.clone(), self.surroundings.mark());
        self.make_room(&further);
        for facts in further {
            self.append(facts);
        }
        let answer = ask(self);
        for (list, length) in self.lists().into_iter().zip(lengths) {
            list.cut(length);
        }
        self.accounts = accounts;
        self.surroundings.back_to(surroundings);
        answer
    }

    fn lists(&mut self) -> [&mut dyn List; 17] {
        let Self {
            settings,
            tags,
            associations,
            grants,
            filters,
            databases,
            table_links,
            tables,
            locations,
            roles,
            users,
            policies,
            crawlers,
            data_sources,
            data_sets,
            schedules,
            surroundings: _,
            accounts: _,
            unknown,
        } = self;
        [
            settings,
            tags,
            associations,
            grants,
            filters,
            databases,
            table_links,
            tables,
            locations,
            roles,
            users,
            policies,
            crawlers,
            data_sources,
            data_sets,
            schedules,
            unknown,
        ]
    }

    /// Makes room for what there is most of: lists that grow are copied to new memory again and again.
    fn make_room(&mut self, facts: &[Self]) {
        let sum = |length: fn(&Self) -> usize| facts.iter().map(length).sum::<usize>();
        self.associations.reserve_exact(sum(|facts| facts.associations.len()));
        self.grants.reserve_exact(sum(|facts| facts.grants.len()));
        self.databases.reserve_exact(sum(|facts| facts.databases.len()));
        self.tables.reserve_exact(sum(|facts| facts.tables.len()));
        self.roles.reserve_exact(sum(|facts| facts.roles.len()));
        self.policies.reserve_exact(sum(|facts| facts.policies.len()));
        self.crawlers.reserve_exact(sum(|facts| facts.crawlers.len()));
        self.surroundings.make_room(facts.iter().map(|facts| &facts.surroundings));
    }
}
