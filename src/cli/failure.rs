//! Why a command ended: exit codes, and what is printed when something outside the user's files went wrong.

use std::io;

/// The exit codes. They are part of the interface: scripts and CI depend on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done; a closed pipe too, since whoever read it had enough.
    Done,
    /// The disk, the network or AWS refused.
    Error,
    /// The command line is wrong; clap's own code.
    Usage,
    /// Findings refuse: something is wrong in a file.
    Findings,
    /// Changes are present (`--exit-code`), or `synth --check` found stale files.
    Changes,
    /// A deployment failed or was done in part.
    Partial,
    /// Declined: by a person, or since nobody could be asked.
    Declined,
    /// The plan no longer fits what stands.
    Stale,
    /// A defect of meshform: a panic.
    Defect,
    /// Interrupted by Ctrl-C.
    Interrupted,
}

impl Exit {
    /// Every code, for the docs.
    pub const ALL: [Self; 10] = [
        Self::Done,
        Self::Error,
        Self::Usage,
        Self::Findings,
        Self::Changes,
        Self::Partial,
        Self::Declined,
        Self::Stale,
        Self::Defect,
        Self::Interrupted,
    ];

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::Findings => 3,
            Self::Changes => 4,
            Self::Partial => 5,
            Self::Declined => 6,
            Self::Stale => 7,
            Self::Defect => 101,
            Self::Interrupted => 130,
        }
    }

    /// What it means, in one line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; a closed pipe too",
            Self::Error => "the disk, the network or AWS refused",
            Self::Usage => "the command line is wrong",
            Self::Findings => "findings refuse: something is wrong in a file",
            Self::Changes => "changes are present (`--exit-code`), or `synth --check` found stale files",
            Self::Partial => "a deployment failed or was done in part",
            Self::Declined => "declined, or nobody could be asked",
            Self::Stale => "the plan no longer fits what stands",
            Self::Defect => "a defect of meshform",
            Self::Interrupted => "interrupted by Ctrl-C",
        }
    }
}

/// What the world did: an error with its chain of causes and its advice.
#[derive(Debug)]
pub(super) struct Failure {
    /// The exit code.
    pub(super) exit: Exit,
    /// What happened; its sources are printed below it.
    pub(super) error: Box<dyn std::error::Error + Send + Sync>,
    /// What it is made of, a line each.
    pub(super) details: Vec<String>,
    /// What to do next.
    pub(super) hints: Vec<String>,
}

impl Failure {
    pub(super) fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { exit: Exit::Error, error: error.into(), details: Vec::new(), hints: Vec::new() }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub(super) const fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Whether the reader of stdout went away, which is no failure.
    pub(super) fn is_closed_pipe(&self) -> bool {
        let mut error: Option<&(dyn std::error::Error + 'static)> = Some(self.error.as_ref());
        while let Some(cause) = error {
            if cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
                return true;
            }
            error = cause.source();
        }
        false
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error)
    }
}
