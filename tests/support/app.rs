//! A running product: server, workers, database, and the mail server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::api::{Answer, Api};
use super::browser::Browser;
use super::database::{Database, sqlite_open};
use super::inbox::Inbox;
use super::log::Log;
use super::mailbox::Mailbox;
use super::page::{Page, PageBuilder};
use super::process::{Process, SettingValues};
use super::project::Project;
use super::setup::Parts;
use super::smtp::SmtpSink;
use super::wait::eventually;

/// The first account, from `releasepage owner create`.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    /// The address to sign in with.
    pub(crate) email: String,
    /// The password to sign in with.
    pub(crate) password: String,
    /// The user's id.
    pub(crate) user_id: Value,
    /// The organization's id.
    pub(crate) org_id: Value,
    /// A personal access token.
    pub(crate) token: String,
}

/// The product under test. Dropping it ends it and deletes its database.
pub(crate) struct App {
    // This field is first, so that no process uses the database when it is dropped.
    server: Process,
    api: Api,
    address: SocketAddr,
    /// The first account.
    pub(crate) owner: Owner,
    parts: Parts,
}

impl App {
    pub(super) fn new(server: Process, address: SocketAddr, owner: Owner, parts: Parts) -> Self {
        let api = Api::new(address, &owner.token);
        Self { server, api, address, owner, parts }
    }

    /// Waits until a server that just started logs its address. The first `seen` lines of its log belong to an earlier
    /// run.
    pub(crate) async fn listening(mut server: Process, seen: usize) -> (Process, SocketAddr) {
        let address = eventually("the server says where it listens", async || {
            if let Some(status) = server.ended() {
                panic!("the server ended with {status}:\n{}", server.log().text());
            }
            let lines = server.log().lines();
            let line = lines.iter().skip(seen).find(|line| line.says("listening"))?;
            line.field("address")?.as_str()?.parse().ok()
        })
        .await;
        (server, address)
    }

    /// The management API with the owner's token, and requests without it.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// The address that the server listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes a page with this title. Add its parts, then `.await` it.
    pub(crate) fn page(&self, title: &str) -> PageBuilder {
        PageBuilder::new(self.api.clone(), title)
    }

    /// Makes a project of the Releases API.
    pub(crate) async fn project(&self, name: &str) -> Project {
        let created = self.api.post("/v1/projects", &json!({ "name": name })).await.expect(201).json();
        Project::new(&self.api, created)
    }

    /// The mail of one address.
    pub(crate) fn inbox(&self, address: &str) -> Inbox {
        Inbox::new(address, self.sink().clone(), &self.api)
    }

    /// Subscribes an address to everything on a page, and confirms it.
    pub(crate) async fn subscriber(&self, page: &Page, address: &str) -> Inbox {
        page.subscribe(address).await.expect(200);
        let inbox = self.inbox(address);
        inbox.confirm().await;
        inbox
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// The captured mailbox, which the owner reads after signing in.
    pub(crate) async fn mailbox(&self) -> Mailbox {
        Mailbox::open(self.address, &self.owner).await
    }

    /// The server that all mail goes to.
    pub(crate) fn sink(&self) -> &SmtpSink {
        &self.parts.sink
    }

    /// The log of the server and the workers.
    pub(crate) fn log(&self) -> &Log {
        self.server.log()
    }

    /// A GET without any credentials.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.api.anonymous().get(path).await
    }

    /// The settings of the server and the workers, for other commands.
    pub(crate) fn settings(&self) -> &SettingValues {
        &self.parts.settings
    }

    /// Runs a statement on the database, for states that the program never makes.
    pub(crate) fn execute(&self, statement: &str) {
        match &self.parts.database {
            Database::Postgres(database) => database.execute(statement),
            Database::Sqlite => {
                let connection = sqlite_open(&self.parts.settings["database.url"]);
                connection.execute_batch(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
            }
        }
    }

    /// Returns the number that a query of one value gives.
    pub(crate) fn number(&self, query: &str) -> i64 {
        match &self.parts.database {
            Database::Postgres(database) => database.number(query),
            Database::Sqlite => {
                let connection = sqlite_open(&self.parts.settings["database.url"]);
                let number = connection.query_row(query, [], |row| row.get(0));
                number.unwrap_or_else(|error| panic!("{query}: {error}"))
            }
        }
    }

    /// Starts another worker: `releasepage work`.
    pub(crate) fn worker_start(&self) -> Process {
        self.start_another(&["work"], &self.parts.settings, "releasepage.log")
    }

    /// Starts another worker that gives this name to the mail server. So the sink knows the sender of each message.
    pub(crate) fn worker_start_as(&self, name: &str) -> Process {
        let mut settings = self.parts.settings.clone();
        settings.insert("mail.hello_name".to_owned(), name.to_owned());
        self.start_another(&["work"], &settings, "releasepage.log")
    }

    /// Starts another server on the same database, with these arguments after `serve`. Also returns a client for it.
    pub(crate) async fn server_start(&self, arguments: &[&str]) -> (Process, Api) {
        self.server_start_with(arguments, &[]).await
    }

    /// Starts another server with these settings changed.
    pub(crate) async fn server_start_with(&self, arguments: &[&str], changes: &[(&str, &str)]) -> (Process, Api) {
        // Each server has a log of its own, which holds its address.
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let log = format!("another-{}.log", STARTED.fetch_add(1, Ordering::Relaxed));
        let mut settings = self.parts.settings.clone();
        settings.insert("server.listen".to_owned(), "127.0.0.1:0".to_owned());
        settings.extend(changes.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())));
        let server = self.start_another(&[&["serve"], arguments].concat(), &settings, &log);
        let (server, address) = Self::listening(server, 0).await;
        (server, Api::new(address, &self.owner.token))
    }

    fn start_another(&self, arguments: &[&str], settings: &SettingValues, log: &str) -> Process {
        Process::start(arguments, settings, &self.parts.directory.path().join(log))
    }

    /// The memory of the server in bytes: the current and the highest amount.
    pub(crate) fn memory(&self) -> (u64, u64) {
        self.server.memory()
    }

    /// Kills the server (SIGKILL). Requests fail until [`App::restart`].
    pub(crate) fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts the server again on the same address and database, after a kill or while it runs.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        let log = self.parts.directory.path().join("releasepage.log");
        let seen = self.log().lines().len();
        let server = Process::start(&self.parts.arguments, &self.parts.settings, &log);
        self.server = Self::listening(server, seen).await.0;
    }

    /// Stops the server (SIGTERM) and waits for its end. Returns true if it exited with success.
    pub(crate) async fn terminate(mut self) -> bool {
        self.server.terminate().await.success()
    }

    /// Stops the server (SIGTERM) and waits for its end. The mail server and the database stay for later steps.
    pub(crate) async fn server_stop(&mut self) -> bool {
        self.server.terminate().await.success()
    }
}

impl Drop for App {
    /// A failed test prints the log, because the directory with the log is about to be deleted.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.log().troubles_show();
        }
    }
}
