//! The loop of a worker.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::Duration as Span;
use releasepage_domain::{
    job::{ATTEMPTS_MAX, JobPayload, job_backoff},
    time::UtcTime,
};
use releasepage_storage::{
    Store, StoreError,
    database::clock::Clock,
    jobs::{
        claims::{ClaimedJob, JobOutcome, job_claim, job_claim_prompt, job_finish, job_heartbeat},
        hold::job_hold_get,
        row::JobTicket,
        schedules::schedule_run,
    },
};
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Instant, timeout},
};
use tracing::Instrument as _;

use crate::{
    handler::{Job, JobEnd, JobFailure, JobHandler},
    settings::RunnerSettings,
};

/// Work that recurs at an interval.
#[derive(Clone, Debug)]
pub struct Recurring {
    /// The unique name of the work.
    pub name: &'static str,
    /// The job to add each time.
    pub payload: JobPayload,
    /// The interval.
    pub every: Span,
}

/// A worker. Several workers can share a database.
pub struct Runner<H> {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The settings for claiming and holding jobs.
    pub settings: RunnerSettings,
    /// The handler of the jobs.
    pub handler: Arc<H>,
    /// The work that recurs at an interval.
    pub recurring: Vec<Recurring>,
}

/// The jobs that this worker holds. Each has a sender that tells its handler to stop.
type Held = Arc<Mutex<HashMap<JobTicket, watch::Sender<bool>>>>;

/// The time between two checks for due recurring work.
const RECURRING_EVERY: Duration = Duration::from_secs(30);

/// The jobs that may run in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotKind {
    /// All jobs.
    Any,
    /// The jobs that somebody waits for.
    Prompt,
}

/// The slots of a worker, the same number of each kind. So a job that somebody waits for never waits for jobs that take
/// minutes.
struct Slots {
    any: Arc<Semaphore>,
    prompt: Arc<Semaphore>,
}

/// A slot in use. Dropping it gives the slot back.
struct Slot {
    kind: SlotKind,
    _permit: OwnedSemaphorePermit,
}

impl Slots {
    fn new(concurrency: usize) -> Self {
        let slots = || Arc::new(Semaphore::new(concurrency.max(1)));
        Self { any: slots(), prompt: slots() }
    }

    /// Waits for a slot. A slot for all jobs goes first. `None` if there will be no more slots.
    async fn free(&self) -> Option<Slot> {
        let (kind, permit) = tokio::select! {
            biased;
            permit = Arc::clone(&self.any).acquire_owned() => (SlotKind::Any, permit),
            permit = Arc::clone(&self.prompt).acquire_owned() => (SlotKind::Prompt, permit),
        };
        Some(Slot { kind, _permit: permit.ok()? })
    }
}

impl<H: JobHandler> Runner<H> {
    /// Works until `shutdown` becomes true. Then the worker claims no more jobs and tells its handlers to stop. It
    /// waits for them, but no longer than the setting `drain`.
    pub async fn run(self, mut shutdown: watch::Receiver<bool>) {
        let runner = Arc::new(self);
        let held = Held::default();
        let heart = tokio::spawn(Arc::clone(&runner).beat(Arc::clone(&held)));
        let slots = Slots::new(runner.settings.concurrency);
        let mut running = JoinSet::new();
        let mut recurring_at = Instant::now();
        let mut held_before = false;
        while !*shutdown.borrow() {
            while running.try_join_next().is_some() {}
            if recurring_at <= Instant::now() {
                recurring_at = Instant::now() + RECURRING_EVERY;
                held_before = hold_tell(&runner.store, held_before).await;
                // Recurring jobs would pile up while the queue is held.
                if !held_before {
                    runner.recur().await;
                }
            }
            let slot = tokio::select! {
                slot = slots.free() => slot,
                _ = shutdown.changed() => break,
            };
            let Some(slot) = slot else { break };
            match runner.claim(slot.kind).await {
                Ok(Some(claimed)) => {
                    let (runner, held) = (Arc::clone(&runner), Arc::clone(&held));
                    running.spawn(async move {
                        runner.work(claimed, &held).await;
                        drop(slot);
                    });
                }
                Ok(None) if slot.kind == SlotKind::Prompt => tokio::select! {
                    () = idle(&mut shutdown, runner.settings.poll) => {}
                    // A free slot of this kind can also take other jobs.
                    _ = slots.any.acquire() => {}
                },
                Ok(None) => idle(&mut shutdown, runner.settings.poll).await,
                Err(error) => {
                    tracing::warn!(%error, "jobs cannot be claimed");
                    idle(&mut shutdown, Duration::from_secs(1)).await;
                }
            }
        }
        for stop in held.lock().await.values() {
            stop.send_replace(true);
        }
        let drained = timeout(runner.settings.drain, async { while running.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!(jobs = running.len(), "jobs did not end in time; their leases will");
        }
        heart.abort();
    }

    async fn claim(&self, slot: SlotKind) -> Result<Option<ClaimedJob>, StoreError> {
        let now = self.clock.now();
        let leased_until = later(now, self.settings.lease);
        match slot {
            SlotKind::Any => job_claim(&self.store, now, leased_until).await,
            SlotKind::Prompt => job_claim_prompt(&self.store, now, leased_until).await,
        }
    }

    async fn recur(&self) {
        for work in &self.recurring {
            let result = schedule_run(&self.store, work.name, work.payload.clone(), work.every, self.clock.now()).await;
            if let Err(error) = result {
                tracing::warn!(name = work.name, %error, "recurring work cannot be scheduled");
            }
        }
    }

    /// Renews the leases of running jobs. Tells a handler to stop if another worker holds its job now.
    async fn beat(self: Arc<Self>, held: Held) {
        loop {
            tokio::time::sleep(self.settings.heartbeat).await;
            let tickets: Vec<JobTicket> = held.lock().await.keys().copied().collect();
            if tickets.is_empty() {
                continue;
            }
            match job_heartbeat(&self.store, tickets, later(self.clock.now(), self.settings.lease)).await {
                Ok(lost) => {
                    let held = held.lock().await;
                    for ticket in lost {
                        if let Some(stop) = held.get(&ticket) {
                            tracing::warn!(job = ticket.id, "the lease of a job was lost");
                            stop.send_replace(true);
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "leases cannot be kept"),
            }
        }
    }

    async fn work(&self, claimed: ClaimedJob, held: &Held) {
        let ClaimedJob { ticket, attempt, payload } = claimed;
        let span = tracing::info_span!("job", job = ticket.id, kind = payload.kind(), attempt);
        let (stop, stopped) = watch::channel(false);
        held.lock().await.insert(ticket, stop);
        let job = Job { ticket, attempt, payload, stop: stopped };
        let handler = Arc::clone(&self.handler);
        // A separate task, so that a panic ends the job but not the worker.
        let task = tokio::spawn(async move { handler.handle(job).await }.instrument(span.clone()));
        let result = task.await.unwrap_or_else(|_| Err(JobFailure::Retry("the handler panicked".into())));
        let outcome = outcome(result, ticket, attempt, self.clock.now());
        match &outcome {
            JobOutcome::Retry(_, error) => span.in_scope(|| tracing::warn!(error, "a job failed and is tried again")),
            JobOutcome::Dead(error) => span.in_scope(|| tracing::error!(error, "a job failed for good")),
            JobOutcome::Done | JobOutcome::PutOff(_) | JobOutcome::NotBegun(_) => {}
        }
        self.finish(ticket, outcome).instrument(span).await;
        held.lock().await.remove(&ticket);
    }

    /// Records the end of a job. Tries again while the database is away, for as long as the lease lasts. After that
    /// another worker takes the job.
    async fn finish(&self, ticket: JobTicket, outcome: JobOutcome) {
        let deadline = Instant::now() + self.settings.lease;
        loop {
            match job_finish(&self.store, ticket, outcome.clone()).await {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!("a job ended after its lease; what it says is not taken");
                    return;
                }
                Err(error) if Instant::now() < deadline => {
                    tracing::warn!(%error, "the end of a job cannot be written yet");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(error) => {
                    tracing::error!(%error, "the end of a job cannot be written; it will be done again");
                    return;
                }
            }
        }
    }
}

/// Logs if the queue is newly held or released. Returns true if it is held. Returns `held_before` if the database
/// cannot be read.
pub async fn hold_tell(store: &Store, held_before: bool) -> bool {
    match job_hold_get(store).await {
        Ok(Some(hold)) => {
            if !held_before {
                let (because, since) = (hold.because, hold.held_at.and_utc().to_rfc3339());
                tracing::warn!(because, since, "the queue is held: nothing is mailed before `releasepage jobs resume`");
            }
            true
        }
        Ok(None) => {
            if held_before {
                tracing::info!("the queue goes on");
            }
            false
        }
        Err(error) => {
            tracing::warn!(%error, "whether the queue is held cannot be looked up");
            held_before
        }
    }
}

fn outcome(result: Result<JobEnd, JobFailure>, ticket: JobTicket, attempt: i32, now: UtcTime) -> JobOutcome {
    match result {
        Ok(JobEnd::Done) => JobOutcome::Done,
        Ok(JobEnd::PutOff(at)) => JobOutcome::PutOff(at),
        Ok(JobEnd::NotBegun(at)) => JobOutcome::NotBegun(at),
        Err(JobFailure::Fail(error)) => JobOutcome::Dead(error),
        Err(JobFailure::Retry(error)) if attempt >= ATTEMPTS_MAX => JobOutcome::Dead(error),
        Err(JobFailure::Retry(error)) => JobOutcome::Retry(later(now, job_backoff(attempt, spread(ticket))), error),
    }
}

/// A number from 0 to 1 that differs between jobs and between claims. It spreads the retries of jobs that failed
/// together.
fn spread(ticket: JobTicket) -> f64 {
    let mixed = (ticket.id ^ ticket.fence.rotate_left(32)).unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    f64::from(u32::try_from(mixed >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

fn later(now: UtcTime, duration: Duration) -> UtcTime {
    now + Span::from_std(duration).unwrap_or(Span::MAX)
}

async fn idle(shutdown: &mut watch::Receiver<bool>, duration: Duration) {
    // A closed channel can send no more stops, so it must not make the loop spin.
    let _ = timeout(duration, async {
        if shutdown.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_follows_from_the_result() {
        let now = releasepage_domain::time::time_parse("2024-05-10T12:00:00Z").expect("valid");
        let ticket = JobTicket { id: 7, fence: 1 };
        let retry = || Err(JobFailure::Retry("later".into()));
        assert_eq!(outcome(Ok(JobEnd::Done), ticket, 1, now), JobOutcome::Done);
        assert_eq!(outcome(Ok(JobEnd::PutOff(now)), ticket, ATTEMPTS_MAX, now), JobOutcome::PutOff(now));
        assert_eq!(outcome(Ok(JobEnd::NotBegun(now)), ticket, 1, now), JobOutcome::NotBegun(now));
        assert_eq!(outcome(retry(), ticket, ATTEMPTS_MAX, now), JobOutcome::Dead("later".into()));
        assert_eq!(outcome(Err(JobFailure::Fail("no".into())), ticket, 1, now), JobOutcome::Dead("no".into()));
        let JobOutcome::Retry(at, _) = outcome(retry(), ticket, 3, now) else { panic!("a retry was expected") };
        assert!(at >= now + Span::seconds(2) && at <= now + Span::seconds(4), "{at}");
    }

    #[test]
    fn claims_are_spread() {
        let spread = |id, fence| spread(JobTicket { id, fence });
        assert!((0..1_000).all(|id| (0.0..=1.0).contains(&spread(id, 1))));
        assert_ne!(spread(1, 1).to_bits(), spread(2, 1).to_bits());
        assert_ne!(spread(1, 1).to_bits(), spread(1, 2).to_bits());
    }
}
