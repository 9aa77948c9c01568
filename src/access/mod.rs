//! Who can see which column, read from the templates alone.
//!
//! This first form follows the legs of Lake Formation: the tags on databases, tables and columns, the grant to the
//! subscriber's account, the grant to the role, and the link. Rules, from AWS's documentation of tag-based access control:
//! every condition of an expression must hold, one of its values suffices, and a column's tag overrides its table's, which
//! overrides its database's. Key policies, bucket policies and IAM are not evaluated yet, and the output says so.

mod catalog;
mod data_sets;
mod evaluate;
mod facts;
mod legs;
mod model;
mod reach;
mod reading;
#[cfg(test)]
mod tests;

pub use data_sets::beyond_sight;
pub use evaluate::evaluate;
pub use facts::{
    AssociationFact, CrawlerFact, DataSetFact, DataSourceFact, DatabaseFact, Facts, GrantFact, GrantedFact,
    LocationFact, RoleFact, ScheduleFact, SettingsFact, Spot, TableFact, TagFact, Target,
};
pub(crate) use legs::fits;
pub use legs::{Standing, Surroundings};
pub use model::{
    Access, Administrator, Column, Copy, CopyKind, Leg, Missing, Principal, PrincipalKind, Table, Through,
};
