//! Deleting a repository, and everything that belongs to it alone.

use diesel::{dsl::exists, prelude::*};

use crate::{
    QueryResult, Scope, Store, StoreError,
    backend::AnyConnection,
    repositories::repository_load,
    schema::{
        announcements, component_releases, components, hook_deliveries, idempotency_keys, projects, release_tokens,
        releases, repositories, repository_hooks, source_releases,
    },
};

/// Deletes a repository with its releases, its webhook and, where it is a project, its keys. Jobs that wait for them find
/// nothing to do.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such repository, and with
/// [`StoreError::Conflict`] where a page shows it, or where its releases were told to subscribers: what was sent to whom
/// stays on record.
pub async fn repository_delete(store: &Store, organization_id: i64, id: i64) -> Result<(), StoreError> {
    store
        .write(&[Scope::Repository(id)], move |connection| {
            repository_load(connection, organization_id, id)?;
            let shown = components::table.filter(components::repository_id.eq(id));
            if diesel::select(exists(shown)).get_result(connection)? {
                return Err(StoreError::Conflict("a page has it as a component: take it off the page first").into());
            }
            let told = announcements::table.inner_join(releases::table).filter(releases::repository_id.eq(id));
            if diesel::select(exists(told)).get_result(connection)? {
                let because = "subscribers were told of its releases, and what was sent to whom stays on record";
                return Err(StoreError::Conflict(because).into());
            }
            repository_erase(connection, id)
        })
        .await
}

/// Removes all that refers to the repository, what refers to something else of it first.
fn repository_erase(connection: &mut AnyConnection, id: i64) -> QueryResult<()> {
    diesel::delete(source_releases::table.filter(source_releases::repository_id.eq(id))).execute(connection)?;
    let own = || releases::table.filter(releases::repository_id.eq(id)).select(releases::id);
    diesel::delete(release_tokens::table.filter(release_tokens::release_id.eq_any(own()))).execute(connection)?;
    diesel::delete(component_releases::table.filter(component_releases::release_id.eq_any(own())))
        .execute(connection)?;
    diesel::delete(releases::table.filter(releases::repository_id.eq(id))).execute(connection)?;
    diesel::delete(hook_deliveries::table.filter(hook_deliveries::repository_id.eq(id))).execute(connection)?;
    diesel::delete(repository_hooks::table.find(id)).execute(connection)?;
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::repository_id.eq(id))).execute(connection)?;
    diesel::delete(projects::table.find(id)).execute(connection)?;
    diesel::delete(repositories::table.find(id)).execute(connection)?;
    Ok(())
}
