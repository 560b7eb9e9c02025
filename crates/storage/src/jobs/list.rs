//! Looking at the queue: who runs the server, and each organization for its own pages and repositories, sees what
//! waits, what runs, and the dead letters, and has those tried again.

use diesel::{
    dsl::{not, sql},
    prelude::*,
    sql_types::Text,
};
use releasepage_domain::{
    job::{JOB_NOT_DEAD, JobState, Lane},
    masking::text_masked,
    page::page_id_is_valid,
    time::UtcTime,
};
use serde_json::Value;

use crate::{
    AnyConnection, QueryResult, Store, StoreError,
    accounts::row::runs_the_server,
    database::{
        cursor::{IdCursor, ListPart},
        schema::{jobs, pages, repositories},
        stored::stored,
    },
    jobs::row::{JobHold, REPOSITORY_TURN, hold_load},
};

/// A job as it is shown: what kind of work it is, and nothing of whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEntry {
    /// The job.
    pub id: i64,
    /// The kind of work: `delivery_send`. It may be one that this binary does not know.
    pub kind: String,
    /// The lane; `None` for one that this binary does not know.
    pub lane: Option<Lane>,
    /// The page that it is for; `None` for work of a repository or of the whole server.
    pub page_id: Option<String>,
    /// The repository that it is for, whatever pages show it; `None` for work of a page or of the whole server.
    pub repository_id: Option<i64>,
    /// Its state.
    pub state: JobState,
    /// The number of times that it was tried since it last got something done.
    pub attempts: i32,
    /// The reason why the last try failed: one line without addresses and passwords, and no reason where an
    /// organization looks whose people do not run the server.
    pub last_error: Option<String>,
    /// The time at which it is due.
    pub run_at: UtcTime,
    /// The time until which a worker holds it, where one does.
    pub leased_until: Option<UtcTime>,
    /// The time at which it was written.
    pub created_at: UtcTime,
}

/// The owner of the jobs that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobsOf {
    /// Everybody's: for who runs the server.
    Server,
    /// Those of an organization's pages and repositories. The server's first organization, whose people run it, has the
    /// work of the whole server too.
    Organization(i64),
}

/// A filter of jobs; `None` stands for any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobsFilter {
    /// Jobs that stand here.
    pub state: Option<JobState>,
    /// Jobs of this lane.
    pub lane: Option<Lane>,
}

/// The sentence in place of the last error where those who run the server are not the ones who look: it may speak of
/// the server's database and network.
const ERROR_UNTOLD: &str = "it failed; those who run the server see why";

type Row = (i64, i32, String, String, String, UtcTime, i32, Option<UtcTime>, Option<String>, UtcTime);

/// The columns of [`Row`].
macro_rules! entry_columns {
    () => {
        (
            jobs::id,
            jobs::lane,
            jobs::turn,
            jobs::payload,
            jobs::state,
            jobs::run_at,
            jobs::attempts,
            jobs::leased_until,
            jobs::last_error,
            jobs::created_at,
        )
    };
}

fn entry(row: Row, eyes: Eyes) -> QueryResult<JobEntry> {
    let (id, lane, turn, payload, state, run_at, attempts, leased_until, last_error, created_at) = row;
    let payload: Option<Value> = serde_json::from_str(&payload).ok();
    let kind = payload.as_ref().and_then(|payload| payload.get("kind")?.as_str());
    Ok(JobEntry {
        id,
        kind: kind.unwrap_or("unknown").to_owned(),
        lane: Lane::ALL.iter().copied().find(|known| known.rank() == lane),
        repository_id: turn.strip_prefix(REPOSITORY_TURN).and_then(|id| id.parse().ok()),
        page_id: Some(turn).filter(|turn| page_id_is_valid(turn)),
        state: stored(&state, "job")?,
        attempts,
        last_error: last_error.map(|error| match eyes {
            Eyes::Server | Eyes::FirstOrganization(_) => text_masked(&error),
            Eyes::Organization(_) => ERROR_UNTOLD.to_owned(),
        }),
        run_at,
        leased_until,
        created_at,
    })
}

/// The one who looks, once it is known which organization is the server's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Eyes {
    Server,
    FirstOrganization(i64),
    Organization(i64),
}

impl Eyes {
    fn of(connection: &mut AnyConnection, of: JobsOf) -> QueryResult<Self> {
        Ok(match of {
            JobsOf::Server => Self::Server,
            JobsOf::Organization(id) if runs_the_server(connection, id)? => Self::FirstOrganization(id),
            JobsOf::Organization(id) => Self::Organization(id),
        })
    }
}

/// The jobs that somebody may see, as a query to be narrowed further.
macro_rules! jobs_visible {
    ($eyes:expr) => {{
        let all = jobs::table.into_boxed();
        let turn_of_repository = || sql::<Text>(&format!("'{REPOSITORY_TURN}' || repositories.id"));
        let of_own = |organization: i64| {
            let own_pages = pages::table.filter(pages::organization_id.eq(organization));
            let own_repositories = repositories::table.filter(repositories::organization_id.eq(organization));
            let of_page = jobs::turn.eq_any(own_pages.select(pages::id));
            of_page.or(jobs::turn.eq_any(own_repositories.select(turn_of_repository())))
        };
        match $eyes {
            Eyes::Server => all,
            Eyes::FirstOrganization(id) => {
                let of_page = jobs::turn.eq_any(pages::table.select(pages::id));
                let of_repository = jobs::turn.eq_any(repositories::table.select(turn_of_repository()));
                all.filter(of_own(id).or(not(of_page.or(of_repository))))
            }
            Eyes::Organization(id) => all.filter(of_own(id)),
        }
    }};
}

/// Jobs, oldest first, at most `limit` after the cursor; and the hold, where the queue is held.
pub async fn job_list(
    store: &Store,
    of: JobsOf,
    filter: JobsFilter,
    after: IdCursor,
    limit: u32,
) -> Result<(ListPart<JobEntry>, Option<JobHold>), StoreError> {
    store
        .read(move |connection| {
            let eyes = Eyes::of(connection, of)?;
            let mut query = jobs_visible!(eyes).filter(jobs::id.gt(after.0));
            if let Some(state) = filter.state {
                query = query.filter(jobs::state.eq(state.as_str()));
            }
            if let Some(lane) = filter.lane {
                query = query.filter(jobs::lane.eq(lane.rank()));
            }
            let rows: Vec<Row> =
                query.order(jobs::id).limit(i64::from(limit) + 1).select(entry_columns!()).load(connection)?;
            let entries = rows.into_iter().map(|row| entry(row, eyes)).collect::<QueryResult<Vec<_>>>()?;
            let part = ListPart::cut(entries, limit, |last: &JobEntry| IdCursor(last.id).to_string());
            Ok((part, hold_load(connection)?))
        })
        .await
}

/// Has a dead letter tried again, from its first attempt on. Fails with [`StoreError::NotFound`] where there is no such
/// job for the one who asks, and with a conflict where it is not dead.
pub async fn job_retry(store: &Store, of: JobsOf, id: i64, now: UtcTime) -> Result<JobEntry, StoreError> {
    store
        .write(&[], move |connection| {
            let eyes = Eyes::of(connection, of)?;
            let visible = jobs_visible!(eyes).filter(jobs::id.eq(id)).select(jobs::id);
            visible.first::<i64>(connection).optional()?.ok_or(StoreError::NotFound)?;
            if revive(connection, Some(id), now)? == 0 {
                return Err(JOB_NOT_DEAD.into());
            }
            entry(jobs::table.find(id).select(entry_columns!()).first(connection)?, eyes)
        })
        .await
}

/// Has every dead letter of the server tried again. Answers how many there were.
pub async fn jobs_retry(store: &Store, now: UtcTime) -> Result<usize, StoreError> {
    store.write(&[], move |connection| revive(connection, None, now)).await
}

/// Makes one dead job, or all of them, ready. The last error stays until the next one, so that it can still be read.
fn revive(connection: &mut AnyConnection, id: Option<i64>, now: UtcTime) -> QueryResult<usize> {
    let dead = jobs::state.eq(JobState::Dead.as_str());
    let ready = (jobs::state.eq(JobState::Ready.as_str()), jobs::attempts.eq(0), jobs::run_at.eq(now));
    Ok(match id {
        Some(id) => diesel::update(jobs::table.filter(jobs::id.eq(id).and(dead))).set(ready).execute(connection)?,
        None => diesel::update(jobs::table.filter(dead)).set(ready).execute(connection)?,
    })
}
