//! Repositories with a webhook: the secret that is shared with the forge, which repository of the forge it is, and what
//! came of its last delivery.

use std::fmt;

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    fault::Fault,
    hook_binding::{HookBound, hook_check, hook_expected_name, hook_foreign, hook_misnamed},
    hook_delivery::HookResult,
    repository::{RepositoryName, RepositoryOrigin},
    source_event::SourceRepository,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, Scope, Store, StoreError,
    database::schema::{hook_deliveries, repositories, repository_hooks, repository_sources},
    repositories::row::{Repository, repository_insert, repository_load, repository_name_is_taken, repository_rename},
    sources::settings::{SourceNew, source_insert},
};

/// A repository with a webhook that is to be made.
pub struct HookRepositoryNew {
    /// Its name: that at its forge, unless `source` has another one.
    pub name: RepositoryName,
    /// The forge.
    pub origin: RepositoryOrigin,
    /// The source that its releases are fetched from, where its forge lists them.
    pub source: SourceNew,
}

/// The repository and the secret that a delivery is checked against.
#[derive(Clone, PartialEq, Eq, Queryable)]
pub struct HookAccess {
    /// The repository.
    pub repository_id: i64,
    /// The organization that owns it.
    pub organization_id: i64,
    /// The secret, sealed for [`hook_row`].
    pub secret: String,
}

impl fmt::Debug for HookAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HookAccess").field("repository_id", &self.repository_id).finish_non_exhaustive()
    }
}

/// The result of a delivery, for the owner of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookNote {
    /// The forge's id of the delivery.
    pub delivery: String,
    /// The forge's name of the event, such as `release`.
    pub event: String,
    /// The result.
    pub result: HookResult,
    /// The same as a sentence, without anything secret.
    pub message: String,
}

/// The place that the secret of a repository's webhook is sealed for.
pub fn hook_row(repository_id: i64) -> String {
    format!("repository_hooks {repository_id}")
}

/// Makes a repository with a webhook, whose secret `seal` seals for the row that it is handed.
///
/// Fails with [`StoreError::Faults`] on `name` where the organization has a repository of that name, in whatever case.
pub async fn hook_repository_create(
    store: &Store,
    organization_id: i64,
    new: HookRepositoryNew,
    seal: impl Fn(&str) -> String + Send + 'static,
    now: UtcTime,
) -> Result<Repository, StoreError> {
    store
        .write(&[Scope::Organization(organization_id)], move |connection| {
            if repository_name_is_taken(connection, organization_id, &new.name.folded())? {
                return Err(Fault::taken("name", "must be a name that no other repository has").into());
            }
            let id = repository_insert(connection, organization_id, &new.name, new.origin, now)?;
            diesel::insert_into(repository_hooks::table)
                .values((repository_hooks::repository_id.eq(id), repository_hooks::secret.eq(seal(&hook_row(id)))))
                .execute(connection)?;
            source_insert(connection, id, new.origin, &new.source, now)?;
            repository_load(connection, organization_id, id)
        })
        .await
}

/// Gives a webhook a new secret; the old one stops working with the commit.
///
/// Fails with [`StoreError::NotFound`] where the organization has no such repository, and with
/// [`StoreError::Conflict`] where it has no webhook.
pub async fn hook_secret_rotate(
    store: &Store,
    organization_id: i64,
    id: i64,
    seal: impl Fn(&str) -> String + Send + 'static,
) -> Result<Repository, StoreError> {
    store
        .write(&[Scope::Repository(id)], move |connection| {
            let repository = repository_load(connection, organization_id, id)?;
            hook_check(repository.hook.is_some())?;
            diesel::update(repository_hooks::table.find(id))
                .set(repository_hooks::secret.eq(seal(&hook_row(id))))
                .execute(connection)?;
            Ok(repository)
        })
        .await
}

/// Loads what a delivery to a repository is checked against; `None` where there is no such repository of that origin.
pub async fn hook_access(
    store: &Store,
    repository_id: i64,
    origin: RepositoryOrigin,
) -> Result<Option<HookAccess>, StoreError> {
    store
        .read(move |connection| {
            Ok(repository_hooks::table
                .inner_join(repositories::table)
                .filter(repositories::id.eq(repository_id).and(repositories::origin.eq(origin.as_str())))
                .select((repositories::id, repositories::organization_id, repository_hooks::secret))
                .first(connection)
                .optional()?)
        })
        .await
}

/// Notes the result of a delivery that is not stored. If it names another repository of the forge (`source`), it is
/// refused. Returns the reason then, in words for the owner. Binds nothing. Does nothing where the repository is gone.
pub async fn hook_note(
    store: &Store,
    repository_id: i64,
    note: HookNote,
    source: Option<SourceRepository>,
    now: UtcTime,
) -> Result<Option<String>, StoreError> {
    store
        .write(&[Scope::Repository(repository_id)], move |connection| {
            if let Some(source) = &source
                && let Some(HookSource::Other { message }) = hook_source(connection, repository_id, source)?
            {
                let refused = HookNote { result: HookResult::Refused, message: message.clone(), ..note.clone() };
                hook_note_write(connection, repository_id, &refused, now)?;
                return Ok(Some(message));
            }
            hook_note_write(connection, repository_id, &note, now)?;
            Ok(None)
        })
        .await
}

/// Notes what came of a delivery, in the caller's transaction.
pub(crate) fn hook_note_write(
    connection: &mut AnyConnection,
    repository_id: i64,
    note: &HookNote,
    now: UtcTime,
) -> QueryResult<()> {
    diesel::update(repository_hooks::table.find(repository_id))
        .set((
            repository_hooks::last_delivery.eq(&note.delivery),
            repository_hooks::last_event.eq(&note.event),
            repository_hooks::last_result.eq(note.result.as_str()),
            repository_hooks::last_message.eq(&note.message),
            repository_hooks::last_at.eq(now),
        ))
        .execute(connection)?;
    Ok(())
}

/// Notes what became of a delivery that was stored, where it is still the last one, in the caller's transaction.
pub(crate) fn hook_result_write(
    connection: &mut AnyConnection,
    repository_id: i64,
    delivery: &str,
    result: HookResult,
    message: &str,
) -> QueryResult<()> {
    let last = repository_hooks::table.find(repository_id).filter(repository_hooks::last_delivery.eq(delivery));
    diesel::update(last)
        .set((repository_hooks::last_result.eq(result.as_str()), repository_hooks::last_message.eq(message)))
        .execute(connection)?;
    Ok(())
}

/// The forge's repository of a delivery, compared with the one that it was delivered to.
enum HookSource {
    /// The same, as far as deliveries have decided yet.
    Own(HookBound),
    /// Another one. The message names both, in words for the owner.
    Other { message: String },
}

/// Sees to it that a delivery is of the forge's repository that this one is, in the caller's transaction under the
/// scopes of organization and repository. The first delivery decides which that is, if its repository has the name of
/// this one: the webhook of a whole organization tells of all its repositories.
///
/// If the forge's repository has a new name, this one follows, as long as it was called the same and the new name is
/// free and can be used here. Components keep the names that readers know them by.
///
/// Returns the reason, in words for the owner, if the delivery is of another repository.
pub(crate) fn hook_bind(
    connection: &mut AnyConnection,
    organization_id: i64,
    repository_id: i64,
    source: &SourceRepository,
) -> QueryResult<Option<String>> {
    let bound = match hook_source(connection, repository_id, source)?.ok_or(StoreError::NotFound)? {
        HookSource::Own(bound) => bound,
        HookSource::Other { message } => return Ok(Some(message)),
    };
    let name = RepositoryName::parse("name", &source.name).ok();
    let name_text = name.as_ref().map(|name| name.as_str().to_owned());
    if bound.id.is_none() || (name_text.is_some() && name_text != bound.name) {
        diesel::update(repository_hooks::table.find(repository_id))
            .set((repository_hooks::source_id.eq(source.id.or(bound.id)), repository_hooks::source_name.eq(&name_text)))
            .execute(connection)?;
    }
    if let (Some(known), Some(name)) = (bound.name, name)
        && known != name.as_str()
    {
        repository_rename(connection, organization_id, repository_id, &known, &name)?;
    }
    Ok(None)
}

/// Compares the forge's repository of a delivery with the one that it was delivered to. `None` if the latter is gone.
/// Whoever let go of a repository that deliveries came from (`source_id`) has said that the next one counts.
fn hook_source(
    connection: &mut AnyConnection,
    repository_id: i64,
    told: &SourceRepository,
) -> QueryResult<Option<HookSource>> {
    type Row = (Option<i64>, Option<String>, String, Option<String>);
    let found: Option<Row> = repository_hooks::table
        .inner_join(repositories::table.left_join(repository_sources::table))
        .filter(repository_hooks::repository_id.eq(repository_id))
        .select((
            repository_hooks::source_id,
            repository_hooks::source_name,
            repositories::name,
            repository_sources::name.nullable(),
        ))
        .first(connection)
        .optional()?;
    let Some((id, bound_name, name, name_there)) = found else { return Ok(None) };
    let bound = HookBound { id, name: bound_name };
    if bound.is_other(told) {
        let message = hook_foreign(told, &bound, name_there.as_deref().unwrap_or(&name));
        return Ok(Some(HookSource::Other { message }));
    }
    let delivered = hook_deliveries::table.filter(hook_deliveries::repository_id.eq(repository_id));
    let is_first = bound.is_open() && !diesel::select(exists(delivered)).get_result::<bool>(connection)?;
    let expected = hook_expected_name(&told.name, &name, name_there.as_deref()).filter(|_| is_first);
    Ok(Some(match expected {
        Some(expected) => HookSource::Other { message: hook_misnamed(&told.name, expected) },
        None => HookSource::Own(bound),
    }))
}
