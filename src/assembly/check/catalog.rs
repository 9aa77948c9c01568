//! What all templates together say about the catalog: expressions, both hops of grants, links, and what roles need.

use super::Checker;
use super::hidden_leg::hidden_leg;
use crate::access::{DatabaseFact, Facts, GrantFact, GrantedFact, RoleFact, Spot, Target};
use crate::finding::Code;
use crate::mesh::Classification;
use std::collections::{BTreeMap, BTreeSet};

/// End of the key of the classification tag.
const CLASSIFICATION: &str = "/classification";

/// Why a grant by name is refused.
pub(super) const NAMES_A_TABLE: &str = "it names a table, whatever the classification of its columns";

pub(super) fn check(checker: &mut Checker<'_>, facts: &Facts) {
    settings_once(checker, facts);
    tags(checker, facts);
    locations(checker, facts);
    let index = Index::of(facts);
    let mut seen: BTreeMap<(&str, &str, GrantedFact), &GrantFact> = BTreeMap::new();
    for grant in &facts.grants {
        let principal =
            grant.principal.as_ref().filter(|principal| is_account(principal) || principal.contains(":role/"));
        let Some(principal) = principal else {
            // IAM_ALLOWED_PRINCIPALS, an organization, a user: nothing of what follows would hold of them
            let message = format!(
                "it is for {}, which is neither an account nor a role",
                grant.principal.as_deref().unwrap_or("somebody whom the template does not name")
            );
            checker.find_at(Code::GrantShape, &grant.spot, message);
            continue;
        };
        if let Some(first) = seen.insert((&grant.account, principal, identity(&grant.granted)), grant) {
            let message =
                format!("{} in {} is the same principal on the same resource", first.spot.resource, first.spot.stack);
            checker.find_at(Code::GrantTwice, &grant.spot, message);
        }
        index.grant(checker, grant, principal);
    }
    for database in facts.databases.iter() {
        if let Some((_, target)) = database.target.as_ref().filter(|(_, target)| *target != database.name) {
            let message = format!("the link `{}` points to `{target}`", database.name);
            checker.find_at(Code::LinkMisused, &database.spot, message);
        }
    }
}

/// What Lake Formation tells grants apart by: the order of an expression's conditions is not part of it.
fn identity(granted: &GrantedFact) -> GrantedFact {
    let mut granted = granted.clone();
    if let GrantedFact::Expression { conditions, .. } = &mut granted {
        conditions.sort();
    }
    granted
}

fn settings_once(checker: &mut Checker<'_>, facts: &Facts) {
    let mut first = BTreeMap::new();
    for settings in &facts.settings {
        if let Some(other) = first.insert(&settings.account, &settings.spot) {
            let message =
                format!("account {} has settings already, by {} in {}", settings.account, other.resource, other.stack);
            checker.find_at(Code::SettingsTwice, &settings.spot, message);
        }
    }
}

/// Associations and expressions use tags that exist, nothing is tagged twice, and no column inherits a classification.
fn tags(checker: &mut Checker<'_>, facts: &Facts) {
    let tags: BTreeMap<(&str, &str), &BTreeSet<String>> =
        facts.tags.iter().map(|tag| ((tag.catalog.as_str(), tag.key.as_str()), &tag.values)).collect();
    let known = |checker: &mut Checker<'_>, spot: &Spot, catalog: &str, key: &str, values: &BTreeSet<String>| {
        if !tags.get(&(catalog, key)).is_some_and(|known| values.is_subset(known)) {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let message = format!("no template makes the tag `{key}` with the value {}", values.join(", "));
            checker.find_at(Code::UnknownTag, spot, message);
        }
    };
    let mut tagged: BTreeMap<(&Target, &str), &Spot> = BTreeMap::new();
    for association in &facts.associations {
        let target = &association.target;
        for (key, values) in &association.tags {
            known(checker, &association.spot, &target.catalog, key, values);
            if let Some(first) = tagged.insert((target, key), &association.spot) {
                let message = format!(
                    "{} in {} gives the same thing the tag `{key}`; the later one wins",
                    first.resource, first.stack
                );
                checker.find_at(Code::AssociationShape, &association.spot, message);
            }
            if !key.ends_with(CLASSIFICATION) {
                continue;
            }
            let open = values.iter().any(|value| value != Classification::UNCLASSIFIED);
            let message = match &target.table {
                None => format!("the database `{}` carries the classification", target.database),
                Some(table) if target.columns.is_empty() && open => {
                    format!(
                        "a column that a crawler finds in `{table}` would not be `{}`",
                        Classification::UNCLASSIFIED
                    )
                }
                Some(_) => continue,
            };
            checker.find_at(Code::DatabaseClassified, &association.spot, message);
        }
    }
    for grant in &facts.grants {
        if let GrantedFact::Expression { catalog, conditions, .. } = &grant.granted {
            for (key, values) in conditions {
                known(checker, &grant.spot, catalog, key, values);
            }
        }
    }
}

/// Every table lies in a registered location of its catalog: elsewhere a grant opens nothing.
fn locations(checker: &mut Checker<'_>, facts: &Facts) {
    let mut registered: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for location in &facts.locations {
        let path = location.arn.rsplit(":::").next().unwrap_or_default();
        registered.entry(&location.catalog).or_default().insert(path.trim_end_matches('/'));
    }
    for table in &facts.tables {
        let Some(location) = table.location.as_deref() else { continue };
        // another scheme (`s3a://`) names no place that Lake Formation knows
        let path = location.strip_prefix("s3://").unwrap_or_default();
        // the path itself and each of its parents
        let mut parents = path.match_indices('/').map(|(end, _)| &path[..end]).chain([path]);
        let covered =
            registered.get(table.catalog.as_str()).is_some_and(|paths| parents.any(|parent| paths.contains(parent)));
        if !covered {
            let message = format!("the table's location {location} is not registered with Lake Formation");
            checker.find_at(Code::LocationNotRegistered, &table.spot, message);
        }
    }
}

/// What grants are looked up by.
struct Index<'a> {
    /// By catalog, tag and value: the databases that carry it.
    tagged: BTreeMap<(&'a str, &'a str, &'a str), Vec<&'a str>>,
    /// Grants to accounts, by account and resource.
    to_accounts: BTreeMap<(&'a str, &'a GrantedFact), &'a GrantFact>,
    /// By account, catalog and database: the link.
    links: BTreeMap<(&'a str, &'a str, &'a str), &'a DatabaseFact>,
    /// Every link, by account and name.
    link_names: BTreeSet<(&'a str, &'a str)>,
    /// What each role may describe: links by name, databases by expression.
    described: BTreeSet<(&'a str, &'a GrantedFact)>,
    roles: BTreeMap<&'a str, &'a RoleFact>,
    owner_roles: BTreeSet<(&'a str, &'a str)>,
    admins: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Index<'a> {
    fn of(facts: &'a Facts) -> Self {
        let mut tagged: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
        for association in facts.associations.iter().filter(|association| association.target.table.is_none()) {
            for (key, value) in
                association.tags.iter().flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
            {
                tagged.entry((&association.target.catalog, key, value)).or_default().push(&association.target.database);
            }
        }
        let mut to_accounts = BTreeMap::new();
        let mut described = BTreeSet::new();
        for grant in &facts.grants {
            let Some(principal) = grant.principal.as_deref() else { continue };
            if is_account(principal) {
                to_accounts.insert((principal, &grant.granted), grant);
            }
            if grant.permissions.contains("DESCRIBE") {
                described.insert((principal, &grant.granted));
            }
        }
        let links = facts.databases.iter().filter_map(|link| {
            let (catalog, database) = link.target.as_ref()?;
            Some(((link.catalog.as_str(), catalog.as_str(), database.as_str()), link))
        });
        let of_links = facts.databases.iter().filter(|database| database.target.is_some());
        let admins = facts.settings.iter();
        Self {
            tagged,
            to_accounts,
            links: links.collect(),
            link_names: of_links.map(|link| (link.catalog.as_str(), link.name.as_str())).collect(),
            described,
            roles: facts.roles.iter().map(|role| (role.arn.as_str(), role)).collect(),
            owner_roles: facts.roles.iter().map(|role| (role.account.as_str(), role.name.as_str())).collect(),
            admins: admins
                .flat_map(|settings| settings.admins.iter().map(|admin| (settings.account.as_str(), admin.as_str())))
                .collect(),
        }
    }

    fn grant(&self, checker: &mut Checker<'_>, grant: &'a GrantFact, principal: &'a str) {
        if self.admins.contains(&(grant.account.as_str(), principal)) {
            let message = format!("`{principal}` is an admin of account {}", grant.account);
            checker.find_at(Code::GrantToAdmin, &grant.spot, message);
        }
        let to_another_account = is_account(principal) && principal != grant.account;
        if to_another_account && !grant.grantable.is_superset(&grant.permissions) {
            let message = format!("account {principal} may not pass it on");
            checker.find_at(Code::NotGrantable, &grant.spot, message);
        }
        match &grant.granted {
            GrantedFact::Database { catalog, name } => {
                let is_link = self.link_names.contains(&(catalog.as_str(), name.as_str()));
                if is_link && grant.permissions.iter().any(|permission| permission != "DESCRIBE") {
                    let message = format!("`{name}` is a link; a grant on it opens no data");
                    checker.find_at(Code::LinkMisused, &grant.spot, message);
                }
            }
            GrantedFact::Expression { catalog, tables, conditions } => {
                self.expression(checker, grant, principal, *tables, conditions);
                let of_another_catalog = !is_account(principal) && *catalog != grant.account;
                if of_another_catalog {
                    self.second_hop(checker, grant, principal, catalog, *tables, conditions);
                }
            }
            // who may be granted a table by its name is said with the crawlers
            GrantedFact::Table { .. }
            | GrantedFact::Location { .. }
            | GrantedFact::Tag { .. }
            | GrantedFact::Other(_) => {}
            GrantedFact::Columns { .. } | GrantedFact::Filter { .. } => {
                checker.find_at(Code::ExpressionOpen, &grant.spot, NAMES_A_TABLE.to_owned());
            }
        }
    }

    fn expression(
        &self,
        checker: &mut Checker<'_>,
        grant: &GrantFact,
        principal: &str,
        tables: bool,
        conditions: &[(String, BTreeSet<String>)],
    ) {
        if conditions.iter().all(|(key, _)| key.ends_with(CLASSIFICATION)) {
            checker.find_at(Code::ExpressionOpen, &grant.spot, "the expression names no product".to_owned());
        }
        let classification = conditions.iter().find(|(key, _)| key.ends_with(CLASSIFICATION));
        match (tables, classification) {
            (true, None) => {
                checker.find_at(
                    Code::ExpressionOpen,
                    &grant.spot,
                    "the expression does not name the classification".to_owned(),
                );
            }
            (false, Some(_)) => {
                checker.find_at(
                    Code::DatabaseClassified,
                    &grant.spot,
                    "the expression on databases names the classification".to_owned(),
                );
            }
            (true, Some((_, values))) if values.contains(Classification::UNCLASSIFIED) => {
                let owners = conditions.iter().filter_map(|(key, _)| key.split_once('/'));
                let of_owner = owners.filter(|(_, domain)| *domain != "classification").any(|(mesh, domain)| {
                    let role = format!("{mesh}-owner-{domain}");
                    match is_account(principal) {
                        true => self.owner_roles.contains(&(principal, role.as_str())),
                        false => {
                            principal.ends_with(&format!("/{role}"))
                                && self
                                    .roles
                                    .get(principal)
                                    .is_some_and(|owner| owner.tags.get("domain").is_some_and(|tag| *tag == domain))
                        }
                    }
                });
                if !of_owner {
                    let message = format!("`{principal}` is not the owner and would see `unclassified` columns");
                    checker.find_at(Code::ExpressionOpen, &grant.spot, message);
                }
            }
            (true | false, _) => {}
        }
    }

    /// A role's grant on the governance catalog: what the account received, the link, and the role's own rights.
    fn second_hop(
        &self,
        checker: &mut Checker<'_>,
        grant: &'a GrantFact,
        principal: &'a str,
        catalog: &'a str,
        tables: bool,
        conditions: &'a [(String, BTreeSet<String>)],
    ) {
        let received = self.to_accounts.get(&(grant.account.as_str(), &grant.granted));
        if !received.is_some_and(|received| received.grantable.is_superset(&grant.permissions)) {
            let message = format!("account {} did not receive this expression with grant option", grant.account);
            checker.find_at(Code::ExpressionMismatch, &grant.spot, message);
        }
        if !tables {
            return;
        }
        if !self.roles.contains_key(principal) {
            checker.find_at(Code::RoleCannotRead, &grant.spot, format!("no template makes `{principal}`"));
        }
        let databases: Vec<&str> = conditions
            .iter()
            .filter(|(key, _)| !key.ends_with(CLASSIFICATION))
            .flat_map(|(key, values)| values.iter().map(move |value| (catalog, key.as_str(), value.as_str())))
            .flat_map(|tag| self.tagged.get(&tag).into_iter().flatten().copied())
            .collect();
        if databases.is_empty() {
            checker.find_at(Code::UnknownTag, &grant.spot, "no database carries the tag of the expression".to_owned());
        }
        let of_product: Vec<_> = conditions.iter().filter(|(key, _)| !key.ends_with(CLASSIFICATION)).cloned().collect();
        let on_databases =
            GrantedFact::Expression { catalog: catalog.to_owned(), tables: false, conditions: of_product };
        if !self.described.contains(&(principal, &on_databases)) {
            checker.find_at(Code::LinkIncomplete, &grant.spot, format!("`{principal}` may not describe the database"));
        }
        // Athena asks for it whatever the query is about (hazard 16)
        let default = GrantedFact::Database { catalog: grant.account.clone(), name: "default".to_owned() };
        if !self.described.contains(&(principal, &default)) {
            let message = format!("`{principal}` may not describe the database `default` of its account");
            checker.find_at(Code::RoleCannotRead, &grant.spot, message);
        }
        for database in databases {
            let Some(link) = self.links.get(&(grant.account.as_str(), catalog, database)) else {
                let message = format!("account {} has no link to `{database}`", grant.account);
                checker.find_at(Code::LinkIncomplete, &grant.spot, message);
                continue;
            };
            let on_link = GrantedFact::Database { catalog: grant.account.clone(), name: link.name.clone() };
            if !self.described.contains(&(principal, &on_link)) {
                let message = format!("`{principal}` may not describe the link to `{database}`");
                checker.find_at(Code::LinkIncomplete, &grant.spot, message);
            }
            if let Some(role) = self.roles.get(principal) {
                hidden_leg(checker, role, catalog, database);
            }
        }
    }
}

/// Whether a principal is an account: twelve digits.
fn is_account(principal: &str) -> bool {
    principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit())
}
