//! The events of the generic webhook, in a format of our own for any program that publishes releases
//! (`docs/webhooks.md`).

use releasepage_domain::{
    fault::{Fault, Faults},
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind, SourceText},
    time::UtcTime,
};
use releasepage_sources::{
    ForgeMessage, MessageError,
    fields::{author_read, notes_read, tag_read, title_read},
    payload_read,
};

use crate::{
    body::{body, body_parse},
    openapi::values::TimeGiven,
};

/// The longest id of a release, in characters.
const ID_MAX: usize = 100;

/// The names of events.
const TYPES: &str = "must be release.published, release.edited, release.withdrawn, release.deleted or ping";

body! {
    /// Something that happened to a release.
    #[schema(as = GenericEvent)]
    pub(crate) struct GenericEventBody {
        /// The event: `release.published`, `release.edited`, `release.withdrawn` (it may be published again) or
        /// `release.deleted`. `ping` tests whether deliveries arrive, and needs no other field.
        #[schema(
            value_type = String, pattern = "^(ping|release\\.(published|edited|withdrawn|deleted))$",
            examples("release.published")
        )]
        r#type: EventType => required(TYPES, |name| EventType::parse(name.as_str()?)),
        /// The time of the event. Of two events of a release, the later one counts, in whatever order they arrive. Not
        /// needed for `ping`.
        #[schema(value_type = Option<TimeGiven>)]
        timestamp: Option<UtcTime> => by(unless(r#type == Some(EventType::Ping), |fields, faults, field| {
            fields.time(faults, field).map(Some)
        })),
        /// The release. Not needed for `ping`.
        data: Option<GenericReleaseBody> => by(unless(r#type == Some(EventType::Ping), |fields, faults, field| {
            let is_gone = r#type.is_some_and(EventType::is_end);
            let read = |data: &Fields<'_>, faults: &mut Faults| GenericReleaseBody::read(data, faults, is_gone);
            fields.object_read(faults, field, read).map(Some)
        })),
    }
}

body! {
    /// A release as a program reports it.
    #[schema(as = GenericRelease)]
    pub(crate) struct GenericReleaseBody(is_gone: bool) {
        /// Its permanent id, for a release whose version may change. It is never used for another release. Without it,
        /// the version is the id.
        #[schema(min_length = 1, max_length = 100, pattern = "^[!-~]+$", examples("build-4711"))]
        id: Option<String> => text_checked_optional(id_check),
        /// Its version.
        #[schema(min_length = 1, max_length = 200, pattern = "LINE_NOT_BLANK", examples("v1.2.0"))]
        version: String => by(tag_read),
        /// Its title.
        #[schema(value_type = Option<String>, max_length = 500, pattern = "LINE", examples("Faster starts"))]
        title: String => by(unless(is_gone, title_read)),
        /// Markdown, at most 1 MiB.
        #[schema(pattern = "TEXT", examples("- It starts twice as fast."))]
        notes: Option<String> => by(unless(is_gone, notes_read)),
        /// Its author.
        #[schema(max_length = 200, pattern = "LINE", examples("Ada"))]
        author: Option<String> => by(unless(is_gone, author_read)),
        /// The time of its publication, past or future. The time of delivery is the default.
        #[schema(value_type = Option<TimeGiven>)]
        published_at: Option<UtcTime> => by(unless(is_gone, |fields, faults, field| {
            fields.time_optional(faults, field)
        })),
        /// `true` for a pre-release, `false` for a release. It overrides what the version says.
        prerelease: Option<bool> => by(unless(is_gone, |fields, faults, field| {
            fields.boolean_optional(faults, field)
        })),
    }
}

/// Reads a member with `read`, unless it is not needed.
fn unless<T: Default>(
    is_needless: bool,
    read: impl FnOnce(&Fields<'_>, &mut Faults, &str) -> Option<T>,
) -> impl FnOnce(&Fields<'_>, &mut Faults, &str) -> Option<T> {
    move |fields: &Fields<'_>, faults: &mut Faults, field: &str| {
        if is_needless { Some(T::default()) } else { read(fields, faults, field) }
    }
}

fn id_check(field: &str, id: &str) -> Result<String, Fault> {
    if (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(id.to_owned());
    }
    Err(Fault::invalid(field, "must be 1 to 100 visible ASCII characters"))
}

/// An event of the generic webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventType {
    /// A program tests whether it can reach the server.
    Ping,
    /// Something happened to a release.
    Release(SourceEventKind),
}

impl EventType {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "ping" => Self::Ping,
            "release.published" => Self::Release(SourceEventKind::Published),
            "release.edited" => Self::Release(SourceEventKind::Edited),
            "release.withdrawn" => Self::Release(SourceEventKind::Unpublished),
            "release.deleted" => Self::Release(SourceEventKind::Deleted),
            _ => return None,
        })
    }

    /// Reports whether the release can no longer be seen. Its text is then not needed.
    fn is_end(self) -> bool {
        matches!(self, Self::Release(SourceEventKind::Unpublished | SourceEventKind::Deleted))
    }
}

impl GenericReleaseBody {
    /// Returns the event that happened to this release. A release without an id is known by its version. That version
    /// may be published again after it was deleted, so the times alone decide whether the release exists.
    fn into_event(self, kind: SourceEventKind, at: UtcTime) -> SourceEvent {
        let is_shown = !EventType::Release(kind).is_end();
        SourceEvent {
            kind: match (kind, &self.id) {
                (SourceEventKind::Deleted, None) => SourceEventKind::Unpublished,
                (kind, _) => kind,
            },
            release_id: self.id.unwrap_or_else(|| self.version.clone()),
            made_at: None,
            updated_at: Some(at),
            shown: is_shown.then_some(SourceText {
                tag: self.version,
                title: self.title,
                notes: self.notes,
                author: self.author,
                published_at: self.published_at,
                prerelease: self.prerelease,
            }),
        }
    }
}

/// Reads a delivery. No header names its event. The payload, a JSON object, names it.
///
/// # Errors
///
/// [`MessageError`] if the payload is not a JSON object, or if fields that are used are missing or invalid.
pub(super) fn message_read(_event: &str, payload: &[u8]) -> Result<ForgeMessage, MessageError> {
    let event = body_parse(&payload_read(payload)?, GenericEventBody::read)?;
    Ok(match (event.r#type, event.timestamp, event.data) {
        (EventType::Release(kind), Some(at), Some(release)) => {
            ForgeMessage::Release { repository: None, event: release.into_event(kind, at) }
        }
        // These may be missing only in a ping.
        _ => ForgeMessage::Ping { repository: None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use releasepage_domain::time::time_parse;
    use serde_json::{Value, json};

    fn payload(name: &str) -> Value {
        json!({
            "type": name, "timestamp": "2024-05-01T12:00:00Z",
            "data": {
                "id": "r-17", "version": "v1.2.0", "title": "One", "notes": "- a", "author": "Ada",
                "published_at": "2024-05-01T11:00:00Z", "prerelease": true,
            },
        })
    }

    fn event(payload: &Value) -> SourceEvent {
        match message_read("", payload.to_string().as_bytes()) {
            Ok(ForgeMessage::Release { repository: None, event }) => event,
            other => panic!("{other:?}"),
        }
    }

    fn faults(payload: &Value) -> Vec<String> {
        match message_read("", payload.to_string().as_bytes()) {
            Err(MessageError::Fields(faults)) => faults.as_slice().iter().map(|fault| fault.field.clone()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_release_is_read() {
        let event = event(&payload("release.published"));
        assert_eq!((event.kind, event.release_id.as_str()), (SourceEventKind::Published, "r-17"));
        assert_eq!(event.updated_at, time_parse("2024-05-01T12:00:00Z"));
        let text = event.shown.expect("readers see it");
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.prerelease), ("v1.2.0", "One", Some(true)));
        assert_eq!((text.notes.as_deref(), text.author.as_deref()), (Some("- a"), Some("Ada")));
        assert_eq!(text.published_at, time_parse("2024-05-01T11:00:00Z"));
    }

    #[test]
    fn events() {
        for (name, with_id, without_id, is_shown) in [
            ("release.published", SourceEventKind::Published, SourceEventKind::Published, true),
            ("release.edited", SourceEventKind::Edited, SourceEventKind::Edited, true),
            ("release.withdrawn", SourceEventKind::Unpublished, SourceEventKind::Unpublished, false),
            ("release.deleted", SourceEventKind::Deleted, SourceEventKind::Unpublished, false),
        ] {
            let mut payload = payload(name);
            let told = event(&payload);
            assert_eq!((told.kind, told.shown.is_some()), (with_id, is_shown), "{name}");
            payload["data"]["id"] = Value::Null;
            let told = event(&payload);
            assert_eq!((told.kind, told.release_id.as_str()), (without_id, "v1.2.0"), "{name}");
        }
        assert_eq!(message_read("", br#"{"type":"ping"}"#), Ok(ForgeMessage::Ping { repository: None }));
        assert_eq!(message_read("", b"null"), Err(MessageError::Json));
    }

    #[test]
    fn only_version_and_time_are_needed() {
        let bare = json!({
            "type": "release.published", "timestamp": "2024-05-01T14:00:00+02:00", "data": { "version": "v1.0.0" },
        });
        let event = event(&bare);
        assert_eq!(event.updated_at, time_parse("2024-05-01T12:00:00Z"));
        let text = event.shown.expect("readers see it");
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.notes, text.prerelease), ("v1.0.0", "", None, None));
    }

    #[test]
    fn every_field_at_fault_is_named() {
        assert_eq!(faults(&json!({})), ["type", "timestamp", "data"]);
        let wrong = json!({
            "type": "release.created", "timestamp": 1714564800, "data": {
                "id": "", "version": " ", "title": 7, "notes": "a\u{0}", "author": "a\nb", "published_at": "now",
                "prerelease": "no",
            },
        });
        let named = [
            "type",
            "timestamp",
            "data.id",
            "data.version",
            "data.title",
            "data.notes",
            "data.author",
            "data.published_at",
            "data.prerelease",
        ];
        assert_eq!(faults(&wrong), named);
    }
}
