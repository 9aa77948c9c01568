//! The network: looking at what stands, and carrying a plan out. The only place that names the AWS SDK or tokio.
//!
//! Entry points block and need no runtime. What happens is told as [`Event`]s to one receiver on the caller's thread.
//! Decisions are taken in [`crate::plan`]; what is here carries them out.

mod again;
mod aws;
mod change_set;
mod change_sets;
mod cloud;
mod cloud_error;
mod credentials;
pub mod doctor;
pub mod drift;
mod effects;
mod entry;
mod events;
mod execute;
mod failure;
#[cfg(test)]
mod fake;
mod follow;
mod gone;
mod halt;
mod history;
mod journal;
mod lock;
mod mfa;
mod nature;
mod observe;
pub mod organization;
mod origins;
mod outcome;
mod pace;
pub mod probing;
mod protect;
mod recorded;
mod session;
mod settings;
mod staging;
mod step;
mod stuck;
mod tally;

pub use change_sets::{ChangeSetsError, Checked, Predicted};
pub use cloud::{
    Access, ChangeKind, ChangeSetHandle, ChangeSetRequest, ChangeSetState, ChangeSetView, Cloud, CloudError, ErrorKind,
    EventsFrom, Expected, INLINE_LIMIT, Identity, Object, ProbeAnswer, Scope, StackEvent, StackResource, StackView,
    TemplateSource, Upload, Written, classify, probe_scope,
};
pub use credentials::Reach;
pub use entry::{DeployError, bootstrap, change_sets, check_change_sets, deploy, look_at_lock, observe, strays, stuck};
pub use events::{Event, LockStep, PlannedStep, StepOutcome, Stop, VERSION};
pub use history::{RunRecord, StepRecord, StepState, Work, unsettled, usual};
pub use journal::{
    Answer, Entry, Intent, JOURNAL_VERSION, Journal, JournalError, LONGEST_JOURNAL, Line, Recorder, Unrecorded,
};
pub use lock::{Holder, LockError, LockPlace, LockState, LockWish, SeenLock};
pub use mfa::{Mfa, NoCode};
pub use nature::Nature;
pub use observe::ObserveError;
pub use origins::Origins;
pub use outcome::{Cause, Failure, Outcome, SkipReason, Skipped, Summary, causes, survivors};
pub use pace::Rate;
pub use session::{Guard, GuardError};
pub use settings::{Limits, OnFailure, Patience, Polling, Retries, Settings, Unsettled};
pub use stuck::Stuck;
