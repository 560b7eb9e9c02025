//! The webhook of Gitea and Forgejo: the event `release`. The fields used here are the same as GitHub's.
//!
//! A release is published once and then updated. Gitea sends no events for drafts, and no times of changes.

use releasepage_domain::{
    fault::Faults,
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind},
};

use crate::{
    fields::{flag_read, id_read, repository_read},
    github::{repository_of, text_read},
    message::{ForgeMessage, MessageError, action_unused, event_unused, payload_read},
};

/// Reads a webhook request. `event` is the value of its header `X-Gitea-Event` or `X-Forgejo-Event`. `payload` is its
/// JSON.
///
/// # Errors
///
/// Returns a [`MessageError`] if the payload is not a JSON object, or if needed fields are missing or faulty.
pub fn message_read(event: &str, payload: &[u8]) -> Result<ForgeMessage, MessageError> {
    let payload = payload_read(payload)?;
    let payload = Fields::new(&payload);
    if event != "release" {
        return Ok(event_unused(repository_of(&payload)));
    }
    let mut faults = Faults::new();
    let Some(kind) = kind_read(&payload, &mut faults) else {
        return Ok(action_unused(repository_of(&payload)));
    };
    let repository = payload.object(&mut faults, "repository").and_then(|repository| {
        repository_read(&repository, &mut faults, "full_name", |fields, faults| id_read(fields, faults, "id").map(Some))
    });
    let release = payload.object(&mut faults, "release");
    let event = release.and_then(|release| {
        let id = id_read(&release, &mut faults, "id");
        event_read(&release, kind, id.map(|id| id.to_string()), &mut faults)
    });
    Ok(faults.finish(|| Some(ForgeMessage::Release { repository: Some(repository?), event: event? }))?)
}

/// Reads the action of a payload. `None` means that the action changes nothing for readers. `Some(None)` means that the
/// action is not a text, and a fault was recorded.
pub(crate) fn kind_read(payload: &Fields<'_>, faults: &mut Faults) -> Option<Option<SourceEventKind>> {
    Some(Some(match payload.text(faults, "action", "must be a text") {
        None => return Some(None),
        Some("published") => SourceEventKind::Published,
        Some("updated") => SourceEventKind::Amended,
        Some("deleted") => SourceEventKind::Deleted,
        Some(_) => return None,
    }))
}

/// Reads the event for the release with the id `release_id`.
pub(crate) fn event_read(
    release: &Fields<'_>,
    kind: Option<SourceEventKind>,
    release_id: Option<String>,
    faults: &mut Faults,
) -> Option<SourceEvent> {
    let is_draft = flag_read(release, faults, "draft");
    let is_hidden = kind == Some(SourceEventKind::Deleted) || is_draft == Some(true);
    let shown = if is_hidden { Some(None) } else { text_read(release, faults).map(Some) };
    let kind = match kind? {
        // A changed draft is still not published.
        SourceEventKind::Amended if is_draft? => SourceEventKind::Edited,
        kind => kind,
    };
    is_draft?;
    Some(SourceEvent { kind, release_id: release_id?, made_at: None, updated_at: None, shown: shown? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use releasepage_domain::{source_event::SourceRepository, time::time_parse};
    use serde_json::{Value, json};

    fn payload(action: &str) -> Value {
        json!({
            "action": action,
            "release": {
                "id": 17, "tag_name": "v1.2.0", "name": "One", "body": "- a\r\n", "draft": false, "prerelease": true,
                "created_at": "2024-05-01T12:00:00+02:00", "published_at": "2024-05-01T13:00:00+02:00",
                "author": { "login": "ada", "email": "ada@example.com" },
            },
            "repository": { "id": 7, "full_name": "acme/api" },
        })
    }

    fn event(payload: &Value) -> SourceEvent {
        match message_read("release", payload.to_string().as_bytes()) {
            Ok(ForgeMessage::Release { repository, event }) => {
                assert_eq!(repository, Some(SourceRepository { id: Some(7), name: "acme/api".into() }));
                event
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_release_is_read() {
        let event = event(&payload("published"));
        assert_eq!((event.release_id.as_str(), event.made_at, event.updated_at), ("17", None, None));
        let text = event.shown.expect("a visible release");
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.prerelease), ("v1.2.0", "One", Some(true)));
        assert_eq!((text.notes.as_deref(), text.author.as_deref()), (Some("- a\n"), Some("ada")));
        assert_eq!(text.published_at, time_parse("2024-05-01T11:00:00Z"));
    }

    #[test]
    fn actions() {
        for (action, draft, kind, is_shown) in [
            ("published", false, SourceEventKind::Published, true),
            ("updated", false, SourceEventKind::Amended, true),
            ("updated", true, SourceEventKind::Edited, false),
            ("deleted", false, SourceEventKind::Deleted, false),
        ] {
            let mut payload = payload(action);
            payload["release"]["draft"] = draft.into();
            let event = event(&payload);
            assert_eq!((event.kind, event.shown.is_some()), (kind, is_shown), "{action} {draft}");
        }
        let renamed = payload("renamed").to_string();
        assert!(matches!(message_read("release", renamed.as_bytes()), Ok(ForgeMessage::Ignored { .. })));
        assert!(matches!(message_read("push", b"{}"), Ok(ForgeMessage::Ignored { .. })));
        assert_eq!(message_read("push", b"[]"), Err(MessageError::Json));
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let wrong = json!({ "action": 1, "release": { "id": 0, "draft": "no", "body": "a\u{0}" }, "repository": {} });
        let Err(MessageError::Fields(faults)) = message_read("release", wrong.to_string().as_bytes()) else {
            panic!("faults were expected")
        };
        let named: Vec<&str> = faults.as_slice().iter().map(|fault| &*fault.field).collect();
        let expected = [
            "action",
            "repository.id",
            "repository.full_name",
            "release.id",
            "release.draft",
            "release.tag_name",
            "release.body",
        ];
        assert_eq!(named, expected);
    }
}
