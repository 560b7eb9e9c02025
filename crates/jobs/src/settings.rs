//! The settings of a worker.

use std::time::Duration;

/// How a worker takes and holds jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunnerSettings {
    /// How long a silent worker keeps its jobs.
    pub lease: Duration,
    /// How often a worker says that it is alive; less than half of the lease.
    pub heartbeat: Duration,
    /// How often an idle worker looks for jobs.
    pub poll: Duration,
    /// Jobs at once.
    pub concurrency: usize,
    /// How long running jobs may take to end when the worker is told to stop.
    pub drain: Duration,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(45),
            heartbeat: Duration::from_secs(10),
            poll: Duration::from_millis(250),
            concurrency: 4,
            drain: Duration::from_secs(25),
        }
    }
}
