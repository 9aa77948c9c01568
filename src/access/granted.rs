//! What grants are on, and grants.

use super::facts::Spot;
use std::collections::BTreeSet;

/// A list of columns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnList {
    /// These; names that the table does not have are ignored.
    Only(BTreeSet<String>),
    /// All but these.
    AllBut(BTreeSet<String>),
}

impl ColumnList {
    /// Whether a column is meant.
    #[must_use]
    pub fn has(&self, column: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(column),
            Self::AllBut(names) => !names.contains(column),
        }
    }

    /// Whether a column that nobody has thought of is meant.
    #[must_use]
    pub const fn has_unheard_of(&self) -> bool {
        match self {
            Self::Only(_) => false,
            Self::AllBut(_) => true,
        }
    }
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
    /// Columns of a table by name.
    Columns {
        /// The catalog's account.
        catalog: String,
        /// Its database.
        database: String,
        /// The table.
        table: String,
        /// Which columns.
        columns: ColumnList,
    },
    /// A filter on the cells of a table.
    Filter {
        /// The catalog's account.
        catalog: String,
        /// The table's database.
        database: String,
        /// The table.
        table: String,
        /// The filter's name.
        name: String,
    },
    /// Values of an LF-Tag: who may describe them may write expressions with them.
    Tag {
        /// The catalog's account.
        catalog: String,
        /// The key.
        key: String,
        /// The values; `*` stands for all.
        values: BTreeSet<String>,
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

impl GrantedFact {
    /// The account of the catalog that it is in.
    #[must_use]
    pub fn catalog(&self) -> Option<&str> {
        match self {
            Self::Database { catalog, .. }
            | Self::Expression { catalog, .. }
            | Self::Table { catalog, .. }
            | Self::Columns { catalog, .. }
            | Self::Filter { catalog, .. }
            | Self::Tag { catalog, .. }
            | Self::Location { catalog, .. } => Some(catalog),
            Self::Other(_) => None,
        }
    }

    /// Whether a column that nobody has thought of is meant, where it is meant by name.
    #[must_use]
    pub const fn has_unheard_of(&self) -> bool {
        match self {
            Self::Columns { columns, .. } => columns.has_unheard_of(),
            Self::Database { .. }
            | Self::Expression { .. }
            | Self::Table { .. }
            | Self::Filter { .. }
            | Self::Tag { .. }
            | Self::Location { .. }
            | Self::Other(_) => true,
        }
    }

    /// Whether a permission counts on it. Lists of columns and filters are for reading alone (Lake Formation guide, "Lake
    /// Formation permissions reference": table with column filter).
    #[must_use]
    pub fn takes(&self, permission: &str) -> bool {
        match self {
            Self::Columns { .. } | Self::Filter { .. } => permission == "SELECT",
            Self::Database { .. }
            | Self::Expression { .. }
            | Self::Table { .. }
            | Self::Tag { .. }
            | Self::Location { .. }
            | Self::Other(_) => true,
        }
    }
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

/// A filter on the cells of a table (Lake Formation guide, "Data filters in Lake Formation").
#[derive(Debug, Clone)]
pub struct FilterFact {
    /// Where it stands.
    pub spot: Spot,
    /// The catalog's account.
    pub catalog: String,
    /// The table's database.
    pub database: String,
    /// The table.
    pub table: String,
    /// Its name.
    pub name: String,
    /// Which columns it lets through.
    pub columns: ColumnList,
    /// Which rows: an expression, or `None` for all of them.
    pub rows: Option<String>,
}
