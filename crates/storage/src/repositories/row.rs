//! Repositories as they are stored, with their webhook and with where their releases are fetched from.

use diesel::{dsl::exists, prelude::*};
use releasepage_domain::{
    hook_binding::HookBound,
    repository::{RepositoryName, RepositoryOrigin},
    repository_source::BackfillState,
    time::UtcTime,
};

use crate::{
    AnyConnection, QueryResult, StoreError,
    database::{
        schema::{repositories, repository_hooks, repository_sources},
        sealed_text::SealedText,
        stored_name::StoredName,
    },
};

/// A repository of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = repositories)]
pub struct Repository {
    /// The repository; a project's `app_id`.
    pub id: i64,
    /// The organization that owns it.
    pub organization_id: i64,
    /// Its name, `owner/name`.
    pub name: String,
    /// The kind of source that tells of its releases.
    #[diesel(deserialize_as = StoredName)]
    pub origin: RepositoryOrigin,
    /// The time at which it was made.
    pub created_at: UtcTime,
    /// Raised with every edit.
    pub revision: i64,
    /// Its webhook, where its forge tells of its releases.
    #[diesel(embed)]
    pub hook: Option<Hook>,
    /// The source that its releases are fetched from, where its forge lists them.
    #[diesel(embed)]
    pub source: Option<RepositorySource>,
}

/// The webhook of a repository, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = repository_hooks)]
pub struct Hook {
    /// The repository: never null, so that a hook without a delivery is told apart from none.
    pub repository_id: i64,
    /// The repository's number at its forge; `None` until the first delivery.
    pub source_id: Option<i64>,
    /// Its name there, as of the last delivery that was taken.
    pub source_name: Option<String>,
    /// The forge's id of the last delivery whose signature was right.
    pub last_delivery: Option<String>,
    /// The forge's name of its event.
    pub last_event: Option<String>,
    /// The result: the name of a `HookResult`.
    pub last_result: Option<String>,
    /// The same as a sentence.
    pub last_message: Option<String>,
    /// The time at which it came.
    pub last_at: Option<UtcTime>,
}

impl Hook {
    /// The repository of the forge that the webhook is bound to.
    pub(crate) fn bound(&self) -> HookBound {
        HookBound { id: self.source_id, name: self.source_name.clone() }
    }
}

/// Tells whether the organization has a repository of that folded name.
pub(crate) fn repository_name_is_taken(
    connection: &mut AnyConnection,
    organization_id: i64,
    folded: &str,
) -> QueryResult<bool> {
    let same = repositories::table
        .filter(repositories::organization_id.eq(organization_id).and(repositories::name_folded.eq(folded)));
    Ok(diesel::select(exists(same)).get_result(connection)?)
}

/// Writes a repository in the caller's transaction, which holds the organization's scope and has seen that the name
/// is free.
pub(crate) fn repository_insert(
    connection: &mut AnyConnection,
    organization_id: i64,
    name: &RepositoryName,
    origin: RepositoryOrigin,
    now: UtcTime,
) -> QueryResult<i64> {
    Ok(diesel::insert_into(repositories::table)
        .values((
            repositories::organization_id.eq(organization_id),
            repositories::name.eq(name.as_str()),
            repositories::name_folded.eq(name.folded()),
            repositories::origin.eq(origin.as_str()),
            repositories::created_at.eq(now),
        ))
        .returning(repositories::id)
        .get_result(connection)?)
}

/// A repository of an organization, in the caller's transaction, or [`StoreError::NotFound`].
pub(crate) fn repository_load(
    connection: &mut AnyConnection,
    organization_id: i64,
    id: i64,
) -> QueryResult<Repository> {
    let repository = repositories::table
        .left_join(repository_hooks::table)
        .left_join(repository_sources::table)
        .filter(repositories::id.eq(id).and(repositories::organization_id.eq(organization_id)))
        .select(Repository::as_select())
        .first(connection)
        .optional()?;
    Ok(repository.ok_or(StoreError::NotFound)?)
}

/// Renames a repository, where it is called `known`, and raises its revision, in the caller's transaction under the
/// scopes of organization and repository. Answers `false`, and changes nothing, where another repository has the new
/// name, in whatever case.
pub(crate) fn repository_rename(
    connection: &mut AnyConnection,
    organization_id: i64,
    repository_id: i64,
    known: &str,
    name: &RepositoryName,
) -> QueryResult<bool> {
    let folded = name.folded();
    let is_only_case = known.eq_ignore_ascii_case(name.as_str());
    if !is_only_case && repository_name_is_taken(connection, organization_id, &folded)? {
        return Ok(false);
    }
    let same = repositories::id.eq(repository_id).and(repositories::name_folded.eq(known.to_ascii_lowercase()));
    diesel::update(repositories::table.filter(same))
        .set((
            repositories::name.eq(name.as_str()),
            repositories::name_folded.eq(folded),
            repositories::revision.eq(repositories::revision + 1),
        ))
        .execute(connection)?;
    Ok(true)
}

/// The forge that the releases of a repository are fetched from, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = repository_sources)]
pub struct RepositorySource {
    /// The repository.
    pub repository_id: i64,
    /// The address of the forge's API; `None` for that of the server's settings.
    pub api_url: Option<String>,
    /// The repository's name at its forge; `None` for the one that it has here.
    pub name: Option<String>,
    /// The token that the forge lets read it by, sealed for [`crate::sources::tokens::source_token_place`].
    pub token: Option<SealedText>,
    /// Says whether it is asked again and again.
    pub polls: bool,
    /// The progress of the backfill.
    #[diesel(deserialize_as = StoredName)]
    pub backfill: BackfillState,
    /// The number of releases that the backfill found.
    pub fetched: i64,
    /// The number of them that are new here.
    pub added: i64,
    /// The number of them that cannot be used.
    pub refused: i64,
    /// The time at which the forge was last asked.
    pub last_poll_at: Option<UtcTime>,
    /// The time at which it is asked next; `None` where nothing is planned.
    pub next_poll_at: Option<UtcTime>,
    /// The time until which it wants to be left alone.
    pub wait_until: Option<UtcTime>,
    /// The result of the last request: the name of a `SourceResult`.
    pub last_result: Option<String>,
    /// The same as a sentence.
    pub last_message: Option<String>,
    /// Releases that cannot be used: a JSON list of `SourceRefusal`.
    pub refusals: String,
}
