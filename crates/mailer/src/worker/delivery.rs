//! The messages of announcements.

use std::time::Instant;

use releasepage_domain::environment::Environment;
use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    StoreError,
    addresses::address_reached,
    deliveries::{
        DeliveryResult, DeliveryTurn, DueDelivery, Refusal, announcement_content, deliveries_due, deliveries_put_off,
        delivery_look, delivery_record,
    },
    subscribers::Subscriber,
};

use super::{MailWorker, announcement::Content, post::Posted};
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
        if self.batch_send(job, &self.content_render(content).await?, due).await? == Turn::NoWay {
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

    /// One message: waits for its line, looks once more, sends it outside any transaction, records the result.
    pub(super) async fn delivery_send(&self, batch: &Batch, delivery: DueDelivery) -> Result<Turn, JobFailure> {
        // Who was erased gets none, and needs no line.
        let environment = delivery.environment.unwrap_or(Environment::Test);
        loop {
            let way = tokio::select! {
                way = self.way(Errand::Delivery, environment) => way?,
                () = batch.halted() => return Ok(Turn::Recorded),
            };
            match way {
                Err(NoWay(reason)) => {
                    tracing::warn!(delivery = delivery.id, reason, "there is no way to the mail server");
                    return Ok(Turn::NoWay);
                }
                Ok(way) => {
                    if let Some(turn) = self.delivery_post(batch, delivery, way).await? {
                        return Ok(turn);
                    }
                }
            }
        }
    }

    /// Sends one message its way, if it is still wanted. `None` where it is to wait for another line.
    async fn delivery_post(&self, batch: &Batch, delivery: DueDelivery, way: Way) -> Result<Option<Turn>, JobFailure> {
        let (keys, ticket) = (self.address_keys.clone(), batch.job.ticket);
        let announcement = batch.content.announcement.clone();
        let (looked_at, now) = (Instant::now(), self.clock.now());
        let key = move |address: &str| keys.key(address);
        let result = match delivery_look(&self.store, delivery.id, ticket, announcement, key, now).await? {
            DeliveryTurn::Over => return Ok(Some(Turn::Recorded)),
            DeliveryTurn::Lost => return Ok(Some(Turn::Lost)),
            DeliveryTurn::Drop(reason) => DeliveryResult::Cancelled(reason.into()),
            DeliveryTurn::Send { subscriber, releases } => {
                match self.delivery_mail(&batch.content, delivery, (&subscriber, &releases)) {
                    Ok(mail) => match self.post(mail, &subscriber.page.id, way, looked_at).await? {
                        Some(posted) => self.delivery_result(posted, delivery, *subscriber).await?,
                        None => return Ok(None),
                    },
                    // A message that cannot be written is the end of it, and of no other.
                    Err(JobFailure::Fail(text)) => DeliveryResult::Failed(Refusal::new(ReplyMeaning::Message, text)),
                    Err(JobFailure::Retry(text)) => self.put_off(delivery, Refusal::new(ReplyMeaning::Later, text)),
                }
            }
        };
        let record = || delivery_record(&self.store, delivery.id, ticket, result.clone(), self.clock.now());
        self.insist(record).await?;
        Ok(Some(Turn::Recorded))
    }

    /// What is recorded of a message.
    async fn delivery_result(
        &self,
        posted: Posted,
        delivery: DueDelivery,
        subscriber: Subscriber,
    ) -> Result<DeliveryResult, JobFailure> {
        let now = self.clock.now();
        let tries = tries_of(delivery.attempts);
        let is_over = retry_spent(tries, self.retry_shortest, Patience::Announcement);
        Ok(match posted {
            Posted::Accepted(answer) => DeliveryResult::Sent(answer),
            Posted::Later(reason) if is_over => DeliveryResult::Failed(format!("given up after five days: {reason}")),
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
        })
    }
}

/// The number of the try that follows this many.
fn tries_of(attempts: i32) -> u32 {
    u32::try_from(attempts).unwrap_or(0) + 1
}
