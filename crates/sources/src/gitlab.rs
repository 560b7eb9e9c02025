//! GitLab's webhook: release events (GitLab's documentation, "Webhook events").
//!
//! GitLab identifies a release by its tag, which can be used again once the release is deleted. The time of creation
//! (`created_at`) tells two releases with one tag apart. A release is published when it is created. There are no
//! drafts, and no times of changes. A release whose `released_at` is in the future is scheduled.

use chrono::NaiveDateTime;
use releasepage_domain::{
    fault::Faults,
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind, SourceText},
    time::{UtcTime, time_in_range, time_parse},
};

use crate::{
    fields::{id_read, notes_read, repository_read, repository_told, tag_read, title_read},
    message::{ForgeMessage, MessageError, action_unused, event_unused, payload_read},
};

/// Reads a webhook request. `event` is the value of its header `X-Gitlab-Event`. `payload` is its JSON.
///
/// # Errors
///
/// Returns a [`MessageError`] if the payload is not a JSON object, or if needed fields are missing or faulty.
pub fn message_read(event: &str, payload: &[u8]) -> Result<ForgeMessage, MessageError> {
    let payload = payload_read(payload)?;
    let payload = Fields::new(&payload);
    let told = || repository_told(&payload, "project", "path_with_namespace");
    if event != "Release Hook" {
        return Ok(event_unused(told()));
    }
    let mut faults = Faults::new();
    let is_release = |value: &serde_json::Value| (value == "release").then_some(());
    payload.required(&mut faults, "object_kind", "must be release", is_release);
    let kind = match payload.text(&mut faults, "action", "must be a text") {
        None => None,
        Some("create") => Some(SourceEventKind::Published),
        Some("update") => Some(SourceEventKind::Amended),
        Some("delete") => Some(SourceEventKind::Deleted),
        Some(_) => return Ok(action_unused(told())),
    };
    let repository = payload.object(&mut faults, "project").and_then(|project| {
        let number = |fields: &Fields<'_>, faults: &mut Faults| id_read(fields, faults, "id").map(Some);
        repository_read(&project, &mut faults, "path_with_namespace", number)
    });
    let event = event_read(&payload, kind, &mut faults);
    Ok(faults.finish(|| Some(ForgeMessage::Release { repository: Some(repository?), event: event? }))?)
}

fn event_read(release: &Fields<'_>, kind: Option<SourceEventKind>, faults: &mut Faults) -> Option<SourceEvent> {
    let tag = tag_read(release, faults, "tag");
    let made_at = time_read(release, faults, "created_at");
    let shown = match kind {
        Some(SourceEventKind::Deleted) => Some(None),
        _ => text_read(release, tag.clone(), faults).map(Some),
    };
    Some(SourceEvent { kind: kind?, release_id: tag?, made_at: made_at?, updated_at: None, shown: shown? })
}

fn text_read(release: &Fields<'_>, tag: Option<String>, faults: &mut Faults) -> Option<SourceText> {
    let title = title_read(release, faults, "name");
    let notes = notes_read(release, faults, "description");
    let published_at = time_read(release, faults, "released_at");
    Some(SourceText {
        tag: tag?,
        title: title?,
        notes: notes?,
        // The payload names the author of the commit, not of the release.
        author: None,
        published_at: published_at?,
        prerelease: None,
    })
}

/// Reads a time in the form of GitLab's webhooks, `2020-11-02 12:55:12 UTC`, or of its REST API.
fn time_read(release: &Fields<'_>, faults: &mut Faults, field: &str) -> Option<Option<UtcTime>> {
    let plain = |text: &str| {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S UTC").ok().filter(|time| time_in_range(*time))
    };
    release.optional(faults, field, "must be a time such as 2024-05-01 12:00:00 UTC", |value| {
        let text = value.as_str()?;
        time_parse(text).or_else(|| plain(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use releasepage_domain::source_event::SourceRepository;
    use serde_json::{Value, json};

    fn payload(action: &str) -> Value {
        json!({
            "object_kind": "release", "action": action, "id": 17, "tag": "v1.2.0", "name": "One",
            "description": "- a\r\n- b", "created_at": "2024-05-01 10:00:00 UTC", "released_at": "2024-05-01 11:00:00 UTC",
            "project": { "id": 7, "path_with_namespace": "acme/tools/api" },
            "commit": { "author": { "name": "Ada" } },
        })
    }

    fn read(payload: &Value) -> (Option<SourceRepository>, SourceEvent) {
        match message_read("Release Hook", payload.to_string().as_bytes()) {
            Ok(ForgeMessage::Release { repository, event }) => (repository, event),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_release_is_read() {
        let (repository, event) = read(&payload("create"));
        assert_eq!(repository, Some(SourceRepository { id: Some(7), name: "acme/tools/api".into() }));
        assert_eq!((event.release_id.as_str(), event.updated_at), ("v1.2.0", None));
        assert_eq!(event.made_at, time_parse("2024-05-01T10:00:00Z"));
        let text = event.shown.expect("a visible release");
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.author), ("v1.2.0", "One", None));
        assert_eq!((text.notes.as_deref(), text.prerelease), (Some("- a\n- b"), None));
        assert_eq!(text.published_at, time_parse("2024-05-01T11:00:00Z"));
        let mut iso = payload("create");
        iso["released_at"] = "2024-05-01T11:00:00.000Z".into();
        assert_eq!(read(&iso).1.shown.and_then(|text| text.published_at), time_parse("2024-05-01T11:00:00Z"));
    }

    #[test]
    fn actions() {
        for (action, kind, is_shown) in [
            ("create", SourceEventKind::Published, true),
            ("update", SourceEventKind::Amended, true),
            ("delete", SourceEventKind::Deleted, false),
        ] {
            let (_, event) = read(&payload(action));
            assert_eq!((event.kind, event.shown.is_some()), (kind, is_shown), "{action}");
        }
        let other = payload("pinned").to_string();
        assert!(matches!(message_read("Release Hook", other.as_bytes()), Ok(ForgeMessage::Ignored { .. })));
        assert!(matches!(message_read("Push Hook", b"{}"), Ok(ForgeMessage::Ignored { .. })));
        assert_eq!(message_read("Push Hook", b"{"), Err(MessageError::Json));
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let named = |payload: &Value| -> Vec<String> {
            match message_read("Release Hook", payload.to_string().as_bytes()) {
                Err(MessageError::Fields(faults)) => {
                    faults.as_slice().iter().map(|fault| fault.field.clone()).collect()
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(named(&json!({})), ["object_kind", "action", "project", "tag"]);
        let mut wrong = payload("create");
        wrong["project"]["id"] = "7".into();
        wrong["created_at"] = "0001-01-01 00:00:00 UTC".into();
        wrong["released_at"] = "soon".into();
        wrong["name"] = 7.into();
        wrong["description"] = "x".repeat(1024 * 1024 + 1).into();
        assert_eq!(named(&wrong), ["project.id", "created_at", "name", "description", "released_at"]);
        // A deleted release needs no valid text.
        wrong["action"] = "delete".into();
        assert_eq!(named(&wrong), ["project.id", "created_at"]);
    }
}
