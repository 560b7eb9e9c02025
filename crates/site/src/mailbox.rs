//! The captured mailbox. It is for members, and in the demo for every person at the machine.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, FORWARDED, X_FORWARDED_FOR},
    web::{Data, Path, Query},
};
use futures_util::future::LocalBoxFuture;
use releasepage_domain::environment::Environment;
use releasepage_http::{
    captured::message_headers, form::FormToken, origin::host_is_own, request::request_state, session::Visitor,
    state::AppState,
};
use releasepage_storage::{
    accounts::users::organization_first,
    announcements::mailbox::{MailboxEntry, mailbox_get, mailbox_list},
};
use releasepage_web::{
    mailbox::{Mailbox, Message, MessageView, message_document},
    security::MESSAGE_POLICY,
};
use serde::Deserialize;

use crate::{
    account_menu::account_menu,
    document::{Reach, document},
    error::PageError,
    paths,
};

/// The number of messages in one slice of the list.
const MESSAGES_SHOWN: usize = 50;

/// Returns true if the mailbox needs no sign-in: in the demo, for programs on the same machine that use one of its own
/// names. Requests through a proxy come from elsewhere and need a sign-in.
pub(super) fn mailbox_is_open(state: &AppState, request: &HttpRequest) -> bool {
    let is_here = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let is_passed_on = [FORWARDED, X_FORWARDED_FOR].iter().any(|name| request.headers().contains_key(name));
    state.settings.mailbox_open && is_here && !is_passed_on && host_is_own(request, &state.settings.public_url)
}

/// A person who may read the mailbox, with the organization that owns it.
pub(crate) struct Reader {
    organization_id: i64,
    visitor: Visitor,
}

impl Reader {
    async fn read(request: &HttpRequest) -> Result<Self, PageError> {
        let visitor = Visitor::extract(request).await?;
        let state = request_state(request).ok_or(PageError::NotFound)?;
        let organization_id = match &visitor.0 {
            Some(user) => user.organization_id,
            None if mailbox_is_open(state, request) => {
                organization_first(&state.store).await?.ok_or(PageError::NotFound)?
            }
            None => {
                let next = request.uri().path_and_query().map_or(paths::MAILBOX, |path| path.as_str());
                return Err(PageError::SignedOut { next: next.to_owned() });
            }
        };
        Ok(Self { organization_id, visitor })
    }
}

impl FromRequest for Reader {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::read(&request).await })
    }
}

/// The query of the list.
#[derive(Debug, Deserialize)]
pub(crate) struct MailboxQuery {
    /// The id of a message. The slice holds older ones.
    before: Option<i64>,
}

/// Answers `GET /mailbox` with the messages, newest first.
pub(crate) async fn mailbox_show(
    state: Data<AppState>,
    request: HttpRequest,
    reader: Reader,
    query: Query<MailboxQuery>,
) -> Result<HttpResponse, PageError> {
    // One message more than the slice shows: it tells if there are older ones.
    let limit = MESSAGES_SHOWN as i64 + 1;
    let mut entries = mailbox_list(&state.store, reader.organization_id, query.before, limit).await?;
    let has_older = entries.len() > MESSAGES_SHOWN;
    entries.truncate(MESSAGES_SHOWN);
    let token = FormToken::of(&request, &state);
    let view = Mailbox {
        account: account_menu(&reader.visitor, &token),
        older_href: entries.last().filter(|_| has_older).map(|last| paths::mailbox_before(last.id)),
        messages: entries.into_iter().map(message_view).collect(),
    };
    Ok(token.kept(document(&view, Reach::Private), &state)?)
}

/// Answers `GET /mailbox/{id}` with one message.
pub(crate) async fn message_show(
    state: Data<AppState>,
    request: HttpRequest,
    reader: Reader,
    id: Path<i64>,
) -> Result<HttpResponse, PageError> {
    let message = mailbox_get(&state.store, reader.organization_id, *id).await?;
    let token = FormToken::of(&request, &state);
    let view = Message {
        account: account_menu(&reader.visitor, &token),
        mailbox_href: paths::MAILBOX.to_owned(),
        headers: headers(&message.source),
        html_src: Some(paths::message_html(*id)).filter(|_| !message.html.is_empty()),
        text: message.text,
        raw_href: paths::message_source(*id),
        message: message_view(message.entry),
    };
    Ok(token.kept(document(&view, Reach::Private), &state)?)
}

/// Answers `GET /mailbox/{id}/html` with the message's HTML, for the frame that shows it. It cannot run scripts, load
/// resources or act with this server's origin.
pub(crate) async fn message_html(
    state: Data<AppState>,
    reader: Reader,
    id: Path<i64>,
) -> Result<HttpResponse, PageError> {
    let message = mailbox_get(&state.store, reader.organization_id, *id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, MESSAGE_POLICY))
        .body(message_document(&message.html)))
}

/// Answers `GET /mailbox/{id}/source` with the message exactly as it would have been sent.
pub(crate) async fn message_source(
    state: Data<AppState>,
    reader: Reader,
    id: Path<i64>,
) -> Result<HttpResponse, PageError> {
    let message = mailbox_get(&state.store, reader.organization_id, *id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(message.source))
}

fn message_view(entry: MailboxEntry) -> MessageView {
    MessageView {
        href: paths::message(entry.id),
        to: entry.recipient,
        subject: entry.subject,
        page_title: Some(entry.page_title),
        captured_at: entry.created_at,
        test: entry.environment == Environment::Test,
    }
}

/// Returns the header fields of a message, without the encoded subject. The document shows the decoded subject above
/// them.
fn headers(source: &str) -> Vec<(String, String)> {
    let mut fields = message_headers(source);
    fields.retain(|(name, _)| !name.eq_ignore_ascii_case("subject"));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_is_shown_once() {
        let source = "From: A <a@b.c>\r\nsubject: =?utf-8?q?x?=\r\nTo: d@e.f\r\n\r\n";
        let names: Vec<String> = headers(source).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["From", "To"]);
    }
}
