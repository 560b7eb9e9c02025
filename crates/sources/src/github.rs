//! GitHub's webhook: the events `ping` and `release` (GitHub's documentation, "Webhook events and payloads").

use releasepage_domain::{
    fault::Faults,
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind, SourceRepository, SourceText},
};

use crate::{
    fields::{
        author_login_read, flag_read, id_read, notes_read, repository_read, repository_told, tag_read, time_read,
        title_read,
    },
    message::{ForgeMessage, MessageError, action_unused, event_unused, payload_read},
};

/// Reads a webhook request. `event` is the value of its header `X-GitHub-Event`. `payload` is its JSON.
///
/// # Errors
///
/// Returns a [`MessageError`] if the payload is not a JSON object, or if needed fields are missing or faulty.
pub fn message_read(event: &str, payload: &[u8]) -> Result<ForgeMessage, MessageError> {
    let payload = payload_read(payload)?;
    let payload = Fields::new(&payload);
    match event {
        "ping" => Ok(ForgeMessage::Ping { repository: repository_of(&payload) }),
        "release" => release_read(&payload),
        _ => Ok(event_unused(repository_of(&payload))),
    }
}

/// The repository of a request without a release, in the form of GitHub, Gitea and Gogs.
pub(crate) fn repository_of(payload: &Fields<'_>) -> Option<SourceRepository> {
    repository_told(payload, "repository", "full_name")
}

/// The meaning of an action of the event `release`. `None` if the action changes nothing for readers.
fn kind_of(action: &str) -> Option<SourceEventKind> {
    Some(match action {
        "created" => SourceEventKind::Created,
        "edited" => SourceEventKind::Edited,
        "published" | "prereleased" | "released" => SourceEventKind::Published,
        "unpublished" => SourceEventKind::Unpublished,
        "deleted" => SourceEventKind::Deleted,
        _ => return None,
    })
}

fn release_read(payload: &Fields<'_>) -> Result<ForgeMessage, MessageError> {
    let mut faults = Faults::new();
    let action = payload.text(&mut faults, "action", "must be a text");
    let kind = action.map(kind_of);
    if kind == Some(None) {
        return Ok(action_unused(repository_of(payload)));
    }
    let kind = kind.flatten();
    let repository = payload.object(&mut faults, "repository").and_then(|repository| {
        repository_read(&repository, &mut faults, "full_name", |fields, faults| id_read(fields, faults, "id").map(Some))
    });
    let release = payload.object(&mut faults, "release");
    let event = release.and_then(|release| event_read(&release, kind, &mut faults));
    Ok(faults.finish(|| Some(ForgeMessage::Release { repository: Some(repository?), event: event? }))?)
}

/// Reads the event for a release. A release that readers must not see needs no valid text. So faulty notes never keep
/// it visible.
pub(crate) fn event_read(
    release: &Fields<'_>,
    kind: Option<SourceEventKind>,
    faults: &mut Faults,
) -> Option<SourceEvent> {
    let id = id_read(release, faults, "id");
    let updated_at = release.time_optional(faults, "updated_at");
    let is_draft = flag_read(release, faults, "draft");
    let is_gone = matches!(kind, Some(SourceEventKind::Unpublished | SourceEventKind::Deleted));
    let shown = if is_gone || is_draft == Some(true) { Some(None) } else { text_read(release, faults).map(Some) };
    is_draft?;
    Some(SourceEvent {
        kind: kind?,
        release_id: id?.to_string(),
        made_at: None,
        updated_at: updated_at?,
        shown: shown?,
    })
}

/// Reads the visible part of a release in the form of GitHub, Gitea and Gogs.
pub(crate) fn text_read(release: &Fields<'_>, faults: &mut Faults) -> Option<SourceText> {
    let tag = tag_read(release, faults, "tag_name");
    let title = title_read(release, faults, "name");
    let notes = notes_read(release, faults, "body");
    let author = author_login_read(release, faults);
    let published_at = time_read(release, faults, "published_at", "created_at");
    let prerelease = release.boolean_optional(faults, "prerelease");
    Some(SourceText {
        tag: tag?,
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

    fn payload(action: &str) -> Value {
        json!({
            "action": action,
            "release": {
                "id": 17, "tag_name": "v1.2.0", "name": "One", "draft": false, "prerelease": false,
                "author": { "login": "ada" }, "body": "- a\r\n- b\r\n", "html_url": "https://github.com/acme/api/releases/tag/v1.2.0",
                "created_at": "2024-05-01T10:00:00Z", "published_at": "2024-05-01T11:00:00Z",
                "updated_at": "2024-05-01T12:00:00Z",
            },
            "repository": { "id": 7, "full_name": "acme/api" },
        })
    }

    fn read(payload: &Value) -> Result<ForgeMessage, MessageError> {
        message_read("release", payload.to_string().as_bytes())
    }

    fn event(payload: &Value) -> SourceEvent {
        match read(payload) {
            Ok(ForgeMessage::Release { event, .. }) => event,
            other => panic!("{other:?}"),
        }
    }

    fn faults(payload: &Value) -> Vec<String> {
        match read(payload) {
            Err(MessageError::Fields(faults)) => faults.as_slice().iter().map(|fault| fault.field.clone()).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_release_is_read() {
        let Ok(ForgeMessage::Release { repository, event }) = read(&payload("published")) else { panic!("a release") };
        assert_eq!(repository, Some(SourceRepository { id: Some(7), name: "acme/api".into() }));
        assert_eq!((event.kind, event.release_id.as_str()), (SourceEventKind::Published, "17"));
        assert_eq!(event.updated_at, time_parse("2024-05-01T12:00:00Z"));
        let text = event.shown.expect("a visible release");
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.prerelease), ("v1.2.0", "One", Some(false)));
        assert_eq!((text.notes.as_deref(), text.author.as_deref()), (Some("- a\n- b\n"), Some("ada")));
        assert_eq!(text.published_at, time_parse("2024-05-01T11:00:00Z"));
    }

    #[test]
    fn actions() {
        for (action, kind, is_shown) in [
            ("created", SourceEventKind::Created, true),
            ("edited", SourceEventKind::Edited, true),
            ("published", SourceEventKind::Published, true),
            ("prereleased", SourceEventKind::Published, true),
            ("released", SourceEventKind::Published, true),
            ("unpublished", SourceEventKind::Unpublished, false),
            ("deleted", SourceEventKind::Deleted, false),
        ] {
            let event = event(&payload(action));
            assert_eq!((event.kind, event.shown.is_some()), (kind, is_shown), "{action}");
        }
    }

    #[test]
    fn a_request_without_a_release_may_name_its_repository() {
        let acme = Some(SourceRepository { id: Some(7), name: "acme/api".into() });
        for (event, payload, repository) in [
            ("ping", r#"{"zen":"Speak like a human."}"#, None),
            ("ping", r#"{"organization":{"login":"acme"},"repository":null}"#, None),
            ("ping", r#"{"repository":{"id":"x","full_name":"acme/api"}}"#, None),
            ("ping", r#"{"repository":{"id":7,"full_name":"acme/api"}}"#, acme.clone()),
        ] {
            let read = message_read(event, payload.as_bytes());
            assert_eq!(read, Ok(ForgeMessage::Ping { repository }), "{payload}");
        }
        let ignored = |read| match read {
            Ok(ForgeMessage::Ignored { repository, .. }) => repository,
            other => panic!("{other:?}"),
        };
        assert_eq!(ignored(read(&payload("pinned"))), acme);
        assert_eq!(ignored(message_read("push", br#"{"repository":{"id":7,"full_name":"acme/api"}}"#)), acme);
        assert_eq!(ignored(message_read("push", b"{}")), None);
    }

    #[test]
    fn what_is_not_said_is_left_out() {
        let mut bare = payload("published");
        for field in ["name", "body", "author", "published_at", "updated_at"] {
            bare["release"][field] = Value::Null;
        }
        let event = event(&bare);
        assert_eq!(event.updated_at, None);
        let text = event.shown.expect("a visible release");
        assert_eq!((text.title.as_str(), text.notes, text.author), ("", None, None));
        assert_eq!(text.published_at, time_parse("2024-05-01T10:00:00Z"));
    }

    #[test]
    fn a_draft_is_not_shown_whatever_it_holds() {
        let mut draft = payload("created");
        draft["release"]["draft"] = true.into();
        draft["release"]["body"] = "x".repeat(2 * 1024 * 1024).into();
        draft["release"]["tag_name"] = Value::Null;
        assert_eq!(event(&draft).shown, None);
        let mut gone = payload("deleted");
        gone["release"]["body"] = "a\u{0}b".into();
        assert_eq!(event(&gone).shown, None);
    }

    #[test]
    fn every_field_at_fault_is_named() {
        let mut wrong = payload("published");
        wrong["release"]["tag_name"] = "a\nb".into();
        wrong["release"]["name"] = "x".repeat(501).into();
        wrong["release"]["body"] = "a\u{0}b".into();
        wrong["release"]["author"]["login"] = 7.into();
        wrong["release"]["published_at"] = "yesterday".into();
        wrong["repository"]["id"] = "7".into();
        let named = [
            "repository.id",
            "release.tag_name",
            "release.name",
            "release.body",
            "release.author.login",
            "release.published_at",
        ];
        assert_eq!(faults(&wrong), named);
        assert_eq!(faults(&json!({})), ["action", "repository", "release"]);
        let text = "x".repeat(1024 * 1024);
        let mut long = payload("edited");
        long["release"]["body"] = text.clone().into();
        assert!(read(&long).is_ok());
        long["release"]["body"] = format!("{text}x").into();
        assert_eq!(faults(&long), ["release.body"]);
    }

    #[test]
    fn what_is_no_object_is_told_apart() {
        for payload in [&b""[..], b"[]", b"{", b"\"x\"", b"{\"a\":\"\xff\"}"] {
            assert_eq!(message_read("release", payload), Err(MessageError::Json), "{payload:?}");
            assert_eq!(message_read("ping", payload), Err(MessageError::Json), "{payload:?}");
        }
    }
}
