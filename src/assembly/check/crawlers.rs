//! Crawlers: what they may look at, the grants that they need, and who else may be granted a table by its name.

use super::Checker;
use super::catalog::NAMES_A_TABLE;
use super::graph::Graph;
use crate::access::{CrawlerFact, Facts, GrantFact, GrantedFact, RoleFact, TableFact};
use crate::finding::Code;
use std::collections::{BTreeMap, BTreeSet};

/// The service that crawlers work as.
const GLUE: &str = "glue.amazonaws.com";

/// A grant that a crawler's role needs.
pub(super) struct Need {
    granted: GrantedFact,
    permissions: &'static [&'static str],
}

/// What the rules look things up by: a large mesh has thousands of crawlers, tables and grants, and each crawler asks for its
/// own.
pub(super) struct Index<'a> {
    grants: BTreeMap<(&'a str, &'a GrantedFact), &'a GrantFact>,
    /// By what it is on: each principal with its grant.
    holders: BTreeMap<&'a GrantedFact, Vec<(&'a str, &'a GrantFact)>>,
    /// By database and name, of whichever catalog.
    tables: BTreeMap<(&'a str, &'a str), Vec<&'a TableFact>>,
    /// By catalog and database.
    links: BTreeSet<(&'a str, &'a str)>,
    /// By bucket and prefix, without `/` at the end: the catalog, and the ARN as registered.
    locations: BTreeMap<&'a str, Vec<(&'a str, &'a str)>>,
    roles: BTreeMap<&'a str, &'a RoleFact>,
    /// Crawlers of tables, by catalog, database and table.
    of_tables: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a CrawlerFact>>,
    /// Crawlers of files alone, by catalog and the database in which they make tables.
    of_files: BTreeMap<(&'a str, &'a str), Vec<&'a CrawlerFact>>,
    /// Databases that carry a tag or hold what does, by catalog.
    tagged: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Index<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let grants = facts.grants.iter();
        let grants = grants.filter_map(|grant| Some(((grant.principal.as_deref()?, &grant.granted), grant)));
        let grants: BTreeMap<_, _> = grants.collect();
        let tables = facts.tables.iter().map(|table| ((&*table.database, &*table.name), table));
        let links = facts.databases.iter().filter(|database| database.target.is_some());
        let locations = facts.locations.iter().map(|location| {
            let path = location.arn.rsplit(":::").next().unwrap_or_default().trim_end_matches('/');
            (path, (&*location.catalog, &*location.arn))
        });
        let of_tables = facts.crawlers.iter().flat_map(|crawler| {
            tables_of(crawler).map(move |(database, table)| ((&*crawler.account, database, table), crawler))
        });
        let of_files = facts.crawlers.iter().filter(|crawler| crawler.tables.is_empty());
        let of_files =
            of_files.filter_map(|crawler| Some(((&*crawler.account, crawler.database.as_deref()?), crawler)));
        let targets = facts.associations.iter().map(|association| &association.target);
        Self {
            holders: grouped(grants.iter().map(|((principal, granted), grant)| (*granted, (*principal, *grant)))),
            grants,
            tables: grouped(tables),
            links: links.map(|link| (&*link.catalog, &*link.name)).collect(),
            locations: grouped(locations),
            roles: facts.roles.iter().map(|role| (&*role.arn, role)).collect(),
            of_tables: grouped(of_tables),
            of_files: grouped(of_files),
            tagged: targets.map(|target| (&*target.catalog, &*target.database)).collect(),
        }
    }

    /// The grants that a crawler needs: by name, since over an expression that matches part of the columns ALTER and
    /// INSERT shrink to DESCRIBE (TBAC notes).
    pub(super) fn needs(&self, crawler: &CrawlerFact) -> Vec<Need> {
        let catalog = || crawler.account.clone();
        let mut needs = Vec::new();
        for (database, table) in tables_of(crawler) {
            let (database, table) = (database.to_owned(), table.to_owned());
            let locations = self.locations(&crawler.account, &database, &table);
            needs.push(Need {
                granted: GrantedFact::Database { catalog: catalog(), name: database.clone() },
                permissions: &["DESCRIBE"],
            });
            needs.push(Need {
                granted: GrantedFact::Table { catalog: catalog(), database, name: Some(table) },
                permissions: &["ALTER", "DESCRIBE", "INSERT", "SELECT"],
            });
            needs.extend(locations.into_iter().map(|arn| Need {
                granted: GrantedFact::Location { catalog: catalog(), arn },
                permissions: &["DATA_LOCATION_ACCESS"],
            }));
        }
        if let Some(database) = crawler.database.as_ref().filter(|_| !crawler.paths.is_empty()) {
            needs.push(Need {
                granted: GrantedFact::Database { catalog: catalog(), name: database.clone() },
                permissions: &["CREATE_TABLE", "DESCRIBE"],
            });
        }
        needs
    }

    /// The registered locations that a table lies in.
    fn locations(&self, catalog: &str, database: &str, name: &str) -> Vec<String> {
        let mut tables = self.tables.get(&(database, name)).into_iter().flatten();
        let table = tables.find(|table| table.catalog == catalog);
        let Some(path) = table.and_then(|table| table.location.as_deref()?.strip_prefix("s3://")) else {
            return Vec::new();
        };
        let around = self.around(path).filter(|(of, _)| *of == catalog);
        around.map(|(_, arn)| arn.to_owned()).collect()
    }

    /// The registered locations that a path in S3 is or lies below: catalog and ARN.
    fn around(&self, path: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let parents = path.match_indices('/').map(|(end, _)| &path[..end]).chain([path]);
        parents.flat_map(|parent| self.locations.get(parent).into_iter().flatten().copied())
    }

    /// Who has a permission on something.
    fn holders(&self, granted: &GrantedFact, permission: &str) -> BTreeSet<&'a str> {
        let held = self.holders.get(granted).into_iter().flatten();
        let allows = |grant: &GrantFact| grant.permissions.contains(permission) || grant.permissions.contains("ALL");
        held.filter(|(_, grant)| allows(grant)).map(|(principal, _)| *principal).collect()
    }

    /// The grant of a crawler's role that answers a need, whatever its permissions.
    pub(super) fn held(&self, crawler: &CrawlerFact, need: &Need) -> Option<&'a GrantFact> {
        self.grants.get(&(crawler.role.as_deref()?, &need.granted)).copied()
    }
}

/// Everything by its key, in the order of the facts.
fn grouped<K: Ord, V>(entries: impl Iterator<Item = (K, V)>) -> BTreeMap<K, Vec<V>> {
    let mut groups: BTreeMap<K, Vec<V>> = BTreeMap::new();
    for (key, value) in entries {
        groups.entry(key).or_default().push(value);
    }
    groups
}

/// Database and table of each catalog target.
fn tables_of(crawler: &CrawlerFact) -> impl Iterator<Item = (&str, &str)> {
    crawler
        .tables
        .iter()
        .flat_map(|(database, tables)| tables.iter().map(move |table| (database.as_str(), table.as_str())))
}

/// Every grant that a crawler needs stands, and an owner may see what raw crawlers find.
pub(super) fn check_grants(checker: &mut Checker<'_>, facts: &Facts, index: &Index<'_>) {
    for crawler in &facts.crawlers {
        for need in index.needs(crawler) {
            let held = index.held(crawler, &need).map(|grant| &grant.permissions);
            let lacking = need
                .permissions
                .iter()
                .filter(|permission| !held.is_some_and(|held| held.contains(**permission) || held.contains("ALL")));
            let lacking: Vec<&str> = lacking.copied().collect();
            if !lacking.is_empty() {
                let role = crawler.role.as_deref().unwrap_or("its role");
                let message = format!("`{role}` lacks {} on {}", lacking.join(", "), told(&need.granted));
                checker.find_at(Code::CrawlerWithoutGrant, &crawler.spot, message);
            }
        }
        let Some(database) = crawler.database.as_ref().filter(|_| !crawler.paths.is_empty()) else { continue };
        let catalog = crawler.account.clone();
        let on_tables = GrantedFact::Table { catalog: catalog.clone(), database: database.clone(), name: None };
        let on_database = GrantedFact::Database { catalog, name: database.clone() };
        if index.holders(&on_tables, "SELECT").is_disjoint(&index.holders(&on_database, "DESCRIBE")) {
            let message = format!("nobody may see the tables that it makes in `{database}`");
            checker.find_at(Code::CrawlerWithoutGrant, &crawler.spot, message);
        }
    }
}

fn told(granted: &GrantedFact) -> String {
    match granted {
        GrantedFact::Database { name, .. } => format!("the database `{name}`"),
        GrantedFact::Table { database, name: Some(name), .. } => format!("the table `{database}.{name}`"),
        GrantedFact::Table { database, name: None, .. } => format!("the tables of `{database}`"),
        GrantedFact::Location { arn, .. } => format!("the location {arn}"),
        GrantedFact::Expression { .. } => "an expression".to_owned(),
        GrantedFact::Columns { database, table, .. } => format!("columns of `{database}.{table}`"),
        GrantedFact::Filter { name, .. } => format!("the filter `{name}`"),
        GrantedFact::Tag { key, .. } => format!("the tag `{key}`"),
        GrantedFact::Other(kind) => kind.clone(),
    }
}

/// Inside a template a crawler waits for the grants that it needs.
pub(super) fn check_order(checker: &mut Checker<'_>, facts: &Facts, graph: &Graph) {
    if facts.crawlers.is_empty() {
        return;
    }
    let index = Index::of(facts);
    for crawler in &facts.crawlers {
        for grant in index.needs(crawler).iter().filter_map(|need| index.held(crawler, need)) {
            if !graph.before(&grant.spot.resource, &crawler.spot.resource) {
                let message = format!("it does not wait for {} (a grant of its role)", grant.spot.resource);
                checker.find_at(Code::CrawlerWithoutGrant, &crawler.spot, message);
            }
        }
    }
}

/// The shape of crawlers, and grants that name tables.
pub(super) fn check(checker: &mut Checker<'_>, facts: &Facts, index: &Index<'_>) {
    for crawler in &facts.crawlers {
        for problem in problems(index, crawler) {
            checker.find_at(Code::CrawlerShape, &crawler.spot, problem);
        }
        let role = crawler.role.as_deref().and_then(|role| index.roles.get(role));
        if !role.is_some_and(|role| only_glue(role)) {
            let message = "its role may be assumed by somebody but AWS Glue, or no template makes it".to_owned();
            checker.find_at(Code::CrawlerShape, &crawler.spot, message);
        }
    }
    for grant in &facts.grants {
        let GrantedFact::Table { catalog, database, name } = &grant.granted else { continue };
        let of_crawler = name.as_ref().is_some_and(|name| is_crawlers(index, grant, catalog, database, name));
        if !grant.grantable.is_empty() || !(of_crawler || is_owners_raw(index, grant, catalog, database)) {
            checker.find_at(Code::ExpressionOpen, &grant.spot, NAMES_A_TABLE.to_owned());
        }
    }
}

/// Whether a grant is for the crawler of the same template that looks at just this table.
fn is_crawlers(index: &Index<'_>, grant: &GrantFact, catalog: &str, database: &str, name: &str) -> bool {
    index.of_tables.get(&(catalog, database, name)).into_iter().flatten().any(|crawler| {
        crawler.spot.stack == grant.spot.stack && crawler.role.is_some() && crawler.role == grant.principal
    })
}

/// Whether a grant lets the owner of a domain see a database of the same template into which a crawler of files writes:
/// one without tags, which no expression reaches.
fn is_owners_raw(index: &Index<'_>, grant: &GrantFact, catalog: &str, database: &str) -> bool {
    let mut crawlers = index.of_files.get(&(catalog, database)).into_iter().flatten();
    let crawled = crawlers.any(|crawler| crawler.spot.stack == grant.spot.stack);
    let owner = grant.principal.as_deref().and_then(|principal| index.roles.get(principal)).is_some_and(|role| {
        let domain = role.tags.get("domain");
        role.account == catalog && domain.is_some_and(|domain| role.name.ends_with(&format!("-owner-{domain}")))
    });
    crawled && owner && !index.tagged.contains(&(catalog, database))
}

/// What is wrong with a crawler.
fn problems(index: &Index<'_>, crawler: &CrawlerFact) -> Vec<String> {
    let mut problems = Vec::new();
    let targets = tables_of(crawler).count();
    let beside = crawler.paths.len() + crawler.others.len();
    if !crawler.others.is_empty() {
        problems.push(format!("it looks at {}", crawler.others.join(", ")));
    }
    if targets > 0 && beside > 0 {
        problems.push("it has a catalog table beside other targets".to_owned());
    }
    if targets > 1 || crawler.paths.len() > 1 || targets + beside == 0 {
        problems.push(format!("it has {} targets", targets + beside));
    }
    if crawler.delete_behavior.as_deref() != Some("LOG") {
        let behavior = crawler.delete_behavior.as_deref().unwrap_or("DEPRECATE_IN_DATABASE, the default,");
        problems.push(format!("its DeleteBehavior is {behavior}, so that it could take tables or columns away"));
    }
    if targets > 0 && !crawler.by_lake_formation {
        problems.push("it looks at a catalog table without credentials of Lake Formation".to_owned());
    }
    for (database, table) in tables_of(crawler) {
        problems.extend(foreign(index, crawler, database, table));
    }
    for path in &crawler.paths {
        let files = path.strip_prefix("s3://").unwrap_or_default();
        if index.around(files.trim_end_matches('/')).next().is_some() {
            problems.push(format!("{path} is published: name the table, or it may invent others"));
        }
    }
    problems
}

/// What is wrong with a catalog table as a crawler's target, if it is none of the crawler's own account.
fn foreign(index: &Index<'_>, crawler: &CrawlerFact, database: &str, table: &str) -> Option<String> {
    let same = index.tables.get(&(database, table)).map_or(&[][..], Vec::as_slice);
    if same.iter().any(|fact| fact.catalog == crawler.account) {
        return None;
    }
    if index.links.contains(&(crawler.account.as_str(), database)) {
        return Some(format!("`{database}` is a link; a crawler's table must be of its own account"));
    }
    Some(match same.first() {
        Some(fact) => format!("`{database}.{table}` is a table of account {}", fact.catalog),
        None => format!("no template makes `{database}.{table}` in account {}", crawler.account),
    })
}

/// Whether nobody but AWS Glue may assume a role.
fn only_glue(role: &RoleFact) -> bool {
    role.services.as_ref().is_some_and(|services| services.iter().all(|service| service == GLUE))
}
