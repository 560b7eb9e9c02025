//! Checks that a delivery comes from the forge of its repository.

use actix_web::HttpRequest;
use releasepage_auth::signature::{HookProof, hook_secret_standard_new};
use releasepage_domain::repository::RepositoryOrigin;
use releasepage_http::{
    counting::client_count, error::V1Error, limits::Bucket, request::surface_data, state::AppState,
};
use releasepage_storage::sources::hooks::{HookAccess, hook_access, hook_row};

use super::{error_codes::SIGNATURE_INVALID, patience::in_time};

/// An id that no repository has.
const NOBODY: i64 = 0;

/// A sealed secret of no repository, for deliveries to unknown repositories.
#[derive(Debug)]
pub struct HookDecoy(String);

impl HookDecoy {
    /// Makes a new secret and seals it with the server's key.
    pub(crate) fn new(state: &AppState) -> Self {
        Self(state.sealer.seal(&hook_row(NOBODY), &hook_secret_standard_new()))
    }
}

/// Returns the repository of a delivery, if the sender proves that it knows the repository's secret.
///
/// The answer and the work are the same if the proof is wrong, if the repository is unknown or another forge's, and if
/// its id is invalid. For an unknown repository, the check uses a secret that nobody knows. A refused delivery is
/// counted for the client.
pub(super) async fn delivery_access(
    request: &HttpRequest,
    state: &AppState,
    id: &str,
    origin: RepositoryOrigin,
    body: &[u8],
    proof: HookProof<'_>,
) -> Result<HookAccess, V1Error> {
    let id = id.parse().ok().filter(|_| id.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(NOBODY);
    let found = in_time(hook_access(&state.store, id, origin)).await?;
    let (row, sealed) = found
        .as_ref()
        .map_or((NOBODY, &surface_data::<HookDecoy>(request).0), |found| (found.repository_id, &found.secret));
    let secret = state.sealer.open(&hook_row(row), sealed);
    if secret.is_none() {
        tracing::error!(repository = row, "the secret of a webhook cannot be opened: is this another secret_key?");
    }
    let is_signed = secret.is_some_and(|secret| proof.verify(&secret, body, state.now()));
    match found {
        Some(access) if is_signed => Ok(access),
        _ => {
            client_count(request, state, Bucket::Write)?;
            Err(SIGNATURE_INVALID.into())
        }
    }
}
