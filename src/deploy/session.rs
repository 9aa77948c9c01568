//! A run from its first line to its last: the journal is opened, the lock taken and renewed, the plan carried out, the lock released.

use super::cloud::Cloud;
use super::events::{Event, LockStep};
use super::execute::execute;
use super::journal::{Entry, Recorder};
use super::lock::{Holder, LEASE, Lock, LockError, LockWish, RENEWAL, Taken};
use super::organization::{Organizing, StackSets};
use super::outcome::{Outcome, Summary};
use super::recorded::Recorded;
use super::settings::Settings;
use crate::plan::{Pass, Plan};
use std::future::Future;
use std::io;
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};

/// What keeps a run from harm: its journal and its lock.
#[derive(Clone)]
pub struct Guard {
    /// Who deploys.
    pub holder: Holder,
    /// Where the journal is written to.
    pub recorder: Arc<dyn Recorder>,
    /// The lock that is wanted; none where there is no place for it yet.
    pub lock: Option<LockWish>,
}

/// Why a run did not begin.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Its journal could not be begun.
    #[error("the journal cannot be written, and nothing is changed without one")]
    Journal(#[source] io::Error),
    /// The lock could not be had.
    #[error(transparent)]
    Lock(Box<LockError>),
}

/// Carries a plan out under its guard; `receive` gets every event, after the journal.
pub(super) async fn run<C: Cloud>(
    cloud: Arc<C>,
    plan: &Plan,
    settings: Settings,
    guard: &Guard,
    interrupts: UnboundedReceiver<()>,
    receive: &mut dyn FnMut(Event),
) -> Result<Outcome, GuardError> {
    guard.open(&plan.mesh, plan.pass)?;
    let cloud = Arc::new(Recorded::new(cloud, Arc::clone(&guard.recorder), plan, settings.rate));
    let work = |events, stops| execute(Arc::clone(&cloud), plan, Arc::new(settings), events, stops);
    guarded(&cloud, guard, interrupts, receive, work).await
}

/// Works on StackSets under its guard, which looks at nothing but them; `receive` gets every event, after the journal.
pub(super) async fn organize<C: Cloud + StackSets>(
    cloud: Arc<C>,
    organizing: &Organizing<'_>,
    settings: &Settings,
    guard: &Guard,
    interrupts: UnboundedReceiver<()>,
    receive: &mut dyn FnMut(Event),
) -> Result<Summary, GuardError> {
    guard.open(organizing.mesh, Pass::Bootstrap)?;
    let cloud = Arc::new(Recorded::without_secrets(cloud, Arc::clone(&guard.recorder), settings.rate));
    let work = |events, stops| organizing.run(&*cloud, settings, events, stops);
    guarded(&cloud, guard, interrupts, receive, work).await
}

impl Guard {
    fn open(&self, mesh: &str, pass: Pass) -> Result<(), GuardError> {
        let opened = Entry::Opened {
            holder: self.holder.clone(),
            mesh: mesh.to_owned(),
            pass,
            meshform: env!("CARGO_PKG_VERSION").to_owned(),
        };
        self.recorder.record(&opened).map_err(GuardError::Journal)
    }
}

/// Does some work with the lock held, if there is one. The work is told the wish to stop, which is also what a lost lock is.
async fn guarded<C: Cloud, T, F: Future<Output = T>>(
    cloud: &Arc<C>,
    guard: &Guard,
    mut interrupts: UnboundedReceiver<()>,
    receive: &mut dyn FnMut(Event),
    work: impl FnOnce(UnboundedSender<Event>, UnboundedReceiver<()>) -> F,
) -> Result<T, GuardError> {
    let mut tell = |event: Event| {
        // an event that is lost decides nothing: the next intent is refused
        let _ = guard.recorder.record(&Entry::Happened { happened: event.clone() });
        receive(event);
    };
    let mut lock = None;
    if let Some(wish) = &guard.lock {
        let (held, taken) = Lock::take(&**cloud, wish).await.map_err(|error| GuardError::Lock(Box::new(error)))?;
        let (how, from) = match taken {
            Taken::Free => (LockStep::Taken, None),
            Taken::Over(holder) => (LockStep::TakenOver, Some(holder)),
            Taken::Broken(holder) => (LockStep::Broken, Some(holder)),
        };
        tell(Event::Lock { how, from });
        lock = Some(held);
    }
    let (events, mut received) = unbounded_channel();
    let (stop, stops) = unbounded_channel();
    let (lost, mut losses) = unbounded_channel();
    let keeping = lock.map(|lock| {
        let (done, over) = unbounded_channel();
        (done, tokio::spawn(keep(Arc::clone(cloud), lock, over, lost)))
    });
    let work = work(events, stops);
    tokio::pin!(work);
    let outcome = loop {
        tokio::select! {
            // what happened is told before it is summed up
            biased;
            Some(event) = received.recv() => tell(event),
            Some(()) = interrupts.recv() => drop(stop.send(())),
            // whoever lost the lock starts nothing new, and finishes what runs
            Some(()) = losses.recv() => {
                tell(Event::Lock { how: LockStep::Lost, from: None });
                let _ = stop.send(());
            }
            outcome = &mut work => break outcome,
        }
    };
    while let Ok(event) = received.try_recv() {
        tell(event);
    }
    if let Some((done, task)) = keeping {
        drop(done);
        // another's by now, or not to be reached: the lease ends it
        if let Ok(Some(lock)) = task.await
            && let Err(_error) = lock.release(&**cloud).await
        {
            tell(Event::Lock { how: LockStep::Left, from: None });
        }
    }
    Ok(outcome)
}

/// Renews a lock until the run is over, and gives it back then; none when it was lost on the way.
async fn keep<C: Cloud>(
    cloud: Arc<C>,
    mut lock: Lock,
    mut over: UnboundedReceiver<()>,
    lost: UnboundedSender<()>,
) -> Option<Lock> {
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            biased;
            _ = over.recv() => return Some(lock),
            () = sleep(RENEWAL) => {}
        }
        let began = Instant::now();
        match lock.renew(&*cloud).await {
            Ok(true) => renewed = began,
            Ok(false) => break,
            // it is ours until its lease ends
            Err(_) if renewed.elapsed() + RENEWAL < LEASE => {}
            Err(_) => break,
        }
    }
    let _ = lost.send(());
    None
}

#[cfg(test)]
#[path = "scale_tests.rs"]
mod scale;

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
