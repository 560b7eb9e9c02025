//! The link of an email that answers a request: to confirm, to change preferences or to unsubscribe.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use releasepage_auth::link::{LinkPurpose, LinkSigner};
use releasepage_domain::{
    subscriber::SubscriberState,
    subscription::{RequestLink, SubscriptionOp, request_link},
};
use releasepage_http::state::AppState;
use releasepage_storage::{
    StoreError,
    subscribers::{
        request_row::Request,
        requests::{request_get, request_use},
    },
};
use releasepage_web::{
    confirm::{ConfirmAsk, ConfirmDone, LinkFault},
    unsubscribe::{UnsubscribeAsk, UnsubscribeDone},
};

use crate::{
    document::{Reach, document},
    error::PageError,
    paths,
};

/// Answers `GET /confirm/{token}` with a description of the request and a button. It changes nothing, because scanners
/// follow links.
pub(crate) async fn confirm_show(state: Data<AppState>, token: Path<String>) -> Result<HttpResponse, PageError> {
    let id = request_of(&state, &token)?;
    let request = request_get(&state.store, id).await.map_err(request_gone)?;
    let link = request_link(request.state, request.created_at, state.now());
    if link == RequestLink::Used && is_in_effect(&request) {
        return Ok(done(&state, request));
    }
    link_check(link, &request)?;
    if request.op != SubscriptionOp::Remove && request.subscriber_state == Some(SubscriberState::Suppressed) {
        return Err(suppressed(&request));
    }
    let page_title = request.page.title.clone();
    let page_href = paths::page(&request.page.slug);
    let address = request.address.masked();
    let action = paths::confirm(&token);
    Ok(match request.op {
        SubscriptionOp::Add | SubscriptionOp::Replace => {
            let components = Some(request.component_names).filter(|names| !names.is_empty());
            let kinds = request.preferences.bumps().to_vec();
            let change = request.op == SubscriptionOp::Replace;
            document(
                &ConfirmAsk { page_title, page_href, address, kinds, components, change, action, csrf: None },
                Reach::Link,
            )
        }
        SubscriptionOp::Remove => {
            let preferences_href = preferences_href(&state, &request);
            document(
                &UnsubscribeAsk { page_title, page_href, address, action, preferences_href, csrf: None },
                Reach::Link,
            )
        }
    })
}

/// Answers `POST /confirm/{token}` by granting the request. A second press of the button has no further effect.
pub(crate) async fn confirm_use(state: Data<AppState>, token: Path<String>) -> Result<HttpResponse, PageError> {
    let id = request_of(&state, &token)?;
    let (link, request) = match request_use(&state.store, id, state.now()).await {
        Err(StoreError::Conflict(_)) => {
            return Err(suppressed(&request_get(&state.store, id).await.map_err(request_gone)?));
        }
        used => used.map_err(request_gone)?,
    };
    if !(link == RequestLink::Used && is_in_effect(&request)) {
        link_check(link, &request)?;
    }
    Ok(done(&state, request))
}

/// Returns true if the result of the request is still in effect.
fn is_in_effect(request: &Request) -> bool {
    match request.op {
        SubscriptionOp::Add | SubscriptionOp::Replace => request.subscriber_state == Some(SubscriberState::Confirmed),
        SubscriptionOp::Remove => request.subscriber_state == Some(SubscriberState::Unsubscribed),
    }
}

/// Returns the document that is shown after the request was granted.
fn done(state: &AppState, request: Request) -> HttpResponse {
    let preferences_href = preferences_href(state, &request);
    let page_href = paths::page(&request.page.slug);
    let address = request.address.masked();
    let page_title = request.page.title;
    match request.op {
        SubscriptionOp::Add | SubscriptionOp::Replace => {
            let kinds = request.preferences.bumps().to_vec();
            document(&ConfirmDone { page_title, page_href, address, kinds, preferences_href }, Reach::Link)
        }
        SubscriptionOp::Remove => {
            document(&UnsubscribeDone { page_title, page_href, address, preferences_href }, Reach::Link)
        }
    }
}

/// Returns the id of the request that a link belongs to.
fn request_of(state: &AppState, token: &str) -> Result<i64, PageError> {
    LinkSigner::row(token)
        .filter(|_| state.links.verify(LinkPurpose::Confirm, token, 0))
        .ok_or(PageError::Link { fault: LinkFault::Invalid, page_href: None })
}

/// Explains a missing request: it has expired, because requests are kept for a limited time.
fn request_gone(error: StoreError) -> PageError {
    match error {
        StoreError::NotFound => PageError::Link { fault: LinkFault::Expired, page_href: None },
        error => error.into(),
    }
}

/// Explains a suppression: the address has refused email since the request was made.
fn suppressed(request: &Request) -> PageError {
    PageError::Link { fault: LinkFault::Suppressed, page_href: Some(paths::page(&request.page.slug)) }
}

fn link_check(link: RequestLink, request: &Request) -> Result<(), PageError> {
    let fault = match link {
        RequestLink::Open => return Ok(()),
        RequestLink::Used => LinkFault::Used,
        RequestLink::Expired => LinkFault::Expired,
    };
    Err(PageError::Link { fault, page_href: Some(paths::page(&request.page.slug)) })
}

/// Returns the preferences of the request's subscriber. If the subscriber is gone, it returns the page, where the
/// person can subscribe again.
fn preferences_href(state: &AppState, request: &Request) -> String {
    match request.subscriber_id {
        Some(id) => paths::preferences(&state.links.token(LinkPurpose::Preferences, id, request.link_generation)),
        None => paths::page(&request.page.slug),
    }
}
