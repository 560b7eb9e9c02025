//! Gogs' webhook: the event `release`, in the form of Gitea, which began as a copy of Gogs.
//!
//! Some versions omit the ids of the release and its repository. The release is then identified by its tag, and the
//! repository by its name.

use releasepage_domain::{
    fault::Faults,
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind},
};

use crate::{
    fields::{id_read_optional, repository_read, tag_read},
    gitea::{event_read, kind_read},
    github::repository_of,
    message::{ForgeMessage, MessageError, action_unused, event_unused, payload_read},
};

/// Reads a webhook request. `event` is the value of its header `X-Gogs-Event`. `payload` is its JSON.
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
        repository_read(&repository, &mut faults, "full_name", |fields, faults| id_read_optional(fields, faults, "id"))
    });
    let release = payload.object(&mut faults, "release");
    let event = release.and_then(|release| event_read_terse(&release, kind, &mut faults));
    Ok(faults.finish(|| Some(ForgeMessage::Release { repository: Some(repository?), event: event? }))?)
}

/// Reads the event for a release. A release without an id is identified by its tag.
fn event_read_terse(release: &Fields<'_>, kind: Option<SourceEventKind>, faults: &mut Faults) -> Option<SourceEvent> {
    let mut tag_faults = Faults::new();
    let id = match id_read_optional(release, faults, "id") {
        Some(None) => tag_read(release, &mut tag_faults, "tag_name"),
        id => id.flatten().map(|id| id.to_string()),
    };
    let event = event_read(release, kind, id, faults);
    // The tag of a visible release is also read with its text. Its fault must not appear twice.
    for fault in tag_faults.as_slice() {
        if !faults.as_slice().contains(fault) {
            faults.push(fault.clone());
        }
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use releasepage_domain::source_event::SourceRepository;
    use serde_json::{Value, json};

    fn read(payload: &Value) -> (Option<SourceRepository>, SourceEvent) {
        match message_read("release", payload.to_string().as_bytes()) {
            Ok(ForgeMessage::Release { repository, event }) => (repository, event),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_terse_release_is_known_by_its_tag() {
        let payload = json!({
            "action": "published",
            "release": { "tag_name": "v1.0.0" },
            "repository": { "full_name": "acme/api" },
        });
        let (repository, event) = read(&payload);
        assert_eq!(repository, Some(SourceRepository { id: None, name: "acme/api".into() }));
        assert_eq!((event.kind, event.release_id.as_str()), (SourceEventKind::Published, "v1.0.0"));
        let text = event.shown.expect("a visible release");
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.published_at), ("v1.0.0", "", None));
    }

    #[test]
    fn numbers_are_taken_where_they_are_told() {
        let payload = json!({
            "action": "published",
            "release": {
                "id": 17, "tag_name": "v1.0.0", "name": "One", "body": "- a", "draft": false, "prerelease": true,
                "author": { "login": "ada" }, "created_at": "2024-05-01T12:00:00Z",
            },
            "repository": { "id": 7, "full_name": "acme/api" },
        });
        let (repository, event) = read(&payload);
        assert_eq!(repository.and_then(|repository| repository.id), Some(7));
        assert_eq!(event.release_id, "17");
        assert!(event.shown.is_some_and(|text| text.prerelease == Some(true) && text.published_at.is_some()));
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let wrong =
            json!({ "action": "published", "release": { "id": "x", "name": "a\nb" }, "repository": { "id": 0 } });
        let Err(MessageError::Fields(faults)) = message_read("release", wrong.to_string().as_bytes()) else {
            panic!("faults were expected")
        };
        let named: Vec<&str> = faults.as_slice().iter().map(|fault| &*fault.field).collect();
        let expected = ["repository.id", "repository.full_name", "release.id", "release.tag_name", "release.name"];
        assert_eq!(named, expected);
        for action in ["published", "deleted"] {
            let nameless = json!({ "action": action, "release": {}, "repository": { "full_name": "acme/api" } });
            let Err(MessageError::Fields(faults)) = message_read("release", nameless.to_string().as_bytes()) else {
                panic!("faults were expected")
            };
            let named: Vec<&str> = faults.as_slice().iter().map(|fault| &*fault.field).collect();
            assert_eq!(named, ["release.tag_name"], "{action}");
        }
    }
}
