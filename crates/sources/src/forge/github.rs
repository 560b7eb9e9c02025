//! GitHub's REST API, "List releases". It uses the same objects as its webhook.

use releasepage_domain::{
    fault::Faults,
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind},
};
use releasepage_egress::{
    EgressError, Request,
    header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue},
};
use secrecy::SecretString;

const VERSION: HeaderName = HeaderName::from_static("x-github-api-version");

pub(super) fn headers(request: Request, token: Option<&SecretString>) -> Result<Request, EgressError> {
    let request = request
        .header(ACCEPT, HeaderValue::from_static("application/vnd.github+json"))
        .header(VERSION, HeaderValue::from_static("2022-11-28"));
    match token {
        Some(token) => request.secret(AUTHORIZATION, "Bearer ", token),
        None => Ok(request),
    }
}

/// Reads the present state of a release. Drafts are listed only for users with write access.
pub(super) fn event_read(release: &Fields<'_>, faults: &mut Faults) -> Option<SourceEvent> {
    crate::github::event_read(release, Some(SourceEventKind::Edited), faults)
}
