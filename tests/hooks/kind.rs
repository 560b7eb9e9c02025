//! The webhooks of all forges: their headers, signatures and payloads.

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A kind of webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Github,
    /// With a secret token.
    Gitlab,
    /// With a signing token.
    GitlabSigned,
    Gitea,
    Forgejo,
    Gogs,
    Generic,
}

/// The event of a release, under one name for all forges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Created,
    Published,
    Edited,
    Deleted,
}

/// A release and the time of an event.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) tag: String,
    pub(crate) title: String,
    pub(crate) notes: String,
    /// The time when the release was made.
    pub(crate) made_at: DateTime<Utc>,
    /// The time of the event.
    pub(crate) at: DateTime<Utc>,
}

impl Told {
    /// A release made now.
    pub(crate) fn new(tag: &str) -> Self {
        let now = Utc::now();
        let notes = "## Changed\r\n\r\n- It is **faster**.\r\n".to_owned();
        Self { tag: tag.to_owned(), title: format!("Release {tag}"), notes, made_at: now, at: now }
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Github, Self::Gitlab, Self::GitlabSigned, Self::Gitea, Self::Forgejo, Self::Gogs, Self::Generic];

    /// The origin of its repositories.
    pub(crate) fn origin(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab | Self::GitlabSigned => "gitlab",
            Self::Gitea | Self::Forgejo => "gitea",
            Self::Gogs => "gogs",
            Self::Generic => "generic",
        }
    }

    /// The forge's name for the event of a release.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Gitlab | Self::GitlabSigned => "Release Hook",
            Self::Generic => "generic",
            _ => "release",
        }
    }

    /// True if the forge signs the id of a delivery and the time of the signature.
    pub(crate) fn signs_time(self) -> bool {
        matches!(self, Self::GitlabSigned | Self::Generic)
    }

    /// All events of a release that the forge reports.
    pub(crate) fn vocabulary(self) -> &'static [What] {
        match self {
            Self::Github => &[What::Created, What::Published, What::Edited, What::Deleted],
            _ => &[What::Published, What::Edited, What::Deleted],
        }
    }

    /// The field that holds the notes.
    pub(crate) fn notes_field(self) -> &'static str {
        match self {
            Self::Gitlab | Self::GitlabSigned => "description",
            Self::Generic => "data.notes",
            _ => "release.body",
        }
    }

    /// The payload of the event, for the repository with this number and name.
    pub(crate) fn payload(self, what: What, told: &Told, source: &(i64, String)) -> Value {
        let iso = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let plain = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        let id: i64 = told.tag.bytes().fold(17, |id, byte| id * 31 % 1_000_003 + i64::from(byte));
        let repository = json!({ "id": source.0, "full_name": source.1 });
        let release = json!({
            "id": id, "tag_name": told.tag, "name": told.title, "body": told.notes, "draft": what == What::Created,
            "prerelease": false, "author": { "login": "ada" },
            "created_at": iso(told.made_at), "published_at": iso(told.made_at),
        });
        match self {
            Self::Github => {
                let action = ["created", "published", "edited", "deleted"][what as usize];
                let mut release = release;
                release["updated_at"] = iso(told.at).into();
                json!({ "action": action, "release": release, "repository": repository })
            }
            Self::Gitea | Self::Forgejo => {
                let action = ["", "published", "updated", "deleted"][what as usize];
                json!({ "action": action, "release": release, "repository": repository })
            }
            // The shortest payload of all forges.
            Self::Gogs => {
                let action = ["", "published", "updated", "deleted"][what as usize];
                let release = json!({ "tag_name": told.tag, "name": told.title, "body": told.notes });
                json!({ "action": action, "release": release, "repository": { "full_name": source.1 } })
            }
            Self::Gitlab | Self::GitlabSigned => json!({
                "object_kind": "release", "action": (["", "create", "update", "delete"][what as usize]), "id": id,
                "tag": told.tag, "name": told.title, "description": told.notes,
                "created_at": plain(told.made_at), "released_at": plain(told.made_at),
                "project": { "id": source.0, "path_with_namespace": source.1 },
            }),
            Self::Generic => json!({
                "type": format!("release.{}", ["", "published", "edited", "deleted"][what as usize]),
                "timestamp": told.at.to_rfc3339_opts(SecondsFormat::Millis, true),
                "data": {
                    "version": told.tag, "title": told.title, "notes": told.notes, "author": "ada",
                    "published_at": iso(told.made_at),
                },
            }),
        }
    }

    /// The headers of a delivery, without those that prove the secret.
    pub(crate) fn headers(self, event: &str, delivery: &str) -> Vec<(&'static str, String)> {
        let (event_header, delivery_header) = match self {
            Self::Github => ("x-github-event", "x-github-delivery"),
            Self::Gitlab | Self::GitlabSigned => ("x-gitlab-event", "idempotency-key"),
            Self::Gitea => ("x-gitea-event", "x-gitea-delivery"),
            Self::Forgejo => ("x-forgejo-event", "x-forgejo-delivery"),
            Self::Gogs => ("x-gogs-event", "x-gogs-delivery"),
            Self::Generic => return Vec::new(),
        };
        vec![(event_header, event.to_owned()), (delivery_header, delivery.to_owned())]
    }

    /// The headers that prove the secret, for a delivery that is signed at this time.
    pub(crate) fn proof(
        self,
        secret: &str,
        delivery: &str,
        at: DateTime<Utc>,
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        let digits = || hex(&code(secret.as_bytes(), body));
        match self {
            Self::Github => vec![("x-hub-signature-256", format!("sha256={}", digits()))],
            Self::Gitlab => vec![("x-gitlab-token", secret.to_owned())],
            Self::Gitea => vec![("x-gitea-signature", digits())],
            Self::Forgejo => vec![("x-forgejo-signature", digits())],
            Self::Gogs => vec![("x-gogs-signature", digits())],
            Self::GitlabSigned | Self::Generic => {
                let timestamp = at.timestamp().to_string();
                let signed = [delivery.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
                let key = secret.strip_prefix("whsec_").expect("a secret of Standard Webhooks");
                let key = BASE64_STANDARD.decode(key).expect("Base64");
                let signature = format!("v1,{}", BASE64_STANDARD.encode(code(&key, &signed)));
                vec![
                    ("webhook-id", delivery.to_owned()),
                    ("webhook-timestamp", timestamp),
                    ("webhook-signature", signature),
                ]
            }
        }
    }
}

fn code(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
