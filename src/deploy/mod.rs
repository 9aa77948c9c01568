//! The network: looking at what stands, and carrying a plan out. The only place that names the AWS SDK or tokio.
//!
//! Entry points block and need no runtime. What happens is told as [`Event`]s to one receiver on the caller's thread.
//! Decisions are taken in [`crate::plan`]; what is here carries them out.

mod aws;
mod change_set;
mod change_sets;
mod cloud;
mod credentials;
mod effects;
mod entry;
mod events;
mod execute;
mod failure;
#[cfg(test)]
mod fake;
mod follow;
mod observe;
mod outcome;
mod settings;
mod step;
mod tally;

pub use change_sets::{ChangeSetsError, Checked, Predicted};
pub use cloud::{
    Access, ChangeKind, ChangeSetHandle, ChangeSetRequest, ChangeSetState, ChangeSetView, Cloud, CloudError, ErrorKind,
    EventsFrom, INLINE_LIMIT, Identity, ProbeAnswer, Scope, StackEvent, StackView, TemplateSource, Upload, classify,
};
pub use credentials::{Mfa, Reach};
pub use entry::{DeployError, bootstrap, change_sets, check_change_sets, deploy, observe};
pub use events::{Event, PlannedStep, StepOutcome, Stop, VERSION};
pub use observe::ObserveError;
pub use outcome::{Cause, Failure, Outcome, SkipReason, Skipped, Summary, causes, survivors};
pub use settings::{Limits, OnFailure, Patience, Polling, Settings};
