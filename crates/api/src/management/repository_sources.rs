//! The member `source` of a repository: the place from which its releases are fetched.

use releasepage_auth::sealed::Sealer;
use releasepage_domain::{
    fault::Fault, repository::RepositoryName, repository_source::SourceRefusal, time::time_iso8601,
};
use releasepage_http::field::FieldChanges;
use releasepage_sources::forge_address::ForgeAddress;
use releasepage_storage::{
    database::change::Change,
    repositories::row::RepositorySource,
    sources::{
        settings::{SourceChange, SourceNew},
        tokens::TokenSealing,
    },
};
use secrecy::SecretString;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    body::body,
    openapi::{
        names::{BackfillStateName, SourceResultName},
        values::{Repo, Time, WebAddress},
    },
};

/// The longest token of a forge, in bytes.
const TOKEN_MAX: usize = 500;

/// The place from which a repository's releases are fetched.
#[derive(Serialize, ToSchema)]
#[schema(as = RepositorySource)]
pub(crate) struct SourceBody {
    /// The address of the forge's API; `null` for the address in the server's settings.
    #[schema(required = true, value_type = Option<WebAddress>)]
    api_url: Option<String>,
    /// The repository's name at its forge; `null` for its name here.
    #[schema(required = true, value_type = Option<Repo>)]
    name: Option<String>,
    /// `true` means that a token for the forge is stored, as private repositories need. The token itself is never
    /// shown.
    token_set: bool,
    /// `true` means that the forge is polled for releases that its webhook did not report.
    poll: bool,
    /// The progress of the backfill.
    backfill: BackfillBody,
    /// The time of the last request to the forge.
    #[schema(required = true, value_type = Option<Time>)]
    last_poll_at: Option<String>,
    /// The time of the next request; `null` during a backfill.
    #[schema(required = true, value_type = Option<Time>)]
    next_poll_at: Option<String>,
    /// The time until which the forge wants no requests.
    #[schema(required = true, value_type = Option<Time>)]
    wait_until: Option<String>,
    /// The result of the last request.
    #[schema(required = true, value_type = Option<SourceResultName>)]
    result: Option<String>,
    /// The result as a sentence.
    #[schema(required = true, examples("the forge does not accept the token, or wants one"))]
    message: Option<String>,
    /// Releases that cannot be used, at most 20.
    refused: Vec<RefusalBody>,
}

/// The progress of a backfill.
#[derive(Serialize, ToSchema)]
#[schema(as = Backfill)]
pub(crate) struct BackfillBody {
    /// The state of the backfill.
    #[schema(value_type = BackfillStateName)]
    state: &'static str,
    /// The number of releases that the forge listed.
    #[schema(examples(120))]
    fetched: i64,
    /// The number of them that are new here.
    #[schema(examples(118))]
    added: i64,
    /// The number of them that cannot be used.
    #[schema(examples(1))]
    refused: i64,
}

/// A release that cannot be used.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceRefusal)]
pub(crate) struct RefusalBody {
    /// Its tag, or another name of it at its forge.
    #[schema(examples("v1.2.0"))]
    release: String,
    /// The fault of the release.
    #[schema(examples("body must be Markdown of at most 1 MiB without U+0000"))]
    message: String,
}

impl SourceBody {
    pub(super) fn of(source: RepositorySource) -> Self {
        // Refusals that cannot be read are left out, so that the rest of the repository can still be shown.
        let refused: Vec<SourceRefusal> = serde_json::from_str(&source.refusals).unwrap_or_default();
        Self {
            api_url: source.api_url,
            name: source.name,
            token_set: source.token.is_some(),
            poll: source.polls,
            backfill: BackfillBody {
                state: source.backfill.as_str(),
                fetched: source.fetched,
                added: source.added,
                refused: source.refused,
            },
            last_poll_at: source.last_poll_at.map(time_iso8601),
            next_poll_at: source.next_poll_at.map(time_iso8601),
            wait_until: source.wait_until.map(time_iso8601),
            result: source.last_result,
            message: source.last_message,
            refused: refused
                .into_iter()
                .map(|SourceRefusal { release, message }| RefusalBody { release, message })
                .collect(),
        }
    }
}

body! {
    /// The place from which a repository's releases are fetched.
    #[schema(as = RepositorySourceChange)]
    #[derive(Debug, Default)]
    pub(crate) struct SourceChangeBody {
        /// The address of the forge's API; `null` for the address in the server's settings.
        #[schema(
            value_type = Option<String>, max_length = 500, pattern = "API_ADDRESS",
            examples("https://git.example.com/api/v3")
        )]
        api_url: Change<Option<String>> => text_change_or_clear(api_url_check),
        /// The repository's name at its forge; `null` for its name here.
        #[schema(
            value_type = Option<String>, max_length = 200, pattern = "REPOSITORY_NAME", examples("releasepage/api")
        )]
        name: Change<Option<RepositoryName>> => text_change_or_clear(RepositoryName::parse),
        /// A token that may read the repository's releases; `null` for none. It is encrypted and never shown. It is
        /// sent only to the scheme, host and port that it was stored for. Send it again together with another
        /// `api_url`.
        #[schema(
            value_type = Option<String>, max_length = 500, pattern = "^[!-~]+$",
            examples("github_pat_11ABCDEFG0123456789")
        )]
        token: Change<Option<SecretString>> => text_change_or_clear(token_check),
        /// `true` polls the forge for releases that its webhook did not report, and is the default.
        #[schema(value_type = bool, required = false)]
        poll: Change<bool> => boolean_change(),
    }
}

fn api_url_check(field: &str, text: &str) -> Result<String, Fault> {
    text.parse::<ForgeAddress>().map_err(|error| Fault::invalid(field, error.to_string()))?;
    Ok(text.to_owned())
}

/// Checks that a token of a forge can be sent in a header.
fn token_check(field: &str, token: &str) -> Result<SecretString, Fault> {
    if token.is_empty() || token.len() > TOKEN_MAX || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Fault::invalid(field, "must be 1 to 500 visible ASCII characters, or null"));
    }
    Ok(SecretString::from(token))
}

impl SourceChangeBody {
    /// Makes the source of a new repository.
    pub(super) fn into_new(self, sealer: &Sealer) -> SourceNew {
        let token = self.token.or(None).map(|token| token_sealing(sealer, token));
        SourceNew { api_url: self.api_url.or(None), name: self.name.or(None), token, polls: self.poll.or(true) }
    }

    /// Makes the change to the source of an existing repository.
    pub(super) fn into_change(self, sealer: &Sealer) -> SourceChange {
        SourceChange {
            api_url: self.api_url,
            name: self.name,
            token: self.token.map(|token| token.map(|token| token_sealing(sealer, token))),
            polls: self.poll,
        }
    }
}

fn token_sealing(sealer: &Sealer, token: SecretString) -> TokenSealing {
    let sealer = sealer.clone();
    TokenSealing::new(move |place| sealer.seal(place, &token))
}
