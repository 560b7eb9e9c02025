//! The choices of a test before the program starts.

use std::fmt::Display;
use std::path::Path;

use serde::Deserialize;
use tempfile::TempDir;

use super::app::{App, Owner};
use super::database::{Database, PostgresDatabase};
use super::postgres_server::PostgresServer;
use super::process::{Process, SettingValues, run};
use super::smtp::SmtpSink;

/// The server's secret in tests. A log or an answer that contains it is a leak.
pub(crate) const SECRET_KEY: &str = "7061676573656372657470616765736563726574706167657365637265747061";
/// The owner's password in tests. A log or an answer that contains it is a leak.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A program that is about to start: its database, its settings, and its mail server.
pub(crate) struct Setup {
    database: Database,
    directory: TempDir,
    settings: SettingValues,
    sink: SmtpSink,
    arguments: Vec<&'static str>,
}

impl Setup {
    /// On a new SQLite database.
    pub(crate) fn on_sqlite() -> Self {
        Self::new(Database::Sqlite)
    }

    /// On a new Postgres database. `None` if tests on Postgres are left out on purpose.
    pub(crate) fn on_postgres() -> Option<Self> {
        Database::on_postgres().map(Self::new)
    }

    /// On a new database of a Postgres server of the test's own.
    pub(crate) fn on_postgres_server(server: &PostgresServer) -> Self {
        Self::new(Database::on_server(server.url()))
    }

    /// Sets values that suit most tests: nothing waits and no cap is reached.
    fn new(database: Database) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let sink = SmtpSink::start();
        let setup = Self { settings: SettingValues::new(), arguments: vec!["serve"], database, directory, sink };
        let data_dir = setup.directory.path().display().to_string();
        let database_url = setup.database.url(setup.directory.path());
        let mail_url = setup.sink.url();
        setup
            .with("data_dir", data_dir)
            .with("secret_key", SECRET_KEY)
            .with("server.listen", "127.0.0.1:0")
            .with("database.url", database_url)
            .with("mail.url", mail_url)
            .with("mail.retry_seconds", 1)
            .with("mail.from", "Acme Releases <releases@acme.example>")
            .with("notify.delay_seconds", 0)
            // Tests send no requests to the internet. This address is refused unless it is allowed.
            .with("sources.github_api_url", "http://127.0.0.1:9")
            .with("sources.gitlab_api_url", "http://127.0.0.1:9")
            .with("sources.gitea_api_url", "http://127.0.0.1:9")
            // A busy machine may keep a database from answering for a while.
            .with("database.silence_seconds", 20)
            .with("jobs.poll_milliseconds", 20)
            .with("limits.confirmation_interval_minutes", 0)
            .with("limits.confirmations_per_subscriber_per_day", 1_000)
            .with("limits.confirmations_per_address_per_day", 1_000)
            .with("limits.requests_per_client_per_hour", 100_000)
            .with("log.format", "json")
            .with("log.filter", "debug")
    }

    /// Sets a setting: `server.region`.
    pub(crate) fn with(mut self, key: &str, value: impl Display) -> Self {
        self.settings.insert(key.to_owned(), value.to_string());
        self
    }

    /// The value of a setting.
    pub(crate) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }

    /// Replaces all settings by these.
    pub(crate) fn with_only(mut self, settings: SettingValues) -> Self {
        self.settings = settings;
        self
    }

    /// Resets a setting to its default.
    pub(crate) fn without(mut self, key: &str) -> Self {
        self.settings.remove(key);
        self
    }

    /// Starts the server alone. [`App::worker_start`] starts workers.
    pub(crate) fn without_worker(mut self) -> Self {
        self.arguments.push("--no-worker");
        self
    }

    /// A new setup, on another database of the same kind.
    pub(crate) fn twin(&self) -> Self {
        Self::new(self.database.twin())
    }

    /// The test's own directory.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The settings so far, for commands that run before the server.
    pub(crate) fn settings(&self) -> &SettingValues {
        &self.settings
    }

    /// The database, if it is on a server.
    pub(crate) fn postgres(&self) -> Option<&PostgresDatabase> {
        match &self.database {
            Database::Sqlite => None,
            Database::Postgres(database) => Some(database),
        }
    }

    /// Starts the server, waits until it listens, and makes the first account.
    pub(crate) async fn start(mut self) -> App {
        let log = self.directory.path().join("releasepage.log");
        let server = Process::start(&self.arguments, &self.settings, &log);
        let (server, address) = App::listening(server, 0).await;
        // All later processes know the address: workers for their links, and the server when it restarts.
        self.settings.insert("server.listen".to_owned(), address.to_string());
        let public_url = format!("http://{address}");
        self.settings.entry("server.public_url".to_owned()).or_insert(public_url);
        let owner = owner_create(&self.settings);
        App::new(server, address, owner, self.into_parts())
    }

    fn into_parts(self) -> Parts {
        Parts {
            database: self.database,
            directory: self.directory,
            settings: self.settings,
            sink: self.sink,
            arguments: self.arguments,
        }
    }
}

/// The parts of a setup that a started program keeps.
pub(crate) struct Parts {
    /// Dropped with the program.
    pub(crate) database: Database,
    /// The data directory, with the log.
    pub(crate) directory: TempDir,
    /// The settings, with the address that the server got.
    pub(crate) settings: SettingValues,
    /// The mail server.
    pub(crate) sink: SmtpSink,
    /// The arguments of the server.
    pub(crate) arguments: Vec<&'static str>,
}

/// Runs `releasepage owner create`.
fn owner_create(settings: &SettingValues) -> Owner {
    #[derive(Deserialize)]
    struct Created {
        user_id: serde_json::Value,
        org_id: serde_json::Value,
        token: String,
    }
    let email = "owner@acme.example";
    let arguments = ["owner", "create", "--email", email, "--organization", "Acme", "--json"];
    let output = run(&arguments, settings, &format!("{PASSWORD}\n"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "owner create failed: {errors}");
    let created: Created = serde_json::from_slice(&output.stdout).expect("owner create prints JSON");
    Owner {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        user_id: created.user_id,
        org_id: created.org_id,
        token: created.token,
    }
}
