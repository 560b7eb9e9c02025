//! The mail worker: answers subscription requests, spreads announcements, sends deliveries.

mod announcement;
mod batch;
mod delivery;
mod outage;
mod post;
mod refusal;
mod request;

use std::{future::Future, sync::Arc, time::Duration as StdDuration};

use chrono::Duration;
use releasepage_auth::{
    address_key::AddressKeys,
    link::{LinkPurpose, LinkSigner},
    secret_key::SecretKey,
};
use releasepage_domain::{
    job::JobPayload, repository_files::ForgeApis, subscriber::SubscriberAddress, subscription::RequestCaps,
    time::UtcTime,
};
use releasepage_jobs::handler::{Job, JobEnd, JobFailure};
use releasepage_storage::{
    Store, StoreError, announcements::announcement_spread, clock::Clock, page_releases::PageIdentity,
};
use tokio::time::Instant;
use url::Url;

use self::{outage::Outage, refusal::Welcome};
use crate::{
    address::{AddressError, Sender},
    message::Heading,
    retry::retry_after,
    settings::MailSettings,
    site::{InvalidMessageId, MessageId, NamelessSite, Site},
    transport::{OpenError, Transport},
};

/// How long the end of a message is tried to be written down.
const INSIST: StdDuration = StdDuration::from_secs(40);

/// Does the jobs of mail. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MailWorker {
    store: Store,
    clock: Clock,
    caps: RequestCaps,
    links: LinkSigner,
    address_keys: AddressKeys,
    public_url: Url,
    forges: ForgeApis,
    site: Site,
    sender: Sender,
    /// `None` where all mail stays in the captured mailbox.
    transport: Option<Arc<Transport>>,
    /// Since when there is no way to the mail server.
    outage: Arc<Outage>,
    /// How many messages of one batch are under way at once.
    connections: usize,
    /// How long the second try of a message waits.
    retry_shortest: StdDuration,
    welcome: Welcome,
}

/// Settings with which no mail can be sent.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The public URL names no host.
    #[error(transparent)]
    Site(#[from] NamelessSite),
    /// The sender is no address.
    #[error(transparent)]
    Sender(#[from] AddressError),
    /// The transport cannot be used.
    #[error(transparent)]
    Transport(#[from] OpenError),
}

impl MailWorker {
    /// Opens the transport; connects to nothing yet. Mails link to the public URL, and addresses in notes lead to where
    /// the forges are.
    ///
    /// # Errors
    ///
    /// Where the settings cannot be used.
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

    /// Does a job of mail; `None` for any other kind.
    pub async fn handle(&self, job: &Job) -> Option<Result<JobEnd, JobFailure>> {
        Some(match job.payload {
            JobPayload::SubscriptionAnswer { request } => self.request_answer(job, request).await,
            JobPayload::AnnouncementSpread { announcement } => self.announcement_spread(job, announcement).await,
            JobPayload::DeliverySend { announcement, first, last } => {
                self.deliveries_send(job, announcement, (first, last)).await
            }
            JobPayload::SourceEvent { .. }
            | JobPayload::SourceBackfill { .. }
            | JobPayload::SourcePoll { .. }
            | JobPayload::SourcePolls
            | JobPayload::VersionRules
            | JobPayload::ReleasePublish { .. }
            | JobPayload::GroupClose { .. }
            | JobPayload::Prune => return None,
        })
    }

    /// Writes all deliveries of an announcement, batch by batch.
    async fn announcement_spread(&self, job: &Job, announcement: i64) -> Result<JobEnd, JobFailure> {
        while announcement_spread(&self.store, announcement, self.clock.now()).await? {
            if job.must_stop() {
                return Ok(JobEnd::PutOff(self.clock.now()));
            }
        }
        Ok(JobEnd::Done)
    }

    /// The id of a message: of its row, and of when that was written, since a database that is made anew counts from 1
    /// again, and providers drop what they take for a duplicate.
    fn message_id(&self, kind: &str, row: i64, written_at: UtcTime) -> Result<MessageId, InvalidMessageId> {
        self.site.message_id(&format!("{kind}-{row}-{}", written_at.and_utc().timestamp_micros()))
    }

    /// An address below the public URL, from parts that need no escaping.
    fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.public_url.clone();
        url.set_path(&parts.join("/"));
        url
    }

    fn page_url(&self, page: &PageIdentity) -> Url {
        self.url(&["p", &page.slug])
    }

    fn preferences_url(&self, subscriber: i64, generation: i32) -> Url {
        self.url(&["preferences", &self.links.token(LinkPurpose::Preferences, subscriber, generation)])
    }

    /// The link to unsubscribe works for as long as the subscriber exists, whatever became of other links.
    fn unsubscribe_url(&self, subscriber: i64) -> Url {
        self.url(&["unsubscribe", &self.links.token(LinkPurpose::Unsubscribe, subscriber, 0)])
    }

    fn heading(
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

    /// When something that has been tried since `first_try` is tried again, where tries are not counted: as if each
    /// had waited twice as long as the one before.
    fn next_try(&self, first_try: UtcTime) -> UtcTime {
        let now = self.clock.now();
        let waited = (now - first_try).num_seconds().max(0).unsigned_abs() / self.retry_shortest.as_secs();
        now + self.wait(waited.max(1).ilog2() + 1)
    }

    /// Writes something down that is already so: while the database is away, for as long as a lease lasts. Giving up
    /// earlier would do it again.
    async fn insist<W, F>(&self, write: W) -> Result<(), StoreError>
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

    /// How long to wait after a failed try.
    fn wait(&self, attempt: u32) -> Duration {
        // Batches are spread by their own lengths; a fixed middle keeps the tries of one message in step with the rule.
        Duration::from_std(retry_after(attempt, self.retry_shortest, 0.5)).unwrap_or(Duration::MAX)
    }
}
