//! GitHub's webhook: the events `ping` and `release`, as its documentation "Webhook events and payloads" describes them.

use releasepage_domain::{
    fault::Faults,
    release::{release_author_check, release_notes_check, release_tag_check, release_title_check},
    source_event::{SourceEvent, SourceEventKind, SourceRepository, SourceText},
};
use serde_json::Value;

use crate::{
    fields::PayloadFields,
    message::{ForgeMessage, MessageError},
};

/// Reads a delivery. `event` is what its header `X-GitHub-Event` names, `payload` its JSON.
///
/// # Errors
///
/// [`MessageError`], where it is no JSON object, or where fields that are used are missing or cannot be used.
pub fn message_read(event: &str, payload: &[u8]) -> Result<ForgeMessage, MessageError> {
    let Ok(Value::Object(payload)) = serde_json::from_slice(payload) else {
        return Err(MessageError::Json);
    };
    match event {
        "ping" => Ok(ForgeMessage::Ping),
        "release" => release_read(&PayloadFields::new(&payload)),
        _ => Ok(ForgeMessage::Ignored("only the events release and ping are used: no other one need be sent")),
    }
}

/// What an action of the event `release` is; `None` for those that change nothing that readers see.
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

fn release_read(payload: &PayloadFields<'_>) -> Result<ForgeMessage, MessageError> {
    let mut faults = Faults::new();
    let action = payload.text(&mut faults, "action");
    let kind = action.map(kind_of);
    if kind == Some(None) {
        return Ok(ForgeMessage::Ignored("this action of a release changes nothing that readers see"));
    }
    let repository = payload.object(&mut faults, "repository");
    let repository_id = repository.as_ref().and_then(|repository| repository.number(&mut faults, "id"));
    let repository_name = repository.as_ref().and_then(|repository| repository.text(&mut faults, "full_name"));
    let release = payload.object(&mut faults, "release");
    let release_id = release.as_ref().and_then(|release| release.number(&mut faults, "id"));
    let updated_at = release.as_ref().and_then(|release| release.time_optional(&mut faults, "updated_at"));
    let is_gone = matches!(kind, Some(Some(SourceEventKind::Unpublished | SourceEventKind::Deleted)));
    let is_draft = release.as_ref().is_some_and(|release| release.flag(&mut faults, "draft"));
    // What readers are not to see needs no text that could be shown: it is taken back, whatever its notes hold.
    let is_shown = !is_gone && !is_draft;
    let shown = release.as_ref().filter(|_| is_shown).and_then(|release| text_read(release, &mut faults));
    let message = faults.finish(|| {
        Some(ForgeMessage::Release {
            repository: SourceRepository { id: repository_id?, name: repository_name?.to_owned() },
            event: SourceEvent { kind: kind??, release_id: release_id?.to_string(), updated_at, shown },
        })
    })?;
    Ok(message)
}

/// What readers are to see of a release. GitHub writes lines of notes as a browser sends them, with CR LF.
fn text_read(release: &PayloadFields<'_>, faults: &mut Faults) -> Option<SourceText> {
    let tag = release.text(faults, "tag_name");
    let title = release.text_optional(faults, "name").unwrap_or_default();
    let notes = release.text_optional(faults, "body").filter(|notes| !notes.is_empty());
    let notes = notes.map(|notes| notes.replace("\r\n", "\n"));
    let author = release.object_optional(faults, "author");
    let author = author.and_then(|author| author.text_optional(faults, "login"));
    let published_at = release.time_optional(faults, "published_at");
    let created_at = release.time_optional(faults, "created_at");
    let prerelease = release.flag(faults, "prerelease");
    if let Some(tag) = tag {
        faults.take(release_tag_check(&release.name("tag_name"), tag));
    }
    faults.take(release_title_check(&release.name("name"), title));
    if let Some(notes) = &notes {
        faults.take(release_notes_check(&release.name("body"), notes));
    }
    if let Some(author) = author {
        faults.take(release_author_check(&release.name("author.login"), author));
    }
    Some(SourceText {
        tag: tag?.to_owned(),
        title: title.to_owned(),
        notes,
        author: author.map(ToOwned::to_owned),
        published_at: published_at.or(created_at),
        prerelease,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use releasepage_domain::time::time_parse;
    use serde_json::json;

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
        assert_eq!(repository, SourceRepository { id: 7, name: "acme/api".into() });
        assert_eq!((event.kind, event.release_id.as_str()), (SourceEventKind::Published, "17"));
        assert_eq!(event.updated_at, time_parse("2024-05-01T12:00:00Z"));
        let text = event.shown.expect("readers see it");
        assert_eq!((text.tag.as_str(), text.title.as_str(), text.prerelease), ("v1.2.0", "One", false));
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
        assert!(matches!(read(&payload("pinned")), Ok(ForgeMessage::Ignored(_))));
        assert!(matches!(message_read("push", b"{}"), Ok(ForgeMessage::Ignored(_))));
        assert_eq!(message_read("ping", br#"{"zen":"Speak like a human."}"#), Ok(ForgeMessage::Ping));
    }

    #[test]
    fn what_is_not_said_is_left_out() {
        let mut bare = payload("published");
        for field in ["name", "body", "author", "published_at", "updated_at"] {
            bare["release"][field] = Value::Null;
        }
        let event = event(&bare);
        assert_eq!(event.updated_at, None);
        let text = event.shown.expect("readers see it");
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
            "release.author.login",
            "release.published_at",
            "release.tag_name",
            "release.name",
            "release.body",
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
