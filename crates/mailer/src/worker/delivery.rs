//! The messages of announcements.

use std::time::Instant;

use releasepage_domain::{environment::Environment, reply::ReplyMeaning};
use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    StoreError,
    announcements::deliveries::{
        DeliveryRange, DeliveryResult, DeliveryTurn, DueDelivery, Refusal, announcement_content, deliveries_due,
        deliveries_put_off, delivery_look, delivery_record,
    },
    subscribers::row::Subscriber,
};

use super::{
    batch::{Batch, Turn},
    mail_worker::MailWorker,
    post::{NoWay, Posted, Way},
};
use crate::{
    retry::{Patience, retry_spent},
    transport::Errand,
};

impl MailWorker {
    /// Sends what is due of a range of an announcement's deliveries, several at once.
    pub async fn deliveries_send(&self, job: &Job, range: DeliveryRange) -> Result<JobEnd, JobFailure> {
        let (mut due, _) = deliveries_due(&self.store, range, self.clock.now()).await?;
        // Whoever was tried least comes first, so that no message stands before others again and again.
        due.sort_by_key(|delivery| delivery.attempts);
        let Some(content) = announcement_content(&self.store, range.announcement).await? else {
            for delivery in due {
                let gone = DeliveryResult::Cancelled("the component is no longer on the page".into());
                delivery_record(&self.store, delivery.id, job.ticket, gone, self.clock.now()).await?;
            }
            return Ok(JobEnd::Done);
        };
        let tries = due.iter().map(|delivery| delivery.attempts).max().unwrap_or(0);
        let batch = Batch::new(job, self.content_render(content).await?, range);
        match self.batch_send(&batch, due).await? {
            Turn::Recorded => {}
            Turn::NoWay => {
                let again = self.next_try(self.outage.goes_on(self.clock.now()));
                deliveries_put_off(&self.store, range, again, self.clock.now()).await?;
                return Ok(JobEnd::PutOff(again));
            }
            Turn::Unwelcome => return Ok(JobEnd::PutOff(self.clock.now() + self.wait(tries_of(tries)))),
            Turn::Lost => return Ok(JobEnd::PutOff(self.clock.now())),
        }
        let (due, next) = deliveries_due(&self.store, range, self.clock.now()).await?;
        Ok(match (due.is_empty(), next) {
            (false, _) => JobEnd::PutOff(self.clock.now()),
            (true, Some(next)) => JobEnd::PutOff(next),
            (true, None) => JobEnd::Done,
        })
    }

    /// Sends one message outside any transaction and records the result. Waits for a line first, and then checks that
    /// the message is still wanted.
    pub(super) async fn delivery_send(&self, batch: &Batch, delivery: DueDelivery) -> Result<Turn, JobFailure> {
        // The subscriber of a delivery without an environment was erased. No message is sent, so it needs no line.
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

    /// Sends one message if it is still wanted. Returns `None` if it must wait for another line.
    async fn delivery_post(&self, batch: &Batch, delivery: DueDelivery, way: Way) -> Result<Option<Turn>, JobFailure> {
        let (keys, ticket) = (self.address_keys.clone(), batch.job.ticket);
        let announcement = batch.content.announcement.clone();
        let (looked_at, now) = (Instant::now(), self.clock.now());
        let key = move |address: &str| keys.key(address);
        let look = delivery_look(&self.store, delivery.id, ticket, announcement, key, now).await;
        let result = match look {
            // The stored data of this reader cannot be read. If the whole database fails, recording this result fails
            // too.
            Err(StoreError::Database(error)) => self.put_off(delivery, Refusal::new(ReplyMeaning::Later, error)),
            Err(error) => return Err(error.into()),
            Ok(DeliveryTurn::Over) => return Ok(Some(Turn::Recorded)),
            Ok(DeliveryTurn::Lost) => return Ok(Some(Turn::Lost)),
            Ok(DeliveryTurn::Drop(reason)) => DeliveryResult::Cancelled(reason.into()),
            Ok(DeliveryTurn::Send { subscriber, releases, doubted }) => {
                match self.delivery_mail(&batch.content, delivery, (&subscriber, &releases)) {
                    Ok(mail) => match self.post(mail, &subscriber.page.id, way, looked_at).await? {
                        Some(posted) => self.delivery_result(posted, delivery, *subscriber, doubted).await?,
                        None => return Ok(None),
                    },
                    // If one message cannot be written, only its own delivery ends.
                    Err(JobFailure::Fail(text)) => DeliveryResult::Failed(Refusal::new(ReplyMeaning::Message, text)),
                    Err(JobFailure::Retry(text)) => self.put_off(delivery, Refusal::new(ReplyMeaning::Later, text)),
                }
            }
        };
        let record = || delivery_record(&self.store, delivery.id, ticket, result.clone(), self.clock.now());
        self.insist(record).await?;
        Ok(Some(Turn::Recorded))
    }

    /// The result to record for a message.
    async fn delivery_result(
        &self,
        posted: Posted,
        delivery: DueDelivery,
        subscriber: Subscriber,
        doubted: bool,
    ) -> Result<DeliveryResult, JobFailure> {
        let refusal = match posted {
            Posted::Accepted(answer) => {
                self.welcome.note(None);
                // The doubt ends in the transaction that records the message. A failure before that would send the
                // message again.
                let reached = doubted.then(|| self.address_keys.key(&subscriber.address.folded()));
                return Ok(DeliveryResult::Sent { answer, reached });
            }
            Posted::Refused(refusal) => refusal,
        };
        self.welcome.note(Some(refusal.about));
        Ok(match refusal.about {
            ReplyMeaning::Later | ReplyMeaning::Sender => self.put_off(delivery, refusal),
            ReplyMeaning::Address | ReplyMeaning::Message | ReplyMeaning::Unclear => {
                self.refusal_hold(subscriber.address, &refusal).await?;
                DeliveryResult::Failed(refusal)
            }
        })
    }

    /// Schedules another try of a message, or gives it up after five days of tries.
    fn put_off(&self, delivery: DueDelivery, refusal: Refusal) -> DeliveryResult {
        let tries = tries_of(delivery.attempts);
        if retry_spent(tries, self.retry_shortest, Patience::Announcement) {
            let text = format!("given up after five days: {}", refusal.text);
            return DeliveryResult::Failed(Refusal { text, ..refusal });
        }
        tracing::warn!(delivery = delivery.id, reason = refusal.text, "a delivery has to wait");
        DeliveryResult::Deferred(self.clock.now() + self.wait(tries), refusal)
    }
}

/// The number of the next try after `attempts` tries.
fn tries_of(attempts: i32) -> u32 {
    u32::try_from(attempts).unwrap_or(0) + 1
}
