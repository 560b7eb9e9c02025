//! The messages of announcements.

use std::{sync::Arc, time::Duration};

use releasepage_domain::reply::ReplyMeaning;
use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    StoreError,
    addresses::address_reached,
    deliveries::{
        DeliveryResult, DeliveryTurn, DueDelivery, Refusal, announcement_content, deliveries_due, deliveries_put_off,
        delivery_look, delivery_record,
    },
    jobs::JobTicket,
    subscribers::Subscriber,
};
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet},
    time::Instant,
};
use tracing::Instrument as _;

use super::{
    MailWorker,
    announcement::{Content, content_render},
    post::Posted,
};
use crate::retry::{Patience, retry_spent};

/// How the turn of one message ended, as far as the batch is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// It was recorded.
    Recorded,
    /// There is no way to the mail server: the rest of the batch need not try.
    NoWay,
    /// The mail server refuses us, whatever the message: the rest of the batch waits for its next turn.
    Unwelcome,
}

/// How long a job sends before it stands in line again, so that other pages, and readers who wait for a confirmation,
/// have their turn.
const SLICE: Duration = Duration::from_secs(5);

impl MailWorker {
    /// Sends what is due of a range of an announcement's deliveries, several at once.
    pub(super) async fn deliveries_send(
        &self,
        job: &Job,
        announcement: i64,
        range: (i64, i64),
    ) -> Result<JobEnd, JobFailure> {
        let (mut due, _) = deliveries_due(&self.store, announcement, range, self.clock.now()).await?;
        // Whoever was tried least comes first, so that no message stands before others again and again.
        due.sort_by_key(|delivery| delivery.attempts);
        let Some(content) = announcement_content(&self.store, announcement).await? else {
            for delivery in due {
                let gone = DeliveryResult::Cancelled("the component is no longer on the page".into());
                delivery_record(&self.store, delivery.id, job.ticket, gone, self.clock.now()).await?;
            }
            return Ok(JobEnd::Done);
        };
        let tries = due.iter().map(|delivery| delivery.attempts).max().unwrap_or(0);
        match self.batch_send(job, &content_render(content).await?, due).await? {
            Turn::Recorded => {}
            Turn::NoWay => {
                let again = self.clock.now() + self.wait(tries_of(tries));
                deliveries_put_off(&self.store, announcement, range, again, self.clock.now()).await?;
                return Ok(JobEnd::PutOff(again));
            }
            Turn::Unwelcome => return Ok(JobEnd::PutOff(self.clock.now() + self.wait(tries_of(tries)))),
        }
        let (due, next) = deliveries_due(&self.store, announcement, range, self.clock.now()).await?;
        Ok(match (due.is_empty(), next) {
            (false, _) => JobEnd::PutOff(self.clock.now()),
            (true, Some(next)) => JobEnd::PutOff(next),
            (true, None) => JobEnd::Done,
        })
    }

    /// Sends messages until their time is up. Every message that was begun is brought to its end, whatever became of
    /// the others: one that was accepted and not recorded would be sent again.
    async fn batch_send(&self, job: &Job, content: &Arc<Content>, due: Vec<DueDelivery>) -> Result<Turn, JobFailure> {
        let until = Instant::now() + SLICE;
        let slots = Arc::new(Semaphore::new(self.connections));
        let mut turns = JoinSet::new();
        let mut batch = Ok(Turn::Recorded);
        let limit = self.welcome.batch_limit();
        for delivery in due {
            if let Some(pause) = self.welcome.pause() {
                while let Some(turn) = turns.join_next().await {
                    batch = worse(batch, turn);
                }
                tokio::time::sleep(pause).await;
            }
            if batch == Ok(Turn::Recorded) && self.welcome.is_spent(limit) {
                batch = Ok(Turn::Unwelcome);
            }
            let slot =
                Arc::clone(&slots).acquire_owned().await.map_err(|error| JobFailure::Retry(error.to_string()))?;
            while let Some(turn) = turns.try_join_next() {
                batch = worse(batch, turn);
            }
            if job.must_stop() || batch != Ok(Turn::Recorded) || Instant::now() > until {
                break;
            }
            let (worker, content, ticket) = (self.clone(), Arc::clone(content), job.ticket);
            let turn = async move {
                let _slot = slot;
                worker.delivery_send(ticket, &content, delivery).await
            };
            turns.spawn(turn.in_current_span());
        }
        while let Some(turn) = turns.join_next().await {
            batch = worse(batch, turn);
        }
        batch
    }

    /// One message: looks once more, sends it outside any transaction, records the result.
    async fn delivery_send(
        &self,
        ticket: JobTicket,
        content: &Content,
        delivery: DueDelivery,
    ) -> Result<Turn, JobFailure> {
        let keys = self.address_keys.clone();
        let announcement = content.announcement.clone();
        let look = delivery_look(&self.store, delivery.id, announcement, move |address| keys.key(address)).await;
        let result = match look {
            // What is stored of this reader cannot be read; where all of the database fails, recording this fails too.
            Err(StoreError::Database(error)) => self.put_off(delivery, Refusal::new(ReplyMeaning::Later, error)),
            Err(error) => return Err(error.into()),
            Ok(DeliveryTurn::Over) => return Ok(Turn::Recorded),
            Ok(DeliveryTurn::Drop(reason)) => DeliveryResult::Cancelled(reason.into()),
            Ok(DeliveryTurn::Send { subscriber, releases, doubted }) => {
                match self.delivery_mail(content, delivery, (&subscriber, &releases)) {
                    Ok(mail) => {
                        let posted = self.post(mail, &subscriber.page.id, subscriber.environment, &self.lines).await?;
                        match self.delivery_result(posted, delivery, (*subscriber, doubted)).await? {
                            Some(result) => result,
                            None => return Ok(Turn::NoWay),
                        }
                    }
                    // A message that cannot be written is the end of it, and of no other.
                    Err(JobFailure::Fail(text)) => DeliveryResult::Failed(Refusal::new(ReplyMeaning::Message, text)),
                    Err(JobFailure::Retry(text)) => self.put_off(delivery, Refusal::new(ReplyMeaning::Later, text)),
                }
            }
        };
        let record = || delivery_record(&self.store, delivery.id, ticket, result.clone(), self.clock.now());
        self.insist(record).await?;
        Ok(Turn::Recorded)
    }

    /// What is recorded of a message; `None` where there was no way to the mail server.
    async fn delivery_result(
        &self,
        posted: Posted,
        delivery: DueDelivery,
        (subscriber, doubted): (Subscriber, bool),
    ) -> Result<Option<DeliveryResult>, JobFailure> {
        let refusal = match posted {
            Posted::Accepted(answer) => {
                self.welcome.note(None);
                if doubted {
                    address_reached(&self.store, self.address_keys.key(&subscriber.address.folded())).await?;
                }
                return Ok(Some(DeliveryResult::Sent(answer)));
            }
            Posted::NoWay(reason) if !self.is_over(delivery) => {
                tracing::warn!(delivery = delivery.id, reason, "there is no way to the mail server");
                return Ok(None);
            }
            Posted::NoWay(reason) => Refusal::new(ReplyMeaning::Later, reason),
            Posted::Refused(refusal) => refusal,
        };
        self.welcome.note(Some(refusal.about));
        Ok(Some(match refusal.about {
            ReplyMeaning::Later | ReplyMeaning::Sender => self.put_off(delivery, refusal),
            ReplyMeaning::Address | ReplyMeaning::Message | ReplyMeaning::Unclear => {
                self.refusal_hold(subscriber.address, &refusal).await?;
                DeliveryResult::Failed(refusal)
            }
        }))
    }

    /// Has a message tried again later, or gives it up after five days of trying.
    fn put_off(&self, delivery: DueDelivery, refusal: Refusal) -> DeliveryResult {
        if self.is_over(delivery) {
            let text = format!("given up after five days: {}", refusal.text);
            return DeliveryResult::Failed(Refusal { text, ..refusal });
        }
        tracing::warn!(delivery = delivery.id, reason = refusal.text, "a delivery has to wait");
        DeliveryResult::Deferred(self.clock.now() + self.wait(tries_of(delivery.attempts)), refusal)
    }

    /// Whether a message was tried for too long.
    fn is_over(&self, delivery: DueDelivery) -> bool {
        retry_spent(tries_of(delivery.attempts), self.retry_shortest, Patience::Announcement)
    }
}

/// What a batch comes to after one more turn: the first failure, or that there is no way.
fn worse(
    batch: Result<Turn, JobFailure>,
    turn: Result<Result<Turn, JobFailure>, JoinError>,
) -> Result<Turn, JobFailure> {
    let turn = turn.unwrap_or_else(|_| Err(JobFailure::Retry("a delivery panicked".into())));
    match batch {
        Ok(Turn::Recorded) => turn,
        worse => worse,
    }
}

/// The number of the try that follows this many.
fn tries_of(attempts: i32) -> u32 {
    u32::try_from(attempts).unwrap_or(0) + 1
}
