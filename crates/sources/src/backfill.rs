//! The jobs that fetch releases from forges: backfills and polls.
//!
//! A backfill reads the history of a new repository. A poll finds the releases that a webhook missed. Both walk a list
//! page by page. The request for a page runs outside any transaction. One transaction stores the page and the position
//! of the walk. So any worker can continue an interrupted walk from that position.

use std::sync::Arc;

use chrono::Duration;
use releasepage_auth::{random::release_id_new, sealed::Sealer};
use releasepage_domain::{
    job::{ATTEMPTS_MAX, JobPayload},
    repository_source::{SourceRefusal, SourceResult, SourceWalk, poll_at},
    time::UtcTime,
};
use releasepage_jobs::{
    handler::{Job, JobEnd, JobFailure},
    runner::Recurring,
};
use releasepage_storage::{
    Store, StoreError,
    database::{clock::Clock, sealed_text::SealedText},
    releases::row::ReleaseContext,
    sources::{
        pages::{SourcePage, SourceProgress, SourceRefused, source_page_store},
        settings::source_polls,
        tokens::{source_token_place, source_token_reseal, source_token_row},
        walks::{
            SourceBegin, SourceFailure, SourceWork, source_backfill_begin, source_poll_begin, source_walk_fail,
            source_walk_unchanged,
        },
    },
};
use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    forge::{Forge, ForgeClient, ForgeError, ForgePage, ForgeReleases, ForgeRepository, PageAddress, ReleaseRefused},
    forge_address::ForgeAddress,
};

/// The most forges that a worker asks at once. Forges may be slow, and other work shall not wait for them.
const FORGES_AT_ONCE: usize = 2;

/// The time after which a waiting walk tries again to ask a forge. The job gives its place to other work until then.
const FORGE_FREE_AFTER: Duration = Duration::seconds(5);

/// The most pages of one walk before other work of the same kind has its turn.
const PAGES_AT_ONCE: usize = 10;

/// The most tries of a page in a backfill. After them the walk is given up until the repository's next poll.
const BACKFILL_TRIES: i32 = 6;

/// The most tries of a page in a poll. It is small, because the next poll comes soon.
const POLL_TRIES: i32 = 2;

/// The time between two searches for repositories that are due for a poll.
const POLLS_EVERY: Duration = Duration::minutes(1);

/// The shortest announced outage of a forge that a walk waits for.
const PAUSE_WORTHWHILE: Duration = Duration::minutes(1);

/// The default addresses of the forges' APIs, and the interval of polls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSettings {
    /// The address of GitHub's API.
    pub github: ForgeAddress,
    /// The address of GitLab's API.
    pub gitlab: ForgeAddress,
    /// The address of Gitea's or Forgejo's API.
    pub gitea: ForgeAddress,
    /// The time between two polls of a repository. It varies by a tenth.
    pub poll_interval: Duration,
}

/// The worker that fetches releases.
#[derive(Clone, Debug)]
pub struct SourceFetcher {
    store: Store,
    clock: Clock,
    client: ForgeClient,
    sealer: Sealer,
    notify_delay: Duration,
    settings: FetchSettings,
    forges: Arc<Semaphore>,
}

impl SourceFetcher {
    /// Makes a fetcher. `sealer` opens the tokens for forges. `notify_delay` is the time to take a release back before
    /// subscribers are notified.
    pub fn new(
        store: Store,
        clock: Clock,
        client: ForgeClient,
        sealer: Sealer,
        notify_delay: Duration,
        settings: FetchSettings,
    ) -> Self {
        Self { store, clock, client, sealer, notify_delay, settings, forges: Arc::new(Semaphore::new(FORGES_AT_ONCE)) }
    }

    /// The jobs that recur at an interval.
    pub fn recurring() -> Vec<Recurring> {
        vec![Recurring { name: "source polls", payload: JobPayload::SourcePolls, every: POLLS_EVERY }]
    }

    /// Writes a job for each repository that is due to be polled.
    pub async fn polls_spread(&self) -> Result<JobEnd, JobFailure> {
        source_polls(&self.store, self.settings.poll_interval, self.clock.now()).await?;
        Ok(JobEnd::Done)
    }

    /// Fetches some pages of the releases that were there when a repository was added.
    pub async fn backfill(&self, job: &Job, repository: i64) -> Result<JobEnd, JobFailure> {
        self.walk(job, source_backfill_begin(&self.store, repository, self.clock.now())).await
    }

    /// Fetches some pages of what a repository's webhook missed.
    pub async fn poll(&self, job: &Job, repository: i64) -> Result<JobEnd, JobFailure> {
        self.walk(job, source_poll_begin(&self.store, repository, self.clock.now())).await
    }

    /// Begins a walk or goes on with it, for some pages. `begin` is not asked before there is room for another forge.
    async fn walk(
        &self,
        job: &Job,
        begin: impl Future<Output = Result<SourceBegin, StoreError>>,
    ) -> Result<JobEnd, JobFailure> {
        let Ok(_forge) = self.forges.try_acquire() else {
            return Ok(JobEnd::NotBegun(self.clock.now() + FORGE_FREE_AFTER));
        };
        let mut work = match begin.await? {
            SourceBegin::Nothing => return Ok(JobEnd::Done),
            SourceBegin::Wait(until) => return Ok(JobEnd::PutOff(until)),
            SourceBegin::Walk(work) => *work,
        };
        let repository = match self.repository(&work).await? {
            Ok(repository) => repository,
            Err(message) => return self.give_up(&work, SourceResult::Refused, message.to_owned()).await,
        };
        for number in 0..PAGES_AT_ONCE {
            if job.must_stop() {
                break;
            }
            let attempt = Attempt { number: job.attempt, has_progressed: number > 0 };
            match self.page(&repository, &work, attempt).await? {
                Step::Next(next) => work = *next,
                Step::End(end) => return Ok(end),
            }
        }
        Ok(JobEnd::PutOff(self.clock.now()))
    }

    /// The repository in the form for requests to its forge. The inner error is a sentence for the owner.
    async fn repository(&self, work: &SourceWork) -> Result<Result<ForgeRepository, &'static str>, JobFailure> {
        let address = match self.address(work) {
            Ok(address) => address,
            Err(message) => return Ok(Err(message)),
        };
        let token = match &work.token {
            Some(sealed) => match self.token_open(work, sealed).await? {
                Some(token) => Some(token),
                None => return Ok(Err("the token cannot be read with this server's secret key: set it anew")),
            },
            None => None,
        };
        let (forge, api_url) = address;
        Ok(Ok(ForgeRepository { forge, api_url, name: work.name.clone(), token }))
    }

    fn address(&self, work: &SourceWork) -> Result<(Forge, Url), &'static str> {
        let forge = Forge::of(work.origin).ok_or("its forge lists no releases")?;
        let address = match (&work.api_url, forge) {
            (Some(text), _) => &text.parse().map_err(|_| "the address of the forge's API cannot be used")?,
            (None, Forge::Github) => &self.settings.github,
            (None, Forge::Gitlab) => &self.settings.gitlab,
            (None, Forge::Gitea) => &self.settings.gitea,
        };
        Ok((forge, address.as_url().clone()))
    }

    /// Opens the token for the API address that is asked, and for no other. An older version sealed a token for its
    /// repository alone. Such a token is sealed again for this address.
    async fn token_open(&self, work: &SourceWork, sealed: &SealedText) -> Result<Option<SecretString>, JobFailure> {
        let place = source_token_place(work.repository_id, work.api_url.as_deref());
        if let Some(token) = self.sealer.open(&place, sealed.as_str()) {
            return Ok(Some(token));
        }
        let Some(token) = self.sealer.open(&source_token_row(work.repository_id), sealed.as_str()) else {
            return Ok(None);
        };
        let anew = self.sealer.seal(&place, &token);
        source_token_reseal(&self.store, work.repository_id, work.api_url.clone(), sealed.clone(), anew).await?;
        Ok(Some(token))
    }

    /// Fetches a page and stores it.
    async fn page(
        &self,
        repository: &ForgeRepository,
        work: &SourceWork,
        attempt: Attempt,
    ) -> Result<Step, JobFailure> {
        let address = match &work.next_page {
            Some(page) => PageAddress::from(page.clone()),
            None => PageAddress::first(repository.forge, repository.forge.page_size_max()),
        };
        let asked_at = self.clock.now();
        let listed = match self.client.releases_page(repository, &address, work.etag.as_deref()).await {
            Ok(ForgePage::Releases(listed)) => listed,
            Ok(ForgePage::NotModified { pause_until }) => {
                source_walk_unchanged(&self.store, work, pause_until, self.clock.now()).await?;
                return Ok(Step::End(JobEnd::Done));
            }
            Err(error) => return self.forge_failed(work, &error, attempt).await.map(Step::End),
        };
        let wait_until = listed.pause_until;
        let now = self.clock.now();
        let context = ReleaseContext { notify_delay: self.notify_delay, now, is_news: true };
        let page = page_of(listed, asked_at);
        match source_page_store(&self.store, work, page, release_id_new, context, self.next_poll_at(work)).await {
            Ok(SourceProgress::Next(next)) => Ok(match wait_until {
                Some(until) => Step::End(JobEnd::PutOff(until)),
                None => Step::Next(next),
            }),
            Ok(SourceProgress::Done | SourceProgress::Overtaken) => Ok(Step::End(JobEnd::Done)),
            Err(error) => self.store_failed(work, error, attempt).await.map(Step::End),
        }
    }

    fn next_poll_at(&self, work: &SourceWork) -> UtcTime {
        poll_at(work.repository_id, self.settings.poll_interval, self.clock.now())
    }

    /// Records for the owner why a forge lists no releases, and decides the time of the next try.
    async fn forge_failed(
        &self,
        work: &SourceWork,
        error: &ForgeError,
        attempt: Attempt,
    ) -> Result<JobEnd, JobFailure> {
        let now = self.clock.now();
        let message = error.to_string();
        if !error.retry() {
            return self.give_up(work, SourceResult::Refused, message).await;
        }
        let is_limit = matches!(error, ForgeError::RateLimited { .. });
        let pause = error.until().filter(|until| is_limit || *until - now > PAUSE_WORTHWHILE);
        if pause.is_none() && attempt.is_last(work) {
            return self.give_up(work, SourceResult::Failed, message).await;
        }
        let failure = SourceFailure {
            result: if is_limit { SourceResult::Limited } else { SourceResult::Failed },
            message: message.clone(),
            wait_until: pause,
            given_up: None,
        };
        source_walk_fail(&self.store, work, failure, now).await?;
        match pause {
            // Waits at least a second, because the forge's clock may be wrong.
            Some(until) => Ok(JobEnd::PutOff(until.max(now + Duration::seconds(1)))),
            None if attempt.has_progressed => Ok(JobEnd::PutOff(now + Duration::seconds(1))),
            None => Err(JobFailure::Retry(message)),
        }
    }

    /// Handles a page that cannot be stored. After the last try, the owner is told and the walk is given up until the
    /// repository's next poll. The job does not end before that is recorded, so every failure can be seen.
    async fn store_failed(&self, work: &SourceWork, error: StoreError, attempt: Attempt) -> Result<JobEnd, JobFailure> {
        if attempt.number < ATTEMPTS_MAX {
            return Err(JobFailure::Retry(error.to_string()));
        }
        tracing::error!(repository = work.repository_id, %error, "a page of releases cannot be stored");
        let message = "the server failed to store what the forge lists".to_owned();
        match self.give_up(work, SourceResult::Failed, message).await {
            Ok(end) => Ok(end),
            Err(_) => Ok(JobEnd::PutOff(self.clock.now() + Duration::minutes(1))),
        }
    }

    /// Ends a walk until the repository's next poll.
    async fn give_up(&self, work: &SourceWork, result: SourceResult, message: String) -> Result<JobEnd, JobFailure> {
        tracing::info!(repository = work.repository_id, walk = work.walk.as_str(), message, "no releases were fetched");
        let failure = SourceFailure { result, message, wait_until: None, given_up: Some(self.next_poll_at(work)) };
        source_walk_fail(&self.store, work, failure, self.clock.now()).await?;
        Ok(JobEnd::Done)
    }
}

/// The next step of a walk after a page.
enum Step {
    Next(Box<SourceWork>),
    End(JobEnd),
}

/// The number of a try, and its progress.
#[derive(Clone, Copy)]
struct Attempt {
    /// The number of the job's attempt, from 1.
    number: i32,
    /// True if this attempt has stored a page.
    has_progressed: bool,
}

impl Attempt {
    /// True if the walk is given up when this try fails.
    fn is_last(self, work: &SourceWork) -> bool {
        let tries = if work.walk == SourceWalk::Backfill { BACKFILL_TRIES } else { POLL_TRIES };
        !self.has_progressed && self.number >= tries
    }
}

/// The listed releases in the form for storage.
fn page_of(listed: ForgeReleases, asked_at: UtcTime) -> SourcePage {
    let mut page = SourcePage {
        releases: Vec::with_capacity(listed.releases.len()),
        refused: Vec::new(),
        next: listed.next.map(|next| next.as_str().to_owned()),
        etag: listed.etag,
        asked_at,
        wait_until: listed.pause_until,
    };
    for release in listed.releases {
        match release {
            Ok(release) => page.releases.push(release),
            Err(ReleaseRefused { release_id, tag, faults }) => {
                let release = tag.or_else(|| release_id.clone()).unwrap_or_else(|| "without a tag".to_owned());
                let refusal = SourceRefusal { release, message: faults.to_string() };
                page.refused.push(SourceRefused { release_id, refusal });
            }
        }
    }
    page
}
