//! Unsubscribing by the link of an email: with a button, or with one click in the email program (RFC 8058).

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use releasepage_auth::link::{LinkPurpose, LinkSigner};
use releasepage_http::state::AppState;
use releasepage_storage::{
    StoreError,
    subscribers::{
        changes::{subscriber_get, subscriber_unsubscribe},
        row::Subscriber,
    },
};
use releasepage_web::{
    confirm::LinkFault,
    unsubscribe::{UnsubscribeAsk, UnsubscribeDone},
};

use crate::{
    document::{Reach, document},
    error::PageError,
    paths,
};

/// Answers `GET /unsubscribe/{token}` with a button. It changes nothing, because scanners follow links.
pub(crate) async fn unsubscribe_show(state: Data<AppState>, token: Path<String>) -> Result<HttpResponse, PageError> {
    let id = subscriber_of(&state, &token)?;
    let subscriber = subscriber_get(&state.store, id).await.map_err(subscriber_gone)?;
    let view = UnsubscribeAsk {
        page_title: subscriber.page.title.clone(),
        page_href: paths::page(&subscriber.page.slug),
        address: subscriber.address.masked(),
        action: paths::unsubscribe(&token),
        preferences_href: preferences_href(&state, &subscriber),
        csrf: None,
    };
    Ok(document(&view, Reach::Link))
}

/// Answers `POST /unsubscribe/{token}` by ending the subscription. The body is not read, because the link itself
/// authorizes the request. A button sends an empty body. An email program sends `List-Unsubscribe=One-Click` in either
/// form of RFC 8058, section 3.2.
pub(crate) async fn unsubscribe_use(state: Data<AppState>, token: Path<String>) -> Result<HttpResponse, PageError> {
    let id = subscriber_of(&state, &token)?;
    let subscriber = subscriber_unsubscribe(&state.store, id, state.now()).await.map_err(subscriber_gone)?;
    let view = UnsubscribeDone {
        page_title: subscriber.page.title.clone(),
        page_href: paths::page(&subscriber.page.slug),
        address: subscriber.address.masked(),
        preferences_href: preferences_href(&state, &subscriber),
    };
    Ok(document(&view, Reach::Link))
}

/// Returns the id of the subscriber of a link. Links to unsubscribe have no generation, because none is ever revoked.
fn subscriber_of(state: &AppState, token: &str) -> Result<i64, PageError> {
    LinkSigner::row(token)
        .filter(|_| state.links.verify(LinkPurpose::Unsubscribe, token, 0))
        .ok_or(PageError::Link { fault: LinkFault::Invalid, page_href: None })
}

/// Explains a missing subscriber: the link was valid once, so the subscriber was erased and nothing is left to
/// unsubscribe.
fn subscriber_gone(error: StoreError) -> PageError {
    match error {
        StoreError::NotFound => PageError::Link { fault: LinkFault::Used, page_href: None },
        error => error.into(),
    }
}

fn preferences_href(state: &AppState, subscriber: &Subscriber) -> String {
    paths::preferences(&state.links.token(LinkPurpose::Preferences, subscriber.id, subscriber.link_generation))
}
