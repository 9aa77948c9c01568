//! How much of a deployment goes on at once, how often CloudFormation is read, and how long is waited: `deployment.limits`.

/// How much goes on at once, how often is read, and how long is waited. It changes how long a deployment takes, never what it does, so it
/// stands in no manifest and in no plan. The ranges are those of the file's schema, which refuses what is out of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Stacks at once, in all: rates are counted by account, so this only keeps the process small.
    pub stacks: u16,
    /// Stacks at once in one account: its API rates are shared by everybody who works there.
    pub stacks_per_account: u16,
    /// Stacks with grants or tags at once in one account: Lake Formation answers ConcurrentModificationException to grants that
    /// overlap (coverage-roadmap #2432, aws-cdk #36215).
    pub grant_stacks_per_account: u16,
    /// Reads of CloudFormation in one account and Region, by all stacks together.
    pub reads_per_second: u16,
    /// For effects of other stacks, in minutes from the moment at which they are complete.
    pub effect_minutes: u16,
    /// For one operation of CloudFormation on one stack, in minutes.
    pub operation_minutes: u16,
}

impl Default for Limits {
    /// Two reads a second leave to others of an account more than half of what users report (aws-sam-cli #2671).
    fn default() -> Self {
        Self {
            stacks: 64,
            stacks_per_account: 4,
            grant_stacks_per_account: 1,
            reads_per_second: 2,
            effect_minutes: 5,
            operation_minutes: 120,
        }
    }
}
