//! The pool, and the two ways in: [`Store::read`] and [`Store::write`].

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use crate::{
    AnyConnection, DatabaseUrl, QueryError, QueryResult, Scope, StoreError, StoreSettings,
    database::{
        backend::{Access, Session},
        error::{Fate, fate},
        silence::{Progress, Silence},
        usage::{DeliveryCounts, DeliveryOutcome, PoolCounts, PoolUsage},
    },
};

/// The number of times that a transaction runs again which met another one, or a connection that was gone.
const RUNS_MAX: u32 = 40;

/// The number of times that it is run where the database says why it failed in a language that cannot be read.
const UNREADABLE_RUNS_MAX: u32 = 3;

/// The longest that a connection may take to open, however long one waits for a free one. Half of it is also the
/// longest that the pool waits between two attempts, and so how late it may notice that the database is back.
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
    silence: Silence,
    writes: Writes,
    deliveries: DeliveryCounts,
}

/// The writing of this process, for whoever looks at whether it can.
#[derive(Debug, Default)]
struct Writes {
    begun: AtomicU64,
    ended: AtomicU64,
    /// The last one found the disk full.
    lack_room: AtomicBool,
}

struct Pool {
    connections: r2d2::Pool<Manager>,
    /// Permits, as many as connections: whoever waits does not hold a thread meanwhile.
    permits: Arc<Semaphore>,
    counts: PoolCounts,
}

/// A pooled connection that remembers whether it can be used again.
struct Pooled {
    session: Session,
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
        let session = Session::open(&self.url, self.access, Some(self.timeout))?;
        Ok(Pooled { session, broken: false })
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
        let silence = Silence::new(url.clone(), settings.silence);
        Self {
            inner: Arc::new(Inner {
                url,
                readers,
                writer,
                wait: settings.wait,
                timeout: settings.timeout,
                silence,
                writes: Writes::default(),
                deliveries: DeliveryCounts::default(),
            }),
        }
    }

    /// The name of the database: `sqlite` or `postgres`.
    pub fn name(&self) -> &'static str {
        self.inner.url.name()
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Counts the transactions that write and have begun.
    pub(crate) fn writes_begun(&self) -> u64 {
        self.inner.writes.begun.load(Ordering::SeqCst)
    }

    /// A transaction that writes has begun and not ended.
    pub(crate) fn is_writing(&self) -> bool {
        self.writes_begun() != self.inner.writes.ended.load(Ordering::SeqCst)
    }

    /// The last transaction that wrote found the disk full.
    pub(crate) fn lacks_room(&self) -> bool {
        self.inner.writes.lack_room.load(Ordering::SeqCst)
    }

    /// Notes that there is room again.
    pub(crate) fn room_found(&self) {
        self.inner.writes.lack_room.store(false, Ordering::SeqCst);
    }

    /// The use of this process's connections at this moment.
    pub fn pool_usage(&self) -> Vec<PoolUsage> {
        match &self.inner.writer {
            Some(writer) => vec![self.inner.readers.usage("readers"), writer.usage("writer")],
            None => vec![self.inner.readers.usage("shared")],
        }
    }

    /// Counts the tries to send a message that ended like this, of those that this process recorded.
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

    async fn run<T, F>(&self, access: Access, scopes: &[Scope], closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    {
        self.inner.silence.check()?;
        let progress = Arc::new(Progress::default());
        tokio::select! {
            biased;
            ended = self.attempt(access, scopes, closure, Arc::clone(&progress)) => ended,
            error = self.inner.silence.wait(&progress) => {
                progress.is_given_up.store(true, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    async fn attempt<T, F>(
        &self,
        access: Access,
        scopes: &[Scope],
        mut closure: F,
        progress: Arc<Progress>,
    ) -> Result<T, StoreError>
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
        let (span, inner) = (tracing::Span::current(), Arc::clone(&self.inner));
        let work = spawn_blocking(move || {
            let _permit = permit;
            let work = Work { writes: &inner.writes, access, scopes: &scopes, deadline, progress: &progress };
            span.in_scope(|| work.transaction(&connections, &mut closure))
        });
        // A database that stands still holds the thread and its connection for as long as it does, but not the caller.
        let ended = tokio::time::timeout_at(deadline.into(), work).await.map_err(|_| too_late())?;
        ended.unwrap_or_else(|panic| Err(StoreError::Database(format!("a transaction panicked: {panic}"))))
    }
}

fn too_late() -> StoreError {
    StoreError::Unavailable("the database did not answer in time".into())
}

/// One caller's transaction.
struct Work<'work> {
    writes: &'work Writes,
    access: Access,
    scopes: &'work [Scope],
    deadline: Instant,
    progress: &'work Progress,
}

impl Work<'_> {
    /// Runs a closure in a transaction, again where the database asks for it and there is time until the deadline.
    fn transaction<T>(
        &self,
        connections: &r2d2::Pool<Manager>,
        closure: &mut impl FnMut(&mut AnyConnection) -> QueryResult<T>,
    ) -> Result<T, StoreError> {
        let mut run = 0;
        loop {
            run += 1;
            self.progress.has_connection.store(false, Ordering::Relaxed);
            let mut pooled = connections.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
            self.progress.has_connection.store(true, Ordering::Relaxed);
            let is_foreign = pooled.session.is_foreign;
            let error = match self.once(&mut pooled, closure) {
                Ok(value) => return Ok(value),
                Err(Failed::InCommit(error)) => return Err(error.into_store(is_foreign)),
                Err(Failed::Before(error)) => error,
            };
            let fate = match &error {
                QueryError::Diesel(error) => fate(error, is_foreign),
                QueryError::Store(_) => Fate::Final,
            };
            if fate != Fate::Reconnect {
                pooled.broken = pooled.session.connection.rollback().is_err() || fate == Fate::ReadOnly;
            }
            let is_final = match fate {
                Fate::Final | Fate::ReadOnly => true,
                Fate::NoRoom => run > 1 || pooled.broken || !pooled.session.connection.room_make(),
                Fate::Unreadable => run >= UNREADABLE_RUNS_MAX,
                Fate::Again | Fate::Reconnect => false,
            };
            if is_final || run >= RUNS_MAX || self.is_late() {
                self.writes.lack_room.fetch_or(fate == Fate::NoRoom, Ordering::SeqCst);
                return Err(error.into_store(is_foreign));
            }
            tracing::debug!(run, "a transaction is run again");
        }
    }

    /// Runs the closure once, and commits. Until the transaction has ended, whatever happens (a panic too) leaves a
    /// connection that nobody may use.
    fn once<T>(
        &self,
        pooled: &mut Pooled,
        closure: &mut impl FnMut(&mut AnyConnection) -> QueryResult<T>,
    ) -> Result<T, Failed> {
        pooled.broken = true;
        pooled.session.begin(self.access, self.scopes)?;
        let _writing = (self.access == Access::Write).then(|| Writing::begin(self.writes));
        let value = closure(&mut pooled.session.connection)?;
        if self.is_late() {
            // Nobody waits for it any more: who was told to come back later shall not find it done.
            return Err(Failed::Before(QueryError::Store(too_late())));
        }
        match pooled.session.connection.commit() {
            Ok(()) => {
                pooled.broken = false;
                if self.access == Access::Write {
                    self.writes.lack_room.store(false, Ordering::SeqCst);
                }
                Ok(value)
            }
            // A connection that is lost during a commit leaves it open whether it happened: never run again.
            Err(QueryError::Diesel(error)) if fate(&error, pooled.session.is_foreign) == Fate::Reconnect => {
                Err(Failed::InCommit(error.into()))
            }
            Err(error) => Err(Failed::Before(error)),
        }
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.deadline || self.progress.is_given_up.load(Ordering::SeqCst)
    }
}

/// The place where a transaction failed.
enum Failed {
    /// Nothing was committed.
    Before(QueryError),
    /// Nobody knows whether it was.
    InCommit(QueryError),
}

impl From<QueryError> for Failed {
    fn from(error: QueryError) -> Self {
        Self::Before(error)
    }
}

/// A transaction that writes, while it does.
struct Writing<'writes>(&'writes Writes);

impl<'writes> Writing<'writes> {
    fn begin(writes: &'writes Writes) -> Self {
        writes.begun.fetch_add(1, Ordering::SeqCst);
        Self(writes)
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}
