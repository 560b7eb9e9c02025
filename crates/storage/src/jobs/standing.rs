//! The amount of work there is, for those who watch the queue.

use std::collections::HashMap;

use diesel::{
    dsl::{count_star, min},
    prelude::*,
};
use releasepage_domain::{
    job::{JobState, Lane},
    time::UtcTime,
};

use crate::{Store, StoreError, database::schema::jobs};

/// The jobs of one lane at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneStanding {
    /// The lane.
    pub lane: Lane,
    /// Jobs whose time has come and that nobody has taken yet.
    pub due: i64,
    /// Jobs whose time is still to come.
    pub waiting: i64,
    /// Jobs that a worker holds.
    pub running: i64,
    /// Dead letters.
    pub dead: i64,
    /// The time of the due job that has been waiting for the longest; `None` where none is due.
    pub due_since: Option<UtcTime>,
}

/// Counts the jobs of every lane, in the order of service, all at one moment.
///
/// Both queries read an index alone (`jobs_ready`), never the payloads.
pub async fn queue_standing(store: &Store, now: UtcTime) -> Result<Vec<LaneStanding>, StoreError> {
    store
        .read(move |connection| {
            let by_state: Vec<(i32, String, i64)> = jobs::table
                .group_by((jobs::state, jobs::lane))
                .select((jobs::lane, jobs::state, count_star()))
                .load(connection)?;
            let due: Vec<(i32, i64, Option<UtcTime>)> = jobs::table
                .filter(jobs::state.eq(JobState::Ready.as_str()).and(jobs::run_at.le(now)))
                .group_by(jobs::lane)
                .select((jobs::lane, count_star(), min(jobs::run_at)))
                .load(connection)?;
            let by_state: HashMap<(i32, &str), i64> =
                by_state.iter().map(|(lane, state, jobs)| ((*lane, state.as_str()), *jobs)).collect();
            let standing = |lane: Lane| {
                let count = |state: JobState| by_state.get(&(lane.rank(), state.as_str())).copied().unwrap_or_default();
                let (_, due, due_since) =
                    due.iter().find(|(rank, ..)| *rank == lane.rank()).copied().unwrap_or_default();
                LaneStanding {
                    lane,
                    due,
                    waiting: count(JobState::Ready) - due,
                    running: count(JobState::Running),
                    dead: count(JobState::Dead),
                    due_since,
                }
            };
            Ok(Lane::ALL.iter().copied().map(standing).collect())
        })
        .await
}
