//! Three answers: yes, no, and what the templates do not tell.

use std::borrow::Cow;

/// True, false, or not told and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    No,
    Maybe(Cow<'static, str>),
}

impl From<bool> for Truth {
    fn from(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }
}

impl Truth {
    pub(super) fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe(why) => Self::Maybe(why),
        }
    }

    pub(super) fn any(all: impl IntoIterator<Item = Self>) -> Self {
        let mut found = Self::No;
        for truth in all {
            match truth {
                Self::Yes => return Self::Yes,
                Self::No => {}
                Self::Maybe(why) => found = Self::Maybe(why),
            }
        }
        found
    }

    pub(super) fn all(all: impl IntoIterator<Item = Self>) -> Self {
        Self::any(all.into_iter().map(Self::not)).not()
    }
}
