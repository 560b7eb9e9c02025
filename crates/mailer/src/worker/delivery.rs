//! The messages of announcements.

use std::{sync::Arc, time::Duration};

use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    addresses::address_suppress,
    deliveries::{
        DeliveryResult, DeliveryTurn, DueDelivery, announcement_content, deliveries_due, deliveries_put_off,
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
        let (due, _) = deliveries_due(&self.store, announcement, range, self.clock.now()).await?;
        let Some(content) = announcement_content(&self.store, announcement).await? else {
            for delivery in due {
                let gone = DeliveryResult::Cancelled("the component is no longer on the page".into());
                delivery_record(&self.store, delivery.id, job.ticket, gone, self.clock.now()).await?;
            }
            return Ok(JobEnd::Done);
        };
        let tries = due.iter().map(|delivery| delivery.attempts).max().unwrap_or(0);
        if self.batch_send(job, &content_render(content).await?, due).await? == Turn::NoWay {
            let again = self.clock.now() + self.wait(tries_of(tries));
            deliveries_put_off(&self.store, announcement, range, again, self.clock.now()).await?;
            return Ok(JobEnd::PutOff(again));
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
        for delivery in due {
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
        let look = delivery_look(&self.store, delivery.id, announcement, move |address| keys.key(address)).await?;
        let result = match look {
            DeliveryTurn::Over => return Ok(Turn::Recorded),
            DeliveryTurn::Drop(reason) => DeliveryResult::Cancelled(reason.into()),
            DeliveryTurn::Send { subscriber, releases } => {
                match self.delivery_mail(content, delivery, (&subscriber, &releases)) {
                    Ok(mail) => {
                        let posted = self.post(mail, &subscriber.page.id, subscriber.environment, &self.lines).await?;
                        match self.delivery_result(posted, delivery, *subscriber).await? {
                            Some(result) => result,
                            None => return Ok(Turn::NoWay),
                        }
                    }
                    // A message that cannot be written is the end of it, and of no other.
                    Err(unwritable) => DeliveryResult::Failed(unwritable.to_string()),
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
        subscriber: Subscriber,
    ) -> Result<Option<DeliveryResult>, JobFailure> {
        let now = self.clock.now();
        let tries = tries_of(delivery.attempts);
        let is_over = retry_spent(tries, self.retry_shortest, Patience::Announcement);
        Ok(Some(match posted {
            Posted::Accepted(answer) => DeliveryResult::Sent(answer),
            Posted::Later(reason) | Posted::NoWay(reason) if is_over => {
                DeliveryResult::Failed(format!("given up after five days: {reason}"))
            }
            Posted::NoWay(reason) => {
                tracing::warn!(delivery = delivery.id, reason, "there is no way to the mail server");
                return Ok(None);
            }
            Posted::Later(reason) => {
                tracing::warn!(delivery = delivery.id, reason, "a delivery has to wait");
                DeliveryResult::Deferred(now + self.wait(tries), reason)
            }
            Posted::MessageRefused(reason) => DeliveryResult::Failed(reason),
            Posted::AddressRefused(reason) => {
                tracing::warn!(delivery = delivery.id, reason, "an address was refused and is suppressed");
                let key = self.address_keys.key(&subscriber.address.folded());
                address_suppress(&self.store, subscriber.address, key, reason.clone(), now).await?;
                DeliveryResult::Failed(reason)
            }
        }))
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
