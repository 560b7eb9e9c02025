//! The pool, and the two ways in: [`Store::read`] and [`Store::write`].

use std::{fmt, sync::Arc};

use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{
    QueryError, QueryResult, Scope, StoreError,
    backend::{Access, AnyConnection},
    error::{Fate, fate},
    settings::{DatabaseUrl, StoreSettings},
};

/// How often a transaction is run again that met another one, or a connection that was gone.
const RUNS_MAX: u32 = 40;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: Pool,
    /// SQLite has one writer; on Postgres everybody shares the readers' pool.
    writer: Option<Pool>,
    wait: std::time::Duration,
}

struct Pool {
    connections: r2d2::Pool<Manager>,
    /// As many permits as connections: whoever waits does not hold a thread meanwhile.
    permits: Arc<Semaphore>,
}

/// A pooled connection that remembers whether it can be used again.
struct Pooled {
    connection: AnyConnection,
    /// Left in the middle of a transaction, or gone.
    broken: bool,
}

struct Manager {
    url: DatabaseUrl,
    access: Access,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::ConnectionError;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        Ok(Pooled { connection: AnyConnection::open(&self.url, self.access)?, broken: false })
    }

    fn is_valid(&self, _: &mut Pooled) -> Result<(), Self::Error> {
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken
    }
}

/// Turns r2d2's own reports into log events; they may name the database, never its password.
#[derive(Debug)]
struct PoolErrors;

impl<E: std::error::Error> r2d2::HandleError<E> for PoolErrors {
    fn handle_error(&self, error: E) {
        tracing::warn!(%error, "a database connection could not be opened");
    }
}

impl Pool {
    fn new(url: &DatabaseUrl, access: Access, size: u32, wait: std::time::Duration) -> Self {
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connection_timeout(wait)
            .error_handler(Box::new(PoolErrors))
            .build_unchecked(Manager { url: url.clone(), access });
        Self { connections, permits: Arc::new(Semaphore::new(size as usize)) }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Store").field("url", &self.inner.url).finish_non_exhaustive()
    }
}

impl Store {
    /// Prepares the pool. No connection is opened before it is needed.
    pub fn new(settings: &StoreSettings) -> Self {
        let url = settings.url.clone();
        let readers = Pool::new(&url, Access::Read, settings.connections.max(1), settings.wait);
        let writer = matches!(url, DatabaseUrl::Sqlite(_)).then(|| Pool::new(&url, Access::Write, 1, settings.wait));
        Self { inner: Arc::new(Inner { url, readers, writer, wait: settings.wait }) }
    }

    /// Which database this is: `sqlite` or `postgres`.
    pub fn name(&self) -> &'static str {
        self.inner.url.name()
    }

    /// Runs a closure on a blocking thread in a transaction that only reads and sees one state of the database.
    pub async fn read<T, F>(&self, closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.run(Access::Read, &[], closure).await
    }

    /// Runs a closure on a blocking thread in one transaction, alone in its scopes.
    ///
    /// The closure has no side effect but on the database: it runs again when the database says deadlock or
    /// serialization failure, and its work is taken back when it fails.
    pub async fn write<T, F>(&self, scopes: &[Scope], closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.run(Access::Write, scopes, closure).await
    }

    async fn run<T, F>(&self, access: Access, scopes: &[Scope], mut closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        let pool = match (&self.inner.writer, access) {
            (Some(writer), Access::Write) => writer,
            _ => &self.inner.readers,
        };
        let too_busy = || StoreError::Unavailable("every connection is busy".into());
        let permit = tokio::time::timeout(self.inner.wait, Arc::clone(&pool.permits).acquire_owned())
            .await
            .map_err(|_| too_busy())?
            .map_err(|_| too_busy())?;
        let connections = pool.connections.clone();
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        let span = tracing::Span::current();
        let work = spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(|| transaction(&connections, access, &scopes, &mut closure))
        });
        work.await.unwrap_or_else(|panic| Err(StoreError::Database(format!("a transaction panicked: {panic}"))))
    }
}

/// Runs a closure in a transaction, again where the database asks for it.
fn transaction<T>(
    connections: &r2d2::Pool<Manager>,
    access: Access,
    scopes: &[Scope],
    closure: &mut impl FnMut(&mut AnyConnection) -> QueryResult<T>,
) -> Result<T, StoreError> {
    let mut run = 0;
    loop {
        run += 1;
        let mut pooled = connections.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        // Until the transaction has ended, whatever happens (a panic too) leaves a connection that nobody may use.
        pooled.broken = true;
        let result = pooled.connection.begin(access, scopes).and_then(|()| closure(&mut pooled.connection));
        let error = match result {
            Ok(value) => match pooled.connection.commit() {
                Ok(()) => {
                    pooled.broken = false;
                    return Ok(value);
                }
                // A connection that is lost during a commit leaves it open whether it happened: never run again.
                Err(QueryError::Diesel(error)) if fate(&error) == Fate::Reconnect => return Err(error.into()),
                Err(error) => error,
            },
            Err(error) => error,
        };
        let fate = match &error {
            QueryError::Diesel(error) => fate(error),
            QueryError::Store(_) => Fate::Final,
        };
        if fate != Fate::Reconnect {
            pooled.broken = pooled.connection.rollback().is_err();
        }
        if fate == Fate::Final || run >= RUNS_MAX {
            return Err(error.into());
        }
        tracing::debug!(run, "a transaction is run again");
    }
}
