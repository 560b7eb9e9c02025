//! A release in the form of its forge's list.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::ForgeKind;

/// A release of a forge.
#[derive(Clone, Debug)]
pub(crate) struct ForgeRelease {
    id: u64,
    pub(crate) tag: String,
    pub(crate) title: String,
    pub(crate) notes: String,
    pub(crate) prerelease: bool,
    pub(crate) draft: bool,
    pub(crate) published_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl ForgeRelease {
    /// A release published now.
    pub(super) fn new(id: u64, tag: &str) -> Self {
        let now = Utc::now();
        Self {
            id,
            tag: tag.to_owned(),
            title: format!("Release {tag}"),
            notes: format!("- what is new in {tag}\r\n"),
            prerelease: false,
            draft: false,
            published_at: now,
            updated_at: now,
            created_at: now,
        }
    }

    /// The object in the list.
    pub(super) fn json(&self, kind: ForgeKind) -> Value {
        let text = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        match kind {
            ForgeKind::Github => json!({
                "id": self.id, "tag_name": self.tag, "name": self.title, "body": self.notes, "draft": self.draft,
                "prerelease": self.prerelease, "author": { "login": "ada", "id": 1 }, "assets": [],
                "created_at": text(self.created_at), "published_at": text(self.published_at),
                "updated_at": text(self.updated_at),
            }),
            ForgeKind::Gitlab => json!({
                "tag_name": self.tag, "name": self.title, "description": self.notes,
                "created_at": self.created_at.to_rfc3339_opts(SecondsFormat::Millis, true),
                "released_at": self.published_at.to_rfc3339_opts(SecondsFormat::Millis, true),
                "upcoming_release": self.published_at > Utc::now(), "author": { "id": 1, "username": "ada" },
                "assets": { "count": 0, "sources": [], "links": [] },
            }),
            ForgeKind::Gitea => json!({
                "id": self.id, "tag_name": self.tag, "name": self.title, "body": self.notes, "draft": self.draft,
                "prerelease": self.prerelease, "author": { "login": "ada", "id": 1 }, "assets": [],
                "created_at": text(self.created_at), "published_at": text(self.published_at),
            }),
        }
    }
}
