//! `/v1/repositories`: the origins of releases.

use actix_web::{
    HttpRequest,
    web::{Data, Path, Payload},
};
use releasepage_auth::{
    scope::Scope,
    sealed::Sealer,
    signature::{hook_secret_new, hook_secret_standard_check, hook_secret_standard_new},
};
use releasepage_domain::{
    fault::Faults,
    fields::{Fields, number_take},
    repository::{RepositoryName, RepositoryOrigin},
    repository_source::{SOURCE_NONE, origin_has_listing},
    time::time_iso8601,
};
use releasepage_http::{field::FieldChanges, links::hook_url, query::Query, state::AppState};
use releasepage_storage::{
    StoreError,
    database::change::Change,
    repositories::{
        deletion::repository_delete,
        edits::{RepositoryChange, repository_create, repository_get, repository_list, repository_update},
        row::{Hook, Repository},
    },
    sources::{
        hooks::{HookRepositoryNew, hook_repository_create, hook_row, hook_secret_rotate},
        settings::source_backfill,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    repository_sources::{SourceBody, SourceChangeBody},
    resource::{
        Answer, List, body_of, number_of_path, reader, resource, resource_created, resource_gone, resource_list, writer,
    },
};
use crate::{
    body::body,
    openapi::{
        names::{HookResultName, RepositoryOriginName},
        parameters::ListParameters,
        values::{Repo, Time, WebAddress},
    },
};

/// Longest name of a repository, in characters.
const NAME_MAX: usize = 200;

const NAME_EXPECTED: &str = "must be owner/name";
const ORIGIN_EXPECTED: &str = "must be api, github, gitlab, gitea (for Forgejo too), gogs or generic";
const SECRET_EXPECTED: &str = "must be a signing token of GitLab, whsec_…";
const SOURCE_ID_EXPECTED: &str = "must be a whole number above 0, or null for that of the next delivery";

/// The origin of releases: a repository at a forge, or a project.
#[derive(Serialize, ToSchema)]
#[schema(as = Repository)]
pub(crate) struct RepositoryBody {
    /// Its id; that of a project is its `app_id`.
    #[schema(examples(50_001))]
    id: i64,
    /// Its name, `owner/name`. It follows a renaming at its forge, unless it was renamed here.
    #[schema(value_type = Repo)]
    name: String,
    /// The kind of source that reports its releases.
    #[schema(value_type = RepositoryOriginName)]
    origin: &'static str,
    /// The address to enter at the forge as the URL of its webhook; `null` if there is no forge.
    #[schema(required = true, value_type = Option<WebAddress>)]
    hook_url: Option<String>,
    /// The secret to enter at the forge beside the URL. Only the answer that made it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("3mJ9Zr0Qm1xYw2Kd8Lq5Tb7Vn4"))]
    hook_secret: Option<String>,
    /// The repository's number at its forge, taken from the first delivery. Deliveries with another number are refused.
    #[schema(required = true, examples(186_853_002))]
    source_id: Option<i64>,
    /// The result of the last delivery that had a valid signature.
    #[schema(required = true)]
    last_delivery: Option<LastDeliveryBody>,
    /// The place from which its releases are fetched; `null` if its forge lists none.
    #[schema(required = true)]
    source: Option<SourceBody>,
    /// A number that each edit raises.
    #[schema(examples(1))]
    revision: i64,
    /// The time at which it was made.
    #[schema(value_type = Time)]
    created_at: String,
}

/// The result of a webhook delivery from a forge.
#[derive(Serialize, ToSchema)]
#[schema(as = LastDelivery)]
pub(crate) struct LastDeliveryBody {
    /// The forge's id of the delivery.
    #[schema(examples("72d3162e-cc78-11e3-81ab-4c9367dc0958"))]
    id: String,
    /// The forge's name of the event.
    #[schema(examples("release"))]
    event: String,
    /// The result of the delivery.
    #[schema(value_type = HookResultName)]
    result: String,
    /// The result as a sentence.
    #[schema(examples("release xbcehyc (v1.2.0) is published"))]
    message: String,
    /// The time at which it arrived.
    #[schema(value_type = Time)]
    at: String,
}

impl LastDeliveryBody {
    fn of(hook: Hook) -> Option<Self> {
        Some(Self {
            id: hook.last_delivery?,
            event: hook.last_event?,
            result: hook.last_result?,
            message: hook.last_message?,
            at: time_iso8601(hook.last_at?),
        })
    }
}

impl RepositoryBody {
    pub(super) fn of(state: &AppState, repository: Repository) -> Self {
        Self {
            hook_url: repository
                .hook
                .as_ref()
                .map(|_| hook_url(&state.settings.public_url, repository.origin, repository.id)),
            id: repository.id,
            name: repository.name,
            origin: repository.origin.as_str(),
            hook_secret: None,
            source_id: repository.hook.as_ref().and_then(|hook| hook.source_id),
            last_delivery: repository.hook.and_then(LastDeliveryBody::of),
            source: repository.source.map(SourceBody::of),
            revision: repository.revision,
            created_at: time_iso8601(repository.created_at),
        }
    }

    fn with_secret(state: &AppState, repository: Repository, secret: &SecretString) -> Self {
        Self { hook_secret: Some(secret.expose_secret().to_owned()), ..Self::of(state, repository) }
    }
}

body! {
    /// A repository to make.
    #[schema(as = RepositoryNew)]
    pub(crate) struct RepositoryNewBody {
        /// Its name, `owner/name`, with more parts if the forge has subgroups. It need not be its name at the forge.
        #[schema(value_type = String, max_length = 200, pattern = "REPOSITORY_NAME", examples("releasepage/api"))]
        name: RepositoryName => text_checked(NAME_EXPECTED, RepositoryName::parse),
        /// The source that sends its releases.
        #[schema(value_type = RepositoryOriginName)]
        origin: RepositoryOrigin => named(ORIGIN_EXPECTED),
        /// The place from which its releases are fetched. Only the origins `github`, `gitlab` and `gitea` may have it.
        source: Option<SourceChangeBody> => object_read_optional(SourceChangeBody::read),
    }
}

body! {
    /// An edit of a repository.
    #[schema(as = RepositoryChange)]
    pub(crate) struct RepositoryChangeBody {
        /// The revision that the client edited.
        #[schema(examples(1))]
        revision: Option<i64> => number_optional(),
        /// Its name. Components keep their names.
        #[schema(
            value_type = String, required = false, max_length = 200, pattern = "REPOSITORY_NAME",
            examples("releasepage/api")
        )]
        name: Change<RepositoryName> => text_change(NAME_EXPECTED, RepositoryName::parse),
        /// Its number at its forge. `null` takes the number of the next delivery. Use it if the repository was made
        /// anew at the forge.
        #[schema(value_type = Option<i64>, minimum = 1, examples(186_853_002))]
        source_id: Change<Option<i64>> => change_or_clear(SOURCE_ID_EXPECTED, |value| {
            number_take(value).filter(|number| *number > 0)
        }),
        /// The signing token that GitLab made for the webhook. It replaces the secret that this server made. Only the
        /// origin `gitlab` may have it.
        #[schema(
            value_type = String,
            required = false,
            pattern = "^whsec_([A-Za-z0-9+/]{4}){8,20}([A-Za-z0-9+/]{4}|[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
            examples("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        )]
        hook_secret: Change<SecretString> => text_change(SECRET_EXPECTED, hook_secret_standard_check),
        /// The place from which its releases are fetched. A new address or name starts a new backfill.
        source: Option<SourceChangeBody> => object_read_optional(SourceChangeBody::read),
    }
}

impl RepositoryChangeBody {
    /// Reads an edit of a repository. An origin in it is a fault, because another origin means another repository.
    fn read_edit(fields: &Fields<'_>, faults: &mut Faults) -> Option<Self> {
        let body = Self::read(fields, faults);
        fields.refuse(faults, "origin", "cannot be changed: make another repository");
        body
    }

    /// The edit of the repository `id`, with its secrets sealed.
    fn into_change(self, id: i64, sealer: &Sealer) -> RepositoryChange {
        RepositoryChange {
            revision: self.revision,
            name: self.name,
            source_id: self.source_id,
            hook_secret: self.hook_secret.map(|secret| sealer.seal(&hook_row(id), &secret)),
            source: self.source.unwrap_or_default().into_change(sealer),
        }
    }
}

/// Makes a new secret for the webhook of a repository with this origin, and the function that seals it for storage.
fn secret_new(state: &AppState, origin: RepositoryOrigin) -> (SecretString, impl Fn(&str) -> String + Send + 'static) {
    let secret = if origin.signs_standard() { hook_secret_standard_new() } else { hook_secret_new() };
    let (sealer, sealed) = (state.sealer.clone(), secret.clone());
    (secret, move |row: &str| sealer.seal(row, &sealed))
}

/// `POST /v1/repositories` with `name` and `origin`.
#[utoipa::path(
    post,
    path = "/v1/repositories",
    tag = "Repositories",
    summary = "Make a repository",
    description = "With any origin but `api` its webhook is made too: enter `hook_url` and `hook_secret` at the forge, for \
                   the events of releases, or hand them to the program that is to deliver. `gitea` is for Forgejo too. The \
                   secret is in this answer and in no other.",
    security(("token" = ["manage"])),
    request_body = RepositoryNewBody,
    responses((status = 201, description = "The new repository", body = RepositoryBody)),
)]
pub(crate) async fn repository_add(request: HttpRequest, payload: Payload, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let RepositoryNewBody { name, origin, source } = body_of(&request, payload, RepositoryNewBody::read).await?;
    if source.is_some() && !origin_has_listing(origin) {
        return Err(StoreError::Conflict(SOURCE_NONE).into());
    }
    let organization = caller.user.organization_id;
    let created = match origin {
        RepositoryOrigin::Api => {
            let created = repository_create(&state.store, organization, name, origin, state.now()).await?;
            RepositoryBody::of(&state, created)
        }
        RepositoryOrigin::Github
        | RepositoryOrigin::Gitlab
        | RepositoryOrigin::Gitea
        | RepositoryOrigin::Gogs
        | RepositoryOrigin::Generic => {
            let (secret, seal) = secret_new(&state, origin);
            let new = HookRepositoryNew { name, origin, source: source.unwrap_or_default().into_new(&state.sealer) };
            let created = hook_repository_create(&state.store, organization, new, seal, state.now()).await?;
            RepositoryBody::with_secret(&state, created, &secret)
        }
    };
    resource_created(format!("/v1/repositories/{}", created.id), &created)
}

/// `GET /v1/repositories`
#[utoipa::path(
    get,
    path = "/v1/repositories",
    tag = "Repositories",
    summary = "List the repositories",
    description = "Oldest first, those of projects among them.",
    security(("token" = ["read"])),
    params(
        ListParameters,
        ("name" = Option<String>, Query, description = "Only the one of this name, in whatever case", max_length = 200,
            example = "releasepage/api"),
    ),
    responses((status = 200, description = "A part of the list", body = List<RepositoryBody>)),
)]
pub(crate) async fn repositories_read(request: HttpRequest, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let (query, mut faults) = (Query::of(&request), Faults::new());
    let ListParameters { limit, cursor } = ListParameters::read(&query, &mut faults);
    let name = query.text(&mut faults, "name", NAME_MAX).map(ToOwned::to_owned);
    let name = faults.finish(|| Some(name))?;
    let organization = caller.user.organization_id;
    let part = repository_list(&state.store, organization, name, cursor.unwrap_or_default(), limit).await?;
    resource_list(part, |repository| RepositoryBody::of(&state, repository))
}

/// `GET /v1/repositories/{id}`
#[utoipa::path(
    get,
    path = "/v1/repositories/{repository_id}",
    tag = "Repositories",
    summary = "Read a repository",
    description = "With what came of the last delivery of its forge.",
    security(("token" = ["read"])),
    responses((status = 200, description = "The repository", body = RepositoryBody)),
)]
pub(crate) async fn repository_read(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = reader(&request, &state).await?;
    let id = number_of_path(&id)?;
    let repository = repository_get(&state.store, caller.user.organization_id, id).await?;
    resource(&RepositoryBody::of(&state, repository))
}

/// `PATCH /v1/repositories/{id}` with `name`, `source_id`, and optionally the `revision` that the client edited.
#[utoipa::path(
    patch,
    path = "/v1/repositories/{repository_id}",
    tag = "Repositories",
    summary = "Edit a repository",
    description = "A new name is for its team: components keep the names that readers know them by. Where GitLab makes the \
                   signing token of a webhook itself, `hook_secret` takes it.",
    security(("token" = ["manage"])),
    request_body = RepositoryChangeBody,
    responses((status = 200, description = "The repository as it is now", body = RepositoryBody)),
)]
pub(crate) async fn repository_edit(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: Data<AppState>,
) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let id = number_of_path(&id)?;
    let body = body_of(&request, payload, RepositoryChangeBody::read_edit).await?;
    let change = body.into_change(id, &state.sealer);
    let repository = repository_update(&state.store, caller.user.organization_id, id, change, state.now()).await?;
    resource(&RepositoryBody::of(&state, repository))
}

/// `DELETE /v1/repositories/{id}`
#[utoipa::path(
    delete,
    path = "/v1/repositories/{repository_id}",
    tag = "Repositories",
    summary = "Delete a repository",
    description = "With its releases, its webhook and, where it is a project, its keys. One that a page shows is taken off the \
                   page first; one whose releases subscribers were told of stays, since what was sent to whom is on record.",
    security(("token" = ["manage"])),
    responses(
        (status = 204, description = "Gone"),
        (status = 409, description = "A page shows it, or subscribers were told of its releases"),
    ),
)]
pub(crate) async fn repository_remove(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let id = number_of_path(&id)?;
    repository_delete(&state.store, caller.user.organization_id, id).await?;
    resource_gone()
}

/// `POST /v1/repositories/{id}/rotate`
#[utoipa::path(
    post,
    path = "/v1/repositories/{repository_id}/rotate",
    tag = "Repositories",
    summary = "Replace the secret of a webhook",
    description = "The old secret stops working at once: enter the new one at the forge. It is in this answer and in no \
                   other.",
    security(("token" = ["manage"])),
    responses(
        (status = 200, description = "The repository, with its new secret", body = RepositoryBody),
        (status = 409, description = "The repository has no webhook"),
    ),
)]
pub(crate) async fn repository_secret_rotate(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let id = number_of_path(&id)?;
    let organization = caller.user.organization_id;
    let origin = repository_get(&state.store, organization, id).await?.origin;
    let (secret, seal) = secret_new(&state, origin);
    let rotated = hook_secret_rotate(&state.store, organization, id, seal).await?;
    resource(&RepositoryBody::with_secret(&state, rotated, &secret))
}

/// `POST /v1/repositories/{id}/backfill`
#[utoipa::path(
    post,
    path = "/v1/repositories/{repository_id}/backfill",
    tag = "Repositories",
    summary = "Fetch the history of a repository again",
    description = "From its beginning, in the background; nobody is mailed. Where that is under way already, nothing \
                   changes. `source.backfill` says how far it is.",
    security(("token" = ["manage"])),
    responses(
        (status = 200, description = "The repository", body = RepositoryBody),
        (status = 409, description = "The repository's releases cannot be fetched"),
    ),
)]
pub(crate) async fn repository_backfill(request: HttpRequest, id: Path<String>, state: Data<AppState>) -> Answer {
    let caller = writer(&request, &state, Scope::Manage).await?;
    let id = number_of_path(&id)?;
    let repository = source_backfill(&state.store, caller.user.organization_id, id, state.now()).await?;
    resource(&RepositoryBody::of(&state, repository))
}
