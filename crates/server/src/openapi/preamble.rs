//! The introduction before the operations: a description of the API, its chapters, and the ways to authenticate.

use serde_json::{Value, json};

const DESCRIPTION: &str = "\
ReleasePage tells people about releases. Four programs speak to it:

- **Readers and their sites** use the *page API* with a page's publishable key: the latest versions, releases, changes, \
a badge, a subscription.
- **Whoever administers** uses the *management API* with a personal access token (`rp_pat_…`): what the portal does, a \
program can do. An operation names the scope that it takes; each scope allows what the one before it allows: `read`, \
`publish`, `manage`, `admin`.
- **Deployment pipelines** use the *Releases API* and *chart annotations* with the key pair of a project.
- **Forges** deliver webhooks.

**Versions.** `Accept: application/vnd.releasepage.v1+json` selects this version of everything under `/v1`, which is also \
the latest one.

**Errors** have one body for each API; [every code](/docs/errors) is explained with its cause and cure, and every field at \
fault is named. Fields and parameters that an operation does not know are ignored.

**Other methods.** `HEAD` works wherever `GET` does, and answers the same without a body. `OPTIONS` answers 204 with the \
methods and headers that scripts of other sites may use. Any other method is 405 with `Allow`.

**Caching.** Answers under `/v1` have a weak `ETag`; a `GET` whose `If-None-Match` has it is 304 without a body.

**Changes.** What people edit has a `revision`. A `PATCH` that names one which is no longer current is 409 and changes \
nothing. A missing field stays as it is; `null` clears what can be cleared.

**Lists** come in parts: `next`, given back as `cursor`, leads to the next one; it is `null` at the end.";

pub(super) fn info() -> Value {
    json!({
        "title": "ReleasePage",
        "version": "v1",
        "summary": "Releases for readers, and everything that makes them",
        "description": DESCRIPTION,
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
    })
}

/// The chapters in the order of display, each with the tag that annotations use.
const CHAPTERS: &[(&str, &str)] = &[
    ("Service", "What this server is. No key is needed."),
    ("Page API", "A page as its readers' programs see it, with the page's key."),
    ("Releases API", "For deployment pipelines, with the key pair of a project."),
    ("Chart annotations", "What happened, for those who read a project's charts. For pipelines, with its key pair."),
    ("Hooks", "What forges deliver."),
    ("Account", "Whose token it is."),
    ("Repositories", "What releases come from."),
    ("Releases", "Releases by hand."),
    ("Projects", "Repositories with the key pair of the Releases API."),
    ("Pages", "What readers see: pages, their components and their keys."),
    ("Groups", "Releases of several components that readers see as one version, and are told of in one message."),
    ("Subscribers", "Who is told of releases."),
    ("Deliveries", "What was sent to whom, when, and with which result."),
    ("Mailbox", "Mail that was captured instead of sent."),
    ("Jobs", "Background work that was given up, to be looked at and tried again."),
    ("Tokens", "Personal access tokens."),
];

pub(super) fn tags() -> Value {
    CHAPTERS.iter().map(|(name, description)| json!({ "name": name, "description": description })).collect()
}

/// Returns the ways to authenticate, by the names that annotations use.
pub(super) fn security_schemes() -> Value {
    json!({
        "pageKey": {
            "type": "http", "scheme": "bearer", "bearerFormat": "live.… or test.…",
            "description": "The publishable key of a page. `Authorization: API_KEY` without a scheme works too.",
        },
        "pageKeyParameter": {
            "type": "apiKey", "in": "query", "name": "apiKey",
            "description": "The same, for the addresses of scripts and images. A key in the header comes first.",
        },
        "token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "rp_pat_…",
            "description": "A personal access token. It also reads what the keys of its organization's pages read.",
        },
        "project": {
            "type": "http", "scheme": "basic",
            "description": "The key pair of a project: `api_key` as the user, `secret_key` as the password.",
        },
        "github": {
            "type": "apiKey", "in": "header", "name": "X-Hub-Signature-256",
            "description": "`sha256=` and the HMAC-SHA256 of the body's bytes under the repository's webhook secret, in hexadecimal.",
        },
        "gitlab": {
            "type": "apiKey", "in": "header", "name": "X-Gitlab-Token",
            "description": "The repository's webhook secret.",
        },
        "gitea": {
            "type": "apiKey", "in": "header", "name": "X-Gitea-Signature",
            "description": "The HMAC-SHA256 of the body's bytes under the repository's webhook secret, in hexadecimal.",
        },
        "gogs": {
            "type": "apiKey", "in": "header", "name": "X-Gogs-Signature",
            "description": "The HMAC-SHA256 of the body's bytes under the repository's webhook secret, in hexadecimal.",
        },
        "standardWebhooks": {
            "type": "apiKey", "in": "header", "name": "webhook-signature",
            "description": "`v1,` and the HMAC-SHA256 of `webhook-id`, `webhook-timestamp` and the body's bytes, with dots between \
                            them, in Base64. The key is what follows `whsec_` in the repository's webhook secret, in Base64.",
        },
    })
}
