//! The pool, and the two ways in: [`Store::read`] and [`Store::write`].

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::{
    QueryError, QueryResult, Scope, StoreError,
    backend::{Access, AnyConnection},
    error::{Fate, fate},
    settings::{DatabaseUrl, StoreSettings},
    usage::{DeliveryCounts, DeliveryOutcome, PoolCounts, PoolUsage},
};

/// How often a transaction is run again that met another one, or a connection that was gone.
const RUNS_MAX: u32 = 40;

/// The longest that a connection may take to open, however long one waits for a free one. Half of it is also the longest
/// that the pool waits between two attempts, and so how late it may notice that the database is back.
const OPEN_MAX: Duration = Duration::from_secs(10);

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
    wait: Duration,
    timeout: Duration,
    deliveries: DeliveryCounts,
}

struct Pool {
    connections: r2d2::Pool<Manager>,
    /// As many permits as connections: whoever waits does not hold a thread meanwhile.
    permits: Arc<Semaphore>,
    counts: PoolCounts,
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
    timeout: Duration,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = diesel::ConnectionError;

    fn connect(&self) -> Result<Pooled, Self::Error> {
        let mut connection = AnyConnection::open(&self.url, self.access)?;
        connection.statement_timeout_set(self.timeout)?;
        Ok(Pooled { connection, broken: false })
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
    fn new(settings: &StoreSettings, access: Access, size: u32) -> Self {
        let manager = Manager { url: settings.url.clone(), access, timeout: settings.timeout };
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connection_timeout(settings.wait.min(OPEN_MAX))
            .error_handler(Box::new(PoolErrors))
            .build_unchecked(manager);
        Self { connections, permits: Arc::new(Semaphore::new(size as usize)), counts: PoolCounts::default() }
    }

    /// Waits for the right to use a connection, for as long as the settings say.
    async fn permit(&self, wait: Duration) -> Result<OwnedSemaphorePermit, StoreError> {
        let too_busy = || StoreError::Unavailable("every connection is busy".into());
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        self.counts.waits.fetch_add(1, Ordering::Relaxed);
        match tokio::time::timeout(wait, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(permit) => permit.map_err(|_| too_busy()),
            Err(_) => {
                self.counts.timeouts.fetch_add(1, Ordering::Relaxed);
                Err(too_busy())
            }
        }
    }

    fn usage(&self, pool: &'static str) -> PoolUsage {
        let state = self.connections.state();
        PoolUsage {
            pool,
            connections_max: self.connections.max_size().into(),
            in_use: state.connections.saturating_sub(state.idle_connections).into(),
            idle: state.idle_connections.into(),
            waits: self.counts.waits.load(Ordering::Relaxed),
            timeouts: self.counts.timeouts.load(Ordering::Relaxed),
        }
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
        let readers = Pool::new(settings, Access::Read, settings.connections.max(1));
        let writer = matches!(url, DatabaseUrl::Sqlite(_)).then(|| Pool::new(settings, Access::Write, 1));
        Self {
            inner: Arc::new(Inner {
                url,
                readers,
                writer,
                wait: settings.wait,
                timeout: settings.timeout,
                deliveries: DeliveryCounts::default(),
            }),
        }
    }

    /// Which database this is: `sqlite` or `postgres`.
    pub fn name(&self) -> &'static str {
        self.inner.url.name()
    }

    /// How the connections of this process are used at this moment.
    pub fn pool_usage(&self) -> Vec<PoolUsage> {
        match &self.inner.writer {
            Some(writer) => vec![self.inner.readers.usage("readers"), writer.usage("writer")],
            None => vec![self.inner.readers.usage("shared")],
        }
    }

    /// How many tries to send a message ended like this, of those that this process recorded.
    pub fn deliveries_recorded(&self, outcome: DeliveryOutcome) -> u64 {
        self.inner.deliveries.get(outcome)
    }

    /// Counts tries to send a message. Called after the commit.
    pub(crate) fn deliveries_count(&self, outcome: DeliveryOutcome, tries: u64) {
        self.inner.deliveries.add(outcome, tries);
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
        let permit = pool.permit(self.inner.wait).await?;
        let connections = pool.connections.clone();
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        let deadline = Instant::now() + self.inner.timeout;
        let span = tracing::Span::current();
        let work = spawn_blocking(move || {
            let _permit = permit;
            span.in_scope(|| transaction(&connections, access, &scopes, deadline, &mut closure))
        });
        // A database that stands still holds the thread and its connection for as long as it does, but not the caller.
        let ended = tokio::time::timeout_at(deadline.into(), work).await.map_err(|_| too_late())?;
        ended.unwrap_or_else(|panic| Err(StoreError::Database(format!("a transaction panicked: {panic}"))))
    }
}

fn too_late() -> StoreError {
    StoreError::Unavailable("the database did not answer in time".into())
}

/// Runs a closure in a transaction, again where the database asks for it and there is time until the deadline.
fn transaction<T>(
    connections: &r2d2::Pool<Manager>,
    access: Access,
    scopes: &[Scope],
    deadline: Instant,
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
            // Nobody waits for it any more: who was told to come back later shall not find it done.
            Ok(_) if Instant::now() >= deadline => QueryError::Store(too_late()),
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
        let is_final = match fate {
            Fate::Final => true,
            Fate::NoRoom => run > 1 || pooled.broken || !pooled.connection.room_make(),
            Fate::Again | Fate::Reconnect => false,
        };
        if is_final || run >= RUNS_MAX || Instant::now() >= deadline {
            return Err(error.into());
        }
        tracing::debug!(run, "a transaction is run again");
    }
}
