//! Which findings may be taken on knowingly.

use super::{Code, Severity};

impl Code {
    /// Whether it is about a change, a rule of what must not merge: only a comparison of two sides finds it.
    #[must_use]
    pub const fn is_policy(self) -> bool {
        matches!(
            self,
            Self::SensitiveWithoutPurpose
                | Self::TagValueInUse
                | Self::DataStoreReplaced
                | Self::RetentionShortened
                | Self::RetainRemoved
                | Self::EncryptionWeakened
                | Self::PublicAccessOpened
                | Self::DeployRoleWidened
                | Self::TrustOpened
                | Self::AdministratorAdded
                | Self::StackLeftBehind
                | Self::EndDatePostponed
                | Self::VersionNotRaised
        )
    }

    /// Whether `accept` may name it: policies and warnings, never an error in a file, a template, or a limit of AWS.
    #[must_use]
    pub const fn can_be_accepted(self) -> bool {
        let is_about_acceptance = matches!(self, Self::AcceptanceExpired | Self::AcceptanceUnused);
        self.is_policy() || matches!(self.severity(), Severity::Warning) && !is_about_acceptance
    }
}
