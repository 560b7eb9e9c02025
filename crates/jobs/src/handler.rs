//! What a kind of work must say of itself.

use std::{fmt, future::Future, pin::Pin};

use releasepage_domain::{job::JobPayload, time::UtcTime};
use releasepage_storage::{StoreError, jobs::JobTicket};
use tokio::sync::watch;

/// A job in a handler's hands.
#[derive(Clone, Debug)]
pub struct Job {
    /// The proof that it is this worker's.
    pub ticket: JobTicket,
    /// Which attempt this is since the last progress, from 1.
    pub attempt: i32,
    /// What is to be done.
    pub payload: JobPayload,
    /// Becomes true when the handler is to end early: the worker stops, or the job is somebody else's by now.
    pub stop: watch::Receiver<bool>,
}

impl Job {
    /// Whether the handler is to end early, with [`JobEnd::PutOff`].
    pub fn must_stop(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the handler is to end early.
    pub async fn stopped(&self) {
        // A switch that is gone counts as thrown.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }
}

/// How a handler ends well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Nothing is left to do.
    Done,
    /// The rest is to be done at this time.
    PutOff(UtcTime),
    /// It could not begin, and is tried again at this time: what failed before still counts.
    NotBegun(UtcTime),
}

/// How a handler fails; the text is logged and kept, and holds no secret and no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobFailure {
    /// Another try may help.
    Retry(String),
    /// No other try can help: a dead letter.
    Fail(String),
}

impl fmt::Display for JobFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retry(text) | Self::Fail(text) => formatter.write_str(text),
        }
    }
}

impl From<StoreError> for JobFailure {
    /// What a job names and is not there will not come back; all else may.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::Fail(error.to_string()),
            StoreError::Conflict(_) | StoreError::Faults(_) | StoreError::Unavailable(_) | StoreError::Database(_) => {
                Self::Retry(error.to_string())
            }
        }
    }
}

/// A handler at work.
pub type JobFuture<'a> = Pin<Box<dyn Future<Output = Result<JobEnd, JobFailure>> + Send + 'a>>;

/// Does jobs. It may be called twice for the same job, and must do its work once.
pub trait JobHandler: Send + Sync + 'static {
    /// Does one job.
    fn handle(&self, job: Job) -> JobFuture<'_>;
}
