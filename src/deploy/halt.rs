//! Why a run starts nothing new.

use super::events::Stop;
use super::outcome::SkipReason;
use crate::plan::StepId;

/// Why nothing new starts.
#[derive(Debug, Clone)]
pub(super) enum Halt {
    /// A step failed.
    Failed(StepId),
    /// The credentials ended at a step.
    SignedOut(StepId),
    /// The user wishes it.
    Interrupted(Stop),
}

impl Halt {
    /// Why a step is skipped then.
    pub(super) fn skips(&self) -> SkipReason {
        match self {
            Self::Failed(step) => SkipReason::Stopped { step: step.clone() },
            Self::SignedOut(step) => SkipReason::SignedOut { step: step.clone() },
            Self::Interrupted(_) => SkipReason::Interrupted,
        }
    }

    /// How the user wishes to stop, if that is why.
    pub(super) const fn stop(&self) -> Option<Stop> {
        match self {
            Self::Interrupted(how) => Some(*how),
            Self::Failed(_) | Self::SignedOut(_) => None,
        }
    }
}
