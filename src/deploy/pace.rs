//! One rate limiter for each account and Region, shared by all that poll there: CloudFormation counts calls by account and Region,
//! whoever makes them (`DescribeStacks`: about five a second, aws-sam-cli #2671, a user's report; no number is published).
//!
//! Whoever wants to read gets the next free turn, in the order of asking, so that many stacks are looked at in a circle. A burst is
//! free at first. After an answer that there were too many calls the turns of that place lie twice as far apart, and come closer again
//! with each good answer.

use super::cloud::{CloudError, ErrorKind, Scope};
use crate::mesh::{AccountId, Limits, Region};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often CloudFormation is read in one account and Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Time between two reads that last.
    pub every: Duration,
    /// How many may come at once after a rest.
    pub burst: u32,
}

impl Rate {
    /// No limit: for what stands in for AWS on this machine.
    pub const UNLIMITED: Self = Self { every: Duration::ZERO, burst: 1 };

    /// The longest time between two turns after many refusals.
    const LONGEST: Duration = Duration::from_secs(8);

    /// What the mesh's file says of it.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        Self { every: Duration::from_secs(1) / u32::from(limits.reads_per_second.max(1)), burst: 20 }
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self::of(&Limits::default())
    }
}

/// The turns of every place.
pub(super) struct Pace {
    rate: Rate,
    places: Mutex<BTreeMap<(AccountId, Region), Turns>>,
}

/// The turns of one account and Region.
struct Turns {
    /// When the last turn that was given is used up.
    until: Instant,
    every: Duration,
}

impl Pace {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, places: Mutex::default() }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self, scope: &Scope) {
        if self.rate.every.is_zero() {
            return;
        }
        let at = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turns = places
                .entry((scope.account.clone(), scope.region.clone()))
                .or_insert_with(|| Turns { until: now, every: self.rate.every });
            turns.until = turns.until.max(now) + turns.every;
            // a burst is what may be taken ahead of time; where calls were refused there is none
            let ahead = if turns.every > self.rate.every { turns.every } else { self.rate.every * self.rate.burst };
            turns.until.checked_sub(ahead).unwrap_or(now)
        };
        sleep_until(at).await;
    }

    /// Learns from an answer.
    pub(super) fn heard<T>(&self, scope: &Scope, answer: &Result<T, CloudError>) {
        let throttled = matches!(answer, Err(error) if error.kind == ErrorKind::Throttled);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(turns) = places.get_mut(&(scope.account.clone(), scope.region.clone())) else { return };
        turns.every =
            if throttled { (turns.every * 2).min(Rate::LONGEST) } else { (turns.every * 15 / 16).max(self.rate.every) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::cloud::Access;
    use crate::deploy::fake::trouble;

    fn scope(account: &str) -> Scope {
        Scope {
            account: AccountId::parse(account).unwrap(),
            region: Region::parse("eu-west-1").unwrap(),
            access: Access::Plan,
        }
    }

    async fn seconds(pace: &Pace, account: &str, turns: usize) -> f64 {
        let started = Instant::now();
        for _ in 0..turns {
            pace.turn(&scope(account)).await;
        }
        started.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_burst_the_turns_of_a_place_come_at_its_rate_and_of_another_at_once() {
        let pace = Pace::new(Rate::default());
        assert_eq!(seconds(&pace, "111111111111", 20).await, 0.0);
        assert_eq!(seconds(&pace, "111111111111", 20).await, 10.0);
        assert_eq!(seconds(&pace, "222222222222", 20).await, 0.0);
        assert_eq!(seconds(&Pace::new(Rate::UNLIMITED), "111111111111", 1000).await, 0.0);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_slow_a_place_down_and_good_answers_bring_it_back() {
        let pace = Pace::new(Rate::default());
        let here = scope("111111111111");
        seconds(&pace, "111111111111", 20).await;
        for _ in 0..9 {
            pace.heard::<()>(&here, &Err(trouble(ErrorKind::Throttled)));
        }
        // the turns that were given keep their time; those after them lie as far apart as they may
        seconds(&pace, "111111111111", 1).await;
        assert_eq!(seconds(&pace, "111111111111", 3).await, 24.0);
        pace.heard::<()>(&here, &Err(trouble(ErrorKind::Denied)));
        assert!(seconds(&pace, "111111111111", 3).await < 24.0, "a refusal of another kind slows nobody down");
        for _ in 0..100 {
            pace.heard(&here, &Ok(()));
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(seconds(&pace, "111111111111", 20).await, 0.0);
    }
}
