//! A database for one test.

use std::path::Path;

use postgres::{Client, NoTls};

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
            Err(_) if std::env::var(SKIP).is_ok_and(|skip| skip == "1") => None,
            Err(_) => panic!(
                "{SERVER} is not set: run `script/postgres cargo test`, or set {SKIP}=1 to leave out the tests on Postgres"
            ),
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
        Self::run_on(&self.url(), statements);
    }

    /// Runs a statement on the server's own database.
    fn run(&self, statement: &str) {
        Self::run_on(&self.server, statement);
    }

    /// On a thread of its own: the client brings its own runtime, which must not be started inside the test's.
    fn run_on(url: &str, statement: &str) {
        std::thread::scope(|scope| {
            let running = scope.spawn(|| {
                let mut client = Client::connect(url, NoTls)?;
                client.batch_execute(statement)
            });
            let result = running.join().expect("the thread does not panic");
            result.unwrap_or_else(|error| panic!("{statement}: {error}"));
        });
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        // A test that fails already keeps its own message.
        if !std::thread::panicking() {
            self.run(&format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name));
        }
    }
}
