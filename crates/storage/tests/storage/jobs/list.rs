//! Who sees which jobs, and has which tried again.

use chrono::Duration;
use releasepage_domain::{
    job::{JobPayload, JobState, Lane},
    release::ReleaseInput,
};
use releasepage_storage::{
    StoreError,
    database::cursor::IdCursor,
    jobs::{
        claims::job_claim,
        list::{JobEntry, JobsFilter, JobsOf, job_list, job_retry, jobs_retry},
    },
    repositories::deletion::repository_delete,
};

use crate::support::{Database, both, is_not_found, now, release_input};

/// Writes a job, `state` and `last_error` as they are in the table.
async fn job(database: &Database, turn: &str, payload: &JobPayload, state: &str, last_error: &str) {
    let (lane, text) = (payload.lane().rank(), serde_json::to_string(payload).unwrap());
    let at = now().format("%Y-%m-%d %H:%M:%S%.6f");
    let insert = format!(
        "INSERT INTO jobs (lane, turn, payload, state, run_at, attempts, fence, last_error, created_at) \
         VALUES ({lane}, '{turn}', '{text}', '{state}', '{at}', 12, 3, '{last_error}', '{at}'); \
         INSERT INTO job_turns (lane, turn, served_at) SELECT {lane}, '{turn}', '{at}' \
         WHERE NOT EXISTS (SELECT 1 FROM job_turns WHERE lane = {lane} AND turn = '{turn}')"
    );
    database.execute(insert).await;
}

async fn list(database: &Database, of: JobsOf, filter: JobsFilter) -> Vec<JobEntry> {
    let mut all = Vec::new();
    let mut after = IdCursor::default();
    loop {
        let (part, _) = job_list(&database.store, of, filter, after, 2).await.unwrap();
        all.extend(part.rows);
        match part.next {
            Some(next) => after = IdCursor::parse(&next).unwrap(),
            None => return all,
        }
    }
}

async fn ids(database: &Database, of: JobsOf) -> Vec<i64> {
    list(database, of, JobsFilter::default()).await.iter().map(|job| job.id).collect()
}

both! {
    async fn work_for_a_repository_is_its_owners_and_gone_with_it(database: &Database) {
        database.owner("first@example.com").await;
        let owner = database.owner("owner@example.com").await.organization_id;
        let id = database.repository(owner, "acme/api").await.id;
        let later = ReleaseInput { published_at: now() + Duration::days(1), ..release_input("v1.0.0") };
        database.by_hand(id, later).await.unwrap();
        let shown = list(database, JobsOf::Organization(owner), JobsFilter::default()).await;
        let of: Vec<_> = shown.iter().map(|job| (job.kind.as_str(), job.repository_id)).collect();
        assert_eq!(of, [("release_publish", Some(id))]);
        assert_eq!(database.count("job_turns").await, 1);

        repository_delete(&database.store, owner, id).await.unwrap();
        assert_eq!((database.count("jobs").await, database.count("job_turns").await), (0, 0));
    }

    async fn an_organization_sees_its_own_jobs_and_the_first_those_of_the_server(database: &Database) {
        let site = database.site().await;
        let other = database.owner("other@example.com").await.organization_id;
        let page = database.page(other, "Other").await.id;
        job(database, &site.page_id, &JobPayload::AnnouncementSpread { announcement: 1 }, "dead", "refused").await;
        job(database, &page, &JobPayload::SubscriptionAnswer { request: 1 }, "dead", "refused").await;
        job(database, "", &JobPayload::Prune, "dead", "refused").await;
        // The page is gone, the job is not.
        job(database, "0767f57acc44", &JobPayload::SubscriptionAnswer { request: 2 }, "dead", "refused").await;
        // The same of repositories.
        let repository = database.repository(other, "other/api").await.id;
        let delivery = JobPayload::SourceEvent { delivery: 1 };
        for id in [site.repository_id, repository, 99] {
            job(database, &format!("repository:{id}"), &delivery, "dead", "refused").await;
        }
        assert_eq!(ids(database, JobsOf::Server).await, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(ids(database, JobsOf::Organization(site.organization_id)).await, [1, 3, 4, 5, 7]);
        assert_eq!(ids(database, JobsOf::Organization(other)).await, [2, 6]);
        let shown = list(database, JobsOf::Organization(other), JobsFilter::default()).await;
        let of: Vec<_> = shown.iter().map(|job| (job.page_id.as_deref(), job.repository_id)).collect();
        assert_eq!(of, [(Some(page.as_str()), None), (None, Some(repository))]);

        for id in [1, 3, 4, 5, 7, 8] {
            let retried = job_retry(&database.store, JobsOf::Organization(other), id, now()).await;
            assert!(is_not_found(&retried), "{id}: {retried:?}");
        }
        for id in [2, 6] {
            assert!(job_retry(&database.store, JobsOf::Organization(other), id, now()).await.is_ok());
        }
    }

    async fn a_job_is_shown_without_whom_it_concerns(database: &Database) {
        let payload = JobPayload::DeliverySend { announcement: 1, first: 2, last: 3 };
        job(database, "0767f57acc44", &payload, "dead", "550 <reader@example.com>: no").await;
        let shown = list(database, JobsOf::Server, JobsFilter::default()).await;
        let expected = JobEntry {
            id: 1,
            kind: "delivery_send".into(),
            lane: Some(Lane::Delivery),
            page_id: Some("0767f57acc44".into()),
            repository_id: None,
            state: JobState::Dead,
            attempts: 12,
            last_error: Some("550 <***@example.com>: no".into()),
            run_at: now(),
            leased_until: None,
            created_at: now(),
        };
        assert_eq!(shown, [expected]);
        // One that a newer binary wrote, or that is damaged, is shown too.
        for (payload, kind) in [("{\"kind\":\"of_tomorrow\"}", "of_tomorrow"), ("?", "unknown")] {
            database.execute(format!("UPDATE jobs SET lane = 99, payload = '{payload}'")).await;
            let shown = list(database, JobsOf::Server, JobsFilter::default()).await;
            assert_eq!((shown[0].kind.as_str(), shown[0].lane), (kind, None));
        }
    }

    async fn why_a_job_failed_is_told_to_those_who_run_the_server(database: &Database) {
        let site = database.site().await;
        let other = database.owner("other@example.com").await.organization_id;
        let page = database.page(other, "Other").await.id;
        let inner = "the database failed: no such host db.internal";
        job(database, &page, &JobPayload::SubscriptionAnswer { request: 1 }, "dead", inner).await;
        job(database, &site.page_id, &JobPayload::SubscriptionAnswer { request: 2 }, "dead", inner).await;
        let untold = "it failed; those who run the server see why";
        let (first, other) = (JobsOf::Organization(site.organization_id), JobsOf::Organization(other));
        for (of, id, expected) in [(JobsOf::Server, 1, inner), (first, 2, inner), (other, 1, untold)] {
            let shown = list(database, of, JobsFilter::default()).await;
            let shown = shown.iter().find(|job| job.id == id).unwrap();
            assert_eq!(shown.last_error.as_deref(), Some(expected), "{of:?}");
        }
        let retried = job_retry(&database.store, other, 1, now()).await.unwrap();
        assert_eq!(retried.last_error.as_deref(), Some(untold));
    }

    async fn jobs_are_chosen_by_state_and_lane(database: &Database) {
        job(database, "a", &JobPayload::SubscriptionAnswer { request: 1 }, "dead", "x").await;
        job(database, "a", &JobPayload::SubscriptionAnswer { request: 2 }, "ready", "x").await;
        job(database, "a", &JobPayload::AnnouncementSpread { announcement: 1 }, "dead", "x").await;
        job(database, "", &JobPayload::Prune, "running", "x").await;
        let dead = Some(JobState::Dead);
        for (state, lane, expected) in [
            (None, None, &[1, 2, 3, 4][..]),
            (dead, None, &[1, 3]),
            (dead, Some(Lane::Prompt), &[1]),
            (None, Some(Lane::Maintenance), &[4]),
            (Some(JobState::Ready), Some(Lane::Delivery), &[]),
        ] {
            let found = list(database, JobsOf::Server, JobsFilter { state, lane }).await;
            assert_eq!(found.iter().map(|job| job.id).collect::<Vec<_>>(), expected, "{state:?} {lane:?}");
        }
    }

    async fn a_dead_letter_is_tried_again_from_its_first_attempt(database: &Database) {
        let payload = JobPayload::SubscriptionAnswer { request: 1 };
        job(database, "a", &payload, "dead", "refused").await;
        let retried = job_retry(&database.store, JobsOf::Server, 1, now()).await.unwrap();
        assert_eq!((retried.state, retried.attempts), (JobState::Ready, 0));
        assert_eq!(retried.last_error.as_deref(), Some("refused"));
        // Once: it is not dead any more, and another one could be in the middle of it.
        let again = job_retry(&database.store, JobsOf::Server, 1, now()).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        let claimed = job_claim(&database.store, now(), now() + Duration::seconds(45)).await.unwrap().unwrap();
        assert_eq!((claimed.payload, claimed.attempt, claimed.ticket.fence), (payload, 1, 4));
    }

    async fn all_dead_letters_are_tried_again_and_nothing_else(database: &Database) {
        for (number, state) in ["dead", "ready", "running", "dead"].into_iter().enumerate() {
            let request = i64::try_from(number).unwrap();
            job(database, "a", &JobPayload::SubscriptionAnswer { request }, state, "x").await;
        }
        assert_eq!(jobs_retry(&database.store, now()).await.unwrap(), 2);
        assert_eq!(jobs_retry(&database.store, now()).await.unwrap(), 0);
        assert_eq!(database.count("jobs WHERE attempts = 0").await, 2);
        assert_eq!(database.count("jobs WHERE state = 'ready'").await, 3);
    }
}
