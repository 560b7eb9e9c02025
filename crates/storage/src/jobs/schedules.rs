//! Recurring work: each name runs once, however many workers ask.

use chrono::Duration;
use diesel::prelude::*;
use releasepage_domain::{job::JobPayload, time::UtcTime};

use crate::{Scope, Store, StoreError, database::schema::schedules, jobs::row::job_enqueue};

/// Writes the job of a recurring work where its time has come, and sets the next time. Answers whether it did.
pub async fn schedule_run(
    store: &Store,
    name: &'static str,
    payload: JobPayload,
    every: Duration,
    now: UtcTime,
) -> Result<bool, StoreError> {
    store
        .write(&[Scope::Server], move |connection| {
            let next: Option<UtcTime> =
                schedules::table.find(name).select(schedules::next_run_at).first(connection).optional()?;
            match next {
                Some(next) if next > now => return Ok(false),
                Some(_) => {
                    diesel::update(schedules::table.find(name))
                        .set(schedules::next_run_at.eq(now + every))
                        .execute(connection)?;
                }
                None => {
                    diesel::insert_into(schedules::table)
                        .values((schedules::name.eq(name), schedules::next_run_at.eq(now + every)))
                        .execute(connection)?;
                }
            }
            job_enqueue(connection, &payload, "", now, now)?;
            Ok(true)
        })
        .await
}
