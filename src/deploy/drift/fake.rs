//! A lake in memory that is as its templates say, until a test changes it. What it answers, and where that is taken from ("ref" is
//! the API reference of the service):
//!
//! - A detection goes on for two looks. It answers the resources whose types are not in `unsupported`; the others are left out
//!   (CloudFormation ref, `DescribeStackResourceDrifts`: "only those resources that support drift detection").
//! - Grants are listed without those that somebody else made to the account. SELECT on a table is listed as a right on all of its
//!   columns (terraform-provider-aws #17047).
//! - Tags are answered as they hold: what a thing inherits is among them.
//! - A call that is scripted to fail does so every time. Nothing can be changed: there is no such call.

use super::inspect::{DetectionState, Inspect};
use crate::access::{ColumnList, Facts, GrantedFact};
use crate::assembly::Document;
use crate::deploy::cloud::{Access, CloudError, ErrorKind, Scope};
use crate::deploy::doctor::Examine;
use crate::plan::drift::{
    ColumnKind, LiveColumn, LiveGrant, LiveResource, LiveSettings, LiveTable, ResourceDrift, Tagging, normal,
};
use crate::plan::{Observed, StackStatus, Standing, samples};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

pub(in crate::deploy) type Tags = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
pub(in crate::deploy) struct FakeLake {
    pub(in crate::deploy) stacks: BTreeMap<String, Standing>,
    pub(in crate::deploy) drifts: BTreeMap<String, BTreeMap<String, LiveResource>>,
    pub(in crate::deploy) incomplete: BTreeMap<String, String>,
    pub(in crate::deploy) settings: BTreeMap<String, LiveSettings>,
    pub(in crate::deploy) tags: BTreeMap<(String, String), BTreeSet<String>>,
    pub(in crate::deploy) grants: BTreeMap<String, Vec<LiveGrant>>,
    /// Accounts whose list leaves out what was granted on another account's catalog.
    pub(in crate::deploy) own_catalog_only: BTreeSet<String>,
    pub(in crate::deploy) database_tags: BTreeMap<(String, String), Tags>,
    pub(in crate::deploy) tables: BTreeMap<(String, String), BTreeMap<String, LiveTable>>,
    pub(in crate::deploy) fails: BTreeMap<(&'static str, String), ErrorKind>,
    /// What CloudFormation says of its quota of stacks.
    pub(in crate::deploy) stack_limit: Option<usize>,
    /// The policy of governance's catalog.
    pub(in crate::deploy) catalog_policy: Option<String>,
    /// Accounts in which nothing that is shared has arrived.
    pub(in crate::deploy) unseen_from: BTreeSet<String>,
    looks: Mutex<BTreeMap<String, usize>>,
    pub(in crate::deploy) calls: Mutex<Vec<String>>,
}

/// The bootstrap stack has one name in all accounts.
fn key(account: &str, name: &str) -> String {
    if name.ends_with("-bootstrap") { format!("{name}@{account}") } else { text(name) }
}

fn text(text: &str) -> String {
    text.to_owned()
}

impl FakeLake {
    /// A lake of which everything is as these templates say.
    pub(in crate::deploy) fn of(wanted: &[Document], unsupported: &[&str]) -> Self {
        let mut lake = Self::default();
        for document in wanted {
            let name = key(&document.account, document.id.name());
            let drifts =
                document.resources().filter(|(_, kind, _)| !unsupported.contains(kind)).map(|(id, kind, _)| {
                    let live = LiveResource {
                        resource_type: text(kind),
                        physical_id: format!("{name}-{id}"),
                        drift: ResourceDrift::InSync,
                        reason: None,
                        properties: Vec::new(),
                    };
                    (text(id), live)
                });
            lake.drifts.insert(format!("arn:{name}"), drifts.collect());
            let standing = Standing {
                stack_arn: format!("arn:{name}"),
                template: Some((*document.template).clone()),
                ..samples::standing(StackStatus::CreateComplete)
            };
            lake.stacks.insert(name, standing);
        }
        lake.lake(wanted, &Facts::of(wanted));
        lake
    }

    fn lake(&mut self, documents: &[Document], facts: &Facts) {
        for settings in &facts.settings {
            let document = documents.iter().find(|document| document.id == settings.spot.stack).unwrap();
            let properties = &document.template["Resources"][&settings.spot.resource]["Properties"];
            let readers = properties["ReadOnlyAdmins"].as_array().unwrap().iter();
            let readers = readers.map(|it| text(it["DataLakePrincipalIdentifier"].as_str().unwrap()));
            let parameters = properties["Parameters"].as_object().unwrap().iter();
            let parameters = parameters.map(|(name, value)| (name.clone(), text(value.as_str().unwrap())));
            let live = LiveSettings {
                administrators: settings.admins.clone(),
                readers: readers.collect(),
                parameters: parameters.collect(),
                ..LiveSettings::default()
            };
            self.settings.insert(settings.account.clone(), live);
        }
        for tag in &facts.tags {
            self.tags.entry((tag.catalog.clone(), tag.key.clone())).or_default().extend(tag.values.iter().cloned());
        }
        for grant in &facts.grants {
            let principal = grant.principal.clone().unwrap();
            let listed = self.grants.entry(grant.account.clone()).or_default();
            let mut rights = vec![(grant.granted.clone(), grant.permissions.clone(), grant.grantable.clone())];
            if let GrantedFact::Table { catalog, database, name: Some(table) } = &grant.granted {
                let columns = GrantedFact::Columns {
                    catalog: catalog.clone(),
                    database: database.clone(),
                    table: table.clone(),
                    columns: ColumnList::AllBut(BTreeSet::new()),
                };
                let select = |rights: &BTreeSet<String>| rights.iter().filter(|it| *it == "SELECT").cloned().collect();
                let rest = |rights: &BTreeSet<String>| rights.iter().filter(|it| *it != "SELECT").cloned().collect();
                rights = vec![
                    (grant.granted.clone(), rest(&grant.permissions), rest(&grant.grantable)),
                    (columns, select(&grant.permissions), select(&grant.grantable)),
                ];
            }
            for (granted, permissions, grantable) in rights {
                let condition = None;
                let principal = principal.clone();
                listed.push(LiveGrant { principal, granted, permissions, grantable, condition, by: None });
            }
        }
        for table in &facts.tables {
            let document = documents.iter().find(|document| document.id == table.spot.stack).unwrap();
            let input = &document.template["Resources"][&table.spot.resource]["Properties"]["TableInput"];
            let listed = [&input["StorageDescriptor"]["Columns"], &input["PartitionKeys"]];
            let columns = listed.into_iter().flat_map(|list| list.as_array().into_iter().flatten());
            let columns = columns.map(|column| LiveColumn {
                name: text(column["Name"].as_str().unwrap()),
                type_name: text(column["Type"].as_str().unwrap()),
                kind: ColumnKind::Data,
            });
            let of = |column: Option<&str>| -> Tags {
                let mut tags = Tags::new();
                let (catalog, database) = (&table.catalog, &table.database);
                let levels = [(None, None), (Some(table.name.as_str()), None), (Some(table.name.as_str()), column)];
                for (table, column) in levels {
                    for fact in &facts.associations {
                        let target = &fact.target;
                        let here = target.catalog == *catalog && target.database == *database;
                        let columns = column.map(text).into_iter().collect::<BTreeSet<_>>();
                        if here && target.table.as_deref() == table && target.columns == columns {
                            tags.extend(fact.tags.clone());
                        }
                    }
                }
                tags
            };
            let columns: Vec<LiveColumn> = columns.collect();
            let tagging = Tagging {
                table: of(None),
                columns: columns.iter().map(|it| (it.name.clone(), of(Some(&it.name)))).collect(),
            };
            let live = LiveTable { columns, crawler: None, tags: Ok(Some(tagging)) };
            let tables = self.tables.entry((table.catalog.clone(), table.database.clone())).or_default();
            tables.insert(table.name.clone(), live);
        }
        for fact in facts.associations.iter().filter(|fact| fact.target.table.is_none()) {
            let key = (fact.target.catalog.clone(), fact.target.database.clone());
            self.database_tags.entry(key).or_default().extend(fact.tags.clone());
        }
    }

    /// From now on a call in an account fails.
    pub(in crate::deploy) fn fail(&mut self, operation: &'static str, account: &str, kind: ErrorKind) {
        self.fails.insert((operation, text(account)), kind);
    }

    fn answer(&self, operation: &'static str, scope: &Scope) -> Result<(), CloudError> {
        assert_eq!(scope.access, Access::Plan, "{operation} as the {}", scope.access);
        self.calls.lock().unwrap().push(format!("{operation} {}", scope.account));
        match self.fails.get(&(operation, scope.account.to_string())) {
            None => Ok(()),
            Some(kind) => Err(CloudError {
                kind: *kind,
                message: text("scripted"),
                service: "Fake",
                operation,
                account: scope.account.to_string(),
                region: scope.region.to_string(),
            }),
        }
    }
}

impl Inspect for FakeLake {
    async fn stack(&self, scope: &Scope, name: &str) -> Result<Observed, CloudError> {
        self.answer("DescribeStacks", scope)?;
        Ok(self
            .stacks
            .get(&key(scope.account.as_str(), name))
            .map_or(Observed::Absent, |standing| Observed::Present(Box::new(standing.clone()))))
    }

    async fn detect_drift(&self, scope: &Scope, stack: &str) -> Result<String, CloudError> {
        self.answer("DetectStackDrift", scope)?;
        Ok(text(stack))
    }

    async fn drift_detection(&self, scope: &Scope, id: &str) -> Result<DetectionState, CloudError> {
        self.answer("DescribeStackDriftDetectionStatus", scope)?;
        let mut looks = self.looks.lock().unwrap();
        let looks = looks.entry(text(id)).or_default();
        *looks += 1;
        Ok(match (*looks > 2, self.incomplete.get(id)) {
            (false, _) => DetectionState::Going,
            (true, None) => DetectionState::Complete,
            (true, Some(reason)) => DetectionState::Failed(Some(reason.clone())),
        })
    }

    async fn resource_drifts(&self, scope: &Scope, stack: &str) -> Result<BTreeMap<String, LiveResource>, CloudError> {
        self.answer("DescribeStackResourceDrifts", scope)?;
        assert!(self.looks.lock().unwrap().get(stack).is_some_and(|looks| *looks > 2), "{stack} is not done");
        Ok(self.drifts[stack].clone())
    }

    async fn settings(&self, scope: &Scope) -> Result<LiveSettings, CloudError> {
        self.answer("GetDataLakeSettings", scope)?;
        Ok(self.settings.get(scope.account.as_str()).cloned().unwrap_or_default())
    }

    async fn tag_values(&self, scope: &Scope, key: &str) -> Result<Option<BTreeSet<String>>, CloudError> {
        self.answer("GetLFTag", scope)?;
        Ok(self.tags.get(&(scope.account.to_string(), text(key))).cloned())
    }

    async fn grants(&self, scope: &Scope) -> Result<Vec<LiveGrant>, CloudError> {
        self.answer("ListPermissions", scope)?;
        let account = scope.account.as_str();
        let own =
            |grant: &&LiveGrant| !self.own_catalog_only.contains(account) || grant.granted.catalog() == Some(account);
        Ok(self.grants.get(account).into_iter().flatten().filter(own).cloned().collect())
    }

    async fn grants_on(&self, scope: &Scope, granted: &GrantedFact) -> Result<Vec<LiveGrant>, CloudError> {
        self.answer("ListPermissions on", scope)?;
        let listed = self.grants.get(scope.account.as_str()).into_iter().flatten();
        Ok(listed.filter(|grant| normal(&grant.granted) == *granted).cloned().collect())
    }

    async fn database_tags(&self, scope: &Scope, database: &str) -> Result<Option<Tags>, CloudError> {
        self.answer("GetResourceLFTags", scope)?;
        Ok(self.database_tags.get(&(scope.account.to_string(), text(database))).cloned())
    }

    async fn tables(&self, scope: &Scope, database: &str) -> Result<Option<BTreeMap<String, LiveTable>>, CloudError> {
        self.answer("GetTables", scope)?;
        let found = self.tables.get(&(scope.account.to_string(), text(database))).cloned();
        Ok(found.map(|tables| {
            tables.into_iter().map(|(name, table)| (name, LiveTable { tags: Ok(None), ..table })).collect()
        }))
    }

    async fn table_tags(&self, scope: &Scope, database: &str, table: &str) -> Result<Option<Tagging>, CloudError> {
        self.answer("GetResourceLFTags", scope)?;
        let tables = &self.tables[&(scope.account.to_string(), text(database))];
        tables[table].tags.clone().map_err(|_| unreachable!("the lake always knows"))
    }
}

impl Examine for FakeLake {
    async fn answers(&self, scope: &Scope) -> Result<(), CloudError> {
        let (operation, scope) = match scope.access {
            Access::Plan => ("AssumeRole Plan", scope.clone()),
            // nothing is asked as this role but whether it answers
            Access::Deploy => ("AssumeRole Deploy", Scope { access: Access::Plan, ..scope.clone() }),
            Access::Administrator => panic!("the administrator is asked for nothing"),
        };
        self.answer(operation, &scope)
    }

    async fn catalog_policy(&self, scope: &Scope) -> Result<Option<String>, CloudError> {
        self.answer("GetResourcePolicy", scope)?;
        Ok(self.catalog_policy.clone())
    }

    async fn stack_limit(&self, scope: &Scope) -> Result<Option<usize>, CloudError> {
        self.answer("DescribeAccountLimits", scope)?;
        Ok(self.stack_limit)
    }

    async fn stack_count(&self, scope: &Scope) -> Result<usize, CloudError> {
        self.answer("ListStacks", scope)?;
        Ok(self.stacks.len())
    }

    async fn sees(&self, scope: &Scope, _catalog: &str, _database: &str) -> Result<bool, CloudError> {
        self.answer("GetDatabase", scope)?;
        Ok(!self.unseen_from.contains(scope.account.as_str()))
    }
}
