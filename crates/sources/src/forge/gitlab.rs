//! GitLab's REST API, "List releases".
//!
//! A release has no id but its tag, which can be used again once the release is deleted. The time of the last change is
//! missing. There are no drafts and no pre-releases. A release whose `released_at` is in the future is announced at
//! that time.

use releasepage_domain::{
    fault::Faults,
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind, SourceText},
};
use releasepage_egress::{
    EgressError, Request,
    header::{ACCEPT, HeaderName, HeaderValue},
};
use secrecy::SecretString;

use crate::fields::{author_read, notes_read, tag_read, title_read};

const TOKEN: HeaderName = HeaderName::from_static("private-token");

pub(super) fn headers(request: Request, token: Option<&SecretString>) -> Result<Request, EgressError> {
    let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
    match token {
        Some(token) => request.secret(TOKEN, "", token),
        None => Ok(request),
    }
}

/// Reads the present state of a release.
pub(super) fn event_read(release: &Fields<'_>, faults: &mut Faults) -> Option<SourceEvent> {
    let tag = tag_read(release, faults, "tag_name");
    let title = title_read(release, faults, "name");
    let notes = notes_read(release, faults, "description");
    let author = match release.object_optional(faults, "author") {
        Some(Some(author)) => author_read(&author, faults, "username"),
        author => author.map(|_| None),
    };
    let released_at = release.time_optional(faults, "released_at");
    let made_at = release.time_optional(faults, "created_at");
    Some(SourceEvent {
        kind: SourceEventKind::Amended,
        release_id: tag.clone()?,
        made_at: made_at?,
        updated_at: None,
        shown: Some(SourceText {
            tag: tag?,
            title: title?,
            notes: notes?,
            author: author?,
            published_at: released_at?.or(made_at?),
            prerelease: None,
        }),
    })
}
