//! From the settings to the parts of the product.

use std::{fs, net::SocketAddr, sync::Arc};

use chrono::Duration as Span;
use releasepage_api::{settings::ApiSettings, state::ApiState};
use releasepage_auth::secret_key::SecretKey;
use releasepage_jobs::{
    handler::{Job, JobFailure, JobFuture, JobHandler},
    runner::Runner,
    upkeep::Upkeep,
};
use releasepage_mailer::worker::{MailWorker, WorkerError};
use releasepage_storage::{DatabaseUrl, MigrateError, SchemaState, Store, clock::Clock, migrate, schema_state};
use url::Url;

use crate::{failure::Failure, secret::secret_key, settings::Settings};

/// What every long-running command shares.
#[derive(Debug)]
pub(crate) struct Wiring {
    pub(crate) settings: Settings,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) secret_key: SecretKey,
}

impl Wiring {
    /// Opens the database and sees to its schema, and to the secret key.
    pub(crate) fn prepare(settings: Settings) -> Result<Self, Failure> {
        let url = settings.database_url();
        data_dir_make(&settings)?;
        database_file_make(&url)?;
        schema_prepare(&url, settings.database.auto_migrate)?;
        let store = Store::new(&settings.store());
        Ok(Self { store, clock: Clock::system(), secret_key: secret_key(&settings)?, settings })
    }

    /// The server's state, for a server that listens there.
    pub(crate) fn api_state(&self, listen: SocketAddr, mailbox_open: bool) -> Arc<ApiState> {
        let settings = ApiSettings { mailbox_open, ..self.settings.api(listen) };
        ApiState::new(self.store.clone(), settings, self.clock.clone(), &self.secret_key)
    }

    /// The worker, whose mails link to `public_url`.
    pub(crate) fn runner(&self, public_url: Url) -> Result<Runner<Work>, Failure> {
        let settings = &self.settings;
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let mail = MailWorker::open(
            store.clone(),
            clock.clone(),
            &settings.mail,
            settings.request_caps(),
            public_url,
            &self.secret_key,
        )
        .map_err(|error| match error {
            WorkerError::Sender(_) => Failure::from(settings.refusal("mail.from")),
            WorkerError::Site(_) => Failure::from(settings.refusal("server.public_url")),
            WorkerError::Transport(_) => Failure::from(error),
        })?;
        let upkeep = Upkeep {
            store: store.clone(),
            clock: clock.clone(),
            notify_delay: Span::seconds(settings.notify.delay_seconds.into()),
            retention: settings.retention(),
        };
        Ok(Runner {
            store,
            clock,
            settings: settings.runner(),
            handler: Arc::new(Work { mail, upkeep }),
            recurring: Upkeep::recurring(),
        })
    }
}

/// Makes the data directory, readable by its owner alone: it holds addresses and the secret key.
pub(crate) fn data_dir_make(settings: &Settings) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    let needs_it = settings.secret_key.is_none() || matches!(settings.database_url(), DatabaseUrl::Sqlite(_));
    if !needs_it {
        return Ok(());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.data_dir);
    made.map_err(Failure::io(format!("the data directory {} cannot be made", settings.data_dir.display())))
}

/// Makes the file of a SQLite database, readable by its owner alone, wherever it is; SQLite gives the files beside it the
/// same mode.
pub(crate) fn database_file_make(url: &DatabaseUrl) -> Result<(), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let DatabaseUrl::Sqlite(path) = url else { return Ok(()) };
    let made = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    made.map(drop).map_err(Failure::io(format!("database.url: the file {path} cannot be written")))
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

/// Every kind of work, each with the crate that does it.
pub(crate) struct Work {
    mail: MailWorker,
    upkeep: Upkeep,
}

impl JobHandler for Work {
    fn handle(&self, job: Job) -> JobFuture<'_> {
        Box::pin(async move {
            if let Some(result) = self.mail.handle(&job).await {
                return result;
            }
            self.upkeep
                .handle(&job)
                .await
                .unwrap_or_else(|| Err(JobFailure::Fail("nobody does this kind of work".into())))
        })
    }
}
