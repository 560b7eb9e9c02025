//! The job table: who gets which job, and for how long.

use chrono::Duration;
use diesel::connection::SimpleConnection as _;
use releasepage_domain::{
    job::{CLAIMS_MAX, JobPayload, Lane},
    time::UtcTime,
};
use releasepage_storage::jobs::{
    claims::{ClaimedJob, JobOutcome, job_claim, job_claim_prompt, job_finish, job_heartbeat},
    schedules::schedule_run,
    standing::{LaneStanding, queue_standing},
};

use crate::support::{Database, both, now};

/// Writes a ready job of a page, `seconds` after the begin of the test.
async fn job(database: &Database, turn: &str, payload: &JobPayload, seconds: i64) {
    let (lane, text) = (payload.lane().rank(), serde_json::to_string(payload).unwrap());
    let run_at = (now() + Duration::seconds(seconds)).format("%Y-%m-%d %H:%M:%S%.6f");
    let insert = format!(
        "INSERT INTO jobs (lane, turn, payload, state, run_at, attempts, fence, created_at) \
         VALUES ({lane}, '{turn}', '{text}', 'ready', '{run_at}', 0, 0, '{run_at}'); \
         INSERT INTO job_turns (lane, turn, served_at) \
         SELECT {lane}, '{turn}', '{run_at}' \
         WHERE NOT EXISTS (SELECT 1 FROM job_turns WHERE lane = {lane} AND turn = '{turn}')"
    );
    database.store.write(&[], move |connection| Ok(connection.batch_execute(&insert)?)).await.unwrap();
}

async fn claim_at(database: &Database, seconds: i64) -> Option<ClaimedJob> {
    let now = now() + Duration::seconds(seconds);
    job_claim(&database.store, now, lease_end(now)).await.unwrap()
}

fn lease_end(now: UtcTime) -> UtcTime {
    now + Duration::seconds(45)
}

fn prompt(request: i64) -> JobPayload {
    JobPayload::SubscriptionAnswer { request }
}

fn delivery(announcement: i64) -> JobPayload {
    JobPayload::AnnouncementSpread { announcement }
}

both! {
    async fn lanes_are_served_in_order_and_pages_take_turns(database: &Database) {
        job(database, "a", &delivery(1), 0).await;
        job(database, "a", &delivery(2), 1).await;
        job(database, "a", &delivery(3), 2).await;
        job(database, "b", &delivery(4), 3).await;
        job(database, "", &JobPayload::Prune, 0).await;
        job(database, "b", &prompt(5), 4).await;
        let mut order = Vec::new();
        // Time passes between two claims: whoever was served last waits longest.
        for seconds in 10.. {
            match claim_at(database, seconds).await {
                Some(claimed) => order.push(claimed.payload),
                None => break,
            }
        }
        let expected = [prompt(5), delivery(1), delivery(4), delivery(2), delivery(3), JobPayload::Prune];
        assert_eq!(order, expected);
    }

    async fn whoever_waits_is_served_alone(database: &Database) {
        job(database, "a", &delivery(1), 0).await;
        job(database, "b", &prompt(2), 1).await;
        job(database, "", &JobPayload::Prune, 0).await;
        let at = now() + Duration::seconds(9);
        let claim = async || job_claim_prompt(&database.store, at, lease_end(at)).await.unwrap();
        assert_eq!(claim().await.map(|claimed| claimed.payload), Some(prompt(2)));
        assert_eq!(claim().await, None);
        assert_eq!(claim_at(database, 9).await.map(|claimed| claimed.payload), Some(delivery(1)));
    }

    async fn the_queue_is_counted_by_lane(database: &Database) {
        let standing = async |seconds| queue_standing(&database.store, now() + Duration::seconds(seconds)).await.unwrap();
        let none = |lane| LaneStanding { lane, due: 0, waiting: 0, running: 0, dead: 0, due_since: None };
        assert_eq!(standing(0).await, Lane::ALL.iter().copied().map(none).collect::<Vec<_>>());
        job(database, "a", &prompt(1), 0).await;
        job(database, "b", &prompt(2), 5).await;
        job(database, "a", &prompt(3), 60).await;
        job(database, "a", &delivery(4), 2).await;
        let claimed = claim_at(database, 10).await.unwrap();
        let dead = claim_at(database, 10).await.unwrap();
        assert!(job_finish(&database.store, dead.ticket, JobOutcome::Dead("no".into())).await.unwrap());
        assert_eq!((claimed.payload, dead.payload), (prompt(1), prompt(2)));
        let lanes = standing(10).await;
        let prompt_lane = LaneStanding { waiting: 1, running: 1, dead: 1, ..none(Lane::Prompt) };
        let since = |seconds| Some(now() + Duration::seconds(seconds));
        let delivery_lane = LaneStanding { due: 1, due_since: since(2), ..none(Lane::Delivery) };
        assert_eq!(lanes, [prompt_lane, delivery_lane, none(Lane::Maintenance)]);
        let later = standing(60).await;
        assert_eq!(later[0], LaneStanding { due: 1, waiting: 0, due_since: since(60), ..prompt_lane });
    }

    async fn a_job_waits_for_its_time(database: &Database) {
        job(database, "a", &prompt(1), 60).await;
        assert_eq!(claim_at(database, 59).await, None);
        assert!(claim_at(database, 60).await.is_some());
    }

    async fn a_claimed_job_is_nobody_elses_until_its_lease_ends(database: &Database) {
        job(database, "a", &prompt(1), 0).await;
        let first = claim_at(database, 0).await.unwrap();
        assert_eq!(claim_at(database, 45).await, None);
        let second = claim_at(database, 46).await.unwrap();
        assert_eq!((second.ticket.id, second.attempt), (first.ticket.id, 2));
        assert!(second.ticket.fence > first.ticket.fence);

        // The first worker was only asleep.
        assert!(!job_finish(&database.store, first.ticket, JobOutcome::Done).await.unwrap());
        let until = lease_end(now() + Duration::seconds(90));
        let lost = job_heartbeat(&database.store, vec![first.ticket, second.ticket], until).await.unwrap();
        assert_eq!(lost, [first.ticket]);
        // The heartbeat held the job past the lease of the claim.
        assert_eq!(claim_at(database, 92).await, None);
        assert!(job_finish(&database.store, second.ticket, JobOutcome::Done).await.unwrap());
        assert!(!job_finish(&database.store, second.ticket, JobOutcome::Done).await.unwrap());
        assert_eq!(claim_at(database, 10_000).await, None);
    }

    async fn a_retry_counts_attempts_and_a_put_off_does_not(database: &Database) {
        job(database, "a", &prompt(1), 0).await;
        let first = claim_at(database, 0).await.unwrap();
        let later = now() + Duration::seconds(10);
        assert!(job_finish(&database.store, first.ticket, JobOutcome::Retry(later, "refused".into())).await.unwrap());
        assert_eq!(claim_at(database, 9).await, None);
        let second = claim_at(database, 10).await.unwrap();
        assert_eq!((first.attempt, second.attempt), (1, 2));
        let later = now() + Duration::seconds(20);
        assert!(job_finish(&database.store, second.ticket, JobOutcome::PutOff(later)).await.unwrap());
        assert_eq!(claim_at(database, 20).await.unwrap().attempt, 1);
    }

    async fn a_claim_that_did_not_begin_is_no_attempt_and_forgets_none(database: &Database) {
        job(database, "a", &prompt(1), 0).await;
        let first = claim_at(database, 0).await.unwrap();
        assert!(job_finish(&database.store, first.ticket, JobOutcome::Retry(now(), "refused".into())).await.unwrap());
        let second = claim_at(database, 0).await.unwrap();
        let later = now() + Duration::seconds(10);
        assert!(job_finish(&database.store, second.ticket, JobOutcome::NotBegun(later)).await.unwrap());
        assert_eq!(claim_at(database, 9).await, None);
        assert_eq!((second.attempt, claim_at(database, 10).await.unwrap().attempt), (2, 2));
    }

    async fn a_dead_job_is_never_claimed_again(database: &Database) {
        job(database, "a", &prompt(1), 0).await;
        let claimed = claim_at(database, 0).await.unwrap();
        assert!(job_finish(&database.store, claimed.ticket, JobOutcome::Dead("gone".into())).await.unwrap());
        assert_eq!(claim_at(database, 100_000).await, None);
    }

    async fn a_payload_that_cannot_be_read_is_a_dead_letter(database: &Database) {
        job(database, "a", &prompt(1), 0).await;
        database.execute("UPDATE jobs SET payload = '{\"kind\":\"of_tomorrow\"}'").await;
        job(database, "a", &prompt(2), 1).await;
        // It does not keep the one behind it waiting, not even until the next look.
        assert_eq!(claim_at(database, 2).await.map(|job| job.payload), Some(prompt(2)));
        let dead = "SELECT state || ': ' || last_error AS text FROM jobs WHERE leased_until IS NULL";
        assert_eq!(database.texts(dead).await, ["dead: the payload cannot be read by this binary"]);
        assert_eq!(claim_at(database, 3).await, None);
    }

    async fn a_page_with_a_backlog_does_not_starve_the_others(database: &Database) {
        for number in 0..20 {
            job(database, "big", &delivery(number), 0).await;
        }
        job(database, "small", &delivery(100), 1).await;
        job(database, "small", &delivery(101), 1).await;
        let mut order = Vec::new();
        for seconds in 10..14 {
            order.push(claim_at(database, seconds).await.unwrap().payload);
        }
        assert_eq!(order, [delivery(0), delivery(100), delivery(1), delivery(101)]);
    }

    async fn what_a_dead_worker_held_is_taken_again_at_its_turn(database: &Database) {
        job(database, "a", &delivery(1), 0).await;
        claim_at(database, 0).await.unwrap();
        // Its lease ends; who comes meanwhile with something urgent is served before.
        job(database, "b", &prompt(2), 50).await;
        assert_eq!(claim_at(database, 60).await.map(|job| job.payload), Some(prompt(2)));
        let again = claim_at(database, 61).await.unwrap();
        assert_eq!((again.payload, again.attempt), (delivery(1), 2));
    }

    async fn a_job_that_kills_its_workers_is_a_dead_letter(database: &Database) {
        job(database, "a", &prompt(1), 0).await;
        let mut claims = 0;
        while let Some(claimed) = claim_at(database, i64::from(claims) * 60).await {
            claims += 1;
            assert_eq!(claimed.attempt, claims);
        }
        assert_eq!(claims, CLAIMS_MAX);
        let dead = "SELECT state || ': ' || last_error AS text FROM jobs WHERE leased_until IS NULL";
        assert_eq!(database.texts(dead).await, ["dead: its workers died while they held it"]);
    }

    async fn workers_at_once_get_different_jobs(database: &Database) {
        for request in 0..20 {
            job(database, ["a", "b"][usize::from(request % 2 == 0)], &prompt(request), 0).await;
        }
        let workers: Vec<_> = (0..8)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move {
                    let mut claimed = Vec::new();
                    // A worker that finds another one at the same job looks again; the work is done when each is done.
                    for _ in 0..40 {
                        if let Some(job) = job_claim(&store, now(), lease_end(now())).await.unwrap() {
                            claimed.push(job.ticket.id);
                        }
                    }
                    claimed
                })
            })
            .collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.await.unwrap());
        }
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!((count, all.len()), (20, 20));
    }

    async fn recurring_work_is_written_once(database: &Database) {
        let every = Duration::hours(1);
        let runs: Vec<_> = (0..10)
            .map(|_| {
                let store = database.store.clone();
                tokio::spawn(async move {
                    schedule_run(&store, "prune", JobPayload::Prune, every, now()).await.unwrap()
                })
            })
            .collect();
        let mut written = 0;
        for run in runs {
            written += u32::from(run.await.unwrap());
        }
        assert_eq!(written, 1);
        assert!(!schedule_run(&database.store, "prune", JobPayload::Prune, every, now()).await.unwrap());
        assert!(schedule_run(&database.store, "prune", JobPayload::Prune, every, now() + every).await.unwrap());
        assert_eq!(claim_at(database, 0).await.map(|job| job.payload), Some(JobPayload::Prune));
    }
}

/// Another worker takes the job at the very moment.
const CLAIM: &str = "UPDATE jobs SET fence = fence + 1";

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_job_at_this_moment_does_not_end_it() {
    let Some(database) = Database::postgres() else { return };
    let later = now() + Duration::seconds(60);
    for outcome in [
        JobOutcome::Done,
        JobOutcome::PutOff(later),
        JobOutcome::NotBegun(later),
        JobOutcome::Retry(later, "refused".into()),
        JobOutcome::Dead("gone".into()),
    ] {
        database.execute("DELETE FROM jobs").await;
        job(&database, "a", &prompt(1), 0).await;
        let ticket = claim_at(&database, 0).await.unwrap().ticket;
        let store = database.store.clone();
        let ending = outcome.clone();
        let ended = database.during(CLAIM, async move { job_finish(&store, ticket, ending).await.unwrap() });
        assert!(!ended.await, "{outcome:?}");
        let untouched =
            "jobs WHERE state = 'running' AND attempts = 1 AND leased_until IS NOT NULL AND last_error IS NULL";
        assert_eq!(database.count(untouched).await, 1, "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_at_this_moment_does_not_hold_the_job_of_another_worker() {
    let Some(database) = Database::postgres() else { return };
    job(&database, "a", &prompt(1), 0).await;
    let ticket = claim_at(&database, 0).await.unwrap().ticket;
    let store = database.store.clone();
    let later = now() + Duration::days(1);
    let lost = database.during(CLAIM, async move { job_heartbeat(&store, vec![ticket], later).await.unwrap() });
    assert_eq!(lost.await, [ticket]);
    assert!(claim_at(&database, 60).await.is_some());
}
