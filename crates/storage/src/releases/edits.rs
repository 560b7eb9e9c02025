//! Releases: arriving, published by hand, edited, withdrawn, and their time coming.

use diesel::prelude::*;
use releasepage_domain::{
    fault::Fault,
    release::{
        ReleaseArrival, ReleaseEvent, ReleaseInput, ReleaseState, release_arrival, release_edit_event,
        release_identity_check, release_revision_check,
    },
    time::UtcTime,
};

use crate::{
    Scope, Store, StoreError,
    database::schema::releases,
    releases::{
        changes::{release_add, release_change},
        idempotency::{Idempotency, Replay, idempotency_find, idempotency_store},
        row::{Release, ReleaseContext, ReleaseOwner, ReleaseRow, release_find, release_locked, release_owned},
    },
};

/// Stores a release that comes in, publishes it, and writes what must follow.
///
/// `ids` makes candidates for a new release's id. With `idempotency`, the answer made by its `answer` is stored in the
/// same transaction, and a repeated key gets that answer back.
pub async fn release_arrive(
    store: &Store,
    repository_id: i64,
    input: ReleaseInput,
    arrival: ReleaseArrival,
    idempotency: Option<Idempotency>,
    ids: impl Fn() -> String + Send + 'static,
    context: ReleaseContext,
) -> Result<Replay<Release>, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            if let Some(idempotency) = &idempotency
                && let Some(replay) = idempotency_find(connection, repository_id, idempotency, context.now)?
            {
                return Ok(replay);
            }
            let before = release_find(connection, repository_id, &input.tag, &input.platforms)?;
            let release = match before {
                Some(before) => {
                    let event = release_arrival(arrival, before.state, input.draft)?;
                    release_change(connection, before, input.clone(), event, context)?
                }
                None => release_add(connection, repository_id, input.clone(), &ids, context)?,
            };
            if let Some(idempotency) = &idempotency {
                idempotency_store(connection, repository_id, idempotency, &release, context.now)?;
            }
            Ok(Replay::Fresh(release))
        })
        .await
}

/// Edits a release. `edit` is handed what is stored and answers what it is to be; it may refuse with faults.
///
/// Fails with a conflict where `revision` names one that is no longer current, or where the edit would give the
/// release the identity of another one.
pub async fn release_edit(
    store: &Store,
    owner: ReleaseOwner,
    id: String,
    revision: Option<i64>,
    edit: impl Fn(&Release) -> Result<ReleaseInput, Fault> + Send + 'static,
    context: ReleaseContext,
) -> Result<Release, StoreError> {
    store
        .write(&[], move |connection| {
            let before = release_locked(connection, owner, &id)?;
            release_revision_check(before.revision, revision)?;
            let input = edit(&before)?;
            let holder = release_find(connection, before.repository_id, &input.tag, &input.platforms)?;
            release_identity_check(&before.id, holder.as_ref().map(|holder| holder.id.as_str()))?;
            let event = release_edit_event(before.state, input.draft);
            release_change(connection, before, input, event, context)
        })
        .await
}

/// Withdraws a release: readers no longer see it, and what is still queued for it is cancelled. Withdrawing it again
/// changes nothing. A draft, which no reader ever saw, is gone for good.
pub async fn release_withdraw(
    store: &Store,
    owner: ReleaseOwner,
    id: String,
    context: ReleaseContext,
) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let before = release_locked(connection, owner, &id)?;
            if before.state != ReleaseState::Withdrawn {
                let input = before.input.clone();
                release_change(connection, before, input, ReleaseEvent::Withdraw, context)?;
            }
            Ok(())
        })
        .await
}

/// Publishes a scheduled release whose time has come; does nothing where it has not, or where the release is no longer
/// scheduled or gone.
pub async fn release_publish_due(store: &Store, id: String, context: ReleaseContext) -> Result<(), StoreError> {
    store
        .write(&[], move |connection| {
            let repository_id: Option<i64> =
                releases::table.find(&id).select(releases::repository_id).first(connection).optional()?;
            let Some(repository_id) = repository_id else { return Ok(()) };
            let before = release_locked(connection, ReleaseOwner::Repository(repository_id), &id)?;
            if before.state == ReleaseState::Scheduled && before.input.published_at <= context.now {
                let input = before.input.clone();
                release_change(connection, before, input, ReleaseEvent::TimeComes, context)?;
            }
            Ok(())
        })
        .await
}

/// One release.
pub async fn release_get(store: &Store, owner: ReleaseOwner, id: String) -> Result<Release, StoreError> {
    store.read(move |connection| release_owned(connection, owner, &id)).await
}

/// A filter of a repository's releases. The default is all of them, whatever their state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleasesFilter {
    /// Says whether those that were withdrawn are left out.
    pub without_withdrawn: bool,
    /// Those of this tag alone.
    pub tag: Option<String>,
    /// Older than the release with this time and id.
    pub after: Option<(UtcTime, String)>,
}

/// The releases of a repository, newest first, at most `limit`.
pub async fn releases_list(
    store: &Store,
    repository_id: i64,
    filter: ReleasesFilter,
    limit: i64,
) -> Result<Vec<Release>, StoreError> {
    store
        .read(move |connection| {
            let mut query = releases::table
                .filter(releases::repository_id.eq(repository_id))
                .order((releases::published_at.desc(), releases::id.desc()))
                .limit(limit)
                .select(ReleaseRow::as_select())
                .into_boxed();
            if filter.without_withdrawn {
                query = query.filter(releases::state.ne(ReleaseState::Withdrawn.as_str()));
            }
            if let Some(tag) = &filter.tag {
                query = query.filter(releases::tag.eq(tag.clone()));
            }
            if let Some((time, id)) = &filter.after {
                query = query.filter(
                    releases::published_at
                        .lt(*time)
                        .or(releases::published_at.eq(*time).and(releases::id.lt(id.clone()))),
                );
            }
            query.load(connection)?.into_iter().map(ReleaseRow::release).collect()
        })
        .await
}
