//! `releasepage jobs`: lists the queue, retries dead letters, and holds and releases the queue.

use releasepage_domain::{
    job::{JobState, Lane},
    time::time_iso8601,
};
use releasepage_storage::{
    Store, StoreError,
    database::{clock::Clock, cursor::IdCursor},
    jobs::{
        hold::{QueuedMail, job_hold_end, job_hold_set, mail_give_up, mail_queued},
        list::{JobEntry, JobsFilter, JobsOf, job_list, job_retry, jobs_retry},
        row::JobHold,
    },
};

use super::{block_on, print};
use crate::{arguments::JobsCommand, failure::Failure, settings::Settings, wiring::store_open};

/// Runs a subcommand on the queue of the whole server.
pub(super) fn jobs(settings: &Settings, command: JobsCommand) -> Result<(), Failure> {
    let store = store_open(settings)?;
    let text = block_on(async {
        match command {
            JobsCommand::List { state, lane, limit } => list(&store, state, lane, limit).await,
            JobsCommand::Retry { all: true, .. } => retry_all(&store).await,
            JobsCommand::Retry { jobs, .. } => retry(&store, &jobs).await,
            JobsCommand::Hold { reason } => hold(&store, reason).await,
            JobsCommand::Resume { cancel_mail: true } => give_up(&store).await,
            JobsCommand::Resume { cancel_mail: false } => resume(&store).await,
        }
    })?;
    print(&text)
}

async fn list(store: &Store, state: JobState, lane: Option<Lane>, limit: u32) -> Result<String, Failure> {
    let filter = JobsFilter { state: Some(state), lane };
    let (part, hold) = job_list(store, JobsOf::Server, filter, IdCursor::default(), limit).await?;
    let mut text = hold.as_ref().map(hold_line).unwrap_or_default();
    if part.rows.is_empty() {
        text.push_str(&format!("No job is {state}.\n"));
        return Ok(text);
    }
    text.push_str(&format!(
        "{:>8}  {:<11}  {:<20}  {:>8}  {:<20}  LAST ERROR\n",
        "ID", "LANE", "KIND", "ATTEMPTS", "DUE"
    ));
    for job in &part.rows {
        text.push_str(&line(job));
    }
    if part.next.is_some() {
        text.push_str(&format!("… and more; these are the first {limit}: --limit shows others\n"));
    }
    Ok(text)
}

fn line(job: &JobEntry) -> String {
    let lane = job.lane.map_or("?", Lane::as_str);
    let error = job.last_error.as_deref().unwrap_or("-");
    format!(
        "{:>8}  {lane:<11}  {:<20}  {:>8}  {:<20}  {error}\n",
        job.id,
        job.kind,
        job.attempts,
        time_iso8601(job.run_at)
    )
}

fn hold_line(hold: &JobHold) -> String {
    let since = time_iso8601(hold.held_at);
    format!("The queue is held since {since}: {}. `releasepage jobs resume` lets it go on.\n", hold.because)
}

async fn retry(store: &Store, jobs: &[i64]) -> Result<String, Failure> {
    let mut text = String::new();
    for &id in jobs {
        let job = job_retry(store, JobsOf::Server, id, Clock::system().now()).await;
        let job = job.map_err(|error| match error {
            StoreError::NotFound => {
                Failure::Said(format!("there is no job {id}: `releasepage jobs list` shows those there are"))
            }
            StoreError::Conflict(why) => Failure::Said(format!("job {id}: {why}")),
            other => other.into(),
        })?;
        text.push_str(&format!("Job {} ({}) is tried again.\n", job.id, job.kind));
    }
    Ok(text)
}

async fn retry_all(store: &Store) -> Result<String, Failure> {
    Ok(match jobs_retry(store, Clock::system().now()).await? {
        0 => "There is no dead letter.\n".to_owned(),
        1 => "1 job is tried again.\n".to_owned(),
        jobs => format!("{jobs} jobs are tried again.\n"),
    })
}

async fn hold(store: &Store, reason: String) -> Result<String, Failure> {
    Ok(if job_hold_set(store, reason, Clock::system().now()).await? {
        "The queue is held: no worker takes a job. `releasepage jobs resume` lets it go on.\n".to_owned()
    } else {
        "The queue was held already.\n".to_owned()
    })
}

async fn resume(store: &Store) -> Result<String, Failure> {
    let queued = mail_queued(store).await?;
    Ok(if job_hold_end(store).await? {
        format!("The queue goes on. Of mail there waited {}.\n", mail_words(queued))
    } else {
        "The queue was not held.\n".to_owned()
    })
}

async fn give_up(store: &Store) -> Result<String, Failure> {
    let given_up = mail_give_up(store, Clock::system().now()).await.map_err(|error| match error {
        StoreError::Conflict(_) => Failure::Said(
            "the queue is not held, and workers would send what is being given up: run `releasepage jobs hold` first"
                .to_owned(),
        ),
        other => other.into(),
    })?;
    Ok(format!("The queue goes on. Of mail was given up: {}.\n", mail_words(given_up)))
}

/// The number of waiting emails, in words.
pub(super) fn mail_words(queued: QueuedMail) -> String {
    if queued.is_empty() {
        return "nothing".to_owned();
    }
    let counted = |count: i64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    let parts = [
        counted(queued.deliveries, "message", "messages"),
        counted(queued.announcements, "announcement", "announcements"),
        counted(queued.requests, "request without an answer", "requests without an answer"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_mail_is_told_in_words() {
        let queued = |deliveries, announcements, requests| QueuedMail { deliveries, announcements, requests };
        assert_eq!(mail_words(queued(0, 0, 0)), "nothing");
        assert_eq!(mail_words(queued(1, 0, 2)), "1 message, 2 requests without an answer");
        assert_eq!(mail_words(queued(7, 1, 1)), "7 messages, 1 announcement, 1 request without an answer");
    }
}
