//! Where probes are run, what is told of them, and why they are not.

use crate::deploy::cloud::CloudError;
use crate::mesh::{AccountId, Region};
use crate::plan::behaviour::{Judged, PREFIX};

/// The accounts in which probes are run.
#[derive(Debug, Clone)]
pub struct Throwaway {
    /// That with the catalog.
    pub catalog: AccountId,
    /// That which is shared with; without it the probes that need one cannot be told.
    pub subscriber: Option<AccountId>,
    /// Where.
    pub region: Region,
    /// The mesh: an account that holds a stack of it is refused.
    pub mesh: String,
}

/// What is told on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What an earlier run left is removed first.
    Leftover {
        /// The account.
        account: AccountId,
        /// The stack.
        stack: String,
    },
    /// What all probes stand on is made in an account.
    Preparing {
        /// The account.
        account: AccountId,
    },
    /// A probe begins.
    Begun {
        /// Its number.
        number: u8,
        /// Its name.
        name: &'static str,
    },
    /// A probe is over and cleaned up after.
    Over {
        /// Its number.
        number: u8,
        /// What it showed.
        judged: Judged,
    },
    /// What all probes stood on is removed.
    CleaningUp,
}

/// What came of the probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Each probe that was begun, or could not be.
    pub outcomes: Vec<(u8, Judged)>,
    /// What was made and could not be removed, or may still stand.
    pub left: Vec<String>,
    /// Whether the run was interrupted before the last probe.
    pub interrupted: bool,
}

/// Why no probe was run, or nothing is known of what was.
#[derive(Debug, thiserror::Error)]
pub enum ProbingError {
    /// The asynchronous runtime could not be started.
    #[error("the asynchronous runtime could not be started")]
    Runtime(#[source] std::io::Error),
    /// An account could not be looked at.
    #[error("account {account} could not be looked at")]
    Look {
        /// The account.
        account: AccountId,
        /// Why.
        #[source]
        source: Box<CloudError>,
    },
    /// An account is no throw-away account.
    #[error("account {account} is no throw-away account: it holds {}", stacks.join(", "))]
    Occupied {
        /// The account.
        account: AccountId,
        /// Stacks that say so.
        stacks: Vec<String>,
    },
    /// What an earlier run left could not be removed.
    #[error("what an earlier run left could not be removed: {}", left.join("; "))]
    Leftovers {
        /// What stays, and why.
        left: Vec<String>,
    },
    /// It was interrupted twice.
    #[error("interrupted before anything was removed: everything whose name begins with {PREFIX} may still stand")]
    Abandoned,
}
