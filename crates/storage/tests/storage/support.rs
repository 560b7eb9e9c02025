//! A fresh database for each test, and what most tests begin with.

use std::{
    env,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use chrono::TimeDelta;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, connection::SimpleConnection as _};
use releasepage_domain::{
    bump::Bump,
    environment::Environment,
    fault::FaultKind,
    job::JobPayload,
    release::{Platforms, ReleaseInput},
    repository::{RepositoryName, RepositoryOrigin},
    subscriber::{Preferences, SubscriberAddress},
    subscription::{RequestLink, SubscriptionOp},
    time::{UtcTime, time_parse},
};
use releasepage_domain::{release::ReleaseArrival, version::VersionRule};
use releasepage_storage::{
    AnyConnection, DatabaseUrl, Store, StoreError, StoreSettings,
    accounts::users::{OwnerCreated, OwnerNew, owner_create},
    database_make,
    jobs::row::JobTicket,
    migrate,
    pages::{
        components::{ComponentNew, component_create},
        edits::{PageNew, page_create},
        releases::{PageReleasesFilter, page_releases},
        row::{Page, PageGrouping},
        snapshots::page_snapshot,
    },
    releases::{
        edits::release_arrive,
        idempotency::Replay,
        row::{Release, ReleaseContext},
    },
    repositories::{edits::repository_create, row::Repository},
    subscribers::requests::{RequestNew, request_note, request_use},
};
use tempfile::TempDir;

/// The variable that names the Postgres server of the tests.
const POSTGRES_VARIABLE: &str = "RELEASEPAGE_TEST_POSTGRES";

/// Makes two tests of each: `name::sqlite` and `name::postgres`.
macro_rules! both {
    ($($(#[$attribute:meta])* async fn $name:ident($database:ident: &$type:ty) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$attribute])*
            async fn run($database: &$type) $body

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                run(&<$type>::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                if let Some(database) = <$type>::postgres() {
                    run(&database).await;
                }
            }
        }
    )+};
}
pub(crate) use both;

/// A database of a test's own; it is gone when the test ends.
pub(crate) struct Database {
    pub(crate) url: DatabaseUrl,
    pub(crate) store: Store,
    _place: Place,
}

enum Place {
    Directory { _directory: TempDir },
    Server { admin: String, name: String },
}

impl Database {
    /// A new SQLite file with the current schema.
    pub(crate) fn sqlite() -> Self {
        Self::sqlite_empty().migrated()
    }

    /// A new database on the Postgres server with the current schema, or `None` where there is no server.
    pub(crate) fn postgres() -> Option<Self> {
        Self::postgres_empty().map(Self::migrated)
    }

    /// A new SQLite file without a schema.
    pub(crate) fn sqlite_empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::in_directory(directory.path());
        database_make(&url).unwrap();
        Self::new(url, Place::Directory { _directory: directory })
    }

    /// A new database on the Postgres server without a schema, or `None` where there is no server.
    pub(crate) fn postgres_empty() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let Ok(admin) = env::var(POSTGRES_VARIABLE) else {
            #[expect(clippy::print_stderr, reason = "whoever reads the result must know what was not tried")]
            {
                eprintln!("skipped on Postgres: {POSTGRES_VARIABLE} is not set");
            }
            return None;
        };
        let name = format!("releasepage_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        admin_execute(&admin, &format!("CREATE DATABASE {name}"));
        let mut url = url::Url::parse(&admin).unwrap();
        url.set_path(&name);
        let url = url.as_str().parse().unwrap();
        Some(Self::new(url, Place::Server { admin, name }))
    }

    fn new(url: DatabaseUrl, place: Place) -> Self {
        Self { store: store_open(&url, 8), url, _place: place }
    }

    fn migrated(self) -> Self {
        migrate(&self.url).unwrap();
        self
    }

    /// Another pool on the same database, as another process has it.
    pub(crate) fn store_with(&self, connections: u32) -> Store {
        store_open(&self.url, connections)
    }

    /// A pool on the same Postgres database whose sessions take this role.
    pub(crate) fn store_as(&self, role: &str) -> Store {
        let DatabaseUrl::Postgres(url) = &self.url else { panic!("SQLite has no roles") };
        let mark = if url.contains('?') { '&' } else { '?' };
        store_open(&DatabaseUrl::Postgres(format!("{url}{mark}options=-c%20role%3D{role}")), 2)
    }

    /// A pool on a SQLite file of a test's own.
    pub(crate) fn store_at(path: &str) -> Store {
        store_open(&DatabaseUrl::Sqlite(path.to_owned()), 2)
    }

    /// A pool of one connection, for which nobody waits.
    pub(crate) fn store_impatient(&self) -> Store {
        store_impatient(&self.url)
    }

    /// An organization with its owner.
    pub(crate) async fn owner(&self, email: &str) -> OwnerCreated {
        owner_create(&self.store, owner_new(email, "Acme"), now()).await.unwrap()
    }

    /// A repository of origin `api`.
    pub(crate) async fn repository(&self, organization_id: i64, name: &str) -> Repository {
        let name = RepositoryName::parse("name", name).unwrap();
        repository_create(&self.store, organization_id, name, RepositoryOrigin::Api, now()).await.unwrap()
    }

    /// A page with one component, whose releases come from a repository of its own.
    pub(crate) async fn site(&self) -> Site {
        let organization_id = self.owner("owner@example.com").await.organization_id;
        let page_id = self.page(organization_id, "Acme").await.id;
        let repository_id = self.repository(organization_id, "acme/api").await.id;
        let component_id = self.component(organization_id, &page_id, "acme/api", None).await;
        Site { organization_id, page_id, repository_id, component_id }
    }

    /// Puts a repository on a page.
    pub(crate) async fn component(
        &self,
        organization_id: i64,
        page_id: &str,
        repo: &str,
        tag_prefix: Option<&str>,
    ) -> i64 {
        let new = ComponentNew {
            repo: repo.into(),
            name: None,
            tag_prefix: tag_prefix.map(str::to_owned),
            versions: VersionRule::Lenient,
        };
        component_create(&self.store, organization_id, page_id.into(), new, now()).await.unwrap().id
    }

    /// A published release, of which nobody is told.
    pub(crate) async fn release(&self, repository_id: i64, tag: &str) {
        let input = ReleaseInput { notify: Some(false), ..release_input(tag) };
        self.by_hand(repository_id, input).await.unwrap();
    }

    /// What comes of a release that a person publishes.
    pub(crate) async fn by_hand(&self, repository_id: i64, input: ReleaseInput) -> Result<Release, StoreError> {
        self.arrive_at(repository_id, input, ReleaseArrival::ByHand, now()).await
    }

    /// What comes of a release that its source sends.
    pub(crate) async fn arrive(&self, repository_id: i64, input: ReleaseInput) -> Release {
        self.arrive_at(repository_id, input, ReleaseArrival::Repeatable, now()).await.unwrap()
    }

    /// What comes of a release that comes in at some time.
    pub(crate) async fn arrive_at(
        &self,
        repository_id: i64,
        input: ReleaseInput,
        arrival: ReleaseArrival,
        now: UtcTime,
    ) -> Result<Release, StoreError> {
        let arrived = release_arrive(&self.store, repository_id, input, arrival, None, release_ids(), context(now));
        match arrived.await? {
            Replay::Fresh(release) => Ok(release),
            replay => panic!("without a key nothing is replayed: {replay:?}"),
        }
    }

    /// Somebody who subscribed to a page and confirmed; `components` as they were asked for.
    pub(crate) async fn subscriber(
        &self,
        page_id: &str,
        address: &str,
        preferences: &[&str],
        components: Option<&[&str]>,
    ) -> i64 {
        let new = RequestNew {
            page_id: page_id.into(),
            environment: Environment::Live,
            op: SubscriptionOp::Add,
            address: SubscriberAddress::parse("address", address).unwrap(),
            preferences: Preferences::parse("preferences", preferences).unwrap(),
            components: components.map(|repos| repos.iter().map(ToString::to_string).collect()),
        };
        let request = request_note(&self.store, new, now()).await.unwrap();
        let (link, request) = request_use(&self.store, request, now()).await.unwrap();
        assert_eq!(link, RequestLink::Open);
        request.subscriber_id.unwrap()
    }

    /// Runs SQL that both databases understand.
    pub(crate) async fn execute(&self, sql: impl Into<String>) {
        let sql = sql.into();
        self.store.write(&[], move |connection| Ok(connection.batch_execute(&sql)?)).await.unwrap();
    }

    /// What a query answers in its only column, named `text`.
    pub(crate) async fn texts(&self, sql: impl Into<String>) -> Vec<String> {
        let sql = sql.into();
        let rows = self.store.read(move |connection| {
            let query = diesel::sql_query(&sql);
            Ok(match connection {
                AnyConnection::Sqlite(connection) => query.load::<TextRow>(connection)?,
                AnyConnection::Postgres(connection) => query.load::<TextRow>(connection)?,
            })
        });
        rows.await.unwrap().into_iter().map(|row| row.text).collect()
    }

    /// The claim of a job that some worker holds for as long as the test lasts.
    pub(crate) async fn ticket_held(&self) -> JobTicket {
        self.execute(
            "INSERT INTO jobs (lane, turn, payload, state, run_at, attempts, fence, leased_until, created_at) VALUES \
             (2, '', '{\"kind\":\"prune\"}', 'running', '2020-01-01 00:00:00.000000', 1, 1, \
             '2999-01-01 00:00:00.000000', '2020-01-01 00:00:00.000000')",
        )
        .await;
        let ids = self.texts("SELECT CAST(MAX(id) AS TEXT) AS text FROM jobs").await;
        JobTicket { id: ids[0].parse().unwrap(), fence: 1 }
    }

    /// How many rows a table has, perhaps with a condition: `deliveries WHERE state = 'queued'`.
    pub(crate) async fn count(&self, from: &str) -> u32 {
        self.texts(format!("SELECT CAST(COUNT(*) AS TEXT) AS text FROM {from}")).await[0].parse().unwrap()
    }

    /// The payloads of the jobs of a kind, oldest first.
    pub(crate) async fn jobs(&self, kind: &str) -> Vec<JobPayload> {
        let payloads = self.texts("SELECT payload AS text FROM jobs ORDER BY id").await;
        let payloads = payloads.iter().map(|payload| serde_json::from_str::<JobPayload>(payload).unwrap());
        payloads.filter(|payload| payload.kind() == kind).collect()
    }

    /// What readers see of a page: version and bump of each release, by `repo`, sorted.
    pub(crate) async fn shown(&self, page_id: &str) -> Vec<(String, String, Bump)> {
        let releases = page_releases(&self.store, page_id.into(), PageReleasesFilter::default(), 100).await.unwrap();
        let mut shown: Vec<_> =
            releases.into_iter().map(|release| (release.component.repo, release.version, release.bump)).collect();
        shown.sort_by(|left, right| (&left.0, &left.1).cmp(&(&right.0, &right.1)));
        shown
    }

    /// A page's generation.
    pub(crate) async fn generation(&self, page_id: &str) -> i64 {
        page_snapshot(&self.store, page_id.into()).await.unwrap().unwrap().generation
    }

    /// A published page whose slug is made of its title.
    pub(crate) async fn page(&self, organization_id: i64, title: &str) -> Page {
        page_create(&self.store, organization_id, page_new(title), page_ids(), now()).await.unwrap()
    }
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// Where most tests about releases and subscribers happen.
pub(crate) struct Site {
    pub(crate) organization_id: i64,
    pub(crate) page_id: String,
    pub(crate) repository_id: i64,
    pub(crate) component_id: i64,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Server { admin, name } = self {
            admin_execute(admin, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn admin_execute(admin: &str, statement: &str) {
    let mut connection = PgConnection::establish(admin).unwrap();
    diesel::sql_query(statement).execute(&mut connection).unwrap();
}

fn store_open(url: &DatabaseUrl, connections: u32) -> Store {
    Store::new(&StoreSettings {
        url: url.clone(),
        connections,
        wait: Duration::from_secs(60),
        timeout: Duration::from_secs(60),
        silence: Duration::from_secs(60),
    })
}

/// A pool of one connection, for which nobody waits.
pub(crate) fn store_impatient(url: &DatabaseUrl) -> Store {
    Store::new(&StoreSettings {
        url: url.clone(),
        connections: 1,
        wait: Duration::from_millis(10),
        timeout: Duration::from_secs(60),
        silence: Duration::from_secs(60),
    })
}

/// The moment at which a test begins.
pub(crate) fn now() -> UtcTime {
    at("2026-03-01T12:00:00.123456Z")
}

/// A moment.
pub(crate) fn at(text: &str) -> UtcTime {
    time_parse(text).unwrap()
}

/// What makes an organization, with nothing but its owner.
pub(crate) fn owner_new(email: &str, organization: &str) -> OwnerNew {
    OwnerNew {
        email: SubscriberAddress::parse("email", email).unwrap(),
        organization: organization.into(),
        password_hash: None,
        setup_link: None,
        access_token: None,
    }
}

/// What is announced after a minute.
pub(crate) fn context(now: UtcTime) -> ReleaseContext {
    ReleaseContext { notify_delay: TimeDelta::minutes(1), now, is_news: true }
}

/// A release of this moment.
pub(crate) fn release_input(tag: &str) -> ReleaseInput {
    ReleaseInput {
        tag: tag.into(),
        platforms: Platforms::default(),
        title: String::new(),
        notes: None,
        author: None,
        published_at: now(),
        ends_at: None,
        prerelease: None,
        draft: false,
        notify: None,
        chart_visibility: true,
        params: serde_json::Map::new(),
    }
}

/// A source of release ids that never gives one twice.
pub(crate) fn release_ids() -> impl Fn() -> String + Send + 'static {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    || format!("r{:06}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// What makes a published page.
pub(crate) fn page_new(title: &str) -> PageNew {
    PageNew {
        slug: None,
        title: title.into(),
        description: String::new(),
        published: true,
        unversioned_as: None,
        grouping: PageGrouping::default(),
    }
}

/// A source of page ids that never gives one twice.
pub(crate) fn page_ids() -> impl Fn() -> String + Send + 'static {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    || format!("{:012x}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The fields at fault of a result that must be [`StoreError::Faults`].
pub(crate) fn faults<T>(result: Result<T, StoreError>) -> Vec<(String, FaultKind)> {
    match result {
        Err(StoreError::Faults(faults)) => {
            faults.as_slice().iter().map(|fault| (fault.field.clone(), fault.kind)).collect()
        }
        Err(error) => panic!("failed with {error:?}"),
        Ok(_) => panic!("did not fail"),
    }
}

/// Whether a result is [`StoreError::NotFound`].
pub(crate) fn is_not_found<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::NotFound))
}
