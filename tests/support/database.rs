//! A database for one test.

use std::path::Path;

use postgres::{Client, NoTls, error::SqlState};

use super::wait::PATIENCE;

/// Names the URL of a Postgres server on which databases may be made; `script/postgres` sets it.
const SERVER: &str = "RELEASEPAGE_TEST_POSTGRES";
/// Set to 1, tests on Postgres are left out on purpose.
const SKIP: &str = "RELEASEPAGE_TEST_SKIP_POSTGRES";

/// An empty database that belongs to one test, and is gone when the test is over.
pub(crate) enum Database {
    /// A file in the test's directory.
    Sqlite,
    /// A database on the server of the test run.
    Postgres(PostgresDatabase),
}

impl Database {
    /// A new database on the Postgres of this test run; `None`, where its tests are left out on purpose.
    ///
    /// # Panics
    ///
    /// Where there is no server: a test that could not run has not passed.
    pub(crate) fn on_postgres() -> Option<Self> {
        match std::env::var(SERVER) {
            Ok(server) => Some(Self::Postgres(PostgresDatabase::create(server))),
            Err(_) if postgres_is_left_out() => None,
            Err(_) => panic!(
                "{SERVER} is not set: run `script/postgres cargo test`, or set {SKIP}=1 to leave out the tests on Postgres"
            ),
        }
    }

    /// A new database on this Postgres server.
    pub(crate) fn on_server(server: String) -> Self {
        Self::Postgres(PostgresDatabase::create(server))
    }

    /// Another new database of the same kind.
    pub(crate) fn twin(&self) -> Self {
        match self {
            Self::Sqlite => Self::Sqlite,
            Self::Postgres(database) => Self::on_server(database.server.clone()),
        }
    }

    /// The value for `database.url`, with the test's own directory.
    pub(crate) fn url(&self, directory: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}/releasepage.db", directory.display()),
            Self::Postgres(database) => database.url(),
        }
    }
}

/// Whether tests on Postgres are left out on purpose.
pub(super) fn postgres_is_left_out() -> bool {
    std::env::var(SKIP).is_ok_and(|skip| skip == "1")
}

/// The database of a SQLite URL, beside the program that uses it.
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

    /// Runs statements on the test's database, to make what the program itself never makes.
    pub(crate) fn execute(&self, statements: &str) {
        // Beside a program at work they may be the ones that a deadlock costs; they are one transaction then.
        while self.session().attempt(statements) == Attempt::Deadlock {}
    }

    /// Asks the test's database for one number.
    pub(crate) fn number(&self, query: &str) -> i64 {
        self.session().number(query)
    }

    /// A connection that stays open from one statement to the next.
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

/// How statements ended.
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

/// On a thread of its own: the client brings its own runtime, which must not be used inside the test's.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("the thread does not panic"))
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A test that fails already keeps its own message.
        if !std::thread::panicking() {
            self.run(&format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name));
        }
    }
}
