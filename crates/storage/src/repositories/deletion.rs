//! Deleting a repository, and everything that belongs to it alone.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::repository::repository_deletion_check;

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::schema::{
        annotation_categories, annotations, announcements, component_releases, components, group_members,
        hook_deliveries, idempotency_keys, job_turns, jobs, projects, release_tokens, releases, repositories,
        repository_hooks, repository_sources, source_releases,
    },
    jobs::row::repository_turn,
    repositories::row::repository_load,
};

/// The number of rows of a table that go in one transaction. A release has some hundred words, each a row too.
const BATCH: i64 = 200;

/// Removes a batch of what there can be very much of. Answers whether there may be more.
type Forget = fn(&mut AnyConnection, i64) -> QueryResult<bool>;

/// Steps that go in batches: first the jobs, so that nobody works on what goes after them; then what refers to
/// something else of the repository.
const IN_BATCHES: [Forget; 5] =
    [jobs_forget, hook_deliveries_forget, source_releases_forget, releases_forget, annotations_forget];

/// Deletes a repository with its releases, its annotations, its webhook and, where it is a project, its keys, and the
/// jobs that wait for it.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such repository, and with [`StoreError::Conflict`]
/// where a page shows it, or where its releases were told to subscribers: what was sent to whom stays on record.
pub async fn repository_delete(store: &Store, organization_id: i64, id: i64) -> Result<(), StoreError> {
    // There can be very many of these rows, and no transaction shall be long. Where a server ends in the middle, the
    // repository is still there without some of them, and its deletion is asked for again.
    for forget in IN_BATCHES {
        while store
            .write(&[Scope::Repository(id)], move |connection| {
                repository_is_free(connection, organization_id, id)?;
                forget(connection, id)
            })
            .await?
        {}
    }
    store
        .write(&[Scope::Repository(id)], move |connection| {
            repository_is_free(connection, organization_id, id)?;
            // What came since.
            for forget in IN_BATCHES {
                while forget(connection, id)? {}
            }
            repository_erase(connection, id)
        })
        .await
}

/// Makes sure that the organization has the repository, that no page shows it, and that nobody was told of it.
fn repository_is_free(connection: &mut AnyConnection, organization_id: i64, id: i64) -> QueryResult<()> {
    repository_load(connection, organization_id, id)?;
    let shown = components::table.filter(components::repository_id.eq(id));
    let is_shown = diesel::select(exists(shown)).get_result(connection)?;
    let told = announcements::table.inner_join(releases::table).filter(releases::repository_id.eq(id));
    let told_in_group = group_members::table
        .inner_join(releases::table)
        .inner_join(announcements::table.on(announcements::group_id.eq(group_members::group_id.nullable())))
        .filter(releases::repository_id.eq(id));
    let is_told: bool = diesel::select(exists(told)).get_result(connection)?;
    let is_told = is_told || diesel::select(exists(told_in_group)).get_result(connection)?;
    Ok(repository_deletion_check(is_shown, is_told)?)
}

/// The jobs that wait for it.
fn jobs_forget(connection: &mut AnyConnection, id: i64) -> QueryResult<bool> {
    let own = jobs::table.filter(jobs::turn.eq(repository_turn(id)));
    let batch: Vec<i64> = own.limit(BATCH).select(jobs::id).load(connection)?;
    diesel::delete(jobs::table.filter(jobs::id.eq_any(&batch))).execute(connection)?;
    Ok(!batch.is_empty())
}

/// Removes what its forge delivered.
fn hook_deliveries_forget(connection: &mut AnyConnection, id: i64) -> QueryResult<bool> {
    let own = hook_deliveries::table.filter(hook_deliveries::repository_id.eq(id));
    let batch: Vec<i64> = own.limit(BATCH).select(hook_deliveries::id).load(connection)?;
    diesel::delete(hook_deliveries::table.filter(hook_deliveries::id.eq_any(&batch))).execute(connection)?;
    Ok(!batch.is_empty())
}

/// Removes what is remembered of its forge's releases.
fn source_releases_forget(connection: &mut AnyConnection, id: i64) -> QueryResult<bool> {
    let own = source_releases::table.filter(source_releases::repository_id.eq(id));
    let batch: Vec<String> = own.limit(BATCH).select(source_releases::source_id).load(connection)?;
    let gone = source_releases::repository_id.eq(id).and(source_releases::source_id.eq_any(&batch));
    diesel::delete(source_releases::table.filter(gone)).execute(connection)?;
    Ok(!batch.is_empty())
}

/// Its releases, and the words by which each is found.
fn releases_forget(connection: &mut AnyConnection, id: i64) -> QueryResult<bool> {
    let own = releases::table.filter(releases::repository_id.eq(id));
    let batch: Vec<String> = own.limit(BATCH).select(releases::id).load(connection)?;
    diesel::delete(release_tokens::table.filter(release_tokens::release_id.eq_any(&batch))).execute(connection)?;
    diesel::delete(group_members::table.filter(group_members::release_id.eq_any(&batch))).execute(connection)?;
    let shown = component_releases::release_id.eq_any(&batch);
    diesel::delete(component_releases::table.filter(shown)).execute(connection)?;
    diesel::delete(releases::table.filter(releases::id.eq_any(&batch))).execute(connection)?;
    Ok(!batch.is_empty())
}

/// Its annotations on charts and, where none is left, what they were sorted by.
fn annotations_forget(connection: &mut AnyConnection, id: i64) -> QueryResult<bool> {
    let own = annotations::table.filter(annotations::repository_id.eq(id));
    let batch: Vec<i64> = own.limit(BATCH).select(annotations::id).load(connection)?;
    if !batch.is_empty() {
        diesel::delete(annotations::table.filter(annotations::id.eq_any(&batch))).execute(connection)?;
        return Ok(true);
    }
    let own = annotation_categories::table.filter(annotation_categories::repository_id.eq(id));
    let batch: Vec<i64> = own.limit(BATCH).select(annotation_categories::id).load(connection)?;
    let gone = annotation_categories::table.filter(annotation_categories::id.eq_any(&batch));
    diesel::delete(gone).execute(connection)?;
    Ok(!batch.is_empty())
}

/// Removes all else that refers to the repository.
fn repository_erase(connection: &mut AnyConnection, id: i64) -> QueryResult<()> {
    diesel::delete(job_turns::table.filter(job_turns::turn.eq(repository_turn(id)))).execute(connection)?;
    diesel::delete(repository_hooks::table.find(id)).execute(connection)?;
    diesel::delete(repository_sources::table.find(id)).execute(connection)?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::repository_id.eq(id))).execute(connection)?;
    diesel::delete(projects::table.find(id)).execute(connection)?;
    diesel::delete(repositories::table.find(id)).execute(connection)?;
    Ok(())
}
