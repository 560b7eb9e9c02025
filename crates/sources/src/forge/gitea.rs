//! The REST API of Gitea and Forgejo, "List a repo's releases". It uses the same objects as their webhook.

use releasepage_domain::{
    fault::Faults,
    fields::Fields,
    source_event::{SourceEvent, SourceEventKind},
};
use releasepage_egress::{
    EgressError, Request,
    header::{ACCEPT, AUTHORIZATION, HeaderValue},
};
use secrecy::SecretString;

use crate::fields::id_read;

pub(super) fn headers(request: Request, token: Option<&SecretString>) -> Result<Request, EgressError> {
    let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
    match token {
        Some(token) => request.secret(AUTHORIZATION, "token ", token),
        None => Ok(request),
    }
}

/// Reads the present state of a release. Drafts are listed only for users with write access.
pub(super) fn event_read(release: &Fields<'_>, faults: &mut Faults) -> Option<SourceEvent> {
    let id = id_read(release, faults, "id").map(|id| id.to_string());
    crate::gitea::event_read(release, Some(SourceEventKind::Amended), id, faults)
}
