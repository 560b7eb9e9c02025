//! `/v1/jobs`: the jobs that wait, the jobs that run, and the dead letters.
//!
//! The whole server has one queue. An organization sees the jobs of its own pages and repositories. The server's first
//! organization runs the server, so it also sees jobs that belong to no organization. Payloads are never shown, because
//! they may contain personal data.

use actix_web::{
    HttpRequest,
    web::{Data, Path},
};
use releasepage_auth::scope::Scope;
use releasepage_domain::{fault::Faults, job::Lane, time::time_iso8601};
use releasepage_http::{caller::TokenCaller, limits::Bucket, query::Query, state::AppState};
use releasepage_storage::jobs::{
    list::{JobEntry, JobsFilter, JobsOf, job_list, job_retry},
    row::JobHold,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::resource::{Answer, number_of_path, resource, writer};
use crate::openapi::{
    names::{JobStateName, LaneName},
    parameters::ListParameters,
    values::Time,
};

/// A job. Its payload is not shown, because it may contain personal data.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobBody {
    /// Its id.
    #[schema(examples(4711))]
    id: i64,
    /// The kind of job.
    #[schema(examples("delivery_send"))]
    kind: String,
    /// The lane that it waits in; `null` if another version of the program wrote it.
    #[schema(required = true, value_type = Option<LaneName>)]
    lane: Option<&'static str>,
    /// The page that it is for; `null` for a job of a repository or of the whole server.
    #[schema(required = true, examples("0767f57acc44"))]
    page_id: Option<String>,
    /// The repository that it is for, whatever pages show it; `null` for a job of a page or of the whole server.
    #[schema(required = true, examples(50001))]
    repository_id: Option<i64>,
    /// Its state: waiting, held by a worker, or a dead letter.
    #[schema(value_type = JobStateName)]
    state: &'static str,
    /// The number of attempts since its last progress.
    #[schema(examples(12))]
    attempts: i32,
    /// The reason why the last attempt failed, in one line without addresses. An organization that does not run the
    /// server sees only that it failed. `null` if no attempt failed.
    #[schema(required = true, examples("the mail server does not answer"))]
    last_error: Option<String>,
    /// The time from which it may run.
    #[schema(value_type = Time)]
    run_at: String,
    /// The time at which the lease of its worker ends; `null` if no worker holds it.
    #[schema(required = true, value_type = Option<Time>)]
    leased_until: Option<String>,
    /// The time at which it was stored.
    #[schema(value_type = Time)]
    created_at: String,
}

impl From<JobEntry> for JobBody {
    fn from(job: JobEntry) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            lane: job.lane.map(Lane::as_str),
            page_id: job.page_id,
            repository_id: job.repository_id,
            state: job.state.as_str(),
            attempts: job.attempts,
            last_error: job.last_error,
            run_at: time_iso8601(job.run_at),
            leased_until: job.leased_until.map(time_iso8601),
            created_at: time_iso8601(job.created_at),
        }
    }
}

/// A part of the list of jobs, and the hold on the queue.
#[derive(Serialize, ToSchema)]
#[schema(as = JobList)]
pub(crate) struct JobsBody {
    /// The jobs of this part.
    data: Vec<JobBody>,
    /// The value to send as `cursor` for the next part; `null` in the last part.
    #[schema(required = true, examples("0000000000001267"))]
    next: Option<String>,
    /// The hold on the queue, for example after a restore: no job is taken. `null` if the queue runs.
    #[schema(required = true)]
    held: Option<HeldBody>,
}

/// A hold on the queue.
#[derive(Serialize, ToSchema)]
#[schema(as = JobHold)]
pub(crate) struct HeldBody {
    /// The time at which the hold began.
    #[schema(value_type = Time)]
    since: String,
    /// The reason for the hold.
    #[schema(examples("the database was restored from a back-up"))]
    because: String,
}

impl From<JobHold> for HeldBody {
    fn from(hold: JobHold) -> Self {
        Self { since: time_iso8601(hold.held_at), because: hold.because }
    }
}

/// `GET /v1/jobs`, oldest first, optionally filtered by `state` and `lane`.
#[utoipa::path(
    get,
    path = "/v1/jobs",
    tag = "Jobs",
    summary = "List the jobs",
    description = "The work for the organization's pages and repositories, oldest first; done jobs are gone. The server's \
                   first organization, whose people run it, sees the work of the whole server too.",
    security(("token" = ["admin"])),
    params(
        ListParameters,
        ("state" = Option<JobStateName>, Query, description = "Only those that stand here"),
        ("lane" = Option<LaneName>, Query, description = "Only those of this lane"),
    ),
    responses((status = 200, description = "A part of the list", body = JobsBody)),
)]
pub(crate) async fn jobs_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = TokenCaller::of(&request, &state, Bucket::Read, Scope::Admin).await?;
    let (query, mut faults) = (Query::of(&request), Faults::new());
    let filter = JobsFilter { state: query.named(&mut faults, "state"), lane: query.named(&mut faults, "lane") };
    let ListParameters { limit, cursor } = ListParameters::read(&query, &mut faults);
    faults.finish(|| Some(()))?;
    let of = JobsOf::Organization(caller.user.organization_id);
    let (part, hold) = job_list(&state.store, of, filter, cursor.unwrap_or_default(), limit).await?;
    let data = part.rows.into_iter().map(JobBody::from).collect();
    resource(&JobsBody { data, next: part.next, held: hold.map(HeldBody::from) })
}

/// `POST /v1/jobs/{id}/retry`: runs a dead letter again, from its first attempt on. It answers a conflict for a job
/// that is not a dead letter.
#[utoipa::path(
    post,
    path = "/v1/jobs/{job_id}/retry",
    tag = "Jobs",
    summary = "Try a dead letter again",
    description = "The job is ready again, with all its attempts before it.",
    security(("token" = ["admin"])),
    responses(
        (status = 200, description = "The job", body = JobBody),
        (status = 409, description = "The job is not dead"),
    ),
)]
pub(crate) async fn job_again(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Admin).await?;
    let id = number_of_path(&id)?;
    let of = JobsOf::Organization(caller.user.organization_id);
    resource(&JobBody::from(job_retry(&state.store, of, id, state.now()).await?))
}
