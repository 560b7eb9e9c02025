//! Notices a database that says nothing at all: that stands still, or whose host is gone without a word.
//!
//! Whoever waits for long has the database asked something small on a connection of its own. An answer means that the
//! work is merely slow, and it is waited for. No answer means silence: all who wait are told to come back later, and so
//! is at once whoever comes, until the database answers again.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use diesel::connection::SimpleConnection as _;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    AnyConnection, DatabaseUrl, StoreError,
    database::backend::{Access, Session},
};

/// The most questions that may be without an answer at once; each holds a thread until the system gives it up.
const QUESTIONS_MAX: usize = 3;

/// The shortest time between two questions; an answer that is not older counts.
const QUESTION_EVERY: Duration = Duration::from_millis(100);

/// The time between two questions to a silent database.
const SILENT_EVERY: Duration = Duration::from_millis(500);

/// The progress of one caller's work, for those on both sides of it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// It has a connection.
    pub(crate) has_connection: AtomicBool,
    /// Nobody waits for it any more: it must not be committed.
    pub(crate) is_given_up: AtomicBool,
}

/// The result of a question.
#[derive(Clone, Debug)]
enum Answer {
    Alive,
    /// No connection can be opened, for this reason.
    Refused(String),
}

/// The watch over one database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Silence {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    patience: Duration,
    is_silent: watch::Sender<bool>,
    answers: watch::Sender<Option<(Instant, Answer)>>,
    questions: Arc<Semaphore>,
    asked: Mutex<Option<Instant>>,
    /// The connection that the last answer came on.
    kept: Mutex<Option<AnyConnection>>,
}

impl Silence {
    /// A watch that takes a database for silent which has said nothing for as long as `patience`.
    pub(crate) fn new(url: DatabaseUrl, patience: Duration) -> Self {
        let inner = Inner {
            url,
            patience,
            is_silent: watch::Sender::new(false),
            answers: watch::Sender::new(None),
            questions: Arc::new(Semaphore::new(QUESTIONS_MAX)),
            asked: Mutex::new(None),
            kept: Mutex::new(None),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Fails while the database is known to be silent.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if *self.inner.is_silent.borrow() { Err(silent()) } else { Ok(()) }
    }

    /// Waits until there is no point in waiting for the work any longer, and says why.
    pub(crate) async fn wait(&self, progress: &Progress) -> StoreError {
        let mut is_silent = self.inner.is_silent.subscribe();
        loop {
            tokio::select! {
                // The sender lives as long as `self`.
                _ = is_silent.wait_for(|silent| *silent) => return silent(),
                () = sleep(self.inner.half_patience()) => {}
            }
            match self.inner.ask().await {
                Some(Answer::Alive) => {}
                Some(Answer::Refused(reason)) if !progress.has_connection.load(Ordering::Relaxed) => {
                    return StoreError::Unavailable(reason);
                }
                Some(Answer::Refused(_)) => {}
                None => {
                    self.begin();
                    return silent();
                }
            }
        }
    }

    /// Notes that the database is silent, and goes on asking it until it is not.
    fn begin(&self) {
        if !self.inner.is_silent.send_replace(true) {
            tracing::warn!("the database says nothing: requests are refused until it does");
            tokio::spawn(silence_end(Arc::downgrade(&self.inner)));
        }
    }
}

impl Inner {
    /// Two of them, one for the work and one for the answer, end before the patience does.
    fn half_patience(&self) -> Duration {
        self.patience * 9 / 20
    }

    /// Asks the database whether it is there; `None` where it does not answer in time.
    async fn ask(self: &Arc<Self>) -> Option<Answer> {
        let since = Instant::now().checked_sub(QUESTION_EVERY)?;
        let mut answers = self.answers.subscribe();
        self.question_send();
        let is_new = |answer: &Option<(Instant, Answer)>| answer.as_ref().is_some_and(|(at, _)| *at >= since);
        let answer = timeout(self.half_patience(), answers.wait_for(is_new)).await;
        answer.ok()?.ok()?.as_ref().map(|(_, answer)| answer.clone())
    }

    /// Sends a question on its way, unless one was sent a moment ago or too many are without an answer.
    fn question_send(self: &Arc<Self>) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.is_some_and(|asked| asked.elapsed() < QUESTION_EVERY) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.questions).try_acquire_owned() else { return };
        *asked = Some(Instant::now());
        let inner = Arc::clone(self);
        // A thread of its own: the pool of threads for blocking work may be full of what has nothing to do with the
        // database, and that is not silence. Nobody waits for the thread: the answer is what counts, however late.
        let asking = thread::Builder::new().name("database-question".into()).spawn(move || {
            let answer = inner.question_ask();
            inner.answers.send_replace(Some((Instant::now(), answer)));
            drop(permit);
        });
        if let Err(error) = asking {
            let refused = Answer::Refused(format!("there is no thread to ask the database on: {error}"));
            self.answers.send_replace(Some((Instant::now(), refused)));
        }
    }

    /// Asks on the connection that is kept, or else on a new one.
    fn question_ask(&self) -> Answer {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut connection) = kept
            && self.question_on(&mut connection)
        {
            *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
            return Answer::Alive;
        }
        match Session::open(&self.url, Access::Read, None) {
            Ok(mut session) => {
                if self.question_on(&mut session.connection) {
                    *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.connection);
                    Answer::Alive
                } else {
                    Answer::Refused("the database answers no question".into())
                }
            }
            Err(error) => Answer::Refused(error.to_string()),
        }
    }

    fn question_on(&self, connection: &mut AnyConnection) -> bool {
        let question = match self.url {
            DatabaseUrl::Sqlite(_) => "PRAGMA schema_version",
            DatabaseUrl::Postgres(_) => "SELECT 1",
        };
        connection.batch_execute(question).is_ok()
    }
}

/// Asks until the database answers, whatever it answers: a connection that is refused is not silence.
async fn silence_end(inner: Weak<Inner>) {
    loop {
        sleep(SILENT_EVERY).await;
        let Some(inner) = inner.upgrade() else { return };
        if inner.ask().await.is_some() {
            inner.is_silent.send_replace(false);
            tracing::info!("the database speaks again");
            return;
        }
    }
}

fn silent() -> StoreError {
    StoreError::Unavailable("the database says nothing".into())
}
