//! Waiting for effects: asking probes until they answer yes.

use super::cloud::{Access, Cloud, CloudError, ProbeAnswer};
use super::events::Event;
use super::outcome::Failure;
use super::settings::Settings;
use crate::plan::{Pass, Probe, Step};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};

/// Waits for the effects that a step builds on; the error is why it cannot start.
pub(super) async fn effects<C: Cloud>(
    cloud: Arc<C>,
    settings: Arc<Settings>,
    events: UnboundedSender<Event>,
    pass: Pass,
    step: Step,
) -> Result<(), Box<Failure>> {
    let access = match pass {
        Pass::Mesh => Access::Plan,
        Pass::Bootstrap => Access::Administrator,
    };
    let patience = settings.patience.probe;
    let started = Instant::now();
    for probe in &step.probes {
        let tell = || {
            let _ = events.send(Event::StepWaiting { step: step.id.clone(), waiting_for: probe.to_string() });
        };
        let left = patience.saturating_sub(started.elapsed());
        match answered(&*cloud, probe, access, &settings, left, tell).await {
            Ok(()) => {}
            Err(Unanswered::Call(error)) => {
                return Err(Box::new(Failure::of_call(
                    &step.id.stack,
                    &step.account,
                    &format!("look for {probe}"),
                    &error,
                )));
            }
            Err(Unanswered::No(lines)) => {
                let message = format!("waited {} s in vain for {probe}: {}", patience.as_secs(), lines.join("; "));
                let hint = "the stacks before it are complete, so run the same command again to go on waiting; if it lasts, look at their events";
                let failure = Failure::plain(&step.id.stack, &step.account, message);
                return Err(Box::new(Failure { hints: vec![hint.to_owned()], ..failure }));
            }
        }
    }
    Ok(())
}

/// Why a probe was not answered with yes.
pub(super) enum Unanswered {
    /// The answer stayed no.
    No(Vec<String>),
    /// There was no answer, and asking again would not bring one.
    Call(CloudError),
}

/// Asks a probe until it answers yes; tells once that it has to be waited for.
pub(super) async fn answered<C: Cloud>(
    cloud: &C,
    probe: &Probe,
    access: Access,
    settings: &Settings,
    patience: Duration,
    tell: impl Fn(),
) -> Result<(), Unanswered> {
    let started = Instant::now();
    let mut last = Vec::new();
    for (look, pause) in settings.polling.pauses().enumerate() {
        match cloud.probe(probe, access).await {
            Ok(ProbeAnswer::Yes) => return Ok(()),
            Ok(ProbeAnswer::No(lines)) => last = lines,
            Err(error) if error.is_passing() => last = vec![error.to_string()],
            Err(error) => return Err(Unanswered::Call(error)),
        }
        if look == 0 {
            tell();
        }
        if started.elapsed() >= patience {
            break;
        }
        sleep(pause.min(patience.saturating_sub(started.elapsed()))).await;
    }
    Err(Unanswered::No(last))
}
