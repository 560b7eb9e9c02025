//! Builds the parts of the product from the settings.

use std::{fs, net::SocketAddr, path::Path, sync::Arc};

use chrono::Duration as Span;
use releasepage_auth::{address_key::AddressKeys, sealed::Sealer, secret_key::SecretKey};
use releasepage_domain::job::JobPayload;
use releasepage_egress::Egress;
use releasepage_http::{settings::ServerSettings, state::AppState};
use releasepage_jobs::{
    handler::{Job, JobFuture, JobHandler},
    runner::Runner,
    upkeep::{AddressKey, Upkeep},
};
use releasepage_mailer::worker::{MailWorker, WorkerError};
use releasepage_sources::{backfill::SourceFetcher, forge::ForgeClient, worker::SourceWorker};
use releasepage_storage::{
    DatabaseUrl, MigrateError, SchemaState, Store, announcements::deliveries::DeliveryRange, database::clock::Clock,
    database_make, migrate, schema_is_new, schema_state,
};
use url::Url;

use crate::{
    failure::Failure,
    secret::secret_key,
    settings::{Settings, database_url_masked},
};

/// The parts that every long-running command shares.
#[derive(Debug)]
pub(crate) struct Wiring {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) secret_key: SecretKey,
}

impl Wiring {
    /// Opens the database, checks or migrates its schema, and reads the secret key. A missing SQLite database is made.
    pub(crate) fn prepare(settings: Settings) -> Result<Self, Failure> {
        let url = settings.database_url();
        data_dir_make(&settings)?;
        if database_file_make(&url)? {
            tracing::info!(place = database_url_masked(&url), "made a new database");
        }
        // This comes first: the key may be made only if the database is new.
        let secret_key = secret_key(&settings)?;
        schema_prepare(&url, settings.database.auto_migrate)?;
        let store = Store::new(&settings.store());
        Ok(Self { store, clock: Clock::system(), secret_key, settings })
    }

    /// The server's state, for a server that listens on `listen`.
    pub(crate) fn api_state(&self, listen: SocketAddr, mailbox_open: bool) -> Arc<AppState> {
        let settings = ServerSettings { mailbox_open, ..self.settings.api(listen) };
        AppState::new(self.store.clone(), settings, self.clock.clone(), &self.secret_key)
    }

    /// The worker, whose emails link to `public_url`.
    pub(crate) fn runner(&self, public_url: Url) -> Result<Runner<Work>, Failure> {
        let settings = &self.settings;
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let mail = MailWorker::open(
            store.clone(),
            clock.clone(),
            &settings.mail,
            settings.request_caps(),
            public_url,
            settings.forges(),
            &self.secret_key,
        )
        .map_err(|error| match error {
            WorkerError::Sender(_) => Failure::from(settings.refusal("mail.from")),
            WorkerError::Site(_) => Failure::from(settings.refusal("server.public_url")),
            WorkerError::Transport(_) => Failure::from(error),
        })?;
        let notify_delay = Span::seconds(settings.notify.delay_seconds.into());
        let sources = SourceWorker { store: store.clone(), clock: clock.clone(), notify_delay };
        let forges = ForgeClient::new(Egress::new(settings.egress()), clock.clone());
        let sealer = Sealer::new(&self.secret_key);
        let fetch = settings.fetch();
        let fetcher = SourceFetcher::new(store.clone(), clock.clone(), forges, sealer, notify_delay, fetch);
        let address_keys = AddressKeys::new(&self.secret_key);
        let upkeep = Upkeep {
            store: store.clone(),
            clock: clock.clone(),
            notify_delay,
            retention: settings.retention(),
            address_key: AddressKey::new(move |address| address_keys.key(address)),
        };
        Ok(Runner {
            store,
            clock,
            settings: settings.runner(),
            handler: Arc::new(Work { mail, sources, fetcher, upkeep }),
            recurring: [Upkeep::recurring(), SourceFetcher::recurring()].concat(),
        })
    }
}

/// Makes the data directory if the settings need it. Only its owner may read it, since it holds addresses and the
/// secret key.
pub(crate) fn data_dir_make(settings: &Settings) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    if !matches!(settings.database_url(), DatabaseUrl::Sqlite(_)) {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.data_dir);
    made.map_err(Failure::io(format!("the data directory {} cannot be made", settings.data_dir.display())))
}

/// Makes the file of a SQLite database if it does not exist. Returns true if it was made.
pub(crate) fn database_file_make(url: &DatabaseUrl) -> Result<bool, Failure> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(false) };
    let is_new = !Path::new(path).exists();
    database_make(url).map_err(Failure::io(format!("database.url: the file {path} cannot be written")))?;
    Ok(is_new)
}

/// Checks that a SQLite database exists, for commands that make none. An operator who looks in the wrong place must not
/// find an empty one.
pub(crate) fn database_demand(settings: &Settings) -> Result<(), Failure> {
    match settings.database_url() {
        DatabaseUrl::Sqlite(path) if !Path::new(&path).exists() => Err(Failure::Said(format!(
            "there is no database at {path}: check database.url and data_dir ({}), or make one with `releasepage \
             migrate`",
            settings.file_read()
        ))),
        _ => Ok(()),
    }
}

/// Opens an existing database and checks or migrates its schema. For commands that need no other part.
pub(crate) fn store_open(settings: &Settings) -> Result<Store, Failure> {
    let url = settings.database_url();
    database_demand(settings)?;
    if schema_is_new(&url)? {
        return Err(Failure::Said(format!(
            "the database at {} is empty: check database.url and data_dir ({}), or begin to use it with `releasepage \
             migrate`",
            database_url_masked(&url),
            settings.file_read()
        )));
    }
    schema_prepare(&url, settings.database.auto_migrate)?;
    Ok(Store::new(&settings.store()))
}

fn schema_prepare(url: &DatabaseUrl, auto_migrate: bool) -> Result<(), Failure> {
    if auto_migrate {
        migrate(url)?;
        return Ok(());
    }
    match schema_state(url)? {
        SchemaState::Current => Ok(()),
        SchemaState::Ahead(version) => Err(MigrateError::Ahead(version).into()),
        SchemaState::Behind(missing) => Err(Failure::Said(format!(
            "the database lacks {missing} migrations and database.auto_migrate is off: run `releasepage migrate` first"
        ))),
    }
}

/// The parts that run jobs, one for each crate with jobs.
pub(crate) struct Work {
    mail: MailWorker,
    sources: SourceWorker,
    fetcher: SourceFetcher,
    upkeep: Upkeep,
}

impl JobHandler for Work {
    fn handle(&self, job: Job) -> JobFuture<'_> {
        Box::pin(async move {
            match &job.payload {
                JobPayload::SubscriptionAnswer { request } => self.mail.request_answer(&job, *request).await,
                JobPayload::AnnouncementSpread { announcement } => {
                    self.mail.announcement_spread(&job, *announcement).await
                }
                JobPayload::DeliverySend { announcement, first, last } => {
                    let range = DeliveryRange { announcement: *announcement, first: *first, last: *last };
                    self.mail.deliveries_send(&job, range).await
                }
                JobPayload::SourceEvent { delivery } => self.sources.event_apply(&job, *delivery).await,
                JobPayload::SourceBackfill { repository } => self.fetcher.backfill(&job, *repository).await,
                JobPayload::SourcePoll { repository } => self.fetcher.poll(&job, *repository).await,
                JobPayload::SourcePolls => self.fetcher.polls_spread().await,
                JobPayload::ReleasePublish { release } => self.upkeep.release_publish(release).await,
                JobPayload::GroupClose { group } => self.upkeep.group_close(*group).await,
                JobPayload::VersionRules => self.upkeep.rules_apply().await,
                JobPayload::Prune => self.upkeep.tidy().await,
            }
        })
    }
}
