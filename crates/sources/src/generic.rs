//! The generic webhook: our own form for any tool that publishes releases. `docs/webhooks.md` describes it.

use releasepage_domain::{
    fault::{Fault, Faults},
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind, SourceText},
    time::UtcTime,
};

use crate::{
    fields::{author_read, notes_read, tag_read, title_read},
    message::{ForgeMessage, MessageError, payload_read},
};

/// The longest id of a release, in characters.
const ID_MAX: usize = 100;

/// The accepted types of events: the end of a sentence that begins with the field's name.
const TYPES: &str = "must be release.published, release.edited, release.withdrawn, release.deleted or ping";

/// An event of the generic webhook.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Ping,
    Release(SourceEventKind),
}

impl Told {
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
}

/// Reads a webhook request. Its payload is a JSON object that names the event. No header is used.
///
/// # Errors
///
/// Returns a [`MessageError`] if the payload is not a JSON object, or if needed fields are missing or faulty.
pub fn message_read(_event: &str, payload: &[u8]) -> Result<ForgeMessage, MessageError> {
    let payload = payload_read(payload)?;
    let payload = Fields::new(&payload);
    let mut faults = Faults::new();
    let told = payload.required(&mut faults, "type", TYPES, |value| Told::parse(value.as_str()?));
    if told == Some(Told::Ping) {
        return Ok(ForgeMessage::Ping);
    }
    let kind = told.and_then(|told| match told {
        Told::Ping => None,
        Told::Release(kind) => Some(kind),
    });
    let at = time_read(&payload, &mut faults);
    let event = payload.object(&mut faults, "data").and_then(|data| event_read(&data, kind, at, &mut faults));
    Ok(faults.finish(|| Some(ForgeMessage::Release { repository: None, event: event? }))?)
}

/// Reads the time of the event. It decides which of two events counts.
fn time_read(payload: &Fields<'_>, faults: &mut Faults) -> Option<UtcTime> {
    let at = payload.time_optional(faults, "timestamp")?;
    if at.is_none() {
        faults.push(Fault::missing(
            "timestamp",
            "must be a time in ISO 8601 with an offset, such as 2024-05-01T12:00:00Z",
        ));
    }
    at
}

/// Reads the event. A release without an id is known by its version, and may be published again after it was deleted.
/// Only the times decide then if it exists.
fn event_read(
    data: &Fields<'_>,
    kind: Option<SourceEventKind>,
    at: Option<UtcTime>,
    faults: &mut Faults,
) -> Option<SourceEvent> {
    let id = data.text_checked_optional(faults, "id", id_check);
    let version = tag_read(data, faults, "version");
    let is_gone = matches!(kind, Some(SourceEventKind::Unpublished | SourceEventKind::Deleted));
    let shown = if is_gone { Some(None) } else { text_read(data, version.clone(), faults).map(Some) };
    let kind = match (kind?, id.as_ref()?) {
        (SourceEventKind::Deleted, None) => SourceEventKind::Unpublished,
        (kind, _) => kind,
    };
    Some(SourceEvent { kind, release_id: id?.or(version)?, made_at: None, updated_at: Some(at?), shown: shown? })
}

fn id_check(field: &str, id: &str) -> Result<String, Fault> {
    if (1..=ID_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(id.to_owned());
    }
    Err(Fault::invalid(field, "must be 1 to 100 visible ASCII characters"))
}

fn text_read(data: &Fields<'_>, version: Option<String>, faults: &mut Faults) -> Option<SourceText> {
    let title = title_read(data, faults, "title");
    let notes = notes_read(data, faults, "notes");
    let author = author_read(data, faults, "author");
    let published_at = data.time_optional(faults, "published_at");
    let prerelease = data.boolean_optional(faults, "prerelease");
    Some(SourceText {
        tag: version?,
        title: title?,
        notes: notes?,
        author: author?,
        published_at: published_at?,
        prerelease: prerelease?,
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
        let text = event.shown.expect("a visible release");
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
        assert_eq!(message_read("", br#"{"type":"ping"}"#), Ok(ForgeMessage::Ping));
        assert_eq!(message_read("", b"null"), Err(MessageError::Json));
    }

    #[test]
    fn only_version_and_time_are_needed() {
        let bare = json!({
            "type": "release.published", "timestamp": "2024-05-01T14:00:00+02:00", "data": { "version": "v1.0.0" },
        });
        let event = event(&bare);
        assert_eq!(event.updated_at, time_parse("2024-05-01T12:00:00Z"));
        let text = event.shown.expect("a visible release");
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
