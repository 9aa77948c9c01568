//! What stands, compared with what the deployed templates say: stacks, and what CloudFormation does not see. Pure.
//!
//! [`questions`] says what is to be looked at, `deploy` looks and brings home [`Live`] data, [`compare`] tells what is the same,
//! what differs, and what could not be checked. Who can see more or less is evaluated by the rules of [`crate::access`], once
//! over the templates and once over what was found ([`Drift::access`]).

mod columns;
mod compare;
mod facts;
mod grants;
mod live;
mod model;
mod places;
mod questions;
mod revoke;
mod settings;
mod stacks;
mod tags;

pub use compare::{Input, compare};
pub use grants::{GrantKey, Rights, merged, normal};
pub use live::{
    AccountLive, ColumnKind, Detection, LiveColumn, LiveDatabase, LiveGrant, LiveResource, LiveSettings, LiveTable,
    Looked, ResourceDrift, StackLive, Tagging, Unread,
};
pub use model::{Answer, Check, Difference, Direction, Drift, Reason, Subject, Unchecked, VERSION};
pub use questions::{AccountQuestions, Questions, questions};
