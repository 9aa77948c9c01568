//! Who can see which column, read from the templates alone.
//!
//! [`settle`] puts values in the place of intrinsics, [`Facts`] says in names what the templates say, [`evaluate`] follows
//! Lake Formation's rules: tags and expressions (`expressions`), what each grant opens and whether it is valid (`openings`),
//! the legs from a principal to a table (`sight`). The legs beside grants are in `legs`. The rules with their sources are in
//! `docs/access.md`.

mod catalog;
mod data_sets;
mod evaluate;
mod expressions;
mod facts;
mod granted;
mod legs;
mod lists;
mod model;
mod openings;
mod principal;
mod reading;
mod settle;
mod shown;
mod sight;
#[cfg(test)]
mod tests;
mod together;

pub use data_sets::beyond_sight;
pub use evaluate::evaluate;
pub use facts::{
    AssociationFact, CrawlerFact, DataSetFact, DataSourceFact, DatabaseFact, Facts, LocationFact, PolicyFact, RoleFact,
    ScheduleFact, SettingsFact, Spot, TableFact, TableLinkFact, TagFact, Target, UserFact,
};
pub use granted::{ColumnList, FilterFact, GrantFact, GrantedFact};
pub(crate) use legs::fits;
pub use legs::{Standing, Surroundings};
pub use model::{
    Access, Administrator, Column, Copy, CopyKind, Leg, Missing, Principal, PrincipalKind, Table, Through,
};
pub use settle::{Parameters, settle};
