//! The messages of one job that are on their way at the same time.

use std::{collections::HashSet, sync::Arc, time::Duration};

use releasepage_jobs::handler::{Job, JobFailure};
use releasepage_storage::announcements::deliveries::{DeliveryRange, DueDelivery, deliveries_due};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{Instant, timeout_at},
};
use tracing::Instrument as _;

use super::{announcement::Content, mail_worker::MailWorker};

/// The time for which a job begins messages. Then it waits for its next turn, so that other pages and readers who wait
/// for a confirmation have theirs. Messages on their way then have the same time again to end.
const SLICE: Duration = Duration::from_secs(5);

/// The result of one message, for the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The result was recorded.
    Recorded,
    /// The mail server cannot be reached. The rest of the batch need not try.
    NoWay,
    /// The mail server refuses this sender for any message. The rest of the batch waits for its next turn.
    Unwelcome,
    /// Another worker has the job now. It sends the rest of the batch.
    Lost,
}

/// The values that the messages of one job share.
pub(super) struct Batch {
    pub(super) job: Job,
    pub(super) content: Arc<Content>,
    range: DeliveryRange,
    /// Becomes true when messages that wait for a line need wait no longer.
    halt: watch::Sender<bool>,
}

impl Batch {
    pub(super) fn new(job: &Job, content: Arc<Content>, range: DeliveryRange) -> Arc<Self> {
        Arc::new(Self { job: job.clone(), content, range, halt: watch::Sender::new(false) })
    }

    /// Waits until no more messages may begin.
    pub(super) async fn halted(&self) {
        let mut halt = self.halt.subscribe();
        tokio::select! {
            _ = halt.wait_for(|halt| *halt) => {}
            () = self.job.stopped() => {}
        }
    }
}

/// The messages on their way, and the result of the batch so far.
struct Turns<'a> {
    batch: &'a Arc<Batch>,
    running: JoinSet<(i64, Result<Turn, JobFailure>)>,
    under_way: HashSet<i64>,
    end: Result<Turn, JobFailure>,
}

impl<'a> Turns<'a> {
    fn new(batch: &'a Arc<Batch>) -> Self {
        Self { batch, running: JoinSet::new(), under_way: HashSet::new(), end: Ok(Turn::Recorded) }
    }

    /// True if no more messages may begin.
    fn is_over(&self) -> bool {
        self.end != Ok(Turn::Recorded) || self.batch.job.must_stop()
    }

    fn begin(&mut self, worker: MailWorker, delivery: DueDelivery) {
        let batch = Arc::clone(self.batch);
        self.under_way.insert(delivery.id);
        let turn = async move { (delivery.id, worker.delivery_send(&batch, delivery).await) };
        self.running.spawn(turn.in_current_span());
    }

    /// Records the result of a message. The first failure is the result of the batch.
    fn ended(&mut self, turn: Result<(i64, Result<Turn, JobFailure>), JoinError>) {
        let turn = match turn {
            Ok((delivery, turn)) => {
                self.under_way.remove(&delivery);
                turn
            }
            Err(_) => Err(JobFailure::Retry("a delivery panicked".into())),
        };
        if let Ok(Turn::Recorded) = turn {
            return;
        }
        self.batch.halt.send_replace(true);
        if self.end == Ok(Turn::Recorded) {
            self.end = turn;
        }
    }

    /// Begins no more messages. Those on their way still end.
    fn end_with(&mut self, turn: Turn) {
        if self.end == Ok(Turn::Recorded) {
            self.end = Ok(turn);
        }
    }

    /// Waits until at most `count` messages are on their way, but no longer than `until`. Returns true if that was
    /// reached in time.
    async fn settle(&mut self, count: usize, until: Instant) -> bool {
        while self.running.len() > count {
            match timeout_at(until, self.running.join_next()).await {
                Ok(Some(turn)) => self.ended(turn),
                Ok(None) => break,
                Err(_) => return false,
            }
        }
        true
    }

    /// Waits for all messages on their way.
    async fn finish(mut self) -> Result<Turn, JobFailure> {
        while let Some(turn) = self.running.join_next().await {
            self.ended(turn);
        }
        self.end
    }
}

impl MailWorker {
    /// Sends messages until their time is up. Every begun message reaches its end, even if others fail. A message that
    /// was accepted but not recorded would be sent again. A message that takes minutes keeps its line, and the others
    /// continue.
    pub(super) async fn batch_send(&self, batch: &Arc<Batch>, mut due: Vec<DueDelivery>) -> Result<Turn, JobFailure> {
        let mut turns = Turns::new(batch);
        let limit = self.welcome.batch_limit();
        loop {
            let until = Instant::now() + SLICE;
            for delivery in due {
                if !self.turn_wait(&mut turns, until).await {
                    break;
                }
                if self.welcome.is_spent(limit) {
                    turns.end_with(Turn::Unwelcome);
                    break;
                }
                turns.begin(self.clone(), delivery);
            }
            if turns.settle(0, Instant::now() + SLICE).await || turns.is_over() {
                return turns.finish().await;
            }
            due = match deliveries_due(&self.store, batch.range, self.clock.now()).await {
                Ok((due, _)) => due.into_iter().filter(|delivery| !turns.under_way.contains(&delivery.id)).collect(),
                Err(error) => {
                    turns.ended(Ok((0, Err(error.into()))));
                    return turns.finish().await;
                }
            };
        }
    }

    /// Waits until the next message may begin. That needs a free connection. While the mail server refuses this sender,
    /// it needs that no other message is on its way and that a pause has passed. Returns `false` if no more messages
    /// shall begin.
    async fn turn_wait(&self, turns: &mut Turns<'_>, until: Instant) -> bool {
        let pause = self.welcome.pause();
        let at_once = if pause.is_some() { 0 } else { self.connections - 1 };
        if !turns.settle(at_once, until).await {
            return false;
        }
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        !turns.is_over() && Instant::now() < until
    }
}
