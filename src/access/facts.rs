//! What a template says about the catalog, in names instead of intrinsics.

use super::legs::Surroundings;
use crate::assembly::{Document, StackId};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Where a fact stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The stack.
    pub stack: StackId,
    /// The resource's logical id.
    pub resource: String,
}

/// A tag with its possible values.
#[derive(Debug, Clone)]
pub struct TagFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// Its key.
    pub key: String,
    /// Its values.
    pub values: BTreeSet<String>,
}

/// What a tag is put on: a database, a table of it, a column of that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The catalog's account.
    pub catalog: String,
    /// The database.
    pub database: String,
    /// The table; `None` for the database.
    pub table: Option<String>,
    /// The columns; empty for the database or the table.
    pub columns: BTreeSet<String>,
}

/// Tags on a database, a table or columns.
#[derive(Debug, Clone)]
pub struct AssociationFact {
    /// Where it stands.
    pub spot: Spot,
    /// On what.
    pub target: Target,
    /// Key and values.
    pub tags: BTreeMap<String, BTreeSet<String>>,
}

/// What a grant is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum GrantedFact {
    /// A database, or a link to one, by name.
    Database {
        /// The catalog's account.
        catalog: String,
        /// Its name.
        name: String,
    },
    /// Whatever carries the tags of an expression.
    Expression {
        /// The catalog's account.
        catalog: String,
        /// `true` for tables and columns, `false` for databases.
        tables: bool,
        /// All conditions must hold: key, and values of which one must match; in the order of the template.
        conditions: Vec<(String, BTreeSet<String>)>,
    },
    /// A table by name, or all tables of a database.
    Table {
        /// The catalog's account.
        catalog: String,
        /// Its database.
        database: String,
        /// Its name; `None` for all tables.
        name: Option<String>,
    },
    /// A registered location: it opens no table by itself.
    Location {
        /// The account that registered it.
        catalog: String,
        /// `arn:…:s3:::bucket/prefix`.
        arn: String,
    },
    /// Something that this version does not evaluate.
    Other(String),
}

/// A grant.
#[derive(Debug, Clone)]
pub struct GrantFact {
    /// Where it stands.
    pub spot: Spot,
    /// The account that grants.
    pub account: String,
    /// For whom: an account id or an ARN; `None` when it cannot be told from the template.
    pub principal: Option<String>,
    /// On what.
    pub granted: GrantedFact,
    /// The rights.
    pub permissions: BTreeSet<String>,
    /// Those that may be passed on.
    pub grantable: BTreeSet<String>,
}

/// A database, or a link to one.
#[derive(Debug, Clone)]
pub struct DatabaseFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// Its name.
    pub name: String,
    /// For a link: account and name of the database it points to.
    pub target: Option<(String, String)>,
}

/// A table.
#[derive(Debug, Clone)]
pub struct TableFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// Its columns, then its partition keys.
    pub columns: Vec<String>,
    /// Where its files are.
    pub location: Option<String>,
}

/// A role.
#[derive(Debug, Clone)]
pub struct RoleFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its account.
    pub account: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The statements of its inline policies.
    pub statements: Vec<Value>,
    /// The statements on who may assume it.
    pub trust: Vec<Value>,
}

/// A crawler.
#[derive(Debug, Clone)]
pub struct CrawlerFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its account.
    pub account: String,
    /// ARN of the role that it works as; `None` when it cannot be told from the template.
    pub role: Option<String>,
    /// The tables of the catalog that it looks at: for each target the database, and tables of it.
    pub tables: Vec<(String, Vec<String>)>,
    /// The paths in S3 that it looks at.
    pub paths: Vec<String>,
    /// Kinds of other targets.
    pub others: Vec<String>,
    /// Where it makes tables.
    pub database: Option<String>,
    /// What it does with tables whose files are gone.
    pub delete_behavior: Option<String>,
    /// Whether Lake Formation gives it its credentials.
    pub by_lake_formation: bool,
}

/// Settings of a catalog.
#[derive(Debug, Clone)]
pub struct SettingsFact {
    /// Where they stand.
    pub spot: Spot,
    /// The account.
    pub account: String,
    /// Who may grant anything.
    pub admins: BTreeSet<String>,
}

/// A registered location.
#[derive(Debug, Clone)]
pub struct LocationFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// `arn:…:s3:::bucket/prefix`.
    pub arn: String,
}

/// A data source of QuickSight.
#[derive(Debug, Clone)]
pub struct DataSourceFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its ARN.
    pub arn: String,
    /// The role that its queries run as; `None` for the account-wide one.
    pub role: Option<String>,
}

/// A data set of QuickSight on a table.
#[derive(Debug, Clone)]
pub struct DataSetFact {
    /// Where it stands.
    pub spot: Spot,
    /// Its account.
    pub account: String,
    /// Its id.
    pub id: String,
    /// ARN of its data source.
    pub source: String,
    /// The database, or the link to it, by name.
    pub database: String,
    /// The table.
    pub table: String,
    /// The columns that it reads.
    pub columns: Vec<String>,
    /// Whether it keeps a copy (SPICE).
    pub copied: bool,
    /// Who may look at it.
    pub readers: BTreeSet<String>,
}

/// A schedule by which a copy is renewed.
#[derive(Debug, Clone)]
pub struct ScheduleFact {
    /// Where it stands.
    pub spot: Spot,
    /// The account.
    pub account: String,
    /// Id of the data set.
    pub data_set: String,
}

/// Everything that some templates say about catalogs.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Settings.
    pub settings: Vec<SettingsFact>,
    /// Tags.
    pub tags: Vec<TagFact>,
    /// Tags on things.
    pub associations: Vec<AssociationFact>,
    /// Grants.
    pub grants: Vec<GrantFact>,
    /// Databases and links.
    pub databases: Vec<DatabaseFact>,
    /// Tables.
    pub tables: Vec<TableFact>,
    /// Registered locations.
    pub locations: Vec<LocationFact>,
    /// Roles.
    pub roles: Vec<RoleFact>,
    /// Crawlers.
    pub crawlers: Vec<CrawlerFact>,
    /// Data sources of QuickSight.
    pub data_sources: Vec<DataSourceFact>,
    /// Data sets of QuickSight.
    pub data_sets: Vec<DataSetFact>,
    /// Schedules of QuickSight.
    pub schedules: Vec<ScheduleFact>,
    /// What stands around the grants: policies, trust, copies.
    pub surroundings: Surroundings,
}

impl Facts {
    /// Adds the facts of other templates.
    pub fn append(&mut self, other: Self) {
        let Self {
            settings,
            tags,
            associations,
            grants,
            databases,
            tables,
            locations,
            roles,
            crawlers,
            data_sources,
            data_sets,
            schedules,
            surroundings,
        } = other;
        self.settings.extend(settings);
        self.tags.extend(tags);
        self.associations.extend(associations);
        self.grants.extend(grants);
        self.databases.extend(databases);
        self.tables.extend(tables);
        self.locations.extend(locations);
        self.roles.extend(roles);
        self.crawlers.extend(crawlers);
        self.data_sources.extend(data_sources);
        self.data_sets.extend(data_sets);
        self.schedules.extend(schedules);
        self.surroundings.append(surroundings);
    }

    /// The facts of several templates.
    #[must_use]
    pub fn of(documents: &[Document]) -> Self {
        let mut facts = Self::default();
        documents.iter().for_each(|document| facts.read(document));
        facts
    }
}
