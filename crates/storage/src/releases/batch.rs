//! Storing many releases at once: in a few statements, and in silence.

use std::collections::HashSet;

use diesel::prelude::*;
use releasepage_domain::{
    job::JobPayload,
    release::{ReleaseEvent, ReleaseInput, ReleaseState, release_next},
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult,
    database::{backend::on_each_backend, schema::releases},
    jobs::row::{job_enqueue, repository_turn},
    releases::{
        row::{Release, ReleaseRow},
        tokens::release_tokens_add,
    },
};

/// The number of releases that go in one statement. A row has some 20 values, and SQLite takes 32,766 in one statement.
const ROWS_MAX: usize = 200;

/// Stores releases of a repository's history under ids that no other ones have. Nobody is told of them, and whatever
/// is made of them later, they are no news; but for those whose time is still to come, which are published then as any
/// other release.
///
/// The caller holds the repository's scope, has seen that none of them is there, and brings what readers see up to date
/// when it has stored the last batch.
pub(crate) fn releases_add_quietly(
    connection: &mut AnyConnection,
    repository_id: i64,
    inputs: Vec<ReleaseInput>,
    ids: &impl Fn() -> String,
    now: UtcTime,
) -> QueryResult<Vec<Release>> {
    let free = release_ids_free(connection, inputs.len(), ids)?;
    let added: Vec<Release> = inputs
        .into_iter()
        .zip(free)
        .map(|(input, id)| {
            let (state, _) = release_next(ReleaseState::Draft, ReleaseEvent::Publish, input.published_at <= now);
            Release {
                id,
                repository_id,
                revision: 1,
                state,
                updated_by: input.author.clone(),
                input,
                created_at: now,
                updated_at: now,
            }
        })
        .collect();
    for part in added.chunks(ROWS_MAX) {
        let rows: Vec<_> = part
            .iter()
            .map(|release| (ReleaseRow::of(release), releases::quiet.eq(release.state == ReleaseState::Published)))
            .collect();
        on_each_backend!(connection, connection => diesel::insert_into(releases::table).values(&rows).execute(connection))?;
    }
    release_tokens_add(connection, &added)?;
    for release in added.iter().filter(|release| release.state == ReleaseState::Scheduled) {
        let payload = JobPayload::ReleasePublish { release: release.id.clone() };
        job_enqueue(connection, &payload, &repository_turn(repository_id), release.input.published_at, now)?;
    }
    Ok(added)
}

/// So many ids that no release has.
fn release_ids_free(
    connection: &mut AnyConnection,
    count: usize,
    ids: &impl Fn() -> String,
) -> QueryResult<HashSet<String>> {
    let mut free = HashSet::with_capacity(count);
    while free.len() < count {
        while free.len() < count {
            free.insert(ids());
        }
        let taken: Vec<String> =
            releases::table.filter(releases::id.eq_any(&free)).select(releases::id).load(connection)?;
        free.retain(|id| !taken.contains(id));
    }
    Ok(free)
}
