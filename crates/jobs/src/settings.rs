//! The settings of a worker.

use std::time::Duration;

/// The settings for claiming and holding jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunnerSettings {
    /// The time for which a silent worker keeps its jobs. Default: 45 seconds.
    pub lease: Duration,
    /// The time between two heartbeats of a worker. It must be less than half of the lease. Default: 10 seconds.
    pub heartbeat: Duration,
    /// The time between two searches of an idle worker for jobs. Default: 250 milliseconds.
    pub poll: Duration,
    /// The most jobs at once of each kind of slot. Default: 4.
    pub concurrency: usize,
    /// The longest wait for running jobs when the worker stops. Default: 25 seconds.
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
