//! The jobs that fetch releases from forges: the history that is there when a repository is added, and, by polling,
//! what its webhook missed.
//!
//! Both walk a listing page by page. A page is asked for outside any transaction, and stored with where the walk is in
//! one, so that a walk that is interrupted goes on where it was, whoever goes on with it.

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
    clock::Clock,
    releases::ReleaseContext,
    repository_sources::source_polls,
    sealed_text::SealedText,
    source_pages::{SourcePage, SourceProgress, SourceRefused, source_page_store},
    source_tokens::{source_token_place, source_token_reseal, source_token_row},
    source_walks::{
        SourceBegin, SourceFailure, SourceWork, source_backfill_begin, source_poll_begin, source_walk_fail,
        source_walk_unchanged,
    },
};
use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use crate::{
    forge::{Forge, ForgeClient, ForgeError, ForgePage, ForgeReleases, ForgeRepository, PageAddress, ReleaseRefused},
    forge_address::ForgeAddress,
};

/// How many forges a worker asks at once: they may be slow, and other work shall not wait for them.
const FORGES_AT_ONCE: usize = 2;

/// When it is looked again whether a forge may be asked. Whoever waits gives its place to other work.
const FORGE_FREE_AFTER: Duration = Duration::seconds(5);

/// How many pages are fetched before other work of the same kind gets its turn.
const PAGES_AT_ONCE: usize = 10;

/// How often a page is tried before the walk is given up until the repository would be polled.
const BACKFILL_TRIES: i32 = 6;

/// The same for a poll, which comes again soon.
const POLL_TRIES: i32 = 2;

/// How often it is looked which repositories are due to be polled.
const POLLS_EVERY: Duration = Duration::minutes(1);

/// A forge that is down and says for how long is waited for, where that is longer than this.
const PAUSE_WORTHWHILE: Duration = Duration::minutes(1);

/// Where the APIs of forges are, where a repository does not say it, and how often they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSettings {
    /// GitHub's.
    pub github: ForgeAddress,
    /// GitLab's.
    pub gitlab: ForgeAddress,
    /// Gitea's or Forgejo's.
    pub gitea: ForgeAddress,
    /// The time from one poll of a repository to the next, a tenth more or less.
    pub poll_interval: Duration,
}

/// Fetches releases.
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
    /// A fetcher. `sealer` opens the tokens of forges, `notify_delay` is the time to take a release back before anyone is
    /// mailed.
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

    /// The recurring part of the work.
    pub fn recurring() -> Vec<Recurring> {
        vec![Recurring { name: "source polls", payload: JobPayload::SourcePolls, every: POLLS_EVERY }]
    }

    /// Does a job of this kind; `None` for any other kind.
    pub async fn handle(&self, job: &Job) -> Option<Result<JobEnd, JobFailure>> {
        Some(match job.payload {
            JobPayload::SourceBackfill { .. } | JobPayload::SourcePoll { .. } => self.walk(job).await,
            JobPayload::SourcePolls => source_polls(&self.store, self.settings.poll_interval, self.clock.now())
                .await
                .map(|_| JobEnd::Done)
                .map_err(JobFailure::from),
            _ => return None,
        })
    }

    /// Begins a walk or goes on with it, for some pages.
    async fn walk(&self, job: &Job) -> Result<JobEnd, JobFailure> {
        let now = self.clock.now();
        let Ok(_forge) = self.forges.try_acquire() else { return Ok(JobEnd::NotBegun(now + FORGE_FREE_AFTER)) };
        let begin = match job.payload {
            JobPayload::SourceBackfill { repository } => source_backfill_begin(&self.store, repository, now).await,
            JobPayload::SourcePoll { repository } => source_poll_begin(&self.store, repository, now).await,
            _ => Ok(SourceBegin::Nothing),
        };
        let mut work = match begin? {
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

    /// The repository as its forge is asked for it; the inner error is a sentence for the owner.
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

    /// Opens the token for the place that is asked, and for no other. One that was sealed for its repository alone, by
    /// an older version, is sealed for this place from now on.
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

    /// Tells the owner why a forge lists nothing, and decides when it is asked again.
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
            // Never without a pause, whatever the forge's clock says.
            Some(until) => Ok(JobEnd::PutOff(until.max(now + Duration::seconds(1)))),
            None if attempt.has_progressed => Ok(JobEnd::PutOff(now + Duration::seconds(1))),
            None => Err(JobFailure::Retry(message)),
        }
    }

    /// What to do where a page cannot be stored. Where that goes on, the owner is told, and the walk given up until the
    /// repository would be polled; until that is noted the job does not end, so that nothing fails in silence.
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

    /// Ends a walk until the repository would be polled.
    async fn give_up(&self, work: &SourceWork, result: SourceResult, message: String) -> Result<JobEnd, JobFailure> {
        tracing::info!(repository = work.repository_id, walk = work.walk.as_str(), message, "no releases were fetched");
        let failure = SourceFailure { result, message, wait_until: None, given_up: Some(self.next_poll_at(work)) };
        source_walk_fail(&self.store, work, failure, self.clock.now()).await?;
        Ok(JobEnd::Done)
    }
}

/// Where a walk is after a page.
enum Step {
    Next(Box<SourceWork>),
    End(JobEnd),
}

/// Which try of a page this is.
#[derive(Clone, Copy)]
struct Attempt {
    /// The number of the job's attempt, from 1.
    number: i32,
    /// Whether this attempt stored a page before.
    has_progressed: bool,
}

impl Attempt {
    /// Whether the walk is given up if it fails.
    fn is_last(self, work: &SourceWork) -> bool {
        let tries = if work.walk == SourceWalk::Backfill { BACKFILL_TRIES } else { POLL_TRIES };
        !self.has_progressed && self.number >= tries
    }
}

/// What a forge listed, as it is stored.
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
