//! Jobs and the hold of the queue as they are stored: written in the transaction of a caller, or looked at there.

use diesel::{dsl::auto_type, prelude::*};
use releasepage_domain::{
    job::{JobPayload, JobState},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, StoreError,
    database::{
        backend::on_each_backend,
        schema::{job_holds, job_turns, jobs},
    },
};

/// A job, and which claim of it: answers with an older fence are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobTicket {
    /// The job.
    pub id: i64,
    /// The number of the claim.
    pub fence: i64,
}

/// The beginning of a repository's turn; no page's id has it.
pub(crate) const REPOSITORY_TURN: &str = "repository:";

/// The turn of work for a repository, whatever pages show it.
pub(crate) fn repository_turn(repository_id: i64) -> String {
    format!("{REPOSITORY_TURN}{repository_id}")
}

/// Writes a job in the caller's transaction. `turn` is whom the work is for: the id of a page, a repository
/// ([`repository_turn`]), or empty for the whole server. Turns are served one after the other, and say whose the job
/// is.
pub(crate) fn job_enqueue(
    connection: &mut AnyConnection,
    payload: &JobPayload,
    turn: &str,
    run_at: UtcTime,
    now: UtcTime,
) -> QueryResult<()> {
    let lane = payload.lane().rank();
    let text = serde_json::to_string(payload).map_err(|_| StoreError::corrupt("payload"))?;
    diesel::insert_into(jobs::table)
        .values((
            jobs::lane.eq(lane),
            jobs::turn.eq(turn),
            jobs::payload.eq(text),
            jobs::state.eq(JobState::Ready.as_str()),
            jobs::run_at.eq(run_at),
            jobs::attempts.eq(0),
            jobs::fence.eq(0),
            jobs::created_at.eq(now),
        ))
        .execute(connection)?;
    on_each_backend!(connection, connection => diesel::insert_into(job_turns::table)
        .values((job_turns::lane.eq(lane), job_turns::turn.eq(turn), job_turns::served_at.eq(now)))
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(())
}

/// The job of a claim that still holds it. Whoever writes asks this in the same statement: between two, another worker
/// could take the job.
#[auto_type(no_type_alias)]
pub(crate) fn job_held(ticket: JobTicket) -> _ {
    let (id, fence): (i64, i64) = (ticket.id, ticket.fence);
    let running: &'static str = JobState::Running.as_str();
    jobs::table.filter(jobs::id.eq(id).and(jobs::fence.eq(fence)).and(jobs::state.eq(running)))
}

/// Tells whether a claim holds its job at this moment. A worker that was asleep past its lease does not, even before
/// another one takes the job.
pub(crate) fn job_is_held(connection: &mut AnyConnection, ticket: JobTicket, now: UtcTime) -> QueryResult<bool> {
    let held = job_held(ticket).filter(jobs::leased_until.gt(now));
    Ok(diesel::select(diesel::dsl::exists(held)).get_result(connection)?)
}

/// Notes in the caller's transaction that a job got something done, so that its attempts count from here.
pub(crate) fn job_progress(connection: &mut AnyConnection, ticket: JobTicket) -> QueryResult<()> {
    let held = jobs::table.filter(jobs::id.eq(ticket.id).and(jobs::fence.eq(ticket.fence)));
    diesel::update(held).set(jobs::attempts.eq(0)).execute(connection)?;
    Ok(())
}

/// The one hold that there is.
const QUEUE: &str = "queue";

/// That the queue is held, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobHold {
    /// The reason, for whoever asks: the end of a sentence that begins with "the queue is held:".
    pub because: String,
    /// The time since which it is held.
    pub held_at: UtcTime,
}

/// Reads the hold in the caller's transaction.
pub(crate) fn hold_load(connection: &mut AnyConnection) -> QueryResult<Option<JobHold>> {
    let row = job_holds::table.find(QUEUE).select((job_holds::because, job_holds::held_at));
    let row: Option<(String, UtcTime)> = row.first(connection).optional()?;
    Ok(row.map(|(because, held_at)| JobHold { because, held_at }))
}

/// Writes the hold in the caller's transaction, which is alone in [`Scope::Server`].
pub(crate) fn hold_insert(connection: &mut AnyConnection, because: &str, now: UtcTime) -> QueryResult<bool> {
    if hold_load(connection)?.is_some() {
        return Ok(false);
    }
    diesel::insert_into(job_holds::table)
        .values((job_holds::name.eq(QUEUE), job_holds::because.eq(because), job_holds::held_at.eq(now)))
        .execute(connection)?;
    Ok(true)
}
