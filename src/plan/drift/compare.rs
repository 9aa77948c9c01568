//! The comparison as a whole.

use super::columns::{self, Declared};
use super::facts::live_facts;
use super::grants::{self, Ours};
use super::live::{AccountLive, StackLive, Unread};
use super::model::{Check, Difference, Direction, Drift, Reason, Subject, Unchecked, VERSION};
use super::settings;
use super::stacks;
use super::tags::{self, Wanted};
use crate::access::{Access, Facts, GrantFact, evaluate};
use crate::assembly::{Document, StackId};
use crate::mesh::{Day, Mesh};
use crate::plan::Observed;
use crate::plan::diff::holders::{Holders, called};
use crate::plan::diff::sight;
use std::collections::{BTreeMap, BTreeSet};

/// What is compared.
pub struct Input<'a> {
    /// The mesh, as the environment says: who is to lose access on which day.
    pub mesh: &'a Mesh,
    /// The stacks that the environment asks for.
    pub wanted: &'a [Document],
    /// The templates that stand.
    pub standing: &'a [Document],
    /// What the standing templates say.
    pub facts: &'a Facts,
    /// The stacks that were looked at.
    pub stacks: &'a BTreeMap<StackId, StackLive>,
    /// The accounts that were looked at.
    pub accounts: &'a BTreeMap<String, AccountLive>,
    /// The day.
    pub as_of: &'a Day,
}

/// Compares what stands with what the deployed templates say.
#[must_use]
pub fn compare(input: &Input<'_>) -> Drift {
    let Input { mesh, facts, accounts, .. } = input;
    let ours = Ours::of(facts, accounts);
    let mut checks = Vec::new();
    let mut live_grants: BTreeMap<String, Vec<GrantFact>> = BTreeMap::new();
    let (mut administrators, mut others) = (0, 0);
    for account in &facts.accounts {
        let Some(live) = accounts.get(account) else {
            checks.extend(not_asked(input, account));
            continue;
        };
        let expected: Vec<&GrantFact> = facts.grants.iter().filter(|grant| grant.account == *account).collect();
        let compared = grants::compare(account, &expected, live, &ours);
        administrators += compared.administrators;
        others += compared.others;
        checks.push(compared.check);
        live_grants.insert(account.clone(), compared.facts);
        checks.extend(tags::keys(account, facts, live));
        let documents: Vec<&Document> = input.standing.iter().filter(|document| document.account == *account).collect();
        checks.extend(settings::compare(account, &documents, live));
        for (name, database) in &live.databases {
            let declared = declared(input, account, name);
            let columns: BTreeMap<String, Vec<String>> = declared
                .iter()
                .map(|(table, columns)| (table.clone(), columns.iter().map(|(name, _)| name.clone()).collect()))
                .collect();
            let wanted = Wanted::of(facts, account, name);
            checks.push(tags::tagging(account, name, &wanted, &columns, database));
            checks.push(columns::compare(account, name, &declared, wanted.is_tagged(), database));
        }
    }
    checks.extend(
        input
            .wanted
            .iter()
            .map(|document| stacks::compare(&document.id, &document.account, input.stacks.get(&document.id))),
    );
    let found = evaluate(&live_facts(facts, accounts, live_grants));
    let access = sight(&evaluate(facts), &found, None, None);
    checks.extend(expiry(input, &found));
    checks.sort_by(|left, right| {
        (left.subject, &left.account, &left.target).cmp(&(right.subject, &right.account, &right.target))
    });
    let notes = notes(input, administrators, others);
    Drift { version: VERSION, mesh: mesh.name.to_string(), as_of: input.as_of.to_string(), access, checks, notes }
}

/// What would have been looked at in an account that was not.
fn not_asked(input: &Input<'_>, account: &str) -> Vec<Check> {
    let unread = Unread { reason: Reason::NotAsked, message: "the account is outside of --select".to_owned() };
    let databases: BTreeSet<&String> =
        input.facts.tables.iter().filter(|table| table.catalog == account).map(|table| &table.database).collect();
    let check = |subject, target: &str| Check::not_checked(subject, account, target, unread.of(""));
    let mut checks = vec![check(Subject::Grants, account), check(Subject::Settings, account)];
    for database in databases {
        checks.push(check(Subject::Tagging, database));
        checks.push(check(Subject::Columns, database));
    }
    checks
}

fn declared(input: &Input<'_>, account: &str, database: &str) -> BTreeMap<String, Declared> {
    let tables = input.facts.tables.iter().filter(|table| table.catalog == account && table.database == database);
    tables.map(|table| (table.name.clone(), columns::declared(table, input.standing))).collect()
}

/// Subscriptions whose last day has passed: who still sees something by them.
fn expiry(input: &Input<'_>, found: &Access) -> Vec<Check> {
    let holders = Holders::of(input.mesh);
    let mut checks = Vec::new();
    for reader in input.mesh.subscriptions() {
        let subscription = reader.subscription;
        let Some(end) = subscription.end_date.as_ref().filter(|end| *end < input.as_of) else { continue };
        let subscriber = called(&reader.subscriber);
        let product = subscription.product.as_str();
        let mut differences = Vec::new();
        let mut account = String::new();
        for principal in &found.principals {
            let Some(holder) = holders.get(&principal.principal) else { continue };
            let is_of_it = called(&holder.subscriber) == subscriber
                && holder.subscription(product).is_some_and(|found| std::ptr::eq(found, subscription));
            if !is_of_it {
                continue;
            }
            account.clone_from(&principal.account);
            for table in principal.tables.iter().filter(|table| table.product == product) {
                let columns = table.columns.iter().filter(|column| column.visible).count();
                if columns > 0 {
                    differences.push(Difference {
                        direction: Direction::More,
                        what: format!(
                            "{} sees {columns} columns of {}.{}",
                            principal.principal, table.database, table.table
                        ),
                        expected: Some(format!("nothing after {end}")),
                        actual: None,
                        by: None,
                        mend: Some(
                            "take the subscription out of the file, or give it a later endDate, and deploy".to_owned(),
                        ),
                    });
                }
            }
        }
        let unread = unread_grants(input);
        let target = format!("{subscriber} to {product}");
        checks.push(match (differences.is_empty(), unread.is_empty()) {
            (true, false) => Check::new(Subject::Expiry, &account, target, 0, Vec::new(), unread),
            (true, true) => Check::new(Subject::Expiry, &account, target, 1, Vec::new(), Vec::new()),
            (false, _) => Check::new(Subject::Expiry, &account, target, 0, differences, Vec::new()),
        });
    }
    checks
}

/// Accounts whose grants could not be read: whether access has ended is then not known either.
fn unread_grants(input: &Input<'_>) -> Vec<Unchecked> {
    let not_asked = Unread { reason: Reason::NotAsked, message: "the account is outside of --select".to_owned() };
    let mut unchecked = Vec::new();
    for account in &input.facts.accounts {
        match input.accounts.get(account).map(|live| &live.grants) {
            Some(Ok(_)) => {}
            Some(Err(unread)) => unchecked.push(unread.of(format!("the grants of account {account}"))),
            None => unchecked.push(not_asked.of(format!("the grants of account {account}"))),
        }
    }
    unchecked
}

fn notes(input: &Input<'_>, administrators: usize, others: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let mut behind: BTreeSet<String> = BTreeSet::new();
    for document in input.wanted {
        let standing = match input.stacks.get(&document.id).map(|live| &live.observed) {
            Some(Ok(Observed::Present(standing))) => standing.template.as_ref(),
            Some(Ok(Observed::Absent)) => None,
            Some(Err(_)) | None => continue,
        };
        if standing != Some(&*document.template) {
            behind.insert(document.id.to_string());
        }
    }
    if !behind.is_empty() {
        let names: Vec<&str> = behind.iter().map(String::as_str).collect();
        notes.push(format!(
            "not as the environment says, so compared as deployed (`meshform plan` tells what a deploy would change): {}",
            names.join(", ")
        ));
    }
    let has_lake_formation =
        |document: &Document| document.resources().any(|(_, kind, _)| kind.starts_with("AWS::LakeFormation::"));
    if input.stacks.keys().any(|id| input.standing.iter().any(|it| it.id == *id && has_lake_formation(it))) {
        notes.push(
            "what drift detection does not know of AWS::LakeFormation and AWS::Glue is looked at by itself: grants, tags, settings, columns"
                .to_owned(),
        );
    }
    if administrators > 0 {
        notes.push(format!(
            "{administrators} grants of Lake Formation administrators are left out: an administrator can grant itself anything"
        ));
    }
    if others > 0 {
        notes.push(format!("{others} grants on what is not the mesh's are left out"));
    }
    notes
}
