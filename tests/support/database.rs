//! A database for one test.

use std::path::Path;

use postgres::{Client, NoTls, error::SqlState};

use super::wait::PATIENCE;

/// The variable with the URL of a Postgres server on which the tests make databases. `script/postgres` sets it.
const SERVER: &str = "RELEASEPAGE_TEST_POSTGRES";
/// The variable that leaves out tests on Postgres. Its value is 1.
const SKIP: &str = "RELEASEPAGE_TEST_SKIP_POSTGRES";

/// An empty database for one test. It is deleted when the test is over.
pub(crate) enum Database {
    /// A file in the test's directory.
    Sqlite,
    /// A database on the server of the test run.
    Postgres(PostgresDatabase),
}

impl Database {
    /// Makes a database on the Postgres of this test run. `None` if tests on Postgres are left out on purpose.
    ///
    /// # Panics
    ///
    /// If there is no server. A test that could not run has not passed.
    pub(crate) fn on_postgres() -> Option<Self> {
        match std::env::var(SERVER) {
            Ok(server) => Some(Self::Postgres(PostgresDatabase::create(server))),
            Err(_) if postgres_is_left_out() => None,
            Err(_) => panic!(
                "{SERVER} is not set: run `script/postgres cargo test`, or set {SKIP}=1 to leave out the tests on Postgres"
            ),
        }
    }

    /// Makes a database on this Postgres server.
    pub(crate) fn on_server(server: String) -> Self {
        Self::Postgres(PostgresDatabase::create(server))
    }

    /// Makes another database of the same kind.
    pub(crate) fn twin(&self) -> Self {
        match self {
            Self::Sqlite => Self::Sqlite,
            Self::Postgres(database) => Self::on_server(database.server.clone()),
        }
    }

    /// The value of `database.url`, given the test's own directory.
    pub(crate) fn url(&self, directory: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}/releasepage.db", directory.display()),
            Self::Postgres(database) => database.url(),
        }
    }
}

/// True if tests on Postgres are left out on purpose.
pub(super) fn postgres_is_left_out() -> bool {
    std::env::var(SKIP).is_ok_and(|skip| skip == "1")
}

/// Opens the database of a SQLite URL while the program uses it too.
pub(crate) fn sqlite_open(url: &str) -> rusqlite::Connection {
    let path = url.strip_prefix("sqlite://").expect("the URL of a SQLite database");
    let connection = rusqlite::Connection::open(path).expect("the database can be opened");
    connection.busy_timeout(PATIENCE).expect("a time to wait can be set");
    connection
}

/// A database on a Postgres server.
pub(crate) struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    fn create(server: String) -> Self {
        let unique = tempfile::Builder::new().prefix("").rand_bytes(12).tempfile().expect("a temporary file");
        let suffix = unique.path().file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let database = Self { server, name: format!("test_{}_{suffix}", std::process::id()) };
        database.run(&format!("CREATE DATABASE \"{}\"", database.name));
        database
    }

    fn url(&self) -> String {
        let mut url = url::Url::parse(&self.server).expect("the server's URL is one");
        url.set_path(&self.name);
        url.into()
    }

    /// Runs statements on the test's database, for states that the program never makes.
    pub(crate) fn execute(&self, statements: &str) {
        // A deadlock with the program may abort the statements. They are one transaction then.
        while self.session().attempt(statements) == Attempt::Deadlock {}
    }

    /// Reads one number from the test's database.
    pub(crate) fn number(&self, query: &str) -> i64 {
        self.session().number(query)
    }

    /// Opens a connection that stays open between statements.
    pub(crate) fn session(&self) -> Session {
        Session::open(&self.url())
    }

    /// Runs a statement on the server's own database.
    fn run(&self, statement: &str) {
        Self::run_on(&self.server, statement);
    }

    fn run_on(url: &str, statement: &str) {
        Session::open(url).run(statement);
    }
}

/// The result of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Done,
    Deadlock,
}

/// A connection to Postgres.
pub(crate) struct Session {
    client: Option<Client>,
}

impl Session {
    fn open(url: &str) -> Self {
        let client = apart(|| Client::connect(url, NoTls)).unwrap_or_else(|error| panic!("{url}: {error}"));
        Self { client: Some(client) }
    }

    /// Runs statements.
    pub(crate) fn run(&mut self, statements: &str) {
        assert_eq!(self.attempt(statements), Attempt::Done, "{statements}");
    }

    fn attempt(&mut self, statements: &str) -> Attempt {
        let client = self.client.as_mut().expect("it is taken when the session is dropped");
        match apart(|| client.batch_execute(statements)) {
            Ok(()) => Attempt::Done,
            Err(error) if error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED) => Attempt::Deadlock,
            Err(error) => panic!("{statements}: {error:?}"),
        }
    }

    fn number(&mut self, query: &str) -> i64 {
        let client = self.client.as_mut().expect("it is taken when the session is dropped");
        apart(|| client.query_one(query, &[])).unwrap_or_else(|error| panic!("{query}: {error}")).get(0)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let client = self.client.take();
        apart(move || drop(client));
    }
}

/// Runs on a thread of its own. The client has its own runtime, which must not run inside the test's runtime.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("the thread does not panic"))
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A failing test keeps its own message.
        if !std::thread::panicking() {
            self.run(&format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name));
        }
    }
}
