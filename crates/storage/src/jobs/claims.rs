//! The job table: work that must follow a change is written with it, and taken by a worker that leases it.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Integer, Text, Timestamp},
};
use releasepage_domain::{
    job::{CLAIMS_MAX, JobPayload, JobState, Lane},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    database::{
        backend::on_each_backend,
        schema::{job_turns, jobs},
    },
    jobs::row::{JobTicket, job_held},
};

/// A job that a worker holds until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The job and the proof of this claim.
    pub ticket: JobTicket,
    /// The number of this attempt since the last progress, from 1.
    pub attempt: i32,
    /// The work to be done.
    pub payload: JobPayload,
}

/// The end of a worker's hold on a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// Nothing is left to do: the job is gone.
    Done,
    /// There is more to do later; no attempt was wasted.
    PutOff(UtcTime),
    /// It could not begin: this claim was no attempt, and those before it still count.
    NotBegun(UtcTime),
    /// It failed and is tried again.
    Retry(UtcTime, String),
    /// It failed for good and stays as a dead letter.
    Dead(String),
}

#[derive(diesel::QueryableByName)]
struct NextJob {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(diesel::QueryableByName)]
struct NextTurn {
    #[diesel(sql_type = Integer)]
    lane: i32,
    #[diesel(sql_type = Text)]
    turn: String,
}

/// Both databases ask the turns, of which there are as many as pages and repositories, instead of the jobs, of which
/// there may be hundreds of thousands. While the queue is held ([`crate::jobs::hold`]), it is nobody's turn. SQLite
/// counts parameters in the order in which they stand.
const NEXT_TURN: &str = "SELECT t.lane, t.turn FROM job_turns t \
     WHERE NOT EXISTS (SELECT 1 FROM job_holds) AND t.lane <= $1 AND EXISTS \
     (SELECT 1 FROM jobs j WHERE j.state = 'ready' AND j.lane = t.lane AND j.turn = t.turn AND j.run_at <= $2) \
     ORDER BY t.lane, t.served_at, t.turn LIMIT 1";

const ANY_JOB: &str = "SELECT id FROM jobs WHERE state = 'ready' AND run_at <= $1 AND lane <= $2 \
     ORDER BY lane, turn, run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED";

const NEXT_JOB: &str = "SELECT id FROM jobs WHERE state = 'ready' AND lane = $1 AND turn = $2 AND run_at <= $3 ORDER BY run_at, id LIMIT 1";

fn next_turn(connection: &mut AnyConnection, last: Lane, now: UtcTime) -> QueryResult<Option<NextTurn>> {
    Ok(on_each_backend!(connection, connection => diesel::sql_query(NEXT_TURN)
        .bind::<Integer, _>(last.rank())
        .bind::<Timestamp, _>(now)
        .get_result::<NextTurn>(connection)
        .optional())?)
}

/// The next job of a turn. On Postgres, one that another worker is just claiming is passed over; where that was the
/// turn's last, any other job is taken, so that no worker rests while there is work.
fn next_job(connection: &mut AnyConnection, turn: &NextTurn, last: Lane, now: UtcTime) -> QueryResult<Option<i64>> {
    let query = |sql: String| {
        diesel::sql_query(sql)
            .bind::<Integer, _>(turn.lane)
            .bind::<Text, _>(turn.turn.clone())
            .bind::<Timestamp, _>(now)
    };
    let next: Option<NextJob> = match connection {
        AnyConnection::Sqlite(connection) => query(NEXT_JOB.into()).get_result(connection).optional()?,
        AnyConnection::Postgres(connection) => {
            let next = query(format!("{NEXT_JOB} FOR UPDATE SKIP LOCKED")).get_result(connection).optional()?;
            match next {
                Some(next) => Some(next),
                None => diesel::sql_query(ANY_JOB)
                    .bind::<Timestamp, _>(now)
                    .bind::<Integer, _>(last.rank())
                    .get_result(connection)
                    .optional()?,
            }
        }
    };
    Ok(next.map(|job| job.id))
}

/// Takes the next job whose time has come and holds it until `leased_until`; `None` where there is none, or while the
/// queue is held.
///
/// Lanes are served in order; within a lane, pages take turns; within a page, the oldest first. A job whose holder's
/// lease ended is ready again, unless that happened [`CLAIMS_MAX`] times without anything done: then it is a dead
/// letter, as what kills its workers would else be claimed without end. One whose payload cannot be read (of a newer
/// binary, or damaged) becomes a dead letter, so that it does not keep the jobs behind it waiting.
pub async fn job_claim(store: &Store, now: UtcTime, leased_until: UtcTime) -> Result<Option<ClaimedJob>, StoreError> {
    job_claim_within(store, Lane::Maintenance, now, leased_until).await
}

/// Takes the next job that somebody waits for, as [`job_claim`] does, and no other.
pub async fn job_claim_prompt(
    store: &Store,
    now: UtcTime,
    leased_until: UtcTime,
) -> Result<Option<ClaimedJob>, StoreError> {
    job_claim_within(store, Lane::Prompt, now, leased_until).await
}

/// Takes the next job of the lanes up to this one.
async fn job_claim_within(
    store: &Store,
    last: Lane,
    now: UtcTime,
    leased_until: UtcTime,
) -> Result<Option<ClaimedJob>, StoreError> {
    store
        .write(&[], move |connection| {
            jobs_release(connection, now)?;
            while let Some(turn) = next_turn(connection, last, now)? {
                let Some(id) = next_job(connection, &turn, last, now)? else { return Ok(None) };
                let (ticket, attempt, payload) = job_lease(connection, id, leased_until)?;
                let served = job_turns::table.filter(job_turns::lane.eq(turn.lane).and(job_turns::turn.eq(&turn.turn)));
                diesel::update(served).set(job_turns::served_at.eq(now)).execute(connection)?;
                match serde_json::from_str(&payload) {
                    Ok(payload) => return Ok(Some(ClaimedJob { ticket, attempt, payload })),
                    Err(_) => job_bury(connection, id)?,
                }
            }
            Ok(None)
        })
        .await
}

/// Takes the jobs whose lease ended from their workers.
fn jobs_release(connection: &mut AnyConnection, now: UtcTime) -> QueryResult<()> {
    let lost = || jobs::table.filter(jobs::state.eq(JobState::Running.as_str()).and(jobs::leased_until.lt(now)));
    let dead = diesel::update(lost().filter(jobs::attempts.ge(CLAIMS_MAX)))
        .set((
            jobs::state.eq(JobState::Dead.as_str()),
            jobs::leased_until.eq(None::<UtcTime>),
            jobs::last_error.eq("its workers died while they held it"),
        ))
        .execute(connection)?;
    if dead > 0 {
        tracing::error!(jobs = dead, "jobs are dead letters: every worker that held them died");
    }
    diesel::update(lost())
        .set((jobs::state.eq(JobState::Ready.as_str()), jobs::leased_until.eq(None::<UtcTime>)))
        .execute(connection)?;
    Ok(())
}

/// Gives a job to a worker: the proof of the claim, which attempt it is, and the payload.
fn job_lease(connection: &mut AnyConnection, id: i64, leased_until: UtcTime) -> QueryResult<(JobTicket, i32, String)> {
    diesel::update(jobs::table.find(id))
        .set((
            jobs::state.eq(JobState::Running.as_str()),
            jobs::attempts.eq(jobs::attempts + 1),
            jobs::fence.eq(jobs::fence + 1),
            jobs::leased_until.eq(leased_until),
        ))
        .execute(connection)?;
    let (fence, attempt, payload) =
        jobs::table.find(id).select((jobs::fence, jobs::attempts, jobs::payload)).first(connection)?;
    Ok((JobTicket { id, fence }, attempt, payload))
}

/// Makes a job that cannot be read a dead letter.
fn job_bury(connection: &mut AnyConnection, id: i64) -> QueryResult<()> {
    tracing::error!(job = id, "the payload of a job cannot be read by this binary");
    diesel::update(jobs::table.find(id))
        .set((
            jobs::state.eq(JobState::Dead.as_str()),
            jobs::leased_until.eq(None::<UtcTime>),
            jobs::last_error.eq("the payload cannot be read by this binary"),
        ))
        .execute(connection)?;
    Ok(())
}

/// Holds jobs for longer. Returns those that are no longer this worker's.
pub async fn job_heartbeat(
    store: &Store,
    tickets: Vec<JobTicket>,
    leased_until: UtcTime,
) -> Result<Vec<JobTicket>, StoreError> {
    store
        .write(&[], move |connection| {
            let mut lost = Vec::new();
            for &ticket in &tickets {
                let held =
                    diesel::update(job_held(ticket)).set(jobs::leased_until.eq(leased_until)).execute(connection)?;
                if held == 0 {
                    lost.push(ticket);
                }
            }
            Ok(lost)
        })
        .await
}

/// A job as its worker gives it back; `None` leaves a column as it is.
#[derive(AsChangeset)]
#[diesel(table_name = jobs)]
struct JobReturned<'a> {
    state: &'static str,
    attempts: Option<i32>,
    run_at: Option<UtcTime>,
    last_error: Option<&'a str>,
}

/// Ends a worker's hold on a job. Answers `false`, and changes nothing, where the hold had ended before.
pub async fn job_finish(store: &Store, ticket: JobTicket, outcome: JobOutcome) -> Result<bool, StoreError> {
    store
        .write(&[], move |connection| {
            let (state, attempts, run_at, last_error) = match &outcome {
                JobOutcome::Done => return Ok(diesel::delete(job_held(ticket)).execute(connection)? > 0),
                JobOutcome::PutOff(run_at) => (JobState::Ready, Some(0), Some(*run_at), None),
                JobOutcome::NotBegun(run_at) => {
                    diesel::update(job_held(ticket)).set(jobs::attempts.eq(jobs::attempts - 1)).execute(connection)?;
                    (JobState::Ready, None, Some(*run_at), None)
                }
                JobOutcome::Retry(run_at, error) => (JobState::Ready, None, Some(*run_at), Some(error.as_str())),
                JobOutcome::Dead(error) => (JobState::Dead, None, None, Some(error.as_str())),
            };
            let returned = JobReturned { state: state.as_str(), attempts, run_at, last_error };
            let held = diesel::update(job_held(ticket))
                .set((returned, jobs::leased_until.eq(None::<UtcTime>)))
                .execute(connection)?;
            Ok(held > 0)
        })
        .await
}
