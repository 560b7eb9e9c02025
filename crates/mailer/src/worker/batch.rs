//! The messages of one job that are under way at once.

use std::{collections::HashSet, sync::Arc, time::Duration};

use releasepage_jobs::handler::{Job, JobFailure};
use releasepage_storage::deliveries::{DueDelivery, deliveries_due};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
    time::{Instant, timeout_at},
};
use tracing::Instrument as _;

use super::{MailWorker, announcement::Content};

/// How long a job begins messages before it stands in line again, so that other pages, and readers who wait for a
/// confirmation, have their turn. What is under way then has as long again to end.
const SLICE: Duration = Duration::from_secs(5);

/// How the turn of one message ended, as far as the batch is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It was recorded.
    Recorded,
    /// There is no way to the mail server: the rest of the batch need not try.
    NoWay,
    /// The mail server refuses us, whatever the message: the rest of the batch waits for its next turn.
    Unwelcome,
    /// The job is no longer this worker's: the rest of the batch is not ours to send.
    Lost,
}

/// What the messages of one job share.
pub(super) struct Batch {
    pub(super) job: Job,
    pub(super) content: Arc<Content>,
    announcement: i64,
    range: (i64, i64),
    /// Becomes true when messages that wait for a line need wait no longer.
    halt: watch::Sender<bool>,
}

impl Batch {
    pub(super) fn new(job: &Job, content: Arc<Content>, announcement: i64, range: (i64, i64)) -> Arc<Self> {
        Arc::new(Self { job: job.clone(), content, announcement, range, halt: watch::Sender::new(false) })
    }

    /// Waits until nothing more is to be begun.
    pub(super) async fn halted(&self) {
        let mut halt = self.halt.subscribe();
        tokio::select! {
            _ = halt.wait_for(|halt| *halt) => {}
            () = self.job.stopped() => {}
        }
    }
}

/// The messages under way, and what the batch came to so far.
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

    /// Whether nothing more is begun.
    fn is_over(&self) -> bool {
        self.end != Ok(Turn::Recorded) || self.batch.job.must_stop()
    }

    fn begin(&mut self, worker: MailWorker, delivery: DueDelivery) {
        let batch = Arc::clone(self.batch);
        self.under_way.insert(delivery.id);
        let turn = async move { (delivery.id, worker.delivery_send(&batch, delivery).await) };
        self.running.spawn(turn.in_current_span());
    }

    /// Notes how a message ended: the first failure is what the batch comes to.
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

    /// Begins nothing more; what is under way ends.
    fn end_with(&mut self, turn: Turn) {
        if self.end == Ok(Turn::Recorded) {
            self.end = Ok(turn);
        }
    }

    /// Waits until so many messages are under way, at most until then. Answers whether no more are.
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

    /// Waits for the rest.
    async fn finish(mut self) -> Result<Turn, JobFailure> {
        while let Some(turn) = self.running.join_next().await {
            self.ended(turn);
        }
        self.end
    }
}

impl MailWorker {
    /// Sends messages until their time is up. Every message that was begun is brought to its end, whatever became of
    /// the others: one that was accepted and not recorded would be sent again. One that takes minutes keeps its line,
    /// and the others go on meanwhile.
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
            due = match deliveries_due(&self.store, batch.announcement, batch.range, self.clock.now()).await {
                Ok((due, _)) => due.into_iter().filter(|delivery| !turns.under_way.contains(&delivery.id)).collect(),
                Err(error) => {
                    turns.ended(Ok((0, Err(error.into()))));
                    return turns.finish().await;
                }
            };
        }
    }

    /// Waits until the next message may begin: for a free connection, and, while the mail server refuses us, until no
    /// other is under way and a pause has passed. Answers `false` where none is to begin any more.
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
