//! How it stands with a leg, and with several rights that it takes.

use crate::access::Spot;

/// How it stands with one leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is there, by these resources.
    Holds(Vec<Spot>),
    /// It is not there: why, in words that follow `<database>.<table>: `.
    Missing(String),
    /// The templates do not tell: why.
    Unknown(String),
}

impl Standing {
    /// Both: what is missing outweighs what is unknown.
    pub(super) fn and(self, other: impl FnOnce() -> Self) -> Self {
        if matches!(self, Self::Missing(_)) {
            return self;
        }
        match (self, other()) {
            (_, missing @ Self::Missing(_)) => missing,
            (unknown @ Self::Unknown(_), _) | (_, unknown @ Self::Unknown(_)) => unknown,
            (Self::Holds(mut spots), Self::Holds(further)) => {
                for spot in further {
                    if !spots.contains(&spot) {
                        spots.push(spot);
                    }
                }
                Self::Holds(spots)
            }
            (missing @ Self::Missing(_), Self::Holds(_)) => missing,
        }
    }

    /// One of two: what is unknown outweighs what is missing.
    pub(super) fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Holds(_) => self,
            Self::Missing(_) => match other() {
                // the first reason is told
                Self::Missing(_) => self,
                other @ (Self::Holds(_) | Self::Unknown(_)) => other,
            },
            Self::Unknown(_) => match other() {
                other @ Self::Holds(_) => other,
                Self::Missing(_) | Self::Unknown(_) => self,
            },
        }
    }
}
