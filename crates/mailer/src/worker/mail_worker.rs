//! The worker itself: its parts, and what all of its jobs share.

use std::{future::Future, sync::Arc, time::Duration as StdDuration};

use chrono::Duration;
use releasepage_auth::{
    address_key::AddressKeys,
    link::{LinkPurpose, LinkSigner},
    secret_key::SecretKey,
};
use releasepage_domain::{
    repository_files::ForgeApis, subscriber::SubscriberAddress, subscription::RequestCaps, time::UtcTime,
};
use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    Store, StoreError, announcements::spreading::announcement_spread, database::clock::Clock, pages::row::PageIdentity,
};
use tokio::time::Instant;
use url::Url;

use super::{outage::Outage, welcome::Welcome};
use crate::{
    address::{AddressError, Sender},
    message::Heading,
    retry::retry_after,
    settings::MailSettings,
    site::{InvalidMessageId, MessageId, NamelessSite, Site},
    transport::{OpenError, Transport},
};

/// The longest time for attempts to record the result of a message.
const INSIST: StdDuration = StdDuration::from_secs(40);

/// Runs the jobs of email. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct MailWorker {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) caps: RequestCaps,
    pub(super) links: LinkSigner,
    pub(super) address_keys: AddressKeys,
    pub(super) public_url: Url,
    pub(super) forges: ForgeApis,
    pub(super) site: Site,
    pub(super) sender: Sender,
    /// The way out of the server. `None` if all email stays in the captured mailbox.
    pub(super) transport: Option<Arc<Transport>>,
    /// The start of the present time without a mail server.
    pub(super) outage: Arc<Outage>,
    /// The most messages of one batch at once.
    pub(super) connections: usize,
    /// The wait before the second try of a message.
    pub(super) retry_shortest: StdDuration,
    pub(super) welcome: Welcome,
}

/// Settings with which no email can be sent.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The public URL has no host.
    #[error(transparent)]
    Site(#[from] NamelessSite),
    /// The sender is not a valid address.
    #[error(transparent)]
    Sender(#[from] AddressError),
    /// The transport cannot be used.
    #[error(transparent)]
    Transport(#[from] OpenError),
}

impl MailWorker {
    /// Opens the transport, but connects to no server yet. Links in emails begin with the public URL. `forges` gives
    /// the base of relative links in notes.
    ///
    /// # Errors
    ///
    /// Returns an error if the settings cannot be used.
    pub fn open(
        store: Store,
        clock: Clock,
        settings: &MailSettings,
        caps: RequestCaps,
        public_url: Url,
        forges: ForgeApis,
        secret_key: &SecretKey,
    ) -> Result<Self, WorkerError> {
        let site = Site::new(&public_url)?;
        Ok(Self {
            store,
            clock,
            caps,
            links: LinkSigner::new(secret_key),
            address_keys: AddressKeys::new(secret_key),
            sender: settings.sender(&site)?,
            transport: Transport::open(settings, &site)?.map(Arc::new),
            outage: Arc::default(),
            connections: settings.connections.get().into(),
            retry_shortest: StdDuration::from_secs(settings.retry_seconds.max(1)),
            welcome: Welcome::default(),
            site,
            public_url,
            forges,
        })
    }

    /// Writes all deliveries of an announcement, batch by batch.
    pub async fn announcement_spread(&self, job: &Job, announcement: i64) -> Result<JobEnd, JobFailure> {
        while announcement_spread(&self.store, announcement, self.clock.now()).await? {
            if job.must_stop() {
                return Ok(JobEnd::PutOff(self.clock.now()));
            }
        }
        Ok(JobEnd::Done)
    }

    /// The id of a message, from its row and the time when the row was written. A new database counts from 1 again, and
    /// providers drop a message whose id they have seen.
    pub(super) fn message_id(&self, kind: &str, row: i64, written_at: UtcTime) -> Result<MessageId, InvalidMessageId> {
        self.site.message_id(&format!("{kind}-{row}-{}", written_at.and_utc().timestamp_micros()))
    }

    /// A URL below the public URL. The parts must need no escaping.
    pub(super) fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.public_url.clone();
        url.set_path(&parts.join("/"));
        url
    }

    pub(super) fn page_url(&self, page: &PageIdentity) -> Url {
        self.url(&["p", &page.slug])
    }

    pub(super) fn preferences_url(&self, subscriber: i64, generation: i32) -> Url {
        self.url(&["preferences", &self.links.token(LinkPurpose::Preferences, subscriber, generation)])
    }

    /// The link to unsubscribe. It works as long as the subscriber exists, even if other links were revoked.
    pub(super) fn unsubscribe_url(&self, subscriber: i64) -> Url {
        self.url(&["unsubscribe", &self.links.token(LinkPurpose::Unsubscribe, subscriber, 0)])
    }

    pub(super) fn heading(
        &self,
        message_id: MessageId,
        date: UtcTime,
        page: &PageIdentity,
        to: &SubscriberAddress,
        unsubscribe: Url,
    ) -> Result<Heading, JobFailure> {
        Ok(Heading {
            message_id,
            date,
            from: self.sender.clone().named(&page.title),
            to: to.into(),
            list_id: self.site.list_id(&page.id).map_err(|error| JobFailure::Fail(error.to_string()))?,
            unsubscribe,
        })
    }

    /// The time of the next try for something first tried at `first_try`, if tries are not counted. It assumes that the
    /// wait doubled each time.
    pub(super) fn next_try(&self, first_try: UtcTime) -> UtcTime {
        let now = self.clock.now();
        let waited = (now - first_try).num_seconds().max(0).unsigned_abs() / self.retry_shortest.as_secs();
        now + self.wait(waited.max(1).ilog2() + 1)
    }

    /// Records a result that is already true. Repeats while the database is away, for as long as a lease lasts. Giving
    /// up earlier would repeat the work.
    pub(super) async fn insist<W, F>(&self, write: W) -> Result<(), StoreError>
    where
        W: Fn() -> F,
        F: Future<Output = Result<(), StoreError>>,
    {
        let deadline = Instant::now() + INSIST;
        loop {
            match write().await {
                Err(StoreError::Unavailable(_) | StoreError::Database(_)) if Instant::now() < deadline => {
                    tokio::time::sleep(StdDuration::from_millis(500)).await;
                }
                written => return written,
            }
        }
    }

    /// The wait after a failed try.
    pub(super) fn wait(&self, attempt: u32) -> Duration {
        // Batches differ in length, which spreads them enough. Without jitter, the tries of one message follow the rule
        // exactly.
        Duration::from_std(retry_after(attempt, self.retry_shortest, 0.5)).unwrap_or(Duration::MAX)
    }
}
