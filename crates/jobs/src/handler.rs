//! The interface between the runner and the handlers of jobs.

use std::{fmt, future::Future, pin::Pin};

use releasepage_domain::{job::JobPayload, time::UtcTime};
use releasepage_storage::{StoreError, jobs::row::JobTicket};
use tokio::sync::watch;

/// A job that a handler works on.
#[derive(Clone, Debug)]
pub struct Job {
    /// The proof that this worker holds the job.
    pub ticket: JobTicket,
    /// The number of the attempt since the last progress, from 1.
    pub attempt: i32,
    /// The work to do.
    pub payload: JobPayload,
    /// True once the handler must end early. The worker stops, or another worker holds the job now.
    pub stop: watch::Receiver<bool>,
}

impl Job {
    /// True if the handler must end early, with [`JobEnd::PutOff`].
    pub fn must_stop(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits until the handler is to end early.
    pub async fn stopped(&self) {
        // A dropped sender also means stop.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }
}

/// The successful end of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// No work is left.
    Done,
    /// The rest of the work is due at this time.
    PutOff(UtcTime),
    /// The work could not begin and is tried again at this time. Earlier failures still count.
    NotBegun(UtcTime),
}

/// The failure of a handler. The text is logged and stored, so it must hold no secret and no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobFailure {
    /// Another try may help.
    Retry(String),
    /// No other try can help. The job becomes a dead letter.
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
    /// Fails the job for good if its row is missing. Any other error is tried again.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::Fail(error.to_string()),
            StoreError::Conflict(_) | StoreError::Faults(_) | StoreError::Unavailable(_) | StoreError::Database(_) => {
                Self::Retry(error.to_string())
            }
        }
    }
}

/// A running handler.
pub type JobFuture<'a> = Pin<Box<dyn Future<Output = Result<JobEnd, JobFailure>> + Send + 'a>>;

/// A handler of jobs. It may be called twice for one job, and must do the work only once.
pub trait JobHandler: Send + Sync + 'static {
    /// Runs one job.
    fn handle(&self, job: Job) -> JobFuture<'_>;
}
