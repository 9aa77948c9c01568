//! One principal before the tables that its grants speak of: which legs there are, which are missing, what it sees.

use super::catalog::{Base, Catalog, Tagged};
use super::expressions::{Expressions, speaks_of};
use super::facts::{DatabaseFact, Facts, Spot};
use super::granted::{GrantFact, GrantedFact};
use super::legs::Standing;
use super::model::{Leg, Missing, PrincipalKind, Table};
use super::openings::{Granting, Grants, Opening, allows};
use super::shown::{Legs, Shown};
use std::collections::{BTreeMap, BTreeSet};

/// Who looks.
#[derive(Clone, Copy)]
pub(super) struct Who<'a> {
    /// The identifier that grants name.
    pub(super) principal: &'a str,
    /// Its account; none for an organization.
    pub(super) account: Option<&'a str>,
    /// Whether a template of its account is here, so that a link that is not in the templates is not there.
    pub(super) has_templates: bool,
    pub(super) kind: PrincipalKind,
    /// A role that a template makes, of which the legs beside grants can be told.
    pub(super) is_made: bool,
}

/// What somebody sees.
#[derive(Default)]
pub(super) struct Sight {
    pub(super) tables: Vec<Table>,
    pub(super) missing: BTreeSet<Missing>,
    pub(super) unknown: BTreeSet<String>,
}

/// A link with the grants that let somebody describe it.
struct Linked<'a> {
    spot: &'a Spot,
    grant: Option<&'a Spot>,
    /// None for a link to a single table.
    database: Option<&'a DatabaseFact>,
}

/// All that sight is computed from.
pub(super) struct Sighting<'c, 'a> {
    facts: &'a Facts,
    granting: Granting<'c, 'a>,
}

impl<'c, 'a> Sighting<'c, 'a> {
    pub(super) const fn new(
        facts: &'a Facts,
        catalog: &'c Catalog<'a>,
        expressions: &'c Expressions,
        grants: &'c Grants<'a>,
    ) -> Self {
        Self { facts, granting: Granting { catalog, expressions, grants } }
    }

    /// What somebody sees, from their own grants alone.
    pub(super) fn of(&self, who: Who<'a>) -> Sight {
        let held = self.granting.grants.get(who.principal).map_or(&[][..], Vec::as_slice);
        // a receiving account may grant only to its own principals (Lake Formation guide, cross-account notes)
        let counts = |grant: &&GrantFact| {
            let own = who.account == Some(grant.account.as_str());
            let of_catalog = grant.granted.catalog() == Some(grant.account.as_str());
            // what an account received it cannot open to everyone (the same notes)
            if who.kind == PrincipalKind::Everyone { own && of_catalog } else { own || of_catalog }
        };
        let local: Vec<&'a GrantFact> = held.iter().copied().filter(counts).collect();
        let mut open: BTreeMap<usize, Vec<Opening<'a>>> = BTreeMap::new();
        // tables that a grant would open, had the account received it
        let mut refused: BTreeMap<usize, Vec<&'a GrantFact>> = BTreeMap::new();
        for grant in &local {
            let openings = self.granting.openings(grant);
            if allows(&grant.permissions, "SELECT") && grant.account != grant.granted.catalog().unwrap_or_default() {
                for (matched, _, _) in self.granting.matched(&grant.granted) {
                    let passed = openings.iter().any(|opening| opening.table == matched.table && opening.shows());
                    if !passed && matched.columns.contains(&true) {
                        refused.entry(matched.table).or_default().push(grant);
                    }
                }
            }
            openings.into_iter().for_each(|opening| open.entry(opening.table).or_default().push(opening));
        }
        let mut sight = Sight::default();
        let touched: BTreeSet<usize> = open
            .iter()
            .filter(|(_, openings)| openings.iter().any(Opening::shows))
            .map(|(table, _)| *table)
            .chain(refused.keys().copied())
            .collect();
        for table in &touched {
            let openings = open.get(table).map_or(&[][..], Vec::as_slice);
            let refused = refused.get(table).map_or(&[][..], Vec::as_slice);
            self.table(who, &local, *table, openings, refused, &mut sight);
        }
        for base in self.spoken_of(who, &local) {
            self.without_tables(&local, base, &touched, &mut sight);
        }
        sight.tables.sort_by(|left, right| name(left).cmp(&name(right)));
        sight
    }

    /// One table that a grant opens a column of.
    fn table(
        &self,
        who: Who<'a>,
        local: &[&'a GrantFact],
        number: usize,
        openings: &[Opening<'a>],
        refused: &[&'a GrantFact],
        sight: &mut Sight,
    ) {
        let tagged = &self.granting.catalog.tables[number];
        let base = &self.granting.catalog.bases[tagged.base];
        let mut legs = Legs::default();
        // a grant by name holds whatever tags there are
        let granted = openings
            .iter()
            .filter(|opening| opening.shows())
            .map(|opening| opening.grant)
            .chain(refused.iter().copied());
        let by_tags = granted.into_iter().any(|grant| matches!(grant.granted, GrantedFact::Expression { .. }));
        if let Some(spot) = base.tag_spot.filter(|_| by_tags) {
            legs.found(Leg::DatabaseTag, spot);
        }
        let link = self.link(who, local, base, tagged, &mut legs);
        self.on_database(who, local, tagged.base, &mut legs);
        let mut shown = Shown::of(tagged);
        for opening in openings {
            shown.add(opening, &mut legs);
        }
        let is_closed = !legs.missing.is_empty();
        for _ in refused {
            legs.lacks(Leg::AccountGrant, "the account may not pass on what the role is granted");
        }
        let place = format!("{}.{}", base.name, tagged.table.name);
        let mut copies = Vec::new();
        let mut reached = !is_closed && shown.visible.contains(&true);
        if reached && who.is_made {
            for (leg, standing) in self.facts.surroundings.legs(who.principal, tagged.table, link) {
                match standing {
                    Standing::Holds(spots) => spots.iter().for_each(|spot| legs.found(leg, spot)),
                    Standing::Missing(reason) => {
                        reached = false;
                        legs.lacks(leg, &reason);
                    }
                    Standing::Unknown(reason) if leg == Leg::Location => {
                        sight.unknown.insert(format!("{place}: {reason}"));
                    }
                    Standing::Unknown(reason) => drop(sight.unknown.insert(reason)),
                }
            }
            copies = self.facts.surroundings.copies(who.principal, tagged.table);
        }
        let missing = legs.missing.into_iter();
        sight.missing.extend(missing.map(|(leg, reason)| Missing { leg, reason: format!("{place}: {reason}") }));
        if reached {
            sight.tables.push(shown.table(base, tagged, legs.through, copies));
        }
    }

    /// The link to a table's database, or to the table, where one is needed.
    fn link(
        &self,
        who: Who<'a>,
        local: &[&'a GrantFact],
        base: &Base<'a>,
        tagged: &Tagged<'a>,
        legs: &mut Legs,
    ) -> Option<&'a DatabaseFact> {
        let account = who.account.filter(|account| who.has_templates && *account != base.catalog)?;
        // what is granted on a link is granted by the account that has it
        let describes = |on_link: &dyn Fn(&GrantedFact) -> bool| {
            let mut grants =
                local.iter().filter(|grant| grant.account == account && allows(&grant.permissions, "DESCRIBE"));
            grants.find(|grant| on_link(&grant.granted)).map(|grant| &grant.spot)
        };
        let to_database = self.granting.catalog.links(account, base).iter().map(|link| {
            let grant = describes(&|granted| match granted {
                GrantedFact::Database { catalog, name } => catalog == account && *name == link.name,
                GrantedFact::Expression { .. }
                | GrantedFact::Table { .. }
                | GrantedFact::Columns { .. }
                | GrantedFact::Filter { .. }
                | GrantedFact::Tag { .. }
                | GrantedFact::Location { .. }
                | GrantedFact::Other(_) => false,
            });
            Linked { spot: &link.spot, grant, database: Some(link) }
        });
        let to_table = self.granting.catalog.table_links(account, tagged.table).iter().map(|link| {
            let grant = describes(&|granted| match granted {
                GrantedFact::Table { catalog, database, name } => {
                    let named = name.as_ref().is_none_or(|name| *name == link.name);
                    catalog == account && *database == link.database && named
                }
                GrantedFact::Expression { .. }
                | GrantedFact::Database { .. }
                | GrantedFact::Columns { .. }
                | GrantedFact::Filter { .. }
                | GrantedFact::Tag { .. }
                | GrantedFact::Location { .. }
                | GrantedFact::Other(_) => false,
            });
            Linked { spot: &link.spot, grant, database: None }
        });
        let links: Vec<Linked<'a>> = to_database.chain(to_table).collect();
        let Some(link) = links.iter().find(|link| link.grant.is_some()).or(links.first()) else {
            legs.lacks(Leg::Link, "the account has no link to the database");
            legs.lacks(Leg::LinkGrant, "the role has no DESCRIBE on the link");
            return None;
        };
        legs.found(Leg::Link, link.spot);
        match link.grant {
            Some(spot) => legs.found(Leg::LinkGrant, spot),
            None => legs.lacks(Leg::LinkGrant, "the role has no DESCRIBE on the link"),
        }
        link.database
    }

    /// DESCRIBE on the database itself, by its tags or by its name. Where many stand behind one name, each of them may hold
    /// it otherwise.
    fn on_database(&self, who: Who<'a>, local: &[&'a GrantFact], base: usize, legs: &mut Legs) {
        let is_asked = match who.kind {
            PrincipalKind::Role | PrincipalKind::User | PrincipalKind::Group => true,
            PrincipalKind::Account | PrincipalKind::Organization => false,
            PrincipalKind::Everyone => return,
        };
        let mut is_held = false;
        for grant in local.iter().filter(|grant| self.granting.is_on_database(grant, base)) {
            is_held = true;
            if let Some(sources) = self.granting.behind_database(grant, base) {
                legs.found(Leg::LocalDatabaseGrant, &grant.spot);
                sources.iter().for_each(|spot| legs.found(Leg::AccountDatabaseGrant, spot));
                return;
            }
        }
        if !is_asked {
            return;
        }
        if is_held {
            legs.lacks(Leg::AccountDatabaseGrant, "the account may not pass on DESCRIBE on the database");
        } else {
            legs.lacks(Leg::LocalDatabaseGrant, "the role has no DESCRIBE on the database");
        }
    }

    /// The databases that somebody may describe, or a link to which.
    fn spoken_of(&self, who: Who<'a>, local: &[&'a GrantFact]) -> BTreeSet<usize> {
        let catalog = self.granting.catalog;
        let mut bases = BTreeSet::new();
        for grant in local.iter().filter(|grant| allows(&grant.permissions, "DESCRIBE")) {
            match &grant.granted {
                GrantedFact::Database { catalog: account, name } => {
                    bases.extend(catalog.database(account, name));
                    let of_who = who.account == Some(account.as_str());
                    let target = catalog.target(account, name).filter(|_| of_who);
                    bases.extend(target.and_then(|(account, name)| catalog.database(account, name)));
                }
                GrantedFact::Expression { tables: false, .. } => {
                    let number = self.granting.expressions.number(&grant.granted);
                    bases.extend(number.map_or(&[][..], |number| self.granting.expressions.bases(number)));
                }
                GrantedFact::Expression { .. }
                | GrantedFact::Table { .. }
                | GrantedFact::Columns { .. }
                | GrantedFact::Filter { .. }
                | GrantedFact::Tag { .. }
                | GrantedFact::Location { .. }
                | GrantedFact::Other(_) => {}
            }
        }
        bases
    }

    /// What is missing where no grant opens a column, though the database or the link to it may be described.
    fn without_tables(&self, local: &[&'a GrantFact], base: usize, touched: &BTreeSet<usize>, sight: &mut Sight) {
        let base = &self.granting.catalog.bases[base];
        let of_catalog = |grant: &&&GrantFact| grant.granted.catalog() == Some(base.catalog);
        let by_tags = local.iter().filter(of_catalog).any(|grant| is_on_tables(&grant.granted));
        let (leg, reason) = if base.tag_spot.is_none() && by_tags {
            (Leg::DatabaseTag, "the database carries no tag, so no expression matches it")
        } else if !local.iter().any(|grant| speaks_of_tables(grant, base)) {
            (Leg::LocalGrant, "the role has no SELECT on the tables of the database")
        } else {
            return;
        };
        for table in base.tables.iter().filter(|table| !touched.contains(table)) {
            let table = &self.granting.catalog.tables[*table].table.name;
            sight.missing.insert(Missing { leg, reason: format!("{}.{table}: {reason}", base.name) });
        }
    }
}

fn name(table: &Table) -> (&str, &str, &str) {
    (&table.catalog, &table.database, &table.table)
}

const fn is_on_tables(granted: &GrantedFact) -> bool {
    matches!(granted, GrantedFact::Expression { tables: true, .. })
}

/// Whether a grant is on tables of a database, whatever classifications it asks for: a table of which it opens no column is
/// no missing leg.
fn speaks_of_tables(grant: &GrantFact, base: &Base<'_>) -> bool {
    let of_base = |account: &String, name: &String| account == base.catalog && name == base.name;
    allows(&grant.permissions, "SELECT")
        && match &grant.granted {
            GrantedFact::Table { catalog, database, .. }
            | GrantedFact::Columns { catalog, database, .. }
            | GrantedFact::Filter { catalog, database, .. } => of_base(catalog, database),
            GrantedFact::Expression { catalog, tables: true, conditions } => {
                catalog == base.catalog && speaks_of(conditions, &base.tags)
            }
            GrantedFact::Expression { .. }
            | GrantedFact::Database { .. }
            | GrantedFact::Tag { .. }
            | GrantedFact::Location { .. }
            | GrantedFact::Other(_) => false,
        }
}
